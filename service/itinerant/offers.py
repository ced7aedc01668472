"""Offers: a teacher is asked, the time is held, three agree, and an assignment is drafted.

Locks are taken in one order everywhere: the teacher, the shortage, the offer; so rivals wait for
each other and never in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from service.itinerant import drafts, load
from service.itinerant.matching import coming_days, host_of
from service.itinerant.problems.shortage import (
    ShortageNotFound,
    ShortageOfferNotFound,
    TeacherTaken,
)
from service.itinerant.queries import reached_schools
from service.itinerant.queries import shortage as rows
from service.itinerant.rules import (
    Completed,
    Draft,
    Facts,
    Surroundings,
    WeeklyPeriod,
    complete,
    groups_on,
    obstacles,
)
from service.itinerant.rules.shortage import (
    Consent,
    Need,
    OfferState,
    OfferStep,
    ShortageState,
    ShortageStep,
    after_an_offer,
    check_offered,
    half_lessons,
    offer_after,
    periods_of,
    shortage_after,
)
from service.itinerant.tables import Shortage, ShortageOffer
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.ids import new_id
from service.kit.jobs import enqueue
from service.kit.journal import record
from service.kit.problems import Busy, FieldError, Forbidden, InvalidValue, Text
from service.timetable import laying
from service.timetable import load as timetable
from service.timetable.laying import Layout, Overlap, judged
from service.timetable.load import Ground
from service.timetable.problems import ScheduleConflict
from service.timetable.rules import (
    Conflict,
    Host,
    Origin,
    Parity,
    Pattern,
    ResourceKind,
    SlotPlan,
    TimeKind,
)
from service.timetable.rules.absence import check_other_person

DUE = "itinerant.offer_due"
_USUAL = timedelta(days=3)
_LONGEST = timedelta(days=30)
_EXPIRED = "逾期未答复"
_SAID = {OfferStep.AGREE: "agreed", OfferStep.CONFIRM: "confirmed", OfferStep.APPROVE: "approved"}
_PAST = Text("应晚于现在", "must be later than now")
_TOO_LATE = Text("最长 30 天", "at most 30 days from now")
_OVER = Text("需求的有效期已过", "the days of the shortage are over")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom to ask, for which weekly periods, and until when to answer."""

    teacher_id: UUID
    home_school_id: UUID | None
    patterns: tuple[WeeklyPeriod, ...]
    expires_at: datetime | None


async def offer(
    db: AsyncSession, *, caller: Caller, shortage_id: UUID, asking: Asking, expected: Precondition
) -> ShortageOffer:
    """Ask a teacher to help, and hold the time until everybody has answered.

    Raises
    ------
    ShortageStateUnfit
        The shortage is not approved, or is over.
    InvalidValue
        More lessons than are missing, other classes, or other half-days.
    TeacherTaken
        Another offer holds the teacher's time.
    ScheduleConflict
        The teacher is busy, on leave, not qualified, or cannot get there.
    """
    seen = await rows.visible_shortage(db, caller=caller, shortage_id=shortage_id)
    schools = {seen.school_id}
    if schools != await reached_schools(
        db, caller=caller, permission=Permission.SHORTAGE_OFFER, school_ids=schools
    ):
        raise Forbidden
    expires_at = _deadline(asking.expires_at)
    ground = await timetable.ground(db, district_id=caller.district_id)
    draft = _draft_for(
        seen,
        teacher_id=asking.teacher_id,
        home_school_id=asking.home_school_id,
        patterns=asking.patterns,
        valid=coming_days(seen.valid, ground=ground),
    )
    around = await load.surroundings(db, caller=caller, draft=draft)
    known = await _known(db, draft=draft, around=around, ground=ground)
    row = ShortageOffer(
        id=new_id(),
        district_id=caller.district_id,
        shortage_id=shortage_id,
        teacher_id=asking.teacher_id,
        home_school_id=known.completed.home_school_id,
        across_groups=known.across_groups,
        valid=days(*known.completed.valid),
        patterns=[kept(one) for one in asking.patterns],
        half_lessons=half_lessons(asking.patterns),
        expires_at=expires_at,
        offered_by=caller.key,
        offered_by_name=caller.name,
        offered_at=clock.now(),
    )
    layout = Layout.of(_slots(row, known), hosts={draft.campus_id: known.host})
    await _check_possible(db, caller=caller, row=row, known=known, layout=layout)
    try:
        async with judged(db):
            shortage, following = await _hold_time(
                db, caller=caller, row=row, known=known, layout=layout, expected=expected
            )
    except Overlap:
        # The savepoint is gone, and with it the hold on people: rivals need not wait for our words.
        mine = [one for one in layout.duties() if one.resource_kind is ResourceKind.TEACHER]
        verdict = await timetable.judge(db, wanted=mine, ground=ground)
        refusal = await _refusal(db, caller=caller, conflicts=verdict.hard, ground=ground)
        raise refusal from None
    db.add(row)
    before = change_fields(shortage, {"state": following})
    await db.flush()
    reach = _concerned(row, shortage)
    await record(db, "shortage-offer.made", row, by=caller, reach=reach)
    if before:
        await record(db, "shortage.offered", shortage, by=caller, before=before, reach=reach)
    payload = {"offer_id": str(row.id)}
    await enqueue(
        db,
        DUE,
        payload,
        district_id=row.district_id,
        once=f"{DUE}:{row.id}",
        after=expires_at - clock.now(),
    )
    return row


