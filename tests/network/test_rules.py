"""Who may belong to a group, as sentences; and that no plan ever breaks what must hold."""

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.network.rules import (
    CLOSE_SEATS,
    FAULTS,
    Change,
    CharterState,
    Concern,
    Fault,
    Ground,
    GroupKind,
    GroupState,
    Member,
    Objection,
    Plan,
    Step,
    StepKind,
    Surroundings,
    Tier,
    Version,
    charter_state_on,
    conforms,
    field_errors,
    first_gap,
    fits_kind,
    group_state_on,
    in_force,
    is_rural,
    lacking,
    may_correct,
    may_end,
    may_take_effect,
    members_on,
    merged,
    notices,
    plan_change,
)

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))
TODAY = date(2026, 11, 10)
BEGIN = date(2026, 9, 1)
SPRING = date(2027, 2, 22)
AUTUMN = date(2027, 9, 1)
ACTIVE = Ground(GroupState.ACTIVE, TODAY)
DRAFT = Ground(GroupState.DRAFT, TODAY)


def lead(school, since=BEGIN, until=None):
    return Member(school, Tier.LEAD, None, since, until)


def close(school, seat=1, since=BEGIN, until=None):
    return Member(school, Tier.CLOSE, seat, since, until)


def alliance(school, since=BEGIN, until=None):
    return Member(school, Tier.ALLIANCE, None, since, until)


def join(school, tier):
    return Step(StepKind.JOIN, school, tier)


def leave(school):
    return Step(StepKind.LEAVE, school, None)


def retier(school, tier):
    return Step(StepKind.RETIER, school, tier)


def plan(timeline, *steps, on=SPRING, ground=ACTIVE, claims=False):
    return plan_change(timeline, change=Change(on, steps, claims), ground=ground)


def faults(result):
    assert isinstance(result, list)
    return [(one.fault, one.step) for one in result]


CONFORMING = [lead(A), close(B), alliance(C)]


# What a change does


def test_a_school_joins_from_the_day_on():
    assert plan(CONFORMING, join(D, Tier.ALLIANCE)) == Plan((), (), (alliance(D, since=SPRING),))


def test_a_school_leaves_on_the_day_and_its_history_stays():
    assert plan(CONFORMING, leave(C)) == Plan((alliance(C),), (), ())


def test_lead_and_close_school_change_places_in_one_change():
    done = plan(CONFORMING, retier(A, Tier.CLOSE), retier(B, Tier.LEAD))

    assert isinstance(done, Plan)
    assert done.ending == (lead(A), close(B))
    assert done.starting == (close(A, since=SPRING), lead(B, since=SPRING))


def test_the_second_close_school_takes_the_second_seat():
    done = plan(CONFORMING, join(D, Tier.CLOSE))

    assert isinstance(done, Plan)
    assert done.starting == (close(D, seat=2, since=SPRING),)


def test_two_new_close_schools_take_different_seats():
    done = plan([lead(A)], join(B, Tier.CLOSE), join(C, Tier.CLOSE))

    assert isinstance(done, Plan)
    assert [member.seat for member in done.starting] == [1, 2]


def test_a_planned_end_stays_when_the_tier_changes():
    done = plan([*CONFORMING, alliance(D, until=AUTUMN)], retier(D, Tier.CLOSE))

    assert isinstance(done, Plan)
    assert done.starting == (close(D, seat=2, since=SPRING, until=AUTUMN),)


def test_whoever_joins_a_group_to_be_dissolved_leaves_with_it():
    done = plan(
        CONFORMING,
        join(D, Tier.ALLIANCE),
        ground=Ground(GroupState.ACTIVE, TODAY, dissolved_on=AUTUMN),
    )

    assert isinstance(done, Plan)
    assert done.starting == (alliance(D, since=SPRING, until=AUTUMN),)


def test_a_place_that_nobody_has_taken_yet_is_withdrawn():
    planned = alliance(D, since=SPRING)

    assert plan([*CONFORMING, planned], leave(D)) == Plan((), (planned,), ())


