"""The books of the year: months are settled, and what readers of the feed keep is what there is."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from huangge_client import Replica, sync
from service.kit.db import Database
from tests.simulation.invariants import RATES
from tests.simulation.year import Year

_CONFIRMED = """SELECT count(*) AS lessons, count(DISTINCT (l.teacher_id, l.on_date)) AS days
FROM attendance a JOIN lesson l ON l.id = a.lesson_id
WHERE a.state = 'confirmed' AND l.on_date BETWEEN :first AND :last"""


async def set_rates(year: Year) -> None:
    """What the district pays from the first day on."""
    for kind, amount in RATES.items():
        body = {"kind": kind, "amount": str(amount), "valid_from": "2026-08-01"}
        assert await year.ask(year.office(), "POST", "allowance-rates", body)


async def settle(year: Year, *, month: date) -> Decimal:
    """Confirm what is left at some schools, draw, submit and approve; what the month came to."""
    name = f"{month:%Y-%m}"
    schools = [row.id for row in await year.rows("SELECT id FROM school ORDER BY id")]
    for school_id in year.dice.sample(schools, len(schools) // 2):
        body = {"school_id": str(school_id), "month": name, "unchecked_too": True}
        assert await year.ask(year.office(), "POST", "attendance:confirm-month", body)
    assert await year.ask(year.office(), "POST", "statements:draw", {"month": name})
    drawn = await year.ask(year.office(), "GET", f"statements?month={name}&limit=200")
    for one in drawn["items"]:
        path = f"statements/{one['id']}"
        assert await year.ask(year.office(), "POST", f"{path}:submit")
        assert await year.ask(year.office(1), "POST", f"{path}:approve")
        if year.dice.random() < 0.5:
            assert await year.ask(year.office(), "POST", f"{path}:freeze")
    await _agree(year, month=month, statements=drawn["items"], schools=schools)
    return sum((Decimal(one["amount"]) for one in drawn["items"]), Decimal(0))


async def _agree(year: Year, *, month: date, statements: Any, schools: Any) -> None:
    """The items, the statements and the schools' lists come to the same, to the fen."""
    last = month.replace(day=monthrange(month.year, month.month)[1])
    (items,) = await year.rows(_CONFIRMED, first=month, last=last)
    listed = Decimal(0)
    for school_id in schools:
        path = f"schools/{school_id}/allowance-list?month={month:%Y-%m}"
        listed += Decimal((await year.ask(year.office(), "GET", path))["amount"])
    earned = RATES["lesson"] * items.lessons + RATES["day"] * items.days
    stated = sum((Decimal(one["amount"]) for one in statements), Decimal(0))
    if not earned == stated == listed:
        year.faults.append(f"{month}: {items} earn {earned}, stated {stated}, listed {listed}")


_KEPT = {
    "assignments": "assignment",
    "attendance": "attendance",
    "bell-schedules": "bell_schedule",
    "calendar-days": "calendar_day",
    "cover-offers": "cover_offer",
    "covers": "cover",
    "leaves": "leave",
    "lessons": "lesson",
    "memberships": "membership",
    "statements": "statement",
    "swaps": "swap",
}
"""What moves in a year, by collection and table."""


@dataclass
class Follower:
    """Another system, which follows the feed from the first day on."""

    client: Any
    database: Database
    replica: Replica

    async def compare(self, year: Year) -> int:
        """Replay what has happened, and hold it against the tables; how many changes that took."""
        count = await sync(self.client, self.replica)
        async with self.database.read(year.district_id) as db:
            connection = await db.connection()
            for collection, table in _KEPT.items():
                found = await connection.execute(text(f"SELECT id, version FROM {table}"))
                there = {str(id_): version for id_, version in found}
                here = self.replica.versions(collection)
                if here != there:
                    wrong = sorted(dict(here.items() ^ there.items()))
                    year.faults.append(
                        f"{year.today}: a replay of {collection} has {len(here)} rows, the tables"
                        f" {len(there)}; {len(wrong)} differ: {wrong[:3]}"
                    )
        return count
