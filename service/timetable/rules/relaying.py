"""The smallest change that makes laid lessons follow their calendar. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from service.timetable.rules import LessonChange, LessonStatus, Occurrence


@dataclass(frozen=True, slots=True)
class Present:
    """A lesson as it stands, or as it was cancelled."""

    id: UUID
    slot_id: UUID
    campus_id: UUID
    teacher_id: UUID
    on_date: date
    week: int
    starts_at: datetime
    ends_at: datetime
    status: str
    change: str | None
    covered: bool
    """Somebody else teaches it, or nobody for now."""

    @property
    def stands(self) -> bool:
        """Whether it takes place."""
        return self.status == LessonStatus.SCHEDULED

    @property
    def moved(self) -> bool:
        """Whether a person gave it another time or room."""
        return self.change in {LessonChange.MOVED, LessonChange.SWAPPED}

    def is_at(self, occurrence: Occurrence) -> bool:
        """Whether it takes place just then."""
        return (self.week, self.starts_at, self.ends_at) == (
            occurrence.week,
            occurrence.starts_at,
            occurrence.ends_at,
        )


@dataclass(frozen=True, slots=True)
class Relaid:
    """What becomes of lessons, by their ids. What is not named stays as it is, version and all."""

    slot_of: Mapping[UUID, UUID]
    laid: dict[UUID, Occurrence] = field(default_factory=dict)
    """Not there yet."""
    restored: dict[UUID, Occurrence] = field(default_factory=dict)
    """Cancelled by the calendar once, and now given back by it."""
    shifted: dict[UUID, tuple[Present, Occurrence]] = field(default_factory=dict)
    """On the same day by other bells, or in another week of the term."""
    withdrawn: dict[UUID, Present] = field(default_factory=dict)
    """Without a day."""
    personal: list[Present] = field(default_factory=list)
    """What a person had arranged and now has to look at."""

    def ids(self) -> set[UUID]:
        """Every lesson that changes."""
        return {*self.laid, *self.restored, *self.shifted, *self.withdrawn}

    def settle(self, one: Present, occurrence: Occurrence) -> None:
        """Let a lesson that stands be where the calendar wants it, unless a person decided."""
        if one.moved or one.is_at(occurrence):
            return
        if one.covered:
            self.personal.append(one)
        else:
            self.shifted[one.id] = (one, occurrence)

    def withdraw(self, one: Present) -> None:
        """Let a lesson not take place; what a person had arranged with it is not forgotten."""
        self.withdrawn[one.id] = one
        if one.moved or one.covered:
            self.personal.append(one)

    def __bool__(self) -> bool:
        return bool(self.ids() or self.personal)


def relay(
    wanted: Mapping[UUID, Occurrence],
    *,
    present: Mapping[UUID, Present],
    slot_of: Mapping[UUID, UUID],
    taught: Mapping[UUID, frozenset[date]],
) -> Relaid:
    """Compare what the calendar asks for on the dates it changed with what stands on them.

    ``taught`` are, by campus, the changed dates on which there is school. A lesson that a person
    cancelled stays cancelled; one that a person moved stays where it is while there is school.
    """
    result = Relaid(slot_of)
    for id_, occurrence in wanted.items():
        one = present.get(id_)
        if one is None:
            result.laid[id_] = occurrence
        elif one.stands:
            result.settle(one, occurrence)
        elif one.change == LessonChange.CALENDAR:
            result.restored[id_] = occurrence
    for id_, one in present.items():
        if id_ in wanted or not one.stands:
            continue
        if one.moved and one.on_date in taught[one.campus_id]:
            continue
        result.withdraw(one)
    return result
