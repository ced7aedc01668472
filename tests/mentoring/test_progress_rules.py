"""Counts against the plan, without a database: what counts, what is owed, who is behind."""

from datetime import date, timedelta

import pytest

from service.mentoring.rules import Side
from service.mentoring.rules.log import LogKind, LogState
from service.mentoring.rules.programme import MinimumPlan
from service.mentoring.rules.progress import (
    Entered,
    PlanItem,
    item_of,
    present,
    progress,
    share,
    window,
)

AUTUMN = date(2026, 9, 1), date(2027, 1, 19)
SPRING = date(2027, 2, 22), date(2027, 7, 10)
HALF = date(2026, 11, 10)


@pytest.mark.parametrize(
    ("kind", "observed", "item"),
    [
        (LogKind.LESSON_PLAN, None, PlanItem.LESSON_PLANS),
        (LogKind.OBSERVATION, Side.MENTEE, PlanItem.OBSERVED_BY_MENTOR),
        (LogKind.OBSERVATION, Side.MENTOR, PlanItem.OBSERVED_OF_MENTOR),
        (LogKind.MEETING, None, None),
        (LogKind.OPEN_LESSON, None, None),
    ],
)
def test_what_an_entry_counts_for(kind, observed, item):
    assert item_of(kind, observed) is item


@pytest.mark.parametrize(
    ("today", "term"),
    [
        (date(2026, 8, 1), AUTUMN),
        (date(2026, 9, 1), AUTUMN),
        (date(2027, 2, 1), AUTUMN),
        (date(2027, 2, 22), SPRING),
        (date(2027, 9, 1), SPRING),
    ],
)
def test_the_term_one_asks_about(today, term):
    assert present([AUTUMN, SPRING], today=today) == term
    assert present([], today=today) is None


def test_the_days_of_a_pair_in_a_term():
    assert window(AUTUMN, valid=(date(2020, 9, 1), None)) == AUTUMN
    assert window(AUTUMN, valid=(HALF, date(2027, 7, 10))) == (HALF, AUTUMN[1])
    assert window(AUTUMN, valid=(date(2026, 1, 1), HALF)) == (AUTUMN[0], HALF)
    assert window(AUTUMN, valid=SPRING) is None


def test_two_mentors_of_one_term_together_owe_what_one_does_or_little_more():
    plan = MinimumPlan(3, 8, 8)
    assert share(plan, of=AUTUMN, term=AUTUMN) == plan
    for gone in range(1, (AUTUMN[1] - AUTUMN[0]).days):
        day = AUTUMN[0] + timedelta(days=gone)
        former = share(plan, of=(AUTUMN[0], day), term=AUTUMN)
        after = share(plan, of=(day, AUTUMN[1]), term=AUTUMN)
        for name in ("lesson_plans", "observed_by_mentor", "observed_of_mentor"):
            owed = getattr(former, name) + getattr(after, name)
            assert 0 <= owed - getattr(plan, name) <= 1


def test_only_what_is_confirmed_counts():
    found = progress(
        MinimumPlan(3, 8, 8),
        entered=[
            Entered(LogKind.LESSON_PLAN, None, LogState.CONFIRMED, 4),
            Entered(LogKind.OBSERVATION, Side.MENTEE, LogState.CONFIRMED, 2),
            Entered(LogKind.OBSERVATION, Side.MENTEE, LogState.WRITTEN, 5),
            Entered(LogKind.MEETING, None, LogState.CONFIRMED, 7),
        ],
        during=AUTUMN,
        today=HALF,
    )

    plans, by_mentor, of_mentor = found.items
    assert (plans.left, plans.behind) == (0, 0)
    assert (by_mentor.confirmed, by_mentor.waiting, by_mentor.left) == (2, 5, 6)
    assert (by_mentor.due, by_mentor.behind) == (4, 2)
    assert (of_mentor.due, of_mentor.behind) == (4, 4)
    assert (found.left, found.behind) == (14, 6)
    assert found.kinds[LogKind.OBSERVATION] == (2, 5)
    assert found.kinds[LogKind.MEETING] == (7, 0)
    assert found.catch_up_by == date(2027, 1, 18)


@pytest.mark.parametrize(
    ("today", "behind"),
    [
        (date(2026, 8, 1), 0),
        (AUTUMN[0], 0),
        (date(2027, 1, 18), 16),
        (AUTUMN[1], 19),
        (SPRING[0], 19),
    ],
)
def test_nobody_is_behind_on_the_first_day_and_everything_is_due_in_the_end(today, behind):
    assert progress(MinimumPlan(), entered=[], during=AUTUMN, today=today).behind == behind
