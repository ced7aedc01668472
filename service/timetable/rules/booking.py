"""When a room may be booked, and which times suit most of the people who should meet.

Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice
from uuid import UUID

from service.kit.problems import FieldError, InvalidValue, Text
from service.timetable.problems.booking import BookingOver


class BookingState(StrEnum):
    """Whether a booking stands."""

    BOOKED = "booked"
    CANCELLED = "cancelled"


LONGEST = timedelta(hours=12)
_REVERSED = Text("应晚于开始时间", "must be after the beginning")
_PAST = Text("应晚于现在", "must be later than now")
_TOO_LONG = Text("一次最长 12 小时", "at most 12 hours at once")


def check_booked(starts_at: datetime, ends_at: datetime, *, now: datetime) -> None:
    """Whether a room can be booked for a time.

    Raises
    ------
    InvalidValue
        It ends before it begins, lasts too long, or has begun.
    """
    wrong: list[FieldError] = []
    if ends_at <= starts_at:
        wrong.append(FieldError("/ends_at", "range-reversed", _REVERSED))
    elif ends_at - starts_at > LONGEST:
        wrong.append(FieldError("/ends_at", "too-long", _TOO_LONG))
    if starts_at <= now:
        wrong.append(FieldError("/starts_at", "in-the-past", _PAST))
    if wrong:
        raise InvalidValue(errors=wrong)


def check_cancel(state: BookingState, *, ends_at: datetime, now: datetime) -> None:
    """Whether a booking can be given up.

    Raises
    ------
    BookingOver
        It was, or its time is over.
    """
    if state is BookingState.CANCELLED or ends_at <= now:
        raise BookingOver


@dataclass(frozen=True, slots=True)
class Meeting:
    """A time for a meeting, and who could not be there."""

    on_date: date
    morning: bool
    starts_at: datetime
    ends_at: datetime
    missing: frozenset[UUID]


def best_meetings(found: Iterable[Meeting], *, limit: int) -> list[Meeting]:
    """The best time of each half-day, those at which most can be there first."""
    best: dict[tuple[date, bool], Meeting] = {}
    for one in sorted(found, key=_rank):
        best.setdefault((one.on_date, one.morning), one)
    return list(islice(sorted(best.values(), key=_rank), limit))


def _rank(one: Meeting) -> tuple[int, datetime]:
    return len(one.missing), one.starts_at
