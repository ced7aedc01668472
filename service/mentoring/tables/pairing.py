"""Rows of mentoring: who mentors whom, in which role, and how far the two have agreed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import DATERANGE, Range
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
from service.mentoring.rules import EndReason, PairingState


class Pairing(Versioned, table=True):
    """A mentor and a mentee who work together in one role, for a time.

    At any time a mentee has one active mentor per role, and two teachers share at most one open
    pairing, whatever its role. An active pairing that ends keeps its days up to the end; one that
    never became active keeps the days it was meant for. One that replaces another begins on the day
    it becomes active, and the other ends on that day. There is no school here on purpose: both
    teachers' employment decides it, and a mentor's places are counted, not stored.
    """

    __tablename__ = "pairing"
    __collection__ = "pairings"
    __table_args__ = (
        points_to("mentor_id", "teacher", name="fk_pairing_mentor"),
        points_to("mentee_id", "teacher", name="fk_pairing_mentee"),
        points_to("replaces_id", "pairing", name="fk_pairing_replaces"),
        points_to("agreement_text_id", "agreement_text", name="fk_pairing_agreement_text"),
        no_overlap(
            "ex_pairing_role", "mentee_id", "role", during="valid", where="state = 'active'"
        ),
        no_overlap(
            "ex_pairing_persons",
            "mentor_id",
            "mentee_id",
            during="valid",
            where="state <> 'ended'",
        ),
        unique("uq_pairing_replaces", "replaces_id", where="state <> 'ended'"),
        index("ix_pairing_mentor", "mentor_id"),
        index("ix_pairing_mentee", "mentee_id"),
        check("ck_pairing_oneself", "mentor_id <> mentee_id"),
        check("ck_pairing_valid", "NOT isempty(valid) AND NOT lower_inf(valid)"),
        one_of("ck_pairing_state", "state", PairingState),
        one_of("ck_pairing_end_reason", "end_reason", EndReason),
        check(
            "ck_pairing_end",
            "(state = 'ended') = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (end_reason IS NULL)",
        ),
        check(
            "ck_pairing_accepted",
            "state IN ('proposed', 'ended') OR (mentor_accepted AND mentee_accepted)",
        ),
        check(
            "ck_pairing_signed",
            "(state <> 'signed' OR (mentor_signed_at IS NOT NULL AND mentee_signed_at IS NOT NULL))"
            " AND (agreement_text_id IS NOT NULL"
            " OR (mentor_signed_at IS NULL AND mentee_signed_at IS NULL))",
        ),
    )

    mentor_id: UUID
    mentee_id: UUID
    role: str
    valid: Range[date] = Field(sa_type=DATERANGE)
    goals: str = Field(default="", sa_type=Text)
    state: str = PairingState.PROPOSED
    mentor_accepted: bool = False
    mentee_accepted: bool = False
    agreement_text_id: UUID | None = None
    mentor_signed_at: datetime | None = Field(default=None, sa_type=Instant)
    mentee_signed_at: datetime | None = Field(default=None, sa_type=Instant)
    replaces_id: UUID | None = None
    activated_on: date | None = None
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    end_reason: str | None = None
    end_note: str = Field(default="", sa_type=Text)
