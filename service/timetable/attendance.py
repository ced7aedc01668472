"""Checking in, the host school's word, disputes; and which months are settled.

The host's confirmation is what pays. Everything here holds the teacher first, then the lesson: so a
confirmation, a settlement of the month and a change of the lesson never pass each other by.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock, lock_all
from service.kit.journal import record, record_many
from service.kit.problems import Busy, FieldError, Forbidden, RelatedNotFound, Text
from service.network.rules import Datum
from service.timetable import load
from service.timetable.problems import LessonNotFound
from service.timetable.problems.attendance import (
    AttendanceSettled,
    CheckedInAlready,
    LessonConfirmed,
    MonthFrozen,
    NotYourLesson,
)
from service.timetable.queries import absence as absences
from service.timetable.queries import attendance as queries
from service.timetable.queries.attendance import Attended
from service.timetable.rules import Position
from service.timetable.rules import attendance as rules
from service.timetable.rules.absence import check_other_person
from service.timetable.rules.attendance import (
    Correction,
    Waiting,
    Why,
    Word,
    WordStep,
    month_of,
    word_after,
)
from service.timetable.schemas.attendance import facts_of
from service.timetable.tables import Attendance, ClosedMonth, Lesson


async def refuse_confirmed(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> None:
    """Whoever moves, cancels or swaps lessons asks here first, with the lessons held.

    Raises
    ------
    LessonConfirmed
        The host school has confirmed one of them.
    """
    if await queries.confirmed_among(db, lesson_ids=lesson_ids):
        raise LessonConfirmed


_NO_SCHOOL = FieldError(
    "/school_id", "not-found", Text("学校不存在或不可见", "does not exist, or you may not see it")
)


# Holding


@dataclass(slots=True)
class _Held:
    """A lesson that nobody else can change now, and what is known of it."""

    seen: Attended
    row: Attendance | None

    @property
    def lesson(self) -> Lesson:
        return self.seen.lesson

    @property
    def version(self) -> int:
        return self.row.version if self.row is not None else 0


async def _hold(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, expected: Precondition | None = None
) -> _Held:
    seen = await queries.visible_attendance(db, caller=caller, lesson_id=lesson_id)
    teacher_id = seen.lesson.teacher_id
    await load.lock_resources(db, teachers=[teacher_id])
    lesson = await lock(db, Lesson, lesson_id)
    if lesson is None:
        raise LessonNotFound
    if lesson.teacher_id != teacher_id:
        raise Busy
    row = await queries.hold_attendance(db, lesson_id=lesson_id)
    held = _Held(seen._replace(lesson=lesson, attendance=row), row)
    if expected is not None:
        expected.check(held.version)
    return held


async def _check_month(db: AsyncSession, lesson: Lesson) -> None:
    month = month_of(lesson.on_date)
    if await queries.closed_months(db, teachers=[lesson.teacher_id], month=month):
        raise MonthFrozen


def _bare(caller: Caller, seen: Attended) -> Attendance:
    return Attendance(
        district_id=caller.district_id,
        lesson_id=seen.lesson.id,
        teacher_id=seen.lesson.teacher_id,
        school_id=seen.campus.school_id,
        home_school_id=seen.home_school_id,
    )


_NOTHING: dict[str, Any] = {
    "arrived_at": None,
    "checked_in_at": None,
    "told_at": None,
    "distance_metres": None,
    "correction": None,
    "claimed_at": None,
    "correction_reason": None,
    "correction_decided_by": None,
    "correction_note": None,
}
"""What is forgotten of somebody who checked in and then did not teach."""


def _write(
    caller: Caller, *, seen: Attended, row: Attendance | None, values: dict[str, Any]
) -> tuple[Attendance, dict[str, Any] | None]:
    """The row with these values, and what it had before; nothing where it is new."""
    if row is None:
        made = _bare(caller, seen)
        for name, value in values.items():
            setattr(made, name, value)
        return made, None
    if row.teacher_id != seen.lesson.teacher_id:
        who = {"teacher_id": seen.lesson.teacher_id, "home_school_id": seen.home_school_id}
        values = {**_NOTHING, **who, **values}
    return row, change_fields(row, values)


async def _save(
    db: AsyncSession, event: str, *, by: Caller, held: _Held, values: dict[str, Any]
) -> Attendance:
    row, before = _write(by, seen=held.seen, row=held.row, values=values)
    db.add(row)
    await db.flush()
    await record(db, event, row, by=by, before=before, reach=_reach(row))
    return row


def _reach(row: Attendance) -> set[UUID]:
    home = {row.home_school_id} if row.home_school_id is not None else set[UUID]()
    return {row.school_id, row.teacher_id} | home


# Checking in


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What a phone tells: its own clock, and where it is."""

    told_at: datetime | None = None
    longitude: float | None = None
    latitude: float | None = None
    datum: Datum = Datum.GCJ02

    def metres_to(self, seen: Attended) -> int | None:
        """How far the gate is; nothing where one of the two places is not known."""
        gate = seen.campus
        if self.longitude is None or self.latitude is None:
            return None
        if gate.longitude is None or gate.latitude is None:
            return None
        return rules.metres(
            Position(self.longitude, self.latitude, self.datum),
            Position(float(gate.longitude), float(gate.latitude), Datum(gate.datum)),
        )


