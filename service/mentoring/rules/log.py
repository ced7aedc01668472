"""The log of a pairing: what may be written, corrected and confirmed: pure."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.kit.problems import Text
from service.mentoring.problems.log import (
    LogEntryConfirmed,
    LogEntryInFuture,
    LogEntryOutsidePairing,
    NotOfThePair,
    NotTheWriter,
    ObservedUnfit,
    OwnLogEntry,
    PairingNotActive,
)
from service.mentoring.rules import PairingState, Side, Span, covers, state_on


class LogKind(StrEnum):
    """What the two did."""

    OBSERVATION = "observation"
    REVIEW = "review"
    LESSON_PLAN = "lesson_plan"
    OPEN_LESSON = "open_lesson"
    REFLECTION = "reflection"
    RESEARCH = "research"
    MEETING = "meeting"


LOG_KINDS: Mapping[LogKind, Text] = {
    LogKind.OBSERVATION: Text("听课", "Observation"),
    LogKind.REVIEW: Text("评课", "Lesson review"),
    LogKind.LESSON_PLAN: Text("教案指导", "Lesson plan"),
    LogKind.OPEN_LESSON: Text("汇报课", "Open lesson"),
    LogKind.REFLECTION: Text("教学反思", "Reflection"),
    LogKind.RESEARCH: Text("教研", "Research"),
    LogKind.MEETING: Text("面谈", "Meeting"),
}


class LogState(StrEnum):
    """Whether the counterpart has confirmed an entry."""

    WRITTEN = "written"
    CONFIRMED = "confirmed"


LOG_STATES: Mapping[LogState, Text] = {
    LogState.WRITTEN: Text("待确认", "To be confirmed"),
    LogState.CONFIRMED: Text("已确认", "Confirmed"),
}


def check_pair(teacher_id: UUID | None, *, two: tuple[UUID, UUID]) -> UUID:
    """Who of the two it is.

    Raises
    ------
    NotOfThePair
        Somebody else.
    """
    if teacher_id is None or teacher_id not in two:
        raise NotOfThePair
    return teacher_id


def check_day(*, on: date, today: date, state: PairingState, valid: Span) -> None:
    """Refuse an entry that the pairing's days do not allow.

    Raises
    ------
    PairingNotActive
        It has not begun, or is over.
    LogEntryInFuture, LogEntryOutsidePairing
        The day does not fit.
    """
    if state_on(state, valid=valid, day=today) is not PairingState.ACTIVE:
        raise PairingNotActive
    if on > today:
        raise LogEntryInFuture
    if not covers(valid, on):
        raise LogEntryOutsidePairing


def check_observed(kind: LogKind, observed: Side | None) -> None:
    """Refuse an observation of nobody, and somebody observed in anything else.

    Raises
    ------
    ObservedUnfit
        One of the two.
    """
    if (kind is LogKind.OBSERVATION) != (observed is not None):
        raise ObservedUnfit


def check_correction(*, writer: UUID, by: UUID) -> None:
    """Refuse a correction by the other one.

    Raises
    ------
    NotTheWriter
        Somebody else wrote it.
    """
    if writer != by:
        raise NotTheWriter


def check_confirmation(*, writer: UUID, by: UUID, state: LogState) -> None:
    """Refuse to confirm what is one's own, or what is confirmed.

    Raises
    ------
    OwnLogEntry
        They wrote it themselves.
    LogEntryConfirmed
        It was done.
    """
    if writer == by:
        raise OwnLogEntry
    if state is LogState.CONFIRMED:
        raise LogEntryConfirmed
