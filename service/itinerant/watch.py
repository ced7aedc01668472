"""Sees to it that no assignment goes on unnoticed where its school is no member any more."""

from datetime import date
from uuid import UUID

from sqlalchemy import text

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.kit.problems import Text
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task
from service.network.turnover import Left

BEYOND = "assignment-beyond-membership"
"""The kind of the task that waits for the group's office."""

_FOUND = text("""SELECT a.id, t.name AS teacher, s.name AS host, (
  SELECT count(*) FROM lesson l JOIN weekly_slot w ON w.id = l.slot_id
  WHERE l.campus_id = a.campus_id AND l.on_date >= :on AND l.status = 'scheduled'
    AND w.origin_id = a.id) AS lessons
FROM assignment a
JOIN teacher t ON t.id = a.teacher_id JOIN school s ON s.id = a.host_school_id
WHERE a.group_id = :group AND a.state = 'published' AND upper(a.valid) > :on
  AND EXISTS (
    SELECT FROM unnest(ARRAY[a.home_school_id, a.host_school_id]) AS taking_part (school_id)
    WHERE NOT EXISTS (
      SELECT FROM membership m
      WHERE m.group_id = a.group_id AND m.school_id = taking_part.school_id
        AND m.valid @> CAST(:on AS date)))
ORDER BY a.id""")


async def members_changed(db: AsyncSession, by: Caller, group_id: UUID, on: date) -> Left:
    """Open a task for every assignment that reaches beyond a membership.

    Its lessons stand until the office ends it or puts another in its place: classes are not left
    without a teacher because a group is arranged anew.
    """
    found = (await (await db.connection()).execute(_FOUND, {"group": group_id, "on": on})).all()
    for one in found:
        new = NewTask(
            kind=BEYOND,
            subject_collection="assignments",
            subject_id=one.id,
            title=Text(
                f"{one.host}或派出校自 {on} 起非成员校,{one.teacher}尚有走教课 {one.lessons} 节",
                f"{one.teacher} has {one.lessons} lessons at {one.host} after {on}, when a school "
                "of the assignment is no member any more",
            ),
            owner_kind=OwnerKind.GROUP,
            owner_id=group_id,
            due_on=on,
        )
        await open_task(db, by=by, new=new)
    return Left(len(found), sum(one.lessons for one in found))
