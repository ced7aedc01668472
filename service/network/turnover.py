"""Who is asked, in the same transaction, what the change of a group's members leaves behind.

Programmes above are built on memberships and cannot be imported from here: they register a
watcher. It sees the change made and not yet committed, opens tasks where somebody has to act, and
says what it found; a dry run tells that before anything is kept.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession


@dataclass(frozen=True, slots=True)
class Left:
    """What would go on although its school is no member any more."""

    assignments: int = 0
    lessons: int = 0

    def __add__(self, other: "Left") -> "Left":
        return Left(self.assignments + other.assignments, self.lessons + other.lessons)


Watcher = Callable[[AsyncSession, Caller, UUID, date], Awaitable[Left]]
"""Called with the session, who changed the members, the group, and the day of the change."""

_WATCHERS: list[Watcher] = []


def on_turnover(watcher: Watcher) -> Watcher:
    """Register a watcher; registering it again changes nothing."""
    if watcher not in _WATCHERS:
        _WATCHERS.append(watcher)
    return watcher


async def left_behind(db: AsyncSession, *, by: Caller, group_id: UUID, on: date) -> Left:
    """Ask everybody what a change of members, which is flushed already, leaves behind."""
    left = Left()
    for watcher in _WATCHERS:
        left += await watcher(db, by, group_id, on)
    return left
