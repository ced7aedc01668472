"""A group of ten schools lives a school year, and no lesson is lost, doubled or invented."""

import asyncio
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from huangge_client import Replica
from service.kit import clock
from service.kit.auth import Role, system
from service.timetable.schemas import HomeSlotRow
from tests.conftest import as_superuser, driverless
from tests.simulation.books import Follower, set_rates, settle
from tests.simulation.invariants import QUESTIONS, ZONE, Judge
from tests.simulation.world import TERMS, World, build, import_timetable
from tests.simulation.year import WEIGHTS, Year, somebody_is_sent

SEED = 20260831
EVENTS_A_DAY, AT_ONCE = 4, 4
FRIDAY, MONTHS = 4, 11
LOOK_AHEAD, LOOK_FAR = 8, 25
"""Days that are looked at each day, and on Fridays; each date comes near before it is over."""
BEFORE = datetime(2026, 8, 25, 8, tzinfo=ZONE)
IMPORTS, SWITCHES, TROUBLES = {20, 130}, {60, 150}, {40, 90, 170}
LEAVING = 120
BEGINNINGS, SENT = {0, 100}, 8
REPLAYS = {0, 65, 130, 199}
"""The days on which something greater happens, by their number."""


def teaching_days() -> list[date]:
    """Two hundred weekdays."""
    return [
        first + timedelta(days=offset)
        for _, first, last in TERMS
        for offset in range((last - first).days + 1)
        if (first + timedelta(days=offset)).weekday() < 5
    ]


@dataclass
class Stage:
    """The world, who lives in it, and who judges."""

    world: World
    year: Year
    judge: Judge
    rows: list[HomeSlotRow]
    follower: Follower
    paid: list[Decimal] = field(default_factory=list)


@pytest.fixture
def raised(
    make: Any, database: Any, database_url: str, district: Any, as_: Any
) -> Iterator[Callable[..., Any]]:
    """Builds a group of a size and imports its timetable."""

    async def build_(size: int) -> Stage:
        dice = random.Random(SEED)
        with clock.freeze(BEFORE):
            world = await build(make, dice=dice, size=size)
            laid = await import_timetable(database, world.timetable, by=system(district.id))
        assert laid.conflicts == ()
        await _counted(database_url)

        def sign_in(role: Role, **where: Any) -> Any:
            if "teacher" in where:
                where["school"] = world.teachers[where["teacher"]]
            return as_(role, **where)

        year = Year(database, district.id, sign_in, dice, TERMS[0][1])
        judge = Judge(database, district.id)
        follower = Follower(as_(Role.DISTRICT_ADMIN), database, replica)
        return Stage(world, year, judge, world.timetable, follower)

    with Replica(":memory:") as replica:
        yield build_


async def _counted(database_url: str) -> None:
    """Let the planner know of the import at once, as it would of a district that lives for days."""
    connection = await asyncpg.connect(driverless(as_superuser(database_url)))
    await connection.execute("ANALYZE")
    await connection.close()


@pytest.fixture
async def killer(database_url: str) -> Any:
    """Somebody who ends the service's connections in the midst of a write."""
    connection = await asyncpg.connect(driverless(as_superuser(database_url)))
    yield lambda: connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_xid IS NOT NULL AND query ~ 'occupancy|cover|swap|leave|lesson'"
    )
    await connection.close()


async def test_a_school_year_of_ten_schools(raised, killer, settled):
    stage = await raised(10)
    days = teaching_days()
    assert len(days) == 200
    first = stage.judge.lessons
    with clock.freeze(BEFORE):
        await set_rates(stage.year)
    for number, day in enumerate(days):
        stage.year.today = day
        hour = stage.year.dice.choice([time(6), time(12, 30), time(17)])
        with clock.freeze(datetime.combine(day, hour, ZONE)):
            await _greater(stage, number)
            if number and day.month != days[number - 1].month:
                month = days[number - 1].replace(day=1)
                stage.paid.append(await settle(stage.year.by_other_dice(), month=month))
            await _live(stage, killer if number in TROUBLES else None)
            far = day.weekday() == FRIDAY
            await stage.judge.look(today=day, days=LOOK_FAR if far else LOOK_AHEAD)
            if number in REPLAYS:
                await settled()
                assert await stage.follower.compare(stage.year)
        assert not stage.year.faults, stage.year.faults[:5]
        assert not stage.judge.faults, stage.judge.faults[:5]

    assert set(stage.year.events) == {kind.__name__ for kind in WEIGHTS}
    assert stage.year.answers["200 ok"] > EVENTS_A_DAY * len(days) / 2
    assert stage.judge.lessons > first
    assert len(stage.paid) == MONTHS
    assert sum(stage.paid) > MONTHS * 300


