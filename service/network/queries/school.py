"""Schools and campuses within reach, as they are on a day."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.problems import Forbidden
from service.network.access import (
    visible_schools,
)
from service.network.problems import (
    CampusNotFound,
    SchoolNotFound,
)
from service.network.queries.finding import named_like, rows_of
from service.network.queries.viewpoint import Standpoint
from service.network.rules import (
    DesignationKind,
)
from service.network.schemas import (
    SchoolView,
)
from service.network.tables import (
    Campus,
    Membership,
    School,
    SchoolDesignation,
    SchoolIdentifier,
)

READ = Permission.NETWORK_READ


@dataclass(frozen=True, slots=True)
class SchoolFilter:
    """Which schools are asked for."""

    q: str | None = None
    identifier: str | None = None
    type_code: str | None = None
    group_id: UUID | None = None
    rural: bool | None = None
    weak: bool | None = None


def _identifier_on(day: date) -> Any:
    return (
        select(SchoolIdentifier.code)
        .where(
            col(SchoolIdentifier.school_id) == col(School.id),
            col(SchoolIdentifier.valid).contains(day),
        )
        .scalar_subquery()
    )


def weak_on(day: date) -> Any:
    """Whether a school is designated as weak on a day, inside a statement."""
    return exists().where(
        col(SchoolDesignation.school_id) == col(School.id),
        col(SchoolDesignation.kind) == DesignationKind.WEAK,
        col(SchoolDesignation.valid).contains(day),
    )


def _rural(rural_codes: Collection[str]) -> ColumnElement[bool]:
    return col(School.urban_rural_code).in_(rural_codes)


def _school_views(caller: Caller, at: Standpoint) -> Select[Any]:
    return select_rows(
        School, _identifier_on(at.day), weak_on(at.day), _rural(at.rural_codes)
    ).where(col(School.id).in_(visible_schools(caller, READ)))


def schools(caller: Caller, *, at: Standpoint, wanted: SchoolFilter) -> Select[Any]:
    """Rows for ``SchoolView``: the schools within reach, as they are on the day."""
    statement = _school_views(caller, at)
    if wanted.q is not None:
        statement = statement.where(named_like(wanted.q, School.name, School.name_pinyin))
    if wanted.identifier is not None:
        statement = statement.where(_identifier_on(at.day) == wanted.identifier)
    if wanted.type_code is not None:
        statement = statement.where(col(School.type_code) == wanted.type_code)
    if wanted.group_id is not None:
        statement = statement.where(col(School.id).in_(_members(wanted.group_id, on=at.day)))
    if wanted.rural is not None:
        statement = statement.where(_rural(at.rural_codes).is_(wanted.rural))
    if wanted.weak is not None:
        statement = statement.where(weak_on(at.day).is_(wanted.weak))
    return statement


def _members(group_id: UUID, *, on: date) -> SelectOfScalar[UUID]:
    return select(Membership.school_id).where(
        col(Membership.group_id) == group_id, col(Membership.valid).contains(on)
    )


async def visible_school(
    db: AsyncSession, *, caller: Caller, school_id: UUID, at: Standpoint
) -> SchoolView:
    """A school within reach, as it is on the day.

    Raises
    ------
    SchoolNotFound
        It does not exist, or the caller may not see it.
    """
    statement = _school_views(caller, at).where(col(School.id) == school_id)
    found = await rows_of(db, statement)
    if not found:
        raise SchoolNotFound
    return SchoolView(*found[0])


async def identifiers_of(db: AsyncSession, *, school_id: UUID) -> Sequence[SchoolIdentifier]:
    """A school's identifiers, the first one first."""
    statement = (
        select(SchoolIdentifier)
        .where(col(SchoolIdentifier.school_id) == school_id)
        .order_by(func.lower(col(SchoolIdentifier.valid)).asc().nulls_first())
    )
    return (await db.exec(statement)).all()


async def school_designated(db: AsyncSession, *, designation_id: UUID) -> UUID | None:
    """The school that a designation is about."""
    statement = select(SchoolDesignation.school_id).where(
        col(SchoolDesignation.id) == designation_id
    )
    return (await db.exec(statement)).one_or_none()


async def designations_of(db: AsyncSession, *, school_id: UUID) -> Sequence[SchoolDesignation]:
    """A school's designations, the first one first."""
    statement = (
        select(SchoolDesignation)
        .where(col(SchoolDesignation.school_id) == school_id)
        .order_by(func.lower(col(SchoolDesignation.valid)).asc().nulls_first())
    )
    return (await db.exec(statement)).all()


async def school_to_change(db: AsyncSession, *, caller: Caller, school_id: UUID) -> School:
    """A school the caller may change, locked.

    Raises
    ------
    SchoolNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    statement = (
        select(
            School,
            col(School.id).in_(visible_schools(caller, Permission.NETWORK_SCHOOL_WRITE)),
        )
        .where(col(School.id) == school_id, col(School.id).in_(visible_schools(caller, READ)))
        .with_for_update(key_share=True, of=School)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SchoolNotFound
    school, allowed = found
    if not allowed:
        raise Forbidden
    return school


def campuses(
    caller: Caller, *, school_id: UUID | None, code: str | None, q: str | None
) -> SelectOfScalar[Campus]:
    """The campuses of the schools within reach."""
    statement = select(Campus).where(col(Campus.school_id).in_(visible_schools(caller, READ)))
    if school_id is not None:
        statement = statement.where(col(Campus.school_id) == school_id)
    if code is not None:
        statement = statement.where(col(Campus.code) == code)
    if q is not None:
        statement = statement.where(
            or_(
                col(Campus.name).icontains(q, autoescape=True),
                col(Campus.address).icontains(q, autoescape=True),
            )
        )
    return statement


async def campus_to_change(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> Campus:
    """A campus of a school the caller may change, both locked.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    campus = await visible_campus(db, caller=caller, campus_id=campus_id)
    await school_to_change(db, caller=caller, school_id=campus.school_id)
    await db.refresh(campus, with_for_update={"key_share": True})
    return campus


async def visible_campus(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> Campus:
    """A campus of a school within reach.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Campus).where(
        col(Campus.id) == campus_id, col(Campus.school_id).in_(visible_schools(caller, READ))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    return found
