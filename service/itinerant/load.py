"""Facts for the rules: people, memberships, classes, terms; and what an assignment would lay."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import col, select

from service.calendar.tables import Term
from service.itinerant import queries
from service.itinerant.rules import (
    Act,
    AssignmentState,
    Draft,
    Facts,
    Members,
    Person,
    Span,
    Surroundings,
    Taught,
    next_state,
    obstacles,
)
from service.itinerant.schemas import CheckOut, KindCount, PlaceCount, WeekCount
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.ids import new_id
from service.kit.language import say
from service.network import codes
from service.network.access import visible_groups, visible_schools
from service.network.queries import known_codes
from service.network.tables import Campus, Group, Membership, School
from service.staff.access import visible_teachers
from service.staff.tables import Teacher
from service.timetable import load as timetable
from service.timetable.laying import Layout
from service.timetable.load import Ground, Verdict
from service.timetable.rules import (
    SAID,
    Candidate,
    Conflict,
    ConflictKind,
    Host,
    Origin,
    Parity,
    Pattern,
    SlotPlan,
    at_research,
    monday_of,
    over,
)
from service.timetable.schemas import ConflictOut, SuggestionOut
from service.timetable.tables import ClassSection, Room


def span_of(range_: Range[date]) -> Span:
    """A range of days as the rules read it."""
    return range_.lower, range_.upper


def days_of(range_: Range[date]) -> tuple[date, date]:
    """A range of days with both ends."""
    return range_.lower or date.min, range_.upper or date.max


# People, schools, classes


_PEOPLE = text("""SELECT t.id, t.expected_retirement_on, t.weekly_load_limit,
  (SELECT array_agg(e.school_id ORDER BY e.valid) FROM employment e
    WHERE e.teacher_id = t.id) AS schools,
  (SELECT array_agg(lower(e.valid) ORDER BY e.valid) FROM employment e
    WHERE e.teacher_id = t.id) AS since,
  (SELECT array_agg(upper(e.valid) ORDER BY e.valid) FROM employment e
    WHERE e.teacher_id = t.id) AS until,
  (SELECT array_agg(q.subject || ' ' || q.stage) FROM qualification q
    WHERE q.teacher_id = t.id) AS qualified
