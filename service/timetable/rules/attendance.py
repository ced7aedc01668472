"""Who was there: when one may check in, what the host's word leads to, what follows from both.

Pure. Whether somebody was late or did not come is derived from what is known, never stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from service.timetable.problems import LessonNotScheduled
from service.timetable.problems.attendance import (
    AttendanceSettled,
    CheckInTooEarly,
    CheckInTooFar,
    CheckInTooLate,
    CorrectionTooSoon,
    LessonAtHome,
    LessonNotOver,
    LessonNotTaught,
    NoCorrection,
)
from service.timetable.rules import LessonChange, LessonStatus, Position, kilometres
from service.timetable.rules.absence import Thresholds

OFFLINE = timedelta(hours=12)
"""How long after a lesson a check-in of a phone without network may arrive."""
SKEW = timedelta(minutes=2)
"""How far a phone's clock may run ahead."""

_UNTAUGHT = frozenset({LessonChange.NEEDS_COVER, LessonChange.MERGED, LessonChange.SELF_STUDY})


class Word(StrEnum):
    """What the host school says of a lesson; only ``confirmed`` pays."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    NOT_TAUGHT = "not_taught"


class WordStep(StrEnum):
    """What somebody says about a lesson."""

    CONFIRM = "confirm"
    DISPUTE = "dispute"
    UPHOLD = "uphold"
    DISMISS = "dismiss"


class Correction(StrEnum):
    """How far a late check-in has come."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"


class Presence(StrEnum):
    """What is known about a teacher and a lesson at a moment."""

    UPCOMING = "upcoming"
    AWAITED = "awaited"
    PRESENT = "present"
    LATE = "late"
    NO_SHOW = "no_show"
    VOUCHED = "vouched"
    CANCELLED = "cancelled"


_WORD_MOVES: Mapping[tuple[Word, WordStep], Word] = {
    (Word.OPEN, WordStep.CONFIRM): Word.CONFIRMED,
    (Word.OPEN, WordStep.DISPUTE): Word.DISPUTED,
    (Word.CONFIRMED, WordStep.DISPUTE): Word.DISPUTED,
    (Word.DISPUTED, WordStep.UPHOLD): Word.CONFIRMED,
    (Word.DISPUTED, WordStep.DISMISS): Word.NOT_TAUGHT,
}


def word_after(word: Word, step: WordStep) -> Word:
    """The host's word after a step.

    Raises
    ------
    AttendanceSettled
        It was said already, or a dispute waits for the group office.
    """
    after = _WORD_MOVES.get((word, step))
    if after is None:
        raise AttendanceSettled
    return after


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a lesson that decide about checking in and confirming."""

    starts_at: datetime
    ends_at: datetime
    status: LessonStatus = LessonStatus.SCHEDULED
    change: LessonChange | None = None

    def by_clock(self, zone: ZoneInfo) -> "Facts":
        """The same, its instants told by the clock of the campus."""
        return replace(
            self, starts_at=self.starts_at.astimezone(zone), ends_at=self.ends_at.astimezone(zone)
        )

    @property
    def is_taught(self) -> bool:
        """Whether a teacher stands before this class."""
        return self.status is LessonStatus.SCHEDULED and self.change not in _UNTAUGHT


def metres(here: Position, gate: Position) -> int:
    """How far a place is from the gate."""
    return round(kilometres(here, gate) * 1000)


def arrival(*, told: datetime | None, now: datetime) -> datetime:
    """The instant that counts: what the phone's clock said, unless it runs ahead of ours."""
    return now if told is None or told > now + SKEW else min(told, now)


def check_in(lesson: Facts, *, thresholds: Thresholds, arrived_at: datetime, now: datetime) -> None:
    """Whether the teacher may check in.

    Raises
    ------
    LessonNotScheduled
        The lesson does not take place.
    LessonNotTaught
        Nobody teaches it.
    CheckInTooEarly
        The window has not opened.
    CheckInTooLate
        The lesson is over, or the phone's message came much later than it says.
    """
    _check_takes_place(lesson)
    opens_at = lesson.starts_at - timedelta(minutes=thresholds.check_in_early_minutes)
    if arrived_at < opens_at:
        raise CheckInTooEarly(opens_at=opens_at)
    if arrived_at > lesson.ends_at or now > lesson.ends_at + OFFLINE:
        raise CheckInTooLate


