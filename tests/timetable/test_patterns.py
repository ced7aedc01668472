"""Weekly patterns on real calendars."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calendar.rules import PeriodTimes, TeachingDay, WeekParity
from service.timetable.rules import Parity, Pattern, lay_out, lesson_id

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK_ONE = date(2026, 8, 31)


def a_day(on_date: date, weekday: int, week: int, parity: str) -> TeachingDay:
    moved = weekday != on_date.isoweekday()
    return TeachingDay(on_date, weekday, week, WeekParity(parity), moved, None, False, None)


def an_ordinary_day(on_date: date) -> TeachingDay:
    week = (on_date - WEEK_ONE).days // 7 + 1
    return a_day(on_date, on_date.isoweekday(), week, "odd" if week % 2 else "even")


TERM = [
    an_ordinary_day(WEEK_ONE + timedelta(days=offset))
    for offset in range(20 * 7)
    if (WEEK_ONE + timedelta(days=offset)).isoweekday() <= 5
]
BELLS = {
    1: PeriodTimes(1, time(8, 30), time(9, 10)),
    6: PeriodTimes(6, time(14, 0), time(14, 40)),
}


def a_pattern(
    weekday=2, period=1, parity=Parity.EVERY, weeks=None, valid=(WEEK_ONE, date(2027, 1, 16))
) -> Pattern:
    return Pattern(weekday, period, parity, weeks, *valid)


def dates_of(pattern, *, days=TERM, bells=BELLS):
    laid = lay_out(pattern, days=days, bells_on=lambda _: bells, zone=SHANGHAI)
    return [occurrence.on_date for occurrence in laid.occurrences]


def test_a_pattern_meets_its_weekday_in_every_week():
    assert dates_of(a_pattern())[:3] == [date(2026, 9, 1), date(2026, 9, 8), date(2026, 9, 15)]


def test_an_odd_pattern_skips_the_even_weeks():
    assert dates_of(a_pattern(parity=Parity.ODD))[:2] == [date(2026, 9, 1), date(2026, 9, 15)]


def test_a_week_set_is_as_good_as_a_parity():
    assert dates_of(a_pattern(weeks=(1, 2, 8))) == [
        date(2026, 9, 1),
        date(2026, 9, 8),
        date(2026, 10, 20),
    ]


def test_the_last_day_of_validity_is_not_part_of_it():
    pattern = a_pattern(valid=(date(2026, 9, 8), date(2026, 9, 22)))

    assert dates_of(pattern) == [date(2026, 9, 8), date(2026, 9, 15)]


def test_a_make_up_saturday_follows_the_weekday_and_parity_that_were_announced():
    make_up = a_day(date(2026, 10, 10), weekday=2, week=6, parity="odd")

    assert dates_of(a_pattern(parity=Parity.ODD), days=[make_up]) == [date(2026, 10, 10)]
    assert dates_of(a_pattern(parity=Parity.EVEN), days=[make_up]) == []
    assert dates_of(a_pattern(weekday=6), days=[make_up]) == []


def test_wall_times_become_instants_of_the_campus():
    laid = lay_out(a_pattern(), days=TERM[:5], bells_on=lambda _: BELLS, zone=SHANGHAI)

    assert laid.occurrences[0].starts_at == datetime(2026, 9, 1, 0, 30, tzinfo=UTC)
    assert laid.occurrences[0].ends_at == datetime(2026, 9, 1, 1, 10, tzinfo=UTC)
    assert laid.occurrences[0].week == 1


def test_winter_bells_begin_on_their_day():
    winter = {1: PeriodTimes(1, time(9, 0), time(9, 40))}
    laid = lay_out(
        a_pattern(),
        days=TERM,
        bells_on=lambda day: BELLS if day < date(2026, 10, 8) else winter,
        zone=SHANGHAI,
    )

    clock = [occurrence.starts_at.time() for occurrence in laid.occurrences]
    assert clock[:6] == [time(8, 30)] * 6
    assert set(clock[6:]) == {time(9, 0)}


def test_a_period_without_a_bell_is_said_and_not_guessed():
    laid = lay_out(a_pattern(period=9), days=TERM[:10], bells_on=lambda _: BELLS, zone=SHANGHAI)

    assert laid.occurrences == ()
    assert laid.silent == (date(2026, 9, 1), date(2026, 9, 8))


@st.composite
def patterns(draw):
    start = draw(st.integers(0, 130))
    length = draw(st.integers(1, 140))
    valid_from = WEEK_ONE + timedelta(days=start)
    return Pattern(
        draw(st.integers(1, 7)),
        draw(st.sampled_from([1, 6, 9])),
        draw(st.sampled_from(Parity)),
        draw(
            st.none()
            | st.sets(st.integers(1, 25), min_size=1).map(lambda weeks: tuple(sorted(weeks)))
        ),
        valid_from,
        valid_from + timedelta(days=length),
    )


@given(patterns())
def test_every_occurrence_obeys_its_pattern(pattern):
    laid = lay_out(pattern, days=TERM, bells_on=lambda _: BELLS, zone=SHANGHAI)

    for occurrence in laid.occurrences:
        assert occurrence.on_date.isoweekday() == pattern.weekday
        assert pattern.valid_from <= occurrence.on_date < pattern.valid_until
        assert pattern.weeks is None or occurrence.week in pattern.weeks
        assert occurrence.starts_at < occurrence.ends_at
        assert occurrence.starts_at.astimezone(SHANGHAI).date() == occurrence.on_date


@given(patterns(), st.integers(1, 139))
def test_a_validity_cut_in_two_lays_the_same_days(pattern, at):
    cut = WEEK_ONE + timedelta(days=at)
    if not pattern.valid_from < cut < pattern.valid_until:
        return
    fields = (pattern.weekday, pattern.period, pattern.parity, pattern.weeks)
    first = Pattern(*fields, pattern.valid_from, cut)
    second = Pattern(*fields, cut, pattern.valid_until)

    assert dates_of(first) + dates_of(second) == dates_of(pattern)


@given(patterns())
def test_odd_and_even_weeks_together_are_every_week(pattern):
    fields = (pattern.weeks, pattern.valid_from, pattern.valid_until)
    odd, even, every = (
        dates_of(Pattern(pattern.weekday, pattern.period, parity, *fields))
        for parity in (Parity.ODD, Parity.EVEN, Parity.EVERY)
    )

    assert sorted(odd + even) == every
    assert not set(odd) & set(even)


def test_the_id_of_a_lesson_is_made_of_its_slot_and_its_day():
    slot = UUID("01a20ad7-90ca-7387-8a0d-edd0756500a4")

    assert lesson_id(slot, date(2000, 1, 2)) == UUID("01a20ad7-90ca-7387-8a0d-edd075650001")
    assert lesson_id(slot, date(2026, 9, 1)) == lesson_id(slot, date(2026, 9, 1))


@pytest.mark.parametrize("apart", [1, 7, 365, 3650])
def test_two_days_of_a_slot_have_two_ids(apart):
    slot = UUID("01a20ad7-90ca-7387-8a0d-edd0756500a4")
    day = date(2026, 9, 1)

    assert lesson_id(slot, day) != lesson_id(slot, day + timedelta(days=apart))