async def check_in(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, arrival: Arrival
) -> Attendance:
    """Be there. Of the position only its distance to the gate is kept.

    Raises
    ------
    NotYourLesson
        Somebody else teaches it.
    CheckInTooEarly, CheckInTooLate, CheckInTooFar
        Outside the window, or too far from the gate.
    CheckedInAlready
        Once is enough.
    MonthFrozen
        The month is settled.
    """
    held = await _hold_own(db, caller=caller, lesson_id=lesson_id)
    now = clock.now()
    counts = rules.arrival(told=arrival.told_at, now=now)
    thresholds = held.seen.thresholds
    facts = facts_of(held.lesson).by_clock(ZoneInfo(held.seen.campus.zone))
    rules.check_in(facts, thresholds=thresholds, arrived_at=counts, now=now)
    distance = arrival.metres_to(held.seen)
    rules.check_near(distance, thresholds=thresholds)
    _check_first(held)
    await _check_month(db, held.lesson)
    values = {
        "arrived_at": counts,
        "checked_in_at": now,
        "told_at": arrival.told_at,
        "distance_metres": distance,
    }
    return await _save(db, "attendance.checked-in", by=caller, held=held, values=values)


async def _hold_own(db: AsyncSession, *, caller: Caller, lesson_id: UUID) -> _Held:
    held = await _hold(db, caller=caller, lesson_id=lesson_id)
    if caller.teacher_id != held.lesson.teacher_id:
        raise NotYourLesson
    return held


def _check_first(held: _Held) -> None:
    mine = held.seen.mine
    if mine is None:
        return
    if mine.state in {Word.CONFIRMED, Word.NOT_TAUGHT}:
        raise AttendanceSettled
    if mine.arrived_at is not None or mine.correction == Correction.REQUESTED:
        raise CheckedInAlready


@dataclass(frozen=True, slots=True)
class Claim:
    """When a teacher says to have arrived, and why there was no check-in."""

    arrived_at: datetime
    reason: str


async def ask_correction(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, claim: Claim
) -> Attendance:
    """Ask for a late check-in; somebody else at the host school decides.

    Raises
    ------
    NotYourLesson
        Somebody else taught it.
    CorrectionTooSoon
        The ordinary check-in is still possible.
    CheckedInAlready
        There is a check-in, or a request that waits.
    MonthFrozen
        The month is settled.
    """
    held = await _hold_own(db, caller=caller, lesson_id=lesson_id)
    rules.check_correction(facts_of(held.lesson), now=clock.now())
    _check_first(held)
    await _check_month(db, held.lesson)
    values = {
        "correction": Correction.REQUESTED,
        "claimed_at": claim.arrived_at,
        "correction_reason": claim.reason,
        "correction_decided_by": None,
        "correction_note": None,
    }
    return await _save(db, "attendance.correction-asked", by=caller, held=held, values=values)


async def decide_correction(
    db: AsyncSession,
    *,
    caller: Caller,
    lesson_id: UUID,
    note: str | None,
    expected: Precondition,
) -> Attendance:
    """Approve a late check-in, or refuse it with a note.

    Raises
    ------
    NoCorrection
        None waits.
    OwnRequest
        Nobody decides about their own.
    MonthFrozen
        The month is settled.
    """
    held = await _hold_as_host(db, caller=caller, lesson_id=lesson_id, expected=expected)
    mine = held.seen.mine
    rules.check_waiting(Correction(mine.correction) if mine and mine.correction else None)
    await _check_month(db, held.lesson)
    values: dict[str, Any] = {
        "correction": Correction.REFUSED if note else Correction.APPROVED,
        "correction_decided_by": caller.name,
        "correction_note": note,
    }
    if mine is not None and not note:
        values["arrived_at"] = mine.claimed_at
    event = "attendance.correction-refused" if note else "attendance.correction-approved"
    return await _save(db, event, by=caller, held=held, values=values)


