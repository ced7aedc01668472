"""Covers: who can, who is asked, who is first, and what else may become of a lesson."""

import asyncio
from collections import Counter
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import func, select

from service.kit import clock
from service.kit.auth import Role
from service.timetable import jobs
from service.timetable.tables import Occupancy
from tests.crowd import insisting
from tests.timetable.absences import ANY, away, covers_of, lesson_on, read, step

RIVALS = 50


@pytest.fixture
def office(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


@pytest.fixture
def herself(as_, town):
    return as_(Role.TEACHER, teacher=town.teacher, school=town.home)


@pytest.fixture
def as_teacher(as_, town):
    return lambda teacher: as_(Role.TEACHER, teacher=teacher, school=town.home)


@pytest.fixture
async def needed(make, town, herself, office):
    """A lesson on Tuesday morning that nobody teaches yet."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await away(herself, office, town.teacher)
    return (await covers_of(office))[0]


@pytest.fixture
def busy(database, district):
    """How many times of a teacher are taken."""

    async def count(teacher, kind="lesson"):
        statement = select(func.count()).select_from(Occupancy)
        statement = statement.filter_by(resource_id=teacher.id, kind=kind)
        async with database.read(district.id) as db:
            return (await (await db.connection()).execute(statement)).scalar_one()

    return count


def candidates(client, cover, **params):
    return client.get(f"/v1/covers/{cover['id']}/candidates", params=params)


async def test_those_who_can_are_ranked_and_the_rest_is_counted(make, town, office, needed):
    best = await make.teacher(school=town.home, name="甲")
    far = await make.teacher(school=town.host, name="乙")
    other_subject = await make.teacher(school=town.home, name="丙", subjects=(("13", "2"),))
    taken = await make.teacher(school=town.home, name="丁")
    other_class = await make.class_section(campus=town.home_campus)
    await make.slot(teacher=taken, classes=[other_class], weekday=2, period=1)
    stuck = await make.teacher(school=town.host, name="戊")
    await make.slot(teacher=stuck, classes=[town.host_class], weekday=2, period=2)
    await make.teacher(school=await make.school(), name="外人")

    answer = (await candidates(office, needed)).json()

    assert [one["teacher"]["name"] for one in answer["items"]] == ["甲", "乙"]
    first = answer["items"][0]
    assert first["teacher"]["id"] == str(best.id)
    assert first["score"] == sum(first["criteria"].values())
    assert {one["reason"]: one["count"] for one in answer["others"]} == {
        "not-qualified": 1,
        "teacher-busy": 1,
        "travel": 1,
    }
    assert far.id
    everybody = (await candidates(office, needed, anybody="true")).json()
    assert str(other_subject.id) in {one["teacher"]["id"] for one in everybody["items"]}


async def test_a_colleague_on_leave_cannot(make, town, office, needed, as_teacher):
    ill = await make.teacher(school=town.home)
    await away(as_teacher(ill), office, ill)

    listed = (await candidates(office, needed)).json()
    refused = await step(office, f"covers/{needed['id']}:assign", teacher_id=str(ill.id))

    assert listed["items"] == []
    assert {one["reason"]: one["count"] for one in listed["others"]} == {"leave": 1}
    assert (refused.status_code, refused.json()["conflicts"][0]["kind"]) == (409, "leave")


async def test_the_absent_one_cannot(town, office, needed):
    body = {"teacher_ids": [str(town.teacher.id)]}

    assigned = await step(office, f"covers/{needed['id']}:assign", teacher_id=str(town.teacher.id))
    offered = await step(office, f"covers/{needed['id']}:offer", **body)

    assert (assigned.status_code, assigned.json()["code"]) == (409, "absent-teacher")
    assert (offered.status_code, offered.json()["code"]) == (409, "absent-teacher")


async def test_who_accepts_teaches(make, town, office, needed, as_teacher, busy):
    standin = await make.teacher(school=town.home, name="甲")
    offered = await office.post(f"/v1/covers/{needed['id']}:offer", json={}, headers=ANY)
    assert offered.status_code == 200, offered.text
    (offer,) = offered.json()["items"]
    client = as_teacher(standin)
    assert [one["id"] for one in (await read(client, "cover-offers"))["items"]] == [offer["id"]]

    answer = await step(client, f"cover-offers/{offer['id']}:accept")

    assert (answer.status_code, answer.json()["state"]) == (200, "accepted"), answer.text
    covered = await read(office, f"covers/{needed['id']}")
    assert (covered["state"], covered["substitute"]["name"]) == ("covered", "甲")
    lesson = await lesson_on(client, standin, "2026-09-08")
    assert (lesson["id"], lesson["change"]) == (needed["lesson_id"], "covered")
    assert lesson["teacher"]["name"] == "甲"
    assert lesson["original"]["teacher"]["name"] == "演示音乐教师"
    assert await busy(standin) == 1
    again = await step(client, f"cover-offers/{offer['id']}:accept")
    # Whoever has the lesson is not told that somebody else has it.
    assert (again.status_code, again.json()["code"]) == (409, "cover-offer-closed")
    more = await office.post(f"/v1/covers/{needed['id']}:offer", json={}, headers=ANY)
    assert more.json()["code"] in {"cover-over", "no-standin"}


async def test_of_fifty_who_accept_one_is_first(make, town, office, needed, as_teacher, busy):
    standins = [await make.teacher(school=town.home) for _ in range(RIVALS)]
    body = {"teacher_ids": [str(one.id) for one in standins]}
    offered = (await step(office, f"covers/{needed['id']}:offer", **body)).json()["items"]
    assert len(offered) == RIVALS
    offer_of = {one["teacher"]["id"]: one["id"] for one in offered}

    async def accept(one):
        path = f"cover-offers/{offer_of[str(one.id)]}:accept"
        return await insisting(lambda: step(as_teacher(one), path))

    answers = await asyncio.gather(*(accept(one) for one in standins))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RIVALS - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "already-taken"
    }
    assert sum([await busy(one) for one in standins]) == 1
    offers = (await read(office, f"cover-offers?limit=200&cover_id={needed['id']}"))["items"]
    assert Counter(one["state"] for one in offers) == {"accepted": 1, "closed": RIVALS - 1}


async def test_one_substitute_is_not_booked_for_two_lessons_at_once(
    make, town, office, as_teacher, needed, busy
):
    """External and internal cover share one occupancy."""
    other = await make.teacher(school=town.host)
    await make.slot(teacher=other, classes=[town.host_class], weekday=2, period=1)
    await away(as_teacher(other), office, other)
    both = await covers_of(office, state="open")
    standin = await make.teacher(school=town.home)

    answers = await asyncio.gather(
        *(step(office, f"covers/{one['id']}:assign", teacher_id=str(standin.id)) for one in both)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert await busy(standin) == 1


async def test_a_series_is_checked_at_every_occurrence(
    make, town, office, as_teacher, herself, busy
):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    long = {"starts_at": "2026-09-01T00:00:00+08:00", "ends_at": "2026-10-01T00:00:00+08:00"}
    await away(herself, office, town.teacher, **long)
    standin = await make.teacher(school=town.home)
    other_class = await make.class_section(campus=town.home_campus)
    await make.slot(teacher=standin, classes=[other_class], weekday=2, period=1, weeks=(3,))

    needed = await covers_of(office, state="open")
    answers = [
        await step(office, f"covers/{one['id']}:assign", teacher_id=str(standin.id))
        for one in needed
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 409, 200, 200]


async def test_a_lesson_may_begin_when_the_one_before_ends(make, town, office, herself):
    touching = {1: (time(8, 30), time(9, 10)), 2: (time(9, 10), time(9, 50))}
    campus = await make.campus(school=town.home)
    await make.bell_times(campus=campus, periods=touching)
    classes = [await make.class_section(campus=campus) for _ in range(2)]
    standin = await make.teacher(school=town.home)
    await make.slot(teacher=town.teacher, classes=[classes[0]], weekday=2, period=1)
    await make.slot(teacher=standin, classes=[classes[1]], weekday=2, period=2)
    await away(herself, office, town.teacher)
    (needed,) = await covers_of(office)

    answer = await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))

    assert answer.status_code == 200, answer.text


async def test_the_best_is_chosen_when_nobody_is_named(make, town, office, needed, busy):
    await make.teacher(school=town.host, name="乙")
    best = await make.teacher(school=town.home, name="甲")

    answer = await office.post(f"/v1/covers/{needed['id']}:assign", json={}, headers=ANY)

    assert answer.json()["substitute"]["id"] == str(best.id)
    assert await busy(best) == 1


async def test_who_is_named_is_asked_however_many_are_better(make, town, office, needed):
    for _ in range(61):
        await make.teacher(school=town.home)
    named = await make.teacher(school=town.host, subjects=(("13", "2"),))

    answer = await step(office, f"covers/{needed['id']}:offer", teacher_ids=[str(named.id)] * 2)

    assert answer.status_code == 200, answer.text
    assert [one["teacher"]["id"] for one in answer.json()["items"]] == [str(named.id)]


async def test_where_nobody_can_it_says_so(town, office, needed):
    assigned = await office.post(f"/v1/covers/{needed['id']}:assign", json={}, headers=ANY)
    offered = await office.post(f"/v1/covers/{needed['id']}:offer", json={}, headers=ANY)

    assert (assigned.status_code, assigned.json()["code"]) == (409, "no-standin")
    assert (offered.status_code, offered.json()["code"]) == (409, "no-standin")


async def test_a_stranger_to_the_group_is_not_assigned(make, office, needed):
    stranger = await make.teacher(school=await make.school())

    answer = await step(office, f"covers/{needed['id']}:assign", teacher_id=str(stranger.id))

    assert (answer.status_code, answer.json()["code"]) == (422, "related-not-found")


async def test_a_released_cover_frees_the_substitute(make, town, office, needed, busy):
    far = await make.teacher(school=town.host)
    await make.slot(teacher=far, classes=[town.host_class], weekday=2, period=6)
    path = f"covers/{needed['id']}"
    assert (await step(office, f"{path}:assign", teacher_id=str(far.id))).status_code == 200
    assert await busy(far, "travel") == 1

    answer = await step(office, f"{path}:release")

    assert (answer.json()["state"], answer.json()["substitute"]) == ("open", None)
    assert await busy(far, "travel") == 0
    lesson = await read(office, f"lessons/{needed['lesson_id']}")
    assert (lesson["change"], lesson["teacher"]["name"]) == ("needs-cover", "演示音乐教师")
    again = await step(office, f"{path}:release")
    assert (again.status_code, again.json()["code"]) == (409, "cover-over")
    assert (await step(office, f"{path}:assign", teacher_id=str(far.id))).status_code == 200


async def test_self_study_and_merging_are_outcomes(make, town, office, needed):
    path = f"covers/{needed['id']}"
    quiet = await office.post(f"/v1/{path}:settle", json={}, headers=ANY)
    assert (quiet.status_code, quiet.json()["state"]) == (200, "self_study")
    assert (await read(office, f"lessons/{needed['lesson_id']}"))["change"] == "self-study"
    await step(office, f"{path}:release")
    beside = await make.teacher(school=town.home)
    other_class = await make.class_section(campus=town.home_campus)
    await make.slot(teacher=beside, classes=[other_class], weekday=2, period=1)
    there = await lesson_on(office, beside, "2026-09-08")
    next_week = await lesson_on(office, beside, "2026-09-15")

    impossible = await step(office, f"{path}:settle", with_lesson_id=next_week["id"])
    joined = await step(office, f"{path}:settle", with_lesson_id=there["id"])

    assert (impossible.status_code, impossible.json()["code"]) == (409, "cannot-merge")
    assert (joined.json()["state"], joined.json()["merged_with_id"]) == ("merged", there["id"])


async def test_a_declined_offer_says_why_and_can_be_made_again(
    make, town, office, needed, as_teacher
):
    standin = await make.teacher(school=town.home)
    path = f"/v1/covers/{needed['id']}:offer"
    (offer,) = (await office.post(path, json={}, headers=ANY)).json()["items"]
    assert (await office.post(path, json={}, headers=ANY)).json()["items"] == []
    client = as_teacher(standin)

    answer = await step(client, f"cover-offers/{offer['id']}:decline", reason="有教研活动")

    assert (answer.json()["state"], answer.json()["decline_reason"]) == ("declined", "有教研活动")
    closed = await step(client, f"cover-offers/{offer['id']}:accept")
    assert (closed.status_code, closed.json()["code"]) == (409, "cover-offer-closed")
    assert len((await office.post(path, json={}, headers=ANY)).json()["items"]) == 1


async def test_an_offer_expires(make, town, office, needed, as_teacher):
    standin = await make.teacher(school=town.home)
    until = clock.now() + timedelta(hours=1)
    body = {"expires_at": until.isoformat()}
    (offer,) = (await step(office, f"covers/{needed['id']}:offer", **body)).json()["items"]

    with clock.freeze(until):
        late = await step(as_teacher(standin), f"cover-offers/{offer['id']}:accept")
        seen = await read(office, f"cover-offers/{offer['id']}")

    assert (late.status_code, late.json()["code"]) == (409, "cover-offer-expired")
    assert seen["expired"]


async def test_only_the_one_who_was_asked_answers(make, town, office, needed, as_teacher):
    await make.teacher(school=town.home)
    (offer,) = (await office.post(f"/v1/covers/{needed['id']}:offer", json={}, headers=ANY)).json()[
        "items"
    ]
    other = await make.teacher(school=town.home)

    assert (await step(office, f"cover-offers/{offer['id']}:accept")).status_code == 403
    assert (await step(as_teacher(other), f"cover-offers/{offer['id']}:accept")).status_code == 404


async def test_what_is_over_or_cancelled_needs_no_cover(make, town, office, needed, as_):
    standin = await make.teacher(school=town.home)
    path = f"covers/{needed['id']}:assign"

    with clock.freeze(datetime.fromisoformat("2026-09-08T08:30:00+08:00")):
        late = await step(office, path, teacher_id=str(standin.id))
    await step(office, f"lessons/{needed['lesson_id']}:cancel", reason="运动会")
    cancelled = await step(office, path, teacher_id=str(standin.id))

    assert (late.status_code, late.json()["code"]) == (409, "lesson-over")
    assert (cancelled.status_code, cancelled.json()["code"]) == (409, "cover-over")
    assert (await read(office, f"covers/{needed['id']}"))["state"] == "lapsed"


async def test_a_cancelled_lesson_frees_its_substitute(make, town, office, needed, busy):
    standin = await make.teacher(school=town.home)
    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))

    await step(office, f"lessons/{needed['lesson_id']}:cancel", reason="运动会")

    assert await busy(standin) == 0
    assert (await read(office, f"covers/{needed['id']}"))["state"] == "lapsed"


async def test_a_moved_lesson_has_its_teacher_back(make, town, office, needed):
    answer = await step(
        office,
        f"lessons/{needed['lesson_id']}:move",
        on_date="2026-09-10",
        period=2,
        reason="请假调课",
    )

    assert answer.status_code == 200, answer.text
    assert (await read(office, f"covers/{needed['id']}"))["state"] == "lapsed"


async def test_a_substitute_stays_when_the_lesson_moves_and_comes_back(
    make, town, office, needed, busy
):
    standin = await make.teacher(school=town.home)
    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))
    path = f"lessons/{needed['lesson_id']}:move"

    there = await step(office, path, on_date="2026-09-10", period=2, reason="调课")
    back = await step(office, path, on_date="2026-09-08", period=1, reason="调课")

    assert (there.json()["change"], back.json()["change"]) == ("moved", "covered")
    assert back.json()["teacher"]["id"] == str(standin.id)
    assert await busy(standin) == 1
    assert (await read(office, f"covers/{needed['id']}"))["state"] == "covered"


async def test_a_substitute_who_falls_ill_is_covered_too(
    make, town, office, needed, as_teacher, busy
):
    first, second = [await make.teacher(school=town.home) for _ in range(2)]
    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(first.id))

    leave = await away(as_teacher(first), office, first)
    (open_,) = await covers_of(office, state="open")
    assert (open_["lesson_id"], open_["absent"]["id"]) == (needed["lesson_id"], str(first.id))
    await step(as_teacher(first), f"leaves/{leave['id']}:withdraw")

    lesson = await read(office, f"lessons/{needed['lesson_id']}")
    assert (lesson["teacher"]["id"], lesson["change"]) == (str(first.id), "covered")
    assert (await busy(first), await busy(second)) == (1, 0)


async def test_a_lesson_without_cover_by_its_deadline_is_a_task_of_the_group(
    database, district, make, town, office, needed
):
    payload = {"cover_id": needed["id"]}
    await cover_due(database, district, payload)
    assert (await read(office, "tasks"))["items"] == []

    with clock.freeze(datetime.fromisoformat("2026-09-08T06:30:00+08:00")):
        await cover_due(database, district, payload)
        await cover_due(database, district, payload)
        (task,) = (await read(office, "tasks"))["items"]
        assert (await read(office, f"covers/{needed['id']}"))["overdue"]
        standin = await make.teacher(school=town.home)
        await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))

    assert task["kind"] == "lesson-uncovered"
    assert task["subject_id"] == needed["lesson_id"]
    assert task["owner_id"] == str(town.group.id)
    assert (await read(office, f"tasks/{task['id']}"))["state"] == "done"


async def cover_due(database, district, payload):
    await jobs.cover_due(database, district.id, payload)


async def test_a_leave_at_the_last_moment_is_a_task_at_once(make, town, herself, office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)

    with clock.freeze(datetime.fromisoformat("2026-09-08T07:30:00+08:00")):
        await away(herself, office, town.teacher)
        tasks = (await read(office, "tasks"))["items"]

    assert [one["kind"] for one in tasks] == ["lesson-uncovered"]


async def test_a_school_outside_every_group_has_the_task_itself(make, town, as_):
    school = await make.school()
    campus = await make.campus(school=school)
    await make.bell_times(campus=campus)
    teacher = await make.teacher(school=school)
    await make.slot(
        teacher=teacher, classes=[await make.class_section(campus=campus)], weekday=2, period=1
    )
    principal = as_(Role.SCHOOL_ADMIN, school=school)

    with clock.freeze(datetime.fromisoformat("2026-09-08T07:30:00+08:00")):
        await away(as_(Role.TEACHER, teacher=teacher, school=school), principal, teacher)
        (task,) = (await read(principal, "tasks"))["items"]

    assert (task["owner_kind"], task["owner_id"]) == ("school", str(school.id))


async def test_the_absent_teachers_school_sees_and_others_do_not(make, town, needed, as_, herself):
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())

    assert (await stranger.get(f"/v1/covers/{needed['id']}")).status_code == 404
    assert (await herself.get(f"/v1/covers/{needed['id']}")).status_code == 200
    assert (await herself.get(f"/v1/covers/{needed['id']}/candidates")).status_code == 403
    auditor = as_(Role.AUDITOR)
    assert (await step(auditor, f"covers/{needed['id']}:release")).status_code == 403
    assert (await covers_of(auditor, lesson_id=needed["lesson_id"])) != []
    assert await covers_of(auditor, campus_id=str(town.host_campus.id)) == []
    assert await covers_of(auditor, leave_id=needed["id"]) == []