def test_a_planned_tier_is_replaced_before_its_day():
    planned = alliance(D, since=SPRING)
    done = plan([*CONFORMING, planned], retier(D, Tier.CLOSE))

    assert done == Plan((), (planned,), (close(D, seat=2, since=SPRING),))


# What stands in the way


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((), [(Fault.EMPTY, None)]),
        ((join(D, Tier.ALLIANCE), leave(D)), [(Fault.SCHOOL_TWICE, 1)]),
        ((join(C, Tier.CLOSE),), [(Fault.ALREADY_MEMBER, 0)]),
        ((leave(D),), [(Fault.NOT_A_MEMBER, 0)]),
        ((retier(D, Tier.CLOSE),), [(Fault.NOT_A_MEMBER, 0)]),
        ((retier(C, Tier.ALLIANCE),), [(Fault.SAME_TIER, 0)]),
        ((join(D, Tier.LEAD),), [(Fault.TWO_LEADS, 0)]),
        (
            (join(D, Tier.LEAD), retier(A, Tier.ALLIANCE), join(E, Tier.LEAD)),
            [(Fault.TWO_LEADS, 2)],
        ),
        ((join(D, Tier.CLOSE), join(E, Tier.CLOSE)), [(Fault.NO_SEAT, 1)]),
        ((leave(A),), [(Fault.NO_LEAD, None)]),
        ((leave(B),), [(Fault.NO_CLOSE, None)]),
        ((leave(A), retier(B, Tier.LEAD)), [(Fault.NO_CLOSE, None)]),
    ],
)
def test_a_change_is_refused_as_a_whole(steps, expected):
    assert faults(plan(CONFORMING, *steps)) == expected


def test_every_fault_is_told_at_once():
    refused = plan(CONFORMING, leave(D), join(C, Tier.CLOSE))

    assert faults(refused) == [(Fault.NOT_A_MEMBER, 0), (Fault.ALREADY_MEMBER, 1)]


def test_a_place_taken_today_is_not_undone_today():
    joined_today = alliance(D, since=TODAY)

    assert faults(plan([*CONFORMING, joined_today], leave(D), on=TODAY)) == [(Fault.SAME_DAY, 0)]


def test_a_school_with_a_later_plan_is_left_alone():
    timeline = [*CONFORMING, alliance(D, until=AUTUMN), close(D, seat=2, since=AUTUMN)]

    assert faults(plan(timeline, leave(D))) == [(Fault.PLANNED_LATER, 0)]
    assert faults(plan([*CONFORMING, alliance(D, since=AUTUMN)], join(D, Tier.ALLIANCE))) == [
        (Fault.PLANNED_LATER, 0)
    ]


def test_what_has_happened_is_not_rewritten():
    timeline = [*CONFORMING, alliance(D, until=TODAY - timedelta(days=5))]
    day = TODAY - timedelta(days=10)

    assert faults(plan(timeline, join(E, Tier.ALLIANCE), on=day)) == [(Fault.BEFORE_A_CHANGE, None)]


def test_a_late_entry_is_taken_for_a_while():
    in_time, too_late = TODAY - timedelta(days=31), TODAY - timedelta(days=32)

    assert isinstance(plan(CONFORMING, leave(C), on=in_time), Plan)
    assert faults(plan(CONFORMING, leave(C), on=too_late)) == [(Fault.TOO_LONG_AGO, None)]


def test_a_dissolved_group_takes_nobody():
    ground = Ground(GroupState.ACTIVE, TODAY, dissolved_on=SPRING)

    assert faults(plan(CONFORMING, leave(C), ground=ground)) == [(Fault.AFTER_DISSOLUTION, None)]


def test_a_change_may_not_break_a_later_day():
    timeline = [lead(A), close(B, until=AUTUMN), close(C, seat=2)]
    refused = plan(timeline, leave(C), on=SPRING)

    assert refused == [Objection(Fault.NO_CLOSE, on=AUTUMN)]


def test_a_lead_may_not_meet_the_next_one():
    timeline = [lead(A, until=AUTUMN), lead(B, since=AUTUMN), close(C)]

    assert faults(plan(timeline, leave(A), join(D, Tier.LEAD))) == [(Fault.TWO_LEADS, 1)]


