"""The log of a pairing: one of the two writes, the other confirms, offices read."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Role
from service.kit.changes import Change
from service.kit.db import days
from service.mentoring.problems.log import (
    LogEntryConfirmed,
    LogEntryInFuture,
    LogEntryOutsidePairing,
    NotOfThePair,
    NotTheWriter,
    ObservedUnfit,
    OwnLogEntry,
    PairingNotActive,
)
from service.mentoring.rules import PairingState, Side
from service.mentoring.rules.log import (
    LogKind,
    LogState,
    check_confirmation,
    check_correction,
    check_day,
    check_observed,
    check_pair,
)

ANY = {"If-Match": "*"}
ENTRY = {"kind": "meeting", "on_date": "2026-10-10", "topic": "课堂提问的设计"}
PAPER = {
    "name": "教案.pdf",
    "url": "https://198.41.0.4/jiaoan.pdf",
    "sha256": "0" * 64,
    "size": 1000,
    "media_type": "application/pdf",
}


@pytest.fixture(autouse=True)
def _autumn():
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
async def school(make):
    return await make.school()


@pytest.fixture
async def two(make, school):
    return await make.teacher(school=school), await make.teacher(school=school)


@pytest.fixture
async def pairing(make, two):
    return await make.pairing(mentor=two[0], mentee=two[1])


@pytest.fixture
def mentor(as_, two):
    return as_(Role.TEACHER, teacher=two[0])


@pytest.fixture
def mentee(as_, two):
    return as_(Role.TEACHER, teacher=two[1])


@pytest.fixture
def write(pairing, mentee):
    async def written(client=mentee, **more):
        return await client.post(f"/v1/pairings/{pairing.id}/log-entries", json={**ENTRY, **more})

    return written


async def test_an_entry_is_written_confirmed_corrected_and_confirmed_again(
    as_, pairing, mentor, mentee, write, two, db
):
    long = "听课🎵<script>alert(1)</script>" + "好" * 5000
    written = await write(notes=long, attachments=[PAPER], score=90)
    assert written.status_code == 201, written.text
    path = f"/v1/log-entries/{written.json()['id']}"

    own = await mentee.post(f"{path}:confirm", headers=ANY)
    confirmed = await mentor.post(f"{path}:confirm", headers={"If-Match": '"1"'})
    again = await mentor.post(f"{path}:confirm", headers=ANY)
    not_theirs = await mentor.put(path, json=ENTRY, headers=ANY)
    stale = await mentee.put(path, json=ENTRY, headers={"If-Match": '"1"'})
    corrected = await mentee.put(
        path, json={**ENTRY, "advice": "多追问"}, headers={"If-Match": '"2"'}
    )
    same = await mentee.put(path, json={**ENTRY, "advice": "多追问"}, headers=ANY)
    anew = await mentor.post(f"{path}:confirm", headers=ANY)

    assert written.json()["notes"] == long
    assert (own.status_code, own.json()["code"]) == (403, "log-entry-own")
    assert (confirmed.json()["state"], confirmed.json()["state_label"]) == ("confirmed", "已确认")
    assert (again.status_code, again.json()["code"]) == (409, "log-entry-confirmed")
    assert (not_theirs.status_code, not_theirs.json()["code"]) == (403, "log-entry-not-the-writer")
    assert stale.status_code == 412
    assert (corrected.json()["state"], corrected.json()["confirmed_at"]) == ("written", None)
    assert same.json()["version"] == corrected.json()["version"] == 3
    assert anew.json()["state"] == "confirmed"
    office = as_(Role.DISTRICT_ADMIN)
    (former,) = (await office.get(f"{path}/versions")).json()["items"]
    assert (former["number"], former["notes"], former["score"]) == (1, long, 90)
    assert former["confirmed_at"] is not None
    assert former["attachments"] == [PAPER]
    assert (await office.get(path)).json()["advice"] == "多追问"
    (listed,) = (
        await office.get(f"/v1/pairings/{pairing.id}/log-entries?kind=meeting&state=confirmed")
    ).json()["items"]
    assert listed["written_by"]["id"] == str(two[1].id)
    statement = select(Change).where(col(Change.resource_id) == UUID(listed["id"]))
    changes = sorted((await db.exec(statement)).all(), key=lambda one: one.seq)
    assert [one.event for one in changes] == [
        "log-entry.written",
        "log-entry.confirmed",
        "log-entry.corrected",
        "log-entry.confirmed",
    ]
    assert set(changes[0].reach) >= {one.id for one in two}


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"on_date": "2026-10-13"}, "log-entry-in-future", "/on_date"),
        ({"on_date": "2026-08-31"}, "log-entry-outside-pairing", "/on_date"),
        ({"kind": "observation"}, "log-entry-observed-unfit", "/observed"),
        ({"lesson_id": str(uuid4())}, "log-entry-lesson-unfit", "/lesson_id"),
        (
            {
                "kind": "observation",
                "observed": "mentor",
                "lesson_id": str(uuid4()),
            },
            "log-entry-lesson-unfit",
            "/lesson_id",
        ),
        (
            {"attachments": [{**PAPER, "url": "https://10.0.0.1/a.pdf"}]},
            "url-not-public",
            "/attachments/0/url",
        ),
        (
            {"attachments": [PAPER, {**PAPER, "url": "https://[fd00::1]/a.pdf"}]},
            "url-not-public",
            "/attachments/1/url",
        ),
        (
            {"attachments": [{**PAPER, "url": "https://169.254.169.254/a.pdf"}]},
            "url-not-public",
            "/attachments/0/url",
        ),
        (
            {"attachments": [{**PAPER, "size": 50 * 1024 * 1024 + 1}]},
            None,
            "/attachments/0/size",
        ),
        ({"attachments": [{**PAPER, "sha256": "x"}]}, None, "/attachments/0/sha256"),
        (
            {"attachments": [{**PAPER, "media_type": "text/html"}]},
            None,
            "/attachments/0/media_type",
        ),
        ({"score": 101}, None, "/score"),
    ],
)
async def test_what_is_no_entry(write, more, code, pointer):
    answer = await write(**more)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert code is None or answer.json()["code"] == code


async def test_strangers_and_pairings_that_are_not_active(
    as_, make, school, write, two, mentee, pairing
):
    stranger = await write(client=as_(Role.TEACHER, teacher=await make.teacher(school=school)))
    office = await write(client=as_(Role.DISTRICT_ADMIN))
    over = await make.pairing(
        mentor=two[0], mentee=two[1], valid=days(date(2025, 9, 1), date(2026, 7, 1))
    )
    late = await mentee.post(f"/v1/pairings/{over.id}/log-entries", json=ENTRY)
    await as_(Role.DISTRICT_ADMIN).post(
        f"/v1/pairings/{pairing.id}:end", json={"reason": "completed"}, headers=ANY
    )
    ended = await write()

    assert (stranger.status_code, stranger.json()["code"]) == (404, "pairing-not-found")
    assert office.status_code == 403
    assert (ended.status_code, ended.json()["code"]) == (409, "pairing-not-active")
    assert (late.status_code, late.json()["code"]) == (409, "pairing-not-active")


async def test_a_confirmation_never_covers_a_correction_unseen(mentor, mentee, write):
    for _ in range(5):
        entry = (await write()).json()
        path, seen = f"/v1/log-entries/{entry['id']}", {"If-Match": '"1"'}

        answers = await asyncio.gather(
            mentor.post(f"{path}:confirm", headers=seen),
            mentee.put(path, json={**ENTRY, "topic": "改过"}, headers=seen),
        )

        assert sorted(one.status_code for one in answers) == [200, 412]
        now = (await mentor.get(path)).json()
        assert (now["topic"], now["state"]) in {
            ("改过", "written"),
            (ENTRY["topic"], "confirmed"),
        }


# Rules

ONE, OTHER = uuid4(), uuid4()
YEAR = date(2026, 9, 1), date(2027, 7, 10)
TODAY = date(2026, 10, 12)


def test_only_the_two_keep_their_log():
    assert check_pair(ONE, two=(ONE, OTHER)) == ONE
    for who in (None, uuid4()):
        with pytest.raises(NotOfThePair):
            check_pair(who, two=(ONE, OTHER))


def test_days_of_an_entry():
    check_day(on=TODAY, today=TODAY, state=PairingState.ACTIVE, valid=YEAR)
    for on, state, problem in (
        (TODAY, PairingState.PROPOSED, PairingNotActive),
        (date(2026, 10, 13), PairingState.ACTIVE, LogEntryInFuture),
        (date(2026, 8, 31), PairingState.ACTIVE, LogEntryOutsidePairing),
    ):
        with pytest.raises(problem):
            check_day(on=on, today=TODAY, state=state, valid=YEAR)


def test_who_was_observed():
    check_observed(LogKind.OBSERVATION, Side.MENTEE)
    check_observed(LogKind.MEETING, None)
    for kind, observed in ((LogKind.OBSERVATION, None), (LogKind.MEETING, Side.MENTOR)):
        with pytest.raises(ObservedUnfit):
            check_observed(kind, observed)


def test_who_corrects_and_who_confirms():
    check_correction(writer=ONE, by=ONE)
    check_confirmation(writer=ONE, by=OTHER, state=LogState.WRITTEN)
    with pytest.raises(NotTheWriter):
        check_correction(writer=ONE, by=OTHER)
    with pytest.raises(OwnLogEntry):
        check_confirmation(writer=ONE, by=ONE, state=LogState.WRITTEN)
    with pytest.raises(LogEntryConfirmed):
        check_confirmation(writer=ONE, by=OTHER, state=LogState.CONFIRMED)
