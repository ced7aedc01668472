"""Swaps: lessons that change places as one, when everybody agrees and the school wants it too.

Each lesson takes the time of the next, the last the time of the first. All of it is one write: the
same constraint judges both weeks and all days, ways included, and one lesson that cannot go leaves
everything where it was. Locks are taken in one order: teachers, classes, rooms, covers, lessons,
the swap; so crossing swaps wait for each other and never in a circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from service.calendar import queries as calendar
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, covers, lock, lock_all, span
from service.kit.journal import record
from service.kit.problems import Busy, FieldError, Forbidden, RelatedNotFound, Text
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task, settle_tasks
from service.timetable import attendance, laying, load, queries
from service.timetable.lapsing import APPROVAL, lapse_covers
from service.timetable.laying import Overlap, judged
from service.timetable.load import Ground
from service.timetable.problems import LessonNotScheduled, LessonOver, ScheduleConflict
from service.timetable.problems.swap import SwapNotFound, SwapOutdated, SwapOver
from service.timetable.queries import absence as absences
from service.timetable.queries import swap as swaps
from service.timetable.rules import (
    Conflict,
    ConflictKind,
    Duty,
    LessonChange,
    LessonStatus,
    monday_of,
)
from service.timetable.rules.absence import check_other_person
from service.timetable.rules.swap import (
    OPEN,
    Party,
    Proposal,
    Setting,
    SwapState,
    SwapStep,
    check_swappable,
    check_undoable,
    proposals,
    swap_after,
)
from service.timetable.tables import Lesson, Swap, SwapLeg

_WEEKS_AHEAD = timedelta(days=21)
_PROPOSALS = 20
_DECIDED = "换课申请已处理"
_EVENTS = {SwapStep.CONSENT: "consented"}
_MISSING = Text("课不存在,或不在同一校区", "does not exist, or is at another campus")


# Who would do


@dataclass(frozen=True, slots=True)
class Choice:
    """With whom a lesson could be swapped, the best first, and the lessons as readers see them."""

    proposals: list[Proposal]
    rows: Mapping[UUID, Any]


async def partners(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, from_: date | None, until: date | None
) -> Choice:
    """Lessons of the same classes that could take a lesson's place and give it theirs.

    Without ``from_`` and ``until``, those of its week and the two after it.
    """
    lesson = await _mine(db, caller=caller, lesson_id=lesson_id)
    _check_coming(lesson)
    ground = await load.ground(db, district_id=caller.district_id)
    from_ = from_ or monday_of(lesson.on_date)
    until = until or from_ + _WEEKS_AHEAD
    terms = [
        term for term in await calendar.terms(db) if term.starts <= lesson.on_date < term.until
    ]
    others = await swaps.classmates(
        db,
        lesson=lesson,
        from_=max([from_, *(term.starts for term in terms)]),
        until=min([until, *(term.until for term in terms)]),
        now=clock.now(),
    )
    asking, parties = swaps.party(lesson), [swaps.party(row) for row in others]
    check_swappable([asking], terms=terms)
    setting = await _setting(db, parties=[asking, *parties], ground=ground)
    found = proposals(asking, others=parties, setting=setting, most=_PROPOSALS)
    return Choice(found, {row.id: row for row in (lesson, *others)})


async def _setting(db: AsyncSession, *, parties: Sequence[Party], ground: Ground) -> Setting:
    resources = {id_ for party in parties for _, id_ in party.resources()}
    days = load.whole_days((party.starts_at for party in parties), zone=ground.zone)
    stands = await load.standing(db, resources=resources, days=days)
    by_resource: dict[UUID, list[Duty]] = {id_: [] for id_ in resources}
    for duty in stands:
        by_resource[duty.resource_id].append(duty)
    places = {duty.campus_id for duty in stands if duty.campus_id is not None}
    places |= {party.campus_id for party in parties}
    pairs = {(here, there) for here in places for there in places if here != there}
    known = await load.ways(db, pairs=pairs, estimate=ground.estimate)
    return Setting(by_resource, known, ground.zone)


async def _mine(db: AsyncSession, *, caller: Caller, lesson_id: UUID) -> Any:
    lesson = await queries.visible_lesson(db, caller=caller, lesson_id=lesson_id)
    if not await swaps.may_swap(db, caller=caller, lesson_id=lesson_id):
        raise Forbidden
    return lesson


def _check_coming(lesson: Any) -> None:
    if lesson.status != LessonStatus.SCHEDULED:
        raise LessonNotScheduled
    if lesson.starts_at <= clock.now():
        raise LessonOver


# Proposing


async def propose(
    db: AsyncSession, *, caller: Caller, lesson_ids: Sequence[UUID], reason: str
) -> Swap:
    """Propose that lessons change places; the first is the caller's own, or one of their office.

    Whoever proposes for their own lesson has consented with that.

    Raises
    ------
    SwapWithOneself, SwapApart, SwapAcrossTerms, LessonLookedAfter
        The lessons cannot change places.
    LessonInSwap
        One of them is in an open swap.
    LessonNotScheduled, LessonOver
        One of them does not take place, or has begun.
    ScheduleConflict
        Somebody is busy at the time they would get, or cannot get there.
    """
    first = await _mine(db, caller=caller, lesson_id=lesson_ids[0])
    # Held, so that none is cancelled while it is being proposed; in order, so that two crossing
    # proposals meet at the same lesson.
    await lock_all(db, Lesson, lesson_ids)
    rows = await swaps.lesson_rows(db, lesson_ids=lesson_ids)
    missing = [
        FieldError(f"/lesson_ids/{place}", "not-found", _MISSING)
        for place, id_ in enumerate(lesson_ids)
        if id_ not in rows
    ]
    if missing:
        raise RelatedNotFound(errors=missing)
    await attendance.refuse_confirmed(db, lesson_ids=lesson_ids)
    lessons = [rows[id_] for id_ in lesson_ids]
    for lesson in lessons:
        _check_coming(lesson)
    check_swappable([swaps.party(one) for one in lessons], terms=await calendar.terms(db))
    ground = await load.ground(db, district_id=caller.district_id)
    # Said at once, not only when everybody has agreed.
    times = _next([_Time.of(one) for one in lessons])
    conflicts = await _conflicts(db, rows=lessons, times=times, ground=ground)
    if conflicts:
        raise await _said(db, caller=caller, conflicts=conflicts, ground=ground)
    today = clock.today(ground.zone.key)
    school = await absences.thresholds(db, school_id=first.school_id, day=today)
    row = Swap(
        district_id=caller.district_id,
        campus_id=first.campus_id,
        reason=reason,
        needs_approval=school.swap_approval,
        proposed_by=caller.key,
        proposed_by_name=caller.name,
        proposed_at=clock.now(),
    )
    db.add(row)
    await db.flush()
    for place, lesson in enumerate(lessons):
        mine = lesson.teacher_id == caller.teacher_id
        leg = SwapLeg(
            district_id=caller.district_id,
            swap_id=row.id,
            place=place,
            lesson_id=lesson.id,
            teacher_id=lesson.teacher_id,
            former_change=lesson.change,
            consented_at=clock.now() if mine else None,
            **asdict(_Time.of(lesson)),
        )
        db.add(leg)
    await db.flush()
    reach = {first.school_id, *(one.teacher_id for one in lessons)}
    await record(db, "swap.proposed", row, by=caller, reach=reach, reason=reason)
    return row


# Times that change places


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of the timetable."""

    on_date: date
    week: int
    period: int | None
    starts_at: datetime
    ends_at: datetime

    @classmethod
    def of(cls, one: Any) -> "_Time":
        """The time of a lesson, or the one that a leg remembers."""
        return cls(one.on_date, one.week, one.period, one.starts_at, one.ends_at)


