"""The calendar's collections, as the feed shows them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlmodel import col, select

from service.calendar import queries
from service.calendar.schemas import (
    CalendarDayOut,
    NoticeOut,
    SchoolYearOut,
    TermOut,
    bell_schedule_out,
)
from service.calendar.tables import BellSchedule, CalendarDay, CalendarNotice, SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each

READ = Permission.CALENDAR_READ


async def _years(_: AsyncSession, caller: Caller) -> Rows:
    every = select(SchoolYear).where(col(SchoolYear.district_id) == caller.district_id)
    return Rows(every, each(SchoolYearOut.of))


async def _terms(_: AsyncSession, caller: Caller) -> Rows:
    every = select(Term).where(col(Term.district_id) == caller.district_id)
    return Rows(every, each(TermOut.of))


async def _bells(db: AsyncSession, caller: Caller) -> Rows:
    async def outs(rows: Sequence[Any]) -> Sequence[BaseModel]:
        periods = await queries.periods_of(db, schedules=[row.id for row in rows])
        return [bell_schedule_out(row, periods[row.id]) for row in rows]

    return Rows(queries.visible_schedules(caller), outs)


async def _days(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(queries.visible_days(caller, from_=None, until=None), each(CalendarDayOut.of))


async def _notices(_: AsyncSession, caller: Caller) -> Rows:
    every = select(CalendarNotice).where(col(CalendarNotice.district_id) == caller.district_id)
    return Rows(every, each(NoticeOut.of))


READERS = (
    Reader(table=SchoolYear, permission=READ, rows=_years),
    Reader(table=Term, permission=READ, rows=_terms),
    Reader(table=BellSchedule, permission=READ, rows=_bells),
    Reader(table=CalendarDay, permission=READ, rows=_days),
    Reader(table=CalendarNotice, permission=READ, rows=_notices),
)
