"""Dates that differ, over HTTP: three scopes, whose they are, and what a campus then teaches."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from service.kit.auth import Role
from service.kit.db import days
from tests.calendar.conftest import day_of, days_of, decide, place, problems_of


@dataclass
class Town:
    """A member of two groups, with a campus, in a term."""

    school: Any
    campus: Any
    group: Any
    alliance: Any


@pytest.fixture
async def town(make: Any) -> Town:
    school, lead, other = await make.school(), await make.school(), await make.school()
    alliance = await make.group(lead=other, alliance=[school], name="联盟集团")
    group = await make.group(lead=lead, close=[school], name="紧密集团")
    await make.school_term()
    return Town(school, await make.campus(school=school), group, alliance)


# What a campus teaches


async def test_a_week_is_told_day_by_day(office, make, town):
    await make.day_decided(on_date=date(2026, 10, 1), kind="off", reason="国庆节")
    await make.day_decided(on_date=date(2026, 10, 2), kind="exam", reason="月考")

    found = await days_of(office, town.campus, "2026-09-30", "2026-10-03")

    assert found == [
        {
            "on_date": "2026-09-30",
            "teaching": True,
            "weekday": 3,
            "week": 5,
            "parity": "odd",
            "moved": False,
            "label": None,
            "why_not": None,
            "reason": None,
            "source": None,
            "provisional": False,
        },
        *(
            {
                "on_date": on,
                "teaching": False,
                "weekday": None,
                "week": None,
                "parity": None,
                "moved": False,
                "label": label,
                "why_not": why,
                "reason": reason,
                "source": source,
                "provisional": False,
            }
            for on, label, why, reason, source in (
                ("2026-10-01", "放假", "off", "国庆节", "district"),
                ("2026-10-02", "考试", "exam", "月考", "district"),
                ("2026-10-03", "周末", "weekend", None, None),
            )
        ),
    ]


async def test_labels_follow_the_readers_language(office, make, town):
    await make.day_decided(
        on_date=date(2026, 10, 10), follows_weekday=4, follows_parity="odd", reason="国庆节调休"
    )
    await make.day_decided(on_date=date(2026, 9, 20), reason="国庆节调休")
    path = f"/v1/campuses/{town.campus.id}/teaching-days"

    told = {}
    for language in ("zh-CN", "en"):
        for on, until in (("2026-10-10", "2026-10-11"), ("2026-09-20", "2026-09-21")):
            answer = await office.get(
                path, params={"from": on, "until": until}, headers={"Accept-Language": language}
            )
            (day,) = answer.json()["items"]
            told[language, on] = day["label"]

    assert told["zh-CN", "2026-10-10"] == "按周四(单周)课表"
    assert told["en", "2026-10-10"] == "follows Thursday (odd week)"
    assert told["zh-CN", "2026-09-20"] == "调休上课日,尚未公布按周几课表"
    assert told["en", "2026-09-20"].startswith("a make-up day")


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-09-02", "until": "2026-09-02"},
        {"from": "2026-09-02", "until": "2026-09-01"},
        {"from": "2026-01-01", "until": "2027-02-06"},
        {"from": "1901-01-01", "until": "2099-12-31"},
    ],
)
async def test_a_range_is_neither_empty_nor_reversed_nor_endless(office, town, params):
    for path in (f"/v1/campuses/{town.campus.id}/teaching-days", "/v1/calendar-days"):
        refused = await office.get(path, params=params)
        assert refused.status_code == 422, path
        assert problems_of(refused) == [("query/until", "range")]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"from": "2026-09-01"}, ("query/until", "missing")),
        (
            {"from": "today", "until": "2026-09-02"},
            ("query/from", "date-from-datetime-parsing"),
        ),
        (
            {"from": "2026-09-01", "until": "2026-09-02", "bells": "true"},
            ("query/bells", "unknown-parameter"),
        ),
    ],
)
async def test_a_range_that_cannot_be_read_is_named(office, town, params, problem):
    refused = await office.get(f"/v1/campuses/{town.campus.id}/teaching-days", params=params)

    assert refused.status_code == 422
    assert problems_of(refused) == [problem]


async def test_a_campus_out_of_sight_has_no_days(as_, make, town):
    elsewhere = as_(Role.SCHOOL_ADMIN, school=await make.school())

    refused = await elsewhere.get(
        f"/v1/campuses/{town.campus.id}/teaching-days",
        params={"from": "2026-09-01", "until": "2026-09-02"},
    )

    assert (refused.status_code, refused.json()["code"]) == (404, "campus-not-found")


# Whose decision counts


async def test_the_narrower_scope_wins_and_gives_way_again(office, town, district):
    on = "2026-11-20"
    scopes = [
        (district, "district"),
        (town.alliance, "group"),
        (town.group, "group"),
        (town.school, "school"),
    ]
    seen = [(await day_of(office, town.campus, on))["weekday"]]
    for weekday, (unit, scope) in enumerate(scopes, start=1):
        made = await decide(office, place(unit, on, scope), follows_weekday=weekday)
        assert made.status_code == 201, made.text
        seen.append((await day_of(office, town.campus, on))["weekday"])
    for unit, scope in reversed(scopes):
        gone = await office.delete(place(unit, on, scope), headers={"If-Match": '"1"'})
        assert gone.status_code == 204, gone.text
        seen.append((await day_of(office, town.campus, on))["weekday"])

    assert seen == [5, 1, 2, 3, 4, 3, 2, 1, 5]


async def test_the_lead_or_close_groups_word_is_above_an_alliances_whoever_came_first(office, town):
    on = "2026-11-20"
    await decide(office, place(town.group, on, "group"), follows_weekday=1)
    await decide(office, place(town.alliance, on, "group"), follows_weekday=2)

    assert (await day_of(office, town.campus, on))["weekday"] == 1


async def test_of_two_alliances_the_older_membership_decides(office, make, town):
    school = await make.school()
    campus = await make.campus(school=school)
    await make.member(group=town.alliance, school=school)
    later = days(date(2021, 9, 1), None)
    await make.member(group=town.group, school=school, valid=later)
    on = date(2026, 11, 20)
    await make.day_decided(group=town.group, on_date=on, follows_weekday=1)
    await make.day_decided(group=town.alliance, on_date=on, follows_weekday=2)

    found = await day_of(office, campus, str(on))

    assert (found["weekday"], found["source"]) == (2, "group")


async def test_a_group_decides_for_its_members_of_that_day(office, make, town):
    mate = await make.school()
    await make.member(
        group=town.group, school=mate, valid=days(date(2025, 9, 1), date(2026, 11, 1))
    )
    campus = await make.campus(school=mate)
    for on in (date(2026, 10, 30), date(2026, 11, 6)):
        await make.day_decided(group=town.group, on_date=on, kind="activity", reason="教研")

    assert (await day_of(office, campus, "2026-10-30"))["why_not"] == "activity"
    assert (await day_of(office, campus, "2026-11-06"))["teaching"] is True
    assert (await day_of(office, town.campus, "2026-11-06"))["why_not"] == "activity"


async def test_a_group_that_is_a_draft_decides_nothing(office, make, town):
    draft = await make.group(state="draft", alliance=[town.school])
    await make.day_decided(group=draft, on_date=date(2026, 11, 6), kind="off")

    assert (await day_of(office, town.campus, "2026-11-06"))["teaching"] is True


async def test_all_campuses_of_a_school_follow_it_and_no_others(office, make, town):
    second = await make.campus(school=town.school)
    foreign = await make.campus(school=await make.school())
    await make.day_decided(school=town.school, on_date=date(2026, 10, 30), kind="activity")

    told = [
        (await day_of(office, campus, "2026-10-30"))["teaching"]
        for campus in (town.campus, second, foreign)
    ]
    assert told == [False, False, True]


# Deciding


async def test_a_make_up_day_is_undecided_until_somebody_says_whose_it_is(office, town, district):
    path = place(district, "2026-09-20", "district")

    first = await decide(office, path, reason="国庆节调休")
    assert first.status_code == 201, first.text
    undecided = await day_of(office, town.campus, "2026-09-20")
    assert (undecided["teaching"], undecided["why_not"]) == (False, "undecided")

    said = await decide(
        office,
        path,
        tag=first.headers["etag"],
        follows_weekday=2,
        follows_parity="even",
        reason="国庆节调休",
    )
    assert (said.status_code, said.headers["etag"]) == (200, '"2"')
    told = await day_of(office, town.campus, "2026-09-20")
    assert (told["weekday"], told["week"], told["parity"]) == (2, 3, "even")
    assert told["label"] == "按周二(双周)课表"

    got = await office.get(path)
    assert got.json() == said.json()
    assert got.json().items() >= {"source": "manual", "scope": "district", "version": 2}.items()
    kept = await office.get(path, headers={"If-None-Match": got.headers["etag"]})
    assert kept.status_code == 304


async def test_a_decision_is_made_under_its_tag(office, town):
    path = place(town.school, "2026-11-20")
    bare = await office.put(path, json={"kind": "off"})
    assert (bare.status_code, bare.json()["code"]) == (428, "precondition-required")
    early = await decide(office, path, tag='"1"', kind="off")
    assert (early.status_code, early.headers["etag"]) == (412, '"0"')

    assert (await decide(office, path, kind="off", reason="校庆")).status_code == 201

    again = await decide(office, path, kind="off", reason="校庆")
    assert (again.status_code, again.headers["etag"]) == (412, '"1"')
    same = await decide(office, path, tag="*", kind="off", reason="校庆")
    assert (same.status_code, same.json()["version"]) == (200, 1)
    stale = await office.delete(path, headers={"If-Match": '"2"'})
    assert stale.status_code == 412
    assert (await office.delete(path)).status_code == 428
    assert (await office.delete(path, headers={"If-Match": '"1"'})).status_code == 204
    gone = await office.delete(path, headers={"If-Match": "*"})
    assert (gone.status_code, gone.json()["code"]) == (404, "calendar-day-not-found")
    assert (await office.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"kind": "holiday"}, ("/kind", "enum")),
        ({"kind": "off", "follows_weekday": 2}, ("", "follows-mismatch")),
        ({"kind": "exam", "follows_parity": "odd"}, ("", "follows-mismatch")),
        ({"kind": "teach", "follows_weekday": 0}, ("/follows_weekday", "greater-than-equal")),
        ({"kind": "teach", "follows_weekday": 8}, ("/follows_weekday", "less-than-equal")),
        ({"kind": "teach", "follows_parity": "every"}, ("/follows_parity", "enum")),
        ({"kind": "teach", "source": "national"}, ("/source", "extra-forbidden")),
        ({"kind": "off", "reason": "长" * 81}, ("/reason", "string-too-long")),
        ({}, ("/kind", "missing")),
    ],
)
async def test_a_decision_that_makes_no_sense_is_named(office, town, body, problem):
    refused = await office.put(
        place(town.school, "2026-11-20"), json=body, headers={"If-Match": '"0"'}
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert problems_of(refused) == [problem]


@pytest.mark.parametrize(
    "path",
    [
        "region/{id}/2026-11-20",
        "school/{id}/2026-11-31",
        "school/{id}/1999-12-31",
        "school/{id}/9999-12-31",
        "school/lead/2026-11-20",
    ],
)
async def test_a_place_that_cannot_be_read_is_refused(office, town, path):
    refused = await decide(office, f"/v1/calendar-days/{path.format(id=town.school.id)}")

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")


# Who decides


async def test_everybody_decides_as_far_as_they_reach(as_, make, town, district):
    other = await make.school()
    places = {
        "own school": place(town.school, "2026-11-20"),
        "other school": place(other, "2026-11-20"),
        "group": place(town.group, "2026-11-20", "group"),
        "other group": place(await make.group(lead=other), "2026-11-20", "group"),
        "district": place(district, "2026-11-20", "district"),
    }

    async def told(client):
        answers = [await decide(client, path, tag="*", kind="off") for path in places.values()]
        return [answer.status_code for answer in answers]

    assert await told(as_(Role.TEACHER, school=town.school)) == [403] * 5
    assert await told(as_(Role.AUDITOR)) == [403] * 5
    assert await told(as_(Role.SCHOOL_ADMIN, school=town.school)) == [201, 404, 403, 404, 403]
    assert await told(as_(Role.GROUP_ADMIN, group=town.group)) == [200, 404, 201, 404, 403]
    assert await told(as_(Role.DISTRICT_ADMIN)) == [200, 201, 200, 201, 201]


async def test_everybody_sees_what_concerns_them(as_, office, make, town, district):
    other = await make.school()
    for where in (
        {"school": town.school},
        {"school": other},
        {"group": town.group},
        {"group": await make.group(lead=other)},
        {},
    ):
        await make.day_decided(on_date=date(2026, 11, 20), kind="off", **where)
    await make.at(await make.at(None).district()).day_decided(
        on_date=date(2026, 11, 20), kind="off"
    )

    async def seen(client):
        answer = await client.get("/v1/calendar-days")
        return sorted((one["scope"], one["scope_id"]) for one in answer.json()["items"])

    mine = sorted(
        [
            ("school", str(town.school.id)),
            ("group", str(town.group.id)),
            ("district", str(district.id)),
        ]
    )
    assert await seen(as_(Role.SCHOOL_ADMIN, school=town.school)) == mine
    assert await seen(as_(Role.TEACHER, school=town.school)) == mine
    assert len(await seen(office)) == 5
    teacher = as_(Role.TEACHER, school=town.school)
    assert (await teacher.get(place(town.group, "2026-11-20", "group"))).status_code == 200
    assert (await teacher.get(place(other, "2026-11-20"))).status_code == 404


async def test_another_districts_dates_are_out_of_reach(office, make, town):
    elsewhere = await make.at(None).district()
    foreign = await make.at(elsewhere).school()

    refused = await decide(office, place(elsewhere, "2026-11-20", "district"), kind="off")
    assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
    refused = await decide(office, place(foreign, "2026-11-20"), kind="off")
    assert (refused.status_code, refused.json()["code"]) == (404, "school-not-found")
    refused = await decide(office, place(town.school, "2026-11-20", "group"), kind="off")
    assert (refused.status_code, refused.json()["code"]) == (404, "group-not-found")


# Lists


async def test_a_list_of_dates_is_a_half_open_range_in_order(office, make, district):
    for day in (20, 5, 10):
        await make.day_decided(on_date=date(2026, 10, day), kind="off")

    async def listed(**params):
        answer = await office.get("/v1/calendar-days", params=params)
        assert answer.status_code == 200, answer.text
        return [one["on_date"][-2:] for one in answer.json()["items"]]

    assert await listed() == ["05", "10", "20"]
    assert await listed(**{"from": "2026-10-10"}) == ["10", "20"]
    assert await listed(until="2026-10-20") == ["05", "10"]
    assert await listed(**{"from": "2026-10-10", "until": "2026-10-20"}) == ["10"]
    assert await listed(sort="-on_date", limit=2) == ["20", "10"]


async def test_only_checking_a_decision_keeps_nothing(office, town):
    path = place(town.school, "2026-11-20")

    checked = await office.put(
        path,
        json={"kind": "off"},
        headers={"If-Match": '"0"'},
        params={"validate_only": "true"},
    )

    assert checked.status_code == 201
    assert (await office.get(path)).status_code == 404
