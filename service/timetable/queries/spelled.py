"""Lessons as JSON that PostgreSQL spells: a partner takes over hundreds of thousands of them.

Making that many objects takes longer than reading the rows. It is what ``LessonOut`` shows.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, literal_column, select, text

from service.kit import language


def _clock(there: str, instant: str) -> str:
    """An instant by the clock of its campus, with the offset; fractions only where there are."""
    utc = f"timezone(INTERVAL '0', {instant})"
    return f"""to_char({there}, CASE WHEN date_trunc('second', {there}) = {there}
        THEN 'YYYY-MM-DD"T"HH24:MI:SS' ELSE 'YYYY-MM-DD"T"HH24:MI:SS.US' END)
      || CASE WHEN {there} < {utc} THEN '-' || to_char({utc} - {there}, 'HH24:MI')
        ELSE '+' || to_char({there} - {utc}, 'HH24:MI') END"""


def _named(id_: str, name: str) -> str:
    return f"json_build_object('id', {id_}, 'name', {name})"


# What the lessons of a slot have in common is looked for and spelled once, and so is who teaches
# them if nobody stands in. OFFSET 0 keeps the planner from beginning with all slots there are.
_SLOTS = (
    text(f"""SELECT asked.slot_id, asked.subject, found.*
FROM (SELECT DISTINCT slot_id, subject FROM asked) AS asked
CROSS JOIN LATERAL (
  SELECT s.period, s.room_id, c.zone, {_named("planned.id", "planned.name")} AS teacher,
    left(CAST(row_to_json(common) AS text), -1) AS common
  FROM weekly_slot s
  JOIN teacher planned ON planned.id = s.teacher_id
  JOIN campus c ON c.id = s.campus_id
  LEFT JOIN code_item own ON own.list = 'local_subject' AND own.code = asked.subject
  CROSS JOIN LATERAL (
    SELECT asked.slot_id, s.origin, s.origin_id, asked.subject,
      coalesce(CAST(:subjects AS jsonb) ->> asked.subject,
        CASE WHEN :english THEN nullif(own.en, '') END, own.zh, asked.subject) AS subject_label,
      {_named("c.id", "c.name")} AS campus,
      (SELECT coalesce(json_agg({_named("k.id", "k.name")} ORDER BY k.name, k.id), '[]')
       FROM weekly_slot_class w JOIN class_section k ON k.id = w.class_id
       WHERE w.slot_id = s.id) AS classes
    OFFSET 0
  ) AS common
  WHERE s.id = asked.slot_id
  OFFSET 0
) AS found""")
    .columns()
    .cte("slot")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_FROM = f"""asked l
JOIN slot ON slot.slot_id = l.slot_id AND slot.subject = l.subject
LEFT JOIN teacher substitute ON substitute.id = l.substitute_id
LEFT JOIN room ON room.id = l.room_id
LEFT JOIN room planned_room ON planned_room.id = slot.room_id
CROSS JOIN LATERAL (
  SELECT timezone(slot.zone, l.starts_at) AS starts_at, timezone(slot.zone, l.ends_at) AS ends_at,
    l.original_starts_at IS NOT NULL OR l.original_ends_at IS NOT NULL AS other_times,
    slot.period IS DISTINCT FROM l.period AS other_period,
    slot.room_id IS NOT NULL AND slot.room_id IS DISTINCT FROM l.room_id AS other_room
  OFFSET 0
) AS there
CROSS JOIN LATERAL (
  SELECT l.id, l.status, CAST(:statuses AS jsonb) ->> l.status AS status_label,
    nullif(l.change, '') AS change, l.reason, l.changed_by,
    {_clock("timezone(slot.zone, l.changed_at)", "l.changed_at")} AS changed_at,
    CASE WHEN substitute.id IS NULL THEN slot.teacher
      ELSE {_named("substitute.id", "substitute.name")} END AS teacher,
    CASE WHEN room.id IS NOT NULL THEN {_named("room.id", "room.name")} END AS room,
    l.on_date, l.week, l.period,
    {_clock("there.starts_at", "l.starts_at")} AS starts_at,
    {_clock("there.ends_at", "l.ends_at")} AS ends_at,
    CASE WHEN substitute.id IS NOT NULL
      OR there.other_times OR there.other_period OR there.other_room
    THEN json_build_object(
      'teacher', CASE WHEN substitute.id IS NOT NULL THEN slot.teacher END,
      'starts_at', {_clock("timezone(slot.zone, l.original_starts_at)", "l.original_starts_at")},
      'ends_at', {_clock("timezone(slot.zone, l.original_ends_at)", "l.original_ends_at")},
      'period', CASE WHEN there.other_period THEN slot.period END,
      'room', CASE WHEN there.other_room THEN {_named("planned_room.id", "planned_room.name")} END
    ) END AS original,
    l.version
  OFFSET 0
) AS lesson"""
_COLUMNS: tuple[ColumnElement[Any], ...] = (
    literal_column("l.id"),
    literal_column("l.version"),
    # Two objects are put together to one.
    literal_column("slot.common || ',' || substr(CAST(row_to_json(lesson) AS text), 2)"),
)
_SPELLED = select(*_COLUMNS).select_from(text(_FROM)).order_by(literal_column("l.id"))


def spelled(
    lessons: Select[Any], *, statuses: Mapping[str, str], subjects: Mapping[str, str]
) -> Select[Any]:
    """The ids, versions and JSON of selected lessons, with the words for codes.

    Subjects that have no word here are the district's own.
    """
    # Read before all else: a planner that knows little of a small table may begin with that.
    asked = lessons.cte("asked").prefix_with("MATERIALIZED", dialect="postgresql")
    return _SPELLED.add_cte(asked, _SLOTS).params(
        statuses=orjson.dumps(statuses).decode(),
        subjects=orjson.dumps(subjects).decode(),
        english=language.current() == "en",
    )
