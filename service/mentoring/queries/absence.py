"""Who is on leave for most of a term, so that nobody should count on them."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Select, cast, func, select
from sqlmodel import col

from service.calendar.tables import Term
from service.kit.db import AsyncSession, span
from service.mentoring.rules.programme import away_for
from service.network.queries.finding import rows_of
from service.network.tables import District
from service.timetable.rules.absence import LeaveState
from service.timetable.tables import Leave


async def on_leave_for_term(
    db: AsyncSession, *, teacher_ids: Collection[UUID], day: date
) -> dict[UUID, date]:
    """Those whose approved leave takes half or more of what is left of the term from a day on.

    Each with the first day of the leave, by the district's clock. Where the day is in no term, the
    next one counts.
    """
    return await _on_leave(db, _terms(day).limit(1), teacher_ids=teacher_ids, day=day)


async def on_leave_for_some_term(
    db: AsyncSession, *, teacher_ids: Collection[UUID], day: date
) -> dict[UUID, date]:
    """The same for the term of a day and every later one; the earliest leave counts."""
    return await _on_leave(db, _terms(day), teacher_ids=teacher_ids, day=day)


def _terms(day: date) -> Select[Any]:
    """The days of the terms that are not over, the next one first."""
    return (
        select(col(Term.days))
        .where(func.upper(col(Term.days)) > day)
        .order_by(func.lower(col(Term.days)))
    )


async def _on_leave(
    db: AsyncSession, terms: Select[Any], *, teacher_ids: Collection[UUID], day: date
) -> dict[UUID, date]:
    # A day more or less does not matter here, so the days are taken where the clock is simple.
    stretches = [
        (
            datetime.combine(max(day, found.lower), time(), UTC),
            datetime.combine(found.upper, time(), UTC),
        )
        for (found,) in await rows_of(db, terms)
    ]
    if not stretches:
        return {}
    by_their_clock = cast(func.timezone(col(District.zone), func.lower(col(Leave.during))), Date)
    shown: tuple[Any, ...] = (col(Leave.teacher_id), col(Leave.during), by_their_clock)
    leaves = (
        select(*shown)
        .select_from(Leave)
        .join(District, col(District.id) == col(Leave.district_id))
        .where(
            col(Leave.teacher_id).in_(teacher_ids),
            col(Leave.state) == LeaveState.APPROVED.value,
            col(Leave.during).op("&&")(span(stretches[0][0], stretches[-1][1])),
        )
        .order_by(func.lower(col(Leave.during)).desc())
    )
    return {
        teacher_id: since
        for teacher_id, during, since in await rows_of(db, leaves)
        if any(away_for((during.lower, during.upper), of=one) for one in stretches)
    }
