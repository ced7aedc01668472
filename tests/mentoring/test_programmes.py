"""A school year's mentoring: drafted, opened, adjusted, closed; what it asks for counts."""

from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from service.calendar.tables import Term
from service.kit import clock
from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.db import days
from service.mentoring.queries.programme import plan_of, plans_of
from service.mentoring.rules.programme import MinimumPlan

ANY = {"If-Match": "*"}
SPRING = date(2027, 2, 22)


@pytest.fixture(autouse=True)
def _autumn():
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def year(make):
    return await make.school_year()


@pytest.fixture
async def schools(make):
    return await make.school(), await make.school(urban_rural_code="220")


@pytest.fixture
async def group(make, schools):
    return await make.group(lead=schools[0], close=[schools[1]])


def wanted(year, **more):
    return {"school_year_id": str(year.id), "name": "2026 学年双导师帮扶", **more}


async def begin(client, year, **more):
    answer = await client.post("/v1/mentoring-programmes", json=wanted(year, **more))
    assert answer.status_code == 201, answer.text
    return answer


async def events(db, programme_id):
    statement = (
        select(Change.event)
        .where(col(Change.resource_id) == programme_id)
        .order_by(col(Change.seq))
    )
    return list((await db.exec(statement)).all())


async def test_a_programme_from_draft_to_its_end(office, year, db):
    begun = await begin(office, year)
    path = f"/v1/mentoring-programmes/{begun.json()['id']}"

    opened = await office.post(f"{path}:open", headers={"If-Match": begun.headers["etag"]})
    again = await office.post(f"{path}:open", headers=ANY)
    renamed = await office.patch(path, json={"name": "双导师帮扶"}, headers=ANY)
    same = await office.patch(path, json={"name": "双导师帮扶"}, headers=ANY)
    closed = await office.post(f"{path}:close", headers=ANY)
    late = await office.patch(path, json={"name": "另一个"}, headers=ANY)

    assert begun.json()["state_label"] == "草稿"
    assert (opened.json()["state"], opened.json()["school_year"]) == ("open", "2026-2027")
    assert (again.status_code, again.json()["code"]) == (409, "mentoring-programme-state-unfit")
    assert renamed.headers["etag"] == same.headers["etag"]
    assert closed.json()["closed_at"] is not None
    assert late.status_code == 409
    assert await events(db, begun.json()["id"]) == [
        "mentoring-programme.drafted",
        "mentoring-programme.opened",
        "mentoring-programme.changed",
        "mentoring-programme.closed",
    ]


async def test_what_is_left_out_has_the_usual_numbers(office, year):
    (standard,) = (await begin(office, year)).json()["standards"]

    assert standard["plan"] == {
        "lesson_plans": 3,
        "observed_by_mentor": 8,
        "observed_of_mentor": 8,
    }
    assert standard["cohort"] == {"new_years": 3, "rural": True, "weak": True, "combine": "all"}
    assert [(one["code"], one["zh"], one["place"]) for one in standard["roles"]] == [
        ("in_school", "校内导师", "same_school"),
        ("cross_school", "集团/区级导师", "other_school"),
    ]
    assert (standard["valid_from"], standard["valid_until"]) == ("2026-08-01", "2027-08-01")


async def test_one_is_open_per_year_and_scope(office, year, group):
    first, second, own = [
        (await begin(office, year, group_id=scope)).json()["id"]
        for scope in (None, None, str(group.id))
    ]

    answers = [
        await office.post(f"/v1/mentoring-programmes/{one}:open", headers=ANY)
        for one in (first, second, own)
    ]

    assert [answer.status_code for answer in answers] == [200, 409, 200]
    assert answers[1].json()["code"] == "mentoring-programme-open-already"


@pytest.mark.parametrize(
    ("standard", "code", "pointer"),
    [
        (
            {
                "roles": [
                    {"code": "cross_school", "place": "other_school"},
                    {"code": "cross_school", "place": "anywhere"},
                ]
            },
            "mentoring-roles-unfit",
            "/roles/1/code",
        ),
        (
            {
                "roles": [
                    {"code": "cross_school", "place": "other_school"},
                    {"code": "in_school", "place": "anywhere"},
                ]
            },
            "mentoring-roles-unfit",
            "/roles/1/place",
        ),
        (
            {
                "roles": [
                    {"code": "in_school", "place": "same_school"},
                    {"code": "godfather", "place": "anywhere"},
                ]
            },
            "unknown-role",
            "/standard/roles/1/code",
        ),
        ({"roles": [{"code": "in_school", "place": "same_school"}]}, "validation-failed", None),
    ],
)
async def test_roles_that_cannot_be_filled_are_refused(office, year, standard, code, pointer):
    refused = await office.post("/v1/mentoring-programmes", json=wanted(year, standard=standard))

    assert (refused.status_code, refused.json()["code"]) == (422, code)
    if pointer:
        assert refused.json()["errors"][0]["pointer"] == pointer


