"""Rows of the staff: teachers, where they are employed, what they may teach."""

from datetime import date
from uuid import UUID

from sqlalchemy import SmallInteger
from sqlalchemy.dialects.postgresql import DATERANGE, Range
from sqlmodel import Field

from service.kit.db import (
    Tenant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)
from service.staff.rules import BackboneLevel, Grantor, LeavingReason, Title


class Teacher(Versioned, table=True):
    """A teacher of the district.

    There is no national id, no telephone and no medical word here, on purpose. Where the teacher
    works is a dated ``employment``; what may be taught are ``qualification`` rows.
    """

    __tablename__ = "teacher"
    __collection__ = "teachers"
    __table_args__ = (
        unique("uq_teacher_number", "number"),
        index("ix_teacher_pinyin", "name_pinyin", "id"),
        one_of("ck_teacher_title", "title", Title),
        one_of("ck_teacher_backbone_level", "backbone_level", BackboneLevel),
        one_of("ck_teacher_backbone_grantor", "backbone_grantor", Grantor),
        check("ck_teacher_backbone", "(backbone_level IS NULL) = (backbone_grantor IS NULL)"),
        check("ck_teacher_birth_year", "birth_year BETWEEN 1930 AND 2020"),
        check("ck_teacher_weekly_load_limit", "weekly_load_limit BETWEEN 1 AND 40"),
    )

    number: str
    name: str
    name_pinyin: str = ""
    title: str = Title.NONE
    backbone_level: str | None = None
    backbone_grantor: str | None = None
    birth_year: int | None = Field(default=None, sa_type=SmallInteger)
    teaching_since: date | None = None
    expected_retirement_on: date | None = None
    cadre: bool = False
    weekly_load_limit: int = Field(default=18, sa_type=SmallInteger)


class Employment(Tenant, table=True):
    """The school that employs a teacher (the home school), for a time; one at a time."""

    __tablename__ = "employment"
    __table_args__ = (
        points_to("teacher_id", "teacher", name="fk_employment_teacher"),
        points_to("school_id", "school", name="fk_employment_school"),
        no_overlap("ex_employment_teacher", "teacher_id", during="valid"),
        index("ix_employment_school", "school_id"),
        index("ix_employment_teacher", "teacher_id"),
        one_of("ck_employment_leaving_reason", "leaving_reason", LeavingReason),
        check("ck_employment_valid", "NOT isempty(valid)"),
    )

    teacher_id: UUID
    school_id: UUID
    valid: Range[date] = Field(sa_type=DATERANGE)
    leaving_reason: str | None = None


class Qualification(Tenant, table=True):
    """A subject at a stage that a teacher may teach."""

    __tablename__ = "qualification"
    __table_args__ = (
        points_to("teacher_id", "teacher", name="fk_qualification_teacher"),
        unique("uq_qualification", "teacher_id", "subject", "stage"),
        check("ck_qualification_stage", "stage IN ('1', '2', '3', '4')"),
    )

    teacher_id: UUID
    subject: str
    stage: str