def _next(times: Sequence[_Time]) -> list[_Time]:
    """Each takes the time of the next, the last the time of the first."""
    return [*times[1:], times[0]]


def _is_planned(row: Any, time: _Time) -> bool:
    planned = (row.original_starts_at or row.starts_at, row.original_ends_at or row.ends_at)
    same_room: bool = row.room_id == row.planned_room_id
    return same_room and (time.starts_at, time.ends_at) == planned


def _wanted(rows: Sequence[Any], times: Sequence[_Time]) -> list[Duty]:
    """The time that lessons would take. Back at its plan, one stands with its slot again."""
    return [
        duty
        for row, time in zip(rows, times, strict=True)
        for duty in swaps.party(row).duties_at(
            time.starts_at,
            time.ends_at,
            source_id=row.slot_id if _is_planned(row, time) else row.id,
        )
    ]


def _outside(rows: Sequence[Any], times: Sequence[_Time]) -> list[Conflict]:
    """Times on which a lesson's slot is not valid."""
    return [
        Conflict(
            kind=ConflictKind.OUTSIDE_VALIDITY,
            from_date=time.on_date,
            until=time.on_date + timedelta(days=1),
            subject_id=row.teacher_id,
        )
        for row, time in zip(rows, times, strict=True)
        if not covers(row.slot_valid, time.on_date)
    ]


