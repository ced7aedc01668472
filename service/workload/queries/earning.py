"""What confirmed lessons earn: the items of a month, the ways they cost, the lines they give."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from service.kit import clock
from service.kit.db import AsyncSession, Instant
from service.network.rules import Datum
from service.network.tables import Campus
from service.timetable import load
from service.timetable.rules import Position, kilometres
from service.timetable.rules.attendance import month_after
from service.workload.queries.rates import factors, rate_book
from service.workload.rules import (
    Leg,
    Legs,
    Line,
    Taught,
    capped,
    lines_of_day,
    road_km,
    visits_of,
    ways_of,
)

# Lessons at home belong to the path of a day. What nobody confirmed does not, unless one hopes.
_ITEMS = text("""SELECT l.teacher_id, l.id, l.starts_at, l.on_date, c.school_id, l.campus_id,
  l.subject, s.stage, e.school_id AS home_id,
  c.school_id IS DISTINCT FROM e.school_id AS away
FROM lesson l
JOIN weekly_slot s ON s.id = l.slot_id
JOIN campus c ON c.id = l.campus_id
LEFT JOIN attendance a ON a.lesson_id = l.id
LEFT JOIN employment e ON e.teacher_id = l.teacher_id AND e.valid @> l.on_date
WHERE l.teacher_id = ANY (CAST(:teachers AS uuid[]))
  AND l.on_date >= :month AND l.on_date < :until AND l.status = 'scheduled'
  AND coalesce(l.change, '') NOT IN ('needs-cover', 'merged', 'self-study')
  AND (c.school_id = e.school_id OR a.state = 'confirmed'
    OR (:hopeful AND l.ends_at <= :now AND coalesce(a.state, 'open') = 'open'))
ORDER BY l.starts_at, l.id""").bindparams(bindparam("now", type_=Instant()))


@dataclass(slots=True)
class Earned:
    """What a teacher's month gives."""

    home_school_id: UUID | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass(slots=True)
class _Month:
    """The items of a teacher's month by day, and the home school of each day."""

    days: dict[date, list[Taught]] = field(default_factory=lambda: defaultdict(list))
    homes: dict[date, UUID | None] = field(default_factory=dict)


async def earned(
    db: AsyncSession,
    *,
    district_id: UUID,
    teachers: Collection[UUID],
    month: date,
    hopeful: bool = False,
) -> dict[UUID, Earned]:
    """The lines of some teachers' month, from what the hosts have confirmed by now.

    ``hopeful`` counts the visits that are over and wait for the host's word as confirmed.
    """
    months = await _items(db, teachers=teachers, month=month, hopeful=hopeful)
    bases = await _bases(
        db, {home for one in months.values() for home in one.homes.values() if home is not None}
    )
    pairs = set[tuple[UUID, UUID]]()
    for one in months.values():
        for day, items in one.days.items():
            base = bases.get(one.homes[day])
            pairs |= set(ways_of(items, base=base))
            if base is not None:
                pairs |= {(base, item.campus_id) for item in items if item.campus_id != base}
    legs = await _legs(db, district_id=district_id, pairs=pairs)
    book, counted = await rate_book(db), await factors(db)
    found: dict[UUID, Earned] = {teacher_id: Earned() for teacher_id in teachers}
    for teacher_id, one in months.items():
        lines: list[Line] = []
        for day in sorted(one.days):
            visits = visits_of(one.days[day], base=bases.get(one.homes[day]), legs=legs)
            lines += lines_of_day(visits, book=book, coefficients=counted)
        home = one.homes[max(one.homes)]
        found[teacher_id] = Earned(home, capped(lines, book=book, month=month))
    return found


async def _items(
    db: AsyncSession, *, teachers: Collection[UUID], month: date, hopeful: bool
) -> dict[UUID, _Month]:
    asked = {
        "teachers": sorted(teachers),
        "month": month,
        "until": month_after(month),
        "hopeful": hopeful,
        "now": clock.now(),
    }
    months: dict[UUID, _Month] = defaultdict(_Month)
    for row in await (await db.connection()).execute(_ITEMS, asked):
        one = months[row.teacher_id]
        one.homes[row.on_date] = row.home_id
        one.days[row.on_date].append(
            Taught(
                lesson_id=row.id,
                starts_at=row.starts_at,
                on_date=row.on_date,
                school_id=row.school_id,
                campus_id=row.campus_id,
                subject=row.subject,
                stage=row.stage,
                confirmed=row.away,
            )
        )
    return months


async def _bases(db: AsyncSession, schools: Collection[UUID]) -> dict[UUID | None, UUID]:
    """Where the days of a school's teachers begin and end: its main campus, or its first."""
    statement = (
        select(Campus.school_id, Campus.id)
        .where(col(Campus.school_id).in_(schools))
        .order_by(col(Campus.main), col(Campus.id).desc())
    )
    return dict((await db.exec(statement)).all())


async def _legs(
    db: AsyncSession, *, district_id: UUID, pairs: Collection[tuple[UUID, UUID]]
) -> Legs:
    ground = await load.ground(db, district_id=district_id)
    ways = await load.ways(db, pairs=pairs, estimate=ground.estimate)
    places = await _places(db, {campus_id for pair in pairs for campus_id in pair})
    legs: dict[tuple[UUID, UUID], Leg] = {}
    for (here, there), way in ways.items():
        ends = places.get(here), places.get(there)
        km = None
        if ends[0] is not None and ends[1] is not None:
            km = road_km(kilometres(ends[0], ends[1]), detour=ground.estimate.detour)
        legs[here, there] = Leg(way.minutes, km)
    return legs


async def _places(db: AsyncSession, campuses: Iterable[UUID]) -> dict[UUID, Position]:
    statement = select(Campus).where(
        col(Campus.id).in_(list(campuses)), col(Campus.longitude).is_not(None)
    )
    return {
        one.id: Position(float(one.longitude), float(one.latitude), Datum(one.datum))
        for one in (await db.exec(statement)).all()
        if one.longitude is not None and one.latitude is not None
    }
