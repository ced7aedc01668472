"""School years, terms, bells, and which day is taught how."""

from datetime import date
from typing import Annotated
from uuid import UUID

from annotated_types import Ge, Le
from fastapi import Depends, Path, Query, Response
from sqlmodel import col, select

from service.calendar import actions, queries
from service.calendar.actions import Place
from service.calendar.problems import (
    BellScheduleNotFound,
    BellScheduleOverlaps,
    BellsUnfit,
    CalendarDayExists,
    CalendarDayNotFound,
    CalendarNoticeNotFound,
    LessonsAreLaid,
    NationalCalendarUnknown,
    SchoolYearExists,
    SchoolYearNotFound,
    TermExists,
    TermNotFound,
    TermUnfit,
)
from service.calendar.rules import DayScope
from service.calendar.schemas import (
    BellScheduleIn,
    BellScheduleOut,
    BellSchedulePut,
    BellSchedulesOut,
    CalendarDayIn,
    CalendarDayOut,
    ComparedNotice,
    DayOut,
    ImpactOut,
    NoticeOut,
    SchoolYearIn,
    SchoolYearOut,
    TeachingDaysOut,
    TermIn,
    TermOut,
    TermPatch,
    bell_schedule_out,
)
from service.calendar.tables import CalendarDay, CalendarNotice, SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import FieldError, StillReferenced, Text, ValidationFailed
from service.network.problems import CampusNotFound, GroupNotFound, SchoolNotFound

router = make_router(tag="calendar")

Reader = Annotated[Caller, needs(Permission.CALENDAR_READ)]
Writer = Annotated[Caller, needs(Permission.CALENDAR_WRITE)]
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_LONGEST_RANGE_DAYS = 400

NoticeYear = Annotated[
    int, Path(ge=_FIRST_YEAR, le=_LAST_YEAR, description="公历年", examples=[2026])
]


# Years and terms


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
    "/school-years/{school_year_id}",
    operation_id="getSchoolYear",
    summary="学年",
    description="一个学年。",
    openapi_extra=english("A school year"),
    responses=may_fail(SchoolYearNotFound),
)
async def get_school_year(
    *, db: ReadDb, caller: Reader, tag: Tag, school_year_id: UUID
) -> SchoolYearOut:
    """A school year."""
    year = await queries.year_by_id(db, caller=caller, school_year_id=school_year_id)
    tag(year.version)
    return SchoolYearOut.of(year)


@router.delete(
    "/school-years/{school_year_id}",
    status_code=204,
    operation_id="dropSchoolYear",
    summary="删除学年",
    description="删除误建的学年;已有学期的学年不能删除。",
    openapi_extra=english(
        "Drop a school year", "One entered by mistake; refused while it has terms."
    ),
    responses=may_fail(SchoolYearNotFound, StillReferenced),
)
async def drop_school_year(
    *, db: Db, caller: Writer, expected: IfMatch, school_year_id: UUID
) -> Response:
    """Drop a school year."""
    await actions.drop_year(db, caller=caller, school_year_id=school_year_id, expected=expected)
    return Response(status_code=204)


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


@router.get(
    "/terms/{term_id}",
    operation_id="getTerm",
    summary="学期",
    description="一个学期的起止日期与第一教学周的周一。",
    openapi_extra=english("A term"),
    responses=may_fail(TermNotFound),
)
async def get_term(*, db: ReadDb, caller: Reader, tag: Tag, term_id: UUID) -> TermOut:
    """A term."""
    term = await queries.term_by_id(db, caller=caller, term_id=term_id)
    tag(term.version)
    return TermOut.of(term)


