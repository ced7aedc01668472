"""Changing the calendar: years, terms, bells, single dates, the national notice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import chinese_calendar
from sqlalchemy import delete
from sqlmodel import col, select

from service.calendar import queries, rules, watchers
from service.calendar.problems import (
    BellScheduleNotFound,
    BellsUnfit,
    CalendarDayNotFound,
    NationalCalendarUnknown,
    TermNotFound,
    TermUnfit,
)
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    DiffKind,
    NationalDay,
    NoticeDiff,
    Override,
    Parity,
    TermSpan,
)
from service.calendar.schemas import (
    BellScheduleIn,
    BellSchedulePut,
    CalendarDayIn,
    PeriodIn,
    SchoolYearIn,
    TermIn,
)
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
    Term,
)
from service.calendar.watchers import Touched
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.journal import record
from service.kit.problems import Forbidden
from service.network.access import (
    governed_groups,
    reaches_district,
    visible_groups,
    visible_schools,
)
from service.network.problems import CampusNotFound, GroupNotFound, SchoolNotFound
from service.network.tables import Group, Membership, School

WRITE = Permission.CALENDAR_WRITE
READ = Permission.CALENDAR_READ


def _check_district(caller: Caller) -> None:
    if not reaches_district(caller, WRITE):
        raise Forbidden


# Years and terms


async def open_year(db: AsyncSession, *, caller: Caller, new: SchoolYearIn) -> SchoolYear:
    """Open a school year.

    Raises
    ------
    Forbidden
        The caller's permission does not reach the whole district.
    """
    _check_district(caller)
    year = SchoolYear(district_id=caller.district_id, label=new.label, valid=new.valid)
    db.add(year)
    await db.flush()
    await record(db, "school_year.opened", year, by=caller)
    return year


async def open_term(db: AsyncSession, *, caller: Caller, new: TermIn) -> Term:
    """Open a term.

    Raises
    ------
    Forbidden
        The caller's permission does not reach the whole district.
    TermUnfit
        Its days do not fit together.
    """
    _check_district(caller)
    await queries.year_by_id(db, school_year_id=new.school_year_id)
    _check_term(new.number, new.starts, new.until, new.week_one)
    term = Term(
        district_id=caller.district_id,
        school_year_id=new.school_year_id,
        number=new.number,
        days=days(new.starts, new.until),
        week_one=new.week_one,
    )
    db.add(term)
    await db.flush()
    await record(db, "term.opened", term, by=caller)
    return term


def _check_term(number: int, starts: date, until: date, week_one: date) -> None:
    faults = rules.term_faults(TermSpan(number, starts, until, week_one))
    if faults:
        raise TermUnfit(faults)


async def change_term(
    db: AsyncSession,
    *,
    caller: Caller,
    term_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> Term:
    """Give a term other days.

    Raises
    ------
    TermNotFound, Forbidden, PreconditionFailed, TermUnfit
        It is not there, not the caller's to change, changed meanwhile, or would not fit.
    LessonsAreLaid
        Lessons stand in the old or the new days.
    """
    _check_district(caller)
    term = await lock(db, Term, term_id)
    if term is None:
        raise TermNotFound
    expected.check(term.version)
    former = term.days
    starts: date = changes.get("starts") or former.lower or term.week_one
    until: date = changes.get("until") or former.upper or starts
    week_one: date = changes.get("week_one") or term.week_one
    _check_term(term.number, starts, until, week_one)
    before = change_fields(term, {"days": days(starts, until), "week_one": week_one})
    if before:
        bounds = [day for day in (former.lower, former.upper, starts, until) if day]
        await watchers.ask(db, Touched(days(min(bounds), max(bounds))))
        await db.flush()
        await record(db, "term.changed", term, by=caller, before=before)
    return term


# Bells


async def ring(
    db: AsyncSession, *, caller: Caller, new: BellScheduleIn
) -> tuple[BellSchedule, Sequence[BellPeriod]]:
    """Give a campus bells for a stage and a time.

    Raises
    ------
    CampusNotFound, Forbidden
        The campus is out of sight, or not the caller's to change.
    BellsUnfit
        The periods do not fit together.
    """
    await queries.visible_campus(db, caller=caller, campus_id=new.campus_id, permission=READ)
    await _check_campus(db, caller=caller, campus_id=new.campus_id)
    _check_periods(new.periods)
    schedule = BellSchedule(
        district_id=caller.district_id,
        campus_id=new.campus_id,
        stage=new.stage,
        name=new.name,
        valid=new.valid,
    )
    db.add(schedule)
    await db.flush()
    periods = await _write_periods(db, schedule, new.periods)
    await record(db, "bell_schedule.set", schedule, by=caller, reach=[schedule.campus_id])
    return schedule, periods


async def _check_campus(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> None:
    try:
        await queries.visible_campus(db, caller=caller, campus_id=campus_id, permission=WRITE)
    except CampusNotFound:
        raise Forbidden from None


def _check_periods(periods: Sequence[PeriodIn]) -> None:
    faults = rules.bell_faults([period.times for period in periods])
    if faults:
        raise BellsUnfit(faults)


async def _write_periods(
    db: AsyncSession, schedule: BellSchedule, periods: Sequence[PeriodIn]
) -> Sequence[BellPeriod]:
    rows = [
        BellPeriod(
            district_id=schedule.district_id,
            schedule_id=schedule.id,
            number=period.number,
            name=period.name,
            starts=period.starts,
            ends=period.ends,
        )
        for period in sorted(periods, key=lambda one: one.number)
    ]
    db.add_all(rows)
    await db.flush()
    return rows


async def ring_anew(
    db: AsyncSession,
    *,
    caller: Caller,
    schedule_id: UUID,
    expected: Precondition,
    new: BellSchedulePut,
) -> tuple[BellSchedule, Sequence[BellPeriod]]:
    """Replace a schedule's periods, name and validity as a whole.

    Raises
    ------
    BellScheduleNotFound, Forbidden, PreconditionFailed, BellsUnfit
        It is out of sight, not the caller's, changed meanwhile, or would not fit.
    LessonsAreLaid
        Lessons were laid by these bells.
    """
    schedule = await lock(db, BellSchedule, schedule_id)
    if schedule is None:
        raise BellScheduleNotFound
    try:
        await queries.visible_campus(
            db, caller=caller, campus_id=schedule.campus_id, permission=READ
        )
    except CampusNotFound:
        raise BellScheduleNotFound from None
    await _check_campus(db, caller=caller, campus_id=schedule.campus_id)
    expected.check(schedule.version)
    _check_periods(new.periods)
    present = (await queries.periods_of(db, schedules=[schedule_id]))[schedule_id]
    rung = [(one.number, one.starts, one.ends, one.name) for one in present]
    wanted = sorted((one.number, one.starts, one.ends, one.name) for one in new.periods)
    former = schedule.valid
    before = change_fields(schedule, {"name": new.name, "valid": new.valid})
    if not before and rung == wanted:
        return schedule, present
    if rung != wanted or "valid" in before:
        await _ask_about_bells(db, schedule, former.lower, former.upper)
        await _ask_about_bells(db, schedule, new.valid_from, new.valid_until)
    if rung != wanted:
        schedule.version += 0 if before else 1
        await db.flush()
        await db.exec(delete(BellPeriod).where(col(BellPeriod.schedule_id) == schedule_id))
        present = list(await _write_periods(db, schedule, new.periods))
    await db.flush()
    await record(
        db, "bell_schedule.changed", schedule, by=caller, reach=[schedule.campus_id], before=before
    )
    return schedule, present


async def _ask_about_bells(
    db: AsyncSession, schedule: BellSchedule, from_: date | None, until: date | None
) -> None:
    await watchers.ask(
        db,
        Touched(days(from_, until), campus_ids=[schedule.campus_id], stage=schedule.stage),
    )


# Single dates


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a decision concerns, and which date."""

    scope: DayScope
    scope_id: UUID
    on_date: date


