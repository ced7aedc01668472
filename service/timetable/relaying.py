"""Following the calendar: lessons move with the days and bells they stand on.

Every date that is taught otherwise is laid anew with the smallest change. A lesson that stays where
it is keeps its version; one whose day is lost is cancelled and comes back when the day does; one
that a person moved or covered is never undone in silence but becomes a task of its school.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text

from service.calendar.problems import LessonsAreLaid
from service.calendar.rules import Affected, Hit, HitKind, Impact
from service.calendar.watchers import Touched
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, lock, lock_all
from service.kit.journal import record_by_reach
from service.kit.problems import Text
from service.kit.tables import Instant
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task
from service.timetable import laying, leave, load, queries
from service.timetable.lapsing import lapse_covers, lapse_swaps
from service.timetable.laying import Layout, Overlap, judged
from service.timetable.load import Ground
from service.timetable.problems import ScheduleConflict
from service.timetable.queries import absence as absences
from service.timetable.queries import swap as swaps
from service.timetable.rules import (
    Conflict,
    Duty,
    LessonChange,
    Occurrence,
    ResourceKind,
    SlotPlan,
    lesson_id,
)
from service.timetable.rules.relaying import Present, Relaid, relay
from service.timetable.tables import Leave, Lesson

TASK = "lesson-lost-its-day"
_NAMED = 200
_ARRANGED = {kind.value for kind in HitKind}
_REASON = Text("校历或作息调整", "the calendar or the bells changed")


async def follow(db: AsyncSession, touched: Touched) -> Impact:
    """Lay the dates anew that a change of the calendar, which is flushed already, touches.

    What of today has begun, and what is over, stays.

    Raises
    ------
    ScheduleConflict
        Somebody would be in two places at once, or on a way that is too long.
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    ground = await load.ground(db, district_id=touched.by.district_id)
    today = clock.today(ground.zone.key)
    dates = {
        campus: frozenset(day for day in shift.lost | shift.gained if day >= today)
        for campus, shift in touched.shifts.items()
    }
    every = sorted(set[date]().union(*dates.values()))
    if not every:
        return Impact()
    slots = await _slots(db, dates=dates, every=every, stage=touched.stage)
    if not slots:
        return Impact()
    await load.lock_resources(
        db,
        teachers={slot.teacher_id for slot in slots},
        classes={class_id for slot in slots for class_id in slot.class_ids},
        rooms={slot.room_id for slot in slots if slot.room_id is not None},
    )
    plan = await _plan(db, slots=slots, dates=dates, every=every)
    if not plan.changes:
        return Impact()
    plan = replace(plan, absent=await _absent(db, plan=plan))
    hits = await _hits(db, plan=plan)
    await _carry_out(db, plan=plan, by=touched.by, ground=ground)
    await _look_for_cover(db, plan=plan, by=touched.by, ground=ground)
    await _note(db, plan=plan, by=touched.by)
    given_up = {one.id for one in plan.given_up()}
    await lapse_covers(db, by=touched.by, lesson_ids=plan.changes.withdrawn)
    await lapse_swaps(db, by=touched.by, lesson_ids=given_up)
    tasks = await _open_tasks(db, plan=plan, by=touched.by)
    count, teachers = await _affected(db, plan=plan)
    return Impact(
        lessons_laid=len(plan.changes.laid) + len(plan.changes.restored),
        lessons_moved=len(plan.changes.shifted),
        lessons_cancelled=len(plan.changes.withdrawn),
        tasks_opened=tasks,
        hits=hits,
        teacher_count=count,
        teachers=teachers,
    )


_SLOTS = text("""SELECT s.id, s.teacher_id, s.subject, s.campus_id, s.stage, s.weekday, s.period,
  s.parity, s.weeks, s.room_id, lower(s.valid) AS valid_from, upper(s.valid) AS valid_until,
  s.origin, s.origin_id,
  ARRAY(SELECT c.class_id FROM weekly_slot_class c WHERE c.slot_id = s.id) AS class_ids
FROM weekly_slot s
WHERE s.campus_id = ANY (CAST(:campuses AS uuid[])) AND s.valid && daterange(:from_, :until)
  AND (CAST(:stage AS text) IS NULL OR s.stage = :stage)""")


