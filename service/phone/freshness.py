"""Remembered answers, and how a process knows that they still hold.

An answer is remembered together with the database snapshot it was known to be right at. The process
asks for the present snapshot several times a second, and at once when it hears of a commit: the
same snapshot shows the same rows, so nothing can have changed. Another one is compared through the
change feed: rows written by transactions that the old snapshot did not see say what changed, and
what they touch is forgotten. A snapshot, not a serial number: a late committer has an early number,
but no snapshot hides it.

What was confirmed less than a second ago is told without asking anybody. Whoever has written names
the write, and is told nothing that does not see it. Where nothing was confirmed lately, because the
connection was lost or never stood, each question is checked: those that come while one is under way
share the next, which is asked after each of them arrived.
"""

import asyncio
import zlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.util import greenlet_spawn

from service.kit import clock
from service.kit.db import Database
from service.kit.hearing import LOST, SNAPSHOT, Seen
from service.kit.observe import log
from service.kit.problems import Unavailable
from service.kit.synctoken import Position, beyond, shows

BYTES_KEPT = 64 * 1024 * 1024
KEPT_FOR = timedelta(minutes=10)
"""What somebody mends in the database by hand leaves no change row; it is seen after this."""

_CHANGES_READ = 200
MEANINGS_KEPT = 4096
TRUSTED_SECONDS = 0.9
"""How long a confirmation is believed; with the time of one answer, less than a second."""

# What never shows on a phone's schedule. Whatever is not named here, does.
_ELSEWHERE = frozenset(
    {
        "accounts",
        "agreement-texts",
        "calendar-feeds",
        "charters",
        "clients",
        "cover-offers",
        "covers",
        "duty-policies",
        "goal-plans",
        "grants",
        "group-heads",
        "growth-plans",
        "imports",
        "leaves",
        "log-entries",
        "mentoring-programmes",
        "pairings",
        "programme-entries",
        "sessions",
        "swaps",
        "tasks",
    }
)
_OF_THE_NAMED = frozenset(
    {
        "attendance.checked-in",
        "attendance.confirmed",
        "attendance.correction-approved",
        "attendance.correction-asked",
        "attendance.correction-refused",
        "attendance.disputed",
        "attendance.resolved",
        "lesson.cancelled",
        "lesson.covered",
        "lesson.moved",
        "lesson.swapped",
        "lesson.uncovered",
        "month.closed",
        "month.opened",
        "visit.cancelled",
        "visit.planned",
    }
)
"""Changes that name everybody they touch; all others make the whole district be read anew."""

_CHANGES = text("""SELECT CAST(pg_current_snapshot() AS text) AS snapshot, c.collection, c.event,
  c.reach
FROM (SELECT 1) AS always
LEFT JOIN LATERAL (
  SELECT DISTINCT collection, event, reach FROM change
  WHERE xid >= pg_snapshot_xmin(CAST(CAST(:since AS text) AS pg_snapshot))
    AND NOT pg_visible_in_snapshot(xid, CAST(CAST(:since AS text) AS pg_snapshot))
  LIMIT :limit
) AS c ON true""")


@dataclass(slots=True)
class Answer:
    """An encoded answer without its last member, which says as of when it is right."""

    rest: bytes
    tag: str
    zone: tzinfo
    good_from: datetime
    good_until: datetime
    _packed: tuple[bytes, int] | None = None

    def packed(self) -> tuple[bytes, int]:
        """The beginning of a gzip file with the rest in it, and its checksum so far.

        Made once: what is put behind it is stored as it is, since it differs each time.
        """
        if self._packed is None:
            deflate = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
            body = deflate.compress(self.rest) + deflate.flush(zlib.Z_SYNC_FLUSH)
            self._packed = (_GZIP + body, zlib.crc32(self.rest))
        return self._packed

    def gzipped(self, tail: bytes) -> bytes:
        """The rest and a tail as a gzip file (RFC 1951, 1952)."""
        head, checksum = self.packed()
        size = len(tail)
        return b"".join(
            (
                head,
                b"\x01",
                size.to_bytes(2, "little"),
                (size ^ 0xFFFF).to_bytes(2, "little"),
                tail,
                zlib.crc32(tail, checksum).to_bytes(4, "little"),
                (len(self.rest) + size).to_bytes(4, "little"),
            )
        )


_GZIP = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"


