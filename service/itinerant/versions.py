"""Versions: a group's whole timetable is published at once, told to all, and can be gone back to.

What does not change is not touched: lessons keep their ids and versions, covers and swaps stay.
Locks are taken in one order: assignments by id, people, classes and rooms, the group.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql.ranges import MultiRange

from service.itinerant import load, whole
from service.itinerant.actions import bind
from service.itinerant.drafts import check_reach, concerned, draft_of, schools_of
from service.itinerant.offers import kept, period_of
from service.itinerant.problems.version import (
    NothingToPublish,
    NotLaidYet,
)
from service.itinerant.queries import held_assignment
from service.itinerant.queries import version as queries
from service.itinerant.rules import Act, AssignmentState, WeeklyPeriod, complete, next_state
from service.itinerant.rules.version import difference, reshape
from service.itinerant.tables import (
    Assignment,
    AssignmentAmendment,
    TimetableVersion,
)
from service.itinerant.whole import Edit, Whole, begun, changed, ended, first_day
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record, record_many
from service.kit.problems import Busy, FieldError, Forbidden, InvalidValue, Text
from service.network.queries import visible_group
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task
from service.timetable import laying
from service.timetable import load as timetable
from service.timetable.laying import Clashes, Layout, Replaced, Withdrawal
from service.timetable.load import Ground
from service.timetable.problems import ScheduleConflict
from service.timetable.rules import LessonChange

TASK = "itinerant-version"
_PAST = Text("不能早于今天", "must not be before today")


# What is to change of what is published


async def amend(
    db: AsyncSession,
    *,
    caller: Caller,
    assignment_id: UUID,
    patterns: Sequence[WeeklyPeriod] | None,
    expected: Precondition,
) -> AssignmentAmendment:
    """Note what the next version changes of a published assignment; ``None`` is its end.

    Raises
    ------
    NotLaidYet
        It is no published assignment: a draft is changed itself.
    RelatedNotFound
        A class or room that is not at the campus.
    """
    assignment = await _amendable(db, caller=caller, assignment_id=assignment_id)
    row = await queries.held_amendment(db, assignment_id=assignment_id)
    expected.check(row.version if row is not None else 0)
    if patterns is not None:
        draft = replace(draft_of(assignment, []), patterns=tuple(patterns))
        complete(draft, await load.surroundings(db, caller=caller, draft=draft))
    said = [kept(one) for one in patterns] if patterns is not None else None
    before = None
    if row is None:
        row = AssignmentAmendment(
            district_id=caller.district_id,
            assignment_id=assignment_id,
            patterns=said,
            drafted_by_name=caller.name,
        )
        db.add(row)
    else:
        before = change_fields(row, {"patterns": said, "drafted_by_name": caller.name})
        if not before:
            return row
    await db.flush()
    reach = concerned(assignment)
    await record(db, "assignment-amendment.drafted", row, by=caller, before=before, reach=reach)
    return row


async def drop_amendment(
    db: AsyncSession, *, caller: Caller, assignment_id: UUID, expected: Precondition
) -> None:
    """Let a published assignment be as it is."""
    assignment = await _amendable(db, caller=caller, assignment_id=assignment_id)
    row = await queries.held_amendment(db, assignment_id=assignment_id)
    expected.check(row.version if row is not None else 0)
    if row is not None:
        await _remove(db, by=caller, row=row, assignment=assignment)


async def _amendable(db: AsyncSession, *, caller: Caller, assignment_id: UUID) -> Assignment:
    assignment = await held_assignment(db, caller=caller, assignment_id=assignment_id)
    await check_reach(
        db, caller=caller, permission=Permission.ASSIGNMENT_WRITE, schools=schools_of(assignment)
    )
    if assignment.state != AssignmentState.PUBLISHED:
        raise NotLaidYet
    return assignment


async def _remove(
    db: AsyncSession, *, by: Caller, row: AssignmentAmendment, assignment: Assignment
) -> None:
    await db.delete(row)
    await db.flush()
    reach = concerned(assignment)
    await record(db, "assignment-amendment.dropped", row, by=by, reach=reach, gone=True)


# Publishing


@dataclass(frozen=True, slots=True)
class Publishing:
    """From when a version holds (tomorrow, if empty), and why."""

    from_date: date | None
    reason: str


async def publish(
    db: AsyncSession,
    *,
    caller: Caller,
    group_id: UUID,
    term_id: UUID,
    publishing: Publishing,
    expected: Precondition,
) -> TimetableVersion:
    """Publish the draft of a group's timetable as a whole, or refuse with all that is in its way.

    Raises
    ------
    NothingToPublish
        Nothing is drafted.
    ScheduleConflict
        Somebody is busy, a way is too long, or people and schools do not allow it.
    """
    await visible_group(db, caller=caller, group_id=group_id, permission=Permission.ASSIGNMENT_READ)
    if not await queries.governs(db, caller=caller, group_id=group_id):
        raise Forbidden
    ground = await timetable.ground(db, district_id=caller.district_id)
    from_date = _check_day(publishing.from_date, ground=ground)
    edits, tag = await whole.edits_of(
        db, group_id=group_id, term_id=term_id, from_date=from_date, hold=True
    )
    expected.check(tag)
    if not edits:
        raise NothingToPublish
    made = _Made(group_id, term_id, from_date, publishing.reason, None)
    return await _carry_out(db, caller=caller, made=made, edits=edits, ground=ground)


def _check_day(wanted: date | None, *, ground: Ground) -> date:
    from_date = first_day(ground, wanted)
    if from_date < clock.today(ground.zone.key):
        raise InvalidValue(errors=[FieldError("/from_date", "in-the-past", _PAST)])
    return from_date


@dataclass(frozen=True, slots=True)
class _Made:
    """What a version is to be."""

    group_id: UUID
    term_id: UUID
    from_date: date
    reason: str
    restores: int | None


async def _carry_out(
    db: AsyncSession, *, caller: Caller, made: _Made, edits: Sequence[Edit], ground: Ground
) -> TimetableVersion:
    planned = await whole.plan(db, edits=edits, ground=ground, from_date=made.from_date)
    try:
        async with db.begin_nested():
            replaced = await _lay(db, caller=caller, made=made, planned=planned)
    except Clashes:
        raise await _refusal(db, caller=caller, made=made, planned=planned) from None
    for edit in edits:
        await _settle(db, caller=caller, made=made, edit=edit)
    await _note_lessons(db, caller=caller, planned=planned, replaced=replaced, reason=made.reason)
    version = await _keep(db, caller=caller, made=made, replaced=replaced)
    await _tell(db, caller=caller, version=version, edits=edits)
    return version


async def _lay(db: AsyncSession, *, caller: Caller, made: _Made, planned: Whole) -> Replaced:
    over = [row for edit in planned.edits for row in edit.over]
    slots = planned.layout.slots
    await timetable.lock_resources(
        db,
        teachers={edit.assignment.teacher_id for edit in planned.edits},
        classes={id_ for slot in slots for id_ in slot.class_ids}
        | {id_ for row in over for id_ in row.class_ids},
        rooms={one.room_id for one in slots if one.room_id is not None}
        | {row.room_id for row in over if row.room_id is not None},
    )
    await load.hold_group(db, group_id=made.group_id)
    if planned.facts:
        raise Clashes([])
    ground = planned.ground
    held = MultiRange[datetime]([])
    for edit in planned.edits:
        if edit.draft:
            freed = await laying.free_holds(db, source_id=edit.assignment.id, ground=ground)
            held = timetable.merged(held, freed)
    midnight = datetime.combine(made.from_date, time(), ground.zone)
    withdrawal = Withdrawal(
        max(midnight, clock.now()),
        LessonChange.REPLACED,
        made.reason,
        caller,
        clock.now(),
    )
    replaced = await laying.replace_slots(
        db,
        layout=Layout(slots, planned.layout.patterns, planned.layout.dates),
        ended=planned.gone,
        withdrawal=withdrawal,
        ground=ground,
    )
    drafts = {edit.assignment.teacher_id for edit in planned.edits if edit.draft}
    await laying.lay_legs(db, teachers=drafts, days=held, ground=ground, fresh=())
    return replaced


async def _refusal(db: AsyncSession, *, caller: Caller, made: _Made, planned: Whole) -> Exception:
    verdict = await whole.judge(db, whole=planned, from_date=made.from_date)
    if not verdict.hard:
        return Busy()  # a rival took the time and gave it back meanwhile
    said = await timetable.explain(db, caller=caller, conflicts=verdict.hard, ground=planned.ground)
    return ScheduleConflict(conflicts=[one.model_dump(mode="json") for one in said])


async def _settle(db: AsyncSession, *, caller: Caller, made: _Made, edit: Edit) -> None:
    """What has been laid and withdrawn, in the rows of the assignment."""
    assignment = edit.assignment
    bind(edit.begins, edit.slots)
    for row in edit.over:
        from_ = load.days_of(row.valid)[0]
        if from_ < made.from_date:
            row.valid = days(from_, made.from_date)
        else:
            await db.delete(row)
    values: dict[str, Any] = {}
    event = "assignment.changed"
    if edit.draft:
        following = next_state(AssignmentState(assignment.state), Act.PUBLISH)
        values = {"state": following, "published_at": clock.now()}
        event = "assignment.published"
    elif edit.ends:
        following = next_state(AssignmentState(assignment.state), Act.END)
        values = {"state": following, "ended_on": made.from_date, "end_reason": made.reason}
        event = "assignment.ended"
    elif edit.begins or edit.over:
        db.add_all(edit.begins)
        assignment.version += 1
    before = change_fields(assignment, values)
    amendment = await queries.held_amendment(db, assignment_id=assignment.id)
    if amendment is not None:
        await _remove(db, by=caller, row=amendment, assignment=assignment)
    await db.flush()
    if before or edit.begins or edit.over:
        await record(
            db,
            event,
            assignment,
            by=caller,
            before=before,
            reach=concerned(assignment),
            reason=made.reason,
        )


async def _note_lessons(
    db: AsyncSession, *, caller: Caller, planned: Whole, replaced: Replaced, reason: str
) -> None:
    shortened = dict(replaced.shortened)
    for edit in planned.edits:
        reach = concerned(edit.assignment)
        laid = [(slot.slot_id, 1) for slot in edit.slots]
        gone = [
            (row.slot_id, shortened[row.slot_id])
            for row in edit.over
            if row.slot_id is not None and row.slot_id in shortened
        ]
        for event, resources in (("lessons.laid", laid), ("lessons.withdrawn", gone)):
            await record_many(
                db,
                event,
                by=caller,
                collection="lessons",
                resources=resources,
                reach=reach,
                reason=reason,
                spread=True,
            )


async def _keep(
    db: AsyncSession, *, caller: Caller, made: _Made, replaced: Replaced
) -> TimetableVersion:
    former = await queries.latest(db, group_id=made.group_id, term_id=made.term_id)
    rows = await queries.in_force(db, group_id=made.group_id, term_id=made.term_id)
    patterns = await load.patterns_by_assignment(db, assignment_ids=[row[0].id for row in rows])
    content = whole.snapshot(rows, patterns, from_date=made.from_date)
    version = TimetableVersion(
        district_id=caller.district_id,
        group_id=made.group_id,
        term_id=made.term_id,
        number=former.number + 1 if former is not None else 1,
        from_date=made.from_date,
        restores=made.restores,
        reason=made.reason,
        published_by_name=caller.name,
        published_at=clock.now(),
        lessons_laid=replaced.laid,
        lessons_cancelled=replaced.cancelled,
        content=content,
        diff=difference(former.content if former is not None else [], content),
    )
    db.add(version)
    await db.flush()
    return version


async def _tell(
    db: AsyncSession, *, caller: Caller, version: TimetableVersion, edits: Iterable[Edit]
) -> None:
    """A change row for everybody concerned, and a task for every school that is."""
    reach: set[UUID] = {version.group_id}
    schools: set[UUID] = set()
    for edit in edits:
        reach |= concerned(edit.assignment)
        schools |= schools_of(edit.assignment)
    await record(
        db,
        "itinerant-version.published",
        version,
        by=caller,
        reach=reach,
        reason=version.reason,
    )
    for school_id in sorted(schools):
        new = NewTask(
            kind=TASK,
            subject_collection="schools",
            subject_id=school_id,
            title=Text(
                f"走教课表第 {version.number} 版自 {version.from_date} 起执行,请核对本校变动",
                f"Version {version.number} of the itinerant timetable holds from"
                f" {version.from_date}: see what changes at your school",
            ),
            owner_kind=OwnerKind.SCHOOL,
            owner_id=school_id,
            due_on=version.from_date,
        )
        await open_task(db, by=caller, new=new)


# Going back


async def restore(
    db: AsyncSession,
    *,
    caller: Caller,
    version_id: UUID,
    publishing: Publishing,
    expected: Precondition,
) -> TimetableVersion:
    """Publish what an older version had as a new one.

    Raises
    ------
    NothingToPublish
        That is what is in force.
    ScheduleConflict
        Somebody has something else by now.
    """
    old = await queries.visible_version(db, caller=caller, version_id=version_id)
    if not await queries.governs(db, caller=caller, group_id=old.group_id):
        raise Forbidden
    expected.check(old.version)
    ground = await timetable.ground(db, district_id=caller.district_id)
    from_date = _check_day(publishing.from_date, ground=ground)
    edits = await _back_to(db, caller=caller, old=old, from_date=from_date)
    if not edits:
        raise NothingToPublish
    made = _Made(old.group_id, old.term_id, from_date, publishing.reason, old.number)
    return await _carry_out(db, caller=caller, made=made, edits=edits, ground=ground)


async def _back_to(
    db: AsyncSession, *, caller: Caller, old: TimetableVersion, from_date: date
) -> list[Edit]:
    live = await queries.held_in_force(db, group_id=old.group_id, term_id=old.term_id)
    patterns = await load.patterns_by_assignment(db, assignment_ids=[one.id for one in live])
    wanted = {UUID(one["id"]): one for one in old.content}
    edits: list[Edit] = []
    for assignment in live:
        rows = patterns.get(assignment.id, [])
        target = wanted.pop(assignment.id, None)
        if target is None:
            edits.append(ended(assignment, rows, from_date=from_date))
            continue
        edit = changed(
            assignment,
            rows,
            wanted=[period_of(one) for one in target["patterns"]],
            from_date=from_date,
        )
        if edit.begins or edit.over:
            edits.append(edit)
    for target in wanted.values():
        edit_ = await _anew(db, caller=caller, old=old, target=target, from_date=from_date)
        if edit_ is not None:
            edits.append(edit_)
    return edits


async def _anew(
    db: AsyncSession,
    *,
    caller: Caller,
    old: TimetableVersion,
    target: dict[str, Any],
    from_date: date,
) -> Edit | None:
    """An assignment that has ended, once more; it is another one."""
    valid = (
        max(date.fromisoformat(target["valid_from"]), from_date),
        date.fromisoformat(target["valid_until"]),
    )
    periods = [period_of(one) for one in target["patterns"]]
    shape = reshape(periods, standing=[], valid=valid, from_date=from_date)
    if valid[0] >= valid[1] or not shape.added:
        return None
    assignment = Assignment(
        district_id=caller.district_id,
        teacher_id=UUID(target["teacher_id"]),
        home_school_id=UUID(target["home_school_id"]),
        host_school_id=UUID(target["host_school_id"]),
        campus_id=UUID(target["campus_id"]),
        group_id=old.group_id,
        term_id=old.term_id,
        across_groups=target["across_groups"],
        subject=target["subject"],
        stage=target["stage"],
        valid=days(*valid),
    )
    db.add(assignment)
    await db.flush()
    made = changed(assignment, [], wanted=periods, from_date=from_date)
    db.add_all(made.begins)
    await db.flush()
    return begun(assignment, made.begins)
