"""Who is asked, in the same transaction, before the calendar changes under laid lessons.

The timetable stands above and cannot be imported from here: it registers a watcher, which counts
the lessons that a change would touch. Until a change can re-lay them, it is refused.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from service.calendar.problems import LessonsAreLaid
from service.kit.db import AsyncSession


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change touches: dates, of these schools or campuses only, or of all."""

    dates: Range[date]
    school_ids: Collection[UUID] | None = None
    campus_ids: Collection[UUID] | None = None
    stage: str | None = None


Watcher = Callable[[AsyncSession, Touched], Awaitable[int]]
"""Answers how many lessons that still stand the change would touch."""

_WATCHERS: list[Watcher] = []


def before_change(watcher: Watcher) -> Watcher:
    """Register a watcher; registering it again changes nothing."""
    if watcher not in _WATCHERS:
        _WATCHERS.append(watcher)
    return watcher


async def ask(db: AsyncSession, touched: Touched) -> None:
    """Refuse a change under laid lessons.

    Raises
    ------
    LessonsAreLaid
        Lessons stand on the dates concerned.
    """
    lessons = sum([await watcher(db, touched) for watcher in _WATCHERS])
    if lessons:
        raise LessonsAreLaid(lessons=lessons)
