"""Many rows at once, by business codes: classes, rooms, ways, and the schools' own timetables.

What is the same already stays untouched and is told to nobody.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, Self, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from service.calendar.tables import SchoolYear, Term
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome
from service.kit.ids import new_id
from service.kit.journal import record_by_reach
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network.tables import Campus
from service.staff.tables import Teacher
from service.timetable import laying, load
from service.timetable.laying import Clash, Clashes, Layout, WaysTooLong, Withdrawal
from service.timetable.load import Ground
from service.timetable.rules import (
    SAID,
    ConflictKind,
    Host,
    Leg,
    LessonChange,
    Origin,
    Parity,
    Pattern,
    SlotChanges,
    SlotKey,
    SlotPlan,
    StandingSlot,
    WantedSlot,
    compare_slots,
)
from service.timetable.schemas import (
    ClassRow,
    HomeSlotRow,
    RoomRow,
    RowConflict,
    TravelRow,
)
from service.timetable.tables import ClassSection, Room

Written = Iterable[tuple[UUID, UUID, int, bool]]
"""The school, the id and the new version of rows, and whether each is new."""

# Codes


class Place(NamedTuple):
    """A campus and its school."""

    campus_id: UUID
    school_id: UUID


async def places(db: AsyncSession, *, codes: Collection[str]) -> dict[str, Place]:
    """Campuses by code."""
    statement = select(Campus.code, Campus.id, Campus.school_id).where(col(Campus.code).in_(codes))
    return {
        code: Place(id_, school_id) for code, id_, school_id in (await db.exec(statement)).all()
    }


Found = TypeVar("Found")
Key = TypeVar("Key")


class Resolver:
    """Looks codes up and remembers those that lead nowhere."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def find(self, known: Mapping[Key, Found], key: Key, pointer: str) -> Found | None:
        """What a code stands for, if anything."""
        found = known.get(key)
        if found is None:
            self.errors.append(FieldError(pointer, "not-found", _unknown(key)))
        return found

    def check(self) -> None:
        """Refuse if a code led nowhere.

        Raises
        ------
        RelatedNotFound
            It names every row and field.
        """
        if self.errors:
            raise RelatedNotFound(errors=self.errors)


