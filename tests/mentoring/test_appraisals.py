"""Appraisals: three speak in their own names, an office concludes, what is concluded stays."""

import asyncio
from datetime import date

import pytest

from service.kit.auth import Role
from service.kit.db import days
from service.mentoring.rules.appraisal import DEFAULT_RUBRIC
from tests.mentoring.conftest import ANY

pytestmark = pytest.mark.usefixtures("autumn")


def scores(value):
    return {one.code: value for one in DEFAULT_RUBRIC.criteria}


@pytest.fixture
async def pairing(make, mentor, mentee):
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")


@pytest.fixture
def two(as_, mentor, mentee):
    return as_(Role.TEACHER, teacher=mentee), as_(Role.TEACHER, teacher=mentor)


@pytest.fixture
def school(as_, schools):
    return as_(Role.SCHOOL_ADMIN, school=schools[1])


async def opened(client, pairing, kind="final"):
    answer = await client.post(f"/v1/pairings/{pairing.id}/appraisals", json={"kind": kind})
    assert answer.status_code == 201, answer.text
    return f"/v1/appraisals/{answer.json()['id']}"


async def say(client, path, value, *, as_school=False, **more):
    act = "appraise-as-school" if as_school else "appraise"
    body = {"scores": scores(value), **more}
    return await client.post(f"{path}:{act}", json=body, headers=ANY)


async def test_from_the_first_word_to_the_outstanding_pair(as_, office, pairing, two, school):
    mentee, mentor = two
    path = await opened(school, pairing)

    again = await office.post(f"/v1/pairings/{pairing.id}/appraisals", json={"kind": "final"})
    first = await say(mentee, path, 80, comment="站稳了讲台")
    same = await say(mentee, path, 80, comment="站稳了讲台")
    unread = await mentor.get(path)
    early = await office.post(f"{path}:conclude", json={}, headers=ANY)
    not_so = await office.post(f"{path}:mark-outstanding", json={"outstanding": True}, headers=ANY)
    await say(mentor, path, 95)
    heard = await say(school, path, 95, as_school=True)
    stale = await mentor.post(
        f"{path}:appraise", json={"scores": scores(1)}, headers={"If-Match": '"1"'}
    )
    concluded = await school.post(f"{path}:conclude", json={"note": "同意"}, headers=ANY)

    assert (again.status_code, again.json()["code"]) == (409, "appraisal-exists")
    assert first.json()["state_label"] == "评价中"
    assert same.headers["etag"] == first.headers["etag"] == '"2"'
    own = unread.json()["voices"][0]
    assert (own["given"], own["scores"], own["comment"]) == (True, None, None)
    assert (early.status_code, early.json()["code"]) == (409, "appraisal-voices-missing")
    assert early.json()["missing"] == ["counterpart", "school"]
    assert not_so.json()["code"] == "appraisal-outstanding-unfit"
    assert (heard.json()["state"], heard.json()["missing"]) == ("heard", [])
    assert stale.status_code == 412
    told = concluded.json()
    assert (told["score"], told["grade_label"], told["concluded_by_name"]) == (
        92.0,
        "优秀",
        told["voices"][2]["by_name"],
    )
    assert (await mentor.get(path)).json()["voices"][0]["comment"] == "站稳了讲台"

    for client, act in ((mentee, "appraise"), (school, "appraise-as-school")):
        late = await client.post(f"{path}:{act}", json={"scores": scores(100)}, headers=ANY)
        assert (late.status_code, late.json()["code"]) == (409, "appraisal-concluded")
    twice = await office.post(f"{path}:conclude", json={}, headers=ANY)
    by_school = await school.post(
        f"{path}:mark-outstanding", json={"outstanding": True}, headers=ANY
    )
    named = await office.post(f"{path}:mark-outstanding", json={"outstanding": True}, headers=ANY)

    assert (twice.status_code, twice.json()["code"]) == (409, "appraisal-concluded")
    assert by_school.status_code == 403
    assert (named.json()["outstanding"], named.json()["score"]) == (True, 92.0)
    (listed,) = (await office.get("/v1/appraisals?outstanding=true&grade=excellent")).json()[
        "items"
    ]
    assert listed["id"] == path.rsplit("/", 1)[1]


