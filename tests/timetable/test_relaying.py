"""The calendar moves, and the lessons move with it: none is lost, none invented."""

import asyncio
from datetime import date, time

import pytest
from sqlmodel import col, select

from service.kit.auth import Role
from service.kit.changes import Change
from service.network.tables import Task
from service.timetable.tables import Lesson, Occupancy
from tests.timetable.absences import away, covers_of, lesson_on, read, step

TUESDAY, THURSDAY, SATURDAY = "2026-09-08", "2026-09-10", "2026-09-12"


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def slot(make, town):
    """Music at home, on Tuesdays in the first period."""
    return await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)


@pytest.fixture
def lessons(database, district):
    """All lessons, in order of their days."""

    async def read():
        async with database.read(district.id) as db:
            rows = await db.exec(select(Lesson).order_by(col(Lesson.on_date), col(Lesson.id)))
            return {row.on_date.isoformat(): row for row in rows.all()}

    return read


@pytest.fixture
def taken(database, district):
    """How many stretches of time a teacher, class or room has given away."""

    async def read(resource):
        async with database.read(district.id) as db:
            rows = await db.exec(select(Occupancy).where(Occupancy.resource_id == resource.id))
            return sum(len(row.during) for row in rows.all() if row.kind == "lesson")

    return read


def off(reason="防汛停课"):
    return {"kind": "off", "reason": reason}


def taught(**follows):
    return {"kind": "teach", "reason": "调休上课", **follows}


async def decide(client, scope, on, body):
    kind = "school" if hasattr(scope, "short_name") else "district"
    return await client.put(
        f"/v1/calendar-days/{kind}/{scope.id}/{on}", json=body, headers={"If-Match": "*"}
    )


async def test_a_day_off_cancels_its_lessons_and_frees_their_time(
    office, district, town, slot, lessons, taken
):
    before, time_before = await lessons(), await taken(town.teacher)

    decided = await decide(office, district, TUESDAY, off())

    after = await lessons()
    assert decided.status_code == 201, decided.text
    gone = after.pop(TUESDAY)
    assert (gone.status, gone.change, gone.version) == ("cancelled", "calendar", 2)
    assert {row.id: row.version for row in after.values()} == {
        row.id: row.version for day, row in before.items() if day != TUESDAY
    }
    assert await taken(town.teacher) == time_before - 1
    assert await taken(town.home_class) == time_before - 1


async def test_a_day_that_comes_back_brings_the_same_lesson_back(
    office, district, town, slot, lessons, taken
):
    before, time_before = await lessons(), await taken(town.teacher)
    await decide(office, district, TUESDAY, off())

    undone = await office.delete(
        f"/v1/calendar-days/district/{district.id}/{TUESDAY}", headers={"If-Match": "*"}
    )

    back = (await lessons())[TUESDAY]
    assert undone.status_code == 204
    assert (back.id, back.status, back.change) == (before[TUESDAY].id, "scheduled", None)
    assert await taken(town.teacher) == time_before


async def test_a_make_up_day_gets_the_lessons_of_its_weekday(
    office, district, town, slot, lessons, taken
):
    time_before = await taken(town.teacher)

    await decide(office, district, SATURDAY, taught(follows_weekday=2, follows_parity="even"))

    made_up = (await lessons())[SATURDAY]
    assert (made_up.status, made_up.period, made_up.version) == ("scheduled", 1, 1)
    assert made_up.starts_at.isoformat() == "2026-09-12T00:30:00+00:00"
    assert await taken(town.home_class) == time_before + 1


async def test_the_decision_of_one_school_moves_only_its_own_lessons(
    make, office, town, slot, lessons
):
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=4, period=5)

    await decide(office, town.host, TUESDAY, off())
    await decide(office, town.host, THURSDAY, off())

    after = await lessons()
    assert (after[TUESDAY].status, after[THURSDAY].status) == ("scheduled", "cancelled")