class TermDays(NamedTuple):
    """A term, from its first day to the day after its last."""

    term_id: UUID
    starts: date
    until: date


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows of a timetable refer to, by business codes."""

    places: Mapping[str, Place]
    teachers: Mapping[str, UUID]
    terms: Mapping[str, TermDays]
    """By names such as ``2026-2027-1``."""
    classes: Mapping[tuple[UUID, str], tuple[UUID, str]]
    """The id and stage of a class, by school and code."""
    rooms: Mapping[tuple[UUID, str], UUID]
    """By campus and code."""

    @classmethod
    async def load(
        cls, db: AsyncSession, *, campus_codes: Collection[str], teacher_numbers: Collection[str]
    ) -> Self:
        """Look up what these rows may name."""
        known = await places(db, codes=campus_codes)
        staff = select(Teacher.number, Teacher.id).where(col(Teacher.number).in_(teacher_numbers))
        terms = select(col(SchoolYear.label), col(Term.number), col(Term.id), col(Term.days)).join(
            Term, col(Term.school_year_id) == col(SchoolYear.id)
        )
        taught = select(
            ClassSection.school_id, ClassSection.code, ClassSection.id, ClassSection.stage
        ).where(col(ClassSection.school_id).in_({place.school_id for place in known.values()}))
        rooms = select(Room.campus_id, Room.code, Room.id).where(
            col(Room.campus_id).in_({place.campus_id for place in known.values()})
        )
        return cls(
            places=known,
            teachers=dict((await db.exec(staff)).all()),
            terms={
                f"{label}-{number}": TermDays(id_, days.lower, days.upper)
                for label, number, id_, days in (await db.exec(terms)).all()
                if days.lower is not None and days.upper is not None
            },
            classes={
                (school_id, code): (id_, stage)
                for school_id, code, id_, stage in (await db.exec(taught)).all()
            },
            rooms={(campus_id, code): id_ for campus_id, code, id_ in (await db.exec(rooms)).all()},
        )

    def find_classes(
        self, resolver: Resolver, place: Place, codes: Iterable[str], pointer: str
    ) -> list[tuple[UUID, str]]:
        """The classes of a school with these codes, each with its stage."""
        found = [resolver.find(self.classes, (place.school_id, code), pointer) for code in codes]
        return [one for one in found if one is not None]

    def find_room(
        self, resolver: Resolver, place: Place, code: str | None, pointer: str
    ) -> UUID | None:
        """The room of a campus with this code, if one was named."""
        if code is None:
            return None
        return resolver.find(self.rooms, (place.campus_id, code), pointer)


def _unknown(key: object) -> Text:
    code = key[-1] if isinstance(key, tuple) else key
    return Text(f"找不到 {code}", f"{code} is not known")


def columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Rows as one list per column, the way ``unnest`` takes them."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return dict(zip(names, turned or [[] for _ in names], strict=True))


async def _note(
    db: AsyncSession, *, by: Caller, noun: str, collection: str, written: Written
) -> tuple[int, int]:
    """Tell readers of new and of changed rows, school by school; returns how many of each."""
    created: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    changed: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    for school_id, id_, version, is_new in written:
        (created if is_new else changed)[frozenset({school_id})].append((id_, version))
    for verb, groups in (("created", created), ("changed", changed)):
        await record_by_reach(db, f"{noun}.{verb}", groups, by=by, collection=collection)
    return sum(map(len, created.values())), sum(map(len, changed.values()))


# Classes

_UPSERT_CLASSES = text("""INSERT INTO class_section AS c
  (district_id, id, version, school_id, campus_id, code, stage, grade, number, name, pupils, valid)
SELECT CAST(:district AS uuid), id, 1, school_id, campus_id, code, stage, grade, number, name,
  pupils, daterange(valid_from, valid_until)
FROM unnest(
  CAST(:id AS uuid[]), CAST(:school_id AS uuid[]), CAST(:campus_id AS uuid[]),
  CAST(:code AS text[]), CAST(:stage AS text[]), CAST(:grade AS int2[]), CAST(:number AS int2[]),
  CAST(:name AS text[]), CAST(:pupils AS int[]), CAST(:valid_from AS date[]),
  CAST(:valid_until AS date[])
) AS given (id, school_id, campus_id, code, stage, grade, number, name, pupils, valid_from,
  valid_until)
ON CONFLICT (district_id, school_id, code) DO UPDATE SET
  version = c.version + 1, campus_id = excluded.campus_id, stage = excluded.stage,
  grade = excluded.grade, number = excluded.number, name = excluded.name,
  pupils = excluded.pupils, valid = excluded.valid
WHERE (c.campus_id, c.stage, c.grade, c.number, c.name, c.pupils, c.valid) IS DISTINCT FROM
  (excluded.campus_id, excluded.stage, excluded.grade, excluded.number, excluded.name,
   excluded.pupils, excluded.valid)
