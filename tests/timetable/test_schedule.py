"""A teacher's schedule as the phone asks for it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from service.kit.auth import Role
from service.timetable import queries

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def schedule(database, district, town):
    async def read(from_="2026-08-31", until="2026-09-07", teacher=None):
        async with database.read(district.id) as db:
            return await queries.schedule_of(
                db,
                teacher_id=(teacher or town.teacher).id,
                from_=date.fromisoformat(from_),
                until=date.fromisoformat(until),
            )

    return read


def clock_of(instant):
    return instant.astimezone(SHANGHAI).strftime("%H:%M")


async def test_a_day_says_where_to_be_and_when_to_leave(make, town, schedule):
    room = await make.room(campus=town.host_campus, name="音乐教室")
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(
        teacher=town.teacher, classes=[town.host_class], weekday=2, period=4, room_id=room.id
    )

    morning, later = await schedule()

    assert (morning.campus_name, morning.campus_gate) == ("城区小学本部", "北门")
    assert (morning.leave_by, morning.needed_minutes, morning.available_minutes) == (
        None,
        None,
        None,
    )
    assert (later.campus_gate, later.room_name, later.class_names) == (
        "东门",
        "音乐教室",
        ["三年级1班"],
    )
    assert clock_of(later.leave_by) == "10:10"
    assert later.from_campus_name == "城区小学本部"
    assert (later.needed_minutes, later.available_minutes) == (60, 120)
    assert later.way_estimated is False


async def test_an_estimated_way_says_so(make, town, schedule):
    near = await make.campus(school=town.home)
    await make.bell_times(campus=near)
    klass = await make.class_section(campus=near)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[klass], weekday=2, period=4)

    _, later = await schedule()

    assert later.way_estimated is True
    assert later.needed_minutes == 70


async def test_changes_keep_what_was_planned_and_a_cancelled_lesson_needs_no_way(
    make, town, schedule, as_
):
    office = as_(Role.DISTRICT_ADMIN)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)
    first, second = await schedule()
    await office.post(
        f"/v1/lessons/{first.id}:move",
        json={"on_date": "2026-09-03", "period": 2, "reason": "调课"},
        headers={"If-Match": "*"},
    )
    await office.post(
        f"/v1/lessons/{second.id}:cancel", json={"reason": "停课"}, headers={"If-Match": "*"}
    )

    cancelled, moved = await schedule()

    assert (cancelled.id, cancelled.status, cancelled.reason) == (second.id, "cancelled", "停课")
    assert cancelled.leave_by is None
    assert (moved.id, moved.change, moved.period, moved.planned_period) == (
        first.id,
        "moved",
        2,
        1,
    )
    assert clock_of(moved.original_starts_at) == "08:30"
    assert moved.version == 2


async def test_the_way_follows_when_the_lesson_before_it_goes(make, town, schedule, as_):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=7)
    _, second, third = await schedule()
    assert (second.needed_minutes, third.needed_minutes) == (60, 70)

    await as_(Role.DISTRICT_ADMIN).post(
        f"/v1/lessons/{second.id}:cancel", json={"reason": "停课"}, headers={"If-Match": "*"}
    )

    assert [one.leave_by for one in await schedule() if one.status == "scheduled"] == [None, None]


async def test_only_the_days_asked_for_are_told(make, town, schedule):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)

    assert [one.on_date for one in await schedule("2026-09-01", "2026-09-02")] == [date(2026, 9, 1)]
    assert await schedule("2026-09-02", "2026-09-08") == []
    assert len(await schedule("2026-01-01", "2027-12-31")) == 20
    assert await schedule(teacher=await make.teacher(school=town.home)) == []


async def test_a_schedule_is_one_statement(make, town, schedule, sessions):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    statements = []

    @event.listens_for(sessions.engine.sync_engine, "before_cursor_execute")
    def count(_connection, _cursor, statement, *_):
        statements.append(statement)

    try:
        await schedule()
    finally:
        event.remove(sessions.engine.sync_engine, "before_cursor_execute", count)

    assert len([one for one in statements if "lesson" in one]) == 1
