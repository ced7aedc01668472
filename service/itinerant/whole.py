"""A group's itinerant timetable as a whole: what would change, and everything in its way.

Reads, and holds what a writer is about to change; writing is for ``versions``.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.itinerant import load
from service.itinerant.offers import period_of
from service.itinerant.queries import version as queries
from service.itinerant.rules import AssignmentState, Person, WeeklyPeriod, obstacles
from service.itinerant.rules.version import Rhythm, Standing, reshape
from service.itinerant.schemas import KindCount, PlaceCount, WeekCount
from service.itinerant.schemas.version import WholeCheckOut
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, days
from service.kit.language import say
from service.timetable import load as timetable
from service.timetable.laying import Layout
from service.timetable.load import Ground, Verdict
from service.timetable.rules import SAID, Conflict, ConflictKind, Parity, SlotPlan, monday_of


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one assignment: periods that begin, periods that end, or its own end."""

    assignment: Assignment
    begins: list[AssignmentPattern]
    slots: list[SlotPlan]
    """What ``begins`` is laid as, in its order."""
    over: list[AssignmentPattern]
    ends: bool = False

    @property
    def draft(self) -> bool:
        """Whether the assignment itself begins."""
        return self.assignment.state == AssignmentState.DRAFT


def begun(assignment: Assignment, rows: list[AssignmentPattern]) -> Edit:
    """A draft that is to be laid as it is."""
    return Edit(assignment, rows, load.slots_of(assignment, rows), [])


def ended(assignment: Assignment, rows: Sequence[AssignmentPattern], *, from_date: date) -> Edit:
    """A published assignment that is to end."""
    return Edit(assignment, [], [], [one for one in rows if _lasts(one, from_date)], ends=True)


def _lasts(row: AssignmentPattern, from_date: date) -> bool:
    return row.slot_id is not None and load.days_of(row.valid)[1] > from_date


def changed(
    assignment: Assignment,
    rows: Sequence[AssignmentPattern],
    *,
    wanted: Iterable[WeeklyPeriod],
    from_date: date,
) -> Edit:
    """A published assignment that is to have other weekly periods; those that stay are let be."""
    by_slot = {row.slot_id: row for row in rows if row.slot_id is not None}
    shape = reshape(
        list(wanted),
        standing=[
            Standing(slot_id, rhythm_of(row), load.days_of(row.valid))
            for slot_id, row in by_slot.items()
        ],
        valid=load.days_of(assignment.valid),
        from_date=from_date,
    )
    begins = [_row(assignment, rhythm, lasts) for rhythm, lasts in shape.added]
    over = [by_slot[one.slot_id] for one in shape.dropped]
    return Edit(assignment, begins, load.slots_of(assignment, begins), over)


def rhythm_of(row: AssignmentPattern) -> Rhythm:
    """What makes a laid period the same one."""
    weeks = tuple(row.weeks) if row.weeks is not None else None
    parity = Parity(row.parity)
    return Rhythm(row.weekday, row.period, parity, weeks, tuple(sorted(row.class_ids)), row.room_id)


def _row(assignment: Assignment, rhythm: Rhythm, lasts: tuple[date, date]) -> AssignmentPattern:
    return AssignmentPattern(
        district_id=assignment.district_id,
        assignment_id=assignment.id,
        weekday=rhythm.weekday,
        period=rhythm.period,
        parity=rhythm.parity.value,
        weeks=list(rhythm.weeks) if rhythm.weeks is not None else None,
        class_ids=list(rhythm.class_ids),
        room_id=rhythm.room_id,
        valid=days(*lasts),
    )


async def edits_of(
    db: AsyncSession, *, group_id: UUID, term_id: UUID, from_date: date, hold: bool
) -> tuple[list[Edit], str]:
    """What the draft of a group's timetable changes, and the tag of the draft."""
    found = await queries.drafted(db, group_id=group_id, term_id=term_id, hold=hold)
    patterns = await load.patterns_by_assignment(
        db, assignment_ids=[assignment.id for assignment, _ in found]
    )
    edits = []
    for assignment, amendment in found:
        rows = patterns.get(assignment.id, [])
        if amendment is None:
            edits.append(begun(assignment, rows))
        elif amendment.patterns is None:
            edits.append(ended(assignment, rows, from_date=from_date))
        else:
            wanted = [period_of(one) for one in amendment.patterns]
            edits.append(changed(assignment, rows, wanted=wanted, from_date=from_date))
    return edits, queries.draft_tag(found)


