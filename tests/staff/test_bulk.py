"""A district's teachers at once, and again the same."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from service.kit.auth import system
from service.kit.changes import Change
from service.kit.db import Outcome
from service.kit.problems import RelatedNotFound
from service.network.problems import RowsUnfit
from service.network.tables import SchoolIdentifier
from service.staff import queries
from service.staff.bulk import upsert_teachers
from service.staff.departures import on_departure
from service.staff.rules import BackboneLevel, Grantor, LeavingReason, Qualified, Title
from service.staff.schemas import TeacherRow
from service.staff.tables import Teacher

MUSIC, ENGLISH = Qualified("24", "2"), Qualified("41", "3")


@pytest.fixture
def by(district):
    return system(district.id)


@pytest.fixture
def load(database, district, by):
    """Bring rows in, as one committed transaction."""

    async def loaded(*rows):
        async with database.write(district.id) as db:
            return await upsert_teachers(db, rows, by=by)

    return loaded


@pytest.fixture
async def river(make, db):
    return await code_of(db, await make.school())


@pytest.fixture
async def hill(make, db):
    return await code_of(db, await make.school())


async def code_of(db, school):
    statement = select(SchoolIdentifier.code).where(col(SchoolIdentifier.school_id) == school.id)
    return (await db.exec(statement)).one()


def row(number, school, **more):
    return TeacherRow(
        number=number,
        name="曾小贤",
        school_code=school,
        employed_from=date(2019, 9, 1),
        teaches=(MUSIC,),
        **more,
    )


async def teacher(db, number):
    return (
        await db.exec(
            select(Teacher)
            .where(col(Teacher.number) == number)
            .execution_options(populate_existing=True)
        )
    ).one()


async def events(db):
    return (await db.exec(select(Change.event).order_by(col(Change.seq)))).all()


async def test_nothing_is_no_work(load):
    assert await load() == Outcome()


async def test_the_same_rows_again_change_nothing_and_tell_nobody(load, river, hill, db):
    rows = [
        row(
            "T1",
            river,
            title=Title.SENIOR,
            backbone_level=BackboneLevel.MASTER,
            backbone_grantor=Grantor.CITY,
            birth_year=1980,
            teaching_since=date(2002, 9, 1),
            expected_retirement_on=date(2040, 1, 1),
            cadre=True,
            weekly_load_limit=12,
        ),
        row("T2", hill, employed_until=date(2027, 7, 1)),
    ]

    assert await load(*rows) == Outcome(created=2)
    assert await load(*rows) == Outcome(unchanged=2)
    assert await events(db) == ["teacher.created"] * 2
    first = await teacher(db, "T1")
    assert (first.version, first.name_pinyin, first.cadre) == (1, "zengxiaoxian", True)


async def test_each_kind_of_difference_is_one_change(load, river, hill, db):
    first, second, third, fourth = (row(f"T{number}", river) for number in range(4))
    await load(first, second, third, fourth)

    outcome = await load(
        replace(first, name="曾大贤", teaches=(ENGLISH,)),
        replace(second, school_code=hill, employed_from=date(2027, 2, 22)),
        replace(third, teaches=(MUSIC, ENGLISH)),
        fourth,
    )

    assert outcome == Outcome(changed=3, unchanged=1)
    assert (await events(db))[4:] == ["teacher.changed"] * 3
    ids = {number: (await teacher(db, f"T{number}")).id for number in range(4)}
    assert [(await teacher(db, f"T{number}")).version for number in range(4)] == [2, 2, 2, 1]
    taught = await queries.qualifications_of(db, teacher_ids=ids.values())
    assert set(taught[ids[0]]) == {ENGLISH}
    assert set(taught[ids[2]]) == {MUSIC, ENGLISH}
    stays = [stay for _, stay in (await queries.stays_of(db, teacher_ids=[ids[1]]))[ids[1]]]
    assert [(stay.since, stay.until, stay.reason) for stay in stays] == [
        (date(2019, 9, 1), date(2027, 2, 22), LeavingReason.TRANSFERRED),
        (date(2027, 2, 22), None, None),
    ]


async def test_an_end_may_come_later(load, river, db):
    await load(row("T1", river))

    assert await load(row("T1", river, employed_until=date(2027, 7, 1))) == Outcome(changed=1)


async def test_rows_that_cannot_be_are_named(load, river, hill):
    await load(row("T1", river))

    with pytest.raises(RowsUnfit) as repeated:
        await load(row("T2", river), row("T3", river), row("T3", hill))
    with pytest.raises(RelatedNotFound) as lost:
        await load(row("T2", river), row("T3", "9999999999"))
    with pytest.raises(RowsUnfit) as torn:
        await load(row("T2", river), row("T1", hill))

    assert [one.pointer for one in repeated.value.errors] == ["/1/number", "/2/number"]
    assert [one.pointer for one in lost.value.errors] == ["/1/school_code"]
    assert [(one.pointer, one.code) for one in torn.value.errors] == [
        ("/1/employed_from", "employment-contradicts")
    ]


async def test_those_who_depend_on_a_teacher_are_told_in_the_same_transaction(
    load, river, hill, db, monkeypatch
):
    told = []

    async def listener(session, by, teacher_ids):
        stays = await queries.stays_of(session, teacher_ids=teacher_ids)
        told.append([stay.until for found in stays.values() for _, stay in found])

    monkeypatch.setattr("service.staff.departures._LISTENERS", [])
    on_departure(listener)
    on_departure(listener)
    await load(row("T1", river), row("T2", river))

    await load(row("T1", river, employed_until=date(2027, 7, 1)), row("T2", river))

    assert told == [[date(2027, 7, 1)]]


@pytest.fixture
def statements(database):
    """Every statement that reaches the database from here on."""
    seen = []

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


async def test_a_district_is_a_few_statements_not_one_per_teacher(load, make, db, statements):
    codes = [await code_of(db, await make.school()) for _ in range(4)]
    rows = [row(f"T{number:04}", codes[number % 4]) for number in range(600)]

    statements.clear()
    assert await load(*rows) == Outcome(created=600)
    first = len(statements)
    assert await load(*rows) == Outcome(unchanged=600)
    second = len(statements) - first

    # Two per school tell readers; the rest does not grow.
    assert first <= 12 + 2 * 4
    assert second <= 8
