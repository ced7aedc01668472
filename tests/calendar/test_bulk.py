"""Terms, bells and dates from a workbook: in sets, by business codes, and twice is once."""

from datetime import date, time
from typing import Any

import pytest
from sqlmodel import col, select

from service.calendar.bulk import upsert_bells, upsert_calendar_days, upsert_terms
from service.calendar.problems import TermUnfit
from service.calendar.rules import DayKind, DayScope, PeriodTimes, WeekParity
from service.calendar.schemas import BellRow, DayRow, TermRow
from service.kit.auth import system
from service.kit.changes import Change
from service.kit.db import Outcome, days
from service.kit.problems import RelatedNotFound
from service.network.tables import SchoolIdentifier
from tests.calendar.conftest import day_of

pytestmark = pytest.mark.usefixtures("nobody_watches")

AUTUMN = TermRow("2026-2027", 1, days(date(2026, 8, 31), date(2027, 1, 23)), date(2026, 8, 31))
SPRING = TermRow("2026-2027", 2, days(date(2027, 2, 22), date(2027, 7, 10)), date(2027, 2, 22))


@pytest.fixture
def by(district):
    return system(district.id)


@pytest.fixture
def upsert(database, district, by):
    """An import of its own: what it wrote is kept."""

    async def done(write: Any, rows: list[Any]) -> Outcome:
        async with database.write(district.id) as db:
            outcome: Outcome = await write(db, rows, by=by)
            return outcome

    return done


async def events(database, district) -> list[str]:
    async with database.read(district.id) as db:
        statement = select(Change.event).order_by(col(Change.seq))
        return list((await db.exec(statement)).all())


def moved(term: TermRow, starts: date, until: date, week_one: date | None = None) -> TermRow:
    return TermRow(term.school_year, term.number, days(starts, until), week_one or term.week_one)


# Terms


async def test_terms_open_their_year_and_twice_is_once(upsert, database, district, office):
    assert await upsert(upsert_terms, [AUTUMN, SPRING]) == Outcome(2, 0, 0)
    told = await events(database, district)
    assert sorted(told) == ["school_year.imported", "term.imported", "term.imported"]

    assert await upsert(upsert_terms, [AUTUMN, SPRING]) == Outcome(0, 0, 2)

    assert await events(database, district) == told
    (year,) = (await office.get("/v1/school-years")).json()["items"]
    assert (year["label"], year["valid_from"]) == ("2026-2027", "2026-08-01")


async def test_a_term_that_ends_earlier_makes_room_for_a_new_one(upsert, office):
    await upsert(upsert_terms, [AUTUMN])
    shorter = moved(AUTUMN, date(2026, 8, 31), date(2027, 1, 16))
    earlier = moved(SPRING, date(2027, 1, 18), date(2027, 6, 26), date(2027, 1, 18))

    assert await upsert(upsert_terms, [shorter, earlier]) == Outcome(1, 1, 0)

    terms = (await office.get("/v1/terms")).json()["items"]
    assert [(one["starts"], one["until"], one["version"]) for one in terms] == [
        ("2026-08-31", "2027-01-16", 2),
        ("2027-01-18", "2027-06-26", 1),
    ]


@pytest.mark.parametrize(
    ("row", "pointers"),
    [
        (moved(SPRING, date(2027, 2, 22), date(2027, 10, 1)), ["/1/until", "/1/starts"]),
        (moved(SPRING, date(2027, 2, 22), date(2027, 7, 10), date(2027, 2, 23)), ["/1/week_one"]),
        (moved(SPRING, date(2027, 9, 1), date(2027, 9, 30), date(2027, 8, 30)), ["/1/starts"]),
    ],
)
async def test_a_row_that_is_no_term_is_named(upsert, row, pointers):
    with pytest.raises(TermUnfit) as refused:
        await upsert(upsert_terms, [AUTUMN, row])

    assert set(pointers) <= {error.pointer for error in refused.value.errors}


async def test_nothing_is_nothing(upsert, database, district):
    for write in (upsert_terms, upsert_bells, upsert_calendar_days):
        assert await upsert(write, []) == Outcome()
    assert await events(database, district) == []


# Bells


def rows(campus, *periods, name="冬季作息", valid=None, stage="2"):
    span = valid or days(date(2026, 10, 8), None)
    return [BellRow(campus.code, stage, name, span, period) for period in periods]


FIRST = PeriodTimes(1, time(8, 30), time(9, 10), "第一节")
SECOND = PeriodTimes(2, time(9, 20), time(10, 0), "第二节")
SUMMER = days(date(2026, 8, 31), date(2026, 10, 8))


async def test_bells_come_period_by_period_and_twice_is_once(
    upsert, make, database, district, office
):
    here = [await make.campus(school=await make.school()) for _ in range(2)]
    given = [
        row
        for campus in here
        for row in (*rows(campus, SECOND, FIRST), *rows(campus, FIRST, valid=SUMMER, name="夏季"))
    ]

    assert await upsert(upsert_bells, given) == Outcome(4, 0, 0)
    told = await events(database, district)
    assert told == ["bell_schedule.imported"] * 4
    assert await upsert(upsert_bells, given[::-1]) == Outcome(0, 0, 4)
    assert await events(database, district) == told

    listed = (await office.get(f"/v1/campuses/{here[0].id}/bell-schedules")).json()["items"]
    assert [(one["name"], [p["number"] for p in one["periods"]]) for one in listed] == [
        ("夏季", [1]),
        ("冬季作息", [1, 2]),
    ]


