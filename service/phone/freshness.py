"""Remembered answers, and how a process knows that they still hold.

An answer is remembered together with the database snapshot it was known to be right at. Before one
is given again, the process asks for the present snapshot: the same snapshot shows the same rows, so
nothing can have changed. Another one is compared through the change feed: rows written by
transactions that the old snapshot did not see say what changed, and what they touch is forgotten.
A snapshot, not a serial number: a late committer has an early number, but no snapshot hides it.

Questions that come while one is under way share the next, so a hundred phones cost one small
question. It is asked after each of them arrived: what was committed before a request is seen by it,
in every process, without a notification that could be lost.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from service.kit import clock
from service.kit.db import Database
from service.kit.observe import log
from service.kit.problems import Unavailable

BYTES_KEPT = 64 * 1024 * 1024
KEPT_FOR = timedelta(minutes=10)
"""What somebody mends in the database by hand leaves no change row; it is seen after this."""

_CHANGES_READ = 200
MEANINGS_KEPT = 4096

# What never shows on a phone's schedule. Whatever is not named here, does.
_ELSEWHERE = frozenset(
    {
        "accounts",
        "calendar-feeds",
        "charters",
        "clients",
        "grants",
        "group-heads",
        "imports",
        "pairings",
        "sessions",
        "tasks",
    }
)
_OF_ONE_TEACHER = frozenset(
    {
        "lesson.cancelled",
        "lesson.moved",
        "attendance.checked-in",
        "attendance.confirmed",
        "attendance.correction-approved",
        "attendance.correction-asked",
        "attendance.correction-refused",
        "attendance.disputed",
        "attendance.resolved",
    }
)
"""Changes that name everybody they touch; all others make the whole district be read anew."""

_LOST = (OSError, PostgresError, InterfaceError, InternalClientError, SQLAlchemyError)
_SNAPSHOT = "SELECT CAST(pg_current_snapshot() AS text)"
_CHANGES = text("""SELECT CAST(pg_current_snapshot() AS text) AS snapshot, c.collection, c.event,
  c.reach
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (
  SELECT DISTINCT collection, event, reach FROM change
  WHERE xid >= pg_snapshot_xmin(CAST(CAST(:since AS text) AS pg_snapshot))
    AND NOT pg_visible_in_snapshot(xid, CAST(CAST(:since AS text) AS pg_snapshot))
  LIMIT :limit
) AS c ON true""")


@dataclass(frozen=True, slots=True)
class Answer:
    """An encoded answer without its first member, which says as of when it is right."""

    rest: bytes
    tag: str
    zone: tzinfo
    good_from: datetime
    good_until: datetime


class _Change(NamedTuple):
    collection: str
    event: str
    reach: frozenset[UUID]


@dataclass(slots=True)
class _District:
    """What is remembered of one district, all of it right at ``snapshot``."""

    snapshot: str | None = None
    answers: dict[UUID, dict[Hashable, Answer]] = field(default_factory=dict)
    """By teacher."""
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    asking: asyncio.Task[None] | None = None


class _Line:
    """A connection on which the present snapshot is asked for: which transactions are visible.

    Straight to the driver: no transaction, one way there and back. It is given back between bursts.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: PoolProxiedConnection | None = None

    async def snapshot(self) -> str:
        """The same as before only if nothing was written since."""
        try:
            return await self._fetch()
        except _LOST:
            # The pool may hold connections to a server that went away; one more try gets a new one.
            if self._connection is not None:
                self._connection.invalidate()
                await self.close()
            return await self._fetch()

    async def _fetch(self) -> str:
        if self._connection is None:
            self._connection = await self._database.engine.raw_connection()
        driver: Any = self._connection.driver_connection
        found: str = await driver.fetchval(_SNAPSHOT)
        return found

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await greenlet_spawn(connection.close)


