"""What mentoring wants to hear from below; imported by ``wiring``."""

from service.mentoring.watch import absence_decided, teachers_changed
from service.staff.departures import on_departure
from service.timetable.absences import on_absence

on_departure(teachers_changed)
on_absence(absence_decided)
