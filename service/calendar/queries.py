"""Reading calendars and bells, for one campus or for a whole district at once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, or_, text
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.calendar import rules
from service.calendar.problems import (
    BellScheduleNotFound,
    CalendarDayNotFound,
    SchoolYearNotFound,
    TermNotFound,
)
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    FreeDay,
    Override,
    PeriodTimes,
    TeachingDay,
    TermSpan,
    WeekParity,
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
from service.kit.problems import Forbidden, NotFound
from service.network.access import (
    governed_groups,
    reaches_district,
    visible_groups,
    visible_schools,
)
from service.network.problems import CampusNotFound, GroupNotFound, SchoolNotFound
from service.network.tables import Campus, Group, School

READ = Permission.CALENDAR_READ
WRITE = Permission.CALENDAR_WRITE


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
    return [span_of(row) for row in rows]


def span_of(row: Term) -> TermSpan:
    """A term as the rules see it."""
    return TermSpan(row.number, *bounds_of(row.days), row.week_one)


def bounds_of(days: Range[date]) -> tuple[date, date]:
    """The first day, and the one after the last; a range without end lasts to the end of time."""
    return days.lower or date.min, days.upper or date.max


# Asked in one: a phone does so for every week that is not remembered.
_TERMS = text("""SELECT t.number, t.days, t.week_one,
  (SELECT array_agg(year) FROM calendar_notice) AS announced
FROM (SELECT 1) AS always LEFT JOIN term t ON true
ORDER BY t.days""").columns(days=DATERANGE())


async def _announced_terms(db: AsyncSession) -> tuple[list[TermSpan], frozenset[int]]:
    """All terms in order, and the years whose national notice has been taken over."""
    found = (await (await db.connection()).execute(_TERMS)).all()
    known = [
        TermSpan(row.number, *bounds_of(row.days), row.week_one)
        for row in found
        if row.number is not None
    ]
    return known, frozenset(found[0].announced or ())


# A school's own day ranks highest, then its lead or close group, then its alliances by age, then
# the district; ids break the last ties, so that every process decides alike. A group that is still
# a draft decides nothing.
_OVERRIDES = text("""SELECT c.id AS campus_id, d.scope, d.on_date, d.kind, d.follows_weekday,
  d.follows_parity, d.reason, d.source,
  CASE d.scope WHEN 'school' THEN 0 WHEN 'group' THEN
    CASE WHEN m.tier IN ('lead', 'close') THEN 1 ELSE 2 END ELSE 3 END AS distance,
  lower(m.valid) AS since, d.scope_id
FROM campus c
JOIN calendar_day d ON d.on_date <@ :range
LEFT JOIN (membership m JOIN school_group g ON g.id = m.group_id AND g.state <> 'draft')
  ON d.scope = 'group' AND m.group_id = d.scope_id
  AND m.school_id = c.school_id AND m.valid @> d.on_date
WHERE c.id = ANY (CAST(:campuses AS uuid[]))
  AND (d.scope = 'district' OR (d.scope = 'school' AND d.scope_id = c.school_id)
    OR m.group_id IS NOT NULL)
