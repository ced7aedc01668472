"""The rules of attendance, as tables of cases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from service.network.rules import Datum
from service.timetable.problems import LessonNotScheduled
from service.timetable.problems.attendance import (
    AttendanceSettled,
    CheckInTooEarly,
    CheckInTooFar,
    CheckInTooLate,
    CorrectionTooSoon,
    LessonAtHome,
    LessonNotOver,
    LessonNotTaught,
    NoCorrection,
)
from service.timetable.rules import LessonChange, LessonStatus, Position
from service.timetable.rules import attendance as rules
from service.timetable.rules.absence import Thresholds
from service.timetable.rules.attendance import (
    Correction,
    Facts,
    Presence,
    Waiting,
    Why,
    Word,
    WordStep,
)

STARTS = datetime(2026, 10, 13, 6, 50, tzinfo=UTC)
LESSON = Facts(STARTS, STARTS + timedelta(minutes=40))
USUAL = Thresholds()
CANCELLED = replace(LESSON, status=LessonStatus.CANCELLED)
MERGED = replace(LESSON, change=LessonChange.MERGED)


def after(minutes):
    return STARTS + timedelta(minutes=minutes)


def try_in(minutes, *, lesson=LESSON, received=None):
    rules.check_in(
        lesson,
        thresholds=USUAL,
        arrived_at=after(minutes),
        now=after(minutes if received is None else received),
    )


@pytest.mark.parametrize("minutes", [-60, 0, 40])
def test_the_window_opens_before_the_lesson_and_closes_with_it(minutes):
    try_in(minutes)


@pytest.mark.parametrize(
    ("minutes", "received", "problem"),
    [
        (-61, None, CheckInTooEarly),
        (41, None, CheckInTooLate),
        (0, 40 + 12 * 60 + 1, CheckInTooLate),
    ],
)
def test_outside_the_window_nobody_checks_in(minutes, received, problem):
    with pytest.raises(problem):
        try_in(minutes, received=received)


def test_a_message_from_a_phone_without_network_may_arrive_in_the_evening():
    try_in(0, received=40 + 12 * 60)


@pytest.mark.parametrize(
    ("lesson", "problem"), [(CANCELLED, LessonNotScheduled), (MERGED, LessonNotTaught)]
)
def test_there_must_be_a_lesson(lesson, problem):
    with pytest.raises(problem):
        try_in(0, lesson=lesson)
    with pytest.raises(problem):
        rules.check_correction(lesson, now=after(60))
    with pytest.raises(problem):
        rules.check_confirmable(lesson, at_home=False, now=after(60))


def test_our_clock_counts_where_the_phones_runs_ahead():
    now = after(0)
    assert rules.arrival(told=None, now=now) == now
    assert rules.arrival(told=after(-10), now=now) == after(-10)
    assert rules.arrival(told=after(1), now=now) == now
    assert rules.arrival(told=after(10), now=now) == now


def test_a_place_is_near_or_it_is_not():
    gate = Position(106.4521, 29.8313, Datum.GCJ02)
    rules.check_near(None, thresholds=USUAL)
    rules.check_near(500, thresholds=USUAL)
    with pytest.raises(CheckInTooFar):
        rules.check_near(501, thresholds=USUAL)
    assert rules.metres(gate, gate) == 0
    # A phone's GPS says the same place in another grid.
    assert rules.metres(Position(106.4485, 29.8342, Datum.WGS84), gate) < 500


@pytest.mark.parametrize("word", Word)
@pytest.mark.parametrize("step", WordStep)
def test_the_hosts_word_moves_by_its_table(word, step):
    allowed = {
        (Word.OPEN, WordStep.CONFIRM): Word.CONFIRMED,
        (Word.OPEN, WordStep.DISPUTE): Word.DISPUTED,
        (Word.CONFIRMED, WordStep.DISPUTE): Word.DISPUTED,
        (Word.DISPUTED, WordStep.UPHOLD): Word.CONFIRMED,
        (Word.DISPUTED, WordStep.DISMISS): Word.NOT_TAUGHT,
    }
    if (word, step) in allowed:
        assert rules.word_after(word, step) is allowed[word, step]
    else:
        with pytest.raises(AttendanceSettled):
            rules.word_after(word, step)


def test_a_correction_is_for_after_the_lesson():
    rules.check_correction(LESSON, now=after(41))
    with pytest.raises(CorrectionTooSoon):
        rules.check_correction(LESSON, now=after(40))
    rules.check_waiting(Correction.REQUESTED)
    for one in (None, Correction.APPROVED, Correction.REFUSED):
        with pytest.raises(NoCorrection):
            rules.check_waiting(one)


def test_only_a_visit_that_is_over_is_confirmed():
    rules.check_confirmable(LESSON, at_home=False, now=after(40))
    with pytest.raises(LessonNotOver):
        rules.check_confirmable(LESSON, at_home=False, now=after(39))
    with pytest.raises(LessonAtHome):
        rules.check_confirmable(LESSON, at_home=True, now=after(40))


@pytest.mark.parametrize(
    ("lesson", "arrived", "confirmed", "now", "found"),
    [
        (LESSON, None, False, -61, Presence.UPCOMING),
        (LESSON, None, False, -60, Presence.AWAITED),
        (LESSON, None, False, 40, Presence.AWAITED),
        (LESSON, None, False, 41, Presence.NO_SHOW),
        (LESSON, None, True, 41, Presence.VOUCHED),
        (LESSON, 5, False, 41, Presence.PRESENT),
        (LESSON, 6, True, 41, Presence.LATE),
        (CANCELLED, 0, False, 41, Presence.CANCELLED),
        (MERGED, None, False, 41, Presence.CANCELLED),
    ],
)
def test_presence_follows_from_what_is_recorded(lesson, arrived, confirmed, now, found):
    assert (
        rules.presence(
            lesson,
            thresholds=USUAL,
            arrived_at=None if arrived is None else after(arrived),
            confirmed=confirmed,
            now=after(now),
        )
        is found
    )


WAITING = Waiting(
    word=Word.OPEN, arrived=True, correction=None, over=True, excepted=False, frozen=False
)


@pytest.mark.parametrize(
    ("values", "too", "why"),
    [
        ({}, False, None),
        ({"arrived": False}, False, Why.NOT_CHECKED_IN),
        ({"arrived": False}, True, None),
        ({"excepted": True, "frozen": True}, True, Why.EXCEPTED),
        ({"word": Word.DISPUTED}, True, Why.DISPUTED),
        ({"frozen": True}, True, Why.MONTH_FROZEN),
        ({"over": False}, True, Why.NOT_OVER),
        ({"arrived": False, "correction": Correction.REQUESTED}, True, Why.CORRECTION_WAITS),
        ({"correction": Correction.APPROVED}, False, None),
    ],
)
def test_exceptions_stay_open_with_a_reason(values, too, why):
    assert rules.stays_open(replace(WAITING, **values), unchecked_too=too) is why


def test_months():
    assert rules.month_of(date(2026, 10, 31)) == date(2026, 10, 1)
    assert rules.month_after(date(2026, 12, 1)) == date(2027, 1, 1)
    assert rules.month_after(date(2026, 1, 1)) == date(2026, 2, 1)
