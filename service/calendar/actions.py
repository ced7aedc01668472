"""Changing the calendar: years, terms, bells, single dates, the national notice.

Whatever would disturb laid lessons is asked about first; see ``watchers``.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import chinese_calendar
from sqlalchemy import delete
from sqlmodel import col

from service.calendar import queries, rules
from service.calendar.problems import (
    BellsUnfit,
    CalendarDayNotFound,
    CalendarNoticeNotFound,
    NationalCalendarUnknown,
    TermNotFound,
    TermUnfit,
)
from service.calendar.rules import (
    DayKind,
    DayScope,
    DaySource,
    DiffKind,
    Impact,
    NationalDay,
    NoticeDiff,
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
from service.calendar.watchers import watching_bells, watching_days
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock, tried
from service.kit.journal import record
from service.kit.problems import Forbidden, StillReferenced
from service.network.access import reaches_district

_ONE_DAY = timedelta(days=1)


def _check_district(caller: Caller) -> None:
    if not reaches_district(caller, Permission.CALENDAR_WRITE):
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


async def drop_year(
    db: AsyncSession, *, caller: Caller, school_year_id: UUID, expected: Precondition
) -> None:
    """Take a school year away that was entered by mistake; one with terms stays.

    Raises
    ------
    SchoolYearNotFound, Forbidden, PreconditionFailed, StillReferenced
        It is not there, not the caller's to change, changed meanwhile, or has terms.
    """
    _check_district(caller)
    year = await queries.year_by_id(db, caller=caller, school_year_id=school_year_id)
    expected.check(year.version)
    if await queries.terms_of(db, school_year_id=school_year_id):
        raise StillReferenced
    await _drop(db, year, event="school_year.dropped", by=caller)


async def open_term(db: AsyncSession, *, caller: Caller, new: TermIn) -> Term:
    """Open a term.

    Raises
    ------
    SchoolYearNotFound, Forbidden, TermUnfit
        There is no such year, it is not the caller's to change, or the days do not fit together.
    """
    _check_district(caller)
    year = await queries.year_by_id(db, caller=caller, school_year_id=new.school_year_id)
    _check_term(TermSpan(new.number, new.starts, new.until, new.week_one), year)
    term = Term(
        district_id=caller.district_id,
        school_year_id=new.school_year_id,
        number=new.number,
        days=days(new.starts, new.until),
        week_one=new.week_one,
    )
    async with watching_days(db, by=caller, from_=new.starts, until=new.until):
        db.add(term)
        await db.flush()
    await record(db, "term.opened", term, by=caller)
    return term


def _check_term(term: TermSpan, year: SchoolYear) -> None:
    faults = rules.term_faults(term, year=queries.bounds_of(year.valid))
    if faults:
        raise TermUnfit(faults)


async def _locked_term(
    db: AsyncSession, *, caller: Caller, term_id: UUID, expected: Precondition
) -> Term:
    _check_district(caller)
    term = await lock(db, Term, term_id)
    if term is None:
        raise TermNotFound
    expected.check(term.version)
    return term


async def change_term(
    db: AsyncSession,
    *,
    caller: Caller,
    term_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> tuple[Term, Impact]:
    """Give a term other days; and what that did to laid lessons.

    Raises
    ------
    TermNotFound, Forbidden, PreconditionFailed, TermUnfit
        It is not there, not the caller's to change, changed meanwhile, or would not fit.
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    term = await _locked_term(db, caller=caller, term_id=term_id, expected=expected)
    former = queries.span_of(term)
    new = TermSpan(
        term.number,
        changes.get("starts") or former.starts,
        changes.get("until") or former.until,
        changes.get("week_one") or former.week_one,
    )
    _check_term(
        new, await queries.year_by_id(db, caller=caller, school_year_id=term.school_year_id)
    )
    async with watching_days(
        db, by=caller, from_=min(former.starts, new.starts), until=max(former.until, new.until)
    ) as impact:
        before = change_fields(
            term, {"days": days(new.starts, new.until), "week_one": new.week_one}
        )
        await db.flush()
    if before:
        await record(db, "term.changed", term, by=caller, before=before)
    return term, impact


