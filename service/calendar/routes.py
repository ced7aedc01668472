"""School years, terms, bells, and which day is taught how."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response
from sqlmodel import col, select

from service.calendar import actions, queries
from service.calendar.actions import Place
from service.calendar.problems import (
    BellScheduleNotFound,
    BellScheduleOverlaps,
    BellsUnfit,
    CalendarDayNotFound,
    LessonsAreLaid,
    NationalCalendarUnknown,
    SchoolYearExists,
    SchoolYearNotFound,
    TermExists,
    TermNotFound,
    TermUnfit,
)
from service.calendar.rules import DayScope, NoticeDiff
from service.calendar.schemas import (
    BellScheduleIn,
    BellScheduleOut,
    BellSchedulePut,
    BellSchedulesOut,
    CalendarDayIn,
    CalendarDayOut,
    DayOut,
    NoticeDiffOut,
    NoticeOut,
    SchoolYearIn,
    SchoolYearOut,
    TeachingDaysOut,
    TermIn,
    TermOut,
    TermPatch,
    bell_schedule_out,
)
from service.calendar.tables import CalendarDay, SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import FieldError, Text, ValidationFailed
from service.network.problems import CampusNotFound, GroupNotFound, SchoolNotFound

router = make_router(tag="calendar")

Reader = Annotated[Caller, needs(Permission.CALENDAR_READ)]
Writer = Annotated[Caller, needs(Permission.CALENDAR_WRITE)]
NoticeYear = Annotated[int, Path(ge=2000, le=2100, description="公历年", examples=[2026])]
From = Annotated[date | None, Query(alias="from", description="起始日(含)")]
Until = Annotated[date | None, Query(alias="until", description="截止日(不含)")]

_LONGEST_RANGE_DAYS = 400


@router.get(
    "/school-years",
    operation_id="listSchoolYears",
    summary="学年列表",
    description="列出本区的学年,默认按起始日期升序。",
    openapi_extra=english("List school years"),
)
async def list_school_years(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[SchoolYearOut]:
    """The district's school years."""
    statement = select(SchoolYear).where(col(SchoolYear.district_id) == caller.district_id)
    return await paging.answer(
        db,
        statement,
        sorts={"label": col(SchoolYear.label)},
        default="label",
        tie=col(SchoolYear.id),
        out=SchoolYearOut.of,
    )


@router.post(
    "/school-years",
    status_code=201,
    operation_id="openSchoolYear",
    summary="新建学年",
    description="学年名称如 `2027-2028`;日期不得与其他学年重叠。",
    openapi_extra=english("Open a school year", "Its days may not overlap another year's."),
    responses=may_fail(SchoolYearExists),
)
async def open_school_year(
    *, db: Db, caller: Writer, tag: NewTag, body: SchoolYearIn
) -> SchoolYearOut:
    """Open a school year."""
    year = await actions.open_year(db, caller=caller, new=body)
    tag(year.version)
    return SchoolYearOut.of(year)


@router.get(
    "/terms",
    operation_id="listTerms",
    summary="学期列表",
    description="列出本区的学期及第一教学周的周一,按起始日期升序。",
    openapi_extra=english("List terms"),
)
async def list_terms(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    school_year_id: Annotated[UUID | None, Query(description="仅该学年")] = None,
) -> Page[TermOut]:
    """The district's terms."""
    statement = select(Term).where(col(Term.district_id) == caller.district_id)
    if school_year_id is not None:
        statement = statement.where(col(Term.school_year_id) == school_year_id)
    return await paging.answer(
        db,
        statement,
        sorts={"week_one": col(Term.week_one)},
        default="week_one",
        tie=col(Term.id),
        out=TermOut.of,
    )


@router.post(
    "/terms",
    status_code=201,
    operation_id="openTerm",
    summary="新建学期",
    description="教学周从 `week_one`(开学日所在周的周一)起算,一学期最多 30 周。",
    openapi_extra=english(
        "Open a term", "Weeks count from the Monday of its first day's week; 30 at most."
    ),
    responses=may_fail(TermExists, TermUnfit, SchoolYearNotFound),
)
async def open_term(*, db: Db, caller: Writer, tag: NewTag, body: TermIn) -> TermOut:
    """Open a term."""
    term = await actions.open_term(db, caller=caller, new=body)
    tag(term.version)
    return TermOut.of(term)


