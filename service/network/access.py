"""Which schools and groups a caller's grants reach, today."""

from datetime import date
from uuid import UUID

from sqlalchemy import false, or_, true
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit import clock
from service.kit.auth import Caller, Permission, Reach
from service.network.tables import Group, Membership, School


def _today() -> date:
    return clock.today("Asia/Shanghai")


def members_of(groups: list[UUID], *, on: date) -> SelectOfScalar[UUID]:
    """The schools that belong to one of the groups on a day."""
    return select(Membership.school_id).where(
        col(Membership.group_id).in_(groups), col(Membership.valid).contains(on)
    )


def visible_schools(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the schools that a permission reaches."""
    grants = caller.grants_for(permission)
    if any(grant.reach is Reach.DISTRICT for grant in grants):
        return select(School.id).where(col(School.district_id) == caller.district_id)
    schools = [g.target_id for g in grants if g.reach is Reach.SCHOOL and g.target_id]
    groups = [g.target_id for g in grants if g.reach is Reach.GROUP and g.target_id]
    return select(School.id).where(
        col(School.district_id) == caller.district_id,
        or_(
            false(),
            col(School.id).in_(schools) if schools else false(),
            col(School.id).in_(members_of(groups, on=_today())) if groups else false(),
        ),
    )


def visible_groups(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the groups that a permission reaches: one's own, and those of one's school."""
    grants = caller.grants_for(permission)
    if any(grant.reach is Reach.DISTRICT for grant in grants):
        return select(Group.id).where(col(Group.district_id) == caller.district_id, true())
    schools = [g.target_id for g in grants if g.reach is Reach.SCHOOL and g.target_id]
    groups = [g.target_id for g in grants if g.reach is Reach.GROUP and g.target_id]
    current = select(Membership.group_id).where(
        col(Membership.school_id).in_(schools), col(Membership.valid).contains(_today())
    )
    return select(Group.id).where(
        col(Group.district_id) == caller.district_id,
        or_(
            false(),
            col(Group.id).in_(groups) if groups else false(),
            col(Group.id).in_(current) if schools else false(),
        ),
    )
