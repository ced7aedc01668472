"""Tasks: opened once by higher modules, seen by the office that has to act, closed with a word."""

import asyncio
from datetime import date

import pytest

from service.kit import clock
from service.kit.auth import Role, system
from service.kit.ids import new_id
from service.kit.problems import Text
from service.network import tasks
from service.network.rules import OwnerKind
from service.network.tasks import NewTask

TITLE = Text("导师已离任,请安排接替", "The mentor has left; name another")


def wanted(subject_id=None, **values):
    return NewTask(
        kind="mentor-left",
        subject_collection="pairings",
        subject_id=subject_id or new_id(),
        title=TITLE,
        **values,
    )


@pytest.fixture
def opened(database, district):
    """Opens a task in a transaction of its own."""

    async def open_one(new):
        async with database.write(district.id) as db:
            return await tasks.open_task(db, by=system(district.id), new=new)

    return open_one


async def test_a_task_is_open_once_per_subject_and_kind(opened, as_):
    new = wanted()

    assert await opened(new) is True
    assert await opened(new) is False
    assert len((await as_(Role.DISTRICT_ADMIN).get("/v1/tasks")).json()["items"]) == 1


async def test_of_many_that_open_the_same_task_one_does(opened):
    new = wanted()

    assert sorted(await asyncio.gather(*(opened(new) for _ in range(8)))) == [False] * 7 + [True]


async def test_each_office_sees_what_it_has_to_do(opened, as_, make):
    school, other = await make.school(), await make.school()
    group = await make.group(lead=school, close=[other])
    await opened(wanted(owner_kind=OwnerKind.SCHOOL, owner_id=school.id))
    await opened(wanted(owner_kind=OwnerKind.SCHOOL, owner_id=other.id))
    await opened(wanted(owner_kind=OwnerKind.GROUP, owner_id=group.id))
    await opened(wanted())

    async def seen(role, **where):
        items = (await as_(role, **where).get("/v1/tasks")).json()["items"]
        return sorted(item["owner_kind"] for item in items)

    assert await seen(Role.DISTRICT_ADMIN) == ["district", "group", "school", "school"]
    assert await seen(Role.AUDITOR) == ["district", "group", "school", "school"]
    assert await seen(Role.GROUP_ADMIN, group=group) == ["group", "school", "school"]
    assert await seen(Role.SCHOOL_ADMIN, school=school) == ["school"]


async def test_a_task_is_closed_with_a_word(opened, as_, make):
    school = await make.school()
    await opened(wanted(owner_kind=OwnerKind.SCHOOL, owner_id=school.id, due_on=date(2026, 12, 1)))
    office = as_(Role.SCHOOL_ADMIN, school=school)
    (task,) = (await office.get("/v1/tasks", params={"state": "open"})).json()["items"]
    path = f"/v1/tasks/{task['id']}"
    body = {"reason": "已安排新的导师"}

    blind = await office.post(f"{path}:close", json=body)
    done = await office.post(f"{path}:close", json=body, headers={"If-Match": '"1"'})
    again = await office.post(f"{path}:close", json=body, headers={"If-Match": "*"})

    assert task["title"] == TITLE.zh
    assert (await office.get(path, headers={"Accept-Language": "en"})).json()["title"] == TITLE.en
    assert blind.status_code == 428
    assert (done.json()["state"], done.json()["closed_reason"]) == ("done", body["reason"])
    assert done.json()["closed_at"] is not None
    assert (again.status_code, again.json()["code"]) == (409, "task-closed")
    assert (await office.get("/v1/tasks", params={"state": "open"})).json()["items"] == []


async def test_what_was_open_on_a_day(opened, as_):
    await opened(wanted())
    office = as_(Role.DISTRICT_ADMIN)
    (task,) = (await office.get("/v1/tasks")).json()["items"]
    with clock.freeze(clock.now().replace(day=12)):
        body = {"reason": "已处理"}
        path = f"/v1/tasks/{task['id']}:close"
        assert (await office.post(path, json=body, headers={"If-Match": "*"})).status_code == 200

    async def open_on(day):
        return len((await office.get("/v1/tasks", params={"as_of": day})).json()["items"])

    days = ("2026-11-09", "2026-11-10", "2026-11-11", "2026-11-12")
    assert [await open_on(day) for day in days] == [0, 1, 1, 0]


async def test_tasks_are_found_by_what_they_are_about(opened, as_):
    subject = new_id()
    await opened(wanted(subject, due_on=date(2026, 12, 1)))
    await opened(wanted())
    office = as_(Role.DISTRICT_ADMIN)

    for params in (
        {"subject_id": str(subject)},
        {"due_until": "2026-12-01"},
        {"subject_id": str(subject), "kind": "mentor-left"},
    ):
        assert len((await office.get("/v1/tasks", params=params)).json()["items"]) == 1
    for params in ({"kind": "other"}, {"owner_id": str(subject)}, {"due_until": "2026-11-30"}):
        assert (await office.get("/v1/tasks", params=params)).json()["items"] == []


async def test_a_task_out_of_reach_is_not_found_and_one_in_sight_may_stay(opened, as_, make):
    school = await make.school()
    await opened(wanted(owner_kind=OwnerKind.SCHOOL, owner_id=school.id))
    (task,) = (await as_(Role.DISTRICT_ADMIN).get("/v1/tasks")).json()["items"]
    path = f"/v1/tasks/{task['id']}"
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    auditor = as_(Role.AUDITOR)
    body = {"reason": "x"}

    assert (await stranger.get(path)).json()["code"] == "task-not-found"
    hidden = await stranger.post(f"{path}:close", json=body, headers={"If-Match": "*"})
    assert hidden.status_code == 404
    assert (await auditor.get(path)).status_code == 200
    refused = await auditor.post(f"{path}:close", json=body, headers={"If-Match": "*"})
    assert refused.status_code == 403


async def test_a_task_settles_itself_when_what_it_asked_for_has_happened(
    opened, as_, database, district
):
    subject = new_id()
    await opened(wanted(subject))
    async with database.write(district.id) as db:
        done = await tasks.settle_tasks(
            db,
            by=system(district.id),
            kind="mentor-left",
            subject_ids=[subject],
            reason="已有新的导师",
        )
        none_left = await tasks.settle_tasks(
            db, by=system(district.id), kind="mentor-left", subject_ids=[subject], reason="x"
        )

    assert (done, none_left) == (1, 0)
    (task,) = (await as_(Role.DISTRICT_ADMIN).get("/v1/tasks")).json()["items"]
    assert (task["state"], task["closed_reason"]) == ("done", "已有新的导师")
    assert await opened(wanted(subject)) is True
