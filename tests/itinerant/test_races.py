"""However many ask at once, a teacher, a class and a room are in one place at a time."""

import asyncio
from collections import Counter

import pytest
from sqlalchemy import func, select

from service.itinerant.tables import Assignment
from service.kit.auth import Role
from service.timetable.tables import Lesson, Occupancy, WeeklySlot, WeeklySlotClass
from tests.crowd import insisting

RIVALS = 50


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
def rows(database, district):
    """Counts rows as the database has them."""

    async def count(table, **equal):
        statement = select(func.count()).select_from(table).filter_by(**equal)
        async with database.read(district.id) as db:
            return (await (await db.connection()).execute(statement)).scalar_one()

    return count


@pytest.fixture
async def a_draft(make, town):
    async def draft(**values):
        return await make.assignment(
            **{
                "teacher": town.teacher,
                "home": town.home,
                "campus": town.host_campus,
                "group": town.group,
                "term": town.term,
                "classes": [town.host_class],
                **values,
            }
        )

    return draft


async def publish(client, assignment):
    path = f"/v1/assignments/{assignment.id}:publish"
    return await insisting(lambda: client.post(path, headers={"If-Match": "*"}))


async def test_of_fifty_overlapping_publications_one_succeeds(make, office, town, a_draft, rows):
    classes = [await make.class_section(campus=town.host_campus) for _ in range(RIVALS)]
    drafts = [await a_draft(classes=[one]) for one in classes]

    answers = await asyncio.gather(*(publish(office, draft) for draft in drafts))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RIVALS - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "schedule-conflict"
    }
    assert await rows(WeeklySlot) == 1
    assert await rows(WeeklySlotClass) == 1
    assert await rows(Lesson) == 20
    assert await rows(Occupancy) == 2
    assert await rows(Assignment, state="published") == 1


async def test_of_fifty_teachers_who_want_one_class_one_gets_it(make, office, town, a_draft, rows):
    teachers = [await make.teacher(school=town.home) for _ in range(RIVALS)]
    drafts = [await a_draft(teacher=one) for one in teachers]

    answers = await asyncio.gather(*(publish(office, draft) for draft in drafts))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: RIVALS - 1}
    assert await rows(Lesson) == 20
    assert await rows(Occupancy) == 2


async def test_one_assignment_is_published_once_however_often_it_is_asked(office, a_draft, rows):
    draft = await a_draft()

    answers = await asyncio.gather(*(publish(office, draft) for _ in range(10)))

    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    assert await rows(Lesson) == 20


async def test_two_directions_meet_without_a_deadlock(make, office, town, a_draft, rows):
    """Two teachers and two classes, each pair wanted by both in opposite order."""
    other = await make.teacher(school=town.home)
    second = await make.class_section(campus=town.host_campus)
    crossing = [
        await a_draft(teacher=teacher, classes=classes, patterns=[{"weekday": day, "period": 5}])
        for day in (2, 3, 4)
        for teacher, classes in (
            (town.teacher, [town.host_class, second]),
            (other, [second, town.host_class]),
        )
    ]

    answers = await asyncio.gather(*(publish(office, draft) for draft in crossing))

    assert Counter(answer.status_code for answer in answers) == {200: 3, 409: 3}
    assert await rows(Occupancy) == 9


async def test_a_move_and_a_publication_cannot_both_have_the_hour(
    make, office, town, a_draft, rows
):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=4, period=6)
    found = await office.get("/v1/lessons", params={"teacher_id": str(town.teacher.id)})
    lesson = found.json()["items"][0]
    draft = await a_draft(patterns=[{"weekday": 2, "period": 5}])

    # Tuesday 1 September, period 5, is what both want of the teacher.
    moved, published = await asyncio.gather(
        office.post(
            f"/v1/lessons/{lesson['id']}:move",
            json={"on_date": "2026-09-01", "period": 5, "reason": "调课"},
            headers={"If-Match": "*"},
        ),
        publish(office, draft),
    )

    assert sorted([moved.status_code, published.status_code]) == [200, 409]
    assert await rows(Lesson) in {20, 40}


async def test_two_moves_of_one_lesson_are_one_move(make, office, town):
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    found = await office.get("/v1/lessons", params={"teacher_id": str(town.teacher.id)})
    lesson = found.json()["items"][0]

    answers = await asyncio.gather(
        *(
            office.post(
                f"/v1/lessons/{lesson['id']}:move",
                json={"on_date": "2026-09-03", "period": period, "reason": "调课"},
                headers={"If-Match": '"1"'},
            )
            for period in (1, 2, 3, 4)
        )
    )

    assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 3}


async def test_an_end_and_a_move_leave_no_time_behind(office, a_draft, rows):
    draft = await a_draft()
    await publish(office, draft)
    found = await office.get("/v1/lessons", params={"assignment_id": str(draft.id)})
    lesson = found.json()["items"][3]

    await asyncio.gather(
        office.post(
            f"/v1/lessons/{lesson['id']}:move",
            json={"on_date": "2026-09-25", "period": 7, "reason": "调课"},
            headers={"If-Match": "*"},
        ),
        office.post(
            f"/v1/assignments/{draft.id}:end",
            json={"from_date": "2026-08-31", "reason": "返岗"},
            headers={"If-Match": "*"},
        ),
    )

    assert await rows(Lesson, status="scheduled") == 0
    assert await rows(Occupancy) == 0