async def preview_term(
    db: AsyncSession,
    *,
    caller: Caller,
    term_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> Impact:
    """What other days of a term would do to laid lessons; nothing is kept.

    Raises
    ------
    Everything that ``change_term`` would raise.
    """
    async with tried(db):
        _, impact = await change_term(
            db, caller=caller, term_id=term_id, expected=expected, changes=changes
        )
    return impact


async def drop_term(
    db: AsyncSession, *, caller: Caller, term_id: UUID, expected: Precondition
) -> None:
    """Take a term away on which nothing was built yet.

    Raises
    ------
    TermNotFound, Forbidden, PreconditionFailed
        It is not there, not the caller's to change, or changed meanwhile.
    LessonsAreLaid
        Lessons stand in its days.
    """
    term = await _locked_term(db, caller=caller, term_id=term_id, expected=expected)
    former = queries.span_of(term)
    async with watching_days(db, by=caller, from_=former.starts, until=former.until):
        await _drop(db, term, event="term.dropped", by=caller)


async def _drop(
    db: AsyncSession,
    row: SchoolYear | Term | BellSchedule | CalendarDay | CalendarNotice,
    *,
    event: str,
    by: Caller,
    reach: Sequence[UUID] = (),
) -> None:
    row.version += 1
    await record(db, event, row, by=by, reach=reach, gone=True)
    await db.delete(row)
    await db.flush()


# Bells


async def ring(
    db: AsyncSession, *, caller: Caller, new: BellScheduleIn
) -> tuple[BellSchedule, Sequence[BellPeriod], Impact]:
    """Give a campus bells for a stage and a time.

    Raises
    ------
    CampusNotFound, Forbidden
        The campus is out of sight, or not the caller's to change.
    BellsUnfit
        The periods do not fit together.
    """
    campus = await queries.visible_campus(
        db, caller=caller, campus_id=new.campus_id, to_change=True
    )
    _check_periods(new.periods)
    schedule = BellSchedule(
        district_id=caller.district_id,
        campus_id=new.campus_id,
        stage=new.stage,
        name=new.name,
        valid=new.valid,
    )
    async with watching_bells(db, by=caller, campus_ids=[new.campus_id]) as impact:
        db.add(schedule)
        await db.flush()
        periods = await _write_periods(db, schedule, new.periods)
    await record(db, "bell_schedule.set", schedule, by=caller, reach=[campus.school_id])
    return schedule, periods, impact


async def preview_ring(db: AsyncSession, *, caller: Caller, new: BellScheduleIn) -> Impact:
    """What new bells would do to laid lessons; nothing is kept.

    Raises
    ------
    Everything that ``ring`` would raise.
    """
    async with tried(db):
        _, _, impact = await ring(db, caller=caller, new=new)
    return impact


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
) -> tuple[BellSchedule, Sequence[BellPeriod], Impact]:
    """Replace a schedule's periods, name and validity as a whole.

    Raises
    ------
    BellScheduleNotFound, Forbidden, PreconditionFailed, BellsUnfit
        It is out of sight, not the caller's, changed meanwhile, or would not fit.
    LessonsAreLaid
        Lessons were laid by these bells.
    """
    schedule, school_id = await _locked_schedule(
        db, caller=caller, schedule_id=schedule_id, expected=expected
    )
    _check_periods(new.periods)
    present: Sequence[BellPeriod] = (await queries.periods_of(db, schedules=[schedule_id]))[
        schedule_id
    ]
    rung = [(one.number, one.starts, one.ends, one.name) for one in present]
    wanted = sorted((one.number, one.starts, one.ends, one.name) for one in new.periods)
    async with watching_bells(db, by=caller, campus_ids=[schedule.campus_id]) as impact:
        before = change_fields(schedule, {"name": new.name, "valid": new.valid})
        if rung != wanted:
            schedule.version += 0 if before else 1
            await db.flush()
            await _silence(db, schedule_id)
            present = await _write_periods(db, schedule, new.periods)
        await db.flush()
    if before or rung != wanted:
        await record(
            db, "bell_schedule.changed", schedule, by=caller, reach=[school_id], before=before
        )
    return schedule, present, impact


async def preview_ring_anew(
    db: AsyncSession,
    *,
    caller: Caller,
    schedule_id: UUID,
    expected: Precondition,
    new: BellSchedulePut,
) -> Impact:
    """What other bells would do to laid lessons; nothing is kept.

    Raises
    ------
    Everything that ``ring_anew`` would raise.
    """
    async with tried(db):
        _, _, impact = await ring_anew(
            db, caller=caller, schedule_id=schedule_id, expected=expected, new=new
        )
    return impact


async def silence(
    db: AsyncSession, *, caller: Caller, schedule_id: UUID, expected: Precondition
) -> None:
    """Take a bell schedule away that was entered by mistake.

    Raises
    ------
    BellScheduleNotFound, Forbidden, PreconditionFailed
        It is out of sight, not the caller's, or changed meanwhile.
    LessonsAreLaid
        Lessons were laid by these bells.
    """
    schedule, school_id = await _locked_schedule(
        db, caller=caller, schedule_id=schedule_id, expected=expected
    )
    async with watching_bells(db, by=caller, campus_ids=[schedule.campus_id]):
        await _silence(db, schedule_id)
        await _drop(db, schedule, event="bell_schedule.dropped", by=caller, reach=[school_id])


