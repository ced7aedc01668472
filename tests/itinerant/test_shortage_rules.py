"""What becomes of shortages and offers, and which teacher fits best: pure."""

import itertools
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.calendar.rules import PeriodTimes, TeachingDay, WeekParity
from service.itinerant.problems.shortage import OfferExpired, OfferOver, ShortageStateUnfit
from service.itinerant.rules import WeeklyPeriod
from service.itinerant.rules.shortage import (
    Consent,
    Helper,
    Need,
    OfferState,
    OfferStep,
    Out,
    ShortageState,
    ShortageStep,
    after_an_offer,
    check_classes,
    check_half_days,
    check_offered,
    fit,
    half_lessons,
    offer_after,
    periods_of,
    ranked,
    shortage_after,
)
from service.kit.problems import InvalidValue
from service.timetable.rules import Host, Parity

NOW = datetime.fromisoformat("2026-09-01T08:00:00+08:00")
SOON = NOW + timedelta(hours=1)
CLASS, OTHER = UUID(int=1), UUID(int=2)
PERIODS = {(2, 1): "2-am", (2, 5): "2-pm", (4, 5): "4-pm"}


def day(said):
    on_date = date.fromisoformat(said)
    return TeachingDay(on_date, on_date.isoweekday(), 1, WeekParity.ODD, False, None, False, None)


def consent(*given, across=False):
    return Consent(
        agreed="agreed" in given,
        confirmed="confirmed" in given,
        approved="approved" in given,
        across_groups=across,
    )


def weekly(weekday=2, period=5, parity=Parity.EVERY, class_id=CLASS):
    return WeeklyPeriod(
        weekday=weekday,
        period=period,
        parity=parity,
        weeks=None,
        class_ids=(class_id,),
        room_id=None,
        valid_from=None,
        valid_until=None,
    )


# The machines

LEGAL = {
    ("submitted", "change"): "submitted",
    ("submitted", "approve"): "approved",
    ("submitted", "close"): "closed",
    ("submitted", "withdraw"): "withdrawn",
    ("approved", "change"): "submitted",
    ("approved", "offer"): "offered",
    ("approved", "close"): "closed",
    ("approved", "withdraw"): "withdrawn",
    ("offered", "offer"): "offered",
    ("offered", "release"): "approved",
    ("offered", "match"): "matched",
    ("offered", "withdraw"): "withdrawn",
    ("matched", "close"): "closed",
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(ShortageState, ShortageStep)))
def test_a_shortage_moves_only_so(state, step):
    expected = LEGAL.get((state.value, step.value))

    if expected is None:
        with pytest.raises(ShortageStateUnfit):
            shortage_after(state, step)
    else:
        assert shortage_after(state, step) == expected


@pytest.mark.parametrize(
    ("before", "step", "after"),
    [
        (consent(), OfferStep.AGREE, OfferState.PENDING),
        (consent("confirmed"), OfferStep.AGREE, OfferState.ACCEPTED),
        (consent("agreed"), OfferStep.CONFIRM, OfferState.ACCEPTED),
        (consent("agreed", across=True), OfferStep.CONFIRM, OfferState.PENDING),
        (consent("agreed", "confirmed", across=True), OfferStep.APPROVE, OfferState.ACCEPTED),
        (consent("approved", across=True), OfferStep.CONFIRM, OfferState.PENDING),
        (consent(), OfferStep.DECLINE, OfferState.DECLINED),
        (consent("agreed"), OfferStep.WITHDRAW, OfferState.WITHDRAWN),
        (consent(), OfferStep.EXPIRE, OfferState.EXPIRED),
    ],
)
def test_an_offer_is_accepted_when_everybody_has_agreed(before, step, after):
    moved = offer_after(OfferState.PENDING, step, consent=before, expires_at=SOON, now=NOW)

    assert moved is after


@pytest.mark.parametrize(
    ("state", "step", "before", "expires_at", "problem"),
    [
        (OfferState.ACCEPTED, OfferStep.WITHDRAW, consent(), SOON, OfferOver),
        (OfferState.PENDING, OfferStep.AGREE, consent("agreed"), SOON, OfferOver),
        (OfferState.PENDING, OfferStep.CONFIRM, consent("confirmed"), SOON, OfferOver),
        (OfferState.PENDING, OfferStep.APPROVE, consent(), SOON, OfferOver),
        (OfferState.PENDING, OfferStep.AGREE, consent(), NOW, OfferExpired),
    ],
)
def test_what_is_too_late_is_refused(state, step, before, expires_at, problem):
    with pytest.raises(problem):
        offer_after(state, step, consent=before, expires_at=expires_at, now=NOW)