@router.patch(
    "/terms/{term_id}",
    operation_id="changeTerm",
    summary="调整学期日期",
    description="新旧日期范围内已有课时会被拒绝。",
    openapi_extra=english("Change a term's days", "Refused while lessons stand in them."),
    responses=may_fail(TermNotFound, TermExists, TermUnfit, LessonsAreLaid),
)
async def change_term(
    *, db: Db, caller: Writer, expected: IfMatch, tag: NewTag, term_id: UUID, body: TermPatch
) -> TermOut:
    """Change a term's days."""
    term = await actions.change_term(
        db,
        caller=caller,
        term_id=term_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(term.version)
    return TermOut.of(term)


# Bells


@router.get(
    "/campuses/{campus_id}/bell-schedules",
    operation_id="listBellSchedules",
    summary="校区作息时间表",
    description="列出校区各学段的作息;给出 `as_of` 时只列当日有效的。",
    openapi_extra=english("A campus's bell schedules", "All, or those in force on `as_of`."),
    responses=may_fail(CampusNotFound),
)
async def list_bell_schedules(
    *,
    db: ReadDb,
    caller: Reader,
    campus_id: UUID,
    as_of: Annotated[date | None, Query(description="仅该日有效的作息")] = None,
) -> BellSchedulesOut:
    """A campus's bell schedules."""
    await queries.visible_campus(
        db, caller=caller, campus_id=campus_id, permission=Permission.CALENDAR_READ
    )
    found = await queries.schedules_of(db, campus_id=campus_id, on=as_of)
    return BellSchedulesOut(items=[bell_schedule_out(row, periods) for row, periods in found])


@router.post(
    "/bell-schedules",
    status_code=201,
    operation_id="createBellSchedule",
    summary="新建作息时间表",
    description="同一校区同一学段的作息有效期不得重叠;节次时刻按校区当地钟点填写。",
    openapi_extra=english(
        "Give a campus bells", "Schedules of a campus and stage may not overlap; wall times."
    ),
    responses=may_fail(CampusNotFound, BellScheduleOverlaps, BellsUnfit),
)
async def create_bell_schedule(
    *, db: Db, caller: Writer, tag: NewTag, body: BellScheduleIn
) -> BellScheduleOut:
    """Give a campus bells."""
    schedule, periods = await actions.ring(db, caller=caller, new=body)
    tag(schedule.version)
    return bell_schedule_out(schedule, periods)


@router.put(
    "/bell-schedules/{schedule_id}",
    operation_id="replaceBellSchedule",
    summary="整体替换作息时间表",
    description="替换名称、有效期与全部节次;已按此作息排课的日期不能改动。",
    openapi_extra=english(
        "Replace a bell schedule", "Name, validity and all periods; refused under laid lessons."
    ),
    responses=may_fail(BellScheduleNotFound, BellScheduleOverlaps, BellsUnfit, LessonsAreLaid),
)
async def replace_bell_schedule(
    *,
    db: Db,
    caller: Writer,
    expected: IfMatch,
    tag: NewTag,
    schedule_id: UUID,
    body: BellSchedulePut,
) -> BellScheduleOut:
    """Replace a bell schedule."""
    schedule, periods = await actions.ring_anew(
        db, caller=caller, schedule_id=schedule_id, expected=expected, new=body
    )
    tag(schedule.version)
    return bell_schedule_out(schedule, periods)


# Dates


async def _place(
    scope: DayScope,
    scope_id: Annotated[UUID, Path(description="区、集团或学校的 id")],
    on_date: date,
) -> Place:
    return Place(scope, scope_id, on_date)


At = Annotated[Place, Depends(_place)]


@router.get(
    "/calendar-days",
    operation_id="listCalendarDays",
    summary="校历安排列表",
    description="列出与平常不同的日期(放假、调休、考试、活动):全区的,以及您可见的集团与学校的。",
    openapi_extra=english("List the dates that differ", "Days off, make-up days, exams, events."),
)
async def list_calendar_days(
    *, db: ReadDb, caller: Reader, paging: Paging, from_: From = None, until: Until = None
) -> Page[CalendarDayOut]:
    """The dates that differ."""
    return await paging.answer(
        db,
        queries.visible_days(caller, from_=from_, until=until),
        sorts={"on_date": col(CalendarDay.on_date)},
        default="on_date",
        tie=col(CalendarDay.id),
        out=CalendarDayOut.of,
    )


@router.put(
    "/calendar-days/{scope}/{scope_id}/{on_date}",
    operation_id="decideCalendarDay",
    summary="安排某日校历",
    description="为全区、集团或学校安排某一天;范围小的优先。调休上课日请同时填写按周几、"
    "单周还是双周的课表。该日已有课时会被拒绝。",
    openapi_extra=english(
        "Decide a date",
        "For the district, a group or a school; the narrower wins. A make-up day says whose "
        "weekday and parity it follows. Refused while lessons stand on the date.",
    ),
    responses=may_fail(SchoolNotFound, GroupNotFound, CalendarDayNotFound, LessonsAreLaid),
)
async def decide_calendar_day(
    *,
    db: Db,
    caller: Writer,
    tag: NewTag,
    place: At,
    body: CalendarDayIn,
) -> CalendarDayOut:
    """Decide a date."""
    day = await actions.decide_day(db, caller=caller, place=place, wanted=body)
    tag(day.version)
    return CalendarDayOut.of(day)


@router.delete(
    "/calendar-days/{scope}/{scope_id}/{on_date}",
    status_code=204,
    operation_id="undoCalendarDay",
    summary="撤销某日校历安排",
    description="撤销后恢复为上一级范围或日期本身的安排。",
    openapi_extra=english("Undo a decision", "The wider scope or the weekday counts again."),
    responses=may_fail(SchoolNotFound, GroupNotFound, CalendarDayNotFound, LessonsAreLaid),
)
async def undo_calendar_day(*, db: Db, caller: Writer, expected: IfMatch, place: At) -> Response:
    """Undo a decision."""
    await actions.undo_day(db, caller=caller, place=place, expected=expected)
    return Response(status_code=204)


async def _range(
    from_: Annotated[date, Query(alias="from", description="起始日(含)", examples=["2026-09-14"])],
    until: Annotated[date, Query(description="截止日(不含),最多 400 天", examples=["2026-10-12"])],
) -> tuple[date, date]:
    if not 0 < (until - from_).days <= _LONGEST_RANGE_DAYS:
        words = Text("须晚于 from,且最多 400 天", "must be after from, and at most 400 days later")
        raise ValidationFailed(errors=[FieldError("query/until", "range", words)])
    return from_, until


@router.get(
    "/campuses/{campus_id}/teaching-days",
    operation_id="listTeachingDays",
    summary="校区教学日",
    description="逐日列出校区是否上课、按周几(单双周)课表、第几教学周;不上课的说明原因,"
    "放假通知尚未发布的年度标为暂定。",
    openapi_extra=english(
        "A campus's teaching days",
        "Day by day: taught or why not, whose weekday and parity, which week, provisional or not.",
    ),
    responses=may_fail(CampusNotFound),
)
async def list_teaching_days(
    *,
    db: ReadDb,
    caller: Reader,
    campus_id: UUID,
    span: Annotated[tuple[date, date], Depends(_range)],
) -> TeachingDaysOut:
    """A campus's teaching days."""
    await queries.visible_campus(
        db, caller=caller, campus_id=campus_id, permission=Permission.CALENDAR_READ
    )
    from_, until = span
    explained = await queries.explained_days_of(
        db, campus_ids=[campus_id], from_=from_, until=until
    )
    return TeachingDaysOut(
        campus_id=campus_id, items=[DayOut.of(day) for day in explained[campus_id]]
    )


# The national notice


async def _notice(db: AsyncSession, year: int, diffs: list[NoticeDiff]) -> NoticeOut:
    return NoticeOut(
        year=year,
        announced=year in await queries.announced_years(db),
        items=[NoticeDiffOut.of(diff) for diff in diffs],
    )


@router.get(
    "/calendar-notices/{year}",
    operation_id="previewCalendarNotice",
    summary="预览年度放假通知",
    description="将国务院办公厅放假通知与本区校历逐日比对,不写入任何内容;"
    "调休上课日只给出推测的所按课表,须由本区公布。",
    openapi_extra=english(
        "Preview a national notice",
        "Compares it with the district's calendar and writes nothing. Whose timetable a make-up "
        "day follows is only suggested.",
    ),
    responses=may_fail(NationalCalendarUnknown),
)
async def preview_calendar_notice(*, db: ReadDb, caller: Reader, year: NoticeYear) -> NoticeOut:
    """Preview a national notice."""
    return await _notice(db, year, await actions.compare_year(db, caller=caller, year=year))


@router.post(
    "/calendar-notices/{year}:apply",
    operation_id="applyCalendarNotice",
    summary="采用年度放假通知",
    description="写入通知中的日期,保留人工修改;重复采用不产生改动。",
    openapi_extra=english(
        "Take a national notice over", "People's edits are kept; applying again changes nothing."
    ),
    responses=may_fail(NationalCalendarUnknown, LessonsAreLaid),
)
async def apply_calendar_notice(*, db: Db, caller: Writer, year: NoticeYear) -> NoticeOut:
    """Take a national notice over."""
    diffs = await actions.take_over_year(db, caller=caller, year=year)
    return await _notice(db, year, diffs)
