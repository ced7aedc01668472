"""Assignments of a workbook."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import text

from service.itinerant import bulk
from service.itinerant.schemas import AssignmentRow
from service.kit import clock
from service.kit.auth import Role, system
from service.kit.db import Outcome, days
from service.kit.problems import RelatedNotFound
from service.timetable.rules import Parity


@pytest.fixture
def load(database, district):
    async def run(rows):
        async with database.write(district.id) as db:
            return await bulk.upsert_assignments(db, rows, by=system(district.id))

    return run


@pytest.fixture
def changes(database, district):
    async def count():
        async with database.read(district.id) as db:
            found = await (await db.connection()).execute(text("SELECT count(*) FROM change"))
            return found.scalar_one()

    return count


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


def a_row(town, **values):
    return AssignmentRow(
        **{
            "code": "ZJ-1",
            "term": "2026-2027-1",
            "teacher_number": town.teacher.number,
            "subject": "24",
            "campus_code": town.host_campus.code,
            "class_codes": (town.host_class.code,),
            "weekday": 2,
            "period": 5,
            "parity": Parity.EVERY,
            "weeks": None,
            "room_code": None,
            "valid_from": None,
            "valid_until": None,
            "state": "published",
            **values,
        }
    )


async def assignments(client):
    return (await client.get("/v1/assignments")).json()["items"]


async def lessons(client, **filters):
    found = await client.get("/v1/lessons", params={"limit": 200, **filters})
    return found.json()["items"]


async def test_rows_with_one_code_are_one_assignment_and_again_change_nothing(
    load, town, office, changes
):
    rows = [a_row(town), a_row(town, weekday=4, period=6, parity=Parity.ODD)]

    first = await load(rows)
    noise = await changes()
    again = await load(rows)

    assert first.outcome == Outcome(created=2)
    assert first.lessons_laid == len(await lessons(office)) == 30
    (assignment,) = await assignments(office)
    assert (assignment["code"], assignment["state"], assignment["version"]) == (
        "ZJ-1",
        "published",
        1,
    )
    assert assignment["home_school"]["name"] == "城区小学"
    assert again.outcome == Outcome(unchanged=2)
    assert await changes() == noise


async def test_a_draft_takes_no_time_until_its_row_says_published(load, town, office, changes):
    draft = a_row(town, state="draft")

    assert (await load([draft])).outcome == Outcome(created=1)
    noise = await changes()
    assert (await load([draft])).outcome == Outcome(unchanged=1)
    assert await changes() == noise
    assert await lessons(office) == []
    changed = await load([replace(draft, period=6)])
    assert changed.outcome == Outcome(changed=1)
    published = await load([replace(draft, period=6, state="published")])
    assert (published.outcome, published.lessons_laid) == (Outcome(changed=1), 20)
    (assignment,) = await assignments(office)
    assert [one["period"] for one in assignment["patterns"]] == [6]


async def test_of_what_is_published_the_weekly_periods_may_change(load, town, office):
    rows = [a_row(town), a_row(town, weekday=4, period=6)]
    await load(rows)
    before = {one["id"]: one["version"] for one in await lessons(office)}

    with clock.freeze(datetime.fromisoformat("2026-10-14T12:00:00+08:00")):
        moved = [rows[0], replace(rows[1], period=7)]
        done = await load(moved)
        again = await load(moved)

    assert done.outcome == Outcome(changed=1, unchanged=1)
    assert done.lessons_laid == done.lessons_cancelled == 14
    assert again.outcome == Outcome(unchanged=2)
    kept = [one for one in await lessons(office) if one["id"] in before and not one["change"]]
    assert all(one["version"] == before[one["id"]] for one in kept)
    (assignment,) = await assignments(office)
    assert [(one["period"], one["valid_until"]) for one in assignment["patterns"]] == [
        (5, "2027-01-16"),
        (6, "2026-10-15"),
        (7, "2027-01-16"),
    ]


async def test_a_period_that_never_began_leaves_no_trace(load, town, office):
    rows = [a_row(town), a_row(town, weekday=4, period=6)]
    await load(rows)

    done = await load([rows[0], replace(rows[1], period=7)])

    assert done.outcome == Outcome(changed=1, unchanged=1)
    (assignment,) = await assignments(office)
    assert [one["period"] for one in assignment["patterns"]] == [5, 7]


async def test_the_teacher_of_what_is_published_stays(make, load, town):
    other = await make.teacher(school=town.home)
    await load([a_row(town)])

    done = await load([a_row(town, teacher_number=other.number)])

    assert [(one.row, one.kind) for one in done.conflicts] == [(0, "published")]


async def test_what_has_ended_stays_ended(load, town, office):
    await load([a_row(town)])
    (assignment,) = await assignments(office)
    await office.post(
        f"/v1/assignments/{assignment['id']}:end",
        json={"reason": "返岗"},
        headers={"If-Match": "*"},
    )

    assert (await load([a_row(town, period=6)])).outcome == Outcome(unchanged=1)


async def test_rows_of_one_code_must_agree(load, town):
    done = await load([a_row(town), a_row(town, weekday=3, subject="25")])

    assert [(one.row, one.with_row, one.kind) for one in done.conflicts] == [(1, 0, "inconsistent")]


async def test_assignments_that_meet_are_named_and_none_is_written(make, load, town, office):
    other = await make.teacher(school=town.home)
    rows = [a_row(town), a_row(town, code="ZJ-2", teacher_number=other.number)]

    done = await load(rows)

    (conflict,) = done.conflicts
    assert (conflict.kind, {conflict.row, conflict.with_row}) == ("class-busy", {0, 1})
    assert conflict.on_date == date(2026, 9, 1)
    assert await assignments(office) == []


async def test_people_and_schools_must_allow_it(make, load, town):
    gone = await make.teacher(
        school=town.home, employed=days(date(2020, 9, 1), date(2026, 12, 1)), subjects=()
    )

    done = await load([a_row(town, teacher_number=gone.number)])

    assert {(one.kind, one.on_date) for one in done.conflicts} == {
        ("not-qualified", date(2026, 8, 31)),
        ("left", date(2026, 12, 1)),
    }


async def test_days_and_groups_that_cannot_be_told_name_their_rows(make, load, town):
    stranger = await make.teacher(school=await make.school())
    rows = [
        a_row(town),
        a_row(town, weekday=3, valid_from=date(2026, 10, 1), valid_until=date(2026, 9, 1)),
        a_row(town, code="ZJ-2", teacher_number=stranger.number, weekday=5),
    ]

    done = await load(rows)

    assert {(one.row, one.kind) for one in done.conflicts} == {(1, "unfit"), (2, "unfit")}


async def test_a_period_without_a_bell_names_its_row(load, town):
    done = await load([a_row(town), a_row(town, weekday=3, period=12)])

    assert [(one.row, one.kind) for one in done.conflicts] == [(1, "no-such-period")]


async def test_codes_that_lead_nowhere_are_named(load, town):
    with pytest.raises(RelatedNotFound) as refused:
        await load([a_row(town, teacher_number="T?"), a_row(town, class_codes=("0-0",))])

    assert {error.pointer for error in refused.value.errors} >= {"/0/teacher_number"}


async def test_no_rows_are_no_work(load):
    assert (await load([])).outcome == Outcome()