async def test_bells_change_by_campus_stage_and_first_day(upsert, make, office):
    campus = await make.campus(school=await make.school())
    await upsert(
        upsert_bells, [*rows(campus, FIRST, SECOND), *rows(campus, FIRST, valid=SUMMER, name="夏")]
    )
    later = PeriodTimes(2, time(9, 30), time(10, 10), "第二节")

    for given, outcome, versions in (
        (rows(campus, FIRST, later), Outcome(0, 1, 0), [1, 2]),
        (rows(campus, FIRST, later, name="冬"), Outcome(0, 1, 0), [1, 3]),
        (rows(campus, FIRST, name="冬天"), Outcome(0, 1, 0), [1, 4]),
        (rows(campus, FIRST, valid=SUMMER, name="夏"), Outcome(0, 0, 1), [1, 4]),
    ):
        assert await upsert(upsert_bells, given) == outcome
        listed = (await office.get(f"/v1/campuses/{campus.id}/bell-schedules")).json()["items"]
        assert [one["version"] for one in listed] == versions
    winter = (await office.get(f"/v1/campuses/{campus.id}/bell-schedules")).json()["items"][1]
    assert [one["number"] for one in winter["periods"]] == [1]


async def test_a_season_that_ends_earlier_makes_room_for_the_next(upsert, make, office):
    campus = await make.campus(school=await make.school())
    always = days(date(2026, 8, 31), None)
    await upsert(upsert_bells, rows(campus, FIRST, valid=always, name="全年"))

    done = await upsert(
        upsert_bells,
        [*rows(campus, FIRST, SECOND), *rows(campus, FIRST, valid=SUMMER, name="全年")],
    )

    assert done == Outcome(1, 1, 0)


async def test_bells_of_a_campus_that_is_not_there_are_named(upsert, make):
    campus = await make.campus(school=await make.school())
    stranger = type("Campus", (), {"code": "C-unknown"})

    with pytest.raises(RelatedNotFound) as refused:
        await upsert(upsert_bells, [*rows(campus, FIRST), *rows(stranger, FIRST)])

    assert [error.pointer for error in refused.value.errors] == ["/1/campus"]


# Dates


async def identifier_of(database, district, school):
    async with database.read(district.id) as db:
        statement = select(SchoolIdentifier.code).where(
            col(SchoolIdentifier.school_id) == school.id
        )
        return (await db.exec(statement)).one()


def day(on: date, kind=DayKind.OFF, *, scope=DayScope.DISTRICT, unit=None, **more):
    return DayRow(scope, unit, on, kind, **more)


async def test_dates_of_three_scopes_and_twice_is_once(upsert, make, database, district, office):
    school = await make.school()
    group = await make.group(lead=school)
    campus = await make.campus(school=school)
    await upsert(upsert_terms, [AUTUMN])
    code = await identifier_of(database, district, school)
    given = [
        day(date(2026, 11, 20), reason="放假"),
        day(date(2026, 11, 19), DayKind.EXAM, scope=DayScope.GROUP, unit=group.name),
        day(
            date(2026, 11, 21),
            DayKind.TEACH,
            scope=DayScope.SCHOOL,
            unit=code,
            follows_weekday=4,
            follows_parity=WeekParity.ODD,
        ),
    ]

    assert await upsert(upsert_calendar_days, given) == Outcome(3, 0, 0)
    told = await events(database, district)
    assert await upsert(upsert_calendar_days, given) == Outcome(0, 0, 3)
    assert await events(database, district) == told

    assert (await day_of(office, campus, "2026-11-19"))["why_not"] == "exam"
    assert (await day_of(office, campus, "2026-11-20"))["reason"] == "放假"
    assert (await day_of(office, campus, "2026-11-21"))["label"] == "按周四(单周)课表"


async def test_what_a_file_decides_is_not_the_notices_any_more(upsert, office, make):
    await make.day_decided(on_date=date(2026, 9, 20), source="national", reason="国庆节调休")
    said = day(date(2026, 9, 20), DayKind.TEACH, follows_weekday=2, reason="国庆节调休")

    assert await upsert(upsert_calendar_days, [said]) == Outcome(0, 1, 0)

    (found,) = (await office.get("/v1/calendar-days")).json()["items"]
    assert (found["source"], found["follows_weekday"], found["version"]) == ("import", 2, 2)


@pytest.mark.parametrize("scope", [DayScope.GROUP, DayScope.SCHOOL])
@pytest.mark.parametrize("unit", ["没有的单位", None])
async def test_a_unit_that_is_not_there_is_named(upsert, scope, unit):
    stranger = day(date(2026, 10, 2), scope=scope, unit=unit)

    with pytest.raises(RelatedNotFound) as refused:
        await upsert(upsert_calendar_days, [day(date(2026, 10, 1)), stranger])

    assert [error.pointer for error in refused.value.errors] == ["/1/unit"]


async def test_a_year_whose_days_off_are_listed_counts_as_announced(upsert, office):
    off = [day(date(2026, 10, number)) for number in range(1, 12)]
    new_year = day(date(2027, 1, 1))

    await upsert(upsert_calendar_days, [*off, new_year])
    await upsert(upsert_calendar_days, [*off, new_year])

    listed = (await office.get("/v1/calendar-notices")).json()["items"]
    assert [one["year"] for one in listed] == [2026]
