"""Rows of monthly statements and their lines."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric, Text
from sqlmodel import Field

from service.kit.db import Instant, Tenant, Versioned, check, index, one_of, points_to, unique
from service.workload.rules import LineKind, StatementState


class Statement(Versioned, table=True):
    """What a teacher earned in a month. Approved, it is never edited: later ones correct it.

    The sums are those of its lines. ``digest`` is the fingerprint of the lines that the confirmed
    items gave; corrections stand beside them.
    """

    __tablename__ = "statement"
    __collection__ = "statements"
    __table_args__ = (
        unique("uq_statement_teacher", "teacher_id", "month"),
        points_to("teacher_id", "teacher", name="fk_statement_teacher"),
        points_to("home_school_id", "school", name="fk_statement_home"),
        index("ix_statement_month", "month"),
        one_of("ck_statement_state", "state", StatementState),
        check("ck_statement_month", "EXTRACT(day FROM month) = 1"),
    )

    teacher_id: UUID
    home_school_id: UUID | None = None
    month: date
    state: str = StatementState.DRAFT
    digest: str = ""
    lessons: Decimal = Field(default=Decimal(0), sa_type=Numeric(10, 2))
    days: int = 0
    trips: int = 0
    km: Decimal = Field(default=Decimal(0), sa_type=Numeric(10, 1))
    minutes: int = 0
    amount: Decimal = Field(default=Decimal(0), sa_type=Numeric(14, 2))
    mentor_lessons: Decimal = Field(default=Decimal(0), sa_type=Numeric(10, 2))
    submitted_by: str | None = None
    submitted_by_name: str | None = None
    submitted_at: datetime | None = Field(default=None, sa_type=Instant)
    approved_by_name: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=Instant)
    frozen_by_name: str | None = None
    frozen_at: datetime | None = Field(default=None, sa_type=Instant)
    return_reason: str | None = Field(default=None, sa_type=Text)


class StatementLine(Tenant, table=True):
    """One amount of a statement: what a confirmed lesson earns, or a correction of an earlier one.

    ``school_id`` is the host that confirmed. Money is numeric and rounded to the fen, line by line.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        # Days, trips and ways hang on the first lesson of a visit, so no item earns twice.
        unique("uq_statement_line_item", "lesson_id", "kind", where="kind <> 'correction'"),
        points_to("statement_id", "statement", name="fk_statement_line_statement"),
        points_to("school_id", "school", name="fk_statement_line_school"),
        points_to("lesson_id", "lesson", name="fk_statement_line_lesson"),
        points_to("corrects_id", "statement", name="fk_statement_line_corrects"),
        points_to("rate_id", "allowance_rate", name="fk_statement_line_rate"),
        index("ix_statement_line_statement", "statement_id"),
        index("ix_statement_line_school", "school_id"),
        one_of("ck_statement_line_kind", "kind", LineKind),
        check(
            "ck_statement_line_item",
            "(kind = 'correction' AND corrects_id IS NOT NULL AND reason IS NOT NULL)"
            " OR (kind <> 'correction' AND lesson_id IS NOT NULL)",
        ),
        check("ck_statement_line_amount", "kind = 'correction' OR amount BETWEEN 0 AND gross"),
    )

    statement_id: UUID
    school_id: UUID
    lesson_id: UUID | None = None
    on_date: date
    kind: str
    quantity: Decimal = Field(sa_type=Numeric(10, 2))
    rate: Decimal = Field(sa_type=Numeric(12, 4))
    rate_id: UUID | None = None
    gross: Decimal = Field(sa_type=Numeric(14, 2))
    amount: Decimal = Field(sa_type=Numeric(14, 2))
    minutes: int = 0
    corrects_id: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    by_name: str | None = None
