"""Two schools mean to follow different weekdays on a make-up day, and share a teacher."""

import pytest

from service.kit.auth import Role

SATURDAY = "2026-09-12"


@pytest.fixture
async def shared(make, town):
    """Home on Tuesdays, the host on Thursdays, both in the first period."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=4, period=1)
    return town


def following(weekday):
    return {"kind": "teach", "reason": "调休上课", "follows_weekday": weekday}


async def compare(client, school, weekday, *others):
    return await client.post(
        f"/v1/calendar-days/school/{school.id}/{SATURDAY}:compare",
        json={
            "own": following(weekday),
            "others": [{"school_id": str(one.id), **following(day)} for one, day in others],
        },
    )


def sides(answer):
    assert answer.status_code == 200, answer.text
    return {one["school_name"]: one for one in answer.json()["schools"]}


async def test_both_schools_read_of_their_collision_before_either_decides(shared, as_):
    home = as_(Role.SCHOOL_ADMIN, school=shared.home)
    host = as_(Role.SCHOOL_ADMIN, school=shared.host)

    at_home = sides(await compare(home, shared.home, 2, (shared.host, 4)))
    at_host = sides(await compare(host, shared.host, 4, (shared.home, 2)))

    assert (set(at_home), set(at_host)) == ({"城区小学"}, {"山区小学"})
    (ours,), (theirs,) = at_home["城区小学"]["collisions"], at_host["山区小学"]["collisions"]
    assert (ours["kind"], theirs["kind"]) == ("teacher-busy", "teacher-busy")
    assert ours["resource_id"] == theirs["resource_id"] == str(shared.teacher.id)
    assert ours["with"]["campus_name"] == "山区小学本部"
    # Home employs the teacher and sees where they are; the host does not.
    assert theirs["with"] == "busy"


async def test_the_group_office_sees_both_sides(shared, as_):
    office = as_(Role.GROUP_ADMIN, group=shared.group)

    found = sides(await compare(office, shared.home, 2, (shared.host, 4)))

    assert {name: (one["lessons"], len(one["collisions"])) for name, one in found.items()} == {
        "城区小学": (1, 1),
        "山区小学": (1, 1),
    }
    assert found["山区小学"]["collisions"][0]["with"]["class_names"] == ["四年级1班"]


async def test_the_same_weekday_for_both_collides_with_nothing_and_nothing_is_kept(shared, as_):
    office = as_(Role.GROUP_ADMIN, group=shared.group)

    answer = await compare(office, shared.home, 2, (shared.host, 2))

    assert not answer.json()["collides"]
    for school in (shared.home, shared.host):
        path = f"/v1/calendar-days/school/{school.id}/{SATURDAY}"
        assert (await office.get(path)).status_code == 404
    lessons = await office.get("/v1/lessons", params={"from": SATURDAY, "until": "2026-09-13"})
    assert lessons.json()["items"] == []


async def test_a_plan_is_compared_with_what_another_school_has_decided(shared, as_):
    home = as_(Role.SCHOOL_ADMIN, school=shared.home)
    host = as_(Role.SCHOOL_ADMIN, school=shared.host)
    decided = await home.put(
        f"/v1/calendar-days/school/{shared.home.id}/{SATURDAY}",
        json=following(2),
        headers={"If-Match": "*"},
    )
    assert decided.status_code == 201

    (collision,) = sides(await compare(host, shared.host, 4))["山区小学"]["collisions"]
    otherwise = await compare(host, shared.host, 2, (shared.home, 4))

    assert collision["dates"] == [SATURDAY]
    # Home would have to change its mind for that.
    assert not otherwise.json()["collides"]


async def test_who_is_named_must_be_known_and_only_once(shared, make, as_):
    home = as_(Role.SCHOOL_ADMIN, school=shared.home)
    stranger = await make.school(name="远方小学")

    unknown = await compare(home, shared.home, 2, (shared.host, 4), (stranger, 4))
    itself = await compare(home, shared.home, 2, (shared.home, 4))
    elsewhere = await compare(home, shared.host, 4)

    assert (unknown.status_code, itself.status_code, elsewhere.status_code) == (422, 422, 404)
    assert unknown.json()["errors"][0]["pointer"] == "/others/1/school_id"
    assert itself.json()["errors"][0]["code"] == "duplicate"
