"""The only place that reads the clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

FIRST_YEAR, END_YEAR = 1900, 2100
"""What lies outside ``[first, end)`` is a slip, and at its ends the calendar has no next day."""

_frozen: list[datetime] = []


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _frozen[-1] if _frozen else datetime.now(UTC)


def today(zone: str) -> date:
    """The calendar day at a place: near midnight it differs from the server's day."""
    return now().astimezone(ZoneInfo(zone)).date()


@contextmanager
def freeze(at: datetime) -> Iterator[None]:
    """Let the process live at one instant, for tests and simulations."""
    if at.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    _frozen.append(at.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.pop()
