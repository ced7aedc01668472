"""Time that several teachers give to one thing outside the timetable: a meeting, a training.

Only time and ways are written here; what it is about belongs to the module that asks. Every writer
holds the locks of ``load.lock_resources`` first, and the exclusion constraint judges last.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.timetable import laying, load
from service.timetable.handing import refusal, walk
from service.timetable.laying import Overlap, judged
from service.timetable.load import Ground
from service.timetable.rules import Duty, ResourceKind, TimeKind


@dataclass(frozen=True, slots=True)
class Gathering:
    """What takes the time, where, from when to when."""

    source_id: UUID
    kind: TimeKind
    campus_id: UUID | None
    starts_at: datetime
    ends_at: datetime

    def duties(self, teachers: Collection[UUID]) -> list[Duty]:
        """The time of each teacher that it takes."""
        return [
            Duty(
                ResourceKind.TEACHER,
                teacher_id,
                self.starts_at,
                self.ends_at,
                self.kind,
                self.campus_id,
                self.source_id,
            )
            for teacher_id in sorted(teachers)
        ]


async def take(
    db: AsyncSession,
    *,
    caller: Caller,
    gathering: Gathering,
    teachers: Collection[UUID],
    ground: Ground,
) -> None:
    """Take the time of all these teachers, ways included, or of none.

    Raises
    ------
    ScheduleConflict
        Somebody is busy, on leave, or cannot get there in time; everything is named.
    """
    wanted = gathering.duties(teachers)
    if not wanted:
        return
    try:
        async with judged(db):
            await laying.occupy(db, duties=wanted, ground=ground)
            await laying.lay_legs(
                db,
                teachers=teachers,
                days=load.whole_days([gathering.starts_at], zone=ground.zone),
                ground=ground,
                fresh={gathering.source_id},
            )
    except Overlap:
        raise await refusal(db, caller=caller, wanted=wanted, ground=ground) from None


_GIVE_BACK = text("""DELETE FROM occupancy
WHERE source_id = :source AND kind = :kind AND resource_id = ANY (CAST(:teachers AS uuid[]))""")


async def give_back(
    db: AsyncSession, *, gathering: Gathering, teachers: Collection[UUID], ground: Ground
) -> None:
    """Give these teachers their time back."""
    asked = {
        "source": gathering.source_id,
        "kind": gathering.kind.value,
        "teachers": sorted(teachers),
    }
    await (await db.connection()).execute(_GIVE_BACK, asked)
    days = load.whole_days([gathering.starts_at], zone=ground.zone)
    await walk(db, teachers=teachers, days=days, ground=ground)
