"""A whole district lives a school year: what happens, what it costs, and whether all of it holds.

The same people, dice and judge as in the simulator of the tests, on the demo district in full size.
It takes many minutes, so it is measured only when it is named.
"""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import Database
from service.main import create_app
from tests.conftest import Make, SignedIn
from tests.simulation.invariants import ZONE, Judge
from tests.simulation.year import Year

SEED = 20260831
EVENTS_A_DAY, AT_ONCE = 20, 5
FRIDAY, LOOK_AHEAD = 5, 8


@dataclass(frozen=True, slots=True)
class _Id:
    """A row by its id."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Lived:
    """What a year was."""

    lessons: int
    days: int
    events: int
    seconds: float
    answers: Counter[str]
    faults: list[str]


def lived(url: str, *, days: int | None = None) -> Lived:
    """Live the school year of the district at this address, or its first days."""
    return asyncio.run(_live(url, days))


async def _live(url: str, most: int | None) -> Lived:
    database = Database(url)
    (found,) = await _rows(database, None, "SELECT id FROM district")
    district = _Id(found.id)
    terms = await _rows(
        database,
        district.id,
        "SELECT lower(days) AS first, upper(days) AS until FROM term ORDER BY days",
    )
    days = [
        term.first + timedelta(days=offset)
        for term in terms
        for offset in range((term.until - term.first).days)
        if (term.first + timedelta(days=offset)).isoweekday() <= FRIDAY
    ][:most]
    homes = await _rows(
        database,
        district.id,
        "SELECT teacher_id, school_id FROM employment WHERE valid @> CAST(:day AS date)",
        day=days[0],
    )
    app = create_app(database)
    sign_in = _door(database, app, district, {row.teacher_id: row.school_id for row in homes})
    year = Year(database, district.id, sign_in, random.Random(SEED), days[0])
    judge = Judge(database, district.id)
    started = perf_counter()
    for number, day in enumerate(days, start=1):
        await _day(year, judge, day, last=day == days[-1])
        _tell(year, judge, number=number, of=len(days), seconds=perf_counter() - started)
    seconds = perf_counter() - started
    await database.close()
    events = sum(year.events.values())
    faults = year.faults + judge.faults
    return Lived(judge.lessons, len(days), events, seconds, year.answers, faults)


async def _day(year: Year, judge: Judge, day: date, *, last: bool) -> None:
    year.today = day
    hour = year.dice.choice([time(6), time(12, 30), time(17)])
    with clock.freeze(datetime.combine(day, hour, ZONE)):
        await year.live(events=EVENTS_A_DAY, at_once=AT_ONCE)
        if last or day.isoweekday() == FRIDAY:
            await judge.look(today=day, days=LOOK_AHEAD)


def _tell(year: Year, judge: Judge, *, number: int, of: int, seconds: float) -> None:
    """Show somebody who waits how far it is, week by week."""
    if year.today.isoweekday() == FRIDAY or number == of:
        faults = len(year.faults) + len(judge.faults)
        sys.stderr.write(
            f"{year.today}: day {number} of {of}, {seconds:.0f} s,"
            f" {sum(year.events.values())} events, {faults} faults\n"
        )
        sys.stderr.flush()


async def _rows(database: Database, district_id: UUID | None, said: str, **values: Any) -> Any:
    async with database.read(district_id) as db:
        return (await (await db.connection()).execute(text(said), values)).all()


def _door(
    database: Database, app: Any, district: _Id, homes: Mapping[UUID, UUID]
) -> Callable[..., httpx.AsyncClient]:
    """Lets people in, as the tests do."""
    make = Make(database, district)

    def sign_in(role: Role, **where: Any) -> httpx.AsyncClient:
        if "teacher" in where:
            where["school"] = homes[where["teacher"]]
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://bench",
            auth=SignedIn(lambda: make.wearer(role=role, **where)),
        )

    return sign_in
