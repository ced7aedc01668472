"""Leaves: who asks, who decides, and what happens to the lessons."""

from datetime import datetime

import pytest
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role
from service.timetable.tables import Occupancy
from tests.timetable.absences import (
    ANY,
    TUESDAY,
    WHOLE_WEEK,
    ask,
    asked,
    away,
    covers_of,
    lesson_on,
    read,
    step,
)


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
def principal(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.home)


@pytest.fixture
def herself(as_, town):
    return as_(Role.TEACHER, teacher=town.teacher, school=town.home)


@pytest.fixture
def times(database, district):
    """What takes a teacher's time, as the database has it."""

    async def of(teacher):
        async with database.read(district.id) as db:
            statement = select(Occupancy.kind).where(col(Occupancy.resource_id) == teacher.id)
            return sorted((await db.exec(statement)).all())

    return of


async def test_a_leave_says_how_the_school_answers_it(town, herself):
    one = await asked(herself, town.teacher)
    four = await asked(
        herself,
        town.teacher,
        starts_at="2026-09-14T08:00:00+08:00",
        ends_at="2026-09-17T18:00:00+08:00",
    )
    long = await asked(
        herself,
        town.teacher,
        starts_at="2026-10-12T00:00:00+08:00",
        ends_at="2026-10-19T00:00:00+08:00",
    )

    assert (one["days"], one["measure"], one["state"]) == (1, "swap", "requested")
    assert (four["days"], four["measure"]) == (4, "temporary")
    assert (long["days"], long["measure"], long["measure_label"]) == (7, "fixed", "固定代课")


async def test_a_school_sets_its_own_thresholds_from_a_day_on(town, herself, principal):
    policy = {"school_id": str(town.home.id), "valid_from": "2026-09-01", "swap_days": 3}
    first = await principal.post("/v1/duty-policies", json=policy)
    assert first.status_code == 201, first.text
    later = {**policy, "valid_from": "2026-10-01", "swap_days": 0, "temporary_days": 2}
    assert (await principal.post("/v1/duty-policies", json=later)).status_code == 201

    listed = (await principal.get("/v1/duty-policies")).json()["items"]
    assert [(one["valid_from"], one["valid_until"]) for one in listed] == [
        ("2026-10-01", None),
        ("2026-09-01", "2026-10-01"),
    ]
    again = await principal.post("/v1/duty-policies", json=later)
    assert (again.status_code, again.json()["code"]) == (409, "duty-policy-taken")
    reversed_ = await principal.post("/v1/duty-policies", json={**policy, "temporary_days": 2})
    assert reversed_.status_code == 422

    in_september = await asked(
        herself,
        town.teacher,
        starts_at="2026-09-08T00:00:00+08:00",
        ends_at="2026-09-11T00:00:00+08:00",
    )
    in_october = await asked(
        herself,
        town.teacher,
        starts_at="2026-10-13T00:00:00+08:00",
        ends_at="2026-10-16T00:00:00+08:00",
    )
    assert (in_september["measure"], in_october["measure"]) == ("swap", "fixed")


async def test_a_policy_is_decided_where_one_may(town, principal, as_):
    body = {"school_id": str(town.host.id), "valid_from": "2026-09-01"}
    group = as_(Role.GROUP_ADMIN, group=town.group)

    assert (await principal.post("/v1/duty-policies", json=body)).status_code == 422
    assert (await group.post("/v1/duty-policies", json=body)).status_code == 201
    auditor = as_(Role.AUDITOR)
    assert (await auditor.post("/v1/duty-policies", json=body)).status_code == 403
    (one,) = (await auditor.get("/v1/duty-policies")).json()["items"]
    assert await read(auditor, f"duty-policies/{one['id']}") == one


async def test_nobody_approves_their_own_request(town, principal, herself, office):
    by_office = await asked(principal, town.teacher)

    refused = await step(principal, f"leaves/{by_office['id']}:approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "own-request")
    assert (await step(herself, f"leaves/{by_office['id']}:approve")).status_code == 403
    assert (await step(office, f"leaves/{by_office['id']}:approve")).status_code == 200


async def test_a_principal_on_leave_does_not_decide_about_it(town, herself, as_):
    leave = await asked(herself, town.teacher)
    both = as_(Role.SCHOOL_ADMIN, school=town.home, teacher=town.teacher)

    refused = await step(both, f"leaves/{leave['id']}:refuse", reason="不同意")

    assert (refused.status_code, refused.json()["code"]) == (403, "own-request")


async def test_every_lesson_at_every_campus_needs_cover(make, town, herself, principal, times):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=6)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=3, period=1)

    leave = await away(herself, principal, town.teacher, **TUESDAY)

    needed = await covers_of(principal)
    assert [(one["campus"]["name"], one["state"]) for one in needed] == [
        ("城区小学本部", "open"),
        ("山区小学本部", "open"),
    ]
    assert {one["absent"]["name"] for one in needed} == {"演示音乐教师"}
    assert leave["decided_by"]
    lesson = await lesson_on(principal, town.teacher, "2026-09-08")
    assert (lesson["status"], lesson["change"], lesson["reason"]) == (
        "scheduled",
        "needs-cover",
        None,
    )
    wednesday = await lesson_on(principal, town.teacher, "2026-09-09")
    assert wednesday["change"] is None
    assert (await times(town.teacher)).count("leave") == 1