def _deadline(wanted: datetime | None) -> datetime:
    now = clock.now()
    if wanted is not None and wanted <= now:
        raise InvalidValue(errors=[FieldError("/expires_at", "in-the-past", _PAST)])
    if wanted is not None and wanted > now + _LONGEST:
        raise InvalidValue(errors=[FieldError("/expires_at", "too-late", _TOO_LATE)])
    return wanted or now + _USUAL


def _draft_for(
    shortage: Any,
    *,
    teacher_id: UUID,
    home_school_id: UUID | None,
    patterns: tuple[WeeklyPeriod, ...],
    valid: tuple[date, date],
) -> Draft:
    """What a teacher would teach to make up for a shortage."""
    return Draft(
        code=None,
        teacher_id=teacher_id,
        campus_id=shortage.campus_id,
        home_school_id=home_school_id,
        group_id=shortage.group_id,
        term_id=shortage.term_id,
        subject=shortage.subject,
        stage=shortage.stage,
        valid_from=valid[0],
        valid_until=valid[1],
        patterns=patterns,
    )


# Taking the time


@dataclass(frozen=True, slots=True)
class _Known:
    """A help that is asked for, with what it refers to."""

    draft: Draft
    completed: Completed
    around: Surroundings
    host: Host
    ground: Ground

    @property
    def across_groups(self) -> bool:
        """Whether the home school is no member of the shortage's group when the help begins."""
        members = self.around.members
        first = self.completed.valid[0]
        return self.completed.group_id not in groups_on(
            members, school_ids={self.completed.home_school_id}, day=first
        )


async def _known(db: AsyncSession, *, draft: Draft, around: Surroundings, ground: Ground) -> _Known:
    completed = complete(draft, around)
    from_, until = completed.valid
    host = await host_of(db, campus_id=draft.campus_id, from_=from_, until=until)
    return _Known(draft, completed, around, host, ground)


async def _check_possible(
    db: AsyncSession, *, caller: Caller, row: ShortageOffer, known: _Known, layout: Layout
) -> None:
    """What forbids it, whatever else the teacher does; rivals need not wait for that."""
    ground = known.ground
    if known.completed.valid[1] <= clock.today(ground.zone.key):
        raise InvalidValue(errors=[FieldError("/patterns", "over", _OVER)])
    facts = [*obstacles(_facts(row, known), valid=known.completed.valid)]
    facts += [conflict for _, conflict in load.unlaid(layout)]
    if facts:
        raise await _refusal(db, caller=caller, conflicts=facts, ground=ground)
    others = [one for one in layout.duties() if one.resource_kind is not ResourceKind.TEACHER]
    crowded = await timetable.judge(db, wanted=others, ground=ground)
    if crowded.hard:
        raise await _refusal(db, caller=caller, conflicts=crowded.hard, ground=ground)