class Meaning(NamedTuple):
    """What somebody meant who asked like this."""

    operation: str
    question: Hashable


class Known(NamedTuple):
    """An answer that is right as of a moment."""

    answer: Answer
    as_of: datetime


class _Change(NamedTuple):
    collection: str
    event: str
    reach: frozenset[UUID]


def is_for_all(collection: str, event: str, reach: frozenset[UUID]) -> bool:
    """Whether a change may show on anybody's schedule, not only on those of the named."""
    return collection not in _ELSEWHERE and (event not in _OF_THE_NAMED or not reach)


@dataclass(slots=True, eq=False)
class _Build:
    """An answer that is being read; a change meanwhile may or may not be in it."""

    teacher_id: UUID
    spoiled: bool = False


class _Asked(NamedTuple):
    """What is visible as of a moment."""

    snapshot: str
    as_of: datetime


@dataclass(slots=True)
class _District:
    """What is remembered of one district, all of it right at ``snapshot``."""

    snapshot: str | None = None
    confirmed: Seen | None = None
    lives: int = 0
    """How often everything was forgotten because the database may be another one."""
    answers: dict[UUID, dict[Hashable, Answer]] = field(default_factory=dict)
    """By teacher."""
    builds: set[_Build] = field(default_factory=set)
    doubted_at: float = 0.0
    """When this process last wrote to it."""
    waiting: list[asyncio.Future[_Asked]] = field(default_factory=list)
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
        except LOST:
            # The pool may hold connections to a server that went away; one more try gets a new one.
            if self._connection is not None:
                self._connection.invalidate()
                await self.close()
            return await self._fetch()

    async def _fetch(self) -> str:
        if self._connection is None:
            self._connection = await self._database.engine.raw_connection()
        driver: Any = self._connection.driver_connection
        return str(await driver.fetchval(SNAPSHOT))

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await greenlet_spawn(connection.close)


def _tell(turns: Iterable[asyncio.Future[_Asked]], found: _Asked | Exception) -> None:
    for turn in turns:
        # Who gave up is not told.
        if not turn.done():
            turn.set_exception(found) if isinstance(found, Exception) else turn.set_result(found)


Build = Callable[[], Awaitable[Answer]]