async def _locked_schedule(
    db: AsyncSession, *, caller: Caller, schedule_id: UUID, expected: Precondition
) -> tuple[BellSchedule, UUID]:
    """The schedule, and the school whose bells they are."""
    schedule, campus = await queries.visible_schedule(
        db, caller=caller, schedule_id=schedule_id, to_change=True
    )
    expected.check(schedule.version)
    return schedule, campus.school_id


async def _silence(db: AsyncSession, schedule_id: UUID) -> None:
    await db.exec(delete(BellPeriod).where(col(BellPeriod.schedule_id) == schedule_id))


# Single dates


@dataclass(frozen=True, slots=True)
class Place:
    """Whom a decision concerns, and which date."""

    scope: DayScope
    scope_id: UUID
    on_date: date


class Decided(NamedTuple):
    """A decision about a date, whether it is the first, and what it did to laid lessons."""

    day: CalendarDay
    is_new: bool
    impact: Impact


async def decide_day(
    db: AsyncSession, *, caller: Caller, place: Place, expected: Precondition, wanted: CalendarDayIn
) -> Decided:
    """Decide a date for the district, a group or a school; the narrower scope wins.

    What nobody has decided yet has version 0. Lessons follow at once.

    Raises
    ------
    NotFound, GroupNotFound, SchoolNotFound, Forbidden, PreconditionFailed
        The scope is out of sight, not the caller's to decide for, or was decided meanwhile.
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    present = await _locked_day(db, caller=caller, place=place)
    expected.check(present.version if present else 0)
    values = _values(wanted)
    before: dict[str, Any] = {}
    until = place.on_date + _ONE_DAY
    async with watching_days(db, by=caller, from_=place.on_date, until=until) as impact:
        if present is None:
            day = CalendarDay(
                district_id=caller.district_id,
                scope=place.scope.value,
                scope_id=place.scope_id,
                on_date=place.on_date,
                **values,
            )
            db.add(day)
        else:
            day, before = present, change_fields(present, values)
        await db.flush()
    if before or present is None:
        await record(
            db, "calendar_day.decided", day, by=caller, reach=[place.scope_id], before=before
        )
    return Decided(day, present is None, impact)


async def preview_day(
    db: AsyncSession, *, caller: Caller, place: Place, expected: Precondition, wanted: CalendarDayIn
) -> Impact:
    """What deciding a date would do to laid lessons; nothing is kept.

    Raises
    ------
    Everything that ``decide_day`` would raise.
    """
    async with tried(db):
        decided = await decide_day(db, caller=caller, place=place, expected=expected, wanted=wanted)
    return decided.impact


@dataclass(frozen=True, slots=True)
class Supposed:
    """How a date might be decided."""

    place: Place
    wanted: CalendarDayIn


@asynccontextmanager
async def supposing(
    db: AsyncSession, *, caller: Caller, own: Supposed, others: Sequence[Supposed]
) -> AsyncIterator[set[UUID]]:
    """Let dates be as they might be decided, for the block only, and no lesson follow.

    Yields the campuses that would be taught otherwise than now. Of ``others`` nothing is asked but
    that they exist: what they would do is supposed, not decided.

    Raises
    ------
    NotFound, GroupNotFound, SchoolNotFound, Forbidden
        The caller's own scope is out of sight, or not theirs to decide for.
    """
    place = own.place
    await queries.check_scope(
        db, caller=caller, scope=place.scope, scope_id=place.scope_id, to_change=True
    )
    span = {"from_": place.on_date, "until": place.on_date + _ONE_DAY}
    async with tried(db):
        campus_ids = await queries.every_campus(db)
        before = await queries.teaching_days_of(db, campus_ids=campus_ids, **span)
        for one in (own, *others):
            await _suppose(db, caller=caller, one=one)
        await db.flush()
        after = await queries.teaching_days_of(db, campus_ids=campus_ids, **span)
        taught = {id_: rules.taught(then) for id_, then in before.items()}
        yield {id_ for id_ in before if taught[id_] != rules.taught(after[id_])}


async def _suppose(db: AsyncSession, *, caller: Caller, one: Supposed) -> None:
    place = one.place
    present = await queries.day_at(db, scope_id=place.scope_id, on_date=place.on_date)
    if present is not None:
        change_fields(present, _values(one.wanted))
        return
    db.add(
        CalendarDay(
            district_id=caller.district_id,
            scope=place.scope.value,
            scope_id=place.scope_id,
            on_date=place.on_date,
            **_values(one.wanted),
        )
    )


def _values(wanted: CalendarDayIn) -> dict[str, Any]:
    return {
        "kind": wanted.kind.value,
        "follows_weekday": wanted.follows_weekday,
        "follows_parity": wanted.follows_parity.value if wanted.follows_parity else None,
        "reason": wanted.reason,
        "source": DaySource.MANUAL.value,
    }


async def _locked_day(db: AsyncSession, *, caller: Caller, place: Place) -> CalendarDay | None:
    await queries.check_scope(
        db, caller=caller, scope=place.scope, scope_id=place.scope_id, to_change=True
    )
    return await queries.day_at(db, scope_id=place.scope_id, on_date=place.on_date, to_change=True)


async def undo_day(
    db: AsyncSession, *, caller: Caller, place: Place, expected: Precondition
) -> None:
    """Take a decision back; the wider scope, or the weekday itself, counts again.

    Raises
    ------
    NotFound, GroupNotFound, SchoolNotFound, CalendarDayNotFound, Forbidden, PreconditionFailed
        It is out of sight, not decided, not the caller's, or changed meanwhile.
    LessonsAreLaid
        Lessons stand in periods for which there would be no bell.
    """
    present = await _locked_day(db, caller=caller, place=place)
    if present is None:
        raise CalendarDayNotFound
    expected.check(present.version)
    async with watching_days(db, by=caller, from_=place.on_date, until=place.on_date + _ONE_DAY):
        await _drop(db, present, event="calendar_day.undone", by=caller, reach=[place.scope_id])


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
            for day in (first + n * _ONE_DAY for n in range((date(year + 1, 1, 1) - first).days))
        ]
    except NotImplementedError:
        raise NationalCalendarUnknown from None
    found: list[NationalDay] = []
    for day, is_off, holiday in facts:
        if holiday is None:
            continue  # an ordinary weekday or weekend
        words = chinese_calendar.Holiday(holiday).chinese
        if is_off:
            in_lieu = chinese_calendar.is_in_lieu(day)
            found.append(NationalDay(day, DayKind.OFF, words, holiday, in_lieu))
        else:
            found.append(NationalDay(day, DayKind.TEACH, f"{words}调休", holiday))
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
    present = {day: queries.override_of(row) for day, row in rows.items()}
    return rules.compare_notice(wanted, present=present)


async def take_over_year(
    db: AsyncSession, *, caller: Caller, year: int
) -> tuple[CalendarNotice, list[NoticeDiff]]:
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
    rows = await queries.district_days(db, district_id=caller.district_id, year=year)
    async with watching_days(db, by=caller, from_=date(year, 1, 1), until=date(year + 1, 1, 1)):
        for diff in diffs:
            if diff.what not in {DiffKind.KEPT, DiffKind.SAME}:
                await _take_over(db, diff, rows, by=caller)
    return await _announce(db, caller=caller, year=year), diffs


async def _take_over(
    db: AsyncSession, diff: NoticeDiff, rows: Mapping[date, CalendarDay], *, by: Caller
) -> None:
    if diff.wanted is None:
        stale = rows[diff.on_date]
        await _drop(db, stale, event="calendar_day.undone", by=by, reach=[by.district_id])
        return
    present = rows.get(diff.on_date)
    values: dict[str, Any] = {"kind": diff.wanted.kind.value, "reason": diff.wanted.reason}
    if diff.wanted.kind is not DayKind.TEACH:
        values |= {"follows_weekday": None, "follows_parity": None}
    before: dict[str, Any] = {}
    if present is None:
        present = CalendarDay(
            district_id=by.district_id,
            scope=DayScope.DISTRICT.value,
            scope_id=by.district_id,
            on_date=diff.on_date,
            source=DaySource.NATIONAL.value,
            **values,
        )
        db.add(present)
    else:
        before = change_fields(present, values)
    await db.flush()
    await record(db, "calendar_day.decided", present, by=by, reach=[by.district_id], before=before)


async def declare_year(db: AsyncSession, *, caller: Caller, year: int) -> CalendarNotice:
    """Say that the days of a year's notice are entered; its dates are provisional no more.

    Raises
    ------
    Forbidden
        The caller's permission does not reach the whole district.
    """
    _check_district(caller)
    return await _announce(db, caller=caller, year=year)


async def _announce(db: AsyncSession, *, caller: Caller, year: int) -> CalendarNotice:
    known = await queries.notice_of(db, year=year)
    if known is not None:
        return known
    notice = CalendarNotice(district_id=caller.district_id, year=year)
    db.add(notice)
    await db.flush()
    await record(db, "calendar_notice.taken_over", notice, by=caller)
    return notice


async def withdraw_year(
    db: AsyncSession, *, caller: Caller, year: int, expected: Precondition
) -> None:
    """Make the dates of a year provisional again; what was decided about them stays.

    Raises
    ------
    CalendarNoticeNotFound, Forbidden, PreconditionFailed
        There is none, the caller does not reach the whole district, or it changed meanwhile.
    """
    _check_district(caller)
    notice = await queries.notice_of(db, year=year)
    if notice is None:
        raise CalendarNoticeNotFound
    expected.check(notice.version)
    await _drop(db, notice, event="calendar_notice.withdrawn", by=caller)