async def test_nobody_books_a_teacher_on_leave(make, town, herself, principal, office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=3, period=1)
    await away(herself, principal, town.teacher)
    lesson = await lesson_on(office, town.teacher, "2026-09-09")

    answer = await office.post(
        f"/v1/lessons/{lesson['id']}:move",
        json={"on_date": "2026-09-08", "period": 2, "reason": "调课"},
        headers=ANY,
    )

    assert answer.status_code == 409
    assert answer.json()["conflicts"][0]["kind"] == "leave"


async def test_a_withdrawn_leave_gives_the_lessons_back(make, town, herself, principal, times):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=6)
    before = await times(town.teacher)
    leave = await away(herself, principal, town.teacher, **WHOLE_WEEK)

    back = await step(herself, f"leaves/{leave['id']}:withdraw")

    assert back.status_code == 200, back.text
    assert {one["state"] for one in await covers_of(principal)} == {"lapsed"}
    lesson = await lesson_on(principal, town.teacher, "2026-09-08")
    assert lesson["change"] is None
    after = await times(town.teacher)
    assert "leave" not in after
    assert after.count("travel") == before.count("travel")
    again = await step(herself, f"leaves/{leave['id']}:withdraw")
    assert (again.status_code, again.json()["code"]) == (409, "leave-over")


async def test_a_refused_leave_changes_no_lesson(make, town, herself, principal):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    leave = await asked(herself, town.teacher)

    answer = await step(principal, f"leaves/{leave['id']}:refuse", reason="人手不足")

    assert (answer.json()["state"], answer.json()["decision_note"]) == ("refused", "人手不足")
    assert await covers_of(principal) == []
    assert (await read(herself, f"leaves/{leave['id']}"))["state"] == "refused"
    assert [one["id"] for one in (await read(herself, "leaves"))["items"]] == [leave["id"]]
    late = await step(principal, f"leaves/{leave['id']}:approve")
    assert (late.status_code, late.json()["code"]) == (409, "leave-over")


async def test_two_leaves_of_one_teacher_do_not_overlap(town, herself):
    await asked(herself, town.teacher)

    answer = await ask(herself, town.teacher, **WHOLE_WEEK)

    assert (answer.status_code, answer.json()["code"]) == (409, "leave-overlaps")


async def test_what_cannot_be_asked(make, town, herself, principal, as_):
    stranger = await make.teacher()
    past = {"starts_at": "2026-08-20T08:00:00+08:00", "ends_at": "2026-08-21T08:00:00+08:00"}
    backwards = {"starts_at": TUESDAY["ends_at"], "ends_at": TUESDAY["starts_at"]}
    endless = {"ends_at": "2028-09-08T00:00:00+08:00"}

    over = await ask(herself, town.teacher, **past)
    assert (over.status_code, over.json()["code"]) == (409, "leave-past")
    assert (await ask(herself, town.teacher, **backwards)).status_code == 422
    assert (await ask(herself, town.teacher, **endless)).status_code == 422
    assert (await ask(herself, stranger)).status_code == 422
    assert (await ask(as_(Role.DISTRICT_ADMIN), stranger)).status_code == 422
    assert (await ask(as_(Role.AUDITOR), town.teacher)).status_code == 403
    told = await herself.post(
        "/v1/leaves",
        json={"teacher_id": str(town.teacher.id), "kind": "sick", **TUESDAY, "reason": "肺炎"},
    )
    assert told.status_code == 422, "there is no place for an illness"


async def test_a_leave_that_is_over_is_decided_no_more(town, herself, principal):
    leave = await asked(herself, town.teacher)

    with clock.freeze(datetime.fromisoformat("2026-09-10T08:00:00+08:00")):
        approved = await step(principal, f"leaves/{leave['id']}:approve")
        withdrawn = await step(herself, f"leaves/{leave['id']}:withdraw")

    assert (approved.status_code, approved.json()["code"]) == (409, "leave-past")
    assert (withdrawn.status_code, withdrawn.json()["code"]) == (409, "leave-past")


async def test_strangers_see_no_leave(make, town, herself, as_):
    leave = await asked(herself, town.teacher)
    other = as_(Role.SCHOOL_ADMIN, school=await make.school())

    assert (await other.get(f"/v1/leaves/{leave['id']}")).status_code == 404
    assert (await step(other, f"leaves/{leave['id']}:approve")).status_code == 404
