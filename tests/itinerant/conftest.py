"""The same small town as the timetable's tests."""

from tests.timetable.conftest import Town, before_the_term, town

__all__ = ["Town", "before_the_term", "town"]
