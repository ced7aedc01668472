"""Booking rooms: a laboratory or a hall is kept for something that is no lesson.

The constraint on taken time judges last; whoever loses is told who has the room.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock
from service.kit.journal import record
from service.kit.problems import Forbidden
from service.timetable import laying, load
from service.timetable.laying import Overlap, judged
from service.timetable.problems.booking import BookingNotFound, RoomTaken
from service.timetable.queries import booking as queries
from service.timetable.rules import Duty, ResourceKind, TimeKind
from service.timetable.rules.booking import BookingState, check_booked, check_cancel
from service.timetable.schemas.booking import TakenOut
from service.timetable.tables import Occupancy, RoomBooking


@dataclass(frozen=True, slots=True)
class NewBooking:
    """Which room, from when to when, and for what."""

    room_id: UUID
    starts_at: datetime
    ends_at: datetime
    purpose: str


async def book(db: AsyncSession, *, caller: Caller, new: NewBooking) -> RoomBooking:
    """Keep a room for something.

    Raises
    ------
    RoomNotFound
        It does not exist, or the caller may not see it.
    InvalidValue
        The time is none, too long or over.
    RoomTaken
        Lessons or bookings have it.
    """
    room, school_id = await queries.room_in_reach(
        db, caller=caller, permission=Permission.TIMETABLE_WRITE, room_id=new.room_id
    )
    check_booked(new.starts_at, new.ends_at, now=clock.now())
    await load.lock_resources(db, teachers=(), rooms=[room.id])
    ground = await load.ground(db, district_id=caller.district_id)
    row = RoomBooking(
        district_id=caller.district_id,
        room_id=room.id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        purpose=new.purpose,
        booked_by_name=caller.name,
    )
    wanted = Duty(
        ResourceKind.ROOM,
        room.id,
        new.starts_at,
        new.ends_at,
        TimeKind.MEETING,
        room.campus_id,
        row.id,
    )
    try:
        async with judged(db):
            await laying.occupy(db, duties=[wanted], ground=ground)
    except Overlap:
        taken = await _taken(db, new=new)
        raise RoomTaken(taken=taken) from None
    db.add(row)
    await db.flush()
    await record(db, "room-booking.made", row, by=caller, reach=[school_id])
    return row


async def _taken(db: AsyncSession, *, new: NewBooking) -> Sequence[dict[str, Any]]:
    found = await queries.taken(
        db, room_id=new.room_id, starts_at=new.starts_at, ends_at=new.ends_at
    )
    return [TakenOut.of(row).model_dump(mode="json") for row in found]


async def cancel(
    db: AsyncSession, *, caller: Caller, booking_id: UUID, expected: Precondition
) -> RoomBooking:
    """Give a booked room up.

    Raises
    ------
    BookingNotFound, Forbidden
        The caller may not see it, or not change it.
    BookingOver
        It was given up, or its time is over.
    """
    seen = await queries.visible_booking(db, caller=caller, booking_id=booking_id)
    reached = await queries.reaches_school(
        db, caller=caller, permission=Permission.TIMETABLE_WRITE, school_id=seen.school_id
    )
    if not reached:
        raise Forbidden
    row = await lock(db, RoomBooking, booking_id)
    if row is None:
        raise BookingNotFound
    expected.check(row.version)
    check_cancel(BookingState(row.state), ends_at=row.ends_at, now=clock.now())
    values = {"state": BookingState.CANCELLED.value, "cancelled_by_name": caller.name}
    before = change_fields(row, values)
    await (await db.connection()).execute(
        delete(Occupancy).where(col(Occupancy.source_id) == row.id)
    )
    await db.flush()
    await record(
        db, "room-booking.cancelled", row, by=caller, before=before, reach=[seen.school_id]
    )
    return row