async def _conflicts(
    db: AsyncSession, *, rows: Sequence[Any], times: Sequence[_Time], ground: Ground
) -> list[Conflict]:
    """What forbids that these lessons take these times; what the constraint would say, and why."""
    own = {(id_, row.starts_at) for row in rows for id_ in (row.id, row.slot_id)}
    verdict = await load.judge(db, wanted=_wanted(rows, times), ground=ground, without=own)
    return [*_outside(rows, times), *verdict.hard]


async def _said(
    db: AsyncSession, *, caller: Caller, conflicts: Sequence[Conflict], ground: Ground
) -> ScheduleConflict:
    said = await load.explain(db, caller=caller, conflicts=conflicts, ground=ground)
    return ScheduleConflict(conflicts=[one.model_dump(mode="json") for one in said])


# Holding


@dataclass(frozen=True, slots=True)
class _Held:
    """A swap, its legs and its lessons that nobody else can change now."""

    swap: Swap
    legs: Sequence[SwapLeg]
    lessons: Sequence[Lesson]
    """In the order of the legs."""
    rows: Sequence[Any]
    """The lessons as readers see them."""
    ground: Ground

    @property
    def reach(self) -> set[UUID]:
        """Whom a change of it concerns."""
        return {self.rows[0].school_id, *(leg.teacher_id for leg in self.legs)}


async def _hold(
    db: AsyncSession,
    *,
    caller: Caller,
    swap_id: UUID,
    permission: Permission,
    expected: Precondition,
) -> _Held:
    """Hold everything that carrying a swap out would touch."""
    seen: Swap = (await swaps.visible_swap(db, caller=caller, swap_id=swap_id))[0]
    if not await _may(db, caller=caller, swap=seen, permission=permission):
        raise Forbidden
    known = await swaps.lesson_rows(
        db, lesson_ids=[leg.lesson_id for leg in await swaps.legs_of(db, swap_id=swap_id)]
    )
    await load.lock_resources(
        db,
        teachers={row.teacher_id for row in known.values()},
        classes={id_ for row in known.values() for id_ in row.class_ids or ()},
        rooms={row.room_id for row in known.values() if row.room_id is not None},
    )
    for id_ in sorted(known):
        await absences.hold_live_cover(db, lesson_id=id_)
    lessons = {row.id: row for row in await lock_all(db, Lesson, sorted(known))}
    swap = await lock(db, Swap, swap_id)
    if swap is None:
        raise SwapNotFound
    expected.check(swap.version)
    now_known = await swaps.lesson_rows(db, lesson_ids=sorted(known))
    if any(_held_by(row) != _held_by(known[id_]) for id_, row in now_known.items()):
        raise Busy
    legs = await swaps.hold_legs(db, swap_id=swap_id)
    return _Held(
        swap,
        legs,
        [lessons[leg.lesson_id] for leg in legs],
        [now_known[leg.lesson_id] for leg in legs],
        await load.ground(db, district_id=caller.district_id),
    )


