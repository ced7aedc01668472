"""What an assignment may become, and whether its people and schools allow it: pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from service.itinerant.problems import AssignmentStateUnfit
from service.kit.problems import FieldError, InvalidValue, RelatedNotFound, Text
from service.timetable.rules import Conflict, ConflictKind, Parity, gaps

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
    CHECK = "check"
    PUBLISH = "publish"
    END = "end"


_NEXT: Mapping[tuple[AssignmentState, Act], AssignmentState] = {
    (AssignmentState.DRAFT, Act.CHANGE): AssignmentState.DRAFT,
    (AssignmentState.DRAFT, Act.CHECK): AssignmentState.DRAFT,
    (AssignmentState.PUBLISHED, Act.CHECK): AssignmentState.PUBLISHED,
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


# People, schools, classes


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a teacher."""

    employments: Sequence[tuple[UUID, Span]]
    retires_on: date | None
    qualified: frozenset[tuple[str, str]]
    weekly_limit: int

    def employed_at(self, school_id: UUID) -> list[Span]:
        """When a school employs the teacher."""
        return [days for school, days in self.employments if school == school_id]

    def school_on(self, day: date) -> UUID | None:
        """The school that employs the teacher on a day."""
        return next(
            (
                school
                for school, (lower, upper) in self.employments
                if (lower or date.min) <= day < (upper or date.max)
            ),
            None,
        )


Members = Mapping[UUID, Mapping[UUID, Sequence[Span]]]
"""When schools belong to groups: by group, then by school."""


class Taught(NamedTuple):
    """A class, where it is and since when."""

    campus_id: UUID
    stage: str
    valid: Span


def groups_on(members: Members, *, school_ids: Collection[UUID], day: date) -> list[UUID]:
    """The groups to which all of these schools belong on a day, the oldest first."""
    return sorted(
        group_id
        for group_id, by_school in members.items()
        if all(
            any(
                (lower or date.min) <= day < (upper or date.max)
                for lower, upper in by_school.get(school_id, ())
            )
            for school_id in school_ids
        )
    )


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
    across_groups: bool = False
    """Whether the home school need not belong to the group."""

    @property
    def belonging(self) -> set[UUID]:
        """The schools that have to belong to the group."""
        schools = {self.host_school_id}
        return schools if self.across_groups else schools | {self.home_school_id}


def obstacles(facts: Facts, *, valid: tuple[date, date]) -> Iterator[Conflict]:
    """What forbids an assignment on some of its days, whatever the timetable says."""
    if not facts.qualified:
        yield _on(ConflictKind.NOT_QUALIFIED, facts.teacher_id, valid)
    for days in gaps(facts.employed, from_=valid[0], until=valid[1]):
        yield _on(ConflictKind.LEFT, facts.teacher_id, days)
    if facts.retires_on is not None and facts.retires_on < valid[1]:
        days = (max(valid[0], facts.retires_on), valid[1])
        yield _on(ConflictKind.RETIRED, facts.teacher_id, days)
    for school_id in sorted(facts.belonging):
        for days in gaps(facts.members.get(school_id, ()), from_=valid[0], until=valid[1]):
            yield _on(ConflictKind.NOT_A_MEMBER, school_id, days)
    for class_id, spans in facts.classes.items():
        for days in gaps(spans, from_=valid[0], until=valid[1]):
            yield _on(ConflictKind.CLASS_NOT_THERE, class_id, days)


def _on(kind: ConflictKind, subject_id: UUID, days: tuple[date, date]) -> Conflict:
    return Conflict(kind=kind, subject_id=subject_id, from_date=days[0], until=days[1])


# Drafts


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyPeriod:
    """One weekly period as somebody wants it; without days it lasts as long as the assignment."""

    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    class_ids: tuple[UUID, ...]
    room_id: UUID | None
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An assignment as somebody wants it; what is empty follows from the rest."""

    code: str | None
    teacher_id: UUID
    campus_id: UUID
    home_school_id: UUID | None
    group_id: UUID | None
    term_id: UUID
    subject: str
    stage: str
    valid_from: date | None
    valid_until: date | None
    patterns: tuple[WeeklyPeriod, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a draft refers to, as far as whoever drafts may see it."""

    person: Person | None
    host_school_id: UUID | None
    """The school of the campus."""
    known_home: bool
    """Whether the home school that was named, if any, is there."""
    known_group: bool
    term: tuple[date, date] | None
    subjects: frozenset[str]
    members: Members
    classes: Mapping[UUID, Taught]
    rooms: frozenset[UUID]
    """Of the campus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A draft with everything that follows from the rest."""

    home_school_id: UUID
    host_school_id: UUID
    group_id: UUID
    valid: tuple[date, date]
    pattern_days: Sequence[tuple[date, date]]
    """In the order of the patterns."""


