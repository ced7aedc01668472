"""A teacher's days as an office sees them, which reads what the teacher's own phone shows."""

from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from service.calendar import queries as calendar
from service.calendar.problems import TermNotFound
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.phone.queries.home import Home, home_of
from service.phone.queries.schedule import schedule
from service.phone.rules import present_term
from service.phone.schemas.office import TeacherWeekOut, TermCalendarOut
from service.staff.access import visible_teachers
from service.staff.problems import TeacherNotFound
from service.staff.tables import Teacher

_WEEK = timedelta(days=7)


async def _seen(db: AsyncSession, *, caller: Caller, teacher_id: UUID) -> Home:
    statement = select(Teacher.id).where(
        col(Teacher.id) == teacher_id,
        col(Teacher.id).in_(visible_teachers(caller, Permission.TIMETABLE_READ)),
    )
    if (await db.exec(statement)).one_or_none() is None:
        raise TeacherNotFound
    return await home_of(db, teacher_id=teacher_id)


async def week(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, on_date: date | None
) -> TeacherWeekOut:
    """The week of a day, or this week, of a teacher within reach.

    Raises
    ------
    TeacherNotFound
        There is no such teacher, or the caller may not see the timetable.
    """
    home = await _seen(db, caller=caller, teacher_id=teacher_id)
    day = on_date or home.today
    monday = day - timedelta(days=day.weekday())
    found = await schedule(db, home=home, from_=monday, until=monday + _WEEK)
    return TeacherWeekOut.of(home.teacher, found)


async def term_calendar(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, term_id: UUID | None
) -> TermCalendarOut:
    """Every day of a term of a teacher within reach, in short; without one, of this or the next.

    Raises
    ------
    TeacherNotFound
        There is no such teacher, or the caller may not see the timetable.
    TermNotFound
        There is no such term, or none at all.
    """
    home = await _seen(db, caller=caller, teacher_id=teacher_id)
    if term_id is None:
        term = present_term(await calendar.terms(db), today=home.today)
    else:
        term = calendar.span_of(await calendar.term_by_id(db, caller=caller, term_id=term_id))
    if term is None:
        raise TermNotFound
    found = await schedule(db, home=home, from_=term.starts, until=term.until)
    return TermCalendarOut.of(home.teacher, found)
