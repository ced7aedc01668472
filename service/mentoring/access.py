"""Which pairings a caller's grants reach: those in which they reach one of the two."""

from sqlalchemy import ColumnElement, or_
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.mentoring.tables import Pairing
from service.staff.access import visible_teachers


def visible_pairings(caller: Caller) -> ColumnElement[bool]:
    """Whether a pairing is within sight."""
    teachers = visible_teachers(caller, Permission.MENTORING_READ)
    return or_(col(Pairing.mentor_id).in_(teachers), col(Pairing.mentee_id).in_(teachers))


def governed_pairings(caller: Caller) -> ColumnElement[bool]:
    """Whether a pairing is the caller's to change: the mentee's office looks after it."""
    return col(Pairing.mentee_id).in_(visible_teachers(caller, Permission.MENTORING_WRITE))
