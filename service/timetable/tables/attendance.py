"""Rows of attendance: who checked in, what the host school said, which months are settled."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from service.kit.db import Instant, Versioned, check, index, one_of, points_to, unique
from service.timetable.rules.attendance import Correction, Word


class Attendance(Versioned, table=True):
    """What is known about a teacher at one lesson; no row while nobody has said anything.

    ``arrived_at`` is the instant that counts: of the check-in by the phone's clock, or of an
    approved correction. Of a position only its distance to the gate is kept, and no track. Whether
    somebody was late or missing is no column on purpose: it follows from these.
    """

    __tablename__ = "attendance"
    __collection__ = "attendance"
    __table_args__ = (
        unique("uq_attendance_lesson", "lesson_id"),
        points_to("lesson_id", "lesson", name="fk_attendance_lesson"),
        points_to("teacher_id", "teacher", name="fk_attendance_teacher"),
        points_to("school_id", "school", name="fk_attendance_school"),
        points_to("home_school_id", "school", name="fk_attendance_home"),
        index("ix_attendance_teacher", "teacher_id"),
        index("ix_attendance_school", "school_id"),
        one_of("ck_attendance_state", "state", Word),
        one_of("ck_attendance_correction", "correction", Correction),
        check("ck_attendance_distance", "distance_metres >= 0"),
        check("ck_attendance_confirmed", "(state = 'confirmed') <= (confirmed_at IS NOT NULL)"),
    )

    lesson_id: UUID
    teacher_id: UUID
    """Who taught it: the present teacher when the row was last written."""
    school_id: UUID
    """The host school."""
    home_school_id: UUID | None = None
    """The school that employs the teacher on that day."""
    state: str = Word.OPEN
    arrived_at: datetime | None = Field(default=None, sa_type=Instant)
    checked_in_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the server heard of it."""
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    """What the phone's own clock said."""
    distance_metres: int | None = None
    correction: str | None = None
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
    correction_reason: str | None = Field(default=None, sa_type=Text)
    correction_decided_by: str | None = None
    correction_note: str | None = Field(default=None, sa_type=Text)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    confirmed_by: str | None = None
    disputed_at: datetime | None = Field(default=None, sa_type=Instant)
    disputed_by: str | None = None
    disputed_by_key: str | None = None
    dispute_reason: str | None = Field(default=None, sa_type=Text)
    resolved_at: datetime | None = Field(default=None, sa_type=Instant)
    resolved_by: str | None = None
    resolution: str | None = Field(default=None, sa_type=Text)


class ClosedMonth(Versioned, table=True):
    """A month of a teacher that is settled: the host's word on its lessons moves no more."""

    __tablename__ = "closed_month"
    __collection__ = "closed-months"
    __table_args__ = (
        unique("uq_closed_month", "teacher_id", "month"),
        points_to("teacher_id", "teacher", name="fk_closed_month_teacher"),
        check("ck_closed_month_first", "EXTRACT(day FROM month) = 1"),
    )

    teacher_id: UUID
    month: date
    """Its first day."""
