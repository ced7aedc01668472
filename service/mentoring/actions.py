"""The life of a pairing: proposed, answered, activated, changed, handed on, ended."""

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
from service.mentoring.problems import (
    NotOneOfTheTwo,
    ReplacementPending,
    SameMentor,
    SelfMentoring,
)
from service.mentoring.queries.absence import on_leave_for_term
from service.mentoring.queries.programme import policy_for, signature_needed
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
    return Life(
        PairingState(pairing.state),
        pairing.mentor_accepted,
        pairing.mentee_accepted,
        mentor_signed=pairing.mentor_signed_at is not None,
        mentee_signed=pairing.mentee_signed_at is not None,
    )


def side_of(pairing: Pairing, *, caller: Caller) -> Side:
    """Which of the two the caller is.

    Raises
    ------
    NotOneOfTheTwo
        Somebody else.
    """
    sides = ((pairing.mentor_id, Side.MENTOR), (pairing.mentee_id, Side.MENTEE))
    side = next((side for id_, side in sides if id_ == caller.teacher_id), None)
    if side is None:
        raise NotOneOfTheTwo
    return side


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
    pairing = await _add(db, caller=caller, new=new)
    await tell(db, "pairing.proposed", pairing, by=caller)
    await mind(db, by=caller, mentee_ids=[pairing.mentee_id])
    return pairing


async def _add(
    db: AsyncSession, *, caller: Caller, new: NewPairing, replaces_id: UUID | None = None
) -> Pairing:
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
        replaces_id=replaces_id,
    )
    db.add(pairing)
    await db.flush()
    return pairing


async def tell(
    db: AsyncSession,
    event: str,
    pairing: Pairing,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Note what happened to a pairing, for the two and their schools."""
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
    ReplacementPending
        Another mentor is to take over, and would not follow on the last day any more.
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
        successor = await queries.successor_of(db, pairing_id=pairing.id)
        if successor is not None:
            raise ReplacementPending(pairing_id=successor.id)
        await _check_longer(db, pairing, until=wanted[1])
        values["valid"] = days(*wanted)
    before = change_fields(pairing, values)
    if before:
        await db.flush()
        await tell(db, "pairing.changed", pairing, by=caller, before=before)
        await look_after(db, by=caller, pairings=[pairing])
    return pairing


async def _check_longer(db: AsyncSession, pairing: Pairing, *, until: date | None) -> None:
    """More days need a place of the mentor; fewer never do."""
    former = pairing.valid.upper
    if former is None or (until is not None and until <= former):
        return
    policy = await policy_for(
        db, district_id=pairing.district_id, mentee_id=pairing.mentee_id, day=former
    )
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
    side = side_of(pairing, caller=caller)
    expected.check(pairing.version)
    life = life_of(pairing)
    if not yes:
        rules.check_act(life, Act.DECLINE)
        ended = _ended(EndReason.WITHDRAWN, note)
        before = change_fields(pairing, ended)
        await db.flush()
        await tell(db, "pairing.declined", pairing, by=caller, before=before, reason=note)
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
        await tell(db, "pairing.accepted", pairing, by=caller, before=before)
    return pairing


async def activate(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, expected: Precondition
) -> Pairing:
    """Begin a pairing that both have accepted, from its first day on.

    One that replaces another begins today, and the other ends today: the mentee is never without.

    Raises
    ------
    PairingStateUnfit, PairingNotBegun
        Not both have accepted, or today is not one of its days.
    AgreementUnsigned
        The mentee's programme asks for both signatures first.
    RoleTaken
        The mentee has an active mentor in this role.
    """
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    expected.check(pairing.version)
    at = await standpoint(db, district_id=caller.district_id)
    after = rules.activate(
        life_of(pairing),
        valid=_days(pairing),
        today=at.today,
        signature_needed=await signature_needed(db, mentee_id=pairing.mentee_id, day=at.today),
    )
    values: dict[str, Any] = {"state": after.state, "activated_on": at.today}
    former = await queries.replaced_by(db, pairing=pairing)
    if former is not None and former.state == PairingState.ACTIVE:
        left, taken = rules.hand_over(valid=_days(former), successor=_days(pairing), today=at.today)
        values["valid"] = days(*taken)
        await _hand_over(db, caller=caller, former=former, left=left)
    before = change_fields(pairing, values)
    await db.flush()
    await tell(db, "pairing.activated", pairing, by=caller, before=before)
    await look_after(db, by=caller, pairings=[one for one in (former, pairing) if one])
    return pairing


async def _hand_over(db: AsyncSession, *, caller: Caller, former: Pairing, left: Span) -> None:
    ended = {**_ended(EndReason.REPLACED, ""), "valid": days(*left)}
    before = change_fields(former, ended)
    # The days of the former are given up before the successor takes them.
    await db.flush()
    await tell(db, "pairing.replaced", former, by=caller, before=before)


@dataclass(frozen=True, slots=True)
class Replacement:
    """Who is to take over, and from which day on; by default from tomorrow."""

    mentor_id: UUID
    on: date | None = None
    note: str = ""


async def replace(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, new: Replacement, expected: Precondition
) -> Pairing:
    """Propose another mentor in place of the present one, who stays until the other begins.

    Returns the pairing that is to follow. The former ends on the very day the new one becomes
    active; if somebody declines, nothing has changed.

    Raises
    ------
    PairingStateUnfit, EndUnfit
        It is not active, or the day does not fit.
    SelfMentoring, SameMentor, RelatedNotFound, MentorUnfit, MentorFull, PairedAlready
        The new mentor cannot be.
    ReplacementPending
        Somebody else is to take over already.
    """
    seen = await queries.pairing_in_reach(db, caller=caller, pairing_id=pairing_id)
    if new.mentor_id == seen.mentor_id:
        raise SameMentor
    if new.mentor_id == seen.mentee_id:
        raise SelfMentoring(pointer="/mentor_id")
    await queries.check_two(db, caller=caller, mentor_id=new.mentor_id, mentee_id=seen.mentee_id)
    await queries.lock_teachers(db, teacher_ids=[seen.mentor_id, seen.mentee_id, new.mentor_id])
    pairing = await queries.pairing_to_change(db, caller=caller, pairing_id=pairing_id)
    expected.check(pairing.version)
    at = await standpoint(db, district_id=caller.district_id)
    on = new.on or at.today + timedelta(days=1)
    valid = rules.check_replacement(life_of(pairing), valid=_days(pairing), on=on, today=at.today)
    known = await queries.successor_of(db, pairing_id=pairing.id)
    if known is not None:
        raise ReplacementPending(pairing_id=known.id)
    wanted = NewPairing(
        mentor_id=new.mentor_id,
        mentee_id=pairing.mentee_id,
        role=pairing.role,
        valid=valid,
        goals=pairing.goals,
    )
    successor = await _add(db, caller=caller, new=wanted, replaces_id=pairing.id)
    await tell(db, "pairing.proposed", successor, by=caller, reason=new.note)
    return successor


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
    await tell(db, "pairing.ended", pairing, by=caller, before=before, reason=ending.note)
    await look_after(db, by=caller, pairings=[pairing])
    return pairing


def _ended(reason: EndReason, note: str) -> dict[str, Any]:
    return {
        "state": PairingState.ENDED,
        "ended_at": clock.now(),
        "end_reason": reason,
        "end_note": note,
    }
