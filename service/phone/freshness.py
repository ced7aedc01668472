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
from typing import NamedTuple
from uuid import UUID

from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import greenlet_spawn

from service.kit import clock
from service.kit.db import Database
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
_OF_ONE_TEACHER = frozenset({"lesson.cancelled", "lesson.moved"})
"""Changes that name everybody they touch; all others make the whole district be read anew."""

_LOST = (OSError, PostgresError, InterfaceError, InternalClientError, DBAPIError)
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
    coming: "asyncio.Task[None] | None" = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


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
        if district.coming is None:
            district.coming = asyncio.create_task(self._ask(district_id, district))
        await asyncio.shield(district.coming)

    async def _ask(self, district_id: UUID, district: _District) -> None:
        async with district.asking:
            # From here on the question is under way, and who comes later waits for the next.
            district.coming = None
            snapshot = await self.present_snapshot()
            if district.snapshot is None:
                district.snapshot = snapshot
            elif snapshot != district.snapshot:
                await self._catch_up(district_id, district, since=district.snapshot)

    async def present_snapshot(self) -> str:
        """Which transactions are visible now; the same as before only if nothing was written."""
        try:
            return await self._ask_driver()
        except _LOST:
            # The pool may hold connections to a server that went away; one more try gets a new one.
            try:
                return await self._ask_driver()
            except _LOST as error:
                raise Unavailable from error

    async def _ask_driver(self) -> str:
        """Straight to the driver: no transaction, and one way there and back."""
        connection = await self.database.engine.raw_connection()
        try:
            found: str = await connection.driver_connection.fetchval(_SNAPSHOT)  # type: ignore[union-attr]
        except BaseException:
            connection.invalidate()
            raise
        finally:
            await greenlet_spawn(connection.close)
        return found

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