class Answers:
    """The remembered answers of a process, for one database."""

    def __init__(self, database: Database, *, bytes_kept: int = BYTES_KEPT) -> None:
        self.database = database
        self._bytes_kept = bytes_kept
        self._bytes = 0
        self._districts: dict[UUID, _District] = {}
        self._order: OrderedDict[tuple[UUID, UUID, Hashable], int] = OrderedDict()
        self._meanings: dict[tuple[str, bytes], Meaning] = {}

    def understand(self, path: str, query: bytes, meant: Meaning) -> None:
        """Remember what a question means; it is the same for everybody."""
        if len(self._meanings) >= MEANINGS_KEPT:
            self._meanings.clear()
        self._meanings[path, query] = meant

    def meaning(self, path: str, query: bytes) -> Meaning | None:
        """What is meant by a question, if it was understood before."""
        return self._meanings.get((path, query))

    # Being told what was written

    async def follow(self, seen: Seen) -> None:
        """Confirm what is remembered, after forgetting what no longer holds."""
        for district_id, district in list(self._districts.items()):
            lives = district.lives
            if district.snapshot is not None:
                await self._compare(district_id, district, seen.snapshot)
                if lives == district.lives:
                    district.confirmed = seen

    def doubt(self, district_id: UUID) -> None:
        """Tell nothing of a district before it is confirmed anew: this process wrote to it."""
        if (district := self._districts.get(district_id)) is not None:
            district.doubted_at = asyncio.get_running_loop().time()

    def lost(self) -> None:
        """Forget everything: the next database may be another one, which saw less."""
        for district_id, district in self._districts.items():
            district.snapshot = district.confirmed = None
            district.lives += 1
            self._forget_all(district_id)

    # Telling

    def at_once(
        self, *, district_id: UUID, teacher_id: UUID, asked: Hashable, after: Position | None = None
    ) -> Known | None:
        """What is remembered and was confirmed just now, without asking anybody.

        ``after`` is a write that must be seen in it.
        """
        district = self._districts.get(district_id)
        if district is None or (seen := district.confirmed) is None or district.snapshot is None:
            return None
        if (
            seen.at <= district.doubted_at
            or asyncio.get_running_loop().time() - seen.at > TRUSTED_SECONDS
            or (after is not None and not shows(district.snapshot, after))
        ):
            return None
        return self._find((district_id, teacher_id, asked), as_of=seen.clock)

    async def get(
        self,
        *,
        district_id: UUID,
        teacher_id: UUID,
        asked: Hashable,
        build: Build,
        after: Position | None = None,
    ) -> Known:
        """The answer to what a teacher asked: remembered if it is still right, else built.

        Raises
        ------
        Unavailable
            The database cannot be asked, or does not show the write ``after`` yet.
        """
        district = self._districts.setdefault(district_id, _District())
        snapshot, as_of = await self._settle(district_id, district)
        # What lies beyond everything was lost with the database it was written to.
        if after is not None and not shows(snapshot, after) and not beyond(snapshot, after):
            raise Unavailable
        known = self._find((district_id, teacher_id, asked), as_of=as_of)
        if known is not None:
            return known
        reading = _Build(teacher_id)
        district.builds.add(reading)
        try:
            built = await build()
        finally:
            district.builds.discard(reading)
        # A change that was looked at meanwhile will not be looked for again.
        if not reading.spoiled:
            self._keep((district_id, teacher_id, asked), built)
        return Known(built, as_of)

    def _find(self, key: tuple[UUID, UUID, Hashable], *, as_of: datetime) -> Known | None:
        district_id, teacher_id, asked = key
        known = self._districts[district_id].answers.get(teacher_id, {}).get(asked)
        if known is None or not known.good_from <= clock.now() < known.good_until:
            return None
        self._order.move_to_end(key)
        return Known(known, as_of)

    async def _settle(self, district_id: UUID, district: _District) -> _Asked:
        """Wait until all that is remembered is right as of now or later."""
        turn: asyncio.Future[_Asked] = asyncio.get_running_loop().create_future()
        district.waiting.append(turn)
        if district.asking is None:
            district.asking = asyncio.create_task(self._ask(district_id, district))
        return await turn

    async def _ask(self, district_id: UUID, district: _District) -> None:
        """Ask for those who wait, then for those who came meanwhile, until nobody waits."""
        line = _Line(self.database)
        try:
            while district.waiting:
                # Who comes from here on waits for the next question.
                turns, district.waiting = district.waiting, []
                found: _Asked | Exception = Unavailable()
                as_of = clock.now()
                try:
                    snapshot = await line.snapshot()
                    await self._compare(district_id, district, snapshot)
                    found = _Asked(snapshot, as_of)
                except LOST as error:
                    log().warning("freshness_unknown", error=repr(error))
                finally:
                    _tell(turns, found)
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
        lives = district.lives
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
        if len(rows) == _CHANGES_READ or any(is_for_all(*change) for change in changes):
            self._forget_all(district_id)
        else:
            self._forget(district_id, frozenset[UUID]().union(*(one.reach for one in changes)))
        # Where everything was forgotten meanwhile, what was compared with counts no more.
        if lives == district.lives:
            district.snapshot = rows[0].snapshot

    def _keep(self, key: tuple[UUID, UUID, Hashable], answer: Answer) -> None:
        district_id, teacher_id, asked = key
        self._bytes += len(answer.rest) - self._order.pop(key, 0)
        self._order[key] = len(answer.rest)
        self._districts[district_id].answers.setdefault(teacher_id, {})[asked] = answer
        while self._bytes > self._bytes_kept:
            self._drop(next(iter(self._order)))

    def _forget_all(self, district_id: UUID) -> None:
        district = self._districts[district_id]
        builders = {reading.teacher_id for reading in district.builds}
        self._forget(district_id, district.answers.keys() | builders)

    def _forget(self, district_id: UUID, touched: Iterable[UUID]) -> None:
        district = self._districts[district_id]
        teachers = frozenset(touched)
        for reading in district.builds:
            reading.spoiled = reading.spoiled or reading.teacher_id in teachers
        for teacher_id in teachers & district.answers.keys():
            for asked in list(district.answers[teacher_id]):
                self._drop((district_id, teacher_id, asked))

    def _drop(self, key: tuple[UUID, UUID, Hashable]) -> None:
        district_id, teacher_id, asked = key
        self._bytes -= self._order.pop(key)
        answers = self._districts[district_id].answers
        del answers[teacher_id][asked]
        if not answers[teacher_id]:
            del answers[teacher_id]
