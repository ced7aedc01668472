"""Bells over HTTP: per campus and stage, by season, and whose they are."""

from datetime import date

import pytest

from service.kit.auth import Role
from service.kit.db import days
from tests.calendar.conftest import problems_of
from tests.factories.accounts import access_token

PERIODS = [
    {"number": 1, "starts": "08:30", "ends": "09:10", "name": "第一节"},
    {"number": 2, "starts": "09:20", "ends": "10:00", "name": "第二节"},
    {"number": 3, "starts": "10:20", "ends": "11:05", "name": "第三节(含眼保健操)"},
]


@pytest.fixture
async def school(make):
    return await make.school()


@pytest.fixture
async def campus(make, school):
    return await make.campus(school=school)


@pytest.fixture
def principal(as_, school):
    """The school's office."""
    return as_(Role.SCHOOL_ADMIN, school=school)


def summer(campus, **more):
    return {
        "campus_id": str(campus.id),
        "stage": "2",
        "name": "夏季作息",
        "valid_from": "2026-08-31",
        "valid_until": "2026-10-08",
        "periods": PERIODS,
        **more,
    }


def winter(campus, **more):
    return summer(campus, name="冬季作息", valid_from="2026-10-08", valid_until=None, **more)


async def rung(client, body):
    answer = await client.post("/v1/bell-schedules", json=body)
    assert answer.status_code == 201, answer.text
    return answer


async def test_seasons_and_stages_stand_side_by_side(principal, campus):
    made = [
        (await rung(principal, body)).json()
        for body in (summer(campus), winter(campus), summer(campus, stage="3", name="初中"))
    ]

    assert [len(one["periods"]) for one in made] == [3, 3, 3]
    assert made[0]["periods"][0] == {
        "number": 1,
        "name": "第一节",
        "starts": "08:30:00",
        "ends": "09:10:00",
    }
    path = f"/v1/campuses/{campus.id}/bell-schedules"
    listed = (await principal.get(path)).json()["items"]
    assert listed == made
    october = (await principal.get(path, params={"as_of": "2026-10-07"})).json()["items"]
    assert [one["name"] for one in october] == ["夏季作息", "初中"]
    after = (await principal.get(path, params={"as_of": "2026-10-08"})).json()["items"]
    assert [one["name"] for one in after] == ["冬季作息"]


async def test_two_schedules_never_ring_at_once(principal, campus):
    await rung(principal, summer(campus))

    for body in (
        summer(campus, name="另一套"),
        winter(campus) | {"valid_from": "2026-10-07"},
        summer(campus, valid_from="2026-09-15", valid_until="2026-09-16"),
    ):
        refused = await principal.post("/v1/bell-schedules", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "bell-schedule-overlaps")


@pytest.mark.parametrize(
    ("periods", "code", "problems"),
    [
        ([], "validation-failed", [("/periods", "too-short")]),
        (
            [{"number": 1, "starts": "09:10", "ends": "08:30"}],
            "bells-unfit",
            [("/periods/0", "reversed")],
        ),
        (
            [PERIODS[0], PERIODS[1] | {"starts": "09:00"}],
            "bells-unfit",
            [("/periods/1", "overlap")],
        ),
        (
            [PERIODS[0], PERIODS[1] | {"number": 1}],
            "bells-unfit",
            [("/periods/1", "duplicate")],
        ),
        (
            [PERIODS[1] | {"number": 1}, PERIODS[0] | {"number": 2}],
            "bells-unfit",
            [("/periods/0", "out_of_order")],
        ),
        (
            [PERIODS[0] | {"starts": "08:30+08:00"}],
            "validation-failed",
            [("/periods/0", "wall-time")],
        ),
        (
            [PERIODS[0] | {"ends": "09:10:30"}],
            "validation-failed",
            [("/periods/0", "whole-minutes")],
        ),
        (
            [PERIODS[0] | {"number": 21}],
            "validation-failed",
            [("/periods/0/number", "less-than-equal")],
        ),
        (
            [PERIODS[0] | {"starts": "8点半"}],
            "validation-failed",
            [("/periods/0/starts", "time-parsing")],
        ),
        (
            [PERIODS[0] | {"room": "音乐教室"}],
            "validation-failed",
            [("/periods/0/room", "extra-forbidden")],
        ),
    ],
)
async def test_periods_that_do_not_fit_are_named(principal, campus, periods, code, problems):
    refused = await principal.post("/v1/bell-schedules", json=summer(campus, periods=periods))

    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert problems_of(refused) == problems


@pytest.mark.parametrize(
    "change", [{"stage": "5"}, {"valid_until": "2026-08-31"}, {"valid_until": "2026-08-01"}]
)
async def test_a_schedule_that_cannot_be_is_refused(principal, campus, change):
    refused = await principal.post("/v1/bell-schedules", json=summer(campus) | change)

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")


