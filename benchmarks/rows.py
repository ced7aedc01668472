"""Rows to measure with: an assignment to publish, the same rows bare, a crowd of lessons."""

import json
from itertools import product
from time import perf_counter
from typing import Any

import asyncpg
import httpx
from sqlalchemy import make_url

from service.cli.postgres import SUPERUSER

_WEEKDAYS = range(1, 6)
_PERIODS = range(1, 9)
_UNBIND = "UPDATE assignment_pattern SET slot_id = NULL WHERE assignment_id = $1"
_UNPUBLISH = "UPDATE assignment SET state = 'draft', published_at = NULL WHERE id = $1"
_TABLES = ("weekly_slot", "weekly_slot_class", "lesson", "occupancy")
_CHOSEN = {
    "weekly_slot": "SELECT * FROM weekly_slot WHERE origin_id = $1",
    "weekly_slot_class": "SELECT c.* FROM weekly_slot_class c JOIN weekly_slot s"
    " ON s.id = c.slot_id WHERE s.origin_id = $1",
    "lesson": "SELECT l.* FROM lesson l JOIN weekly_slot s ON s.id = l.slot_id"
    " WHERE s.origin_id = $1",
    # What one transaction wrote: the ways to later lessons that stood before are among it.
    "occupancy": "SELECT * FROM occupancy WHERE xmin ="
    " (SELECT xmin FROM weekly_slot WHERE origin_id = $1 LIMIT 1)",
}


def publishable(client: httpx.Client, *, lessons: int) -> str:
    """A draft with as many lessons, for a new class, that nothing stands in the way of.

    Raises
    ------
    RuntimeError
        No teacher of a draft of the demo district has the time.
    """
    drafts = client.get("/v1/assignments", params={"state": "draft", "limit": 200}).json()
    for one in drafts["items"]:
        path = f"/v1/assignments/{one['id']}"
        if _lessons(client, path) and _filled(client, one, lessons=lessons):
            return str(one["id"])
    raise RuntimeError("no draft can be published")


def _filled(client: httpx.Client, draft: dict[str, Any], *, lessons: int) -> bool:
    """Give a draft its teacher's free periods, one by one, until it has the lessons."""
    path = f"/v1/assignments/{draft['id']}"
    taught = client.post("/v1/classes", json=_new_class(draft)).raise_for_status().json()["id"]
    patterns: list[dict[str, Any]] = []
    for weekday, period in product(_WEEKDAYS, _PERIODS):
        more = {"weekday": weekday, "period": period, "class_ids": [taught]}
        body = {"patterns": [*patterns, more]}
        client.patch(path, json=body, headers={"If-Match": "*"}).raise_for_status()
        count = _lessons(client, path)
        if count >= lessons:
            return True
        if count:
            patterns.append(more)
    return False


def _new_class(draft: dict[str, Any]) -> dict[str, Any]:
    first = {"code": f"BENCH-{draft['id'][-8:]}", "grade": 1, "number": 99, "name": "新班"}
    there = {"campus_id": draft["campus"]["id"], "stage": draft["stage"]}
    return {**first, **there, "valid_from": draft["valid_from"]}


def _lessons(client: httpx.Client, path: str) -> int:
    """How many lessons a draft would have; none, if it cannot be published."""
    checked = client.post(f"{path}:check").raise_for_status().json()
    return int(checked["lesson_count"]) if checked["publishable"] else 0


Rows = dict[str, list[dict[str, Any]]]


async def taken_back(connection: Any, assignment: str) -> Rows:
    """What a publication wrote, by table; it is a draft again that has written nothing."""
    rows = {
        table: [dict(row) for row in await connection.fetch(_CHOSEN[table], assignment)]
        for table in _TABLES
    }
    async with connection.transaction():
        await connection.execute(_UNBIND, assignment)
        for table in reversed(_TABLES):
            key = "slot_id" if table == "weekly_slot_class" else "id"
            await connection.execute(
                f"DELETE FROM {table} WHERE {key} = ANY ($1)", [row[key] for row in rows[table]]
            )
        await connection.execute(_UNPUBLISH, assignment)
    # What was taken out would be looked at again by whoever asks for the same time.
    await connection.execute(f"VACUUM {', '.join(_TABLES)}")
    return rows


async def inserted(connection: Any, rows: Rows) -> float:
    """How long it takes to put rows in, one statement a table; they are not kept."""
    transaction = connection.transaction()
    await transaction.start()
    started = perf_counter()
    for table in _TABLES:
        kept = [
            {
                name: value
                for name, value in row.items()
                if name != "teacher_id" or table != "lesson"
            }
            for row in rows[table]
        ]
        if not kept:
            continue
        names = ", ".join(kept[0])
        places = ", ".join(f"${number}" for number in range(1, len(kept[0]) + 1))
        await connection.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",
            [tuple(row.values()) for row in kept],
        )
    seconds = perf_counter() - started
    await transaction.rollback()
    return seconds


_CROWD = """
WITH school AS (SELECT c.district_id, c.id AS campus_id FROM campus c ORDER BY c.id LIMIT 1),
people AS (
  INSERT INTO teacher (district_id, id, version, number, name, name_pinyin, title, cadre,
    weekly_load_limit)
  SELECT district_id, gen_random_uuid(), 1, 'CROWD' || n, '人群' || n, 'renqun', 'none', false, 18
  FROM school, generate_series(1, $1::int) n RETURNING district_id, id
),
slots AS (
  INSERT INTO weekly_slot (district_id, id, version, teacher_id, subject, campus_id, stage,
    weekday, period, parity, valid, origin)
  SELECT p.district_id, gen_random_uuid(), 1, p.id, '13', s.campus_id, '2', 1 + n % 5, 1 + n / 5,
    'every', '[2026-08-31,2027-01-23)', 'home'
  FROM people p, school s, generate_series(0, 19) n RETURNING *
)
INSERT INTO lesson (district_id, id, version, slot_id, original_teacher_id, campus_id, subject,
  on_date, week, period, starts_at, ends_at, status)
SELECT s.district_id,
  encode(overlay(uuid_send(s.id) placing int2send((w * 7 + s.weekday)::int2) from 15 for 2),
    'hex')::uuid,
  1, s.id, s.teacher_id, s.campus_id, s.subject, d, w + 1, s.period,
  d + time '08:00' + make_interval(mins => s.period * 50),
  d + time '08:40' + make_interval(mins => s.period * 50), 'scheduled'
FROM slots s, generate_series(0, 19) w,
  LATERAL (SELECT (date '2026-08-31' + (w * 7 + s.weekday - 1))::date AS d) x
"""


async def crowd(url: str, *, lessons: int) -> int:
    """Fill the term's timetable up to a number of lessons; how many there are then."""
    connection = await connect(url)
    try:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SET session_replication_role = replica")
        present = await connection.fetchval("SELECT count(*) FROM lesson")
        await connection.execute(_CROWD, max(1, (lessons - present) // 400))
        await connection.execute("ANALYZE")
        return int(await connection.fetchval("SELECT count(*) FROM lesson"))
    finally:
        await connection.close()


async def connect(url: str) -> Any:
    """A bare connection, as the superuser: the wall hides rows from everybody else."""
    address = make_url(url).set(drivername="postgresql", username=SUPERUSER)
    connection = await asyncpg.connect(address.render_as_string(hide_password=False))
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
    return connection
