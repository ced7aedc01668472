"""Reading statements, and the lists of the schools that confirmed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, func, or_
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import visible_schools
from service.network.tables import Campus, School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher
from service.timetable.rules.attendance import Word, month_after
from service.timetable.tables import Attendance, Lesson
from service.workload.problems import StatementNotFound
from service.workload.rules import Line, LineKind, StatementState
from service.workload.tables import Statement, StatementLine

_Home = aliased(School, name="home")


class Stated(NamedTuple):
    """A statement with the names on it."""

    statement: Statement
    number: str
    name: str
    home: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFilter:
    """Which statements are asked for."""

    month: date | None = None
    teacher_id: UUID | None = None
    home_school_id: UUID | None = None
    state: StatementState | None = None


def statements(caller: Caller, *, wanted: StatementFilter) -> Select[Any]:
    """The statements of teachers within reach, as rows of ``Stated``."""
    statement: Any = (
        select_rows(Statement, col(Teacher.number), col(Teacher.name), col(_Home.name))
        .join(Teacher, col(Teacher.id) == col(Statement.teacher_id))
        .outerjoin(_Home, col(_Home.id) == col(Statement.home_school_id))
        .where(col(Statement.teacher_id).in_(visible_teachers(caller, Permission.STATEMENT_READ)))
    )
    if wanted.month is not None:
        statement = statement.where(col(Statement.month) == wanted.month)
    if wanted.teacher_id is not None:
        statement = statement.where(col(Statement.teacher_id) == wanted.teacher_id)
    if wanted.home_school_id is not None:
        statement = statement.where(col(Statement.home_school_id) == wanted.home_school_id)
    if wanted.state is not None:
        statement = statement.where(col(Statement.state) == wanted.state)
    return cast("Select[Any]", statement)


async def visible_statement(db: AsyncSession, *, caller: Caller, statement_id: UUID) -> Stated:
    """A statement of a teacher within reach.

    Raises
    ------
    StatementNotFound
        It does not exist, or the caller may not see it.
    """
    statement = statements(caller, wanted=StatementFilter()).where(
        col(Statement.id) == statement_id
    )
    fresh: Any = statement.execution_options(populate_existing=True)
    found = (await db.exec(fresh)).one_or_none()
    if found is None:
        raise StatementNotFound
    return Stated(*found)


async def lines_of(db: AsyncSession, *, statement_id: UUID) -> Sequence[tuple[StatementLine, str]]:
    """The lines of a statement with the hosts' names, in order."""
    statement = (
        select(StatementLine, School.name)
        .join(School, col(School.id) == col(StatementLine.school_id))
        .where(col(StatementLine.statement_id) == statement_id)
        .order_by(
            col(StatementLine.kind) == LineKind.CORRECTION,
            col(StatementLine.on_date),
            col(StatementLine.id),
        )
    )
    return (await db.exec(statement)).all()


def as_line(row: StatementLine) -> Line:
    """A row that is no correction, as the rules take it."""
    return Line(
        lesson_id=row.lesson_id or row.id,
        school_id=row.school_id,
        on_date=row.on_date,
        kind=LineKind(row.kind),
        quantity=row.quantity,
        rate=row.rate,
        rate_id=row.rate_id,
        gross=row.gross,
        amount=row.amount,
        minutes=row.minutes,
    )


async def corrections_of(db: AsyncSession, *, statement_id: UUID) -> Sequence[StatementLine]:
    """The corrections that stand in a statement."""
    statement = select(StatementLine).where(
        col(StatementLine.statement_id) == statement_id,
        col(StatementLine.kind) == LineKind.CORRECTION,
    )
    return (await db.exec(statement)).all()


async def may(
    db: AsyncSession, *, caller: Caller, permission: Permission, teacher_id: UUID
) -> bool:
    """Whether a permission reaches a teacher."""
    statement = visible_teachers(caller, permission).where(col(Teacher.id) == teacher_id)
    return (await db.exec(statement)).one_or_none() is not None


async def employed_at(db: AsyncSession, *, school_id: UUID, month: date) -> set[UUID]:
    """The teachers whom a school employs on some day of a month."""
    statement = select(Employment.teacher_id).where(
        col(Employment.school_id) == school_id,
        func.coalesce(func.lower(col(Employment.valid)), date.min) < month_after(month),
        or_(func.upper(col(Employment.valid)).is_(None), func.upper(col(Employment.valid)) > month),
    )
    return set((await db.exec(statement)).all())


