"""The school year under load: a preview, rivals for one lesson, candidates of thousands."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from statistics import median
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks import ground, load, rows
from service.kit.auth import Role
from service.kit.db import Database
from tests.factories.accounts import access_token, wearer

RIVALS = 50
TEACHERS = 5000
_ROUNDS = 5
_ANY = {"If-Match": "*"}
_LESSONS = "SELECT * FROM lesson"


async def _district(connection: "asyncpg.Connection[asyncpg.Record]") -> UUID:
    found: UUID = await connection.fetchval("SELECT id FROM district")
    return found


def preview(url: str) -> tuple[float, int]:
    """One override over the district's term against a plain SELECT of its lessons; how many."""
    with ground.served(url) as place, place.client("district") as client:
        district = asyncio.run(_with(url, _district))
        day = _a_teaching_day(client)
        path = f"/v1/calendar-days/district/{district}/{day}:preview"
        body = {"kind": "off", "reason": "防汛停课"}
        asked = [
            _seconds(lambda: client.post(path, json=body, headers=_ANY).raise_for_status())
            for _ in range(_ROUNDS + 1)
        ][1:]
    bare, count = asyncio.run(_with(url, _read_lessons))
    return median(asked) / bare, count


def _a_teaching_day(client: httpx.Client) -> date:
    """A Wednesday of next month or later on which there are lessons."""
    day = datetime.now(UTC).date() + timedelta(days=7)
    day += timedelta(days=(2 - day.weekday()) % 7)
    while True:
        range_: dict[str, str | int] = {
            "from": str(day),
            "until": str(day + timedelta(days=1)),
            "limit": 1,
        }
        if client.get("/v1/lessons", params=range_).json()["items"]:
            return day
        day += timedelta(days=7)


async def _read_lessons(connection: Any) -> tuple[float, int]:
    waits, count = [], 0
    for _ in range(_ROUNDS):
        started = perf_counter()
        count = len(await connection.fetch(_LESSONS))
        waits.append(perf_counter() - started)
    return median(waits), count


def _seconds(work: Any) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


async def _with(url: str, work: Any) -> Any:
    connection = await rows.connect(url)
    try:
        return await work(connection)
    finally:
        await connection.close()


# Rivals

_CROWD = """WITH l AS (SELECT l.*, s.stage FROM lesson l JOIN weekly_slot s ON s.id = l.slot_id
  WHERE l.id = $1),
c AS (SELECT school_id FROM campus WHERE id = (SELECT campus_id FROM l)),
people AS (
  INSERT INTO teacher (district_id, id, version, number, name, name_pinyin, title, cadre,
    weekly_load_limit)
  SELECT l.district_id, gen_random_uuid(), 1, $3 || n, '候选' || n, 'houxuan', 'none', false, 18
  FROM l, generate_series(1, $2::int) n RETURNING district_id, id),
work AS (
  INSERT INTO employment (district_id, id, teacher_id, school_id, valid)
  SELECT p.district_id, gen_random_uuid(), p.id, c.school_id, '[2020-09-01,)'
  FROM people p, c),
able AS (
  INSERT INTO qualification (district_id, id, teacher_id, subject, stage)
  SELECT p.district_id, gen_random_uuid(), p.id, l.subject, l.stage FROM people p, l)
SELECT id FROM people"""


@dataclass(frozen=True, slots=True)
class Needed:
    """A lesson that needs cover, and people who could."""

    cover_id: UUID
    teachers: list[UUID]


def _need(url: str, client: httpx.Client, *, teachers: int, mark: str) -> Needed:
    """An approved leave of somebody who teaches five days from now, and free colleagues."""
    lesson = _ask(url, _LESSON, datetime.now(UTC) + timedelta(days=5), sum(map(ord, mark)) % 97)[0]
    leave = client.post(
        "/v1/leaves",
        json={
            "teacher_id": str(lesson["teacher_id"]),
            "kind": "sick",
            "starts_at": lesson["starts_at"].isoformat(),
            "ends_at": lesson["ends_at"].isoformat(),
        },
    )
    leave.raise_for_status()
    approver = {"Authorization": f"Bearer {_token(url, Role.DISTRICT_ADMIN)}", **_ANY}
    client.post(f"/v1/leaves/{leave.json()['id']}:approve", headers=approver).raise_for_status()
    people = _ask(url, _CROWD, lesson["id"], teachers, mark)
    asyncio.run(_with(url, lambda connection: connection.execute("ANALYZE")))
    found = client.get("/v1/covers", params={"lesson_id": str(lesson["id"]), "state": "open"})
    return Needed(UUID(found.json()["items"][0]["id"]), [row["id"] for row in people])


