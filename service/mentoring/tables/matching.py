"""Rows of matchings: a run over a cohort, and what it proposes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit.db import Instant, Tenant, Versioned, check, index, one_of, points_to, unique
from service.mentoring.rules.matching import MatchingState


class MentoringMatching(Versioned, table=True):
    """A run that looks for the best mentors of a programme's whole cohort.

    ``facts`` are what it was built on, by teacher: when they are no longer so, its proposals are
    not accepted. ``valid`` are the days of the pairings that would come of it.
    """

    __tablename__ = "mentoring_matching"
    __collection__ = "mentoring-matchings"
    __table_args__ = (
        points_to("programme_id", "mentoring_programme", name="fk_mentoring_matching_programme"),
        index("ix_mentoring_matching_programme", "programme_id"),
        one_of("ck_mentoring_matching_state", "state", MatchingState),
        check("ck_mentoring_matching_valid", "NOT isempty(valid) AND NOT upper_inf(valid)"),
    )

    programme_id: UUID
    state: str = MatchingState.WAITING
    valid: Range[date] = Field(sa_type=DATERANGE)
    pinned: list[dict[str, str]] = Field(default_factory=list, sa_type=JSONB)
    facts: dict[str, list[str]] = Field(default_factory=dict, sa_type=JSONB)
    totals: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    reason: str | None = Field(default=None, sa_type=Text)
    asked_by_name: str
    asked_at: datetime = Field(sa_type=Instant)
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    accepted_at: datetime | None = Field(default=None, sa_type=Instant)


class MatchingChoice(Tenant, table=True):
    """What a run proposes for one role of one mentee; without a mentor the role stays empty."""

    __tablename__ = "matching_choice"
    __table_args__ = (
        points_to("matching_id", "mentoring_matching", name="fk_matching_choice_matching"),
        points_to("mentee_id", "teacher", name="fk_matching_choice_mentee"),
        points_to("mentor_id", "teacher", name="fk_matching_choice_mentor"),
        unique("uq_matching_choice", "matching_id", "mentee_id", "role"),
        check("ck_matching_choice_mentor", "mentor_id IS NOT NULL OR NOT pinned"),
    )

    matching_id: UUID
    mentee_id: UUID
    role: str
    mentor_id: UUID | None = None
    pinned: bool = False
    score: int = 0
    points: dict[str, int] = Field(default_factory=dict, sa_type=JSONB)
    best_mentor_id: UUID | None = None
    given_up: int = 0
    candidates: int = 0
