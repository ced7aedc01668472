"""Which day is taught how: real notices as cases, whole years as properties."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.calendar.problems import BellFault, TermFault
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    DiffKind,
    FreeDay,
    NationalDay,
    Override,
    PeriodTimes,
    Shift,
    TeachingDay,
    TermSpan,
    WeekParity,
    Whyever,
    announced_by,
    bell_faults,
    compare_notice,
    explained_days,
    shift,
    suggest_weekdays,
    taught,
    teaching_days,
    term_faults,
)

AUTUMN = TermSpan(1, date(2026, 8, 31), date(2027, 1, 23), date(2026, 8, 31))
SPRING = TermSpan(2, date(2027, 2, 22), date(2027, 7, 10), date(2027, 2, 22))
TERMS = [AUTUMN, SPRING]
A_DAY = timedelta(days=1)


def on(day: date, *overrides: Override, terms: Iterable[TermSpan] = TERMS, announced=(2026,)):
    """What a date is."""
    (found,) = explained_days(
        terms=terms, overrides=overrides, announced_years=announced, from_=day, until=day + A_DAY
    )
    return found


def decided(day: date, kind: DayKind = DayKind.TEACH, **more) -> Override:
    return Override(**{"scope": DayScope.DISTRICT, "rank": 0, "on_date": day, "kind": kind, **more})


# Ordinary days


def test_an_ordinary_monday_is_a_monday():
    assert on(AUTUMN.starts) == TeachingDay(
        AUTUMN.starts, 1, 1, WeekParity.ODD, False, None, False, None
    )


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 9, 5), Whyever.WEEKEND),
        (date(2026, 9, 6), Whyever.WEEKEND),
        (date(2026, 8, 30), Whyever.OUTSIDE_TERM),
        (date(2027, 1, 23), Whyever.OUTSIDE_TERM),
        (date(2027, 2, 1), Whyever.OUTSIDE_TERM),
    ],
)
def test_weekends_and_holidays_between_terms_are_free(day, why):
    assert on(day) == FreeDay(day, why, "", None, day.year != 2026)


def test_a_term_is_half_open():
    assert isinstance(on(AUTUMN.until - A_DAY), TeachingDay)
    assert isinstance(on(AUTUMN.until), FreeDay)
    assert isinstance(on(SPRING.starts), TeachingDay)


def test_weeks_count_from_the_monday_of_a_term_that_opens_on_a_thursday():
    opens = TermSpan(1, date(2026, 9, 3), date(2027, 1, 16), date(2026, 8, 31))

    assert on(date(2026, 9, 3), terms=[opens]).week == 1
    assert on(date(2026, 9, 7), terms=[opens]).week == 2
    assert isinstance(on(date(2026, 9, 2), terms=[opens]), FreeDay)


def test_a_year_without_a_notice_is_provisional():
    assert on(date(2026, 12, 31)).provisional is False
    assert on(date(2027, 1, 4)).provisional is True
    assert on(date(2027, 1, 3)).provisional is True, "a free day is provisional too"
    assert on(date(2027, 1, 4), announced=(2026, 2027)).provisional is False


def test_no_terms_no_lessons():
    assert on(date(2026, 9, 1), terms=[]).why is Whyever.OUTSIDE_TERM


# Make-up days, as they were really announced


def test_the_sunday_of_2026_follows_the_tuesday_it_stands_for():
    sunday, tuesday = date(2026, 9, 20), date(2026, 10, 6)
    assert (AUTUMN.week_of(sunday), AUTUMN.week_of(tuesday)) == (3, 6)

    silent = on(sunday, decided(sunday, follows_weekday=2))
    spoken = on(sunday, decided(sunday, follows_weekday=2, follows_parity=WeekParity.EVEN))

    assert (silent.weekday, silent.week, silent.parity) == (2, 3, WeekParity.ODD)
    assert silent.label == ("按周二课表", "follows Tuesday")
    assert (spoken.weekday, spoken.week, spoken.parity) == (2, 3, WeekParity.EVEN)
    assert spoken.label == ("按周二(双周)课表", "follows Tuesday (even week)")
    assert silent.moved
    assert spoken.moved
    assert spoken.source is DayScope.DISTRICT


def test_an_odd_week_thursday_in_an_even_week():
    saturday = date(2026, 10, 10)
    found = on(saturday, decided(saturday, follows_weekday=4, follows_parity=WeekParity.ODD))

    assert (found.weekday, found.week, found.parity) == (4, 6, WeekParity.ODD)
    assert found.label == ("按周四(单周)课表", "follows Thursday (odd week)")


def test_a_weekday_may_stay_and_only_change_its_parity():
    friday = date(2026, 9, 11)
    found = on(friday, decided(friday, follows_parity=WeekParity.ODD))

    assert (found.weekday, found.parity, found.moved) == (5, WeekParity.ODD, True)
    assert found.label == ("按周五(单周)课表", "follows Friday (odd week)")


def test_what_a_day_is_anyway_is_no_move():
    friday = date(2026, 9, 11)
    found = on(friday, decided(friday, follows_weekday=5, follows_parity=WeekParity.EVEN))

    assert (found.moved, found.label) == (False, None)
    assert found.source is DayScope.DISTRICT


def test_a_notice_of_2021_that_no_library_derives():
    """A district's three make-up days of autumn 2021, and an ordinary Friday it swapped."""
    term = TermSpan(1, date(2021, 9, 1), date(2022, 1, 15), date(2021, 8, 30))
    notice = {
        date(2021, 9, 18): 1,
        date(2021, 9, 24): 2,
        date(2021, 9, 26): 5,
        date(2021, 10, 9): 4,
    }
    library = {date(2021, 9, 18): 1, date(2021, 9, 26): 3, date(2021, 10, 9): 4}
    off = [date(2021, 9, 20), date(2021, 9, 21), *(date(2021, 10, day) for day in range(1, 8))]
    found = teaching_days(
        terms=[term],
        overrides=[
            *(decided(day, follows_weekday=weekday) for day, weekday in notice.items()),
            *(decided(day, DayKind.OFF) for day in off),
        ],
        announced_years=[2021],
        from_=term.starts,
        until=term.until,
    )

    weekdays = {day.on_date: day.weekday for day in found}
    assert {day: weekdays[day] for day in notice} == notice
    assert {day.on_date for day in found if day.moved} == set(notice)
    assert not weekdays.keys() & set(off)
    assert any(notice[day] != weekday for day, weekday in library.items())


