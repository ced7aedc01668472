"""Which assignments a caller's grants reach: by one of the two schools, or by the teacher."""

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from service.itinerant.tables import Assignment
from service.kit.auth import Caller, Permission
from service.network.access import visible_schools
from service.staff.access import visible_teachers


def visible_assignments(caller: Caller) -> ColumnElement[bool]:
    """Whether an assignment is within reach."""
    schools = visible_schools(caller, Permission.ASSIGNMENT_READ)
    return or_(
        col(Assignment.host_school_id).in_(schools),
        col(Assignment.home_school_id).in_(schools),
        col(Assignment.teacher_id).in_(visible_teachers(caller, Permission.ASSIGNMENT_READ)),
    )
