"""Which mentor would suit which mentee how well, and what may not be: pure.

A score belongs to two persons, not to a role. So the best matching of a whole cohort is a flow
through a network, which the core solves to the proven optimum.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from service.kit.problems import FieldError, Text
from service.mentoring.problems.matching import MatchingNotReady, PinUnfit
from service.mentoring.rules.programme import ProgrammeRole, RolePlace, Weights
from service.network.rules import Tier
from service.staff.rules import Qualified

FULL = 100
"""The points of a criterion that is met entirely."""
_FAR_MINUTES = 120
"""From here on a way gets no points."""
_TIERS = {Tier.LEAD: FULL, Tier.CLOSE: 75, Tier.ALLIANCE: 50}


class MatchingState(StrEnum):
    """Where a run is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    OUTDATED = "outdated"


def check_ready(state: MatchingState, *, accepted: bool) -> None:
    """Refuse to accept what has no result, or was accepted.

    Raises
    ------
    MatchingNotReady
        It says the state.
    """
    if accepted:
        raise MatchingNotReady(state="accepted")
    if state is not MatchingState.DONE:
        raise MatchingNotReady(state=state.value)


class Criterion(StrEnum):
    """What makes a mentor suit a mentee."""

    SUBJECT = "subject"
    TIER = "tier"
    TRAVEL = "travel"
    FAIRNESS = "fairness"
    CONTINUITY = "continuity"


CRITERIA: Mapping[Criterion, Text] = {
    Criterion.SUBJECT: Text("学科学段相同", "shared subjects"),
    Criterion.TIER: Text("集团层级", "tier in the group"),
    Criterion.TRAVEL: Text("路程", "way"),
    Criterion.FAIRNESS: Text("名额均衡", "fair share of mentees"),
    Criterion.CONTINUITY: Text("延续原结对", "continuity"),
}


class Bar(StrEnum):
    """Why a mentor is out of the question for a mentee."""

    NO_SHARED_SUBJECT = "no-shared-subject"
    FULL = "mentor-full"
    PAIRED_ALREADY = "paired-already"
    OTHER_SCHOOL = "other-school"
    SAME_SCHOOL = "same-school"
    NOT_STRONGER = "not-stronger"


BARS: Mapping[Bar, Text] = {
    Bar.NO_SHARED_SUBJECT: Text("没有相同的学段学科", "no shared subject at the same stage"),
    Bar.FULL: Text("名额已满", "all places are taken"),
    Bar.PAIRED_ALREADY: Text("已是该徒弟的导师", "mentors this mentee already"),
    Bar.OTHER_SCHOOL: Text("该角色须为本校导师", "this role takes a mentor of the same school"),
    Bar.SAME_SCHOOL: Text("该角色须为外校导师", "this role takes a mentor of another school"),
    Bar.NOT_STRONGER: Text(
        "农村或薄弱学校的徒弟须有一位来自较强学校的导师",
        "a mentee of a rural or weak school needs one mentor from a stronger school",
    ),
}


@dataclass(frozen=True, slots=True)
class Learner:
    """Somebody who needs mentors, in the roles that are still empty."""

    teacher_id: UUID
    school_id: UUID
    teaches: frozenset[Qualified]
    roles: tuple[ProgrammeRole, ...]
    disadvantaged: bool = False
    """Of a rural or weak school."""
    supported: bool = False
    """Has a mentor from a stronger school already."""
    guides: frozenset[UUID] = frozenset()
    former: frozenset[UUID] = frozenset()

    @property
    def reserved(self) -> str | None:
        """The role that is kept for a mentor from a stronger school.

        Scores do not depend on roles, so keeping one role for such a mentor loses nothing.
        """
        if not self.disadvantaged or self.supported:
            return None
        elsewhere = (RolePlace.OTHER_SCHOOL, RolePlace.ANYWHERE)
        fitting = [role.code for place in elsewhere for role in self.roles if role.place is place]
        return fitting[0] if fitting else None