@router.delete(
    "/terms/{term_id}",
    status_code=204,
    operation_id="dropTerm",
    summary="删除学期",
    description="删除误建的学期;已有走教安排或已排课的学期不能删除。",
    openapi_extra=english(
        "Drop a term", "One entered by mistake; refused once something was built on it."
    ),
    responses=may_fail(TermNotFound, StillReferenced, LessonsAreLaid),
)
async def drop_term(*, db: Db, caller: Writer, expected: IfMatch, term_id: UUID) -> Response:
    """Drop a term."""
    await actions.drop_term(db, caller=caller, term_id=term_id, expected=expected)
    return Response(status_code=204)


@router.patch(
    "/terms/{term_id}",
    operation_id="changeTerm",
    summary="调整学期日期",
    description="调整起止日期或第一教学周。受影响日期的课随之新排、取消或改周;保存前可先预览影响。",
    openapi_extra=english(
        "Change a term's days",
        "Lessons on dates that are taught otherwise, or no more, follow; preview it first.",
    ),
    responses=may_fail(TermNotFound, TermExists, TermUnfit, LessonsAreLaid),
)
async def change_term(
    *, db: Db, caller: Writer, expected: IfMatch, tag: NewTag, term_id: UUID, body: TermPatch
) -> TermOut:
    """Change a term's days."""
    term, _ = await actions.change_term(
        db,
        caller=caller,
        term_id=term_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(term.version)
    return TermOut.of(term)


@router.post(
    "/terms/{term_id}:preview",
    operation_id="previewTerm",
    summary="预览学期调整的影响",
    description="按真实流程试行后全部撤回,告知会新排、改时间、取消多少节课,"
    "以及会影响哪些代课、换课与调课。",
    openapi_extra=english(
        "Preview a change of a term",
        "Runs it and takes it back: lessons laid, moved, cancelled, and whose covers, swaps and "
        "moves it meets.",
    ),
    responses=may_fail(TermNotFound, TermExists, TermUnfit, LessonsAreLaid),
)
async def preview_term(
    *, db: Db, caller: Writer, expected: IfMatch, term_id: UUID, body: TermPatch
) -> ImpactOut:
    """Preview a change of a term."""
    impact = await actions.preview_term(
        db,
        caller=caller,
        term_id=term_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    return ImpactOut.of(impact)


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
    await queries.visible_campus(db, caller=caller, campus_id=campus_id)
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
    responses=may_fail(CampusNotFound, BellScheduleOverlaps, BellsUnfit, LessonsAreLaid),
)
async def create_bell_schedule(
    *, db: Db, caller: Writer, tag: NewTag, body: BellScheduleIn
) -> BellScheduleOut:
    """Give a campus bells."""
    schedule, periods, _ = await actions.ring(db, caller=caller, new=body)
    tag(schedule.version)
    return bell_schedule_out(schedule, periods)


@router.get(
    "/bell-schedules/{schedule_id}",
    operation_id="getBellSchedule",
    summary="作息时间表",
    description="一个作息时间表及其各节课。",
    openapi_extra=english("A bell schedule", "With its periods."),
    responses=may_fail(BellScheduleNotFound),
)
async def get_bell_schedule(
    *, db: ReadDb, caller: Reader, tag: Tag, schedule_id: UUID
) -> BellScheduleOut:
    """A bell schedule."""
    schedule, _ = await queries.visible_schedule(db, caller=caller, schedule_id=schedule_id)
    tag(schedule.version)
    periods = await queries.periods_of(db, schedules=[schedule_id])
    return bell_schedule_out(schedule, periods[schedule_id])


@router.delete(
    "/bell-schedules/{schedule_id}",
    status_code=204,
    operation_id="dropBellSchedule",
    summary="删除作息时间表",
    description="删除误建的作息;已按此作息排课的不能删除,请改为设定结束日期。",
    openapi_extra=english(
        "Drop a bell schedule", "One entered by mistake; refused once lessons were laid by it."
    ),
    responses=may_fail(BellScheduleNotFound, LessonsAreLaid),
)
async def drop_bell_schedule(
    *, db: Db, caller: Writer, expected: IfMatch, schedule_id: UUID
) -> Response:
    """Drop a bell schedule."""
    await actions.silence(db, caller=caller, schedule_id=schedule_id, expected=expected)
    return Response(status_code=204)


@router.put(
    "/bell-schedules/{schedule_id}",
    operation_id="replaceBellSchedule",
    summary="整体替换作息时间表",
    description="替换名称、有效期与全部节次;已排的课随之改时间,保存前可先预览影响。"
    "已排课的节次不再有时刻时拒绝。",
    openapi_extra=english(
        "Replace a bell schedule",
        "Name, validity and all periods. Laid lessons follow; preview it first. Refused where "
        "lessons stand in periods without a bell.",
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
    schedule, periods, _ = await actions.ring_anew(
        db, caller=caller, schedule_id=schedule_id, expected=expected, new=body
    )
    tag(schedule.version)
    return bell_schedule_out(schedule, periods)


_PREVIEW_BELLS = (
    "按真实流程试行后全部撤回,告知会改时间的课,以及会影响哪些代课、换课与调课;"
    "冲突时返回与正式保存相同的 409。"
)


@router.post(
    "/bell-schedules:preview",
    operation_id="previewNewBellSchedule",
    summary="预览新作息的影响",
    description=_PREVIEW_BELLS,
    openapi_extra=english(
        "Preview new bells", "Runs it and takes it back: which lessons would follow, and how."
    ),
    responses=may_fail(CampusNotFound, BellScheduleOverlaps, BellsUnfit, LessonsAreLaid),
)
async def preview_new_bell_schedule(*, db: Db, caller: Writer, body: BellScheduleIn) -> ImpactOut:
    """Preview new bells."""
    return ImpactOut.of(await actions.preview_ring(db, caller=caller, new=body))


@router.post(
    "/bell-schedules/{schedule_id}:preview",
    operation_id="previewBellSchedule",
    summary="预览作息调整的影响",
    description=_PREVIEW_BELLS,
    openapi_extra=english(
        "Preview other bells", "Runs it and takes it back: which lessons would follow, and how."
    ),
    responses=may_fail(BellScheduleNotFound, BellScheduleOverlaps, BellsUnfit, LessonsAreLaid),
)
async def preview_bell_schedule(
    *, db: Db, caller: Writer, expected: IfMatch, schedule_id: UUID, body: BellSchedulePut
) -> ImpactOut:
    """Preview other bells."""
    impact = await actions.preview_ring_anew(
        db, caller=caller, schedule_id=schedule_id, expected=expected, new=body
    )
    return ImpactOut.of(impact)


# Dates


async def _range(
    from_: Annotated[date, Query(alias="from", description="起始日(含)", examples=["2026-09-14"])],
    until: Annotated[date, Query(description="截止日(不含),最多 400 天", examples=["2026-10-12"])],
) -> tuple[date, date]:
    return _checked(from_, until)


def _checked(from_: date, until: date) -> tuple[date, date]:
    if not 0 < (until - from_).days <= _LONGEST_RANGE_DAYS:
        words = Text("须晚于 from,且最多 400 天", "must be after from, and at most 400 days later")
        raise ValidationFailed(errors=[FieldError("query/until", "range", words)])
    return from_, until


@router.get(
    "/campuses/{campus_id}/teaching-days",
    operation_id="listTeachingDays",
    summary="校区教学日",
    description="逐日列出校区是否上课、按周几(单双周)课表、第几教学周;不上课的说明原因,"
    "尚未公布按周几课表的调休上课日标为 `undecided`,放假通知尚未发布的年度标为暂定。",
    openapi_extra=english(
        "A campus's teaching days",
        "Day by day: taught or why not, whose weekday and parity, which week, provisional or not. "
        "A make-up day whose weekday nobody announced yet is `undecided`.",
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
    await queries.visible_campus(db, caller=caller, campus_id=campus_id)
    from_, until = span
    explained = await queries.explained_days_of(
        db, campus_ids=[campus_id], from_=from_, until=until
    )
    return TeachingDaysOut(
        campus_id=campus_id, items=[DayOut.of(day) for day in explained[campus_id]]
    )


async def _place(
    scope: Annotated[
        DayScope, Path(description="district 全区、group 集团、school 学校", examples=["school"])
    ],
    scope_id: Annotated[UUID, Path(description="区、集团或学校的 id")],
    on_date: Annotated[
        date,
        Ge(date(_FIRST_YEAR, 1, 1)),
        Le(date(_LAST_YEAR, 12, 31)),
        Path(description="日期", examples=["2026-09-20"]),
    ],
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
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    from_: Annotated[date | None, Query(alias="from", description="起始日(含)")] = None,
    until: Annotated[date | None, Query(description="截止日(不含)")] = None,
) -> Page[CalendarDayOut]:
    """The dates that differ."""
    if from_ is not None and until is not None:
        _checked(from_, until)
    return await paging.answer(
        db,
        queries.visible_days(caller, from_=from_, until=until),
        sorts={"on_date": col(CalendarDay.on_date)},
        default="on_date",
        tie=col(CalendarDay.id),
        out=CalendarDayOut.of,
    )


@router.get(
    "/calendar-days/{scope}/{scope_id}/{on_date}",
    operation_id="getCalendarDay",
    summary="某日校历安排",
    description="全区、集团或学校对某一天的安排;没有安排时为 404。",
    openapi_extra=english("What was decided about a date", "Nothing decided is not found."),
    responses=may_fail(SchoolNotFound, GroupNotFound, CalendarDayNotFound),
)
async def get_calendar_day(*, db: ReadDb, caller: Reader, tag: Tag, place: At) -> CalendarDayOut:
    """What was decided about a date."""
    day = await queries.visible_day(
        db, caller=caller, scope=place.scope, scope_id=place.scope_id, on_date=place.on_date
    )
    tag(day.version)
    return CalendarDayOut.of(day)


@router.put(
    "/calendar-days/{scope}/{scope_id}/{on_date}",
    operation_id="decideCalendarDay",
    summary="安排某日校历",
    description="为全区、集团或学校安排某一天;范围小的优先。调休上课日请同时填写按周几、"
    "单周还是双周的课表;尚未公布时留空,该日标为未定。已排的课随之调整,调整不了的返回 409。"
    '该日尚无安排时 If-Match 填 `"0"`,新增返回 201。',
    openapi_extra=english(
        "Decide a date",
        "For the district, a group or a school; the narrower wins. A make-up day says whose "
        "weekday and parity it follows, or is undecided. Lessons follow, or a conflict says why "
        'they cannot. What nobody decided yet has version "0"; a first decision answers 201.',
    ),
    responses={
        201: {"model": CalendarDayOut, "description": "已新增 / Created"},
        **may_fail(SchoolNotFound, GroupNotFound, CalendarDayExists, LessonsAreLaid),
    },
)
async def decide_calendar_day(
    *,
    db: Db,
    caller: Writer,
    expected: IfMatch,
    tag: NewTag,
    place: At,
    body: CalendarDayIn,
) -> CalendarDayOut:
    """Decide a date."""
    decided = await actions.decide_day(
        db, caller=caller, place=place, expected=expected, wanted=body
    )
    if decided.is_new:
        tag.response.status_code = 201
    tag(decided.day.version)
    return CalendarDayOut.of(decided.day)


@router.post(
    "/calendar-days/{scope}/{scope_id}/{on_date}:preview",
    operation_id="previewCalendarDay",
    summary="预览某日校历安排的影响",
    description="按真实流程试行后全部撤回,告知会新排、改时间、取消多少节课,以及需要人工处理的课。"
    "若会造成冲突,返回与正式安排相同的 409,逐条列出。",
    openapi_extra=english(
        "Preview a decision",
        "Runs it and takes it back: how many lessons would be laid, moved, cancelled, and how many "
        "people would have to see to. Conflicts answer the same 409 as the decision itself.",
    ),
    responses=may_fail(SchoolNotFound, GroupNotFound, CalendarDayExists, LessonsAreLaid),
)
async def preview_calendar_day(
    *, db: Db, caller: Writer, expected: IfMatch, place: At, body: CalendarDayIn
) -> ImpactOut:
    """Preview a decision."""
    impact = await actions.preview_day(
        db, caller=caller, place=place, expected=expected, wanted=body
    )
    return ImpactOut.of(impact)


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


# The national notice


@router.get(
    "/calendar-notices",
    operation_id="listCalendarNotices",
    summary="已公布的年度",
    description="列出本区已采用或确认放假通知的公历年;其余年度的日期均为暂定。",
    openapi_extra=english("List announced years", "The dates of every other year are provisional."),
)
async def list_calendar_notices(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[NoticeOut]:
    """The years that are announced."""
    statement = select(CalendarNotice).where(col(CalendarNotice.district_id) == caller.district_id)
    return await paging.answer(
        db,
        statement,
        sorts={"year": col(CalendarNotice.year)},
        default="year",
        tie=col(CalendarNotice.id),
        out=NoticeOut.of,
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
async def preview_calendar_notice(
    *, db: ReadDb, caller: Reader, year: NoticeYear
) -> ComparedNotice:
    """Preview a national notice."""
    diffs = await actions.compare_year(db, caller=caller, year=year)
    known = await queries.notice_of(db, year=year)
    return ComparedNotice.of(diffs, year=year, announced=known is not None)


@router.post(
    "/calendar-notices/{year}:apply",
    operation_id="applyCalendarNotice",
    summary="采用年度放假通知",
    description="写入通知中的日期,保留人工修改;重复采用不产生改动。返回所做的改动。",
    openapi_extra=english(
        "Take a national notice over",
        "People's edits are kept; applying again changes nothing. Answers what was done.",
    ),
    responses=may_fail(NationalCalendarUnknown, CalendarDayExists, LessonsAreLaid),
)
async def apply_calendar_notice(
    *, db: Db, caller: Writer, tag: NewTag, year: NoticeYear
) -> ComparedNotice:
    """Take a national notice over."""
    notice, diffs = await actions.take_over_year(db, caller=caller, year=year)
    tag(notice.version)
    return ComparedNotice.of(diffs, year=year, announced=True)


@router.post(
    "/calendar-notices/{year}:declare",
    operation_id="declareCalendarNotice",
    summary="确认年度安排已公布",
    description="本系统没有该年度通知时,手工录入各日后用此操作确认;该年度的日期不再是暂定。",
    openapi_extra=english(
        "Declare a year announced",
        "For a notice that is not known here: once its days were entered by hand, the dates of "
        "the year are provisional no more.",
    ),
)
async def declare_calendar_notice(
    *, db: Db, caller: Writer, tag: NewTag, year: NoticeYear
) -> NoticeOut:
    """Declare a year announced."""
    notice = await actions.declare_year(db, caller=caller, year=year)
    tag(notice.version)
    return NoticeOut.of(notice)


@router.delete(
    "/calendar-notices/{year}",
    status_code=204,
    operation_id="withdrawCalendarNotice",
    summary="撤回年度确认",
    description="该年度的日期恢复为暂定;已录入的安排保留。",
    openapi_extra=english(
        "Make a year provisional again", "What was decided about its dates stays."
    ),
    responses=may_fail(CalendarNoticeNotFound),
)
async def withdraw_calendar_notice(
    *, db: Db, caller: Writer, expected: IfMatch, year: NoticeYear
) -> Response:
    """Make a year provisional again."""
    await actions.withdraw_year(db, caller=caller, year=year, expected=expected)
    return Response(status_code=204)
