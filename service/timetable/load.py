"""Facts for the rules: calendars of campuses, time that stands, ways, and the verdict on a plan.

Reads only, except that ``lock_resources`` holds rows for a writer.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from itertools import chain, groupby, islice
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlmodel import col, select

from service.calendar import queries as calendar
from service.calendar.queries import Bells
from service.calendar.rules import PeriodTimes, TeachingDay
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.language import say
from service.network.rules import Datum
from service.network.tables import Campus, District
from service.staff.tables import Teacher
from service.timetable import queries
from service.timetable.access import reaches
from service.timetable.rules import (
    SAID,
    BellsOn,
    Candidate,
    Conflict,
    Duty,
    Estimate,
    Habits,
    Host,
    Leg,
    Position,
    ResourceKind,
    TimeKind,
    Way,
    clashes,
    free,
    hardships,
    legs_of,
    misfits,
    ways_asked,
)
from service.timetable.schemas import ConflictOut, OtherOut, SuggestionOut
from service.timetable.tables import Lesson, WeeklySlot

_FAR = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a district decides for all its timetables."""

    district_id: UUID
    zone: ZoneInfo
    estimate: Estimate
    habits: Habits
    research_half_days: Mapping[str, str]
    """By subject, the half-day (``3-pm``) in which its teachers meet."""


async def ground(db: AsyncSession, *, district_id: UUID) -> Ground:
    """The district's zone and its numbers; what it has not set has a default."""
    statement = select(col(District.zone), col(District.settings)).where(
        col(District.id) == district_id
    )
    zone, settings = (await db.exec(statement)).one()
    return Ground(
        district_id,
        ZoneInfo(zone),
        Estimate(**_numbers(settings, "travel", Estimate)),
        Habits(**_numbers(settings, "habits", Habits)),
        settings.get("research_half_days", {}),
    )


def _numbers(settings: Mapping[str, Any], name: str, kind: type[Any]) -> dict[str, Any]:
    known = kind.__dataclass_fields__
    return {
        key: time.fromisoformat(value) if isinstance(value, str) else value
        for key, value in settings.get(name, {}).items()
        if key in known
    }


async def hosts(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, Host]:
    """Campuses as patterns meet them: their teaching days, their bells, their zone."""
    days = await calendar.teaching_days_of(db, campus_ids=campus_ids, from_=from_, until=until)
    bells = await calendar.bells_of(db, campus_ids=campus_ids)
    zones = (
        await db.exec(
            select(col(Campus.id), col(Campus.zone)).where(col(Campus.id).in_(campus_ids))
        )
    ).all()
    return {
        id_: Host(
            ZoneInfo(zone),
            _by_weekday(days[id_]),
            {stage: _bells_on(rung) for (campus, stage), rung in bells.items() if campus == id_},
        )
        for id_, zone in zones
    }


async def zone_of(db: AsyncSession, *, campus_id: UUID) -> ZoneInfo:
    """By which clock a campus lives."""
    statement = select(col(Campus.zone)).where(col(Campus.id) == campus_id)
    return ZoneInfo((await db.exec(statement)).one())


def _by_weekday(days: Iterable[TeachingDay]) -> dict[int, list[TeachingDay]]:
    by_weekday: dict[int, list[TeachingDay]] = defaultdict(list)
    for day in days:
        by_weekday[day.weekday].append(day)
    return by_weekday


def _bells_on(schedules: Iterable[Bells]) -> BellsOn:
    known = [(one, {period.number: period for period in one.periods}) for one in schedules]

    @cache
    def bells_on(day: date) -> Mapping[int, PeriodTimes]:
        return next((periods for one, periods in known if one.rings_on(day)), {})

    return bells_on


