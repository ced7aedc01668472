"""What a swap is, who agrees to it, and with whom a lesson is best swapped.

Pure. In a swap each lesson takes the time of the next, and the last the time of the first; teacher,
class and room stay with the lesson. A state moves only by the table below, whatever path asks.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from service.calendar.rules import TermSpan
from service.timetable.problems.swap import (
    LessonLookedAfter,
    SwapAcrossTerms,
    SwapApart,
    SwapOver,
    SwapWithOneself,
    UndoTooLate,
)
from service.timetable.rules import (
    Duty,
    LessonChange,
    ResourceKind,
    TimeKind,
    Ways,
    clashes,
    legs_of,
    monday_of,
)


class SwapState(StrEnum):
    """How far a swap has come."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    DONE = "done"
    DECLINED = "declined"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    UNDONE = "undone"


class SwapStep(StrEnum):
    """What somebody does with a swap."""

    CONSENT = "consent"
    AGREE = "agree"
    CARRY_OUT = "carry_out"
    DECLINE = "decline"
    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    UNDO = "undo"


_MOVES: Mapping[tuple[SwapState, SwapStep], SwapState] = {
    (SwapState.PROPOSED, SwapStep.CONSENT): SwapState.PROPOSED,
    (SwapState.PROPOSED, SwapStep.AGREE): SwapState.AGREED,
    (SwapState.PROPOSED, SwapStep.CARRY_OUT): SwapState.DONE,
    (SwapState.PROPOSED, SwapStep.DECLINE): SwapState.DECLINED,
    (SwapState.PROPOSED, SwapStep.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.PROPOSED, SwapStep.LAPSE): SwapState.LAPSED,
    (SwapState.AGREED, SwapStep.APPROVE): SwapState.DONE,
    (SwapState.AGREED, SwapStep.REFUSE): SwapState.REFUSED,
    (SwapState.AGREED, SwapStep.WITHDRAW): SwapState.WITHDRAWN,
    (SwapState.AGREED, SwapStep.LAPSE): SwapState.LAPSED,
    (SwapState.DONE, SwapStep.UNDO): SwapState.UNDONE,
}

OPEN = frozenset({SwapState.PROPOSED, SwapState.AGREED})
"""A lesson is in at most one swap in these states."""

MOST_LESSONS = 3


def swap_after(state: SwapState, step: SwapStep) -> SwapState:
    """The state that a step leads to.

    Raises
    ------
    SwapOver
        The swap is not in a state from which this step leads anywhere.
    """
    after = _MOVES.get((state, step))
    if after is None:
        raise SwapOver
    return after


def check_undoable(done_at: datetime, *, now: datetime, zone: ZoneInfo) -> None:
    """Whether a swap was carried out on this very day.

    Raises
    ------
    UndoTooLate
        It was not.
    """
    if done_at.astimezone(zone).date() != now.astimezone(zone).date():
        raise UndoTooLate


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A lesson as a swap meets it: whose, where, when."""

    lesson_id: UUID
    slot_id: UUID
    teacher_id: UUID
    campus_id: UUID
    stage: str
    class_ids: tuple[UUID, ...]
    room_id: UUID | None
    on_date: date
    starts_at: datetime
    ends_at: datetime
    change: str | None
    valid: tuple[date, date]
    """The days of its slot, the last one exclusive."""

    def resources(self) -> Iterator[tuple[ResourceKind, UUID]]:
        """Everybody and everything whose time it takes."""
        yield ResourceKind.TEACHER, self.teacher_id
        for class_id in self.class_ids:
            yield ResourceKind.CLASS, class_id
        if self.room_id is not None:
            yield ResourceKind.ROOM, self.room_id

    def duties_at(
        self, starts_at: datetime, ends_at: datetime, *, source_id: UUID | None = None
    ) -> list[Duty]:
        """The time it would take then."""
        return [
            Duty(
                kind,
                resource_id,
                starts_at,
                ends_at,
                TimeKind.LESSON,
                self.campus_id,
                source_id or self.lesson_id,
            )
            for kind, resource_id in self.resources()
        ]

    def is_own(self, duty: Duty) -> bool:
        """Whether time that stands is this lesson's own."""
        return duty.source_id in {self.lesson_id, self.slot_id} and (
            duty.starts_at == self.starts_at
        )


_LOOKED_AFTER = frozenset({LessonChange.COVERED, LessonChange.MERGED, LessonChange.SELF_STUDY})


