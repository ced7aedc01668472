"""A day at a campus: who comes from elsewhere, which lessons nobody takes, who is away."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.calendar import queries as calendar
from service.calendar.rules import PeriodTimes
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import visible_schools
from service.network.problems import CampusNotFound
from service.network.tables import Campus, School
from service.staff.tables import Employment
from service.timetable.access import schools_beside, visible_campuses
from service.timetable.queries.lessons import LESSON_ROWS
from service.timetable.rules import LessonChange, LessonStatus
from service.timetable.tables import Lesson


async def readable_schools(db: AsyncSession, *, caller: Caller) -> dict[UUID, School]:
    """The schools whose timetable the caller reads, by their campuses."""
    statement = (
        select(Campus.id, School)
        .join(School, col(School.id) == col(Campus.school_id))
        .where(col(School.id).in_(visible_schools(caller, Permission.TIMETABLE_READ)))
    )
    return dict((await db.exec(statement)).all())


async def known_beside(
    db: AsyncSession, *, caller: Caller, school_ids: Collection[UUID]
) -> set[UUID]:
    """Which of some schools share a group with the caller, or are the caller's own."""
    statement = schools_beside(caller).where(col(School.id).in_(school_ids))
    return set((await db.exec(statement)).all())


async def campus_seen(
    db: AsyncSession, *, caller: Caller, permission: Permission, campus_id: UUID
) -> tuple[Campus, School]:
    """A campus whose timetable the caller sees, and its school.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    """
    statement = (
        select(Campus, School)
        .join(School, col(School.id) == col(Campus.school_id))
        .where(
            col(Campus.id) == campus_id, col(Campus.id).in_(visible_campuses(caller, permission))
        )
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    return found


async def visits(db: AsyncSession, *, campus: Campus, day: date) -> Sequence[Any]:
    """The lessons of a day at a campus that concern its office, in the order of teachers.

    Those taught by somebody whom another school employs, and those that nobody takes. Rows of
    ``LESSON_ROWS`` with the home school's id and name behind them.
    """
    home = and_(
        col(Employment.teacher_id) == col(Lesson.teacher_id), col(Employment.valid).contains(day)
    )
    theirs = select_rows(col(School.id), col(School.name)).subquery("theirs")
    statement = (
        LESSON_ROWS.add_columns(theirs.c.id.label("home_id"), theirs.c.name.label("home_name"))
        .outerjoin(Employment, home)
        .outerjoin(theirs, theirs.c.id == col(Employment.school_id))
        .where(
            col(Lesson.campus_id) == campus.id,
            col(Lesson.on_date) == day,
            col(Lesson.status) == LessonStatus.SCHEDULED,
            or_(
                col(Employment.school_id).is_distinct_from(campus.school_id),
                col(Lesson.change) == LessonChange.NEEDS_COVER,
            ),
        )
        .order_by(col(Lesson.teacher_id), col(Lesson.starts_at), col(Lesson.id))
    )
    return (await (await db.connection()).execute(statement)).all()


async def bells_on(
    db: AsyncSession, *, campus_id: UUID, day: date
) -> dict[str, Sequence[PeriodTimes]]:
    """The periods that a campus's bells ring on a day, by stage."""
    rung = await calendar.bells_of(db, campus_ids=[campus_id])
    return {
        stage: bells.periods
        for (_, stage), schedules in rung.items()
        for bells in schedules
        if bells.rings_on(day)
    }