async def test_a_schedule_is_replaced_as_a_whole_under_its_tag(principal, campus):
    made = await rung(principal, summer(campus))
    path = f"/v1/bell-schedules/{made.json()['id']}"
    body = {name: made.json()[name] for name in ("name", "valid_from", "valid_until", "periods")}
    assert (await principal.get(path)).json() == made.json()

    for change, version in (
        ({}, 1),
        ({"name": "夏秋作息"}, 2),
        ({"valid_until": "2026-10-09"}, 3),
        ({"periods": PERIODS[:2]}, 4),
        ({"name": "夏季", "periods": PERIODS[::-1]}, 5),
        ({"periods": PERIODS}, 5),
    ):
        body |= change
        answer = await principal.put(path, json=body, headers={"If-Match": "*"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["version"] == version, change
        assert answer.headers["etag"] == f'"{version}"'
        assert (await principal.get(path)).json() == answer.json()
    present = (await principal.get(path)).json()
    assert [one["number"] for one in present["periods"]] == [1, 2, 3]

    stale = await principal.put(path, json=body, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.headers["etag"]) == (412, '"5"')
    unfit = await principal.put(
        path, json=body | {"periods": [PERIODS[0], PERIODS[0]]}, headers={"If-Match": "*"}
    )
    assert unfit.json()["code"] == "bells-unfit"


async def test_a_season_grows_up_to_the_next_and_no_further(principal, campus):
    made = await rung(principal, summer(campus))
    await rung(principal, winter(campus))
    path = f"/v1/bell-schedules/{made.json()['id']}"
    body = {"name": "夏季作息", "valid_from": "2026-08-31", "periods": PERIODS}

    refused = await principal.put(path, json=body, headers={"If-Match": "*"})

    assert (refused.status_code, refused.json()["code"]) == (409, "bell-schedule-overlaps")
    assert (await principal.get(path)).json() == made.json()


async def test_bells_entered_by_mistake_are_dropped(principal, campus):
    made = await rung(principal, summer(campus))
    path = f"/v1/bell-schedules/{made.json()['id']}"

    assert (await principal.delete(path)).status_code == 428
    assert (await principal.delete(path, headers={"If-Match": '"2"'})).status_code == 412
    assert (await principal.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    assert (await principal.get(path)).status_code == 404
    await rung(principal, summer(campus))


async def asked(client, campus, schedule_id):
    """What somebody gets who lists, reads, makes and replaces bells."""
    made = {"campus_id": str(campus.id), "stage": "3", "name": "初中", "valid_from": "2026-08-31"}
    body = {"name": "改", "valid_from": "2026-08-31", "periods": PERIODS}
    path = f"/v1/bell-schedules/{schedule_id}"
    answers = (
        await client.get(f"/v1/campuses/{campus.id}/bell-schedules"),
        await client.get(path),
        await client.post("/v1/bell-schedules", json=made | {"periods": PERIODS}),
        await client.put(path, json=body, headers={"If-Match": "*"}),
    )
    return [answer.status_code for answer in answers]


async def test_each_school_rings_its_own_bells(as_, make, office, principal, school, campus):
    mate = await make.school()
    group = await make.group(lead=mate, close=[school])
    foreign = await make.campus(school=mate)
    theirs = await make.bells(campus=foreign)
    own = (await rung(principal, summer(campus))).json()

    # A school that is a member sees its own only.
    assert await asked(principal, foreign, theirs.id) == [404, 404, 404, 404]
    assert await asked(as_(Role.TEACHER, school=mate), foreign, theirs.id) == [
        200,
        200,
        403,
        403,
    ]
    assert await asked(as_(Role.GROUP_ADMIN, group=group), campus, own["id"]) == [
        200,
        200,
        201,
        200,
    ]
    assert await asked(office, foreign, theirs.id) == [200, 200, 201, 200]
    assert (await office.get(f"/v1/bell-schedules/{campus.id}")).status_code == 404


async def test_who_sees_more_than_they_may_change_is_told_so(guests, make, school, campus):
    both = await make.account()
    await make.hat(account=both, role=Role.SCHOOL_ADMIN, school=school)
    await make.hat(account=both, role=Role.AUDITOR)
    token = access_token(await make.signed_in(account=both))
    client = guests(headers={"Authorization": f"Bearer {token}"})
    foreign = await make.campus(school=await make.school())
    theirs = await make.bells(campus=foreign)
    own = await make.bells(campus=campus)

    assert await asked(client, foreign, theirs.id) == [200, 200, 403, 403]
    assert await asked(client, campus, own.id) == [200, 200, 201, 200]


async def test_a_schedule_without_end_lasts(make, office, campus):
    await make.bells(campus=campus, valid=days(date(2026, 8, 31), None))

    path = f"/v1/campuses/{campus.id}/bell-schedules"
    (found,) = (await office.get(path, params={"as_of": "2099-01-01"})).json()["items"]
    assert (found["valid_from"], found["valid_until"]) == ("2026-08-31", None)
