"""What the stories of absences share: a town with colleagues, and the steps of an office."""

from typing import Any

WHOLE_WEEK = {"starts_at": "2026-09-07T00:00:00+08:00", "ends_at": "2026-09-12T00:00:00+08:00"}
TUESDAY = {"starts_at": "2026-09-08T00:00:00+08:00", "ends_at": "2026-09-09T00:00:00+08:00"}
ANY = {"If-Match": "*"}


async def ask(client: Any, teacher: Any, **values: Any) -> Any:
    body = {"teacher_id": str(teacher.id), "kind": "sick", **TUESDAY, **values}
    return await client.post("/v1/leaves", json=body)


async def asked(client: Any, teacher: Any, **values: Any) -> Any:
    answer = await ask(client, teacher, **values)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def step(client: Any, path: str, **body: Any) -> Any:
    return await client.post(f"/v1/{path}", json=body or None, headers=ANY)


async def away(asker: Any, office: Any, teacher: Any, **values: Any) -> Any:
    """An approved leave."""
    leave = await asked(asker, teacher, **values)
    answer = await step(office, f"leaves/{leave['id']}:approve")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def covers_of(client: Any, **filters: Any) -> Any:
    answer = await client.get("/v1/covers", params={"limit": 200, **filters})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def lesson_on(client: Any, teacher: Any, day: str) -> Any:
    found = await client.get(
        "/v1/lessons", params={"teacher_id": str(teacher.id), "from": day, "limit": 1}
    )
    return found.json()["items"][0]


async def read(client: Any, path: str) -> Any:
    answer = await client.get(f"/v1/{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()
