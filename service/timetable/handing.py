"""Handing single lessons from one teacher to another, or to nobody for a while.

Only the teachers' time moves; classes and rooms keep theirs. Every writer holds the locks of
``load.lock_resources`` first, and the exclusion constraint judges last.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import TSTZMULTIRANGE, TSTZRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange

from service.kit.auth import Caller
from service.kit.db import AsyncSession, span
from service.timetable import laying, load
from service.timetable.laying import Overlap, judged
from service.timetable.load import Ground
from service.timetable.problems import ScheduleConflict
from service.timetable.rules import Duty, ResourceKind, TimeKind
from service.timetable.tables import Lesson

_LET_GO = text("""WITH gone AS (
  DELETE FROM occupancy
  WHERE resource_id = :teacher AND kind = 'lesson' AND source_id = ANY (CAST(:sources AS uuid[]))
    AND during <@ CAST(:spans AS tstzmultirange))
UPDATE occupancy SET during = during - CAST(:spans AS tstzmultirange)
WHERE resource_id = :teacher AND kind = 'lesson' AND source_id = ANY (CAST(:sources AS uuid[]))
  AND during && CAST(:spans AS tstzmultirange)
  AND NOT during <@ CAST(:spans AS tstzmultirange)""").bindparams(
    bindparam("spans", type_=TSTZMULTIRANGE)
)


def days_of(lessons: Collection[Lesson], *, ground: Ground) -> MultiRange[datetime]:
    """The local days on which these lessons are, each as a whole."""
    return load.whole_days((lesson.starts_at for lesson in lessons), zone=ground.zone)


def duty_for(lesson: Lesson, *, teacher_id: UUID, source_id: UUID | None = None) -> Duty:
    """The time of a teacher that a lesson takes."""
    return Duty(
        ResourceKind.TEACHER,
        teacher_id,
        lesson.starts_at,
        lesson.ends_at,
        TimeKind.LESSON,
        lesson.campus_id,
        source_id or lesson.id,
    )


async def let_go(db: AsyncSession, *, teacher_id: UUID, lessons: Collection[Lesson]) -> None:
    """Give a teacher the time of lessons back. The ways of those days are still there."""
    if not lessons:
        return
    ordered = sorted(lessons, key=lambda lesson: lesson.starts_at)
    asked = {
        "teacher": teacher_id,
        "sources": sorted({id_ for one in lessons for id_ in (one.id, one.slot_id)}),
        "spans": MultiRange([span(one.starts_at, one.ends_at) for one in ordered]),
    }
    await (await db.connection()).execute(_LET_GO, asked)


async def take(
    db: AsyncSession, *, caller: Caller, lesson: Lesson, teacher_id: UUID, ground: Ground
) -> None:
    """Give a lesson to a teacher, with the ways of that day.

    Raises
    ------
    ScheduleConflict
        The teacher is busy, on leave, or cannot get there in time.
    """
    wanted = [duty_for(lesson, teacher_id=teacher_id)]
    try:
        async with judged(db):
            await laying.occupy(db, duties=wanted, ground=ground)
            await laying.lay_legs(
                db,
                teachers=[teacher_id],
                days=days_of([lesson], ground=ground),
                ground=ground,
                fresh={lesson.id},
            )
    except Overlap:
        raise await refusal(db, caller=caller, wanted=wanted, ground=ground) from None


async def refusal(
    db: AsyncSession, *, caller: Caller, wanted: Sequence[Duty], ground: Ground
) -> ScheduleConflict:
    """What stands in the way of wanted time, as the caller may read it."""
    verdict = await load.judge(db, wanted=wanted, ground=ground)
    said = await load.explain(db, caller=caller, conflicts=verdict.hard, ground=ground)
    return ScheduleConflict(conflicts=[one.model_dump(mode="json") for one in said])


async def walk(
    db: AsyncSession, *, teachers: Collection[UUID], days: MultiRange[datetime], ground: Ground
) -> None:
    """Lay the ways of days on which time was only given back."""
    await laying.lay_legs(db, teachers=teachers, days=days, ground=ground, fresh=())


_FREE_WAYS = text("""DELETE FROM occupancy
WHERE resource_id = :teacher AND kind = 'travel' AND during && :days""").bindparams(
    bindparam("days", type_=TSTZMULTIRANGE)
)

# What else the teacher has promised in that time stays theirs: the leave takes what is left.
_BE_AWAY = text("""INSERT INTO occupancy
  (district_id, id, resource_kind, resource_id, during, kind, campus_id, source_id)
SELECT CAST(:district AS uuid), gen_random_uuid(), 'teacher', CAST(:teacher AS uuid), away.during,
  'leave', NULL, CAST(:source AS uuid)
FROM (
  SELECT tstzmultirange(CAST(:during AS tstzrange)) - coalesce((
    SELECT range_agg(o.during) FROM occupancy o
    WHERE o.resource_id = :teacher AND o.during && CAST(:during AS tstzrange)
  ), '{}'::tstzmultirange) AS during) AS away
WHERE NOT isempty(away.during)""").bindparams(bindparam("during", type_=TSTZRANGE))

_BE_BACK = text("DELETE FROM occupancy WHERE source_id = :source AND kind = 'leave'")


async def be_away(
    db: AsyncSession,
    *,
    teacher_id: UUID,
    leave_id: UUID,
    during: Range[datetime],
    lessons: Collection[Lesson],
    ground: Ground,
) -> None:
    """Take a teacher's time for a leave and let the lessons in it go."""
    days = days_of(lessons, ground=ground)
    connection = await db.connection()
    await let_go(db, teacher_id=teacher_id, lessons=lessons)
    await connection.execute(_FREE_WAYS, {"teacher": teacher_id, "days": days})
    away = {
        "district": ground.district_id,
        "teacher": teacher_id,
        "source": leave_id,
        "during": during,
    }
    await connection.execute(_BE_AWAY, away)
    await walk(db, teachers=[teacher_id], days=days, ground=ground)


async def be_back(
    db: AsyncSession,
    *,
    caller: Caller,
    leave_id: UUID,
    duties: Sequence[Duty],
    ground: Ground,
) -> None:
    """End a leave's hold on time, and give the teacher lessons back that nobody else has.

    Raises
    ------
    ScheduleConflict
        One of them can no longer be reached in time.
    """
    await (await db.connection()).execute(_BE_BACK, {"source": leave_id})
    if not duties:
        return
    try:
        async with judged(db):
            await laying.occupy(db, duties=duties, ground=ground)
            await laying.lay_legs(
                db,
                teachers={duty.resource_id for duty in duties},
                days=load.whole_days((duty.starts_at for duty in duties), zone=ground.zone),
                ground=ground,
                fresh={duty.source_id for duty in duties},
            )
    except Overlap:
        raise await refusal(db, caller=caller, wanted=duties, ground=ground) from None
