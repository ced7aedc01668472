"""What the timetable wants to hear from below; imported by ``wiring``."""

from service.calendar.watchers import before_change
from service.timetable.relaying import follow

before_change(follow)
