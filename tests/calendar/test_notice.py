"""The national notice over HTTP: seen before it is taken over, and never above people's word."""

from datetime import date

import pytest

from service.kit.auth import Role
from tests.calendar.conftest import day_of, decide, place, problems_of

NOTICES = "/v1/calendar-notices"
OFF_2026 = {
    "元旦": ("2026-01-01", 3),
    "春节": ("2026-02-15", 9),
    "清明": ("2026-04-04", 3),
    "劳动节": ("2026-05-01", 5),
    "端午": ("2026-06-19", 3),
    "中秋": ("2026-09-25", 3),
    "国庆节": ("2026-10-01", 7),
}
MAKE_UP_2026 = {
    "2026-01-04": 5,
    "2026-02-14": 5,
    "2026-02-28": 1,
    "2026-05-09": 2,
    "2026-09-20": 2,
    "2026-10-10": 3,
}


async def previewed(client, year=2026):
    answer = await client.get(f"{NOTICES}/{year}")
    assert answer.status_code == 200, answer.text
    return {one["on_date"]: one for one in answer.json()["items"]}


async def applied(client, year=2026):
    answer = await client.post(f"{NOTICES}/{year}:apply")
    assert answer.status_code == 200, answer.text
    return {one["on_date"]: one["what"] for one in answer.json()["items"]}


async def test_the_notice_of_2026_is_seen_before_it_counts(office, make):
    campus = await make.campus(school=await make.school())
    await make.school_term()

    found = await previewed(office)

    assert {one["what"] for one in found.values()} == {"added"}
    off = {on for on, one in found.items() if one["national_kind"] == "off"}
    assert len(off) == sum(length for _, length in OFF_2026.values())
    assert {first for first, _ in OFF_2026.values()} <= off
    assert {
        on: one["suggested_weekday"] for on, one in found.items() if one["national_kind"] == "teach"
    } == MAKE_UP_2026
    assert found["2026-10-06"]["national_reason"].startswith("国庆")
    assert (await day_of(office, campus, "2026-10-01"))["teaching"] is True
    assert (await office.get("/v1/calendar-days")).json()["items"] == []


async def test_taking_it_over_writes_its_days_and_guesses_no_weekday(office, make):
    campus = await make.campus(school=await make.school())
    await make.school_term()

    assert set((await applied(office)).values()) == {"added"}

    assert (await day_of(office, campus, "2026-10-01"))["why_not"] == "off"
    make_up = await day_of(office, campus, "2026-09-20")
    assert (make_up["teaching"], make_up["why_not"]) == (False, "undecided")
    listed = (await office.get("/v1/calendar-days", params={"limit": 200})).json()["items"]
    assert {(one["source"], one["follows_weekday"]) for one in listed} == {("national", None)}
    assert len(listed) == 33 + 6


async def test_taking_it_over_again_changes_nothing(office):
    first = await office.post(f"{NOTICES}/2026:apply")
    before = (await office.get("/v1/calendar-days", params={"limit": 200})).json()

    again = await office.post(f"{NOTICES}/2026:apply")

    assert {one["what"] for one in again.json()["items"]} == {"same"}
    assert again.headers["etag"] == first.headers["etag"]
    assert (await office.get("/v1/calendar-days", params={"limit": 200})).json() == before


async def test_what_people_decided_is_kept_and_what_is_stale_is_mended(office, make, district):
    await make.day_decided(on_date=date(2026, 9, 20), follows_weekday=2, source="manual")
    await make.day_decided(on_date=date(2026, 10, 8), kind="off", reason="校车检修")
    await make.day_decided(on_date=date(2026, 10, 9), kind="off", source="national")
    await make.day_decided(
        on_date=date(2026, 10, 1), kind="teach", follows_weekday=1, source="national"
    )

    found = await previewed(office)
    done = await applied(office)

    assert {on: one["what"] for on, one in found.items()} == done
    assert {on: what for on, what in done.items() if what != "added"} == {
        "2026-09-20": "kept",
        "2026-10-01": "changed",
        "2026-10-08": "kept",
        "2026-10-09": "removed",
    }
    assert found["2026-09-20"]["present_follows_weekday"] == 2
    days = {
        one["on_date"]: one
        for one in (await office.get("/v1/calendar-days", params={"limit": 200})).json()["items"]
    }
    assert days["2026-09-20"]["follows_weekday"] == 2
    assert days["2026-10-01"].items() >= {"kind": "off", "follows_weekday": None}.items()
    assert days["2026-10-08"]["reason"] == "校车检修"
    assert "2026-10-09" not in days