async def test_a_preview_tells_and_changes_nothing(office, district, town, slot, lessons):
    before = await lessons()

    told = await office.post(
        f"/v1/calendar-days/district/{district.id}/{TUESDAY}:preview",
        json=off(),
        headers={"If-Match": "*"},
    )

    assert told.status_code == 200, told.text
    assert told.json() == {
        "lessons_laid": 0,
        "lessons_moved": 0,
        "lessons_cancelled": 1,
        "tasks_opened": 0,
        "hits": [],
        "teacher_count": 1,
        "teachers": [
            {
                "teacher_id": str(town.teacher.id),
                "teacher_name": town.teacher.name,
                "laid": 0,
                "moved": 0,
                "cancelled": 1,
            }
        ],
    }
    assert {row.id: row.version for row in (await lessons()).values()} == {
        row.id: row.version for row in before.values()
    }
    place = f"/v1/calendar-days/district/{district.id}/{TUESDAY}"
    assert (await office.get(place)).status_code == 404


async def test_two_schools_that_follow_different_weekdays_cannot_share_a_teacher_at_once(
    make, office, town
):
    """Home follows Tuesday on the Saturday, the host follows Thursday: both in the first period."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=4, period=1)
    first = await decide(office, town.home, SATURDAY, taught(follows_weekday=2))

    second = await decide(office, town.host, SATURDAY, taught(follows_weekday=4))

    assert first.status_code == 201
    assert (second.status_code, second.json()["code"]) == (409, "schedule-conflict")
    found = {one["kind"] for one in second.json()["conflicts"]}
    assert "teacher-busy" in found
    place = f"/v1/calendar-days/school/{town.host.id}/{SATURDAY}"
    assert (await office.get(place)).status_code == 404


async def test_a_way_that_no_longer_fits_refuses_the_day(make, office, town):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=4, period=2)
    await decide(office, town.home, SATURDAY, taught(follows_weekday=2))

    refused = await decide(office, town.host, SATURDAY, taught(follows_weekday=4))

    assert refused.status_code == 409
    assert {one["kind"] for one in refused.json()["conflicts"]} == {"travel"}


async def test_new_bells_move_lessons_and_keep_their_ids(make, office, town, slot, lessons):
    before = await lessons()
    found = await office.get(f"/v1/campuses/{town.home_campus.id}/bell-schedules")
    schedule = found.json()["items"][0]
    periods = [
        {**one, "starts": "08:00:00", "ends": "08:40:00"} if one["number"] == 1 else one
        for one in schedule["periods"]
    ]

    put = await office.put(
        f"/v1/bell-schedules/{schedule['id']}",
        json={
            "name": schedule["name"],
            "valid_from": schedule["valid_from"],
            "valid_until": schedule["valid_until"],
            "periods": periods,
        },
        headers={"If-Match": "*"},
    )

    assert put.status_code == 200, put.text
    after = await lessons()
    assert [row.id for row in after.values()] == [row.id for row in before.values()]
    assert {row.starts_at.time() for row in after.values()} == {time(0, 0)}
    assert {(row.change, row.version) for row in after.values()} == {("calendar", 2)}


async def test_bells_without_a_period_in_which_lessons_stand_are_refused(office, town, slot):
    found = await office.get(f"/v1/campuses/{town.home_campus.id}/bell-schedules")
    schedule = found.json()["items"][0]

    put = await office.put(
        f"/v1/bell-schedules/{schedule['id']}",
        json={
            "name": schedule["name"],
            "valid_from": schedule["valid_from"],
            "valid_until": schedule["valid_until"],
            "periods": [one for one in schedule["periods"] if one["number"] != 1],
        },
        headers={"If-Match": "*"},
    )

    assert (put.status_code, put.json()["code"]) == (409, "lessons-are-laid")


async def test_a_lesson_moved_onto_a_day_off_becomes_a_task(
    office, district, town, slot, lessons, database
):
    lesson = (await lessons())[TUESDAY]
    moved = await office.post(
        f"/v1/lessons/{lesson.id}:move",
        json={"on_date": THURSDAY, "period": 3, "reason": "与数学课调换"},
        headers={"If-Match": "*"},
    )
    assert moved.status_code == 200, moved.text

    await decide(office, district, THURSDAY, off())

    gone = (await lessons())[THURSDAY]
    assert (gone.id, gone.status, gone.change) == (lesson.id, "cancelled", "calendar")
    async with database.read(district.id) as db:
        tasks = (await db.exec(select(Task))).all()
    assert [(task.kind, task.owner_id) for task in tasks] == [("lesson-lost-its-day", town.home.id)]


async def test_a_lesson_moved_away_does_not_mind_that_its_day_is_lost(
    office, district, slot, lessons
):
    lesson = (await lessons())[TUESDAY]
    await office.post(
        f"/v1/lessons/{lesson.id}:move",
        json={"on_date": THURSDAY, "period": 3, "reason": "与数学课调换"},
        headers={"If-Match": "*"},
    )

    await decide(office, district, TUESDAY, off())

    kept = (await lessons())[THURSDAY]
    assert (kept.status, kept.change, kept.version) == ("scheduled", "moved", 2)


async def test_what_a_person_cancelled_stays_cancelled(office, district, slot, lessons):
    lesson = (await lessons())[TUESDAY]
    await office.post(
        f"/v1/lessons/{lesson.id}:cancel", json={"reason": "运动会"}, headers={"If-Match": "*"}
    )
    await decide(office, district, TUESDAY, off())

    await office.delete(
        f"/v1/calendar-days/district/{district.id}/{TUESDAY}", headers={"If-Match": "*"}
    )

    after = (await lessons())[TUESDAY]
    assert (after.status, after.change) == ("cancelled", "cancelled")


async def test_a_shorter_term_withdraws_what_lies_behind_it(office, town, slot, lessons):
    term = (await office.get(f"/v1/terms/{town.term.id}")).json()

    shortened = await office.patch(
        f"/v1/terms/{term['id']}", json={"until": "2026-12-31"}, headers={"If-Match": "*"}
    )

    assert shortened.status_code == 200, shortened.text
    for day, row in (await lessons()).items():
        expected = "scheduled" if date.fromisoformat(day) < date(2026, 12, 31) else "cancelled"
        assert row.status == expected, day


async def test_publishing_and_a_changing_calendar_never_miss_each_other(
    make, office, as_, district, town, lessons
):
    draft = await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
    )
    publish = office.post(f"/v1/assignments/{draft.id}:publish", headers={"If-Match": "*"})

    published, decided = await asyncio.gather(
        publish, decide(office, district, TUESDAY, off()), return_exceptions=False
    )

    assert (published.status_code, decided.status_code) == (200, 201)
    on_the_day = (await lessons()).get(TUESDAY)
    assert on_the_day is None or on_the_day.status == "cancelled"


async def test_a_make_up_day_comes_to_a_teacher_on_leave_as_a_lesson_that_needs_cover(
    as_, office, district, town, slot
):
    """Nobody has to come back from leave because a Saturday is taught."""
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    during = {"starts_at": "2026-09-11T00:00:00+08:00", "ends_at": "2026-09-14T00:00:00+08:00"}
    leave = await away(herself, office, town.teacher, **during)
    assert await covers_of(office) == []

    decided = await decide(office, district, SATURDAY, taught(follows_weekday=2))

    assert decided.status_code == 201, decided.text
    (needed,) = await covers_of(office)
    assert (needed["on_date"], needed["state"]) == (SATURDAY, "open")
    lesson = await lesson_on(office, town.teacher, SATURDAY)
    assert (lesson["status"], lesson["change"]) == ("scheduled", "needs-cover")
    withdrawn = await step(office, f"leaves/{leave['id']}:withdraw")
    assert withdrawn.status_code == 200, withdrawn.text
    assert (await lesson_on(office, town.teacher, SATURDAY))["change"] is None


@pytest.fixture
def told(database, district):
    """What readers of the feed heard of one kind of event."""

    async def read_(event):
        async with database.read(district.id) as db:
            return (await db.exec(select(Change).where(col(Change.event) == event))).all()

    return read_


@pytest.mark.usefixtures("slot")
async def test_whoever_stood_in_hears_that_the_day_is_off(make, as_, office, district, town, told):
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    await away(herself, office, town.teacher)
    (needed,) = await covers_of(office)
    standin = await make.teacher(school=town.home)
    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))

    await decide(office, district, TUESDAY, off())

    (change,) = await told("cover.lapsed")
    assert str(change.resource_id) == needed["id"]
    assert standin.id in change.reach
    lapsed = await read(office, f"covers/{needed['id']}")
    assert (lapsed["state"], lapsed["version"]) == ("lapsed", change.version)


async def test_a_preview_says_whose_covers_and_swaps_are_hit(make, as_, office, district, town):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    colleague = await make.teacher(school=town.home, name="演示语文教师")
    await make.slot(teacher=colleague, classes=[town.home_class], weekday=2, period=3)
    await make.slot(teacher=colleague, classes=[town.home_class], weekday=4, period=3)
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    morning = {"starts_at": "2026-09-08T08:00:00+08:00", "ends_at": "2026-09-08T10:00:00+08:00"}
    await away(herself, office, town.teacher, **morning)
    other = await make.teacher(school=town.home, name="演示英语教师")
    await make.slot(teacher=other, classes=[town.home_class], weekday=5, period=2)
    pair = [
        (await lesson_on(office, colleague, TUESDAY))["id"],
        (await lesson_on(office, other, "2026-09-11"))["id"],
    ]
    swap = await office.post("/v1/swaps", json={"lesson_ids": pair, "reason": "外出培训"})
    assert swap.status_code == 201, swap.text

    path = f"calendar-days/district/{district.id}/{TUESDAY}:preview"
    impact = (await step(office, path, **off())).json()

    assert [(one["kind"], one["teacher_name"]) for one in impact["hits"]] == [
        ("needs-cover", "演示音乐教师"),
        ("in-swap", "演示语文教师"),
    ]
    assert impact["lessons_cancelled"] == 2
    assert (await read(office, f"swaps/{swap.json()['id']}"))["state"] == "proposed"


@pytest.mark.usefixtures("slot")
async def test_bells_and_terms_are_previewed_and_nothing_is_kept(office, town, lessons):
    before = {row.id: (row.version, row.starts_at) for row in (await lessons()).values()}
    listed = await read(office, f"campuses/{town.home_campus.id}/bell-schedules")
    (bells,) = listed["items"]
    later = [
        {**one, "starts": "08:35:00", "ends": "09:15:00"} if one["number"] == 1 else one
        for one in bells["periods"]
    ]
    body = {"name": bells["name"], "valid_from": bells["valid_from"], "valid_until": None}

    rung = await step(office, f"bell-schedules/{bells['id']}:preview", **body, periods=later)
    new = {"campus_id": str(town.home_campus.id), "stage": "3", "name": "初中作息"}
    other = await office.post(
        "/v1/bell-schedules:preview", json={**new, "valid_from": "2026-08-31", "periods": later}
    )
    shorter = await step(office, f"terms/{town.term.id}:preview", until="2026-12-31")

    assert rung.json()["lessons_moved"] == len(before)
    assert other.json()["lessons_moved"] == 0
    assert shorter.json()["lessons_cancelled"] == 2
    assert {row.id: (row.version, row.starts_at) for row in (await lessons()).values()} == before


async def test_odd_weeks_go_on_counting_across_a_holiday(make, office, district, town, lessons):
    """A week without school is a week all the same."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, parity="odd")
    odd = set(await lessons())
    week_off = [f"2026-10-{day:02}" for day in range(12, 17)]
    for day in week_off:
        assert (await decide(office, district, day, off("秋假"))).status_code == 201

    after = await lessons()

    assert {day for day, row in after.items() if row.status == "scheduled"} == odd - set(week_off)
    assert {row.week % 2 for row in after.values()} == {1}
    assert "2026-10-13" in odd
    assert "2026-10-20" not in after
    assert after["2026-10-27"].week == 9


async def test_a_make_up_day_with_the_other_parity_gets_the_lessons_of_that_parity(
    make, office, district, town, lessons
):
    """The Saturday lies in an even week and is announced as a Tuesday of odd weeks."""
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, parity="odd")
    even = await make.teacher(school=town.home)
    await make.slot(teacher=even, classes=[town.host_class], weekday=2, period=3, parity="even")

    decided = await decide(
        office, district, SATURDAY, taught(follows_weekday=2, follows_parity="odd")
    )

    assert decided.status_code == 201, decided.text
    made_up = (await lessons())[SATURDAY]
    assert (made_up.original_teacher_id, made_up.week) == (town.teacher.id, 2)
