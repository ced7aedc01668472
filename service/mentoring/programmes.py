"""The life of a mentoring programme: begun, adjusted, opened, closed; teachers decided by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel import col, delete

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.mentoring.care import mind_all
from service.mentoring.matchings import let_lapse
from service.mentoring.problems import UnknownRole
from service.mentoring.problems.programme import EntryNotFound
from service.mentoring.queries import programme as queries
from service.mentoring.rules.appraisal import Rubric, check_rubric
from service.mentoring.rules.programme import (
    EntryKind,
    ProgrammeRole,
    ProgrammeState,
    Step,
    check_effective,
    check_roles,
    check_step,
    cut,
)
from service.mentoring.tables import MentoringProgramme, MentoringStandard, ProgrammeEntry
from service.network.queries import known_codes, standpoint

_ADJUSTED = "帮扶标准已调整"
_CLOSED = "帮扶项目已关闭"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a programme is to ask for."""

    roles: list[ProgrammeRole]
    rubric: Rubric
    columns: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewProgramme:
    """A programme to begin with."""

    school_year_id: UUID
    group_id: UUID | None
    name: str
    asked: Asked


async def draft(db: AsyncSession, *, caller: Caller, new: NewProgramme) -> MentoringProgramme:
    """Draft a school year's mentoring of the district or of one group.

    Raises
    ------
    RelatedNotFound
        There is no such year or group.
    Forbidden
        It is another office's to begin one for this scope.
    RolesUnfit, UnknownRole, RubricUnfit
        The roles cannot be filled, or the rubric does not add up.
    """
    await queries.check_scope(db, caller=caller, group_id=new.group_id)
    year = await queries.year_of(db, school_year_id=new.school_year_id)
    await _check_roles(db, caller=caller, roles=new.asked.roles, at="/standard")
    check_rubric(new.asked.rubric, at="/standard")
    programme = MentoringProgramme(
        district_id=caller.district_id,
        school_year_id=new.school_year_id,
        group_id=new.group_id,
        name=new.name,
    )
    db.add(programme)
    await db.flush()
    db.add(_standard(programme, new.asked, number=1, valid=year.valid, by=caller))
    await db.flush()
    await _tell(db, "mentoring-programme.drafted", programme, by=caller)
    return programme


async def _check_roles(
    db: AsyncSession, *, caller: Caller, roles: list[ProgrammeRole], at: str
) -> None:
    check_roles(roles)
    known = await known_codes(db, district_id=caller.district_id, name="mentor_role")
    for place, role in enumerate(roles):
        if role.code not in known:
            raise UnknownRole(pointer=f"{at}/roles/{place}/code")


def _standard(
    programme: MentoringProgramme, asked: Asked, *, number: int, valid: Any, by: Caller
) -> MentoringStandard:
    return MentoringStandard(
        district_id=programme.district_id,
        programme_id=programme.id,
        number=number,
        valid=valid,
        decided_by_name=by.name,
        decided_at=clock.now(),
        **asked.columns,
    )


