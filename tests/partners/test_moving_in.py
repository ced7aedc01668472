"""A whole district moves in with one workbook, and comes again with the same one."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from service.itinerant.tables import Assignment
from service.kit import clock
from service.kit.audit import Audit
from service.kit.auth import system
from service.kit.changes import Change
from service.mentoring.tables import Pairing
from service.network.tables import Membership, School
from service.partners import bulk
from service.partners.loading import Refused, load_workbook
from service.staff.tables import Teacher
from service.timetable.tables import Lesson, Occupancy
from tests.partners.workbooks import README, book, slot
from tests.partners.workbooks import district as small


@pytest.fixture(autouse=True)
def _before_term():
    with clock.freeze(datetime(2026, 8, 20, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def file(district):
    """A workbook of this district."""
    return lambda rows=None: book(rows, readme=README | {"district_code": district.code})


@pytest.fixture
def load(database, district, file):
    """Load a workbook as the command line does."""

    async def load(rows=None, **more):
        return await load_workbook(database, file(rows), by=system(district.id), **more)

    return load


@pytest.fixture
def count(database, district):
    """How many rows a table has."""

    async def count(table, *conditions):
        async with database.read(district.id) as db:
            statement = select(func.count()).select_from(table).where(*conditions)
            return (await db.exec(statement)).one()

    return count


async def refusals(load, rows):
    """The lines with which a workbook is refused."""
    with pytest.raises(Refused) as refused:
        await load(rows)
    return [
        (line.sheet, line.row, line.column, line.code) for line in refused.value.findings.problems
    ]


async def test_three_schools_move_in(load, count):
    findings = await load()

    assert {name: one.created for name, one in findings.applied.outcomes.items()} == {
        "code": 1,
        "school": 3,
        "campus": 3,
        "group": 1,
        "membership": 3,
        "teacher": 3,
        "term": 1,
        "calendar_day": 1,
        "bell": 3,
        "class": 3,
        "room": 1,
        "travel": 6,
        "home_slot": 3,
        "assignment": 2,
        "pairing": 1,
    }
    assert await count(Membership) == 3
    assert await count(Assignment, col(Assignment.state) == "published") == 1
    assert await count(Pairing) == 1
    assert await count(Lesson) == findings.applied.impact.lessons_laid > 0
    assert await count(Lesson, col(Lesson.on_date) == date(2026, 10, 1)) == 0


async def test_the_same_workbook_again_changes_nothing_and_tells_nobody(load, count):
    await load()
    before = [await count(table) for table in (Change, Audit, Lesson, Occupancy, School)]

    findings = await load()

    outcomes = findings.applied.outcomes.values()
    assert sum(one.created + one.changed for one in outcomes) == 0
    assert findings.applied.impact.lessons_laid == 0
    assert [await count(table) for table in (Change, Audit, Lesson, Occupancy, School)] == before


async def test_an_office_sees_the_impact_before_it_applies(office, file, count):
    where, report = await office.check(file())
    assert report["impact"]["lessons_laid"] > 0
    assert await count(Lesson) == await count(School) == 0

    await office.ask(where, to="apply")
    await office.work()

    applied = await office.report(where)
    assert (applied["impact"], applied["sheets"]) == (report["impact"], report["sheets"])
    assert await count(Lesson) == report["impact"]["lessons_laid"]


async def test_a_changed_timetable_moves_only_what_differs(load):
    await load()
    rows = small()
    rows["home_slot"][1] |= {"weekday": "5"}

    findings = await load(rows)

    outcome = findings.applied.outcomes["home_slot"]
    assert (outcome.created, outcome.changed, outcome.unchanged) == (0, 1, 2)
    assert findings.applied.impact.lessons_laid > 0
    assert findings.applied.impact.lessons_cancelled > 0


async def test_somebody_watches_it_go(load):
    told = []

    async def tell(step, share):
        told.append((step, share))

    await load(progress=tell)

    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert ("写入“教师”", "Writing 教师") in [step for step, _ in told]


async def test_a_file_is_loaded_by_its_path(database, district, file, tmp_path):
    path = tmp_path / "示例区.xlsx"
    path.write_bytes(file())

    findings = await load_workbook(database, path, by=system(district.id))

    assert findings.report()["seconds"]["write"] > 0


async def test_two_who_load_the_same_file_at_once_stand_in_line(load, count):
    first, second = await asyncio.gather(load(), load())

    created = [found.applied.outcomes["school"].created for found in (first, second)]
    assert sorted(created) == [0, 3]
    assert await count(School) == 3


# What only the modules can see


async def test_a_refused_workbook_leaves_nothing(load, count):
    rows = small()
    rows["assignment"] = [rows["assignment"][0] | {"subject": "41"}]

    found = await refusals(load, rows)

    assert found == [("走教安排", 2, None, "not-qualified")]
    assert await count(Teacher) == await count(School) == await count(Lesson) == 0
    assert await count(Change) == 0


async def test_a_way_that_is_too_long_is_told_to_its_row(load):
    rows = small()
    rows["assignment"] = [
        slot(code="ZJ-1", campus="2150000002-1", weekday="1", period=2, state="published")
    ]

    found = await refusals(load, rows)

    assert {(sheet, row, code) for sheet, row, _, code in found} == {("走教安排", 2, "travel")}


async def test_two_rows_that_meet_on_the_clock_name_each_other(load):
    rows = small()
    rows["home_slot"].append(slot(campus="2150000003-1"))

    with pytest.raises(Refused) as refused:
        await load(rows)

    lines = refused.value.findings.problems
    assert {(line.sheet, line.code) for line in lines} == {("校内课表", "teacher-busy")}
    assert {line.row for line in lines} <= {2, 5}
    assert "行冲突" in lines[0].message.zh


async def test_a_database_that_is_slow_is_no_fault_of_the_rows(database, district):
    async with database.write(district.id, timeout_seconds=1) as db:
        with pytest.raises(DBAPIError), bulk.explained("teacher", []):
            await db.exec(text("SELECT pg_sleep(5)"))
        await db.rollback()


async def test_a_host_outside_the_group_is_told_to_its_row(load):
    rows = small()
    rows["membership"] = rows["membership"][:1]

    found = await refusals(load, rows)

    assert [(sheet, row) for sheet, row, *_ in found] == [("走教安排", 2)]


async def test_a_lesson_that_meets_one_that_stands_names_the_day(load):
    await load()
    rows = {"home_slot": [slot(teacher="T00003"), slot(teacher="T00003", weekday="2", period=2)]}

    with pytest.raises(Refused) as refused:
        await load(rows)

    line = refused.value.findings.problems[0]
    assert (line.sheet, line.row, line.code) == ("校内课表", 2, "class-busy")
    assert "2026-09-07" in line.message.zh


async def test_a_mentor_who_has_enough_mentees_is_told_to_the_row(load):
    rows = small()
    rows["teacher"] += [
        rows["teacher"][1] | {"number": f"T1000{number}", "name": f"新教师{number}"}
        for number in range(1, 6)
    ]
    rows["pairing"] = [
        rows["pairing"][0] | {"mentee": f"T1000{number}", "state": "active"}
        for number in range(1, 6)
    ]

    found = await refusals(load, rows)

    assert {sheet for sheet, *_ in found} == {"师徒结对"}
    assert all(row is not None for _, row, _, _ in found)


async def test_a_campus_of_another_school_is_told_to_its_sheet(load):
    await load()
    rows = small()
    campus = rows["campus"][0] | {"school": "2150000003", "main": False}

    assert await refusals(load, {"campus": [campus]}) == [
        ("校区", None, "学校标识码", "other-school")
    ]