ORDER BY c.id, d.on_date, distance DESC, since DESC NULLS LAST, d.scope_id DESC""").bindparams(
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
                WeekParity(row.follows_parity) if row.follows_parity else None,
                row.reason,
                DaySource(row.source),
            )
        )
    return by_campus


async def explained_days_of(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, list[TeachingDay | FreeDay]]:
    """Every date of ``[from_, until)`` at each campus, taught or not, in two statements."""
    overrides = await overrides_of(db, campus_ids=campus_ids, from_=from_, until=until)
    known_terms, announced = await _announced_terms(db)
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
    winners = {one.on_date: replace(one, rank=0) for one in overrides}
    return tuple(winners.values())


async def teaching_days_of(
    db: AsyncSession, *, campus_ids: Collection[UUID], from_: date, until: date
) -> dict[UUID, list[TeachingDay]]:
    """The dates of ``[from_, until)`` with regular lessons at each campus."""
    explained = await explained_days_of(db, campus_ids=campus_ids, from_=from_, until=until)
    # Campuses decided alike share one list, as they share one calendar.
    taught = {
        id(every): [day for day in every if isinstance(day, TeachingDay)]
        for every in explained.values()
    }
    return {campus_id: taught[id(every)] for campus_id, every in explained.items()}


async def taught_days_of(
    db: AsyncSession, *, campus_ids: Collection[UUID]
) -> dict[UUID, list[TeachingDay]]:
    """All dates with regular lessons that each campus knows of, in all terms."""
    known = await terms(db)
    if not known:
        return {campus_id: [] for campus_id in campus_ids}
    return await teaching_days_of(
        db, campus_ids=campus_ids, from_=known[0].starts, until=known[-1].until
    )


async def every_campus(db: AsyncSession) -> Sequence[UUID]:
    """The campuses of the district."""
    return (await db.exec(select(Campus.id).order_by(col(Campus.id)))).all()


async def bells_of(
    db: AsyncSession, *, campus_ids: Collection[UUID]
) -> dict[tuple[UUID, str], list[Bells]]:
    """The bell schedules of each campus and stage, in order of validity."""
    statement = (
        select(BellSchedule)
        .where(col(BellSchedule.campus_id).in_(campus_ids))
        .order_by(col(BellSchedule.valid), col(BellSchedule.id))
    )
    schedules = (await db.exec(statement)).all()
    rung = await rung_by(db, schedules=[one.id for one in schedules])
    answer: dict[tuple[UUID, str], list[Bells]] = defaultdict(list)
    for one in schedules:
        answer[one.campus_id, one.stage].append(
            Bells(one.id, one.name, one.valid.lower, one.valid.upper, tuple(rung[one.id]))
        )
    return answer


async def rung_by(
    db: AsyncSession, *, schedules: Collection[UUID]
) -> dict[UUID, list[PeriodTimes]]:
    """The periods of schedules, in order; columns, because a district has thousands."""
    period = (BellPeriod.number, BellPeriod.starts, BellPeriod.ends, BellPeriod.name)
    statement = (
        columns(col(BellPeriod.schedule_id), *(col(one) for one in period))
        .where(col(BellPeriod.schedule_id).in_(schedules))
        .order_by(col(BellPeriod.schedule_id), col(BellPeriod.number))
    )
    rung: dict[UUID, list[PeriodTimes]] = defaultdict(list)
    for schedule_id, *times in await (await db.connection()).execute(statement):
        rung[schedule_id].append(PeriodTimes(*times))
    return rung


async def campuses_by_code(db: AsyncSession, *, codes: Collection[str]) -> dict[str, UUID]:
    """The campuses with these codes."""
    statement = select(col(Campus.code), col(Campus.id)).where(col(Campus.code).in_(codes))
    return dict((await db.exec(statement)).all())


async def groups_by_name(db: AsyncSession, *, names: Collection[str]) -> dict[str, UUID]:
    """The groups with these names."""
    statement = select(col(Group.name), col(Group.id)).where(col(Group.name).in_(names))
    return dict((await db.exec(statement)).all())


# For people


async def year_by_id(db: AsyncSession, *, caller: Caller, school_year_id: UUID) -> SchoolYear:
    """A school year.

    Raises
    ------
    SchoolYearNotFound
        There is none.
    """
    statement = select(SchoolYear).where(
        col(SchoolYear.district_id) == caller.district_id, col(SchoolYear.id) == school_year_id
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SchoolYearNotFound
    return found


async def terms_of(db: AsyncSession, *, school_year_id: UUID) -> Sequence[Term]:
    """The terms of a school year."""
    statement = select(Term).where(col(Term.school_year_id) == school_year_id)
    return (await db.exec(statement)).all()


async def term_by_id(db: AsyncSession, *, caller: Caller, term_id: UUID) -> Term:
    """A term.

    Raises
    ------
    TermNotFound
        There is none.
    """
    statement = select(Term).where(
        col(Term.district_id) == caller.district_id, col(Term.id) == term_id
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise TermNotFound
    return found


async def notice_of(db: AsyncSession, *, year: int) -> CalendarNotice | None:
    """The notice of a year, where the district has taken one over or declared it."""
    statement = select(CalendarNotice).where(col(CalendarNotice.year) == year)
    return (await db.exec(statement)).one_or_none()


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


def visible_schedules(caller: Caller) -> SelectOfScalar[BellSchedule]:
    """The bell schedules of campuses within reach."""
    return (
        select(BellSchedule)
        .join(Campus, col(Campus.id) == col(BellSchedule.campus_id))
        .where(col(Campus.school_id).in_(visible_schools(caller, READ)))
    )


async def visible_campus(
    db: AsyncSession, *, caller: Caller, campus_id: UUID, to_change: bool = False
) -> Campus:
    """A campus within reach.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change its bells.
    """
    statement = select(Campus).where(
        col(Campus.id) == campus_id, col(Campus.school_id).in_(visible_schools(caller, READ))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    if to_change:
        own = visible_schools(caller, WRITE).where(col(School.id) == found.school_id)
        if (await db.exec(own)).one_or_none() is None:
            raise Forbidden
    return found


async def visible_schedule(
    db: AsyncSession, *, caller: Caller, schedule_id: UUID, to_change: bool = False
) -> tuple[BellSchedule, Campus]:
    """A bell schedule of a campus within reach; locked when it is to be changed.

    Raises
    ------
    BellScheduleNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    statement = select(BellSchedule).where(col(BellSchedule.id) == schedule_id)
    if to_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise BellScheduleNotFound
    try:
        return found, await visible_campus(
            db, caller=caller, campus_id=found.campus_id, to_change=to_change
        )
    except CampusNotFound:
        raise BellScheduleNotFound from None


