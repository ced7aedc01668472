"""Which pairings a caller's grants reach: those in which they reach one of the two."""

from sqlalchemy import ColumnElement, and_, literal, or_
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.mentoring.rules import PairingState
from service.mentoring.rules.studio import StudioRole
from service.mentoring.tables import (
    GrowthPlan,
    MentoringProgramme,
    Pairing,
    Studio,
    StudioMember,
)
from service.network.access import governed_groups, reaches_district, visible_groups
from service.staff.access import visible_teachers


def visible_pairings(caller: Caller) -> ColumnElement[bool]:
    """Whether a pairing is within sight."""
    teachers = visible_teachers(caller, Permission.MENTORING_READ)
    return or_(col(Pairing.mentor_id).in_(teachers), col(Pairing.mentee_id).in_(teachers))


def governed_pairings(caller: Caller) -> ColumnElement[bool]:
    """Whether a pairing is the caller's to change: the mentee's office looks after it."""
    return col(Pairing.mentee_id).in_(visible_teachers(caller, Permission.MENTORING_WRITE))


def visible_growth(caller: Caller) -> ColumnElement[bool]:
    """Whether a growth plan is within sight: one reaches the mentee, or a present mentor."""
    teachers = visible_teachers(caller, Permission.MENTORING_READ)
    mentored = select(Pairing.mentee_id).where(
        col(Pairing.mentor_id).in_(teachers), col(Pairing.state) != PairingState.ENDED.value
    )
    mentee = col(GrowthPlan.mentee_id)
    return or_(mentee.in_(teachers), mentee.in_(mentored))


def visible_programmes(caller: Caller) -> ColumnElement[bool]:
    """Whether a programme is within sight: the district's own, and those of groups in reach."""
    return or_(
        col(MentoringProgramme.group_id).is_(None),
        col(MentoringProgramme.group_id).in_(visible_groups(caller, Permission.PROGRAMME_READ)),
    )


def governed_programmes(caller: Caller) -> ColumnElement[bool]:
    """Whether a programme is the caller's to change: the office of its scope."""
    permission = Permission.PROGRAMME_WRITE
    return or_(
        and_(
            # Without it, NULL for the district's own would be neither yes nor no.
            col(MentoringProgramme.group_id).is_not(None),
            col(MentoringProgramme.group_id).in_(governed_groups(caller, permission)),
        ),
        literal(value=reaches_district(caller, permission)),
    )


def visible_studios(caller: Caller) -> ColumnElement[bool]:
    """Whether a studio is within sight: one reaches somebody who is or was in it."""
    teachers = visible_teachers(caller, Permission.STUDIO_READ)
    mine = select(StudioMember.studio_id).where(col(StudioMember.teacher_id).in_(teachers))
    return col(Studio.id).in_(mine)


def governed_studios(caller: Caller) -> ColumnElement[bool]:
    """Whether a studio is the caller's to change: the office of its host looks after it."""
    teachers = visible_teachers(caller, Permission.STUDIO_WRITE)
    hosts = select(StudioMember.studio_id).where(
        col(StudioMember.role) == StudioRole.HOST.value, col(StudioMember.teacher_id).in_(teachers)
    )
    return col(Studio.id).in_(hosts)
