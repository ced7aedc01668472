"""Reading what is needed to see who lost a mentor."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.mentoring.queries.cohort import Frame, cohort
from service.mentoring.rules import EndReason, PairingState
from service.mentoring.rules.programme import Held, ProgrammeRole, ProgrammeState, RolePlace
from service.mentoring.tables import MentoringProgramme, Pairing
from service.network.queries import standpoint
from service.network.queries.finding import rows_of
from service.network.rules import TaskState
from service.network.tables import Task


async def open_programmes(db: AsyncSession) -> Sequence[MentoringProgramme]:
    """The programmes that count now."""
    statement = select(MentoringProgramme).where(
        col(MentoringProgramme.state) == ProgrammeState.OPEN.value
    )
    return (await db.exec(statement)).all()


async def in_cohort(
    db: AsyncSession, *, frame: Frame, mentee_ids: Collection[UUID]
) -> list[tuple[UUID, UUID]]:
    """Those of some teachers whom a programme concerns, each with the school."""
    members = cohort(frame).subquery()
    statement = select(members.c.teacher_id, members.c.school_id).where(
        members.c.teacher_id.in_(mentee_ids)
    )
    return [(id_, school_id) for id_, school_id in await rows_of(db, statement)]


def roles_in(frame: Frame) -> list[ProgrammeRole]:
    """The roles that each mentee should have a mentor in."""
    return [ProgrammeRole(one["code"], RolePlace(one["place"])) for one in frame.standard.roles]


async def roles_held(
    db: AsyncSession, *, mentee_ids: Collection[UUID], by: Caller
) -> dict[UUID, list[Held]]:
    """In which roles mentees have or had a mentor; what was completed is not missed."""
    today = (await standpoint(db, district_id=by.district_id)).today
    last = func.upper(col(Pairing.valid))
    open_ = col(Pairing.state) != PairingState.ENDED.value
    columns: tuple[Any, ...] = (
        col(Pairing.mentee_id),
        col(Pairing.role),
        open_ & or_(last.is_(None), last > today),
    )
    statement = select_rows(*columns).where(
        col(Pairing.mentee_id).in_(mentee_ids),
        func.coalesce(col(Pairing.end_reason), "") != EndReason.COMPLETED.value,
    )
    found: dict[UUID, list[Held]] = defaultdict(list)
    for mentee_id, role, held in await rows_of(db, statement):
        found[mentee_id].append(Held(role, still=bool(held)))
    return found


async def waiting(db: AsyncSession, *, kind: str) -> Sequence[UUID]:
    """Whom open tasks of a kind are about."""
    statement = select(Task.subject_id).where(
        col(Task.kind) == kind, col(Task.state) == TaskState.OPEN.value
    )
    return (await db.exec(statement)).all()