FROM teacher t WHERE t.id = ANY (CAST(:teachers AS uuid[]))""")


async def people(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> dict[UUID, Person]:
    """Teachers by id: where they are employed, what they may teach, when they retire."""
    found = await (await db.connection()).execute(_PEOPLE, {"teachers": sorted(teacher_ids)})
    return {
        row.id: Person(
            [
                (school_id, (since, until))
                for school_id, since, until in zip(
                    row.schools or (), row.since or (), row.until or (), strict=True
                )
            ],
            row.expected_retirement_on,
            frozenset(tuple(one.split(" ", 1)) for one in row.qualified or ()),
            row.weekly_load_limit,
        )
        for row in found
    }


async def members(db: AsyncSession, *, school_ids: Collection[UUID]) -> Members:
    """The memberships of schools, past and to come."""
    statement = select(
        col(Membership.group_id), col(Membership.school_id), col(Membership.valid)
    ).where(col(Membership.school_id).in_(school_ids))
    found: dict[UUID, dict[UUID, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for group_id, school_id, valid in (await db.exec(statement)).all():
        found[group_id][school_id].append(span_of(valid))
    return found


async def classes(db: AsyncSession, *, class_ids: Collection[UUID]) -> dict[UUID, Taught]:
    """Classes by id."""
    statement = select(
        col(ClassSection.id),
        col(ClassSection.campus_id),
        col(ClassSection.stage),
        col(ClassSection.valid),
    ).where(col(ClassSection.id).in_(class_ids))
    return {
        id_: Taught(campus_id, stage, span_of(valid))
        for id_, campus_id, stage, valid in (await db.exec(statement)).all()
    }


async def hold_group(db: AsyncSession, *, group_id: UUID) -> None:
    """Let nobody change the members of a group until the transaction ends."""
    await db.exec(select(Group.id).where(col(Group.id) == group_id).with_for_update(read=True))


async def rooms_of(
    db: AsyncSession, *, campus_ids: Collection[UUID]
) -> dict[UUID, frozenset[UUID]]:
    """The rooms of campuses."""
    statement = select(Room.campus_id, Room.id).where(col(Room.campus_id).in_(campus_ids))
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for campus_id, room_id in (await db.exec(statement)).all():
        found[campus_id].add(room_id)
    return {campus_id: frozenset(ids) for campus_id, ids in found.items()}


async def patterns_by_assignment(
    db: AsyncSession, *, assignment_ids: Collection[UUID]
) -> dict[UUID, list[AssignmentPattern]]:
    """The weekly periods of assignments, each in order."""
    statement = (
        select(AssignmentPattern)
        .where(col(AssignmentPattern.assignment_id).in_(assignment_ids))
        .order_by(
            col(AssignmentPattern.weekday),
            col(AssignmentPattern.period),
            col(AssignmentPattern.id),
        )
    )
    found: dict[UUID, list[AssignmentPattern]] = defaultdict(list)
    for row in (await db.exec(statement)).all():
        found[row.assignment_id].append(row)
    return found


async def surroundings(db: AsyncSession, *, caller: Caller, draft: Draft) -> Surroundings:
    """What a draft refers to, as far as the caller sees it."""
    read = Permission.ASSIGNMENT_READ
    schools = visible_schools(caller, read)
    teacher = select(Teacher.id).where(
        col(Teacher.id) == draft.teacher_id, col(Teacher.id).in_(visible_teachers(caller, read))
    )
    host = select(Campus.school_id).where(
        col(Campus.id) == draft.campus_id, col(Campus.school_id).in_(schools)
    )
    home = select(School.id).where(
        col(School.id) == draft.home_school_id, col(School.id).in_(schools)
    )
    group = select(Group.id).where(
        col(Group.id) == draft.group_id, col(Group.id).in_(visible_groups(caller, read))
    )
    term = select(col(Term.days)).where(col(Term.id) == draft.term_id)
    teacher_ids = (await db.exec(teacher)).all()
    known = await people(db, teacher_ids=teacher_ids)
    person = known.get(draft.teacher_id)
    host_school_id = (await db.exec(host)).one_or_none()
    days = (await db.exec(term)).one_or_none()
    concerned = {host_school_id, draft.home_school_id}
    concerned |= {school_id for school_id, _ in person.employments} if person else set()
    return Surroundings(
        person=person,
        host_school_id=host_school_id,
        known_home=draft.home_school_id is None or bool((await db.exec(home)).all()),
        known_group=draft.group_id is None or bool((await db.exec(group)).all()),
        term=days_of(days) if days is not None else None,
        subjects=await subjects(db, district_id=caller.district_id),
        members=await members(db, school_ids={one for one in concerned if one is not None}),
        classes=await classes(
            db, class_ids={id_ for one in draft.patterns for id_ in one.class_ids}
        ),
        rooms=(await rooms_of(db, campus_ids=[draft.campus_id])).get(draft.campus_id, frozenset()),
    )


@dataclass(frozen=True, slots=True)
class FilingGround:
    """What a shortage refers to, as far as whoever files it may see it."""

    school_id: UUID | None
    term: tuple[date, date] | None
    subjects: frozenset[str]
    class_ids: frozenset[UUID]
    """The classes of the stage at the campus."""


async def filing_ground(
    db: AsyncSession, *, caller: Caller, campus_id: UUID, term_id: UUID, stage: str
) -> FilingGround:
    """What a shortage refers to, as far as the caller sees it."""
    school = select(Campus.school_id).where(
        col(Campus.id) == campus_id,
        col(Campus.school_id).in_(visible_schools(caller, Permission.SHORTAGE_READ)),
    )
    term = select(col(Term.days)).where(col(Term.id) == term_id)
    there = select(ClassSection.id).where(
        col(ClassSection.campus_id) == campus_id, col(ClassSection.stage) == stage
    )
    days = (await db.exec(term)).one_or_none()
    return FilingGround(
        (await db.exec(school)).one_or_none(),
        days_of(days) if days is not None else None,
        await subjects(db, district_id=caller.district_id),
        frozenset((await db.exec(there)).all()),
    )


async def subjects(db: AsyncSession, *, district_id: UUID) -> frozenset[str]:
    """The subjects that may be taught: the national ones and the district's own."""
    own = await known_codes(db, district_id=district_id, name="local_subject")
    return frozenset({*(item.code for item in codes.NATIONAL["subject"]), *own})


# An assignment as it would be laid


@dataclass(frozen=True, slots=True)
class Plan:
    """An assignment's slots on the host's calendar, and what facts say about it."""

    assignment: Assignment
    layout: Layout
    host: Host
    facts: Sequence[Conflict]
    person: Person
    ground: Ground


def slots_of(assignment: Assignment, patterns: Iterable[AssignmentPattern]) -> list[SlotPlan]:
    """What an assignment's patterns are laid as; those laid already keep their slot."""
    return [
        SlotPlan(
            slot_id=pattern.slot_id or new_id(),
            teacher_id=assignment.teacher_id,
            subject=assignment.subject,
            campus_id=assignment.campus_id,
            stage=assignment.stage,
            class_ids=tuple(sorted(pattern.class_ids)),
            room_id=pattern.room_id,
            pattern=Pattern(
                pattern.weekday,
                pattern.period,
                Parity(pattern.parity),
                tuple(pattern.weeks) if pattern.weeks is not None else None,
                *days_of(pattern.valid),
            ),
            origin=Origin.ITINERANT,
            origin_id=assignment.id,
        )
        for pattern in patterns
    ]


