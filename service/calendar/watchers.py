"""Who is asked, in the same transaction, when the calendar changes under laid lessons.

The timetable stands above and cannot be imported from here: it registers a watcher, which learns
which dates of which campus would be taught otherwise, lays their lessons anew, and says what that
did or how many lessons stand in the way. What really changes is found by comparing before and
after: a decision that a narrower scope overrides, or a new name for a schedule, disturbs nobody.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text

from service.calendar import queries, rules
from service.calendar.problems import LessonsAreLaid
from service.calendar.queries import Bells
from service.calendar.rules import Impact, Shift, TeachingDay
from service.kit.auth import Caller
from service.kit.db import AsyncSession


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change would do, by campus; campuses that nothing changes for are not named."""

    shifts: Mapping[UUID, Shift]
    by: Caller
    stage: str | None = None
    """Only lessons of this stage."""

    @property
    def lost(self) -> list[date]:
        """The dates that some campus would lose, in order."""
        return sorted({day for one in self.shifts.values() for day in one.lost})


Watcher = Callable[[AsyncSession, Touched], Awaitable[Impact]]
"""Is asked after the change was made and before it is committed; refuses by raising."""

_WATCHERS: list[Watcher] = []


def before_change(watcher: Watcher) -> Watcher:
    """Register a watcher; registering it again changes nothing."""
    if watcher not in _WATCHERS:
        _WATCHERS.append(watcher)
    return watcher


async def _ask(db: AsyncSession, touched: Touched, impact: Impact) -> None:
    if not touched.shifts:
        return
    for watcher in _WATCHERS:
        impact.add(await watcher(db, touched))
    if impact.in_the_way:
        raise LessonsAreLaid(lessons=impact.in_the_way, dates=touched.lost)


def _moving(shifts: Mapping[UUID, Shift]) -> dict[UUID, Shift]:
    return {id_: one for id_, one in shifts.items() if one.lost or one.gained}


_HOLD = text("SELECT id FROM district WHERE id = huangge_district() FOR NO KEY UPDATE")


async def _hold_calendar(db: AsyncSession) -> None:
    """Let nobody lay lessons by the former calendar until this transaction ends."""
    await (await db.connection()).execute(_HOLD)


@asynccontextmanager
async def watching_days(
    db: AsyncSession, *, by: Caller, from_: date, until: date
) -> AsyncIterator[Impact]:
    """Around a change of terms or dates: asks about what it does in ``[from_, until)``.

    Yields what it did, known when the block is left.

    Raises
    ------
    LessonsAreLaid
        Lessons stand on the dates concerned.
    """
    impact = Impact()
    if not _WATCHERS:
        yield impact
        return
    await _hold_calendar(db)
    campus_ids = await queries.every_campus(db)
    before = await queries.teaching_days_of(db, campus_ids=campus_ids, from_=from_, until=until)
    yield impact
    await db.flush()
    after = await queries.teaching_days_of(db, campus_ids=campus_ids, from_=from_, until=until)
    # Campuses share calendars: a district compares a dozen, not a hundred.
    compared: dict[tuple[int, int], Shift] = {}
    shifts: dict[UUID, Shift] = {}
    for id_, then in before.items():
        key = (id(then), id(after[id_]))
        if key not in compared:
            compared[key] = rules.shift(rules.taught(then), rules.taught(after[id_]))
        shifts[id_] = compared[key]
    await _ask(db, Touched(_moving(shifts), by), impact)


@asynccontextmanager
async def watching_bells(
    db: AsyncSession, *, by: Caller, campus_ids: Collection[UUID]
) -> AsyncIterator[Impact]:
    """Around a change of bells: asks about the dates that ring otherwise, stage by stage.

    Yields what it did, known when the block is left.

    Raises
    ------
    LessonsAreLaid
        Lessons were laid by the former bells.
    """
    impact = Impact()
    if not _WATCHERS:
        yield impact
        return
    await _hold_calendar(db)
    before = await queries.bells_of(db, campus_ids=campus_ids)
    yield impact
    await db.flush()
    after = await queries.bells_of(db, campus_ids=campus_ids)
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    days = await queries.taught_days_of(db, campus_ids={campus for campus, _ in changed})
    by_stage: dict[str, dict[UUID, Shift]] = defaultdict(dict)
    for campus, stage in changed:
        by_stage[stage][campus] = rules.shift(
            _rung(before.get((campus, stage), ()), days[campus]),
            _rung(after.get((campus, stage), ()), days[campus]),
        )
    for stage, shifts in sorted(by_stage.items()):
        await _ask(db, Touched(_moving(shifts), by, stage), impact)


def _rung(
    schedules: Collection[Bells], days: Collection[TeachingDay]
) -> dict[date, tuple[object, ...]]:
    """What rings on each day that has bells."""
    times = [
        (one, tuple((period.number, period.starts, period.ends) for period in one.periods))
        for one in schedules
    ]
    return {
        day.on_date: rung
        for day in days
        for schedule, rung in times
        if schedule.rings_on(day.on_date)
    }