# The host school's word


async def _hold_as_host(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, expected: Precondition
) -> _Held:
    held = await _hold(db, caller=caller, lesson_id=lesson_id, expected=expected)
    if not await queries.is_host(
        db,
        caller=caller,
        permission=Permission.ATTENDANCE_CONFIRM,
        campus_id=held.lesson.campus_id,
    ):
        raise Forbidden
    check_other_person(held.lesson.teacher_id, approver=caller.teacher_id)
    return held


def _word(row: Attendance | None) -> Word:
    return Word(row.state) if row is not None else Word.OPEN


async def confirm(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, expected: Precondition
) -> Attendance:
    """Say as the host school that the lesson was taught. This is what pays.

    Raises
    ------
    LessonNotOver, LessonNotScheduled, LessonNotTaught, LessonAtHome
        There is nothing to confirm.
    AttendanceSettled
        It was confirmed, or a dispute waits.
    MonthFrozen
        The month is settled.
    OwnRequest
        Nobody confirms their own lesson.
    """
    held = await _hold_as_host(db, caller=caller, lesson_id=lesson_id, expected=expected)
    rules.check_confirmable(
        facts_of(held.lesson),
        at_home=held.seen.home_school_id == held.seen.campus.school_id,
        now=clock.now(),
    )
    state = word_after(_word(held.row), WordStep.CONFIRM)
    await _check_month(db, held.lesson)
    values = {"state": state, "confirmed_at": clock.now(), "confirmed_by": caller.name}
    return await _save(db, "attendance.confirmed", by=caller, held=held, values=values)


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A lesson that was not confirmed with the others, and why."""

    seen: Attended
    why: Why


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What confirming a month did."""

    confirmed: list[UUID]
    open: list[LeftOpen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The visiting lessons of a month at a school, and which of them to leave out."""

    school_id: UUID
    month: date
    without: frozenset[UUID] = frozenset()
    unchecked_too: bool = False
    """Whether lessons that nobody checked in for are confirmed as well."""


async def confirm_month(db: AsyncSession, *, caller: Caller, wanted: Month) -> Confirmed:
    """Confirm the visiting lessons of a month at once; exceptions stay open, each with a reason.

    Raises
    ------
    Forbidden
        The caller does not confirm for this school.
    """
    await _check_host(db, caller=caller, school_id=wanted.school_id)
    first = await queries.visits_of_month(db, school_id=wanted.school_id, month=wanted.month)
    teachers = {one.lesson.teacher_id for one in first}
    await load.lock_resources(db, teachers=teachers)
    await lock_all(db, Lesson, [one.lesson.id for one in first])
    # What was decided while we waited for the teachers shows now; who came anew waits.
    visits = [
        one
        for one in await queries.visits_of_month(db, school_id=wanted.school_id, month=wanted.month)
        if one.lesson.teacher_id in teachers
    ]
    frozen = await queries.closed_months(db, teachers=teachers, month=wanted.month)
    done, left = [], []
    for one in visits:
        why = _why_open(one, wanted=wanted, frozen=one.lesson.teacher_id in frozen, caller=caller)
        if why is not None:
            left.append(LeftOpen(one, why))
        elif facts_of(one.lesson).is_taught:
            done.append(_confirmed(db, caller, one))
    await db.flush()
    await record_many(
        db,
        "attendance.confirmed",
        by=caller,
        collection="attendance",
        resources=[(row.id, row.version) for row in done],
        reach=set[UUID]().union(*(_reach(row) for row in done)),
    )
    return Confirmed([row.lesson_id for row in done], left)


async def _check_host(db: AsyncSession, *, caller: Caller, school_id: UUID) -> None:
    seen, may = [
        await absences.writable_schools(
            db, caller=caller, permission=permission, school_ids=[school_id]
        )
        for permission in (Permission.ATTENDANCE_READ, Permission.ATTENDANCE_CONFIRM)
    ]
    if not seen:
        raise RelatedNotFound(errors=[_NO_SCHOOL])
    if not may:
        raise Forbidden


def _why_open(one: Attended, *, wanted: Month, frozen: bool, caller: Caller) -> Why | None:
    mine = one.mine
    waiting = Waiting(
        word=_word(one.attendance),
        arrived=mine is not None and mine.arrived_at is not None,
        correction=Correction(mine.correction) if mine and mine.correction else None,
        over=one.lesson.ends_at <= clock.now(),
        excepted=one.lesson.id in wanted.without or one.lesson.teacher_id == caller.teacher_id,
        frozen=frozen,
    )
    return rules.stays_open(waiting, unchecked_too=wanted.unchecked_too)


def _confirmed(db: AsyncSession, caller: Caller, one: Attended) -> Attendance:
    values = {
        "state": Word.CONFIRMED,
        "confirmed_at": clock.now(),
        "confirmed_by": caller.name,
    }
    row, _ = _write(caller, seen=one, row=one.attendance, values=values)
    db.add(row)
    return row


# Disputes


async def dispute(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, reason: str, expected: Precondition
) -> Attendance:
    """Say that what stands about a lesson is wrong, as its teacher or as a school concerned.

    Raises
    ------
    LessonNotOver, LessonNotScheduled, LessonNotTaught, LessonAtHome
        There is nothing to dispute.
    AttendanceSettled
        A dispute waits, or the group office has decided.
    MonthFrozen
        The month is settled.
    """
    held = await _hold(db, caller=caller, lesson_id=lesson_id, expected=expected)
    permission = Permission.ATTENDANCE_DISPUTE
    lesson = held.lesson
    if not (
        await queries.is_host(db, caller=caller, permission=permission, campus_id=lesson.campus_id)
        or await queries.is_own(
            db, caller=caller, permission=permission, teacher_id=lesson.teacher_id
        )
    ):
        raise Forbidden
    rules.check_confirmable(
        facts_of(lesson),
        at_home=held.seen.home_school_id == held.seen.campus.school_id,
        now=clock.now(),
    )
    state = word_after(_word(held.row), WordStep.DISPUTE)
    await _check_month(db, lesson)
    values = {
        "state": state,
        "disputed_at": clock.now(),
        "disputed_by": caller.name,
        "disputed_by_key": caller.key,
        "dispute_reason": reason,
        "resolved_at": None,
        "resolved_by": None,
        "resolution": None,
    }
    return await _save(db, "attendance.disputed", by=caller, held=held, values=values)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the group office decides, and why."""

    taught: bool
    note: str


async def resolve(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, ruling: Ruling, expected: Precondition
) -> Attendance:
    """Decide a dispute as the group office: the lesson was taught, or it was not.

    Raises
    ------
    AttendanceSettled
        No dispute waits.
    OwnRequest
        Whoever disputes does not decide.
    MonthFrozen
        The month is settled.
    """
    held = await _hold(db, caller=caller, lesson_id=lesson_id, expected=expected)
    if not await queries.is_host(
        db,
        caller=caller,
        permission=Permission.ATTENDANCE_RESOLVE,
        campus_id=held.lesson.campus_id,
    ):
        raise Forbidden
    state = word_after(_word(held.row), WordStep.UPHOLD if ruling.taught else WordStep.DISMISS)
    if held.row is not None:
        check_other_person(held.row.disputed_by_key, approver=caller.key)
    check_other_person(held.lesson.teacher_id, approver=caller.teacher_id)
    await _check_month(db, held.lesson)
    now = clock.now()
    values: dict[str, Any] = {
        "state": state,
        "resolved_at": now,
        "resolved_by": caller.name,
        "resolution": ruling.note,
    }
    if ruling.taught:
        values |= {"confirmed_at": now, "confirmed_by": caller.name}
    return await _save(db, "attendance.resolved", by=caller, held=held, values=values)


# Settled months; the programmes above settle them


async def close_month(db: AsyncSession, *, by: Caller, teacher_id: UUID, month: date) -> None:
    """Let the host's word on a teacher's month move no more. The caller holds the teacher.

    Raises
    ------
    MonthFrozen
        It is settled already.
    """
    row = ClosedMonth(district_id=by.district_id, teacher_id=teacher_id, month=month)
    db.add(row)
    await db.flush()
    await record(db, "month.closed", row, by=by, reach=[teacher_id])


async def open_month(db: AsyncSession, *, by: Caller, teacher_id: UUID, month: date) -> None:
    """Let a month move again. The caller holds the teacher."""
    for row in await queries.closed(db, teacher_id=teacher_id, month=month):
        await db.delete(row)
        await db.flush()
        await record(db, "month.opened", row, by=by, reach=[teacher_id], gone=True)
