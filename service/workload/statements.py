"""Monthly statements: drawn from what the hosts confirmed, submitted, approved, frozen, corrected.

A teacher is held first, as whoever confirms lessons does. So a statement that was approved holds
every confirmed item of its month, and no confirmation comes after it.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import col

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock
from service.kit.ids import new_id
from service.kit.journal import record
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.mentoring.queries.credit import credited_lessons
from service.timetable import attendance, load
from service.timetable.rules.absence import check_other_person
from service.timetable.rules.attendance import month_after
from service.workload.problems import (
    MonthNotOver,
    NothingToCorrect,
    StatementNotFound,
    StatementOutdated,
)
from service.workload.queries import statements as queries
from service.workload.queries.earning import Earned, earned
from service.workload.rules import (
    SETTLED,
    Line,
    LineKind,
    StatementState,
    StatementStep,
    fingerprint,
    state_after,
    sums,
)
from service.workload.tables import Statement, StatementLine

_NOBODY = FieldError(
    "/teacher_id",
    "not-found",
    Text("教师不存在或不可见", "does not exist, or you may not see them"),
)
_NO_HOST = FieldError(
    "/school_id",
    "not-found",
    Text("该教师当月没有此校的结算", "the settled month has no such school"),
)


# Drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """Whose statements of a month: of a school's teachers, of one teacher, or of all in reach."""

    month: date
    home_school_id: UUID | None = None
    teacher_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What drawing did."""

    drawn: list[UUID]
    unchanged: int
    settled: int
    """Statements that were submitted or settled, and stay as they are."""


async def draw(db: AsyncSession, *, caller: Caller, wanted: Draw) -> Drawn:
    """Make the drafts of a month, or make them anew, from what the hosts have confirmed by now."""
    teachers = await _whose(db, caller=caller, wanted=wanted)
    await load.lock_resources(db, teachers=teachers)
    standing = await queries.hold_statements(db, teachers=teachers, month=wanted.month)
    fixed = {
        teacher_id for teacher_id, row in standing.items() if row.state != StatementState.DRAFT
    }
    open_ = teachers - fixed
    found = await earned(db, district_id=caller.district_id, teachers=open_, month=wanted.month)
    mentored = await credited_lessons(
        db, district_id=caller.district_id, teachers=open_, month=wanted.month
    )
    drawn = []
    for teacher_id in sorted(open_):
        row = standing.get(teacher_id)
        new = row is None
        if row is None:
            row = Statement(
                district_id=caller.district_id, teacher_id=teacher_id, month=wanted.month
            )
        credited = mentored.get(teacher_id, Decimal(0))
        if await _fill(db, caller=caller, row=row, found=found[teacher_id], mentored=credited) or (
            new
        ):
            drawn.append(row.id)
    return Drawn(drawn, len(open_) - len(drawn), len(fixed))


async def _whose(db: AsyncSession, *, caller: Caller, wanted: Draw) -> set[UUID]:
    if wanted.teacher_id is not None:
        return {await _reachable(db, caller=caller, teacher_id=wanted.teacher_id)}
    teachers = await queries.earners(db, caller=caller, month=wanted.month)
    if wanted.home_school_id is not None:
        teachers &= await queries.employed_at(
            db, school_id=wanted.home_school_id, month=wanted.month
        )
    return teachers


async def _reachable(db: AsyncSession, *, caller: Caller, teacher_id: UUID) -> UUID:
    seen, may = [
        await queries.may(db, caller=caller, permission=permission, teacher_id=teacher_id)
        for permission in (Permission.STATEMENT_READ, Permission.STATEMENT_WRITE)
    ]
    if not seen:
        raise RelatedNotFound(errors=[_NOBODY])
    if not may:
        raise Forbidden
    return teacher_id


async def _fill(
    db: AsyncSession, *, caller: Caller, row: Statement, found: Earned, mentored: Decimal
) -> bool:
    """Let a draft say what was earned; whether that changed anything."""
    corrections = await queries.corrections_of(db, statement_id=row.id)
    values = {
        "home_school_id": found.home_school_id or row.home_school_id,
        "digest": fingerprint(found.lines),
        "mentor_lessons": mentored,
        **_totals(found.lines, corrections),
    }
    if row.digest:
        before = change_fields(row, values)
        if not before:
            return False
    else:
        before = None
        for name, value in values.items():
            setattr(row, name, value)
    db.add(row)
    await db.flush()
    await _write_lines(db, row=row, lines=found.lines)
    await _note(db, "statement.drawn", row, by=caller, before=before)
    return True


def _totals(lines: Sequence[Line], corrections: Collection[StatementLine]) -> dict[str, Any]:
    added = sums(lines)
    return {
        **asdict(added),
        "lessons": added.lessons + sum((one.quantity for one in corrections), Decimal(0)),
        "amount": added.amount + sum((one.amount for one in corrections), Decimal(0)),
    }


async def _write_lines(db: AsyncSession, *, row: Statement, lines: Sequence[Line]) -> None:
    connection = await db.connection()
    await connection.execute(
        delete(StatementLine).where(
            col(StatementLine.statement_id) == row.id,
            col(StatementLine.kind) != LineKind.CORRECTION,
        )
    )
    if lines:
        shared = {"district_id": row.district_id, "statement_id": row.id}
        await connection.execute(
            insert(StatementLine), [{**asdict(one), **shared, "id": new_id()} for one in lines]
        )


async def _note(
    db: AsyncSession,
    event: str,
    row: Statement,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    home = [row.home_school_id] if row.home_school_id is not None else []
    await record(db, event, row, by=by, before=before, reach=[row.teacher_id, *home], reason=reason)


# Moving on


@dataclass(frozen=True, slots=True)
class Asked:
    """Which statement, in what version, and why."""

    statement_id: UUID
    expected: Precondition
    reason: str | None = None


async def _hold(
    db: AsyncSession, *, caller: Caller, asked: Asked, permission: Permission
) -> Statement:
    seen = await queries.visible_statement(db, caller=caller, statement_id=asked.statement_id)
    teacher_id = seen.statement.teacher_id
    if not await queries.may(db, caller=caller, permission=permission, teacher_id=teacher_id):
        raise Forbidden
    await load.lock_resources(db, teachers=[teacher_id])
    row = await lock(db, Statement, asked.statement_id)
    if row is None:
        raise StatementNotFound
    asked.expected.check(row.version)
    return row


async def _check_current(db: AsyncSession, row: Statement) -> None:
    found = await earned(
        db, district_id=row.district_id, teachers=[row.teacher_id], month=row.month
    )
    if fingerprint(found[row.teacher_id].lines) != row.digest:
        raise StatementOutdated


async def _move(
    db: AsyncSession, event: str, row: Statement, *, by: Caller, values: dict[str, Any]
) -> Statement:
    before = change_fields(row, values)
    await db.flush()
    await _note(db, event, row, by=by, before=before, reason=row.return_reason)
    return row


async def submit(db: AsyncSession, *, caller: Caller, asked: Asked) -> Statement:
    """Hand a draft in.

    Raises
    ------
    StatementMoved
        It is no draft.
    MonthNotOver
        The month has not ended.
    StatementOutdated
        More has been confirmed, or disputed, since it was drawn.
    """
    row = await _hold(db, caller=caller, asked=asked, permission=Permission.STATEMENT_WRITE)
    state = state_after(StatementState(row.state), StatementStep.SUBMIT)
    ground = await load.ground(db, district_id=caller.district_id)
    if clock.now().astimezone(ground.zone).date() < month_after(row.month):
        raise MonthNotOver
    await _check_current(db, row)
    values = {
        "state": state,
        "submitted_by": caller.key,
        "submitted_by_name": caller.name,
        "submitted_at": clock.now(),
        "return_reason": None,
    }
    return await _move(db, "statement.submitted", row, by=caller, values=values)


async def approve(db: AsyncSession, *, caller: Caller, asked: Asked) -> Statement:
    """Approve a statement; from now on the host schools confirm nothing of that month.

    Raises
    ------
    StatementMoved
        It was not submitted.
    OwnRequest
        Whoever submitted it does not approve it, nor does the teacher.
    StatementOutdated
        More has been confirmed, or disputed, since.
    """
    row = await _hold(db, caller=caller, asked=asked, permission=Permission.STATEMENT_DECIDE)
    state = state_after(StatementState(row.state), StatementStep.APPROVE)
    check_other_person(row.submitted_by, approver=caller.key)
    check_other_person(row.teacher_id, approver=caller.teacher_id)
    await _check_current(db, row)
    await attendance.close_month(db, by=caller, teacher_id=row.teacher_id, month=row.month)
    values = {"state": state, "approved_by_name": caller.name, "approved_at": clock.now()}
    return await _move(db, "statement.approved", row, by=caller, values=values)


async def give_back(db: AsyncSession, *, caller: Caller, asked: Asked) -> Statement:
    """Return a statement to draft with a reason; its month opens again.

    Raises
    ------
    StatementMoved
        It is a draft, or frozen.
    """
    row = await _hold(db, caller=caller, asked=asked, permission=Permission.STATEMENT_DECIDE)
    former = StatementState(row.state)
    state = state_after(former, StatementStep.RETURN)
    if former in SETTLED:
        await attendance.open_month(db, by=caller, teacher_id=row.teacher_id, month=row.month)
    values = {
        "state": state,
        "return_reason": asked.reason,
        "submitted_by": None,
        "submitted_by_name": None,
        "submitted_at": None,
        "approved_by_name": None,
        "approved_at": None,
    }
    return await _move(db, "statement.returned", row, by=caller, values=values)


async def freeze(db: AsyncSession, *, caller: Caller, asked: Asked) -> Statement:
    """Let an approved statement stand for ever; what is wrong is corrected in a later one.

    Raises
    ------
    StatementMoved
        It is not approved.
    """
    row = await _hold(db, caller=caller, asked=asked, permission=Permission.STATEMENT_DECIDE)
    state = state_after(StatementState(row.state), StatementStep.FREEZE)
    values = {"state": state, "frozen_by_name": caller.name, "frozen_at": clock.now()}
    return await _move(db, "statement.frozen", row, by=caller, values=values)


# Correcting


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a settled month should have said besides, or should not have said."""

    month: date
    school_id: UUID
    lessons: Decimal
    amount: Decimal
    reason: str
    lesson_id: UUID | None = None


