"""What of the timetable a caller's grants reach: by the campus where it is, or by the teacher."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.network.access import visible_schools
from service.network.tables import Campus
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