# Writers stand in one queue: teachers, then classes, then rooms, each by id. A class row is locked
# like a teacher row, because two publications for one class would otherwise wait for each other's
# occupancy rows and die of deadlock.
#
# The district's row stands for the calendar: whoever lays lessons shares it, and whoever changes
# the calendar holds it alone, so that no lesson is laid by a calendar that is being replaced.
_LOCK = text("""WITH
d AS MATERIALIZED (SELECT id FROM district WHERE id = huangge_district() FOR SHARE),
t AS MATERIALIZED (SELECT id FROM teacher WHERE id = ANY (CAST(:teachers AS uuid[]))
  ORDER BY id FOR NO KEY UPDATE),
c AS MATERIALIZED (SELECT id FROM class_section WHERE id = ANY (CAST(:classes AS uuid[]))
  ORDER BY id FOR NO KEY UPDATE),
r AS MATERIALIZED (SELECT id FROM room WHERE id = ANY (CAST(:rooms AS uuid[]))
  ORDER BY id FOR NO KEY UPDATE)
SELECT id FROM d UNION ALL SELECT id FROM t UNION ALL SELECT id FROM c
  UNION ALL SELECT id FROM r""")


async def lock_resources(
    db: AsyncSession,
    *,
    teachers: Collection[UUID],
    classes: Collection[UUID] = (),
    rooms: Collection[UUID] = (),
) -> None:
    """Hold the time of these until the transaction ends, so that nobody else can write it."""
    ids = {"teachers": sorted(teachers), "classes": sorted(classes), "rooms": sorted(rooms)}
    (await (await db.connection()).execute(_LOCK, ids)).all()


def whole_days(
    instants: Iterable[datetime], *, zone: ZoneInfo, margin: int = 0
) -> MultiRange[datetime]:
    """The local days these instants lie in, each from midnight to midnight, merged.

    ``margin`` are days to add before and after each.
    """
    dates = sorted(
        {
            day + timedelta(days=offset)
            for day in {instant.astimezone(zone).date() for instant in instants}
            for offset in range(-margin, margin + 1)
        }
    )
    # Days in a row differ from their place in the list by the same number.
    runs = groupby(enumerate(dates), key=lambda pair: pair[1].toordinal() - pair[0])
    ranges: list[Range[datetime]] = []
    for _, run in runs:
        days = [day for _, day in run]
        first, after = days[0], days[-1] + timedelta(days=1)
        ranges.append(
            Range(
                datetime.combine(first, time(), zone),
                datetime.combine(after, time(), zone),
                bounds="[)",
            )
        )
    return MultiRange(ranges)


def merged(one: MultiRange[datetime], other: MultiRange[datetime]) -> MultiRange[datetime]:
    """Both sets of days; whole days of one zone, so that equal beginnings are equal ends."""
    return MultiRange(sorted({*one, *other}, key=lambda range_: range_.lower or _FAR))


# Time that stands

_STANDING = text("""SELECT o.resource_kind, o.resource_id, lower(one) AS starts_at,
  upper(one) AS ends_at, o.kind, o.campus_id, o.source_id
FROM occupancy o, unnest(o.during * :days) AS one
WHERE o.resource_id = ANY (CAST(:resources AS uuid[])) AND o.kind <> 'travel'
  AND o.during && :days""").bindparams(bindparam("days", type_=TSTZMULTIRANGE))


def duty_of(row: Any) -> Duty:
    """A row of ``occupancy``, one stretch of it, as a duty."""
    return Duty(
        ResourceKind(row.resource_kind),
        row.resource_id,
        row.starts_at,
        row.ends_at,
        TimeKind(row.kind),
        row.campus_id,
        row.source_id,
    )


async def standing(
    db: AsyncSession, *, resources: Collection[UUID], days: MultiRange[datetime]
) -> list[Duty]:
    """All time of these resources that is taken on these days, ways left out."""
    found = await (await db.connection()).execute(
        _STANDING, {"resources": sorted(resources), "days": days}
    )
    return [duty_of(row) for row in found]


# Ways

_WAYS = text("""SELECT p.here, p.there, t.minutes, t.buffer,
  a.longitude AS here_longitude, a.latitude AS here_latitude, a.datum AS here_datum,
  b.longitude AS there_longitude, b.latitude AS there_latitude, b.datum AS there_datum
FROM unnest(CAST(:here AS uuid[]), CAST(:there AS uuid[])) AS p (here, there)
JOIN campus a ON a.id = p.here JOIN campus b ON b.id = p.there
LEFT JOIN travel_time t ON t.from_campus_id = p.here AND t.to_campus_id = p.there""")


