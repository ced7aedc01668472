"""What a programme may ask for and what a matching may be, sentence by sentence."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.kit.problems import Text
from service.mentoring.problems.matching import MatchingNotReady, PinUnfit
from service.mentoring.problems.programme import (
    ProgrammeStateUnfit,
    RolesUnfit,
    StandardUnfit,
)
from service.mentoring.problems.studio import (
    ActivityOver,
    ActivityUnfit,
    HostUnfit,
    MemberUnfit,
)
from service.mentoring.rules.matching import (
    Bar,
    Coach,
    Criterion,
    Learner,
    MatchingState,
    Pinned,
    Scene,
    Solution,
    bars,
    by_subject,
    changed,
    check_pins,
    check_ready,
    points,
    ranked,
    weighed,
    without_pinned,
)
from service.mentoring.rules.programme import (
    DEFAULT_ROLES,
    Held,
    ProgrammeRole,
    ProgrammeState,
    RolePlace,
    Step,
    Weights,
    away_for,
    check_effective,
    check_roles,
    check_step,
    cut,
    lost_roles,
    years_after,
    years_before,
)
from service.mentoring.rules.studio import (
    ActivityState,
    Enrolled,
    StudioRole,
    check_activity,
    check_attendance,
    check_cancel,
    check_member,
    cycle,
    share,
)
from service.network.rules import Tier
from service.staff.rules import Qualified

MUSIC = frozenset({Qualified("24", "2")})
HILL, RIVER, TOWN = (UUID(int=number) for number in (1, 2, 3))
YEAR = (date(2026, 8, 1), date(2027, 8, 1))
TODAY = date(2026, 10, 12)
NOW = datetime(2026, 10, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def learner(number=100, **values):
    return Learner(
        **{
            "teacher_id": UUID(int=number),
            "school_id": HILL,
            "teaches": MUSIC,
            "roles": DEFAULT_ROLES,
            **values,
        }
    )


def coach(number=200, **values):
    return Coach(
        **{
            "teacher_id": UUID(int=number),
            "school_id": RIVER,
            "teaches": MUSIC,
            "capacity": 3,
            **values,
        }
    )


# Programmes


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        (ProgrammeState.DRAFT, {Step.CHANGE, Step.OPEN}),
        (ProgrammeState.OPEN, {Step.CHANGE, Step.CLOSE, Step.MATCH, Step.APPRAISE}),
        (ProgrammeState.CLOSED, set()),
    ],
)
def test_what_a_state_allows(state, steps):
    for step in Step:
        if step in steps:
            check_step(state, step)
        else:
            with pytest.raises(ProgrammeStateUnfit):
                check_step(state, step)


def test_years_end_in_february_too():
    assert years_before(date(2028, 2, 29), 3) == date(2025, 2, 28)
    assert years_before(date(2026, 8, 1), 3) == date(2023, 8, 1)
    assert years_after(date(2026, 9, 1), 3) == date(2029, 9, 1)


def test_roles_that_can_be_filled():
    check_roles(DEFAULT_ROLES)
    for roles in (
        [DEFAULT_ROLES[0], DEFAULT_ROLES[0]],
        [ProgrammeRole("in_school", RolePlace.ANYWHERE)],
    ):
        with pytest.raises(RolesUnfit):
            check_roles(roles)


def test_from_when_a_standard_may_hold():
    check_effective(ProgrammeState.DRAFT, from_=YEAR[0], year=YEAR, today=TODAY)
    check_effective(ProgrammeState.OPEN, from_=TODAY, year=YEAR, today=TODAY)
    for state, day in (
        (ProgrammeState.OPEN, YEAR[0]),
        (ProgrammeState.DRAFT, YEAR[1]),
        (ProgrammeState.DRAFT, date(2026, 7, 31)),
    ):
        with pytest.raises(StandardUnfit):
            check_effective(state, from_=day, year=YEAR, today=TODAY)
    assert cut(YEAR, at=TODAY) == (YEAR[0], TODAY)
    assert cut(YEAR, at=YEAR[0]) is None


def test_a_role_is_lost_when_nobody_has_it_any_more():
    def lost(*held):
        return lost_roles(DEFAULT_ROLES, pairings=held)

    assert lost() == []
    assert lost(Held("in_school", still=True)) == []
    assert lost(Held("in_school", still=False)) == ["in_school"]
    assert lost(Held("in_school", still=False), Held("in_school", still=True)) == []
    assert lost(Held("no_longer_asked", still=False)) == []


def test_half_a_term_away_is_too_much():
    term = (NOW, NOW + 10 * HOUR)

    assert away_for((NOW + 5 * HOUR, None), of=term)
    assert away_for((None, NOW + 5 * HOUR), of=term)
    assert not away_for((NOW + 6 * HOUR, NOW + 20 * HOUR), of=term)


# Matching


def test_only_a_result_that_waits_can_be_accepted():
    check_ready(MatchingState.DONE, accepted=False)
    for state, accepted in ((MatchingState.DONE, True), (MatchingState.RUNNING, False)):
        with pytest.raises(MatchingNotReady):
            check_ready(state, accepted=accepted)


@pytest.mark.parametrize(
    ("mentee", "mentor", "role", "found"),
    [
        ({}, {}, 1, []),
        ({}, {"school_id": HILL}, 0, []),
        ({}, {"teaches": frozenset()}, 1, [Bar.NO_SHARED_SUBJECT]),
        ({"guides": frozenset({UUID(int=200)})}, {}, 1, [Bar.PAIRED_ALREADY]),
        ({}, {"taken": 3}, 1, [Bar.FULL]),
        ({}, {"taken": 4}, 1, [Bar.FULL]),
        ({}, {}, 0, [Bar.OTHER_SCHOOL]),
        ({}, {"school_id": HILL}, 1, [Bar.SAME_SCHOOL]),
        ({"disadvantaged": True}, {"strong": False}, 1, [Bar.NOT_STRONGER]),
        ({"disadvantaged": True, "supported": True}, {"strong": False}, 1, []),
        ({"disadvantaged": True}, {"school_id": HILL}, 0, []),
    ],
)
def test_who_is_out_of_the_question(mentee, mentor, role, found):
    assert bars(learner(**mentee), coach(**mentor), role=DEFAULT_ROLES[role]) == found


def test_which_role_is_kept_for_a_stronger_school():
    anywhere = ProgrammeRole("guide", RolePlace.ANYWHERE)
    needy = {"disadvantaged": True}

    assert learner().reserved is None
    assert learner(**needy).reserved == "cross_school"
    assert learner(**needy, roles=(DEFAULT_ROLES[0], anywhere)).reserved == "guide"
    assert learner(**needy, roles=DEFAULT_ROLES[:1]).reserved is None


@pytest.mark.parametrize(
    ("mentor", "tiers", "minutes", "told"),
    [
        ({"school_id": HILL}, {}, {}, (100, 100, 100, 0)),
        ({}, {}, {}, (100, 0, 0, 0)),
        ({}, {(RIVER, HILL): Tier.LEAD}, {(RIVER, HILL): 60}, (100, 100, 50, 0)),
        ({}, {(RIVER, HILL): Tier.CLOSE}, {(RIVER, HILL): 200}, (100, 75, 0, 0)),
        ({}, {(HILL, RIVER): Tier.ALLIANCE}, {}, (100, 0, 0, 0)),
    ],
)
def test_the_points_of_two(mentor, tiers, minutes, told):
    scene = Scene([], [], tiers=tiers, minutes=minutes)

    found = points(learner(), coach(**mentor), scene=scene)

    assert tuple(found.values()) == told


def test_the_more_mentees_the_fewer_points():
    assert [coach().fairness(number=number) for number in (1, 2, 3)] == [100, 66, 33]
    assert weighed({Criterion.FAIRNESS: 50}, weights=Weights(fairness=10)) == 500
    assert Solution([], [], score=0, bound=0).gap == 0
    assert Solution([], [], score=9, bound=10).gap == pytest.approx(0.1)


def test_the_best_are_first_and_those_of_other_subjects_are_not_told():
    near, far = coach(200), coach(201, school_id=TOWN)
    full, other = coach(202, taken=3), coach(203, teaches=frozenset())
    scene = Scene([], [far, near, full, other], minutes={(RIVER, HILL): 10})

    able, out = ranked(learner(), role=DEFAULT_ROLES[1], scene=scene)

    assert [one.teacher_id for one, *_ in able] == [near.teacher_id, far.teacher_id]
    assert out == [(full, [Bar.FULL])]
    assert by_subject(scene.coaches) == {Qualified("24", "2"): [0, 1, 2]}


def test_what_changed_is_said():
    school, other = str(HILL), str(RIVER)
    before = {
        "a": ["mentee", school, "in_school"],
        "b": ["mentor", school, "3"],
        "c": ["mentor", school, "3"],
        "d": ["mentee", school, "in_school"],
        "e": ["mentor", school, "3"],
        "f": ["mentor", school, "1"],
    }
    after = {
        "a": ["mentee", school, ""],
        "b": ["mentor", school, "2"],
        "c": ["mentor", other, "3"],
        "e": ["mentee", school, ""],
        "f": ["mentor", school, "1"],
    }

    assert {id_: words.zh for id_, words in changed(before, after).items()} == {
        "a": "待配的角色有变化",
        "b": "剩余名额由 3 变为 2",
        "c": "换了学校",
        "d": "已不是帮扶对象",
        "e": "已不能担任导师",
    }


def pinned(mentee=100, role="cross_school", mentor=200):
    return Pinned(UUID(int=mentee), role, UUID(int=mentor))


def pin_codes(*pins, barred=None, coaches=None):
    scene = Scene([learner()], coaches or [coach()], pinned=pins)
    try:
        check_pins(scene, barred=barred or {})
    except PinUnfit as refused:
        return [(one.pointer, one.code) for one in refused.errors]
    return []


def test_pins_that_cannot_be():
    out = {UUID(int=300): Text("请长假", "on leave")}

    assert pin_codes(pinned()) == []
    assert pin_codes(pinned(mentor=100)) == [("/pinned/0/mentor_id", "self-mentoring")]
    assert pin_codes(pinned(mentee=999)) == [("/pinned/0/mentee_id", "not-in-cohort")]
    assert pin_codes(pinned(mentee=999, mentor=998)) == [
        ("/pinned/0/mentee_id", "not-in-cohort"),
        ("/pinned/0/mentor_id", "mentor-unfit"),
    ]
    assert pin_codes(pinned(mentor=300), barred=out) == [("/pinned/0/mentor_id", "mentor-unfit")]
    assert pin_codes(pinned(role="godfather")) == [("/pinned/0/role", "role-not-open")]
    assert pin_codes(pinned(role="in_school")) == [("/pinned/0/mentor_id", "other-school")]
    assert pin_codes(pinned(), pinned()) == [
        ("/pinned/1/role", "same-role-twice"),
        ("/pinned/1/mentor_id", "same-person-twice"),
    ]
    assert pin_codes(pinned(), coaches=[coach(taken=3)]) == [("/pinned/0/mentor_id", "mentor-full")]


def test_pinned_pairs_have_their_seats_and_places():
    scene = Scene(
        [learner(disadvantaged=True), learner(101, disadvantaged=True)],
        [coach(), coach(201, strong=False)],
        pinned=[pinned(), pinned(mentee=101, mentor=201)],
    )

    (first, second), (strong, weak) = without_pinned(scene)

    assert [role.code for role in first.roles] == ["in_school"]
    assert (first.supported, second.supported) == (True, False)
    assert (strong.taken, weak.taken) == (1, 1)
    assert first.guides == {UUID(int=200)}


# Studios


def test_a_studio_lasts_three_years_unless_said():
    assert cycle(date(2026, 9, 1), None) == (date(2026, 9, 1), date(2029, 9, 1))
    assert cycle(date(2026, 9, 1), TODAY) == (date(2026, 9, 1), TODAY)


@pytest.mark.parametrize(
    ("joins", "leaves", "role", "problem"),
    [
        (TODAY, None, StudioRole.CORE, None),
        (TODAY, YEAR[1], StudioRole.TRAINEE, None),
        (TODAY, None, StudioRole.HOST, HostUnfit),
        (YEAR[1], None, StudioRole.CORE, MemberUnfit),
        (TODAY, TODAY, StudioRole.CORE, MemberUnfit),
    ],
)
def test_who_may_join(joins, leaves, role, problem):
    def join():
        check_member(joins=joins, leaves=leaves, cycle=YEAR, role=role)

    if problem is None:
        join()
    else:
        with pytest.raises(problem):
            join()


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "on", "fits"),
    [
        (NOW + HOUR, NOW + 2 * HOUR, TODAY, True),
        (NOW + HOUR, NOW + HOUR, TODAY, False),
        (NOW, NOW + HOUR, TODAY, False),
        (NOW + HOUR, NOW + 2 * HOUR, YEAR[1], False),
    ],
)
def test_when_an_activity_may_be(starts_at, ends_at, on, fits):
    def plan():
        check_activity(starts_at=starts_at, ends_at=ends_at, now=NOW, on=on, cycle=YEAR)

    if fits:
        plan()
    else:
        with pytest.raises(ActivityUnfit):
            plan()


def test_what_has_begun_is_attended_and_what_has_not_is_cancelled():
    planned, off = ActivityState.PLANNED, ActivityState.CANCELLED

    check_cancel(planned, starts_at=NOW + HOUR, now=NOW)
    check_attendance(planned, starts_at=NOW, now=NOW)
    for check, state, starts_at in (
        (check_cancel, planned, NOW),
        (check_cancel, off, NOW + HOUR),
        (check_attendance, planned, NOW + HOUR),
        (check_attendance, off, NOW),
    ):
        with pytest.raises(ActivityOver):
            check(state, starts_at=starts_at, now=NOW)


def test_the_share_of_those_who_have_it_harder():
    members = [Enrolled(UUID(int=number), disadvantaged=number == 1) for number in range(3)]

    assert share(members) == 33.3
    assert share([]) == 0
