"""Rows of shortages: what a school is short of, and which teachers were asked to help."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, Range
from sqlmodel import Field

from service.itinerant.rules.shortage import OfferState, ShortageState, Urgency
from service.kit.db import Instant, Versioned, check, index, one_of, points_to, unique


class Shortage(Versioned, table=True):
    """A school is short of teachers of a subject for some lessons a week, for (part of) a term.

    How many lessons are covered is not kept here: it is summed from the offers.
    """

    __tablename__ = "shortage"
    __collection__ = "shortages"
    __table_args__ = (
        points_to("school_id", "school", name="fk_shortage_school"),
        points_to("campus_id", "campus", name="fk_shortage_campus"),
        points_to("group_id", "school_group", name="fk_shortage_group"),
        points_to("term_id", "term", name="fk_shortage_term"),
        index("ix_shortage_school", "school_id"),
        index("ix_shortage_group", "group_id", "term_id"),
        one_of("ck_shortage_state", "state", ShortageState),
        one_of("ck_shortage_urgency", "urgency", Urgency),
        check("ck_shortage_stage", "stage IN ('1', '2', '3', '4')"),
        check("ck_shortage_lessons", "lessons_per_week BETWEEN 1 AND 40"),
        check("ck_shortage_half_days", "cardinality(half_days) > 0"),
        check("ck_shortage_valid", "NOT isempty(valid)"),
    )

    school_id: UUID
    campus_id: UUID
    group_id: UUID
    term_id: UUID
    subject: str
    stage: str
    class_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    lessons_per_week: int = Field(sa_type=SmallInteger)
    half_days: list[str] = Field(sa_type=ARRAY(Text))
    urgency: str = Urgency.NORMAL
    valid: Range[date] = Field(sa_type=DATERANGE)
    note: str | None = Field(default=None, sa_type=Text)
    state: str = ShortageState.SUBMITTED
    filed_by: str
    filed_by_name: str
    filed_at: datetime = Field(sa_type=Instant)
    approved_by_name: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    over_reason: str | None = Field(default=None, sa_type=Text)


class ShortageOffer(Versioned, table=True):
    """A teacher was asked to help a school at some weekly periods; the time is held meanwhile.

    Three agree, in any order: the home school, the teacher and, for another group's teacher, the
    district. ``patterns`` never change: other periods are another offer. An accepted offer is an
    assignment, whose draft keeps the time until it is published or given up.
    """

    __tablename__ = "shortage_offer"
    __collection__ = "shortage-offers"
    __table_args__ = (
        unique("uq_shortage_offer_teacher", "shortage_id", "teacher_id", where="state = 'pending'"),
        points_to("shortage_id", "shortage", name="fk_shortage_offer_shortage"),
        points_to("teacher_id", "teacher", name="fk_shortage_offer_teacher"),
        points_to("home_school_id", "school", name="fk_shortage_offer_home_school"),
        points_to("assignment_id", "assignment", name="fk_shortage_offer_assignment"),
        index("ix_shortage_offer_shortage", "shortage_id"),
        index("ix_shortage_offer_teacher", "teacher_id"),
        one_of("ck_shortage_offer_state", "state", OfferState),
        check("ck_shortage_offer_valid", "NOT isempty(valid)"),
        check(
            "ck_shortage_offer_accepted",
            "state <> 'accepted' OR (agreed_at IS NOT NULL AND confirmed_at IS NOT NULL"
            " AND (approved_at IS NOT NULL OR NOT across_groups) AND assignment_id IS NOT NULL)",
        ),
    )

    shortage_id: UUID
    teacher_id: UUID
    home_school_id: UUID
    across_groups: bool
    valid: Range[date] = Field(sa_type=DATERANGE)
    patterns: list[dict[str, Any]] = Field(sa_type=JSONB)
    half_lessons: int = Field(sa_type=SmallInteger)
    """Twice the weekly lessons: one of every other week is half a lesson."""
    state: str = OfferState.PENDING
    expires_at: datetime = Field(sa_type=Instant)
    offered_by: str
    offered_by_name: str
    offered_at: datetime = Field(sa_type=Instant)
    agreed_by_name: str | None = None
    agreed_at: datetime | None = Field(default=None, sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    approved_by_name: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    over_at: datetime | None = Field(default=None, sa_type=Instant)
    over_reason: str | None = Field(default=None, sa_type=Text)
    assignment_id: UUID | None = None
