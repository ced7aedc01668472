"""What the timetable refuses, and the way out, a file per noun."""

from service.timetable.problems.lessons import (
    ClassCodeTaken,
    ClassNotFound,
    LessonNotFound,
    LessonNotScheduled,
    LessonOver,
    RoomCodeTaken,
    RoomNotFound,
    ScheduleConflict,
    WayNotFound,
    WayTaken,
)

__all__ = [
    "ClassCodeTaken",
    "ClassNotFound",
    "LessonNotFound",
    "LessonNotScheduled",
    "LessonOver",
    "RoomCodeTaken",
    "RoomNotFound",
    "ScheduleConflict",
    "WayNotFound",
    "WayTaken",
]
