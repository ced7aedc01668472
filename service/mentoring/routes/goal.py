"""Goals of a term, and plans of growth for three years."""

from typing import Annotated
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import RelatedNotFound
from service.mentoring import goals
from service.mentoring.goals import Goals, Growth
from service.mentoring.problems import MenteeNotFound, PairingNotFound
from service.mentoring.problems.goal import (
    GoalItemTwice,
    GoalPairingOver,
    GoalPlanExists,
    GoalPlanNotFound,
    GoalTermUnfit,
    GrowthPlanExists,
    GrowthPlanNotFound,
    NotOfTheMentee,
)
from service.mentoring.problems.log import NotOfThePair
from service.mentoring.queries import goal as queries
from service.mentoring.queries import log
from service.mentoring.schemas.goal import (
    GoalPlanIn,
    GoalPlanOut,
    GoalsIn,
    GrowthIn,
    GrowthPlanIn,
    GrowthPlanOut,
)
from service.mentoring.tables import GoalPlan, GrowthPlan

router = make_router(tag="pairings")

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Answerer = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]


def _goals(body: GoalsIn) -> Goals:
    return Goals(body.summary, [one.model_dump() for one in body.items])


async def _goal_plan(db: Db, *, caller: Caller, goal_plan_id: UUID, tag: NewTag) -> GoalPlanOut:
    row = await queries.goal_row(db, caller=caller, goal_plan_id=goal_plan_id)
    tag(row[0].version)
    return GoalPlanOut.of(row)


@router.get(
    "/pairings/{pairing_id}/goal-plans",
    operation_id="listGoalPlans",
    summary="学期目标列表",
    description="一个师徒结对各学期的目标:可计量的项目、目标值与已完成数。",
    responses=may_fail(PairingNotFound),
    openapi_extra=english(
        "List a pairing's goals", "Term by term: what is counted, its target, what is done."
    ),
)
async def list_goal_plans(
    *, db: ReadDb, caller: Reader, paging: Paging, pairing_id: UUID
) -> Page[GoalPlanOut]:
    """List a pairing's goals."""
    await log.check_pairing(db, caller=caller, pairing_id=pairing_id)
    return await paging.answer(
        db,
        queries.goal_plans(caller, pairing_id=pairing_id),
        sorts={"term": queries.TERM_BEGINS},
        default="-term",
        tie=col(GoalPlan.id),
        out=GoalPlanOut.of,
    )


@router.post(
    "/pairings/{pairing_id}/goal-plans",
    status_code=201,
    operation_id="setGoals",
    summary="制定学期目标",
    description="由导师或徒弟本人为结对的一个学期制定目标,每学期一份,每项有目标值、单位与已完成数。",
    responses=may_fail(
        PairingNotFound,
        NotOfThePair,
        RelatedNotFound,
        GoalPairingOver,
        GoalTermUnfit,
        GoalItemTwice,
        GoalPlanExists,
    ),
    openapi_extra=english(
        "Set goals for a term",
        "As mentor or mentee: one plan per term, each item with a target, a unit and what is done.",
    ),
)
async def set_goals(
    *, db: Db, caller: Answerer, pairing_id: UUID, body: GoalPlanIn, tag: NewTag
) -> GoalPlanOut:
    """Set goals for a term."""
    plan = await goals.set_goals(
        db, caller=caller, pairing_id=pairing_id, term_id=body.term_id, goals=_goals(body)
    )
    return await _goal_plan(db, caller=caller, goal_plan_id=plan.id, tag=tag)


@router.get(
    "/goal-plans/{goal_plan_id}",
    operation_id="getGoalPlan",
    summary="查看学期目标",
    description="读取一份学期目标。",
    responses=may_fail(GoalPlanNotFound),
    openapi_extra=english("Read a term's goals", "As they stand now."),
)
async def get_goal_plan(*, db: ReadDb, caller: Reader, goal_plan_id: UUID, tag: Tag) -> GoalPlanOut:
    """Read a term's goals."""
    row = await queries.goal_row(db, caller=caller, goal_plan_id=goal_plan_id)
    tag(row[0].version)
    return GoalPlanOut.of(row)


@router.put(
    "/goal-plans/{goal_plan_id}",
    operation_id="changeGoals",
    summary="更新学期目标",
    description="由导师或徒弟本人整体更新学期目标与完成情况;结对结束后不再变动。",
    responses=may_fail(
        GoalPlanNotFound,
        NotOfThePair,
        RelatedNotFound,
        GoalPairingOver,
        GoalTermUnfit,
        GoalItemTwice,
    ),
    openapi_extra=english(
        "Change a term's goals",
        "As mentor or mentee, the whole plan with what is done; not after the pairing has ended.",
    ),
)
async def change_goals(
    *,
    db: Db,
    caller: Answerer,
    goal_plan_id: UUID,
    body: GoalsIn,
    expected: IfMatch,
    tag: NewTag,
) -> GoalPlanOut:
    """Change a term's goals."""
    await goals.change_goals(
        db, caller=caller, goal_plan_id=goal_plan_id, goals=_goals(body), expected=expected
    )
    return await _goal_plan(db, caller=caller, goal_plan_id=goal_plan_id, tag=tag)


