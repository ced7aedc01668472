"""What is wrong with lessons that stand: a calendar, a membership or a person changed after them.

Pure. The database refuses what overlaps; this is what it cannot refuse.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from service.kit.problems import FieldError, Text, ValidationFailed

LONGEST_DAYS = 62
"""Two months: what an office mends at once."""


class StandingKind(StrEnum):
    """What is wrong with lessons that stand."""

    NEEDS_COVER = "needs-cover"
    TEACHER_LEFT = "teacher-left"
    NOT_A_MEMBER = "not-a-member"
    NOT_QUALIFIED = "not-qualified"
    OVER_WEEKLY_LIMIT = "over-weekly-limit"

    @property
    def hard(self) -> bool:
        """Whether the lesson cannot be held so; what is soft is only unwise."""
        return self not in {StandingKind.NOT_QUALIFIED, StandingKind.OVER_WEEKLY_LIMIT}


@dataclass(frozen=True, slots=True)
class Thing:
    """A teacher or school that conflicts are counted by."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Lessons of one teacher at one school in one week that are wrong in the same way."""

    kind: StandingKind
    teacher: Thing
    school: Thing
    monday: date
    first_on: date
    count: int
    lesson_ids: Sequence[UUID]


Key = TypeVar("Key")


def counted(standing: Iterable[Standing]) -> "Counts":
    """How many lessons there are by kind, teacher, school and week."""
    counts = Counts({}, {}, {}, {})
    for one in standing:
        _add(counts.by_kind, one.kind, one.count)
        _add(counts.by_teacher, one.teacher, one.count)
        _add(counts.by_school, one.school, one.count)
        _add(counts.by_week, one.monday, one.count)
    return counts


@dataclass(frozen=True, slots=True)
class Counts:
    """Lessons by what they have in common."""

    by_kind: dict[StandingKind, int]
    by_teacher: dict[Thing, int]
    by_school: dict[Thing, int]
    by_week: dict[date, int]


def _add(counts: dict[Key, int], key: Key, count: int) -> None:
    counts[key] = counts.get(key, 0) + count


def most_first(counts: Mapping[Thing, int]) -> list[tuple[Thing, int]]:
    """Those with most first; equals by name, so that the order stays."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0].name, item[0].id))


def check_range(from_: date, until: date) -> None:
    """Refuse days that are reversed, none, or more than ``LONGEST_DAYS``.

    Raises
    ------
    ValidationFailed
        It names ``until``.
    """
    if until <= from_:
        raise ValidationFailed(errors=[_REVERSED])
    if (until - from_).days > LONGEST_DAYS:
        raise ValidationFailed(errors=[_TOO_LONG])


_REVERSED = FieldError("query/until", "range-reversed", Text("应晚于 from", "must be after from"))
_TOO_LONG = FieldError(
    "query/until",
    "range-too-long",
    Text(f"一次最多查询 {LONGEST_DAYS} 天", f"at most {LONGEST_DAYS} days at once"),
)
