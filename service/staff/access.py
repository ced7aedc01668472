"""Which teachers a caller's grants reach, today: oneself, and those employed at schools in reach."""

from uuid import UUID

from sqlalchemy import false, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit import clock
from service.kit.auth import Caller, Permission, Reach
from service.network.access import visible_schools
from service.staff.tables import Employment, Teacher


def visible_teachers(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the teachers that a permission reaches."""
    grants = caller.grants_for(permission)
    if any(grant.reach is Reach.DISTRICT for grant in grants):
        return select(Teacher.id).where(col(Teacher.district_id) == caller.district_id)
    own = any(grant.reach is Reach.SELF for grant in grants) and caller.teacher_id is not None
    employed = select(Employment.teacher_id).where(
        col(Employment.school_id).in_(visible_schools(caller, permission)),
        col(Employment.valid).contains(clock.today("Asia/Shanghai")),
    )
    return select(Teacher.id).where(
        col(Teacher.district_id) == caller.district_id,
        or_(
            col(Teacher.id).in_(employed),
            col(Teacher.id) == caller.teacher_id if own else false(),
        ),
    )
