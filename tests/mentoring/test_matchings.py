"""Matching mentors over HTTP: suggested, worked out by a job, accepted all at once or not."""

import asyncio
from datetime import UTC, date, datetime

import orjson
import pytest

from service import wiring
from service.calendar.tables import Term
from service.kit import clock, jobs
from service.kit.auth import Role
from service.kit.db import days, span
from service.mentoring import matchings
from service.mentoring.rules import PairingState
from service.timetable.tables import Leave

ANY = {"If-Match": "*"}
SEASONED = {"teaching_since": date(2010, 9, 1)}
YOUNG = {"teaching_since": date(2025, 9, 1)}


@pytest.fixture(autouse=True)
def _autumn():
    wiring.load_jobs()
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def year(make):
    return await make.school_year()


@pytest.fixture
async def schools(make):
    lead, rural = await make.school(), await make.school(urban_rural_code="220")
    await make.group(lead=lead, close=[rural])
    return lead, rural


@pytest.fixture
async def programme(make, year, schools):
    return await make.programme(year=year)


@pytest.fixture
async def staff(make, schools):
    """A mentor at each school, and a new teacher at the rural one."""
    lead, rural = schools
    return {
        "outside": await make.teacher(school=lead, name="王老师", **SEASONED),
        "inside": await make.teacher(school=rural, name="李老师", **SEASONED),
        "mentee": await make.teacher(school=rural, name="小张", **YOUNG),
    }


@pytest.fixture
def work(database, district):
    """What the worker does with a run."""

    async def done(matching_id):
        payload = {"district_id": str(district.id), "matching_id": matching_id, "by": "测试"}
        await jobs.run(database, matchings.SOLVE, orjson.dumps(payload))

    return done


@pytest.fixture
def matched(office, programme, work):
    """Ask for a run and wait for it."""

    async def run(client=office, of=programme, **wish):
        asked = await client.post(f"/v1/mentoring-programmes/{of.id}/matchings", json=wish)
        assert asked.status_code == 202, asked.text
        await work(asked.json()["id"])
        return f"/v1/mentoring-matchings/{asked.json()['id']}"

    return run


async def pairs(client):
    items = (await client.get("/v1/pairings", params={"limit": 200})).json()["items"]
    return sorted((one["mentor"]["name"], one["mentee"]["name"], one["role"]) for one in items)


BOTH = [("李老师", "小张", "in_school"), ("王老师", "小张", "cross_school")]


async def test_a_cohort_is_matched_and_accepted_at_once(office, staff, matched):
    path = await matched()

    found = await office.get(path)
    choices = (await office.get(f"{path}/choices")).json()["items"]
    before = await pairs(office)
    accepted = await office.post(f"{path}:accept", headers={"If-Match": found.headers["etag"]})
    again = await office.post(f"{path}:accept", headers=ANY)

    body = found.json()
    assert (body["state"], body["totals"]["filled"], body["totals"]["gap"]) == ("done", 2, 0)
    assert body["totals"]["score"] == body["totals"]["bound"]
    told = {one["role"]: one for one in choices}
    assert told["cross_school"]["mentor"]["name"] == "王老师"
    assert {one["code"]: one["points"] for one in told["cross_school"]["criteria"]} == {
        "subject": 100,
        "tier": 100,
        "travel": 0,
        "fairness": 100,
        "continuity": 0,
    }
    assert told["in_school"]["role_label"] == "校内导师"
    assert before == []
    assert accepted.json()["accepted_at"] is not None
    assert await pairs(office) == BOTH
    assert (again.status_code, again.json()["code"]) == (409, "mentoring-matching-not-ready")


async def test_what_is_there_already_is_kept_and_only_the_rest_is_matched(
    office, make, staff, matched
):
    await make.pairing(mentor=staff["inside"], mentee=staff["mentee"], role="in_school")

    path = await matched()

    choices = (await office.get(f"{path}/choices")).json()["items"]
    assert [(one["role"], one["mentor"]["name"]) for one in choices] == [("cross_school", "王老师")]


async def test_a_role_that_nobody_can_fill_says_why(office, make, staff, programme, matched):
    for _ in range(3):
        other = await make.teacher(school=await make.school(), **YOUNG)
        await make.pairing(mentor=staff["outside"], mentee=other, role="cross_school")

    path = await matched()

    params = {"filled": "false"}
    (empty,) = (await office.get(f"{path}/choices", params=params)).json()["items"]
    assert (empty["role"], empty["mentor"], empty["candidates"]) == ("cross_school", None, 1)
    assert empty["remark"] == "合适的 1 位导师名额均已用完"