async def _own_scope(
    db: AsyncSession, *, caller: Caller, scope: DayScope, scope_id: UUID
) -> list[UUID] | None:
    """The schools a date of this scope concerns; ``None`` is all of the district."""
    if scope is DayScope.DISTRICT:
        if scope_id != caller.district_id:
            raise CalendarDayNotFound
        _check_district(caller)
        return None
    if scope is DayScope.GROUP:
        return await _own_group(db, caller, scope_id)
    seen = select(School.id).where(
        col(School.id) == scope_id, col(School.id).in_(visible_schools(caller, READ))
    )
    if (await db.exec(seen)).one_or_none() is None:
        raise SchoolNotFound
    own = seen.where(col(School.id).in_(visible_schools(caller, WRITE)))
    if (await db.exec(own)).one_or_none() is None:
        raise Forbidden
    return [scope_id]


async def _own_group(db: AsyncSession, caller: Caller, group_id: UUID) -> list[UUID]:
    seen = select(Group.id).where(
        col(Group.id) == group_id, col(Group.id).in_(visible_groups(caller, READ))
    )
    if (await db.exec(seen)).one_or_none() is None:
        raise GroupNotFound
    own = seen.where(col(Group.id).in_(governed_groups(caller, WRITE)))
    if (await db.exec(own)).one_or_none() is None:
        raise Forbidden
    members = select(Membership.school_id).where(col(Membership.group_id) == group_id)
    return list((await db.exec(members)).all())


