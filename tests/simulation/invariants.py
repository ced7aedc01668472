"""What holds after every day of the year, whatever happened on it; asked of the database alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from service.kit.db import Database
from service.timetable import load, queries
from service.timetable.laying import Layout
from service.timetable.rules import lesson_id

ZONE = ZoneInfo("Asia/Shanghai")
RATES = {"lesson": Decimal("33.33"), "day": Decimal("7.77")}
"""What the district pays for a lesson, and once for a day."""

_TAKEN = """taken AS (
  SELECT o.resource_kind, o.resource_id, o.kind, o.campus_id, lower(one) AS s, upper(one) AS e
  FROM occupancy o, unnest(o.during) AS one
  WHERE o.during && tstzmultirange(tstzrange(:from_, :until))
    AND one && tstzrange(:from_, :until))"""

QUESTIONS: Mapping[str, str] = {
    "nobody and nothing is in two places at once": f"""WITH {_TAKEN}
SELECT resource_id, s FROM (
  SELECT resource_id, s, max(e) OVER (PARTITION BY resource_id ORDER BY s, e
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy FROM taken) AS x
WHERE busy > s""",
    "every way between two campuses is laid, as long as it takes": f"""WITH {_TAKEN},
day AS (
  SELECT resource_id, campus_id, s, e, lag(campus_id) OVER (
    PARTITION BY resource_id, (s AT TIME ZONE 'Asia/Shanghai')::date ORDER BY s) AS from_campus
  FROM taken WHERE resource_kind = 'teacher' AND kind <> 'travel' AND campus_id IS NOT NULL)
SELECT d.resource_id, d.s FROM day d
JOIN travel_time t ON t.from_campus_id = d.from_campus AND t.to_campus_id = d.campus_id
LEFT JOIN taken w ON w.resource_id = d.resource_id AND w.kind = 'travel' AND w.e = d.s
WHERE d.from_campus <> d.campus_id
  AND w.e - w.s IS DISTINCT FROM make_interval(mins => t.minutes + t.buffer)""",
    "a lesson that takes place takes exactly the time of those it needs": f"""WITH {_TAKEN},
wanted AS (
  SELECT teacher_id AS resource_id, starts_at AS s, ends_at AS e FROM lesson
  WHERE status = 'scheduled' AND starts_at >= :from_ AND starts_at < :until
    AND coalesce(change, '') NOT IN ('needs-cover', 'merged', 'self-study')
  UNION ALL
  SELECT c.class_id, l.starts_at, l.ends_at FROM lesson l
  JOIN weekly_slot_class c ON c.slot_id = l.slot_id
  WHERE l.status = 'scheduled' AND l.starts_at >= :from_ AND l.starts_at < :until
  UNION ALL
  SELECT room_id, starts_at, ends_at FROM lesson
  WHERE status = 'scheduled' AND starts_at >= :from_ AND starts_at < :until
    AND room_id IS NOT NULL),
counted AS (
  SELECT resource_id, s, e, 1 AS asked, 0 AS given FROM wanted
  UNION ALL SELECT resource_id, s, e, 0, 1 FROM taken WHERE kind = 'lesson')
SELECT resource_id, s, sum(asked), sum(given) FROM counted
GROUP BY resource_id, s, e HAVING sum(asked) <> 1 OR sum(given) <> 1""",
    "every cover points to a lesson that takes place, and says what the lesson says": """
SELECT c.id, c.state, l.status, l.change FROM cover c JOIN lesson l ON l.id = c.lesson_id
WHERE c.state <> 'lapsed' AND l.starts_at >= :from_ AND (l.status <> 'scheduled'
  OR l.change IS DISTINCT FROM (CASE c.state WHEN 'open' THEN 'needs-cover'
    WHEN 'self_study' THEN 'self-study' ELSE c.state END)
  OR c.state = 'covered' AND l.teacher_id <> c.substitute_id)""",
    "every lesson without a teacher has a cover that says so": """
SELECT l.id FROM lesson l
WHERE l.status = 'scheduled' AND l.starts_at >= :from_
  AND l.change IN ('needs-cover', 'covered', 'merged', 'self-study')
  AND NOT EXISTS (SELECT FROM cover c WHERE c.lesson_id = l.id AND c.state <> 'lapsed')""",
    "nobody waits for an answer about a cover that is settled": """
SELECT o.id FROM cover_offer o JOIN cover c ON c.id = o.cover_id
WHERE o.state = 'offered' AND c.state <> 'open'""",
    "every open swap is about lessons as they are": """
SELECT s.id, l.status, l.starts_at, g.starts_at FROM swap s
JOIN swap_leg g ON g.swap_id = s.id JOIN lesson l ON l.id = g.lesson_id
WHERE g.open <> (s.state IN ('proposed', 'agreed'))
  OR g.open AND l.starts_at >= :from_ AND (l.status <> 'scheduled'
    OR l.starts_at <> g.starts_at OR l.teacher_id <> g.teacher_id)""",
    "readers of the feed heard the last version of everything": """
WITH present AS (
  SELECT 'covers' AS collection, id, version FROM cover
  UNION ALL SELECT 'cover-offers', id, version FROM cover_offer
  UNION ALL SELECT 'leaves', id, version FROM leave
  UNION ALL SELECT 'swaps', id, version FROM swap
  UNION ALL SELECT 'assignments', id, version FROM assignment),
heard AS (
  SELECT collection, resource_id, max(version) AS version FROM change GROUP BY 1, 2)
SELECT p.collection, p.id, p.version, h.version FROM present p
LEFT JOIN heard h ON h.collection = p.collection AND h.resource_id = p.id
WHERE h.version IS DISTINCT FROM p.version""",
    "readers of the feed heard of every lesson": """
WITH alone AS MATERIALIZED (
  SELECT DISTINCT resource_id, version FROM change WHERE collection = 'lessons'),
together AS MATERIALIZED (
  SELECT resource_id, max(at) AS at FROM change
  WHERE collection = 'lessons' AND spread GROUP BY resource_id)
SELECT l.id, l.version FROM lesson l
LEFT JOIN alone a ON a.resource_id = l.id AND a.version = l.version
LEFT JOIN together t ON t.resource_id = l.slot_id
WHERE l.starts_at >= :from_ AND a.resource_id IS NULL
  AND (t.at IS NULL OR t.at < l.changed_at)""",
    "a settled statement is the sum of what was confirmed, to the fen": f"""
SELECT s.id, s.amount, i.lessons, i.days, n.amount FROM statement s
CROSS JOIN LATERAL (
  SELECT count(*) AS lessons, count(DISTINCT l.on_date) AS days
  FROM attendance a JOIN lesson l ON l.id = a.lesson_id
  WHERE a.state = 'confirmed' AND l.teacher_id = s.teacher_id
    AND l.on_date >= s.month AND l.on_date < s.month + interval '1 month') AS i
CROSS JOIN LATERAL (
  SELECT sum(amount) AS amount FROM statement_line WHERE statement_id = s.id) AS n
WHERE s.state IN ('approved', 'frozen') AND (s.lessons <> i.lessons
  OR s.amount <> {RATES["lesson"]} * i.lessons + {RATES["day"]} * i.days
  OR n.amount IS DISTINCT FROM s.amount)""",
}
"""Each asks for what is wrong; nothing may be found."""


@dataclass
class Judge:
    """Asks after each day, and remembers what it has seen."""

    database: Database
    district_id: UUID
    lessons: int = 0
    asked: int = 0
    faults: list[str] = field(default_factory=list)

    async def look(self, *, today: date, days: int) -> None:
        """Everything that is to hold of the coming days."""
        from_ = datetime.combine(today + timedelta(days=1), datetime.min.time(), ZONE)
        window = {"from_": from_, "until": from_ + timedelta(days=days)}
        async with self.database.read(self.district_id) as db:
            connection = await db.connection()
            for question, statement in QUESTIONS.items():
                bound = {name: window[name] for name in window if f":{name}" in statement}
                found = (await connection.execute(text(statement), bound)).all()
                self.asked += 1
                if found:
                    self.faults.append(f"{today}: not true that {question}: {found[:3]}")
            count = (await connection.execute(text("SELECT count(*) FROM lesson"))).scalar_one()
            if count < self.lessons:
                self.faults.append(f"{today}: {self.lessons - count} lessons are gone")
            self.lessons = count
            await self._laid(db, from_=from_.date(), until=window["until"].date())

    async def _laid(self, db: Any, *, from_: date, until: date) -> None:
        """What the calendar asks for is what stands, lesson by lesson, but for what people did."""
        connection = await db.connection()
        rows = (await connection.execute(text(_SLOTS), {"from_": from_, "until": until})).all()
        slots = [queries.slot_plan(row) for row in rows]
        campuses = {slot.campus_id for slot in slots}
        hosts = await load.hosts(db, campus_ids=campuses, from_=from_, until=until)
        wanted = {
            lesson_id(slot.slot_id, one.on_date)
            for slot, laid in Layout.of(slots, hosts=hosts).by_slot()
            for one in laid.occurrences
        }
        stands = (await connection.execute(text(_STANDS), {"from_": from_, "until": until})).all()
        known = {row.id: row for row in stands}
        lost = [id_ for id_ in wanted if id_ not in known or known[id_].lost]
        doubled = [row.id for row in stands if row.invented and row.id not in wanted]
        self.asked += 2
        if lost:
            self.faults.append(f"{from_}: {len(lost)} lessons are lost: {lost[:3]}")
        if doubled:
            self.faults.append(f"{from_}: {len(doubled)} lessons are invented: {doubled[:3]}")


_SLOTS = """SELECT s.id, s.teacher_id, s.subject, s.campus_id, s.stage, s.weekday, s.period,
  s.parity, s.weeks, s.room_id, lower(s.valid) AS valid_from, upper(s.valid) AS valid_until,
  s.origin, s.origin_id,
  ARRAY(SELECT c.class_id FROM weekly_slot_class c WHERE c.slot_id = s.id) AS class_ids
FROM weekly_slot s WHERE s.valid && daterange(:from_, :until)"""

# The planned day is written in the last two bytes of the id.
_STANDS = """SELECT id,
  status = 'cancelled' AND change = 'calendar' AND NOT EXISTS (
    SELECT FROM task t WHERE t.subject_id = l.id AND t.kind = 'lesson-lost-its-day') AS lost,
  status = 'scheduled' AND coalesce(change, '') NOT IN ('moved', 'swapped') AS invented
FROM (
  SELECT *, date '2000-01-01' + ('x' || right(id::text, 4))::bit(16)::int AS planned FROM lesson
  WHERE on_date >= CAST(:from_ AS date) - 60 AND on_date < CAST(:until AS date) + 60) AS l
WHERE planned >= :from_ AND planned < :until"""