# Groups that do not conform


def test_a_draft_is_filled_step_by_step():
    done = plan([], join(A, Tier.LEAD), ground=DRAFT)

    assert done == Plan((), (), (lead(A, since=SPRING),))


def test_a_draft_may_be_mended_without_a_trace():
    assert plan([lead(A, since=TODAY)], leave(A), on=TODAY, ground=DRAFT) == Plan(
        (), (lead(A, since=TODAY),), ()
    )


def test_a_draft_may_be_entered_as_of_long_ago():
    done = plan([], join(A, Tier.LEAD), on=date(2024, 9, 1), ground=DRAFT)

    assert isinstance(done, Plan)


def test_a_group_loaded_without_a_close_school_may_change_step_by_step():
    assert isinstance(plan([lead(A), alliance(B)], leave(B)), Plan)


def test_a_change_that_claims_to_conform_has_to():
    loaded = [lead(A), alliance(B), alliance(C)]

    assert faults(plan(loaded, leave(B), claims=True)) == [(Fault.NO_CLOSE, None)]
    assert isinstance(plan(loaded, retier(B, Tier.CLOSE), claims=True), Plan)


def test_even_a_draft_that_claims_to_conform_has_to():
    refused = plan([], join(A, Tier.LEAD), ground=DRAFT, claims=True)

    assert faults(refused) == [(Fault.NO_CLOSE, None)]


def test_an_objection_says_where_and_when():
    errors = field_errors([Objection(Fault.NO_CLOSE, on=AUTUMN), Objection(Fault.SAME_TIER, 3)])

    assert [(error.pointer, error.code) for error in errors] == [
        ("/steps", "no-close"),
        ("/steps/3", "same-tier"),
    ]
    assert errors[0].message.zh.startswith("2027-09-01:")
    assert errors[0].message.en.startswith("on 2027-09-01:")


def test_every_fault_has_words():
    assert set(FAULTS) == set(Fault)


# Any sequence of changes

SCHOOLS = st.sampled_from([A, B, C, D, E])
TIERS = st.sampled_from(list(Tier))
STEPS = st.one_of(
    st.builds(join, SCHOOLS, TIERS), st.builds(leave, SCHOOLS), st.builds(retier, SCHOOLS, TIERS)
)
CHANGES = st.builds(
    Change,
    on=st.dates(date(2026, 9, 1), date(2027, 12, 31)),
    steps=st.lists(STEPS, min_size=1, max_size=5),
    claims_conforming=st.booleans(),
)


def carried_out(timeline, done, on):
    """The rows as the action writes them."""
    gone = {*done.ending, *done.withdrawn}
    ended = [Member(m.school_id, m.tier, m.seat, m.since, on) for m in done.ending]
    return [*(m for m in timeline if m not in gone), *ended, *done.starting]


def answers(timeline, day):
    return {member.school_id: member.tier for member in members_on(timeline, day)}


def watched_days(timeline):
    days = {day for member in timeline for day in (member.since, member.until) if day}
    return sorted({day + timedelta(days=shift) for day in days for shift in (-1, 0, 1)})


def assert_sound(timeline):
    """What the constraints of the table say."""
    for one in timeline:
        assert one.until is None or one.since < one.until
        assert (one.seat in CLOSE_SEATS) is (one.tier is Tier.CLOSE)
    for one in timeline:
        for other in timeline:
            if one is not other and one.overlaps(other):
                assert one.school_id != other.school_id
                assert not (one.tier is other.tier is Tier.LEAD)
                assert one.seat is None or one.seat != other.seat


@settings(max_examples=150, deadline=None)
@given(
    changes=st.lists(CHANGES, max_size=12),
    beginning=st.sampled_from([(), tuple(CONFORMING), (lead(A), alliance(B))]),
    state=st.sampled_from([GroupState.DRAFT, GroupState.ACTIVE]),
)
def test_any_sequence_of_changes_keeps_the_invariants_and_the_history(changes, beginning, state):
    timeline = list(beginning)
    ground = Ground(state, TODAY, backdating_days=100)
    for change in changes:
        done = plan_change(timeline, change=change, ground=ground)
        if isinstance(done, list):
            assert done
            continue
        after = carried_out(timeline, done, change.on)
        assert_sound(after)
        for day in {*watched_days([*timeline, *after]), change.on}:
            if day < change.on:
                assert answers(after, day) == answers(timeline, day)
            elif state is GroupState.ACTIVE and conforms(timeline, on=day):
                assert conforms(after, on=day)
        if change.claims_conforming:
            assert conforms(after, on=change.on)
        timeline = after


