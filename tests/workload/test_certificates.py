"""Certificates: issued, printed, verified by anybody, revoked, issued anew."""

import asyncio
from datetime import date

import pytest
from sqlalchemy import text

from service.kit.auth import Role
from service.kit.settings import settings
from service.mentoring.rules import PairingState
from service.workload.guard import _budgets
from service.workload.rules.certificates import new_code
from tests.workload.conftest import at
from tests.workload.steps import ANY, code, confirm_month, read

OCTOBER = "2026-10-08T09:00"


@pytest.fixture(autouse=True)
def fresh_budget():
    _budgets.cache_clear()


async def issue(client, teacher, **body):
    filled = {"teacher_id": str(teacher.id), "from_date": "2026-09-01", "until": "2027-02-01"}
    return await client.post("/v1/certificates", json={**filled, **body})


@pytest.fixture
async def issued(visits, host, group, database, district):
    """A certificate over the ten lessons of September, at a rural school."""
    async with database.write(district.id) as db:
        school = await db.merge(visits.host)
        school.urban_rural_code = "220"
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        answer = await issue(group, visits.teacher)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_certificate_says_what_was_confirmed(visits, issued, district, herself, home):
    assert issued["number"] == f"{district.code}-2026-00001"
    assert issued["facts"] == {
        "lessons": 10,
        "days": 5,
        "months": 1,
        "rural_months": 1,
        "weak_months": 0,
        "hosts": [{"name": "山区小学", "lessons": 10}],
        "mentor_months": 0,
        "pairings": 0,
    }
    assert (await read(herself, f"certificates/{issued['id']}"))["state_label"] == "有效"
    listed = await read(home, "certificates", teacher_id=str(visits.teacher.id), year=2026)
    assert [one["id"] for one in listed["items"]] == [issued["id"]]
    assert (await read(home, "certificates", state="revoked"))["items"] == []


async def test_work_as_a_mentor_is_certified_too(make, visits, group):
    """Only what became active, and only up to today."""
    for state in ("active", "ended", "accepted"):
        mentee = await make.teacher(school=visits.home)
        began = date(2026, 9, 1) if state == "ended" else None
        more = {"activated_on": began} if began else {}
        await make.pairing(mentor=visits.teacher, mentee=mentee, state=PairingState(state), **more)
    with at(OCTOBER):
        answer = await issue(group, visits.teacher)

    assert answer.status_code == 201, answer.text
    facts = answer.json()["facts"]
    assert (facts["lessons"], facts["mentor_months"], facts["pairings"]) == (0, 1, 2)


async def test_anybody_verifies_a_code_and_learns_no_more_than_needed(issued, client):
    answer = await client.get(f"/v1/certificates/{issued['code'].lower()}:verify")

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["valid"], found["verdict"], found["intact"]) == (True, "有效", True)
    assert found["holder"] == "演****师"
    assert found["fingerprint"] == issued["fingerprint"]
    assert not {"teacher", "id", "code", "facts", "hosts"} & found.keys()
    page = await client.get(f"/v1/certificates/{issued['code']}:show")
    assert "服务证明:有效" in page.text
    assert "演示音乐教师" not in page.text
    assert page.headers["content-type"].startswith("text/html")


async def test_a_wrong_code_is_not_found_whatever_is_wrong(issued, client, district):
    for wrong in (
        new_code(district.code),
        new_code("999999"),
        issued["code"][:-1] + ("0" if issued["code"][-1] != "0" else "1"),
        "nonsense",
    ):
        assert code(await client.get(f"/v1/certificates/{wrong}:verify")) == (
            404,
            "certificate-not-found",
        )


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE attendance SET confirmed_at = confirmed_at - interval '1 day'",
        "UPDATE attendance SET state = 'disputed'",
        "UPDATE lesson SET subject = '25'",
        "DELETE FROM certificate_item WHERE place = 3",
        "UPDATE service_certificate SET facts = jsonb_set(facts, '{lessons}', '99')",
        "UPDATE service_certificate SET teacher_name = '另一人'",
    ],
)
async def test_whoever_tampers_is_found_out(issued, client, database, district, tampering):
    async with database.write(district.id) as db:
        await (await db.connection()).execute(text(tampering))

    found = (await client.get(f"/v1/certificates/{issued['code']}:verify")).json()

    assert (found["valid"], found["intact"], found["verdict"]) == (
        False,
        False,
        "与现有记录不符",
    )


async def test_a_lesson_confirmed_later_does_not_break_what_was_certified(
    visits, issued, client, host
):
    with at("2026-11-03T09:00"):
        await confirm_month(host, visits.host, "2026-10")
        found = (await client.get(f"/v1/certificates/{issued['code']}:verify")).json()

    assert found["valid"]


