"""Classes, rooms, ways and home timetables, many at once."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import text

from service.kit import clock
from service.kit.auth import Role, system
from service.kit.db import Outcome
from service.kit.problems import RelatedNotFound
from service.timetable import bulk
from service.timetable.rules import Parity, RoomKind
from service.timetable.schemas import ClassRow, HomeSlotRow, RoomRow, TravelRow
from tests.timetable.absences import away, covers_of, lesson_on, read, step


@pytest.fixture
def load(database, district):
    """Runs one upsert in a transaction of its own."""

    async def run(upsert, rows):
        async with database.write(district.id) as db:
            return await upsert(db, rows, by=system(district.id))

    return run


@pytest.fixture
def changes(database, district):
    """How many rows the feed has, so that silence can be told from noise."""

    async def count():
        async with database.read(district.id) as db:
            found = await (await db.connection()).execute(text("SELECT count(*) FROM change"))
            return found.scalar_one()

    return count


def a_class(town, **values):
    return ClassRow(
        **{
            "campus_code": town.home_campus.code,
            "code": "2026-1",
            "stage": "2",
            "grade": 1,
            "number": 1,
            "name": "一年级1班",
            "pupils": 40,
            "valid_from": date(2026, 9, 1),
            "valid_until": None,
            **values,
        }
    )


async def test_classes_are_made_changed_and_left_alone(load, town, changes):
    rows = [a_class(town), a_class(town, code="2026-2", number=2, name="一年级2班")]

    assert await load(bulk.upsert_classes, rows) == Outcome(created=2)
    noise = await changes()
    assert await load(bulk.upsert_classes, rows) == Outcome(unchanged=2)
    assert await changes() == noise
    rows[0] = replace(rows[0], grade=2, name="二年级1班")
    assert await load(bulk.upsert_classes, rows) == Outcome(changed=1, unchanged=1)
    assert await changes() == noise + 1


async def test_a_campus_that_is_not_there_is_named_with_its_row(load, town):
    with pytest.raises(RelatedNotFound) as refused:
        await load(bulk.upsert_classes, [a_class(town), a_class(town, campus_code="X-9")])

    assert [error.pointer for error in refused.value.errors] == ["/1/campus_code"]


async def test_rooms_are_made_changed_and_left_alone(load, town, changes):
    row = RoomRow(
        campus_code=town.home_campus.code,
        code="A301",
        name="音乐教室",
        kind=RoomKind.MUSIC,
        capacity=50,
    )

    assert await load(bulk.upsert_rooms, [row]) == Outcome(created=1)
    noise = await changes()
    assert await load(bulk.upsert_rooms, [row]) == Outcome(unchanged=1)
    assert await load(bulk.upsert_rooms, [replace(row, capacity=None)]) == Outcome(changed=1)
    assert await changes() == noise + 1
    with pytest.raises(RelatedNotFound):
        await load(bulk.upsert_rooms, [replace(row, campus_code="X-9")])


def a_way(town, minutes, *, back=False):
    ends = [town.home_campus.code, town.host_campus.code]
    here, there = reversed(ends) if back else ends
    return TravelRow(from_campus_code=here, to_campus_code=there, minutes=minutes, buffer=10)


async def test_ways_are_entered_and_a_longer_one_lays_the_coming_days_anew(
    make, load, town, changes, database, district
):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)
    rows = [a_way(town, 50), a_way(town, 60, back=True)]

    same = await load(bulk.upsert_travel_times, rows)
    assert (same.outcome, same.conflicts) == (Outcome(unchanged=2), ())
    longer = await load(bulk.upsert_travel_times, [a_way(town, 80)])

    assert longer.outcome == Outcome(changed=1)
    async with database.read(district.id) as db:
        legs = await (await db.connection()).execute(
            text(
                "SELECT DISTINCT upper(during) - lower(during) FROM occupancy WHERE kind = 'travel'"
            )
        )
        assert [leg.total_seconds() for leg in legs.scalars()] == [90 * 60]


async def test_a_way_that_somebody_could_no_longer_make_is_refused_with_its_row(
    make, load, town, database, district
):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=4)

    done = await load(bulk.upsert_travel_times, [a_way(town, 60, back=True), a_way(town, 240)])

    assert done.outcome == Outcome()
    assert {(one.row, one.kind) for one in done.conflicts} == {(1, "travel")}
    assert done.conflicts[0].on_date == date(2026, 9, 1)
    async with database.read(district.id) as db:
        stored = await (await db.connection()).execute(
            text("SELECT minutes FROM travel_time ORDER BY minutes")
        )
        assert list(stored.scalars()) == [50, 60]


async def test_a_way_from_nowhere_is_refused(load, town):
    row = replace(a_way(town, 30), to_campus_code="X-9")

    with pytest.raises(RelatedNotFound) as refused:
        await load(bulk.upsert_travel_times, [row])

    assert [error.pointer for error in refused.value.errors] == ["/0/to_campus_code"]


# Home timetables


def a_slot(town, **values):
    return HomeSlotRow(
        **{
            "term": "2026-2027-1",
            "teacher_number": town.teacher.number,
            "subject": "24",
            "campus_code": town.home_campus.code,
            "class_codes": (town.home_class.code,),
            "weekday": 2,
            "period": 1,
            "parity": Parity.EVERY,
            "weeks": None,
            "room_code": None,
            "valid_from": None,
            "valid_until": None,
            **values,
        }
    )


async def lessons(client, town, **filters):
    found = await client.get(
        "/v1/lessons",
        params={"limit": 200, "teacher_id": str(town.teacher.id), **filters},
    )
    return found.json()["items"]


async def test_a_timetable_is_laid_and_laying_it_again_changes_nothing(load, town, changes, as_):
    rows = [a_slot(town), a_slot(town, weekday=3, parity=Parity.ODD), a_slot(town, weekday=4)]

    first = await load(bulk.upsert_home_slots, rows)
    noise = await changes()
    again = await load(bulk.upsert_home_slots, rows)

    assert first.outcome == Outcome(created=3)
    assert first.lessons_laid == len(await lessons(as_(Role.DISTRICT_ADMIN), town)) == 50
    assert again.outcome == Outcome(unchanged=3)
    assert (again.lessons_laid, again.lessons_cancelled) == (0, 0)
    assert await changes() == noise


async def test_a_changed_period_ends_one_slot_and_leaves_the_others_alone(load, town, as_):
    rows = [a_slot(town), a_slot(town, weekday=3)]
    await load(bulk.upsert_home_slots, rows)
    client = as_(Role.DISTRICT_ADMIN)
    before = {one["id"]: one["version"] for one in await lessons(client, town)}

    with clock.freeze(datetime.fromisoformat("2026-10-14T12:00:00+08:00")):
        done = await load(bulk.upsert_home_slots, [rows[0], replace(rows[1], period=2)])
        again = await load(bulk.upsert_home_slots, [rows[0], replace(rows[1], period=2)])

    assert done.outcome == Outcome(changed=1, unchanged=1)
    assert done.lessons_laid == done.lessons_cancelled == 13
    assert again.outcome == Outcome(unchanged=2)
    after = await lessons(client, town)
    kept = [one for one in after if one["id"] in before and one["change"] is None]
    assert all(one["version"] == before[one["id"]] for one in kept)
    gone = [one for one in after if one["change"] == "replaced"]
    assert min(one["on_date"] for one in gone) == "2026-10-21"
    fresh = [one for one in after if one["id"] not in before]
    assert min(one["on_date"] for one in fresh) == "2026-10-21"
    assert {one["period"] for one in fresh} == {2}


async def test_a_row_that_is_gone_ends_and_other_teachers_are_untouched(make, load, town, as_):
    other = await make.teacher(school=town.home)
    other_class = await make.class_section(campus=town.home_campus)
    mine = [a_slot(town), a_slot(town, weekday=3)]
    theirs = a_slot(town, teacher_number=other.number, class_codes=(other_class.code,))
    await load(bulk.upsert_home_slots, [*mine, theirs])

    done = await load(bulk.upsert_home_slots, mine[:1])

    assert done.outcome == Outcome(changed=1, unchanged=1)
    assert done.lessons_cancelled == 20
    found = await as_(Role.DISTRICT_ADMIN).get(
        "/v1/lessons", params={"teacher_id": str(other.id), "status": "cancelled"}
    )
    assert found.json()["items"] == []


async def test_rows_that_meet_each_other_are_both_named_and_nothing_is_laid(make, load, town, as_):
    other = await make.teacher(school=town.home)
    rows = [
        a_slot(town),
        a_slot(town, weekday=5),
        a_slot(town, teacher_number=other.number, weekday=2, parity=Parity.EVEN),
    ]

    done = await load(bulk.upsert_home_slots, rows)

    (conflict,) = done.conflicts
    assert {conflict.row, conflict.with_row} == {0, 2}
    assert (conflict.kind, conflict.on_date) == ("class-busy", date(2026, 9, 8))
    assert done.outcome == Outcome()
    assert await lessons(as_(Role.DISTRICT_ADMIN), town) == []


async def test_a_row_that_meets_what_stands_is_named_alone(make, load, town):
    other = await make.teacher(school=town.home)
    await make.slot(teacher=other, classes=[town.home_class], weekday=2, period=1)

    (conflict,) = (await load(bulk.upsert_home_slots, [a_slot(town)])).conflicts

    assert (conflict.row, conflict.with_row, conflict.kind) == (0, None, "class-busy")


async def test_a_new_slot_may_take_the_place_that_another_leaves(make, load, town):
    other = await make.teacher(school=town.home)
    rows = [a_slot(town), a_slot(town, teacher_number=other.number, weekday=3)]
    await load(bulk.upsert_home_slots, rows)

    swapped = [replace(rows[0], weekday=3), replace(rows[1], weekday=2)]
    done = await load(bulk.upsert_home_slots, swapped)

    assert done.conflicts == ()
    assert done.outcome == Outcome(changed=2)


async def test_a_teacher_cannot_be_laid_on_a_way_that_is_too_long(load, town):
    rows = [
        a_slot(town, weekday=2, period=1),
        a_slot(
            town,
            weekday=2,
            period=2,
            campus_code=town.host_campus.code,
            class_codes=(town.host_class.code,),
        ),
    ]

    done = await load(bulk.upsert_home_slots, rows)

    (conflict,) = done.conflicts
    assert (conflict.kind, {conflict.row, conflict.with_row}) == ("travel", {0, 1})


async def test_a_period_without_a_bell_is_named(load, town):
    (conflict,) = (await load(bulk.upsert_home_slots, [a_slot(town, period=12)])).conflicts

    assert (conflict.row, conflict.kind) == (0, "no-such-period")


async def test_codes_that_lead_nowhere_are_all_named(load, town):
    row = a_slot(town, teacher_number="T?", term="2030-2031-1", campus_code="X-9")
    other = a_slot(town, class_codes=("0000-0",), room_code="R?")

    with pytest.raises(RelatedNotFound) as refused:
        await load(bulk.upsert_home_slots, [row, other])

    assert {error.pointer for error in refused.value.errors} == {
        "/0/teacher_number",
        "/0/term",
        "/0/campus_code",
        "/1/class_codes",
        "/1/room_code",
    }


async def test_no_rows_are_no_work(load):
    assert (await load(bulk.upsert_home_slots, [])).outcome == Outcome()


async def test_two_classes_in_a_room_share_one_lesson(make, load, town, as_):
    room = await make.room(campus=town.home_campus, code="A301")
    second = await make.class_section(campus=town.home_campus)
    row = a_slot(town, class_codes=(town.home_class.code, second.code), room_code=room.code)

    await load(bulk.upsert_home_slots, [row])

    lesson = (await lessons(as_(Role.DISTRICT_ADMIN), town))[0]
    assert len(lesson["classes"]) == 2
    assert lesson["room"]["id"] == str(room.id)


# Covers


async def a_covered_lesson(load, make, town, as_):
    """Tuesday's lesson of two rows of a timetable, taught by a substitute."""
    rows = [a_slot(town), a_slot(town, weekday=3)]
    await load(bulk.upsert_home_slots, rows)
    office = as_(Role.DISTRICT_ADMIN)
    await away(as_(Role.TEACHER, teacher=town.teacher), office, town.teacher)
    (needed,) = await covers_of(office)
    standin = await make.teacher(school=town.home)
    body = {"teacher_id": str(standin.id)}
    answer = await step(office, f"covers/{needed['id']}:assign", **body)
    assert answer.status_code == 200, answer.text
    return office, rows, answer.json(), standin


