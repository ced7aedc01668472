"""Who of a group could help a school that is short of teachers, and why the others could not.

The database says in one statement each who is there, what they teach, and when they are taken; the
ranking is a pure rule.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.itinerant.load import days_of
from service.itinerant.queries import shortage as queries
from service.itinerant.queries.shortage import HelpAsked
from service.itinerant.rules.shortage import (
    Fit,
    Helper,
    fit,
    open_periods,
    periods_of,
    ranked,
)
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.timetable import load as timetable
from service.timetable.load import Ground
from service.timetable.rules import Duty, Host, Occurrence, Way, dated

Period = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Choice:
    """Who could help, the best first, and the others with their reasons."""

    able: list[Fit]
    others: list[Fit]
    counts: dict[str, int]
    periods: Mapping[Period, str]
    open_: Mapping[Period, list[UUID]]
    """In which periods of the half-days which of the classes have nothing."""
    from_: date
    until: date


async def candidates(db: AsyncSession, *, caller: Caller, shortage_id: UUID) -> Choice:
    """The teachers of the group, ranked, for what a shortage asks for from tomorrow on."""
    shortage = await queries.visible_shortage(db, caller=caller, shortage_id=shortage_id)
    ground = await timetable.ground(db, district_id=caller.district_id)
    from_, until = coming_days(shortage.valid, ground=ground)
    host = await host_of(db, campus_id=shortage.campus_id, from_=from_, until=until)
    periods = periods_of(host, stage=shortage.stage, noon=ground.habits.noon)
    asked = HelpAsked(
        group_id=shortage.group_id,
        school_id=shortage.school_id,
        subject=shortage.subject,
        stage=shortage.stage,
        from_=from_,
        until=until,
    )
    people = await queries.helpers(db, asked=asked)
    times = times_of(host, stage=shortage.stage, half_days=shortage.half_days, periods=periods)
    open_ = await _open_periods(db, class_ids=shortage.class_ids, times=times, ground=ground)
    times = {key: times[key] for key in open_}
    able = [row for row in people if row.qualified and not row.retires and not row.leaves]
    when = await _when(db, rows=able, times=times, campus_id=shortage.campus_id, ground=ground)
    fits = [
        fit(
            _helper(row, when=when, times=times),
            lessons=shortage.lessons_per_week,
            half_days=shortage.half_days,
            periods=periods,
        )
        for row in people
    ]
    others = [one for one in fits if one.reason is not None]
    counts = Counter(one.reason.value for one in others if one.reason is not None)
    return Choice(ranked(fits), others, dict(counts.most_common()), periods, open_, from_, until)


async def _open_periods(
    db: AsyncSession,
    *,
    class_ids: Collection[UUID],
    times: Mapping[Period, Sequence[Occurrence]],
    ground: Ground,
) -> dict[Period, list[UUID]]:
    every = [one.starts_at for occurrences in times.values() for one in occurrences]
    days = timetable.whole_days(every, zone=ground.zone)
    taken: dict[tuple[UUID, date], list[Duty]] = defaultdict(list)
    for duty in await timetable.standing(db, resources=class_ids, days=days):
        taken[duty.resource_id, duty.starts_at.astimezone(ground.zone).date()].append(duty)
    return open_periods(times, taken=taken, class_ids=class_ids)


def coming_days(valid: Any, *, ground: Ground) -> tuple[date, date]:
    """The part of some days that is still to come; all of them, if they are over."""
    from_, until = days_of(valid)
    tomorrow = clock.today(ground.zone.key) + timedelta(days=1)
    return (max(from_, tomorrow), until) if tomorrow < until else (from_, until)


async def host_of(db: AsyncSession, *, campus_id: UUID, from_: date, until: date) -> Host:
    """The calendar and bells of a campus."""
    return (await timetable.hosts(db, campus_ids=[campus_id], from_=from_, until=until))[campus_id]


def times_of(
    host: Host, *, stage: str, half_days: Collection[str], periods: Mapping[Period, str]
) -> dict[Period, list[Occurrence]]:
    """The dated times of every weekly period in the half-days that are possible."""
    wanted = {one for one, half in periods.items() if half in half_days}
    found: dict[Period, list[Occurrence]] = defaultdict(list)
    for weekday, days in host.days.items():
        for day in days:
            for number, bell in host.periods(stage=stage, on_date=day.on_date).items():
                if (weekday, number) in wanted:
                    found[weekday, number].append(dated(day, bell=bell, zone=host.zone))
    return found


@dataclass(frozen=True, slots=True)
class _When:
    """When people are taken, and how far they have to go."""

    overlaps: Mapping[UUID, set[Period]]
    out_of_way: Mapping[UUID, set[Period]]
    on_leave: Collection[UUID]
    ways: Mapping[tuple[UUID, UUID], Way]
    campus_id: UUID


async def _when(
    db: AsyncSession,
    *,
    rows: Sequence[Any],
    times: Mapping[Period, Sequence[Occurrence]],
    campus_id: UUID,
    ground: Ground,
) -> _When:
    people = [row.id for row in rows]
    dated_times = [(number, one) for number, key in enumerate(times) for one in times[key]]
    days = timetable.whole_days((one.starts_at for _, one in dated_times), zone=ground.zone)
    places = await queries.places_of(db, people=people, days=days)
    places |= {row.home_campus_id for row in rows if row.home_campus_id is not None}
    places -= {campus_id}
    pairs = {pair for one in places for pair in ((one, campus_id), (campus_id, one))}
    ways = await timetable.ways(db, pairs=pairs, estimate=ground.estimate)
    ordered = sorted(places)
    found = await queries.taken_periods(
        db,
        asked={
            "number": [number for number, _ in dated_times],
            "on_date": [one.on_date for _, one in dated_times],
            "starts_at": [one.starts_at for _, one in dated_times],
            "ends_at": [one.ends_at for _, one in dated_times],
            "campus": ordered,
            "there": [ways[one, campus_id].needed for one in ordered],
            "back": [ways[campus_id, one].needed for one in ordered],
            "people": sorted(people),
            "days": days,
            "zone": ground.zone.key,
        },
    )
    keys = list(times)
    overlaps: dict[UUID, set[Period]] = defaultdict(set)
    out_of_way: dict[UUID, set[Period]] = defaultdict(set)
    for row in found:
        (overlaps if row.overlaps else out_of_way)[row.resource_id].add(keys[row.number])
    on_leave = {row.resource_id for row in found if row.on_leave}
    return _When(overlaps, out_of_way, on_leave, ways, campus_id)


def _helper(row: Any, *, when: _When, times: Mapping[Period, Any]) -> Helper:
    overlaps = when.overlaps.get(row.id, set())
    out_of_way = when.out_of_way.get(row.id, set()) - overlaps
    way = when.ways.get((row.home_campus_id, when.campus_id))
    return Helper(
        teacher_id=row.id,
        name=row.name,
        school_id=row.school_id,
        school_name=row.school_name,
        tier=row.tier,
        qualified=row.qualified,
        teaches=row.teaches,
        retires=row.retires,
        leaves=row.leaves,
        weekly_lessons=float(row.weekly),
        weekly_limit=row.weekly_load_limit,
        helping_lessons=float(row.helping),
        needed_minutes=way.needed if way is not None else 0,
        free=frozenset(times) - overlaps - out_of_way,
        out_of_way=frozenset(out_of_way),
        on_leave=row.id in when.on_leave,
    )
