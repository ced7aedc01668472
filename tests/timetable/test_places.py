"""Classes, rooms and ways between campuses, asked from outside."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import text

from service.kit.auth import Role


@pytest.fixture
def home_office(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.home)


@pytest.fixture
def group_office(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


def a_class(town, **changes):
    return {
        "campus_id": str(town.home_campus.id),
        "code": "2026-1",
        "stage": "2",
        "grade": 1,
        "number": 1,
        "name": "一年级1班",
        "pupils": 40,
        "valid_from": "2026-09-01",
        **changes,
    }


async def test_a_class_is_opened_read_and_moved_up_a_year(home_office, town):
    made = await home_office.post("/v1/classes", json=a_class(town))
    path = f"/v1/classes/{made.json()['id']}"
    changed = await home_office.patch(
        path,
        json={"grade": 2, "name": "二年级1班", "valid_until": "2032-09-01"},
        headers={"If-Match": made.headers["etag"]},
    )
    same = await home_office.patch(path, json={"grade": 2}, headers={"If-Match": '"2"'})

    assert made.status_code == 201, made.text
    assert made.json()["school_id"] == str(town.home.id)
    assert (changed.json()["grade"], changed.json()["name"]) == (2, "二年级1班")
    assert changed.json()["valid_until"] == "2032-09-01"
    assert (changed.json()["version"], same.json()["version"]) == (2, 2)
    read = await home_office.get(path)
    assert read.json() == changed.json()
    unchanged = await home_office.get(path, headers={"If-None-Match": read.headers["etag"]})
    assert unchanged.status_code == 304


async def test_a_class_cannot_end_before_it_began(home_office, town):
    made = await home_office.post("/v1/classes", json=a_class(town))

    reversed_ = await home_office.post(
        "/v1/classes", json=a_class(town, code="x", valid_until="2026-09-01")
    )
    patched = await home_office.patch(
        f"/v1/classes/{made.json()['id']}",
        json={"valid_until": "2026-08-01"},
        headers={"If-Match": "*"},
    )

    assert reversed_.status_code == patched.status_code == 422
    assert patched.json()["errors"][0]["pointer"] == "/valid_until"


async def test_a_code_names_one_class_of_a_school_and_one_room_of_a_campus(home_office, town):
    room = {"campus_id": str(town.home_campus.id), "code": "A301", "name": "音乐教室"}
    for path, body, code in (
        ("/v1/classes", a_class(town), "class-code-taken"),
        ("/v1/rooms", room, "room-code-taken"),
    ):
        answers = await asyncio.gather(*(home_office.post(path, json=body) for _ in range(3)))

        assert Counter(one.status_code for one in answers) == {201: 1, 409: 2}
        assert {one.json()["code"] for one in answers if one.status_code == 409} == {code}


async def test_classes_are_listed_by_school_campus_day_and_name(make, group_office, town):
    await make.class_section(campus=town.home_campus, name="五年级2班")

    async def names(**filters):
        found = await group_office.get("/v1/classes", params=filters)
        return [one["name"] for one in found.json()["items"]]

    assert await names(school_id=str(town.home.id)) == ["四年级1班", "五年级2班"]
    assert await names(campus_id=str(town.host_campus.id)) == ["三年级1班"]
    assert await names(q="五") == ["五年级2班"]
    assert await names(as_of="2020-01-01") == []


async def test_a_room_is_added_read_changed_and_listed(home_office, town):
    body = {
        "campus_id": str(town.home_campus.id),
        "code": "A301",
        "name": "音乐教室",
        "kind": "music",
        "capacity": 50,
    }
    made = await home_office.post("/v1/rooms", json=body)
    path = f"/v1/rooms/{made.json()['id']}"

    changed = await home_office.patch(
        path, json={"capacity": None, "kind": "hall"}, headers={"If-Match": '"1"'}
    )
    same = await home_office.patch(path, json={"kind": "hall"}, headers={"If-Match": "*"})
    stale = await home_office.patch(path, json={"kind": "lab"}, headers={"If-Match": '"1"'})
    listed = await home_office.get(
        "/v1/rooms", params={"campus_id": str(town.home_campus.id), "q": "音乐"}
    )

    assert made.status_code == 201, made.text
    assert (changed.json()["capacity"], changed.json()["kind"]) == (None, "hall")
    assert same.json()["version"] == 2
    assert stale.status_code == 412
    assert listed.json()["items"] == [(await home_office.get(path)).json()]


async def test_a_school_writes_only_at_its_own_campuses(make, as_, home_office, group_office, town):
    elsewhere = a_class(town, campus_id=str(town.host_campus.id))
    reader = as_(Role.AUDITOR)
    mine = (await home_office.get("/v1/classes")).json()["items"][0]
    stranger = as_(Role.SCHOOL_ADMIN, school=town.host)

    assert (await home_office.post("/v1/classes", json=elsewhere)).status_code == 422
    assert (await group_office.post("/v1/classes", json=elsewhere)).status_code == 201
    assert (await reader.post("/v1/classes", json=elsewhere)).status_code == 403
    assert (await reader.get(f"/v1/classes/{mine['id']}")).status_code == 200
    for path in (f"/v1/classes/{mine['id']}", "/v1/rooms/01a20ad7-90ca-7387-8a0d-edd0756500a4"):
        assert (await stranger.get(path)).status_code == 404
        patched = await stranger.patch(path, json={"name": "x"}, headers={"If-Match": "*"})
        assert patched.status_code == 404


async def test_who_teaches_at_two_schools_reads_but_does_not_write_there(make, as_, town):
    both = as_(Role.TEACHER, teacher=town.teacher, school=town.home)

    answer = await both.post("/v1/classes", json=a_class(town))

    assert answer.status_code == 403


# Ways


def way(here, there):
    return f"/v1/travel-times/{here.id}/{there.id}"


async def test_a_way_nobody_entered_is_estimated_and_says_so(make, group_office, town):
    near = await make.campus(
        school=town.home, longitude="106.440000", latitude="29.810000", datum="wgs84"
    )
    far = await make.campus(
        school=town.host, longitude="106.600000", latitude="29.900000", datum="gcj02"
    )

    measured = (await group_office.get(way(town.home_campus, town.host_campus))).json()
    estimated = await group_office.get(way(near, far))
    blind = (await group_office.get(way(near, town.host_campus))).json()

    assert (measured["minutes"], measured["needed_minutes"]) == (50, 60)
    assert measured["estimated"] is False
    assert estimated.json()["estimated"] is True
    assert 45 <= estimated.json()["minutes"] <= 75
    assert estimated.headers["etag"] == '"0"'
    assert (blind["minutes"], blind["estimated"]) == (60, True)


async def test_a_district_sets_its_own_numbers_for_estimates(make, as_, town, database, district):
    async with database.write(district.id) as db:
        await (await db.connection()).execute(
            text("""UPDATE district SET settings = '{"travel": {"unknown_minutes": 90}}'""")
        )
    other = await make.campus(school=town.home)

    said = (await as_(Role.DISTRICT_ADMIN).get(way(other, town.host_campus))).json()

    assert said["minutes"] == 90


async def test_an_estimate_becomes_a_measure(make, group_office, town):
    other = await make.campus(school=town.host)
    path = way(town.home_campus, other)

    made = await group_office.put(
        path, json={"minutes": 25, "buffer": 5}, headers={"If-Match": '"0"'}
    )
    stale = await group_office.put(path, json={"minutes": 30}, headers={"If-Match": '"0"'})
    changed = await group_office.put(path, json={"minutes": 30}, headers={"If-Match": '"1"'})
    same = await group_office.put(path, json={"minutes": 30}, headers={"If-Match": "*"})
    back = (await group_office.get(way(other, town.home_campus))).json()

    assert made.status_code == 200, made.text
    assert (made.json()["estimated"], made.json()["version"]) == (False, 1)
    assert stale.status_code == 412
    assert (changed.json()["needed_minutes"], changed.json()["version"]) == (40, 2)
    assert same.json()["version"] == 2
    assert back["estimated"] is True, "the way back is another way"


async def test_a_way_is_entered_once(make, group_office, town):
    other = await make.campus(school=town.host)

    answers = await asyncio.gather(
        *(
            group_office.put(
                way(town.home_campus, other), json={"minutes": 25}, headers={"If-Match": '"0"'}
            )
            for _ in range(4)
        )
    )

    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] == 1
    assert statuses.keys() <= {200, 409, 412}


async def test_a_longer_way_moves_the_time_to_leave_or_is_refused(make, group_office, town):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)
    path = way(town.home_campus, town.host_campus)

    # From 9:10 to 11:10 there are 120 minutes.
    fits = await group_office.put(
        path, json={"minutes": 110, "buffer": 10}, headers={"If-Match": "*"}
    )
    refused = await group_office.put(
        path, json={"minutes": 111, "buffer": 10}, headers={"If-Match": "*"}
    )

    assert fits.status_code == 200, fits.text
    assert (refused.status_code, refused.json()["code"]) == (409, "schedule-conflict")
    (conflict,) = refused.json()["conflicts"]
    assert (conflict["kind"], conflict["needed_minutes"]) == ("travel", 121)
    assert len(conflict["dates"]) == 20
    assert (await group_office.get(path)).json()["minutes"] == 110


async def test_ways_are_listed_for_those_who_see_an_end(make, as_, home_office, town):
    listed = (await home_office.get("/v1/travel-times")).json()["items"]
    by_campus = await home_office.get(
        "/v1/travel-times", params={"campus_id": str(town.home_campus.id)}
    )
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())

    assert [one["minutes"] for one in listed] == [50, 60]
    assert by_campus.json()["items"] == listed
    assert (await stranger.get("/v1/travel-times")).json()["items"] == []


async def test_a_way_leads_from_one_visible_campus_to_another(as_, home_office, town):
    path = way(town.home_campus, town.host_campus)
    reader = as_(Role.AUDITOR)

    assert (await home_office.get(path)).status_code == 404
    assert (await reader.get(way(town.home_campus, town.home_campus))).status_code == 404
    denied = await reader.put(path, json={"minutes": 5}, headers={"If-Match": "*"})
    assert denied.status_code == 403
    office = as_(Role.DISTRICT_ADMIN)
    for body in ({"minutes": 601}, {"minutes": -1}, {"minutes": 5, "buffer": 121}):
        answer = await office.put(path, json=body, headers={"If-Match": "*"})
        assert answer.status_code == 422