# Three years


def _growth(body: GrowthIn) -> Growth:
    return Growth(body.vision, [one.model_dump() for one in body.years])


async def _growth_plan(
    db: Db, *, caller: Caller, growth_plan_id: UUID, tag: NewTag
) -> GrowthPlanOut:
    row = await queries.growth_row(db, caller=caller, growth_plan_id=growth_plan_id)
    tag(row[0].version)
    return GrowthPlanOut.of(row)


@router.get(
    "/mentees/{teacher_id}/growth-plans",
    operation_id="listGrowthPlans",
    summary="徒弟的成长规划",
    description="一位徒弟的三年成长规划;徒弟本人、现任导师、所在学校、集团与区级可见。",
    responses=may_fail(MenteeNotFound),
    openapi_extra=english(
        "A mentee's growth plans",
        "Three school years each; for the mentee, the present mentors and the offices in reach.",
    ),
)
async def list_growth_plans(
    *, db: ReadDb, caller: Reader, paging: Paging, teacher_id: UUID
) -> Page[GrowthPlanOut]:
    """List a mentee's growth plans."""
    await queries.check_mentee(db, caller=caller, mentee_id=teacher_id)
    return await paging.answer(
        db,
        await queries.growth_plans(db, caller=caller, mentee_id=teacher_id),
        sorts={"valid_from": func.lower(col(GrowthPlan.valid))},
        default="-valid_from",
        tie=col(GrowthPlan.id),
        out=GrowthPlanOut.of,
    )


@router.post(
    "/mentees/{teacher_id}/growth-plans",
    status_code=201,
    operation_id="planGrowth",
    summary="制定三年成长规划",
    description="由徒弟本人或其现任导师制定:三年总目标,及三个学年各自的目标与措施。各规划的学年不能重叠。",
    responses=may_fail(MenteeNotFound, NotOfTheMentee, GrowthPlanExists),
    openapi_extra=english(
        "Plan three years of growth",
        "As the mentee or a present mentor: a vision, and goal and measures of each school year. "
        "Plans do not share a year.",
    ),
)
async def plan_growth(
    *, db: Db, caller: Answerer, teacher_id: UUID, body: GrowthPlanIn, tag: NewTag
) -> GrowthPlanOut:
    """Plan three years of growth."""
    plan = await goals.plan_growth(
        db,
        caller=caller,
        mentee_id=teacher_id,
        first_year=body.first_year,
        growth=_growth(body),
    )
    return await _growth_plan(db, caller=caller, growth_plan_id=plan.id, tag=tag)


@router.get(
    "/growth-plans/{growth_plan_id}",
    operation_id="getGrowthPlan",
    summary="查看成长规划",
    description="读取一份三年成长规划。",
    responses=may_fail(GrowthPlanNotFound),
    openapi_extra=english("Read a growth plan", "As it stands now."),
)
async def get_growth_plan(
    *, db: ReadDb, caller: Reader, growth_plan_id: UUID, tag: Tag
) -> GrowthPlanOut:
    """Read a growth plan."""
    row = await queries.growth_row(db, caller=caller, growth_plan_id=growth_plan_id)
    tag(row[0].version)
    return GrowthPlanOut.of(row)


@router.put(
    "/growth-plans/{growth_plan_id}",
    operation_id="changeGrowthPlan",
    summary="更新成长规划",
    description="由徒弟本人或其现任导师整体更新,学年结束后填写达成情况;学年本身不变。",
    responses=may_fail(GrowthPlanNotFound, NotOfTheMentee),
    openapi_extra=english(
        "Change a growth plan",
        "As the mentee or a present mentor, the whole plan with what came of it; the years stay.",
    ),
)
async def change_growth_plan(
    *,
    db: Db,
    caller: Answerer,
    growth_plan_id: UUID,
    body: GrowthIn,
    expected: IfMatch,
    tag: NewTag,
) -> GrowthPlanOut:
    """Change a growth plan."""
    await goals.change_growth(
        db,
        caller=caller,
        growth_plan_id=growth_plan_id,
        growth=_growth(body),
        expected=expected,
    )
    return await _growth_plan(db, caller=caller, growth_plan_id=growth_plan_id, tag=tag)
