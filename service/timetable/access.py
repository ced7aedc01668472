"""What of the timetable a caller's grants reach: by the campus where it is, or by the teacher."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.network.access import today_in, visible_groups, visible_schools
from service.network.tables import Campus, Membership, School
from service.staff.access import visible_teachers


def visible_campuses(caller: Caller, permission: Permission) -> SelectOfScalar[UUID]:
    """The ids of the campuses of the schools that a permission reaches."""
    return select(Campus.id).where(col(Campus.school_id).in_(visible_schools(caller, permission)))


def reaches(
    caller: Caller, permission: Permission, *, campus: Any, teacher: Any
) -> ColumnElement[bool]:
    """Whether a lesson or slot is within reach: taught at one's campus, or by one's teacher."""
    return or_(
        campus.in_(visible_campuses(caller, permission)),
        teacher.in_(visible_teachers(caller, permission)),
    )


def schools_beside(caller: Caller) -> SelectOfScalar[UUID]:
    """The ids of the schools that share a group with the caller, and of the caller's own."""
    today = today_in(caller.district_id)
    beside = select(Membership.school_id).where(
        col(Membership.group_id).in_(visible_groups(caller, Permission.CALENDAR_WRITE)),
        col(Membership.valid).contains(today),
    )
    own = visible_schools(caller, Permission.CALENDAR_WRITE)
    return select(School.id).where(or_(col(School.id).in_(beside), col(School.id).in_(own)))
