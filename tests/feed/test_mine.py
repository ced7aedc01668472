"""The phone's shortcut: what changed in my lessons, by whom, when and why; nothing missed."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from service.kit import clock
from service.kit.auth import Role
from tests.factories.phone import noted
from tests.phone.conftest import before_the_term, office, phone, taught, village

__all__ = ["before_the_term", "office", "phone", "taught", "village"]

CHANGES = "/v1/me/schedule/changes"
TUESDAY = {"from": "2026-09-15", "until": "2026-09-16"}


async def asked(phone: Any, **params: Any) -> Any:
    answer = await phone.get(CHANGES, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
async def token(taught: Any, phone: Any, settled: Any) -> str:
    """Taken before anything changes."""
    await settled()
    found: str = (await asked(phone))["next_token"]
    return found


async def tuesday(phone: Any) -> list[Any]:
    (day,) = (await phone.get("/v1/me/schedule", params=TUESDAY)).json()["days"]
    lessons: list[Any] = day["lessons"]
    return lessons


async def cancel(office: Any, lesson: Any, reason: str) -> Any:
    answer = await office.post(
        f"/v1/lessons/{lesson['id']}:cancel",
        json={"reason": reason},
        headers={"If-Match": f'"{lesson["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    return answer


async def test_the_first_answer_is_only_a_token(taught: Any, phone: Any) -> None:
    first = await asked(phone)

    assert first["items"] == []
    assert first["has_more"] is False
    assert (await asked(phone, since=first["next_token"]))["items"] == []


async def test_a_change_says_who_when_and_why(
    taught: Any, phone: Any, office: Any, token: str, settled: Any
) -> None:
    lesson = (await tuesday(phone))[1]
    await cancel(office, lesson, "防汛")
    await settled()

    found = await asked(phone, since=token)

    (item,) = found["items"]
    now = (await tuesday(phone))[1]
    assert item["lesson_id"] == lesson["id"]
    assert item["op"] == "upsert"
    assert item["event"] == "lesson.cancelled"
    assert item["by"] == now["changed"]["by"]
    assert item["at"] == "2026-08-25T08:00:00+08:00"
    assert item["lesson"] == now
    assert item["lesson"]["changed"]["reason"] == "防汛"
    assert (await asked(phone, since=found["next_token"]))["items"] == []


async def test_a_changed_slot_is_a_change_of_each_of_its_lessons(
    make: Any, taught: Any, phone: Any, token: str, settled: Any
) -> None:
    slot = await make.slot(teacher=taught.teacher, classes=[taught.home_class], weekday=3, period=2)
    await make.noted(collection="lessons", event="lessons.laid", resource_id=slot, spread=True)
    await settled()

    items = (await asked(phone, since=token))["items"]

    assert {item["event"] for item in items} == {"lessons.laid"}
    assert {item["op"] for item in items} == {"upsert"}
    assert len(items) > 10
    assert all(item["lesson"]["period"] == 2 for item in items)


async def test_a_lesson_that_is_mine_no_more_is_deleted(
    make: Any, taught: Any, phone: Any, token: str, settled: Any
) -> None:
    await make.noted(collection="lessons", event="lesson.covered", reach=[taught.teacher.id])
    await settled()

    (item,) = (await asked(phone, since=token))["items"]

    assert (item["op"], item["lesson"]) == ("delete", None)


async def test_a_colleagues_lessons_are_not_mine(
    make: Any, taught: Any, phone: Any, token: str, settled: Any
) -> None:
    colleague = await make.teacher(school=taught.home)
    await make.slot(teacher=colleague, classes=[taught.host_class], weekday=4, period=2)
    await make.noted(collection="lessons", event="lesson.moved", reach=[colleague.id])
    await settled()

    assert (await asked(phone, since=token))["items"] == []


async def test_a_late_committer_is_not_missed(
    taught: Any, phone: Any, office: Any, token: str, settled: Any, database: Any, district: Any
) -> None:
    morning, noon = await tuesday(phone)
    async with database.write(district.id) as late:
        await noted(
            late,
            district=district,
            collection="lessons",
            event="lesson.moved",
            resource_id=UUID(morning["id"]),
        )
        await cancel(office, noon, "防汛")
        before = await asked(phone, since=token)
    await settled()

    after = await asked(phone, since=before["next_token"])

    found = [item["lesson_id"] for item in (*before["items"], *after["items"])]
    assert sorted(found) == sorted([morning["id"], noon["id"]])


async def test_pages_miss_nothing(
    taught: Any, phone: Any, office: Any, token: str, settled: Any
) -> None:
    lessons = await tuesday(phone)
    for lesson in lessons:
        await cancel(office, lesson, "防汛")
    await settled()

    first = await asked(phone, since=token, limit=1)
    second = await asked(phone, since=first["next_token"], limit=1)
    third = await asked(phone, since=second["next_token"], limit=1)

    found = [item["lesson_id"] for item in (*first["items"], *second["items"])]
    assert found == [lesson["id"] for lesson in lessons]
    assert (first["has_more"], third["items"], third["has_more"]) == (True, [], False)


@pytest.mark.parametrize("given", ["x", "AAAA", "a.b", "东"])
async def test_a_token_that_was_made_up_is_refused(taught: Any, phone: Any, given: str) -> None:
    answer = await phone.get(CHANGES, params={"since": given})

    assert answer.status_code == 400
    assert answer.json()["code"] == "sync-token-invalid"


async def test_tokens_are_of_one_caller_and_one_feed(
    make: Any, taught: Any, phone: Any, token: str, as_: Any
) -> None:
    colleague = as_(Role.TEACHER, teacher=await make.teacher(school=taught.home))
    head = as_(Role.SCHOOL_ADMIN, school=taught.home, teacher=taught.teacher)
    of_the_feed = (await head.get("/v1/changes")).json()["next_token"]

    stolen = await colleague.get(CHANGES, params={"since": token})
    cut = await phone.get(CHANGES, params={"since": token[:-3]})
    mixed = await head.get(CHANGES, params={"since": of_the_feed})

    assert (stolen.status_code, stolen.json()["code"]) == (400, "sync-token-invalid")
    assert (cut.status_code, cut.json()["code"]) == (400, "sync-token-invalid")
    assert (mixed.status_code, mixed.json()["code"]) == (400, "cursor-mismatch")


async def test_a_token_outlives_the_summer_but_not_half_a_year(
    taught: Any, phone: Any, token: str
) -> None:
    with clock.freeze(clock.now() + timedelta(days=179)):
        assert (await phone.get(CHANGES, params={"since": token})).status_code == 200
    with clock.freeze(clock.now() + timedelta(days=181)):
        old = await phone.get(CHANGES, params={"since": token})
    assert old.status_code == 410
    assert old.json()["resync"] == "/v1/me/schedule"


async def test_an_office_has_no_lessons(taught: Any, office: Any) -> None:
    answer = await office.get(CHANGES)

    assert (answer.status_code, answer.json()["code"]) == (404, "not-a-teacher")