async def test_a_day_somebody_edits_is_theirs_from_then_on(office, district):
    await applied(office)
    path = place(district, "2026-09-20", "district")

    await decide(office, path, tag="*", follows_weekday=2, reason="国庆节调休")

    assert (await applied(office))["2026-09-20"] in {"kept", "same"}
    assert (await office.get(path)).json().items() >= {
        "source": "manual",
        "follows_weekday": 2,
    }.items()


@pytest.mark.parametrize("year", [2003, 2027, 2100])
async def test_a_year_nobody_knows_is_said_to_be_unknown(office, year):
    for answer in (
        await office.get(f"{NOTICES}/{year}"),
        await office.post(f"{NOTICES}/{year}:apply"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "national-calendar-unknown")
        assert "calendar-days" in answer.json()["detail"]


async def test_every_year_of_the_seed_is_understood(office):
    for year in (2004, 2015, 2020, 2021):
        found = await previewed(office, year)
        assert {one["national_kind"] for one in found.values()} == {"off", "teach"}, year


@pytest.mark.parametrize("year", ["1999", "2101", "next"])
async def test_a_year_that_cannot_be_is_refused(office, year):
    refused = await office.get(f"{NOTICES}/{year}")

    assert (refused.status_code, refused.json()["code"]) == (422, "validation-failed")
    assert [pointer for pointer, _ in problems_of(refused)] == ["path/year"]


async def test_days_are_provisional_until_their_year_is_announced(office, make, district):
    campus = await make.campus(school=await make.school())
    year = await make.school_year()
    term = {"number": 1, "starts": "2026-08-31", "until": "2027-01-23", "week_one": "2026-08-31"}
    await office.post("/v1/terms", json={"school_year_id": str(year.id), **term})

    async def provisional():
        return [
            (await day_of(office, campus, on))["provisional"] for on in ("2026-12-31", "2027-01-04")
        ]

    assert await provisional() == [True, True]
    await applied(office)
    assert await provisional() == [False, True]

    # The notice of 2027 is not known here: its days are entered by hand, then it is declared.
    await decide(office, place(district, "2027-01-01", "district"), kind="off", reason="元旦")
    declared = await office.post(f"{NOTICES}/2027:declare")
    assert declared.status_code == 200, declared.text
    assert await provisional() == [False, False]
    assert (await office.post(f"{NOTICES}/2027:declare")).json() == declared.json()
    listed = (await office.get(NOTICES)).json()["items"]
    assert [one["year"] for one in listed] == [2026, 2027]
    assert (await office.get(f"{NOTICES}/2026")).json()["announced"] is True

    assert (await office.delete(f"{NOTICES}/2027")).status_code == 428
    stale = await office.delete(f"{NOTICES}/2027", headers={"If-Match": '"9"'})
    assert stale.status_code == 412
    tag = {"If-Match": declared.headers["etag"]}
    assert (await office.delete(f"{NOTICES}/2027", headers=tag)).status_code == 204
    assert await provisional() == [False, True]
    gone = await office.delete(f"{NOTICES}/2027", headers={"If-Match": "*"})
    assert (gone.status_code, gone.json()["code"]) == (404, "calendar-notice-not-found")


async def test_everybody_may_look_and_only_the_district_takes_over(as_, make):
    school = await make.school()
    group = await make.group(lead=school)
    for client in (
        as_(Role.TEACHER, school=school),
        as_(Role.SCHOOL_ADMIN, school=school),
        as_(Role.GROUP_ADMIN, group=group),
    ):
        assert (await client.get(f"{NOTICES}/2026")).status_code == 200
        assert (await client.get(NOTICES)).status_code == 200
        assert (await client.post(f"{NOTICES}/2026:apply")).status_code == 403
        assert (await client.post(f"{NOTICES}/2026:declare")).status_code == 403
        gone = await client.delete(f"{NOTICES}/2026", headers={"If-Match": "*"})
        assert gone.status_code == 403


async def test_only_checking_keeps_nothing(office):
    checked = await office.post(f"{NOTICES}/2026:apply", params={"validate_only": "true"})

    assert {one["what"] for one in checked.json()["items"]} == {"added"}
    assert (await office.get("/v1/calendar-days")).json()["items"] == []
    assert (await office.get(NOTICES)).json()["items"] == []
