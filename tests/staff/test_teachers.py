"""Teachers over HTTP, from the side of offices, partners and themselves."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.db import days
from service.network.tables import CodeItem

SPRING = date(2027, 2, 22)


@pytest.fixture(autouse=True)
def _autumn():
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


def said(school, **more):
    """A body as a personnel system sends it."""
    return {
        "name": "曾小贤",
        "school_id": str(school.id),
        "employed_from": "2019-09-01",
        "title": "first",
        "backbone_level": "backbone",
        "backbone_grantor": "district",
        "birth_year": 1988,
        "teaching_since": "2010-09-01",
        "teaches": [{"subject": "24", "stage": "2"}],
        **more,
    }


async def changes_of(db, teacher_id):
    statement = (
        select(Change.event).where(col(Change.resource_id) == teacher_id).order_by(col(Change.seq))
    )
    return list((await db.exec(statement)).all())


# Entering and reading


async def test_a_school_enters_its_teacher(make, as_):
    school = await make.school(name="新桥小学")
    client = as_(Role.SCHOOL_ADMIN, school=school)

    created = await client.post("/v1/teachers", json={"number": "T0100", **said(school)})

    assert created.status_code == 201
    body = created.json()
    assert body["home_school"] == {"id": str(school.id), "name": "新桥小学"}
    assert body["backbone_label"] == "区级骨干教师"
    assert body["teaches"] == [
        {"subject": "24", "subject_label": "音乐", "stage": "2", "stage_label": "小学"}
    ]
    assert [stay["employed_from"] for stay in body["employments"]] == ["2019-09-01"]
    read = await client.get(f"/v1/teachers/{body['id']}")
    assert read.json() == body
    assert read.headers["etag"] == created.headers["etag"] == '"1"'


async def test_a_number_belongs_to_one_teacher(make, office):
    school = await make.school()
    await make.teacher(school=school, number="T0100")

    refused = await office.post("/v1/teachers", json={"number": "T0100", **said(school)})

    assert (refused.status_code, refused.json()["code"]) == (409, "teacher-number-taken")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"phone": "13800000000"}, "/phone"),
        ({"employed_until": "2019-09-01"}, ""),
        ({"backbone_grantor": None}, ""),
        ({"teaching_since": "1980-09-01"}, ""),
        ({"weekly_load_limit": 54}, "/weekly_load_limit"),
        ({"birth_year": 1988.5}, "/birth_year"),
        ({"title": "boss"}, "/title"),
        ({"teaches": [{"subject": "24", "stage": "9"}]}, "/teaches/0/stage"),
        ({"teaches": [{"subject": "99", "stage": "2"}]}, "/teaches/0/subject"),
        ({"teaches": [{"subject": "24", "stage": "2"}] * 2}, "/teaches"),
        ({"name": "  "}, "/name"),
        ({"number": "T 1"}, "/number"),
    ],
)
async def test_what_cannot_be_is_told_by_field(make, office, wrong, pointer):
    school = await make.school()

    refused = await office.post("/v1/teachers", json={"number": "T1", **said(school), **wrong})

    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


async def test_a_local_subject_counts(make, office, district):
    school = await make.school()
    await make.kept(
        rows=[CodeItem(district_id=district.id, list="local_subject", code="paper_art", zh="剪纸")]
    )
    teaches = [{"subject": "paper_art", "stage": "2"}]

    created = await office.post(
        "/v1/teachers", json={"number": "T1", **said(school, teaches=teaches)}
    )

    assert created.json()["teaches"][0]["subject_label"] == "剪纸"


async def test_a_school_enters_nobody_elsewhere(make, as_):
    own, other = await make.school(), await make.school()
    client = as_(Role.SCHOOL_ADMIN, school=own)

    refused = await client.post("/v1/teachers", json={"number": "T1", **said(other)})

    assert (refused.status_code, refused.json()["code"]) == (422, "related-not-found")


async def test_teachers_are_found_by_what_people_know_of_them(make, office):
    river, hill = await make.school(), await make.school()
    await make.group(lead=river)
    zeng = await make.teacher(school=river, number="A17", name="曾小贤", name_pinyin="zengxiaoxian")
    await make.teacher(school=hill, subjects=(("41", "3"),))
    gone = await make.teacher(school=river, employed=days(date(2020, 9, 1), date(2026, 8, 31)))

    async def found(**query):
        answer = await office.get("/v1/teachers", params=query)
        return {item["id"] for item in answer.json()["items"]}

    only = {str(zeng.id)}
    assert await found(q="小贤") == await found(q="Zeng Xiao") == await found(q="a1") == only
    assert await found(q="%") == set()
    assert await found(school_id=str(river.id)) == await found(number="A17") == only
    assert await found(subject="24", stage="2", employed="true") == only
    assert await found(employed="false") == {str(gone.id)}
    assert await found(school_id=str(river.id), as_of="2025-10-01") == {*only, str(gone.id)}
    assert await found(subject="41", stage="2") == set()


async def test_a_groups_teachers_are_those_of_its_members_on_the_day(make, as_):
    lead, former = await make.school(), await make.school()
    group = await make.group(lead=lead)
    await make.member(group=group, school=former, valid=days(date(2024, 9, 1), date(2025, 9, 1)))
    teacher = await make.teacher(school=lead)
    await make.teacher(school=former)
    client = as_(Role.GROUP_ADMIN, group=group)

    listed = await client.get("/v1/teachers", params={"group_id": str(group.id)})

    assert [item["id"] for item in listed.json()["items"]] == [str(teacher.id)]


async def test_pages_follow_the_pinyin(make, office):
    school = await make.school()
    for name in ("bai", "an", "chen"):
        await make.teacher(school=school, name_pinyin=name, number=name)

    first = (await office.get("/v1/teachers", params={"limit": 2})).json()
    second = await office.get("/v1/teachers", params={"limit": 2, "cursor": first["next_cursor"]})

    assert [item["number"] for item in first["items"]] == ["an", "bai"]
    assert [item["number"] for item in second.json()["items"]] == ["chen"]
    assert second.json()["next_cursor"] is None


async def test_a_teacher_sees_oneself_and_nobody_else(make, as_):
    school = await make.school()
    own, colleague = await make.teacher(school=school), await make.teacher(school=school)
    client = as_(Role.TEACHER, teacher=own, school=school)

    assert (await client.get(f"/v1/teachers/{own.id}")).status_code == 200
    assert (await client.get(f"/v1/teachers/{colleague.id}")).status_code == 404
    changed = await client.patch(
        f"/v1/teachers/{own.id}", json={"title": "senior"}, headers={"If-Match": "*"}
    )
    assert changed.status_code == 403


# Changing


async def test_a_change_is_told_once_and_only_if_it_is_one(make, office, db):
    teacher = await make.teacher(school=await make.school())
    path = f"/v1/teachers/{teacher.id}"

    changed = await office.patch(
        path,
        json={"name": "翟天临", "title": "senior", "teaches": [{"subject": "41", "stage": "2"}]},
        headers={"If-Match": '"1"'},
    )
    again = await office.patch(path, json={"title": "senior"}, headers={"If-Match": '"2"'})
    late = await office.patch(path, json={"title": "none"}, headers={"If-Match": '"1"'})

    assert changed.headers["etag"] == again.headers["etag"] == '"2"'
    assert [one["subject"] for one in changed.json()["teaches"]] == ["41"]
    assert late.status_code == 412
    found = await office.get("/v1/teachers", params={"q": "zhaitian"})
    assert len(found.json()["items"]) == 1
    assert await changes_of(db, teacher.id) == ["teacher.changed"]


@pytest.mark.parametrize("body", [{"name": None}, {"cadre": None}, {"number": "T1"}])
async def test_what_must_be_there_cannot_be_taken_away(make, office, body):
    teacher = await make.teacher(school=await make.school())

    refused = await office.patch(f"/v1/teachers/{teacher.id}", json=body, headers={"If-Match": "*"})

    assert refused.status_code == 422


async def test_an_honour_is_not_left_without_its_grantor(make, office):
    teacher = await make.teacher(
        school=await make.school(), backbone_level="master", backbone_grantor="city"
    )

    refused = await office.patch(
        f"/v1/teachers/{teacher.id}", json={"backbone_grantor": None}, headers={"If-Match": "*"}
    )

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (
        422,
        "/backbone_grantor",
    )


# By number


async def test_a_personnel_system_says_the_same_every_night(make, as_, db):
    school = await make.school()
    partner = as_(Role.PARTNER, school=school)
    path = "/v1/teachers/by-number/T0100"

    created = await partner.put(path, json=said(school), headers={"If-Match": '"0"'})
    again = await partner.put(path, json=said(school), headers={"If-Match": "*"})

    assert (created.status_code, again.status_code) == (201, 200)
    assert again.headers["etag"] == '"1"'
    assert await changes_of(db, created.json()["id"]) == ["teacher.created"]


async def test_an_outdated_system_overwrites_nothing(make, office):
    school = await make.school()
    await make.teacher(school=school, number="T0100", name="张三", version=4)
    path = "/v1/teachers/by-number/T0100"

    for tag in ('"0"', '"3"'):
        refused = await office.put(path, json=said(school), headers={"If-Match": tag})
        assert refused.status_code == 412
        assert refused.headers["etag"] == '"4"'
    assert (await office.put(path, json=said(school))).status_code == 428


async def test_another_school_from_a_later_day_is_a_transfer(make, office, db):
    river, hill = await make.school(), await make.school()
    path = "/v1/teachers/by-number/T0100"
    await office.put(path, json=said(river), headers={"If-Match": "*"})

    moved = await office.put(
        path, json=said(hill, employed_from="2027-02-22"), headers={"If-Match": "*"}
    )
    stale = await office.put(path, json=said(river), headers={"If-Match": "*"})

    body = moved.json()
    assert [
        (stay["school_id"], stay["employed_from"], stay["employed_until"], stay["leaving_reason"])
        for stay in body["employments"]
    ] == [
        (str(river.id), "2019-09-01", "2027-02-22", "transferred"),
        (str(hill.id), "2027-02-22", None, None),
    ]
    assert body["home_school"]["id"] == str(river.id)
    assert (stale.status_code, stale.json()["code"]) == (409, "employment-contradicts")
    assert await changes_of(db, body["id"]) == ["teacher.created", "teacher.changed"]


async def test_a_number_out_of_reach_is_not_found(make, as_):
    own, other = await make.school(), await make.school()
    await make.teacher(school=other, number="T0100")
    partner = as_(Role.PARTNER, school=own)

    refused = await partner.put(
        "/v1/teachers/by-number/T0100", json=said(own), headers={"If-Match": "*"}
    )

    assert refused.status_code == 404


# In batches


async def test_each_item_of_a_batch_stands_for_itself(make, office):
    school = await make.school()
    await make.teacher(school=school, number="T1", version=3)
    items = [
        {"number": "T3", **said(school)},
        {"number": "T1", "version": 2, **said(school)},
        {"number": "T2", **said(school, teaches=[{"subject": "99", "stage": "2"}])},
        {"number": "T0", **said(school, school_id=str(school.district_id))},
    ]

    answer = await office.post("/v1/teachers:batch", json={"items": items})

    assert answer.status_code == 207
    body = answer.json()
    assert (body["created"], body["updated"], body["refused"]) == (1, 0, 3)
    assert [(one["number"], one["status"]) for one in body["items"]] == [
        ("T3", 201),
        ("T1", 412),
        ("T2", 422),
        ("T0", 422),
    ]
    assert body["items"][2]["problem"]["errors"][0]["pointer"] == "/teaches/0/subject"
    again = await office.post("/v1/teachers:batch", json={"items": items[:1]})
    assert (again.json()["updated"], again.json()["items"][0]["version"]) == (1, 1)


async def test_an_atomic_batch_is_done_whole_or_not_at_all(make, office):
    school = await make.school()
    good = [{"number": f"T{number}", **said(school)} for number in range(3)]
    bad = [*good, {"number": "T9", "version": 7, **said(school)}]
    wrong = [*good, {"number": "T9", **said(school, teaches=[{"subject": "99", "stage": "2"}])}]
    path = "/v1/teachers:batch?atomic=true"

    outdated = await office.post(path, json={"items": bad})
    unlisted = await office.post(path, json={"items": wrong})
    nobody = (await office.get("/v1/teachers")).json()["items"]
    done = await office.post(path, json={"items": good})

    assert (outdated.status_code, outdated.json()["errors"][0]["pointer"]) == (412, "/items/3")
    assert unlisted.json()["errors"][0]["pointer"] == "/items/3/teaches/0/subject"
    assert nobody == []
    assert (done.status_code, done.json()["created"]) == (200, 3)


async def test_a_batch_names_everybody_once(make, office):
    item = {"number": "T1", **said(await make.school())}

    refused = await office.post("/v1/teachers:batch", json={"items": [item, item]})

    assert refused.json()["errors"][0]["code"] == "duplicate"


async def test_a_batch_seen_twice_is_done_once(make, office):
    items = {"items": [{"number": "T1", **said(await make.school())}]}
    key = {"Idempotency-Key": "night-1"}

    first = await office.post("/v1/teachers:batch", json=items, headers=key)
    second = await office.post("/v1/teachers:batch", json=items, headers=key)

    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"


async def test_two_systems_enter_the_same_number_and_one_wins(make, office):
    school = await make.school()
    path = "/v1/teachers/by-number/T0100"

    answers = await asyncio.gather(
        *(office.put(path, json=said(school), headers={"If-Match": '"0"'}) for _ in range(4))
    )

    statuses = [answer.status_code for answer in answers]
    assert statuses.count(201) == 1
    assert set(statuses) <= {201, 409, 412}
    assert len((await office.get("/v1/teachers")).json()["items"]) == 1


async def test_two_batches_at_the_same_moment_lose_nothing(make, office):
    school = await make.school()
    shared = {"number": "T5", **said(school)}
    batches = [
        [{"number": f"{batch}{number}", **said(school)} for number in range(3)] + [shared]
        for batch in "AZ"
    ]

    answers = await asyncio.gather(
        *(office.post("/v1/teachers:batch", json={"items": items}) for items in batches)
    )

    statuses = sorted(answer.json()["items"][3]["status"] for answer in answers)
    assert statuses in ([200, 201], [201, 409])
    assert all(answer.json()["created"] >= 3 for answer in answers)
    listed = (await office.get("/v1/teachers")).json()["items"]
    assert len(listed) == 7
    assert all(len(one["teaches"]) == 1 and one["home_school"] for one in listed)


# Moving and leaving


async def test_the_district_moves_a_teacher_on_a_day(make, office, as_):
    river, hill = await make.school(), await make.school()
    teacher = await make.teacher(school=river)
    path = f"/v1/teachers/{teacher.id}:transfer"
    body = {"school_id": str(hill.id), "on": "2027-02-22", "note": "交流"}

    moved = await office.post(path, json=body, headers={"If-Match": '"1"'})
    twice = await office.post(path, json=body, headers={"If-Match": "*"})

    assert moved.status_code == 200
    assert (twice.status_code, twice.json()["code"]) == (409, "employed-there")
    listed = f"/v1/teachers/{teacher.id}"
    for school in (river, hill):
        client = as_(Role.SCHOOL_ADMIN, school=school)
        assert (await client.get(listed)).status_code == 200
    with clock.freeze(datetime(2027, 2, 22, 1, tzinfo=UTC)):
        assert (await as_(Role.SCHOOL_ADMIN, school=river).get(listed)).status_code == 404
        at_hill = await as_(Role.SCHOOL_ADMIN, school=hill).get(listed)
        assert at_hill.json()["home_school"]["id"] == str(hill.id)


async def test_a_school_moves_nobody_into_another(make, as_):
    river, hill = await make.school(), await make.school()
    teacher = await make.teacher(school=river)
    client = as_(Role.SCHOOL_ADMIN, school=river)

    refused = await client.post(
        f"/v1/teachers/{teacher.id}:transfer",
        json={"school_id": str(hill.id), "on": "2027-02-22"},
        headers={"If-Match": "*"},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "related-not-found")


async def test_somebody_who_left_is_seen_by_the_district_only(make, as_, office, db):
    school = await make.school()
    teacher = await make.teacher(school=school)
    client = as_(Role.SCHOOL_ADMIN, school=school)

    left = await client.post(
        f"/v1/teachers/{teacher.id}:leave",
        json={"on": "2026-10-01", "reason": "retired"},
        headers={"If-Match": '"1"'},
    )

    assert left.status_code == 200
    assert left.json()["home_school"] is None
    assert left.json()["employments"][0]["leaving_reason_label"] == "退休"
    assert (await client.get(f"/v1/teachers/{teacher.id}")).status_code == 404
    assert (await office.get(f"/v1/teachers/{teacher.id}")).status_code == 200
    assert await changes_of(db, teacher.id) == ["teacher.left"]


async def test_nobody_leaves_before_coming(make, office):
    teacher = await make.teacher(school=await make.school())

    refused = await office.post(
        f"/v1/teachers/{teacher.id}:leave",
        json={"on": "2020-09-01", "reason": "other"},
        headers={"If-Match": "*"},
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "not-employed")


async def test_a_teacher_of_another_district_is_not_there(make, office):
    elsewhere = make.at(await make.at(None).district())
    stranger = await elsewhere.teacher(school=await elsewhere.school())

    assert (await office.get(f"/v1/teachers/{stranger.id}")).status_code == 404
    assert (await office.get("/v1/teachers")).json()["items"] == []
