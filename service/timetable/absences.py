"""Who is told, in the same transaction, that somebody will be away and what they promised is off.

Programmes above plan visits in ``occupancy`` and cannot be imported from here: they register a
listener, which gives the time back before the leave takes it, and tells those concerned. Everybody
whose time may be given back is locked by then.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession

Listener = Callable[[AsyncSession, Caller, UUID, tuple[datetime, datetime]], Awaitable[None]]
"""Called with the session, who decided, the teacher, and from when until when they are away."""

_LISTENERS: list[Listener] = []


def on_absence(listener: Listener) -> Listener:
    """Register a listener; registering it again changes nothing."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)
    return listener


async def announce(
    db: AsyncSession, *, by: Caller, teacher_id: UUID, away: tuple[datetime, datetime]
) -> None:
    """Tell everybody that a teacher will be away."""
    for listener in _LISTENERS:
        await listener(db, by, teacher_id, away)
