"""Reading calendars and bells, for one campus or for a whole district at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, or_, text
from sqlalchemy.dialects.postgresql import DATERANGE
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.calendar import rules
from service.calendar.problems import SchoolYearNotFound
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    FreeDay,
    Override,
    Parity,
    PeriodTimes,
    TeachingDay,
    TermSpan,
)
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
    Term,
)
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, covers, days
from service.network.access import visible_groups, visible_schools
from service.network.problems import CampusNotFound
from service.network.tables import Campus, Group


@dataclass(frozen=True, slots=True)
class Bells:
    """The periods of a campus and stage while ``[valid_from, valid_until)``."""

    schedule_id: UUID
    name: str
    valid_from: date | None
    valid_until: date | None
    periods: tuple[PeriodTimes, ...]

    def rings_on(self, day: date) -> bool:
        """Whether the schedule is in force on a day."""
        return covers(days(self.valid_from, self.valid_until), day)


async def terms(db: AsyncSession) -> list[TermSpan]:
    """All terms of the district, in order."""
    rows = (await db.exec(select(Term).order_by(col(Term.days)))).all()
    return [
        TermSpan(row.number, row.days.lower, row.days.upper, row.week_one)
        for row in rows
        if row.days.lower is not None and row.days.upper is not None
    ]


async def announced_years(db: AsyncSession) -> frozenset[int]:
    """The years whose national notice has been taken over."""
    return frozenset((await db.exec(select(col(CalendarNotice.year)))).all())


# A school's own day ranks highest, then its lead or close group, then its alliances by age, then
# the district; ids break the last ties, so that every process decides alike.
_OVERRIDES = text("""SELECT c.id AS campus_id, d.scope, d.on_date, d.kind, d.follows_weekday,
  d.follows_parity, d.reason, d.source,
  CASE d.scope WHEN 'school' THEN 0 WHEN 'group' THEN
    CASE WHEN m.tier IN ('lead', 'close') THEN 1 ELSE 2 END ELSE 3 END AS distance,
  lower(m.valid) AS since, d.scope_id
FROM campus c
JOIN calendar_day d ON d.on_date <@ :range
LEFT JOIN membership m ON d.scope = 'group' AND m.group_id = d.scope_id
  AND m.school_id = c.school_id AND m.valid @> d.on_date
WHERE c.id = ANY (CAST(:campuses AS uuid[]))
  AND (d.scope = 'district' OR (d.scope = 'school' AND d.scope_id = c.school_id)
    OR m.group_id IS NOT NULL)
