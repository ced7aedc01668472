"""The timetable's collections, as the feed shows them."""

from typing import Any

from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, Spelled, each
from service.timetable import queries
from service.timetable.queries import absence, attendance, booking, swap
from service.timetable.schemas import ClassOut, RoomOut, WayOut, national_subjects, status_labels
from service.timetable.schemas.absence import CoverOut, DutyPolicyOut, LeaveOut, OfferOut
from service.timetable.schemas.attendance import AttendanceOut
from service.timetable.schemas.booking import BookingOut
from service.timetable.schemas.swap import SwapOut
from service.timetable.tables import (
    Attendance,
    ClassSection,
    Cover,
    CoverOffer,
    DutyPolicy,
    Leave,
    Lesson,
    Room,
    RoomBooking,
    Swap,
    TravelTime,
)

READ = Permission.TIMETABLE_READ


async def _classes(_: AsyncSession, caller: Caller) -> Rows:
    seen = queries.classes(caller, school_id=None, campus_id=None, as_of=None, q=None)
    return Rows(seen, each(ClassOut.of))


async def _rooms(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(queries.rooms(caller, campus_id=None, q=None), each(RoomOut.of))


async def _bookings(_: AsyncSession, caller: Caller) -> Rows:
    seen = booking.bookings(caller, wanted=booking.BookingFilter())
    return Rows(seen, each(lambda row: BookingOut.of(booking.Booked(*row))))


async def _ways(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(queries.travel_times(caller, campus_id=None), each(WayOut.entered))


async def _lessons(_: AsyncSession, caller: Caller) -> Rows:
    def spelled(rows: Any) -> Any:
        return queries.spelled(rows, statuses=status_labels(), subjects=national_subjects())

    return Rows(queries.lessons_alone(caller), Spelled(spelled))


async def _policies(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(absence.policies(caller, school_id=None), each(DutyPolicyOut.of))


async def _leaves(_: AsyncSession, caller: Caller) -> Rows:
    seen = absence.leaves(caller, wanted=absence.LeaveFilter())
    return Rows(seen, each(lambda row: LeaveOut.of(*row)))


async def _covers(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(absence.covers(caller, wanted=absence.CoverFilter()), each(CoverOut.of))


async def _offers(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(absence.offers(caller, cover_id=None, state=None), each(OfferOut.of))


async def _swaps(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(swap.swaps(caller, wanted=swap.SwapFilter()), each(SwapOut.of))


async def _attendance(_: AsyncSession, caller: Caller) -> Rows:
    seen = attendance.recorded(caller)
    return Rows(seen, each(lambda row: AttendanceOut.of(attendance.Attended(*row))))


READERS = (
    Reader(table=ClassSection, permission=READ, rows=_classes),
    Reader(table=Room, permission=READ, rows=_rooms),
    Reader(table=RoomBooking, permission=READ, rows=_bookings),
    Reader(table=TravelTime, permission=READ, rows=_ways),
    Reader(table=Lesson, permission=READ, rows=_lessons, spread_over=col(Lesson.slot_id)),
    Reader(table=DutyPolicy, permission=READ, rows=_policies),
    Reader(table=Leave, permission=Permission.LEAVE_READ, rows=_leaves),
    Reader(table=Cover, permission=Permission.COVER_READ, rows=_covers),
    Reader(table=CoverOffer, permission=Permission.COVER_READ, rows=_offers),
    Reader(table=Attendance, permission=Permission.ATTENDANCE_READ, rows=_attendance),
    Reader(table=Swap, permission=Permission.SWAP_READ, rows=_swaps),
)
