"""A page of the feed against the same rows as PostgreSQL itself would spell them in JSON."""

import asyncio
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import httpx

from benchmarks import ground, rows

PAGE = 500
_ROUNDS = 60
# What a lesson of the feed holds: its own columns, and the names of what it points to.
_SPELLED = """SELECT json_agg(r) FROM (
  SELECT l.*, s.origin, s.origin_id, s.period AS planned_period, s.room_id AS planned_room_id,
    o.name AS original_teacher_name, coalesce(u.name, o.name) AS teacher_name,
    c.name AS campus_name, c.zone, r.name AS room_name, p.name AS planned_room_name,
    i.zh AS subject_zh, i.en AS subject_en,
    (SELECT json_agg(json_build_object('id', k.id, 'name', k.name) ORDER BY k.name, k.id)
     FROM weekly_slot_class w JOIN class_section k ON k.id = w.class_id
     WHERE w.slot_id = l.slot_id) AS classes
  FROM lesson l JOIN weekly_slot s ON s.id = l.slot_id
  JOIN teacher o ON o.id = l.original_teacher_id LEFT JOIN teacher u ON u.id = l.substitute_id
  JOIN campus c ON c.id = l.campus_id LEFT JOIN room r ON r.id = l.room_id
  LEFT JOIN room p ON p.id = s.room_id
  LEFT JOIN code_item i ON i.list = 'local_subject' AND i.code = l.subject
  WHERE l.id = ANY ($1)) r"""


def page_to_json_agg(place: ground.Ground) -> tuple[float, float, float]:
    """How fast pages of lessons are, against ``json_agg``; and the two times, in seconds."""
    with place.client("district") as client:
        token = client.get("/v1/changes", params={"collections": "lessons", "limit": PAGE}).json()
        asked = {"since": token["next_token"], "limit": PAGE}
        ids = [item["id"] for item in client.get("/v1/changes", params=asked).json()["items"]]
        if len(ids) != PAGE:
            raise RuntimeError("the district has too few lessons")
        return asyncio.run(_compare(place, client, asked, ids))


async def _compare(
    place: ground.Ground, client: httpx.Client, asked: dict[str, Any], ids: list[str]
) -> tuple[float, float, float]:
    connection = await rows.connect(place.database_url)
    try:
        # One by one in turn, so that whatever else the machine does falls on both.
        fed, spelled = [], []
        for _ in range(_ROUNDS):
            fed.append(_seconds(lambda: client.get("/v1/changes", params=asked)))
            started = perf_counter()
            await connection.fetchval(_SPELLED, ids)
            spelled.append(perf_counter() - started)
    finally:
        await connection.close()
    return median(spelled) / median(fed), median(fed), median(spelled)


def _seconds(work: Callable[[], httpx.Response]) -> float:
    started = perf_counter()
    work().raise_for_status()
    return perf_counter() - started
