"""What stands in the way of a plan, what makes it unwise, and what would work."""

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.timetable.rules import (
    Candidate,
    ConflictKind,
    Duty,
    Habits,
    ResourceKind,
    TimeKind,
    Way,
    clashes,
    free,
    gaps,
    hardships,
    legs_of,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEACHER, CLASS, ROOM, TOWN, HILL, SLOT, OTHER_SLOT = (UUID(int=number) for number in range(1, 8))
HALF_AN_HOUR = Way(25, 5, estimated=False)


def at(clock: str, day: int = 1) -> datetime:
    return datetime.fromisoformat(f"2026-09-{day:02}T{clock}:00").replace(tzinfo=SHANGHAI)


def duty(starts, ends, *, day=1, campus=TOWN, kind=TimeKind.LESSON, of=None, slot=SLOT) -> Duty:
    resource_kind, resource = of or (ResourceKind.TEACHER, TEACHER)
    return Duty(resource_kind, resource, at(starts, day), at(ends, day), kind, campus, slot)


def kinds(conflicts):
    return [conflict.kind for conflict in conflicts]


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        ((ResourceKind.TEACHER, TEACHER), ConflictKind.TEACHER_BUSY),
        ((ResourceKind.CLASS, CLASS), ConflictKind.CLASS_BUSY),
        ((ResourceKind.ROOM, ROOM), ConflictKind.ROOM_BUSY),
        ((ResourceKind.FACILITY, ROOM), ConflictKind.ROOM_BUSY),
    ],
)
def test_two_lessons_at_once_clash_in_whatever_they_share(of, kind):
    standing = duty("08:30", "09:10", of=of, slot=OTHER_SLOT)
    wanted = duty("09:00", "09:40", of=of)

    (conflict,) = clashes([wanted], standing=[standing])

    assert (conflict.kind, conflict.wanted, conflict.other) == (kind, wanted, standing)
    assert conflict.kind.hard


def test_a_lesson_may_begin_when_another_ends():
    assert clashes([duty("09:10", "09:50")], standing=[duty("08:30", "09:10")]) == []


def test_what_begins_later_may_stand_already():
    standing = duty("09:00", "09:40", slot=OTHER_SLOT)
    wanted = duty("08:30", "09:10")

    (conflict,) = clashes([wanted], standing=[standing])

    assert (conflict.wanted, conflict.other) == (wanted, standing)


def test_a_teacher_on_leave_is_said_to_be_on_leave():
    leave = duty("00:00", "23:59", kind=TimeKind.LEAVE, campus=None, slot=OTHER_SLOT)

    assert kinds(clashes([duty("08:30", "09:10")], standing=[leave])) == [ConflictKind.LEAVE]


def test_a_plan_can_clash_with_itself():
    assert kinds(clashes([duty("08:30", "09:10"), duty("09:00", "09:40")], standing=[])) == [
        ConflictKind.TEACHER_BUSY
    ]


def test_what_stood_before_is_not_complained_about():
    standing = [duty("08:30", "09:10", slot=OTHER_SLOT), duty("09:00", "09:40", slot=SLOT)]

    assert clashes([duty("14:00", "14:40")], standing=standing) == []


def test_a_long_duty_clashes_with_everything_inside_it():
    visit = duty("08:00", "12:00", kind=TimeKind.VISIT, slot=OTHER_SLOT)

    found = clashes([duty("08:30", "09:10"), duty("10:00", "10:40")], standing=[visit])

    assert kinds(found) == [ConflictKind.TEACHER_BUSY] * 2


spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 10)).map(
        lambda pair: duty("06:00", "06:01")._replace(
            starts_at=at("06:00") + timedelta(minutes=pair[0]),
            ends_at=at("06:00") + timedelta(minutes=pair[0] + pair[1]),
        )
    ),
    max_size=8,
    unique=True,
)


@given(spans, spans)
def test_clashes_are_exactly_the_overlapping_pairs(wanted, standing):
    standing = [item._replace(source_id=OTHER_SLOT) for item in standing]
    pairs = {
        frozenset((one, other))
        for one in wanted
        for other in (*wanted, *standing)
        if one != other and one.starts_at < other.ends_at and other.starts_at < one.ends_at
    }

    found = clashes(wanted, standing=standing)

    assert {frozenset((item.wanted, item.other)) for item in found} == pairs
    assert len(found) == len(pairs)


@given(spans, spans, st.data())
def test_a_legal_plan_stays_legal_when_a_lesson_is_removed(wanted, standing, data):
    standing = [item._replace(source_id=OTHER_SLOT) for item in standing]
    if not wanted or clashes(wanted, standing=standing):
        return
    removed = data.draw(st.sampled_from(wanted))

    assert clashes([item for item in wanted if item != removed], standing=standing) == []


# Unwise, but possible


