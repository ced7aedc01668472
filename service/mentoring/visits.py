"""A mentor comes to the mentee's campus: planned, cancelled, and freed when it cannot be.

Whoever writes a visit holds the time of both teachers first, then the pairing; the exclusion
constraint on taken time judges last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.mentoring import queries
from service.mentoring.queries import visit as reading
from service.mentoring.rules import PairingState
from service.mentoring.rules.log import check_pair
from service.mentoring.rules.visit import (
    Pair,
    Purpose,
    VisitState,
    check_active,
    check_cancel,
    check_times,
    check_visit,
    is_stranded,
)
from service.mentoring.tables import Pairing, Visit
from service.timetable import load as timetable
from service.timetable.absences import Absence
from service.timetable.gathering import (
    Gathering,
    Opening,
    give_back,
    openings,
    periods_of,
    take,
)
from service.timetable.load import Ground
from service.timetable.rules import TimeKind

_ENDED = "结对已结束或缩短"
_AWAY = "一方请假"
SLOTS = 3
HORIZON = timedelta(days=42)
"""How far ahead times are looked for."""


@dataclass(frozen=True, slots=True)
class NewVisit:
    """When a mentor is to come, and what for; with a lesson, to observe it."""

    starts_at: datetime | None
    ends_at: datetime | None
    campus_id: UUID | None
    lesson_id: UUID | None
    topic: str
    note: str


def _pair(pairing: Pairing) -> Pair:
    return Pair(PairingState(pairing.state), (pairing.valid.lower or date.min, pairing.valid.upper))


def _gathering(visit: Visit) -> Gathering:
    return Gathering(visit.id, TimeKind.VISIT, visit.campus_id, visit.starts_at, visit.ends_at)


def _attending(visit: Visit, pairing: Pairing) -> list[UUID]:
    """Whose time a visit takes: a mentee who is observed is teaching."""
    both = [pairing.mentor_id, pairing.mentee_id]
    return both if visit.lesson_id is None else both[:1]


async def _hold(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> Pairing:
    seen = await queries.pairing_in_reach(db, caller=caller, pairing_id=pairing_id)
    check_pair(caller.teacher_id, two=(seen.mentor_id, seen.mentee_id))
    await timetable.lock_resources(db, teachers=[seen.mentor_id, seen.mentee_id])
    return await queries.pairing_in_sight(db, caller=caller, pairing_id=pairing_id)


async def _tell(
    db: AsyncSession,
    event: str,
    visit: Visit,
    pairing: Pairing,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    people = [pairing.mentor_id, pairing.mentee_id]
    schools = await queries.schools_of(db, teacher_ids=people, day=visit.starts_at.date())
    reach = {*people, *schools.values()}
    await record(db, event, visit, by=by, before=before, reach=reach, reason=visit.reason)


async def plan(db: AsyncSession, *, caller: Caller, pairing_id: UUID, new: NewVisit) -> Visit:
    """Plan a visit and take the time of the two, ways included, or of none.

    Raises
    ------
    PairingNotFound, NotOfThePair, PairingNotActive
        It is not theirs to plan, or not now.
    VisitUnfit
        The time, the campus or the lesson does not fit.
    ScheduleConflict
        One of them has something else, is on leave, or cannot get there in time.
    """
    pairing = await _hold(db, caller=caller, pairing_id=pairing_id)
    ground = await timetable.ground(db, district_id=caller.district_id)
    visit = await _drawn(db, caller=caller, pairing=pairing, new=new, ground=ground)
    db.add(visit)
    await db.flush()
    await take(
        db,
        caller=caller,
        gathering=_gathering(visit),
        teachers=_attending(visit, pairing),
        ground=ground,
    )
    await _tell(db, "visit.planned", visit, pairing, by=caller)
    return visit


async def _drawn(
    db: AsyncSession, *, caller: Caller, pairing: Pairing, new: NewVisit, ground: Ground
) -> Visit:
    """The visit as it would stand."""
    now = clock.now()
    starts_at, ends_at, campus_id = new.starts_at or now, new.ends_at or now, new.campus_id
    if new.lesson_id is not None:
        lesson = await reading.lesson_of(db, mentee_id=pairing.mentee_id, lesson_id=new.lesson_id)
        starts_at, ends_at, campus_id = lesson.starts_at, lesson.ends_at, lesson.campus_id
    check_times(starts_at=starts_at, ends_at=ends_at, now=now)
    on = starts_at.astimezone(ground.zone).date()
    check_visit(_pair(pairing), on=on)
    if new.lesson_id is None or campus_id is None:
        campus = await reading.campus_of(
            db, mentee_id=pairing.mentee_id, day=on, campus_id=campus_id
        )
        campus_id = campus.id
    return Visit(
        district_id=caller.district_id,
        pairing_id=pairing.id,
        campus_id=campus_id,
        lesson_id=new.lesson_id,
        starts_at=starts_at,
        ends_at=ends_at,
        topic=new.topic,
        note=new.note,
        planned_by_name=caller.name,
    )


async def cancel(
    db: AsyncSession, *, caller: Caller, visit_id: UUID, reason: str, expected: Precondition
) -> None:
    """Cancel a visit, as one of the two, and give both their time back.

    Raises
    ------
    VisitNotFound, NotOfThePair
        It is not theirs.
    VisitOver
        It has begun, or was cancelled.
    """
    visit, *_ = await reading.visit_row(db, caller=caller, visit_id=visit_id)
    pairing = await _hold(db, caller=caller, pairing_id=visit.pairing_id)
    await db.refresh(visit)
    expected.check(visit.version)
    check_cancel(VisitState(visit.state), starts_at=visit.starts_at, now=clock.now())
    await _free(db, by=caller, visits=[(visit, pairing)], reason=reason)


async def _free(
    db: AsyncSession, *, by: Caller, visits: Sequence[tuple[Visit, Pairing]], reason: str
) -> None:
    ground = await timetable.ground(db, district_id=by.district_id)
    for visit, pairing in visits:
        values = {
            "state": VisitState.CANCELLED,
            "reason": reason or None,
            "cancelled_by_name": by.name,
        }
        before = change_fields(visit, values)
        await db.flush()
        await give_back(
            db,
            gathering=_gathering(visit),
            teachers=_attending(visit, pairing),
            ground=ground,
        )
        await _tell(db, "visit.cancelled", visit, pairing, by=by, before=before)


async def free_stranded(db: AsyncSession, *, by: Caller, pairings: Sequence[Pairing]) -> None:
    """Cancel the coming visits of pairings that have ended, or end before.

    Whoever ends a pairing holds both teachers by then.
    """
    coming = await reading.planned(db, after=clock.now(), pairing_ids=[one.id for one in pairings])
    if not coming:
        return
    zone = (await timetable.ground(db, district_id=by.district_id)).zone
    stranded = [
        (visit, pairing)
        for visit, pairing in coming
        if is_stranded(_pair(pairing), on=visit.starts_at.astimezone(zone).date())
    ]
    await _free(db, by=by, visits=stranded, reason=_ENDED)


async def free_for_absence(db: AsyncSession, *, by: Caller, absence: Absence) -> None:
    """Somebody will be on leave: cancel what was planned with them; both were locked before."""
    pairing_ids = await reading.pairings_of(db, teacher_id=absence.teacher_id)
    coming = await reading.planned(db, after=clock.now(), pairing_ids=pairing_ids)
    hit = [
        (visit, pairing)
        for visit, pairing in coming
        if visit.starts_at < absence.ends_at and absence.starts_at < visit.ends_at
    ]
    await _free(db, by=by, visits=hit, reason=_AWAY)


# When it could be


@dataclass(frozen=True, slots=True)
class VisitSlot:
    """A time at which a visit could be."""

    opening: Opening
    lesson_id: UUID | None = None


async def slots(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, purpose: Purpose
) -> list[VisitSlot]:
    """The next times when the mentor can be at the mentee's campus, ways included.

    For a meeting both have to be free; for an observation the mentee teaches.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    PairingNotActive
        It has not begun, or is over.
    VisitUnfit
        The mentee's school has no main campus.
    """
    pairing = await queries.pairing_in_reach(db, caller=caller, pairing_id=pairing_id)
    ground = await timetable.ground(db, district_id=caller.district_id)
    pair, now = _pair(pairing), clock.now()
    today = clock.today(ground.zone.key)
    check_active(pair, on=today)
    until = min(today + HORIZON, pair.valid[1] or date.max)
    if purpose is Purpose.OBSERVATION:
        last = datetime.combine(until, time(), ground.zone)
        lessons = await reading.coming_lessons(
            db, mentee_id=pairing.mentee_id, after=now, until=last
        )
        times = [
            Opening(one.campus_id, one.on_date, one.period, one.starts_at, one.ends_at)
            for one in lessons
        ]
        known = {one.starts_at: one.id for one in lessons}
        teachers = [pairing.mentor_id]
    else:
        campus = await reading.campus_of(db, mentee_id=pairing.mentee_id, day=today)
        times = await periods_of(db, campus_id=campus.id, after=now, until=until)
        known = {}
        teachers = [pairing.mentor_id, pairing.mentee_id]
    found = await openings(db, times=times, teachers=teachers, ground=ground, limit=SLOTS)
    return [VisitSlot(one.by_the_clock_of(ground.zone), known.get(one.starts_at)) for one in found]
