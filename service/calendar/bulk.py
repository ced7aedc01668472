"""Rows of a district's workbook: terms, bells and the days that differ, by business codes."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from service.calendar.queries import campuses_by_code, groups_by_name
from service.calendar.rules import DayKind, DayScope, DaySource, PeriodTimes, announced_by
from service.calendar.schemas import BellRow, DayRow, TermRow
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
    Term,
)
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, change_fields, days
from service.kit.journal import record_many
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network.bulk import schools_by_code

_FIRST_MONTH = 9


async def upsert_terms(db: AsyncSession, rows: Sequence[TermRow], *, by: Caller) -> Outcome:
    """Bring in terms by school year and number; a year that is missing is opened."""
    years = await _years(db, labels=sorted({row.school_year for row in rows}), by=by)
    known = {
        (term.school_year_id, term.number): term for term in (await db.exec(select(Term))).all()
    }
    created: list[Term] = []
    changed: list[Term] = []
    for row in rows:
        year_id = years[row.school_year]
        term = known.get((year_id, row.number))
        values: dict[str, Any] = {"days": row.days, "week_one": row.week_one}
        if term is None:
            created.append(
                Term(
                    district_id=by.district_id, school_year_id=year_id, number=row.number, **values
                )
            )
        elif change_fields(term, values):
            changed.append(term)
    db.add_all(created)
    await db.flush()
    await _tell(db, "term", created, changed, by=by)
    return Outcome(len(created), len(changed), len(rows) - len(created) - len(changed))


async def _years(db: AsyncSession, *, labels: Sequence[str], by: Caller) -> dict[str, UUID]:
    known = dict((await db.exec(select(col(SchoolYear.label), col(SchoolYear.id)))).all())
    created = [
        SchoolYear(
            district_id=by.district_id,
            label=label,
            valid=days(
                date(int(label[:4]), _FIRST_MONTH - 1, 1), date(int(label[5:]), _FIRST_MONTH - 1, 1)
            ),
        )
        for label in labels
        if label not in known
    ]
    db.add_all(created)
    await db.flush()
    await _tell(db, "school_year", created, [], by=by)
    return known | {year.label: year.id for year in created}


async def upsert_bells(db: AsyncSession, rows: Sequence[BellRow], *, by: Caller) -> Outcome:
    """Bring in bell schedules by campus, stage and first day; counts are schedules."""
    campuses = await campuses_by_code(db, codes={row.campus for row in rows})
    known = {
        (one.campus_id, one.stage, one.valid.lower): one
        for one in (
            await db.exec(
                select(BellSchedule).where(col(BellSchedule.campus_id).in_(campuses.values()))
            )
        ).all()
    }
    rung = await _rung(db, [one.id for one in known.values()])
    created: list[BellSchedule] = []
    changed: list[BellSchedule] = []
    periods: list[BellPeriod] = []
    renewed: list[UUID] = []
    ordered = sorted(rows, key=_schedule_key)
    for (campus, stage, first), grouped in groupby(ordered, key=_schedule_key):
        listed = sorted(grouped, key=lambda row: row.period.number)
        head = listed[0]
        schedule = known.get((campuses[campus], stage, first))
        wanted = [row.period for row in listed]
        if schedule is None:
            schedule = BellSchedule(
                district_id=by.district_id,
                campus_id=campuses[campus],
                stage=stage,
                name=head.name,
                valid=head.valid,
            )
            created.append(schedule)
        else:
            before = change_fields(schedule, {"name": head.name, "valid": head.valid})
            if rung[schedule.id] != wanted:
                renewed.append(schedule.id)
                schedule.version += 0 if before else 1
            elif not before:
                continue
            changed.append(schedule)
            if schedule.id not in renewed:
                continue
        periods += [
            BellPeriod(
                district_id=by.district_id,
                schedule_id=schedule.id,
                number=one.number,
                name=one.name,
                starts=one.starts,
                ends=one.ends,
            )
            for one in wanted
        ]
    # Those that end make room for those that begin.
    await db.flush()
    await db.exec(delete(BellPeriod).where(col(BellPeriod.schedule_id).in_(renewed)))
    db.add_all(created)
    await db.flush()
    db.add_all(periods)
    await db.flush()
    await _tell(db, "bell_schedule", created, changed, by=by)
    total = len({_schedule_key(row) for row in rows})
    return Outcome(len(created), len(changed), total - len(created) - len(changed))


def _schedule_key(row: BellRow) -> tuple[str, str, date | None]:
    return row.campus, row.stage, row.valid.lower


async def _rung(db: AsyncSession, schedules: Sequence[UUID]) -> dict[UUID, list[PeriodTimes]]:
    statement = (
        select(BellPeriod)
        .where(col(BellPeriod.schedule_id).in_(schedules))
        .order_by(col(BellPeriod.number))
    )
    rung: dict[UUID, list[PeriodTimes]] = defaultdict(list)
    for one in (await db.exec(statement)).all():
        rung[one.schedule_id].append(PeriodTimes(one.number, one.starts, one.ends, one.name))
    return rung


async def upsert_calendar_days(db: AsyncSession, rows: Sequence[DayRow], *, by: Caller) -> Outcome:
    """Bring in the dates that differ, by scope and date.

    A year with most of its days off listed district-wide counts as announced.
    """
    groups = await groups_by_name(db, names={row.unit for row in rows if row.unit})
    schools = await schools_by_code(db, codes={row.unit for row in rows if row.unit})
    known = {(one.scope_id, one.on_date): one for one in (await db.exec(select(CalendarDay))).all()}
    created: list[CalendarDay] = []
    changed: list[CalendarDay] = []
    for row in rows:
        scope_id = _scope_id(row, groups=groups, schools=schools, district_id=by.district_id)
        values: dict[str, Any] = {
            "kind": row.kind.value,
            "follows_weekday": row.follows_weekday,
            "follows_parity": row.follows_parity.value if row.follows_parity else None,
            "reason": row.reason,
        }
        present = known.get((scope_id, row.on_date))
        if present is None:
            created.append(
                CalendarDay(
                    district_id=by.district_id,
                    scope=row.scope.value,
                    scope_id=scope_id,
                    on_date=row.on_date,
                    source=DaySource.IMPORT.value,
                    **values,
                )
            )
        elif change_fields(present, values):
            changed.append(present)
    db.add_all(created)
    await db.flush()
    await _tell(db, "calendar_day", created, changed, by=by)
    await _announce(db, rows, by=by)
    return Outcome(len(created), len(changed), len(rows) - len(created) - len(changed))


def _scope_id(
    row: DayRow, *, groups: dict[str, UUID], schools: dict[str, UUID], district_id: UUID
) -> UUID:
    if row.scope is DayScope.DISTRICT:
        return district_id
    units = groups if row.scope is DayScope.GROUP else schools
    found = units.get(row.unit or "")
    if found is None:
        words = Text(f"不存在:{row.unit}", f"does not exist: {row.unit}")
        raise RelatedNotFound(errors=[FieldError("/unit", "not-found", words)])
    return found


async def _announce(db: AsyncSession, rows: Sequence[DayRow], *, by: Caller) -> None:
    off = [
        row.on_date for row in rows if row.scope is DayScope.DISTRICT and row.kind is DayKind.OFF
    ]
    known = set((await db.exec(select(col(CalendarNotice.year)))).all())
    notices = [
        CalendarNotice(district_id=by.district_id, year=year)
        for year in sorted(announced_by(off) - known)
    ]
    db.add_all(notices)
    await db.flush()
    await _tell(db, "calendar_notice", notices, [], by=by)


async def _tell(
    db: AsyncSession,
    noun: str,
    created: Sequence[SchoolYear | Term | BellSchedule | CalendarDay | CalendarNotice],
    changed: Sequence[SchoolYear | Term | BellSchedule | CalendarDay | CalendarNotice],
    *,
    by: Caller,
) -> None:
    for event, rows in (("imported", created), ("changed", changed)):
        if rows:
            await record_many(
                db,
                f"{noun}.{event}",
                by=by,
                collection=rows[0].__collection__,
                resources=[(row.id, row.version) for row in rows],
            )
