"""The states of leaves, covers and offers, thresholds, and who covers best."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.kit.ids import new_id
from service.timetable.problems.absence import (
    CoverOver,
    LeaveOver,
    OfferClosed,
    OfferExpired,
    OwnRequest,
)
from service.timetable.rules.absence import (
    LIVE,
    CoverState,
    CoverStep,
    LeaveState,
    LeaveStep,
    Measure,
    OfferState,
    Standin,
    Thresholds,
    check_answerable,
    check_other_person,
    cover_after,
    criteria,
    days_of,
    leave_after,
    ranked,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 9, 8, 12, tzinfo=ZONE)


class LivesOfLeaves(RuleBasedStateMachine):
    """Whatever is tried in whatever order, a decided leave never waits again."""

    def __init__(self):
        super().__init__()
        self.state = LeaveState.REQUESTED
        self.was = [self.state]

    @rule(step=st.sampled_from(LeaveStep))
    def try_step(self, step):
        try:
            self.state = leave_after(self.state, step)
        except LeaveOver:
            return
        self.was.append(self.state)

    @invariant()
    def it_is_decided_once(self):
        assert self.was.count(LeaveState.APPROVED) <= 1
        assert len(self.was) <= 3
        if LeaveState.REFUSED in self.was:
            assert self.state is LeaveState.REFUSED
        if LeaveState.WITHDRAWN in self.was:
            assert self.state is LeaveState.WITHDRAWN


class LivesOfCovers(RuleBasedStateMachine):
    """A lesson has one answer at a time, and a lapsed cover comes back by no way."""

    def __init__(self):
        super().__init__()
        self.state = CoverState.OPEN
        self.answers = 0

    @rule(step=st.sampled_from(CoverStep))
    def try_step(self, step):
        before = self.state
        try:
            self.state = cover_after(before, step)
        except CoverOver:
            return
        assert before in LIVE
        if step is CoverStep.RELEASE:
            self.answers -= 1
        elif step is not CoverStep.LAPSE:
            self.answers += 1

    @invariant()
    def there_is_at_most_one_answer(self):
        assert 0 <= self.answers <= 1
        if self.state is CoverState.OPEN:
            assert self.answers == 0


TestLivesOfLeaves = LivesOfLeaves.TestCase
TestLivesOfCovers = LivesOfCovers.TestCase


@pytest.mark.parametrize(
    ("days", "measure"),
    [
        (1, Measure.SWAP),
        (2, Measure.TEMPORARY),
        (5, Measure.TEMPORARY),
        (6, Measure.FIXED),
    ],
)
def test_the_usual_thresholds(days, measure):
    assert Thresholds().measure(days) is measure


def test_a_deadline_lies_before_the_lesson():
    assert Thresholds(cover_lead_minutes=30).deadline(NOON) == NOON - timedelta(minutes=30)


@pytest.mark.parametrize(
    ("hours", "days"), [(1, 1), (12, 1), (12.5, 2), (36, 2), (37, 3), (12 + 24 * 4, 5)]
)
def test_days_are_those_of_the_place(hours, days):
    assert days_of(NOON, NOON + timedelta(hours=hours), zone=ZONE) == days


@given(st.timedeltas(timedelta(), timedelta(days=365)), st.data())
def test_a_longer_leave_never_touches_fewer_days(later, data):
    starts = NOON + later
    shorter = data.draw(st.timedeltas(timedelta(minutes=1), timedelta(days=30)))
    more = data.draw(st.timedeltas(timedelta(), timedelta(days=30)))

    assert days_of(starts, starts + shorter, zone=ZONE) <= days_of(
        starts, starts + shorter + more, zone=ZONE
    )


def test_an_offer_is_answered_once_and_in_time():
    later = NOON + timedelta(hours=1)

    check_answerable(OfferState.OFFERED, expires_at=later, now=NOON)
    with pytest.raises(OfferExpired):
        check_answerable(OfferState.OFFERED, expires_at=NOON, now=NOON)
    with pytest.raises(OfferClosed):
        check_answerable(OfferState.DECLINED, expires_at=later, now=NOON)


def test_nobody_decides_for_themselves():
    check_other_person("a", approver="b")
    check_other_person(None, approver=None)
    with pytest.raises(OwnRequest):
        check_other_person("a", approver="a")


def standin(**values):
    return Standin(
        **{
            "teacher_id": new_id(),
            "name": "甲",
            "school_id": UUID(int=1),
            "school_name": "城区小学",
            "qualified": True,
            "same_school": True,
            "on_campus": True,
            "lessons_that_day": 0,
            "lessons_that_week": 0,
            "covers_given": 0,
            "needed_minutes": None,
            "reachable": True,
            **values,
        }
    )


@pytest.mark.parametrize(
    "worse",
    [
        {"qualified": False},
        {"same_school": False},
        {"on_campus": False},
        {"lessons_that_day": 3},
        {"lessons_that_week": 12},
        {"covers_given": 2},
        {"needed_minutes": 60},
    ],
)
def test_each_criterion_counts(worse):
    best, other = standin(name="乙"), standin(name="甲", **worse)

    assert ranked([other, best]) == [best, other]
    assert sum(criteria(best).values()) > sum(criteria(other).values())


def test_who_cannot_get_there_is_left_out_and_equals_go_by_name():
    two, one = standin(name="乙"), standin(name="丙", reachable=False)
    first = standin(name="丁")

    assert ranked([two, one, first]) == [first, two]