async def earners(db: AsyncSession, *, caller: Caller, month: date) -> set[UUID]:
    """The teachers within reach whom a host has confirmed in a month, or who have a statement."""
    writable = visible_teachers(caller, Permission.STATEMENT_WRITE)
    confirmed = (
        select(Attendance.teacher_id)
        .join(Lesson, col(Lesson.id) == col(Attendance.lesson_id))
        .where(
            col(Attendance.state) == Word.CONFIRMED,
            col(Lesson.on_date) >= month,
            col(Lesson.on_date) < month_after(month),
            col(Attendance.teacher_id).in_(writable),
        )
        .distinct()
    )
    stated = select(Statement.teacher_id).where(
        col(Statement.month) == month, col(Statement.teacher_id).in_(writable)
    )
    return set((await db.exec(confirmed)).all()) | set((await db.exec(stated)).all())


async def hold_statements(
    db: AsyncSession, *, teachers: Collection[UUID], month: date
) -> dict[UUID, Statement]:
    """The statements of a month by teacher, held for a change."""
    statement = (
        select(Statement)
        .where(col(Statement.teacher_id).in_(teachers), col(Statement.month) == month)
        .order_by(col(Statement.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.teacher_id: row for row in (await db.exec(statement)).all()}


async def statement_of(db: AsyncSession, *, teacher_id: UUID, month: date) -> Statement | None:
    """A teacher's statement of a month, in whatever state."""
    statement = select(Statement).where(
        col(Statement.teacher_id) == teacher_id, col(Statement.month) == month
    )
    return (await db.exec(statement)).one_or_none()


async def settled_statement(db: AsyncSession, *, teacher_id: UUID, month: date) -> Statement | None:
    """A teacher's statement of a month, if it is approved or frozen."""
    statement = select(Statement).where(
        col(Statement.teacher_id) == teacher_id,
        col(Statement.month) == month,
        col(Statement.state).in_([StatementState.APPROVED, StatementState.FROZEN]),
    )
    return (await db.exec(statement)).one_or_none()


# The list of a school


class ListRow(NamedTuple):
    """What a teacher earned at a school in a month."""

    statement: Statement
    number: str
    name: str
    home: str | None
    lines: list[StatementLine]


@dataclass(frozen=True, slots=True)
class AllowanceList:
    """What a school has to see paid for a month."""

    school: School
    month: date
    rows: list[ListRow]
    confirmed: int
    """How many lessons the school has confirmed."""

    @property
    def listed(self) -> int:
        """How many confirmed lessons the rows tell of."""
        return sum(1 for row in self.rows for line in row.lines if line.kind == LineKind.LESSON)

    @property
    def amount(self) -> Decimal:
        """What it all adds up to."""
        return sum((line.amount for row in self.rows for line in row.lines), Decimal("0.00"))


async def visible_host(db: AsyncSession, *, caller: Caller, school_id: UUID) -> School | None:
    """A school whose lists the caller may read."""
    statement = select(School).where(
        col(School.id) == school_id,
        col(School.id).in_(visible_schools(caller, Permission.STATEMENT_READ)),
    )
    return (await db.exec(statement)).one_or_none()


async def allowance_list(db: AsyncSession, *, school: School, month: date) -> AllowanceList:
    """The lines of a month at a school, by teacher."""
    statement = (
        select_rows(
            StatementLine, Statement, col(Teacher.number), col(Teacher.name), col(_Home.name)
        )
        .join(Statement, col(Statement.id) == col(StatementLine.statement_id))
        .join(Teacher, col(Teacher.id) == col(Statement.teacher_id))
        .outerjoin(_Home, col(_Home.id) == col(Statement.home_school_id))
        .where(col(StatementLine.school_id) == school.id, col(Statement.month) == month)
        .order_by(col(Teacher.number), col(StatementLine.on_date), col(StatementLine.id))
    )
    rows: dict[UUID, ListRow] = {}
    for line, stated, number, name, home in (await db.exec(cast("Any", statement))).all():
        row = rows.setdefault(stated.id, ListRow(stated, number, name, home, []))
        row.lines.append(line)
    counted = (
        select(func.count())
        .select_from(Attendance)
        .join(Lesson, col(Lesson.id) == col(Attendance.lesson_id))
        .where(
            col(Attendance.school_id) == school.id,
            col(Attendance.state) == Word.CONFIRMED,
            col(Lesson.on_date) >= month,
            col(Lesson.on_date) < month_after(month),
        )
    )
    confirmed = (await db.exec(counted)).one()
    return AllowanceList(school, month, list(rows.values()), confirmed)


async def is_host(db: AsyncSession, *, teacher_id: UUID, school_id: UUID) -> bool:
    """Whether a teacher has taught, or was to teach, at a school."""
    statement = (
        select(Lesson.id)
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .where(col(Lesson.teacher_id) == teacher_id, col(Campus.school_id) == school_id)
        .limit(1)
    )
    return (await db.exec(statement)).first() is not None
