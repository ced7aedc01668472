"""Phones and partners: what they ask all day, in the morning rush, and while they only listen."""

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter
from uuid import UUID

import httpx
import uvloop
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks import ground, load
from benchmarks.load import Waits
from service.accounts.tables import Account, AccountGrant, LoginSession
from service.accounts.tokens import write_access
from service.cli.demo import loading
from service.kit import clock
from service.kit.auth import Reach, Role
from service.kit.db import Database, days
from service.timetable.tables import Lesson

WEEK = "/v1/me/schedule?from=2026-11-02&until=2026-11-09"
PHONES = 5000
LISTENERS = 1000
_ROUNDS = 5
_LEARNT = 10
_MISSES = 40
_MEGABYTE = 1024 * 1024
_FLOOD_SECONDS = 8
_PHONES_A_SECOND = 150


@dataclass(frozen=True, slots=True)
class Phones:
    """Access tokens, of as many teachers as there are, and the teacher of the first."""

    tokens: list[str]
    teacher_id: UUID
    district_id: UUID


async def signed_in(url: str, count: int) -> Phones:
    """Sign many phones in without the work of checking their passwords."""
    database = Database(url)
    try:
        district_id = await loading.district_id(database)
        async with database.write(district_id) as db:
            first = select(Lesson.teacher_id).where(col(Lesson.teacher_id).is_not(None)).distinct()
            teachers = (await db.exec(first)).all()
            accounts = [await _account(db, district_id, one) for one in teachers]
            sessions = [
                LoginSession(
                    district_id=district_id,
                    account_id=accounts[number % len(accounts)].id,
                    expires_at=clock.now() + timedelta(days=1),
                )
                for number in range(count)
            ]
            db.add_all(sessions)
    finally:
        await database.close()
    tokens = [
        write_access(district_id=district_id, subject=one.account_id, session_id=one.id)
        for one in sessions
        if one.account_id is not None
    ]
    return Phones(tokens, teachers[0], district_id)


async def _account(db: AsyncSession, district_id: UUID, teacher_id: UUID) -> Account:
    owned = select(Account).where(col(Account.teacher_id) == teacher_id)
    known = (await db.exec(owned)).one_or_none()
    if known is not None:
        return known
    account = Account(
        district_id=district_id,
        username=f"phone-{teacher_id.hex}",
        display_name="手机",
        teacher_id=teacher_id,
    )
    db.add(account)
    await db.flush()
    db.add(
        AccountGrant(
            district_id=district_id,
            account_id=account.id,
            role=Role.TEACHER,
            reach=Reach.SELF,
            valid=days(clock.now().date() - timedelta(days=1), None),
        )
    )
    return account


def compared(place: ground.Ground, mine: bytes, other: bytes) -> float:
    """How often one thing is answered against how often another is, on the same worker."""
    ratios = []
    for _ in range(_ROUNDS):
        pair = [
            uvloop.run(
                load.ask(place.port, [asked], seconds=1.5, connections=load.CONNECTIONS)
            ).rate
            for asked in (mine, other)
        ]
        ratios.append(pair[0] / pair[1])
    return median(ratios)


def missed(place: ground.Ground, phones: Phones) -> float:
    """A week that nobody remembers, against the tutorial's endpoint for the same week."""
    token = phones.tokens[0]
    ratios = []
    for number in range(_LEARNT + _MISSES):
        # Each range is asked for once, so that each is a miss.
        first = date(2026, 9, 7) + timedelta(days=number)
        last = first + timedelta(days=7)
        mine = load.request(f"/v1/me/schedule?from={first}&until={last}", token)
        theirs = load.request(f"/peer/{phones.teacher_id}/week?first={first}&last={last}")
        waits = [
            uvloop.run(
                load.ask(place.port, [asked], seconds=0, connections=1, at_least=times)
            ).typical
            for asked, times in ((mine, 1), (theirs, 3))
        ]
        ratios.append(waits[1] / waits[0])
    # PostgreSQL keeps the plan of a statement after it has been used a few times.
    return median(ratios[_LEARNT:])


