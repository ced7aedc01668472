"""Who should be mentored, by whom, how often: what a programme asks for, and how it lives."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from service.kit.problems import Text
from service.mentoring.problems.programme import (
    ProgrammeStateUnfit,
    RolesUnfit,
    StandardUnfit,
)
from service.mentoring.rules import IN_SCHOOL, Span


class ProgrammeState(StrEnum):
    """Where a programme is in its life."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Step(StrEnum):
    """What can be done with a programme."""

    CHANGE = "change"
    OPEN = "open"
    CLOSE = "close"
    MATCH = "match"
    APPRAISE = "appraise"


_STEPS: Mapping[Step, frozenset[ProgrammeState]] = {
    Step.CHANGE: frozenset({ProgrammeState.DRAFT, ProgrammeState.OPEN}),
    Step.OPEN: frozenset({ProgrammeState.DRAFT}),
    Step.CLOSE: frozenset({ProgrammeState.OPEN}),
    Step.MATCH: frozenset({ProgrammeState.OPEN}),
    Step.APPRAISE: frozenset({ProgrammeState.OPEN}),
}


def check_step(state: ProgrammeState, step: Step) -> None:
    """Refuse what a programme's state does not allow.

    Raises
    ------
    ProgrammeStateUnfit
        This cannot be done in this state.
    """
    if state not in _STEPS[step]:
        raise ProgrammeStateUnfit(state=state.value, step=step.value)


# Who should be mentored


class Combine(StrEnum):
    """How a programme's criteria go together."""

    ALL = "all"
    ANY = "any"


class EntryKind(StrEnum):
    """What somebody decided about a teacher by hand."""

    ADDED = "added"
    EXEMPTED = "exempted"


class Ground(StrEnum):
    """Why a teacher belongs to a cohort."""

    ADDED = "added"
    NEW = "new"
    RURAL = "rural"
    WEAK = "weak"


GROUNDS: Mapping[Ground, Text] = {
    Ground.ADDED: Text("个别增补", "added by hand"),
    Ground.NEW: Text("新教师", "new to teaching"),
    Ground.RURAL: Text("农村学校教师", "at a rural school"),
    Ground.WEAK: Text("薄弱学校教师", "at a weak school"),
}


def years_after(day: date, years: int) -> date:
    """The same day some years later; the last of February where there is no 29th."""
    return years_before(day, -years)


class Standing(StrEnum):
    """How far somebody in a cohort is looked after; everybody is one of these."""

    NONE = "none"
    ONE = "one"
    BROKEN = "broken"
    MET = "met"


STANDINGS: Mapping[Standing, Text] = {
    Standing.NONE: Text("尚无导师", "no mentor"),
    Standing.ONE: Text("只有一位导师", "one mentor"),
    Standing.BROKEN: Text("不合双导师要求", "two mentors, but the dual rule is broken"),
    Standing.MET: Text("已落实双导师", "the dual rule is met"),
}


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; the last of February where there is no 29th."""
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year - years)


# Roles


class RolePlace(StrEnum):
    """Where the mentor of a role comes from, seen from the mentee's school."""

    SAME_SCHOOL = "same_school"
    OTHER_SCHOOL = "other_school"
    ANYWHERE = "anywhere"


@dataclass(frozen=True, slots=True)
class ProgrammeRole:
    """A role that each mentee of a programme should have a mentor in."""

    code: str
    place: RolePlace


DEFAULT_ROLES = (
    ProgrammeRole(IN_SCHOOL, RolePlace.SAME_SCHOOL),
    ProgrammeRole("cross_school", RolePlace.OTHER_SCHOOL),
)


def check_roles(roles: Sequence[ProgrammeRole]) -> None:
    """Refuse a list of roles that cannot be filled.

    Raises
    ------
    RolesUnfit
        A role stands there twice, or the in-school role comes from elsewhere.
    """
    seen: set[str] = set()
    for place, role in enumerate(roles):
        if role.code in seen:
            raise RolesUnfit(pointer=f"/roles/{place}/code", message=_TWICE)
        if role.code == IN_SCHOOL and role.place is not RolePlace.SAME_SCHOOL:
            raise RolesUnfit(pointer=f"/roles/{place}/place", message=_ELSEWHERE)
        seen.add(role.code)


_TWICE = Text("同一角色出现了两次", "stands there twice")
_ELSEWHERE = Text("校内导师只能来自本校", "an in-school mentor is from the same school")


# What is asked for


@dataclass(frozen=True, slots=True)
class MinimumPlan:
    """How much a pair does together in a term, at least."""

    lesson_plans: int = 3
    """Lesson plans of the mentee that the mentor guides."""
    observed_by_mentor: int = 8
    """Lessons of the mentee that the mentor observes."""
    observed_of_mentor: int = 8
    """Lessons of the mentor that the mentee observes."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each criterion counts when mentors are matched."""

    subject: int = 20
    tier: int = 25
    travel: int = 25
    fairness: int = 15
    continuity: int = 15


# Versions


def check_effective(
    state: ProgrammeState, *, from_: date, year: tuple[date, date], today: date
) -> None:
    """Refuse a standard that would rewrite what has been.

    Raises
    ------
    StandardUnfit
        The day is outside the school year, or past while the programme is open.
    """
    if not year[0] <= from_ < year[1]:
        raise StandardUnfit(message=_OUTSIDE)
    if state is ProgrammeState.OPEN and from_ < today:
        raise StandardUnfit(message=_PAST)


_OUTSIDE = Text("应在项目所属学年之内", "must lie within the programme's school year")
_PAST = Text("项目已开放,生效日期不能早于今天", "an open programme changes from today on")


def cut(span: Span, *, at: date) -> Span | None:
    """What is left of a standard when another one holds from a day on."""
    return (span[0], at) if span[0] < at else None


# Mentors lost


@dataclass(frozen=True, slots=True)
class Held:
    """A role in which somebody has, had or was to have a mentor."""

    role: str
    still: bool


def lost_roles(asked: Iterable[ProgrammeRole], *, pairings: Iterable[Held]) -> list[str]:
    """The roles in which somebody had or was to have a mentor, and has none any more."""
    known = list(pairings)
    still = {one.role for one in known if one.still}
    had = {one.role for one in known} - still
    return [code for code in dict.fromkeys(role.code for role in asked) if code in had]


# Absences


def away_for(
    leave: tuple[datetime | None, datetime | None], *, of: tuple[datetime, datetime]
) -> bool:
    """Whether a leave takes half or more of a stretch of time."""
    first, until = max(leave[0] or of[0], of[0]), min(leave[1] or of[1], of[1])
    return (until - first) * 2 >= of[1] - of[0]