async def decide_day(
    db: AsyncSession, *, caller: Caller, place: Place, wanted: CalendarDayIn
) -> CalendarDay:
    """Decide a date for the district, a group or a school; the narrower scope wins.

    Raises
    ------
    SchoolNotFound, GroupNotFound, CalendarDayNotFound, Forbidden
        The scope is out of sight, or not the caller's to decide for.
    LessonsAreLaid
        Lessons stand on the date.
    """
    scope_id, on_date = place.scope_id, place.on_date
    concerned = await _own_scope(db, caller=caller, scope=place.scope, scope_id=scope_id)
    present = await _day(db, scope_id=scope_id, on_date=on_date)
    values: dict[str, Any] = {
        "kind": wanted.kind.value,
        "follows_weekday": wanted.follows_weekday,
        "follows_parity": wanted.follows_parity.value if wanted.follows_parity else None,
        "reason": wanted.reason,
        "source": DaySource.MANUAL.value,
    }
    if present is None:
        await _ask_about_date(db, on_date, concerned)
        day = CalendarDay(
            district_id=caller.district_id,
            scope=place.scope.value,
            scope_id=scope_id,
            on_date=on_date,
            **values,
        )
        db.add(day)
        await db.flush()
        await record(db, "calendar_day.decided", day, by=caller, reach=[scope_id])
        return day
    before = change_fields(present, values)
    if before:
        if before.keys() - {"reason", "source"}:
            await _ask_about_date(db, on_date, concerned)
        await record(
            db, "calendar_day.decided", present, by=caller, reach=[scope_id], before=before
        )
    return present


async def _day(db: AsyncSession, *, scope_id: UUID, on_date: date) -> CalendarDay | None:
    statement = (
        select(CalendarDay)
        .where(col(CalendarDay.scope_id) == scope_id, col(CalendarDay.on_date) == on_date)
        .with_for_update()
    )
    return (await db.exec(statement)).one_or_none()


async def _ask_about_date(db: AsyncSession, on_date: date, schools: list[UUID] | None) -> None:
    await watchers.ask(db, Touched(days(on_date, on_date + timedelta(days=1)), school_ids=schools))