_LESSON = """SELECT l.id, l.teacher_id, l.starts_at, l.ends_at FROM lesson l
WHERE l.starts_at > $1 AND l.status = 'scheduled' AND l.change IS NULL
ORDER BY l.starts_at, l.id OFFSET $2 LIMIT 1"""


def _ask(url: str, statement: str, *values: Any) -> Any:
    return asyncio.run(_with(url, lambda connection: connection.fetch(statement, *values)))


def _token(url: str, role: Role, teacher_id: UUID | None = None) -> str:
    """Somebody's access token, without the work of checking a password."""

    async def sign_in() -> str:
        district = await _with(url, _district)
        database = Database(url, pooled=False)
        async with database.write(district) as db:
            teacher = None if teacher_id is None else _Id(teacher_id)
            session = await wearer(db, district=_Id(district), role=role, teacher=teacher)
        await database.close()
        return access_token(session)

    return asyncio.run(sign_in())


@dataclass(frozen=True, slots=True)
class _Id:
    """A district by its id."""

    id: UUID


def rivals(url: str) -> tuple[float, set[int]]:
    """The slowest of fifty who accept one lesson against one who accepts alone; how many won.

    In turns, and both for the first time unmeasured: neither one nor fifty meet a service that has
    only just opened its connections.
    """
    with ground.served(url) as place, place.client("district") as client:
        rounds = [
            (
                _accepted(place, client, rivals=1, mark=f"ALONE{number}-"),
                _accepted(place, client, rivals=RIVALS, mark=f"RIVAL{number}-"),
            )
            for number in range(_ROUNDS + 1)
        ]
    alone = median(waits[0] for (waits, _), _ in rounds[1:])
    slowest = median(max(waits) for _, (waits, _) in rounds[1:])
    return slowest / alone, {won for _, (_, won) in rounds}


def _accepted(
    place: ground.Ground, client: httpx.Client, *, rivals: int, mark: str
) -> tuple[list[float], int]:
    """How long each waited, and how many have the lesson."""
    url = place.database_url
    needed = _need(url, client, teachers=rivals, mark=mark)
    body = {"teacher_ids": [str(id_) for id_ in needed.teachers]}
    offered = client.post(f"/v1/covers/{needed.cover_id}:offer", json=body, headers=_ANY)
    offered.raise_for_status()
    requests = [
        f"POST /v1/cover-offers/{one['id']}:accept HTTP/1.1\r\nHost: bench\r\n"
        f"Authorization: Bearer {_token(url, Role.TEACHER, UUID(one['teacher']['id']))}\r\n"
        "If-Match: *\r\nContent-Length: 0\r\n\r\n".encode()
        for one in offered.json()["items"]
    ]
    answers = asyncio.run(_send(place.port, requests))
    return [wait for wait, _ in answers], sum(status == HTTPStatus.OK for _, status in answers)


async def _send(port: int, requests: list[bytes]) -> list[tuple[float, int]]:
    """All at once, each over a connection that is open already."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in requests]

    async def one(place: int) -> tuple[float, int]:
        reader, writer = lines[place]
        started = perf_counter()
        writer.write(requests[place])
        head = await reader.readuntil(b"\r\n\r\n")
        return perf_counter() - started, int(head[9:12])

    answers = await asyncio.gather(*(one(place) for place in range(len(requests))))
    for _, writer in lines:
        writer.close()
    return answers


def candidates(url: str) -> float:
    """Who could cover a lesson, of five thousand, against reading one row by its id."""
    with ground.served(url) as place, place.client("district") as client:
        needed = _need(url, client, teachers=TEACHERS, mark="CANDIDATE-")
        token = place.token("district")
        waits = [
            asyncio.run(
                load.ask(place.port, [load.request(path, token)], seconds=2, connections=1)
            ).typical
            for path in (
                f"/v1/covers/{needed.cover_id}/candidates",
                f"/v1/covers/{needed.cover_id}",
            )
        ]
        return waits[0] / waits[1]