async def ways(
    db: AsyncSession, *, pairs: Collection[tuple[UUID, UUID]], estimate: Estimate
) -> dict[tuple[UUID, UUID], Way]:
    """The ways between pairs of campuses; those nobody entered are estimated."""
    if not pairs:
        return {}
    here, there = zip(*sorted(pairs), strict=True)
    found = await (await db.connection()).execute(_WAYS, {"here": list(here), "there": list(there)})
    return {(row.here, row.there): _way(row, estimate) for row in found}


def _way(row: Any, estimate: Estimate) -> Way:
    if row.minutes is not None:
        return Way(row.minutes, row.buffer, estimated=False)
    return estimate.way(
        _position(row.here_longitude, row.here_latitude, row.here_datum),
        _position(row.there_longitude, row.there_latitude, row.there_datum),
    )


def _position(longitude: Decimal | None, latitude: Decimal | None, datum: str) -> Position | None:
    if longitude is None or latitude is None:
        return None
    return Position(float(longitude), float(latitude), Datum(datum))


async def legs(db: AsyncSession, *, duties: Iterable[Duty], ground: Ground) -> list[Leg]:
    """The ways that the duties of teachers ask for, teacher by teacher."""
    by_teacher: dict[UUID, list[Duty]] = defaultdict(list)
    for duty in duties:
        by_teacher[duty.resource_id].append(duty)
    asked = [ways_asked(mine, zone=ground.zone) for mine in by_teacher.values()]
    known = await ways(db, pairs=set[tuple[UUID, UUID]]().union(*asked), estimate=ground.estimate)
    return [
        leg for mine in by_teacher.values() for leg in legs_of(mine, ways=known, zone=ground.zone)
    ]


_BETWEEN = text("""SELECT DISTINCT a.resource_id
FROM unnest(CAST(:here AS uuid[]), CAST(:there AS uuid[])) AS p (here, there)
JOIN occupancy a ON a.campus_id = p.here AND a.kind <> 'travel' AND a.during && :days
JOIN occupancy b ON b.resource_id = a.resource_id AND b.campus_id = p.there
  AND b.kind <> 'travel' AND b.during && :days
WHERE a.resource_kind = 'teacher'""").bindparams(bindparam("days", type_=TSTZMULTIRANGE))


def coming_days(ground: Ground) -> MultiRange[datetime]:
    """All days after today: what of today is under way is left alone."""
    tomorrow = clock.today(ground.zone.key) + timedelta(days=1)
    return MultiRange([Range(datetime.combine(tomorrow, time(), ground.zone), _FAR, bounds="[)")])


async def teachers_between(
    db: AsyncSession, *, ends: Collection[tuple[UUID, UUID]], days: MultiRange[datetime]
) -> set[UUID]:
    """The teachers who have duties at both ends of one of these ways."""
    here, there = zip(*sorted(ends), strict=True)
    found = await (await db.connection()).execute(
        _BETWEEN, {"here": list(here), "there": list(there), "days": days}
    )
    return set(found.scalars())


