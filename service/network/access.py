"""Which schools and groups a caller's grants reach, today."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    DateTime,
    Uuid,
    any_,
    bindparam,
    cast,
    false,
    func,
    literal,
    or_,
)
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit import clock
from service.kit.auth import Caller, Permission, Reach
from service.kit.db import Instant
from service.network.tables import District, Group, Membership, School


def today_in(district_id: UUID) -> ColumnElement[date]:
    """The present day where the district is, for use inside a statement."""
    now = bindparam(None, clock.now(), type_=Instant())
    return (
        select(cast(func.timezone(col(District.zone), now), Date))
        .where(col(District.id) == district_id)
        .scalar_subquery()
    )


def day_end_in(district_id: UUID, day: date) -> ColumnElement[datetime]:
    """The instant at which a day ends where the district is."""
    local = cast(bindparam(None, day, type_=Date()), DateTime()) + timedelta(days=1)
    return (
        select(func.timezone(col(District.zone), local, type_=Instant()))
        .where(col(District.id) == district_id)
        .scalar_subquery()
    )


def reaches_district(caller: Caller, permission: Permission) -> bool:
    """Whether a permission reaches everything in the district."""
    return caller.reaches_district(permission)


def among(column: Any, ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether a column holds one of many ids, as one parameter."""
    return col(column) == any_(literal(sorted(ids), ARRAY(Uuid)))


def _targets(caller: Caller, permission: Permission, reach: Reach) -> list[UUID]:
    return [
        grant.target_id
        for grant in caller.grants_for(permission)
        if grant.reach is reach and grant.target_id is not None
    ]


def members_of(groups: Collection[UUID], *, on: date | ColumnElement[date]) -> SelectOfScalar[UUID]:
    """The schools that belong to one of the groups on a day."""
    return select(Membership.school_id).where(
        col(Membership.group_id).in_(groups), col(Membership.valid).contains(on)
    )


def groups_of(schools: Collection[UUID], *, on: date | ColumnElement[date]) -> SelectOfScalar[UUID]:
    """The groups that one of the schools belongs to on a day."""
    return select(Membership.group_id).where(
        col(Membership.school_id).in_(schools), col(Membership.valid).contains(on)
    )


def visible_schools(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the schools that a permission reaches."""
    statement = select(School.id).where(col(School.district_id) == caller.district_id)
    if reaches_district(caller, permission):
        return statement
    if (sight := caller.sights.get(permission)) is not None:
        return statement.where(among(School.id, sight.schools))
    schools = _targets(caller, permission, Reach.SCHOOL)
    groups = _targets(caller, permission, Reach.GROUP)
    reached = [col(School.id).in_(schools)] if schools else []
    if groups:
        today = today_in(caller.district_id)
        reached.append(col(School.id).in_(members_of(groups, on=today)))
    return statement.where(or_(false(), *reached))


def visible_groups(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the groups that a permission reaches: one's own, and those of one's school."""
    statement = select(Group.id).where(col(Group.district_id) == caller.district_id)
    if reaches_district(caller, permission):
        return statement
    if (sight := caller.sights.get(permission)) is not None:
        return statement.where(among(Group.id, sight.groups))
    schools = _targets(caller, permission, Reach.SCHOOL)
    groups = _targets(caller, permission, Reach.GROUP)
    reached = [col(Group.id).in_(groups)] if groups else []
    if schools:
        today = today_in(caller.district_id)
        reached.append(col(Group.id).in_(groups_of(schools, on=today)))
    return statement.where(or_(false(), *reached))


def governed_groups(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the groups a permission was given for: a member school's office has no say."""
    statement = select(Group.id).where(col(Group.district_id) == caller.district_id)
    if reaches_district(caller, permission):
        return statement
    return statement.where(col(Group.id).in_(_targets(caller, permission, Reach.GROUP)))
