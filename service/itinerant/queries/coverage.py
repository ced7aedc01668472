"""How far shortages are covered, and which visiting teachers rural schools have: sums for lists."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import visible_schools
from service.network.schemas import rural_codes_of
from service.network.tables import District

# What an ended assignment gave is missing again.
_COVERAGE = text("""SELECT s.school_id, c.name AS school_name, c.urban_rural_code, s.subject,
  i.zh AS subject_zh, i.en AS subject_en, count(*) AS shortages,
  sum(s.lessons_per_week) AS asked, sum(least(o.covered / 2.0, s.lessons_per_week)) AS covered,
  sum(o.pending / 2.0) AS offered
FROM shortage s
JOIN school c ON c.id = s.school_id
LEFT JOIN code_item i ON i.list = 'local_subject' AND i.code = s.subject
CROSS JOIN LATERAL (
  SELECT coalesce(sum(f.half_lessons) FILTER (
      WHERE f.state = 'accepted' AND a.state <> 'ended'), 0) AS covered,
    coalesce(sum(f.half_lessons) FILTER (WHERE f.state = 'pending'), 0) AS pending
  FROM shortage_offer f LEFT JOIN assignment a ON a.id = f.assignment_id
  WHERE f.shortage_id = s.id) AS o
WHERE s.term_id = :term AND (CAST(:group AS uuid) IS NULL OR s.group_id = :group)
  AND s.state <> 'withdrawn'
  AND (s.state <> 'closed' OR o.covered > 0)
  AND s.school_id = ANY (:schools)
  AND (NOT :rural OR c.urban_rural_code = ANY (CAST(:codes AS text[])))
GROUP BY s.school_id, c.name, c.urban_rural_code, s.subject, i.zh, i.en
ORDER BY c.name, s.school_id, s.subject""").bindparams(bindparam("schools", type_=ARRAY(Uuid)))

# The statistics count physical education, music and art; a teacher counts at every school they
# visit, and once in each subject.
_HEADCOUNTS = text("""SELECT c.id AS school_id, c.name AS school_name, c.urban_rural_code,
  (SELECT sum(k.pupils) FROM class_section k
    WHERE k.school_id = c.id AND k.valid @> CAST(:day AS date)) AS pupils,
  count(DISTINCT a.teacher_id) FILTER (WHERE a.subject = '22') AS sports,
  count(DISTINCT a.teacher_id) FILTER (WHERE a.subject = '24') AS music,
  count(DISTINCT a.teacher_id) FILTER (WHERE a.subject = '25') AS art,
  count(DISTINCT a.teacher_id) FILTER (WHERE a.subject IN ('22', '24', '25')) AS teachers
FROM school c
LEFT JOIN assignment a ON a.host_school_id = c.id AND a.published_at IS NOT NULL
  AND a.valid @> CAST(:day AS date) AND (a.ended_on IS NULL OR a.ended_on > :day)
WHERE c.id = ANY (:schools) AND c.urban_rural_code = ANY (CAST(:codes AS text[]))
GROUP BY c.id, c.name, c.urban_rural_code
ORDER BY c.name, c.id""").bindparams(bindparam("schools", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageAsked:
    """Which shortages are summed."""

    term_id: UUID
    group_id: UUID | None
    rural: bool


async def coverage(db: AsyncSession, *, caller: Caller, asked: CoverageAsked) -> list[Any]:
    """How far the shortages of schools within reach are covered, by school and subject."""
    schools, codes = await _seen(db, caller=caller, permission=Permission.SHORTAGE_READ)
    values = {
        "term": asked.term_id,
        "group": asked.group_id,
        "schools": schools,
        "rural": asked.rural,
        "codes": codes,
    }
    return list((await (await db.connection()).execute(_COVERAGE, values)).all())


async def headcounts(db: AsyncSession, *, caller: Caller, day: date) -> list[Any]:
    """The visiting teachers of physical education, music and art at rural schools on a day."""
    schools, codes = await _seen(db, caller=caller, permission=Permission.ASSIGNMENT_READ)
    values = {"schools": schools, "codes": codes, "day": day}
    return list((await (await db.connection()).execute(_HEADCOUNTS, values)).all())


async def _seen(
    db: AsyncSession, *, caller: Caller, permission: Permission
) -> tuple[list[UUID], list[str]]:
    """The schools within reach, and which codes are rural in this district."""
    schools = (await db.exec(visible_schools(caller, permission))).all()
    settings = select(col(District.settings)).where(col(District.id) == caller.district_id)
    return sorted(schools), [*rural_codes_of((await db.exec(settings)).one())]