RETURNING school_id, id, version, version = 1""")

_CLASS_COLUMNS = (
    "id",
    "school_id",
    "campus_id",
    "code",
    "stage",
    "grade",
    "number",
    "name",
    "pupils",
    "valid_from",
    "valid_until",
)


async def upsert_classes(db: AsyncSession, rows: Sequence[ClassRow], *, by: Caller) -> Outcome:
    """Bring classes up to what the rows say, by school and code."""
    known = await places(db, codes={row.campus_code for row in rows})
    resolver = Resolver()
    given: list[tuple[Any, ...]] = []
    for number, row in enumerate(rows):
        place = resolver.find(known, row.campus_code, f"/{number}/campus_code")
        if place is not None:
            given.append(
                (
                    new_id(),
                    place.school_id,
                    place.campus_id,
                    row.code,
                    row.stage,
                    row.grade,
                    row.number,
                    row.name,
                    row.pupils,
                    row.valid_from,
                    row.valid_until,
                )
            )
    resolver.check()
    values = {"district": by.district_id, **columns(_CLASS_COLUMNS, given)}
    written = (await (await db.connection()).execute(_UPSERT_CLASSES, values)).all()
    created, changed = await _note(
        db, by=by, noun="class", collection=ClassSection.__collection__, written=_plain(written)
    )
    return Outcome(created, changed, len(rows) - created - changed)


def _plain(rows: Iterable[Any]) -> Written:
    return [(row[0], row[1], row[2], row[3]) for row in rows]


# Rooms

_UPSERT_ROOMS = text("""WITH written AS (
INSERT INTO room AS r (district_id, id, version, campus_id, code, name, kind, capacity)
SELECT CAST(:district AS uuid), id, 1, campus_id, code, name, kind, capacity
FROM unnest(
  CAST(:id AS uuid[]), CAST(:campus_id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]),
  CAST(:kind AS text[]), CAST(:capacity AS int[])
) AS given (id, campus_id, code, name, kind, capacity)
ON CONFLICT (district_id, campus_id, code) DO UPDATE SET
  version = r.version + 1, name = excluded.name, kind = excluded.kind,
  capacity = excluded.capacity
WHERE (r.name, r.kind, r.capacity) IS DISTINCT FROM
  (excluded.name, excluded.kind, excluded.capacity)
