"""The smallest change from one timetable to the next; and where a lesson may move."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.calendar.rules import PeriodTimes, TeachingDay, WeekParity
from service.timetable.rules import (
    Conflict,
    ConflictKind,
    Host,
    Occurrence,
    Parity,
    SlotKey,
    StandingSlot,
    Target,
    WantedSlot,
    Wish,
    compare_slots,
    monday_of,
    target_of,
    times_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEACHER, OTHER, CAMPUS, AWAY, CLASS = (UUID(int=number) for number in range(1, 6))
FIRST, TODAY, LAST = date(2026, 8, 31), date(2026, 10, 15), date(2027, 1, 16)


def a_key(weekday=2, period=1, teacher=TEACHER, campus=CAMPUS, until=LAST) -> SlotKey:
    return SlotKey(
        teacher, campus, "24", "2", weekday, period, Parity.EVERY, None, (CLASS,), None, until
    )


def wanted(key: SlotKey, *, row: int = 0, starts: date = FIRST) -> WantedSlot:
    return WantedSlot(row, key, starts, (FIRST, LAST))


def standing(key: SlotKey, number: int = 100, starts: date = FIRST) -> StandingSlot:
    return StandingSlot(UUID(int=number), key, starts)


def compared(wants, stands):
    changes = compare_slots(wants, stands, change_day=TODAY)
    return (
        [(want.key, starts) for want, starts in changes.added],
        [one.slot_id.int for one in changes.ended],
    )


def test_the_first_timetable_is_laid_from_its_first_day():
    assert compared([wanted(a_key())], []) == ([(a_key(), FIRST)], [])


def test_the_same_timetable_changes_nothing():
    assert compared([wanted(a_key())], [standing(a_key())]) == ([], [])


def test_a_later_timetable_changes_only_what_is_to_come():
    new = a_key(period=2)

    assert compared([wanted(new)], [standing(a_key())]) == ([(new, TODAY)], [100])


def test_what_began_at_the_change_counts_as_wanted_from_the_start():
    assert compared([wanted(a_key())], [standing(a_key(), starts=TODAY)]) == ([], [])


def test_what_stands_too_early_or_too_late_is_not_the_same():
    later = wanted(a_key(), starts=date(2026, 12, 1))
    assert compared([later], [standing(a_key())]) == ([(a_key(), date(2026, 12, 1))], [100])
    much_later = standing(a_key(), starts=date(2026, 12, 1))
    assert compared([wanted(a_key())], [much_later]) == ([(a_key(), TODAY)], [100])


def test_a_campus_without_a_timetable_is_laid_whole_beside_one_that_has_one():
    there = a_key(weekday=3, campus=AWAY)

    assert compared([wanted(a_key()), wanted(there)], [standing(a_key())]) == (
        [(there, FIRST)],
        [],
    )


def test_what_is_over_stays_as_it_was_and_is_not_laid_again():
    over = a_key(until=date(2026, 10, 1))

    assert compared([wanted(a_key(weekday=4))], [standing(over)])[1] == []
    assert compared([wanted(over)], [standing(a_key(weekday=4))])[0] == []


def test_teachers_and_terms_that_are_not_named_are_left_alone():
    theirs = standing(a_key(teacher=OTHER), 101)
    next_term = standing(a_key(until=date(2027, 7, 10)), 102, starts=date(2027, 2, 22))

    assert compared([wanted(a_key())], [standing(a_key()), theirs, next_term]) == ([], [])


keys = st.builds(a_key, st.integers(1, 5), st.integers(1, 3))


@given(st.sets(keys), st.sets(keys))
def test_after_a_change_the_same_timetable_changes_nothing(first, second):
    if not second:
        return
    before = [standing(key, 100 + number) for number, key in enumerate(sorted(first))]
    wants = [wanted(key, row=row) for row, key in enumerate(sorted(second))]
    changes = compare_slots(wants, before, change_day=TODAY)
    over = {one.slot_id for one in changes.ended}
    after = [one for one in before if one.slot_id not in over] + [
        standing(want.key, 200 + want.row, starts) for want, starts in changes.added
    ]

    assert {one.key for one in after} == second
    assert compared(wants, after) == ([], [])


# Where a lesson may move

TUESDAY = date(2026, 9, 1)
BELLS = {
    1: PeriodTimes(1, time(8, 30), time(9, 10)),
    2: PeriodTimes(2, time(9, 20), time(10, 0)),
}


def a_day(on_date: date) -> TeachingDay:
    return TeachingDay(on_date, on_date.isoweekday(), 1, WeekParity.ODD, False, None, False, None)


HOST = Host(
    SHANGHAI,
    {
        day.isoweekday(): [a_day(day)]
        for day in (TUESDAY, TUESDAY + timedelta(days=1), TUESDAY + timedelta(days=2))
    },
    {"2": lambda _: BELLS},
)


def at(clock: str, day: date = TUESDAY) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), SHANGHAI)


PRESENT = Target(Occurrence(TUESDAY, 1, at("08:30"), at("09:10")), 1)
WEDNESDAY = TUESDAY + timedelta(days=1)


def moved(wish: Wish, *, stage: str = "2", valid=(FIRST, LAST)):
    return target_of(wish, present=PRESENT, host=HOST, stage=stage, valid=valid)


def test_no_wish_is_the_present_time():
    assert moved(Wish()) == PRESENT


def test_a_period_of_another_day_is_where_its_bell_rings():
    expected = Occurrence(WEDNESDAY, 1, at("09:20", WEDNESDAY), at("10:00", WEDNESDAY))

    assert moved(Wish(on_date=WEDNESDAY, period=2)) == Target(expected, 2)


def test_a_clock_time_keeps_the_length_unless_it_names_the_end():
    starts = at("17:00", WEDNESDAY)

    assert moved(Wish(starts_at=starts)) == Target(
        Occurrence(WEDNESDAY, 1, starts, at("17:40", WEDNESDAY)), None
    )
    longer = moved(Wish(starts_at=starts, ends_at=at("18:30", WEDNESDAY)))
    assert longer.time.ends_at == at("18:30", WEDNESDAY)


@pytest.mark.parametrize(
    ("wish", "options", "kind"),
    [
        (Wish(on_date=date(2026, 9, 5), period=1), {}, ConflictKind.NOT_A_TEACHING_DAY),
        (
            Wish(on_date=WEDNESDAY, period=1),
            {"valid": (FIRST, WEDNESDAY)},
            ConflictKind.OUTSIDE_VALIDITY,
        ),
        (Wish(on_date=WEDNESDAY, period=9), {}, ConflictKind.NO_SUCH_PERIOD),
        (Wish(on_date=WEDNESDAY, period=1), {"stage": "3"}, ConflictKind.NO_SUCH_PERIOD),
        (Wish(on_date=WEDNESDAY), {}, ConflictKind.NO_SUCH_PERIOD),
    ],
)
def test_a_fact_may_forbid_it(wish, options, kind):
    found = moved(wish, **options)

    assert isinstance(found, Conflict)
    assert (found.kind, found.from_date, found.kind.hard) == (kind, wish.on_date, True)


def test_the_bells_of_a_week_are_offered_in_order():
    offered = [(day.on_date, target.period) for day, target in times_of(HOST, stage="2")]

    assert offered[:3] == [(TUESDAY, 1), (TUESDAY, 2), (WEDNESDAY, 1)]
    assert len(offered) == 6
    assert list(times_of(HOST, stage="3")) == []


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_a_week_begins_on_monday(day):
    monday = monday_of(day)

    assert monday.isoweekday() == 1
    assert 0 <= (day - monday).days < 7