ORDER BY c.id, d.on_date, distance DESC, since DESC NULLS FIRST, d.scope_id DESC""").bindparams(
    bindparam("range", type_=DATERANGE)
)


async def overrides_of(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, list[Override]]:
    """What was decided for each campus; of one date, the later in the list wins."""
    found = await (await db.connection()).execute(
        _OVERRIDES, {"campuses": sorted(campus_ids), "range": days(from_, until)}
    )
    by_campus: dict[UUID, list[Override]] = defaultdict(list)
    for rank, row in enumerate(found):
        by_campus[row.campus_id].append(
            Override(
                DayScope(row.scope),
                rank,
                row.on_date,
                DayKind(row.kind),
                row.follows_weekday,
                Parity(row.follows_parity) if row.follows_parity else None,
                row.reason,
                DaySource(row.source),
            )
        )
    return by_campus


async def explained_days_of(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, list[TeachingDay | FreeDay]]:
    """Every date of ``[from_, until)`` at each campus, taught or not, in three statements."""
    overrides = await overrides_of(db, campus_ids=campus_ids, from_=from_, until=until)
    known_terms = await terms(db)
    announced = await announced_years(db)
    calendars: dict[tuple[Override, ...], list[TeachingDay | FreeDay]] = {}
    answer: dict[UUID, list[TeachingDay | FreeDay]] = {}
    for campus_id in campus_ids:
        mine = _unranked(overrides.get(campus_id, ()))
        if mine not in calendars:
            calendars[mine] = rules.explained_days(
                terms=known_terms,
                overrides=mine,
                announced_years=announced,
                from_=from_,
                until=until,
            )
        answer[campus_id] = calendars[mine]
    return answer


def _unranked(overrides: Iterable[Override]) -> tuple[Override, ...]:
    """The winners in order of date: campuses decided alike share one calendar."""
    winners: Mapping[date, Override] = {one.on_date: one for one in overrides}
    return tuple(
        Override(
            one.scope,
            0,
            one.on_date,
            one.kind,
            one.follows_weekday,
            one.follows_parity,
            one.reason,
            one.source,
        )
        for one in winners.values()
    )


async def teaching_days_of(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, list[TeachingDay]]:
    """The dates of ``[from_, until)`` with regular lessons at each campus."""
    explained = await explained_days_of(db, campus_ids=campus_ids, from_=from_, until=until)
    return {
        campus_id: [day for day in every if isinstance(day, TeachingDay)]
        for campus_id, every in explained.items()
    }


async def bells_of(
    db: AsyncSession, *, campus_ids: Collection[UUID]
) -> dict[tuple[UUID, str], list[Bells]]:
    """The bell schedules of each campus and stage, in order of validity."""
    statement = (
        select(BellSchedule, BellPeriod)
        .join(BellPeriod, col(BellPeriod.schedule_id) == col(BellSchedule.id))
        .where(col(BellSchedule.campus_id).in_(campus_ids))
        .order_by(col(BellSchedule.valid), col(BellSchedule.id), col(BellPeriod.number))
    )
    periods: dict[UUID, list[PeriodTimes]] = defaultdict(list)
    schedules: dict[UUID, BellSchedule] = {}
    for schedule, period in (await db.exec(statement)).all():
        schedules[schedule.id] = schedule
        periods[schedule.id].append(
            PeriodTimes(period.number, period.starts, period.ends, period.name)
        )
    answer: dict[tuple[UUID, str], list[Bells]] = defaultdict(list)
    for id_, schedule in schedules.items():
        answer[schedule.campus_id, schedule.stage].append(
            Bells(
                id_,
                schedule.name,
                schedule.valid.lower,
                schedule.valid.upper,
                tuple(periods[id_]),
            )
        )
    return answer


async def campuses_by_code(db: AsyncSession, *, codes: Collection[str]) -> dict[str, UUID]:
    """The campuses with these codes."""
    statement = select(col(Campus.code), col(Campus.id)).where(col(Campus.code).in_(codes))
    return dict((await db.exec(statement)).all())


async def groups_by_name(db: AsyncSession, *, names: Collection[str]) -> dict[str, UUID]:
    """The groups with these names."""
    statement = select(col(Group.name), col(Group.id)).where(col(Group.name).in_(names))
    return dict((await db.exec(statement)).all())


# For people


async def year_by_id(db: AsyncSession, *, school_year_id: UUID) -> SchoolYear:
    """A school year.

    Raises
    ------
    SchoolYearNotFound
        There is none.
    """
    statement = select(SchoolYear).where(col(SchoolYear.id) == school_year_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SchoolYearNotFound
    return found


async def schedules_of(
    db: AsyncSession, *, campus_id: UUID, on: date | None
) -> list[tuple[BellSchedule, list[BellPeriod]]]:
    """The bell schedules of a campus with their periods, of one day or all."""
    statement = select(BellSchedule).where(col(BellSchedule.campus_id) == campus_id)
    if on is not None:
        statement = statement.where(col(BellSchedule.valid).contains(on))
    rows = (
        await db.exec(statement.order_by(col(BellSchedule.stage), col(BellSchedule.valid)))
    ).all()
    periods = await periods_of(db, schedules=[row.id for row in rows])
    return [(row, periods[row.id]) for row in rows]


async def periods_of(
    db: AsyncSession, *, schedules: Collection[UUID]
) -> dict[UUID, list[BellPeriod]]:
    """The periods of schedules, in order."""
    statement = (
        select(BellPeriod)
        .where(col(BellPeriod.schedule_id).in_(schedules))
        .order_by(col(BellPeriod.number))
    )
    by_schedule: dict[UUID, list[BellPeriod]] = defaultdict(list)
    for period in (await db.exec(statement)).all():
        by_schedule[period.schedule_id].append(period)
    return by_schedule


async def visible_campus(
    db: AsyncSession, *, caller: Caller, campus_id: UUID, permission: Permission
) -> Campus:
    """A campus of a school that a permission reaches.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Campus).where(
        col(Campus.id) == campus_id,
        col(Campus.school_id).in_(visible_schools(caller, permission)),
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    return found


async def district_days(db: AsyncSession, *, district_id: UUID, year: int) -> list[CalendarDay]:
    """What the district decided about the dates of a year."""
    statement = select(CalendarDay).where(
        col(CalendarDay.scope_id) == district_id,
        col(CalendarDay.on_date) >= date(year, 1, 1),
        col(CalendarDay.on_date) <= date(year, 12, 31),
    )
    return list((await db.exec(statement)).all())


def visible_days(
    caller: Caller, *, from_: date | None, until: date | None
) -> SelectOfScalar[CalendarDay]:
    """The dates that differ, of the district and of the groups and schools in sight."""
    statement = select(CalendarDay).where(
        or_(
            col(CalendarDay.scope) == DayScope.DISTRICT,
            col(CalendarDay.scope_id).in_(visible_groups(caller, Permission.CALENDAR_READ)),
            col(CalendarDay.scope_id).in_(visible_schools(caller, Permission.CALENDAR_READ)),
        )
    )
    if from_ is not None:
        statement = statement.where(col(CalendarDay.on_date) >= from_)
    if until is not None:
        statement = statement.where(col(CalendarDay.on_date) < until)
    return statement