@settings(max_examples=100, deadline=None)
@given(changes=st.lists(CHANGES, max_size=10))
def test_what_is_answered_is_what_a_model_replays(changes):
    """The model is a dictionary per day; it knows nothing of ranges."""
    ground = Ground(GroupState.DRAFT, TODAY)
    timeline: list[Member] = []
    days = [date(2026, 8, 25) + timedelta(days=number) for number in range(0, 520, 3)]
    model: dict[date, dict[UUID, Tier]] = {day: {} for day in days}
    for change in sorted(changes, key=lambda change: change.on):
        done = plan_change(timeline, change=change, ground=ground)
        if isinstance(done, list):
            continue
        timeline = carried_out(timeline, done, change.on)
        for day in days:
            for step in change.steps if day >= change.on else ():
                model[day].pop(step.school_id, None)
                if step.tier is not None:
                    model[day][step.school_id] = step.tier
    assert {day: answers(timeline, day) for day in days} == model


def test_a_membership_without_end_lasts_to_the_last_day_there_is():
    assert alliance(A).overlaps(alliance(A, since=date.max))
    assert alliance(A, since=date.max).overlaps(alliance(A))
    assert faults(plan(CONFORMING, join(D, Tier.LEAD), on=date.max)) == [(Fault.TWO_LEADS, 0)]


def test_neighbouring_memberships_share_no_day():
    first, second = alliance(A, until=SPRING), close(A, since=SPRING)

    assert not first.overlaps(second)
    assert all(one.until == other.since for one, other in pairwise([first, second]))


# The report


ALL_THERE = Surroundings(has_head=True, has_charter=True)


def concerns(timeline, surroundings=ALL_THERE, on=TODAY):
    return [notice.concern for notice in notices(timeline, on=on, surroundings=surroundings)]


def test_a_conforming_group_gives_no_concern():
    assert concerns(CONFORMING) == []


def test_what_is_lacking_is_said_first():
    around = Surroundings(has_head=False, has_charter=False, strangers=["甲幼儿园"])

    assert concerns([alliance(C)], around) == [
        Concern.NO_LEAD,
        Concern.NO_CLOSE,
        Concern.KIND_MISMATCH,
        Concern.NO_HEAD,
        Concern.NO_CHARTER,
    ]


def test_a_gap_to_come_is_told_with_its_day():
    (notice,) = notices([lead(A), close(B, until=AUTUMN)], on=TODAY, surroundings=ALL_THERE)

    assert (notice.concern, notice.on) == (Concern.PLANNED_GAP, AUTUMN)
    assert "2027-09-01" in notice.words.zh


def test_a_change_to_come_that_leaves_nothing_lacking_is_no_gap():
    timeline = [lead(A), close(B, until=AUTUMN), close(C, since=AUTUMN)]

    assert first_gap(timeline, after=TODAY) is None


def test_lacking_counts_only_the_members_of_the_day():
    assert lacking([lead(A), close(B, until=SPRING)], on=SPRING) == [Fault.NO_CLOSE]
    assert lacking([lead(A), close(B, until=SPRING)], on=TODAY) == []


@pytest.mark.parametrize(
    ("type_code", "kind", "fits"),
    [
        ("111", GroupKind.KINDERGARTEN, True),
        ("111", GroupKind.K12, False),
        ("211", GroupKind.K12, True),
        ("312", GroupKind.KINDERGARTEN, False),
    ],
)
def test_a_kindergarten_belongs_among_kindergartens(type_code, kind, fits):
    assert fits_kind(type_code, kind) is fits


# What a workbook may correct


