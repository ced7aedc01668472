"""Rows of itinerant teaching, a file per noun."""

from service.itinerant.tables.assignments import Assignment, AssignmentPattern
from service.itinerant.tables.shortages import Shortage, ShortageOffer

__all__ = ["Assignment", "AssignmentPattern", "Shortage", "ShortageOffer"]