def test_a_national_workday_in_the_winter_holiday_is_no_school_day():
    winter = TermSpan(1, date(2025, 9, 1), date(2026, 1, 24), date(2025, 9, 1))
    spring = TermSpan(2, date(2026, 3, 2), date(2026, 7, 11), date(2026, 3, 2))

    for day in (date(2026, 2, 14), date(2026, 2, 28)):
        found = on(day, decided(day, follows_weekday=1), terms=[winter, spring])
        assert found.why is Whyever.OUTSIDE_TERM
    fourth = date(2026, 1, 4)
    assert on(fourth, decided(fourth, follows_weekday=5), terms=[winter]).weekday == 5


def test_a_make_up_day_nobody_announced_is_not_guessed():
    sunday = date(2026, 9, 20)
    for parity in (None, WeekParity.ODD):
        found = on(sunday, decided(sunday, reason="国庆节调休", follows_parity=parity))
        assert found == FreeDay(sunday, Whyever.UNDECIDED, "国庆节调休", DayScope.DISTRICT, False)


@pytest.mark.parametrize("kind", [DayKind.OFF, DayKind.EXAM, DayKind.ACTIVITY])
def test_days_off_examinations_and_events_have_no_regular_lessons(kind):
    day = date(2026, 10, 15)
    found = on(day, decided(day, kind, reason="事由"))

    assert found == FreeDay(day, Whyever(kind.value), "事由", DayScope.DISTRICT, False)


def test_the_highest_rank_decides_in_whatever_order_they_come():
    day = date(2026, 10, 16)
    district = decided(day, DayKind.OFF)
    alliance = decided(day, DayKind.EXAM, scope=DayScope.GROUP, rank=1)
    lead = decided(day, follows_weekday=1, scope=DayScope.GROUP, rank=2)
    school = decided(day, DayKind.ACTIVITY, scope=DayScope.SCHOOL, rank=3)

    assert on(day, school, district, lead, alliance).why is Whyever.ACTIVITY
    assert on(day, lead, alliance, district).weekday == 1
    assert on(day, alliance, district).why is Whyever.EXAM
    assert on(day, district).why is Whyever.OFF