@pytest.mark.parametrize(
    ("open_offers", "accepted", "step"),
    [
        (0, 0, ShortageStep.RELEASE),
        (1, 0, None),
        (1, 3, None),
        (0, 3, ShortageStep.RELEASE),
        (0, 4, ShortageStep.MATCH),
        (2, 5, ShortageStep.MATCH),
    ],
)
def test_the_end_of_an_offer_moves_its_shortage(open_offers, accepted, step):
    assert after_an_offer(open_offers=open_offers, accepted=accepted, lessons=2) == step


class Matching(RuleBasedStateMachine):
    """A shortage of three lessons a week and its offers, moved in any order."""

    def __init__(self):
        super().__init__()
        self.state = ShortageState.SUBMITTED
        self.offers = []

    def taken(self, *states):
        return sum(one["halves"] for one in self.offers if one["state"] in states)

    @rule(step=st.sampled_from([ShortageStep.APPROVE, ShortageStep.CLOSE, ShortageStep.WITHDRAW]))
    def decide(self, step):
        try:
            self.state = shortage_after(self.state, step)
        except ShortageStateUnfit:
            return
        if step is ShortageStep.WITHDRAW:
            for one in self.offers:
                if one["state"] is OfferState.PENDING:
                    self.end(one, OfferStep.WITHDRAW)

    @rule(halves=st.integers(1, 4), across=st.booleans())
    def offer(self, halves, across):
        taken = self.taken(OfferState.PENDING, OfferState.ACCEPTED)
        if taken + halves > 6:
            return
        try:
            self.state = shortage_after(self.state, ShortageStep.OFFER)
        except ShortageStateUnfit:
            return
        self.offers.append(
            {"state": OfferState.PENDING, "halves": halves, "across": across, "given": set()}
        )

    def end(self, one, step):
        one["state"] = offer_after(
            one["state"],
            step,
            consent=consent(*one["given"], across=one["across"]),
            expires_at=SOON,
            now=NOW,
        )

    @precondition(lambda self: self.offers)
    @rule(place=st.integers(0, 30), step=st.sampled_from(OfferStep))
    def answer(self, place, step):
        one = self.offers[place % len(self.offers)]
        try:
            self.end(one, step)
        except OfferOver:
            return
        said = {OfferStep.AGREE: "agreed", OfferStep.CONFIRM: "confirmed"}
        said[OfferStep.APPROVE] = "approved"
        if step in said:
            one["given"].add(said[step])
        if one["state"] is OfferState.PENDING:
            return
        moved = after_an_offer(
            open_offers=sum(each["state"] is OfferState.PENDING for each in self.offers),
            accepted=self.taken(OfferState.ACCEPTED),
            lessons=3,
        )
        if moved is not None:
            self.state = shortage_after(self.state, moved)

    @invariant()
    def no_more_is_taken_than_asked(self):
        assert self.taken(OfferState.PENDING, OfferState.ACCEPTED) <= 6

    @invariant()
    def an_open_offer_is_of_an_offered_shortage(self):
        pending = any(one["state"] is OfferState.PENDING for one in self.offers)
        assert pending == (self.state is ShortageState.OFFERED)

    @invariant()
    def matched_is_covered(self):
        if self.state is ShortageState.MATCHED:
            assert self.taken(OfferState.ACCEPTED) == 6

    @invariant()
    def nobody_is_passed_over(self):
        for one in self.offers:
            if one["state"] is OfferState.ACCEPTED:
                assert {"agreed", "confirmed"} <= one["given"]
                assert "approved" in one["given"] or not one["across"]


TestMatching = Matching.TestCase
TestMatching.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


# What is asked and what is offered


def test_half_days_and_classes_are_those_of_the_campus():
    check_half_days(["2-pm"], taught={"2-am", "2-pm"})
    check_classes([CLASS], there={CLASS})
    with pytest.raises(InvalidValue) as refused:
        check_half_days(["2-pm", "7-am"], taught={"2-am", "2-pm"})
    assert [one.pointer for one in refused.value.errors] == ["/half_days/1"]
    with pytest.raises(InvalidValue) as silent:
        check_half_days(["2-pm"], taught=())
    assert "作息" in silent.value.errors[0].message.zh
    with pytest.raises(InvalidValue):
        check_classes([OTHER], there={CLASS})


