"""Reading who was there, and what the host schools said."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, and_, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.tables import Campus, School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher
from service.timetable.access import reaches, visible_campuses
from service.timetable.problems import LessonNotFound
from service.timetable.queries.lessons import local_subject
from service.timetable.rules import LessonStatus
from service.timetable.rules.absence import Thresholds
from service.timetable.rules.attendance import Word, month_after
from service.timetable.tables import Attendance, ClosedMonth, DutyPolicy, Lesson


class Attended(NamedTuple):
    """A lesson with what is known of its attendance."""

    lesson: Lesson
    attendance: Attendance | None
    teacher_name: str
    campus: Campus
    home_school_id: UUID | None
    policy: DutyPolicy | None
    school_name: str
    subject_words: Sequence[str] | None
    """What the district calls a subject of its own."""

    @property
    def thresholds(self) -> Thresholds:
        """What the host school decides on that day."""
        if self.policy is None:
            return Thresholds()
        return Thresholds(
            check_in_early_minutes=self.policy.check_in_early_minutes,
            late_after_minutes=self.policy.late_after_minutes,
            check_in_metres=self.policy.check_in_metres,
        )

    @property
    def mine(self) -> Attendance | None:
        """The attendance of the present teacher; who checked in before a cover is another."""
        one = self.attendance
        return one if one is not None and one.teacher_id == self.lesson.teacher_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendanceFilter:
    """Which lessons are asked for."""

    school_id: UUID | None = None
    teacher_id: UUID | None = None
    from_: date | None = None
    until: date | None = None
    state: Word | None = None
    visiting: bool | None = None


_AWAY = or_(col(Employment.school_id).is_(None), col(Employment.school_id) != col(Campus.school_id))
"""Taught by somebody whom another school employs on that day."""


def _rows() -> Select[Any]:
    return cast(
        "Select[Any]",
        select_rows(
            Lesson,
            Attendance,
            col(Teacher.name),
            Campus,
            col(Employment.school_id),
            DutyPolicy,
            col(School.name),
            local_subject(),
        )
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .join(School, col(School.id) == col(Campus.school_id))
        .join(Teacher, col(Teacher.id) == col(Lesson.teacher_id))
        .outerjoin(Attendance, col(Attendance.lesson_id) == col(Lesson.id))
        .outerjoin(
            Employment,
            and_(
                col(Employment.teacher_id) == col(Lesson.teacher_id),
                col(Employment.valid).contains(col(Lesson.on_date)),
            ),
        )
        .outerjoin(
            DutyPolicy,
            and_(
                col(DutyPolicy.school_id) == col(Campus.school_id),
                col(DutyPolicy.valid).contains(col(Lesson.on_date)),
            ),
        ),
    )


def attendances(caller: Caller, *, wanted: AttendanceFilter) -> Select[Any]:
    """The lessons within reach with their attendance, as rows of ``Attended``."""
    statement = _rows().where(
        reaches(
            caller,
            Permission.ATTENDANCE_READ,
            campus=col(Lesson.campus_id),
            teacher=col(Lesson.teacher_id),
        )
    )
    if wanted.school_id is not None:
        statement = statement.where(col(Campus.school_id) == wanted.school_id)
    if wanted.teacher_id is not None:
        statement = statement.where(col(Lesson.teacher_id) == wanted.teacher_id)
    if wanted.from_ is not None:
        statement = statement.where(col(Lesson.on_date) >= wanted.from_)
    if wanted.until is not None:
        statement = statement.where(col(Lesson.on_date) < wanted.until)
    if wanted.state is Word.OPEN:
        state = col(Attendance.state)
        statement = statement.where(or_(state.is_(None), state == Word.OPEN))
    elif wanted.state is not None:
        statement = statement.where(col(Attendance.state) == wanted.state)
    if wanted.visiting is not None:
        statement = statement.where(_AWAY if wanted.visiting else ~_AWAY)
    return statement


def recorded(caller: Caller) -> Select[Any]:
    """What is known of attendance within reach, by the teacher it was noted for.

    A later cover of the lesson takes nobody's own attendance away.
    """
    return _rows().where(
        col(Attendance.id).is_not(None),
        reaches(
            caller,
            Permission.ATTENDANCE_READ,
            campus=col(Lesson.campus_id),
            teacher=col(Attendance.teacher_id),
        ),
    )


async def _fetch(db: AsyncSession, statement: Any) -> list[Attended]:
    fresh = statement.execution_options(populate_existing=True)
    return [Attended(*row) for row in (await db.exec(fresh)).all()]


async def visible_attendance(db: AsyncSession, *, caller: Caller, lesson_id: UUID) -> Attended:
    """A lesson within reach with its attendance.

    Raises
    ------
    LessonNotFound
        It does not exist, or the caller may not see it.
    """
    statement = attendances(caller, wanted=AttendanceFilter())
    found = await _fetch(db, statement.where(col(Lesson.id) == lesson_id))
    if not found:
        raise LessonNotFound
    return found[0]


async def is_host(
    db: AsyncSession, *, caller: Caller, permission: Permission, campus_id: UUID
) -> bool:
    """Whether a permission reaches the campus where a lesson is."""
    statement = visible_campuses(caller, permission).where(col(Campus.id) == campus_id)
    return (await db.exec(statement)).one_or_none() is not None


async def is_own(
    db: AsyncSession, *, caller: Caller, permission: Permission, teacher_id: UUID
) -> bool:
    """Whether a permission reaches the teacher of a lesson."""
    statement = visible_teachers(caller, permission).where(col(Teacher.id) == teacher_id)
    return (await db.exec(statement)).one_or_none() is not None


async def hold_attendance(db: AsyncSession, *, lesson_id: UUID) -> Attendance | None:
    """What is known about a lesson, held for a change."""
    statement = (
        select(Attendance)
        .where(col(Attendance.lesson_id) == lesson_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).one_or_none()


async def visits_of_month(db: AsyncSession, *, school_id: UUID, month: date) -> Sequence[Attended]:
    """The scheduled lessons of visiting teachers at a school that the host has not confirmed."""
    state = col(Attendance.state)
    statement = (
        _rows()
        .where(
            col(Campus.school_id) == school_id,
            col(Lesson.on_date) >= month,
            col(Lesson.on_date) < month_after(month),
            col(Lesson.status) == LessonStatus.SCHEDULED,
            or_(state.is_(None), state.in_([Word.OPEN, Word.DISPUTED])),
            _AWAY,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )
    return await _fetch(db, statement)


async def visits_by(db: AsyncSession, *, teacher_id: UUID, month: date) -> Sequence[Attended]:
    """A teacher's own lessons at other schools in a month; asks for no permission."""
    statement = (
        _rows()
        .where(
            col(Lesson.teacher_id) == teacher_id,
            col(Lesson.on_date) >= month,
            col(Lesson.on_date) < month_after(month),
            col(Lesson.status) == LessonStatus.SCHEDULED,
            _AWAY,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )
    return await _fetch(db, statement)


async def closed_months(db: AsyncSession, *, teachers: Collection[UUID], month: date) -> set[UUID]:
    """Those of some teachers whose month is settled."""
    statement = select(ClosedMonth.teacher_id).where(
        col(ClosedMonth.teacher_id).in_(teachers), col(ClosedMonth.month) == month
    )
    return set((await db.exec(statement)).all())


async def confirmed_among(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> set[UUID]:
    """Those of some lessons that the host school has confirmed."""
    statement = select(Attendance.lesson_id).where(
        col(Attendance.lesson_id).in_(lesson_ids), col(Attendance.state) == Word.CONFIRMED
    )
    return set((await db.exec(statement)).all())


async def closed(db: AsyncSession, *, teacher_id: UUID, month: date) -> Sequence[ClosedMonth]:
    """The settlement of a teacher's month, if there is one."""
    statement = select(ClosedMonth).where(
        col(ClosedMonth.teacher_id) == teacher_id, col(ClosedMonth.month) == month
    )
    return (await db.exec(statement)).all()
