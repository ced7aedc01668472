"""What mentoring counts for the mentor: the weeks of a month that are credited. Pure."""

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal

from service.mentoring.rules import Span, overlap

DEFAULT_LESSONS_PER_WEEK = Decimal(2)
"""What a week of mentoring counts, where the district says nothing else."""


def credited_weeks(
    spans: Collection[Span], *, terms: Collection[tuple[date, date]], month: date
) -> list[date]:
    """The Mondays of a month whose weeks count for a mentor.

    A week belongs to the month of its Monday, so that no week counts twice. It counts when the
    mentor has some pairing on one of its days in a term, and once, however many mentees there are.
    """
    first = month.replace(day=1)
    monday = first + timedelta(days=-first.weekday() % 7)
    found: list[date] = []
    while monday.month == first.month:
        after = monday + timedelta(days=7)
        parts = [(max(starts, monday), min(until, after)) for starts, until in terms]
        if any(part[0] < part[1] and overlap(span, part) for part in parts for span in spans):
            found.append(monday)
        monday = after
    return found