def first_day(ground: Ground, wanted: date | None) -> date:
    """From when a version holds: tomorrow, unless another day is said."""
    return wanted or clock.today(ground.zone.key) + timedelta(days=1)


# What is in the way


@dataclass(frozen=True, slots=True)
class Whole:
    """All edits on their calendars, and what facts say about them."""

    edits: Sequence[Edit]
    layout: Layout
    facts: list[Conflict]
    owners: Mapping[UUID, Edit]
    """By slot."""
    people: Mapping[UUID, Person]
    ground: Ground

    @property
    def gone(self) -> set[UUID]:
        """The slots that end."""
        over = (row.slot_id for edit in self.edits for row in edit.over)
        return {slot_id for slot_id in over if slot_id is not None}


async def plan(
    db: AsyncSession, *, edits: Sequence[Edit], ground: Ground, from_date: date
) -> Whole:
    """Read everything that decides whether edits may be laid."""
    slots = [slot for edit in edits for slot in edit.slots]
    owners = {slot.slot_id: edit for edit in edits for slot in edit.slots}
    people = await load.people(db, teacher_ids={edit.assignment.teacher_id for edit in edits})
    if not slots:
        return Whole(edits, Layout([], [], []), [], owners, people, ground)
    hosts = await timetable.hosts(
        db,
        campus_ids={slot.campus_id for slot in slots},
        from_=min(slot.pattern.valid_from for slot in slots),
        until=max(slot.pattern.valid_until for slot in slots),
    )
    layout = Layout.of(slots, hosts=hosts)
    schools = {
        school
        for edit in edits
        for school in (edit.assignment.home_school_id, edit.assignment.host_school_id)
    }
    members = await load.members(db, school_ids=schools)
    taught = await load.classes(db, class_ids={id_ for slot in slots for id_ in slot.class_ids})
    facts: list[Conflict] = []
    for edit in edits:
        if not edit.slots:
            continue
        here = {id_ for slot in edit.slots for id_ in slot.class_ids}
        known = load.facts_of(
            edit.assignment,
            person=people[edit.assignment.teacher_id],
            members=members,
            taught={id_: one for id_, one in taught.items() if id_ in here},
        )
        from_, until = load.days_of(edit.assignment.valid)
        facts += obstacles(known, valid=(from_ if edit.draft else max(from_, from_date), until))
    facts += [conflict for _, conflict in load.unlaid(layout)]
    return Whole(edits, layout, facts, owners, people, ground)


async def judge(db: AsyncSession, *, whole: Whole, from_date: date) -> Verdict:
    """All that forbids the whole, and all that makes it unwise."""
    holds = {edit.assignment.id for edit in whole.edits if edit.draft}
    given_up = await queries.given_up(
        db, sources=whole.gone | holds, from_date=from_date, zone=whole.ground.zone
    )
    verdict = await timetable.judge(
        db,
        wanted=whole.layout.duties(),
        ground=whole.ground,
        without=given_up,
        habits={
            id_: replace(whole.ground.habits, weekly_lessons=person.weekly_limit)
            for id_, person in whole.people.items()
        },
    )
    meetings = load.at_meetings(whole.layout, ground=whole.ground)
    return replace(verdict, hard=[*whole.facts, *verdict.hard], soft=[*verdict.soft, *meetings])


async def check(
    db: AsyncSession, *, caller: Caller, whole: Whole, from_date: date
) -> WholeCheckOut:
    """The verdict as a reader sees it, counted from every side."""
    verdict = await judge(db, whole=whole, from_date=from_date)
    conflicts = [*verdict.hard, *verdict.soft]
    said = await timetable.explain(db, caller=caller, conflicts=conflicts, ground=whole.ground)
    sides = [(one, *_sides(one, whole)) for one in conflicts]
    kinds = Counter(one.kind for one in conflicts)
    teachers = Counter(teacher for _, teacher, _ in sides if teacher is not None)
    schools = Counter(school for _, _, school in sides if school is not None)
    weeks = Counter(week for one in conflicts if (week := _week(one, whole)) is not None)
    names = await queries.names(db, teachers=teachers, schools=schools)
    return WholeCheckOut(
        publishable=bool(whole.edits) and not verdict.hard,
        from_date=from_date,
        additions=sum(edit.draft for edit in whole.edits),
        changes=sum(not edit.draft and not edit.ends for edit in whole.edits),
        endings=sum(edit.ends for edit in whole.edits),
        lesson_count=whole.layout.lesson_count(),
        hard=[one for one in said if one.hard],
        soft=[one for one in said if not one.hard],
        by_kind=[
            KindCount(kind=kind, label=say(SAID[kind]), hard=kind.hard, dates=count)
            for kind, count in kinds.most_common()
        ],
        by_teacher=_places(teachers, names),
        by_school=_places(schools, names),
        by_week=[WeekCount(monday=week, dates=count) for week, count in sorted(weeks.items())],
    )


