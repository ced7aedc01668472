"""The life of a pairing: proposed, answered, activated, changed, ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.mentoring import queries, rules
from service.mentoring.care import mind
from service.mentoring.problems import NotOneOfTheTwo, SelfMentoring
from service.mentoring.queries.absence import on_leave_for_term
from service.mentoring.queries.programme import policy_for
from service.mentoring.rules import Act, EndReason, Life, PairingState, Plan, Side, Span
from service.mentoring.tables import Pairing
from service.mentoring.watch import look_after
from service.network.queries import standpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPairing:
    """Who is to mentor whom."""

    mentor_id: UUID
    mentee_id: UUID
    role: str
    valid: Span
    goals: str


def life_of(pairing: Pairing) -> Life:
    """A pairing as the rules judge it."""
    return Life(PairingState(pairing.state), pairing.mentor_accepted, pairing.mentee_accepted)


def _days(pairing: Pairing) -> Span:
    return pairing.valid.lower or date.min, pairing.valid.upper


async def propose(db: AsyncSession, *, caller: Caller, new: NewPairing) -> Pairing:
    """Propose a pairing to the two; it holds one of the mentor's places until it is answered.

    Raises
    ------
    SelfMentoring, UnknownRole, MentorUnfit
        It cannot be.
    MentorFull
        All of the mentor's places are taken on some day.
    PairedAlready
        The two have a pairing for that time.
    """
    if new.mentor_id == new.mentee_id:
        raise SelfMentoring
    await queries.check_role(db, district_id=caller.district_id, role=new.role)
    await queries.check_two(db, caller=caller, mentor_id=new.mentor_id, mentee_id=new.mentee_id)
    await queries.lock_teachers(db, teacher_ids=[new.mentor_id])
    known = await queries.persons(db, teacher_ids=[new.mentor_id, new.mentee_id])
    policy = await policy_for(
        db, district_id=caller.district_id, mentee_id=new.mentee_id, day=new.valid[0]
    )
    away = await on_leave_for_term(db, teacher_ids=[new.mentor_id], day=new.valid[0])
    plan = Plan(
        known[new.mentor_id],
        known[new.mentee_id],
        new.role,
        new.valid,
        mentor_on_leave=new.mentor_id in away,
    )
    rules.check_pair(plan, policy=policy)
    spans = await queries.open_spans(db, mentor_id=new.mentor_id)
    rules.check_capacity(spans, during=new.valid, capacity=policy.capacity)
    pairing = Pairing(
        district_id=caller.district_id,
        mentor_id=new.mentor_id,
        mentee_id=new.mentee_id,
        role=new.role,
        valid=days(*new.valid),
        goals=new.goals,
    )
    db.add(pairing)
    await db.flush()
    await _tell(db, "pairing.proposed", pairing, by=caller)
    await mind(db, by=caller, mentee_ids=[pairing.mentee_id])
    return pairing


async def _tell(
    db: AsyncSession,
    event: str,
    pairing: Pairing,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    reach = {pairing.mentor_id, pairing.mentee_id}
    for person in (await queries.persons(db, teacher_ids=reach)).values():
        reach |= {stay.school_id for stay in person.stays if stay.until is None}
    await record(db, event, pairing, by=by, reach=reach, before=before, reason=reason or None)


async def change(
    db: AsyncSession,
    *,
    caller: Caller,
    pairing_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> Pairing:
    """Change an open pairing's goals or last day.

    Raises
    ------
    PairingStateUnfit
        It is over.
    EndUnfit
        The last day is before the first, or past.
    MentorFull
        A longer pairing would take a place that is taken.
    """
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    expected.check(pairing.version)
    at = await standpoint(db, district_id=caller.district_id)
    life, former = life_of(pairing), _days(pairing)
    rules.check_act(life, Act.CHANGE)
    values = {name: value for name, value in changes.items() if name != "valid_until"}
    if "valid_until" in changes and changes["valid_until"] != former[1]:
        wanted = rules.move_end(life, valid=former, until=changes["valid_until"], today=at.today)
        await _check_longer(db, pairing, until=wanted[1])
        values["valid"] = days(*wanted)
    before = change_fields(pairing, values)
    if before:
        await db.flush()
        await _tell(db, "pairing.changed", pairing, by=caller, before=before)
        await look_after(db, by=caller, pairings=[pairing])
    return pairing


async def _check_longer(db: AsyncSession, pairing: Pairing, *, until: date | None) -> None:
    """More days need a place of the mentor; fewer never do."""
    former = pairing.valid.upper
    if former is None or (until is not None and until <= former):
        return
    policy = await queries.policy(db, district_id=pairing.district_id)
    spans = await queries.open_spans(db, mentor_id=pairing.mentor_id, besides=pairing.id)
    rules.check_capacity(spans, during=(former, until), capacity=policy.capacity)


async def answer(
    db: AsyncSession,
    *,
    caller: Caller,
    pairing_id: UUID,
    yes: bool,
    note: str = "",
    expected: Precondition,
) -> Pairing:
    """One of the two accepts a proposal, or declines it for both.

    Raises
    ------
    NotOneOfTheTwo
        Somebody else would answer.
    PairingStateUnfit
        There is nothing to answer any more.
    """
    pairing = await queries.pairing_in_sight(db, caller=caller, pairing_id=pairing_id)
    sides = ((pairing.mentor_id, Side.MENTOR), (pairing.mentee_id, Side.MENTEE))
    side = next((side for id_, side in sides if id_ == caller.teacher_id), None)
    if side is None:
        raise NotOneOfTheTwo
    expected.check(pairing.version)
    life = life_of(pairing)
    if not yes:
        rules.check_act(life, Act.DECLINE)
        ended = _ended(EndReason.WITHDRAWN, note)
        before = change_fields(pairing, ended)
        await db.flush()
        await _tell(db, "pairing.declined", pairing, by=caller, before=before, reason=note)
        await look_after(db, by=caller, pairings=[pairing])
        return pairing
    after = rules.accept(life, by=side)
    before = change_fields(
        pairing,
        {
            "state": after.state,
            "mentor_accepted": after.mentor_accepted,
            "mentee_accepted": after.mentee_accepted,
        },
    )
    if before:
        await db.flush()
        await _tell(db, "pairing.accepted", pairing, by=caller, before=before)
    return pairing


async def activate(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, expected: Precondition
) -> Pairing:
    """Begin a pairing that both have accepted, from its first day on.

    Raises
    ------
    PairingStateUnfit, PairingNotBegun
        Not both have accepted, or today is not one of its days.
    RoleTaken
        The mentee has an active mentor in this role.
    """
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    expected.check(pairing.version)
    at = await standpoint(db, district_id=caller.district_id)
    after = rules.activate(life_of(pairing), valid=_days(pairing), today=at.today)
    before = change_fields(pairing, {"state": after.state, "activated_on": at.today})
    await db.flush()
    await _tell(db, "pairing.activated", pairing, by=caller, before=before)
    return pairing


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a pairing ends, and from which day it is over; by default from tomorrow on."""

    reason: EndReason
    on: date | None = None
    note: str = ""


async def end(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, ending: Ending, expected: Precondition
) -> Pairing:
    """End a pairing; its days up to the end stay on record.

    Raises
    ------
    PairingStateUnfit
        It is over already.
    EndUnfit
        The day or the reason does not fit.
    """
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    expected.check(pairing.version)
    at = await standpoint(db, district_id=caller.district_id)
    valid = _days(pairing)
    on = ending.on or min(at.today + timedelta(days=1), valid[1] or date.max)
    left = rules.end(life_of(pairing), reason=ending.reason, valid=valid, on=on, today=at.today)
    values = {**_ended(ending.reason, ending.note), "valid": days(*left)}
    before = change_fields(pairing, values)
    await db.flush()
    await _tell(db, "pairing.ended", pairing, by=caller, before=before, reason=ending.note)
    await look_after(db, by=caller, pairings=[pairing])
    return pairing


def _ended(reason: EndReason, note: str) -> dict[str, Any]:
    return {
        "state": PairingState.ENDED,
        "ended_at": clock.now(),
        "end_reason": reason,
        "end_note": note,
    }
