"""How a programme's cohort is looked after on a day: mentees in reach, and mentors in reach."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, case, func, literal, not_, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.mentoring.queries.cohort import Frame, cohort
from service.mentoring.queries.pairing import guided_on
from service.mentoring.queries.programme import person
from service.mentoring.rules import PairingState
from service.mentoring.rules.programme import Standing
from service.mentoring.tables import Pairing
from service.network.access import members_of
from service.network.queries.finding import rows_of
from service.network.tables import School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Qualification, Teacher

_NEEDED = 2


async def is_visible(db: AsyncSession, *, caller: Caller, teacher_id: UUID) -> bool:
    """Whether a caller who reads programmes sees a teacher."""
    statement = visible_teachers(caller, Permission.PROGRAMME_READ).where(
        col(Teacher.id) == teacher_id
    )
    return (await db.exec(statement)).one_or_none() is not None


@dataclass(frozen=True, slots=True)
class CoveredFilter:
    """Which mentees are asked for."""

    standing: Standing | None = None
    school_id: UUID | None = None
    group_id: UUID | None = None
    subject: str | None = None
    pending: bool | None = None


def mentees(caller: Caller, *, frame: Frame, wanted: CoveredFilter) -> Select[Any]:
    """Rows for ``CoveredOut``: everybody in the cohort and in reach, with or without mentors."""
    members, guided = cohort(frame).subquery(), guided_on(frame.day)
    shown, employed = person(day=frame.day)
    standing = _standing(members, guided)
    columns: tuple[Any, ...] = (
        shown,
        members.c.is_new,
        members.c.rural,
        members.c.weak,
        members.c.added,
        members.c.disadvantaged,
        standing.label("standing"),
        guided.c.guides,
    )
    statement = (
        select_rows(*columns)
        .select_from(members)
        .join(Teacher, col(Teacher.id) == members.c.teacher_id)
        .join(Employment, employed)
        .join(School, col(School.id) == col(Employment.school_id))
        .join(guided, guided.c.mentee_id == members.c.teacher_id, isouter=True)
        .where(members.c.teacher_id.in_(visible_teachers(caller, Permission.PROGRAMME_READ)))
    )
    return _narrowed(statement, members, guided, frame=frame, wanted=wanted)


def _narrowed(
    statement: Select[Any],
    members: Subquery,
    guided: Subquery,
    *,
    frame: Frame,
    wanted: CoveredFilter,
) -> Select[Any]:
    if wanted.standing is not None:
        statement = statement.where(_standing(members, guided) == wanted.standing.value)
    if wanted.school_id is not None:
        statement = statement.where(members.c.school_id == wanted.school_id)
    if wanted.group_id is not None:
        mine = members_of([wanted.group_id], on=frame.day)
        statement = statement.where(members.c.school_id.in_(mine))
    if wanted.subject is not None:
        teaches = select(Qualification.teacher_id).where(
            col(Qualification.subject) == wanted.subject
        )
        statement = statement.where(members.c.teacher_id.in_(teaches))
    if wanted.pending is not None:
        waits = func.coalesce(guided.c.persons_open > guided.c.persons, literal(value=False))
        statement = statement.where(waits.is_(wanted.pending))
    return statement


def _standing(members: Subquery, guided: Subquery) -> Any:
    """One of four, by the mentors who are active; the same dual rule as ``rules.dual_gaps``."""
    persons = func.coalesce(guided.c.persons, 0)
    broken = or_(guided.c.roles < _NEEDED, and_(members.c.disadvantaged, not_(guided.c.outside)))
    return case(
        (persons == 0, Standing.NONE.value),
        (persons < _NEEDED, Standing.ONE.value),
        (broken, Standing.BROKEN.value),
        else_=Standing.MET.value,
    )


async def by_school(db: AsyncSession, *, caller: Caller, frame: Frame) -> list[tuple[Any, ...]]:
    """How many mentees of each school stand how: school, name, standing, count."""
    rows = mentees(caller, frame=frame, wanted=CoveredFilter()).add_columns(
        col(School.id).label("school_id"), col(School.name).label("school_name")
    )
    inner = rows.subquery()
    counted: tuple[Any, ...] = (
        inner.c.school_id,
        inner.c.school_name,
        inner.c.standing,
        func.count(),
    )
    statement = (
        select_rows(*counted)
        .group_by(inner.c.school_id, inner.c.school_name, inner.c.standing)
        .order_by(inner.c.school_name, inner.c.school_id)
    )
    return [tuple(row) for row in await rows_of(db, statement)]


# Mentors


class Trouble(StrEnum):
    """What is the matter with a mentor."""

    OVER = "over-capacity"
    LEAVING = "leaving"


def mentors(
    caller: Caller, *, frame: Frame, capacity: int, trouble: Trouble | None, school_id: UUID | None
) -> Select[Any]:
    """Rows for ``CoachOut``: the mentors in reach of the cohort's mentees."""
    members = cohort(frame).subquery()
    open_ = and_(
        col(Pairing.valid).contains(frame.day), col(Pairing.state) != PairingState.ENDED.value
    )
    mine = select(Pairing.mentor_id).where(
        open_, col(Pairing.mentee_id).in_(select_rows(members.c.teacher_id))
    )
    places = (
        select_rows(
            col(Pairing.mentor_id).label("mentor_id"),
            func.count().label("taken"),
            func.max(func.coalesce(func.upper(col(Pairing.valid)), frame.after)).label("until"),
        )
        .where(open_, col(Pairing.mentor_id).in_(mine))
        .group_by(col(Pairing.mentor_id))
        .subquery()
    )
    shown, employed = person(day=frame.day)
    # The least of two ignores what is not known; who works nowhere has left already.
    leaves = func.least(
        case((col(Employment.id).is_(None), frame.day), else_=func.upper(col(Employment.valid))),
        col(Teacher.expected_retirement_on),
    )
    over = places.c.taken > capacity
    leaving = func.coalesce(leaves < places.c.until, literal(value=False))
    columns: tuple[Any, ...] = (
        shown,
        places.c.taken,
        over.label("over"),
        leaving.label("leaving"),
        case((leaving, leaves)).label("leaves_on"),
    )
    statement = (
        select_rows(*columns)
        .select_from(places)
        .join(Teacher, col(Teacher.id) == places.c.mentor_id)
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(col(Teacher.id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)))
    )
    if trouble is not None:
        statement = statement.where(over if trouble is Trouble.OVER else leaving)
    if school_id is not None:
        statement = statement.where(col(School.id) == school_id)
    return statement


async def counted_mentors(db: AsyncSession, statement: Select[Any]) -> tuple[int, int, int, int]:
    """How many mentors there are, their places taken, who is over, who is leaving."""
    inner = statement.subquery()
    counts: tuple[Any, ...] = (
        func.count(),
        func.coalesce(func.sum(inner.c.taken), 0),
        func.count().filter(inner.c.over),
        func.count().filter(inner.c.leaving),
    )
    (row,) = await rows_of(db, select_rows(*counts))
    mentors_, taken, over, leaving = row
    return mentors_, taken, over, leaving
