"""Rows of assignments and their weekly patterns."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, Range
from sqlmodel import Field

from service.itinerant.rules import AssignmentState
from service.kit.db import (
    Instant,
    Tenant,
    Versioned,
    check,
    index,
    one_of,
    points_to,
    unique,
)
from service.timetable.rules import Parity


class Assignment(Versioned, table=True):
    """A teacher who teaches at a host school for some periods a week, for (part of) a term.

    Once published it is never edited: it ends, and another takes its place. ``valid`` stays what
    was agreed; ``ended_on`` says from when it was over.
    """

    __tablename__ = "assignment"
    __collection__ = "assignments"
    __table_args__ = (
        unique("uq_assignment_code", "code"),
        points_to("teacher_id", "teacher", name="fk_assignment_teacher"),
        points_to("home_school_id", "school", name="fk_assignment_home_school"),
        points_to("host_school_id", "school", name="fk_assignment_host_school"),
        points_to("campus_id", "campus", name="fk_assignment_campus"),
        points_to("group_id", "school_group", name="fk_assignment_group"),
        points_to("term_id", "term", name="fk_assignment_term"),
        index("ix_assignment_teacher", "teacher_id"),
        index("ix_assignment_home_school", "home_school_id"),
        index("ix_assignment_host_school", "host_school_id"),
        index("ix_assignment_group", "group_id"),
        one_of("ck_assignment_state", "state", AssignmentState),
        check("ck_assignment_stage", "stage IN ('1', '2', '3', '4')"),
        check("ck_assignment_valid", "NOT isempty(valid)"),
    )

    code: str | None = None
    teacher_id: UUID
    home_school_id: UUID
    host_school_id: UUID
    campus_id: UUID
    group_id: UUID
    term_id: UUID
    across_groups: bool = False
    """Whether the home school need not belong to the group, because the district agreed."""
    subject: str
    stage: str
    valid: Range[date] = Field(sa_type=DATERANGE)
    state: str = AssignmentState.DRAFT
    published_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_on: date | None = None
    end_reason: str | None = Field(default=None, sa_type=Text)


class AssignmentPattern(Tenant, table=True):
    """One weekly period of an assignment; once published, ``slot_id`` is what it was laid as.

    The classes of a draft are ids only; the laid slot's are rows with foreign keys.
    """

    __tablename__ = "assignment_pattern"
    __table_args__ = (
        points_to("assignment_id", "assignment", name="fk_assignment_pattern_assignment"),
        points_to("room_id", "room", name="fk_assignment_pattern_room"),
        points_to("slot_id", "weekly_slot", name="fk_assignment_pattern_slot"),
        index("ix_assignment_pattern_assignment", "assignment_id"),
        one_of("ck_assignment_pattern_parity", "parity", Parity),
        check("ck_assignment_pattern_place", "weekday BETWEEN 1 AND 7 AND period BETWEEN 1 AND 20"),
        check(
            "ck_assignment_pattern_weeks",
            "weeks IS NULL OR (cardinality(weeks) > 0 AND 1 <= ALL (weeks) AND 30 >= ALL (weeks))",
        ),
        check("ck_assignment_pattern_valid", "NOT isempty(valid)"),
    )

    assignment_id: UUID
    weekday: int = Field(sa_type=SmallInteger)
    period: int = Field(sa_type=SmallInteger)
    parity: str = Parity.EVERY
    weeks: list[int] | None = Field(default=None, sa_type=ARRAY(SmallInteger))
    class_ids: list[UUID] = Field(sa_type=ARRAY(Uuid))
    room_id: UUID | None = None
    valid: Range[date] = Field(sa_type=DATERANGE)
    slot_id: UUID | None = None
