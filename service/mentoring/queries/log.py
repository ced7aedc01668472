"""Reading the logs of pairings within reach."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.mentoring.access import visible_pairings
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.log import LogEntryNotFound
from service.mentoring.queries.programme import person
from service.mentoring.rules.log import LogKind, LogState
from service.mentoring.tables import LogEntry, LogEntryVersion, Pairing
from service.network.queries import standpoint
from service.network.queries.finding import rows_of
from service.network.tables import School
from service.staff.tables import Employment, Teacher
from service.timetable.tables import Lesson


async def entries(
    db: AsyncSession,
    *,
    caller: Caller,
    pairing_id: UUID | None = None,
    kind: LogKind | None = None,
    state: LogState | None = None,
) -> Select[Any]:
    """Rows for ``LogEntryOut`` within sight."""
    at = await standpoint(db, district_id=caller.district_id)
    shown, employed = person(day=at.day)
    statement: Select[Any] = (
        select_rows(LogEntry, shown)
        .join(Pairing, col(Pairing.id) == col(LogEntry.pairing_id))
        .join(Teacher, col(Teacher.id) == col(LogEntry.written_by))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(visible_pairings(caller))
    )
    asked = ((Pairing.id, pairing_id), (LogEntry.kind, kind), (LogEntry.state, state))
    for column, value in asked:
        if value is not None:
            statement = statement.where(col(column) == value)
    return statement


async def check_pairing(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> None:
    """Refuse a pairing out of sight.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    """
    statement = select(Pairing.id).where(col(Pairing.id) == pairing_id, visible_pairings(caller))
    if (await db.exec(statement)).one_or_none() is None:
        raise PairingNotFound


async def entry_row(db: AsyncSession, *, caller: Caller, entry_id: UUID) -> tuple[LogEntry, Any]:
    """A row for ``LogEntryOut``.

    Raises
    ------
    LogEntryNotFound
        There is none, or the caller may not see it.
    """
    statement = await entries(db, caller=caller)
    found = await rows_of(db, statement.where(col(LogEntry.id) == entry_id))
    if not found:
        raise LogEntryNotFound
    entry, writer = found[0]
    return entry, writer


def versions(entry_id: UUID) -> SelectOfScalar[LogEntryVersion]:
    """How an entry read before."""
    return select(LogEntryVersion).where(col(LogEntryVersion.entry_id) == entry_id)


async def count_versions(db: AsyncSession, *, entry_id: UUID) -> int:
    """How often an entry was corrected."""
    statement = select(func.count()).where(col(LogEntryVersion.entry_id) == entry_id)
    return (await db.exec(statement)).one()


async def lesson_fits(db: AsyncSession, *, lesson_id: UUID, teachers: set[UUID], on: Any) -> bool:
    """Whether a lesson is one of these teachers' on a day."""
    statement = select(Lesson.id).where(
        col(Lesson.id) == lesson_id,
        col(Lesson.teacher_id).in_(teachers),
        col(Lesson.on_date) == on,
    )
    return (await db.exec(statement)).one_or_none() is not None