async def test_a_cover_survives_the_same_timetable_and_a_change_beside_it(load, make, town, as_):
    office, rows, before, standin = await a_covered_lesson(load, make, town, as_)

    again = await load(bulk.upsert_home_slots, rows)
    beside = await load(bulk.upsert_home_slots, [rows[0], replace(rows[1], period=2)])

    assert again.outcome == Outcome(unchanged=2)
    assert beside.outcome.changed == 1
    assert await read(office, f"covers/{before['id']}") == before
    lesson = await read(office, f"lessons/{before['lesson_id']}")
    assert (lesson["status"], lesson["change"]) == ("scheduled", "covered")
    assert lesson["teacher"]["id"] == str(standin.id)


async def test_no_cover_outlives_its_lesson(load, make, town, as_, database, district):
    office, rows, before, standin = await a_covered_lesson(load, make, town, as_)

    await load(bulk.upsert_home_slots, rows[1:])

    assert (await read(office, f"covers/{before['id']}"))["state"] == "lapsed"
    assert (await read(office, f"lessons/{before['lesson_id']}"))["status"] == "cancelled"
    async with database.read(district.id) as db:
        found = await (await db.connection()).execute(
            text("SELECT count(*) FROM occupancy WHERE resource_id = :id"), {"id": standin.id}
        )
        assert found.scalar_one() == 0, "the substitute's time is free again"


