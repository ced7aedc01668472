"""Rows of itinerant teaching, a file per noun."""

from service.itinerant.tables.assignments import Assignment, AssignmentPattern
from service.itinerant.tables.shortages import Shortage, ShortageOffer
from service.itinerant.tables.versions import AssignmentAmendment, TimetableVersion

__all__ = [
    "Assignment",
    "AssignmentAmendment",
    "AssignmentPattern",
    "Shortage",
    "ShortageOffer",
    "TimetableVersion",
]
