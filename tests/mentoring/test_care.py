"""Whatever happens in whatever order: nobody loses a mentor in silence, no mentor has too many."""

from datetime import UTC, date, datetime
from http import HTTPStatus

import pytest
from sqlmodel import select

from service.cli.demo.dice import Dice
from service.kit import clock
from service.kit.auth import Role
from service.kit.db import days
from service.mentoring.rules import EndReason, PairingState, places_taken
from service.mentoring.tables import Pairing
from tests.timetable.absences import ask, step

ANY = {"If-Match": "*"}
OLD, NEW = {"teaching_since": date(2010, 9, 1)}, {"teaching_since": date(2025, 9, 1)}
YEAR = (date(2026, 9, 1), date(2027, 7, 10))
CAPACITY = 2
SPRING = date(2027, 2, 22)


@pytest.fixture(autouse=True)
def _autumn(application):
    """The application is what wires those who listen."""
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def schools(make):
    return await make.school(), await make.school(urban_rural_code="220")


@pytest.fixture
async def programme(make, schools):
    term = await make.school_term()
    await make.spring_term(first_day=SPRING, last_day=date(2027, 7, 9))
    return await make.programme(
        year=term.school_year_id, valid=days(*YEAR), standard={"mentors": {"capacity": CAPACITY}}
    )


@pytest.fixture
def tasks(office):
    async def waiting(kind="mentee-without-mentor"):
        params = {"state": "open", "kind": kind, "limit": 200}
        return {
            one["subject_id"]
            for one in (await office.get("/v1/tasks", params=params)).json()["items"]
        }

    return waiting


async def test_a_lost_mentor_is_a_task_until_there_is_another(
    office, make, schools, programme, tasks
):
    first, second = [await make.teacher(school=schools[0], **OLD) for _ in range(2)]
    mentee = await make.teacher(school=schools[1], name="小张", **NEW)
    pairing = await make.pairing(mentor=first, mentee=mentee, role="cross_school")
    before = await tasks()

    await office.post(f"/v1/pairings/{pairing.id}:end", json={"reason": "replaced"}, headers=ANY)
    lost = (await office.get("/v1/tasks?kind=mentee-without-mentor")).json()["items"]
    await office.post(
        "/v1/pairings",
        json={
            "mentor_id": str(second.id),
            "mentee_id": str(mentee.id),
            "role": "cross_school",
            "valid_from": "2026-10-20",
            "valid_until": "2027-07-10",
        },
    )

    assert before == set()
    assert [(one["subject_id"], one["owner_id"]) for one in lost] == [
        (str(mentee.id), str(schools[1].id))
    ]
    assert "小张" in lost[0]["title"]
    assert await tasks() == set()


async def test_closing_the_programme_settles_what_waits(office, make, schools, programme, tasks):
    mentor = await make.teacher(school=schools[0], **OLD)
    mentee = await make.teacher(school=schools[1], **NEW)
    pairing = await make.pairing(
        mentor=mentor, mentee=mentee, role="cross_school", state=PairingState.PROPOSED
    )
    await office.post(f"/v1/pairings/{pairing.id}:end", json={"reason": "withdrawn"}, headers=ANY)
    waiting = await tasks()

    await office.post(f"/v1/mentoring-programmes/{programme.id}:close", headers=ANY)

    assert waiting == {str(mentee.id)}
    assert await tasks() == set()


async def test_who_is_no_concern_of_a_programme_is_no_task(office, make, schools, programme, tasks):
    mentor = await make.teacher(school=schools[1], **OLD)
    mentee = await make.teacher(school=schools[0], **NEW)
    pairing = await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")

    await office.post(f"/v1/pairings/{pairing.id}:end", json={"reason": "replaced"}, headers=ANY)

    assert await tasks() == set()