@pytest.mark.parametrize(
    ("stored", "wanted", "ground", "allowed"),
    [
        (alliance(C), close(C), ACTIVE, False),
        (alliance(C), close(C), DRAFT, True),
        (alliance(C, since=SPRING), close(C, since=SPRING), ACTIVE, True),
        (alliance(C), alliance(C, until=SPRING), ACTIVE, True),
        (alliance(C, until=SPRING), alliance(C), ACTIVE, True),
        (alliance(C, until=TODAY), alliance(C), ACTIVE, False),
        (alliance(C, until=TODAY), alliance(C, until=TODAY), ACTIVE, True),
        (close(C, seat=1), close(C, seat=2), ACTIVE, False),
    ],
)
def test_a_workbook_corrects_what_has_not_happened(stored, wanted, ground, allowed):
    assert may_correct(stored, wanted, ground=ground) is allowed


# Charters, states, ends, settings, names


DRAFTED = Version(3, CharterState.DRAFT, None)
FIRST = Version(1, CharterState.EFFECTIVE, BEGIN)
SECOND = Version(2, CharterState.EFFECTIVE, SPRING)


def test_the_charter_in_force_is_the_last_whose_day_has_come():
    versions = [FIRST, SECOND, DRAFTED]

    assert in_force(versions, on=BEGIN - timedelta(days=1)) is None
    assert in_force(versions, on=TODAY) == 1
    assert in_force(versions, on=SPRING) == 2


def test_a_charter_is_replaced_on_the_day_of_the_next():
    assert charter_state_on(FIRST, in_force=1) is CharterState.EFFECTIVE
    assert charter_state_on(FIRST, in_force=2) is CharterState.REPLACED
    assert charter_state_on(SECOND, in_force=None) is CharterState.EFFECTIVE
    assert charter_state_on(DRAFTED, in_force=2) is CharterState.DRAFT


def test_charters_follow_each_other():
    assert may_take_effect([FIRST, DRAFTED], number=2, on=SPRING)
    assert not may_take_effect([FIRST], number=2, on=BEGIN)
    assert not may_take_effect([SECOND], number=1, on=AUTUMN)


@pytest.mark.parametrize(
    ("state", "dissolved_on", "day", "expected"),
    [
        (GroupState.DRAFT, None, TODAY, GroupState.DRAFT),
        (GroupState.DISSOLVED, AUTUMN, TODAY, GroupState.ACTIVE),
        (GroupState.DISSOLVED, AUTUMN, AUTUMN, GroupState.DISSOLVED),
        (GroupState.DISSOLVED, None, TODAY, GroupState.DISSOLVED),
    ],
)
def test_a_dissolution_waits_for_its_day(state, dissolved_on, day, expected):
    assert group_state_on(state, dissolved_on=dissolved_on, day=day) is expected


@pytest.mark.parametrize(
    ("since", "until", "on", "allowed"),
    [
        (BEGIN, None, SPRING, True),
        (None, None, SPRING, True),
        (BEGIN, AUTUMN, SPRING, True),
        (BEGIN, AUTUMN, AUTUMN + timedelta(days=1), False),
        (BEGIN, None, BEGIN, False),
        (BEGIN, TODAY, SPRING, False),
    ],
)
def test_what_runs_may_end_and_what_is_over_stays(since, until, on, allowed):
    assert may_end(since=since, until=until, on=on, today=TODAY) is allowed


def test_settings_are_merged_and_null_takes_one_away():
    stored = {"rural_codes": ["210"], "travel": {"buffer": 5, "detour": 1.2}}

    assert merged(stored, {"travel": {"buffer": None, "unknown_minutes": 30}}) == {
        "rural_codes": ["210"],
        "travel": {"detour": 1.2, "unknown_minutes": 30},
    }
    assert merged(stored, {"rural_codes": None, "travel": None}) == {}
    assert merged({}, {"travel": {"buffer": 5}, "days": 7}) == {"travel": {"buffer": 5}, "days": 7}


def test_rural_follows_the_districts_list():
    assert is_rural("220", rural_codes=("210", "220"))
    assert not is_rural("121", rural_codes=("210", "220"))