async def _slots(
    db: AsyncSession, *, dates: Mapping[UUID, Any], every: Sequence[date], stage: str | None
) -> list[SlotPlan]:
    found = await (await db.connection()).execute(
        _SLOTS,
        {
            "campuses": sorted(dates),
            "from_": every[0],
            "until": every[-1] + timedelta(days=1),
            "stage": stage,
        },
    )
    return [queries.slot_plan(row) for row in found]


# The plan


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be done, and by which slots it is known."""

    slots: Mapping[UUID, SlotPlan]
    changes: Relaid
    absent: Mapping[UUID, UUID] = field(default_factory=dict)
    """Lessons whose teacher is on leave at their new time, and on which leave."""

    def wanted(self) -> list[tuple[UUID, Occurrence]]:
        """Every lesson that gets a time, and which."""
        times = [*self.changes.laid.items(), *self.changes.restored.items()]
        return times + [(id_, to) for id_, (_, to) in self.changes.shifted.items()]

    def slot(self, id_: UUID) -> SlotPlan:
        """The slot of a lesson."""
        return self.slots[self.changes.slot_of[id_]]

    def duties(self) -> list[Duty]:
        """All the time that is asked for; not that of a teacher who is away."""
        return [
            duty
            for id_, occurrence in self.wanted()
            for duty in self.slot(id_).duties([occurrence])
            if duty.resource_kind is not ResourceKind.TEACHER or id_ not in self.absent
        ]

    def given_up(self) -> list[Present]:
        """What stands now and will not."""
        return [
            *self.changes.withdrawn.values(),
            *(present for present, _ in self.changes.shifted.values()),
        ]

    def touched_slots(self) -> set[UUID]:
        """The slots of which at least one lesson changes."""
        return {self.changes.slot_of[id_] for id_ in self.changes.ids()}


async def _plan(
    db: AsyncSession,
    *,
    slots: Sequence[SlotPlan],
    dates: Mapping[UUID, Collection[date]],
    every: Sequence[date],
) -> _Plan:
    hosts = await load.hosts(
        db, campus_ids=set(dates), from_=every[0], until=every[-1] + timedelta(days=1)
    )
    layout = Layout.of(slots, hosts=hosts)
    now = clock.now()
    wanted: dict[UUID, Occurrence] = {}
    silent: set[tuple[UUID, date]] = set()
    slot_of: dict[UUID, UUID] = {}
    for slot, laid in layout.by_slot():
        silent |= {(slot.slot_id, day) for day in laid.silent if day in dates[slot.campus_id]}
        for occurrence in laid.occurrences:
            if occurrence.on_date in dates[slot.campus_id] and occurrence.starts_at > now:
                id_ = lesson_id(slot.slot_id, occurrence.on_date)
                wanted[id_], slot_of[id_] = occurrence, slot.slot_id
    known = {slot.slot_id: slot for slot in slots}
    standing = await _standing(db, dates=dates, wanted=wanted, now=now)
    present = {id_: one for id_, one in standing.items() if one.slot_id in known}
    mute = [one for one in present.values() if one.stands and (one.slot_id, one.on_date) in silent]
    if mute:
        raise LessonsAreLaid(lessons=len(mute), dates=sorted({one.on_date for one in mute}))
    slot_of |= {id_: one.slot_id for id_, one in present.items()}
    changes = relay(wanted, present=present, slot_of=slot_of, taught=_taught(hosts))
    return _Plan(known, changes)


def _taught(hosts: Mapping[UUID, Any]) -> dict[UUID, frozenset[date]]:
    return {
        id_: frozenset(day.on_date for days in host.days.values() for day in days)
        for id_, host in hosts.items()
    }


_PRESENT = text("""SELECT l.id, l.slot_id, l.campus_id, l.teacher_id, l.on_date, l.week,
  l.starts_at, l.ends_at, l.status, l.change, l.substitute_id IS NOT NULL
    OR coalesce(l.change, '') IN ('needs-cover', 'merged', 'self-study') AS covered
