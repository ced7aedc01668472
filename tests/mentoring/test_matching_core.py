"""The optimum: equal to brute force on small cohorts, bounded from above on large ones."""

from itertools import product
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from ortools.linear_solver import pywraplp

from benchmarks.cohort import cohort, greedy
from service.mentoring.matching import core
from service.mentoring.rules.matching import (
    Coach,
    Criterion,
    Learner,
    Pinned,
    Scene,
    bars,
    points,
    weighed,
    without_pinned,
)
from service.mentoring.rules.programme import (
    DEFAULT_ROLES,
    ProgrammeRole,
    RolePlace,
    Weights,
)
from service.network.rules import Tier
from service.staff.rules import Qualified

MUSIC, ART = Qualified("24", "2"), Qualified("25", "2")
HOMES = [UUID(int=number) for number in (1, 2, 3)]

roles = st.sampled_from(
    [
        DEFAULT_ROLES,
        (DEFAULT_ROLES[0], ProgrammeRole("guide", RolePlace.ANYWHERE)),
        (
            ProgrammeRole("subject", RolePlace.ANYWHERE),
            ProgrammeRole("homeroom", RolePlace.ANYWHERE),
        ),
        (ProgrammeRole("cross_school", RolePlace.OTHER_SCHOOL),),
    ]
)
subjects = st.frozensets(st.sampled_from([MUSIC, ART]), min_size=1)
homes = st.sampled_from(HOMES)


@st.composite
def scenes(draw):
    """Up to three mentees and four mentors at three schools."""
    mentors = [UUID(int=200 + number) for number in range(draw(st.integers(1, 4)))]
    learners = [
        Learner(
            teacher_id=UUID(int=100 + number),
            school_id=draw(homes),
            teaches=draw(subjects),
            roles=draw(roles),
            disadvantaged=draw(st.booleans()),
            supported=draw(st.booleans()),
            guides=frozenset(draw(st.sets(st.sampled_from(mentors), max_size=1))),
            former=frozenset(draw(st.sets(st.sampled_from(mentors), max_size=1))),
        )
        for number in range(draw(st.integers(1, 3)))
    ]
    coaches = [
        Coach(
            teacher_id=mentor,
            school_id=draw(homes),
            teaches=draw(subjects),
            capacity=draw(st.integers(1, 3)),
            taken=draw(st.integers(0, 2)),
            strong=draw(st.booleans()),
        )
        for mentor in mentors
    ]
    ways = {(one, other): draw(st.integers(0, 150)) for one in HOMES for other in HOMES}
    tiers = draw(st.dictionaries(st.tuples(homes, homes), st.sampled_from(list(Tier)), max_size=4))
    weights = Weights(*draw(st.lists(st.integers(0, 40), min_size=5, max_size=5)))
    return Scene(learners, coaches, weights=weights, tiers=tiers, minutes=ways)


def worth(scene, pairs):
    """How good a matching is: roles filled, mentees with a mentor, score."""
    coaches = {one.teacher_id: one for one in scene.coaches}
    learners = {one.teacher_id: one for one in scene.learners}
    taken: dict[UUID, int] = {}
    score = 0
    for mentee_id, _, mentor_id in pairs:
        coach = coaches[mentor_id]
        taken[mentor_id] = taken.get(mentor_id, 0) + 1
        told = points(learners[mentee_id], coach, scene=scene)
        told[Criterion.FAIRNESS] = coach.fairness(number=coach.taken + taken[mentor_id])
        score += weighed(told, weights=scene.weights)
    return len(pairs), len({mentee_id for mentee_id, *_ in pairs}), score


def allowed(scene, pairs):
    """Whether nobody has too many, and nobody the same mentor twice."""
    free = {one.teacher_id: one.free for one in scene.coaches}
    taken = [mentor_id for *_, mentor_id in pairs]
    met = [(mentee_id, mentor_id) for mentee_id, _, mentor_id in pairs]
    return len(met) == len(set(met)) and all(
        taken.count(mentor_id) <= free[mentor_id] for mentor_id in taken
    )


def every_matching(scene):
    """All there are."""
    seats = [(learner, role) for learner in scene.learners for role in learner.roles]
    choices = [
        [None, *(one for one in scene.coaches if not bars(learner, one, role=role))]
        for learner, role in seats
    ]
    for chosen in product(*choices):
        pairs = [
            (learner.teacher_id, role.code, coach.teacher_id)
            for (learner, role), coach in zip(seats, chosen, strict=True)
            if coach is not None
        ]
        if allowed(scene, pairs):
            yield pairs


def pairs_of(solution):
    return [(one.mentee_id, one.role, one.mentor_id) for one in solution.matches]


