"""What an assignment may become, and whether its people and schools allow it: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.itinerant.problems import AssignmentStateUnfit
from service.timetable.rules import Conflict, ConflictKind, gaps

Span = tuple[date | None, date | None]
"""Half-open days; ``None`` is without end."""


class AssignmentState(StrEnum):
    """Where an assignment is in its life."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


class Act(StrEnum):
    """What can be done with an assignment."""

    CHANGE = "change"
    PUBLISH = "publish"
    END = "end"


_NEXT: Mapping[tuple[AssignmentState, Act], AssignmentState] = {
    (AssignmentState.DRAFT, Act.CHANGE): AssignmentState.DRAFT,
    (AssignmentState.DRAFT, Act.PUBLISH): AssignmentState.PUBLISHED,
    (AssignmentState.DRAFT, Act.END): AssignmentState.ENDED,
    (AssignmentState.PUBLISHED, Act.END): AssignmentState.ENDED,
}


def next_state(state: AssignmentState, act: Act) -> AssignmentState:
    """The state after an act; the one state machine of every path.

    Raises
    ------
    AssignmentStateUnfit
        This cannot be done in this state.
    """
    following = _NEXT.get((state, act))
    if following is None:
        raise AssignmentStateUnfit(state=state.value, act=act.value)
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the people and schools of an assignment."""

    teacher_id: UUID
    home_school_id: UUID
    host_school_id: UUID
    employed: Sequence[Span]
    """When the home school employs the teacher."""
    retires_on: date | None
    qualified: bool
    """Whether the teacher may teach the subject at the stage."""
    members: Mapping[UUID, Sequence[Span]]
    """When a school belongs to the group."""
    classes: Mapping[UUID, Sequence[Span]]
    """When a class is at the host campus."""


def obstacles(facts: Facts, *, valid: tuple[date, date]) -> Iterator[Conflict]:
    """What forbids an assignment on some of its days, whatever the timetable says."""
    if not facts.qualified:
        yield _on(ConflictKind.NOT_QUALIFIED, facts.teacher_id, valid)
    for days in gaps(facts.employed, from_=valid[0], until=valid[1]):
        yield _on(ConflictKind.LEFT, facts.teacher_id, days)
    if facts.retires_on is not None and facts.retires_on < valid[1]:
        days = (max(valid[0], facts.retires_on), valid[1])
        yield _on(ConflictKind.RETIRED, facts.teacher_id, days)
    for school_id in sorted({facts.home_school_id, facts.host_school_id}):
        for days in gaps(facts.members.get(school_id, ()), from_=valid[0], until=valid[1]):
            yield _on(ConflictKind.NOT_A_MEMBER, school_id, days)
    for class_id, spans in facts.classes.items():
        for days in gaps(spans, from_=valid[0], until=valid[1]):
            yield _on(ConflictKind.CLASS_NOT_THERE, class_id, days)


def _on(kind: ConflictKind, subject_id: UUID, days: tuple[date, date]) -> Conflict:
    return Conflict(kind=kind, subject_id=subject_id, from_date=days[0], until=days[1])
