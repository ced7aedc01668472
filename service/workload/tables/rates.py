"""Rows of what the district pays: rates with their limits, coefficients of lessons."""

from datetime import date
from decimal import Decimal

from sqlalchemy import Numeric
from sqlalchemy.dialects.postgresql import DATERANGE, NUMRANGE, ExcludeConstraint, Range
from sqlmodel import Field

from service.kit.db import Versioned, check, no_overlap, one_of
from service.workload.rules import RateKind


class AllowanceRate(Versioned, table=True):
    """So much for a lesson, day, trip, kilometre or a way of some length; or a limit.

    Effective-dated and never edited: a rate ends, and another begins. Of one kind at most one holds
    on a day; of distance bands, at most one per distance.
    """

    __tablename__ = "allowance_rate"
    __collection__ = "allowance-rates"
    __table_args__ = (
        ExcludeConstraint(
            ("district_id", "="),
            ("kind", "="),
            ("band", "&&"),
            ("valid", "&&"),
            using="gist",
            name="ex_allowance_rate",
        ),
        one_of("ck_allowance_rate_kind", "kind", RateKind),
        check("ck_allowance_rate_amount", "amount >= 0"),
        check("ck_allowance_rate_valid", "NOT isempty(valid)"),
        check("ck_allowance_rate_band", "NOT isempty(band)"),
    )

    kind: str
    amount: Decimal = Field(sa_type=Numeric(12, 4))
    band: Range[Decimal] = Field(sa_type=NUMRANGE)
    """Kilometres of road, one way; everything where the kind knows no distance."""
    valid: Range[date] = Field(sa_type=DATERANGE)
    note: str = ""


class LessonCoefficient(Versioned, table=True):
    """How many lessons a lesson of a subject and stage counts; ``*`` is any."""

    __tablename__ = "lesson_coefficient"
    __collection__ = "lesson-coefficients"
    __table_args__ = (
        no_overlap("ex_lesson_coefficient", "subject", "stage", during="valid"),
        check("ck_lesson_coefficient_factor", "factor BETWEEN 0 AND 5"),
        check("ck_lesson_coefficient_valid", "NOT isempty(valid)"),
    )

    subject: str
    stage: str
    factor: Decimal = Field(sa_type=Numeric(4, 2))
    valid: Range[date] = Field(sa_type=DATERANGE)