async def check_scope(
    db: AsyncSession, *, caller: Caller, scope: DayScope, scope_id: UUID, to_change: bool = False
) -> None:
    """Whether the caller may see, or decide, the dates of a district, group or school.

    A member school's office sees what its group decides, but only the group's own may decide it.

    Raises
    ------
    NotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not decide for it.
    """
    if scope is DayScope.DISTRICT:
        if scope_id != caller.district_id:
            raise NotFound
        if to_change and not reaches_district(caller, WRITE):
            raise Forbidden
        return
    if scope is DayScope.GROUP:
        seen = visible_groups(caller, READ).where(col(Group.id) == scope_id)
        own = governed_groups(caller, WRITE).where(col(Group.id) == scope_id)
        missing: type[NotFound] = GroupNotFound
    else:
        seen = visible_schools(caller, READ).where(col(School.id) == scope_id)
        own = visible_schools(caller, WRITE).where(col(School.id) == scope_id)
        missing = SchoolNotFound
    if (await db.exec(seen)).one_or_none() is None:
        raise missing
    if to_change and (await db.exec(own)).one_or_none() is None:
        raise Forbidden


async def day_at(
    db: AsyncSession, *, scope_id: UUID, on_date: date, to_change: bool = False
) -> CalendarDay | None:
    """What was decided about a date; locked when it is to be changed."""
    statement = select(CalendarDay).where(
        col(CalendarDay.scope_id) == scope_id, col(CalendarDay.on_date) == on_date
    )
    if to_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    return (await db.exec(statement)).one_or_none()


async def visible_day(
    db: AsyncSession, *, caller: Caller, scope: DayScope, scope_id: UUID, on_date: date
) -> CalendarDay:
    """What was decided about a date, where the caller may see it.

    Raises
    ------
    NotFound, GroupNotFound, SchoolNotFound, CalendarDayNotFound
        The scope is out of sight, or nothing was decided.
    """
    await check_scope(db, caller=caller, scope=scope, scope_id=scope_id)
    found = await day_at(db, scope_id=scope_id, on_date=on_date)
    if found is None:
        raise CalendarDayNotFound
    return found


async def district_days(
    db: AsyncSession, *, district_id: UUID, year: int
) -> dict[date, CalendarDay]:
    """What the district decided about the dates of a year."""
    statement = select(CalendarDay).where(
        col(CalendarDay.scope_id) == district_id,
        col(CalendarDay.on_date) >= date(year, 1, 1),
        col(CalendarDay.on_date) <= date(year, 12, 31),
    )
    return {row.on_date: row for row in (await db.exec(statement)).all()}


def visible_days(
    caller: Caller, *, from_: date | None, until: date | None
) -> SelectOfScalar[CalendarDay]:
    """The dates that differ, of the district and of the groups and schools in sight."""
    statement = select(CalendarDay).where(
        or_(
            col(CalendarDay.scope_id) == caller.district_id,
            col(CalendarDay.scope_id).in_(visible_groups(caller, READ)),
            col(CalendarDay.scope_id).in_(visible_schools(caller, READ)),
        )
    )
    if from_ is not None:
        statement = statement.where(col(CalendarDay.on_date) >= from_)
    if until is not None:
        statement = statement.where(col(CalendarDay.on_date) < until)
    return statement


def override_of(row: CalendarDay) -> Override:
    """A decision as the rules see it."""
    return Override(
        DayScope(row.scope),
        0,
        row.on_date,
        DayKind(row.kind),
        row.follows_weekday,
        WeekParity(row.follows_parity) if row.follows_parity else None,
        row.reason,
        DaySource(row.source),
    )