@dataclass(frozen=True, slots=True)
class Coach:
    """Somebody who may be a mentor."""

    teacher_id: UUID
    school_id: UUID
    teaches: frozenset[Qualified]
    capacity: int
    taken: int = 0
    strong: bool = True
    """Whether the school can carry another one: neither rural nor weak, or a group's lead."""

    @property
    def free(self) -> int:
        """How many mentees there is room for."""
        return max(self.capacity - self.taken, 0)

    def fairness(self, *, number: int) -> int:
        """The points of the ``number``-th mentee: the more a mentor has, the fewer."""
        return FULL * (self.capacity - number + 1) // self.capacity


@dataclass(frozen=True, slots=True)
class Pinned:
    """Two whom somebody has put together, whatever the scores say."""

    mentee_id: UUID
    role: str
    mentor_id: UUID


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a matching depends on."""

    learners: Sequence[Learner]
    coaches: Sequence[Coach]
    weights: Weights = field(default_factory=Weights)
    tiers: Mapping[tuple[UUID, UUID], Tier] = field(default_factory=dict)
    """The tier of the mentor's school in a group that it shares with the mentee's."""
    minutes: Mapping[tuple[UUID, UUID], int] = field(default_factory=dict)
    """From school to school; where nothing stands, the way is as far as can be."""
    pinned: Sequence[Pinned] = ()


# Scores


def points(learner: Learner, coach: Coach, *, scene: Scene) -> dict[Criterion, int]:
    """What speaks for two persons, criterion by criterion, apart from how many the mentor has."""
    shared = len(learner.teaches & coach.teaches)
    ends = (coach.school_id, learner.school_id)
    home = coach.school_id == learner.school_id
    tier = scene.tiers.get(ends)
    minutes = 0 if home else scene.minutes.get(ends, _FAR_MINUTES)
    return {
        Criterion.SUBJECT: FULL * shared // max(len(learner.teaches), 1),
        Criterion.TIER: FULL if home else _TIERS.get(tier, 0) if tier else 0,
        Criterion.TRAVEL: FULL * max(_FAR_MINUTES - minutes, 0) // _FAR_MINUTES,
        Criterion.CONTINUITY: FULL if coach.teacher_id in learner.former else 0,
    }


def weighed(told: Mapping[Criterion, int], *, weights: Weights) -> int:
    """Points by their weights."""
    return sum(value * int(getattr(weights, one.value)) for one, value in told.items())


def bars(learner: Learner, coach: Coach, *, role: ProgrammeRole) -> list[Bar]:
    """Everything that keeps somebody from mentoring a mentee in a role."""
    found: list[Bar] = []
    if not learner.teaches & coach.teaches:
        found.append(Bar.NO_SHARED_SUBJECT)
    if coach.teacher_id in learner.guides:
        found.append(Bar.PAIRED_ALREADY)
    if not coach.free:
        found.append(Bar.FULL)
    home = coach.school_id == learner.school_id
    if role.place is RolePlace.SAME_SCHOOL and not home:
        found.append(Bar.OTHER_SCHOOL)
    if role.place is RolePlace.OTHER_SCHOOL and home:
        found.append(Bar.SAME_SCHOOL)
    if role.code == learner.reserved and (home or not coach.strong):
        found.append(Bar.NOT_STRONGER)
    return found


def by_subject(coaches: Sequence[Coach]) -> dict[Qualified, list[int]]:
    """Where in the list the mentors of each subject and stage are."""
    found: dict[Qualified, list[int]] = {}
    for place, coach in enumerate(coaches):
        for subject in coach.teaches:
            found.setdefault(subject, []).append(place)
    return found


# What came out


@dataclass(frozen=True, slots=True)
class Match:
    """A mentor for a mentee in a role, and what speaks for it."""

    mentee_id: UUID
    role: str
    mentor_id: UUID
    points: Mapping[Criterion, int]
    score: int
    pinned: bool = False
    best_mentor_id: UUID | None = None
    """Who would have suited better, had there been no others to think of."""
    given_up: int = 0
    """How much better."""


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A role that stays empty, and why."""

    mentee_id: UUID
    role: str
    candidates: int
    """How many would have suited, had they had room; none at all is another matter."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The best matching: most roles filled, most mentees with at least one mentor, best score."""

    matches: Sequence[Match]
    vacancies: Sequence[Vacancy]
    score: int
    bound: int
    """No matching that fills as many roles has a higher score."""

    @property
    def gap(self) -> float:
        """How far from the bound: nought is the proven optimum."""
        return (self.bound - self.score) / self.bound if self.bound else 0.0


