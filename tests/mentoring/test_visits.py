"""A mentor comes to the mentee's campus: time and ways are taken, and given back in words."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.mentoring.problems.log import PairingNotActive
from service.mentoring.problems.visit import VisitOver, VisitUnfit
from service.mentoring.rules import PairingState
from service.mentoring.rules.visit import (
    Pair,
    VisitState,
    check_active,
    check_cancel,
    check_times,
    check_visit,
    is_stranded,
)
from tests.mentoring.conftest import ANY
from tests.timetable.absences import away

pytestmark = pytest.mark.usefixtures("autumn")

TALK = {
    "starts_at": "2026-10-20T14:00:00+08:00",
    "ends_at": "2026-10-20T14:40:00+08:00",
    "topic": "集体备课",
}


@pytest.fixture
async def ground(make, schools, mentor, mentee):
    """On Tuesdays the mentor teaches at home in period 4, the mentee in the hills in period 5."""
    home, hills = [await make.campus(school=school, main=True) for school in schools]
    for campus in (home, hills):
        await make.bell_times(campus=campus)
    for ends in ((home, hills), (hills, home)):
        await make.travel_time(ends=ends, minutes=50, buffer=10)
    await make.school_term()
    classes = [await make.class_section(campus=campus) for campus in (home, hills)]
    await make.slot(teacher=mentor, classes=classes[:1], weekday=2, period=4)
    await make.slot(teacher=mentee, classes=classes[1:], weekday=2, period=5)
    return home, hills


@pytest.fixture
async def pairing(make, mentor, mentee, ground):
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")


@pytest.fixture
def the_two(as_, mentor, mentee):
    return as_(Role.TEACHER, teacher=mentor), as_(Role.TEACHER, teacher=mentee)


@pytest.fixture
def plan(the_two, pairing):
    async def planned(by=0, **values):
        return await the_two[by].post(f"/v1/pairings/{pairing.id}/visits", json={**TALK, **values})

    return planned


PERIOD_SIX = {"starts_at": "2026-10-20T14:50:00+08:00", "ends_at": "2026-10-20T15:30:00+08:00"}


async def test_the_next_times_are_those_when_both_can_be_there(the_two, pairing, ground):
    """On a Tuesday: the mentor is at home from 11:10 to 11:50, and the way takes an hour."""
    path = f"/v1/pairings/{pairing.id}/visit-slots"
    with clock.freeze(datetime(2026, 10, 13, 0, 0, tzinfo=UTC)):
        found = (await the_two[1].get(path)).json()["items"]
        observed = (await the_two[0].get(path, params={"purpose": "observation"})).json()["items"]

    assert [(one["on_date"], one["period"]) for one in found] == [
        ("2026-10-13", 1),
        ("2026-10-13", 2),
        ("2026-10-13", 6),
    ]
    assert {one["campus_id"] for one in found} == {str(ground[1].id)}
    assert [(one["on_date"], one["period"]) for one in observed] == [
        ("2026-10-13", 5),
        ("2026-10-20", 5),
        ("2026-10-27", 5),
    ]
    assert all(one["lesson_id"] for one in observed)
    assert found[0]["starts_at"] == "2026-10-13T08:30:00+08:00"


async def test_what_was_proposed_as_a_slot_can_be_planned_and_is_on_both_phones(
    the_two, pairing, plan, schools, as_
):
    path = f"/v1/pairings/{pairing.id}"
    slot = (await the_two[0].get(f"{path}/visit-slots")).json()["items"][0]
    planned = await plan(**PERIOD_SIX)
    again = (await the_two[0].get(f"{path}/visit-slots")).json()["items"][0]
    weeks = [
        (await one.get("/v1/me/schedule", params={"from": "2026-10-20", "until": "2026-10-21"}))
        for one in the_two
    ]
    pages = [(await one.get("/v1/me/mentoring")).json() for one in the_two]
    office = await as_(Role.SCHOOL_ADMIN, school=schools[1]).get(f"{path}/visits")

    assert planned.status_code == 201, planned.text
    assert slot == again
    (mine,), (theirs,) = [week.json()["days"][0]["visits"] for week in weeks]
    assert (mine["side"], theirs["side"]) == ("mentor", "mentee")
    assert mine["transfer"]["leave_by"] == "2026-10-20T13:50:00+08:00"
    assert theirs["transfer"] is None
    assert mine["counterpart"]["name"] == "小王"
    assert pages[0]["as_mentor"][0]["next_visit"]["id"] == planned.json()["id"]
    assert pages[1]["as_mentee"][0]["next_visit"]["topic"] == "集体备课"
    assert [one["id"] for one in office.json()["items"]] == [planned.json()["id"]]


async def test_nobody_is_in_two_places_and_the_reason_is_said(the_two, plan, pairing):
    busy = await plan()
    too_near = await plan(
        starts_at="2026-10-20T12:00:00+08:00", ends_at="2026-10-20T12:40:00+08:00"
    )
    taken = [
        one.status_code for one in await asyncio.gather(plan(**PERIOD_SIX), plan(1, **PERIOD_SIX))
    ]

    assert (busy.status_code, busy.json()["code"]) == (409, "schedule-conflict")
    assert [one["kind"] for one in busy.json()["conflicts"]] == ["teacher-busy"]
    (way,) = too_near.json()["conflicts"]
    assert (way["kind"], way["needed_minutes"], way["available_minutes"]) == ("travel", 60, 10)
    assert sorted(taken) == [201, 409]


async def test_to_observe_a_lesson_takes_the_mentors_time_only(the_two, plan, pairing):
    path = f"/v1/pairings/{pairing.id}/visit-slots"
    slot = (await the_two[0].get(path, params={"purpose": "observation"})).json()["items"][0]
    observed = await plan(lesson_id=slot["lesson_id"], starts_at=None, ends_at=None)
    twice = await plan(lesson_id=slot["lesson_id"], starts_at=None, ends_at=None)
    nobodys = await plan(lesson_id=str(pairing.id))

    assert observed.status_code == 201, observed.text
    assert (observed.json()["starts_at"], observed.json()["lesson_stands"]) == (
        "2026-10-13T14:00:00+08:00",
        True,
    )
    assert twice.json()["code"] == "schedule-conflict"
    assert nobodys.json()["errors"][0]["pointer"] == "/lesson_id"


async def test_a_visit_that_cannot_be_is_refused_with_the_field(make, plan, as_, pairing, ground):
    async def refused(**values):
        answer = await plan(**values)
        return answer.status_code, answer.json()["errors"][0]["pointer"]

    stranger = as_(Role.TEACHER, teacher=await make.teacher(school=await make.school()))
    theirs = await stranger.post(f"/v1/pairings/{pairing.id}/visits", json=TALK)

    assert await refused(starts_at="2026-10-11T09:00:00+08:00") == (422, "/starts_at")
    assert await refused(starts_at=None, ends_at=None) == (422, "/starts_at")
    assert await refused(ends_at="2026-10-20T14:00:00+08:00") == (422, "/ends_at")
    assert await refused(campus_id=str(ground[0].id)) == (422, "/campus_id")
    assert await refused(topic="") == (422, "/topic")
    assert theirs.status_code == 404


async def test_who_cancels_gives_both_their_time_back(the_two, plan):
    visit = (await plan(**PERIOD_SIX)).json()
    path = f"/v1/visits/{visit['id']}"
    cancelled = await the_two[1].post(
        f"{path}:cancel", json={"reason": "学校活动"}, headers={"If-Match": '"1"'}
    )
    again = await the_two[0].post(f"{path}:cancel", json={}, headers=ANY)
    anew = await plan(**PERIOD_SIX)
    (day,) = (
        await the_two[0].get(
            "/v1/me/schedule", params={"from": "2026-10-20", "until": "2026-10-21"}
        )
    ).json()["days"]

    assert (cancelled.json()["state"], cancelled.json()["reason"]) == ("cancelled", "学校活动")
    assert again.json()["code"] == "visit-over"
    assert anew.status_code == 201
    assert [one["state"] for one in day["visits"]] == ["cancelled", "planned"]


@pytest.mark.parametrize("who", ["mentor", "mentee"])
async def test_a_leave_frees_the_visit_and_tells_both(
    who, request, the_two, plan, as_, office, schools, mentee, mentor
):
    visit = (await plan(**PERIOD_SIX)).json()
    teacher = {"mentor": mentor, "mentee": mentee}[who]
    asker = as_(Role.TEACHER, teacher=teacher)
    span = {"starts_at": "2026-10-20T00:00:00+08:00", "ends_at": "2026-10-21T00:00:00+08:00"}

    await away(asker, office, teacher, **span)
    seen = [(await one.get(f"/v1/visits/{visit['id']}")).json() for one in the_two]
    refused = await plan(**PERIOD_SIX)

    assert [(one["state"], one["reason"]) for one in seen] == [("cancelled", "一方请假")] * 2
    assert "leave" in {one["kind"] for one in refused.json()["conflicts"]}


async def test_the_end_of_the_pair_frees_what_was_planned(
    the_two, plan, office, pairing, make, schools
):
    visit = (await plan(**PERIOD_SIX)).json()
    soon = await plan(starts_at="2026-10-12T15:40:00+08:00", ends_at="2026-10-12T16:20:00+08:00")
    await office.post(f"/v1/pairings/{pairing.id}:end", json={"reason": "transferred"}, headers=ANY)
    freed = (await the_two[0].get(f"/v1/visits/{visit['id']}")).json()
    today = (await the_two[1].get("/v1/me/today")).json()["today"]["visits"]

    assert (freed["state"], freed["reason"]) == ("cancelled", "结对已结束或缩短")
    assert soon.status_code == 201
    assert [one["state"] for one in today] == ["planned"], "today is the pair's last day"


# The rules

SEPTEMBER, JULY = date(2026, 9, 1), date(2027, 7, 10)
ACTIVE = Pair(PairingState.ACTIVE, (SEPTEMBER, JULY))
NINE = datetime(2026, 10, 20, 1, tzinfo=UTC)
TEN = NINE.replace(hour=2)
NOW = datetime(2026, 10, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "pointer"),
    [
        (NOW, TEN, "/starts_at"),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=14))), TEN, "/starts_at"),
        (datetime.max.replace(tzinfo=timezone(-timedelta(hours=12))), TEN, "/starts_at"),
        (NINE, NINE, "/ends_at"),
        (NINE, NINE + timedelta(hours=9), "/ends_at"),
        (NINE, datetime.max.replace(tzinfo=UTC), "/ends_at"),
    ],
)
def test_a_visit_is_soon_and_no_longer_than_a_working_day(starts_at, ends_at, pointer):
    check_times(starts_at=NINE, ends_at=TEN, now=NOW)
    with pytest.raises(VisitUnfit) as refused:
        check_times(starts_at=starts_at, ends_at=ends_at, now=NOW)

    assert [one.pointer for one in refused.value.errors] == [pointer]


def test_a_visit_is_on_a_day_of_an_active_pair():
    check_visit(ACTIVE, on=NINE.date())
    with pytest.raises(VisitUnfit):
        check_visit(ACTIVE, on=JULY)
    with pytest.raises(PairingNotActive):
        check_visit(Pair(PairingState.SIGNED, ACTIVE.valid), on=NINE.date())
    with pytest.raises(PairingNotActive):
        check_active(ACTIVE, on=JULY)


def test_what_has_begun_or_was_cancelled_is_not_cancelled():
    check_cancel(VisitState.PLANNED, starts_at=NINE, now=NOW)
    for state, now in ((VisitState.PLANNED, NINE), (VisitState.CANCELLED, NOW)):
        with pytest.raises(VisitOver):
            check_cancel(state, starts_at=NINE, now=now)


def test_a_visit_is_stranded_when_its_pairing_ends_before():
    assert not is_stranded(ACTIVE, on=NINE.date())
    assert is_stranded(ACTIVE, on=JULY)
    assert not is_stranded(Pair(PairingState.ENDED, (SEPTEMBER, JULY)), on=NINE.date())