async def _hold_time(
    db: AsyncSession,
    *,
    caller: Caller,
    row: ShortageOffer,
    known: _Known,
    layout: Layout,
    expected: Precondition,
) -> tuple[Shortage, ShortageState]:
    """Hold the teacher's time, if the shortage still asks for it."""
    await timetable.lock_resources(db, teachers=[row.teacher_id])
    for late in await rows.overdue_offers(db, teacher_id=row.teacher_id, now=clock.now()):
        await expire(db, by=caller, offer_id=late.id)
    shortage = await lock(db, Shortage, row.shortage_id)
    if shortage is None:
        raise ShortageNotFound
    expected.check(shortage.version)
    following = shortage_after(ShortageState(shortage.state), ShortageStep.OFFER)
    used = await rows.taken(db, shortage_id=shortage.id)
    check_offered(
        known.draft.patterns,
        need=Need(
            class_ids=frozenset(shortage.class_ids),
            half_days=frozenset(shortage.half_days),
            missing_halves=2 * shortage.lessons_per_week - used.accepted - used.pending,
            periods=periods_of(known.host, stage=shortage.stage, noon=known.ground.habits.noon),
        ),
    )
    await laying.hold(db, layout=layout, source_id=row.id, ground=known.ground)
    return shortage, following


def _slots(row: ShortageOffer, known: _Known) -> list[SlotPlan]:
    return [
        SlotPlan(
            slot_id=new_id(),
            teacher_id=row.teacher_id,
            subject=known.draft.subject,
            campus_id=known.draft.campus_id,
            stage=known.draft.stage,
            class_ids=tuple(sorted(one.class_ids)),
            room_id=one.room_id,
            pattern=Pattern(one.weekday, one.period, one.parity, one.weeks, *lasts),
            origin=Origin.ITINERANT,
            origin_id=row.id,
        )
        for one, lasts in zip(known.draft.patterns, known.completed.pattern_days, strict=True)
    ]


def _facts(row: ShortageOffer, known: _Known) -> Facts:
    person = known.around.person
    if person is None:  # ``complete`` has refused that
        raise ShortageOfferNotFound
    draft = known.draft
    return Facts(
        teacher_id=row.teacher_id,
        home_school_id=row.home_school_id,
        host_school_id=known.completed.host_school_id,
        employed=person.employed_at(row.home_school_id),
        retires_on=person.retires_on,
        qualified=(draft.subject, draft.stage) in person.qualified,
        members=known.around.members.get(known.completed.group_id, {}),
        classes={
            id_: [one.valid] if one.campus_id == draft.campus_id else []
            for id_, one in known.around.classes.items()
        },
        across_groups=row.across_groups,
    )


async def _refusal(
    db: AsyncSession, *, caller: Caller, conflicts: Sequence[Conflict], ground: Ground
) -> Exception:
    if not conflicts:
        return Busy()  # a rival took the time and gave it back meanwhile
    said = await timetable.explain(db, caller=caller, conflicts=conflicts, ground=ground)
    listed = [one.model_dump(mode="json") for one in said]
    if any(one.other is not None and one.other.kind is TimeKind.HOLD for one in conflicts):
        return TeacherTaken(conflicts=listed)
    return ScheduleConflict(conflicts=listed)


# Answers


async def _hold(
    db: AsyncSession, *, offer_id: UUID, expected: Precondition, caller: Caller
) -> tuple[ShortageOffer, Shortage]:
    seen = (await rows.visible_offer(db, caller=caller, offer_id=offer_id))[0]
    held = await _held(db, offer_id=offer_id, teacher_id=seen.teacher_id, of=seen.shortage_id)
    expected.check(held[0].version)
    return held


async def _held(
    db: AsyncSession, *, offer_id: UUID, teacher_id: UUID, of: UUID
) -> tuple[ShortageOffer, Shortage]:
    await timetable.lock_resources(db, teachers=[teacher_id])
    shortage = await lock(db, Shortage, of)
    row = await lock(db, ShortageOffer, offer_id)
    if row is None or shortage is None:
        raise ShortageOfferNotFound
    return row, shortage


async def agree(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, expected: Precondition
) -> ShortageOffer:
    """Let a teacher of one's school help.

    Raises
    ------
    OwnRequest
        One has asked for it oneself.
    OfferOver, OfferExpired
        It is too late, or was said already.
    """
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    await _check_home(db, caller=caller, row=row)
    check_other_person(row.offered_by, approver=caller.key)
    said = {"agreed_by_name": caller.name, "agreed_at": clock.now()}
    await _consent(db, caller=caller, row=row, shortage=shortage, step=OfferStep.AGREE, said=said)
    return row