def check_swappable(parties: Sequence[Party], *, terms: Iterable[TermSpan]) -> None:
    """Whether lessons may change places at all; whether the times are free is judged elsewhere.

    Raises
    ------
    SwapWithOneself
        Two of them have the same teacher.
    SwapApart
        They are not at one campus and of one stage.
    LessonLookedAfter
        Somebody stands in for one of them.
    SwapAcrossTerms
        They are of different terms.
    """
    if len({one.teacher_id for one in parties}) < len(parties):
        raise SwapWithOneself
    if len({(one.campus_id, one.stage) for one in parties}) > 1:
        raise SwapApart
    if any(one.change in _LOOKED_AFTER for one in parties):
        raise LessonLookedAfter
    terms = list(terms)
    if len({_term_of(one.on_date, terms) for one in parties}) > 1:
        raise SwapAcrossTerms


def _term_of(day: date, terms: Iterable[TermSpan]) -> date | None:
    return next((one.starts for one in terms if one.starts <= day < one.until), None)


# Who would do


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands, and how long the ways are."""

    standing: Mapping[UUID, Sequence[Duty]]
    """By resource."""
    ways: Ways
    zone: ZoneInfo

    def takes(self, one: Party, other: Party) -> bool:
        """Whether a lesson can take the time that another one gives up."""
        if not one.valid[0] <= other.on_date < one.valid[1]:
            return False
        wanted = one.duties_at(other.starts_at, other.ends_at)
        for duty in wanted:
            left = self._without(duty.resource_id, one, other)
            if clashes([duty], standing=left):
                return False
        return self._walks(wanted[0], self._without(one.teacher_id, one, other))

    def _without(self, resource_id: UUID, one: Party, other: Party) -> list[Duty]:
        return [
            duty
            for duty in self.standing.get(resource_id, ())
            if not one.is_own(duty) and not other.is_own(duty)
        ]

    def _walks(self, mine: Duty, others: Iterable[Duty]) -> bool:
        day = mine.starts_at.astimezone(self.zone).date()
        today = [duty for duty in others if duty.starts_at.astimezone(self.zone).date() == day]
        legs = legs_of([*today, mine], ways=self.ways, zone=self.zone)
        return all(leg.fits for leg in legs if mine in {leg.earlier, leg.later})

    def lessons_on(self, one: Party, day: date) -> int:
        """How many other lessons the teacher of a lesson has on a day."""
        return sum(
            duty.kind is TimeKind.LESSON
            and not one.is_own(duty)
            and duty.starts_at.astimezone(self.zone).date() == day
            for duty in self.standing.get(one.teacher_id, ())
        )


@dataclass(frozen=True, slots=True)
class Proposal:
    """Lessons that could change places, the asking one first, and what speaks for it."""

    parties: tuple[Party, ...]
    days_apart: int
    same_week: bool
    most_lessons: int
    """The fullest day that anybody of them would have, with the lesson that comes."""


_DIRECT, _SAME_WEEK, _NEAR, _LOAD = 30, 20, 20, 10
_PAIR = 2


def points(one: Proposal) -> dict[str, int]:
    """The points of each criterion, so that a person can see why a proposal comes first."""
    return {
        "direct": _DIRECT * (len(one.parties) == _PAIR),
        "same_week": _SAME_WEEK * one.same_week,
        "near": max(0, _NEAR - one.days_apart),
        "load": max(0, _LOAD - one.most_lessons),
    }


def proposals(
    asking: Party, *, others: Sequence[Party], setting: Setting, most: int
) -> list[Proposal]:
    """Pairs and chains of three that clash with nothing, the best first.

    A chain is proposed only where its lesson is no partner by itself.
    """
    willing = [one for one in others if one.teacher_id != asking.teacher_id]
    there = [one for one in willing if setting.takes(asking, one)]
    back = [one for one in willing if setting.takes(one, asking)]
    given = {one.lesson_id for one in back}
    direct = [one for one in there if one.lesson_id in given]
    found = [_proposal((asking, one), setting) for one in direct]
    if len(found) < most:
        paired = {one.lesson_id for one in direct}
        found += [
            _proposal((asking, first, last), setting)
            for first in there
            if first.lesson_id not in paired
            for last in back
            if last.lesson_id not in paired
            and first.teacher_id != last.teacher_id
            and setting.takes(first, last)
        ]
    found.sort(key=lambda one: (-sum(points(one).values()), one.parties[1].starts_at))
    return found[:most]


def _proposal(parties: tuple[Party, ...], setting: Setting) -> Proposal:
    first = parties[0]
    ring = list(zip(parties, (*parties[1:], first), strict=True))
    return Proposal(
        parties,
        max(abs((one.on_date - first.on_date).days) for one in parties),
        len({monday_of(one.on_date) for one in parties}) == 1,
        max(setting.lessons_on(one, to.on_date) + 1 for one, to in ring),
    )
