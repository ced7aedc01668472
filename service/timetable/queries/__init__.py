"""Reading the timetable, each within the caller's reach, a file per noun."""

from service.timetable.queries.lessons import (
    LessonFilter,
    Place,
    ScheduledLesson,
    class_names,
    classes,
    lesson_row,
    lessons,
    places,
    rooms,
    rooms_at,
    schedule_of,
    travel_time,
    travel_times,
    visible_class,
    visible_lesson,
    visible_room,
)

__all__ = [
    "LessonFilter",
    "Place",
    "ScheduledLesson",
    "class_names",
    "classes",
    "lesson_row",
    "lessons",
    "places",
    "rooms",
    "rooms_at",
    "schedule_of",
    "travel_time",
    "travel_times",
    "visible_class",
    "visible_lesson",
    "visible_room",
]