async def _check_home(db: AsyncSession, *, caller: Caller, row: ShortageOffer) -> None:
    schools = {row.home_school_id}
    if schools != await reached_schools(
        db, caller=caller, permission=Permission.SHORTAGE_AGREE, school_ids=schools
    ):
        raise Forbidden


async def confirm(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, expected: Precondition
) -> ShortageOffer:
    """Say yes to an offer made to oneself.

    Raises
    ------
    OfferOver, OfferExpired
        It is too late, or was said already.
    """
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    if row.teacher_id != caller.teacher_id:
        raise Forbidden
    said = {"confirmed_at": clock.now()}
    await _consent(db, caller=caller, row=row, shortage=shortage, step=OfferStep.CONFIRM, said=said)
    return row


async def approve(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, expected: Precondition
) -> ShortageOffer:
    """Let a teacher help a school of another group.

    Raises
    ------
    OwnRequest
        One has asked for it oneself.
    OfferOver, OfferExpired
        It is too late, or nobody has to approve it.
    """
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    check_other_person(row.offered_by, approver=caller.key)
    said = {"approved_by_name": caller.name, "approved_at": clock.now()}
    await _consent(db, caller=caller, row=row, shortage=shortage, step=OfferStep.APPROVE, said=said)
    return row


async def _consent(
    db: AsyncSession,
    *,
    caller: Caller,
    row: ShortageOffer,
    shortage: Shortage,
    step: OfferStep,
    said: Mapping[str, Any],
) -> None:
    state = _after(row, step)
    values: dict[str, Any] = {"state": state, **said}
    if state is OfferState.ACCEPTED:
        values["assignment_id"] = await _draft(db, caller=caller, row=row, shortage=shortage)
    before = change_fields(row, values)
    await db.flush()
    verb = OfferState.ACCEPTED if state is OfferState.ACCEPTED else _SAID[step]
    reach = _concerned(row, shortage)
    await record(db, f"shortage-offer.{verb}", row, by=caller, before=before, reach=reach)
    if state is OfferState.ACCEPTED:
        await _settle(db, by=caller, shortage=shortage)


def _after(row: ShortageOffer, step: OfferStep) -> OfferState:
    consent = Consent(
        agreed=row.agreed_at is not None,
        confirmed=row.confirmed_at is not None,
        approved=row.approved_at is not None,
        across_groups=row.across_groups,
    )
    return offer_after(
        OfferState(row.state), step, consent=consent, expires_at=row.expires_at, now=clock.now()
    )


async def _draft(
    db: AsyncSession, *, caller: Caller, row: ShortageOffer, shortage: Shortage
) -> UUID:
    """The draft that everybody has agreed to; it keeps the time that was held."""
    patterns = tuple(period_of(one) for one in row.patterns)
    valid = load.days_of(row.valid)
    draft = _draft_for(
        shortage,
        teacher_id=row.teacher_id,
        home_school_id=row.home_school_id,
        patterns=patterns,
        valid=valid,
    )
    completed = Completed(
        home_school_id=row.home_school_id,
        host_school_id=shortage.school_id,
        group_id=shortage.group_id,
        valid=valid,
        pattern_days=[
            (one.valid_from or valid[0], one.valid_until or valid[1]) for one in patterns
        ],
    )
    assignment = await drafts.keep(
        db, caller=caller, draft=draft, completed=completed, across_groups=row.across_groups
    )
    await laying.rebind_holds(db, source_id=row.id, to=assignment.id)
    return assignment.id


async def decline(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, reason: str, expected: Precondition
) -> ShortageOffer:
    """Say no to an offer made to oneself, and why."""
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    if row.teacher_id != caller.teacher_id:
        raise Forbidden
    await end_offer(db, by=caller, row=row, step=OfferStep.DECLINE, reason=reason)
    await _settle(db, by=caller, shortage=shortage)
    return row


