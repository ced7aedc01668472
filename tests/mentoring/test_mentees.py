"""The dual rule is reported until it is met; mentors show their places."""

from datetime import UTC, date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.mentoring.rules import PairingState
from service.network.tables import SchoolDesignation

AUTUMN = date(2026, 9, 1)


@pytest.fixture(autouse=True)
def _autumn():
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def town(make):
    return await make.school(name="城区小学")


@pytest.fixture
async def village(make):
    return await make.school(name="山村小学", urban_rural_code="220")


@pytest.fixture
def gaps(office):
    """What the list and the report say of a mentee, which is the same."""

    async def said(teacher, **query):
        listed = (await office.get("/v1/mentees", params=query)).json()["items"]
        (found,) = [one for one in listed if one["teacher"]["id"] == str(teacher.id)]
        path = f"/v1/mentees/{teacher.id}/mentoring-report"
        report = (await office.get(path, params=query)).json()
        assert {name: report[name] for name in found} == found
        filtered = await office.get("/v1/mentees", params={**query, "met": found["met"]})
        assert str(teacher.id) in {one["teacher"]["id"] for one in filtered.json()["items"]}
        others = await office.get("/v1/mentees", params={**query, "met": not found["met"]})
        assert str(teacher.id) not in {one["teacher"]["id"] for one in others.json()["items"]}
        return [gap["code"] for gap in found["gaps"]]

    return said


async def test_a_mentee_of_a_village_needs_somebody_from_outside(make, gaps, town, village):
    mentee = await make.teacher(school=village)
    colleagues = [await make.teacher(school=village) for _ in range(2)]
    guest = await make.teacher(school=town)

    await make.pairing(mentor=colleagues[0], mentee=mentee, role="in_school")
    one = await gaps(mentee)
    second = await make.pairing(
        mentor=colleagues[1],
        mentee=mentee,
        role="cross_school",
        valid=days(AUTUMN, date(2026, 12, 1)),
    )
    two_inside = await gaps(mentee)
    await make.pairing(
        mentor=guest,
        mentee=mentee,
        role="cross_school",
        valid=days(second.valid.upper, None),
    )

    assert one == ["second-mentor", "second-role", "outside-mentor"]
    assert two_inside == ["outside-mentor"]
    assert await gaps(mentee, as_of="2026-12-01") == []


async def test_a_mentee_in_town_needs_two_in_two_roles(make, gaps, town):
    mentee = await make.teacher(school=town)
    for role in ("in_school", "cross_school"):
        await make.pairing(mentor=await make.teacher(school=town), mentee=mentee, role=role)

    assert await gaps(mentee) == []


async def test_a_weak_school_counts_like_a_village(make, gaps, town, district):
    mentee = await make.teacher(school=town)
    for role in ("in_school", "cross_school"):
        await make.pairing(mentor=await make.teacher(school=town), mentee=mentee, role=role)
    weak = SchoolDesignation(
        district_id=district.id, school_id=town.id, kind="weak", valid=days(AUTUMN, None)
    )
    await make.kept(rows=[weak])

    assert await gaps(mentee) == ["outside-mentor"]


async def test_a_proposal_does_not_count_yet(make, gaps, town):
    mentee = await make.teacher(school=town)
    await make.pairing(
        mentor=await make.teacher(school=town), mentee=mentee, state=PairingState.PROPOSED
    )

    assert await gaps(mentee) == ["second-mentor", "second-role"]


async def test_the_past_is_reported_as_it_was(make, gaps, town):
    mentee = await make.teacher(school=town)
    last_year = days(date(2025, 9, 1), date(2026, 7, 1))
    for role in ("in_school", "cross_school"):
        await make.pairing(
            mentor=await make.teacher(school=town),
            mentee=mentee,
            role=role,
            valid=last_year,
            state=PairingState.ENDED,
            activated_on=last_year.lower,
        )

    assert await gaps(mentee, as_of="2026-03-01") == []


async def test_a_report_warns_of_what_should_be_looked_at(make, office, town, village):
    mentee = await make.teacher(school=village)
    leaving = await make.teacher(
        school=town,
        subjects=(("41", "3"),),
        employed=days(date(2020, 9, 1), date(2027, 2, 1)),
    )
    pairing = await make.pairing(mentor=leaving, mentee=mentee, role="in_school")

    report = (await office.get(f"/v1/mentees/{mentee.id}/mentoring-report")).json()

    assert [(one["pairing_id"], one["code"]) for one in report["warnings"]] == [
        (str(pairing.id), code)
        for code in ("no-shared-subject", "not-experienced", "mentor-away", "other-school")
    ]
    assert report["rural"]
    assert report["guides"][0]["mentor"]["school_name"] == "城区小学"


async def test_somebody_without_a_mentor_has_a_report_too(make, office, town):
    teacher = await make.teacher(school=town)

    report = await office.get(f"/v1/mentees/{teacher.id}/mentoring-report")
    nobody = await office.get(f"/v1/mentees/{town.id}/mentoring-report")

    assert [gap["code"] for gap in report.json()["gaps"]] == ["second-mentor", "second-role"]
    assert (nobody.status_code, nobody.json()["code"]) == (404, "mentee-not-found")


async def test_lists_are_by_school_and_group_and_within_reach(make, office, as_, town, village):
    group = await make.group(lead=town)
    for school in (town, village):
        await make.pairing(
            mentor=await make.teacher(school=school), mentee=await make.teacher(school=school)
        )

    async def schools(client, path, **query):
        answer = await client.get(path, params=query)
        return [one["teacher"]["school_name"] for one in answer.json()["items"]]

    for path in ("/v1/mentees", "/v1/mentors"):
        assert len(await schools(office, path)) == 2
        assert await schools(office, path, school_id=str(village.id)) == ["山村小学"]
        assert await schools(office, path, group_id=str(group.id)) == ["城区小学"]
        assert await schools(as_(Role.SCHOOL_ADMIN, school=town), path) == ["城区小学"]
        assert await schools(as_(Role.GROUP_ADMIN, group=group), path) == ["城区小学"]