async def test_nobody_appraises_in_anothers_name(
    as_, make, office, pairing, two, school, schools, mentor
):
    path = await opened(office, pairing)
    lead = as_(Role.SCHOOL_ADMIN, school=schools[0])
    of_the_pair = as_(Role.SCHOOL_ADMIN, school=schools[1], teacher=mentor)
    stranger = as_(Role.TEACHER, teacher=await make.teacher(school=schools[1]))

    answers = [
        await say(two[0], path, 90, as_school=True),
        await say(office, path, 90, as_school=True),
        await say(lead, path, 90, as_school=True),
        await say(school, path, 90),
        await say(stranger, path, 90),
        await say(of_the_pair, path, 90, as_school=True),
    ]

    assert [one.status_code for one in answers] == [403, 403, 403, 403, 404, 403]
    assert answers[5].json()["code"] == "appraisal-school-voice-of-the-pair"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"charm": 90}, "/scores/charm"),
        ({"teaching": None}, "/scores/teaching"),
        ({"teaching": 101}, "/scores/teaching"),
    ],
)
async def test_scores_that_do_not_fit(office, pairing, two, more, pointer):
    path = await opened(office, pairing)
    given = {code: one for code, one in {**scores(90), **more}.items() if one is not None}

    answer = await two[0].post(f"{path}:appraise", json={"scores": given}, headers=ANY)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_mentor_who_has_left_is_left_out_with_a_reason(make, office, pairing, two, school):
    path = await opened(office, pairing, kind="midterm")
    await say(two[0], path, 90)
    alone = await office.post(f"{path}:conclude", json={"note": "导师已离任"}, headers=ANY)
    await say(school, path, 72, as_school=True)
    ended = await office.post(
        f"/v1/pairings/{pairing.id}:end", json={"reason": "transferred"}, headers=ANY
    )

    concluded = await office.post(f"{path}:conclude", json={"note": "导师已离任"}, headers=ANY)

    assert (alone.status_code, alone.json()["code"]) == (409, "appraisal-nothing-to-conclude")
    assert ended.status_code == 200
    assert (concluded.json()["score"], concluded.json()["grade"]) == (78.0, "good")


async def test_only_pairs_that_worked_together_are_appraised(make, office, mentor, mentee):
    proposed = await make.pairing(mentor=mentor, mentee=mentee, state="proposed")
    over = await make.pairing(
        mentor=mentor, mentee=mentee, valid=days(date(2025, 9, 1), date(2026, 7, 1))
    )

    async def ask(row, kind):
        return await office.post(f"/v1/pairings/{row.id}/appraisals", json={"kind": kind})

    refused = [await ask(proposed, "final"), await ask(over, "midterm")]
    assert [one.json()["code"] for one in refused] == ["appraisal-untimely"] * 2
    assert (await ask(over, "final")).status_code == 201


async def test_a_programme_opens_them_all_by_its_own_rubric(
    make, office, as_, pairing, schools, mentor
):
    term = await make.school_term()
    rubric = {"criteria": [{"code": "all", "zh": "综合", "en": "All", "weight": 100}]}
    programme = await make.programme(
        year=term.school_year_id, valid=days(date(2026, 8, 15), None), standard={"rubric": rubric}
    )
    await make.pairing(mentor=mentor, mentee=await make.teacher(school=schools[0]))
    path = f"/v1/mentoring-programmes/{programme.id}:open-appraisals"
    body = {"kind": "midterm", "due_on": "2026-11-30"}

    answers = [await office.post(path, json=body) for _ in range(2)]
    listed = (await office.get(f"/v1/appraisals?pairing_id={pairing.id}")).json()["items"]
    draft = await office.post(
        "/v1/mentoring-programmes",
        json={
            "school_year_id": str(term.school_year_id),
            "name": "又一个",
            "standard": {"rubric": {"criteria": rubric["criteria"] * 2}},
        },
    )

    assert [one.json() for one in answers] == [{"opened": 2, "had": 0}, {"opened": 0, "had": 2}]
    assert [one["code"] for one in listed[0]["rubric"]["criteria"]] == ["all"]
    assert listed[0]["due_on"] == "2026-11-30"
    assert draft.status_code == 422
    assert draft.json()["errors"][0]["pointer"] == "/standard/rubric/criteria/1/code"


async def test_of_two_who_open_the_same_one_wins(office, school, pairing):
    body = {"kind": "final"}
    answers = await asyncio.gather(
        *(
            client.post(f"/v1/pairings/{pairing.id}/appraisals", json=body)
            for client in (office, school)
        )
    )

    assert sorted(one.status_code for one in answers) == [201, 409]


async def test_an_appraisal_and_an_agreement_on_paper(as_, make, office, pairing, two):
    row = await make.appraisal(
        pairing=pairing, kind="final", said={"self": 90, "school": 92}, score=92, grade="excellent"
    )

    papers = [
        await two[0].get(path, headers={"Accept-Language": "en"})
        for path in (f"/v1/appraisals/{row.id}.pdf", f"/v1/pairings/{pairing.id}/agreement.pdf")
    ]
    stranger = as_(Role.TEACHER, teacher=await make.teacher())

    for one in papers:
        assert one.status_code == 200, one.text
        assert one.headers["content-type"] == "application/pdf"
        assert one.content.startswith(b"%PDF-")
    assert "%E8%80%83%E6%A0%B8" in papers[0].headers["content-disposition"]
    assert (await stranger.get(f"/v1/appraisals/{row.id}.pdf")).status_code == 404
