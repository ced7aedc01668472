"""Time that teachers give to one thing outside the timetable: a meeting, a training, a visit.

Only time and ways are written here; what it is about belongs to the module that asks. Every writer
holds the locks of ``load.lock_resources`` first, and the exclusion constraint judges last.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from service.calendar import queries as calendar
from service.calendar.rules import PeriodTimes
from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.timetable import laying, load
from service.timetable.handing import refusal, walk
from service.timetable.laying import Overlap, judged
from service.timetable.load import Ground
from service.timetable.rules import Candidate, Duty, ResourceKind, TimeKind, Way, free
from service.timetable.rules.booking import Meeting


@dataclass(frozen=True, slots=True)
class Gathering:
    """What takes the time, where, from when to when."""

    source_id: UUID
    kind: TimeKind
    campus_id: UUID | None
    starts_at: datetime
    ends_at: datetime

    def duties(self, teachers: Collection[UUID]) -> list[Duty]:
        """The time of each teacher that it takes."""
        return [
            Duty(
                ResourceKind.TEACHER,
                teacher_id,
                self.starts_at,
                self.ends_at,
                self.kind,
                self.campus_id,
                self.source_id,
            )
            for teacher_id in sorted(teachers)
        ]


async def take(
    db: AsyncSession,
    *,
    caller: Caller,
    gathering: Gathering,
    teachers: Collection[UUID],
    ground: Ground,
) -> None:
    """Take the time of all these teachers, ways included, or of none.

    Raises
    ------
    ScheduleConflict
        Somebody is busy, on leave, or cannot get there in time; everything is named.
    """
    wanted = gathering.duties(teachers)
    if not wanted:
        return
    try:
        async with judged(db):
            await laying.occupy(db, duties=wanted, ground=ground)
            await laying.lay_legs(
                db,
                teachers=teachers,
                days=load.whole_days([gathering.starts_at], zone=ground.zone),
                ground=ground,
                fresh={gathering.source_id},
            )
    except Overlap:
        raise await refusal(db, caller=caller, wanted=wanted, ground=ground) from None


_GIVE_BACK = text("""DELETE FROM occupancy
WHERE source_id = :source AND kind = :kind AND resource_id = ANY (CAST(:teachers AS uuid[]))""")


async def give_back(
    db: AsyncSession, *, gathering: Gathering, teachers: Collection[UUID], ground: Ground
) -> None:
    """Give these teachers their time back."""
    asked = {
        "source": gathering.source_id,
        "kind": gathering.kind.value,
        "teachers": sorted(teachers),
    }
    await (await db.connection()).execute(_GIVE_BACK, asked)
    days = load.whole_days([gathering.starts_at], zone=ground.zone)
    await walk(db, teachers=teachers, days=days, ground=ground)


# When it could be


@dataclass(frozen=True, slots=True)
class Opening:
    """A stretch of time at a campus."""

    campus_id: UUID
    on_date: date
    period: int | None
    starts_at: datetime
    ends_at: datetime

    def by_the_clock_of(self, zone: ZoneInfo) -> "Opening":
        """The same time as people there read it."""
        starts_at, ends_at = (one.astimezone(zone) for one in (self.starts_at, self.ends_at))
        return replace(self, starts_at=starts_at, ends_at=ends_at)


async def periods_of(
    db: AsyncSession, *, campus_id: UUID, after: datetime, until: date
) -> list[Opening]:
    """The periods of a campus's teaching days after a moment, of whatever stage, in order."""
    zone = await load.zone_of(db, campus_id=campus_id)
    first = after.astimezone(zone).date()
    taught = await calendar.teaching_days_of(db, campus_ids=[campus_id], from_=first, until=until)
    rung = await calendar.bells_of(db, campus_ids=[campus_id])
    found = {
        (starts, ends): Opening(campus_id, day.on_date, period.number, starts, ends)
        for day in taught[campus_id]
        for period in _rung_on(rung.values(), day.on_date)
        for starts, ends in [period.rings(day.on_date, zone=zone)]
        if starts > after
    }
    return [found[key] for key in sorted(found)]


