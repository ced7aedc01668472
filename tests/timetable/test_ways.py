"""Ways between campuses: estimates, legs, and days that can be walked."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.network.rules import Datum
from service.timetable.rules import (
    Duty,
    Estimate,
    Position,
    ResourceKind,
    TimeKind,
    Way,
    kilometres,
    legs_of,
    misfits,
    ways_asked,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEACHER, TOWN, HILL, RIVER, SLOT = (UUID(int=number) for number in range(1, 6))
WAYS = {
    (here, there): Way(30 if TOWN in {here, there} else 50, 5, estimated=False)
    for here in (TOWN, HILL, RIVER)
    for there in (TOWN, HILL, RIVER)
    if here != there
}
BEIBEI = Position(106.4378, 29.8061, Datum.WGS84)


def at(clock: str, day: int = 1) -> datetime:
    return datetime.fromisoformat(f"2026-09-{day:02}T{clock}:00").replace(tzinfo=SHANGHAI)


def duty(starts, ends, campus=TOWN, *, kind=TimeKind.LESSON, day=1) -> Duty:
    return Duty(ResourceKind.TEACHER, TEACHER, at(starts, day), at(ends, day), kind, campus, SLOT)


def legs(*duties):
    return legs_of(duties, ways=WAYS, zone=SHANGHAI)


def test_a_day_at_one_campus_asks_for_no_way():
    assert legs(duty("08:30", "09:10"), duty("09:20", "10:00")) == []


def test_a_way_lies_between_two_campuses_and_says_when_to_leave():
    (leg,) = legs(duty("08:30", "09:10"), duty("10:20", "11:00", HILL))

    assert leg.way.needed == 35
    assert leg.available_minutes == 70
    assert leg.leave_by == at("09:45")
    assert leg.fits


def test_a_way_that_just_fits_fits():
    (leg,) = legs(duty("08:30", "09:10"), duty("09:45", "10:25", HILL))

    assert leg.available_minutes == leg.way.needed
    assert leg.fits


def test_one_minute_too_few_is_too_few():
    early, late = duty("08:30", "09:10"), duty("09:44", "10:24", HILL)

    (conflict,) = misfits(legs(early, late), wanted=[late])

    assert (conflict.needed_minutes, conflict.available_minutes) == (35, 34)
    assert (conflict.wanted, conflict.other) == (late, early)


def test_the_way_to_what_follows_counts_as_well():
    wanted, after = duty("08:30", "09:10", HILL), duty("09:20", "10:00")

    (conflict,) = misfits(legs(wanted, after), wanted=[wanted])

    assert (conflict.wanted, conflict.other) == (wanted, after)


def test_overlapping_duties_are_not_called_a_way_that_is_too_long():
    early, late = duty("08:30", "09:10"), duty("09:00", "09:40", HILL)

    assert misfits(legs(early, late), wanted=[late]) == []


def test_a_call_between_two_campuses_takes_time_but_moves_nobody():
    call = duty("09:10", "10:00", None, kind=TimeKind.MEETING)

    (leg,) = legs(duty("08:30", "09:10"), call, duty("10:20", "11:00", HILL))

    assert leg.earlier.campus_id == TOWN
    assert leg.available_minutes == 20


def test_a_way_that_does_not_fit_is_squeezed_into_the_time_there_is():
    fits, squeezed = (
        legs(duty("08:30", "09:10"), duty(starts, "12:00", HILL))[0].squeezed()
        for starts in ("10:20", "09:30")
    )

    assert fits.way == WAYS[TOWN, HILL]
    assert (squeezed.way.needed, squeezed.leave_by) == (20, at("09:10"))


def test_nobody_travels_overnight():
    assert legs(duty("16:00", "16:40"), duty("08:30", "09:10", HILL, day=2)) == []


def test_three_campuses_are_two_ways():
    day = [duty("08:30", "09:10"), duty("10:20", "11:00", HILL), duty("14:00", "14:40", RIVER)]

    assert [leg.way.minutes for leg in legs(*reversed(day))] == [30, 50]
    assert ways_asked(day, zone=SHANGHAI) == {(TOWN, HILL), (HILL, RIVER)}


@given(
    st.lists(
        st.tuples(st.integers(0, 130), st.sampled_from([TOWN, HILL, RIVER, None])),
        max_size=8,
        unique_by=lambda item: item[0],
    ),
    st.data(),
)
def test_a_day_that_can_be_walked_still_can_when_a_duty_is_dropped(day, data):
    duties = [
        duty("06:00", "06:05", campus)._replace(
            starts_at=at("06:00") + timedelta(minutes=5 * start),
            ends_at=at("06:05") + timedelta(minutes=5 * start),
        )
        for start, campus in day
    ]
    if not duties or not all(leg.fits for leg in legs(*duties)):
        return
    # A duty without a place cuts the time of a way, so that a stop may be where it was spent. Where
    # there is none, the ways here keep the triangle: no stop is ever a short cut.
    dropped = data.draw(
        st.sampled_from([duty for duty in duties if duty.campus_id is None] or duties)
    )

    assert all(leg.fits for leg in legs(*(duty for duty in duties if duty != dropped)))


def test_an_estimate_is_marked_and_rounded_up_to_five_minutes():
    jiangjia = Position(106.55, 29.86, Datum.WGS84)

    way = Estimate().way(BEIBEI, jiangjia)

    assert way.estimated
    assert way.minutes % 5 == 0
    assert 25 <= way.minutes <= 45


def test_mountain_roads_are_a_number_of_the_district():
    there = Position(106.6, 29.9, Datum.WGS84)

    plain, steep = (Estimate(detour=detour).way(BEIBEI, there) for detour in (1.2, 2.4))

    assert steep.minutes > 1.8 * plain.minutes


@pytest.mark.parametrize("missing", [(None, BEIBEI), (BEIBEI, None), (None, None)])
def test_without_a_position_the_estimate_is_a_fixed_one(missing):
    assert Estimate(unknown_minutes=75).way(*missing) == Way(75, 10, estimated=True)


def test_the_same_place_in_three_grids_is_the_same_place():
    # Tian'anmen, as each grid has it.
    places = [
        Position(116.391349, 39.907375, Datum.WGS84),
        Position(116.397590, 39.908776, Datum.GCJ02),
        Position(116.403963, 39.915119, Datum.BD09),
    ]

    for place in places:
        assert kilometres(places[0], place) < 0.05


positions = st.builds(
    Position, st.floats(105.5, 108.5), st.floats(28.5, 31), st.sampled_from(Datum)
)


@given(positions, positions)
def test_an_estimate_is_the_same_both_ways_and_never_negative(here, there):
    assert Estimate().way(here, there) == Estimate().way(there, here)
    assert Estimate().way(here, there).minutes >= 0
