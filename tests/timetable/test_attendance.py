"""Attendance: checking in at the gate, late corrections, the host's word, disputes."""

import asyncio
from datetime import datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from tests.timetable.absences import ANY, away, read, step

TUESDAY = "2026-09-08"
"""The visiting lesson: the sixth period, 14:50 to 15:30."""
GATE = {"longitude": 106.4521, "latitude": 29.8313, "datum": "gcj02"}
NEAR = {**GATE, "latitude": 29.8323}
FAR = {**GATE, "latitude": 30.1913}


def at(clock_time, day=TUESDAY):
    return clock.freeze(datetime.fromisoformat(f"{day}T{clock_time}:00+08:00"))


@pytest.fixture
async def lesson(make, town, database, district):
    """A music lesson at the mountain school by a teacher of the town."""
    async with database.write(district.id) as db:
        campus = await db.merge(town.host_campus)
        campus.longitude, campus.latitude = GATE["longitude"], GATE["latitude"]
    await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=6)
    return town


@pytest.fixture
def herself(as_, town):
    return as_(Role.TEACHER, teacher=town.teacher, school=town.home)


@pytest.fixture
def host(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.host)


@pytest.fixture
def office(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


async def listed(client, **filters):
    answer = await client.get("/v1/attendance", params={"limit": 200, **filters})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def on(client, day=TUESDAY):
    return (await listed(client, **{"from": day}))[0]


async def check_in(client, lesson_id, **body):
    return await client.post(f"/v1/lessons/{lesson_id}:check-in", json=body)


async def say(client, lesson_id, verb, version="*", **body):
    return await client.post(
        f"/v1/lessons/{lesson_id}/attendance:{verb}",
        json=body or None,
        headers={"If-Match": version},
    )


def code(answer):
    return answer.status_code, answer.json().get("code")


async def test_a_check_in_at_the_gate_keeps_a_distance_and_no_place(lesson, herself, host):
    with at("14:30"):
        id_ = (await on(herself))["lesson_id"]
        answer = await check_in(herself, id_, **NEAR)

    assert answer.status_code == 200, answer.text
    kept = answer.json()
    assert kept["presence"] == "present"
    assert 100 < kept["check_in"]["distance_metres"] < 120
    assert "longitude" not in str(kept)
    seen = await read(host, f"lessons/{id_}/attendance")
    assert (seen["presence_label"], seen["state_label"]) == ("已到", "待确认")
    assert answer.headers["etag"] == f'"{seen["version"]}"'


async def test_late_and_missing_follow_from_what_is_recorded(lesson, herself, host):
    with at("10:00"):
        assert (await on(host))["presence"] == "upcoming"
    with at("14:52"):
        one = await on(host)
        assert one["presence"] == "awaited"
    with at("15:40"):
        assert (await on(host))["presence"] == "no_show"
    with at("15:00"):
        answer = await check_in(herself, one["lesson_id"])
    assert answer.json()["presence"] == "late"
    with at("15:40"):
        assert (await on(host))["presence"] == "late"


async def test_a_check_in_is_refused_with_the_reason(make, lesson, herself, as_):
    other = as_(Role.TEACHER, teacher=await make.teacher(school=lesson.home), school=lesson.home)
    id_ = (await on(herself))["lesson_id"]

    with at("13:00"):
        early = await check_in(herself, id_, **NEAR)
    with at("14:40"):
        far = await check_in(herself, id_, **FAR)
        stranger = await check_in(other, id_)
        half = await check_in(herself, id_, longitude=106.4)
    with at("14:40", "2026-09-09"):
        late = await check_in(herself, id_, told_at=f"{TUESDAY}T14:40:00+08:00")

    assert code(early) == (409, "check-in-too-early")
    assert early.json()["opens_at"] == f"{TUESDAY}T13:50:00+08:00"
    assert code(far) == (409, "check-in-too-far")
    assert far.json()["distance_metres"] > 39_000
    assert code(stranger) == (404, "lesson-not-found")
    assert half.status_code == 422
    assert code(late) == (409, "check-in-too-late")
    with at("15:00"):
        assert (await on(herself))["check_in"] is None


async def test_a_lesson_that_somebody_else_covers_is_theirs(make, lesson, herself, office, as_):
    standin = await make.teacher(school=lesson.home)
    await away(herself, office, lesson.teacher)
    (needed,) = (await read(office, "covers"))["items"]
    id_ = needed["lesson_id"]
    with at("14:40"):
        nobody = await check_in(as_(Role.TEACHER, teacher=lesson.teacher), id_)
    assert code(nobody) == (409, "lesson-not-taught")

    await step(office, f"covers/{needed['id']}:assign", teacher_id=str(standin.id))
    both = as_(Role.TEACHER, teacher=lesson.teacher, school=lesson.home)
    with at("14:40"):
        refused = await check_in(both, id_)
        accepted = await check_in(as_(Role.TEACHER, teacher=standin, school=lesson.home), id_)

    assert code(refused)[1] in {"lesson-not-found", "not-your-lesson"}
    assert accepted.json()["teacher"]["id"] == str(standin.id)


async def test_a_cancelled_lesson_needs_no_check_in(lesson, herself, office, host):
    id_ = (await on(herself))["lesson_id"]
    await office.post(f"/v1/lessons/{id_}:cancel", json={"reason": "运动会"}, headers=ANY)

    with at("14:40"):
        answer = await check_in(herself, id_)
        assert (await on(herself))["presence"] == "cancelled"
    with at("16:00"):
        confirmed = await say(host, id_, "confirm")

    assert code(answer) == (409, "lesson-not-scheduled")
    assert code(confirmed) == (409, "lesson-not-scheduled")


async def test_a_phone_without_network_tells_later(lesson, herself, host):
    id_ = (await on(herself))["lesson_id"]
    body = {"told_at": f"{TUESDAY}T14:45:00+08:00", **NEAR}
    headers = {"Idempotency-Key": "offline-1"}
    path = f"/v1/lessons/{id_}:check-in"

    with at("20:00"):
        first = await herself.post(path, json=body, headers=headers)
        again = await herself.post(path, json=body, headers=headers)
        twice = await herself.post(path, json=body)

    assert first.status_code == 200, first.text
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    assert code(twice) == (409, "checked-in-already")
    arrived = first.json()["check_in"]
    assert arrived["arrived_at"] == f"{TUESDAY}T14:45:00+08:00"
    assert arrived["received_at"] == f"{TUESDAY}T20:00:00+08:00"
    with at("20:00"):
        assert (await read(host, f"lessons/{id_}/attendance"))["presence"] == "present"


async def test_a_phone_whose_clock_runs_ahead_counts_by_ours(lesson, herself):
    id_ = (await on(herself))["lesson_id"]

    with at("13:00"):
        answer = await check_in(herself, id_, told_at=f"{TUESDAY}T14:45:00+08:00")

    assert code(answer) == (409, "check-in-too-early")


async def test_a_late_check_in_is_decided_by_somebody_else(lesson, herself, host, as_):
    id_ = (await on(herself))["lesson_id"]
    body = {"arrived_at": f"{TUESDAY}T14:45:00+08:00", "reason": "手机没电"}
    with at("14:40"):
        assert code(await say(herself, id_, "ask-correction", **body)) == (
            409,
            "correction-too-soon",
        )
    with at("17:00"):
        asked = await say(herself, id_, "ask-correction", **body)
        assert asked.json()["check_in"]["correction_label"] == "补签待审批"
        assert asked.json()["presence"] == "no_show"
        assert code(await say(herself, id_, "ask-correction", **body)) == (
            409,
            "checked-in-already",
        )
        both = as_(Role.SCHOOL_ADMIN, school=lesson.host, teacher=lesson.teacher)
        assert code(await say(both, id_, "approve-correction")) == (403, "own-request")
        home = as_(Role.SCHOOL_ADMIN, school=lesson.home)
        assert (await say(home, id_, "approve-correction")).status_code == 403
        refused = await say(host, id_, "refuse-correction", reason="门卫没有记录")
        assert refused.json()["check_in"]["correction"] == "refused"
        assert code(await say(host, id_, "approve-correction")) == (409, "no-correction")
        again = await say(herself, id_, "ask-correction", **body)
        stale = await say(host, id_, "approve-correction", version='"1"')
        approved = await say(host, id_, "approve-correction", version=again.headers["etag"])

    assert stale.status_code == 412
    assert (approved.json()["presence"], approved.json()["check_in"]["arrived_at"]) == (
        "present",
        f"{TUESDAY}T14:45:00+08:00",
    )


async def test_the_hosts_word_is_said_once_and_after_the_lesson(make, lesson, herself, host, as_):
    id_ = (await on(herself))["lesson_id"]
    with at("15:00"):
        assert code(await say(host, id_, "confirm")) == (409, "lesson-not-over")
    with at("15:40"):
        assert (await say(herself, id_, "confirm")).status_code == 403
        home = as_(Role.SCHOOL_ADMIN, school=lesson.home)
        assert (await say(home, id_, "confirm")).status_code == 403
        done = await say(host, id_, "confirm", version='"0"')
        again = await say(host, id_, "confirm")
        late = await check_in(herself, id_)

    assert done.status_code == 200, done.text
    assert (done.json()["presence"], done.json()["state"]) == ("vouched", "confirmed")
    assert code(again) == (409, "attendance-settled")
    assert code(late)[0] == 409


async def test_a_teacher_at_home_needs_no_confirmation(make, town, office):
    await make.slot(teacher=town.teacher, classes=[town.home_class], weekday=2, period=1)

    with at("15:40"):
        answer = await say(office, (await on(office))["lesson_id"], "confirm")

    assert code(answer) == (409, "lesson-at-home")


async def test_a_confirmed_lesson_is_moved_and_cancelled_no_more(lesson, host, office):
    id_ = (await on(host))["lesson_id"]
    with at("15:40"):
        await say(host, id_, "confirm")
        cancelled = await office.post(
            f"/v1/lessons/{id_}:cancel", json={"reason": "运动会"}, headers=ANY
        )
        moved = await office.post(
            f"/v1/lessons/{id_}:move",
            json={"on_date": "2026-09-10", "period": 2, "reason": "调课"},
            headers=ANY,
        )

    assert code(cancelled) == code(moved) == (409, "lesson-confirmed")


async def test_two_who_confirm_at_once_confirm_once(lesson, host, office):
    id_ = (await on(host))["lesson_id"]

    with at("15:40"):
        answers = await asyncio.gather(
            *(say(who, id_, "confirm") for who in (host, office) * 5),
            host.post(
                "/v1/attendance:confirm-month",
                json={"school_id": str(lesson.host.id), "month": "2026-09", "unchecked_too": True},
            ),
        )

    *single, month = answers
    won = [one for one in single if one.status_code == 200]
    assert len(won) + month.json()["confirmed_lesson_ids"].count(id_) == 1
    assert {one.json()["code"] for one in single if one.status_code != 200} <= {
        "attendance-settled",
        "busy",
    }
    with at("15:41"):
        assert (await on(host))["version"] == 1


async def test_a_month_is_confirmed_but_for_its_exceptions(make, lesson, herself, host, as_):
    own = await make.teacher(school=lesson.host)
    await make.slot(teacher=own, classes=[lesson.host_class], weekday=3, period=1)
    days = ["2026-09-01", "2026-09-08", "2026-09-15", "2026-09-22", "2026-09-29"]
    ids = {day: (await on(herself, day))["lesson_id"] for day in days}
    for day in days[:3]:
        with at("14:40", day):
            await check_in(herself, ids[day])
    with at("16:00", days[2]):
        await say(herself, ids[days[2]], "dispute", reason="实际上了两节")
    with at("16:00", days[3]):
        body = {"arrived_at": f"{days[3]}T14:45:00+08:00", "reason": "手机没电"}
        await say(herself, ids[days[3]], "ask-correction", **body)

    wanted = {"school_id": str(lesson.host.id), "month": "2026-09"}
    with at("08:00", "2026-09-29"):
        first = await host.post(
            "/v1/attendance:confirm-month", json={**wanted, "except_lesson_ids": [ids[days[0]]]}
        )
        assert first.status_code == 200, first.text
        dry = await host.post(
            "/v1/attendance:confirm-month", params={"validate_only": "true"}, json=wanted
        )
        second = await host.post(
            "/v1/attendance:confirm-month", json={**wanted, "unchecked_too": True}
        )

    assert first.json()["confirmed_lesson_ids"] == [ids[days[1]]]
    assert {one["on_date"]: one["why"] for one in first.json()["open"]} == {
        days[0]: "excepted",
        days[2]: "disputed",
        days[3]: "correction_waits",
        days[4]: "not_over",
    }
    assert dry.json()["confirmed_lesson_ids"] == [ids[days[0]]]
    assert second.json()["confirmed"] == 1
    assert second.json()["open"][0]["why_label"] == "有争议,待集团办公室裁定"
    home = as_(Role.SCHOOL_ADMIN, school=lesson.home)
    stranger = await home.post("/v1/attendance:confirm-month", json=wanted)
    assert stranger.status_code == 422


async def test_the_group_office_decides_a_dispute(lesson, herself, host, office, as_):
    id_ = (await on(herself))["lesson_id"]
    with at("15:40"):
        assert code(await say(office, id_, "resolve", taught=True, reason="属实")) == (
            409,
            "attendance-settled",
        )
        await say(host, id_, "confirm")
        disputed = await say(herself, id_, "dispute", reason="当天由他人上课")
        assert (disputed.json()["state"], disputed.json()["dispute"]["reason"]) == (
            "disputed",
            "当天由他人上课",
        )
        assert (await say(host, id_, "resolve", taught=True, reason="属实")).status_code == 403
        decided = await say(office, id_, "resolve", taught=False, reason="门卫记录无此人")
        final = await say(herself, id_, "dispute", reason="再议")
        assert [one["state"] for one in await listed(host, state="not_taught")] == ["not_taught"]

    assert (decided.json()["state"], decided.json()["dispute"]["resolution"]) == (
        "not_taught",
        "门卫记录无此人",
    )
    assert code(final) == (409, "attendance-settled")


async def test_who_disputes_does_not_decide(lesson, office, as_):
    id_ = (await on(office))["lesson_id"]
    district = as_(Role.DISTRICT_ADMIN)
    with at("15:40"):
        await say(office, id_, "dispute", reason="重复")
        own = await say(office, id_, "resolve", taught=True, reason="属实")
        upheld = await say(district, id_, "resolve", taught=True, reason="属实")

    assert code(own) == (403, "own-request")
    assert upheld.json()["state"] == "confirmed"


async def test_what_is_listed_can_be_narrowed(make, lesson, herself, host, office):
    await make.slot(teacher=lesson.teacher, classes=[lesson.home_class], weekday=3, period=1)
    week = {"from": "2026-09-07", "until": "2026-09-14"}

    assert [one["visiting"] for one in await listed(office, **week)] == [True, False]
    assert len(await listed(office, visiting=True, **week)) == 1
    assert len(await listed(office, visiting=False, **week)) == 1
    assert len(await listed(host, school_id=str(lesson.host.id), **week)) == 1
    assert len(await listed(herself, teacher_id=str(lesson.teacher.id), state="open", **week)) == 2
