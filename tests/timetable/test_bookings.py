"""Rooms are booked once, and teachers of a subject find a time to meet."""

import asyncio
from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.problems import InvalidValue
from service.timetable.problems.booking import BookingOver
from service.timetable.rules.booking import (
    BookingState,
    Meeting,
    best_meetings,
    check_booked,
    check_cancel,
)
from tests.crowd import insisting
from tests.timetable.absences import ANY, away, read

RIVALS = 20
NOW = datetime.fromisoformat("2026-09-07T08:00:00+08:00")
HOUR = timedelta(hours=1)


# Rules


@pytest.mark.parametrize(
    ("starts", "length", "wrong"),
    [
        (HOUR, HOUR, []),
        (HOUR, 12 * HOUR, []),
        (HOUR, timedelta(), ["/ends_at"]),
        (HOUR, 13 * HOUR, ["/ends_at"]),
        (timedelta(), HOUR, ["/starts_at"]),
        (-HOUR, -HOUR, ["/ends_at", "/starts_at"]),
    ],
)
def test_a_booking_lies_ahead_and_ends_the_same_day(starts, length, wrong):
    def check():
        check_booked(NOW + starts, NOW + starts + length, now=NOW)

    if not wrong:
        check()
        return
    with pytest.raises(InvalidValue) as refused:
        check()
    assert [error.pointer for error in refused.value.errors] == wrong


@pytest.mark.parametrize(
    ("state", "left"), [(BookingState.CANCELLED, HOUR), (BookingState.BOOKED, timedelta())]
)
def test_what_is_over_is_not_given_up(state, left):
    check_cancel(BookingState.BOOKED, ends_at=NOW + HOUR, now=NOW)
    with pytest.raises(BookingOver):
        check_cancel(state, ends_at=NOW + left, now=NOW)


def test_the_best_of_each_half_day_is_told_those_that_suit_everybody_first():
    one, other = uuid4(), uuid4()

    def meeting(day, hour, *missing):
        starts = NOW + timedelta(days=day, hours=hour)
        on = date(2026, 9, 7) + timedelta(days=day)
        return Meeting(on, hour < 4, starts, starts + HOUR, frozenset(missing))

    early, late = meeting(0, 0, one), meeting(0, 1)
    afternoon, next_day = meeting(0, 6, one, other), meeting(1, 0, one)

    assert best_meetings([early, late, afternoon, next_day], limit=5) == [late, next_day, afternoon]
    assert best_meetings([early, late, next_day], limit=1) == [late]


# Booking


@pytest.fixture
def office(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.home)


@pytest.fixture
async def lab(make, town):
    return await make.room(campus=town.home_campus, name="科学实验室", kind="lab")


def booking(room, *, at="14:00", until="15:30", day="2026-09-08", **values):
    times = {"starts_at": f"{day}T{at}:00+08:00", "ends_at": f"{day}T{until}:00+08:00"}
    return {"room_id": str(room.id), "purpose": "集团科学展示", **times, **values}


async def book(client, room, **values):
    return await client.post("/v1/room-bookings", json=booking(room, **values))


async def test_a_booked_room_is_read_and_given_up(office, lab):
    made = await book(office, lab)
    assert made.status_code == 201, made.text
    one = made.json()

    listed = await read(office, f"room-bookings?room_id={lab.id}&from=2026-09-08&until=2026-09-09")
    assert [row["id"] for row in listed["items"]] == [one["id"]]
    assert (one["room"]["name"], one["starts_at"]) == ("科学实验室", "2026-09-08T14:00:00+08:00")
    path = f"/v1/room-bookings/{one['id']}"
    given_up = await office.post(f"{path}:cancel", headers=ANY)
    assert given_up.json()["state"] == "cancelled"
    again = await office.post(f"{path}:cancel", headers=ANY)
    assert (again.status_code, again.json()["code"]) == (409, "room-booking-over")
    assert (await book(office, lab)).status_code == 201
    assert (await read(office, "room-bookings?state=booked"))["items"][0]["id"] != one["id"]


async def test_the_colliding_booking_or_lesson_is_named(make, town, office, lab):
    slot = {"classes": [town.home_class], "weekday": 2, "period": 1, "room_id": lab.id}
    await make.slot(teacher=town.teacher, **slot)
    await book(office, lab, purpose="学校科技节")

    by_booking = await book(office, lab, at="15:00", until="16:00")
    by_lesson = await book(office, lab, at="08:00", until="09:00")

    for refused in (by_booking, by_lesson):
        assert (refused.status_code, refused.json()["code"]) == (409, "room-taken")
    (found,) = by_booking.json()["taken"]
    assert (found["kind"], found["about"]) == ("booking", "学校科技节")
    (found,) = by_lesson.json()["taken"]
    assert (found["kind"], found["about"], found["by"]) == ("lesson", "音乐", town.teacher.name)
    assert found["class_names"] == [town.home_class.name]
    assert (await book(office, lab, at="15:30", until="16:30")).status_code == 201