async def _tell(
    db: AsyncSession,
    event: str,
    programme: MentoringProgramme,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    reach = [] if programme.group_id is None else [programme.group_id]
    await record(db, event, programme, by=by, before=before, reach=reach)


async def _hold(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, expected: Precondition, step: Step
) -> MentoringProgramme:
    programme = await queries.programme_to_change(db, caller=caller, programme_id=programme_id)
    expected.check(programme.version)
    check_step(ProgrammeState(programme.state), step)
    return programme


async def change(
    db: AsyncSession,
    *,
    caller: Caller,
    programme_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> MentoringProgramme:
    """Give a programme that is not closed another name.

    Raises
    ------
    ProgrammeStateUnfit
        It is closed.
    """
    programme = await _hold(
        db, caller=caller, programme_id=programme_id, expected=expected, step=Step.CHANGE
    )
    before = change_fields(programme, changes)
    if before:
        await db.flush()
        await _tell(db, "mentoring-programme.changed", programme, by=caller, before=before)
    return programme


async def adjust(
    db: AsyncSession,
    *,
    caller: Caller,
    programme_id: UUID,
    from_: date,
    asked: Asked,
    expected: Precondition,
) -> MentoringProgramme:
    """Let a programme ask for something else from a day on; what held before stays readable.

    A version that had not begun by that day gives way.

    Raises
    ------
    ProgrammeStateUnfit
        It is closed.
    StandardUnfit
        The day is outside the year, or past while the programme is open.
    RolesUnfit, UnknownRole, RubricUnfit
        The roles cannot be filled, or the rubric does not add up.
    """
    programme = await _hold(
        db, caller=caller, programme_id=programme_id, expected=expected, step=Step.CHANGE
    )
    await _check_roles(db, caller=caller, roles=asked.roles, at="/standard")
    check_rubric(asked.rubric, at="/standard")
    year = await queries.year_of(db, school_year_id=programme.school_year_id)
    bounds = (year.valid.lower or date.min, year.valid.upper or date.max)
    today = (await standpoint(db, district_id=caller.district_id)).today
    state = ProgrammeState(programme.state)
    check_effective(state, from_=from_, year=bounds, today=today)
    versions = await queries.standards_of(db, programme_id=programme_id)
    if _is_so_already(versions, from_=from_, asked=asked):
        return programme
    for one in versions:
        left = cut((one.valid.lower or date.min, one.valid.upper), at=from_)
        if left is None:
            await db.exec(delete(MentoringStandard).where(col(MentoringStandard.id) == one.id))
        elif one.valid.upper is None or one.valid.upper > from_:
            one.valid = days(*left)
    await db.flush()
    number = max(one.number for one in versions) + 1
    valid = days(from_, year.valid.upper)
    db.add(_standard(programme, asked, number=number, valid=valid, by=caller))
    programme.version += 1
    await db.flush()
    before = {"standard": max(one.number for one in versions)}
    await _tell(db, "mentoring-programme.adjusted", programme, by=caller, before=before)
    await let_lapse(db, by=caller, programme=programme, why=_ADJUSTED)
    return programme


def _is_so_already(versions: Any, *, from_: date, asked: Asked) -> bool:
    """Whether the last version holds on that day and asks for the same."""
    last = versions[-1]
    begun = last.valid.lower is not None and last.valid.lower <= from_
    return begun and all(getattr(last, name) == value for name, value in asked.columns.items())


async def open_(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, expected: Precondition
) -> MentoringProgramme:
    """Let a programme count: from now on its standard holds for everybody in its scope.

    Raises
    ------
    ProgrammeStateUnfit
        It is no draft.
    ProgrammeOpenAlready
        Another one is open for this year and scope.
    """
    return await _step(
        db,
        caller=caller,
        programme_id=programme_id,
        expected=expected,
        step=Step.OPEN,
    )


async def close(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, expected: Precondition
) -> MentoringProgramme:
    """End a programme's year; it stays readable, and so does what it asked for.

    Raises
    ------
    ProgrammeStateUnfit
        It is not open.
    """
    return await _step(
        db,
        caller=caller,
        programme_id=programme_id,
        expected=expected,
        step=Step.CLOSE,
    )


async def _step(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, expected: Precondition, step: Step
) -> MentoringProgramme:
    programme = await _hold(
        db, caller=caller, programme_id=programme_id, expected=expected, step=step
    )
    now = clock.now()
    opened = {"state": ProgrammeState.OPEN, "opened_at": now}
    closed = {"state": ProgrammeState.CLOSED, "closed_at": now}
    before = change_fields(programme, opened if step is Step.OPEN else closed)
    await db.flush()
    event = "opened" if step is Step.OPEN else "closed"
    await _tell(db, f"mentoring-programme.{event}", programme, by=caller, before=before)
    if step is Step.CLOSE:
        await let_lapse(db, by=caller, programme=programme, why=_CLOSED)
        await mind_all(db, by=caller)
    return programme


# Decided by hand


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides about a teacher by hand."""

    kind: EntryKind
    reason: str


async def decide(
    db: AsyncSession,
    *,
    caller: Caller,
    programme_id: UUID,
    teacher_id: UUID,
    decision: Decision,
    expected: Precondition,
) -> ProgrammeEntry:
    """Add a teacher to a cohort or take one out, whatever the criteria say.

    What nobody decided yet has version 0.

    Raises
    ------
    ProgrammeStateUnfit
        The programme is closed.
    TeacherNotFound, TeacherOutOfScope
        There is no such teacher in the programme's schools.
    """
    programme = await queries.programme_to_change(db, caller=caller, programme_id=programme_id)
    check_step(ProgrammeState(programme.state), Step.CHANGE)
    today = (await standpoint(db, district_id=caller.district_id)).today
    await queries.check_teacher(
        db, caller=caller, programme=programme, teacher_id=teacher_id, day=today
    )
    values: dict[str, Any] = {"kind": decision.kind.value, "reason": decision.reason}
    entry = await queries.entry_of(db, programme_id=programme_id, teacher_id=teacher_id)
    expected.check(entry.version if entry else 0)
    before: dict[str, Any] | None = None
    if entry is None:
        entry = ProgrammeEntry(
            district_id=caller.district_id,
            programme_id=programme_id,
            teacher_id=teacher_id,
            **values,
        )
        db.add(entry)
    else:
        before = change_fields(entry, values)
        if not before:
            return entry
    await db.flush()
    reach = {teacher_id, *([programme.group_id] if programme.group_id else [])}
    await record(db, "programme-entry.decided", entry, by=caller, before=before, reach=reach)
    return entry


async def undo(
    db: AsyncSession,
    *,
    caller: Caller,
    programme_id: UUID,
    teacher_id: UUID,
    expected: Precondition,
) -> None:
    """Let the criteria decide about a teacher again.

    Raises
    ------
    ProgrammeStateUnfit
        The programme is closed.
    EntryNotFound
        Nothing was decided.
    """
    programme = await queries.programme_to_change(db, caller=caller, programme_id=programme_id)
    check_step(ProgrammeState(programme.state), Step.CHANGE)
    entry = await queries.entry_of(db, programme_id=programme_id, teacher_id=teacher_id)
    if entry is None:
        raise EntryNotFound
    expected.check(entry.version)
    await db.delete(entry)
    await db.flush()
    reach = {teacher_id, *([programme.group_id] if programme.group_id else [])}
    await record(db, "programme-entry.undone", entry, by=caller, reach=reach, gone=True)
