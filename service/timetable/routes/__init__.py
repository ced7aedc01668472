"""Routes of the timetable, a file per noun."""

from service.timetable.routes import lessons, places

routers = [*places.routers, lessons.router]