async def test_a_pinned_pair_is_kept(office, make, schools, staff, matched):
    worse = await make.teacher(
        school=await make.school(), name="赵老师", subjects=(("24", "2"),), **SEASONED
    )
    pin = {
        "mentee_id": str(staff["mentee"].id),
        "role": "cross_school",
        "mentor_id": str(worse.id),
    }

    path = await matched(pinned=[pin])
    choices = (await office.get(f"{path}/choices")).json()["items"]
    await office.post(f"{path}:accept", headers=ANY)

    assert {one["mentor"]["name"]: one["pinned"] for one in choices} == {
        "赵老师": True,
        "李老师": False,
    }
    assert (await office.get(path)).json()["pinned"] == 1
    assert ("赵老师", "小张", "cross_school") in await pairs(office)


async def test_every_pin_that_cannot_be_is_named(office, make, programme, schools, staff):
    mentee, outside, inside = staff["mentee"], staff["outside"], staff["inside"]
    mute = await make.teacher(school=schools[0], subjects=(), **SEASONED)

    def pin(mentor, *, role="cross_school", of=mentee):
        return {"mentee_id": str(of.id), "role": role, "mentor_id": str(mentor.id)}

    pins = [
        pin(mentee),
        pin(inside),
        pin(outside, role="in_school"),
        pin(outside, of=inside),
        pin(mute),
        pin(outside, role="godfather"),
        pin(outside),
    ]
    refused = await office.post(
        f"/v1/mentoring-programmes/{programme.id}/matchings", json={"pinned": pins}
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "pinned-pair-unfit")
    named = {(one["pointer"], one["code"]) for one in refused.json()["errors"]}
    assert {
        ("/pinned/0/mentor_id", "self-mentoring"),
        ("/pinned/1/mentor_id", "same-school"),
        ("/pinned/1/role", "same-role-twice"),
        ("/pinned/2/mentor_id", "other-school"),
        ("/pinned/3/mentee_id", "not-in-cohort"),
        ("/pinned/4/mentor_id", "mentor-unfit"),
        ("/pinned/5/role", "role-not-open"),
        ("/pinned/6/mentor_id", "same-person-twice"),
    } <= named


@pytest.mark.parametrize(
    "wish",
    [
        {"valid_from": "2026-07-01"},
        {"valid_until": "2027-09-01"},
        {"valid_from": "2027-03-01", "valid_until": "2027-03-01"},
    ],
)
async def test_days_outside_the_year_are_refused(office, programme, wish):
    refused = await office.post(f"/v1/mentoring-programmes/{programme.id}/matchings", json=wish)

    assert (refused.status_code, refused.json()["code"]) == (422, "matching-days-unfit")


async def test_a_draft_is_not_matched(office, make, year):
    draft = await make.programme(year=year, state="draft")

    refused = await office.post(f"/v1/mentoring-programmes/{draft.id}/matchings", json={})

    assert (refused.status_code, refused.json()["code"]) == (
        409,
        "mentoring-programme-state-unfit",
    )


async def test_nothing_is_accepted_when_the_ground_has_changed(
    office, make, schools, staff, matched
):
    path = await matched()
    other = await make.teacher(school=schools[1], **YOUNG)
    await make.pairing(
        mentor=staff["outside"],
        mentee=other,
        role="cross_school",
        state=PairingState.PROPOSED,
    )
    await office.post(
        f"/v1/teachers/{staff['inside'].id}:leave",
        json={"on": "2027-02-01", "reason": "retired"},
        headers=ANY,
    )

    refused = await office.post(f"{path}:accept", headers=ANY)

    assert (refused.status_code, refused.json()["code"]) == (409, "matching-ground-changed")
    assert {one["message"] for one in refused.json()["errors"]} == {
        "王老师剩余名额由 3 变为 2",
        "李老师已不能担任导师",
    }
    assert len(await pairs(office)) == 1


async def test_another_result_is_outdated_once_one_is_accepted(office, staff, matched):
    first, second = await matched(), await matched()

    await office.post(f"{second}:accept", headers=ANY)

    assert (await office.get(first)).json()["state_label"] == "已过时"


