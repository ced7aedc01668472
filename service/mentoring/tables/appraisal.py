"""Rows of appraisals: how a pair was judged at midterm and at the end."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.kit.db import Instant, Versioned, check, index, one_of, points_to, unique
from service.mentoring.rules.appraisal import AppraisalGrade, AppraisalKind, AppraisalState


class Appraisal(Versioned, table=True):
    """An appraisal of a pairing: one at midterm, one at the end.

    The rubric is kept as it was on the day it was opened: a programme that asks for something else
    later changes no appraisal. Three may speak, each once and in their own name; their words stand
    in ``voices`` until it is concluded, and from then on for good.
    """

    __tablename__ = "appraisal"
    __collection__ = "appraisals"
    __table_args__ = (
        points_to("pairing_id", "pairing", name="fk_appraisal_pairing"),
        unique("uq_appraisal_kind", "pairing_id", "kind"),
        index("ix_appraisal_state", "kind", "state"),
        one_of("ck_appraisal_kind", "kind", AppraisalKind),
        one_of("ck_appraisal_state", "state", AppraisalState),
        one_of("ck_appraisal_grade", "grade", AppraisalGrade),
        check("ck_appraisal_score", "score BETWEEN 0 AND 100"),
        check(
            "ck_appraisal_concluded",
            "(state = 'concluded') = (concluded_at IS NOT NULL)"
            " AND (state = 'concluded') = (grade IS NOT NULL)"
            " AND (grade IS NULL) = (score IS NULL)",
        ),
        check(
            "ck_appraisal_outstanding",
            "NOT outstanding OR (kind = 'final' AND grade IS NOT DISTINCT FROM 'excellent')",
        ),
    )

    pairing_id: UUID
    kind: str
    state: str = AppraisalState.OPEN
    due_on: date | None = None
    rubric: dict[str, Any] = Field(sa_type=JSONB)
    voices: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    score: Decimal | None = Field(default=None, sa_type=Numeric(5, 2))
    grade: str | None = None
    note: str = Field(default="", sa_type=Text)
    outstanding: bool = False
    opened_by_name: str
    opened_at: datetime = Field(sa_type=Instant)
    concluded_by_name: str | None = None
    concluded_at: datetime | None = Field(default=None, sa_type=Instant)
