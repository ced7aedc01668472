"""Rows of the log of a pairing: entries, and how they read before they were corrected."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.kit.db import Instant, Tenant, Versioned, check, index, one_of, points_to, unique
from service.mentoring.rules import Side
from service.mentoring.rules.log import LogKind, LogState


class LogEntry(Versioned, table=True):
    """Something the two did, written by one of them and confirmed by the other."""

    __tablename__ = "log_entry"
    __collection__ = "log-entries"
    __table_args__ = (
        points_to("pairing_id", "pairing", name="fk_log_entry_pairing"),
        points_to("written_by", "teacher", name="fk_log_entry_writer"),
        points_to("lesson_id", "lesson", name="fk_log_entry_lesson"),
        index("ix_log_entry_pairing", "pairing_id"),
        index("ix_log_entry_lesson", "lesson_id"),
        one_of("ck_log_entry_kind", "kind", LogKind),
        one_of("ck_log_entry_observed", "observed", Side),
        one_of("ck_log_entry_state", "state", LogState),
        check("ck_log_entry_confirmed", "(state = 'confirmed') = (confirmed_at IS NOT NULL)"),
        check("ck_log_entry_score", "score BETWEEN 0 AND 100"),
    )

    pairing_id: UUID
    written_by: UUID
    kind: str
    observed: str | None = None
    on_date: date
    lesson_id: UUID | None = None
    topic: str
    notes: str = Field(default="", sa_type=Text)
    strengths: str = Field(default="", sa_type=Text)
    advice: str = Field(default="", sa_type=Text)
    score: int | None = None
    attachments: list[dict[str, Any]] = Field(sa_type=JSONB)
    state: str = LogState.WRITTEN
    written_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)


class LogEntryVersion(Tenant, table=True):
    """How an entry read before it was corrected."""

    __tablename__ = "log_entry_version"
    __table_args__ = (
        points_to("entry_id", "log_entry", name="fk_log_entry_version_entry"),
        unique("uq_log_entry_version", "entry_id", "number"),
    )

    entry_id: UUID
    number: int
    content: dict[str, Any] = Field(sa_type=JSONB)
    written_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
