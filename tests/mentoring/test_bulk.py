"""Pairings of a workbook: loaded as they are, and once."""

from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import col, select

from service.kit.auth import system
from service.kit.changes import Change
from service.kit.db import Outcome, days
from service.kit.problems import RelatedNotFound
from service.mentoring.bulk import upsert_pairings
from service.mentoring.rules import PairingState
from service.mentoring.schemas import PairingRow
from service.mentoring.tables import Pairing
from service.network.problems import RowsUnfit
from service.network.tables import District, Task

AUTUMN, SUMMER = date(2026, 9, 1), date(2027, 7, 10)
ACTIVE = PairingState.ACTIVE


@pytest.fixture
def load(database, district):
    """Bring rows in, as one committed transaction."""

    async def loaded(*rows):
        async with database.write(district.id) as db:
            return await upsert_pairings(db, rows, by=system(district.id))

    return loaded


@pytest.fixture
async def staff(make):
    school = await make.school()
    return [await make.teacher(school=school, number=f"T{number}") for number in range(8)]


def row(mentor, mentee, role="in_school", **more):
    return PairingRow(
        mentor_number=f"T{mentor}",
        mentee_number=f"T{mentee}",
        role=role,
        valid_from=AUTUMN,
        valid_until=SUMMER,
        **more,
    )


async def known(db):
    statement = select(Pairing).order_by(col(Pairing.id)).execution_options(populate_existing=True)
    return (await db.exec(statement)).all()


async def events(db):
    return (await db.exec(select(Change.event).order_by(col(Change.seq)))).all()


async def test_nothing_is_no_work(load):
    assert await load() == Outcome()


async def test_the_same_rows_again_change_nothing_and_tell_nobody(load, staff, db):
    rows = [row(0, 1, state=ACTIVE), row(2, 1, "cross_school", state=PairingState.ACCEPTED)]

    assert await load(*rows) == Outcome(created=2)
    assert await load(*rows) == Outcome(unchanged=2)
    assert await events(db) == ["pairing.imported"] * 2
    first, second = await known(db)
    assert (first.state, first.activated_on, first.mentee_accepted) == ("active", AUTUMN, True)
    assert (second.state, second.activated_on) == ("accepted", None)


async def test_what_differs_is_changed_and_states_only_go_forward(load, staff, db):
    await load(row(0, 1, state=PairingState.ACCEPTED), row(2, 1, "cross_school"))

    outcome = await load(
        replace(row(0, 1), goals="站稳讲台"), row(2, 1, "cross_school", state=ACTIVE)
    )

    assert outcome == Outcome(changed=2)
    first, second = await known(db)
    assert (first.state, first.goals) == ("accepted", "站稳讲台")
    assert second.state == "active"


async def test_what_ended_here_stays_ended(load, staff, make, db):
    await make.pairing(mentor=staff[0], mentee=staff[1], state=PairingState.ENDED)

    assert await load(row(0, 1, state=ACTIVE)) == Outcome(unchanged=1)
    assert (await known(db))[0].state == "ended"


@pytest.mark.parametrize(
    ("rows", "errors"),
    [
        ([row(0, 1), row(3, 3)], [("/1/mentee_number", "self-mentoring")]),
        ([row(0, 1, "godfather")], [("/0/role", "unknown-role")]),
        ([row(0, 1), row(0, 1)], [("/1/valid_from", "duplicate")]),
        ([row(0, 1), row(0, 1, "cross_school")], [("/1/mentor_number", "paired-already")]),
        (
            [row(0, 1, state=ACTIVE), row(2, 1, state=ACTIVE)],
            [("/1/role", "mentor-role-taken")],
        ),
        (
            [row(0, mentee) for mentee in range(1, 5)],
            [(f"/{place}/mentor_number", "mentor-full") for place in range(4)],
        ),
    ],
    ids=["oneself", "role", "twice", "two roles", "two mentors", "places"],
)
async def test_rows_that_cannot_stand_are_named(load, staff, db, rows, errors):
    with pytest.raises(RowsUnfit) as refused:
        await load(*rows)

    assert [(one.pointer, one.code) for one in refused.value.errors] == errors
    assert await known(db) == []


async def test_numbers_nobody_has_are_named(load, staff):
    with pytest.raises(RelatedNotFound) as refused:
        await load(row(0, 1), row(77, 1), row(0, 88))

    assert [one.pointer for one in refused.value.errors] == ["/1/mentor_number", "/2/mentee_number"]


async def test_rows_are_judged_beside_what_is_known(load, staff, make):
    await make.pairing(mentor=staff[0], mentee=staff[1])

    with pytest.raises(RowsUnfit) as second_mentor:
        await load(row(2, 1, state=ACTIVE))
    with pytest.raises(RowsUnfit) as second_role:
        await load(row(0, 1, "cross_school"))

    assert second_mentor.value.errors[0].code == "mentor-role-taken"
    assert second_role.value.errors[0].code == "paired-already"


async def test_a_replacement_in_one_file_makes_room_first(load, staff, db):
    await load(row(0, 1, state=ACTIVE))
    spring = date(2027, 2, 22)

    outcome = await load(
        replace(row(0, 1, state=ACTIVE), valid_until=spring),
        replace(row(2, 1, state=ACTIVE), valid_from=spring),
    )

    assert outcome == Outcome(created=1, changed=1)
    assert [one.valid for one in await known(db)] == [days(AUTUMN, spring), days(spring, SUMMER)]


async def test_fewer_places_than_before_touch_nobody(load, staff, database, district):
    rows = [row(0, mentee) for mentee in (1, 2)]
    await load(*rows)
    async with database.write(district.id) as db:
        (await db.get_one(District, district.id)).settings = {"mentoring": {"capacity": 1}}

    assert await load(replace(rows[0], goals="出师"), rows[1]) == Outcome(changed=1, unchanged=1)


async def test_rows_stay_within_the_programmes_places(load, make, db):
    await make.programme(year=await make.school_year(), standard={"mentors": {"capacity": 1}})
    school = await make.school()
    for number in range(3):
        await make.teacher(school=school, number=f"T{number}", teaching_since=date(2026, 8, 1))
    await load(row(0, 1))

    with pytest.raises(RowsUnfit) as refused:
        await load(row(0, 1), row(0, 2))

    assert [(one.pointer, one.code) for one in refused.value.errors] == [
        ("/1/mentor_number", "mentor-full")
    ]
    assert len(await known(db)) == 1


async def test_a_mentor_who_is_known_to_leave_is_a_task_at_once(load, staff, make, db):
    leaving = await make.teacher(
        school=await make.school(), number="T9", expected_retirement_on=date(2027, 5, 1)
    )

    await load(row(9, 1, "cross_school"))

    task = (await db.exec(select(Task))).one()
    assert (task.kind, task.due_on) == ("mentor-leaves", leaving.expected_retirement_on)