@given(scene=scenes())
@settings(max_examples=150, deadline=None)
def test_it_is_what_brute_force_finds(scene):
    solution = core.solve(scene)

    found = pairs_of(solution)
    best = max(worth(scene, pairs) for pairs in every_matching(scene))
    assert allowed(scene, found)
    assert worth(scene, found) == best
    assert solution.score == best[2]
    assert solution.gap == 0
    seats = sum(len(one.roles) for one in scene.learners)
    assert len(solution.matches) + len(solution.vacancies) == seats
    learners = {one.teacher_id: one for one in scene.learners}
    coaches = {one.teacher_id: one for one in scene.coaches}
    for match in solution.matches:
        learner = learners[match.mentee_id]
        role = next(one for one in learner.roles if one.code == match.role)
        assert not bars(learner, coaches[match.mentor_id], role=role)


@given(scene=scenes(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_what_was_pinned_is_kept_whatever_the_scores_say(scene, data):
    learner = data.draw(st.sampled_from(scene.learners))
    free = [one for one in scene.coaches if one.free and one.teacher_id not in learner.guides]
    if not free:
        return
    pin = Pinned(
        learner.teacher_id,
        data.draw(st.sampled_from(learner.roles)).code,
        data.draw(st.sampled_from(free)).teacher_id,
    )
    pinned = Scene(
        scene.learners,
        scene.coaches,
        weights=scene.weights,
        tiers=scene.tiers,
        minutes=scene.minutes,
        pinned=[pin],
    )

    solution = core.solve(pinned)

    assert (pin.mentee_id, pin.role, pin.mentor_id) in pairs_of(solution)
    assert [one.pinned for one in solution.matches].count(True) == 1
    assert allowed(scene, pairs_of(solution))


def linear_bound(scene, *, filled, first):
    """What no matching can exceed: the same choice, told without a network, in fractions too."""
    learners, coaches = without_pinned(scene)
    solver = pywraplp.Solver.CreateSolver("GLOP")
    by_coach: dict[Coach, list[Any]] = {}
    objective: list[Any] = []
    for learner in learners:
        mine: dict[str, list[Any]] = {}
        for coach in coaches:
            fitting = [role for role in learner.roles if not bars(learner, coach, role=role)]
            if not fitting:
                continue
            value = weighed(points(learner, coach, scene=scene), weights=scene.weights)
            here = {role.code: solver.NumVar(0, 1, "") for role in fitting}
            solver.Add(sum(here.values()) <= 1)
            by_coach.setdefault(coach, []).extend(here.values())
            objective += [(filled + value) * one for one in here.values()]
            for role, one in here.items():
                mine.setdefault(role, []).append(one)
        if mine:
            met = solver.NumVar(0, 1, "")
            solver.Add(met <= sum(one for several in mine.values() for one in several))
            objective.append(first * met)
            for several in mine.values():
                solver.Add(sum(several) <= 1)
    for coach, several in by_coach.items():
        places = [solver.NumVar(0, 1, "") for _ in range(coach.free)]
        solver.Add(sum(several) == sum(places))
        objective += [
            coach.fairness(number=coach.taken + 1 + number) * scene.weights.fairness * one
            for number, one in enumerate(places)
        ]
    solver.Maximize(sum(objective))
    assert solver.Solve() == pywraplp.Solver.OPTIMAL
    return solver.Objective().Value()


def test_a_large_one_reaches_the_bound_of_its_linear_relaxation():
    scene = cohort(mentees=150, mentors=60, schools=24, seed=7)
    # A role filled goes before a mentee with a first mentor, and that before any score.
    first, filled = 10**7, 10**10

    solution = core.solve(scene)

    count, met, score = worth(scene, pairs_of(solution))
    reached = filled * count + first * met + score
    assert solution.score == score
    assert abs(linear_bound(scene, filled=filled, first=first) - reached) < 1e-9 * reached
    assert (count, score) > greedy(scene)


def test_what_was_given_up_and_why_roles_stay_empty_is_said():
    home, other = HOMES[:2]
    both = frozenset({MUSIC, ART})
    near = Coach(UUID(int=200), home, both, capacity=1)
    second = Coach(UUID(int=201), home, frozenset({MUSIC}), capacity=1)
    first, former = [
        Learner(
            UUID(int=100 + number),
            home,
            both,
            roles=DEFAULT_ROLES[:1],
            former=frozenset({near.teacher_id} if number else ()),
        )
        for number in range(2)
    ]
    painter = Learner(UUID(int=103), other, frozenset({ART}), roles=DEFAULT_ROLES)

    solution = core.solve(Scene([first, former, painter], [near, second]))

    told = {one.mentee_id: one for one in solution.matches}
    kept, gave = told[former.teacher_id], told[first.teacher_id]
    assert (kept.mentor_id, kept.points[Criterion.CONTINUITY], kept.given_up) == (
        near.teacher_id,
        100,
        0,
    )
    assert (gave.mentor_id, gave.best_mentor_id) == (second.teacher_id, near.teacher_id)
    assert gave.given_up == 50 * Weights().subject
    assert {(one.role, one.candidates) for one in solution.vacancies} == {
        ("in_school", 0),
        ("cross_school", 1),
    }


def test_nobody_to_match_is_no_mistake():
    assert core.solve(Scene([], [])).matches == []
