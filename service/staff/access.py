"""Which teachers a caller's grants reach: oneself, and those whom schools in reach employ.

A school reaches its teachers from the day it is known that they come to the day they leave.
"""

from uuid import UUID

from sqlalchemy import false, func, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission, Reach
from service.network.access import among, reaches_district, today_in, visible_schools
from service.staff.tables import Employment, Teacher


def visible_teachers(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the teachers that a permission reaches."""
    statement = select(Teacher.id).where(col(Teacher.district_id) == caller.district_id)
    if reaches_district(caller, permission):
        return statement
    if (sight := caller.sights.get(permission)) is not None:
        return statement.where(among(Teacher.id, sight.teachers))
    grants = caller.grants_for(permission)
    own = any(grant.reach is Reach.SELF for grant in grants) and caller.teacher_id is not None
    last = func.upper(col(Employment.valid))
    employed = select(Employment.teacher_id).where(
        col(Employment.school_id).in_(visible_schools(caller, permission)),
        or_(last.is_(None), last > today_in(caller.district_id)),
    )
    return statement.where(
        or_(
            col(Teacher.id).in_(employed),
            col(Teacher.id) == caller.teacher_id if own else false(),
        )
    )
