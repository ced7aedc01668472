"""Rows of rooms that are booked for something that is no lesson."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from service.kit.db import Instant, Versioned, check, index, one_of, points_to
from service.timetable.rules.booking import BookingState


class RoomBooking(Versioned, table=True):
    """A room is kept for somebody, once. Its time stands in ``occupancy`` like that of lessons."""

    __tablename__ = "room_booking"
    __collection__ = "room-bookings"
    __table_args__ = (
        points_to("room_id", "room", name="fk_room_booking_room"),
        index("ix_room_booking_room", "room_id", "starts_at"),
        one_of("ck_room_booking_state", "state", BookingState),
        check("ck_room_booking_time", "starts_at < ends_at"),
    )

    room_id: UUID
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    purpose: str
    state: str = BookingState.BOOKED
    booked_by_name: str
    cancelled_by_name: str | None = None
