"""What a school asks every morning: who visits us, what is wrong; each also as an Excel file."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query, Response
from pydantic import AwareDatetime

from service.calendar import queries as calendar
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import ReadDb, a_file, english, make_router, may_fail, needs, send_file
from service.kit.problems import FieldError, Text, ValidationFailed
from service.network.problems import CampusNotFound
from service.timetable import cover, load, sheets
from service.timetable.queries import day as days
from service.timetable.queries import standing as standings
from service.timetable.queries.standing import StandingFilter
from service.timetable.rules.standing import StandingKind, check_range
from service.timetable.schemas.day import DaySheetOut, FreeTeachersOut, Span, StandingsOut

router = make_router(tag="lessons")

Reader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
Finder = Annotated[Caller, needs(Permission.COVER_READ)]
OnDate = Annotated[
    date | None, Query(alias="on", description="哪一天;空为今天", examples=["2026-09-16"])
]

_DAY = timedelta(days=1)
_FORTNIGHT = timedelta(days=14)


async def _sheet(
    db: AsyncSession, *, caller: Caller, campus_id: UUID, on_date: date | None
) -> DaySheetOut:
    place = await days.campus_seen(
        db, caller=caller, permission=Permission.TIMETABLE_READ, campus_id=campus_id
    )
    campus, _ = place
    day = on_date or clock.today(campus.zone)
    explained = await calendar.explained_days_of(
        db, campus_ids=[campus_id], from_=day, until=day + _DAY
    )
    rows = await days.visits(db, campus=campus, day=day)
    return DaySheetOut.of(place, on_date=day, day=explained[campus_id][0], rows=rows)


@router.get(
    "/campuses/{campus_id}/day-sheet",
    operation_id="getCampusDaySheet",
    summary="校区值日表",
    description="某日到该校区上课的外校教师(走教、代课)及其各节课,和尚待安排代课的课。",
    responses=may_fail(CampusNotFound),
    openapi_extra=english(
        "A campus's day sheet",
        "The teachers of other schools who teach at the campus that day, with their lessons, and "
        "the lessons that nobody takes yet.",
    ),
)
async def get_campus_day_sheet(
    *, db: ReadDb, caller: Reader, campus_id: UUID, on_date: OnDate = None
) -> DaySheetOut:
    """Who visits us."""
    return await _sheet(db, caller=caller, campus_id=campus_id, on_date=on_date)


@router.get(
    "/campuses/{campus_id}/day-sheet.xlsx",
    operation_id="getCampusDaySheetFile",
    summary="校区值日表(Excel)",
    description="来校教师逐节列出,附签到栏,可直接打印。",
    response_class=Response,
    responses=a_file("值日表 / The day sheet") | may_fail(CampusNotFound),
    openapi_extra=english(
        "A campus's day sheet as a file", "A lesson a row, with room to sign, ready to print."
    ),
)
async def get_campus_day_sheet_file(
    *, db: ReadDb, caller: Reader, campus_id: UUID, on_date: OnDate = None
) -> Response:
    """Who visits us, as a file."""
    found = await _sheet(db, caller=caller, campus_id=campus_id, on_date=on_date)
    content = await asyncio.to_thread(sheets.day_file, found)
    return send_file(content, name=f"{found.school.name}-{found.on_date}.xlsx")


@dataclass(frozen=True, slots=True)
class FreeQuery:
    """When somebody is needed: a period of a day, or an instant; and for what."""

    on_date: Annotated[
        date | None,
        Query(alias="on", description="哪一天;与 period 一起填", examples=["2026-09-16"]),
    ] = None
    period: Annotated[
        int | None, Query(ge=1, le=20, description="节次;按该校区当日作息", examples=[3])
    ] = None
    at: Annotated[
        AwareDatetime | None,
        Query(description="或直接给出时刻(带时区)", examples=["2026-09-16T10:10:00+08:00"]),
    ] = None
    minutes: Annotated[int, Query(ge=1, le=240, description="时长,与 at 一起使用")] = 40
    subject: Annotated[
        str | None, Query(max_length=20, description="学科代码;须同时给出学段", examples=["24"])
    ] = None
    stage: Annotated[
        Literal["1", "2", "3", "4"] | None,
        Query(
            description="学段:1 学前,2 小学,3 普通初中,4 普通高中;校区有多个学段的作息时必填",
            examples=["2"],
        ),
    ] = None

    def __post_init__(self) -> None:
        by_period = self.on_date is not None and self.period is not None
        half = (self.on_date is None) is not (self.period is None)
        if half or by_period is (self.at is not None):
            raise ValidationFailed(errors=[_ONE_TIME])
        if self.subject is not None and self.stage is None:
            raise ValidationFailed(errors=[_NO_STAGE])


_ONE_TIME = FieldError(
    "query/at",
    "one-time",
    Text("请填写 on 与 period,或填写 at,二者选一", "give on and period, or at, not both"),
)
_NO_STAGE = FieldError("query/stage", "missing", Text("请填写学段", "say which stage"))
_NO_PERIOD = FieldError(
    "query/period",
    "not-found",
    Text("该校区当日作息没有这一节", "the campus's bells of that day have no such period"),
)


async def _asked(db: AsyncSession, *, campus_id: UUID, zone: str, wanted: FreeQuery) -> Span:
    if wanted.at is not None:
        return Span(wanted.at, wanted.at + timedelta(minutes=wanted.minutes))
    if wanted.on_date is None or wanted.period is None:  # refused above
        raise ValidationFailed(errors=[_ONE_TIME])
    rung = await days.bells_on(db, campus_id=campus_id, day=wanted.on_date)
    if wanted.stage is None and len(rung) > 1:
        raise ValidationFailed(errors=[_NO_STAGE])
    stages = rung if wanted.stage is None else {wanted.stage}
    for stage in stages:
        for one in rung.get(stage, ()):
            if one.number == wanted.period:
                return Span(
                    datetime.combine(wanted.on_date, one.starts, ZoneInfo(zone)),
                    datetime.combine(wanted.on_date, one.ends, ZoneInfo(zone)),
                )
    raise ValidationFailed(errors=[_NO_PERIOD])


async def _free(
    db: AsyncSession, *, caller: Caller, campus_id: UUID, wanted: FreeQuery
) -> FreeTeachersOut:
    place = await days.campus_seen(
        db, caller=caller, permission=Permission.COVER_READ, campus_id=campus_id
    )
    campus, school = place
    asked = await _asked(db, campus_id=campus_id, zone=campus.zone, wanted=wanted)
    vacancy = cover.Vacancy(
        id=campus_id,
        school_id=school.id,
        campus_id=campus_id,
        subject=wanted.subject or "",
        stage=wanted.stage or "",
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
    )
    found = await cover.choose(db, caller=caller, vacancy=vacancy, anybody=wanted.subject is None)
    return FreeTeachersOut.of(place, asked, found.standins, others=found.others)


@router.get(
    "/campuses/{campus_id}/free-teachers",
    operation_id="listFreeTeachers",
    summary="空闲教师",
    description="某日某节(或某时刻)空闲、且能按时赶到该校区的本校与同集团教师,按学科、学校、校区、"
    "课时、公平与路程计分排序;其余教师按原因给出人数。",
    responses=may_fail(CampusNotFound),
    openapi_extra=english(
        "Free teachers",
        "Teachers of the school and its groups who are free in a period of a day, or at an "
        "instant, and can get to the campus in time, ranked; of the others, how many and why not.",
    ),
)
async def list_free_teachers(
    *,
    db: ReadDb,
    caller: Finder,
    campus_id: UUID,
    wanted: Annotated[FreeQuery, Depends()],
) -> FreeTeachersOut:
    """Who is free."""
    return await _free(db, caller=caller, campus_id=campus_id, wanted=wanted)


@router.get(
    "/campuses/{campus_id}/free-teachers.xlsx",
    operation_id="getFreeTeachersFile",
    summary="空闲教师(Excel)",
    description="空闲教师名单,按得分排序。",
    response_class=Response,
    responses=a_file("空闲教师 / Free teachers") | may_fail(CampusNotFound),
    openapi_extra=english("Free teachers as a file", "The list, the best first."),
)
async def get_free_teachers_file(
    *,
    db: ReadDb,
    caller: Finder,
    campus_id: UUID,
    wanted: Annotated[FreeQuery, Depends()],
) -> Response:
    """Who is free, as a file."""
    found = await _free(db, caller=caller, campus_id=campus_id, wanted=wanted)
    content = await asyncio.to_thread(sheets.free_file, found)
    return send_file(content, name=f"空闲教师-{found.starts_at:%Y-%m-%d-%H%M}.xlsx")


@dataclass(frozen=True, slots=True)
class StandingQuery:
    """Which lessons are looked at."""

    from_: Annotated[
        date | None,
        Query(alias="from", description="起始日期(含);空为今天", examples=["2026-09-14"]),
    ] = None
    until: Annotated[
        date | None,
        Query(description="截止日期(不含);空为起始后十四天", examples=["2026-09-28"]),
    ] = None
    school_id: Annotated[UUID | None, Query(description="仅该校的课")] = None
    group_id: Annotated[UUID | None, Query(description="仅该集团成员校的课")] = None
    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    kind: Annotated[StandingKind | None, Query(description="仅该类问题")] = None


async def _standing(db: AsyncSession, *, caller: Caller, wanted: StandingQuery) -> StandingsOut:
    ground = await load.ground(db, district_id=caller.district_id)
    from_ = wanted.from_ or clock.now().astimezone(ground.zone).date()
    until = wanted.until or from_ + _FORTNIGHT
    check_range(from_, until)
    found = await standings.standing(
        db,
        caller=caller,
        wanted=StandingFilter(
            from_=from_,
            until=until,
            school_id=wanted.school_id,
            group_id=wanted.group_id,
            teacher_id=wanted.teacher_id,
            kind=wanted.kind,
        ),
    )
    return StandingsOut.of(found, from_=from_, until=until)


@router.get(
    "/standing-conflicts",
    operation_id="listStandingConflicts",
    summary="课表问题一览",
    description="已排的课中无法或不宜照常进行的:尚无人代课、教师已不在职、两校已不在同一集团、"
    "无任教资格、超过周课时上限。按问题、教师、学校、周汇总。时间重叠不会出现:系统不允许。",
    openapi_extra=english(
        "The conflicts dashboard",
        "Lessons that stand and cannot or should not be held so: nobody covers them, the teacher "
        "has left, the schools share no group any more, not the teacher's subject, over the weekly "
        "limit; counted by kind, teacher, school and week. Overlaps cannot be stored.",
    ),
)
async def list_standing_conflicts(
    *, db: ReadDb, caller: Reader, wanted: Annotated[StandingQuery, Depends()]
) -> StandingsOut:
    """What is wrong with lessons that stand."""
    return await _standing(db, caller=caller, wanted=wanted)


@router.get(
    "/standing-conflicts.xlsx",
    operation_id="getStandingConflictsFile",
    summary="课表问题一览(Excel)",
    description="逐条列出,并有合计。",
    response_class=Response,
    responses=a_file("课表问题 / The conflicts"),
    openapi_extra=english("The conflicts dashboard as a file", "A row each, and a total."),
)
async def get_standing_conflicts_file(
    *, db: ReadDb, caller: Reader, wanted: Annotated[StandingQuery, Depends()]
) -> Response:
    """What is wrong with lessons that stand, as a file."""
    found = await _standing(db, caller=caller, wanted=wanted)
    content = await asyncio.to_thread(sheets.standing_file, found)
    return send_file(content, name=f"课表问题-{found.from_date}.xlsx")