async def undo_day(
    db: AsyncSession, *, caller: Caller, place: Place, expected: Precondition
) -> None:
    """Take a decision back; the wider scope, or the weekday itself, counts again.

    Raises
    ------
    SchoolNotFound, GroupNotFound, CalendarDayNotFound, Forbidden, PreconditionFailed
        It is out of sight, not decided, not the caller's, or changed meanwhile.
    LessonsAreLaid
        Lessons stand on the date.
    """
    scope_id, on_date = place.scope_id, place.on_date
    concerned = await _own_scope(db, caller=caller, scope=place.scope, scope_id=scope_id)
    present = await _day(db, scope_id=scope_id, on_date=on_date)
    if present is None:
        raise CalendarDayNotFound
    expected.check(present.version)
    await _ask_about_date(db, on_date, concerned)
    present.version += 1
    await record(db, "calendar_day.undone", present, by=caller, reach=[scope_id], gone=True)
    await db.delete(present)


# The national notice


def national_days(year: int) -> list[NationalDay]:
    """The dates of a year that the State Council's notice takes out of their weekday.

    Raises
    ------
    NationalCalendarUnknown
        The notice of that year is not known to this installation.
    """
    first = date(year, 1, 1)
    try:
        facts = [
            (day, *chinese_calendar.get_holiday_detail(day))
            for day in (
                first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)
            )
        ]
    except NotImplementedError:
        raise NationalCalendarUnknown from None
    found: list[NationalDay] = []
    for day, is_off, name in facts:
        weekend = day.isoweekday() >= rules.SATURDAY
        if is_off and name is not None:
            words = chinese_calendar.Holiday(name).chinese
            found.append(NationalDay(day, DayKind.OFF, words))
        elif not is_off and weekend:
            words = chinese_calendar.Holiday(name).chinese + "调休" if name else "调休"
            found.append(NationalDay(day, DayKind.TEACH, words))
    return found


async def compare_year(db: AsyncSession, *, caller: Caller, year: int) -> list[NoticeDiff]:
    """What taking over the national notice of a year would do; nothing is written.

    Raises
    ------
    NationalCalendarUnknown
        The notice of that year is not known to this installation.
    """
    wanted = national_days(year)
    rows = await queries.district_days(db, district_id=caller.district_id, year=year)
    present = {
        row.on_date: Override(
            DayScope.DISTRICT,
            0,
            row.on_date,
            DayKind(row.kind),
            row.follows_weekday,
            Parity(row.follows_parity) if row.follows_parity else None,
            row.reason,
            DaySource(row.source),
        )
        for row in rows
    }
    return rules.compare_notice(wanted, present=present)


async def take_over_year(db: AsyncSession, *, caller: Caller, year: int) -> list[NoticeDiff]:
    """Take the national notice over; what people decided themselves is kept.

    Raises
    ------
    NationalCalendarUnknown, Forbidden
        The notice is unknown, or the caller's permission does not reach the whole district.
    LessonsAreLaid
        Lessons stand on a date that would change.
    """
    _check_district(caller)
    diffs = await compare_year(db, caller=caller, year=year)
    for diff in diffs:
        await _take_over(db, diff, caller=caller)
    if year not in await queries.announced_years(db):
        notice = CalendarNotice(district_id=caller.district_id, year=year)
        db.add(notice)
        await db.flush()
        await record(db, "calendar_notice.taken_over", notice, by=caller)
    return diffs


async def _take_over(db: AsyncSession, diff: NoticeDiff, *, caller: Caller) -> None:
    if diff.what in {DiffKind.KEPT, DiffKind.SAME}:
        return
    await _ask_about_date(db, diff.on_date, None)
    present = await _day(db, scope_id=caller.district_id, on_date=diff.on_date)
    if diff.wanted is None:
        if present is not None:
            present.version += 1
            await record(db, "calendar_day.undone", present, by=caller, gone=True)
            await db.delete(present)
        return
    values: dict[str, Any] = {"kind": diff.wanted.kind.value, "reason": diff.wanted.reason}
    if present is None:
        present = CalendarDay(
            district_id=caller.district_id,
            scope=DayScope.DISTRICT.value,
            scope_id=caller.district_id,
            on_date=diff.on_date,
            source=DaySource.NATIONAL.value,
            **values,
        )
        db.add(present)
        await db.flush()
        await record(db, "calendar_day.decided", present, by=caller)
    elif before := change_fields(present, values):
        await record(db, "calendar_day.decided", present, by=caller, before=before)