def test_a_school_may_teach_on_the_districts_day_off():
    day = date(2026, 10, 16)
    found = on(day, decided(day, DayKind.OFF), decided(day, scope=DayScope.SCHOOL, rank=1))

    assert (found.weekday, found.moved, found.source) == (5, False, DayScope.SCHOOL)


# Whole years

DATES = st.dates(date(2026, 8, 1), date(2027, 7, 31))
DECISIONS = st.builds(
    Override,
    scope=st.sampled_from(DayScope),
    rank=st.integers(0, 3),
    on_date=DATES,
    kind=st.sampled_from(DayKind),
    follows_weekday=st.none() | st.integers(1, 7),
    follows_parity=st.none() | st.sampled_from(WeekParity),
    reason=st.just("事由"),
    source=st.sampled_from(DaySource),
)
CALENDARS = st.lists(DECISIONS, max_size=24)
whole_years = settings(max_examples=30, deadline=None)
"""Each example looks at a year or two, day by day."""


def year(overrides: Iterable[Override], *, from_=date(2026, 8, 1), until=date(2027, 8, 1)):
    return explained_days(
        terms=TERMS, overrides=overrides, announced_years={2026}, from_=from_, until=until
    )


def in_term(day: date) -> bool:
    return any(term.starts <= day < term.until for term in TERMS)


@whole_years
@given(CALENDARS)
def test_each_date_stands_once_and_in_order(overrides):
    dates = [day.on_date for day in year(overrides)]

    assert dates == [date(2026, 8, 1) + n * A_DAY for n in range(365)]


@whole_years
@given(CALENDARS)
def test_no_lessons_outside_terms_whatever_was_decided(overrides):
    for day in year(overrides):
        assert isinstance(day, TeachingDay) <= in_term(day.on_date)
        if not in_term(day.on_date):
            assert day.why is Whyever.OUTSIDE_TERM


@whole_years
@given(CALENDARS)
def test_a_teaching_day_has_a_weekday_a_week_and_a_label_if_it_moved(overrides):
    for day in year(overrides):
        if isinstance(day, TeachingDay):
            assert 1 <= day.weekday <= 7
            assert 1 <= day.week <= 21
            assert day.moved is (day.label is not None)
            if day.label is not None and day.weekday == day.on_date.isoweekday():
                assert "周)" in day.label.zh, "a day that keeps its weekday says which week"


@whole_years
@given(CALENDARS, DATES, st.sampled_from(DayKind))
def test_a_decision_above_all_others_wins(overrides, day, kind):
    mine = decided(day, kind, rank=9, scope=DayScope.SCHOOL, follows_weekday=None)
    (found,) = [one for one in year([*overrides, mine]) if one.on_date == day]

    if not in_term(day):
        assert found.why is Whyever.OUTSIDE_TERM
    elif kind is DayKind.TEACH:
        expected = FreeDay if day.isoweekday() > 5 else TeachingDay
        assert isinstance(found, expected)
        assert found.source is DayScope.SCHOOL
    else:
        assert found.why.value == kind.value


@whole_years
@given(CALENDARS, DECISIONS)
def test_taking_a_decision_back_restores_the_date_and_disturbs_no_other(overrides, extra):
    others = [one for one in overrides if one.on_date != extra.on_date]
    plain, with_it = year(others), year([*others, extra])

    assert [day for day in with_it if day.on_date != extra.on_date] == [
        day for day in plain if day.on_date != extra.on_date
    ]
    assert year([one for one in [*others, extra] if one is not extra]) == plain


@whole_years
@given(CALENDARS, st.randoms())
def test_the_order_of_decisions_of_different_rank_does_not_matter(overrides, random):
    ranked = [replace(one, rank=rank) for rank, one in enumerate(overrides)]
    shuffled = ranked.copy()
    random.shuffle(shuffled)

    assert year(ranked) == year(shuffled)


