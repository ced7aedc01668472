"""The best matching of a cohort, as a flow of least cost; the only file that knows OR-Tools.

Every mentor is a source with as many units as there are free places, each unit worth less than the
one before (fair shares); a unit reaches a mentee at most once, through one of the empty roles; the
first mentor of a mentee is worth more than any shuffle of scores. Such a network has integral
optima, and the solver proves them: the bound it leaves is the score itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
from ortools.graph.python import min_cost_flow

from service.mentoring.rules.matching import (
    FULL,
    Bar,
    Coach,
    Criterion,
    Learner,
    Match,
    Scene,
    Solution,
    Vacancy,
    bars,
    by_subject,
    points,
    weighed,
    without_pinned,
)
from service.mentoring.rules.programme import ProgrammeRole
from service.staff.rules import Qualified

_ROOT, _END = 0, 1


class Unsolved(Exception):
    """The solver gave no optimum: a bug of ours, for every matching has one."""


@dataclass(slots=True)
class _Network:
    """Arcs as columns."""

    nodes: int = 2
    tails: list[int] = field(default_factory=list)
    heads: list[int] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)

    def node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def arc(self, tail: int, head: int, *, worth: int = 0) -> int:
        """A way for one unit."""
        self.tails.append(tail)
        self.heads.append(head)
        self.costs.append(-worth)
        return len(self.tails) - 1

    def solve(self) -> set[int]:
        """The arcs of the largest flow that is worth the most."""
        solver = min_cost_flow.SimpleMinCostFlow()
        count = len(self.tails)
        arcs = solver.add_arcs_with_capacity_and_unit_cost(
            np.array(self.tails, dtype=np.int32),
            np.array(self.heads, dtype=np.int32),
            np.ones(count, dtype=np.int64),
            np.array(self.costs, dtype=np.int64),
        )
        units = self.tails.count(_ROOT)
        solver.set_node_supply(_ROOT, units)
        solver.set_node_supply(_END, -units)
        status = solver.solve_max_flow_with_min_cost()
        if status != solver.OPTIMAL:
            raise Unsolved(str(status))
        return set(np.flatnonzero(solver.flows(arcs)).tolist())


@dataclass(slots=True)
class _Drawn:
    """Which node is what, to draw the network and to read its flow."""

    network: _Network = field(default_factory=_Network)
    seats: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Nodes of seats: which mentee, which role."""
    coaches: dict[int, int] = field(default_factory=dict)
    """Nodes from which a mentor comes, the mentor's own or one between two persons."""

    def mentor(self, coach: Coach, *, place: int, weight: int) -> int:
        """A mentor with all free places."""
        node = self.network.node()
        self.coaches[node] = place
        for number in range(coach.taken + 1, coach.capacity + 1):
            self.network.arc(_ROOT, node, worth=coach.fairness(number=number) * weight)
        return node

    def mentee(self, learner: Learner, *, place: int, first: int) -> dict[str, int]:
        """A mentee with all empty roles; the seats by role."""
        node = self.network.node()
        seats: dict[str, int] = {}
        for role in learner.roles:
            seats[role.code] = self.network.node()
            self.seats[seats[role.code]] = (place, role.code)
            self.network.arc(seats[role.code], node)
            # The one arc that is worth something is used first.
            self.network.arc(node, _END, worth=first if len(seats) == 1 else 0)
        return seats

    def meeting(self, source: int, seats: Sequence[int], *, worth: int) -> None:
        """Two persons who may meet once, in one of these seats."""
        if len(seats) > 1:
            between = self.network.node()
            self.coaches[between] = self.coaches[source]
            self.network.arc(source, between, worth=worth)
            source, worth = between, 0
        for seat in seats:
            self.network.arc(source, seat, worth=worth)

    def read(self) -> list[tuple[int, str, int]]:
        """Which mentee has in which role which mentor, by place."""
        heads, tails = self.network.heads, self.network.tails
        chosen = [arc for arc in self.network.solve() if heads[arc] in self.seats]
        return sorted((*self.seats[heads[arc]], self.coaches[tails[arc]]) for arc in chosen)


