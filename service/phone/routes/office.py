"""What an office asks about a teacher: the week, the term; each also as an Excel file."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from service.calendar.problems import TermNotFound
from service.kit.auth import Caller, Permission
from service.kit.http import ReadDb, a_file, english, make_router, may_fail, needs, send_file
from service.phone import sheets
from service.phone.queries import office
from service.phone.schemas.office import TeacherWeekOut, TermCalendarOut
from service.staff.problems import TeacherNotFound

router = make_router(tag="lessons")

Reader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
OnDate = Annotated[
    date | None,
    Query(alias="on", description="该日所在的一周;空为本周", examples=["2026-09-16"]),
]
TermId = Annotated[UUID | None, Query(description="学期;空为当前学期,假期中为下一学期")]


@router.get(
    "/teachers/{teacher_id}/week",
    operation_id="getTeacherWeek",
    summary="教师的一周",
    description="该教师一周的课,与其手机上所见一致:各校区的上下课时刻、最晚出发时刻、变动及原因。",
    responses=may_fail(TeacherNotFound),
    openapi_extra=english(
        "A teacher's week",
        "The lessons of a week, just as the teacher's phone shows them: clock times of each "
        "campus, when to leave, what changed and why.",
    ),
)
async def get_teacher_week(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, on_date: OnDate = None
) -> TeacherWeekOut:
    """A teacher's week."""
    return await office.week(db, caller=caller, teacher_id=teacher_id, on_date=on_date)


@router.get(
    "/teachers/{teacher_id}/week.xlsx",
    operation_id="getTeacherWeekFile",
    summary="教师的一周(Excel)",
    description="该教师一周的课,每节一行。",
    response_class=Response,
    responses=a_file("一周课表 / The week") | may_fail(TeacherNotFound),
    openapi_extra=english("A teacher's week as a file", "A lesson a row."),
)
async def get_teacher_week_file(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, on_date: OnDate = None
) -> Response:
    """A teacher's week as a file."""
    found = await office.week(db, caller=caller, teacher_id=teacher_id, on_date=on_date)
    content = await asyncio.to_thread(sheets.week_file, found)
    return send_file(content, name=f"{found.teacher.name}-{found.monday}.xlsx")


@router.get(
    "/teachers/{teacher_id}/term-calendar",
    operation_id="getTeacherTermCalendar",
    summary="教师的学期日历",
    description="一学期逐日:当日性质(上课、放假、调休)、节数、走教节数与所到校区。",
    responses=may_fail(TeacherNotFound, TermNotFound),
    openapi_extra=english(
        "A teacher's term",
        "Day by day: what the day is, how many lessons, how many of them itinerant, and where.",
    ),
)
async def get_teacher_term_calendar(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, term_id: TermId = None
) -> TermCalendarOut:
    """A teacher's term."""
    return await office.term_calendar(db, caller=caller, teacher_id=teacher_id, term_id=term_id)


@router.get(
    "/teachers/{teacher_id}/term-calendar.xlsx",
    operation_id="getTeacherTermCalendarFile",
    summary="教师的学期日历(Excel)",
    description="一学期的日历,每周一行。",
    response_class=Response,
    responses=a_file("学期日历 / The term") | may_fail(TeacherNotFound, TermNotFound),
    openapi_extra=english("A teacher's term as a file", "A week a row."),
)
async def get_teacher_term_calendar_file(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, term_id: TermId = None
) -> Response:
    """A teacher's term as a file."""
    found = await office.term_calendar(db, caller=caller, teacher_id=teacher_id, term_id=term_id)
    content = await asyncio.to_thread(sheets.term_file, found)
    return send_file(content, name=f"{found.teacher.name}-{found.from_date}.xlsx")
