"""Who is told, in the same transaction, that teachers may not stay where they are.

Programmes above depend on a teacher's staying and cannot be imported from here: they register a
listener. It hears of every change of an employment or of an expected retirement, by whatever path
it came, and what it writes is committed with the change or not at all.
"""

from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession

Listener = Callable[[AsyncSession, Caller, Collection[UUID]], Awaitable[None]]
"""Called with the session, who changed it, and the ids of the teachers concerned."""

_LISTENERS: list[Listener] = []


def on_departure(listener: Listener) -> Listener:
    """Register a listener; registering it again changes nothing."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)
    return listener


async def announce(db: AsyncSession, *, by: Caller, teacher_ids: Collection[UUID]) -> None:
    """Tell everybody that the employment or retirement of these teachers changed."""
    if not teacher_ids:
        return
    await db.flush()
    for listener in _LISTENERS:
        await listener(db, by, teacher_ids)
