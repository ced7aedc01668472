"""A mentor who leaves is never silently gone: somebody's office has a task."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role, system
from service.kit.db import days
from service.mentoring.rules import PairingState
from service.network.tables import SchoolIdentifier
from service.staff.bulk import upsert_teachers
from service.staff.rules import Qualified
from service.staff.schemas import TeacherRow
from tests.timetable.absences import away, step

ANY = {"If-Match": "*"}


@pytest.fixture(autouse=True)
def _autumn(application):
    """The application is what wires those who listen."""
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def schools(make):
    return await make.school(), await make.school(urban_rural_code="220")


@pytest.fixture
async def mentor(make, schools):
    return await make.teacher(school=schools[0], name="李老师", number="T1")


@pytest.fixture
async def pairing(make, mentor, schools):
    mentee = await make.teacher(school=schools[1], name="小王")
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")


@pytest.fixture
def tasks(office):
    """What waits, or has waited, in the district."""

    async def listed(state="open"):
        answer = await office.get("/v1/tasks", params={"state": state})
        return [(one["kind"], one["due_on"]) for one in answer.json()["items"]]

    return listed


async def test_a_mentor_on_leave_for_the_term_is_a_task_until_it_is_taken_back(
    make, office, as_, mentor, pairing, tasks
):
    await make.school_term()
    asker = as_(Role.TEACHER, teacher=mentor)
    long = {"starts_at": "2026-10-19T00:00:00+08:00", "ends_at": "2027-01-16T00:00:00+08:00"}
    short = {"starts_at": "2026-10-13T00:00:00+08:00", "ends_at": "2026-10-15T00:00:00+08:00"}

    await away(asker, office, mentor, **short)
    few = await tasks()
    leave = await away(asker, office, mentor, **long)
    waiting = await tasks()
    await step(office, f"leaves/{leave['id']}:withdraw")

    assert few == []
    assert waiting == [("mentor-on-leave", "2026-10-19")]
    assert await tasks() == []


async def test_a_leave_of_a_term_to_come_is_a_task_at_once(
    make, office, as_, mentor, pairing, schools, tasks
):
    """Nobody asks again when the term begins; what begins after the pair's end is no concern."""
    await make.school_term()
    await make.spring_term(first_day=date(2027, 2, 22), last_day=date(2027, 7, 9))
    brief = await make.teacher(school=schools[0])
    autumn = days(date(2026, 9, 1), date(2027, 2, 1))
    await make.pairing(
        mentor=brief,
        mentee=await make.teacher(school=schools[1]),
        valid=autumn,
        role="cross_school",
    )
    spring = {"starts_at": "2027-02-22T00:00:00+08:00", "ends_at": "2027-07-10T00:00:00+08:00"}

    await away(as_(Role.TEACHER, teacher=brief), office, brief, **spring)
    none = await tasks()
    leave = await away(as_(Role.TEACHER, teacher=mentor), office, mentor, **spring)
    waiting = await tasks()
    await step(office, f"leaves/{leave['id']}:withdraw")

    assert none == []
    assert waiting == [("mentor-on-leave", "2027-02-22")]
    assert await tasks() == []


async def leave(office, teacher, on, reason="retired"):
    answer = await office.post(
        f"/v1/teachers/{teacher.id}:leave", json={"on": on, "reason": reason}, headers=ANY
    )
    assert answer.status_code == 200


async def test_the_mentees_school_sees_that_the_mentor_leaves(
    office, as_, mentor, pairing, schools
):
    await leave(office, mentor, "2027-02-01")

    at_mentor, at_mentee = [
        await as_(Role.SCHOOL_ADMIN, school=school).get("/v1/tasks") for school in schools
    ]
    assert at_mentor.json()["items"] == []
    (task,) = at_mentee.json()["items"]
    assert (task["subject_collection"], task["subject_id"]) == ("pairings", str(pairing.id))
    assert task["due_on"] == "2027-02-01"
    assert "李老师" in task["title"]
    assert "小王" in task["title"]


async def test_a_move_to_another_school_is_a_leaving(make, office, mentor, pairing, tasks):
    await office.post(
        f"/v1/teachers/{mentor.id}:transfer",
        json={"school_id": str((await make.school()).id), "on": "2027-02-22"},
        headers=ANY,
    )

    assert await tasks() == [("mentor-leaves", "2027-02-22")]