def test_the_periods_of_a_campus_have_their_half_days():
    bells = {
        1: PeriodTimes(1, time(8, 30), time(9, 10), ""),
        5: PeriodTimes(5, time(14), time(14, 40), ""),
    }
    tuesdays = [day("2026-09-01"), day("2026-09-08")]
    host = Host(ZoneInfo("Asia/Shanghai"), {2: tuesdays}, {"2": lambda _: bells})

    assert periods_of(host, stage="2", noon=time(12, 30)) == {(2, 1): "2-am", (2, 5): "2-pm"}


NEED = Need(
    class_ids=frozenset({CLASS}),
    half_days=frozenset({"2-pm", "4-pm"}),
    missing_halves=3,
    periods=PERIODS,
)


@pytest.mark.parametrize(
    ("patterns", "codes"),
    [
        ([weekly()], []),
        ([weekly(), weekly(4, parity=Parity.ODD)], []),
        ([weekly(period=9)], []),
        ([weekly(), weekly(4)], ["more-than-missing"]),
        ([weekly(period=1)], ["outside-half-days"]),
        ([weekly(class_id=OTHER)], ["class-not-asked"]),
    ],
)
def test_an_offer_answers_a_shortage(patterns, codes):
    found = []
    try:
        check_offered(patterns, need=NEED)
    except InvalidValue as refused:
        found = [one.code for one in refused.errors]

    assert found == codes


def test_a_lesson_of_every_other_week_is_half_a_lesson():
    assert half_lessons([weekly(), weekly(parity=Parity.ODD), weekly(parity=Parity.EVEN)]) == 4


# Who fits


def helper(**changes):
    usual = {
        "teacher_id": UUID(int=9),
        "name": "甲",
        "school_id": UUID(int=8),
        "school_name": "城区小学",
        "tier": "lead",
        "qualified": True,
        "teaches": True,
        "retires": False,
        "leaves": False,
        "weekly_lessons": 10.0,
        "weekly_limit": 16,
        "helping_lessons": 0.0,
        "needed_minutes": 30,
        "free": frozenset({(2, 5), (4, 5)}),
        "out_of_way": frozenset(),
        "on_leave": False,
    }
    return Helper(**{**usual, **changes})


def fitted(**changes):
    return fit(helper(**changes), lessons=2, half_days=["2-pm", "4-pm"], periods=PERIODS)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"qualified": False}, Out.NOT_QUALIFIED),
        ({"retires": True}, Out.RETIRED),
        ({"leaves": True}, Out.LEFT),
        ({"free": frozenset({(2, 1)})}, Out.BUSY),
        ({"free": frozenset(), "on_leave": True}, Out.LEAVE),
        ({"free": frozenset(), "out_of_way": frozenset({(4, 5)})}, Out.TRAVEL),
        ({"free": frozenset(), "out_of_way": frozenset({(2, 1)})}, Out.BUSY),
    ],
)
def test_why_a_teacher_is_out(changes, reason):
    assert fitted(**changes).reason == reason


@pytest.mark.parametrize(
    ("changes", "criterion", "points"),
    [
        ({}, "subject", 25),
        ({"teaches": False}, "subject", 12),
        ({}, "tier", 15),
        ({"tier": "alliance"}, "tier", 5),
        ({}, "load", 20),
        ({"weekly_lessons": 15.0}, "load", 10),
        ({"weekly_lessons": 20.0}, "load", 0),
        ({}, "travel", 12),
        ({"needed_minutes": 300}, "travel", 0),
        ({}, "half_days", 15),
        ({"free": frozenset({(2, 5)})}, "half_days", 8),
        ({}, "fairness", 10),
        ({"helping_lessons": 12.0}, "fairness", 0),
    ],
)
def test_each_criterion_says_its_points(changes, criterion, points):
    assert fitted(**changes).points[criterion] == points


def test_the_best_come_first_and_equals_by_name():
    fits = [
        fitted(name="乙", teacher_id=UUID(int=3)),
        fitted(name="丙", needed_minutes=5, teacher_id=UUID(int=4)),
        fitted(name="甲", teacher_id=UUID(int=5)),
        fitted(qualified=False),
    ]

    assert [one.helper.name for one in ranked(fits)] == ["丙", "乙", "甲"]