# The verdict


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the way of wanted duties, and what makes them unwise."""

    hard: list[Conflict]
    soft: list[Conflict]
    standing: list[Duty]
    """What was there, from which free times can be found."""


async def judge(
    db: AsyncSession,
    *,
    wanted: Sequence[Duty],
    ground: Ground,
    without: Collection[tuple[UUID, datetime]] = (),
    habits: Mapping[UUID, Habits] | None = None,
    hard_only: bool = False,
) -> Verdict:
    """Judge wanted time by the same rules as the constraint, and say everything it would not.

    ``habits`` are those of teachers who have numbers of their own; ``without`` is standing time, by
    source and start, that is given up for what is wanted. Whole weeks are read, because maxima and
    free times are about weeks; not if what is unwise is not asked for.
    """
    margin = 0 if hard_only else 6
    days = whole_days((duty.starts_at for duty in wanted), zone=ground.zone, margin=margin)
    stands = [
        duty
        for duty in await standing(db, resources={duty.resource_id for duty in wanted}, days=days)
        if (duty.source_id, duty.starts_at) not in without
    ]
    hard = clashes(wanted, standing=stands)
    soft: list[Conflict] = []
    # A day of a district is thousands of teachers: each is looked for once, and all their ways.
    asked, others = _of_teachers(wanted), _of_teachers(stands)
    whole = {teacher_id: [*others[teacher_id], *mine] for teacher_id, mine in asked.items()}
    pairs = (ways_asked(duties, zone=ground.zone) for duties in whole.values())
    known = await ways(db, pairs=set[tuple[UUID, UUID]]().union(*pairs), estimate=ground.estimate)
    for teacher_id, mine in asked.items():
        dates = {duty.starts_at.astimezone(ground.zone).date() for duty in mine}
        walked = legs_of(whole[teacher_id], ways=known, zone=ground.zone)
        hard += misfits(_on(walked, dates, ground.zone), wanted=mine)
        if hard_only:
            continue
        unwise = hardships(
            whole[teacher_id],
            legs=walked,
            habits=(habits or {}).get(teacher_id, ground.habits),
            zone=ground.zone,
        )
        soft += [
            replace(conflict, subject_id=teacher_id)
            for conflict in unwise
            if _touches(conflict, dates)
        ]
    return Verdict(hard, soft, stands)


def _of_teachers(duties: Iterable[Duty]) -> defaultdict[UUID, list[Duty]]:
    found: defaultdict[UUID, list[Duty]] = defaultdict(list)
    for duty in duties:
        if duty.resource_kind is ResourceKind.TEACHER:
            found[duty.resource_id].append(duty)
    return found


def _on(legs: Iterable[Leg], dates: Collection[date], zone: ZoneInfo) -> list[Leg]:
    return [leg for leg in legs if leg.later.starts_at.astimezone(zone).date() in dates]


def _touches(conflict: Conflict, dates: Collection[date]) -> bool:
    from_, until = conflict.from_date, conflict.until
    return from_ is None or until is None or any(from_ <= day < until for day in dates)


# Saying it


async def explain(
    db: AsyncSession, *, caller: Caller, conflicts: Sequence[Conflict], ground: Ground
) -> list[ConflictOut]:
    """Conflicts as the caller may read them: what is out of their sight is only ``busy``.

    Clashes of the same two things on many dates are one entry with all its dates.
    """
    sources = {conflict.other.source_id for conflict in conflicts if conflict.other}
    seen = await _described(db, caller=caller, sources=sources)
    together: dict[Any, list[Conflict]] = defaultdict(list)
    for conflict in conflicts:
        together[_likeness(conflict, ground.zone)].append(conflict)
    answer = [_said(group, seen=seen, zone=ground.zone) for group in together.values()]
    return sorted(answer, key=_in_order)


def _in_order(conflict: ConflictOut) -> tuple[bool, date, str]:
    first = conflict.dates[0] if conflict.dates else conflict.from_date
    return not conflict.hard, first or date.min, conflict.kind.value


def _likeness(conflict: Conflict, zone: ZoneInfo) -> tuple[Any, ...]:
    wanted, other = conflict.wanted, conflict.other
    if wanted is None or other is None:
        return (id(conflict),)
    clock = wanted.starts_at.astimezone(zone)
    return (
        conflict.kind,
        wanted.resource_id,
        wanted.source_id,
        other.source_id,
        clock.weekday(),
        clock.time(),
        conflict.available_minutes,
    )


def _said(
    group: Sequence[Conflict], *, seen: Mapping[UUID, "_Described"], zone: ZoneInfo
) -> ConflictOut:
    group = sorted(group, key=lambda one: one.wanted.starts_at.timestamp() if one.wanted else 0)
    first = group[0]
    wanted = first.wanted
    dates = [one.wanted.starts_at.astimezone(zone).date() for one in group if one.wanted]
    return ConflictOut(
        kind=first.kind,
        hard=first.kind.hard,
        message=say(SAID[first.kind]),
        resource_kind=wanted.resource_kind if wanted else None,
        resource_id=wanted.resource_id if wanted else first.subject_id,
        campus_id=wanted.campus_id if wanted else None,
        starts_at=wanted.starts_at.astimezone(zone) if wanted else None,
        ends_at=wanted.ends_at.astimezone(zone) if wanted else None,
        dates=dates,
        from_date=first.from_date or (dates[0] if dates else None),
        until=first.until or (dates[-1] + timedelta(days=1) if dates else None),
        with_=_other(first.other, seen=seen, zone=zone),
        needed_minutes=first.needed_minutes,
        available_minutes=first.available_minutes,
        limit=first.limit,
        count=first.count,
    )


@dataclass(frozen=True, slots=True)
class _Described:
    campus_name: str
    subject: str
    teacher_name: str
    class_names: list[str]


def _other(
    duty: Duty | None, *, seen: Mapping[UUID, _Described], zone: ZoneInfo
) -> OtherOut | Literal["busy"] | None:
    if duty is None:
        return None
    known = seen.get(duty.source_id)
    if known is None:
        return "busy"
    return OtherOut(
        kind=duty.kind,
        starts_at=duty.starts_at.astimezone(zone),
        ends_at=duty.ends_at.astimezone(zone),
        campus_id=duty.campus_id,
        campus_name=known.campus_name,
        subject=known.subject,
        teacher_name=known.teacher_name,
        class_names=known.class_names,
    )


async def _described(
    db: AsyncSession, *, caller: Caller, sources: Collection[UUID]
) -> dict[UUID, _Described]:
    """What the caller may see of slots and of lessons that stand by themselves."""
    if not sources:
        return {}
    visible = reaches(
        caller,
        Permission.TIMETABLE_READ,
        campus=col(WeeklySlot.campus_id),
        teacher=col(WeeklySlot.teacher_id),
    )
    names = queries.class_names().label("class_names")
    columns = (col(Campus.name), col(WeeklySlot.subject), col(Teacher.name), names)
    slots = (
        select_rows(col(WeeklySlot.id), *columns)
        .join(Campus, col(Campus.id) == col(WeeklySlot.campus_id))
        .join(Teacher, col(Teacher.id) == col(WeeklySlot.teacher_id))
        .where(col(WeeklySlot.id).in_(sources), visible)
    )
    lessons = (
        select_rows(col(Lesson.id), *columns)
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .join(Campus, col(Campus.id) == col(WeeklySlot.campus_id))
        .join(Teacher, col(Teacher.id) == col(Lesson.teacher_id))
        .where(col(Lesson.id).in_(sources), visible)
    )
    connection = await db.connection()
    return {
        id_: _Described(campus, subject, teacher, list(classes or ()))
        for statement in (slots, lessons)
        for id_, campus, subject, teacher, classes in (await connection.execute(statement)).all()
    }


# What would work

_SUGGESTIONS = 5


async def suggest(
    db: AsyncSession, *, candidates: Iterable[Candidate], standing: Sequence[Duty], ground: Ground
) -> list[SuggestionOut]:
    """The first few candidates that would work; the rest is not even laid out."""
    waiting = iter(candidates)
    first = next((one for one in waiting if one.wanted), None)
    if first is None:
        return []
    campuses = {duty.campus_id for duty in (*standing, *first.wanted) if duty.campus_id is not None}
    pairs = {(here, there) for here in campuses for there in campuses if here != there}
    known = await ways(db, pairs=pairs, estimate=ground.estimate)
    found = free(
        chain([first], waiting),
        standing=standing,
        ways_of=lambda here, there: known[here, there],
        zone=ground.zone,
    )
    return [_suggestion(one, ground.zone) for one in islice(found, _SUGGESTIONS)]


def _suggestion(candidate: Candidate, zone: ZoneInfo) -> SuggestionOut:
    first = min(candidate.wanted, key=lambda duty: duty.starts_at)
    return SuggestionOut(
        campus_id=candidate.campus_id,
        starts_at=first.starts_at.astimezone(zone),
        ends_at=first.ends_at.astimezone(zone),
        weekday=candidate.weekday,
        period=candidate.period,
    )