def _held_by(row: Any) -> tuple[UUID, UUID | None]:
    """What of a lesson's resources may have changed while they were waited for."""
    return row.teacher_id, row.room_id


async def _may(db: AsyncSession, *, caller: Caller, swap: Swap, permission: Permission) -> bool:
    if permission is Permission.SWAP_DECIDE:
        # The school whose lessons they are decides, not the one that only lends a teacher.
        return await swaps.may_decide(db, caller=caller, campus_id=swap.campus_id)
    return await swaps.may(db, caller=caller, swap_id=swap.id, permission=permission)


async def _move(
    db: AsyncSession, *, caller: Caller, held: _Held, step: SwapStep, **values: Any
) -> None:
    """Take a step: the state, and with it whether the lessons are free for another swap."""
    swap = held.swap
    state = swap_after(SwapState(swap.state), step)
    before = change_fields(swap, {"state": state, **values})
    if not before:
        swap.version += 1
    for leg in held.legs:
        leg.open = state in OPEN
    await db.flush()
    event = f"swap.{_EVENTS.get(step, state)}"
    await record(db, event, swap, by=caller, before=before, reach=held.reach, reason=swap.reason)
    if state not in OPEN:
        await settle_tasks(db, by=caller, kind=APPROVAL, subject_ids=[swap.id], reason=_DECIDED)


# Consent


def _own_leg(held: _Held, *, caller: Caller) -> SwapLeg:
    for leg in held.legs:
        if leg.teacher_id == caller.teacher_id:
            return leg
    raise Forbidden


async def consent(
    db: AsyncSession, *, caller: Caller, swap_id: UUID, expected: Precondition
) -> Swap:
    """Agree to a swap that concerns one's own lesson.

    With the last consent the lessons change places, or the school is asked where it wants to be.

    Raises
    ------
    SwapOver
        It needs no consent any more, or one has given it.
    SwapOutdated, LessonNotScheduled, LessonOver, LessonLookedAfter, ScheduleConflict
        It cannot be carried out as things are now.
    """
    held = await _hold(
        db,
        caller=caller,
        swap_id=swap_id,
        permission=Permission.SWAP_ANSWER,
        expected=expected,
    )
    mine = _own_leg(held, caller=caller)
    swap_after(SwapState(held.swap.state), SwapStep.CONSENT)
    if mine.consented_at is not None:
        raise SwapOver
    await _check_current(db, held=held)
    mine.consented_at = clock.now()
    if any(leg.consented_at is None for leg in held.legs):
        await _move(db, caller=caller, held=held, step=SwapStep.CONSENT)
    elif held.swap.needs_approval:
        await _move(db, caller=caller, held=held, step=SwapStep.AGREE)
        await _ask_school(db, caller=caller, held=held)
    else:
        await _carry_out(db, caller=caller, held=held, step=SwapStep.CARRY_OUT)
    return held.swap


async def _ask_school(db: AsyncSession, *, caller: Caller, held: _Held) -> None:
    first = min(held.rows, key=lambda row: row.starts_at)
    names = "、".join(row.teacher_name for row in held.rows)
    new = NewTask(
        kind=APPROVAL,
        subject_collection="swaps",
        subject_id=held.swap.id,
        title=Text(
            f"{first.on_date} {names}的换课待审批",
            f"The swap of {names} on {first.on_date} waits for approval",
        ),
        owner_kind=OwnerKind.SCHOOL,
        owner_id=first.school_id,
        due_on=first.on_date,
    )
    await open_task(db, by=caller, new=new)