async def test_a_year_that_is_not_there_is_named(office, year, schools):
    refused = await office.post(
        "/v1/mentoring-programmes",
        json={"school_year_id": str(schools[0].id), "name": "双导师帮扶"},
    )

    assert refused.json()["errors"][0]["pointer"] == "/school_year_id"


async def test_a_group_speaks_for_itself_only(as_, make, year, group):
    mine = as_(Role.GROUP_ADMIN, group=group)
    other = await make.group()

    own = await begin(mine, year, group_id=str(group.id))
    districts = await mine.post("/v1/mentoring-programmes", json=wanted(year))
    others = await mine.post("/v1/mentoring-programmes", json=wanted(year, group_id=str(other.id)))

    assert own.json()["group_name"] == group.name
    assert (districts.status_code, districts.json()["code"]) == (403, "forbidden")
    assert (others.status_code, others.json()["code"]) == (422, "related-not-found")


async def test_another_standard_holds_from_a_day_on(office, year, db):
    begun = (await begin(office, year)).json()
    path = f"/v1/mentoring-programmes/{begun['id']}"
    await office.post(f"{path}:open", headers=ANY)
    body = {"effective_from": str(SPRING), "standard": {"plan": {"lesson_plans": 5}}}

    adjusted = await office.put(f"{path}/standard", json=body, headers=ANY)
    same = await office.put(f"{path}/standard", json=body, headers=ANY)
    other = {"effective_from": str(SPRING), "standard": {"plan": {"lesson_plans": 4}}}
    replaced = await office.put(f"{path}/standard", json=other, headers=ANY)

    def shown(answer):
        return [
            (one["number"], one["valid_from"], one["valid_until"], one["plan"]["lesson_plans"])
            for one in answer.json()["standards"]
        ]

    assert shown(adjusted) == [
        (1, "2026-08-01", "2027-02-22", 3),
        (2, "2027-02-22", "2027-08-01", 5),
    ]
    assert same.headers["etag"] == adjusted.headers["etag"]
    assert shown(replaced) == [
        (1, "2026-08-01", "2027-02-22", 3),
        (3, "2027-02-22", "2027-08-01", 4),
    ]
    listed = (await office.get("/v1/mentoring-programmes")).json()["items"]
    assert [one["standards"] for one in listed] == [replaced.json()["standards"]]


@pytest.mark.parametrize(
    ("day", "status"), [("2026-10-11", 422), ("2026-10-12", 200), ("2027-08-01", 422)]
)
async def test_an_open_programme_changes_from_today_to_the_years_end(
    office, make, year, day, status
):
    programme = await make.programme(year=year)

    answer = await office.put(
        f"/v1/mentoring-programmes/{programme.id}/standard",
        json={"effective_from": day, "standard": {"plan": {"lesson_plans": 4}}},
        headers=ANY,
    )

    assert answer.status_code == status
    if status != 200:
        assert answer.json()["errors"][0]["pointer"] == "/effective_from"


async def test_a_teacher_is_decided_by_hand_and_left_to_the_criteria_again(
    office, make, year, group, schools
):
    programme = await make.programme(year=year, group=group)
    teacher = await make.teacher(school=schools[1])
    stranger = await make.teacher(school=await make.school())
    path = f"/v1/mentoring-programmes/{programme.id}/entries"
    body = {"kind": "added", "reason": "转岗任教 🎵 <script>"}

    decided = await office.put(f"{path}/{teacher.id}", json=body, headers={"If-Match": '"0"'})
    same = await office.put(f"{path}/{teacher.id}", json=body, headers={"If-Match": '"1"'})
    stale = await office.put(f"{path}/{teacher.id}", json=body, headers={"If-Match": '"0"'})
    changed = await office.put(
        f"{path}/{teacher.id}", json={"kind": "exempted"}, headers={"If-Match": '"1"'}
    )
    outside = await office.put(f"{path}/{stranger.id}", json=body, headers=ANY)
    nobody = await office.put(f"{path}/{group.id}", json=body, headers=ANY)
    listed = await office.get(path, params={"kind": "exempted"})
    undone = await office.delete(f"{path}/{teacher.id}", headers=ANY)
    again = await office.delete(f"{path}/{teacher.id}", headers=ANY)

    assert (decided.status_code, decided.json()["kind_label"]) == (200, "增补")
    assert decided.headers["etag"] == same.headers["etag"] == '"1"'
    assert stale.status_code == 412
    assert changed.json()["kind"] == "exempted"
    assert (outside.status_code, outside.json()["code"]) == (409, "teacher-out-of-scope")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "teacher-not-found")
    assert [one["teacher"]["id"] for one in listed.json()["items"]] == [str(teacher.id)]
    assert (undone.status_code, again.status_code) == (204, 404)
    assert (await office.get(path)).json()["items"] == []


