"""Rows of a district's workbook: terms, bells and the days that differ, by business codes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.dialects.postgresql import Range
from sqlmodel import col, select

from service.calendar.problems import TermUnfit
from service.calendar.queries import bounds_of, campuses_by_code, groups_by_name, rung_by
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    PeriodTimes,
    TermSpan,
    announced_by,
    term_faults,
)
from service.calendar.schemas import BellRow, DayRow, TermRow
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
    Term,
)
from service.calendar.watchers import watching_bells, watching_days
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, change_fields, days
from service.kit.ids import new_id
from service.kit.journal import record_many
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network.bulk import schools_by_code

_YEAR_TURNS = 8
"""School years that a workbook opens begin with August, so that a term may begin in it."""


async def upsert_terms(db: AsyncSession, rows: Sequence[TermRow], *, by: Caller) -> Outcome:
    """Bring in terms by school year and number; a year that is missing is opened.

    Raises
    ------
    TermUnfit
        The days of a row do not fit together.
    LessonsAreLaid
        Lessons stand on dates that would be taught otherwise, or no more.
    """
    if not rows:
        return Outcome()
    years = await _years(db, labels=sorted({row.school_year for row in rows}), by=by)
    for place, row in enumerate(rows):
        _check(place, row, years[row.school_year])
    known = {
        (term.school_year_id, term.number): term for term in (await db.exec(select(Term))).all()
    }
    created: list[Term] = []
    changed: list[Term] = []
    spans = [
        bounds_of(one)
        for one in (*(row.days for row in rows), *(term.days for term in known.values()))
    ]
    from_, until = min(spans)[0], max(after for _, after in spans)
    async with watching_days(db, by=by, from_=from_, until=until):
        for row in rows:
            year_id = years[row.school_year].id
            term = known.get((year_id, row.number))
            values: dict[str, Any] = {"days": row.days, "week_one": row.week_one}
            if term is None:
                new = {"school_year_id": year_id, "number": row.number, **values}
                created.append(Term(district_id=by.district_id, **new))
            elif change_fields(term, values):
                changed.append(term)
        # Those that end earlier make room for those that begin.
        await db.flush()
        db.add_all(created)
        await db.flush()
    await _tell(db, "term", created, changed, by=by)
    return Outcome(len(created), len(changed), len(rows) - len(created) - len(changed))


def _check(place: int, row: TermRow, year: SchoolYear) -> None:
    term = TermSpan(row.number, *bounds_of(row.days), row.week_one)
    faults = term_faults(term, year=bounds_of(year.valid))
    if faults:
        raise TermUnfit(faults, at=f"/{place}")


async def _years(db: AsyncSession, *, labels: Sequence[str], by: Caller) -> dict[str, SchoolYear]:
    known = {year.label: year for year in (await db.exec(select(SchoolYear))).all()}
    created = [
        SchoolYear(
            district_id=by.district_id,
            label=label,
            valid=days(date(int(label[:4]), _YEAR_TURNS, 1), date(int(label[5:]), _YEAR_TURNS, 1)),
        )
        for label in labels
        if label not in known
    ]
    db.add_all(created)
    await db.flush()
    await _tell(db, "school_year", created, [], by=by)
    return known | {year.label: year for year in created}


async def upsert_bells(db: AsyncSession, rows: Sequence[BellRow], *, by: Caller) -> Outcome:
    """Bring in bell schedules by campus, stage and first day; counts are schedules.

    Raises
    ------
    LessonsAreLaid
        Lessons were laid by bells that would ring otherwise.
    """
    campuses = await campuses_by_code(db, codes={row.campus for row in rows})
    wanted = _wanted(rows, campuses)
    async with watching_bells(db, by=by, campus_ids=set(campuses.values())):
        created, changed = await _write_bells(db, wanted, by=by)
    await _tell(db, "bell_schedule", created, changed, by=by)
    return Outcome(len(created), len(changed), len(wanted) - len(created) - len(changed))


_Key = tuple[UUID, str, date | None]


@dataclass(frozen=True, slots=True)
class _Bells:
    """A schedule as the rows want it."""

    name: str
    valid: Range[date]
    periods: list[PeriodTimes]


def _wanted(rows: Sequence[BellRow], campuses: Mapping[str, UUID]) -> dict[_Key, _Bells]:
    wanted: dict[_Key, _Bells] = {}
    for place, row in enumerate(rows):
        campus_id = campuses.get(row.campus)
        if campus_id is None:
            raise _unknown(place, "campus", row.campus)
        key = (campus_id, row.stage, row.valid.lower)
        wanted.setdefault(key, _Bells(row.name, row.valid, [])).periods.append(row.period)
    for bells in wanted.values():
        bells.periods.sort(key=lambda period: period.number)
    return wanted


async def _write_bells(
    db: AsyncSession, wanted: Mapping[_Key, _Bells], *, by: Caller
) -> tuple[list[BellSchedule], list[BellSchedule]]:
    """The schedules that are new, and those that changed."""
    known = await _schedules(db, {campus_id for campus_id, *_ in wanted})
    rung = await rung_by(db, schedules=[one.id for one in known.values()])
    created: list[BellSchedule] = []
    changed: list[BellSchedule] = []
    anew: list[tuple[UUID, list[PeriodTimes]]] = []
    for key, bells in wanted.items():
        values: dict[str, Any] = {"name": bells.name, "valid": bells.valid}
        schedule = known.get(key)
        if schedule is None:
            new = {"campus_id": key[0], "stage": key[1], **values}
            schedule = BellSchedule(district_id=by.district_id, **new)
            created.append(schedule)
            anew.append((schedule.id, bells.periods))
            continue
        before = change_fields(schedule, values)
        if rung[schedule.id] != bells.periods:
            schedule.version += 0 if before else 1
            anew.append((schedule.id, bells.periods))
        elif not before:
            continue
        changed.append(schedule)
    # Those that end make room for those that begin.
    await db.flush()
    await db.exec(
        delete(BellPeriod).where(col(BellPeriod.schedule_id).in_([id_ for id_, _ in anew]))
    )
    db.add_all(created)
    await db.flush()
    if anew:
        await (await db.connection()).execute(insert(BellPeriod), _periods(anew, by=by))
    return created, changed


async def _schedules(db: AsyncSession, campuses: Collection[UUID]) -> dict[_Key, BellSchedule]:
    statement = select(BellSchedule).where(col(BellSchedule.campus_id).in_(campuses))
    return {
        (one.campus_id, one.stage, one.valid.lower): one for one in (await db.exec(statement)).all()
    }


def _periods(
    schedules: Iterable[tuple[UUID, Iterable[PeriodTimes]]], *, by: Caller
) -> list[dict[str, Any]]:
    return [
        {
            "district_id": by.district_id,
            "id": new_id(),
            "schedule_id": schedule_id,
            "number": one.number,
            "name": one.name,
            "starts": one.starts,
            "ends": one.ends,
        }
        for schedule_id, periods in schedules
        for one in periods
    ]


async def upsert_calendar_days(db: AsyncSession, rows: Sequence[DayRow], *, by: Caller) -> Outcome:
    """Bring in the dates that differ, by scope and date.

    A year with most of its days off listed district-wide counts as announced.

    Raises
    ------
    RelatedNotFound
        A row names a group or school that does not exist.
    LessonsAreLaid
        Lessons stand on dates that would be taught otherwise, or no more.
    """
    scopes = await _scopes(db, rows, by=by)
    dates = [row.on_date for row in rows]
    if not dates:
        return Outcome()
    known = {
        (one.scope_id, one.on_date): one
        for one in (
            await db.exec(select(CalendarDay).where(col(CalendarDay.on_date).in_(dates)))
        ).all()
    }
    created: list[CalendarDay] = []
    changed: list[CalendarDay] = []
    async with watching_days(db, by=by, from_=min(dates), until=max(dates) + timedelta(days=1)):
        for scope_id, row in zip(scopes, rows, strict=True):
            values: dict[str, Any] = {
                "kind": row.kind.value,
                "follows_weekday": row.follows_weekday,
                "follows_parity": row.follows_parity.value if row.follows_parity else None,
                "reason": row.reason,
            }
            present = known.get((scope_id, row.on_date))
            if present is None:
                new = {"scope": row.scope.value, "scope_id": scope_id, "on_date": row.on_date}
                values |= {**new, "source": DaySource.IMPORT.value}
                created.append(CalendarDay(district_id=by.district_id, **values))
            elif change_fields(present, values):
                # What the file decides is not the notice's any more.
                present.source = DaySource.IMPORT.value
                changed.append(present)
        db.add_all(created)
        await db.flush()
    await _tell(db, "calendar_day", created, changed, by=by)
    await _announce(db, rows, by=by)
    return Outcome(len(created), len(changed), len(rows) - len(created) - len(changed))


async def _scopes(db: AsyncSession, rows: Sequence[DayRow], *, by: Caller) -> list[UUID]:
    """The district, group or school that each row is about."""
    units = {row.unit for row in rows if row.unit is not None}
    groups = await groups_by_name(db, names=units)
    schools = await schools_by_code(db, codes=units)
    found: list[UUID] = []
    for place, row in enumerate(rows):
        if row.scope is DayScope.DISTRICT:
            found.append(by.district_id)
            continue
        scope_id = (groups if row.scope is DayScope.GROUP else schools).get(row.unit or "")
        if scope_id is None:
            raise _unknown(place, "unit", row.unit or "")
        found.append(scope_id)
    return found


def _unknown(place: int, column: str, code: str) -> RelatedNotFound:
    words = Text(f"不存在:{code}", f"does not exist: {code}")
    return RelatedNotFound(errors=[FieldError(f"/{place}/{column}", "not-found", words)])


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
