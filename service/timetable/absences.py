"""Who is told, in the same transaction, that somebody will be away, or will not be after all.

Programmes above plan visits in ``occupancy`` and cannot be imported from here: they register a
listener, which gives the time back before the leave takes it, and tells those concerned. Everybody
whose time may be given back is locked by then.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession


@dataclass(frozen=True, slots=True)
class Absence:
    """A leave that was approved, or one that was and is taken back."""

    teacher_id: UUID
    starts_at: datetime
    ends_at: datetime
    stands: bool


Listener = Callable[[AsyncSession, Caller, Absence], Awaitable[None]]
"""Called with the session, who decided, and what was decided."""

_LISTENERS: list[Listener] = []


def on_absence(listener: Listener) -> Listener:
    """Register a listener; registering it again changes nothing."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)
    return listener


async def announce(db: AsyncSession, *, by: Caller, absence: Absence) -> None:
    """Tell everybody that a teacher will be away, or will not."""
    for listener in _LISTENERS:
        await listener(db, by, absence)