async def _live(stage: Stage, killer: Any) -> None:
    year = stage.year
    if killer is None:
        await year.live(events=EVENTS_A_DAY, at_once=AT_ONCE)
        return
    year.troubled = True
    life = asyncio.create_task(year.live(events=4 * EVENTS_A_DAY, at_once=2 * AT_ONCE))
    while not life.done():
        await killer()
        await asyncio.wait([life], timeout=0.02)
    await life
    year.troubled = False


async def _greater(stage: Stage, number: int) -> None:
    year = stage.year.by_other_dice()
    if number in BEGINNINGS:
        await _send(year)
    if number in IMPORTS:
        await _import_again(stage)
    if number in SWITCHES:
        await _switch(stage, year.dice)
    if number == LEAVING:
        leaving = {
            "effective_on": (year.today + timedelta(days=7)).isoformat(),
            "reason": "调整集团布局",
            "steps": [{"action": "leave", "school_id": str(stage.world.schools[-1].id)}],
        }
        path = f"groups/{stage.world.group.id}/membership-changes"
        assert await year.ask(year.office(), "POST", path, leaving)


async def _send(year: Year) -> None:
    """Every term begins with some who teach elsewhere, however few follow them by chance."""
    sent = 0
    while sent < SENT:
        sent += await somebody_is_sent(year)


async def _import_again(stage: Stage) -> None:
    """The same timetable once more says nothing to anybody."""
    count = "SELECT count(*) FROM change"
    before = await stage.year.rows(count)
    again = await import_timetable(
        stage.year.database, stage.rows, by=system(stage.year.district_id)
    )
    assert (again.conflicts, again.outcome.created, again.outcome.changed) == ((), 0, 0)
    assert await stage.year.rows(count) == before


async def _switch(stage: Stage, dice: random.Random) -> None:
    """A teacher's weekly periods change from tomorrow on; where they clash, nothing does."""
    number = dice.choice(stage.rows).teacher_number
    rows = [
        replace(row, period=row.period % 6 + 1) if row.teacher_number == number else row
        for row in stage.rows
    ]
    done = await import_timetable(stage.year.database, rows, by=system(stage.year.district_id))
    if not done.conflicts:
        stage.rows = rows


SABOTAGE = {
    "a lesson that takes place takes exactly the time of those it needs": "DELETE FROM occupancy"
    " WHERE id = (SELECT id FROM occupancy WHERE resource_kind = 'class' ORDER BY id LIMIT 1)",
    "every lesson without a teacher has a cover that says so": "UPDATE lesson"
    " SET change = 'needs-cover' WHERE id = (SELECT id FROM lesson ORDER BY starts_at LIMIT 1)",
    "readers of the feed heard of every lesson": "DELETE FROM change WHERE collection = 'lessons'",
    "a settled statement is the sum of what was confirmed, to the fen": "INSERT INTO statement"
    " (district_id, id, version, teacher_id, month, state, digest, lessons, days, trips, km,"
    " minutes, amount, mentor_lessons)"
    " SELECT district_id, id, 1, id, '2026-09-01', 'approved', '', 1, 1, 1, 0, 0, 41.10, 0"
    " FROM teacher LIMIT 1",
    "lessons are lost": "DELETE FROM lesson WHERE id = (SELECT id FROM lesson LIMIT 1)",
    "lessons are invented": "UPDATE weekly_slot SET weekday = 7"
    " WHERE id = (SELECT id FROM weekly_slot WHERE lower(valid) < '2027-01-01' LIMIT 1)",
}


@pytest.mark.parametrize("question", list(SABOTAGE))
async def test_the_judge_notices(raised, question):
    stage = await raised(2)
    with clock.freeze(BEFORE):
        await stage.judge.look(today=BEFORE.date(), days=200)
        assert not stage.judge.faults
        async with stage.year.database.write(stage.year.district_id) as db:
            await (await db.connection()).execute(text(SABOTAGE[question]))
        await stage.judge.look(today=BEFORE.date(), days=200)

    assert any(question in fault for fault in stage.judge.faults), stage.judge.faults
    assert stage.judge.asked == 2 * (len(QUESTIONS) + 2)