@whole_years
@given(CALENDARS, st.tuples(DATES, DATES, DATES).map(sorted))
def test_ranges_are_half_open_and_join_without_seam(overrides, dates):
    first, middle, last = dates
    whole = year(overrides, from_=first, until=last)

    assert len(whole) == (last - first).days
    assert whole == [
        *year(overrides, from_=first, until=middle),
        *year(overrides, from_=middle, until=last),
    ]


def test_a_reversed_range_holds_nothing():
    assert year([], from_=date(2026, 9, 2), until=date(2026, 9, 1)) == []


@whole_years
@given(CALENDARS)
def test_what_is_taught_is_what_is_explained_as_taught(overrides):
    span = {"from_": date(2026, 8, 1), "until": date(2027, 8, 1)}
    days = teaching_days(terms=TERMS, overrides=overrides, announced_years={2026}, **span)

    assert days == [day for day in year(overrides) if isinstance(day, TeachingDay)]


# What a change does


def test_a_date_taught_otherwise_is_lost_and_gained():
    monday, saturday, friday = date(2026, 9, 7), date(2026, 9, 12), date(2026, 9, 11)
    change = [
        decided(monday, DayKind.OFF),
        decided(saturday, follows_weekday=1),
        decided(friday, follows_weekday=1),
    ]
    before, after = (
        taught(day for day in year(overrides) if isinstance(day, TeachingDay))
        for overrides in ([], change)
    )

    assert shift(before, after) == Shift(
        lost=frozenset({monday, friday}), gained=frozenset({saturday, friday})
    )


@whole_years
@given(CALENDARS, CALENDARS)
def test_a_change_taken_back_gains_what_it_lost(some, others):
    before, after = (
        taught(day for day in year(overrides) if isinstance(day, TeachingDay))
        for overrides in (some, others)
    )
    there, back = shift(before, after), shift(after, before)

    assert (there.lost, there.gained) == (back.gained, back.lost)
    assert shift(before, before) == Shift(frozenset(), frozenset())


def test_another_reason_or_another_scope_changes_nothing():
    day = date(2026, 9, 11)
    before = taught([on(day, decided(day, follows_weekday=1, reason="甲"))])
    same = decided(day, follows_weekday=1, reason="乙", scope=DayScope.SCHOOL)

    assert taught([on(day, same, announced=())]) == before


# By the clock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_bell_rings_by_the_clock_on_the_wall():
    period = PeriodTimes(1, time(8, 30), time(9, 10))

    assert period.rings(date(2026, 9, 7), zone=SHANGHAI) == (
        at("2026-09-07T00:30:00Z"),
        at("2026-09-07T01:10:00Z"),
    )
    assert period.rings(date(2026, 9, 7), zone=ZoneInfo("Asia/Urumqi"))[0] == at(
        "2026-09-07T02:30:00Z"
    )


def test_the_same_bell_all_week_although_the_clocks_changed_at_its_weekend():
    """China put its clocks forward on 4 May 1986 and back on 14 September."""
    period = PeriodTimes(1, time(8, 30), time(9, 10))
    summer, winter = timedelta(hours=9), timedelta(hours=8)

    for day, offset in (
        (date(1986, 5, 3), winter),
        (date(1986, 5, 5), summer),
        (date(1986, 9, 13), summer),
        (date(1986, 9, 15), winter),
    ):
        begins, ends = period.rings(day, zone=SHANGHAI)
        assert begins == datetime.combine(day, time(8, 30), UTC) - offset
        assert ends - begins == timedelta(minutes=40)


ZONES = st.sampled_from(
    [
        "Asia/Shanghai",
        "Asia/Urumqi",
        "Asia/Kathmandu",
        "America/New_York",
        "America/Sao_Paulo",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Africa/Casablanca",
        "Pacific/Apia",
    ]
).map(ZoneInfo)


