"""Visits of a mentor that take some of a teacher's time, on some days."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, text

from service.kit.db import AsyncSession, Instant
from service.kit.language import say
from service.mentoring.rules import Side
from service.mentoring.rules.visit import VISIT_STATES, VisitState
from service.phone.queries.home import Home, campuses, thing
from service.phone.schemas import MyCampus, MyThing, MyTransfer, MyVisit

# The way to a visit is taken time of its own; it begins where the duty before it ends.
_VISITS = text("""SELECT v.id, v.version, v.pairing_id, v.campus_id, v.lesson_id, v.topic,
  v.starts_at, v.ends_at, v.state, v.reason, v.cancelled_by_name, c.zone,
  p.mentor_id = :teacher AS as_mentor, other.id AS other_id, other.name AS other_name,
  lower(way.during) AS leave_by, here.id AS from_id, here.name AS from_name
FROM visit v
JOIN pairing p ON p.id = v.pairing_id
JOIN campus c ON c.id = v.campus_id
JOIN teacher other ON other.id = CASE WHEN p.mentor_id = :teacher THEN p.mentee_id
  ELSE p.mentor_id END
LEFT JOIN occupancy way ON way.source_id = v.id AND way.kind = 'travel'
  AND way.resource_id = :teacher
LEFT JOIN campus here ON here.id = way.campus_id
WHERE (p.mentor_id = :teacher OR p.mentee_id = :teacher)
  AND v.starts_at >= :from AND v.starts_at < :until
ORDER BY v.starts_at, v.id""").bindparams(
    bindparam("from", type_=Instant()), bindparam("until", type_=Instant())
)


async def visits(
    db: AsyncSession, *, home: Home, from_: date, until: date
) -> list[tuple[date, MyVisit]]:
    """A teacher's visits on days by the clock of each campus, cancelled ones too."""
    zone = ZoneInfo(home.zone)
    margin = timedelta(days=1)
    rows = await _rows(
        db,
        home=home,
        from_=datetime.combine(from_, time(), zone) - margin,
        until=datetime.combine(until, time(), zone) + margin,
    )
    if not rows:
        return []
    places = await campuses(db, campus_ids={row.campus_id for row in rows})
    found = [(row.starts_at.astimezone(ZoneInfo(row.zone)).date(), row) for row in rows]
    return [(day, visit_of(row, places=places)) for day, row in found if from_ <= day < until]


async def next_visits(db: AsyncSession, *, home: Home, after: datetime) -> dict[UUID, MyVisit]:
    """The next visit of each pairing that is still to be."""
    rows = await _rows(db, home=home, from_=after, until=after + timedelta(days=400))
    places = await campuses(db, campus_ids={row.campus_id for row in rows})
    found: dict[UUID, MyVisit] = {}
    for row in rows:
        if row.state == VisitState.PLANNED:
            found.setdefault(row.pairing_id, visit_of(row, places=places))
    return found


async def _rows(db: AsyncSession, *, home: Home, from_: datetime, until: datetime) -> list[Any]:
    asked = {"teacher": home.teacher.id, "from": from_, "until": until}
    return list(await (await db.connection()).execute(_VISITS, asked))


def visit_of(row: Any, *, places: Mapping[UUID, MyCampus]) -> MyVisit:
    """A row of the statement, as a phone shows it."""
    zone = ZoneInfo(row.zone)
    state = VisitState(row.state)
    return MyVisit(
        id=row.id,
        version=row.version,
        pairing_id=row.pairing_id,
        side=Side.MENTOR if row.as_mentor else Side.MENTEE,
        counterpart=MyThing(id=row.other_id, name=row.other_name),
        campus=places[row.campus_id],
        topic=row.topic,
        lesson_id=row.lesson_id,
        starts_at=row.starts_at.astimezone(zone),
        ends_at=row.ends_at.astimezone(zone),
        state=state,
        state_label=say(VISIT_STATES[state]),
        reason=row.reason,
        cancelled_by=row.cancelled_by_name,
        transfer=_transfer(row, zone),
    )


def _transfer(row: Any, zone: ZoneInfo) -> MyTransfer | None:
    here = thing(row.from_id, row.from_name)
    if here is None:
        return None
    leave_by = row.leave_by.astimezone(zone)
    return MyTransfer(
        from_campus=here,
        leave_by=leave_by,
        available_minutes=None,
        needed_minutes=int((row.starts_at - row.leave_by).total_seconds() // 60),
        estimated=False,
    )
