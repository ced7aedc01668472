"""What a pair wants to reach: a term's goals by the two, three years by mentee and mentors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.journal import record
from service.mentoring import queries
from service.mentoring.logs import hold
from service.mentoring.problems.goal import GrowthPlanNotFound, NotOfTheMentee
from service.mentoring.queries import goal as reading
from service.mentoring.rules import PairingState
from service.mentoring.rules.goal import check_goals, growth_span
from service.mentoring.tables import GoalPlan, GrowthPlan, Pairing
from service.network.queries import standpoint


@dataclass(frozen=True, slots=True)
class Goals:
    """What is to be reached, in words and in numbers."""

    summary: str
    items: Sequence[dict[str, Any]]

    @property
    def columns(self) -> dict[str, Any]:
        """As the row keeps them."""
        return {"summary": self.summary, "items": list(self.items)}


async def _check(db: AsyncSession, *, pairing: Pairing, term_id: UUID, goals: Goals) -> None:
    term = await reading.term_named(db, term_id=term_id)
    check_goals(
        state=PairingState(pairing.state),
        valid=(pairing.valid.lower or date.min, pairing.valid.upper),
        term=reading.days_of_term(term),
        names=[one["name"] for one in goals.items],
    )


async def set_goals(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, term_id: UUID, goals: Goals
) -> GoalPlan:
    """Set a pair's goals for a term, as one of the two.

    Raises
    ------
    PairingNotFound, NotOfThePair
        It is not theirs.
    RelatedNotFound, GoalTermUnfit, GoalPairingOver, GoalItemTwice
        The goals do not fit the pairing.
    GoalPlanExists
        There are some for this term.
    """
    pairing, _ = await hold(db, caller=caller, pairing_id=pairing_id)
    await _check(db, pairing=pairing, term_id=term_id, goals=goals)
    plan = GoalPlan(
        district_id=caller.district_id, pairing_id=pairing_id, term_id=term_id, **goals.columns
    )
    db.add(plan)
    await db.flush()
    await record(
        db, "goal-plan.created", plan, by=caller, reach=[pairing.mentor_id, pairing.mentee_id]
    )
    return plan


async def change_goals(
    db: AsyncSession, *, caller: Caller, goal_plan_id: UUID, goals: Goals, expected: Precondition
) -> None:
    """Set a term's goals anew, with what was done so far, as one of the two.

    Raises
    ------
    GoalPlanNotFound, NotOfThePair
        It is not theirs.
    GoalPairingOver, GoalItemTwice
        It cannot be changed so.
    """
    plan, *_ = await reading.goal_row(db, caller=caller, goal_plan_id=goal_plan_id)
    pairing, _ = await hold(db, caller=caller, pairing_id=plan.pairing_id)
    await db.refresh(plan)
    expected.check(plan.version)
    await _check(db, pairing=pairing, term_id=plan.term_id, goals=goals)
    before = change_fields(plan, goals.columns)
    if before:
        await db.flush()
        reach = [pairing.mentor_id, pairing.mentee_id]
        await record(db, "goal-plan.changed", plan, by=caller, before=before, reach=reach)


# Three years


@dataclass(frozen=True, slots=True)
class Growth:
    """Where a mentee wants to be in three years, and what each of them is for."""

    vision: str
    years: Sequence[dict[str, Any]]

    @property
    def columns(self) -> dict[str, Any]:
        """As the row keeps them."""
        return {"vision": self.vision, "years": list(self.years)}


async def _check_writer(db: AsyncSession, *, caller: Caller, mentee_id: UUID) -> None:
    if not await reading.writes_for(db, teacher_id=caller.teacher_id, mentee_id=mentee_id):
        raise NotOfTheMentee


async def _tell(
    db: AsyncSession,
    event: str,
    plan: GrowthPlan,
    *,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    day = (await standpoint(db, district_id=by.district_id)).today
    open_ = await queries.open_pairings(db, teacher_ids=[plan.mentee_id])
    reach = {plan.mentee_id, *(one.mentor_id for one in open_)}
    schools = await queries.schools_of(db, teacher_ids=[plan.mentee_id], day=day)
    await record(db, event, plan, by=by, before=before, reach=reach | set(schools.values()))


async def plan_growth(
    db: AsyncSession, *, caller: Caller, mentee_id: UUID, first_year: int, growth: Growth
) -> GrowthPlan:
    """Plan a mentee's next three school years, as the mentee or a present mentor.

    Raises
    ------
    MenteeNotFound, NotOfTheMentee
        It is not theirs.
    GrowthPlanExists
        There is a plan for some of these years.
    """
    await reading.check_mentee(db, caller=caller, mentee_id=mentee_id)
    await _check_writer(db, caller=caller, mentee_id=mentee_id)
    plan = GrowthPlan(
        district_id=caller.district_id,
        mentee_id=mentee_id,
        valid=days(*growth_span(first_year)),
        **growth.columns,
    )
    db.add(plan)
    await db.flush()
    await _tell(db, "growth-plan.created", plan, by=caller)
    return plan


async def change_growth(
    db: AsyncSession,
    *,
    caller: Caller,
    growth_plan_id: UUID,
    growth: Growth,
    expected: Precondition,
) -> None:
    """Plan the same years anew, with what came of those that are over.

    Raises
    ------
    GrowthPlanNotFound, NotOfTheMentee
        It is not theirs.
    """
    seen, _ = await reading.growth_row(db, caller=caller, growth_plan_id=growth_plan_id)
    await _check_writer(db, caller=caller, mentee_id=seen.mentee_id)
    plan = await lock(db, GrowthPlan, growth_plan_id)
    if plan is None:
        raise GrowthPlanNotFound
    expected.check(plan.version)
    before = change_fields(plan, growth.columns)
    if before:
        await db.flush()
        await _tell(db, "growth-plan.changed", plan, by=caller, before=before)
