"""Rows of absences: what a school decides, leaves, lessons that need cover, who was asked."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, TSTZRANGE, Range
from sqlmodel import Field

from service.kit.db import (
    Instant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)
from service.timetable.rules.absence import CoverState, LeaveKind, LeaveState, Measure, OfferState


class DutyPolicy(Versioned, table=True):
    """How a school handles absences, swaps and check-ins, for a time; one at a time.

    Where a school has none, the defaults of ``rules.absence.Thresholds`` hold.
    """

    __tablename__ = "duty_policy"
    __collection__ = "duty-policies"
    __table_args__ = (
        points_to("school_id", "school", name="fk_duty_policy_school"),
        no_overlap("ex_duty_policy_school", "school_id", during="valid"),
        check(
            "ck_duty_policy_numbers",
            "swap_days BETWEEN 0 AND temporary_days AND temporary_days <= 60"
            " AND cover_lead_minutes BETWEEN 0 AND 10080"
            " AND check_in_early_minutes BETWEEN 0 AND 240"
            " AND late_after_minutes BETWEEN 0 AND 60"
            " AND check_in_metres BETWEEN 50 AND 5000",
        ),
        check("ck_duty_policy_valid", "NOT isempty(valid)"),
    )

    school_id: UUID
    valid: Range[date] = Field(sa_type=DATERANGE)
    swap_days: int = Field(sa_type=SmallInteger)
    temporary_days: int = Field(sa_type=SmallInteger)
    cover_lead_minutes: int = Field(sa_type=SmallInteger)
    swap_approval: bool
    check_in_early_minutes: int = Field(sa_type=SmallInteger)
    late_after_minutes: int = Field(sa_type=SmallInteger)
    check_in_metres: int = Field(sa_type=SmallInteger)


class Leave(Versioned, table=True):
    """A teacher is away for a time.

    There is no word about the illness or any other reason here, on purpose: a kind, and no text of
    the one who asks.
    """

    __tablename__ = "leave"
    __collection__ = "leaves"
    __table_args__ = (
        points_to("teacher_id", "teacher", name="fk_leave_teacher"),
        points_to("school_id", "school", name="fk_leave_school"),
        no_overlap(
            "ex_leave_teacher",
            "teacher_id",
            during="during",
            where="state IN ('requested', 'approved')",
        ),
        index("ix_leave_school", "school_id"),
        one_of("ck_leave_kind", "kind", LeaveKind),
        one_of("ck_leave_state", "state", LeaveState),
        one_of("ck_leave_measure", "measure", Measure),
        check("ck_leave_during", "NOT isempty(during)"),
    )

    teacher_id: UUID
    school_id: UUID
    """The school that employs the teacher when the leave begins."""
    kind: str
    during: Range[datetime] = Field(sa_type=TSTZRANGE)
    days: int = Field(sa_type=SmallInteger)
    measure: str
    state: str = LeaveState.REQUESTED
    requested_by: str
    requested_by_name: str
    requested_at: datetime = Field(sa_type=Instant)
    decided_by_name: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decision_note: str | None = Field(default=None, sa_type=Text)


class Cover(Versioned, table=True):
    """A lesson whose teacher is away, and what becomes of it.

    ``former_change`` is what the lesson had before, so that a withdrawn leave restores it. Lapsed
    covers stay: they are the history of a lesson.
    """

    __tablename__ = "cover"
    __collection__ = "covers"
    __table_args__ = (
        unique("uq_cover_lesson", "lesson_id", where="state <> 'lapsed'"),
        points_to("lesson_id", "lesson", name="fk_cover_lesson"),
        points_to("leave_id", "leave", name="fk_cover_leave"),
        points_to("absent_id", "teacher", name="fk_cover_absent"),
        points_to("substitute_id", "teacher", name="fk_cover_substitute"),
        points_to("merged_with_id", "lesson", name="fk_cover_merged_with"),
        index("ix_cover_leave", "leave_id"),
        index("ix_cover_substitute", "substitute_id", where="substitute_id IS NOT NULL"),
        one_of("ck_cover_state", "state", CoverState),
        check("ck_cover_substitute", "state <> 'covered' OR substitute_id IS NOT NULL"),
    )

    lesson_id: UUID
    leave_id: UUID
    absent_id: UUID
    deadline_at: datetime = Field(sa_type=Instant)
    former_change: str | None = None
    state: str = CoverState.OPEN
    substitute_id: UUID | None = None
    merged_with_id: UUID | None = None
    settled_by_name: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class CoverOffer(Versioned, table=True):
    """One teacher was asked to cover one lesson. Who accepts first has it."""

    __tablename__ = "cover_offer"
    __collection__ = "cover-offers"
    __table_args__ = (
        unique("uq_cover_offer_teacher", "cover_id", "teacher_id", where="state = 'offered'"),
        points_to("cover_id", "cover", name="fk_cover_offer_cover"),
        points_to("teacher_id", "teacher", name="fk_cover_offer_teacher"),
        index("ix_cover_offer_teacher", "teacher_id"),
        one_of("ck_cover_offer_state", "state", OfferState),
    )

    cover_id: UUID
    teacher_id: UUID
    state: str = OfferState.OFFERED
    expires_at: datetime = Field(sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    decline_reason: str | None = Field(default=None, sa_type=Text)
