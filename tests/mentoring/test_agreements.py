"""The agreement of a pairing: read, signed by both, asked for where the programme says so."""

import asyncio

import pytest

from service.kit.auth import Role
from service.mentoring.rules import PairingState
from tests.mentoring.conftest import ANY

pytestmark = pytest.mark.usefixtures("autumn")

STANDARD = {"text_number": 0}


@pytest.fixture
async def accepted(make, mentor, mentee):
    pairing = await make.pairing(
        mentor=mentor, mentee=mentee, role="cross_school", state=PairingState.ACCEPTED
    )
    return f"/v1/pairings/{pairing.id}"


@pytest.fixture
def the_two(as_, mentor, mentee):
    return as_(Role.TEACHER, teacher=mentor), as_(Role.TEACHER, teacher=mentee)


async def test_the_two_read_and_sign_the_agreement(accepted, the_two, office):
    unsigned = (await the_two[1].get(f"{accepted}/agreement")).json()
    first = await the_two[0].post(f"{accepted}:sign", json=STANDARD, headers={"If-Match": '"1"'})
    second = await the_two[1].post(f"{accepted}:sign", json=STANDARD, headers={"If-Match": '"2"'})
    again = await the_two[1].post(f"{accepted}:sign", json=STANDARD, headers={"If-Match": '"3"'})
    agreement = (await office.get(f"{accepted}/agreement")).json()
    activated = await office.post(f"{accepted}:activate", headers=ANY)

    assert (unsigned["title"], unsigned["text_number"]) == ("师徒结对协议书", 0)
    assert "双导师帮扶制" in unsigned["body"]
    assert (unsigned["required"], unsigned["signed"]) == (False, False)
    assert (first.json()["state"], second.json()["state"]) == ("accepted", "signed")
    assert second.json()["state_label"] == "已签协议"
    assert again.headers["etag"] == '"3"'
    assert agreement["signed"]
    assert agreement["mentor"]["name"] == "李老师"
    assert agreement["mentee"]["signed_at"]
    assert activated.json()["state"] == "active"


async def test_the_first_signature_decides_the_text_for_both(accepted, the_two, office):
    await the_two[0].post(f"{accepted}:sign", json=STANDARD, headers=ANY)
    new = {"title": "结对协议(2026 修订)", "body": "一、……"}
    published = await office.post("/v1/agreement-texts", json=new)
    other = await the_two[1].post(f"{accepted}:sign", json={"text_number": 1}, headers=ANY)
    same = await the_two[1].post(f"{accepted}:sign", json=STANDARD, headers=ANY)
    present = (await office.get("/v1/agreement-texts/present")).json()
    listed = (await office.get("/v1/agreement-texts")).json()["items"]

    assert published.json()["number"] == present["number"] == 1
    assert (other.status_code, other.json()["code"]) == (409, "agreement-outdated")
    assert other.json()["errors"][0]["pointer"] == "/text_number"
    assert same.json()["state"] == "signed"
    assert [one["number"] for one in listed] == [1, 0]


async def test_only_the_two_sign_and_only_what_both_accepted(make, as_, schools, mentor, mentee):
    proposed = await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.PROPOSED)
    path = f"/v1/pairings/{proposed.id}:sign"
    colleague = await make.teacher(school=schools[1])

    early = await as_(Role.TEACHER, teacher=mentor).post(path, json=STANDARD, headers=ANY)
    stranger = await as_(Role.TEACHER, teacher=colleague).post(path, json=STANDARD, headers=ANY)
    school = as_(Role.SCHOOL_ADMIN, school=schools[1])
    published = await school.post("/v1/agreement-texts", json={"title": "协议", "body": "一、"})

    assert (early.status_code, early.json()["code"]) == (409, "pairing-state-unfit")
    assert stranger.status_code == 404
    assert published.status_code == 403


async def test_a_pair_that_was_moved_in_signs_later_and_stays_active(make, the_two, mentor, mentee):
    pairing = await make.pairing(mentor=mentor, mentee=mentee)
    path = f"/v1/pairings/{pairing.id}:sign"

    signed = [(await one.post(path, json=STANDARD, headers=ANY)).json() for one in the_two]

    assert [one["state"] for one in signed] == ["active", "active"]
    assert signed[1]["mentor_signed_at"] is not None


async def test_a_programme_may_ask_for_the_agreement_first(make, accepted, the_two, office):
    year = await make.school_year()
    await make.programme(year=year, standard={"agreement_required": True})

    refused = await office.post(f"{accepted}:activate", headers=ANY)
    asked = (await office.get(f"{accepted}/agreement")).json()
    for one in the_two:
        await one.post(f"{accepted}:sign", json=STANDARD, headers=ANY)
    activated = await office.post(f"{accepted}:activate", headers=ANY)

    assert (refused.status_code, refused.json()["code"]) == (409, "agreement-unsigned")
    assert asked["required"]
    assert activated.json()["state"] == "active"


async def test_two_pairs_sign_the_standard_text_at_once(make, as_, a_master, mentee, office):
    mentors = [await a_master() for _ in range(2)]
    pairings = [
        await make.pairing(mentor=one, mentee=mentee, role=role, state=PairingState.ACCEPTED)
        for one, role in zip(mentors, ("in_school", "cross_school"), strict=True)
    ]

    signed = await asyncio.gather(
        *(
            as_(Role.TEACHER, teacher=one).post(
                f"/v1/pairings/{pairing.id}:sign", json=STANDARD, headers=ANY
            )
            for one, pairing in zip(mentors, pairings, strict=True)
        )
    )

    assert [one.status_code for one in signed] == [200, 200]
    assert len((await office.get("/v1/agreement-texts")).json()["items"]) == 1
