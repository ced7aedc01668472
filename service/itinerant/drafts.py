"""Drafts of assignments: made, changed, and completed with what follows from the rest.

The home school follows from the teacher's employment, the group from the two schools, the days
from the term; whoever drafts may name them instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from service.itinerant import load, queries
from service.itinerant.rules import (
    Act,
    AssignmentState,
    Completed,
    Draft,
    WeeklyPeriod,
    complete,
    next_state,
)
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.kit.problems import Forbidden
from service.timetable.rules import Parity


async def create(db: AsyncSession, *, caller: Caller, draft: Draft) -> Assignment:
    """Keep a draft. Nothing is laid, and nobody's time is taken.

    Raises
    ------
    RelatedNotFound
        A teacher, campus, class or room that is not there or not visible.
    InvalidValue
        Days outside the term, or a home school or group that cannot be told.
    """
    completed = complete(draft, await load.surroundings(db, caller=caller, draft=draft))
    schools = {completed.home_school_id, completed.host_school_id}
    await check_reach(db, caller=caller, permission=Permission.ASSIGNMENT_WRITE, schools=schools)
    return await keep(db, caller=caller, draft=draft, completed=completed)


async def keep(
    db: AsyncSession,
    *,
    caller: Caller,
    draft: Draft,
    completed: Completed,
    across_groups: bool = False,
) -> Assignment:
    """Keep a draft that is complete."""
    assignment = Assignment(
        district_id=caller.district_id,
        state=AssignmentState.DRAFT,
        across_groups=across_groups,
        **columns_of(draft, completed),
    )
    db.add(assignment)
    await db.flush()
    db.add_all(pattern_rows(assignment, draft, completed))
    await db.flush()
    await record(db, "assignment.drafted", assignment, by=caller, reach=concerned(assignment))
    return assignment


async def change(
    db: AsyncSession,
    *,
    caller: Caller,
    assignment_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> Assignment:
    """Change a draft; ``changes`` are fields of ``Draft``.

    Raises
    ------
    AssignmentStateUnfit
        It is no draft any more.
    """
    assignment = await queries.held_assignment(db, caller=caller, assignment_id=assignment_id)
    write = Permission.ASSIGNMENT_WRITE
    await check_reach(db, caller=caller, permission=write, schools=schools_of(assignment))
    expected.check(assignment.version)
    next_state(AssignmentState(assignment.state), Act.CHANGE)
    present = await queries.patterns_of(db, assignment_id=assignment_id)
    draft = replace(draft_of(assignment, present), **_loosened(changes))
    completed = complete(draft, await load.surroundings(db, caller=caller, draft=draft))
    schools = {completed.home_school_id, completed.host_school_id}
    await check_reach(db, caller=caller, permission=write, schools=schools)
    rows = pattern_rows(assignment, draft, completed)
    differ = [content_of(row) for row in present] != [content_of(row) for row in rows]
    reach = concerned(assignment)
    before = change_fields(assignment, columns_of(draft, completed))
    if differ:
        for row in present:
            await db.delete(row)
        db.add_all(rows)
        if not before:
            assignment.version += 1
    if before or differ:
        await db.flush()
        await record(
            db,
            "assignment.changed",
            assignment,
            by=caller,
            before=before,
            reach=reach | concerned(assignment),
        )
    return assignment


def concerned(assignment: Assignment) -> set[UUID]:
    """Whom a change of an assignment concerns."""
    return {
        assignment.teacher_id,
        assignment.home_school_id,
        assignment.host_school_id,
        assignment.group_id,
    }


def schools_of(assignment: Assignment) -> set[UUID]:
    """Both sides of an assignment."""
    return {assignment.home_school_id, assignment.host_school_id}


async def check_reach(
    db: AsyncSession, *, caller: Caller, permission: Permission, schools: set[UUID]
) -> None:
    """Whether a permission reaches both sides of an assignment.

    Raises
    ------
    Forbidden
        One of the schools is out of reach.
    """
    reached = await queries.reached_schools(
        db, caller=caller, permission=permission, school_ids=schools
    )
    if reached != schools:
        raise Forbidden


# Completing


def draft_of(assignment: Assignment, patterns: Sequence[AssignmentPattern]) -> Draft:
    """An assignment as somebody wanted it."""
    valid = load.days_of(assignment.valid)
    return Draft(
        code=assignment.code,
        teacher_id=assignment.teacher_id,
        campus_id=assignment.campus_id,
        home_school_id=assignment.home_school_id,
        group_id=assignment.group_id,
        term_id=assignment.term_id,
        subject=assignment.subject,
        stage=assignment.stage,
        valid_from=valid[0],
        valid_until=valid[1],
        patterns=tuple(_period_of(row, valid) for row in patterns),
    )


def _period_of(row: AssignmentPattern, valid: tuple[date, date]) -> WeeklyPeriod:
    """A pattern that lasts as long as the assignment goes on doing so."""
    from_, until = load.days_of(row.valid)
    return WeeklyPeriod(
        weekday=row.weekday,
        period=row.period,
        parity=Parity(row.parity),
        weeks=tuple(row.weeks) if row.weeks is not None else None,
        class_ids=tuple(row.class_ids),
        room_id=row.room_id,
        valid_from=from_ if from_ != valid[0] else None,
        valid_until=until if until != valid[1] else None,
    )


def _loosened(changes: Mapping[str, Any]) -> dict[str, Any]:
    """What followed from a field follows anew when that field changes and it is not named."""
    loosened = dict(changes)
    if "teacher_id" in changes:
        loosened.setdefault("home_school_id", None)
    if {"teacher_id", "campus_id", "home_school_id"} & changes.keys():
        loosened.setdefault("group_id", None)
    if "term_id" in changes:
        loosened.setdefault("valid_from", None)
        loosened.setdefault("valid_until", None)
    return loosened


def columns_of(draft: Draft, completed: Completed) -> dict[str, Any]:
    """A draft's own columns."""
    return {
        "code": draft.code,
        "teacher_id": draft.teacher_id,
        "home_school_id": completed.home_school_id,
        "host_school_id": completed.host_school_id,
        "campus_id": draft.campus_id,
        "group_id": completed.group_id,
        "term_id": draft.term_id,
        "subject": draft.subject,
        "stage": draft.stage,
        "valid": days(*completed.valid),
    }


def pattern_rows(
    assignment: Assignment, draft: Draft, completed: Completed
) -> list[AssignmentPattern]:
    """A draft's patterns, in its order."""
    return [
        AssignmentPattern(
            district_id=assignment.district_id,
            assignment_id=assignment.id,
            weekday=pattern.weekday,
            period=pattern.period,
            parity=pattern.parity.value,
            weeks=list(pattern.weeks) if pattern.weeks is not None else None,
            class_ids=sorted(pattern.class_ids),
            room_id=pattern.room_id,
            valid=days(*lasts),
        )
        for pattern, lasts in zip(draft.patterns, completed.pattern_days, strict=True)
    ]


def content_of(row: AssignmentPattern) -> dict[str, Any]:
    """What a pattern says, to tell whether another says the same."""
    return row.model_dump(exclude={"id", "slot_id"})
