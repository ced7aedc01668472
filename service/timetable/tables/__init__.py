"""Rows of the timetable, a file per noun."""

from service.timetable.tables.absence import Cover, CoverOffer, DutyPolicy, Leave
from service.timetable.tables.attendance import Attendance, ClosedMonth
from service.timetable.tables.booking import RoomBooking
from service.timetable.tables.lessons import (
    ClassSection,
    Lesson,
    Occupancy,
    Room,
    TravelTime,
    WeeklySlot,
    WeeklySlotClass,
)
from service.timetable.tables.swap import Swap, SwapLeg

__all__ = [
    "Attendance",
    "ClassSection",
    "ClosedMonth",
    "Cover",
    "CoverOffer",
    "DutyPolicy",
    "Leave",
    "Lesson",
    "Occupancy",
    "Room",
    "RoomBooking",
    "Swap",
    "SwapLeg",
    "TravelTime",
    "WeeklySlot",
    "WeeklySlotClass",
]