async def test_a_retirement_before_the_end_is_one_too(office, mentor, pairing, tasks):
    path = f"/v1/teachers/{mentor.id}"

    await office.patch(path, json={"expected_retirement_on": "2027-08-01"}, headers=ANY)
    none = await tasks()
    await office.patch(path, json={"expected_retirement_on": "2027-05-01"}, headers=ANY)

    assert none == []
    assert await tasks() == [("mentor-leaves", "2027-05-01")]


async def test_a_mentee_who_leaves_is_a_task_as_well(make, office, mentor, schools, tasks):
    mentee = await make.teacher(school=schools[1])
    await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.PROPOSED)

    await leave(office, mentee, "2027-02-01", "resigned")

    assert await tasks() == [("mentee-leaves", "2027-02-01")]


async def test_another_day_moves_the_task_and_no_leaving_closes_it(
    office, mentor, pairing, tasks, schools
):
    await leave(office, mentor, "2027-02-01")
    await leave(office, mentor, "2027-03-01")
    moved = await tasks()
    stays = {
        "name": "李老师",
        "school_id": str(schools[0].id),
        "employed_from": "2020-09-01",
        "teaches": [{"subject": "24", "stage": "2"}],
    }
    back = await office.put("/v1/teachers/by-number/T1", json=stays, headers=ANY)
    none = await tasks()
    await leave(office, mentor, "2027-03-01")

    assert back.status_code == 200
    assert none == []
    assert moved == await tasks() == [("mentor-leaves", "2027-03-01")]
    assert sorted(await tasks("done")) == [
        ("mentor-leaves", "2027-02-01"),
        ("mentor-leaves", "2027-03-01"),
    ]


async def test_an_end_in_time_closes_the_task(office, mentor, pairing, tasks):
    await leave(office, mentor, "2027-02-01")

    await office.patch(
        f"/v1/pairings/{pairing.id}", json={"valid_until": "2027-02-01"}, headers=ANY
    )

    assert await tasks() == []


async def test_a_replaced_mentor_closes_the_task(office, mentor, pairing, tasks):
    await leave(office, mentor, "2027-02-01")

    await office.post(f"/v1/pairings/{pairing.id}:end", json={"reason": "replaced"}, headers=ANY)

    assert await tasks() == []
    assert await tasks("done") == [("mentor-leaves", "2027-02-01")]


async def test_what_somebody_decided_is_not_asked_again(office, mentor, pairing, tasks):
    await leave(office, mentor, "2027-02-01")
    (task,) = (await office.get("/v1/tasks")).json()["items"]
    await office.post(f"/v1/tasks/{task['id']}:close", json={"reason": "继续结对"}, headers=ANY)

    await office.patch(
        f"/v1/teachers/{mentor.id}", json={"expected_retirement_on": "2040-01-01"}, headers=ANY
    )

    assert await tasks() == []


async def test_a_refused_change_leaves_no_task(office, mentor, pairing, tasks):
    await office.post(
        f"/v1/teachers/{mentor.id}:leave?validate_only=true",
        json={"on": "2027-02-01", "reason": "other"},
        headers=ANY,
    )

    assert await tasks() == []


@pytest.fixture
def load(database, district):
    """Bring a row of a workbook in."""

    async def loaded(one):
        async with database.write(district.id) as session:
            await upsert_teachers(session, [one], by=system(district.id))

    return loaded


async def test_a_workbook_that_takes_a_mentor_away_opens_it_too(db, load, pairing, schools, tasks):
    statement = select(SchoolIdentifier.code).where(
        col(SchoolIdentifier.school_id) == schools[0].id
    )
    code = (await db.exec(statement)).one()
    row = TeacherRow(
        number="T1",
        name="李老师",
        school_code=code,
        employed_from=date(2020, 9, 1),
        employed_until=date(2027, 2, 1),
        teaches=(Qualified("24", "2"),),
    )

    await load(row)
    opened = await tasks()
    await load(row)
    await load(replace(row, employed_until=None))

    assert opened == [("mentor-leaves", "2027-02-01")]
    assert await tasks() == []


async def test_whose_mentee_has_left_already_is_the_districts_task(make, office, mentor, schools):
    gone = await make.teacher(school=schools[1], employed=days(date(2020, 9, 1), date(2026, 8, 1)))
    await make.pairing(mentor=mentor, mentee=gone)

    await leave(office, mentor, "2027-02-01")

    found = (await office.get("/v1/tasks")).json()["items"]
    assert {one["owner_kind"] for one in found} == {"district"}
    assert {one["kind"] for one in found} == {"mentor-leaves", "mentee-leaves"}