def check_near(distance: int | None, *, thresholds: Thresholds) -> None:
    """Whether a place is near enough to the gate; one that was not told is not judged.

    Raises
    ------
    CheckInTooFar
        It is not.
    """
    if distance is not None and distance > thresholds.check_in_metres:
        raise CheckInTooFar(metres=distance, limit=thresholds.check_in_metres)


def check_correction(lesson: Facts, *, now: datetime) -> None:
    """Whether a late check-in may be asked for.

    Raises
    ------
    LessonNotScheduled, LessonNotTaught
        There was no lesson of the teacher.
    CorrectionTooSoon
        The ordinary check-in is still possible.
    """
    _check_takes_place(lesson)
    if now <= lesson.ends_at:
        raise CorrectionTooSoon


def check_waiting(correction: Correction | None) -> None:
    """Whether a late check-in waits for a decision.

    Raises
    ------
    NoCorrection
        None does.
    """
    if correction is not Correction.REQUESTED:
        raise NoCorrection


def check_confirmable(lesson: Facts, *, at_home: bool, now: datetime) -> None:
    """Whether the host school may confirm a lesson.

    Raises
    ------
    LessonNotScheduled, LessonNotTaught
        It did not take place, or nobody taught it.
    LessonAtHome
        The teacher belongs to the school.
    LessonNotOver
        It has not ended.
    """
    _check_takes_place(lesson)
    if at_home:
        raise LessonAtHome
    if now < lesson.ends_at:
        raise LessonNotOver


def _check_takes_place(lesson: Facts) -> None:
    if lesson.status is not LessonStatus.SCHEDULED:
        raise LessonNotScheduled
    if not lesson.is_taught:
        raise LessonNotTaught


def presence(
    lesson: Facts,
    *,
    thresholds: Thresholds,
    arrived_at: datetime | None,
    confirmed: bool,
    now: datetime,
) -> Presence:
    """What follows from the lesson, the check-in and the host's word."""
    if not lesson.is_taught:
        return Presence.CANCELLED
    if arrived_at is not None:
        late = lesson.starts_at + timedelta(minutes=thresholds.late_after_minutes)
        return Presence.LATE if arrived_at > late else Presence.PRESENT
    if confirmed:
        return Presence.VOUCHED
    if now < lesson.starts_at - timedelta(minutes=thresholds.check_in_early_minutes):
        return Presence.UPCOMING
    return Presence.AWAITED if now <= lesson.ends_at else Presence.NO_SHOW


class Why(StrEnum):
    """Why a lesson of the month stays open when the others are confirmed."""

    EXCEPTED = "excepted"
    NOT_CHECKED_IN = "not_checked_in"
    CORRECTION_WAITS = "correction_waits"
    DISPUTED = "disputed"
    NOT_OVER = "not_over"
    MONTH_FROZEN = "month_frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A lesson of a visiting teacher as the host school finds it at the end of a month."""

    word: Word
    arrived: bool
    correction: Correction | None
    over: bool
    excepted: bool
    frozen: bool


def stays_open(one: Waiting, *, unchecked_too: bool) -> Why | None:
    """Why a lesson is not confirmed with the others; nothing if it is."""
    reasons = (
        (one.excepted, Why.EXCEPTED),
        (one.word is Word.DISPUTED, Why.DISPUTED),
        (one.frozen, Why.MONTH_FROZEN),
        (not one.over, Why.NOT_OVER),
        (one.correction is Correction.REQUESTED, Why.CORRECTION_WAITS),
        (not one.arrived and not unchecked_too, Why.NOT_CHECKED_IN),
    )
    return next((why for applies, why in reasons if applies), None)


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month + timedelta(days=31)).replace(day=1)
