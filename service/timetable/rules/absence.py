"""What a leave asks for, who may decide about it, and who covers a lesson best.

Pure. A state moves only by the tables below, whatever path asks for it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from service.timetable.problems.absence import (
    CoverOver,
    LeaveOver,
    OfferClosed,
    OfferExpired,
    OwnRequest,
)


class LeaveKind(StrEnum):
    """Why a teacher is away, as far as anybody but the personnel office needs to know."""

    SICK = "sick"
    PERSONAL = "personal"
    OFFICIAL = "official"
    TRAINING = "training"
    PARENTAL = "parental"
    OTHER = "other"


class LeaveState(StrEnum):
    """How far a leave has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class LeaveStep(StrEnum):
    """What somebody does with a leave."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


class Measure(StrEnum):
    """How the school answers an absence of this length."""

    SWAP = "swap"
    TEMPORARY = "temporary"
    FIXED = "fixed"


class CoverState(StrEnum):
    """What becomes of a lesson whose teacher is away."""

    OPEN = "open"
    COVERED = "covered"
    MERGED = "merged"
    SELF_STUDY = "self_study"
    LAPSED = "lapsed"


class CoverStep(StrEnum):
    """What somebody does about a lesson that needs cover."""

    COVER = "cover"
    MERGE = "merge"
    SELF_STUDY = "self_study"
    RELEASE = "release"
    LAPSE = "lapse"


class OfferState(StrEnum):
    """What became of asking one teacher."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CLOSED = "closed"


_LEAVE_MOVES: Mapping[tuple[LeaveState, LeaveStep], LeaveState] = {
    (LeaveState.REQUESTED, LeaveStep.APPROVE): LeaveState.APPROVED,
    (LeaveState.REQUESTED, LeaveStep.REFUSE): LeaveState.REFUSED,
    (LeaveState.REQUESTED, LeaveStep.WITHDRAW): LeaveState.WITHDRAWN,
    (LeaveState.APPROVED, LeaveStep.WITHDRAW): LeaveState.WITHDRAWN,
}

_COVER_MOVES: Mapping[tuple[CoverState, CoverStep], CoverState] = {
    (CoverState.OPEN, CoverStep.COVER): CoverState.COVERED,
    (CoverState.OPEN, CoverStep.MERGE): CoverState.MERGED,
    (CoverState.OPEN, CoverStep.SELF_STUDY): CoverState.SELF_STUDY,
    (CoverState.OPEN, CoverStep.LAPSE): CoverState.LAPSED,
    (CoverState.COVERED, CoverStep.RELEASE): CoverState.OPEN,
    (CoverState.COVERED, CoverStep.LAPSE): CoverState.LAPSED,
    (CoverState.MERGED, CoverStep.RELEASE): CoverState.OPEN,
    (CoverState.MERGED, CoverStep.LAPSE): CoverState.LAPSED,
    (CoverState.SELF_STUDY, CoverStep.RELEASE): CoverState.OPEN,
    (CoverState.SELF_STUDY, CoverStep.LAPSE): CoverState.LAPSED,
}

LIVE = frozenset(CoverState) - {CoverState.LAPSED}
"""A lesson has at most one cover in these states."""


def leave_after(state: LeaveState, step: LeaveStep) -> LeaveState:
    """The state that a step leads to.

    Raises
    ------
    LeaveOver
        The leave is not in a state from which this step leads anywhere.
    """
    after = _LEAVE_MOVES.get((state, step))
    if after is None:
        raise LeaveOver
    return after


def cover_after(state: CoverState, step: CoverStep) -> CoverState:
    """The state that a step leads to.

    Raises
    ------
    CoverOver
        The lesson has been looked after already, or needs no cover any more.
    """
    after = _COVER_MOVES.get((state, step))
    if after is None:
        raise CoverOver
    return after


def check_answerable(state: OfferState, *, expires_at: datetime, now: datetime) -> None:
    """Whether an offer can still be accepted or declined.

    Raises
    ------
    OfferClosed
        It was answered, or the lesson went to somebody else.
    OfferExpired
        Its time is over.
    """
    if state is not OfferState.OFFERED:
        raise OfferClosed
    if expires_at <= now:
        raise OfferExpired


Person = TypeVar("Person")


def check_other_person(requester: Person, *, approver: Person) -> None:
    """Nobody approves what they asked for.

    Raises
    ------
    OwnRequest
        The two are one.
    """
    if requester is not None and requester == approver:
        raise OwnRequest


# What a school decides


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How a school handles absences, swaps and check-ins; each can set its own, by date."""

    swap_days: int = 1
    temporary_days: int = 5
    cover_lead_minutes: int = 120
    swap_approval: bool = True
    check_in_early_minutes: int = 60
    late_after_minutes: int = 5
    check_in_metres: int = 500

    def measure(self, days: int) -> Measure:
        """How an absence of so many days is answered."""
        if days <= self.swap_days:
            return Measure.SWAP
        return Measure.TEMPORARY if days <= self.temporary_days else Measure.FIXED

    def deadline(self, starts_at: datetime) -> datetime:
        """Until when a lesson should have cover."""
        return starts_at - timedelta(minutes=self.cover_lead_minutes)


def days_of(starts_at: datetime, ends_at: datetime, *, zone: ZoneInfo) -> int:
    """How many calendar days an absence touches; one that ends at midnight spares that day."""
    first = starts_at.astimezone(zone).date()
    last = (ends_at - timedelta(microseconds=1)).astimezone(zone).date()
    return (last - first).days + 1


# Who covers best


@dataclass(frozen=True, slots=True, kw_only=True)
class Standin:
    """A teacher who is free at the time of a lesson, and what speaks for and against."""

    teacher_id: UUID
    name: str
    school_id: UUID
    school_name: str
    qualified: bool
    same_school: bool
    on_campus: bool
    """Whether another lesson brings them there that day."""
    lessons_that_day: int
    lessons_that_week: int
    covers_given: int
    needed_minutes: int | None
    """The way there; empty where there is none."""
    reachable: bool


_QUALIFIED, _SAME_SCHOOL, _ON_CAMPUS = 40, 20, 15
_LOAD, _FAIRNESS, _WAY = 10, 10, 5


def criteria(one: Standin) -> dict[str, int]:
    """The points of each criterion, so that a person can see why somebody comes first."""
    return {
        "subject": _QUALIFIED * one.qualified,
        "school": _SAME_SCHOOL * one.same_school,
        "campus": _ON_CAMPUS * one.on_campus,
        "load": max(0, _LOAD - one.lessons_that_day - one.lessons_that_week // 4),
        "fairness": max(0, _FAIRNESS - one.covers_given),
        "way": max(0, _WAY - (one.needed_minutes or 0) // 20),
    }


def ranked(standins: Iterable[Standin]) -> list[Standin]:
    """Those who can get there, the best first; equals by name, so that the order stays."""
    able = (one for one in standins if one.reachable)
    return sorted(able, key=lambda one: (-sum(criteria(one).values()), one.name, one.teacher_id))