async def decline(
    db: AsyncSession, *, caller: Caller, swap_id: UUID, reason: str, expected: Precondition
) -> Swap:
    """Say no to a swap of one's own lesson, and why.

    Raises
    ------
    SwapOver
        It needs no consent any more.
    """
    held = await _hold(
        db,
        caller=caller,
        swap_id=swap_id,
        permission=Permission.SWAP_ANSWER,
        expected=expected,
    )
    _own_leg(held, caller=caller)
    await _decide(db, caller=caller, held=held, step=SwapStep.DECLINE, note=reason)
    return held.swap


async def _decide(
    db: AsyncSession, *, caller: Caller, held: _Held, step: SwapStep, note: str | None
) -> None:
    said = {"decided_by_name": caller.name, "decided_at": clock.now(), "decision_note": note}
    await _move(db, caller=caller, held=held, step=step, **said)


async def withdraw(
    db: AsyncSession, *, caller: Caller, swap_id: UUID, expected: Precondition
) -> Swap:
    """Take a swap back that has not been carried out.

    Raises
    ------
    SwapOver
        It was carried out, or somebody said no.
    """
    held = await _hold(
        db, caller=caller, swap_id=swap_id, permission=Permission.SWAP_WRITE, expected=expected
    )
    await _decide(db, caller=caller, held=held, step=SwapStep.WITHDRAW, note=None)
    return held.swap


# The school


async def approve(
    db: AsyncSession, *, caller: Caller, swap_id: UUID, expected: Precondition
) -> Swap:
    """Approve what the teachers agreed on; the lessons change places.

    Raises
    ------
    OwnRequest
        The caller proposed it, or is one of the teachers.
    SwapOver
        It does not wait for approval.
    SwapOutdated, LessonNotScheduled, LessonOver, LessonLookedAfter, ScheduleConflict
        It cannot be carried out as things are now.
    """
    held = await _hold(
        db,
        caller=caller,
        swap_id=swap_id,
        permission=Permission.SWAP_DECIDE,
        expected=expected,
    )
    _check_other(held, caller=caller)
    swap_after(SwapState(held.swap.state), SwapStep.APPROVE)
    await _check_current(db, held=held)
    await _carry_out(db, caller=caller, held=held, step=SwapStep.APPROVE)
    return held.swap


async def refuse(
    db: AsyncSession, *, caller: Caller, swap_id: UUID, reason: str, expected: Precondition
) -> Swap:
    """Refuse what the teachers agreed on, and say why.

    Raises
    ------
    OwnRequest
        The caller proposed it, or is one of the teachers.
    SwapOver
        It does not wait for approval.
    """
    held = await _hold(
        db,
        caller=caller,
        swap_id=swap_id,
        permission=Permission.SWAP_DECIDE,
        expected=expected,
    )
    _check_other(held, caller=caller)
    await _decide(db, caller=caller, held=held, step=SwapStep.REFUSE, note=reason)
    return held.swap


def _check_other(held: _Held, *, caller: Caller) -> None:
    check_other_person(held.swap.proposed_by, approver=caller.key)
    for leg in held.legs:
        check_other_person(leg.teacher_id, approver=caller.teacher_id)


# Carrying it out


async def _check_current(db: AsyncSession, *, held: _Held) -> None:
    """Whether the lessons are still as they were when the swap was proposed."""
    await attendance.refuse_confirmed(db, lesson_ids=[row.id for row in held.rows])
    for row in held.rows:
        _check_coming(row)
    for leg, row in zip(held.legs, held.rows, strict=True):
        if (leg.teacher_id, leg.starts_at) != (row.teacher_id, row.starts_at):
            raise SwapOutdated
    parties = [swaps.party(row) for row in held.rows]
    check_swappable(parties, terms=await calendar.terms(db))


async def _carry_out(db: AsyncSession, *, caller: Caller, held: _Held, step: SwapStep) -> None:
    times = _next([_Time.of(row) for row in held.rows])
    former = [row.change for row in held.rows]
    await _exchange(
        db,
        caller=caller,
        held=held,
        times=times,
        changes=[LessonChange.SWAPPED] * len(times),
    )
    for leg, change in zip(held.legs, former, strict=True):
        leg.former_change = change
    said: dict[str, Any] = {"done_at": clock.now()}
    if step is SwapStep.APPROVE:
        said |= {"decided_by_name": caller.name, "decided_at": clock.now()}
    await _move(db, caller=caller, held=held, step=step, **said)
    # At its new time each has its own teacher, or the swap would have been refused.
    await lapse_covers(db, by=caller, lesson_ids=[lesson.id for lesson in held.lessons])


