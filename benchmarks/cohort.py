"""A whole cohort to match mentors in, without a database, and the simple way to do it."""

from time import perf_counter
from uuid import UUID

from service.cli.demo.dice import Dice
from service.mentoring.matching import core
from service.mentoring.rules.matching import (
    Coach,
    Criterion,
    Learner,
    Scene,
    bars,
    by_subject,
    points,
    weighed,
)
from service.mentoring.rules.programme import DEFAULT_ROLES
from service.network.rules import Tier
from service.staff.rules import Qualified

_TIERS = (Tier.LEAD, Tier.CLOSE, Tier.ALLIANCE)
_SUBJECTS = ("13", "14", "41", "22", "24", "25", "15", "12", "61", "16")
_SCHOOLS_IN_A_GROUP = 6


def person(number: int) -> UUID:
    """Somebody."""
    return UUID(int=number)


def cohort(*, mentees: int, mentors: int, schools: int, seed: int) -> Scene:
    """A district as districts are: subjects of two stages, groups, hours of mountain roads."""
    dice = Dice("cohort", seed)
    homes = [person(9_000_000 + number) for number in range(schools)]
    groups = max(schools // _SCHOOLS_IN_A_GROUP, 1)
    group_of = {home: number % groups for number, home in enumerate(homes)}
    tier_of = {home: dice.pick(_TIERS) for home in homes}
    weak = {home: tier_of[home] is Tier.ALLIANCE for home in homes}

    def teaches() -> frozenset[Qualified]:
        stage = dice.pick("23")
        return frozenset(Qualified(dice.pick(_SUBJECTS), stage) for _ in range(dice.between(1, 2)))

    def learner(number: int) -> Learner:
        home = dice.pick(homes)
        former = [person(5_000_000 + dice.below(mentors))] if dice.chance(20) else []
        return Learner(
            teacher_id=person(1_000_000 + number),
            school_id=home,
            teaches=teaches(),
            roles=DEFAULT_ROLES,
            disadvantaged=weak[home],
            former=frozenset(former),
        )

    def coach(number: int) -> Coach:
        home = dice.pick(homes)
        return Coach(
            teacher_id=person(5_000_000 + number),
            school_id=home,
            teaches=teaches(),
            capacity=3,
            taken=dice.weigh((3, 0), (1, 1), (1, 2)),
            strong=not weak[home],
        )

    return Scene(
        learners=[learner(number) for number in range(mentees)],
        coaches=[coach(number) for number in range(mentors)],
        minutes={(one, other): dice.between(5, 120) for one in homes for other in homes},
        tiers={
            (one, other): tier_of[one]
            for one in homes
            for other in homes
            if group_of[one] == group_of[other]
        },
    )


def greedy(scene: Scene) -> tuple[int, int]:
    """One mentee after the other takes the best who is left: how many roles, which score."""
    left = {coach.teacher_id: coach.free for coach in scene.coaches}
    places = by_subject(scene.coaches)
    filled = score = 0
    for learner in scene.learners:
        guides: set[UUID] = set()
        sharing = {place for one in learner.teaches for place in places.get(one, ())}
        for role in learner.roles:
            able = [
                (_worth(learner, coach, left=left[coach.teacher_id], scene=scene), coach)
                for coach in (scene.coaches[place] for place in sorted(sharing))
                if left[coach.teacher_id]
                and coach.teacher_id not in guides
                and not bars(learner, coach, role=role)
            ]
            if able:
                worth, coach = max(able, key=lambda one: one[0])
                left[coach.teacher_id] -= 1
                guides.add(coach.teacher_id)
                filled, score = filled + 1, score + worth
    return filled, score


def _worth(learner: Learner, coach: Coach, *, left: int, scene: Scene) -> int:
    told = points(learner, coach, scene=scene)
    told[Criterion.FAIRNESS] = coach.fairness(number=coach.capacity - left + 1)
    return weighed(told, weights=scene.weights)


def measured(*, mentees: int, mentors: int) -> dict[str, float]:
    """The optimum and the simple way on the same cohort."""
    scene = cohort(mentees=mentees, mentors=mentors, schools=90, seed=1)
    started = perf_counter()
    solution = core.solve(scene)
    seconds = perf_counter() - started
    filled, score = greedy(scene)
    return {
        "seconds": seconds,
        "gap": solution.gap,
        "filled": len(solution.matches),
        "filled-to-greedy": len(solution.matches) / filled,
        "score-to-greedy": solution.score / score,
    }
