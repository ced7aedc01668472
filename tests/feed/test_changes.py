"""The feed: a snapshot, then what changes, each row as it is now."""

import pytest

from huangge_client import sync
from huangge_client.feed import pages
from service.kit.auth import Role
from tests.feed.world import world

ANY = {"If-Match": "*"}


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


async def read(client, **params):
    answer = await client.get("/v1/changes", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_snapshot_brings_what_each_list_shows(make, town, office, replica, settled):
    other_class = await make.class_section(campus=town.home_campus, name="四年级2班")
    room = await make.room(campus=town.home_campus)
    taught = [town.home_class, other_class]
    await make.slot(teacher=town.teacher, classes=taught, room_id=room.id)
    lesson = (await office.get("/v1/lessons", params={"limit": 1})).json()["items"][0]
    cancelled = await office.post(
        f"/v1/lessons/{lesson['id']}:cancel", json={"reason": "校运会"}, headers=ANY
    )
    assert cancelled.status_code == 200, cancelled.text
    await settled()

    await sync(office, replica, limit=7)

    for name in ("schools", "campuses", "groups", "teachers", "classes", "terms", "lessons"):
        listed = (await office.get(f"/v1/{name}", params={"limit": 200})).json()["items"]
        assert sorted(listed, key=lambda item: item["id"]) == list(replica.rows(name)), name
        assert listed
    assert replica.is_whole


async def test_a_change_comes_once_as_it_is_now(town, office, replica, settled):
    await sync(office, replica)
    for name in ("甲", "乙", "丙"):
        await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": name}, headers=ANY)
    await settled()

    page = await read(office, since=replica.token)

    (item,) = [one for one in page["items"] if one["collection"] == "schools"]
    assert (item["id"], item["op"], item["version"]) == (str(town.home.id), "upsert", 4)
    assert item["data"]["short_name"] == "丙"
    assert item["changed_at"] is not None
    assert page["has_more"] is False


async def test_a_weekly_slot_is_opened_into_its_lessons(make, as_, database, replicas, differing):
    here = await world(make, as_, database, replicas)
    office, replica = here.followers["district"]
    await sync(office, replica)
    await here.lay(0, 0)
    await here.lay(1, 1)

    assert await differing(office, replica) == []
    assert len(replica.versions("lessons")) == 6


async def test_a_page_may_end_within_a_weekly_slot(make, as_, database, replicas, settled):
    here = await world(make, as_, database, replicas)
    office, replica = here.followers["district"]
    await sync(office, replica)
    await here.lay(0, 0)
    await here.lay(1, 1)
    await settled()
    sizes = []
    async for page in pages(office, replica, limit=2):
        sizes.append(len(page.items))
        # What changes while the slot is read comes again, and nothing is left out.
        await here.lay(len(sizes), len(sizes))

    await settled()
    await sync(office, replica)
    assert sizes[:3] == [2, 2, 2]
    assert replica.versions("lessons") == (await here.tables())["lessons"]
