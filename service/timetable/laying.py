"""The one path on which weekly slots become lessons and taken time.

Publishing an assignment, importing a district, cancelling or moving one lesson: all of it writes
``lesson`` and ``occupancy`` here, and nowhere else. Every writer holds the locks of
``load.lock_resources`` first; the exclusion constraint judges last.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, bindparam, text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlalchemy.exc import IntegrityError

from service.kit.auth import Caller
from service.kit.db import AsyncSession, Instant
from service.timetable import lapsing, load
from service.timetable.load import Ground
from service.timetable.rules import (
    ConflictKind,
    Duty,
    Host,
    LaidOut,
    Leg,
    LessonChange,
    Pattern,
    ResourceKind,
    SlotPlan,
    TimeKind,
    clash_kind,
    eased,
    lesson_id,
)

_OVERLAP = "ex_occupancy_resource"
_FIRST_PLANNED = date(2000, 1, 1)
_LAST_PLANNED = date(2179, 6, 6)


class Overlap(Exception):
    """The constraint refused: somebody or something would be in two places at once."""


@asynccontextmanager
async def judged(db: AsyncSession) -> AsyncIterator[None]:
    """Let the constraint judge a block; refused, everything is as it was before the block.

    Raises
    ------
    Overlap
        Time that is taken was asked for.
    """
    try:
        async with db.begin_nested():
            yield
    except IntegrityError as error:
        if not is_overlap(error):
            raise
        raise Overlap from error


def is_overlap(error: IntegrityError) -> bool:
    """Whether a refused statement asked for time that is taken."""
    return getattr(error.driver_exception, "constraint_name", None) == _OVERLAP


@dataclass(frozen=True, slots=True)
class Layout:
    """Slots on their calendars. Slots that are taught at the same times share their dates."""

    slots: Sequence[SlotPlan]
    patterns: Sequence[int]
    """For each slot, the place of its dates in ``dates``."""
    dates: Sequence[LaidOut]

    @classmethod
    def of(cls, slots: Sequence[SlotPlan], *, hosts: Mapping[UUID, Host]) -> "Layout":
        """Find the dates of slots, each distinct pattern of a campus once."""
        known: dict[tuple[UUID, str, Pattern], int] = {}
        dates: dict[LaidOut, int] = {}
        patterns: list[int] = []
        for slot in slots:
            key = (slot.campus_id, slot.stage, slot.pattern)
            if key not in known:
                laid = hosts[slot.campus_id].lay_out(slot.pattern, stage=slot.stage)
                known[key] = dates.setdefault(laid, len(dates))
            patterns.append(known[key])
        return cls(slots, patterns, list(dates))

    def by_slot(self) -> Iterator[tuple[SlotPlan, LaidOut]]:
        """Each slot with its dates."""
        for slot, pattern in zip(self.slots, self.patterns, strict=True):
            yield slot, self.dates[pattern]

    def duties(self) -> list[Duty]:
        """All the time that the slots ask for."""
        return [duty for slot, laid in self.by_slot() for duty in slot.duties(laid.occurrences)]

    def lesson_count(self) -> int:
        """How many lessons there will be."""
        return sum(len(self.dates[pattern].occurrences) for pattern in self.patterns)

    def days(self, *, zone: ZoneInfo) -> MultiRange[datetime]:
        """The local days on which there are lessons, each as a whole."""
        return load.whole_days(
            (occurrence.starts_at for laid in self.dates for occurrence in laid.occurrences),
            zone=zone,
        )

    def taken(self) -> dict[str, list[Any]]:
        """One row per slot and resource, as columns."""
        columns: dict[str, list[Any]] = {
            name: [] for name in ("slot", "resource_kind", "resource", "campus", "pattern")
        }
        for slot, pattern in zip(self.slots, self.patterns, strict=True):
            for kind, resource_id in slot.resources():
                columns["slot"].append(slot.slot_id)
                columns["resource_kind"].append(kind.value)
                columns["resource"].append(resource_id)
                columns["campus"].append(slot.campus_id)
                columns["pattern"].append(pattern)
        return columns

    def occurrences(self) -> dict[str, list[Any]]:
        """One row per pattern and date, as columns."""
        columns: dict[str, list[Any]] = {
            name: [] for name in ("number", "on_date", "week", "starts_at", "ends_at")
        }
        for number, laid in enumerate(self.dates):
            for occurrence in laid.occurrences:
                columns["number"].append(number)
                columns["on_date"].append(occurrence.on_date)
                columns["week"].append(occurrence.week)
                columns["starts_at"].append(occurrence.starts_at)
                columns["ends_at"].append(occurrence.ends_at)
        return columns


# In the order of resources, so that two writers who share some meet at the first of them.
_TAKE = text("""WITH
spans (number, during) AS MATERIALIZED (
  SELECT number, range_agg(tstzrange(starts_at, ends_at))
  FROM unnest(
    CAST(:number AS int[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
  ) AS occ (number, starts_at, ends_at)
  GROUP BY number),
laid (slot_id, teacher_id, room_id, campus_id, number) AS MATERIALIZED (
  SELECT s.id, s.teacher_id, s.room_id, s.campus_id, l.number
  FROM unnest(CAST(:slot AS uuid[]), CAST(:pattern AS int[])) AS l (slot_id, number)
  JOIN weekly_slot s ON s.id = l.slot_id),
taken (resource_kind, resource_id, campus_id, slot_id, number) AS (
  SELECT 'teacher', teacher_id, campus_id, slot_id, number FROM laid
  UNION ALL
  SELECT 'class', c.class_id, l.campus_id, l.slot_id, l.number
  FROM laid l JOIN weekly_slot_class c ON c.slot_id = l.slot_id
  UNION ALL
  SELECT 'room', room_id, campus_id, slot_id, number FROM laid WHERE room_id IS NOT NULL)
INSERT INTO occupancy
  (district_id, id, resource_kind, resource_id, during, kind, campus_id, source_id)
SELECT CAST(:district AS uuid), gen_random_uuid(), resource_kind, resource_id, during, 'lesson',
  campus_id, slot_id
FROM taken JOIN spans USING (number)
ORDER BY resource_id""")

# The id is the slot's, with the planned day in its last two bytes: see rules.lesson_id. Rows lie in
# the order in which they are read: one teacher's week on one page. Slots are put in order of their
# teachers before they become lessons, so that only the lessons of one are sorted at a time.
_LESSONS = text("""WITH
occ (number, on_date, week, starts_at, ends_at, ending) AS MATERIALIZED (
  SELECT number, array_agg(on_date), array_agg(week), array_agg(starts_at), array_agg(ends_at),
    array_agg(lpad(to_hex(on_date - date '2000-01-01'), 4, '0'))
  FROM unnest(
    CAST(:number AS int[]), CAST(:on_date AS date[]), CAST(:week AS int2[]),
    CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
  ) AS given (number, on_date, week, starts_at, ends_at)
  GROUP BY number),
laid AS MATERIALIZED (
  SELECT s.*, left(CAST(s.id AS text), 32) AS beginning, o.on_date, o.week, o.starts_at, o.ends_at,
    o.ending
  FROM unnest(CAST(:slot AS uuid[]), CAST(:pattern AS int[])) AS l (slot_id, number)
  JOIN weekly_slot s ON s.id = l.slot_id
  JOIN occ o USING (number)
  ORDER BY s.teacher_id)
INSERT INTO lesson
  (district_id, id, version, slot_id, original_teacher_id, campus_id, subject, on_date, week,
   period, starts_at, ends_at, room_id, status)
SELECT l.district_id, CAST(l.beginning || o.ending AS uuid), 1, l.id, l.teacher_id, l.campus_id,
  l.subject, o.on_date, o.week, l.period, o.starts_at, o.ends_at, l.room_id, 'scheduled'
FROM laid l, unnest(l.on_date, l.week, l.starts_at, l.ends_at, l.ending)
  AS o (on_date, week, starts_at, ends_at, ending)
ORDER BY l.teacher_id, o.starts_at""")


async def lay(db: AsyncSession, *, layout: Layout, ground: Ground) -> None:
    """Write the lessons of slots that stand in ``weekly_slot``, and take their time.

    Time first: a refusal should not cost a term of lessons. The ways of those days are released:
    the caller lays them anew.
    """
    teachers = {slot.teacher_id for slot in layout.slots}
    await free_legs(db, teachers=teachers, days=layout.days(zone=ground.zone))
    connection = await db.connection()
    occurrences = layout.occurrences()
    times = {name: occurrences[name] for name in ("number", "starts_at", "ends_at")}
    slots = {
        "slot": [slot.slot_id for slot in layout.slots],
        "pattern": list(layout.patterns),
    }
    await connection.execute(_TAKE, {"district": ground.district_id, **times, **slots})
    await connection.execute(_LESSONS, {**occurrences, **slots})


_SLOTS = text("""INSERT INTO weekly_slot
  (district_id, id, version, teacher_id, subject, campus_id, stage, weekday, period, parity, weeks,
   room_id, valid, origin, origin_id)
SELECT CAST(:district AS uuid), id, 1, teacher_id, subject, campus_id, stage, weekday, period,
  parity, CAST(weeks AS int2[]), room_id, daterange(valid_from, valid_until), origin, origin_id
FROM unnest(
  CAST(:id AS uuid[]), CAST(:teacher_id AS uuid[]), CAST(:subject AS text[]),
  CAST(:campus_id AS uuid[]), CAST(:stage AS text[]), CAST(:weekday AS int2[]),
  CAST(:period AS int2[]), CAST(:parity AS text[]), CAST(:weeks AS text[]),
  CAST(:room_id AS uuid[]), CAST(:valid_from AS date[]), CAST(:valid_until AS date[]),
  CAST(:origin AS text[]), CAST(:origin_id AS uuid[])
) AS slot (id, teacher_id, subject, campus_id, stage, weekday, period, parity, weeks, room_id,
  valid_from, valid_until, origin, origin_id)""")

_SLOT_CLASSES = text("""INSERT INTO weekly_slot_class (district_id, slot_id, class_id)
SELECT CAST(:district AS uuid), slot_id, class_id
FROM unnest(CAST(:slot_id AS uuid[]), CAST(:class_id AS uuid[])) AS taught (slot_id, class_id)""")

_SLOT_COLUMNS = (
    "id",
    "teacher_id",
    "subject",
    "campus_id",
    "stage",
    "weekday",
    "period",
    "parity",
    "weeks",
    "room_id",
    "valid_from",
    "valid_until",
    "origin",
    "origin_id",
)


async def add_slots(db: AsyncSession, *, slots: Iterable[SlotPlan], ground: Ground) -> None:
    """Write weekly slots and the classes taught in them."""
    slots = list(slots)
    connection = await db.connection()
    district = {"district": ground.district_id}
    await connection.execute(_SLOTS, district | _columns(_SLOT_COLUMNS, map(_slot_row, slots)))
    taught = [(slot.slot_id, class_id) for slot in slots for class_id in slot.class_ids]
    if taught:
        classes = _columns(("slot_id", "class_id"), taught)
        await connection.execute(_SLOT_CLASSES, district | classes)


def _slot_row(slot: SlotPlan) -> tuple[Any, ...]:
    pattern = slot.pattern
    weeks = None if pattern.weeks is None else "{" + ",".join(map(str, pattern.weeks)) + "}"
    return (
        slot.slot_id,
        slot.teacher_id,
        slot.subject,
        slot.campus_id,
        slot.stage,
        pattern.weekday,
        pattern.period,
        pattern.parity.value,
        weeks,
        slot.room_id,
        pattern.valid_from,
        pattern.valid_until,
        slot.origin.value,
        slot.origin_id,
    )


# Ways

# A new duty may stand where the way to a later one was.
_FREE_LEGS = text("""DELETE FROM occupancy
WHERE resource_id = ANY (CAST(:teachers AS uuid[])) AND kind = 'travel' AND during && :days
""").bindparams(bindparam("days", type_=TSTZMULTIRANGE))

_CLEAR_LEGS = text("""WITH gone AS (
  DELETE FROM occupancy
  WHERE resource_id = ANY (CAST(:teachers AS uuid[])) AND kind = 'travel' AND during && :days),
busy AS (
  SELECT resource_kind, resource_id, campus_id, kind, source_id, during * :days AS during
  FROM occupancy
  WHERE resource_id = ANY (CAST(:teachers AS uuid[])) AND kind <> 'travel' AND during && :days),
movers AS (
  SELECT resource_id FROM busy GROUP BY resource_id HAVING count(DISTINCT campus_id) > 1)
SELECT b.resource_kind, b.resource_id, lower(one) AS starts_at, upper(one) AS ends_at, b.kind,
  b.campus_id, b.source_id
FROM busy b JOIN movers USING (resource_id), unnest(b.during) AS one""").bindparams(
    bindparam("days", type_=TSTZMULTIRANGE)
)

_LEGS = text("""INSERT INTO occupancy
  (district_id, id, resource_kind, resource_id, during, kind, campus_id, source_id)
SELECT CAST(:district AS uuid), gen_random_uuid(), 'teacher', teacher,
  tstzmultirange(tstzrange(leaves, arrives)), 'travel', campus, source
FROM unnest(
  CAST(:teacher AS uuid[]), CAST(:leaves AS timestamptz[]), CAST(:arrives AS timestamptz[]),
  CAST(:campus AS uuid[]), CAST(:source AS uuid[])
) AS leg (teacher, leaves, arrives, campus, source)
ORDER BY teacher, leaves""")


async def lay_legs(
    db: AsyncSession,
    *,
    teachers: Collection[UUID],
    days: MultiRange[datetime],
    ground: Ground,
    fresh: Collection[UUID] | None = None,
) -> None:
    """Lay the ways of these teachers' days anew; the constraint refuses one that does not fit.

    ``fresh`` are the sources of duties that are new. A way between two others is not refused but
    gets what time there is: it may have become the direct one because time was given back, and may
    be entered as longer than the two it replaces. Without ``fresh``, every way has to fit.
    """
    legs = await find_legs(db, teachers=teachers, days=days, ground=ground)
    if fresh is not None:
        legs = eased(legs, fresh=fresh)
    await write_legs(db, legs=legs, ground=ground)


class WaysTooLong(Exception):
    """Some teacher could no longer get from one duty to the next."""

    def __init__(self, legs: Sequence[Leg]) -> None:
        super().__init__(f"{len(legs)} ways")
        self.legs = legs


async def lay_ways(
    db: AsyncSession, *, ends: Collection[tuple[UUID, UUID]], ground: Ground
) -> None:
    """Lay the coming days of all who go these ways anew, because the ways take another time now.

    Raises
    ------
    WaysTooLong
        One of these ways no longer fits between two duties; all such are named.
    """
    if not ends:
        return
    days = load.coming_days(ground)
    movers = await load.teachers_between(db, ends=ends, days=days)
    await load.lock_resources(db, teachers=movers)
    legs = await find_legs(db, teachers=movers, days=days, ground=ground)
    too_long = [leg for leg in legs if leg.ends in ends and not leg.fits]
    if too_long:
        raise WaysTooLong(too_long)
    await write_legs(db, legs=[leg.squeezed() for leg in legs], ground=ground)


async def free_legs(
    db: AsyncSession, *, teachers: Collection[UUID], days: MultiRange[datetime]
) -> None:
    """Release the ways of these teachers' days."""
    values = {"teachers": sorted(teachers), "days": days}
    await (await db.connection()).execute(_FREE_LEGS, values)


async def find_legs(
    db: AsyncSession, *, teachers: Collection[UUID], days: MultiRange[datetime], ground: Ground
) -> list[Leg]:
    """Release the ways of these teachers' days, and say which ways the days ask for now."""
    if not teachers or not days:
        return []
    found = await (await db.connection()).execute(
        _CLEAR_LEGS, {"teachers": sorted(teachers), "days": days}
    )
    return await load.legs(db, duties=[load.duty_of(row) for row in found], ground=ground)


async def write_legs(db: AsyncSession, *, legs: Iterable[Leg], ground: Ground) -> None:
    """Take the time of ways; where it is taken already, the constraint refuses."""
    columns = _columns(
        ("teacher", "leaves", "arrives", "campus", "source"),
        (
            (
                leg.later.resource_id,
                leg.leave_by,
                leg.later.starts_at,
                leg.earlier.campus_id,
                leg.later.source_id,
            )
            for leg in legs
            if leg.way.needed > 0
        ),
    )
    if columns["teacher"]:
        await (await db.connection()).execute(_LEGS, {"district": ground.district_id, **columns})


def _columns(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> dict[str, list[Any]]:
    """Rows as one list per column, the way ``unnest`` takes them."""
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    return dict(zip(names, columns or [[] for _ in names], strict=True))


# Single times

_RELEASE = text("""WITH gone AS (
  DELETE FROM occupancy
  WHERE source_id IN (:slot, :lesson) AND kind = 'lesson' AND during <@ CAST(:span AS tstzrange))
UPDATE occupancy SET during = during - tstzmultirange(CAST(:span AS tstzrange))
WHERE source_id IN (:slot, :lesson) AND kind = 'lesson' AND during && CAST(:span AS tstzrange)
  AND NOT during <@ CAST(:span AS tstzrange)""").bindparams(bindparam("span", type_=TSTZRANGE))

_OCCUPY = text("""INSERT INTO occupancy
  (district_id, id, resource_kind, resource_id, during, kind, campus_id, source_id)
SELECT CAST(:district AS uuid), gen_random_uuid(), resource_kind, resource_id,
  tstzmultirange(tstzrange(starts_at, ends_at)), kind, campus_id, source_id
FROM unnest(
  CAST(:resource_kind AS text[]), CAST(:resource_id AS uuid[]),
  CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]), CAST(:kind AS text[]),
  CAST(:campus_id AS uuid[]), CAST(:source_id AS uuid[])
) AS duty (resource_kind, resource_id, starts_at, ends_at, kind, campus_id, source_id)
ORDER BY resource_id""")


async def release(
    db: AsyncSession, *, slot_id: UUID, lesson_id: UUID, span: Range[datetime]
) -> None:
    """Free the time of one lesson, whether it stands with its slot's or by itself."""
    await (await db.connection()).execute(
        _RELEASE, {"slot": slot_id, "lesson": lesson_id, "span": span}
    )


async def occupy(db: AsyncSession, *, duties: Sequence[Duty], ground: Ground) -> None:
    """Take single times, a row each. The ways of those days are released: the caller lays them."""
    await free_legs(
        db,
        teachers={one.resource_id for one in duties if one.resource_kind is ResourceKind.TEACHER},
        days=load.whole_days((duty.starts_at for duty in duties), zone=ground.zone),
    )
    columns = _columns(Duty._fields, duties)
    if columns["resource_id"]:
        await (await db.connection()).execute(_OCCUPY, {"district": ground.district_id, **columns})


# Time that is held for somebody who has been asked

_FREE_HOLDS = text("""DELETE FROM occupancy WHERE source_id = :source AND kind = 'hold'
RETURNING during""")

_HOLD = text("""WITH
spans (number, during) AS MATERIALIZED (
  SELECT number, range_agg(tstzrange(starts_at, ends_at))
  FROM unnest(
    CAST(:number AS int[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
  ) AS occ (number, starts_at, ends_at)
  GROUP BY number)
INSERT INTO occupancy
  (district_id, id, resource_kind, resource_id, during, kind, campus_id, source_id)
SELECT CAST(:district AS uuid), gen_random_uuid(), 'teacher', teacher_id, during, 'hold',
  campus_id, CAST(:source AS uuid)
FROM unnest(CAST(:teacher AS uuid[]), CAST(:campus AS uuid[]), CAST(:pattern AS int[]))
  AS held (teacher_id, campus_id, number)
JOIN spans USING (number)
ORDER BY teacher_id""")

_REBIND = text("UPDATE occupancy SET source_id = :to WHERE source_id = :source")


async def hold(db: AsyncSession, *, layout: Layout, source_id: UUID, ground: Ground) -> None:
    """Take the time of the teachers of slots that are not laid yet, and of their ways.

    Classes and rooms are free until the lessons are laid.
    """
    teachers = {slot.teacher_id for slot in layout.slots}
    days = layout.days(zone=ground.zone)
    await free_legs(db, teachers=teachers, days=days)
    occurrences = layout.occurrences()
    asked = {
        "district": ground.district_id,
        "source": source_id,
        "teacher": [slot.teacher_id for slot in layout.slots],
        "campus": [slot.campus_id for slot in layout.slots],
        "pattern": list(layout.patterns),
    }
    asked |= {name: occurrences[name] for name in ("number", "starts_at", "ends_at")}
    await (await db.connection()).execute(_HOLD, asked)
    await lay_legs(db, teachers=teachers, days=days, ground=ground, fresh={source_id})


async def free_holds(db: AsyncSession, *, source_id: UUID, ground: Ground) -> MultiRange[datetime]:
    """Give held time back. The ways of the days that are returned are for the caller to lay."""
    found = await (await db.connection()).execute(_FREE_HOLDS, {"source": source_id})
    starts = (one.lower for row in found for one in row.during)
    return load.whole_days((one for one in starts if one is not None), zone=ground.zone)


async def let_go(db: AsyncSession, *, source_id: UUID, teacher_id: UUID, ground: Ground) -> None:
    """Give a teacher held time back, with the ways of those days."""
    days = await free_holds(db, source_id=source_id, ground=ground)
    await lay_legs(db, teachers=[teacher_id], days=days, ground=ground, fresh=())


async def rebind_holds(db: AsyncSession, *, source_id: UUID, to: UUID) -> None:
    """Hold the same time for something else."""
    await (await db.connection()).execute(_REBIND, {"source": source_id, "to": to})


# Slots that end


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """From when slots end, why, and by whom."""

    from_: datetime
    change: LessonChange
    reason: str | None
    by: Caller
    at: datetime


# Lessons are not indexed by slot; their ids begin with the slot's, so a slot is a range of ids.
_FREE_TAIL = text("""WITH moved AS (
  SELECT l.id FROM unnest(CAST(:low AS uuid[]), CAST(:high AS uuid[])) AS slot (low, high)
  JOIN lesson l ON l.id BETWEEN slot.low AND slot.high
  WHERE l.change IS NOT NULL AND l.starts_at >= :from_),
gone AS (
  DELETE FROM occupancy
  WHERE kind = 'lesson' AND (
    source_id IN (SELECT id FROM moved)
    OR source_id = ANY (CAST(:slots AS uuid[])) AND during <@ tstzrange(:from_, NULL)))
UPDATE occupancy SET during = during - tstzmultirange(tstzrange(:from_, NULL))
WHERE kind = 'lesson' AND source_id = ANY (CAST(:slots AS uuid[]))
  AND during && tstzrange(:from_, NULL) AND NOT during <@ tstzrange(:from_, NULL)""").bindparams(
    bindparam("from_", type_=Instant())
)

_WITHDRAW = text("""UPDATE lesson l
SET status = 'cancelled', change = :change, reason = :reason, changed_by = :by, changed_at = :at,
  version = l.version + 1
FROM unnest(CAST(:low AS uuid[]), CAST(:high AS uuid[])) AS slot (low, high)
WHERE l.id BETWEEN slot.low AND slot.high AND l.starts_at >= :from_ AND l.status = 'scheduled'
RETURNING l.teacher_id, l.starts_at""").bindparams(
    bindparam("from_", type_=Instant()), bindparam("at", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was cancelled: how many lessons, of whom, on which days."""

    lessons: int
    teachers: frozenset[UUID]
    days: MultiRange[datetime]


async def withdraw(
    db: AsyncSession, *, slot_ids: Collection[UUID], withdrawal: Withdrawal, ground: Ground
) -> Withdrawn:
    """Cancel the lessons of slots from a moment on and free their time; what was before it stays.

    The ways of those days are still there: the caller lays them anew.
    """
    slots = sorted(slot_ids)
    bounds: dict[str, Any] = {
        "low": [lesson_id(slot_id, _FIRST_PLANNED) for slot_id in slots],
        "high": [lesson_id(slot_id, _LAST_PLANNED) for slot_id in slots],
        "from_": withdrawal.from_,
    }
    connection = await db.connection()
    await connection.execute(_FREE_TAIL, {**bounds, "slots": slots})
    said = {
        "change": withdrawal.change.value,
        "reason": withdrawal.reason,
        "by": withdrawal.by.name,
        "at": withdrawal.at,
    }
    arranged = await lapsing.arranged_in(db, **bounds)
    await lapsing.lapse(db, by=withdrawal.by, lesson_ids=arranged)
    gone = (await connection.execute(_WITHDRAW, {**bounds, **said})).all()
    return Withdrawn(
        len(gone),
        frozenset(row.teacher_id for row in gone),
        load.whole_days((row.starts_at for row in gone), zone=ground.zone),
    )


_SHORTEN = text("""UPDATE weekly_slot SET valid = valid * daterange(NULL, :until),
  version = version + 1
WHERE id = ANY (CAST(:slots AS uuid[])) AND upper(valid) > :until
RETURNING id, version""").bindparams(bindparam("until", type_=Date()))


async def shorten(
    db: AsyncSession, *, slot_ids: Collection[UUID], until: date
) -> list[tuple[UUID, int]]:
    """End the validity of slots; returns those it shortened, with their new version."""
    found = await (await db.connection()).execute(
        _SHORTEN, {"slots": sorted(slot_ids), "until": until}
    )
    return [(row.id, row.version) for row in found]


# Many slots at once


class Clash(NamedTuple):
    """A slot that meets another, or what stands, for the first time at ``at``."""

    slot_id: UUID
    other_id: UUID
    kind: ConflictKind
    at: datetime


class Clashes(Exception):
    """Slots of a set-based plan that meet each other or what stands; nothing was laid."""

    def __init__(self, found: Sequence[Clash]) -> None:
        super().__init__(f"{len(found)} clashes")
        self.found = found


@dataclass(frozen=True, slots=True)
class Replaced:
    """How many lessons a set-based plan laid and cancelled, and which slots it shortened."""

    laid: int
    cancelled: int
    shortened: list[tuple[UUID, int]]


async def replace_slots(
    db: AsyncSession,
    *,
    layout: Layout,
    ended: Collection[UUID],
    withdrawal: Withdrawal,
    ground: Ground,
) -> Replaced:
    """End some slots and lay others in their place, all or nothing.

    Raises
    ------
    Clashes
        Some would be in two places at once, or on a way that is too long.
    """
    teachers = {slot.teacher_id for slot in layout.slots}
    try:
        async with judged(db):
            gone = Withdrawn(0, frozenset(), MultiRange[datetime]([]))
            shortened: list[tuple[UUID, int]] = []
            if ended:
                gone = await withdraw(db, slot_ids=ended, withdrawal=withdrawal, ground=ground)
                until = withdrawal.from_.astimezone(ground.zone).date()
                shortened = await shorten(db, slot_ids=ended, until=until)
            await add_slots(db, slots=layout.slots, ground=ground)
            await lay(db, layout=layout, ground=ground)
            await _walk(
                db,
                teachers=teachers | gone.teachers,
                days=load.merged(layout.days(zone=ground.zone), gone.days),
                ground=ground,
                fresh={slot.slot_id for slot in layout.slots},
            )
    except Overlap:
        found = await _clashes(db, layout=layout, ended=ended, from_=withdrawal.from_)
        raise Clashes(found) from None
    return Replaced(layout.lesson_count(), gone.lessons, shortened)


async def _walk(
    db: AsyncSession,
    *,
    teachers: Collection[UUID],
    days: MultiRange[datetime],
    ground: Ground,
    fresh: Collection[UUID],
) -> None:
    """Lay ways like ``lay_legs``, but name all that are too long and not only the first."""
    found = await find_legs(db, teachers=teachers, days=days, ground=ground)
    legs = eased(found, fresh=fresh)
    too_long = [
        Clash(leg.later.source_id, leg.earlier.source_id, ConflictKind.TRAVEL, leg.later.starts_at)
        for leg in legs
        if not leg.fits
    ]
    if too_long:
        raise Clashes(too_long)
    await write_legs(db, legs=legs, ground=ground)


# What stands of slots that were to end counts only up to their end.
_CLASHES = text("""WITH
spans (number, during) AS MATERIALIZED (
  SELECT number, range_agg(tstzrange(starts_at, ends_at))
  FROM unnest(
    CAST(:number AS int[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
  ) AS occ (number, starts_at, ends_at)
  GROUP BY number),
wanted AS MATERIALIZED (
  SELECT slot_id, resource_kind, resource_id, during
  FROM unnest(
    CAST(:slot AS uuid[]), CAST(:resource_kind AS text[]), CAST(:resource AS uuid[]),
    CAST(:campus AS uuid[]), CAST(:pattern AS int[])
  ) AS taken (slot_id, resource_kind, resource_id, campus_id, number)
  JOIN spans USING (number)),
standing AS (
  SELECT resource_id, source_id, kind, CASE WHEN source_id = ANY (CAST(:ended AS uuid[]))
    THEN during - tstzmultirange(tstzrange(:from_, NULL)) ELSE during END AS during
  FROM occupancy
  WHERE kind <> 'travel' AND resource_id = ANY (CAST(:resource AS uuid[])))
SELECT a.slot_id, b.slot_id AS other_id, a.resource_kind, 'lesson' AS kind,
  lower(a.during * b.during) AS at
FROM wanted a JOIN wanted b
  ON a.resource_id = b.resource_id AND a.slot_id < b.slot_id AND a.during && b.during
UNION ALL
SELECT a.slot_id, s.source_id, a.resource_kind, s.kind, lower(a.during * s.during)
FROM wanted a JOIN standing s ON a.resource_id = s.resource_id AND a.during && s.during
LIMIT 5000""").bindparams(bindparam("from_", type_=Instant()))


async def _clashes(
    db: AsyncSession, *, layout: Layout, ended: Collection[UUID], from_: datetime
) -> list[Clash]:
    occurrences = layout.occurrences()
    times = {name: occurrences[name] for name in ("number", "starts_at", "ends_at")}
    asked = {**times, **layout.taken(), "ended": sorted(ended), "from_": from_}
    found = await (await db.connection()).execute(_CLASHES, asked)
    return [
        Clash(
            row.slot_id,
            row.other_id,
            clash_kind(ResourceKind(row.resource_kind), TimeKind(row.kind)),
            row.at,
        )
        for row in found
    ]
