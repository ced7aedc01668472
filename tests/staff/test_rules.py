"""How an employment may change, and how names are sorted."""

from datetime import date
from uuid import UUID

import pytest

from service.staff.problems import EmployedThere, EmploymentContradicts, NotEmployed
from service.staff.rules import (
    Course,
    LeavingReason,
    Stay,
    is_retired,
    pinyin_of_person,
    plan_leaving,
    plan_stay,
    plan_transfer,
)

RIVER, HILL = UUID(int=1), UUID(int=2)
LONG_AGO = date(2012, 9, 1)
ONCE = date(2019, 9, 1)
SPRING = date(2027, 2, 22)
SUMMER = date(2027, 7, 10)
AT_RIVER = Stay(RIVER, ONCE)
MOVED = [Stay(RIVER, ONCE, SPRING, LeavingReason.TRANSFERRED), Stay(HILL, SPRING)]


def test_somebody_new_begins():
    assert plan_stay([], wanted=AT_RIVER) == Course(begun=AT_RIVER)


@pytest.mark.parametrize("wanted", [AT_RIVER, Stay(RIVER, ONCE, None, None)])
def test_what_is_known_already_changes_nothing(wanted):
    assert not plan_stay([AT_RIVER], wanted=wanted).changes


def test_another_school_from_a_later_day_is_a_transfer():
    course = plan_stay([AT_RIVER], wanted=Stay(HILL, SPRING))

    assert course.corrected == (AT_RIVER, Stay(RIVER, ONCE, SPRING, LeavingReason.TRANSFERRED))
    assert course.begun == Stay(HILL, SPRING)


def test_a_planned_end_gives_way_to_an_earlier_transfer():
    leaving = Stay(RIVER, ONCE, SUMMER, LeavingReason.RESIGNED)

    course = plan_stay([leaving], wanted=Stay(HILL, SPRING))

    assert course.corrected == (leaving, MOVED[0])


def test_somebody_who_left_may_come_back():
    left = Stay(RIVER, ONCE, SPRING, LeavingReason.RESIGNED)

    assert plan_stay([left], wanted=Stay(RIVER, SUMMER)) == Course(begun=Stay(RIVER, SUMMER))


def test_the_last_stay_may_be_corrected():
    course = plan_stay([AT_RIVER], wanted=Stay(RIVER, LONG_AGO, SUMMER))

    assert course.corrected == (AT_RIVER, Stay(RIVER, LONG_AGO, SUMMER))


def test_a_reason_left_out_keeps_the_one_that_is_known():
    left = Stay(RIVER, ONCE, SUMMER, LeavingReason.RETIRED)

    assert not plan_stay([left], wanted=Stay(RIVER, ONCE, SUMMER)).changes


def test_an_end_taken_back_takes_its_reason_with_it():
    left = Stay(RIVER, ONCE, SUMMER, LeavingReason.RETIRED)

    assert plan_stay([left], wanted=AT_RIVER).corrected == (left, AT_RIVER)


def test_an_earlier_stay_said_again_changes_nothing():
    assert not plan_stay(MOVED, wanted=Stay(RIVER, ONCE, SPRING)).changes


@pytest.mark.parametrize(
    "wanted",
    [
        Stay(RIVER, ONCE),
        Stay(RIVER, SPRING),
        Stay(HILL, LONG_AGO),
        Stay(RIVER, LONG_AGO, SPRING),
    ],
    ids=["still at the old school", "both on one day", "there before", "another past"],
)
def test_what_contradicts_the_past_is_refused(wanted):
    with pytest.raises(EmploymentContradicts):
        plan_stay(MOVED, wanted=wanted)


def test_the_last_stay_is_not_corrected_into_the_one_before():
    with pytest.raises(EmploymentContradicts):
        plan_stay(MOVED, wanted=Stay(HILL, ONCE))


def test_a_transfer_to_the_own_school_is_none():
    with pytest.raises(EmployedThere):
        plan_transfer([AT_RIVER], school_id=RIVER, on=SPRING)


def test_a_transfer_moves_on_its_day():
    assert plan_transfer([AT_RIVER], school_id=HILL, on=SPRING).begun == Stay(HILL, SPRING)


def test_an_end_may_be_set_and_corrected():
    course = plan_leaving([AT_RIVER], on=SPRING, reason=LeavingReason.RETIRED)
    left = Stay(RIVER, ONCE, SPRING, LeavingReason.RETIRED)
    later = plan_leaving([left], on=SUMMER, reason=LeavingReason.RESIGNED)

    assert course.corrected == (AT_RIVER, left)
    assert later.corrected == (left, Stay(RIVER, ONCE, SUMMER, LeavingReason.RESIGNED))
    assert not plan_leaving([left], on=SPRING, reason=LeavingReason.RETIRED).changes


@pytest.mark.parametrize("history", [[], [AT_RIVER]])
def test_nobody_leaves_before_the_first_day(history):
    with pytest.raises(NotEmployed):
        plan_leaving(history, on=ONCE, reason=LeavingReason.OTHER)


@pytest.mark.parametrize(
    ("on", "retired"), [(SPRING, False), (SUMMER, True), (date(2030, 1, 1), True)]
)
def test_retirement_begins_on_its_day(on, retired):
    assert is_retired(expected_retirement_on=SUMMER, on=on) is retired
    assert not is_retired(expected_retirement_on=None, on=on)


@pytest.mark.parametrize(
    ("name", "pinyin"),
    [
        ("张晓梅", "zhangxiaomei"),
        ("曾小贤", "zengxiaoxian"),
        ("单田芳", "shantianfang"),
        ("尉迟恭", "yuchigong"),
        ("Anna Lee", "annalee"),
    ],
)
def test_a_surname_is_read_as_one(name, pinyin):
    assert pinyin_of_person(name) == pinyin
