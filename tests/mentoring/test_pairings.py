"""A pairing's life over HTTP: offices propose and end, the two answer for themselves."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.db import days
from service.mentoring.rules import PairingState
from service.network.tables import CodeItem, District
from tests.factories.accounts import access_token

AUTUMN, SUMMER = date(2026, 9, 1), date(2027, 7, 10)
ANY = {"If-Match": "*"}


@pytest.fixture(autouse=True)
def _autumn():
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def schools(make):
    """The lead school of a group and its rural member."""
    lead, rural = await make.school(), await make.school(urban_rural_code="220")
    await make.group(lead=lead, close=[rural])
    return lead, rural


@pytest.fixture
async def mentor(make, schools):
    return await make.teacher(school=schools[0], backbone_level="master", backbone_grantor="city")


@pytest.fixture
async def mentee(make, schools):
    return await make.teacher(school=schools[1])


def proposal(mentor, mentee, **more):
    return {
        "mentor_id": str(mentor.id),
        "mentee_id": str(mentee.id),
        "role": "cross_school",
        "valid_from": "2026-09-01",
        "valid_until": "2027-07-10",
        "goals": "站稳讲台 🎵 <script>",
        **more,
    }


async def events(db, pairing_id):
    statement = (
        select(Change.event).where(col(Change.resource_id) == pairing_id).order_by(col(Change.seq))
    )
    return list((await db.exec(statement)).all())


async def test_a_pairing_from_proposal_to_its_end(make, office, as_, mentor, mentee, db):
    proposed = await office.post("/v1/pairings", json=proposal(mentor, mentee))
    assert proposed.status_code == 201
    path = f"/v1/pairings/{proposed.json()['id']}"

    body = proposed.json()
    assert (body["state"], body["role_label"], body["outside"]) == (
        "proposed",
        "集团/区级导师",
        True,
    )
    early = await office.post(f"{path}:activate", headers=ANY)
    for one in (mentor, mentee):
        await as_(Role.TEACHER, teacher=one).post(f"{path}:accept", headers=ANY)
    accepted = await office.get(path)
    activated = await office.post(
        f"{path}:activate", headers={"If-Match": accepted.headers["etag"]}
    )
    ended = await office.post(
        f"{path}:end", json={"reason": "completed", "note": "提前出师"}, headers=ANY
    )
    again = await office.post(f"{path}:end", json={"reason": "completed"}, headers=ANY)

    assert (early.status_code, early.json()["code"]) == (409, "pairing-state-unfit")
    assert accepted.json()["state"] == "accepted"
    assert activated.json()["activated_on"] == "2026-10-12"
    assert (ended.json()["valid_from"], ended.json()["valid_until"]) == ("2026-09-01", "2026-10-13")
    assert ended.json()["end_reason_label"] == "期满完成"
    assert again.status_code == 409
    assert await events(db, body["id"]) == [
        "pairing.proposed",
        "pairing.accepted",
        "pairing.accepted",
        "pairing.activated",
        "pairing.ended",
    ]


async def test_to_agree_twice_changes_nothing(make, as_, mentor, mentee, db):
    pairing = await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.PROPOSED)
    client = as_(Role.TEACHER, teacher=mentee)
    path = f"/v1/pairings/{pairing.id}:accept"

    first = await client.post(path, headers={"If-Match": '"1"'})
    second = await client.post(path, headers={"If-Match": '"2"'})

    assert first.headers["etag"] == second.headers["etag"] == '"2"'
    assert (second.json()["mentor_accepted"], second.json()["mentee_accepted"]) == (False, True)
    assert await events(db, pairing.id) == ["pairing.accepted"]


@pytest.mark.parametrize("state", [PairingState.PROPOSED, PairingState.ACCEPTED])
async def test_one_no_ends_it_for_both(make, as_, mentor, mentee, state):
    pairing = await make.pairing(mentor=mentor, mentee=mentee, state=state)

    declined = await as_(Role.TEACHER, teacher=mentor).post(
        f"/v1/pairings/{pairing.id}:decline", json={"note": "本学期任务较重"}, headers=ANY
    )

    body = declined.json()
    assert (body["state"], body["end_reason"], body["end_note"]) == (
        "ended",
        "withdrawn",
        "本学期任务较重",
    )


async def test_nobody_else_answers(make, as_, client, mentor, mentee, schools):
    pairing = await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.PROPOSED)
    path = f"/v1/pairings/{pairing.id}:accept"
    colleague = await make.teacher(school=schools[1])
    account = await make.account(teacher_id=colleague.id, school_id=schools[1].id)
    await make.hat(account=account, role=Role.TEACHER)
    await make.hat(account=account, role=Role.SCHOOL_ADMIN, school=schools[1])
    token = access_token(await make.signed_in(account=account))

    stranger = await as_(Role.TEACHER, teacher=await make.teacher(school=schools[0])).post(
        path, headers=ANY
    )
    office = await as_(Role.DISTRICT_ADMIN).post(path, headers=ANY)
    sees_it = await client.post(path, headers={**ANY, "Authorization": f"Bearer {token}"})

    assert stranger.status_code == 404
    assert (office.status_code, office.json()["code"]) == (403, "forbidden")
    assert (sees_it.status_code, sees_it.json()["code"]) == (403, "not-one-of-the-two")


# What cannot be


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"role": "godfather"}, "/role", "unknown"),
        ({"valid_until": "2026-09-01"}, "", "range-reversed"),
        ({"school": "x"}, "/school", "extra-forbidden"),
        ({"valid_from": "2026-09-01T08:00:00"}, "/valid_from", "date-from-datetime-inexact"),
        ({"goals": "好" * 5001}, "/goals", "string-too-long"),
    ],
)
async def test_a_bad_proposal_is_told_by_field(office, mentor, mentee, wrong, pointer, code):
    refused = await office.post("/v1/pairings", json=proposal(mentor, mentee, **wrong))

    assert refused.status_code == 422
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(pointer, code)]


async def test_nobody_mentors_oneself(office, mentor):
    refused = await office.post("/v1/pairings", json=proposal(mentor, mentor))

    assert (refused.status_code, refused.json()["code"]) == (422, "self-mentoring")


async def test_the_two_are_of_this_district(make, office, mentor, mentee):
    there = make.at(await make.at(None).district())
    stranger = await there.teacher(school=await there.school())

    refused = await office.post("/v1/pairings", json=proposal(stranger, mentee))

    assert refused.status_code == 422
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/mentor_id"]


async def test_who_does_not_fit_is_told_why(make, office, schools, mentee):
    novice = await make.teacher(school=schools[0], subjects=(("41", "3"),))

    refused = await office.post("/v1/pairings", json=proposal(novice, mentee, role="in_school"))

    assert (refused.status_code, refused.json()["code"]) == (409, "mentor-unfit")
    assert [one["code"] for one in refused.json()["errors"]] == [
        "no-shared-subject",
        "not-experienced",
        "other-school",
    ]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ({"subjects": ()}, "mentor-without-subject"),
        ({"expected_retirement_on": date(2027, 3, 1)}, "mentor-retires"),
        ({"expected_retirement_on": date(2026, 8, 1)}, "mentor-retires"),
        ({"employed": days(date(2000, 9, 1), date(2026, 8, 1))}, "mentor-away"),
    ],
)
async def test_nobody_without_a_subject_or_retired_is_a_mentor(
    make, office, schools, mentee, who, code
):
    mentor = await make.teacher(school=schools[0], teaching_since=date(2000, 9, 1), **who)

    refused = await office.post("/v1/pairings", json=proposal(mentor, mentee))

    assert (refused.status_code, refused.json()["code"]) == (409, "mentor-unfit")
    assert [one["code"] for one in refused.json()["errors"]] == [code]


async def test_the_district_decides_how_many_years_and_places(
    make, office, schools, mentee, database, district
):
    young = await make.teacher(school=schools[0], teaching_since=date(2024, 9, 1))
    other = await make.teacher(school=schools[1])
    first = await office.post("/v1/pairings", json=proposal(young, mentee))
    async with database.write(district.id) as db:
        row = await db.get_one(District, district.id)
        row.settings = {"mentoring": {"capacity": 1, "min_years": 2}}

    second = await office.post("/v1/pairings", json=proposal(young, mentee))
    third = await office.post("/v1/pairings", json=proposal(young, other))

    assert (first.status_code, second.status_code) == (409, 201)
    assert (third.json()["code"], third.json()["capacity"]) == ("mentor-full", 1)


async def test_two_share_one_pairing_at_a_time(make, office, mentor, mentee):
    await make.pairing(mentor=mentor, mentee=mentee, role="in_school")

    refused = await office.post("/v1/pairings", json=proposal(mentor, mentee))
    later = await office.post(
        "/v1/pairings", json=proposal(mentor, mentee, valid_from="2027-07-10", valid_until=None)
    )

    assert (refused.status_code, refused.json()["code"]) == (409, "paired-already")
    assert later.status_code == 201


async def test_a_mentee_has_one_active_mentor_per_role(make, office, mentor, mentee, schools):
    former = await make.teacher(school=schools[0])
    await make.pairing(mentor=former, mentee=mentee, role="cross_school")
    new = await make.pairing(
        mentor=mentor, mentee=mentee, role="cross_school", state=PairingState.ACCEPTED
    )
    path = f"/v1/pairings/{new.id}:activate"

    refused = await office.post(path, headers=ANY)

    assert (refused.status_code, refused.json()["code"]) == (409, "mentor-role-taken")


async def test_a_pairing_begins_on_one_of_its_days(make, office, mentor, mentee):
    later = await make.pairing(
        mentor=mentor,
        mentee=mentee,
        state=PairingState.ACCEPTED,
        valid=days(date(2026, 11, 2), SUMMER),
    )

    refused = await office.post(f"/v1/pairings/{later.id}:activate", headers=ANY)

    assert (refused.status_code, refused.json()["code"]) == (409, "pairing-not-in-its-days")
    assert refused.json()["valid_from"] == "2026-11-02"


# Places


async def test_the_last_place_is_won_once(make, office, mentor, schools):
    """Two offices, and more, reach for it at the same moment."""
    for _ in range(2):
        await make.pairing(mentor=mentor, mentee=await make.teacher(school=schools[1]))
    hopeful = [await make.teacher(school=schools[1]) for _ in range(6)]

    answers = await asyncio.gather(
        *(office.post("/v1/pairings", json=proposal(mentor, one)) for one in hopeful)
    )

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert {answer.json().get("code") for answer in answers} - {None} == {"mentor-full"}
    mentors = (await office.get("/v1/mentors")).json()["items"]
    assert [(one["taken"], one["capacity"], one["free"]) for one in mentors] == [(3, 3, 0)]


async def test_a_place_is_free_when_somebody_says_no(make, office, as_, mentor, schools):
    taken = [
        await make.pairing(
            mentor=mentor,
            mentee=await make.teacher(school=schools[1]),
            state=PairingState.PROPOSED,
        )
        for _ in range(3)
    ]
    another = await make.teacher(school=schools[1])

    full = await office.post("/v1/pairings", json=proposal(mentor, another))
    await as_(Role.TEACHER, teacher=mentor).post(
        f"/v1/pairings/{taken[0].id}:decline", json={}, headers=ANY
    )
    free = await office.post("/v1/pairings", json=proposal(mentor, another))

    assert (full.status_code, free.status_code) == (409, 201)


async def test_a_longer_pairing_needs_a_place_and_a_shorter_one_never(
    make, office, mentor, schools
):
    mine = await make.pairing(
        mentor=mentor,
        mentee=await make.teacher(school=schools[1]),
        valid=days(AUTUMN, date(2026, 12, 1)),
    )
    for _ in range(3):
        await make.pairing(
            mentor=mentor,
            mentee=await make.teacher(school=schools[1]),
            valid=days(date(2027, 1, 1), SUMMER),
            state=PairingState.ACCEPTED,
        )
    path = f"/v1/pairings/{mine.id}"

    longer = await office.patch(path, json={"valid_until": "2027-02-01"}, headers=ANY)
    a_little = await office.patch(path, json={"valid_until": "2027-01-01"}, headers=ANY)
    shorter = await office.patch(path, json={"valid_until": "2026-11-01"}, headers=ANY)
    past = await office.patch(path, json={"valid_until": "2026-10-12"}, headers=ANY)
    same = await office.patch(
        path, json={"valid_until": "2026-11-01", "goals": ""}, headers={"If-Match": '"3"'}
    )

    assert (longer.status_code, longer.json()["code"]) == (409, "mentor-full")
    assert (a_little.status_code, shorter.status_code) == (200, 200)
    assert (past.status_code, past.json()["errors"][0]["pointer"]) == (422, "/valid_until")
    assert same.headers["etag"] == '"3"'


async def test_a_pairing_without_an_end_may_get_one(make, office, mentor, mentee):
    pairing = await make.pairing(mentor=mentor, mentee=mentee, valid=days(AUTUMN, None))

    changed = await office.patch(
        f"/v1/pairings/{pairing.id}",
        json={"valid_until": "2027-07-10", "goals": "上好汇报课"},
        headers={"If-Match": '"1"'},
    )

    assert (changed.json()["valid_until"], changed.json()["goals"]) == ("2027-07-10", "上好汇报课")


# Ends


async def test_what_never_began_is_withdrawn(make, office, mentor, mentee):
    pairing = await make.pairing(mentor=mentor, mentee=mentee, state=PairingState.ACCEPTED)
    path = f"/v1/pairings/{pairing.id}:end"

    completed = await office.post(path, json={"reason": "completed"}, headers=ANY)
    withdrawn = await office.post(path, json={"reason": "withdrawn"}, headers=ANY)

    assert (completed.status_code, completed.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert withdrawn.json()["valid_until"] == "2027-07-10"


async def test_a_pairing_whose_days_are_over_reads_as_completed(make, office, mentor, mentee):
    pairing = await make.pairing(
        mentor=mentor, mentee=mentee, valid=days(AUTUMN, date(2026, 10, 1))
    )

    read = (await office.get(f"/v1/pairings/{pairing.id}")).json()
    listed = await office.get("/v1/pairings", params={"state": "ended"})
    closed = await office.post(
        f"/v1/pairings/{pairing.id}:end", json={"reason": "transferred"}, headers=ANY
    )

    assert (read["state"], read["end_reason"], read["ended_at"]) == ("ended", "completed", None)
    assert [one["id"] for one in listed.json()["items"]] == [str(pairing.id)]
    assert (closed.json()["end_reason"], closed.json()["valid_until"]) == (
        "transferred",
        "2026-10-01",
    )


# Who sees and changes what


async def test_both_schools_see_it_and_the_mentees_changes_it(make, as_, mentor, mentee, schools):
    pairing = await make.pairing(mentor=mentor, mentee=mentee)
    path = f"/v1/pairings/{pairing.id}"
    at_mentor, at_mentee = (as_(Role.SCHOOL_ADMIN, school=school) for school in schools)
    elsewhere = as_(Role.SCHOOL_ADMIN, school=await make.school())

    for client, read, changed in (
        (at_mentor, 200, 403),
        (at_mentee, 200, 200),
        (elsewhere, 404, 404),
    ):
        assert (await client.get(path)).status_code == read
        answer = await client.patch(path, json={"goals": "更高的目标"}, headers=ANY)
        assert answer.status_code == changed


async def test_a_school_proposes_within_and_its_group_across(make, as_, mentor, mentee, schools):
    colleague = await make.teacher(
        school=schools[1], backbone_level="backbone", backbone_grantor="school"
    )
    school = as_(Role.SCHOOL_ADMIN, school=schools[1])

    within = await school.post("/v1/pairings", json=proposal(colleague, mentee, role="in_school"))
    across = await school.post("/v1/pairings", json=proposal(mentor, mentee))
    (group,) = (await as_(Role.DISTRICT_ADMIN).get("/v1/groups")).json()["items"]
    by_group = await as_(Role.GROUP_ADMIN, group=group["id"]).post(
        "/v1/pairings", json=proposal(mentor, mentee)
    )

    assert within.status_code == 201
    assert (across.status_code, across.json()["errors"][0]["pointer"]) == (422, "/mentor_id")
    assert by_group.status_code == 201


async def test_pairings_are_found_by_what_people_ask(make, office, mentor, mentee, schools):
    mine = await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")
    await make.pairing(
        mentor=await make.teacher(school=schools[0]),
        mentee=await make.teacher(school=schools[0]),
        state=PairingState.PROPOSED,
        valid=days(date(2027, 3, 1), None),
    )

    async def found(**query):
        answer = await office.get("/v1/pairings", params=query)
        return [item["id"] for item in answer.json()["items"]]

    only = [str(mine.id)]
    for query in (
        {"teacher_id": str(mentee.id)},
        {"mentor_id": str(mentor.id)},
        {"mentee_id": str(mentee.id)},
        {"school_id": str(schools[1].id)},
        {"role": "cross_school"},
        {"state": "active"},
        {"as_of": "2026-10-12"},
    ):
        assert await found(**query) == only
    assert await found(as_of="2020-01-01") == []
    assert len(await found()) == 2


async def test_a_role_of_the_districts_own(make, office, mentor, mentee, district):
    own = CodeItem(district_id=district.id, list="mentor_role", code="researcher", zh="教研员导师")
    await make.kept(rows=[own])

    proposed = await office.post("/v1/pairings", json=proposal(mentor, mentee, role="researcher"))

    assert proposed.json()["role_label"] == "教研员导师"
