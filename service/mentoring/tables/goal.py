"""Rows of what a pair wants to reach: a term's goals, and a mentee's three years."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit.db import Versioned, check, no_overlap, points_to, unique


class GoalPlan(Versioned, table=True):
    """What a pair wants to reach in a term, in items that can be counted; one plan per term.

    The items are one value on purpose: the two agree on them together, and whoever changes one
    has seen all of them.
    """

    __tablename__ = "goal_plan"
    __collection__ = "goal-plans"
    __table_args__ = (
        points_to("pairing_id", "pairing", name="fk_goal_plan_pairing"),
        points_to("term_id", "term", name="fk_goal_plan_term"),
        unique("uq_goal_plan_term", "pairing_id", "term_id"),
    )

    pairing_id: UUID
    term_id: UUID
    summary: str = Field(default="", sa_type=Text)
    items: list[dict[str, Any]] = Field(sa_type=JSONB)


class GrowthPlan(Versioned, table=True):
    """How a mentee wants to grow in three school years, whoever the mentors are by then."""

    __tablename__ = "growth_plan"
    __collection__ = "growth-plans"
    __table_args__ = (
        points_to("mentee_id", "teacher", name="fk_growth_plan_mentee"),
        no_overlap("ex_growth_plan_mentee", "mentee_id", during="valid"),
        check("ck_growth_plan_valid", "NOT isempty(valid)"),
    )

    mentee_id: UUID
    valid: Range[date] = Field(sa_type=DATERANGE)
    vision: str = Field(sa_type=Text)
    years: list[dict[str, Any]] = Field(sa_type=JSONB)
