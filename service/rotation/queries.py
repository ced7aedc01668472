"""Reading who works where, for rotation."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import members_of, visible_schools
from service.network.problems import SchoolNotFound
from service.network.tables import District, School
from service.rotation.rules import Person, Policy
from service.staff.rules import Title


@dataclass(frozen=True, slots=True)
class Here:
    """The day it is in the district, and what the district has decided."""

    today: date
    policy: Policy


async def here(db: AsyncSession, *, caller: Caller) -> Here:
    """The district of a caller."""
    statement = select(District).where(col(District.id) == caller.district_id)
    row = (await db.exec(statement)).one()
    return Here(clock.today(row.zone), _policy(row.settings.get("rotation") or {}))


def _policy(chosen: Mapping[str, Any]) -> Policy:
    known = {one.name for one in fields(Policy)}
    return Policy(**{name: int(value) for name, value in chosen.items() if name in known})


async def visible_school(db: AsyncSession, *, caller: Caller, school_id: UUID) -> School:
    """A school within reach.

    Raises
    ------
    SchoolNotFound
        It does not exist, or the caller may not see it.
    """
    reached = visible_schools(caller, Permission.ROTATION_READ)
    statement = select(School).where(col(School.id) == school_id, col(School.id).in_(reached))
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SchoolNotFound
    return found


async def schools_of_group(
    db: AsyncSession, *, caller: Caller, group_id: UUID, day: date
) -> list[School]:
    """The members of a group on a day, those within reach."""
    statement = (
        select(School)
        .where(
            col(School.id).in_(members_of([group_id], on=day)),
            col(School.id).in_(visible_schools(caller, Permission.ROTATION_READ)),
        )
        .order_by(col(School.name), col(School.id))
    )
    return list((await db.exec(statement)).all())


# Whoever left a school and came back is there since the return.
_PEOPLE = text("""SELECT t.id AS teacher_id, t.number, t.name, e.school_id, t.title,
  t.backbone_level IS NOT NULL AS backbone, t.birth_year, t.teaching_since,
  t.expected_retirement_on AS retires_on,
  (SELECT lower(stay) FROM unnest((
    SELECT range_agg(x.valid) FROM employment x
    WHERE x.teacher_id = t.id AND x.school_id = e.school_id)) AS stay
   WHERE stay @> CAST(:day AS date)) AS here_since
FROM employment e JOIN teacher t ON t.id = e.teacher_id
WHERE e.school_id = ANY (CAST(:schools AS uuid[])) AND e.valid @> CAST(:day AS date)
ORDER BY t.name_pinyin, t.number""")


async def people(db: AsyncSession, *, school_ids: Collection[UUID], day: date) -> list[Person]:
    """The teachers whom schools employ on a day."""
    asked = {"schools": sorted(school_ids), "day": day}
    found = await (await db.connection()).execute(_PEOPLE, asked)
    return [Person(**{**row, "title": Title(row["title"])}) for row in found.mappings()]
