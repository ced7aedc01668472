"""Rows of visits: when a mentor comes to the mentee's campus."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Text
from sqlmodel import Field

from service.kit.db import Instant, Versioned, check, index, one_of, points_to
from service.mentoring.rules.visit import VisitState


class Visit(Versioned, table=True):
    """A mentor comes to the mentee's campus, to talk or to observe a lesson.

    The time is in ``occupancy``, ways included: the mentor's, and the mentee's unless they teach
    the lesson that is observed. What is cancelled stays, with the reason and by whom.
    """

    __tablename__ = "visit"
    __collection__ = "visits"
    __table_args__ = (
        points_to("pairing_id", "pairing", name="fk_visit_pairing"),
        points_to("campus_id", "campus", name="fk_visit_campus"),
        points_to("lesson_id", "lesson", name="fk_visit_lesson"),
        index("ix_visit_pairing", "pairing_id"),
        index("ix_visit_lesson", "lesson_id"),
        one_of("ck_visit_state", "state", VisitState),
        check("ck_visit_times", "starts_at < ends_at"),
    )

    pairing_id: UUID
    campus_id: UUID
    lesson_id: UUID | None = None
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    topic: str
    note: str = Field(default="", sa_type=Text)
    state: str = VisitState.PLANNED
    planned_by_name: str
    reason: str | None = Field(default=None, sa_type=Text)
    cancelled_by_name: str | None = None
