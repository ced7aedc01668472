"""What was arranged with lessons falls away with them, and everybody concerned hears of it."""

from collections.abc import Collection
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.network.tasks import settle_tasks
from service.timetable.queries import swap as swaps
from service.timetable.rules.swap import SwapState, SwapStep, swap_after

APPROVAL = "swap-awaits-approval"
"""The kind of the task that waits for a school when the teachers have agreed to a swap."""
_CHANGED = "课程已变动,换课申请失效"


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
        await settle_tasks(db, by=by, kind=APPROVAL, subject_id=row.id, reason=_CHANGED)