FROM lesson l
WHERE l.starts_at > :now AND (
  (l.campus_id, l.on_date) IN (
    SELECT * FROM unnest(CAST(:campus AS uuid[]), CAST(:on_date AS date[])))
  OR l.id = ANY (CAST(:ids AS uuid[])))""").bindparams(bindparam("now", type_=Instant()))


async def _standing(
    db: AsyncSession,
    *,
    dates: Mapping[UUID, Collection[date]],
    wanted: Mapping[UUID, Any],
    now: datetime,
) -> dict[UUID, Present]:
    pairs = [(campus, day) for campus, days in dates.items() for day in days]
    found = await (await db.connection()).execute(
        _PRESENT,
        {
            "now": now,
            "campus": [campus for campus, _ in pairs],
            "on_date": [day for _, day in pairs],
            "ids": sorted(wanted),
        },
    )
    return {row.id: Present(*row) for row in found}


async def _absent(db: AsyncSession, *, plan: _Plan) -> dict[UUID, UUID]:
    times = [
        (id_, plan.slot(id_).teacher_id, occurrence.starts_at, occurrence.ends_at)
        for id_, occurrence in plan.wanted()
    ]
    return await absences.leaves_at(db, times=times)


async def _hits(db: AsyncSession, *, plan: _Plan) -> list[Hit]:
    """What people had arranged with the lessons that change, before they do."""
    kinds = {
        one.id: HitKind(one.change) for one in plan.changes.personal if one.change in _ARRANGED
    }
    given_up = [one.id for one in plan.given_up()]
    for id_ in await swaps.lessons_in_swaps(db, lesson_ids=given_up):
        kinds.setdefault(id_, HitKind.IN_SWAP)
    rows = await swaps.lesson_rows(db, lesson_ids=sorted(kinds)) if kinds else {}
    return [
        Hit(
            kind=kinds[id_],
            lesson_id=id_,
            on_date=row.on_date,
            campus_name=row.campus_name,
            class_names=tuple(row.class_names or ()),
            teacher_name=row.teacher_name,
            planned_teacher_name=row.original_teacher_name,
        )
        for id_, row in sorted(rows.items(), key=lambda pair: (pair[1].starts_at, pair[0]))
    ]


async def _affected(db: AsyncSession, *, plan: _Plan) -> tuple[int, list[Affected]]:
    """Of how many people lessons change, and whose, those with the most first."""
    changes = plan.changes
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for name, ids in (
        ("laid", [*changes.laid, *changes.restored]),
        ("moved", changes.shifted),
        ("cancelled", changes.withdrawn),
    ):
        for id_ in ids:
            counts[plan.slot(id_).teacher_id][name] += 1
    most = sorted(counts, key=lambda id_: (-counts[id_].total(), id_))[:_NAMED]
    names = await queries.names_of_teachers(db, teacher_ids=most)
    teachers = [
        Affected(
            teacher_id=id_,
            teacher_name=names[id_],
            laid=counts[id_]["laid"],
            moved=counts[id_]["moved"],
            cancelled=counts[id_]["cancelled"],
        )
        for id_ in most
    ]
    return len(counts), teachers


async def _look_for_cover(db: AsyncSession, *, plan: _Plan, by: Caller, ground: Ground) -> None:
    """A day may come to lessons whose teacher is away on it."""
    of_leave: dict[UUID, list[UUID]] = defaultdict(list)
    for id_, leave_id in plan.absent.items():
        of_leave[leave_id].append(id_)
    for leave_id, ids in sorted(of_leave.items()):
        row = await lock(db, Leave, leave_id)
        lessons = await lock_all(db, Lesson, ids)
        if row is not None:
            await leave.need_cover(db, caller=by, leave=row, lessons=lessons, ground=ground)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a day would ask for if it were taught otherwise, before anything is written."""

    lessons: Mapping[UUID, int]
    """How many lessons would be laid or get another time, by campus."""
    conflicts: Sequence[Conflict]


