"""Reading appraisals of the pairings within reach."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.kit.problems import Forbidden
from service.mentoring.access import visible_pairings
from service.mentoring.problems.appraisal import AppraisalNotFound
from service.mentoring.queries.pairing import PairingFilter, pairings
from service.mentoring.queries.programme import standards_in_force
from service.mentoring.rules.appraisal import AppraisalGrade, AppraisalKind, AppraisalState
from service.mentoring.schemas.appraisal import RubricIn
from service.mentoring.tables import Appraisal, Pairing
from service.network.queries.finding import rows_of
from service.staff.access import visible_teachers


@dataclass(frozen=True, slots=True)
class AppraisalFilter:
    """Which appraisals are asked for."""

    pairing_id: UUID | None = None
    teacher_id: UUID | None = None
    school_id: UUID | None = None
    kind: AppraisalKind | None = None
    state: AppraisalState | None = None
    grade: AppraisalGrade | None = None
    outstanding: bool | None = None


def appraisals(caller: Caller, *, day: date, wanted: AppraisalFilter) -> Select[Any]:
    """Rows for ``AppraisalOut``: the pairing's row, and the appraisal."""
    of_pair = PairingFilter(teacher_id=wanted.teacher_id, school_id=wanted.school_id)
    statement = (
        pairings(caller, day=day, wanted=of_pair)
        .join(Appraisal, col(Appraisal.pairing_id) == col(Pairing.id))
        .add_columns(Appraisal)
    )
    for column, value in (
        (Appraisal.pairing_id, wanted.pairing_id),
        (Appraisal.kind, wanted.kind),
        (Appraisal.state, wanted.state),
        (Appraisal.grade, wanted.grade),
        (Appraisal.outstanding, wanted.outstanding),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    return statement


async def appraisal_row(
    db: AsyncSession, *, caller: Caller, appraisal_id: UUID, day: date
) -> tuple[Any, ...]:
    """A row for ``AppraisalOut``.

    Raises
    ------
    AppraisalNotFound
        There is none, or the caller may not see it.
    """
    statement = appraisals(caller, day=day, wanted=AppraisalFilter())
    found = await rows_of(db, statement.where(col(Appraisal.id) == appraisal_id))
    if not found:
        raise AppraisalNotFound
    return tuple(found[0])


async def appraisal_to_change(
    db: AsyncSession, *, caller: Caller, appraisal_id: UUID, by: Permission
) -> tuple[Appraisal, Pairing]:
    """An appraisal of a mentee whom a permission reaches, locked, with its pairing.

    Raises
    ------
    AppraisalNotFound
        There is none, or the caller may not see it.
    Forbidden
        The caller sees it, but it is another office's.
    """
    allowed = col(Pairing.mentee_id).in_(visible_teachers(caller, by))
    statement = (
        select(Pairing, allowed)
        .join(Appraisal, col(Appraisal.pairing_id) == col(Pairing.id))
        .where(col(Appraisal.id) == appraisal_id, visible_pairings(caller))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise AppraisalNotFound
    pairing, may = found
    if not may:
        raise Forbidden
    return await _locked(db, appraisal_id), pairing


async def appraisal_in_sight(
    db: AsyncSession, *, caller: Caller, appraisal_id: UUID
) -> tuple[Appraisal, Pairing]:
    """An appraisal within sight, locked, with its pairing.

    Raises
    ------
    AppraisalNotFound
        There is none, or the caller may not see it.
    """
    statement = (
        select(Pairing)
        .join(Appraisal, col(Appraisal.pairing_id) == col(Pairing.id))
        .where(col(Appraisal.id) == appraisal_id, visible_pairings(caller))
    )
    pairing = (await db.exec(statement)).one_or_none()
    if pairing is None:
        raise AppraisalNotFound
    return await _locked(db, appraisal_id), pairing


async def _locked(db: AsyncSession, appraisal_id: UUID) -> Appraisal:
    found = await lock(db, Appraisal, appraisal_id)
    if found is None:
        raise AppraisalNotFound
    return found


async def rubrics_for(
    db: AsyncSession, *, mentee_ids: Collection[UUID], day: date
) -> dict[UUID, dict[str, Any]]:
    """How mentees' pairs are appraised on a day: as their programme says, else as usual."""
    asked = await standards_in_force(db, mentee_ids=mentee_ids, day=day)
    usual = RubricIn().columns
    return {id_: asked[id_].rubric if id_ in asked else usual for id_ in mentee_ids}