def _tell(turns: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    for turn in turns:
        # Who gave up is not told.
        if not turn.done():
            turn.set_result(None) if error is None else turn.set_exception(error)


Build = Callable[[], Awaitable[Answer]]


class Answers:
    """The remembered answers of a process, for one database."""

    def __init__(self, database: Database, *, bytes_kept: int = BYTES_KEPT) -> None:
        self.database = database
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self._districts: dict[UUID, _District] = {}
        self._order: OrderedDict[tuple[UUID, UUID, Hashable], int] = OrderedDict()
        self._meanings: dict[tuple[str, bytes], Hashable] = {}

    def understand(self, path: str, query: bytes, question: Hashable) -> None:
        """Remember what somebody meant who asked like this; it is the same for everybody."""
        if len(self._meanings) >= MEANINGS_KEPT:
            self._meanings.clear()
        self._meanings[path, query] = question

    def meaning(self, path: str, query: bytes) -> Hashable | None:
        """What is meant by a question, if it was understood before."""
        return self._meanings.get((path, query))

    async def recall(
        self, *, district_id: UUID, teacher_id: UUID, asked: Hashable
    ) -> Answer | None:
        """The answer to what a teacher asked, if it is remembered and still right."""
        district = self._districts.setdefault(district_id, _District())
        await self._settle(district_id, district)
        known = district.answers.get(teacher_id, {}).get(asked)
        if known is None or not known.good_from <= clock.now() < known.good_until:
            return None
        self._order.move_to_end((district_id, teacher_id, asked))
        return known

    async def get(
        self, *, district_id: UUID, teacher_id: UUID, asked: Hashable, build: Build
    ) -> Answer:
        """The answer to what a teacher asked: remembered if it is still right, else built."""
        known = await self.recall(district_id=district_id, teacher_id=teacher_id, asked=asked)
        if known is not None:
            return known
        district = self._districts[district_id]
        snapshot = district.snapshot
        built = await build()
        # What was read began after this snapshot; had the district moved on since, a change could
        # lie between the two that nobody would look for again.
        if district.snapshot == snapshot:
            self._keep((district_id, teacher_id, asked), built)
        return built

    async def _settle(self, district_id: UUID, district: _District) -> None:
        """Wait until all that is remembered is right as of now or later."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        district.waiting.append(turn)
        if district.asking is None:
            district.asking = asyncio.create_task(self._ask(district_id, district))
        await turn

    async def _ask(self, district_id: UUID, district: _District) -> None:
        """Ask for those who wait, then for those who came meanwhile, until nobody waits."""
        line = _Line(self.database)
        try:
            while district.waiting:
                # Who comes from here on waits for the next question.
                turns, district.waiting = district.waiting, []
                refusal: Exception | None = Unavailable()
                try:
                    await self._compare(district_id, district, await line.snapshot())
                    refusal = None
                except _LOST as error:
                    log().warning("freshness_unknown", error=repr(error))
                finally:
                    _tell(turns, refusal)
        finally:
            district.asking = None
            turns, district.waiting = district.waiting, []
            _tell(turns, Unavailable())
            await line.close()

    async def _compare(self, district_id: UUID, district: _District, snapshot: str) -> None:
        if district.snapshot is None:
            district.snapshot = snapshot
        elif snapshot != district.snapshot:
            await self._catch_up(district_id, district, since=district.snapshot)

    async def _catch_up(self, district_id: UUID, district: _District, *, since: str) -> None:
        async with self.database.read(district_id) as db:
            found = await (await db.connection()).execute(
                _CHANGES, {"since": since, "limit": _CHANGES_READ}
            )
            rows = found.all()
        changes = [
            _Change(row.collection, row.event, frozenset(row.reach))
            for row in rows
            if row.collection is not None and row.collection not in _ELSEWHERE
        ]
        if len(rows) == _CHANGES_READ or any(_is_for_all(change) for change in changes):
            self._forget(district_id, list(district.answers))
        else:
            touched = frozenset[UUID]().union(*(change.reach for change in changes))
            self._forget(district_id, touched & district.answers.keys())
        district.snapshot = rows[0].snapshot

    def _keep(self, key: tuple[UUID, UUID, Hashable], answer: Answer) -> None:
        district_id, teacher_id, asked = key
        self._bytes += len(answer.rest) - self._order.pop(key, 0)
        self._order[key] = len(answer.rest)
        self._districts[district_id].answers.setdefault(teacher_id, {})[asked] = answer
        while self._bytes > self._bytes_kept:
            self._drop(next(iter(self._order)))

    def _forget(self, district_id: UUID, teachers: Iterable[UUID]) -> None:
        answers = self._districts[district_id].answers
        for teacher_id in teachers:
            for asked in list(answers[teacher_id]):
                self._drop((district_id, teacher_id, asked))

    def _drop(self, key: tuple[UUID, UUID, Hashable]) -> None:
        district_id, teacher_id, asked = key
        self._bytes -= self._order.pop(key)
        answers = self._districts[district_id].answers
        del answers[teacher_id][asked]
        if not answers[teacher_id]:
            del answers[teacher_id]


def _is_for_all(change: _Change) -> bool:
    return change.event not in _OF_ONE_TEACHER or not change.reach
