"""Which days a phone asks for: pure date arithmetic."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from service.calendar.rules import TermSpan
from service.kit.problems import FieldError, Text, ValidationFailed

LONGEST_DAYS = 400
"""A school year and its holidays."""
EARLIEST, LATEST = date(2000, 1, 1), date(2090, 1, 1)
"""Lessons have no days beyond these."""
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)

_OUT_OF_RANGE = Text(
    f"应在 {EARLIEST} 与 {LATEST} 之间", f"must lie between {EARLIEST} and {LATEST}"
)
_REVERSED = Text("应晚于 from", "must be after from")
_TOO_LONG = Text(
    f"一次最多查询 {LONGEST_DAYS} 天", f"at most {LONGEST_DAYS} days are answered at once"
)


def asked_days(from_: date | None, until: date | None, *, today: date) -> tuple[date, date]:
    """The days ``[from_, until)`` that are meant: without any, the week of today.

    Raises
    ------
    ValidationFailed
        They are reversed, none, or more than ``LONGEST_DAYS``.
    """
    for name, day in (("from", from_), ("until", until)):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise _unfit(name, "out-of-range", _OUT_OF_RANGE)
    monday = today - timedelta(days=today.weekday())
    first = from_ or (until - _WEEK if until else monday)
    last = until or first + _WEEK
    if last <= first:
        raise _unfit("until", "range-reversed", _REVERSED)
    if (last - first).days > LONGEST_DAYS:
        raise _unfit("until", "range-too-long", _TOO_LONG)
    return first, last


def _unfit(name: str, code: str, message: Text) -> ValidationFailed:
    return ValidationFailed(errors=[FieldError(f"query/{name}", code, message)])


def next_midnight(zones: Iterable[str], *, now: datetime) -> datetime:
    """When the first of some places has another day."""
    return min(_midnight(ZoneInfo(zone), now) for zone in zones)


def _midnight(zone: ZoneInfo, now: datetime) -> datetime:
    return datetime.combine(now.astimezone(zone).date() + _DAY, time(), zone).astimezone(UTC)


def present_term(terms: Sequence[TermSpan], *, today: date) -> TermSpan | None:
    """The term of a day; in the holidays the next one, and after the last term that one.

    ``terms`` are in order.
    """
    coming = (term for term in terms if today < term.until)
    return next(coming, terms[-1] if terms else None)
