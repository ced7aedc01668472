"""Reading visits within reach, and what one is planned from."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, literal, or_
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.kit.problems import Text
from service.mentoring.access import visible_pairings
from service.mentoring.problems.visit import VisitNotFound, VisitUnfit
from service.mentoring.rules.visit import VisitState
from service.mentoring.tables import Pairing, Visit
from service.network.queries.finding import rows_of
from service.network.tables import Campus, School
from service.staff.tables import Employment, Teacher
from service.timetable.rules import LessonStatus
from service.timetable.tables import Lesson

_Mentor, _Mentee = aliased(Teacher), aliased(Teacher)


def visits(
    caller: Caller, *, pairing_id: UUID | None = None, state: VisitState | None = None
) -> Select[Any]:
    """Rows for ``VisitOut`` within sight."""
    # Whether the lesson that is observed is still the mentee's, there and then.
    stands = and_(
        col(Lesson.teacher_id) == col(Pairing.mentee_id),
        col(Lesson.status) == LessonStatus.SCHEDULED.value,
        col(Lesson.starts_at) == col(Visit.starts_at),
        col(Lesson.campus_id) == col(Visit.campus_id),
    )
    columns: tuple[Any, ...] = (
        Visit,
        func.jsonb_build_object("id", col(_Mentor.id), "name", col(_Mentor.name)),
        func.jsonb_build_object("id", col(_Mentee.id), "name", col(_Mentee.name)),
        func.jsonb_build_object("id", col(Campus.id), "name", col(Campus.name)),
        func.jsonb_build_object("id", col(School.id), "name", col(School.name)),
        col(Campus.zone),
        or_(col(Visit.lesson_id).is_(None), func.coalesce(stands, literal(value=False))),
    )
    statement: Select[Any] = (
        select_rows(*columns)
        .join(Pairing, col(Pairing.id) == col(Visit.pairing_id))
        .join(_Mentor, col(_Mentor.id) == col(Pairing.mentor_id))
        .join(_Mentee, col(_Mentee.id) == col(Pairing.mentee_id))
        .join(Campus, col(Campus.id) == col(Visit.campus_id))
        .join(School, col(School.id) == col(Campus.school_id))
        .outerjoin(Lesson, col(Lesson.id) == col(Visit.lesson_id))
        .where(visible_pairings(caller))
    )
    if pairing_id is not None:
        statement = statement.where(col(Visit.pairing_id) == pairing_id)
    return statement if state is None else statement.where(col(Visit.state) == state.value)


async def visit_row(db: AsyncSession, *, caller: Caller, visit_id: UUID) -> tuple[Any, ...]:
    """A row for ``VisitOut``.

    Raises
    ------
    VisitNotFound
        There is none, or the caller may not see it.
    """
    found = await rows_of(db, visits(caller).where(col(Visit.id) == visit_id))
    if not found:
        raise VisitNotFound
    return tuple(found[0])


async def campus_of(
    db: AsyncSession, *, mentee_id: UUID, day: date, campus_id: UUID | None = None
) -> Campus:
    """The mentee's campus of a day: the one named, else the school's main one.

    Raises
    ------
    VisitUnfit
        The mentee's school of the day has no such campus.
    """
    wanted = col(Campus.main) if campus_id is None else col(Campus.id) == campus_id
    statement = (
        select(Campus)
        .join(Employment, col(Employment.school_id) == col(Campus.school_id))
        .where(col(Employment.teacher_id) == mentee_id, col(Employment.valid).contains(day), wanted)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        words = Text("不是徒弟当日任职学校的校区", "is no campus of the mentee's school that day")
        raise VisitUnfit(pointer="/campus_id", message=words)
    return found


async def lesson_of(db: AsyncSession, *, mentee_id: UUID, lesson_id: UUID) -> Lesson:
    """A lesson that is the mentee's to teach.

    Raises
    ------
    VisitUnfit
        It is not, or is cancelled.
    """
    statement = select(Lesson).where(
        col(Lesson.id) == lesson_id,
        col(Lesson.teacher_id) == mentee_id,
        col(Lesson.status) == LessonStatus.SCHEDULED.value,
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        words = Text("不是徒弟要上的课", "is no lesson that the mentee is to teach")
        raise VisitUnfit(pointer="/lesson_id", message=words)
    return found


async def coming_lessons(
    db: AsyncSession, *, mentee_id: UUID, after: datetime, until: datetime
) -> Sequence[Lesson]:
    """The lessons that a mentee is to teach, in order."""
    statement = (
        select(Lesson)
        .where(
            col(Lesson.teacher_id) == mentee_id,
            col(Lesson.status) == LessonStatus.SCHEDULED.value,
            col(Lesson.starts_at) > after,
            col(Lesson.starts_at) < until,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )
    return (await db.exec(statement)).all()


async def planned(
    db: AsyncSession, *, after: datetime, pairing_ids: Collection[UUID]
) -> Sequence[tuple[Visit, Pairing]]:
    """The visits of pairings that are to begin after a moment, as they are now."""
    statement = (
        select(Visit, Pairing)
        .join(Pairing, col(Pairing.id) == col(Visit.pairing_id))
        .where(
            col(Visit.pairing_id).in_(pairing_ids),
            col(Visit.state) == VisitState.PLANNED.value,
            col(Visit.starts_at) > after,
        )
        .order_by(col(Visit.id))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def pairings_of(db: AsyncSession, *, teacher_id: UUID) -> Sequence[UUID]:
    """All pairings in which somebody is one of the two."""
    statement = select(Pairing.id).where(
        or_(col(Pairing.mentor_id) == teacher_id, col(Pairing.mentee_id) == teacher_id)
    )
    return (await db.exec(statement)).all()