def _places(counts: Counter[UUID], names: Mapping[UUID, str]) -> list[PlaceCount]:
    return [PlaceCount(id=id_, name=names[id_], dates=count) for id_, count in counts.most_common()]


_POSTS = frozenset({ConflictKind.LEFT, ConflictKind.RETIRED, ConflictKind.NOT_QUALIFIED})
_PLACES = frozenset(
    {
        ConflictKind.CLASS_BUSY,
        ConflictKind.ROOM_BUSY,
        ConflictKind.CLASS_NOT_THERE,
        ConflictKind.NOT_A_MEMBER,
        ConflictKind.NO_SUCH_PERIOD,
    }
)
"""A class or a room that is busy is no matter of the teacher's."""


def _sides(conflict: Conflict, whole: Whole) -> tuple[UUID | None, UUID | None]:
    """The teacher and the school that a conflict is about."""
    edit = whole.owners.get(conflict.wanted.source_id) if conflict.wanted else None
    if edit is None:
        edit = next((one for one in whole.edits if _about(conflict, one)), None)
    if edit is None:
        return None, None
    assignment = edit.assignment
    homes = conflict.kind in _POSTS or conflict.subject_id == assignment.home_school_id
    school = assignment.home_school_id if homes else assignment.host_school_id
    return None if conflict.kind in _PLACES else assignment.teacher_id, school


def _about(conflict: Conflict, edit: Edit) -> bool:
    assignment = edit.assignment
    ids = {assignment.teacher_id, assignment.home_school_id, assignment.host_school_id}
    ids |= {assignment.campus_id, *(id_ for slot in edit.slots for id_ in slot.class_ids)}
    return bool(edit.slots) and conflict.subject_id in ids


def _week(conflict: Conflict, whole: Whole) -> date | None:
    if conflict.wanted is not None:
        return monday_of(conflict.wanted.starts_at.astimezone(whole.ground.zone).date())
    return monday_of(conflict.from_date) if conflict.from_date is not None else None


def snapshot(
    rows: Iterable[Any], patterns: Mapping[UUID, Sequence[AssignmentPattern]], *, from_date: date
) -> list[dict[str, Any]]:
    """Assignments in force as a version keeps them."""
    found: dict[UUID, dict[str, Any]] = defaultdict(dict)
    for assignment, teacher, home, host, campus in rows:
        valid = load.days_of(assignment.valid)
        found[assignment.id] = {
            "id": str(assignment.id),
            "code": assignment.code,
            "teacher_id": str(assignment.teacher_id),
            "teacher_name": teacher,
            "home_school_id": str(assignment.home_school_id),
            "home_school_name": home,
            "host_school_id": str(assignment.host_school_id),
            "host_school_name": host,
            "campus_id": str(assignment.campus_id),
            "campus_name": campus,
            "across_groups": assignment.across_groups,
            "subject": assignment.subject,
            "stage": assignment.stage,
            "valid_from": valid[0].isoformat(),
            "valid_until": valid[1].isoformat(),
            "patterns": [
                _kept(row)
                for row in patterns.get(assignment.id, ())
                if load.days_of(row.valid)[1] > from_date
            ],
        }
    return list(found.values())


def _kept(row: AssignmentPattern) -> dict[str, Any]:
    from_, until = load.days_of(row.valid)
    return {
        "weekday": row.weekday,
        "period": row.period,
        "parity": row.parity,
        "weeks": list(row.weeks) if row.weeks is not None else None,
        "class_ids": [str(id_) for id_ in sorted(row.class_ids)],
        "room_id": str(row.room_id) if row.room_id is not None else None,
        "valid_from": from_.isoformat(),
        "valid_until": until.isoformat(),
    }