async def test_a_revoked_certificate_says_so(issued, group, client, herself):
    path = f"/v1/certificates/{issued['id']}"
    body = {"reason": "姓名有误"}
    assert (await herself.post(f"{path}:revoke", json=body, headers=ANY)).status_code == 403
    revoked = await group.post(f"{path}:revoke", json=body, headers={"If-Match": '"1"'})
    again = await group.post(f"{path}:revoke", json=body, headers=ANY)
    anew = await group.post(f"{path}:reissue", json=body, headers=ANY)
    found = (await client.get(f"/v1/certificates/{issued['code']}:verify")).json()

    assert (revoked.json()["state"], revoked.json()["revoke_reason"]) == ("revoked", "姓名有误")
    assert code(again) == code(anew) == (409, "certificate-over")
    assert (found["valid"], found["verdict"], found["replaced_by"]) == (False, "已撤销", None)


async def test_a_reissued_certificate_takes_the_place_of_the_former(
    visits, issued, group, host, client
):
    with at("2026-11-03T09:00"):
        await confirm_month(host, visits.host, "2026-10")
        answer = await group.post(
            f"/v1/certificates/{issued['id']}:reissue",
            json={"reason": "补录十月课时"},
            headers=ANY,
        )
        former = (await client.get(f"/v1/certificates/{issued['code']}:verify")).json()

    assert answer.status_code == 201, answer.text
    newer = answer.json()
    assert newer["number"].endswith("-2026-00002")
    assert newer["facts"]["lessons"] > 10
    assert newer["replaces_id"] == issued["id"]
    assert (former["state"], former["replaced_by"]) == ("revoked", newer["number"])
    with at("2026-11-03T09:00"):
        now = (await client.get(f"/v1/certificates/{newer['code']}:verify")).json()
    assert now["valid"]


async def test_numbers_have_no_gap_when_many_are_issued_at_once(visits, host, group):
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        answers = await asyncio.gather(*(issue(group, visits.teacher) for _ in range(6)))

    assert [one.status_code for one in answers] == [201] * 6
    assert sorted(one.json()["number"][-5:] for one in answers) == [
        f"{number:05}" for number in range(1, 7)
    ]
    assert len({one.json()["code"] for one in answers}) == 6


async def test_what_cannot_be_certified(make, visits, group, home, as_):
    with at(OCTOBER):
        nothing = await issue(group, visits.teacher)
        reversed_ = await issue(group, visits.teacher, until="2026-09-01")
        endless = await issue(group, visits.teacher, until="2066-09-01")
        stranger = await issue(group, await make.teacher(school=await make.school()))
        school = await issue(home, visits.teacher)
        auditor = await issue(as_(Role.AUDITOR), visits.teacher)

    assert code(nothing) == (409, "nothing-to-certify")
    assert (reversed_.status_code, endless.status_code) == (422, 422)
    assert code(stranger) == (422, "related-not-found")
    assert (school.status_code, auditor.status_code) == (403, 403)


async def test_the_paper_is_a_pdf_of_one_page_with_a_code(issued, herself, group, host):
    pdf = await herself.get(f"/v1/certificates/{issued['id']}.pdf")
    page = await herself.get(f"/v1/certificates/{issued['id']}.html")

    assert pdf.status_code == 200, pdf.text
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.content.count(b"/Type /Page\n") + pdf.content.count(b"/Type/Page/") <= 1
    for words in ("教师服务证明", issued["number"], "演示音乐教师", "山区小学", "10 节", "<svg"):
        assert words in page.text
    assert issued["code"].split("-")[-1] in page.text
    assert (await host.get(f"/v1/certificates/{issued['id']}.pdf")).status_code == 404
    await group.post(
        f"/v1/certificates/{issued['id']}:revoke", json={"reason": "有误"}, headers=ANY
    )
    assert "已撤销" in (await herself.get(f"/v1/certificates/{issued['id']}.html")).text
    assert (await herself.get(f"/v1/certificates/{issued['id']}.pdf")).status_code == 200


async def test_a_code_is_not_tried_without_end(issued, client, district, monkeypatch):
    monkeypatch.setenv("HUANGGE_CLIENT_QUOTA", "2")
    settings.cache_clear()
    _budgets.cache_clear()
    wrong = new_code(district.code)

    answers = [await client.get(f"/v1/certificates/{wrong}:verify") for _ in range(3)]
    other = await client.get(f"/v1/certificates/{issued['code']}:verify")

    monkeypatch.undo()
    settings.cache_clear()
    _budgets.cache_clear()
    assert [one.status_code for one in answers] == [404, 404, 429]
    assert code(answers[-1]) == (429, "too-many-requests")
    assert answers[-1].headers["retry-after"]
    assert other.status_code == 200
