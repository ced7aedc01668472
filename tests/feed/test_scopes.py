"""What somebody gains is brought, what somebody loses is taken back, all in the feed itself."""

import pytest
from sqlalchemy import update
from sqlmodel import col

from huangge_client import sync
from huangge_client.feed import pages
from service.accounts.tables import AccountGrant
from service.kit.auth import Role
from service.kit.db import Database
from service.staff.tables import Employment
from tests.feed.world import joins


async def items_after(client, replica):
    answer = await client.get("/v1/changes", params={"since": replica.token})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.fixture
def group_office(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


async def test_each_sees_what_their_lists_show(as_, make, town, replicas, settled):
    await make.slot(teacher=town.teacher, classes=[town.host_class])
    await make.teacher(school=await make.school())
    await settled()
    people = {
        "group": as_(Role.GROUP_ADMIN, group=town.group),
        "school": as_(Role.SCHOOL_ADMIN, school=town.host),
        "teacher": as_(Role.TEACHER, teacher=town.teacher, school=town.home),
        "partner": as_(Role.PARTNER, school=town.home),
        "researcher": as_(Role.RESEARCHER, group=town.group),
    }

    for who, client in people.items():
        replica = replicas()
        await sync(client, replica, limit=10)
        for name in ("schools", "campuses", "teachers", "classes", "rooms", "lessons", "leaves"):
            answer = await client.get(f"/v1/{name}", params={"limit": 200})
            listed = answer.json()["items"] if answer.status_code == 200 else []
            shown = sorted(listed, key=lambda item: item["id"])
            assert shown == list(replica.rows(name)), (who, name)


async def test_a_school_that_joins_is_brought_with_all_it_has(
    make, town, group_office, replica, database: Database, differing
):
    joining = await make.school(name="新成员校")
    campus = await make.campus(school=joining)
    teacher = await make.teacher(school=joining)
    await sync(group_office, replica)
    assert str(joining.id) not in replica.versions("schools")

    await joins(make, database, group=town.group, school=joining)
    brought = {(one["collection"], one["id"]) for one in await items_after(group_office, replica)}

    assert {
        ("schools", str(joining.id)),
        ("campuses", str(campus.id)),
        ("teachers", str(teacher.id)),
    } <= brought
    assert await differing(group_office, replica) == []


async def test_a_teacher_who_leaves_the_group_is_taken_back(
    make, town, group_office, replica, database: Database, differing
):
    elsewhere = await make.school()
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    await sync(group_office, replica)
    async with database.write(elsewhere.district_id) as db:
        moved = update(Employment).where(col(Employment.teacher_id) == town.teacher.id)
        await db.exec(moved.values(school_id=elsewhere.id))

    (lost,) = await items_after(group_office, replica)

    assert lost == {
        "collection": "teachers",
        "id": str(town.teacher.id),
        "op": "delete",
        "version": None,
        "changed_at": None,
        "reason": "scope_lost",
        "data": None,
    }
    # The lessons are still given at the group's campus.
    assert await differing(group_office, replica) == []
    assert replica.versions("lessons")


async def test_a_right_that_ends_takes_everything_back(
    as_, make, town, replica, database: Database, differing
):
    client = as_(Role.SCHOOL_ADMIN, school=town.home)
    await sync(client, replica)
    assert replica.versions("teachers")
    async with database.write(town.home.district_id) as db:
        await db.exec(update(AccountGrant).values(role="researcher", reach="school", version=2))
    # The hat of an inspector shows less: no leaves, no tasks.
    assert await differing(client, replica) == []


async def test_a_scope_that_changes_within_a_snapshot_leaves_no_gap(
    make, town, group_office, replica, database: Database, differing
):
    joining = await make.school(name="中途加入")
    await make.campus(school=joining)
    for _ in range(3):
        await make.teacher(school=joining)
    seen = 0
    async for _ in pages(group_office, replica, limit=2):
        seen += 1
        if seen == 3:
            await joins(make, database, group=town.group, school=joining)

    assert str(joining.id) in replica.versions("schools")
    assert await differing(group_office, replica) == []


async def test_scopes_that_change_faster_than_they_are_read_leave_no_gap(
    make, town, group_office, replica, database: Database, differing
):
    await sync(group_office, replica)
    joining = [await make.school() for _ in range(4)]
    for school in joining:
        await make.campus(school=school)
        await make.teacher(school=school)
        await joins(make, database, group=town.group, school=school)
        await anext(pages(group_office, replica, limit=1))

    assert await differing(group_office, replica) == []
    assert {str(school.id) for school in joining} <= replica.versions("schools").keys()


async def test_others_changes_are_not_told(as_, make, town, replica, settled):
    office = as_(Role.DISTRICT_ADMIN)
    partner = as_(Role.PARTNER, school=town.home)
    await sync(partner, replica)
    other = await make.school()
    changed = await office.patch(
        f"/v1/schools/{other.id}", json={"short_name": "别校"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 200
    await settled()

    assert await items_after(partner, replica) == []
