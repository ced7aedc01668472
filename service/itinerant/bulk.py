"""Assignments of a workbook, many at once, by their codes.

What is the same already stays untouched and is told to nobody; what has ended stays ended.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from service.itinerant import load
from service.itinerant.drafts import columns_of, concerned, content_of, pattern_rows
from service.itinerant.load import days_of, facts_of, slots_of, unlaid
from service.itinerant.rules import (
    AssignmentState,
    Completed,
    Draft,
    Members,
    Person,
    Surroundings,
    Taught,
    WeeklyPeriod,
    complete,
    obstacles,
)
from service.itinerant.schemas import AssignmentRow
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, change_fields, days
from service.kit.journal import Entry, record_each
from service.kit.problems import InvalidValue, RelatedNotFound, Text
from service.timetable import bulk as timetable
from service.timetable import laying
from service.timetable import load as ground_of
from service.timetable.bulk import Known, Resolver, SlotsOutcome, TermDays, row_conflicts
from service.timetable.laying import Clashes, Layout, Replaced, Withdrawal
from service.timetable.load import Ground
from service.timetable.rules import (
    SAID,
    ConflictKind,
    LessonChange,
    Parity,
    SlotKey,
    SlotPlan,
    StandingSlot,
    WantedSlot,
    compare_slots,
)
from service.timetable.schemas import RowConflict

_INCONSISTENT = Text(
    "同一编号的各行,学期、教师、学科、校区与状态应相同",
    "rows of one code must agree in term, teacher, subject, campus and state",
)
_PUBLISHED = Text(
    "该安排已发布,不能更换教师、校区、学科、学段或学期;请先结束再用新的编号",
    "it is published: its teacher, campus, subject, stage and term stay; end it and use a new code",
)


class _Refused(Exception):
    """Rows that cannot stand; nothing is kept."""

    def __init__(self, conflicts: Sequence[RowConflict]) -> None:
        super().__init__(f"{len(conflicts)} rows")
        self.conflicts = conflicts


async def upsert_assignments(
    db: AsyncSession, rows: Sequence[AssignmentRow], *, by: Caller
) -> SlotsOutcome:
    """Bring assignments up to what the rows say; rows with one code are one assignment.

    New ones are drafted, or published at once. Of a published one only the weekly periods may
    differ: those that are gone end with today, those that are new begin tomorrow. Rows that cannot
    stand are named, and then nothing at all is written.
    """
    if not rows:
        return SlotsOutcome(Outcome())
    try:
        async with db.begin_nested():
            return await _upsert(db, rows, by=by)
    except _Refused as refused:
        return SlotsOutcome(Outcome(), conflicts=refused.conflicts)


@dataclass(frozen=True, slots=True)
class _Wish:
    """An assignment as the rows want it."""

    rows: Sequence[int]
    """One for each pattern of the draft."""
    draft: Draft
    host_school_id: UUID
    term: TermDays
    published: bool


@dataclass(frozen=True, slots=True)
class _World:
    """What is known of everything that the rows name."""

    people: Mapping[UUID, Person]
    members: Members
    classes: Mapping[UUID, Taught]
    rooms: Mapping[UUID, frozenset[UUID]]
    subjects: frozenset[str]
    present: Mapping[str, Assignment]
    patterns: Mapping[UUID, Sequence[AssignmentPattern]]
    ground: Ground


async def _upsert(db: AsyncSession, rows: Sequence[AssignmentRow], *, by: Caller) -> SlotsOutcome:
    wishes = await _resolve(db, rows)
    work = _Work(db, await _world(db, wishes, by=by))
    for wish in wishes:
        await work.take_up(wish)
    done = await work.lay(by=by)
    await work.tell(by=by, done=done)
    return SlotsOutcome(
        Outcome(work.created, work.changed, len(rows) - work.created - work.changed),
        lessons_laid=done.laid,
        lessons_cancelled=done.cancelled,
    )


# From rows to wishes


async def _resolve(db: AsyncSession, rows: Sequence[AssignmentRow]) -> list[_Wish]:
    known = await Known.load(
        db,
        campus_codes={row.campus_code for row in rows},
        teacher_numbers={row.teacher_number for row in rows},
    )
    by_code: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        by_code[row.code].append(number)
    resolver = Resolver()
    for numbers in by_code.values():
        numbers.sort(key=lambda number: (rows[number].weekday, rows[number].period))
    wishes = [_wish(rows, numbers, known=known, resolver=resolver) for numbers in by_code.values()]
    resolver.check()
    odd = [
        RowConflict(row=number, kind="inconsistent", message=_INCONSISTENT, with_row=numbers[0])
        for numbers in by_code.values()
        for number in numbers
        if _head(rows[number]) != _head(rows[numbers[0]])
    ]
    if odd:
        raise _Refused(odd)
    return [wish for wish in wishes if wish is not None]


def _head(row: AssignmentRow) -> tuple[str, ...]:
    return row.term, row.teacher_number, row.subject, row.campus_code, row.state


def _wish(
    rows: Sequence[AssignmentRow], numbers: Sequence[int], *, known: Known, resolver: Resolver
) -> _Wish | None:
    first, at = rows[numbers[0]], f"/{numbers[0]}"
    teacher_id = resolver.find(known.teachers, first.teacher_number, f"{at}/teacher_number")
    place = resolver.find(known.places, first.campus_code, f"{at}/campus_code")
    term = resolver.find(known.terms, first.term, f"{at}/term")
    if teacher_id is None or place is None or term is None:
        return None
    stages: list[str] = []
    patterns: list[WeeklyPeriod] = []
    for number in numbers:
        row = rows[number]
        taught = known.find_classes(resolver, place, row.class_codes, f"/{number}/class_codes")
        stages += [stage for _, stage in taught]
        patterns.append(
            WeeklyPeriod(
                weekday=row.weekday,
                period=row.period,
                parity=row.parity,
                weeks=row.weeks,
                class_ids=tuple(sorted(id_ for id_, _ in taught)),
                room_id=known.find_room(resolver, place, row.room_code, f"/{number}/room_code"),
                valid_from=row.valid_from or term.starts,
                valid_until=row.valid_until or term.until,
            )
        )
    draft = Draft(
        code=first.code,
        teacher_id=teacher_id,
        campus_id=place.campus_id,
        home_school_id=None,
        group_id=None,
        term_id=term.term_id,
        subject=first.subject,
        stage=stages[0] if stages else "",
        valid_from=min(one.valid_from or term.starts for one in patterns),
        valid_until=max(one.valid_until or term.until for one in patterns),
        patterns=tuple(patterns),
    )
    return _Wish(numbers, draft, place.school_id, term, first.state == "published")


async def _world(db: AsyncSession, wishes: Sequence[_Wish], *, by: Caller) -> _World:
    drafts = [wish.draft for wish in wishes]
    codes = {draft.code for draft in drafts if draft.code is not None}
    standing = (
        select(Assignment)
        .where(col(Assignment.code).in_(codes))
        .order_by(col(Assignment.id))
        .with_for_update()
    )
    present = {row.code: row for row in (await db.exec(standing)).all() if row.code is not None}
    await ground_of.lock_resources(
        db,
        teachers={
            *(draft.teacher_id for draft in drafts),
            *(row.teacher_id for row in present.values()),
        },
        classes={id_ for draft in drafts for one in draft.patterns for id_ in one.class_ids},
        rooms={one.room_id for draft in drafts for one in draft.patterns if one.room_id},
    )
    known_people = await load.people(db, teacher_ids={draft.teacher_id for draft in drafts})
    schools = {wish.host_school_id for wish in wishes}
    schools |= {id_ for person in known_people.values() for id_, _ in person.employments}
    members = await load.members(db, school_ids=schools)
    return _World(
        people=known_people,
        members=members,
        classes=await load.classes(
            db,
            class_ids={id_ for draft in drafts for one in draft.patterns for id_ in one.class_ids},
        ),
        rooms=await load.rooms_of(db, campus_ids={draft.campus_id for draft in drafts}),
        subjects=await load.subjects(db, district_id=by.district_id),
        present=present,
        patterns=await load.patterns_by_assignment(
            db, assignment_ids={row.id for row in present.values()}
        ),
        ground=await ground_of.ground(db, district_id=by.district_id),
    )


# From wishes to work


class _Work:
    """What has to be done, collected wish by wish, then laid in one go."""

    def __init__(self, db: AsyncSession, world: _World) -> None:
        self._db = db
        self._world = world
        self._slots: list[SlotPlan] = []
        self._row_of: dict[UUID, int] = {}
        self._campus_of: dict[UUID, UUID] = {}
        self._ended: set[UUID] = set()
        self._bound: list[AssignmentPattern] = []
        """Patterns that are written once their slots stand."""
        self._told: dict[str, list[Assignment]] = defaultdict(list)
        self._conflicts: list[RowConflict] = []
        self._change_day = clock.today(world.ground.zone.key) + timedelta(days=1)
        self.created = 0
        self.changed = 0

    async def take_up(self, wish: _Wish) -> None:
        """Compare one wish with what is there."""
        present = self._world.present.get(wish.draft.code or "")
        if present is not None and present.state == AssignmentState.ENDED:
            return
        draft = wish.draft
        if present is not None and _same_people(present, draft):
            # Who lends and in which group was agreed; a later change of post does not rewrite it.
            draft = replace(draft, home_school_id=present.home_school_id, group_id=present.group_id)
        completed = self._completed(wish, draft)
        if completed is None:
            return
        columns = columns_of(draft, completed)
        if present is None:
            assignment = Assignment(
                district_id=self._world.ground.district_id, state=AssignmentState.DRAFT, **columns
            )
            self._db.add(assignment)
            self._settle(wish, assignment, pattern_rows(assignment, draft, completed))
            self.created += len(wish.rows)
        elif present.state == AssignmentState.PUBLISHED:
            await self._revise(wish, present, columns)
        else:
            await self._redraft(wish, present, columns, pattern_rows(present, draft, completed))

    def _completed(self, wish: _Wish, draft: Draft) -> Completed | None:
        world = self._world
        seen = Surroundings(
            person=world.people.get(draft.teacher_id),
            host_school_id=wish.host_school_id,
            known_home=True,
            known_group=True,
            term=(wish.term.starts, wish.term.until),
            subjects=world.subjects,
            members=world.members,
            classes=world.classes,
            rooms=world.rooms.get(draft.campus_id, frozenset()),
        )
        try:
            return complete(draft, seen)
        except (RelatedNotFound, InvalidValue) as refused:
            self._conflicts += [
                RowConflict(
                    row=_row_of(wish, error.pointer), kind=error.code, message=error.message
                )
                for error in refused.errors
            ]
            return None

    async def _redraft(
        self,
        wish: _Wish,
        present: Assignment,
        columns: Mapping[str, Any],
        rows: Sequence[AssignmentPattern],
    ) -> None:
        former = self._world.patterns.get(present.id, ())
        differs = [content_of(row) for row in former] != [content_of(row) for row in rows]
        before = change_fields(present, columns)
        if not (before or differs or wish.published):
            return
        if not before:
            present.version += 1
        for row in former:
            await self._db.delete(row)
        self._settle(wish, present, rows)
        self.changed += len(wish.rows)

    def _settle(
        self, wish: _Wish, assignment: Assignment, rows: Sequence[AssignmentPattern]
    ) -> None:
        """Write the patterns of a draft, and lay them where it is to be published."""
        event = "assignment.drafted"
        if wish.published:
            event = "assignment.published"
            self._judge(wish, assignment)
            assignment.state = AssignmentState.PUBLISHED
            assignment.published_at = clock.now()
            slots = slots_of(assignment, rows)
            for row, slot, number in zip(rows, slots, wish.rows, strict=True):
                self._lay_as(row, slot, number)
        self._bound += rows
        self._told[event].append(assignment)

    def _lay_as(self, row: AssignmentPattern, slot: SlotPlan, number: int) -> None:
        row.slot_id = slot.slot_id
        self._slots.append(slot)
        self._row_of[slot.slot_id] = number
        self._campus_of[slot.slot_id] = slot.campus_id

    def _judge(self, wish: _Wish, assignment: Assignment) -> None:
        """Whether people and schools allow it on all its days."""
        world = self._world
        taught = {id_ for one in wish.draft.patterns for id_ in one.class_ids}
        facts = facts_of(
            assignment,
            person=world.people[assignment.teacher_id],
            members=world.members,
            taught={id_: world.classes[id_] for id_ in taught},
        )
        self._conflicts += [
            _fact(wish.rows[0], conflict.kind, conflict.from_date)
            for conflict in obstacles(facts, valid=days_of(assignment.valid))
        ]

    async def _revise(self, wish: _Wish, present: Assignment, columns: Mapping[str, Any]) -> None:
        """Change the weekly periods of what is published; its people and places stay."""
        fixed = {name: value for name, value in columns.items() if name != "valid"}
        if any(getattr(present, name) != value for name, value in fixed.items()):
            self._conflicts.append(
                RowConflict(row=wish.rows[0], kind="published", message=_PUBLISHED)
            )
            return
        former = {
            row.slot_id: row
            for row in self._world.patterns.get(present.id, ())
            if row.slot_id is not None
        }
        standing = [
            StandingSlot(id_, _key_of_row(present, row), days_of(row.valid)[0])
            for id_, row in former.items()
        ]
        lasts = days_of(columns["valid"])
        wanted = [
            WantedSlot(number, _key(present, pattern), pattern.valid_from or lasts[0], lasts)
            for number, pattern in zip(wish.rows, wish.draft.patterns, strict=True)
        ]
        changes = compare_slots(wanted, standing, change_day=self._change_day)
        if not changes.added and not changes.ended:
            return
        for want, starts in changes.added:
            row = _row_of_key(present, want.key, starts)
            (slot,) = slots_of(present, [row])
            self._lay_as(row, slot, want.row)
            self._bound.append(row)
        for over in changes.ended:
            self._ended.add(over.slot_id)
            self._campus_of[over.slot_id] = present.campus_id
            if over.valid_from < self._change_day:
                former[over.slot_id].valid = days(over.valid_from, self._change_day)
            else:
                await self._db.delete(former[over.slot_id])
        if not change_fields(present, {"valid": columns["valid"]}):
            present.version += 1
        self._judge(wish, present)
        self._told["assignment.changed"].append(present)
        self.changed += len(changes.added) or len(changes.ended)

    async def lay(self, *, by: Caller) -> Replaced:
        """Write everything; all of it, or nothing."""
        layout = Layout.of(self._slots, hosts=await timetable.hosts_of(self._db, self._slots))
        self._conflicts += [
            _fact(self._row_of[conflict_slot], conflict.kind, conflict.from_date)
            for conflict_slot, conflict in unlaid(layout)
        ]
        if self._conflicts:
            raise _Refused(self._conflicts)
        await self._db.flush()
        ground = self._world.ground
        withdrawal = Withdrawal(
            from_=datetime.combine(self._change_day, time(), ground.zone),
            change=LessonChange.REPLACED,
            reason=None,
            by=by,
            at=clock.now(),
        )
        try:
            done = await laying.replace_slots(
                self._db, layout=layout, ended=self._ended, withdrawal=withdrawal, ground=ground
            )
        except Clashes as clashes:
            found = row_conflicts(clashes.found, row_of=self._row_of, ground=ground)
            raise _Refused(found) from None
        self._db.add_all(self._bound)
        await self._db.flush()
        return done

    async def tell(self, *, by: Caller, done: Replaced) -> None:
        """Note every change for readers and for the audit."""
        for event, assignments in self._told.items():
            entries = [Entry(one, concerned(one)) for one in assignments]
            await record_each(self._db, event, entries, by=by)
        laid = [(slot.slot_id, 1) for slot in self._slots]
        for event, slots in (("lessons.laid", laid), ("lessons.withdrawn", done.shortened)):
            await timetable.note_slots(
                self._db, by=by, event=event, slots=slots, campus_of=self._campus_of
            )


def _same_people(present: Assignment, draft: Draft) -> bool:
    return (present.teacher_id, present.campus_id) == (draft.teacher_id, draft.campus_id)


def _row_of(wish: _Wish, pointer: str) -> int:
    """The row of a pattern, or the first one of the assignment."""
    parts = pointer.split("/")
    return wish.rows[int(parts[2])] if parts[1] == "patterns" else wish.rows[0]


def _fact(row: int, kind: ConflictKind, on_date: date | None) -> RowConflict:
    return RowConflict(row=row, kind=kind, message=SAID[kind], on_date=on_date)


def _key(assignment: Assignment, pattern: WeeklyPeriod) -> SlotKey:
    return SlotKey(
        assignment.teacher_id,
        assignment.campus_id,
        assignment.subject,
        assignment.stage,
        pattern.weekday,
        pattern.period,
        pattern.parity,
        pattern.weeks,
        tuple(sorted(pattern.class_ids)),
        pattern.room_id,
        pattern.valid_until or days_of(assignment.valid)[1],
    )


def _key_of_row(assignment: Assignment, row: AssignmentPattern) -> SlotKey:
    return SlotKey(
        assignment.teacher_id,
        assignment.campus_id,
        assignment.subject,
        assignment.stage,
        row.weekday,
        row.period,
        Parity(row.parity),
        tuple(row.weeks) if row.weeks is not None else None,
        tuple(sorted(row.class_ids)),
        row.room_id,
        days_of(row.valid)[1],
    )


def _row_of_key(assignment: Assignment, key: SlotKey, starts: date) -> AssignmentPattern:
    return AssignmentPattern(
        district_id=assignment.district_id,
        assignment_id=assignment.id,
        weekday=key.weekday,
        period=key.period,
        parity=key.parity.value,
        weeks=list(key.weeks) if key.weeks is not None else None,
        class_ids=list(key.class_ids),
        room_id=key.room_id,
        valid=days(starts, key.valid_until),
    )