RETURNING campus_id, id, version)
SELECT c.school_id, w.id, w.version, w.version = 1
FROM written w JOIN campus c ON c.id = w.campus_id""")

_ROOM_COLUMNS = ("id", "campus_id", "code", "name", "kind", "capacity")


async def upsert_rooms(db: AsyncSession, rows: Sequence[RoomRow], *, by: Caller) -> Outcome:
    """Bring rooms up to what the rows say, by campus and code."""
    known = await places(db, codes={row.campus_code for row in rows})
    resolver = Resolver()
    given: list[tuple[Any, ...]] = []
    for number, row in enumerate(rows):
        place = resolver.find(known, row.campus_code, f"/{number}/campus_code")
        if place is not None:
            given.append(
                (new_id(), place.campus_id, row.code, row.name, row.kind.value, row.capacity)
            )
    resolver.check()
    values = {"district": by.district_id, **columns(_ROOM_COLUMNS, given)}
    written = (await (await db.connection()).execute(_UPSERT_ROOMS, values)).all()
    created, changed = await _note(
        db, by=by, noun="room", collection=Room.__collection__, written=_plain(written)
    )
    return Outcome(created, changed, len(rows) - created - changed)


# Ways

_UPSERT_WAYS = text("""WITH written AS (
INSERT INTO travel_time AS t
  (district_id, id, version, from_campus_id, to_campus_id, minutes, buffer)
SELECT CAST(:district AS uuid), id, 1, here, there, minutes, buffer
FROM unnest(
  CAST(:id AS uuid[]), CAST(:here AS uuid[]), CAST(:there AS uuid[]), CAST(:minutes AS int2[]),
  CAST(:buffer AS int2[])
) AS given (id, here, there, minutes, buffer)
ON CONFLICT (district_id, from_campus_id, to_campus_id) DO UPDATE SET
  version = t.version + 1, minutes = excluded.minutes, buffer = excluded.buffer
WHERE (t.minutes, t.buffer) IS DISTINCT FROM (excluded.minutes, excluded.buffer)
RETURNING from_campus_id, to_campus_id, id, version)
SELECT c.school_id, w.id, w.version, w.version = 1, w.from_campus_id, w.to_campus_id
FROM written w JOIN campus c ON c.id = w.from_campus_id""")

_WAY_COLUMNS = ("id", "here", "there", "minutes", "buffer")


@dataclass(frozen=True, slots=True)
class WaysOutcome:
    """What entering ways did; with conflicts nothing may be kept."""

    outcome: Outcome
    conflicts: Sequence[RowConflict] = ()


async def upsert_travel_times(
    db: AsyncSession, rows: Sequence[TravelRow], *, by: Caller
) -> WaysOutcome:
    """Bring ways up to what the rows say, and lay the coming days of those who go them anew.

    Where a teacher could no longer get from one lesson to the next, nothing is written and the
    rows of those ways are named.
    """
    known = await places(
        db, codes={code for row in rows for code in (row.from_campus_code, row.to_campus_code)}
    )
    resolver = Resolver()
    given: list[tuple[Any, ...]] = []
    row_of: dict[tuple[UUID | None, UUID | None], int] = {}
    for number, row in enumerate(rows):
        here = resolver.find(known, row.from_campus_code, f"/{number}/from_campus_code")
        there = resolver.find(known, row.to_campus_code, f"/{number}/to_campus_code")
        if here is not None and there is not None:
            row_of[here.campus_id, there.campus_id] = number
            given.append((new_id(), here.campus_id, there.campus_id, row.minutes, row.buffer))
    resolver.check()
    ground = await load.ground(db, district_id=by.district_id)
    values = {"district": by.district_id, **columns(_WAY_COLUMNS, given)}
    try:
        async with db.begin_nested():
            written = (await (await db.connection()).execute(_UPSERT_WAYS, values)).all()
            ends = {(row.from_campus_id, row.to_campus_id) for row in written}
            await laying.lay_ways(db, ends=ends, ground=ground)
    except WaysTooLong as refused:
        first: dict[int, Leg] = {}
        for leg in sorted(refused.legs, key=lambda leg: leg.later.starts_at):
            first.setdefault(row_of[leg.ends], leg)
        conflicts = [_too_long(number, leg, ground) for number, leg in first.items()]
        return WaysOutcome(Outcome(), conflicts)
    created, changed = await _note(
        db, by=by, noun="travel-time", collection="travel-times", written=_plain(written)
    )
    return WaysOutcome(Outcome(created, changed, len(rows) - created - changed))


def _too_long(row: int, leg: Leg, ground: Ground) -> RowConflict:
    return RowConflict(
        row=row,
        kind=ConflictKind.TRAVEL,
        message=SAID[ConflictKind.TRAVEL],
        on_date=leg.later.starts_at.astimezone(ground.zone).date(),
    )


# The schools' own timetables


@dataclass(frozen=True, slots=True)
class SlotsOutcome:
    """What laying weekly slots did; with conflicts nothing was laid."""

    outcome: Outcome
    lessons_laid: int = 0
    lessons_cancelled: int = 0
    conflicts: Sequence[RowConflict] = ()


async def upsert_home_slots(
    db: AsyncSession, rows: Sequence[HomeSlotRow], *, by: Caller
) -> SlotsOutcome:
    """Bring the schools' own timetables up to what the rows say.

    The rows are the whole timetable of every teacher they name, in the terms they name: a slot of
    such a teacher that no row has ends. The first timetable of a campus in a term is laid from its
    first day; a later one changes only days after today. Rows that meet each other, or what stands,
    are named, and then nothing at all is laid.
    """
    wanted = await _resolve(db, rows)
    if not wanted:
        return SlotsOutcome(Outcome())
    await load.lock_resources(
        db,
        teachers={one.key.teacher_id for one in wanted},
        classes={class_id for one in wanted for class_id in one.key.class_ids},
        rooms={one.key.room_id for one in wanted if one.key.room_id is not None},
    )
    ground = await load.ground(db, district_id=by.district_id)
    change_day = clock.today(ground.zone.key) + timedelta(days=1)
    changes = compare_slots(wanted, await _standing(db, wanted), change_day=change_day)
    if not changes.added and not changes.ended:
        return SlotsOutcome(Outcome(unchanged=len(rows)))
    # Slots and lessons are written teacher by teacher: ids in the same order go into their indexes
    # one beside the other.
    added = sorted(changes.added, key=lambda one: one[0].key.teacher_id)
    slots = [_slot(want, starts) for want, starts in added]
    row_of = {slot.slot_id: want.row for slot, (want, _) in zip(slots, added, strict=True)}
    layout = Layout.of(slots, hosts=await hosts_of(db, slots))
    silent = [
        RowConflict(
            row=row_of[slot.slot_id],
            kind=ConflictKind.NO_SUCH_PERIOD,
            message=SAID[ConflictKind.NO_SUCH_PERIOD],
            on_date=laid.silent[0],
        )
        for slot, laid in layout.by_slot()
        if laid.silent
    ]
    if silent:
        return SlotsOutcome(Outcome(), conflicts=silent)
    try:
        done = await laying.replace_slots(
            db,
            layout=layout,
            ended={one.slot_id for one in changes.ended},
            withdrawal=Withdrawal(
                from_=datetime.combine(change_day, time(), ground.zone),
                change=LessonChange.REPLACED,
                reason=None,
                by=by,
                at=clock.now(),
            ),
            ground=ground,
        )
    except Clashes as clashes:
        found = row_conflicts(clashes.found, row_of=row_of, ground=ground)
        return SlotsOutcome(Outcome(), conflicts=found)
    campus_of = {one.slot_id: one.key.campus_id for one in changes.ended}
    campus_of |= {slot.slot_id: slot.campus_id for slot in slots}
    laid = [(slot.slot_id, 1) for slot in slots]
    await note_slots(db, by=by, event="lessons.laid", slots=laid, campus_of=campus_of)
    await note_slots(
        db, by=by, event="lessons.withdrawn", slots=done.shortened, campus_of=campus_of
    )
    return SlotsOutcome(
        _outcome(changes, rows=len(rows)),
        lessons_laid=done.laid,
        lessons_cancelled=done.cancelled,
    )


def _outcome(changes: SlotChanges, *, rows: int) -> Outcome:
    """A teacher's new slots take the places of those that end; an end alone is a change too."""
    fresh = Counter(want.key.teacher_id for want, _ in changes.added)
    over = Counter(one.key.teacher_id for one in changes.ended)
    successors = (fresh & over).total()
    added = len(changes.added)
    return Outcome(added - successors, max(successors, len(changes.ended)), rows - added)