@settings(deadline=None)
@given(
    ZONES,
    st.dates(date(1980, 1, 1), date(2037, 12, 31)),
    st.times().map(lambda one: one.replace(second=0, microsecond=0)),
    st.integers(1, 180),
)
def test_a_period_always_lasts_as_long_as_the_schedule_says(zone, day, starts, minutes):
    wall = datetime.combine(day, starts)
    until = min(wall + timedelta(minutes=minutes), datetime.combine(day, time(23, 59)))
    period = PeriodTimes(1, starts, until.time())

    begins, ends = period.rings(day, zone=zone)

    assert begins.tzinfo is UTC
    assert ends - begins == until - wall
    local = begins.astimezone(zone).replace(tzinfo=None)
    exists = datetime.combine(day, starts, zone).astimezone(UTC).astimezone(zone)
    assert local == exists.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "expected"),
    [
        # Clocks jump over two o'clock: the bell rings as long after the jump as it says.
        ("America/New_York", date(2026, 3, 8), time(2, 30), "2026-03-08T07:30:00Z"),
        # Half past one comes twice: the bell rings the first time.
        ("America/New_York", date(2026, 11, 1), time(1, 30), "2026-11-01T05:30:00Z"),
        # A day that never was: Samoa left out 30 December 2011.
        ("Pacific/Apia", date(2011, 12, 30), time(8, 0), "2011-12-30T18:00:00Z"),
        ("Asia/Shanghai", date(1986, 5, 4), time(2, 30), "1986-05-03T18:30:00Z"),
    ],
)
def test_gaps_and_folds(zone, day, starts, expected):
    period = PeriodTimes(1, starts, (datetime.combine(day, starts) + timedelta(minutes=40)).time())

    begins, ends = period.rings(day, zone=ZoneInfo(zone))

    assert begins == at(expected)
    assert ends == at(expected) + timedelta(minutes=40)


# What may be stored

SCHOOL_YEAR = (date(2026, 8, 1), date(2027, 8, 1))


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({}, []),
        ({"starts": date(2026, 9, 6)}, []),
        ({"until": date(2026, 8, 31)}, [TermFault.REVERSED]),
        ({"until": date(2026, 8, 30)}, [TermFault.REVERSED]),
        ({"until": date(2026, 9, 1)}, []),
        ({"until": AUTUMN.week_one + timedelta(weeks=30)}, []),
        ({"until": AUTUMN.week_one + timedelta(weeks=30, days=1)}, [TermFault.TOO_LONG]),
        (
            {"until": AUTUMN.week_one + timedelta(weeks=54)},
            [TermFault.TOO_LONG, TermFault.OUTSIDE_YEAR],
        ),
        ({"week_one": date(2026, 8, 30)}, [TermFault.NOT_MONDAY]),
        ({"week_one": date(2026, 9, 7)}, [TermFault.WEEK_ONE_AWAY]),
        ({"week_one": date(2026, 8, 24)}, [TermFault.WEEK_ONE_AWAY]),
        ({"starts": date(2026, 7, 31), "week_one": date(2026, 7, 27)}, [TermFault.OUTSIDE_YEAR]),
    ],
)
def test_what_a_term_may_be(change, faults):
    assert term_faults(replace(AUTUMN, **change), year=SCHOOL_YEAR) == faults


def p(number: int, starts: str, ends: str) -> PeriodTimes:
    return PeriodTimes(number, time.fromisoformat(starts), time.fromisoformat(ends))


@pytest.mark.parametrize(
    ("periods", "faults"),
    [
        ([], [(0, BellFault.EMPTY)]),
        ([p(1, "08:00", "08:40")], []),
        ([p(1, "08:00", "08:40"), p(2, "08:40", "09:20")], []),
        # A third period that is longer, for eye exercises, and a long break are nothing unusual.
        ([p(1, "08:00", "08:40"), p(3, "10:20", "11:05"), p(2, "08:50", "09:30")], []),
        ([p(1, "08:40", "08:00")], [(0, BellFault.REVERSED)]),
        ([p(1, "08:00", "08:00")], [(0, BellFault.REVERSED)]),
        ([p(1, "08:00", "08:40"), p(1, "09:00", "09:40")], [(1, BellFault.DUPLICATE)]),
        ([p(1, "08:00", "08:40"), p(2, "08:39", "09:20")], [(1, BellFault.OVERLAP)]),
        ([p(2, "08:00", "08:40"), p(1, "09:00", "09:40")], [(1, BellFault.OUT_OF_ORDER)]),
        (
            [p(1, "08:00", "12:00"), p(2, "08:10", "08:50"), p(3, "09:00", "09:40")],
            [(1, BellFault.OVERLAP)],
        ),
    ],
)
def test_what_the_bells_of_a_day_may_be(periods, faults):
    assert bell_faults(periods) == faults


