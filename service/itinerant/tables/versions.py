"""Rows of a group's itinerant timetable as a whole: what is to change, and what was published."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.kit.db import Instant, Versioned, check, index, points_to, unique


class AssignmentAmendment(Versioned, table=True):
    """What the next version changes of a published assignment: other weekly periods, or its end.

    Drafts of assignments are what it adds; the two together are the draft of the timetable.
    ``patterns`` is empty where the assignment ends.
    """

    __tablename__ = "assignment_amendment"
    __collection__ = "assignment-amendments"
    __table_args__ = (
        unique("uq_assignment_amendment", "assignment_id"),
        points_to("assignment_id", "assignment", name="fk_assignment_amendment_assignment"),
    )

    assignment_id: UUID
    patterns: list[dict[str, Any]] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    drafted_by_name: str


class TimetableVersion(Versioned, table=True):
    """A group's itinerant timetable of a term as it was published; it never changes again.

    ``content`` is every assignment that was in force, as it was then; ``diff`` is what the version
    before it did not have. To go back is to publish another version.
    """

    __tablename__ = "timetable_version"
    __collection__ = "itinerant-versions"
    __table_args__ = (
        unique("uq_timetable_version_number", "group_id", "term_id", "number"),
        points_to("group_id", "school_group", name="fk_timetable_version_group"),
        points_to("term_id", "term", name="fk_timetable_version_term"),
        index("ix_timetable_version_term", "term_id"),
        check("ck_timetable_version_number", "number > 0"),
    )

    group_id: UUID
    term_id: UUID
    number: int = Field(sa_type=SmallInteger)
    from_date: date
    restores: int | None = Field(default=None, sa_type=SmallInteger)
    reason: str = Field(sa_type=Text)
    published_by_name: str
    published_at: datetime = Field(sa_type=Instant)
    lessons_laid: int
    lessons_cancelled: int
    content: list[dict[str, Any]] = Field(sa_type=JSONB)
    diff: dict[str, Any] = Field(sa_type=JSONB)