def _slot(want: WantedSlot, starts: date) -> SlotPlan:
    key = want.key
    return SlotPlan(
        slot_id=new_id(),
        teacher_id=key.teacher_id,
        subject=key.subject,
        campus_id=key.campus_id,
        stage=key.stage,
        class_ids=key.class_ids,
        room_id=key.room_id,
        pattern=Pattern(key.weekday, key.period, key.parity, key.weeks, starts, key.valid_until),
        origin=Origin.HOME,
        origin_id=None,
    )


async def hosts_of(db: AsyncSession, slots: Sequence[SlotPlan]) -> dict[UUID, Host]:
    """The campuses of slots, over all the days of the slots."""
    if not slots:
        return {}
    return await load.hosts(
        db,
        campus_ids={slot.campus_id for slot in slots},
        from_=min(slot.pattern.valid_from for slot in slots),
        until=max(slot.pattern.valid_until for slot in slots),
    )


def row_conflicts(
    clashes: Iterable[Clash], *, row_of: Mapping[UUID, int], ground: Ground
) -> list[RowConflict]:
    """Clashes of slots as lines about rows, each pair of rows once, with its first date."""
    found: dict[tuple[int, int | None, UUID, str], RowConflict] = {}
    for clash in sorted(clashes, key=lambda one: one.at):
        mine, other = clash.slot_id, clash.other_id
        if mine not in row_of:
            mine, other = other, mine
        row, with_row = row_of[mine], row_of.get(other)
        key = (row, with_row, other, clash.kind.value)
        found.setdefault(
            key,
            RowConflict(
                row=row,
                kind=clash.kind,
                message=SAID[clash.kind],
                with_row=with_row,
                on_date=clash.at.astimezone(ground.zone).date(),
            ),
        )
    return list(found.values())