async def test_closing_a_programme_makes_results_outdated(office, programme, staff, matched):
    path = await matched()

    await office.post(f"/v1/mentoring-programmes/{programme.id}:close", headers=ANY)
    refused = await office.post(f"{path}:accept", headers=ANY)

    assert (await office.get(path)).json()["state"] == "outdated"
    assert refused.status_code == 409


async def test_a_job_that_runs_twice_changes_nothing(office, staff, matched, work):
    path = await matched()
    before = await office.get(path)

    await work(path.rpartition("/")[2])

    assert (await office.get(path)).headers["etag"] == before.headers["etag"]


async def test_two_groups_that_claim_the_last_place_of_a_mentor(
    as_, make, year, database, district, work
):
    shared = await make.school()
    mentor = await make.teacher(school=shared, **SEASONED)
    clients, paths = [], []
    for _ in range(2):
        rural = await make.school(urban_rural_code="220")
        await make.teacher(school=rural, **YOUNG)
        group = await make.group(alliance=[shared, rural])
        programme = await make.programme(
            year=year, group=group, standard={"mentors": {"capacity": 1}}
        )
        client = as_(Role.GROUP_ADMIN, group=group)
        asked = await client.post(f"/v1/mentoring-programmes/{programme.id}/matchings", json={})
        await work(asked.json()["id"])
        clients.append(client)
        paths.append(f"/v1/mentoring-matchings/{asked.json()['id']}:accept")

    answers = await asyncio.gather(
        *(client.post(path, headers=ANY) for client, path in zip(clients, paths, strict=True))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    lost = next(answer for answer in answers if answer.status_code == 409)
    assert lost.json()["code"] == "matching-ground-changed"
    assert str(mentor.id) in lost.json()["errors"][0]["pointer"]


async def test_the_best_mentors_of_one_mentee_and_why_the_others_are_out(
    office, make, programme, schools, staff
):
    lead, _ = schools
    novice = await make.teacher(school=lead, name="陈老师", teaching_since=date(2022, 9, 1))
    full = await make.teacher(school=lead, name="周老师", **SEASONED)
    for _ in range(3):
        other = await make.teacher(school=await make.school(), **YOUNG)
        await make.pairing(mentor=full, mentee=other, role="cross_school")
    path = f"/v1/mentoring-programmes/{programme.id}/mentees/{staff['mentee'].id}/suggestions"

    answer = (await office.get(path)).json()

    inside, outside = answer["roles"]
    assert [one["mentor"]["name"] for one in inside["suggestions"]] == ["李老师"]
    assert [one["mentor"]["name"] for one in outside["suggestions"]] == ["王老师"]
    out = {one["mentor"]["name"]: [why["code"] for why in one["reasons"]] for one in outside["out"]}
    assert out["陈老师"] == ["not-experienced"]
    assert out["周老师"] == ["mentor-full"]
    assert out["李老师"] == ["same-school", "not-stronger"]
    stranger = await office.get(path.replace(str(staff["mentee"].id), str(novice.id)))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not-in-cohort")


async def test_who_is_on_leave_for_the_term_is_no_mentor(
    office, make, year, schools, staff, matched
):
    term = Term(
        district_id=year.district_id,
        school_year_id=year.id,
        number=1,
        days=days(date(2026, 9, 1), date(2027, 1, 23)),
        week_one=date(2026, 8, 31),
    )
    leave = Leave(
        district_id=year.district_id,
        teacher_id=staff["outside"].id,
        school_id=schools[0].id,
        kind="parental",
        during=span(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 1, 20, tzinfo=UTC)),
        days=80,
        measure="fixed",
        state="approved",
        requested_by="a test",
        requested_by_name="测试",
        requested_at=clock.now(),
    )
    await make.kept(rows=[term, leave])

    path = await matched()
    refused = await office.post(
        "/v1/pairings",
        json={
            "mentor_id": str(staff["outside"].id),
            "mentee_id": str(staff["mentee"].id),
            "role": "cross_school",
            "valid_from": "2026-10-12",
            "valid_until": "2027-07-01",
        },
    )

    (empty,) = (await office.get(f"{path}/choices?filled=false")).json()["items"]
    assert (empty["role"], empty["candidates"]) == ("cross_school", 0)
    assert [one["code"] for one in refused.json()["errors"]] == ["mentor-on-leave"]