def complete(draft: Draft, seen: Surroundings) -> Completed:
    """What follows from a draft: home school, group and days, unless it names them itself.

    Raises
    ------
    RelatedNotFound
        It refers to something that is not there, or may not be seen.
    InvalidValue
        Days that do not fit, or a home school or group that cannot be told.
    """
    missing = [FieldError(pointer, "not-found", text) for pointer, text in _missing(draft, seen)]
    if missing or seen.person is None or seen.host_school_id is None or seen.term is None:
        raise RelatedNotFound(errors=missing)
    valid = (draft.valid_from or seen.term[0], draft.valid_until or seen.term[1])
    wrong = list(_misdated(draft, valid=valid, term=seen.term))
    home_school_id = draft.home_school_id or seen.person.school_on(valid[0])
    if home_school_id is None:
        wrong.append(("/home_school_id", _NO_HOME))
    schools = {seen.host_school_id, home_school_id or seen.host_school_id}
    shared = groups_on(seen.members, school_ids=schools, day=valid[0])
    group_id = draft.group_id or (shared[0] if len(shared) == 1 else None)
    if group_id is None:
        wrong.append(("/group_id", _NO_GROUP))
    if wrong or home_school_id is None or group_id is None:
        raise InvalidValue(errors=[FieldError(pointer, "unfit", text) for pointer, text in wrong])
    return Completed(
        home_school_id=home_school_id,
        host_school_id=seen.host_school_id,
        group_id=group_id,
        valid=valid,
        pattern_days=[
            (pattern.valid_from or valid[0], pattern.valid_until or valid[1])
            for pattern in draft.patterns
        ],
    )


_MISSING = Text("不存在或不可见", "does not exist, or you may not see it")
_ELSEWHERE = Text("不是该校区该学段的班级", "is no class of this stage at this campus")
_NO_ROOM = Text("该校区没有这间教室", "this campus has no such room")
_NO_SUBJECT = Text("不是已知的课程代码", "is no known subject")
_NO_HOME = Text(
    "教师在起始日期没有任职学校,请填写派出校",
    "no school employs the teacher on the first day: name the home school",
)
_NO_GROUP = Text(
    "两校在起始日期没有共同的集团或不止一个,请填写集团",
    "the two schools share no group on the first day, or several: name it",
)
_REVERSED = Text("应晚于起始日期", "must be after the first day")
_OUTSIDE_TERM = Text("应在学期之内", "must lie within the term")
_OUTSIDE = Text("应在安排的有效期之内", "must lie within the assignment")

Wrong = Iterator[tuple[str, Text]]


def _missing(draft: Draft, seen: Surroundings) -> Wrong:
    there = {
        "/teacher_id": seen.person is not None,
        "/campus_id": seen.host_school_id is not None,
        "/home_school_id": seen.known_home,
        "/group_id": seen.known_group,
        "/term_id": seen.term is not None,
    }
    yield from ((pointer, _MISSING) for pointer, found in there.items() if not found)
    if draft.subject not in seen.subjects:
        yield "/subject", _NO_SUBJECT
    if seen.host_school_id is None:
        return  # without its campus, every class and room would be missed
    for place, pattern in enumerate(draft.patterns):
        for number, class_id in enumerate(pattern.class_ids):
            found = seen.classes.get(class_id)
            if found is None or (found.campus_id, found.stage) != (draft.campus_id, draft.stage):
                yield f"/patterns/{place}/class_ids/{number}", _ELSEWHERE
        if pattern.room_id is not None and pattern.room_id not in seen.rooms:
            yield f"/patterns/{place}/room_id", _NO_ROOM


def _misdated(draft: Draft, *, valid: tuple[date, date], term: tuple[date, date]) -> Wrong:
    if valid[1] <= valid[0]:
        yield "/valid_until", _REVERSED
        return
    if valid[0] < term[0]:
        yield "/valid_from", _OUTSIDE_TERM
    if valid[1] > term[1]:
        yield "/valid_until", _OUTSIDE_TERM
    for place, pattern in enumerate(draft.patterns):
        from_, until = pattern.valid_from or valid[0], pattern.valid_until or valid[1]
        if until <= from_:
            yield f"/patterns/{place}/valid_until", _REVERSED
        elif from_ < valid[0] or until > valid[1]:
            pointer = "valid_from" if from_ < valid[0] else "valid_until"
            yield f"/patterns/{place}/{pointer}", _OUTSIDE