def hard_days(*duties, habits=None):
    ways = {(TOWN, HILL): HALF_AN_HOUR, (HILL, TOWN): HALF_AN_HOUR}
    legs = legs_of(duties, ways=ways, zone=SHANGHAI)
    return hardships(duties, legs=legs, habits=habits or Habits(), zone=SHANGHAI)


def a_lesson(hour: int, *, day=1, campus=TOWN) -> Duty:
    return duty(f"{hour:02}:00", f"{hour:02}:40", day=day, campus=campus)


def test_an_ordinary_day_is_no_hardship():
    assert hard_days(a_lesson(8), a_lesson(10), a_lesson(15)) == []


def test_a_seventh_lesson_on_a_day_is_said():
    (found,) = hard_days(*(a_lesson(hour) for hour in (8, 9, 10, 14, 15, 16, 17)))

    assert found.kind is ConflictKind.DAILY_MAXIMUM
    assert (found.count, found.limit, found.from_date) == (7, 6, date(2026, 9, 1))
    assert not found.kind.hard


def test_a_week_is_counted_from_monday():
    lessons = [a_lesson(hour, day=day) for day in (1, 2, 3, 4) for hour in (8, 9, 10, 15)]

    (found,) = hard_days(*lessons, habits=Habits(weekly_lessons=15))

    assert found.kind is ConflictKind.WEEKLY_MAXIMUM
    assert (found.from_date, found.until) == (date(2026, 8, 31), date(2026, 9, 7))
    assert hard_days(*lessons, habits=Habits(weekly_lessons=16)) == []


def test_visits_do_not_count_as_lessons():
    visits = [duty(f"{hour:02}:00", f"{hour:02}:10", kind=TimeKind.VISIT) for hour in range(8, 11)]

    assert hard_days(*visits, habits=Habits(daily_lessons=0)) == []


def test_two_transfers_in_a_morning_are_one_too_many():
    found = hard_days(a_lesson(8), a_lesson(9, campus=HILL), a_lesson(11))

    assert kinds(found) == [ConflictKind.MANY_TRANSFERS]


def test_one_transfer_in_each_half_of_the_day_is_fine():
    assert hard_days(a_lesson(8), a_lesson(10, campus=HILL), a_lesson(15)) == []


def test_a_day_without_lunch_is_said():
    found = hard_days(
        duty("10:30", "12:20"), duty("13:00", "13:40", campus=HILL), duty("14:00", "14:40")
    )

    lunch = found[-1]
    assert lunch.kind is ConflictKind.NO_LUNCH
    assert (lunch.needed_minutes, lunch.available_minutes) == (40, 10)


def test_a_morning_or_an_afternoon_alone_leaves_time_for_lunch():
    assert hard_days(duty("10:30", "13:50")) == []
    assert hard_days(duty("11:30", "14:40")) == []


def test_lunch_may_come_late():
    assert hard_days(duty("08:00", "13:40"), duty("14:25", "15:00")) == []


# Facts with dates


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [(1, 30)]),
        ([(None, None)], []),
        ([(1, 30)], []),
        ([(5, 10)], [(1, 5), (10, 30)]),
        ([(10, None), (None, 10)], []),
        ([(1, 8), (15, 40)], [(8, 15)]),
        ([(40, None)], [(1, 30)]),
        ([(None, 1)], [(1, 30)]),
        ([(1, 20), (5, 10)], [(20, 30)]),
    ],
)
def test_gaps_are_the_days_no_span_covers(spans, expected):
    start = date(2026, 9, 1)

    def day(number):
        return None if number is None else start + timedelta(days=number - 1)

    found = gaps([(day(a), day(b)) for a, b in spans], from_=day(1), until=day(30))

    assert found == [(day(a), day(b)) for a, b in expected]


# What would work


def a_candidate(hour: int, *, campus=HILL) -> Candidate:
    return Candidate(
        campus,
        2,
        hour,
        (
            duty(f"{hour:02}:00", f"{hour:02}:40", campus=campus),
            duty(f"{hour:02}:00", f"{hour:02}:40", campus=campus, of=(ResourceKind.CLASS, CLASS)),
        ),
    )


def test_free_times_clash_with_nothing_and_can_be_reached():
    standing = [
        duty("08:00", "08:40", slot=OTHER_SLOT),
        duty("11:00", "11:40", of=(ResourceKind.CLASS, CLASS), slot=OTHER_SLOT, campus=HILL),
        duty("14:00", "14:40", day=2, slot=OTHER_SLOT),
    ]

    found = free(
        [a_candidate(hour) for hour in (8, 9, 11, 14)] + [Candidate(HILL, 2, 15, ())],
        standing=standing,
        ways_of=lambda *_: HALF_AN_HOUR,
        zone=SHANGHAI,
    )

    # 8: the teacher is busy; 9: only 20 minutes on the way; 11: the class is busy; 15: no such day.
    assert [candidate.period for candidate in found] == [14]