class Year:
    """A year in which offices, mentors and mentees do what comes to their minds."""

    def __init__(self, *, seed, office, as_, mentors, mentees, schools):
        self.dice = Dice("care", seed)
        self.office = office
        self.as_ = as_
        self.mentors = mentors
        self.mentees = mentees
        self.schools = schools
        self.gone = set()
        self.on_leave = set()

    async def step(self, pairings):
        """One thing that happens; refused or not."""
        open_ = [one for one in pairings if one.state != PairingState.ENDED]
        waiting = [one for one in open_ if one.state == PairingState.PROPOSED]
        active = [one for one in open_ if one.state == PairingState.ACTIVE]
        happens = self.dice.weigh(
            (6, "propose"),
            (6, "answer"),
            (3, "replace"),
            (3, "end"),
            (1, "leave"),
            (1, "rotate"),
            (1, "lengthen"),
            (1, "away"),
            (3, "away for a term"),
        )
        if happens == "propose":
            await self._propose()
        elif happens == "answer" and waiting:
            await self._answer(self.dice.pick(waiting))
        elif happens == "replace" and active:
            await self._replace(self.dice.pick(active))
        elif happens == "end" and open_:
            await self._end(self.dice.pick(open_))
        elif happens == "lengthen" and open_:
            await self._lengthen(self.dice.pick(open_))
        else:
            await self._without(self.dice.pick(self.mentors), happens)

    async def _without(self, mentor, happens):
        if happens == "leave":
            await self._leave(mentor)
        elif happens == "rotate":
            await self._rotate(mentor)
        elif happens == "away":
            await self._away(mentor, "2026-10-19", "2026-10-24")
        elif happens == "away for a term" and await self._away(mentor, str(SPRING), str(YEAR[1])):
            self.on_leave.add(mentor.id)

    async def _propose(self):
        body = {
            "mentor_id": str(self.dice.pick(self.mentors).id),
            "mentee_id": str(self.dice.pick(self.mentees).id),
            "role": self.dice.pick(("in_school", "cross_school")),
            "valid_from": str(YEAR[0]),
            "valid_until": str(YEAR[1]),
        }
        await self.office.post("/v1/pairings", json=body)

    async def _answer(self, pairing):
        people = {one.id: one for one in (*self.mentors, *self.mentees)}
        path = f"/v1/pairings/{pairing.id}"
        if not self.dice.chance(75):
            client = self.as_(Role.TEACHER, teacher=people[pairing.mentor_id])
            await client.post(f"{path}:decline", json={"note": "已有安排"}, headers=ANY)
            return
        for id_ in (pairing.mentor_id, pairing.mentee_id):
            client = self.as_(Role.TEACHER, teacher=people[id_])
            await client.post(f"{path}:accept", headers=ANY)
        await self.office.post(f"{path}:activate", headers=ANY)

    async def _replace(self, pairing):
        """From today on, so that the new mentor begins as soon as both have accepted."""
        body = {"mentor_id": str(self.dice.pick(self.mentors).id), "on": "2026-10-12"}
        await self.office.post(f"/v1/pairings/{pairing.id}:replace", json=body, headers=ANY)

    async def _rotate(self, mentor):
        body = {"school_id": str(self.dice.pick(self.schools).id), "on": str(SPRING)}
        moved = await self.office.post(f"/v1/teachers/{mentor.id}:transfer", json=body, headers=ANY)
        if moved.status_code == HTTPStatus.OK:
            self.gone.add(mentor.id)

    async def _lengthen(self, pairing):
        body = {"valid_until": self.dice.pick(("2027-01-20", "2027-07-10"))}
        await self.office.patch(f"/v1/pairings/{pairing.id}", json=body, headers=ANY)

    async def _away(self, mentor, first, until):
        span = {
            "starts_at": f"{first}T00:00:00+08:00",
            "ends_at": f"{until}T00:00:00+08:00",
        }
        asked = await ask(self.as_(Role.TEACHER, teacher=mentor), mentor, **span)
        if asked.status_code != HTTPStatus.CREATED:
            return False
        approved = await step(self.office, f"leaves/{asked.json()['id']}:approve")
        return approved.status_code == HTTPStatus.OK

    async def _end(self, pairing):
        reason = self.dice.pick(("replaced", "transferred", "withdrawn", "completed"))
        path = f"/v1/pairings/{pairing.id}:end"
        await self.office.post(path, json={"reason": reason}, headers=ANY)

    async def _leave(self, mentor):
        body = {"on": "2027-02-01", "reason": "other"}
        left = await self.office.post(f"/v1/teachers/{mentor.id}:leave", json=body, headers=ANY)
        if left.status_code == 200:
            self.gone.add(mentor.id)


def lost_in(pairings):
    """The mentees who have nobody in a role in which they had, or were to have, somebody."""
    held = {(one.mentee_id, one.role) for one in pairings if one.state != PairingState.ENDED}
    return {
        str(one.mentee_id)
        for one in pairings
        if one.state == PairingState.ENDED
        and one.end_reason != EndReason.COMPLETED
        and (one.mentee_id, one.role) not in held
    }


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_order(office, as_, make, schools, programme, tasks, database, seed):
    mentors = [await make.teacher(school=school, **OLD) for school in (*schools, schools[0])]
    mentees = [await make.teacher(school=schools[1], **NEW) for _ in range(3)]
    for mentor, mentee in zip(mentors, mentees, strict=True):
        await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")
    year = Year(
        seed=seed, office=office, as_=as_, mentors=mentors, mentees=mentees, schools=schools
    )

    async def known():
        async with database.read(programme.district_id) as db:
            return (await db.exec(select(Pairing))).all()

    for _ in range(18):
        await year.step(await known())

        pairings = await known()
        open_ = [one for one in pairings if one.state != PairingState.ENDED]
        for mentor in mentors:
            spans = [(p.valid.lower, p.valid.upper) for p in open_ if p.mentor_id == mentor.id]
            assert places_taken(spans, during=YEAR) <= CAPACITY
        assert await tasks() == lost_in(pairings)
        late = [one for one in open_ if one.valid.upper > SPRING]
        leaving = {str(one.id) for one in late if one.mentor_id in year.gone}
        assert leaving <= await tasks("mentor-leaves")
        active = [one for one in late if one.state == PairingState.ACTIVE]
        absent = {str(one.id) for one in active if one.mentor_id in year.on_leave}
        assert absent <= await tasks("mentor-on-leave")
