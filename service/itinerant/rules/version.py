"""What differs between two versions of a timetable, and what a change of one is: pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from service.itinerant.rules import WeeklyPeriod
from service.timetable.rules import Parity

Days = tuple[date, date]


class Rhythm(NamedTuple):
    """What makes a weekly period the same one, whatever days it lasts."""

    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    class_ids: tuple[UUID, ...]
    room_id: UUID | None

    @classmethod
    def of(cls, one: WeeklyPeriod) -> "Rhythm":
        """The rhythm of a weekly period."""
        classes = tuple(sorted(one.class_ids))
        return cls(one.weekday, one.period, one.parity, one.weeks, classes, one.room_id)


@dataclass(frozen=True, slots=True)
class Standing:
    """A weekly period that is laid, by its slot."""

    slot_id: UUID
    rhythm: Rhythm
    valid: Days


@dataclass(frozen=True, slots=True)
class Reshaped:
    """The smallest change that makes one timetable of another, from a day on."""

    kept: list[Standing]
    dropped: list[Standing]
    added: list[tuple[Rhythm, Days]]


def reshape(
    wanted: Sequence[WeeklyPeriod],
    *,
    standing: Sequence[Standing],
    valid: Days,
    from_date: date,
) -> Reshaped:
    """What stays, what ends and what begins; a period that stays keeps its lessons."""
    free = [one for one in standing if one.valid[1] > from_date]
    kept: list[Standing] = []
    added: list[tuple[Rhythm, Days]] = []
    for one in wanted:
        rhythm = Rhythm.of(one)
        lasts = (max(one.valid_from or valid[0], from_date), one.valid_until or valid[1])
        if lasts[0] >= lasts[1]:
            continue  # over before the change begins
        same = next(
            (
                each
                for each in free
                if each.rhythm == rhythm and (max(each.valid[0], from_date), each.valid[1]) == lasts
            ),
            None,
        )
        if same is None:
            added.append((rhythm, lasts))
        else:
            free.remove(same)
            kept.append(same)
    return Reshaped(kept, free, added)


def difference(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a version has that the one before it has not, by assignment and weekly period."""
    former = {one["id"]: one for one in before}
    present = {one["id"]: one for one in after}
    changed = [
        {**_named(one), **_periods(former[id_]["patterns"], one["patterns"])}
        for id_, one in present.items()
        if id_ in former and former[id_]["patterns"] != one["patterns"]
    ]
    return {
        "added": [
            {**_named(one), **_periods([], one["patterns"])}
            for id_, one in present.items()
            if id_ not in former
        ],
        "changed": changed,
        "removed": [
            {**_named(one), **_periods(one["patterns"], [])}
            for id_, one in former.items()
            if id_ not in present
        ],
    }


_NAMES = (
    "id",
    "code",
    "teacher_id",
    "teacher_name",
    "home_school_id",
    "home_school_name",
    "host_school_id",
    "host_school_name",
    "subject",
)


def _named(one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in _NAMES}


def _periods(before: Sequence[Any], after: Sequence[Any]) -> dict[str, Any]:
    return {
        "periods_added": [one for one in after if one not in before],
        "periods_removed": [one for one in before if one not in after],
    }
