"""A mentor is replaced: one dated change, without a day between."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from service.kit.db import span
from tests.mentoring.conftest import ANY

pytestmark = pytest.mark.usefixtures("autumn")


@pytest.fixture
async def former(make, mentor, mentee):
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school", goals="站稳讲台")


@pytest.fixture
def replace(office, former):
    """Ask for another mentor of the pairing."""

    async def asked(mentor, **more):
        return await office.post(
            f"/v1/pairings/{former.id}:replace",
            json={"mentor_id": str(mentor.id), **more},
            headers=ANY,
        )

    return asked


async def accept(as_, path, *teachers):
    for one in teachers:
        await as_(Role.TEACHER, teacher=one).post(f"{path}:accept", headers=ANY)


async def test_the_new_mentor_begins_on_the_day_on_which_the_former_ends(
    as_, office, a_master, mentee, former, replace
):
    new = await a_master()
    proposed = await replace(new, on="2026-10-19", note="导师交流轮岗")
    path = f"/v1/pairings/{proposed.json()['id']}"
    await accept(as_, path, new, mentee)
    early = await office.post(f"{path}:activate", headers=ANY)
    with clock.freeze(datetime(2026, 10, 21, 1, tzinfo=UTC)):
        meanwhile = (await office.get(f"/v1/pairings/{former.id}")).json()
        activated = (await office.post(f"{path}:activate", headers=ANY)).json()
        after = (await office.get(f"/v1/pairings/{former.id}")).json()

    assert proposed.status_code == 201
    assert (proposed.json()["valid_from"], proposed.json()["valid_until"]) == (
        "2026-10-19",
        "2027-07-10",
    )
    assert (proposed.json()["replaces_id"], proposed.json()["goals"]) == (
        str(former.id),
        "站稳讲台",
    )
    assert early.json()["code"] == "pairing-not-in-its-days"
    assert meanwhile["state"] == "active"
    assert (activated["state"], activated["valid_from"]) == ("active", "2026-10-21")
    assert (after["state"], after["end_reason"], after["valid_until"]) == (
        "ended",
        "replaced",
        "2026-10-21",
    )


async def test_who_declines_leaves_the_former_mentor_in_place(
    as_, office, a_master, former, replace
):
    new, another = await a_master(), await a_master()
    proposed = await replace(new)
    twice = await replace(another)
    longer = await office.patch(
        f"/v1/pairings/{former.id}", json={"valid_until": "2027-01-20"}, headers=ANY
    )
    path = f"/v1/pairings/{proposed.json()['id']}:decline"
    await as_(Role.TEACHER, teacher=new).post(path, json={}, headers=ANY)
    again = await replace(another)

    assert (twice.status_code, twice.json()["code"]) == (409, "replacement-pending")
    assert longer.json()["code"] == "replacement-pending"
    assert (await office.get(f"/v1/pairings/{former.id}")).json()["state"] == "active"
    assert again.status_code == 201


async def test_whoever_cannot_take_over_is_refused_with_the_reason(
    make, a_master, mentor, mentee, schools, replace, former
):
    full = await a_master()
    for _ in range(3):
        await make.pairing(mentor=full, mentee=await make.teacher(school=schools[1]))
    other = await a_master()
    await make.pairing(mentor=other, mentee=mentee, role="in_school")
    away = await a_master()
    await make.school_term()
    await make.leave(
        teacher=away,
        school=schools[0],
        during=span(datetime(2026, 10, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)),
    )
    elsewhere = make.at(await make.district())
    stranger = await elsewhere.teacher(school=await elsewhere.school())

    async def refusal(one, **more):
        answer = await replace(one, **more)
        errors = answer.json().get("errors") or [{}]
        return answer.status_code, answer.json()["code"], errors[0].get("code")

    assert await refusal(mentor) == (422, "same-mentor", "same-mentor")
    assert await refusal(mentee) == (422, "self-mentoring", "self-mentoring")
    assert (await refusal(full))[:2] == (409, "mentor-full")
    assert (await refusal(other))[:2] == (409, "paired-already")
    assert await refusal(await a_master(subjects=())) == (
        409,
        "mentor-unfit",
        "mentor-without-subject",
    )
    assert await refusal(away) == (409, "mentor-unfit", "mentor-on-leave")
    assert await refusal(await a_master(expected_retirement_on=date(2027, 3, 1))) == (
        409,
        "mentor-unfit",
        "mentor-retires",
    )
    assert (await refusal(stranger))[1] == "related-not-found"
    assert (await refusal(await a_master(), on="2026-10-11"))[1] == "pairing-end-unfit"
    assert (await refusal(await a_master(), on="2027-07-10"))[1] == "pairing-end-unfit"


async def test_only_an_active_pair_is_handed_on_and_a_former_one_that_ended_stays_so(
    make, as_, office, a_master, mentee, replace, former
):
    new = await a_master()
    path = f"/v1/pairings/{(await replace(new)).json()['id']}"
    await office.post(f"/v1/pairings/{former.id}:end", json={"reason": "transferred"}, headers=ANY)
    late = await replace(await a_master())
    await accept(as_, path, new, mentee)
    with clock.freeze(datetime(2026, 10, 13, 1, tzinfo=UTC)):
        activated = await office.post(f"{path}:activate", headers=ANY)
    ended = (await office.get(f"/v1/pairings/{former.id}")).json()

    assert late.json()["code"] == "pairing-state-unfit"
    assert activated.json()["state"] == "active"
    assert (ended["end_reason"], ended["valid_until"]) == ("transferred", "2026-10-13")


async def test_two_pairs_want_the_last_place_of_one_mentor(
    make, office, a_master, mentor, mentee, schools, former
):
    """One wins; the other is told that the places are taken."""
    wanted = await a_master()
    for _ in range(2):
        await make.pairing(mentor=wanted, mentee=await make.teacher(school=schools[1]))
    beside = await make.pairing(
        mentor=mentor, mentee=await make.teacher(school=schools[1]), role="cross_school"
    )

    answers = await asyncio.gather(
        *(
            office.post(
                f"/v1/pairings/{one.id}:replace",
                json={"mentor_id": str(wanted.id)},
                headers=ANY,
            )
            for one in (former, beside)
        )
    )

    assert sorted(one.status_code for one in answers) == [201, 409]
