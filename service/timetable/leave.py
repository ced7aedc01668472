"""Leaves: asked for, decided by another person, withdrawn; and what they do to lessons.

An approved leave takes the teacher's time, so that no path can book them, and turns every lesson
in it, at whatever campus, into one that needs cover.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock, span
from service.kit.journal import record, record_many
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.timetable import absences, cover, handing, load
from service.timetable import queries as timetable
from service.timetable.absences import Absence
from service.timetable.lapsing import lapse_covers
from service.timetable.load import Ground
from service.timetable.problems.absence import LeaveNotFound, LeavePast
from service.timetable.queries import absence as queries
from service.timetable.rules import LessonChange
from service.timetable.rules.absence import (
    CoverState,
    LeaveState,
    LeaveStep,
    check_other_person,
    days_of,
    leave_after,
)
from service.timetable.tables import Cover, Leave, Lesson

_NOBODY = FieldError(
    "/teacher_id",
    "not-found",
    Text("教师不存在或不可见", "does not exist, or you may not see them"),
)
_UNEMPLOYED = FieldError(
    "/teacher_id", "not-employed", Text("教师当日不在职", "is employed by no school on that day")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A leave as it is asked for."""

    teacher_id: UUID
    kind: str
    starts_at: datetime
    ends_at: datetime


async def request(db: AsyncSession, *, caller: Caller, wanted: Wanted) -> Leave:
    """Ask for a leave, for oneself or for a teacher of one's school.

    Raises
    ------
    LeavePast
        It has ended already.
    LeaveOverlaps
        The teacher has another one at that time.
    """
    teacher_id = wanted.teacher_id
    if not await queries.reachable_teacher(
        db, caller=caller, permission=Permission.LEAVE_READ, teacher_id=teacher_id
    ):
        raise RelatedNotFound(errors=[_NOBODY])
    if not await queries.reachable_teacher(
        db, caller=caller, permission=Permission.LEAVE_WRITE, teacher_id=teacher_id
    ):
        raise Forbidden
    if wanted.ends_at <= clock.now():
        raise LeavePast
    ground = await load.ground(db, district_id=caller.district_id)
    first = wanted.starts_at.astimezone(ground.zone).date()
    school_id = await queries.school_of(db, teacher_id=teacher_id, day=first)
    if school_id is None:
        raise RelatedNotFound(errors=[_UNEMPLOYED])
    thresholds = await queries.thresholds(db, school_id=school_id, day=first)
    count = days_of(wanted.starts_at, wanted.ends_at, zone=ground.zone)
    row = Leave(
        district_id=caller.district_id,
        teacher_id=teacher_id,
        school_id=school_id,
        kind=wanted.kind,
        during=span(wanted.starts_at, wanted.ends_at),
        days=count,
        measure=thresholds.measure(count),
        requested_by=caller.key,
        requested_by_name=caller.name,
        requested_at=clock.now(),
    )
    db.add(row)
    await db.flush()
    await record(db, "leave.requested", row, by=caller, reach=[school_id, teacher_id])
    return row


@dataclass(frozen=True, slots=True)
class _Held:
    leave: Leave
    ground: Ground
    starts_at: datetime
    ends_at: datetime


async def _hold(
    db: AsyncSession,
    *,
    caller: Caller,
    leave_id: UUID,
    permission: Permission,
    expected: Precondition,
    frees: bool = False,
) -> _Held:
    """A leave, held with its teacher; with ``frees`` also those whom the teacher was to visit."""
    seen, *_ = await queries.visible_leave(db, caller=caller, leave_id=leave_id)
    if not await queries.reachable_teacher(
        db, caller=caller, permission=permission, teacher_id=seen.teacher_id
    ):
        raise Forbidden
    others = await queries.visited_in(db, leave=seen) if frees else set()
    await load.lock_resources(db, teachers={seen.teacher_id, *others})
    leave = await lock(db, Leave, leave_id)
    if leave is None or leave.during.lower is None or leave.during.upper is None:
        raise LeaveNotFound
    expected.check(leave.version)
    ground = await load.ground(db, district_id=caller.district_id)
    return _Held(leave, ground, leave.during.lower, leave.during.upper)