def _rung_on(rung: Collection[Sequence[calendar.Bells]], day: date) -> Iterator[PeriodTimes]:
    for schedules in rung:
        yield from next((one.periods for one in schedules if one.rings_on(day)), ())


async def openings(
    db: AsyncSession,
    *,
    times: Sequence[Opening],
    teachers: Sequence[UUID],
    ground: Ground,
    limit: int,
) -> list[Opening]:
    """The first of these times at which all these teachers could be there.

    Their duties and the ways between are judged as they would be when the time is taken.
    """
    scene = await _scene(db, times=times, teachers=teachers, ground=ground)
    fitting = (one for one in times if all(scene.has_time(id_, one) for id_ in teachers))
    return list(islice(fitting, limit))


async def stretches_of(
    db: AsyncSession,
    *,
    campus_id: UUID,
    after: datetime,
    until: date,
    length: timedelta,
    ground: Ground,
) -> list[Opening]:
    """Stretches of some length that begin with a period of a campus, or after its last one.

    One that begins in the morning ends before noon.
    """
    periods = await periods_of(db, campus_id=campus_id, after=after, until=until)
    last = {one.on_date: one.ends_at for one in periods}
    begins = {(one.on_date, one.starts_at) for one in periods} | set(last.items())
    found: list[Opening] = []
    for day, starts in sorted(begins):
        noon = datetime.combine(day, ground.habits.noon, starts.tzinfo)
        if starts >= noon or starts + length <= noon:
            found.append(Opening(campus_id, day, None, starts, starts + length))
    return found


async def attendances(
    db: AsyncSession, *, times: Sequence[Opening], teachers: Sequence[UUID], ground: Ground
) -> list[Meeting]:
    """Each of these times with those of the teachers who could not be there."""
    scene = await _scene(db, times=times, teachers=teachers, ground=ground)
    return [
        Meeting(
            on_date=one.on_date,
            morning=one.starts_at.astimezone(ground.zone).time() < ground.habits.noon,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            missing=frozenset(id_ for id_ in teachers if not scene.has_time(id_, one)),
        )
        for one in times
    ]


async def _scene(
    db: AsyncSession, *, times: Sequence[Opening], teachers: Sequence[UUID], ground: Ground
) -> "_Scene":
    days = load.whole_days((one.starts_at for one in times), zone=ground.zone)
    standing = await load.standing(db, resources=teachers, days=days)
    places = {one.campus_id for one in times}
    places |= {duty.campus_id for duty in standing if duty.campus_id is not None}
    pairs = {(here, there) for here in places for there in places if here != there}
    ways = await load.ways(db, pairs=pairs, estimate=ground.estimate)
    scene = _Scene(defaultdict(list), ways, ground.zone)
    for duty in standing:
        scene.day(duty.resource_id, duty.starts_at).append(duty)
    return scene


@dataclass(frozen=True, slots=True)
class _Scene:
    by_day: defaultdict[tuple[UUID, date], list[Duty]]
    ways: Mapping[tuple[UUID, UUID], Way]
    zone: ZoneInfo

    def day(self, teacher_id: UUID, moment: datetime) -> list[Duty]:
        """The duties of somebody's day."""
        return self.by_day[teacher_id, moment.astimezone(self.zone).date()]

    def has_time(self, teacher_id: UUID, one: Opening) -> bool:
        """Whether somebody could be there, ways included."""
        wanted = Duty(
            ResourceKind.TEACHER,
            teacher_id,
            one.starts_at,
            one.ends_at,
            TimeKind.VISIT,
            one.campus_id,
            one.campus_id,
        )
        found = free(
            [Candidate(one.campus_id, one.on_date.isoweekday(), one.period or 0, (wanted,))],
            standing=self.day(teacher_id, one.starts_at),
            ways_of=lambda here, there: self.ways[here, there],
            zone=self.zone,
        )
        return next(found, None) is not None