async def test_a_swap_survives_the_same_timetable_a_change_beside_it_and_the_way_back(
    load, make, town, as_
):
    colleague = await make.teacher(school=town.home, subjects=(("13", "2"),))
    rows = [
        a_slot(town),
        a_slot(town, weekday=5),
        a_slot(town, teacher_number=colleague.number, subject="13", weekday=3, period=2),
    ]
    await load(bulk.upsert_home_slots, rows)
    office = as_(Role.DISTRICT_ADMIN)
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    other = as_(Role.TEACHER, teacher=colleague, school=town.home)
    both = [
        await lesson_on(office, town.teacher, "2026-09-08"),
        await lesson_on(office, colleague, "2026-09-09"),
    ]
    body = {"lesson_ids": [one["id"] for one in both], "reason": "外出培训"}
    swap = (await herself.post("/v1/swaps", json=body)).json()
    await step(other, f"swaps/{swap['id']}:consent")
    done = await step(office, f"swaps/{swap['id']}:approve")
    assert done.json()["state"] == "done", done.text
    after = [await read(office, f"lessons/{one['id']}") for one in both]
    assert [one["on_date"] for one in after] == ["2026-09-09", "2026-09-08"]

    beside = [rows[0], replace(rows[1], period=2), rows[2]]
    for timetable, changed in ((rows, 0), (beside, 1), (rows, 1)):
        loaded = await load(bulk.upsert_home_slots, timetable)
        assert (loaded.conflicts, loaded.outcome.changed) == ((), changed)
        assert (await read(office, f"swaps/{swap['id']}"))["state"] == "done"
        assert [await read(office, f"lessons/{one['id']}") for one in both] == after
