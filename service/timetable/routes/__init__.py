"""Routes of the timetable, a file per noun."""

from service.timetable.routes import (
    attendance,
    booking,
    comparing,
    cover,
    day,
    leave,
    lessons,
    places,
    swap,
)

routers = [
    *places.routers,
    lessons.router,
    *leave.routers,
    *cover.routers,
    swap.router,
    *attendance.routers,
    day.router,
    comparing.router,
    *booking.routers,
]
