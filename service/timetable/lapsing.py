"""What was arranged with lessons falls away with them, and everybody concerned hears of it.

No cover and no open swap outlives its lesson, by whatever path the lesson goes.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text

from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Instant, change_fields
from service.kit.journal import Entry, record, record_each
from service.network.tasks import settle_tasks
from service.timetable.queries import absence as absences
from service.timetable.queries import swap as swaps
from service.timetable.rules.absence import CoverState, CoverStep, OfferState, cover_after
from service.timetable.rules.swap import SwapState, SwapStep, swap_after

UNCOVERED = "lesson-uncovered"
"""The kind of the task that waits for an office when a deadline has passed without cover."""
APPROVAL = "swap-awaits-approval"
"""The kind of the task that waits for a school when the teachers have agreed to a swap."""
_CHANGED = "课程已变动,换课申请失效"


async def lapse(db: AsyncSession, *, by: Caller, lesson_ids: Collection[UUID]) -> None:
    """Let everything go that was arranged with lessons."""
    await lapse_covers(db, by=by, lesson_ids=lesson_ids)
    await lapse_swaps(db, by=by, lesson_ids=lesson_ids)


async def lapse_covers(db: AsyncSession, *, by: Caller, lesson_ids: Collection[UUID]) -> None:
    """Lessons need their covers no more: they do not take place, or have their teachers back."""
    for row in await absences.hold_live_covers(db, lesson_ids=lesson_ids):
        before = change_fields(row, {"state": cover_after(CoverState(row.state), CoverStep.LAPSE)})
        await db.flush()
        people = [row.absent_id, row.substitute_id or row.absent_id]
        await record(db, "cover.lapsed", row, by=by, before=before, reach=people)
        await close_offers(db, by=by, cover_id=row.id)
        await settle_tasks(
            db, by=by, kind=UNCOVERED, subject_ids=[row.lesson_id], reason="不再需要代课"
        )


async def close_offers(db: AsyncSession, *, by: Caller, cover_id: UUID) -> None:
    """Ask nobody any more."""
    values = {"state": OfferState.CLOSED, "answered_at": clock.now()}
    closed = [
        Entry(row, [row.teacher_id], change_fields(row, values))
        for row in await absences.hold_offers(db, cover_id=cover_id)
    ]
    await db.flush()
    await record_each(db, "cover-offer.closed", closed, by=by)


async def lapse_swaps(db: AsyncSession, *, by: Caller, lesson_ids: Collection[UUID]) -> None:
    """Let the open swaps of lessons go, because the lessons are not what they were."""
    for row in await swaps.hold_open_swaps(db, lesson_ids=lesson_ids):
        before = change_fields(row, {"state": swap_after(SwapState(row.state), SwapStep.LAPSE)})
        legs = await swaps.hold_legs(db, swap_id=row.id)
        for leg in legs:
            leg.open = False
        await db.flush()
        reach = {leg.teacher_id for leg in legs}
        await record(db, "swap.lapsed", row, by=by, before=before, reach=reach, reason=_CHANGED)
        await settle_tasks(db, by=by, kind=APPROVAL, subject_ids=[row.id], reason=_CHANGED)


# Lessons are not indexed by slot; their ids begin with the slot's, so a slot is a range of ids.
_ARRANGED = text("""SELECT l.id
FROM unnest(CAST(:low AS uuid[]), CAST(:high AS uuid[])) AS slot (low, high)
JOIN lesson l ON l.id BETWEEN slot.low AND slot.high
WHERE l.starts_at >= :from_ AND l.status = 'scheduled' AND (
  EXISTS (SELECT FROM cover c WHERE c.lesson_id = l.id AND c.state <> 'lapsed')
  OR EXISTS (SELECT FROM swap_leg s WHERE s.lesson_id = l.id AND s.open))""").bindparams(
    bindparam("from_", type_=Instant())
)


async def arranged_in(
    db: AsyncSession, *, low: Collection[UUID], high: Collection[UUID], from_: datetime
) -> list[UUID]:
    """The coming lessons in ranges of ids with which something was arranged."""
    asked = {"low": list(low), "high": list(high), "from_": from_}
    return list((await (await db.connection()).execute(_ARRANGED, asked)).scalars())