async def note_slots(
    db: AsyncSession,
    *,
    by: Caller,
    event: str,
    slots: Iterable[tuple[UUID, int]],
    campus_of: Mapping[UUID, UUID],
) -> None:
    """Tell readers, school by school, that all lessons of slots came or went."""
    statement = select(Campus.id, Campus.school_id).where(
        col(Campus.id).in_(set(campus_of.values()))
    )
    school_of = dict((await db.exec(statement)).all())
    at_school: dict[frozenset[UUID], list[tuple[UUID, int]]] = defaultdict(list)
    for slot_id, version in slots:
        at_school[frozenset({school_of[campus_of[slot_id]]})].append((slot_id, version))
    await record_by_reach(db, event, at_school, by=by, collection="lessons", spread=True)


async def _resolve(db: AsyncSession, rows: Sequence[HomeSlotRow]) -> list[WantedSlot]:
    known = await Known.load(
        db,
        campus_codes={row.campus_code for row in rows},
        teacher_numbers={row.teacher_number for row in rows},
    )
    resolver = Resolver()
    wanted: list[WantedSlot] = []
    for number, row in enumerate(rows):
        teacher_id = resolver.find(known.teachers, row.teacher_number, f"/{number}/teacher_number")
        place = resolver.find(known.places, row.campus_code, f"/{number}/campus_code")
        term = resolver.find(known.terms, row.term, f"/{number}/term")
        if teacher_id is None or place is None or term is None:
            continue
        classes = known.find_classes(resolver, place, row.class_codes, f"/{number}/class_codes")
        key = SlotKey(
            teacher_id,
            place.campus_id,
            row.subject,
            classes[0][1] if classes else "",
            row.weekday,
            row.period,
            row.parity,
            row.weeks,
            tuple(sorted(id_ for id_, _ in classes)),
            known.find_room(resolver, place, row.room_code, f"/{number}/room_code"),
            row.valid_until or term.until,
        )
        days = (term.starts, term.until)
        wanted.append(WantedSlot(number, key, row.valid_from or term.starts, days))
    resolver.check()
    return wanted


_STANDING = text("""SELECT s.id, s.teacher_id, s.campus_id, s.subject, s.stage, s.weekday,
  s.period, s.parity, s.weeks, s.room_id, lower(s.valid) AS valid_from,
  upper(s.valid) AS valid_until, array_agg(c.class_id) AS class_ids
FROM weekly_slot s LEFT JOIN weekly_slot_class c ON c.slot_id = s.id
WHERE s.teacher_id = ANY (CAST(:teachers AS uuid[])) AND s.origin = 'home'
  AND s.valid && daterange(CAST(:starts AS date), CAST(:until AS date))
GROUP BY s.district_id, s.id""")


async def _standing(db: AsyncSession, wanted: Sequence[WantedSlot]) -> list[StandingSlot]:
    """The home slots of the teachers named, in all the terms named."""
    asked = {
        "teachers": sorted({one.key.teacher_id for one in wanted}),
        "starts": min(one.term[0] for one in wanted),
        "until": max(one.term[1] for one in wanted),
    }
    found = await (await db.connection()).execute(_STANDING, asked)
    return [
        StandingSlot(
            row.id,
            SlotKey(
                row.teacher_id,
                row.campus_id,
                row.subject,
                row.stage,
                row.weekday,
                row.period,
                Parity(row.parity),
                tuple(row.weeks) if row.weeks is not None else None,
                tuple(sorted(id_ for id_ in row.class_ids if id_ is not None)),
                row.room_id,
                row.valid_until,
            ),
            row.valid_from,
        )
        for row in found
    ]