async def plan(db: AsyncSession, *, assignment: Assignment, slots: Sequence[SlotPlan]) -> Plan:
    """Read everything that decides whether an assignment may be laid."""
    person = (await people(db, teacher_ids=[assignment.teacher_id]))[assignment.teacher_id]
    schools = {assignment.home_school_id, assignment.host_school_id}
    belonging = await members(db, school_ids=schools)
    taught = await classes(db, class_ids={id_ for slot in slots for id_ in slot.class_ids})
    valid = days_of(assignment.valid)
    hosts = await timetable.hosts(
        db, campus_ids=[assignment.campus_id], from_=valid[0], until=valid[1]
    )
    layout = Layout.of(slots, hosts=hosts)
    known = facts_of(assignment, person=person, members=belonging, taught=taught)
    found = [*obstacles(known, valid=valid), *(conflict for _, conflict in unlaid(layout))]
    ground = await timetable.ground(db, district_id=assignment.district_id)
    return Plan(assignment, layout, hosts[assignment.campus_id], found, person, ground)


async def plan_of(db: AsyncSession, *, assignment_id: UUID) -> Plan:
    """The plan of an assignment as it stands.

    Raises
    ------
    AssignmentStateUnfit
        It has ended.
    """
    assignment = (
        await db.exec(select(Assignment).where(col(Assignment.id) == assignment_id))
    ).one()
    next_state(AssignmentState(assignment.state), Act.CHECK)
    patterns = await queries.patterns_of(db, assignment_id=assignment_id)
    return await plan(db, assignment=assignment, slots=slots_of(assignment, patterns))


def facts_of(
    assignment: Assignment,
    *,
    person: Person,
    members: Members,
    taught: Mapping[UUID, Taught],
) -> Facts:
    """The facts about one assignment, as the rules read them."""
    return Facts(
        teacher_id=assignment.teacher_id,
        home_school_id=assignment.home_school_id,
        host_school_id=assignment.host_school_id,
        employed=person.employed_at(assignment.home_school_id),
        retires_on=person.retires_on,
        qualified=(assignment.subject, assignment.stage) in person.qualified,
        members=members.get(assignment.group_id, {}),
        classes={
            id_: [one.valid] if one.campus_id == assignment.campus_id else []
            for id_, one in taught.items()
        },
        across_groups=assignment.across_groups,
    )


def unlaid(layout: Layout) -> Iterator[tuple[UUID, Conflict]]:
    """Slots whose period has no bell, or whose pattern meets no teaching day at all."""
    for slot, laid in layout.by_slot():
        if laid.silent:
            kind, first, last = ConflictKind.NO_SUCH_PERIOD, laid.silent[0], laid.silent[-1]
        elif not laid.occurrences:
            kind, first = ConflictKind.NOT_A_TEACHING_DAY, slot.pattern.valid_from
            last = slot.pattern.valid_until - timedelta(days=1)
        else:
            continue
        until = last + timedelta(days=1)
        yield (
            slot.slot_id,
            Conflict(kind=kind, subject_id=slot.campus_id, from_date=first, until=until),
        )


# The verdict


async def judge(db: AsyncSession, *, plan: Plan) -> Verdict:
    """Facts and time together: all that forbids a plan, and all that makes it unwise."""
    wanted = plan.layout.duties()
    habits = replace(plan.ground.habits, weekly_lessons=plan.person.weekly_limit)
    verdict = await timetable.judge(
        db,
        wanted=wanted,
        ground=plan.ground,
        # What an accepted offer holds is held for this very assignment.
        without={
            (source_id, duty.starts_at)
            for duty in wanted
            for source_id in (duty.source_id, plan.assignment.id)
        },
        habits={plan.assignment.teacher_id: habits},
    )
    soft = [
        *verdict.soft,
        *at_meetings(plan.layout, ground=plan.ground),
        *over(wanted, now=clock.now(), zone=plan.ground.zone),
    ]
    return replace(verdict, hard=[*plan.facts, *verdict.hard], soft=soft)


def at_meetings(layout: Layout, *, ground: Ground) -> list[Conflict]:
    """The lessons in the half-day in which teachers of their subject meet."""
    return [
        conflict
        for slot, laid in layout.by_slot()
        for conflict in at_research(
            slot.duties(laid.occurrences),
            half_day=ground.research_half_days.get(slot.subject),
            noon=ground.habits.noon,
            zone=ground.zone,
        )
    ]