async def test_of_many_who_book_at_once_one_has_the_room(office, lab):
    answers = await asyncio.gather(*(insisting(lambda: book(office, lab)) for _ in range(RIVALS)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * (RIVALS - 1)
    assert {answer.json()["code"] for answer in answers if answer.is_error} == {"room-taken"}


async def test_a_booking_that_cannot_be_is_refused_with_its_reason(office, lab):
    over = await book(office, lab, day="2026-08-01")
    reversed_ = await book(office, lab, at="15:30", until="14:00")
    nowhere = await office.post("/v1/room-bookings", json=booking(lab, room_id=str(uuid4())))

    assert over.json()["errors"][0]["pointer"] == "/starts_at"
    assert reversed_.json()["errors"][0]["pointer"] == "/ends_at"
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "room-not-found")


async def test_others_do_not_see_bookings_and_the_group_may_change_them(make, town, as_, lab):
    office = as_(Role.SCHOOL_ADMIN, school=town.home)
    path = f"/v1/room-bookings/{(await book(office, lab)).json()['id']}"
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())
    auditor = as_(Role.AUDITOR)

    assert (await stranger.get(path)).status_code == 404
    assert (await stranger.post(f"{path}:cancel", headers=ANY)).status_code == 404
    assert (await auditor.get(path)).status_code == 200
    assert (await auditor.post(f"{path}:cancel", headers=ANY)).status_code == 403
    group = as_(Role.GROUP_ADMIN, group=town.group)
    assert (await group.post(f"{path}:cancel", headers=ANY)).status_code == 200


# Meeting


def research(client, town, **params):
    asked = {"campus_id": str(town.home_campus.id), "subject": "24", **params}
    return client.get(f"/v1/groups/{town.group.id}/research-times", params=asked)


async def test_a_time_is_found_at_which_all_are_free_and_can_get_there(make, town, as_):
    far = await make.teacher(school=town.host, name="山区音乐教师")
    group = as_(Role.GROUP_ADMIN, group=town.group)
    week = {"from": "2026-09-08", "until": "2026-09-09", "minutes": 60}

    everybody = (await research(group, town, **week)).json()
    await make.slot(teacher=far, classes=[town.host_class], weekday=2, period=1)
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=6)
    fewer = (await research(group, town, **week)).json()

    assert everybody["teacher_count"] == 2
    assert [one["everybody"] for one in everybody["items"]] == [True, True]
    morning, afternoon = sorted(fewer["items"], key=lambda one: one["starts_at"])
    # The first lesson ends at half past eight, and the way takes an hour and ten minutes.
    assert morning["starts_at"] >= "2026-09-08T09:40:00+08:00"
    assert morning["everybody"]
    assert afternoon["everybody"]


async def test_who_cannot_come_is_named(make, town, as_):
    group = as_(Role.GROUP_ADMIN, group=town.group)
    herself = as_(Role.TEACHER, teacher=town.teacher, school=town.home)
    await away(herself, group, town.teacher)

    found = (await research(group, town, **{"from": "2026-09-08", "until": "2026-09-10"})).json()

    by_day = {one["on_date"]: one for one in found["items"]}
    assert [one["name"] for one in by_day["2026-09-08"]["missing"]] == [town.teacher.name]
    assert by_day["2026-09-09"]["everybody"]
    assert found["items"][0]["on_date"] == "2026-09-09"


async def test_research_is_planned_for_coming_days_of_a_group_one_sees(make, town, as_):
    group = as_(Role.GROUP_ADMIN, group=town.group)
    stranger = as_(Role.SCHOOL_ADMIN, school=await make.school())

    with clock.freeze(NOW):
        plain = (await research(group, town, stage="2")).json()
    assert plain["items"][0]["on_date"] == "2026-09-08"
    assert (await research(group, town, stage="3")).json()["teacher_count"] == 0
    reversed_ = await research(group, town, **{"from": "2026-09-10", "until": "2026-09-09"})
    assert reversed_.status_code == 422
    assert (await research(stranger, town)).json()["code"] == "group-not-found"
    other = await make.group(lead=await make.school())
    path = f"/v1/groups/{other.id}/research-times"
    asked = {"campus_id": str(town.home_campus.id), "subject": "24"}
    assert (await as_(Role.DISTRICT_ADMIN).get(path, params=asked)).json()["code"] == (
        "campus-not-found"
    )