async def undo(db: AsyncSession, *, caller: Caller, swap_id: UUID, expected: Precondition) -> Swap:
    """Give the lessons their former times back, on the day on which they changed places.

    Raises
    ------
    SwapOver
        It was not carried out, or is undone already.
    UndoTooLate
        That day is over.
    SwapOutdated, LessonNotScheduled, LessonOver, ScheduleConflict
        The lessons cannot go back as things are now.
    """
    held = await _hold(
        db, caller=caller, swap_id=swap_id, permission=Permission.SWAP_WRITE, expected=expected
    )
    swap = held.swap
    swap_after(SwapState(swap.state), SwapStep.UNDO)
    now = clock.now()
    check_undoable(swap.done_at or now, now=now, zone=held.ground.zone)
    back = [_Time.of(leg) for leg in held.legs]
    for row, there in zip(held.rows, _next(back), strict=True):
        _check_coming(row)
        if row.starts_at != there.starts_at:
            raise SwapOutdated
    if min(time.starts_at for time in back) <= now:
        raise LessonOver
    former = [leg.former_change for leg in held.legs]
    changes = [None if one == LessonChange.NEEDS_COVER else one for one in former]
    await _exchange(db, caller=caller, held=held, times=back, changes=changes)
    await _move(db, caller=caller, held=held, step=SwapStep.UNDO)
    return swap


async def _exchange(
    db: AsyncSession,
    *,
    caller: Caller,
    held: _Held,
    times: Sequence[_Time],
    changes: Sequence[str | None],
) -> None:
    """Give all times back, take the others, lay the ways of all days; the constraint judges."""
    outside = _outside(held.rows, times)
    if outside:
        raise await _said(db, caller=caller, conflicts=outside, ground=held.ground)
    wanted = _wanted(held.rows, times)
    instants = [lesson.starts_at for lesson in held.lessons] + [one.starts_at for one in times]
    try:
        async with judged(db):
            for lesson in held.lessons:
                await laying.release(
                    db,
                    slot_id=lesson.slot_id,
                    lesson_id=lesson.id,
                    span=span(lesson.starts_at, lesson.ends_at),
                )
            await laying.occupy(db, duties=wanted, ground=held.ground)
            await laying.lay_legs(
                db,
                teachers={leg.teacher_id for leg in held.legs},
                days=load.whole_days(instants, zone=held.ground.zone),
                ground=held.ground,
                fresh={duty.source_id for duty in wanted},
            )
    except Overlap:
        conflicts = await _conflicts(db, rows=held.rows, times=times, ground=held.ground)
        raise await _said(db, caller=caller, conflicts=conflicts, ground=held.ground) from None
    for lesson, row, time, change in zip(held.lessons, held.rows, times, changes, strict=True):
        values = {**_values(row, time), **_by(caller, held.swap.reason)}
        before = change_fields(lesson, {**values, "change": change})
        await db.flush()
        await record(
            db,
            "lesson.swapped",
            lesson,
            by=caller,
            before=before,
            reach={row.school_id, row.teacher_id},
            reason=held.swap.reason,
        )


def _by(caller: Caller, reason: str) -> dict[str, Any]:
    return {"reason": reason, "changed_by": caller.name, "changed_at": clock.now()}


def _values(row: Any, time: _Time) -> dict[str, Any]:
    starts_at = row.original_starts_at or row.starts_at
    ends_at = row.original_ends_at or row.ends_at
    return {
        **asdict(time),
        "original_starts_at": None if time.starts_at == starts_at else starts_at,
        "original_ends_at": None if time.ends_at == ends_at else ends_at,
    }
