"""A studio from its first day: members, activities that take time, what came of it."""

import asyncio
from datetime import datetime

import pytest

from service.kit import clock
from service.kit.auth import Role

ANY = {"If-Match": "*"}
CYCLE = {"valid_from": "2026-09-01"}
AFTERNOON = {
    "starts_at": "2026-11-18T14:00:00+08:00",
    "ends_at": "2026-11-18T16:00:00+08:00",
}


def at(moment):
    return clock.freeze(datetime.fromisoformat(moment))


@pytest.fixture(autouse=True)
def _autumn():
    with at("2026-10-12T09:00:00+08:00"):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def schools(make):
    town, rural = await make.school(), await make.school(urban_rural_code="220")
    await make.group(lead=town, close=[rural])
    return town, rural


@pytest.fixture
async def campuses(make, schools):
    here, there = [await make.campus(school=school) for school in schools]
    for ends in ((here, there), (there, here)):
        await make.travel_time(ends=ends, minutes=50, buffer=10)
    return here, there


@pytest.fixture
async def people(make, schools):
    town, rural = schools
    return {
        "host": await make.teacher(school=town, name="名师"),
        "core": await make.teacher(school=town, name="骨干"),
        "trainee": await make.teacher(school=rural, name="学员"),
    }


@pytest.fixture
async def studio(office, people):
    answer = await office.post(
        "/v1/studios",
        json={
            "name": "小学音乐名师工作室",
            "subject": "24",
            "stage": "2",
            "host_id": str(people["host"].id),
            **CYCLE,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def join(office, studio):
    async def joined(teacher, role="trainee", **more):
        body = {"teacher_id": str(teacher.id), "role": role, **CYCLE, **more}
        return await office.post(f"/v1/studios/{studio['id']}/members", json=body)

    return joined


@pytest.fixture
def plan(office, studio, campuses):
    async def planned(client=office, **more):
        body = {
            "kind": "meeting",
            "topic": "同课异构研讨",
            "campus_id": str(campuses[0].id),
            **AFTERNOON,
            **more,
        }
        return await client.post(f"/v1/studios/{studio['id']}/activities", json=body)

    return planned


async def test_a_studio_of_three_years_with_members_of_several_schools(
    office, studio, people, join
):
    for name in ("core", "trainee"):
        answer = await join(people[name], role=name)
        assert answer.status_code == 201

    shown = (await office.get(f"/v1/studios/{studio['id']}")).json()
    listed = (await office.get(f"/v1/studios/{studio['id']}/members")).json()["items"]

    assert (shown["valid_from"], shown["valid_until"]) == ("2026-09-01", "2029-09-01")
    assert (shown["members"], shown["trainees"]) == (3, 1)
    assert shown["disadvantaged_percent"] == 33.3
    assert {one["teacher"]["name"]: one["role_label"] for one in listed} == {
        "名师": "主持人",
        "骨干": "核心成员",
        "学员": "学员",
    }
    (found,) = (await office.get("/v1/studios?subject=24&q=音乐")).json()["items"]
    assert found["members"] == 3


async def test_who_cannot_join(office, make, studio, people, join):
    await join(people["trainee"])

    again = await join(people["trainee"], role="core")
    second_host = await join(people["core"], role="host")
    early = await join(people["core"], valid_from="2026-08-01")
    late = await join(people["core"], valid_until="2030-01-01")
    elsewhere = make.at(await make.at(None).district())
    stranger = await elsewhere.teacher(school=await elsewhere.school())
    unknown = await join(stranger)

    assert (again.status_code, again.json()["code"]) == (409, "studio-member-already")
    assert (second_host.status_code, second_host.json()["code"]) == (409, "studio-host-unfit")
    for answer, pointer in ((early, "/valid_from"), (late, "/valid_until")):
        assert answer.json()["code"] == "studio-member-unfit"
        assert answer.json()["errors"][0]["pointer"] == pointer
    assert (unknown.status_code, unknown.json()["code"]) == (422, "related-not-found")


async def test_the_host_changes_without_a_day_in_between(office, studio, people, join):
    await join(people["core"], role="core")
    path = f"/v1/studios/{studio['id']}"
    body = {"teacher_id": str(people["core"].id), "on": "2027-02-01"}

    changed = await office.post(f"{path}:change-host", json=body, headers={"If-Match": '"1"'})
    same = await office.post(f"{path}:change-host", json=body, headers=ANY)
    never = await office.post(
        f"{path}:change-host",
        json={"teacher_id": str(people["host"].id), "on": "2029-09-01"},
        headers=ANY,
    )

    listed = (await office.get(f"{path}/members?sort=number")).json()["items"]
    assert changed.headers["etag"] == same.headers["etag"] == '"2"'
    assert sorted(
        (one["teacher"]["name"], one["role"], one["valid_from"], one["valid_until"])
        for one in listed
    ) == [
        ("名师", "host", "2026-09-01", "2027-02-01"),
        ("骨干", "core", "2026-09-01", "2027-02-01"),
        ("骨干", "host", "2027-02-01", "2029-09-01"),
    ]
    assert (never.status_code, never.json()["errors"][0]["pointer"]) == (422, "/on")


async def test_two_who_would_host_from_the_same_day(office, make, schools, studio, people):
    others = [await make.teacher(school=schools[0]) for _ in range(2)]

    answers = await asyncio.gather(
        *(
            office.post(
                f"/v1/studios/{studio['id']}:change-host",
                json={"teacher_id": str(one.id), "on": "2027-02-01"},
                headers={"If-Match": '"1"'},
            )
            for one in others
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412]


async def test_an_activity_takes_everybodys_time_with_the_way(office, people, join, plan, campuses):
    await join(people["trainee"])

    planned = await plan()
    clash = await plan(topic="另一场", starts_at="2026-11-18T15:00:00+08:00")
    too_near = await plan(
        topic="山区听课",
        campus_id=str(campuses[1].id),
        starts_at="2026-11-18T16:30:00+08:00",
        ends_at="2026-11-18T17:30:00+08:00",
    )
    in_time = await plan(
        topic="山区听课",
        campus_id=str(campuses[1].id),
        starts_at="2026-11-18T17:00:00+08:00",
        ends_at="2026-11-18T18:00:00+08:00",
    )

    assert planned.status_code == 201, planned.text
    assert (planned.json()["invited"], planned.json()["kind_label"]) == (2, "研讨")
    assert (clash.status_code, clash.json()["code"]) == (409, "schedule-conflict")
    assert {one["kind"] for one in clash.json()["conflicts"]} == {"teacher-busy"}
    assert {one["kind"] for one in too_near.json()["conflicts"]} == {"travel"}
    assert in_time.status_code == 201


async def test_who_is_left_out_keeps_the_time(office, people, join, plan):
    await join(people["trainee"])
    await plan()

    other = await plan(topic="另一场", without=[str(people["host"].id), str(people["trainee"].id)])

    assert (other.status_code, other.json()["invited"]) == (201, 0)


@pytest.mark.parametrize(
    ("times", "pointer"),
    [
        ({"ends_at": "2026-11-18T14:00:00+08:00"}, "/ends_at"),
        (
            {"starts_at": "2026-10-12T09:00:00+08:00", "ends_at": "2026-10-12T10:00:00+08:00"},
            "/starts_at",
        ),
        (
            {"starts_at": "2029-09-01T09:00:00+08:00", "ends_at": "2029-09-01T10:00:00+08:00"},
            "/starts_at",
        ),
    ],
)
async def test_times_that_cannot_be_planned(plan, times, pointer):
    refused = await plan(**times)

    assert (refused.status_code, refused.json()["code"]) == (422, "studio-activity-unfit")
    assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_cancelled_activity_gives_the_time_back(office, plan):
    first = (await plan()).json()
    path = f"/v1/studio-activities/{first['id']}"

    cancelled = await office.post(f"{path}:cancel", headers={"If-Match": '"1"'})
    again = await office.post(f"{path}:cancel", headers=ANY)
    other = await plan(topic="另一场")

    assert cancelled.json()["state"] == "cancelled"
    assert (again.status_code, again.json()["code"]) == (409, "studio-activity-over")
    assert other.status_code == 201


async def test_who_leaves_is_free_again(office, studio, people, join, plan):
    member = (await join(people["trainee"])).json()
    planned = (await plan()).json()
    path = f"/v1/studios/{studio['id']}/members/{member['id']}:leave"

    left = await office.post(path, json={"on": "2026-11-01"}, headers={"If-Match": '"1"'})
    early = await office.post(path, json={"on": "2026-08-01"}, headers=ANY)
    hosts = (await office.get(f"/v1/studios/{studio['id']}/members")).json()["items"]
    host = next(one for one in hosts if one["role"] == "host")
    never = await office.post(
        f"/v1/studios/{studio['id']}/members/{host['id']}:leave",
        json={"on": "2027-01-01"},
        headers=ANY,
    )

    assert left.json()["valid_until"] == "2026-11-01"
    assert early.json()["errors"][0]["pointer"] == "/on"
    assert never.json()["code"] == "studio-host-unfit"
    report = (await office.get(f"/v1/studio-activities/{planned['id']}")).json()
    assert [one["teacher"]["name"] for one in report["attendance"]] == ["名师"]


async def test_who_came_and_what_came_of_it_is_on_the_growth_page(
    office, as_, make, studio, people, join, plan
):
    await join(people["trainee"])
    year = await make.school_year()
    activity = (await plan()).json()
    path = f"/v1/studio-activities/{activity['id']}"
    body = {
        "attendance": [{"teacher_id": str(people["trainee"].id), "presence": "present"}],
    }

    early = await office.put(f"{path}/attendance", json=body, headers=ANY)
    with at("2026-11-18T15:00:00+08:00"):
        told = await office.put(f"{path}/attendance", json=body, headers={"If-Match": '"1"'})
        same = await office.put(f"{path}/attendance", json=body, headers={"If-Match": '"2"'})
        stranger = await office.put(
            f"{path}/attendance",
            json={"attendance": [{"teacher_id": str(year.id), "presence": "present"}]},
            headers=ANY,
        )
    output = {
        "teacher_id": str(people["trainee"].id),
        "kind": "open_lesson",
        "title": "《春晓》公开课 🎵",
        "on_date": "2026-11-18",
        "reference": "区教研〔2026〕12 号",
    }
    noted = await office.post(f"/v1/studios/{studio['id']}/outputs", json=output)
    nobody = await office.post(
        f"/v1/studios/{studio['id']}/outputs", json={**output, "teacher_id": str(year.id)}
    )
    review = {"school_year_id": str(year.id), "grade": "excellent", "summary": "成效显著"}
    reviewed = await office.post(f"/v1/studios/{studio['id']}/reviews", json=review)
    twice = await office.post(f"/v1/studios/{studio['id']}/reviews", json=review)
    mine = await as_(Role.TEACHER, teacher=people["trainee"]).get(
        f"/v1/teachers/{people['trainee'].id}/studio-work"
    )

    assert (early.status_code, early.json()["code"]) == (409, "studio-activity-over")
    assert told.json()["present"] == 1
    assert told.headers["etag"] == same.headers["etag"] == '"2"'
    assert (stranger.status_code, stranger.json()["code"]) == (422, "studio-not-invited")
    assert (noted.status_code, noted.json()["kind_label"]) == (201, "公开课")
    assert nobody.json()["errors"][0]["pointer"] == "/teacher_id"
    assert (reviewed.json()["grade_label"], reviewed.json()["school_year"]) == (
        "优秀",
        "2026-2027",
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "studio-reviewed-already")
    work = mine.json()
    assert [
        (one["studio_name"], one["invited"], one["present"]) for one in work["memberships"]
    ] == [("小学音乐名师工作室", 1, 1)]
    assert [one["title"] for one in work["outputs"]] == ["《春晓》公开课 🎵"]
    lists = [
        (await office.get(f"/v1/studios/{studio['id']}/{name}")).json()["items"]
        for name in ("outputs", "reviews", "activities")
    ]
    assert [len(one) for one in lists] == [1, 1, 1]


async def test_a_studio_is_renamed_by_the_office_of_its_host(
    office, as_, schools, studio, join, people
):
    await join(people["trainee"])
    path = f"/v1/studios/{studio['id']}"

    seen, other = [as_(Role.SCHOOL_ADMIN, school=school) for school in schools]
    renamed = await seen.patch(path, json={"name": "音乐工作室"}, headers={"If-Match": '"1"'})
    same = await seen.patch(path, json={"name": "音乐工作室"}, headers={"If-Match": '"2"'})
    forbidden = await other.patch(path, json={"name": "山区"}, headers=ANY)

    assert renamed.json()["name"] == "音乐工作室"
    assert same.headers["etag"] == '"2"'
    assert (await other.get(path)).status_code == 200
    assert forbidden.status_code == 403
