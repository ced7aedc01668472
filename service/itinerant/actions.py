"""Publishing and ending assignments: slots are laid through the timetable's one path."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from service.itinerant import load, queries
from service.itinerant.drafts import check_reach, concerned, schools_of
from service.itinerant.load import Plan
from service.itinerant.rules import Act, AssignmentState, next_state
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record, record_many
from service.kit.problems import Busy, FieldError, InvalidValue, Text
from service.timetable import laying
from service.timetable import load as timetable
from service.timetable.laying import Withdrawal
from service.timetable.problems import ScheduleConflict
from service.timetable.rules import LessonChange, SlotPlan

_PAST = Text("不能早于今天", "must not be before today")
_AFTER = Text("应在安排的有效期之内", "must lie within the assignment")


async def _hold(
    db: AsyncSession, *, caller: Caller, assignment_id: UUID, expected: Precondition
) -> Assignment:
    """An assignment that the caller may publish and end, and nobody else can change now."""
    assignment = await queries.held_assignment(db, caller=caller, assignment_id=assignment_id)
    await check_reach(
        db,
        caller=caller,
        permission=Permission.ASSIGNMENT_PUBLISH,
        schools=schools_of(assignment),
    )
    expected.check(assignment.version)
    return assignment


# Publishing


async def publish(
    db: AsyncSession, *, caller: Caller, assignment_id: UUID, expected: Precondition
) -> Assignment:
    """Lay all lessons of an assignment, or refuse with everything that stands in the way.

    Raises
    ------
    AssignmentStateUnfit
        It is no draft.
    ScheduleConflict
        Somebody is busy, a way is too long, or people and schools do not allow it.
    """
    assignment = await _hold(db, caller=caller, assignment_id=assignment_id, expected=expected)
    following = next_state(AssignmentState(assignment.state), Act.PUBLISH)
    patterns = await queries.patterns_of(db, assignment_id=assignment_id)
    slots = load.slots_of(assignment, patterns)
    try:
        async with db.begin_nested():
            await _lay(db, assignment=assignment, slots=slots)
    except _Obstructed as obstructed:
        # The savepoint is gone, and with it the hold on people: rivals need not wait for our words.
        refusal = await _refusal(db, caller=caller, plan=obstructed.plan)
        raise refusal from None
    bind(patterns, slots)
    before = change_fields(assignment, {"state": following, "published_at": clock.now()})
    await db.flush()
    reach = concerned(assignment)
    await record(db, "assignment.published", assignment, by=caller, before=before, reach=reach)
    await record_many(
        db,
        "lessons.laid",
        by=caller,
        collection="lessons",
        resources=[(slot.slot_id, 1) for slot in slots],
        reach=reach,
        spread=True,
    )
    return assignment


class _Obstructed(Exception):
    """Facts forbid a plan, or it met the constraint."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self.plan = plan


async def _lay(db: AsyncSession, *, assignment: Assignment, slots: Sequence[SlotPlan]) -> None:
    await hold_resources(db, slots=slots)
    await load.hold_group(db, group_id=assignment.group_id)
    plan = await load.plan(db, assignment=assignment, slots=slots)
    if plan.facts:
        raise _Obstructed(plan)
    try:
        held = await laying.free_holds(db, source_id=assignment.id, ground=plan.ground)
        await laying.add_slots(db, slots=slots, ground=plan.ground)
        await laying.lay(db, layout=plan.layout, ground=plan.ground)
        await laying.lay_legs(
            db,
            teachers=[assignment.teacher_id],
            days=timetable.merged(plan.layout.days(zone=plan.ground.zone), held),
            ground=plan.ground,
            fresh={slot.slot_id for slot in slots},
        )
    except IntegrityError as error:
        if not laying.is_overlap(error):
            raise
        raise _Obstructed(plan) from error