def _check_other(leave: Leave, *, caller: Caller) -> None:
    check_other_person(leave.requested_by, approver=caller.key)
    check_other_person(leave.teacher_id, approver=caller.teacher_id)


async def refuse(
    db: AsyncSession, *, caller: Caller, leave_id: UUID, note: str, expected: Precondition
) -> Leave:
    """Refuse a leave, with a word of the one who decides.

    Raises
    ------
    OwnRequest
        Whoever asked cannot decide.
    LeaveOver
        It was decided or withdrawn.
    """
    held = await _hold(
        db,
        caller=caller,
        leave_id=leave_id,
        permission=Permission.LEAVE_DECIDE,
        expected=expected,
    )
    _check_other(held.leave, caller=caller)
    return await _move(db, caller=caller, leave=held.leave, step=LeaveStep.REFUSE, note=note)


async def approve(
    db: AsyncSession, *, caller: Caller, leave_id: UUID, expected: Precondition
) -> Leave:
    """Approve a leave; every coming lesson in it needs cover from now on.

    Raises
    ------
    OwnRequest
        Whoever asked cannot decide.
    LeaveOver
        It was decided or withdrawn.
    LeavePast
        It has ended.
    """
    held = await _hold(
        db,
        caller=caller,
        leave_id=leave_id,
        permission=Permission.LEAVE_DECIDE,
        expected=expected,
        frees=True,
    )
    leave = held.leave
    _check_other(leave, caller=caller)
    leave_after(LeaveState(leave.state), LeaveStep.APPROVE)
    if held.ends_at <= clock.now():
        raise LeavePast
    from_ = max(held.starts_at, clock.now())
    # Covers before lessons, as everywhere.
    await queries.hold_covers_between(
        db, teacher_id=leave.teacher_id, from_=from_, until=held.ends_at
    )
    lessons = await queries.lessons_between(
        db, teacher_id=leave.teacher_id, from_=from_, until=held.ends_at
    )
    lessons = [lesson for lesson in lessons if lesson.starts_at > clock.now()]
    await lapse_covers(db, by=caller, lesson_ids=[lesson.id for lesson in lessons])
    await _move(db, caller=caller, leave=leave, step=LeaveStep.APPROVE, note=None)
    await _announce(db, held, by=caller, stands=True)
    await handing.be_away(
        db,
        teacher_id=leave.teacher_id,
        leave_id=leave.id,
        during=leave.during,
        lessons=lessons,
        ground=held.ground,
    )
    await need_cover(db, caller=caller, leave=leave, lessons=lessons, ground=held.ground)
    return leave


async def _announce(db: AsyncSession, held: _Held, *, by: Caller, stands: bool) -> None:
    absence = Absence(held.leave.teacher_id, held.starts_at, held.ends_at, stands)
    await absences.announce(db, by=by, absence=absence)


async def _move(
    db: AsyncSession, *, caller: Caller, leave: Leave, step: LeaveStep, note: str | None
) -> Leave:
    values = {
        "state": leave_after(LeaveState(leave.state), step),
        "decided_by_name": caller.name,
        "decided_at": clock.now(),
        "decision_note": note,
    }
    before = change_fields(leave, values)
    await db.flush()
    reach = [leave.school_id, leave.teacher_id]
    await record(db, f"leave.{values['state']}", leave, by=caller, before=before, reach=reach)
    return leave