def without_pinned(scene: Scene) -> tuple[list[Learner], list[Coach]]:
    """The seats and places that are left when the pinned pairs have theirs."""
    seats: dict[UUID, set[str]] = {}
    guides: dict[UUID, set[UUID]] = {}
    taken: dict[UUID, int] = {}
    strong = {coach.teacher_id: coach for coach in scene.coaches}
    supported: set[UUID] = set()
    schools = {learner.teacher_id: learner.school_id for learner in scene.learners}
    for one in scene.pinned:
        seats.setdefault(one.mentee_id, set()).add(one.role)
        guides.setdefault(one.mentee_id, set()).add(one.mentor_id)
        taken[one.mentor_id] = taken.get(one.mentor_id, 0) + 1
        coach = strong[one.mentor_id]
        if coach.strong and coach.school_id != schools[one.mentee_id]:
            supported.add(one.mentee_id)
    learners = [
        Learner(
            teacher_id=one.teacher_id,
            school_id=one.school_id,
            teaches=one.teaches,
            roles=tuple(r for r in one.roles if r.code not in seats.get(one.teacher_id, set())),
            disadvantaged=one.disadvantaged,
            supported=one.supported or one.teacher_id in supported,
            guides=one.guides | guides.get(one.teacher_id, set()),
            former=one.former,
        )
        for one in scene.learners
    ]
    coaches = [
        Coach(
            teacher_id=one.teacher_id,
            school_id=one.school_id,
            teaches=one.teaches,
            capacity=one.capacity,
            taken=one.taken + taken.get(one.teacher_id, 0),
            strong=one.strong,
        )
        for one in scene.coaches
    ]
    return learners, coaches


def ranked(
    learner: Learner, *, role: ProgrammeRole, scene: Scene
) -> tuple[list[tuple[Coach, dict[Criterion, int], int]], list[tuple[Coach, list[Bar]]]]:
    """The mentors for one mentee, the best first, and those who are out of the question.

    Of those who are out, only such as share a subject are told: the others are the whole district.
    """
    able: list[tuple[Coach, dict[Criterion, int], int]] = []
    out: list[tuple[Coach, list[Bar]]] = []
    for coach in scene.coaches:
        against = bars(learner, coach, role=role)
        if not against:
            told = points(learner, coach, scene=scene)
            told[Criterion.FAIRNESS] = coach.fairness(number=coach.taken + 1)
            able.append((coach, told, weighed(told, weights=scene.weights)))
        elif Bar.NO_SHARED_SUBJECT not in against:
            out.append((coach, against))
    able.sort(key=lambda one: (-one[2], one[0].taken, one[0].teacher_id))
    return able, out


Facts = Mapping[str, Sequence[str]]
"""What a matching depends on, by teacher: mentee or mentor, school, open roles or free places."""


def changed(before: Facts, after: Facts) -> dict[str, Text]:
    """Whose facts are not what they were, and what about them."""
    return {
        id_: _difference(facts, after.get(id_))
        for id_, facts in before.items()
        if list(facts) != list(after.get(id_, ()))
    }


