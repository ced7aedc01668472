"""Who is due for rotation, and how schools are staffed before and after, over HTTP."""

from datetime import date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days

SEPTEMBER = {"on": "2026-09-01"}


@pytest.fixture(autouse=True)
def autumn():
    with clock.freeze(datetime.fromisoformat("2026-10-20T09:00:00+08:00")):
        yield


@pytest.fixture
async def group(make):
    lead = await make.school(name="江湾小学")
    rural = await make.school(name="云岭小学")
    return await make.group(lead=lead, close=[rural])


@pytest.fixture
async def schools(group, as_):
    client = as_(Role.GROUP_ADMIN, group=group)
    listed = (await client.get("/v1/memberships", params={"group_id": str(group.id)})).json()
    return {one["tier"]: one["school_id"] for one in listed["items"]}


async def read(client, path, **params):
    answer = await client.get(f"/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _employ(make, school_id, *, since, **values):
    class Place:
        id = school_id

    return await make.teacher(school=Place, employed=days(since, None), **values)


async def test_who_is_due_and_why_the_others_are_not(make, as_, group, schools):
    lead = schools["lead"]
    due = await _employ(make, lead, since=date(2015, 9, 1), birth_year=1985)
    new = await _employ(make, lead, since=date(2024, 9, 1), birth_year=1990)
    old = await _employ(
        make,
        lead,
        since=date(2010, 9, 1),
        birth_year=1970,
        expected_retirement_on=date(2030, 9, 1),
    )

    found = await read(
        as_(Role.SCHOOL_ADMIN, school=lead), f"schools/{lead}/rotation-eligibility", **SEPTEMBER
    )

    assert found["teachers"][0]["teacher_id"] == str(due.id)
    why = {
        one["teacher_id"]: [reason["code"] for reason in one["reasons"]]
        for one in found["teachers"]
    }
    assert why == {
        str(due.id): [],
        str(new.id): ["not-long-enough"],
        str(old.id): ["over-age", "retiring"],
    }
    assert (found["teacher_count"], found["eligible_count"]) == (3, 1)
    assert (found["target_of_all"], found["target_of_eligible"]) == (1, 1)


async def test_whoever_came_back_is_there_since_the_return(make, as_, schools):
    lead, rural = schools["lead"], schools["close"]
    one = await _employ(make, lead, since=date(2012, 9, 1))
    office = as_(Role.DISTRICT_ADMIN)
    for school_id, day in ((rural, "2026-09-01"), (lead, "2026-10-01")):
        moved = await office.post(
            f"/v1/teachers/{one.id}:transfer",
            json={"school_id": school_id, "on": day},
            headers={"If-Match": "*"},
        )
        assert moved.status_code == 200, moved.text

    (found,) = (await read(office, f"schools/{lead}/rotation-eligibility"))["teachers"]

    assert (found["here_since"], found["years_here"]) == ("2026-10-01", 0)


async def test_a_district_sets_its_own_numbers(make, as_, schools):
    lead = schools["lead"]
    await _employ(make, lead, since=date(2022, 9, 1))
    office = as_(Role.DISTRICT_ADMIN)
    chosen = {"rotation": {"years_at_school": 3, "share_percent": 50}}
    set_ = await office.patch("/v1/district", json=chosen, headers={"If-Match": "*"})
    assert set_.status_code == 200, set_.text

    found = await read(office, f"schools/{lead}/rotation-eligibility")

    assert found["policy"]["years_at_school"] == 3
    assert found["policy"]["oldest"] == 50
    assert found["eligible_count"] == 1


async def test_a_move_shows_before_and_after(make, as_, group, schools):
    lead, rural = schools["lead"], schools["close"]
    honours = {"backbone_level": "backbone", "backbone_grantor": "district"}
    mover = await _employ(make, lead, since=date(2015, 9, 1), birth_year=1985, **honours)
    await _employ(make, lead, since=date(2015, 9, 1), birth_year=1985, **honours)
    await _employ(make, rural, since=date(2015, 9, 1), birth_year=1996)
    office = as_(Role.DISTRICT_ADMIN)
    moved = await office.post(
        f"/v1/teachers/{mover.id}:transfer",
        json={"school_id": rural, "on": "2026-09-01"},
        headers={"If-Match": "*"},
    )
    assert moved.status_code == 200, moved.text

    days_ = {"before": "2026-08-31", "after": "2026-09-01"}
    mine = await read(office, f"schools/{rural}/staff-structure", **days_)
    whole = await read(
        as_(Role.GROUP_ADMIN, group=group), f"groups/{group.id}/staff-structure", **days_
    )

    assert (mine["structure"]["backbone_before"], mine["structure"]["backbone_after"]) == (0, 1)
    ages = {one["code"]: (one["before"], one["after"]) for one in mine["structure"]["by_age"]}
    assert (ages["<=35"], ages["36-45"]) == ((1, 1), (0, 1))
    assert (whole["structure"]["teachers_before"], whole["structure"]["teachers_after"]) == (3, 3)
    assert len(whole["schools"]) == 2
    spread = {one["code"]: (one["before"], one["after"]) for one in whole["spread"]}
    assert spread["backbone"][0] > spread["backbone"][1]


async def test_without_days_the_summer_is_between_them(as_, group, schools):
    office = as_(Role.DISTRICT_ADMIN)

    autumn = await read(office, f"groups/{group.id}/staff-structure")
    with clock.freeze(datetime.fromisoformat("2027-03-01T09:00:00+08:00")):
        spring = await read(office, f"groups/{group.id}/staff-structure")

    assert (autumn["before"], autumn["after"]) == ("2026-08-31", "2026-10-20")
    assert (spring["before"], spring["after"]) == ("2026-08-31", "2027-03-01")


async def test_others_schools_and_groups_are_not_found(make, as_, group, schools):
    stranger = await make.school()
    office = as_(Role.SCHOOL_ADMIN, school=stranger)

    for path in (
        f"schools/{schools['lead']}/rotation-eligibility",
        f"schools/{schools['lead']}/staff-structure",
        f"groups/{group.id}/staff-structure",
    ):
        assert (await office.get(f"/v1/{path}")).status_code == 404
    mine = await read(
        as_(Role.SCHOOL_ADMIN, school=schools["close"]), f"groups/{group.id}/staff-structure"
    )
    assert [one["school"]["id"] for one in mine["schools"]] == [schools["close"]]
