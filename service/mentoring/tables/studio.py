"""Rows of master-teacher studios: members, activities, who came, what came of it, reviews."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import DATERANGE, Range
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
from service.mentoring.rules.studio import (
    ActivityKind,
    ActivityState,
    Grade,
    OutputKind,
    Presence,
    StudioRole,
)


class Studio(Versioned, table=True):
    """A master-teacher studio (名师工作室) for a cycle, usually of three years.

    There is no host here on purpose: the host is a member like the others, one at a time, from the
    first day to the last.
    """

    __tablename__ = "studio"
    __collection__ = "studios"
    __table_args__ = (
        unique("uq_studio_name", "name"),
        check("ck_studio_valid", "NOT isempty(valid) AND NOT upper_inf(valid)"),
        check("ck_studio_stage", "stage IN ('1', '2', '3', '4')"),
    )

    name: str
    subject: str
    stage: str
    valid: Range[date] = Field(sa_type=DATERANGE)
    aims: str = Field(default="", sa_type=Text)


class StudioMember(Versioned, table=True):
    """A teacher in a studio, for a time; a studio has one host at a time."""

    __tablename__ = "studio_member"
    __collection__ = "studio-members"
    __table_args__ = (
        points_to("studio_id", "studio", name="fk_studio_member_studio"),
        points_to("teacher_id", "teacher", name="fk_studio_member_teacher"),
        no_overlap("ex_studio_host", "studio_id", during="valid", where="role = 'host'"),
        no_overlap("ex_studio_member_person", "studio_id", "teacher_id", during="valid"),
        index("ix_studio_member_teacher", "teacher_id"),
        one_of("ck_studio_member_role", "role", StudioRole),
        check("ck_studio_member_valid", "NOT isempty(valid) AND NOT upper_inf(valid)"),
    )

    studio_id: UUID
    teacher_id: UUID
    role: str
    valid: Range[date] = Field(sa_type=DATERANGE)


class StudioActivity(Versioned, table=True):
    """Something a studio does together; it takes the time of all who are invited."""

    __tablename__ = "studio_activity"
    __collection__ = "studio-activities"
    __table_args__ = (
        points_to("studio_id", "studio", name="fk_studio_activity_studio"),
        points_to("campus_id", "campus", name="fk_studio_activity_campus"),
        index("ix_studio_activity_studio", "studio_id"),
        one_of("ck_studio_activity_kind", "kind", ActivityKind),
        one_of("ck_studio_activity_state", "state", ActivityState),
        check("ck_studio_activity_times", "starts_at < ends_at"),
    )

    studio_id: UUID
    kind: str
    topic: str
    campus_id: UUID
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    state: str = ActivityState.PLANNED
    note: str = Field(default="", sa_type=Text)


class StudioAttendance(Tenant, table=True):
    """Somebody invited to an activity, and whether they came."""

    __tablename__ = "studio_attendance"
    __table_args__ = (
        points_to("activity_id", "studio_activity", name="fk_studio_attendance_activity"),
        points_to("teacher_id", "teacher", name="fk_studio_attendance_teacher"),
        unique("uq_studio_attendance", "activity_id", "teacher_id"),
        index("ix_studio_attendance_teacher", "teacher_id"),
        one_of("ck_studio_attendance_presence", "presence", Presence),
    )

    activity_id: UUID
    teacher_id: UUID
    presence: str = Presence.INVITED


class StudioOutput(Versioned, table=True):
    """What came of a studio's work, by reference: it is kept elsewhere."""

    __tablename__ = "studio_output"
    __collection__ = "studio-outputs"
    __table_args__ = (
        points_to("studio_id", "studio", name="fk_studio_output_studio"),
        points_to("teacher_id", "teacher", name="fk_studio_output_teacher"),
        index("ix_studio_output_studio", "studio_id"),
        one_of("ck_studio_output_kind", "kind", OutputKind),
    )

    studio_id: UUID
    teacher_id: UUID
    kind: str
    title: str
    on_date: date
    reference: str = ""


class StudioReview(Versioned, table=True):
    """How a studio's school year was judged; one a year."""

    __tablename__ = "studio_review"
    __collection__ = "studio-reviews"
    __table_args__ = (
        points_to("studio_id", "studio", name="fk_studio_review_studio"),
        points_to("school_year_id", "school_year", name="fk_studio_review_year"),
        unique("uq_studio_review_year", "studio_id", "school_year_id"),
        one_of("ck_studio_review_grade", "grade", Grade),
    )

    studio_id: UUID
    school_year_id: UUID
    grade: str
    summary: str = Field(default="", sa_type=Text)
    reviewed_by_name: str
    reviewed_at: datetime = Field(sa_type=Instant)