def rush(place: ground.Ground, phones: Phones) -> tuple[float, Waits]:
    """The morning: everybody asks, at 60 % of what the worker can do; the capacity, the waits."""
    asked = [load.request(WEEK, token) for token in phones.tokens]

    async def measure() -> tuple[float, Waits]:
        # The first round is the coldest: nobody's token or week is known.
        await load.ask(place.port, asked, seconds=0, connections=8, at_least=len(asked) // 8)
        capacity = (await load.ask(place.port, asked, seconds=4, connections=32)).rate
        return capacity, await load.arrive(place.port, asked, rate=0.6 * capacity, seconds=8)

    return uvloop.run(measure())


@dataclass(frozen=True, slots=True)
class Heard:
    """What listeners cost, and how long the last of them waited."""

    megabytes: float
    seconds: float


def listening(place: ground.Ground, phones: Phones) -> Heard:
    """Many streams that wait, then a change that concerns them all."""
    asked = [load.request("/v1/me/events", token) for token in phones.tokens[:LISTENERS]]
    with place.client("district") as office:
        campus = office.get("/v1/campuses", params={"limit": 1}).json()["items"][0]["id"]

        async def measure() -> Heard:
            await load.ask(
                place.port,
                [load.request(WEEK, token) for token in phones.tokens[:LISTENERS]],
                seconds=0,
                connections=8,
                at_least=LISTENERS // 8,
            )
            before = _resident(place.process_id)
            streams = [await load.Stream.open(place.port, one) for one in asked]
            for one in streams:
                await one.hint()
            cost = (_resident(place.process_id) - before) / _MEGABYTE
            waiting = asyncio.gather(*(one.hint() for one in streams))
            answer = await asyncio.to_thread(
                office.patch,
                f"/v1/campuses/{campus}",
                json={"gate": "晨门"},
                headers={"If-Match": "*"},
            )
            answer.raise_for_status()
            changed = perf_counter()
            async with asyncio.timeout(30):
                await waiting
            seconds = perf_counter() - changed
            for one in streams:
                one.close()
            return Heard(cost, seconds)

        return uvloop.run(measure())


def _resident(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="ascii")
    (line,) = (one for one in status.splitlines() if one.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def flooded(place: ground.Ground, phones: Phones) -> float:
    """The phones' p95 with a partner at ten times its budget, against one within it."""
    answer = httpx.post(
        f"http://127.0.0.1:{place.port}/v1/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_id": loading.CLIENT_ID,
            "client_secret": loading.CLIENT_SECRET,
        },
    )
    answer.raise_for_status()
    partner = [load.request("/v1/teachers?limit=50", answer.json()["access_token"])]
    asked = [load.request(WEEK, token) for token in phones.tokens[:500]]

    async def measure(partners_rate: float) -> float:
        waits, _ = await asyncio.gather(
            load.arrive(place.port, asked, rate=_PHONES_A_SECOND, seconds=_FLOOD_SECONDS),
            load.arrive(
                place.port,
                partner,
                rate=partners_rate,
                seconds=_FLOOD_SECONDS,
                accepted=frozenset({200, 429}),
            ),
        )
        return quantiles(waits, n=20)[-1]

    async def both() -> float:
        await load.ask(place.port, asked, seconds=0, connections=8, at_least=len(asked) // 8 + 1)
        # What a quiet partner has saved up is spent first.
        await load.arrive(place.port, partner, rate=200, seconds=2, accepted=frozenset({200, 429}))
        ratios = []
        for _ in range(3):
            within = await measure(ground.CLIENT_RATE)
            ratios.append(await measure(10 * ground.CLIENT_RATE) / within)
        return median(ratios)

    return uvloop.run(both())
