"""The one connection of a process that hears of commits, shared by all who want to know.

What is heard is a hint: somebody wrote. What is true is asked for on the same connection, after
each hint and several times a second without one, because a hint can be lost: behind a pooler that
hands connections around nothing is ever heard, and a process that dies tells nobody. Whoever
follows is told which transactions are visible now, and when that is no longer known.

Writers do not notify in their transaction: that would make all commits wait for one another. The
process of the writer tells the others afterwards, several writes at once.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from service.kit import clock
from service.kit.db import Database
from service.kit.observe import HEARING, log

CHANNEL = "huangge_written"
NAME = "huangge ear"
"""What the connection is called in ``pg_stat_activity``."""

LOST = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    SQLAlchemyError,
)
"""What it looks like when the database cannot be asked."""

_HEARING_PAUSE = 0.4
_DEAF_PAUSE = 0.15
_BREATH = 0.005
"""Hints come in swarms; so long they are collected."""
_AGAIN = 0.25
_PATIENCE = 2.0
SNAPSHOT = "SELECT CAST(pg_current_snapshot() AS text)"


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything committed before ``at`` is in the snapshot."""

    snapshot: str
    at: float
    """By the clock of the event loop, which nobody puts back."""
    clock: datetime


class Follower(Protocol):
    """Somebody who wants to know what was written."""

    async def follow(self, seen: Seen) -> None:
        """Look what is new; called one after another, each time a little later."""

    def doubt(self, district_id: UUID) -> None:
        """Take note that this process itself has written."""

    def lost(self) -> None:
        """What was known need not hold: the next database may be another one."""


class Ear:
    """Keeps the connection, as long as the process serves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._name = uuid4().hex
        self._wake = asyncio.Event()
        self._to_tell = False
        self._followers: list[Follower] = []
        self._running: asyncio.Task[None] | None = None
        self._probe = ""
        self._heard_probe = asyncio.Event()

    def follow(self, follower: Follower) -> None:
        """Tell somebody from now on."""
        self._followers.append(follower)

    def start(self) -> None:
        """Listen from now on."""
        self._database.after_write = self._written
        self._begin()

    def _begin(self) -> None:
        self._running = asyncio.create_task(self._run())
        self._running.add_done_callback(self._ended)

    def _ended(self, running: asyncio.Task[None]) -> None:
        """Begin again after a mistake of our own: without an ear everything would be slow."""
        if not running.cancelled() and (error := running.exception()) is not None:
            log().error("ear_failed", exc_info=error)
            running.get_loop().call_later(_AGAIN, self._begin)

    async def stop(self) -> None:
        """Listen no longer."""
        self._database.after_write = None
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    def _written(self, district_id: UUID) -> None:
        self._to_tell = True
        for follower in self._followers:
            follower.doubt(district_id)
        self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except LOST as error:
                log().warning("ear_lost", error=repr(error))
            finally:
                HEARING.set(0)
                for follower in self._followers:
                    follower.lost()
            await asyncio.sleep(_AGAIN)

    async def _listen(self) -> None:
        _, address = self._database.engine.dialect.create_connect_args(self._database.engine.url)
        address["server_settings"] = {"application_name": NAME, "timezone": "UTC"}
        if not self._database.prepares:
            address["statement_cache_size"] = 0
        connection: Any = await asyncpg.connect(
            **address, timeout=_PATIENCE, command_timeout=_PATIENCE
        )
        try:
            await connection.add_listener(CHANNEL, self._hear)
            pause = _HEARING_PAUSE if await self._hears(connection) else _DEAF_PAUSE
            while True:
                await self._look(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                        await asyncio.sleep(_BREATH)
        finally:
            connection.terminate()

    async def _look(self, connection: Any) -> None:
        self._wake.clear()
        if self._to_tell:
            self._to_tell = False
            await connection.execute(f"NOTIFY {CHANNEL}, '{self._name}'")
        at, now = asyncio.get_running_loop().time(), clock.now()
        seen = Seen(await connection.fetchval(SNAPSHOT), at, now)
        for follower in self._followers:
            await follower.follow(seen)

    def _hear(self, _connection: object, _pid: int, _channel: str, said: object) -> None:
        if said == self._probe:
            self._heard_probe.set()
        elif said != self._name:
            self._wake.set()

    async def _hears(self, connection: Any) -> bool:
        """Whether what others say arrives here: behind some poolers it does not."""
        self._probe = uuid4().hex
        self._heard_probe.clear()
        async with self._database.engine.begin() as other:
            await other.execute(text(f"NOTIFY {CHANNEL}, '{self._probe}'"))
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._heard_probe.wait()
        except TimeoutError:
            log().warning("ear_deaf", backend=connection.get_server_pid())
            return False
        HEARING.set(1)
        return True