async def suggestions(db: AsyncSession, *, plan: Plan, verdict: Verdict) -> list[SuggestionOut]:
    """Weekly periods to which the first slot in trouble could move, on all its dates."""
    troubled = {conflict.wanted.source_id for conflict in verdict.hard if conflict.wanted}
    slot = next((slot for slot in plan.layout.slots if slot.slot_id in troubled), None)
    if slot is None:
        return []
    others = [duty for duty in plan.layout.duties() if duty.source_id != slot.slot_id]
    return await timetable.suggest(
        db,
        candidates=_elsewhere(slot, plan.host),
        standing=[*verdict.standing, *others],
        ground=plan.ground,
    )


def _elsewhere(slot: SlotPlan, host: Host) -> Iterator[Candidate]:
    """The slot at every other weekly period that the host's bells offer."""
    for weekday, days in sorted(host.days.items()):
        for period in sorted(host.periods(stage=slot.stage, on_date=days[0].on_date)):
            pattern = replace(slot.pattern, weekday=weekday, period=period)
            occurrences = host.lay_out(pattern, stage=slot.stage).occurrences
            yield Candidate(slot.campus_id, weekday, period, tuple(slot.duties(occurrences)))


async def check(db: AsyncSession, *, caller: Caller, plan: Plan) -> CheckOut:
    """The verdict as a reader sees it, with its conflicts counted from every side."""
    verdict = await judge(db, plan=plan)
    conflicts = [*verdict.hard, *verdict.soft]
    said = await timetable.explain(db, caller=caller, conflicts=conflicts, ground=plan.ground)
    names = await _names(db, plan.assignment)
    return CheckOut(
        publishable=not verdict.hard,
        lesson_count=plan.layout.lesson_count(),
        hard=[one for one in said if one.hard],
        soft=[one for one in said if not one.hard],
        by_kind=[
            KindCount(kind=kind, label=say(SAID[kind]), hard=kind.hard, dates=dates)
            for kind, dates in _counted(said, lambda one: [one.kind])
        ],
        by_teacher=[
            PlaceCount(id=id_, name=names[id_], dates=dates)
            for id_, dates in _counted(said, lambda one: [_teacher(one, plan.assignment)])
        ],
        by_school=[
            PlaceCount(id=id_, name=names[id_], dates=dates)
            for id_, dates in _counted(said, lambda one: [_school(one, plan.assignment)])
        ],
        by_week=[
            WeekCount(monday=monday, dates=dates)
            for monday, dates in sorted(_by_week(said).items())
        ],
        suggestions=await suggestions(db, plan=plan, verdict=verdict),
    )


Sided = Callable[[ConflictOut], Iterable[Any]]


def _counted(said: Sequence[ConflictOut], side: Sided) -> list[tuple[Any, int]]:
    """Dates of conflicts by one of their sides, the most first."""
    counts: Counter[Hashable] = Counter()
    for one in said:
        for key in side(one):
            if key is not None:
                counts[key] += max(1, len(one.dates))
    return counts.most_common()


def _teacher(conflict: ConflictOut, assignment: Assignment) -> UUID | None:
    """A class or a room that is busy is no matter of the teacher's."""
    others = {ConflictKind.CLASS_BUSY, ConflictKind.ROOM_BUSY, ConflictKind.CLASS_NOT_THERE}
    others |= {ConflictKind.NOT_A_MEMBER, ConflictKind.NO_SUCH_PERIOD}
    return None if conflict.kind in others else assignment.teacher_id


def _school(conflict: ConflictOut, assignment: Assignment) -> UUID:
    """The school whose side has to move: the home school where it is about the post."""
    homes = {ConflictKind.LEFT, ConflictKind.RETIRED, ConflictKind.NOT_QUALIFIED}
    if conflict.kind in homes or conflict.resource_id == assignment.home_school_id:
        return assignment.home_school_id
    return assignment.host_school_id


def _by_week(said: Iterable[ConflictOut]) -> Counter[date]:
    weeks: Counter[date] = Counter()
    for one in said:
        for day in one.dates or ([one.from_date] if one.from_date else []):
            weeks[monday_of(day)] += 1
    return weeks


async def _names(db: AsyncSession, assignment: Assignment) -> dict[UUID, str]:
    schools = {assignment.home_school_id, assignment.host_school_id}
    places = select(School.id, School.name).where(col(School.id).in_(schools))
    people_ = select(Teacher.id, Teacher.name).where(col(Teacher.id) == assignment.teacher_id)
    return dict([*(await db.exec(places)).all(), *(await db.exec(people_)).all()])
