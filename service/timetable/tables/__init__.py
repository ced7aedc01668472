"""Rows of the timetable, a file per noun."""

from service.timetable.tables.lessons import (
    ClassSection,
    Lesson,
    Occupancy,
    Room,
    TravelTime,
    WeeklySlot,
    WeeklySlotClass,
)

__all__ = [
    "ClassSection",
    "Lesson",
    "Occupancy",
    "Room",
    "TravelTime",
    "WeeklySlot",
    "WeeklySlotClass",
]