async def need_cover(
    db: AsyncSession, *, caller: Caller, leave: Leave, lessons: Sequence[Lesson], ground: Ground
) -> None:
    """Let lessons wait for somebody who stands in, because their teacher is on this leave."""
    if not lessons:
        return
    schools = await timetable.schools_of_campuses(db, campus_ids={one.campus_id for one in lessons})
    rows = []
    for lesson in sorted(lessons, key=lambda one: one.starts_at):
        day = lesson.starts_at.astimezone(ground.zone).date()
        thresholds = await queries.thresholds(db, school_id=schools[lesson.campus_id], day=day)
        row = Cover(
            district_id=leave.district_id,
            lesson_id=lesson.id,
            leave_id=leave.id,
            absent_id=leave.teacher_id,
            deadline_at=thresholds.deadline(lesson.starts_at),
            former_change=lesson.change,
        )
        db.add(row)
        rows.append(row)
        change_fields(lesson, _said(LessonChange.NEEDS_COVER, caller=caller))
    await db.flush()
    reach = {leave.school_id, leave.teacher_id, *schools.values()}
    await record_many(
        db,
        "cover.needed",
        by=caller,
        collection="covers",
        resources=[(row.id, row.version) for row in rows],
        reach=reach,
    )
    await _tell_lessons(db, "lesson.uncovered", by=caller, lessons=lessons, reach=reach)
    for row in rows:
        await cover.watch(db, by=caller, row=row)


def _said(change: LessonChange | str | None, *, caller: Caller) -> dict[str, object]:
    return {"change": change, "changed_by": caller.name, "changed_at": clock.now()}


async def _tell_lessons(
    db: AsyncSession,
    event: str,
    *,
    by: Caller,
    lessons: Collection[Lesson],
    reach: Collection[UUID],
) -> None:
    resources = [(lesson.id, lesson.version) for lesson in lessons]
    await record_many(db, event, by=by, collection="lessons", resources=resources, reach=reach)


async def withdraw(
    db: AsyncSession, *, caller: Caller, leave_id: UUID, expected: Precondition
) -> Leave:
    """Take a leave back: lessons that nobody covers return to the teacher, covered ones stay.

    Raises
    ------
    LeaveOver
        It was refused or withdrawn.
    LeavePast
        It has ended.
    ScheduleConflict
        A lesson that comes back can no longer be reached in time.
    """
    held = await _hold(
        db,
        caller=caller,
        leave_id=leave_id,
        permission=Permission.LEAVE_WRITE,
        expected=expected,
    )
    leave = held.leave
    former = leave.state
    leave_after(LeaveState(former), LeaveStep.WITHDRAW)
    if held.ends_at <= clock.now():
        raise LeavePast
    await _move(db, caller=caller, leave=leave, step=LeaveStep.WITHDRAW, note=None)
    if former == LeaveState.APPROVED:
        await _give_back(db, caller=caller, leave=leave, ground=held.ground)
        await _announce(db, held, by=caller, stands=False)
    return leave


async def _give_back(db: AsyncSession, *, caller: Caller, leave: Leave, ground: Ground) -> None:
    waiting = [
        row
        for row in await queries.hold_covers_of(db, leave_id=leave.id)
        if row.state == CoverState.OPEN
    ]
    lessons: dict[UUID, Lesson] = {}
    for row in waiting:
        lesson = await lock(db, Lesson, row.lesson_id)
        if lesson is not None and lesson.starts_at > clock.now():
            lessons[row.id] = lesson
    coming = [row for row in waiting if row.id in lessons]
    duties = [
        handing.duty_for(
            lessons[row.id],
            teacher_id=leave.teacher_id,
            source_id=lessons[row.id].id if row.former_change else lessons[row.id].slot_id,
        )
        for row in coming
    ]
    await handing.be_back(db, caller=caller, leave_id=leave.id, duties=duties, ground=ground)
    for row in coming:
        lesson = lessons[row.id]
        said = _said(row.former_change, caller=caller)
        change_fields(lesson, {**said, **cover.taught_by(lesson, leave.teacher_id)})
    await lapse_covers(db, by=caller, lesson_ids=[lesson.id for lesson in lessons.values()])
    schools = await timetable.schools_of_campuses(
        db, campus_ids={one.campus_id for one in lessons.values()}
    )
    reach = {leave.school_id, leave.teacher_id, *schools.values()}
    await _tell_lessons(
        db, "lesson.given-back", by=caller, lessons=list(lessons.values()), reach=reach
    )
