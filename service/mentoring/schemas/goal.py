"""What comes in and what goes out: goals of a term, plans of growth."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import In, Out
from service.mentoring.rules.goal import YEARS, share_done
from service.mentoring.schemas.pairing import PartnerOut
from service.mentoring.tables import GoalPlan, GrowthPlan

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"

_Long = Annotated[str, Field(max_length=5000)]


class GoalItemIn(In):
    """Something that can be counted."""

    name: Annotated[
        str, Field(min_length=1, max_length=100, description="目标", examples=["汇报课"])
    ]
    target: Annotated[int, Field(ge=1, le=10_000, description="目标值", examples=[2])]
    unit: Annotated[
        str, Field(min_length=1, max_length=10, description="单位,如 节、篇、次", examples=["节"])
    ]
    done: Annotated[int, Field(ge=0, le=10_000, description="已完成", examples=[0])] = 0
    note: Annotated[str, Field(max_length=500, description="说明")] = ""


class GoalsIn(In):
    """What the two want to reach in a term, and how far they have come."""

    summary: Annotated[_Long, Field(description="学期目标", examples=["站稳讲台,上好汇报课"])] = ""
    items: Annotated[
        list[GoalItemIn], Field(min_length=1, max_length=20, description="可计量的目标,1–20 项")
    ]


class GoalPlanIn(GoalsIn):
    """A term's goals."""

    term_id: Annotated[UUID, Field(description="学期", examples=[_DEMO_UUID])]


class GoalItemOut(Out):
    """Something that can be counted."""

    name: str
    target: int
    unit: str
    done: int
    note: str


class GoalPlanOut(Out):
    """A pair's goals for a term."""

    id: UUID
    version: int
    pairing_id: UUID
    term_id: UUID
    school_year: Annotated[str, Field(description="学年,如 2026-2027")]
    term_number: Annotated[int, Field(description="1 秋季,2 春季")]
    summary: str
    items: list[GoalItemOut]
    share: Annotated[int, Field(description="完成度(%),各项同等计")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.goal.goal_plans``."""
        plan: GoalPlan
        plan, number, year = row
        return cls(
            id=plan.id,
            version=plan.version,
            pairing_id=plan.pairing_id,
            term_id=plan.term_id,
            school_year=year,
            term_number=number,
            summary=plan.summary,
            items=[GoalItemOut(**one) for one in plan.items],
            share=share_done((one["done"], one["target"]) for one in plan.items),
        )


class GrowthYearIn(In):
    """What one school year is for."""

    goal: Annotated[
        str,
        Field(min_length=1, max_length=2000, description="本学年目标", examples=["站稳讲台"]),
    ]
    measures: Annotated[_Long, Field(description="措施")] = ""
    outcome: Annotated[_Long, Field(description="达成情况,学年结束后填写")] = ""


class GrowthIn(In):
    """Where a mentee wants to be in three years."""

    vision: Annotated[
        str,
        Field(
            min_length=1,
            max_length=5000,
            description="三年总目标",
            examples=["三年成为学校骨干教师"],
        ),
    ]
    years: Annotated[
        list[GrowthYearIn],
        Field(min_length=YEARS, max_length=YEARS, description="三个学年,依次一项"),
    ]


class GrowthPlanIn(GrowthIn):
    """A plan for three school years."""

    first_year: Annotated[
        int, Field(ge=2000, le=2100, description="第一个学年开始的年份", examples=[2026])
    ]


class GrowthYearOut(Out):
    """What one school year is for."""

    school_year: Annotated[str, Field(description="学年,如 2026-2027")]
    goal: str
    measures: str
    outcome: str


class GrowthPlanOut(Out):
    """A mentee's three years."""

    id: UUID
    version: int
    mentee: PartnerOut
    valid_from: date
    valid_until: Annotated[date, Field(description="结束日期(不含)")]
    vision: str
    years: list[GrowthYearOut]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.growth_plans``."""
        plan: GrowthPlan
        plan, mentee = row
        since = plan.valid.lower or date.min
        return cls(
            id=plan.id,
            version=plan.version,
            mentee=PartnerOut(**mentee),
            valid_from=since,
            valid_until=plan.valid.upper or date.max,
            vision=plan.vision,
            years=[
                GrowthYearOut(school_year=f"{year}-{year + 1}", **one)
                for year, one in enumerate(plan.years, start=since.year)
            ],
        )