async def refuse(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, reason: str, expected: Precondition
) -> ShortageOffer:
    """Not let a teacher of one's school help, and why."""
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    await _check_home(db, caller=caller, row=row)
    await end_offer(db, by=caller, row=row, step=OfferStep.DECLINE, reason=reason)
    await _settle(db, by=caller, shortage=shortage)
    return row


async def withdraw(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, reason: str, expected: Precondition
) -> ShortageOffer:
    """Take an offer back."""
    row, shortage = await _hold(db, caller=caller, offer_id=offer_id, expected=expected)
    schools = {shortage.school_id}
    if schools != await reached_schools(
        db, caller=caller, permission=Permission.SHORTAGE_OFFER, school_ids=schools
    ):
        raise Forbidden
    await end_offer(db, by=caller, row=row, step=OfferStep.WITHDRAW, reason=reason)
    await _settle(db, by=caller, shortage=shortage)
    return row


async def expire(db: AsyncSession, *, by: Caller, offer_id: UUID) -> None:
    """Give the time of an offer back that nobody has answered; what was answered stays."""
    seen = await db.get(ShortageOffer, (by.district_id, offer_id))
    if seen is None:
        return
    row, shortage = await _held(
        db, offer_id=offer_id, teacher_id=seen.teacher_id, of=seen.shortage_id
    )
    if row.state != OfferState.PENDING or row.expires_at > clock.now():
        return
    await end_offer(db, by=by, row=row, step=OfferStep.EXPIRE, reason=_EXPIRED)
    await _settle(db, by=by, shortage=shortage)


async def end_offer(
    db: AsyncSession, *, by: Caller, row: ShortageOffer, step: OfferStep, reason: str
) -> None:
    """End an offer, whose teacher is held, and give the time back."""
    state = _after(row, step)
    before = change_fields(row, {"state": state, "over_at": clock.now(), "over_reason": reason})
    await db.flush()
    ground = await timetable.ground(db, district_id=row.district_id)
    await laying.let_go(db, source_id=row.id, teacher_id=row.teacher_id, ground=ground)
    reach = {row.teacher_id, row.home_school_id}
    await record(
        db, f"shortage-offer.{state}", row, by=by, before=before, reach=reach, reason=reason
    )


async def _settle(db: AsyncSession, *, by: Caller, shortage: Shortage) -> None:
    """What an answer means for the shortage: all is covered, or the rest is to be offered."""
    used = await rows.taken(db, shortage_id=shortage.id)
    step = after_an_offer(
        open_offers=used.open_offers, accepted=used.accepted, lessons=shortage.lessons_per_week
    )
    if step is None:
        return
    state = shortage_after(ShortageState(shortage.state), step)
    before = change_fields(shortage, {"state": state})
    await db.flush()
    reach = {shortage.school_id, shortage.group_id}
    await record(db, f"shortage.{state}", shortage, by=by, before=before, reach=reach)


def _concerned(row: ShortageOffer, shortage: Shortage) -> set[UUID]:
    return {row.teacher_id, row.home_school_id, shortage.school_id, shortage.group_id}


# Weekly periods as they are kept


def kept(one: WeeklyPeriod) -> dict[str, Any]:
    """A weekly period as it is kept."""
    return {
        "weekday": one.weekday,
        "period": one.period,
        "parity": one.parity.value,
        "weeks": list(one.weeks) if one.weeks is not None else None,
        "class_ids": [str(id_) for id_ in one.class_ids],
        "room_id": str(one.room_id) if one.room_id is not None else None,
        "valid_from": one.valid_from.isoformat() if one.valid_from is not None else None,
        "valid_until": one.valid_until.isoformat() if one.valid_until is not None else None,
    }


def period_of(kept: Mapping[str, Any]) -> WeeklyPeriod:
    """A weekly period as it was kept."""
    return WeeklyPeriod(
        weekday=kept["weekday"],
        period=kept["period"],
        parity=Parity(kept["parity"]),
        weeks=tuple(kept["weeks"]) if kept["weeks"] is not None else None,
        class_ids=tuple(UUID(one) for one in kept["class_ids"]),
        room_id=UUID(kept["room_id"]) if kept["room_id"] is not None else None,
        valid_from=_day(kept["valid_from"]),
        valid_until=_day(kept["valid_until"]),
    )


def _day(said: str | None) -> date | None:
    return date.fromisoformat(said) if said is not None else None
