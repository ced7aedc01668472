"""What mentoring wants to hear from below; imported by ``wiring``."""

from service.mentoring.watch import teachers_changed
from service.staff.departures import on_departure

on_departure(teachers_changed)
