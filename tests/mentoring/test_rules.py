"""A pairing's life, a mentor's places, and what a mentee still needs."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.mentoring.problems import (
    AgreementUnsigned,
    EndUnfit,
    MentorFull,
    MentorUnfit,
    PairingNotBegun,
    PairingStateUnfit,
)
from service.mentoring.rules import (
    Act,
    EndReason,
    Gap,
    Guide,
    Lack,
    Life,
    PairingState,
    Person,
    Plan,
    Policy,
    Side,
    accept,
    activate,
    check_act,
    check_capacity,
    check_pair,
    check_replacement,
    dual_gaps,
    end,
    experienced,
    hand_over,
    lacks,
    leaves_on,
    move_end,
    places_taken,
    ripened,
    school_on,
    sign,
    state_on,
    years_taught,
)
from service.staff.rules import Qualified, Stay

RIVER, HILL = UUID(int=1), UUID(int=2)
ANNA, BO, MEI = UUID(int=11), UUID(int=12), UUID(int=13)
AUTUMN, TODAY, SUMMER = date(2026, 9, 1), date(2026, 10, 12), date(2027, 7, 10)
YEAR = (AUTUMN, SUMMER)
PROPOSED = Life()
ACCEPTED = Life(PairingState.ACCEPTED, mentor_accepted=True, mentee_accepted=True)
ACTIVE = Life(PairingState.ACTIVE, mentor_accepted=True, mentee_accepted=True)
SIGNED = replace(ACCEPTED, state=PairingState.SIGNED, mentor_signed=True, mentee_signed=True)
ENDED = Life(PairingState.ENDED)
DAY = timedelta(days=1)


# Its life


@pytest.mark.parametrize("order", [(Side.MENTOR, Side.MENTEE), (Side.MENTEE, Side.MENTOR)])
def test_a_pairing_is_accepted_when_both_have(order):
    halfway = accept(PROPOSED, by=order[0])

    assert halfway.state is PairingState.PROPOSED
    assert accept(halfway, by=order[0]) == halfway
    assert accept(halfway, by=order[1]) == ACCEPTED


@pytest.mark.parametrize(
    ("life", "acts"),
    [
        (PROPOSED, {Act.CHANGE, Act.ACCEPT, Act.DECLINE, Act.END}),
        (ACCEPTED, {Act.CHANGE, Act.DECLINE, Act.SIGN, Act.ACTIVATE, Act.END}),
        (SIGNED, {Act.CHANGE, Act.DECLINE, Act.SIGN, Act.ACTIVATE, Act.END}),
        (ACTIVE, {Act.CHANGE, Act.SIGN, Act.REPLACE, Act.END}),
        (ENDED, set()),
    ],
    ids=lambda value: getattr(value, "state", ""),
)
def test_each_state_allows_its_acts(life, acts):
    for act in Act:
        if act in acts:
            check_act(life, act)
        else:
            with pytest.raises(PairingStateUnfit) as refused:
                check_act(life, act)
            assert refused.value.members == {"state": life.state.value, "act": act.value}


@pytest.mark.parametrize("day", [AUTUMN, TODAY, SUMMER - DAY])
def test_an_accepted_pairing_begins_on_one_of_its_days(day):
    assert activate(ACCEPTED, valid=YEAR, today=day) == ACTIVE


@pytest.mark.parametrize("day", [AUTUMN - DAY, SUMMER])
def test_and_on_no_other(day):
    with pytest.raises(PairingNotBegun):
        activate(ACCEPTED, valid=YEAR, today=day)


def test_a_proposal_does_not_begin():
    with pytest.raises(PairingStateUnfit):
        activate(accept(PROPOSED, by=Side.MENTOR), valid=YEAR, today=TODAY)


@pytest.mark.parametrize("order", [(Side.MENTOR, Side.MENTEE), (Side.MENTEE, Side.MENTOR)])
def test_a_pairing_is_signed_when_both_have(order):
    halfway = sign(ACCEPTED, by=order[0])

    assert halfway.state is PairingState.ACCEPTED
    assert sign(halfway, by=order[1]) == SIGNED
    assert sign(SIGNED, by=order[0]) == SIGNED
    assert sign(sign(ACTIVE, by=order[0]), by=order[1]).state is PairingState.ACTIVE


def test_where_the_programme_asks_for_it_only_a_signed_pairing_begins():
    with pytest.raises(AgreementUnsigned):
        activate(sign(ACCEPTED, by=Side.MENTOR), valid=YEAR, today=TODAY, signature_needed=True)

    begun = activate(SIGNED, valid=YEAR, today=TODAY, signature_needed=True)
    assert begun.state is PairingState.ACTIVE


@pytest.mark.parametrize("on", [TODAY, TODAY + DAY, SUMMER - DAY])
def test_a_mentor_is_replaced_on_a_day_to_come(on):
    assert check_replacement(ACTIVE, valid=YEAR, on=on, today=TODAY) == (on, SUMMER)


@pytest.mark.parametrize(
    ("on", "today"),
    [(TODAY - DAY, TODAY), (SUMMER, TODAY), (AUTUMN, AUTUMN), (AUTUMN, AUTUMN - DAY)],
)
def test_and_on_no_other_day(on, today):
    with pytest.raises(EndUnfit) as refused:
        check_replacement(ACTIVE, valid=YEAR, on=on, today=today)

    assert [error.pointer for error in refused.value.errors] == ["/on"]


@given(
    until=st.none() | st.integers(2, 300).map(lambda number: AUTUMN + number * DAY),
    today=st.integers(1, 299).map(lambda number: AUTUMN + number * DAY),
)
def test_a_hand_over_leaves_no_gap_and_no_overlap(until, today):
    """Unless the former days are over already: then they stay as they were."""
    former, taken = hand_over(valid=(AUTUMN, until), successor=(today, until), today=today)

    assert former[0] == AUTUMN
    assert former[1] == (today if until is None else min(today, until))
    assert taken == (today, until)


@pytest.mark.parametrize("on", [AUTUMN + DAY, TODAY, TODAY + DAY])
def test_an_active_pairing_keeps_its_days_up_to_the_end(on):
    after = end(ACTIVE, reason=EndReason.REPLACED, valid=(AUTUMN, None), on=on, today=TODAY)

    assert after == (AUTUMN, on)


def test_a_pairing_whose_days_are_over_may_be_closed_with_its_last_day():
    late = SUMMER + 30 * DAY

    assert end(ACTIVE, reason=EndReason.COMPLETED, valid=YEAR, on=SUMMER, today=late) == YEAR


def test_what_never_began_keeps_the_days_it_was_meant_for():
    for life in (PROPOSED, ACCEPTED):
        after = end(life, reason=EndReason.WITHDRAWN, valid=YEAR, on=TODAY, today=TODAY)
        assert after == YEAR


@pytest.mark.parametrize(
    ("life", "reason", "on", "pointer"),
    [
        (ACTIVE, EndReason.COMPLETED, AUTUMN, "/on"),
        (ACTIVE, EndReason.COMPLETED, SUMMER + DAY, "/on"),
        (ACTIVE, EndReason.COMPLETED, TODAY + 2 * DAY, "/on"),
        (ACCEPTED, EndReason.COMPLETED, TODAY, "/reason"),
    ],
    ids=["before it began", "after its days", "too far off", "never began"],
)
def test_an_end_that_cannot_be_is_told_by_field(life, reason, on, pointer):
    with pytest.raises(EndUnfit) as refused:
        end(life, reason=reason, valid=YEAR, on=on, today=TODAY)

    assert refused.value.errors[0].pointer == pointer


@pytest.mark.parametrize("until", [None, TODAY + DAY, SUMMER + DAY])
def test_the_last_day_may_move(until):
    assert move_end(ACTIVE, valid=YEAR, until=until, today=TODAY) == (AUTUMN, until)


def test_a_proposal_may_even_move_into_the_past():
    assert move_end(PROPOSED, valid=YEAR, until=TODAY - DAY, today=TODAY)[1] == TODAY - DAY


@pytest.mark.parametrize(("life", "until"), [(ACTIVE, TODAY), (PROPOSED, AUTUMN)])
def test_but_not_before_the_first_nor_active_into_the_past(life, until):
    with pytest.raises(EndUnfit):
        move_end(life, valid=YEAR, until=until, today=TODAY)


def test_an_active_pairing_reads_as_ended_after_its_last_day():
    active = PairingState.ACTIVE

    assert state_on(active, valid=YEAR, day=SUMMER - DAY) is active
    assert state_on(active, valid=YEAR, day=SUMMER) is PairingState.ENDED
    assert state_on(active, valid=(AUTUMN, None), day=date.max) is active
    assert state_on(PairingState.PROPOSED, valid=YEAR, day=SUMMER) is PairingState.PROPOSED


def test_a_state_only_goes_forward():
    states = list(PairingState)

    for here, present in enumerate(states):
        for there, said in enumerate(states):
            assert ripened(present, said) is states[max(here, there)]


# Places


def test_places_are_counted_on_the_busiest_day():
    spans = [(AUTUMN, TODAY), (TODAY, SUMMER), (TODAY + DAY, None)]

    assert places_taken(spans, during=YEAR) == 2
    assert places_taken(spans, during=(AUTUMN, TODAY)) == 1
    assert places_taken(spans, during=(AUTUMN - DAY, AUTUMN)) == 0
    assert places_taken([], during=(AUTUMN, None)) == 0


def test_a_place_is_free_or_it_is_not():
    spans = [(AUTUMN, TODAY), (AUTUMN, SUMMER)]

    check_capacity(spans, during=(TODAY, None), capacity=2)
    with pytest.raises(MentorFull) as refused:
        check_capacity(spans, during=YEAR, capacity=2)
    assert refused.value.members == {"capacity": 2}


_DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 1))
_SPANS = st.tuples(_DAYS, st.none() | _DAYS).filter(lambda it: it[1] is None or it[0] < it[1])


@given(st.lists(_SPANS, max_size=6), _SPANS)
def test_the_busiest_day_is_found_as_if_every_day_were_looked_at(spans, during):
    last = during[1] or date(2026, 3, 2)
    every_day = [during[0] + DAY * number for number in range((last - during[0]).days)]

    def on(day):
        return sum(since <= day and (until is None or day < until) for since, until in spans)

    assert places_taken(spans, during=during) == max((on(day) for day in every_day), default=0)


# Who may mentor whom

MUSIC = frozenset({Qualified("24", "2")})
MENTOR = Person(ANNA, MUSIC, teaching_since=date(2010, 9, 1), stays=[Stay(RIVER, date(2010, 9, 1))])
MENTEE = Person(MEI, MUSIC, stays=[Stay(HILL, date(2025, 9, 1))])


def person(of, **values):
    kept = {name: getattr(of, name) for name in Person.__slots__}
    return Person(**{**kept, **values})


@pytest.mark.parametrize(
    ("mentor", "policy", "fits"),
    [
        ({"backbone": True, "honour": "backbone"}, {"honours": frozenset({"backbone"})}, True),
        ({"backbone": True, "honour": "backbone"}, {"honours": frozenset({"master"})}, False),
        ({"backbone": True, "honour": "master"}, {"honour_and_years": True}, False),
        (
            {"backbone": True, "honour": "master", "teaching_since": date(2010, 9, 1)},
            {"honour_and_years": True},
            True,
        ),
    ],
)
def test_an_honour_or_years_or_both(mentor, policy, fits):
    someone = person(MENTOR, **{"teaching_since": None, **mentor})

    assert experienced(someone, policy=Policy(**policy), on=AUTUMN) is fits


def test_who_is_away_for_the_term_mentors_nobody():
    plan = Plan(MENTOR, MENTEE, "cross_school", YEAR, mentor_on_leave=True)

    assert lacks(plan, policy=Policy()) == [Lack.MENTOR_ON_LEAVE]


def test_who_fits_may_mentor():
    check_pair(Plan(MENTOR, MENTEE, "cross_school", YEAR), policy=Policy())


@pytest.mark.parametrize(
    ("mentor", "mentee", "role", "found"),
    [
        (
            {"teaches": frozenset({Qualified("24", "3")})},
            {},
            "cross_school",
            [Lack.NO_SHARED_SUBJECT],
        ),
        ({"teaching_since": date(2023, 9, 1)}, {}, "cross_school", [Lack.NOT_EXPERIENCED]),
        ({"teaching_since": None}, {}, "cross_school", [Lack.NOT_EXPERIENCED]),
        ({"teaching_since": None, "backbone": True}, {}, "cross_school", []),
        ({"retires_on": SUMMER - DAY}, {}, "cross_school", [Lack.MENTOR_RETIRES]),
        ({"retires_on": AUTUMN - DAY}, {}, "cross_school", [Lack.MENTOR_RETIRES]),
        ({"teaches": frozenset()}, {}, "cross_school", [Lack.MENTOR_WITHOUT_SUBJECT]),
        ({"retires_on": SUMMER}, {}, "cross_school", []),
        ({"stays": [Stay(RIVER, TODAY)]}, {}, "cross_school", [Lack.MENTOR_AWAY]),
        ({}, {"stays": [Stay(HILL, AUTUMN, TODAY)]}, "cross_school", [Lack.MENTEE_AWAY]),
        ({}, {}, "in_school", [Lack.OTHER_SCHOOL]),
        ({"stays": [Stay(HILL, date(2010, 9, 1))]}, {}, "in_school", []),
    ],
)
def test_everything_that_speaks_against_a_mentor_is_said(mentor, mentee, role, found):
    plan = Plan(person(MENTOR, **mentor), person(MENTEE, **mentee), role, YEAR)

    assert lacks(plan, policy=Policy()) == found
    if found:
        with pytest.raises(MentorUnfit) as refused:
            check_pair(plan, policy=Policy())
        assert [error.code for error in refused.value.errors] == [lack.value for lack in found]


def test_years_are_full_years():
    assert years_taught(MENTOR, on=date(2026, 8, 31)) == 15
    assert years_taught(MENTOR, on=date(2026, 9, 1)) == 16


@pytest.mark.parametrize(
    ("stays", "retires_on", "day"),
    [
        ([Stay(RIVER, AUTUMN)], None, None),
        ([Stay(RIVER, AUTUMN, TODAY)], None, TODAY),
        ([Stay(RIVER, AUTUMN, SUMMER)], None, None),
        ([Stay(RIVER, AUTUMN, TODAY), Stay(HILL, TODAY)], None, TODAY),
        ([Stay(RIVER, AUTUMN, TODAY), Stay(RIVER, TODAY)], None, None),
        ([Stay(RIVER, AUTUMN, SUMMER - DAY)], TODAY, TODAY),
        ([Stay(RIVER, AUTUMN, TODAY)], SUMMER - DAY, TODAY),
        ([Stay(RIVER, AUTUMN)], AUTUMN - DAY, AUTUMN),
        ([], None, AUTUMN),
    ],
    ids=[
        "stays",
        "leaves",
        "leaves when it is over",
        "moves",
        "begins a new contract",
        "retires first",
        "leaves first",
        "has retired before",
        "was never there",
    ],
)
def test_the_first_day_away_is_found(stays, retires_on, day):
    someone = Person(ANNA, retires_on=retires_on, stays=stays)

    assert leaves_on(someone, during=YEAR) == day


def test_without_an_end_every_leaving_counts():
    assert leaves_on(Person(ANNA, stays=[Stay(RIVER, AUTUMN, SUMMER)]), during=(AUTUMN, None)) == (
        SUMMER
    )
    assert school_on(MENTEE, date(2020, 1, 1)) is None


# The dual rule


@pytest.mark.parametrize(
    ("guides", "disadvantaged", "gaps"),
    [
        ([], True, [Gap.SECOND_MENTOR, Gap.SECOND_ROLE, Gap.OUTSIDE_MENTOR]),
        ([(ANNA, "in_school", False)], False, [Gap.SECOND_MENTOR, Gap.SECOND_ROLE]),
        ([(ANNA, "a", False), (BO, "b", False)], False, []),
        ([(ANNA, "a", False), (BO, "b", False)], True, [Gap.OUTSIDE_MENTOR]),
        ([(ANNA, "a", False), (BO, "b", True)], True, []),
        ([(ANNA, "a", True), (ANNA, "b", True)], True, [Gap.SECOND_MENTOR]),
        ([(ANNA, "a", True), (BO, "a", True)], True, [Gap.SECOND_ROLE]),
    ],
)
def test_a_mentee_needs_two_persons_in_two_roles_and_the_weak_one_from_outside(
    guides, disadvantaged, gaps
):
    known = [Guide(mentor, role, outside=outside) for mentor, role, outside in guides]

    assert dual_gaps(known, disadvantaged=disadvantaged) == gaps
