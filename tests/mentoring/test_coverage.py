"""Who is looked after in a cohort, and who is not: numbers that add up to their lists."""

from datetime import UTC, date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.mentoring.rules import PairingState
from service.network.tables import SchoolDesignation

NEW = {"teaching_since": date(2024, 9, 1)}
OLD = {"teaching_since": date(2010, 9, 1)}
ALWAYS = days(date(2020, 9, 1), None)
COUNT = {"Prefer": "count=exact"}


@pytest.fixture(autouse=True)
def _autumn():
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
    """A town school, a rural and a weak one of one group."""
    town, rural, weak = (
        await make.school(),
        await make.school(urban_rural_code="220"),
        await make.school(),
    )
    kind = SchoolDesignation(
        district_id=weak.district_id, school_id=weak.id, kind="weak", valid=ALWAYS
    )
    await make.kept(rows=[kind])
    await make.group(lead=town, close=[rural], alliance=[weak])
    return town, rural, weak


def names(answer):
    return [one["teacher"]["name"] for one in answer.json()["items"]]


@pytest.mark.parametrize(
    ("cohort", "wanted"),
    [
        ({}, ["新农", "新弱"]),
        ({"combine": "any"}, ["新农", "新弱", "新城", "老农"]),
        ({"new_years": None}, ["新农", "新弱", "老农"]),
        ({"new_years": 1}, []),
        ({"rural": False}, ["新弱"]),
        ({"rural": False, "weak": False}, ["新农", "新弱", "新城"]),
        ({"rural": False, "weak": False, "new_years": None}, []),
    ],
)
async def test_a_standard_says_whom_it_concerns(office, make, year, schools, cohort, wanted):
    town, rural, weak = schools
    for number, (name, school, since) in enumerate(
        [("新农", rural, NEW), ("新弱", weak, NEW), ("新城", town, NEW), ("老农", rural, OLD)]
    ):
        await make.teacher(school=school, name=name, name_pinyin=f"a{number}", **since)
    await make.teacher(school=rural, name="不详")
    await make.teacher(school=rural, name="已退", expected_retirement_on=date(2026, 10, 1), **NEW)
    gone = days(date(2024, 9, 1), date(2026, 9, 1))
    await make.teacher(school=rural, name="已走", employed=gone, **NEW)
    programme = await make.programme(year=year, standard={"cohort": cohort})

    listed = await office.get(f"/v1/mentoring-programmes/{programme.id}/coverage/mentees")

    found = set(names(listed)) - {"不详"}
    assert found == set(wanted)
    assert ("不详" in names(listed)) is (
        cohort.get("combine") == "any" or wanted == ["新农", "新弱", "老农"]
    )


async def test_who_was_added_or_exempted_by_hand(office, make, year, schools):
    added = await make.teacher(school=schools[0], name="增补", **OLD)
    exempted = await make.teacher(school=schools[1], name="免除", **NEW)
    programme = await make.programme(year=year)
    await make.programme_entry(programme=programme, teacher=added)
    await make.programme_entry(programme=programme, teacher=exempted, kind="exempted")

    (one,) = (await office.get(f"/v1/mentoring-programmes/{programme.id}/coverage/mentees")).json()[
        "items"
    ]

    assert one["teacher"]["name"] == "增补"
    assert [ground["label"] for ground in one["grounds"]] == ["个别增补"]


@pytest.fixture
async def looked_after(make, year, schools):
    """One mentee of each standing, and mentors who are over capacity or leave."""
    town, rural, weak = schools
    inside = await make.teacher(school=rural, name="内", **OLD)
    outside = await make.teacher(
        school=town, name="外", expected_retirement_on=date(2027, 3, 1), **OLD
    )
    home = await make.teacher(school=weak, name="本", **OLD)
    colleague = await make.teacher(school=weak, name="同", **OLD)
    met, one, none, broken = [
        await make.teacher(school=school, name=name, **NEW)
        for name, school in (("齐", rural), ("一", rural), ("无", weak), ("违", weak))
    ]
    await make.pairing(mentor=inside, mentee=met, role="in_school")
    await make.pairing(mentor=outside, mentee=met, role="cross_school")
    await make.pairing(mentor=outside, mentee=one, role="cross_school")
    await make.pairing(mentor=home, mentee=broken, role="in_school")
    await make.pairing(mentor=colleague, mentee=broken, role="cross_school")
    await make.pairing(
        mentor=outside, mentee=none, role="cross_school", state=PairingState.PROPOSED
    )
    return await make.programme(year=year, standard={"mentors": {"capacity": 2}})


async def test_the_numbers_add_up_to_the_lists(office, looked_after):
    path = f"/v1/mentoring-programmes/{looked_after.id}/coverage"

    body = (await office.get(path)).json()

    numbers = body["mentees"]
    assert numbers == {"cohort": 4, "none": 1, "one": 1, "broken": 1, "met": 1}
    for name in ("none", "one", "broken", "met"):
        listed = await office.get(f"{path}/mentees?standing={name}", headers=COUNT)
        assert listed.headers["x-total-count"] == str(numbers[name])
        by_school = [one["numbers"][name] for one in body["schools"]]
        assert sum(by_school) == numbers[name]
    assert body["mentors"] == {"mentors": 4, "taken": 6, "over_capacity": 1, "leaving": 1}
    for trouble, count in (("over-capacity", 1), ("leaving", 1)):
        listed = await office.get(f"{path}/mentors?trouble={trouble}")
        assert names(listed) == ["外"] * count
    (leaving,) = (await office.get(f"{path}/mentors?trouble=leaving")).json()["items"]
    assert (leaving["taken"], leaving["capacity"], leaving["leaves_on"]) == (3, 2, "2027-03-01")


async def test_what_is_missing_is_said_by_name(office, looked_after, schools):
    path = f"/v1/mentoring-programmes/{looked_after.id}/coverage/mentees"

    (broken,) = (await office.get(f"{path}?standing=broken")).json()["items"]

    assert [gap["code"] for gap in broken["gaps"]] == ["outside-mentor"]
    assert broken["standing_label"] == "不合双导师要求"
    assert names(await office.get(f"{path}?pending=true")) == ["无"]
    assert sorted(names(await office.get(f"{path}?school_id={schools[1].id}"))) == ["一", "齐"]
    assert names(await office.get(f"{path}?subject=99")) == []


async def test_a_school_sees_its_own(as_, looked_after, schools):
    client = as_(Role.SCHOOL_ADMIN, school=schools[1])
    path = f"/v1/mentoring-programmes/{looked_after.id}/coverage"

    body = (await client.get(path)).json()

    assert [one["school_id"] for one in body["schools"]] == [str(schools[1].id)]
    assert body["mentees"]["cohort"] == 2
    assert names(await client.get(f"{path}/mentors")) == ["内"]


async def test_a_groups_programme_concerns_its_members(office, make, year, schools):
    stranger = await make.school(urban_rural_code="220")
    await make.teacher(school=stranger, **NEW)
    mine = await make.teacher(school=schools[1], **NEW)
    group = await make.group(alliance=[schools[1]])
    programme = await make.programme(year=year, group=group)

    listed = await office.get(f"/v1/mentoring-programmes/{programme.id}/coverage/mentees")

    assert names(listed) == [mine.name]
    params = {"group_id": str(group.id), "as_of": "2020-01-01"}
    early = await office.get(
        f"/v1/mentoring-programmes/{programme.id}/coverage/mentees", params=params
    )
    assert names(early) == [mine.name]