async def foresee(
    db: AsyncSession, *, campuses: Collection[UUID], day: date, ground: Ground
) -> Foreseen:
    """What would collide if campuses were taught on a day as the calendar says by now.

    Raises
    ------
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    dates = {campus: frozenset({day}) for campus in campuses}
    slots = await _slots(db, dates=dates, every=[day], stage=None) if dates else []
    if not slots:
        return Foreseen({}, ())
    plan = await _plan(db, slots=slots, dates=dates, every=[day])
    plan = replace(plan, absent=await _absent(db, plan=plan))
    verdict = await _judged(db, plan=plan, ground=ground)
    lessons = Counter(plan.slot(id_).campus_id for id_, _ in plan.wanted())
    return Foreseen(lessons, verdict.hard)


# Carrying it out

_FREE = text("""WITH freed (source_id, during) AS MATERIALIZED (
  SELECT source_id, range_agg(tstzrange(starts_at, ends_at))
  FROM unnest(
    CAST(:source AS uuid[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
  ) AS gone (source_id, starts_at, ends_at)
  GROUP BY source_id),
emptied AS (
  DELETE FROM occupancy o USING freed f
  WHERE o.source_id = f.source_id AND o.kind = 'lesson' AND o.during <@ f.during)
UPDATE occupancy o SET during = o.during - f.during
FROM freed f
WHERE o.source_id = f.source_id AND o.kind = 'lesson' AND o.during && f.during
  AND NOT o.during <@ f.during""")

_EXTEND = text("""UPDATE occupancy o SET during = o.during + t.during
FROM (
  SELECT source_id, resource_id, range_agg(tstzrange(starts_at, ends_at)) AS during
  FROM unnest(
    CAST(:source AS uuid[]), CAST(:resource AS uuid[]), CAST(:starts_at AS timestamptz[]),
    CAST(:ends_at AS timestamptz[])
  ) AS taken (source_id, resource_id, starts_at, ends_at)
  GROUP BY source_id, resource_id) t
WHERE o.source_id = t.source_id AND o.resource_id = t.resource_id AND o.kind = 'lesson'
RETURNING o.source_id, o.resource_id""")

_CANCEL = text("""UPDATE lesson SET status = 'cancelled', change = 'calendar', reason = :reason,
  changed_by = :by, changed_at = :at, version = version + 1
WHERE id = ANY (CAST(:ids AS uuid[]))""").bindparams(bindparam("at", type_=Instant()))

_SET = text("""UPDATE lesson l SET status = 'scheduled', week = t.week, starts_at = t.starts_at,
  ends_at = t.ends_at, change = :change, reason = :reason, changed_by = :by, changed_at = :at,
  version = l.version + 1
FROM unnest(
  CAST(:id AS uuid[]), CAST(:week AS int2[]), CAST(:starts_at AS timestamptz[]),
  CAST(:ends_at AS timestamptz[])
) AS t (id, week, starts_at, ends_at)
WHERE l.id = t.id""").bindparams(bindparam("at", type_=Instant()))

_ADD = text("""INSERT INTO lesson
  (district_id, id, version, slot_id, original_teacher_id, campus_id, subject, on_date, week,
   period, starts_at, ends_at, room_id, status)
SELECT s.district_id, t.id, 1, s.id, s.teacher_id, s.campus_id, s.subject, t.on_date, t.week,
  s.period, t.starts_at, t.ends_at, s.room_id, 'scheduled'
FROM unnest(
  CAST(:id AS uuid[]), CAST(:slot AS uuid[]), CAST(:on_date AS date[]), CAST(:week AS int2[]),
  CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[])
) AS t (id, slot_id, on_date, week, starts_at, ends_at)
JOIN weekly_slot s ON s.id = t.slot_id
ORDER BY s.teacher_id, t.starts_at""")


async def _carry_out(db: AsyncSession, *, plan: _Plan, by: Caller, ground: Ground) -> None:
    try:
        async with judged(db):
            await _retime(db, plan=plan, ground=ground)
    except Overlap:
        refusal = await _refusal(db, plan=plan, by=by, ground=ground)
        raise refusal from None
    said = {"reason": _REASON.zh, "by": by.name, "at": clock.now()}
    connection = await db.connection()
    changes = plan.changes
    if changes.withdrawn:
        await connection.execute(_CANCEL, {"ids": sorted(changes.withdrawn), **said})
    if changes.shifted:
        shifted = {id_: occurrence for id_, (_, occurrence) in changes.shifted.items()}
        change = {"change": LessonChange.CALENDAR.value}
        await connection.execute(_SET, {**_times(shifted), **said, **change})
    if changes.restored:
        nothing = {"change": None, "reason": None, "by": None, "at": None}
        await connection.execute(_SET, {**_times(changes.restored), **nothing})
    if changes.laid:
        times = _times(changes.laid)
        slots = [changes.slot_of[id_] for id_ in times["id"]]
        on_dates = [one.on_date for one in changes.laid.values()]
        await connection.execute(_ADD, {**times, "slot": slots, "on_date": on_dates})


def _times(wanted: Mapping[UUID, Occurrence]) -> dict[str, list[Any]]:
    return {
        "id": list(wanted),
        "week": [one.week for one in wanted.values()],
        "starts_at": [one.starts_at for one in wanted.values()],
        "ends_at": [one.ends_at for one in wanted.values()],
    }


async def _retime(db: AsyncSession, *, plan: _Plan, ground: Ground) -> None:
    """Give time back, take time, and lay the ways of those days."""
    gone, duties = plan.given_up(), plan.duties()
    teachers = {one.teacher_id for one in gone}
    teachers |= {plan.slots[slot_id].teacher_id for slot_id in plan.touched_slots()}
    instants = [one.starts_at for one in gone] + [duty.starts_at for duty in duties]
    days = load.whole_days(instants, zone=ground.zone)
    await laying.free_legs(db, teachers=teachers, days=days)
    connection = await db.connection()
    if gone:
        # Covered by somebody else, a lesson takes time of its own beside its slot's.
        sources = [(source, one) for one in gone for source in (one.slot_id, one.id)]
        await connection.execute(
            _FREE,
            {
                "source": [source for source, _ in sources],
                "starts_at": [one.starts_at for _, one in sources],
                "ends_at": [one.ends_at for _, one in sources],
            },
        )
    await _take(db, duties=duties, ground=ground)
    fresh = {duty.source_id for duty in duties}
    await laying.lay_legs(db, teachers=teachers, days=days, ground=ground, fresh=fresh)


async def _take(db: AsyncSession, *, duties: Sequence[Duty], ground: Ground) -> None:
    if not duties:
        return
    found = await (await db.connection()).execute(
        _EXTEND,
        {
            "source": [duty.source_id for duty in duties],
            "resource": [duty.resource_id for duty in duties],
            "starts_at": [duty.starts_at for duty in duties],
            "ends_at": [duty.ends_at for duty in duties],
        },
    )
    extended = {(row.source_id, row.resource_id) for row in found}
    await laying.occupy(
        db,
        duties=[one for one in duties if (one.source_id, one.resource_id) not in extended],
        ground=ground,
    )


async def _judged(db: AsyncSession, *, plan: _Plan, ground: Ground) -> load.Verdict:
    without = {(one.slot_id, one.starts_at) for one in plan.given_up()}
    return await load.judge(
        db, wanted=plan.duties(), ground=ground, without=without, hard_only=True
    )


async def _refusal(
    db: AsyncSession, *, plan: _Plan, by: Caller, ground: Ground
) -> ScheduleConflict:
    verdict = await _judged(db, plan=plan, ground=ground)
    said = await load.explain(db, caller=by, conflicts=verdict.hard, ground=ground)
    return ScheduleConflict(conflicts=[one.model_dump(mode="json") for one in said])


# Telling


async def _note(db: AsyncSession, *, plan: _Plan, by: Caller) -> None:
    """One row per slot: its lessons are to be read anew."""
    schools = await queries.schools_of_campuses(
        db, campus_ids={plan.slots[slot_id].campus_id for slot_id in plan.touched_slots()}
    )
    by_school: dict[UUID, list[SlotPlan]] = defaultdict(list)
    for slot_id in sorted(plan.touched_slots()):
        by_school[schools[plan.slots[slot_id].campus_id]].append(plan.slots[slot_id])
    concerned = {
        frozenset({school_id, *(slot.teacher_id for slot in slots)}): [
            (slot.slot_id, 1) for slot in slots
        ]
        for school_id, slots in sorted(by_school.items())
    }
    await record_by_reach(
        db,
        "lessons.relaid",
        concerned,
        by=by,
        collection="lessons",
        reason=_REASON.zh,
        spread=True,
    )


async def _open_tasks(db: AsyncSession, *, plan: _Plan, by: Caller) -> int:
    opened = 0
    lost = plan.changes.personal
    schools = await queries.schools_of_campuses(db, campus_ids={one.campus_id for one in lost})
    for one in sorted(lost, key=lambda one: (one.starts_at, one.id)):
        opened += await open_task(
            db,
            by=by,
            new=NewTask(
                kind=TASK,
                subject_collection="lessons",
                subject_id=one.id,
                title=Text(
                    f"{one.on_date} 调过或已代的课受校历调整影响,请重新安排",
                    f"A moved or covered lesson of {one.on_date} met a calendar change: see to it",
                ),
                owner_kind=OwnerKind.SCHOOL,
                owner_id=schools[one.campus_id],
                due_on=one.on_date,
            ),
        )
    return opened