MINUTES = st.integers(0, 23 * 60 + 59).map(lambda minute: time(*divmod(minute, 60)))
PERIODS = st.lists(st.builds(PeriodTimes, st.integers(1, 12), MINUTES, MINUTES), max_size=8)


@settings(deadline=None)
@given(PERIODS)
def test_bells_without_fault_never_ring_two_periods_at_once(periods):
    if bell_faults(periods):
        return
    for one in periods:
        for other in periods:
            if one.number < other.number:
                assert one.starts < one.ends <= other.starts < other.ends


@settings(deadline=None)
@given(PERIODS)
def test_a_period_left_out_leaves_good_bells_good(periods):
    if len(periods) > 1 and not bell_faults(periods):
        assert not bell_faults(periods[1:])


# The national notice


def off(day: int, holiday: str = "国庆节", *, in_lieu: bool = False) -> NationalDay:
    return NationalDay(date(2026, 10, day), DayKind.OFF, holiday, holiday, in_lieu)


def made_up(day: date, holiday: str = "国庆节") -> NationalDay:
    return NationalDay(day, DayKind.TEACH, f"{holiday}调休", holiday)


def present(day: int, kind: DayKind = DayKind.OFF, **more) -> Override:
    return decided(date(2026, 10, day), kind, **{"source": DaySource.NATIONAL, **more})


@pytest.mark.parametrize(
    ("wanted", "known", "what"),
    [
        ([off(1)], None, DiffKind.ADDED),
        ([off(1)], present(1, reason="国庆节"), DiffKind.SAME),
        ([off(1)], present(1, reason="国庆节", source=DaySource.MANUAL), DiffKind.SAME),
        ([off(1)], present(1, reason="国庆"), DiffKind.CHANGED),
        ([off(1)], present(1, DayKind.TEACH, reason="国庆节"), DiffKind.CHANGED),
        ([off(1)], present(1, DayKind.TEACH, source=DaySource.MANUAL), DiffKind.KEPT),
        ([off(1)], present(1, DayKind.TEACH, source=DaySource.IMPORT), DiffKind.KEPT),
        ([], present(1), DiffKind.REMOVED),
        ([], present(1, source=DaySource.MANUAL), DiffKind.KEPT),
        ([], present(1, source=DaySource.IMPORT), DiffKind.KEPT),
    ],
)
def test_a_notice_changes_what_it_brought_and_keeps_what_people_decided(wanted, known, what):
    mine = {known.on_date: known} if known else {}
    (found,) = compare_notice(wanted, present=mine)

    assert (found.on_date, found.what) == (date(2026, 10, 1), what)
    assert found.wanted == (wanted[0] if wanted else None)
    assert found.present == known


def test_differences_come_in_order_with_suggestions():
    sunday = date(2026, 9, 20)
    found = compare_notice(
        [off(6, in_lieu=True), made_up(sunday)], present={date(2026, 10, 1): present(1)}
    )

    assert [(one.on_date, one.what, one.suggested_weekday) for one in found] == [
        (sunday, DiffKind.ADDED, 2),
        (date(2026, 10, 1), DiffKind.REMOVED, None),
        (date(2026, 10, 6), DiffKind.ADDED, None),
    ]


def test_make_up_days_are_paired_with_the_days_taken_off_for_the_same_festival():
    sunday, saturday = date(2026, 9, 20), date(2026, 10, 10)
    days = [
        made_up(saturday),
        off(7, in_lieu=True),
        off(6, in_lieu=True),
        off(1),
        made_up(sunday),
        made_up(date(2026, 9, 13), "中秋节"),
    ]

    assert suggest_weekdays(days) == {sunday: 2, saturday: 3}


def test_a_year_is_announced_once_most_of_its_days_off_are_listed():
    some = [date(2027, 1, 1) + n * A_DAY for n in range(3)]
    most = [date(2026, 10, 1) + n * A_DAY for n in range(10)]

    assert announced_by([*some, *most]) == {2026}
    assert announced_by([]) == frozenset()
