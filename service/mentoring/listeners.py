"""What mentoring wants to hear from below; imported by ``wiring``."""

from service.mentoring.visits import free_for_absence
from service.mentoring.watch import teachers_changed
from service.staff.departures import on_departure
from service.timetable.absences import on_absence

on_departure(teachers_changed)
on_absence(free_for_absence)
