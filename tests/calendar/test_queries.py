"""What modules above read: calendars and bells of many campuses at once."""

from datetime import date, time

import pytest
from sqlalchemy import event

from service.calendar import queries
from service.calendar.rules import DayScope
from service.kit.db import days

TERM = {"from_": date(2026, 8, 31), "until": date(2027, 1, 16)}


@pytest.fixture
def count(database):
    """How many statements a read takes."""

    async def counted(read, **given):
        statements: list[str] = []

        def note(_connection, _cursor, statement, *_):
            statements.append(statement)

        engine = database.engine.sync_engine
        async with database.read(given.pop("district").id) as db:
            event.listen(engine, "before_cursor_execute", note)
            try:
                answer = await read(db, **given)
            finally:
                event.remove(engine, "before_cursor_execute", note)
        return answer, len(statements)

    return counted


@pytest.fixture
async def campuses(make):
    """Six campuses of a group's three schools."""
    schools = [await make.school() for _ in range(3)]
    await make.group(lead=schools[0], close=schools[1:])
    await make.school_term()
    return [await make.campus(school=school) for school in schools for _ in range(2)]


async def test_many_campuses_cost_what_one_costs(count, make, district, campuses):
    for campus in campuses:
        await make.bells(campus=campus)
    ids = [campus.id for campus in campuses]

    for read, span in (
        (queries.teaching_days_of, TERM),
        (queries.explained_days_of, TERM),
        (queries.bells_of, {}),
        (queries.taught_days_of, {}),
    ):
        one, few = await count(read, district=district, campus_ids=ids[:1], **span)
        all_, many = await count(read, district=district, campus_ids=ids, **span)
        assert few == many <= 4, read
        assert (len(one), len(all_)) == (1, 6)


async def test_campuses_decided_alike_share_a_calendar_and_others_do_not(
    count, make, district, campuses
):
    await make.day_decided(on_date=date(2026, 10, 1), kind="off")
    schools = [campus.school_id for campus in campuses]
    await make.day_decided(
        school=type("School", (), {"id": schools[0]}), on_date=date(2026, 10, 1), kind="teach"
    )

    answer, _ = await count(
        queries.explained_days_of,
        district=district,
        campus_ids=[one.id for one in campuses],
        **TERM,
    )

    calendars = [answer[campus.id] for campus in campuses]
    assert calendars[0] is calendars[1]
    assert calendars[2] is calendars[5]
    own = next(day for day in calendars[0] if day.on_date == date(2026, 10, 1))
    assert own.source is DayScope.SCHOOL
    assert own != next(day for day in calendars[2] if day.on_date == date(2026, 10, 1))


async def test_no_campus_no_calendar(count, district):
    for read, span in (
        (queries.teaching_days_of, TERM),
        (queries.bells_of, {}),
        (queries.taught_days_of, {}),
    ):
        assert (await count(read, district=district, campus_ids=[], **span))[0] == {}


async def test_bells_come_by_campus_and_stage_in_order_of_validity(count, make, district, campuses):
    campus = campuses[0]
    summer = days(date(2026, 8, 31), date(2026, 10, 8))
    winter = days(date(2026, 10, 8), None)
    await make.bells(campus=campus, valid=winter)
    await make.bells(campus=campus, valid=summer, name="夏季", periods=[(1, time(8), time(8, 40))])
    await make.bells(campus=campus, stage="3")

    answer, _ = await count(queries.bells_of, district=district, campus_ids=[campus.id])

    assert set(answer) == {(campus.id, "2"), (campus.id, "3")}
    first, second = answer[campus.id, "2"]
    assert (first.name, second.name) == ("夏季", "冬季作息")
    assert [period.number for period in second.periods] == [1, 2]
    assert first.rings_on(date(2026, 10, 7))
    assert not first.rings_on(date(2026, 10, 8))
    assert second.rings_on(date(2026, 10, 8))
    assert second.rings_on(date(2099, 1, 1))