async def correct(
    db: AsyncSession, *, caller: Caller, asked: Asked, correction: Correction
) -> Statement:
    """Add a line to a draft that corrects a settled month; that month itself stays as it is.

    Raises
    ------
    StatementMoved
        Only drafts take lines.
    NothingToCorrect
        The month is not settled.
    """
    row = await _hold(db, caller=caller, asked=asked, permission=Permission.STATEMENT_WRITE)
    state_after(StatementState(row.state), StatementStep.DRAW)
    settled = await queries.settled_statement(db, teacher_id=row.teacher_id, month=correction.month)
    if settled is None or correction.month >= row.month:
        raise NothingToCorrect
    if not await queries.is_host(db, teacher_id=row.teacher_id, school_id=correction.school_id):
        raise RelatedNotFound(errors=[_NO_HOST])
    line = StatementLine(
        district_id=row.district_id,
        statement_id=row.id,
        school_id=correction.school_id,
        lesson_id=correction.lesson_id,
        on_date=correction.month,
        kind=LineKind.CORRECTION,
        quantity=correction.lessons,
        rate=Decimal(0),
        gross=correction.amount,
        amount=correction.amount,
        corrects_id=settled.id,
        reason=correction.reason,
        by_name=caller.name,
    )
    db.add(line)
    before = change_fields(
        row,
        {"lessons": row.lessons + correction.lessons, "amount": row.amount + correction.amount},
    )
    if not before:
        row.version += 1
    await db.flush()
    await _note(db, "statement.corrected", row, by=caller, before=before, reason=correction.reason)
    return row