def solve(scene: Scene) -> Solution:
    """The best matching of a scene, its pinned pairs kept.

    Raises
    ------
    Unsolved
        The solver failed.
    """
    learners, coaches = without_pinned(scene)
    chosen = _draw(learners, coaches, scene=scene).read() if learners and coaches else []
    pairs = [
        *((one.mentee_id, one.role, one.mentor_id, True) for one in scene.pinned),
        *(
            (learners[mentee].teacher_id, role, coaches[mentor].teacher_id, False)
            for mentee, role, mentor in chosen
        ),
    ]
    matches = _told(pairs, scene=scene)
    filled = {(one.mentee_id, one.role) for one in matches}
    places = by_subject(scene.coaches)
    vacancies = [
        Vacancy(one.teacher_id, role.code, _candidates(one, role, places=places, scene=scene))
        for one in scene.learners
        for role in one.roles
        if (one.teacher_id, role.code) not in filled
    ]
    score = sum(one.score for one in matches)
    return Solution(matches, vacancies, score=score, bound=score)


def _draw(learners: Sequence[Learner], coaches: Sequence[Coach], *, scene: Scene) -> _Drawn:
    drawn = _Drawn()
    weights = scene.weights
    sources = {
        place: drawn.mentor(coach, place=place, weight=weights.fairness)
        for place, coach in enumerate(coaches)
        if coach.free
    }
    # More than all scores together can differ: a first mentor goes before any shuffle of them.
    seats = sum(len(learner.roles) for learner in learners)
    first = seats * weighed(dict.fromkeys(Criterion, FULL), weights=weights) + 1
    places = by_subject(coaches)
    for number, learner in enumerate(learners):
        own = drawn.mentee(learner, place=number, first=first)
        for place in _sharing(learner, places):
            coach = coaches[place]
            fitting = [
                own[role.code] for role in learner.roles if not bars(learner, coach, role=role)
            ]
            if fitting:
                worth = weighed(points(learner, coach, scene=scene), weights=weights)
                drawn.meeting(sources[place], fitting, worth=worth)
    return drawn


def _sharing(learner: Learner, places: Mapping[Qualified, Sequence[int]]) -> list[int]:
    return sorted({place for subject in learner.teaches for place in places.get(subject, ())})


def _candidates(
    learner: Learner,
    role: ProgrammeRole,
    *,
    places: Mapping[Qualified, Sequence[int]],
    scene: Scene,
) -> int:
    """How many could fill a role, were there room."""
    return sum(
        set(bars(learner, scene.coaches[place], role=role)) <= {Bar.FULL}
        for place in _sharing(learner, places)
    )


def _told(pairs: Iterable[tuple[UUID, str, UUID, bool]], *, scene: Scene) -> list[Match]:
    """Each pair with its points, and with what it gave up for others."""
    learners = {one.teacher_id: one for one in scene.learners}
    coaches = {one.teacher_id: one for one in scene.coaches}
    places = by_subject(scene.coaches)
    taken: dict[UUID, int] = defaultdict(int)
    told: list[Match] = []
    for mentee_id, role, mentor_id, pinned in pairs:
        learner, coach = learners[mentee_id], coaches[mentor_id]
        taken[mentor_id] += 1
        with_ = points(learner, coach, scene=scene)
        plain = weighed(with_, weights=scene.weights)
        with_[Criterion.FAIRNESS] = coach.fairness(number=coach.taken + taken[mentor_id])
        asked = next(one for one in learner.roles if one.code == role)
        best, most = _best(learner, asked, places=places, scene=scene)
        told.append(
            Match(
                mentee_id=mentee_id,
                role=role,
                mentor_id=mentor_id,
                points=with_,
                score=weighed(with_, weights=scene.weights),
                pinned=pinned,
                best_mentor_id=best if most > plain else None,
                given_up=max(most - plain, 0),
            )
        )
    return told


def _best(
    learner: Learner,
    role: ProgrammeRole,
    *,
    places: Mapping[Qualified, Sequence[int]],
    scene: Scene,
) -> tuple[UUID | None, int]:
    """Who would suit a mentee best in a role, if there were no others."""
    best: UUID | None = None
    most = -1
    for place in _sharing(learner, places):
        coach = scene.coaches[place]
        if bars(learner, coach, role=role):
            continue
        worth = weighed(points(learner, coach, scene=scene), weights=scene.weights)
        if worth > most:
            best, most = coach.teacher_id, worth
    return best, most
