"""Which weeks of a month count for a mentor."""

from datetime import date

import pytest

from service.mentoring.rules.credit import credited_weeks

SEPTEMBER = date(2026, 9, 1)
TERM = (SEPTEMBER, date(2027, 1, 23))
YEAR = (SEPTEMBER, date(2027, 7, 10))


def days_of(spans, *, terms=(TERM,), month=SEPTEMBER):
    return [monday.day for monday in credited_weeks(spans, terms=terms, month=month)]


def test_a_week_counts_once_however_many_mentees_there_are():
    assert days_of([YEAR]) == days_of([YEAR, YEAR]) == [7, 14, 21, 28]


def test_a_week_belongs_to_the_month_of_its_monday():
    assert days_of([YEAR], month=date(2026, 8, 15)) == [31]
    assert days_of([YEAR], month=date(2026, 12, 1)) == [7, 14, 21, 28]


@pytest.mark.parametrize(
    ("span", "mondays"),
    [
        ((date(2026, 9, 13), date(2026, 9, 22)), [7, 14, 21]),
        ((date(2026, 9, 14), date(2026, 9, 21)), [14]),
        ((date(2026, 9, 20), None), [14, 21, 28]),
        ((date(2026, 10, 5), None), []),
    ],
)
def test_one_day_of_a_week_is_enough(span, mondays):
    assert days_of([span]) == mondays


def test_holidays_and_days_without_a_mentee_do_not_count():
    terms = ((SEPTEMBER, date(2026, 9, 15)), (date(2026, 9, 28), date(2027, 1, 23)))

    assert days_of([YEAR], terms=terms) == [7, 14, 28]
    assert days_of([YEAR], terms=()) == []
    assert days_of([]) == []