def _difference(before: Sequence[str], after: Sequence[str] | None) -> Text:
    kind, school, rest = before
    if after is None or after[0] != kind:
        return _GONE[kind]
    if after[1] != school:
        return Text("换了学校", "is at another school")
    if kind == "mentee":
        return Text("待配的角色有变化", "has other roles to fill")
    return Text(
        f"剩余名额由 {rest} 变为 {after[2]}", f"has {after[2]} places left instead of {rest}"
    )


_GONE = {
    "mentee": Text("已不是帮扶对象", "is not in the cohort any more"),
    "mentor": Text("已不能担任导师", "cannot be a mentor any more"),
}


# Pinned pairs


def check_pins(scene: Scene, *, barred: Mapping[UUID, Text]) -> None:
    """Refuse pinned pairs that cannot be; ``barred`` says why teachers of the scope are no mentors.

    That a mentor's school is not a stronger one is no reason: somebody has decided so.

    Raises
    ------
    PinUnfit
        It names every pair and why.
    """
    learners = {one.teacher_id: one for one in scene.learners}
    coaches = {one.teacher_id: one for one in scene.coaches}
    seen: set[tuple[UUID, object]] = set()
    taken: dict[UUID, int] = {}
    errors: list[FieldError] = []
    for place, pin in enumerate(scene.pinned):
        learner, coach = learners.get(pin.mentee_id), coaches.get(pin.mentor_id)
        found = _against(pin, learner, coach, barred=barred)
        taken[pin.mentor_id] = taken.get(pin.mentor_id, 0) + 1
        for key, said in (
            ((pin.mentee_id, pin.role), ("role", "same-role-twice", _ROLE_TWICE)),
            ((pin.mentee_id, pin.mentor_id), ("mentor_id", "same-person-twice", _PERSON_TWICE)),
        ):
            if key in seen:
                found.append(said)
            seen.add(key)
        if coach is not None and taken[pin.mentor_id] > coach.free:
            found.append(("mentor_id", Bar.FULL.value, BARS[Bar.FULL]))
        errors += [
            FieldError(f"/pinned/{place}/{name}", code, words)
            for name, code, words in dict.fromkeys(found)
        ]
    if errors:
        raise PinUnfit(errors=errors)


_Said = tuple[str, str, Text]


def _against(
    pin: Pinned, learner: Learner | None, coach: Coach | None, *, barred: Mapping[UUID, Text]
) -> list[_Said]:
    if pin.mentee_id == pin.mentor_id:
        return [("mentor_id", "self-mentoring", _ONESELF)]
    found: list[_Said] = []
    if learner is None:
        found.append(("mentee_id", "not-in-cohort", _NOT_IN_COHORT))
    if coach is None:
        found.append(("mentor_id", "mentor-unfit", barred.get(pin.mentor_id, _NO_MENTOR)))
    if learner is None:
        return found
    role = next((one for one in learner.roles if one.code == pin.role), None)
    if role is None:
        found.append(("role", "role-not-open", _NOT_OPEN))
    elif coach is not None:
        against = [bar for bar in bars(learner, coach, role=role) if bar is not Bar.NOT_STRONGER]
        found += [("mentor_id", bar.value, BARS[bar]) for bar in against]
    return found


_ONESELF = Text("导师和徒弟不能是同一人", "nobody mentors oneself")
_NOT_IN_COHORT = Text("不是项目的帮扶对象", "is not in the programme's cohort")
_NO_MENTOR = Text("不在项目范围内的可选导师之中", "is no mentor within the programme's scope")
_NOT_OPEN = Text("项目没有此角色,或该徒弟此角色已有导师", "is no role, or has a mentor already")
_ROLE_TWICE = Text("同一徒弟的同一角色出现了两次", "the same role of the same mentee twice")
_PERSON_TWICE = Text("同一位导师出现了两次", "the same mentor for the same mentee twice")
