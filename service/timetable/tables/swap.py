"""Rows of swaps: lessons that change places as one, and whose consent that takes."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field

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
from service.timetable.rules.swap import SwapState


class Swap(Versioned, table=True):
    """Two or three lessons of one campus whose times change places, all at once or not at all."""

    __tablename__ = "swap"
    __collection__ = "swaps"
    __table_args__ = (
        points_to("campus_id", "campus", name="fk_swap_campus"),
        index("ix_swap_campus", "campus_id", "proposed_at"),
        one_of("ck_swap_state", "state", SwapState),
    )

    campus_id: UUID
    state: str = SwapState.PROPOSED
    reason: str = Field(sa_type=Text)
    needs_approval: bool
    """What the school decides about swaps, on the day this one was proposed."""
    proposed_by: str
    proposed_by_name: str
    proposed_at: datetime = Field(sa_type=Instant)
    decided_by_name: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decision_note: str | None = Field(default=None, sa_type=Text)
    done_at: datetime | None = Field(default=None, sa_type=Instant)


class SwapLeg(Tenant, table=True):
    """One lesson of a swap, with the time it gives up to the leg before it.

    ``open`` repeats whether the swap is still to come: a lesson is in one such swap at most.
    """

    __tablename__ = "swap_leg"
    __table_args__ = (
        points_to("swap_id", "swap", name="fk_swap_leg_swap"),
        points_to("lesson_id", "lesson", name="fk_swap_leg_lesson"),
        points_to("teacher_id", "teacher", name="fk_swap_leg_teacher"),
        unique("uq_swap_leg_place", "swap_id", "place"),
        unique("uq_swap_leg_lesson", "lesson_id", where="open"),
        index("ix_swap_leg_teacher", "teacher_id"),
        check("ck_swap_leg_place", "place BETWEEN 0 AND 2"),
    )

    swap_id: UUID
    place: int = Field(sa_type=SmallInteger)
    lesson_id: UUID
    teacher_id: UUID
    on_date: date
    week: int = Field(sa_type=SmallInteger)
    period: int | None = Field(default=None, sa_type=SmallInteger)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    former_change: str | None = None
    """What the lesson had before, so that an undone swap restores it."""
    consented_at: datetime | None = Field(default=None, sa_type=Instant)
    open: bool = True
