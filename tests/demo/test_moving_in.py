"""The demo district moves in through the workbook, and what documentation promises is there."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import httpx
import pytest

from service.accounts.rules import Scope
from service.cli.demo import anchors, loading
from service.cli.demo.workbook import books
from service.cli.districts import opener
from service.kit import clock
from service.partners.loading import load_workbook
from tests.demo.conftest import SCALE

WEEK = {"from": "2026-09-14", "until": "2026-09-21"}


@pytest.fixture(scope="module", autouse=True)
def in_the_third_week() -> Iterator[None]:
    with clock.freeze(datetime.fromisoformat("2026-09-14T07:00:00+08:00")):
        yield


async def asked(client, path, **params):
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_moving_in_again_changes_nothing(district):
    async def changes():
        async with district.read(by.district_id) as db:
            counted = await (await db.connection()).exec_driver_sql("SELECT count(*) FROM change")
            return counted.scalar_one()

    by = opener(await loading.district_id(district))
    before = await changes()
    book = next(books(SCALE))

    findings = await load_workbook(district, book.content(), by=by)

    assert not findings.problems
    report = {sheet["sheet"]: sheet for sheet in findings.report()["sheets"]}
    rows = Counter({name: sheet["rows"] for name, sheet in report.items()})
    assert rows["校内课表"] == len(book.rows["home_slot"])
    assert [name for name, one in report.items() if one["created"] or one["changed"]] == []
    assert await changes() == before


@pytest.mark.parametrize(
    "username", ["district", "group", "school", "teacher", "mentor", "mentee", "auditor"]
)
async def test_every_login_works(sign_in, username):
    me = await asked(await sign_in(username), "/v1/me")

    assert me["district"]["name"] == anchors.DISTRICT_NAME
    assert len(me["hats"]) == 1
    assert (me["teacher"] is not None) is (username in {"teacher", "mentor", "mentee"})


async def test_the_partner_gets_in(service):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(service), base_url="http://huangge.test"
    ) as client:
        answer = await client.post(
            "/v1/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(loading.CLIENT_ID, loading.CLIENT_SECRET),
        )

    assert answer.status_code == 200, answer.text
    assert Scope.SCHEDULE_READ in answer.json()["scope"]


async def test_the_itinerant_teacher_reads_a_week_with_a_make_up_sunday(sign_in):
    week = await asked(await sign_in("teacher"), "/v1/me/schedule", **WEEK)

    assert week["provisional"] is False
    assert {lesson["campus"]["school"]["name"] for lesson in lessons_of(week)} == {
        "演示江湾学校",
        "演示云岭小学",
    }
    *_, sunday = week["days"]
    assert (sunday["on_date"], sunday["label"]) == ("2026-09-20", "按周二(单周)课表")
    afternoon = [lesson for lesson in sunday["lessons"] if lesson["transfer"]]
    assert [lesson["calendar_label"] for lesson in afternoon] == ["按周二(单周)课表"]
    assert afternoon[0]["campus"]["gate"]
    assert afternoon[0]["transfer"]["leave_by"] < afternoon[0]["starts_at"]


def lessons_of(schedule):
    return [lesson for day in schedule["days"] for lesson in day["lessons"]]


async def test_the_year_goes_on_in_spring_and_is_provisional_there(sign_in):
    year = await asked(
        await sign_in("teacher"), "/v1/me/schedule", **{"from": "2026-08-31", "until": "2027-07-10"}
    )

    by_year = Counter(lesson["starts_at"][:4] for lesson in lessons_of(year))
    assert min(by_year["2026"], by_year["2027"]) > 100
    assert {day["on_date"][:4] for day in year["days"] if day["provisional"]} == {"2027"}
    ways = [lesson["transfer"] for lesson in lessons_of(year) if lesson["transfer"]]
    assert {way["estimated"] for way in ways} == {True, False}
    assert all(way["available_minutes"] >= way["needed_minutes"] for way in ways)


async def test_a_mentee_has_two_mentors_in_two_roles(sign_in):
    mine = await asked(await sign_in("mentee"), "/v1/me/mentoring")

    assert {one["role"]["code"] for one in mine["as_mentee"]} == {"in_school", "cross_school"}
    assert mine["gaps"] == []
    mentor = await asked(await sign_in("mentor"), "/v1/me/mentoring")
    mentees = [one["counterpart"]["name"] for one in mentor["as_mentor"]]
    assert (await asked(await sign_in("mentee"), "/v1/me"))["name"] in mentees


async def test_the_group_checks_a_draft_that_fits_and_one_that_does_not(sign_in):
    group = await sign_in("group")
    drafts = await asked(group, "/v1/assignments", state="draft", limit=200)
    by_code = {draft["code"]: draft["id"] for draft in drafts["items"]}

    good = await group.post(f"/v1/assignments/{by_code[anchors.GOOD_DRAFT]}:check")
    bad = await group.post(f"/v1/assignments/{by_code[anchors.BAD_DRAFT]}:check")

    assert good.json()["hard"] == []
    assert good.json()["publishable"] is True
    assert "teacher-busy" in {conflict["kind"] for conflict in bad.json()["hard"]}


async def test_groups_that_do_not_conform_are_reported(sign_in):
    office = await sign_in("district")
    groups = (await asked(office, "/v1/groups"))["items"]

    conforming = {
        group["name"]: (await asked(office, f"/v1/groups/{group['id']}/composition"))["conforming"]
        for group in groups
    }

    assert conforming.pop(anchors.GROUP) is True
    assert [name for name, conforms in conforming.items() if not conforms] == [
        anchors.UNFIT_GROUPS[0]
    ]


async def test_a_programme_is_open_and_shows_what_is_missing(sign_in):
    district = await sign_in("district")

    (programme,) = (await asked(district, "/v1/mentoring-programmes", state="open"))["items"]
    path = f"/v1/mentoring-programmes/{programme['id']}"
    covered = (await asked(district, f"{path}/coverage"))["mentees"]
    progress = (await asked(district, f"{path}/progress"))["items"]
    (studio,) = (await asked(district, "/v1/studios"))["items"]
    members = (await asked(district, f"/v1/studios/{studio['id']}/members"))["items"]

    assert covered["met"] > 0
    assert covered["none"] + covered["one"] > 0
    assert progress
    assert {one["teacher"]["number"] for one in members} == {anchors.MENTOR, anchors.MENTEE}


async def test_offices_pay_and_lack_teachers_in_every_state(sign_in):
    group = await sign_in("group")

    rates = (await asked(group, "/v1/allowance-rates", on="2026-10-01"))["items"]
    shortages = (await asked(group, "/v1/shortages"))["items"]
    (offer,) = (await asked(group, "/v1/shortage-offers"))["items"]

    assert {one["kind"] for one in rates} >= {"lesson", "day", "band"}
    assert {one["state"] for one in shortages} == {"submitted", "approved", "offered", "closed"}
    assert offer["state"] == "pending"


async def test_a_groups_draft_can_be_published_this_term_and_not_the_next(sign_in):
    group = await sign_in("group")
    terms = (await asked(group, "/v1/terms"))["items"]
    (own,) = (await asked(group, "/v1/me"))["hats"]
    path = f"/v1/groups/{own['target']['id']}/itinerant-draft:check"

    checked = {
        term["number"]: (await group.post(path, params={"term_id": term["id"]}, json={})).json()
        for term in terms
    }

    assert checked[1]["publishable"] is True
    assert checked[2]["publishable"] is False