async def test_the_minimum_plan_is_the_groups_own_then_the_districts_then_the_usual(
    make, db, year, group, schools
):
    elsewhere = await make.school()
    inside, outside = [await make.teacher(school=school) for school in (schools[1], elsewhere)]
    assert await plans_of(db, mentee_ids=[inside.id], day=SPRING) == {inside.id: MinimumPlan()}

    await make.programme(year=year, standard={"plan": {"lesson_plans": 4}})
    await make.programme(year=year, group=group, standard={"plan": {"lesson_plans": 6}})
    await make.programme(
        year=year, group=group, state="draft", standard={"plan": {"lesson_plans": 9}}
    )
    mentor = await make.teacher(school=schools[0])
    pairing = await make.pairing(mentor=mentor, mentee=inside, role="cross_school")
    term = Term(
        district_id=year.district_id,
        school_year_id=year.id,
        number=2,
        days=days(SPRING, date(2027, 7, 10)),
        week_one=SPRING,
    )

    plans = await plans_of(db, mentee_ids=[inside.id, outside.id], day=SPRING)

    assert {id_: plan.lesson_plans for id_, plan in plans.items()} == {inside.id: 6, outside.id: 4}
    assert (await plan_of(db, pairing=pairing, term=term)).lesson_plans == 6


async def test_a_programme_says_who_may_be_a_mentor(office, make, year, schools):
    await make.programme(
        year=year,
        standard={"mentors": {"capacity": 1, "honours": ["master"], "honour_and_years": True}},
    )
    seasoned = {"teaching_since": date(2000, 9, 1)}
    plain = await make.teacher(school=schools[0], **seasoned)
    leader = await make.teacher(
        school=schools[0], backbone_level="backbone", backbone_grantor="district", **seasoned
    )
    master = await make.teacher(
        school=schools[0], backbone_level="master", backbone_grantor="city", **seasoned
    )

    async def propose(mentor):
        mentee = await make.teacher(school=schools[1])
        return await office.post(
            "/v1/pairings",
            json={
                "mentor_id": str(mentor.id),
                "mentee_id": str(mentee.id),
                "role": "cross_school",
                "valid_from": "2026-09-01",
                "valid_until": "2027-07-10",
            },
        )

    answers = [await propose(mentor) for mentor in (plain, leader, master, master)]

    assert [answer.status_code for answer in answers] == [409, 409, 201, 409]
    assert answers[0].json()["errors"][0]["code"] == "not-experienced"
    assert (answers[3].json()["code"], answers[3].json()["capacity"]) == ("mentor-full", 1)


async def test_a_longer_pairing_stays_within_the_programmes_places(office, make, year, schools):
    await make.programme(year=year, standard={"mentors": {"capacity": 1}})
    mentor = await make.teacher(school=schools[0])
    spans = days(date(2026, 9, 1), date(2026, 12, 1)), days(date(2027, 1, 1), date(2027, 7, 10))
    first, _ = [
        await make.pairing(
            mentor=mentor,
            mentee=await make.teacher(school=schools[1], teaching_since=date(2026, 8, 1)),
            valid=one,
        )
        for one in spans
    ]
    path = f"/v1/pairings/{first.id}"

    longer = await office.patch(path, json={"valid_until": "2027-02-01"}, headers=ANY)
    within = await office.patch(path, json={"valid_until": "2027-01-01"}, headers=ANY)

    assert (longer.status_code, longer.json()["code"]) == (409, "mentor-full")
    assert longer.json()["capacity"] == 1
    assert within.status_code == 200
