"""Rows of mentoring programmes: a year's cohort, what is asked for, who was added by hand."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit.db import (
    Instant,
    Tenant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)
from service.mentoring.rules.programme import Combine, EntryKind, ProgrammeState


class MentoringProgramme(Versioned, table=True):
    """A school year's mentoring in a district, or in one group (with ``group_id``).

    Per year and scope at most one is open. The cohort is no list of names on purpose: it follows
    from the standard in force and the teachers as they are, with the few decided by hand.
    """

    __tablename__ = "mentoring_programme"
    __collection__ = "mentoring-programmes"
    __table_args__ = (
        points_to("school_year_id", "school_year", name="fk_mentoring_programme_year"),
        points_to("group_id", "school_group", name="fk_mentoring_programme_group"),
        unique(
            "uq_mentoring_programme_district",
            "school_year_id",
            where="group_id IS NULL AND state = 'open'",
        ),
        unique(
            "uq_mentoring_programme_group",
            "school_year_id",
            "group_id",
            where="group_id IS NOT NULL AND state = 'open'",
        ),
        one_of("ck_mentoring_programme_state", "state", ProgrammeState),
        check("ck_mentoring_programme_opened", "(state = 'draft') = (opened_at IS NULL)"),
    )

    school_year_id: UUID
    group_id: UUID | None = None
    name: str
    state: str = ProgrammeState.DRAFT
    opened_at: datetime | None = Field(default=None, sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class MentoringStandard(Tenant, table=True):
    """One version of what a programme asks for, and from when to when it holds.

    Versions of a programme never overlap; a former one keeps the days on which it held.
    """

    __tablename__ = "mentoring_standard"
    __table_args__ = (
        points_to("programme_id", "mentoring_programme", name="fk_mentoring_standard_programme"),
        no_overlap("ex_mentoring_standard", "programme_id", during="valid"),
        unique("uq_mentoring_standard_number", "programme_id", "number"),
        one_of("ck_mentoring_standard_combine", "combine", Combine),
        check(
            "ck_mentoring_standard_numbers",
            "new_years BETWEEN 0 AND 40 AND capacity BETWEEN 1 AND 20"
            " AND min_years BETWEEN 0 AND 40 AND lesson_plans BETWEEN 0 AND 100"
            " AND observed_by_mentor BETWEEN 0 AND 100 AND observed_of_mentor BETWEEN 0 AND 100",
        ),
        check("ck_mentoring_standard_valid", "NOT isempty(valid)"),
    )

    programme_id: UUID
    number: int = Field(sa_type=SmallInteger)
    valid: Range[date] = Field(sa_type=DATERANGE)
    new_years: int | None = Field(default=None, sa_type=SmallInteger)
    rural: bool
    weak: bool
    combine: str
    roles: list[dict[str, Any]] = Field(sa_type=JSONB)
    capacity: int = Field(sa_type=SmallInteger)
    min_years: int = Field(sa_type=SmallInteger)
    honours: list[str] = Field(sa_type=ARRAY(Text))
    honour_and_years: bool
    lesson_plans: int = Field(sa_type=SmallInteger)
    observed_by_mentor: int = Field(sa_type=SmallInteger)
    observed_of_mentor: int = Field(sa_type=SmallInteger)
    agreement_required: bool = False
    weights: dict[str, int] = Field(sa_type=JSONB)
    rubric: dict[str, Any] = Field(sa_type=JSONB)
    decided_by_name: str
    decided_at: datetime = Field(sa_type=Instant)


class ProgrammeEntry(Versioned, table=True):
    """A teacher whom somebody added to a cohort, or took out of it, whatever the criteria say."""

    __tablename__ = "programme_entry"
    __collection__ = "programme-entries"
    __table_args__ = (
        points_to("programme_id", "mentoring_programme", name="fk_programme_entry_programme"),
        points_to("teacher_id", "teacher", name="fk_programme_entry_teacher"),
        unique("uq_programme_entry", "programme_id", "teacher_id"),
        index("ix_programme_entry_teacher", "teacher_id"),
        one_of("ck_programme_entry_kind", "kind", EntryKind),
    )

    programme_id: UUID
    teacher_id: UUID
    kind: str
    reason: str = Field(default="", sa_type=Text)
