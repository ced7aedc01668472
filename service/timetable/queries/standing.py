"""Lessons that stand and yet cannot or should not be held so, counted in the database."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Uuid, column, literal_column, text, type_coerce
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import members_of
from service.network.tables import Campus, School
from service.staff.tables import Teacher
from service.timetable.access import reaches
from service.timetable.rules import LessonStatus
from service.timetable.rules.standing import Standing, StandingKind, Thing
from service.timetable.tables import Lesson, WeeklySlot

# A lesson may be wrong in several ways, and is counted for each. What is over a week's limit is
# counted over all lessons of the teacher, wherever they are: half of them may be out of reach.
_JUDGED = (
    text(
        """SELECT kind, teacher_id, school_id, monday, min(on_date) AS first_on,
    count(*) AS lessons, array_agg(id ORDER BY starts_at, id) AS ids
  FROM (
    SELECT 'needs-cover' AS kind, w.* FROM wanted w WHERE w.change = 'needs-cover'
    UNION ALL
    SELECT 'teacher-left', w.* FROM wanted w
    LEFT JOIN employment e ON e.teacher_id = w.teacher_id AND e.valid @> w.on_date
    WHERE e.id IS NULL
    UNION ALL
    SELECT 'not-a-member', w.* FROM wanted w
    JOIN employment e ON e.teacher_id = w.teacher_id AND e.valid @> w.on_date
    WHERE w.origin = 'itinerant' AND e.school_id <> w.school_id AND NOT EXISTS (
      SELECT FROM membership a JOIN membership b ON b.group_id = a.group_id
        AND b.school_id = w.school_id AND b.valid @> w.on_date
      WHERE a.school_id = e.school_id AND a.valid @> w.on_date)
    UNION ALL
    SELECT 'not-qualified', w.* FROM wanted w
    LEFT JOIN qualification q
      ON q.teacher_id = w.teacher_id AND q.subject = w.subject AND q.stage = w.stage
    WHERE q.id IS NULL
  ) AS wrong
  GROUP BY kind, teacher_id, school_id, monday
  UNION ALL
  SELECT 'over-weekly-limit', b.teacher_id, b.school_id, b.monday, b.first_on, l.lessons, b.ids
  FROM (SELECT teacher_id, (array_agg(school_id ORDER BY starts_at))[1] AS school_id, monday,
      min(on_date) AS first_on, array_agg(id ORDER BY starts_at, id) AS ids
    FROM wanted GROUP BY teacher_id, monday) b
  JOIN (SELECT l.teacher_id, l.on_date - (extract(isodow FROM l.on_date)::int - 1) AS monday,
      count(*) AS lessons
    FROM lesson l
    WHERE l.status = 'scheduled' AND l.teacher_id IN (SELECT teacher_id FROM wanted)
      AND l.on_date >= (SELECT min(monday) FROM wanted)
      AND l.on_date < (SELECT max(monday) FROM wanted) + 7
    GROUP BY 1, 2) l USING (teacher_id, monday)
  JOIN teacher t ON t.id = b.teacher_id
  WHERE l.lessons > t.weekly_load_limit"""
    )
    .columns(
        column("kind"),
        column("teacher_id", Uuid()),
        column("school_id", Uuid()),
        column("monday", Date()),
        column("first_on", Date()),
        column("lessons"),
        column("ids", ARRAY(Uuid())),
    )
    .cte("judged")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFilter:
    """Which lessons are looked at."""

    from_: date
    until: date
    school_id: UUID | None = None
    group_id: UUID | None = None
    teacher_id: UUID | None = None
    kind: StandingKind | None = None


async def standing(db: AsyncSession, *, caller: Caller, wanted: StandingFilter) -> list[Standing]:
    """What is wrong with the lessons within reach, by week, teacher and school."""
    lessons: Any = (
        select_rows(
            col(Lesson.id),
            col(Lesson.teacher_id),
            col(Lesson.subject),
            col(Lesson.change),
            col(Lesson.on_date),
            col(Lesson.starts_at),
            col(WeeklySlot.stage),
            col(WeeklySlot.origin),
            col(Campus.school_id),
            literal_column("lesson.on_date - (extract(isodow FROM lesson.on_date)::int - 1)").label(
                "monday"
            ),
        )
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .where(
            col(Lesson.on_date) >= wanted.from_,
            col(Lesson.on_date) < wanted.until,
            col(Lesson.status) == LessonStatus.SCHEDULED,
            reaches(
                caller,
                Permission.TIMETABLE_READ,
                campus=col(Lesson.campus_id),
                teacher=col(Lesson.teacher_id),
            ),
        )
    )
    if wanted.school_id is not None:
        lessons = lessons.where(col(Campus.school_id) == wanted.school_id)
    if wanted.group_id is not None:
        members = members_of([wanted.group_id], on=type_coerce(col(Lesson.on_date), Date()))
        lessons = lessons.where(col(Campus.school_id).in_(members))
    if wanted.teacher_id is not None:
        lessons = lessons.where(col(Lesson.teacher_id) == wanted.teacher_id)
    teacher, school = aliased(Teacher), aliased(School)
    statement = (
        select_rows(
            *_JUDGED.c, col(teacher.name).label("teacher"), col(school.name).label("school")
        )
        .add_cte(lessons.cte("wanted"))
        .join(teacher, col(teacher.id) == _JUDGED.c.teacher_id)
        .join(school, col(school.id) == _JUDGED.c.school_id)
        .order_by(_JUDGED.c.monday, school.name, teacher.name, _JUDGED.c.kind, _JUDGED.c.teacher_id)
    )
    if wanted.kind is not None:
        statement = statement.where(_JUDGED.c.kind == wanted.kind)
    return [
        Standing(
            kind=StandingKind(row.kind),
            teacher=Thing(row.teacher_id, row.teacher),
            school=Thing(row.school_id, row.school),
            monday=row.monday,
            first_on=row.first_on,
            count=row.lessons,
            lesson_ids=row.ids,
        )
        for row in (await (await db.connection()).execute(statement)).all()
    ]