async def hold_resources(db: AsyncSession, *, slots: Sequence[SlotPlan]) -> None:
    """Hold the time of everybody whom slots concern."""
    await timetable.lock_resources(
        db,
        teachers={slot.teacher_id for slot in slots},
        classes={class_id for slot in slots for class_id in slot.class_ids},
        rooms={slot.room_id for slot in slots if slot.room_id is not None},
    )


def bind(patterns: Sequence[AssignmentPattern], slots: Sequence[SlotPlan]) -> None:
    """Remember what patterns were laid as."""
    for pattern, slot in zip(patterns, slots, strict=True):
        pattern.slot_id = slot.slot_id


async def _refusal(db: AsyncSession, *, caller: Caller, plan: Plan) -> ScheduleConflict:
    verdict = await load.judge(db, plan=plan)
    if not verdict.hard:
        raise Busy  # a rival took the time and gave it back meanwhile
    said = await timetable.explain(db, caller=caller, conflicts=verdict.hard, ground=plan.ground)
    free = await load.suggestions(db, plan=plan, verdict=verdict)
    return ScheduleConflict(
        conflicts=[one.model_dump(mode="json") for one in said],
        suggestions=[one.model_dump(mode="json") for one in free],
    )


# Ending


@dataclass(frozen=True, slots=True)
class Ending:
    """From which day on (tomorrow, if empty), and why."""

    from_date: date | None
    reason: str


async def end(
    db: AsyncSession,
    *,
    caller: Caller,
    assignment_id: UUID,
    ending: Ending,
    expected: Precondition,
) -> Assignment:
    """Let an assignment be over from a day on: what was taught stays, what was to come does not.

    Raises
    ------
    AssignmentStateUnfit
        It has ended already.
    InvalidValue
        The day is before today, or after the assignment.
    """
    assignment = await _hold(db, caller=caller, assignment_id=assignment_id, expected=expected)
    following = next_state(AssignmentState(assignment.state), Act.END)
    ground = await timetable.ground(db, district_id=caller.district_id)
    today = clock.today(ground.zone.key)
    ends_on = ending.from_date or today + timedelta(days=1)
    _check_end(ends_on, today=today, until=load.days_of(assignment.valid)[1])
    patterns = await queries.patterns_of(db, assignment_id=assignment_id)
    slots = load.slots_of(assignment, patterns)
    await hold_resources(db, slots=slots)
    if assignment.state == AssignmentState.DRAFT:
        await laying.let_go(
            db, source_id=assignment.id, teacher_id=assignment.teacher_id, ground=ground
        )
    laid = [pattern.slot_id for pattern in patterns if pattern.slot_id is not None]
    shortened: list[tuple[UUID, int]] = []
    if laid:
        midnight = datetime.combine(ends_on, time(), ground.zone)
        withdrawal = Withdrawal(
            max(midnight, clock.now()), LessonChange.ENDED, ending.reason, caller, clock.now()
        )
        gone = await laying.withdraw(db, slot_ids=laid, withdrawal=withdrawal, ground=ground)
        await laying.lay_legs(db, teachers=gone.teachers, days=gone.days, ground=ground, fresh=())
        shortened = await laying.shorten(db, slot_ids=laid, until=ends_on)
    values = {"state": following, "ended_on": ends_on, "end_reason": ending.reason}
    before = change_fields(assignment, values)
    await db.flush()
    reach = concerned(assignment)
    await record(
        db,
        "assignment.ended",
        assignment,
        by=caller,
        before=before,
        reach=reach,
        reason=ending.reason,
    )
    await record_many(
        db,
        "lessons.withdrawn",
        by=caller,
        collection="lessons",
        resources=shortened,
        reach=reach,
        reason=ending.reason,
        spread=True,
    )
    return assignment


def _check_end(ends_on: date, *, today: date, until: date) -> None:
    if ends_on < today:
        raise InvalidValue(errors=[FieldError("/from_date", "in-the-past", _PAST)])
    if ends_on > until:
        raise InvalidValue(errors=[FieldError("/from_date", "after-the-end", _AFTER)])
