"""Rooms that are booked, and times at which the teachers of a subject could meet."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from sqlmodel import col

from service.kit import clock
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
from service.kit.problems import InvalidValue
from service.network.problems import CampusNotFound, GroupNotFound
from service.timetable import booking, gathering, load
from service.timetable.booking import NewBooking
from service.timetable.problems import RoomNotFound
from service.timetable.problems.booking import BookingNotFound, BookingOver, RoomTaken
from service.timetable.queries import booking as queries
from service.timetable.queries.booking import Booked, BookingFilter, Gathered
from service.timetable.rules.booking import BookingState, best_meetings
from service.timetable.rules.standing import check_range
from service.timetable.schemas import Named
from service.timetable.schemas.booking import BookingIn, BookingOut, MeetingsOut
from service.timetable.tables import RoomBooking

router = make_router(tag="room-bookings")
meetings = make_router(tag="lessons")
routers = [router, meetings]

Reader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
Writer = Annotated[Caller, needs(Permission.TIMETABLE_WRITE)]
_FORTNIGHT = timedelta(days=14)
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class BookingQuery:
    """Which bookings are asked for."""

    room_id: Annotated[UUID | None, Query(description="仅该教室")] = None
    campus_id: Annotated[UUID | None, Query(description="仅该校区")] = None
    from_: Annotated[
        date | None, Query(alias="from", description="起始日期(含)", examples=["2026-12-14"])
    ] = None
    until: Annotated[date | None, Query(description="截止日期(不含)", examples=["2026-12-21"])] = (
        None
    )
    state: Annotated[BookingState | None, Query(description="booked 已预订,cancelled 已取消")] = (
        None
    )


@router.get(
    "/room-bookings",
    operation_id="listRoomBookings",
    summary="教室预订列表",
    description="列出权限范围内各校区教室(实验室、计算机教室、礼堂等)的预订,按开始时间排序。",
    openapi_extra=english(
        "List room bookings", "Booked rooms of the campuses within your reach, by their time."
    ),
)
async def list_room_bookings(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[BookingQuery, Depends()]
) -> Page[BookingOut]:
    """List room bookings."""
    asked = BookingFilter(
        wanted.room_id, wanted.campus_id, wanted.from_, wanted.until, wanted.state
    )
    return await paging.answer(
        db,
        queries.bookings(caller, wanted=asked),
        sorts={"starts_at": col(RoomBooking.starts_at)},
        default="starts_at",
        tie=col(RoomBooking.id),
        out=lambda row: BookingOut.of(Booked(*row)),
    )


@router.post(
    "/room-bookings",
    status_code=201,
    operation_id="bookRoom",
    summary="预订教室",
    description="为课表以外的活动预订教室,最长 12 小时。与课或其他预订冲突时不予预订,"
    "`taken` 列出占用该教室的课或预订;同时预订的只有一人成功。",
    responses=may_fail(RoomNotFound, RoomTaken, InvalidValue),
    openapi_extra=english(
        "Book a room",
        "For something outside the timetable, at most 12 hours. Where lessons or bookings have the "
        "room it is refused, and `taken` names them. Of several at once one has it.",
    ),
)
async def book_room(*, db: Db, caller: Writer, body: BookingIn, tag: NewTag) -> BookingOut:
    """Book a room."""
    new = NewBooking(body.room_id, body.starts_at, body.ends_at, body.purpose)
    row = await booking.book(db, caller=caller, new=new)
    tag(row.version)
    return BookingOut.of(await queries.visible_booking(db, caller=caller, booking_id=row.id))


@router.get(
    "/room-bookings/{room_booking_id}",
    operation_id="getRoomBooking",
    summary="查看教室预订",
    description="读取一条教室预订。",
    responses=may_fail(BookingNotFound),
    openapi_extra=english("Read a room booking"),
)
async def get_room_booking(
    *, db: ReadDb, caller: Reader, room_booking_id: UUID, tag: Tag
) -> BookingOut:
    """Read a room booking."""
    row = await queries.visible_booking(db, caller=caller, booking_id=room_booking_id)
    tag(row.booking.version)
    return BookingOut.of(row)


@router.post(
    "/room-bookings/{room_booking_id}:cancel",
    operation_id="cancelRoomBooking",
    summary="取消教室预订",
    description="取消后该时段立即可由他人预订或排课。",
    responses=may_fail(BookingNotFound, BookingOver),
    openapi_extra=english("Cancel a room booking", "The room is free at once."),
)
async def cancel_room_booking(
    *, db: Db, caller: Writer, room_booking_id: UUID, expected: IfMatch, tag: NewTag
) -> BookingOut:
    """Cancel a room booking."""
    row = await booking.cancel(db, caller=caller, booking_id=room_booking_id, expected=expected)
    tag(row.version)
    return BookingOut.of(await queries.visible_booking(db, caller=caller, booking_id=row.id))


# Joint research


@dataclass(frozen=True, slots=True)
class MeetingQuery:
    """Who should meet where, for how long, and between which days."""

    campus_id: Annotated[UUID, Query(description="教研地点:集团成员校的一个校区")]
    subject: Annotated[str, Query(max_length=20, description="学科代码", examples=["24"])]
    stage: Annotated[
        str | None, Query(pattern="^[1-4]$", description="仅该学段的教师", examples=["2"])
    ] = None
    minutes: Annotated[int, Query(ge=20, le=300, description="时长(分钟)")] = 90
    from_: Annotated[
        date | None,
        Query(alias="from", description="起始日期(含);空为明天", examples=["2026-12-07"]),
    ] = None
    until: Annotated[
        date | None,
        Query(description="截止日期(不含);空为起始后十四天", examples=["2026-12-21"]),
    ] = None


@meetings.get(
    "/groups/{group_id}/research-times",
    operation_id="listResearchTimes",
    summary="联合教研可选时间",
    description="集团内某学科教师何时都有空:在教研地点的上课日里,每个半天给出能到会人数最多的时间,"
    "全员有空的在前,并列出不能到会的教师。已计入各人课表、请假与路程。",
    responses=may_fail(GroupNotFound, CampusNotFound),
    openapi_extra=english(
        "Times for joint research",
        "When the teachers of a subject in a group are free to be at a campus: the best time of "
        "each half-day of its teaching days, those that suit everybody first, and who cannot come. "
        "Lessons, leaves and ways are counted.",
    ),
)
async def list_research_times(
    *, db: ReadDb, caller: Reader, group_id: UUID, wanted: Annotated[MeetingQuery, Depends()]
) -> MeetingsOut:
    """Times for joint research."""
    campus = await queries.campus_of_group(
        db, caller=caller, group_id=group_id, campus_id=wanted.campus_id
    )
    zone = ZoneInfo(campus.zone)
    tomorrow = clock.today(campus.zone) + timedelta(days=1)
    from_ = max(wanted.from_ or tomorrow, tomorrow)
    until = wanted.until or from_ + _FORTNIGHT
    check_range(from_, until)
    gathered = Gathered(group_id, wanted.subject, wanted.stage, from_)
    people = await queries.colleagues(db, caller=caller, wanted=gathered)
    ground = await load.ground(db, district_id=caller.district_id)
    found = await gathering.attendances(
        db,
        times=await gathering.stretches_of(
            db,
            campus_id=campus.id,
            after=datetime.combine(from_, datetime.min.time(), zone),
            until=until,
            length=timedelta(minutes=wanted.minutes),
            ground=ground,
        ),
        teachers=[row.id for row in people],
        ground=ground,
    )
    best = best_meetings(found, limit=_SHOWN)
    return MeetingsOut.of(Named(id=campus.id, name=campus.name), people, best, zone=zone)
