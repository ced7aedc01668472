"""Who waits to hear that something changed: hints, never facts; the feed is the truth.

A hint comes when the change can be read from the feed, not before: whoever asks at once finds it.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import text

from service.kit import changes
from service.kit.auth import Caller
from service.kit.changes import Change
from service.kit.db import AsyncSession, Database
from service.kit.hearing import Seen
from service.kit.observe import STREAMS
from service.kit.settings import settings
from service.kit.synctoken import Position

Wants = Callable[[Change], bool]

_READ = 500


class Woken(Enum):
    """Why somebody who waited no longer does."""

    PING = auto()
    HINT = auto()
    GONE = auto()


@dataclass(slots=True, eq=False)
class Listener:
    """Somebody who waits; ``position`` is how far they may have to look."""

    caller: Caller
    wants: Wants
    position: Position
    hinted: bool = False
    gone: bool = False
    replaced: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def hint(self, position: Position) -> None:
        """Wake them: there is something up to ``position``."""
        self.position, self.hinted = position, True
        self.woken.set()

    async def next(self, seconds: float) -> Woken:
        """Wait for a hint, so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        if self.gone:
            return Woken.GONE
        self.woken.clear()
        found = Woken.HINT if self.hinted else Woken.PING
        self.hinted = False
        return found

    def leave(self) -> None:
        """Wake them for the last time."""
        self.gone = True
        self.woken.set()


@dataclass(slots=True)
class _District:
    position: Position
    listeners: dict[Listener, None] = field(default_factory=dict)


class Hints:
    """All who wait in this process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._districts: dict[UUID, _District] = {}
        self._snapshot: str | None = None
        self._missed = False
        self.hearing = False
        """Whether hints can come: otherwise nobody should be left waiting."""

    async def enter(self, caller: Caller, wants: Wants) -> Listener:
        """Begin to wait. Who waits too often with one account lets the oldest go."""
        if caller.district_id not in self._districts:
            async with self.database.read(caller.district_id) as db:
                present = await _settled(db)
            self._districts.setdefault(caller.district_id, _District(present))
            self._snapshot = None  # it may have missed what is being looked at just now
        district = self._districts[caller.district_id]
        own = [one for one in district.listeners if one.caller.key == caller.key]
        if len(own) >= settings().streams_per_caller:
            own[0].replaced = True
            self.leave(own[0])
        listener = Listener(caller, wants, district.position)
        district.listeners[listener] = None
        STREAMS.set(self._count())
        return listener

    def leave(self, listener: Listener) -> None:
        """Wait no longer."""
        listener.leave()
        district = self._districts.get(listener.caller.district_id)
        if district is not None:
            district.listeners.pop(listener, None)
            if not district.listeners:
                del self._districts[listener.caller.district_id]
        STREAMS.set(self._count())

    def close(self) -> None:
        """Let everybody go: the process ends."""
        self.hearing = False
        for district in self._districts.values():
            for listener in district.listeners:
                listener.leave()

    def _count(self) -> int:
        return sum(len(district.listeners) for district in self._districts.values())

    # Being told what was written

    async def follow(self, seen: Seen) -> None:
        """Look for what can be read now and could not before."""
        self.hearing = True
        # What is held back by a transaction that still runs comes with another snapshot.
        if seen.snapshot == self._snapshot:
            return
        for district_id, district in list(self._districts.items()):
            await self._look(district_id, district)
        self._snapshot, self._missed = seen.snapshot, False

    def doubt(self, district_id: UUID) -> None:
        """Nothing: what this process wrote is read like all else."""

    def lost(self) -> None:
        """Let everybody look as soon as there is a database again."""
        self._snapshot, self._missed = None, True

    async def _look(self, district_id: UUID, district: _District) -> None:
        found: list[Change] = []
        async with self.database.read(district_id) as db:
            settled = await _settled(db)
            more = True
            while more:
                rows = await changes.read_after(db, position=district.position, limit=_READ)
                found += rows
                more = len(rows) == _READ
                if rows:
                    district.position = _place(rows[-1])
        district.position = max(district.position, settled)
        for listener in list(district.listeners):
            if self._missed or any(listener.wants(change) for change in found):
                listener.hint(district.position)


def _place(change: Change) -> Position:
    return Position(change.xid or 0, change.seq or 0)


async def _settled(db: AsyncSession) -> Position:
    """Before everything that can still come."""
    found = await (await db.connection()).execute(_SETTLED)
    return Position(int(found.scalar_one()) - 1, _LAST)


_LAST = 2**63 - 1
_SETTLED = text("SELECT CAST(huangge_settled_before() AS text)")
