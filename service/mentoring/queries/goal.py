"""Reading plans of goals and of growth within reach."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.calendar.tables import SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.mentoring.access import visible_growth, visible_pairings
from service.mentoring.problems import MenteeNotFound
from service.mentoring.problems.goal import GoalPlanNotFound, GrowthPlanNotFound
from service.mentoring.queries.programme import person
from service.mentoring.rules import PairingState
from service.mentoring.tables import GoalPlan, GrowthPlan, Pairing
from service.network.queries import standpoint
from service.network.queries.finding import rows_of
from service.network.tables import School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher

TERM_BEGINS = func.lower(col(Term.days))
"""How goal plans are sorted."""


def goal_plans(caller: Caller, *, pairing_id: UUID | None = None) -> Select[Any]:
    """Rows for ``GoalPlanOut`` within sight."""
    columns: tuple[Any, ...] = (GoalPlan, col(Term.number), col(SchoolYear.label))
    statement: Select[Any] = (
        select_rows(*columns)
        .join(Pairing, col(Pairing.id) == col(GoalPlan.pairing_id))
        .join(Term, col(Term.id) == col(GoalPlan.term_id))
        .join(SchoolYear, col(SchoolYear.id) == col(Term.school_year_id))
        .where(visible_pairings(caller))
    )
    return statement if pairing_id is None else statement.where(col(Pairing.id) == pairing_id)


async def goal_row(db: AsyncSession, *, caller: Caller, goal_plan_id: UUID) -> tuple[Any, ...]:
    """A row for ``GoalPlanOut``.

    Raises
    ------
    GoalPlanNotFound
        There is none, or the caller may not see it.
    """
    found = await rows_of(db, goal_plans(caller).where(col(GoalPlan.id) == goal_plan_id))
    if not found:
        raise GoalPlanNotFound
    return tuple(found[0])


async def term_named(db: AsyncSession, *, term_id: UUID) -> Term:
    """A term that a field points to.

    Raises
    ------
    RelatedNotFound
        There is none.
    """
    found = (await db.exec(select(Term).where(col(Term.id) == term_id))).one_or_none()
    if found is None:
        words = Text("学期不存在", "does not exist")
        raise RelatedNotFound(errors=[FieldError("/term_id", "not-found", words)])
    return found


async def growth_plans(
    db: AsyncSession, *, caller: Caller, mentee_id: UUID | None = None
) -> Select[Any]:
    """Rows for ``GrowthPlanOut`` within sight."""
    at = await standpoint(db, district_id=caller.district_id)
    shown, employed = person(day=at.day)
    statement: Select[Any] = (
        select_rows(GrowthPlan, shown)
        .join(Teacher, col(Teacher.id) == col(GrowthPlan.mentee_id))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(visible_growth(caller))
    )
    return statement if mentee_id is None else statement.where(col(Teacher.id) == mentee_id)


async def growth_row(db: AsyncSession, *, caller: Caller, growth_plan_id: UUID) -> tuple[Any, ...]:
    """A row for ``GrowthPlanOut``.

    Raises
    ------
    GrowthPlanNotFound
        There is none, or the caller may not see it.
    """
    statement = await growth_plans(db, caller=caller)
    found = await rows_of(db, statement.where(col(GrowthPlan.id) == growth_plan_id))
    if not found:
        raise GrowthPlanNotFound
    return tuple(found[0])


async def check_mentee(db: AsyncSession, *, caller: Caller, mentee_id: UUID) -> None:
    """Refuse a teacher out of sight.

    Raises
    ------
    MenteeNotFound
        There is none, or the caller may neither see nor mentor them.
    """
    seen = or_(
        col(Teacher.id).in_(visible_teachers(caller, Permission.MENTORING_READ)),
        _mentored(caller, mentee_id=mentee_id),
    )
    statement = select(Teacher.id).where(col(Teacher.id) == mentee_id, seen)
    if (await db.exec(statement)).one_or_none() is None:
        raise MenteeNotFound


def _mentored(caller: Caller, *, mentee_id: UUID) -> ColumnElement[bool]:
    return (
        select(Pairing.id)
        .where(
            col(Pairing.mentee_id) == mentee_id,
            col(Pairing.mentor_id) == caller.teacher_id,
            col(Pairing.state) != PairingState.ENDED.value,
        )
        .exists()
    )


async def writes_for(db: AsyncSession, *, teacher_id: UUID | None, mentee_id: UUID) -> bool:
    """Whether somebody is the mentee of an open pairing, or a mentor in one of theirs."""
    statement = select(Pairing.id).where(
        col(Pairing.mentee_id) == mentee_id,
        or_(col(Pairing.mentor_id) == teacher_id, col(Pairing.mentee_id) == teacher_id),
        col(Pairing.state) != PairingState.ENDED.value,
    )
    return (await db.exec(statement.limit(1))).one_or_none() is not None


def days_of_term(term: Term) -> tuple[date, date | None]:
    """The days of a term, half-open."""
    return term.days.lower or date.min, term.days.upper
