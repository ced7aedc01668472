"""Visits of a mentor: when one may be planned, cancelled, and which no longer can be. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from service.kit.problems import Text
from service.mentoring.problems.log import PairingNotActive
from service.mentoring.problems.visit import VisitOver, VisitUnfit
from service.mentoring.rules import PairingState, Span, covers, state_on

LONGEST = timedelta(hours=8)
FARTHEST = timedelta(days=366)


class VisitState(StrEnum):
    """Whether a visit is to take place."""

    PLANNED = "planned"
    CANCELLED = "cancelled"


VISIT_STATES: Mapping[VisitState, Text] = {
    VisitState.PLANNED: Text("已安排", "Planned"),
    VisitState.CANCELLED: Text("已取消", "Cancelled"),
}


class Purpose(StrEnum):
    """What a mentor comes for."""

    MEETING = "meeting"
    OBSERVATION = "observation"


@dataclass(frozen=True, slots=True)
class Pair:
    """A pairing as a visit meets it."""

    state: PairingState
    valid: Span


def check_active(pair: Pair, *, on: date) -> None:
    """Refuse a pairing that is none today.

    Raises
    ------
    PairingNotActive
        It has not begun, or is over.
    """
    if state_on(pair.state, valid=pair.valid, day=on) is not PairingState.ACTIVE:
        raise PairingNotActive


def check_times(*, starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    """Refuse times that are no visit's, before anything is made of them.

    Raises
    ------
    VisitUnfit
        It would be past, too far off, or too long.
    """
    if starts_at <= now:
        raise VisitUnfit(message=_PAST)
    if starts_at - now > FARTHEST:
        raise VisitUnfit(message=_TOO_FAR)
    if not timedelta() < ends_at - starts_at <= LONGEST:
        raise VisitUnfit(pointer="/ends_at", message=_TOO_LONG)


def check_visit(pair: Pair, *, on: date) -> None:
    """Refuse a visit that does not belong to its pairing; ``on`` is its day at the campus.

    Raises
    ------
    PairingNotActive
        The pairing has not begun, or has ended.
    VisitUnfit
        The day is none of the pairing's.
    """
    if pair.state is not PairingState.ACTIVE:
        raise PairingNotActive
    if not covers(pair.valid, on):
        raise VisitUnfit(message=_OUTSIDE)


_PAST = Text("已经过去", "is past")
_TOO_FAR = Text("距今超过一年", "is more than a year away")
_TOO_LONG = Text("应晚于开始时间,且不超过 8 小时", "must follow within 8 hours")
_OUTSIDE = Text("不在结对的起止日期内", "is none of the pairing's days")


def check_cancel(state: VisitState, *, starts_at: datetime, now: datetime) -> None:
    """Refuse to cancel what has begun or was cancelled.

    Raises
    ------
    VisitOver
        It is one of them.
    """
    if state is VisitState.CANCELLED or starts_at <= now:
        raise VisitOver


def is_stranded(pair: Pair, *, on: date) -> bool:
    """Whether a visit of a day has no pairing any more; the last day of one still has it."""
    return not covers(pair.valid, on)
