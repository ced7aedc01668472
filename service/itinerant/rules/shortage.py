"""What becomes of a shortage, who has to agree to an offer, and which teacher fits best.

Pure. A shortage and an offer move only by the tables below, whatever path asks for it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from service.itinerant.problems.shortage import (
    OfferExpired,
    OfferOver,
    ShortageStateUnfit,
)
from service.itinerant.rules import WeeklyPeriod
from service.kit.problems import FieldError, InvalidValue, Text
from service.timetable.rules import Duty, Host, Occurrence, Parity


class Urgency(StrEnum):
    """How soon somebody has to be found."""

    NORMAL = "normal"
    URGENT = "urgent"
    CRITICAL = "critical"


class ShortageState(StrEnum):
    """How far a shortage has come."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    OFFERED = "offered"
    MATCHED = "matched"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class ShortageStep(StrEnum):
    """What happens to a shortage.

    ``change`` gives other facts, which have to be approved anew. ``release`` is the end of its last
    open offer while lessons are still missing; ``match`` is the acceptance that covers the last of
    them.
    """

    CHANGE = "change"
    APPROVE = "approve"
    OFFER = "offer"
    RELEASE = "release"
    MATCH = "match"
    CLOSE = "close"
    WITHDRAW = "withdraw"


class OfferState(StrEnum):
    """What became of asking one teacher."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class OfferStep(StrEnum):
    """What happens to an offer."""

    AGREE = "agree"
    CONFIRM = "confirm"
    APPROVE = "approve"
    DECLINE = "decline"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


_SHORTAGE_MOVES: Mapping[tuple[ShortageState, ShortageStep], ShortageState] = {
    (ShortageState.SUBMITTED, ShortageStep.CHANGE): ShortageState.SUBMITTED,
    (ShortageState.SUBMITTED, ShortageStep.APPROVE): ShortageState.APPROVED,
    (ShortageState.SUBMITTED, ShortageStep.CLOSE): ShortageState.CLOSED,
    (ShortageState.SUBMITTED, ShortageStep.WITHDRAW): ShortageState.WITHDRAWN,
    (ShortageState.APPROVED, ShortageStep.CHANGE): ShortageState.SUBMITTED,
    (ShortageState.APPROVED, ShortageStep.OFFER): ShortageState.OFFERED,
    (ShortageState.APPROVED, ShortageStep.CLOSE): ShortageState.CLOSED,
    (ShortageState.APPROVED, ShortageStep.WITHDRAW): ShortageState.WITHDRAWN,
    (ShortageState.OFFERED, ShortageStep.OFFER): ShortageState.OFFERED,
    (ShortageState.OFFERED, ShortageStep.RELEASE): ShortageState.APPROVED,
    (ShortageState.OFFERED, ShortageStep.MATCH): ShortageState.MATCHED,
    (ShortageState.OFFERED, ShortageStep.WITHDRAW): ShortageState.WITHDRAWN,
    (ShortageState.MATCHED, ShortageStep.CLOSE): ShortageState.CLOSED,
}

_OVER: Mapping[OfferStep, OfferState] = {
    OfferStep.DECLINE: OfferState.DECLINED,
    OfferStep.EXPIRE: OfferState.EXPIRED,
    OfferStep.WITHDRAW: OfferState.WITHDRAWN,
}


def shortage_after(state: ShortageState, step: ShortageStep) -> ShortageState:
    """The state that a step leads to.

    Raises
    ------
    ShortageStateUnfit
        The shortage is not in a state from which this step leads anywhere.
    """
    after = _SHORTAGE_MOVES.get((state, step))
    if after is None:
        raise ShortageStateUnfit(state=state.value, step=step.value)
    return after


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Who has agreed to an offer, and whether the district has to."""

    agreed: bool
    confirmed: bool
    approved: bool
    across_groups: bool

    @property
    def complete(self) -> bool:
        """Whether everybody has who has to."""
        return self.agreed and self.confirmed and (self.approved or not self.across_groups)

    def given(self, step: OfferStep) -> bool:
        """Whether this step has been taken, or is not asked for."""
        return {
            OfferStep.AGREE: self.agreed,
            OfferStep.CONFIRM: self.confirmed,
            OfferStep.APPROVE: self.approved or not self.across_groups,
        }[step]


def offer_after(
    state: OfferState, step: OfferStep, *, consent: Consent, expires_at: datetime, now: datetime
) -> OfferState:
    """The state that a step leads to; ``consent`` is as it was before the step.

    Raises
    ------
    OfferOver
        It was answered, withdrawn, or this was said already.
    OfferExpired
        Its time is over.
    """
    if state is not OfferState.PENDING:
        raise OfferOver(state=state.value)
    if step in _OVER:
        return _OVER[step]
    if expires_at <= now:
        raise OfferExpired
    if consent.given(step):
        raise OfferOver(state=state.value)
    given = {OfferStep.AGREE: "agreed", OfferStep.CONFIRM: "confirmed"}.get(step, "approved")
    all_of = {"agreed": consent.agreed, "confirmed": consent.confirmed}
    all_of |= {"approved": consent.approved, given: True}
    complete = Consent(**all_of, across_groups=consent.across_groups).complete
    return OfferState.ACCEPTED if complete else OfferState.PENDING


def half_lessons(patterns: Iterable[WeeklyPeriod]) -> int:
    """Twice the weekly lessons; one of odd or even weeks is half a lesson."""
    return sum(2 if pattern.parity is Parity.EVERY else 1 for pattern in patterns)


def after_an_offer(*, open_offers: int, accepted: int, lessons: int) -> ShortageStep | None:
    """What the end of an offer does to its shortage; ``accepted`` are half lessons."""
    if accepted >= 2 * lessons:
        return ShortageStep.MATCH
    return None if open_offers else ShortageStep.RELEASE


# Half-days


class Half(StrEnum):
    """Before or after noon."""

    MORNING = "am"
    AFTERNOON = "pm"


def open_periods(
    times: Mapping[tuple[int, int], Sequence[Occurrence]],
    *,
    taken: Mapping[tuple[UUID, date], Sequence[Duty]],
    class_ids: Collection[UUID],
) -> dict[tuple[int, int], list[UUID]]:
    """The weekly periods in which a class has nothing on any of the dates, and which classes.

    ``taken`` is the time of the classes by class and local day.
    """
    found = {
        key: [
            class_id
            for class_id in sorted(class_ids)
            if not any(
                duty.starts_at < one.ends_at and one.starts_at < duty.ends_at
                for one in occurrences
                for duty in taken.get((class_id, one.on_date), ())
            )
        ]
        for key, occurrences in times.items()
    }
    return {key: classes for key, classes in found.items() if classes}


def half_of(starts: time, *, noon: time) -> Half:
    """The half-day in which something begins."""
    return Half.MORNING if starts < noon else Half.AFTERNOON


def half_day(weekday: int, half: Half) -> str:
    """How a half-day of the week is written."""
    return f"{weekday}-{half.value}"


def periods_of(host: Host, *, stage: str, noon: time) -> dict[tuple[int, int], str]:
    """The weekly periods (weekday, number) of a campus, each with its half-day."""
    found: dict[tuple[int, int], str] = {}
    for weekday, days in sorted(host.days.items()):
        for day in days:
            for number, bell in host.periods(stage=stage, on_date=day.on_date).items():
                found.setdefault(
                    (weekday, number), half_day(weekday, half_of(bell.starts, noon=noon))
                )
    return found


_NO_HALF_DAY = Text(
    "该校区在该学段没有这个半天的课", "this campus teaches no period of this stage in this half-day"
)
_NO_BELLS = Text(
    "该校区还没有该学段的作息时间,请先维护作息时间表",
    "this campus has no bells of this stage yet: enter them first",
)
_ELSEWHERE = Text("不是该校区该学段的班级", "is no class of this stage at this campus")
_NOT_ASKED = Text("不是该缺课需求中的班级", "is none of the classes of the shortage")
_OUTSIDE = Text("不在可安排的半天之内", "lies outside the possible half-days")
_TOO_MANY = Text("超过尚缺的周课时", "is more than the weekly lessons still missing")


def check_half_days(half_days: Sequence[str], *, taught: Collection[str]) -> None:
    """Whether a campus has each of these half-days.

    Raises
    ------
    InvalidValue
        One does not exist.
    """
    message = _NO_HALF_DAY if taught else _NO_BELLS
    wrong = [
        FieldError(f"/half_days/{place}", "no-such-half-day", message)
        for place, one in enumerate(half_days)
        if one not in taught
    ]
    if wrong:
        raise InvalidValue(errors=wrong)


def check_classes(class_ids: Sequence[UUID], *, there: Collection[UUID]) -> None:
    """Whether each class is at the campus.

    Raises
    ------
    InvalidValue
        One belongs elsewhere.
    """
    wrong = [
        FieldError(f"/class_ids/{place}", "class-not-there", _ELSEWHERE)
        for place, one in enumerate(class_ids)
        if one not in there
    ]
    if wrong:
        raise InvalidValue(errors=wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a shortage still asks for."""

    class_ids: frozenset[UUID]
    half_days: frozenset[str]
    missing_halves: int
    """Half lessons that no offer covers, open or accepted."""
    periods: Mapping[tuple[int, int], str]


def check_offered(patterns: Sequence[WeeklyPeriod], *, need: Need) -> None:
    """Whether weekly periods answer a shortage.

    Raises
    ------
    InvalidValue
        Too many, for other classes, or in other half-days.
    """
    wrong = list(_beside(patterns, need))
    if half_lessons(patterns) > need.missing_halves:
        wrong.append(FieldError("/patterns", "more-than-missing", _TOO_MANY))
    if wrong:
        raise InvalidValue(errors=wrong)


def _beside(patterns: Sequence[WeeklyPeriod], need: Need) -> Iterator[FieldError]:
    for place, pattern in enumerate(patterns):
        for number, class_id in enumerate(pattern.class_ids):
            if class_id not in need.class_ids:
                pointer = f"/patterns/{place}/class_ids/{number}"
                yield FieldError(pointer, "class-not-asked", _NOT_ASKED)
        where = need.periods.get((pattern.weekday, pattern.period))
        # A period without a bell is said by the timetable, with its dates.
        if where is not None and where not in need.half_days:
            yield FieldError(f"/patterns/{place}", "outside-half-days", _OUTSIDE)


# Who fits best


class Out(StrEnum):
    """Why a teacher is no candidate."""

    NOT_QUALIFIED = "not-qualified"
    RETIRED = "retired"
    LEFT = "left"
    LEAVE = "leave"
    BUSY = "teacher-busy"
    TRAVEL = "travel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A teacher of the group, and what speaks for and against."""

    teacher_id: UUID
    name: str
    school_id: UUID
    school_name: str
    tier: str
    qualified: bool
    teaches: bool
    """Whether the subject is on their timetable at present, not only in their papers."""
    retires: bool
    leaves: bool
    """Whether they retire, or leave the school, before the help would end."""
    weekly_lessons: float
    weekly_limit: int
    helping_lessons: float
    """Weekly lessons they teach elsewhere already."""
    needed_minutes: int
    free: frozenset[tuple[int, int]]
    """The weekly periods in which they are free and there in time, every week."""
    out_of_way: frozenset[tuple[int, int]]
    """Periods in which they are free, but cannot be there in time."""
    on_leave: bool


@dataclass(frozen=True, slots=True)
class Fit:
    """Why a teacher is out, or how well they fit."""

    helper: Helper
    reason: Out | None
    points: Mapping[str, int]
    half_days: Mapping[str, int]
    """How many periods are free, by possible half-day."""

    @property
    def total(self) -> int:
        """All points."""
        return sum(self.points.values())


_SUBJECT, _TIER, _LOAD, _WAY, _HALF_DAYS, _FAIRNESS = 25, 15, 20, 15, 15, 10
_TIERS = {"lead": _TIER, "close": 10, "alliance": 5}


def fit(
    helper: Helper,
    *,
    lessons: int,
    half_days: Collection[str],
    periods: Mapping[tuple[int, int], str],
) -> Fit:
    """Whether a teacher can help, and the points of each criterion."""
    by_half_day = {
        half: sum(periods.get(one) == half for one in helper.free) for half in sorted(half_days)
    }
    reason = _reason(helper, half_days=half_days, periods=periods, free=sum(by_half_day.values()))
    if reason is not None:
        return Fit(helper, reason, {}, by_half_day)
    free = sum(by_half_day.values())
    room = helper.weekly_limit - helper.weekly_lessons
    return Fit(
        helper,
        None,
        {
            "subject": _SUBJECT if helper.teaches else _SUBJECT // 2,
            "tier": _TIERS.get(helper.tier, 0),
            "load": round(_LOAD * min(max(room / lessons, 0.0), 1.0)),
            "travel": max(0, _WAY - helper.needed_minutes // 8),
            "half_days": round(_HALF_DAYS * min(free / lessons, 1.0)),
            "fairness": max(0, _FAIRNESS - round(helper.helping_lessons)),
        },
        by_half_day,
    )


def _reason(
    helper: Helper,
    *,
    half_days: Collection[str],
    periods: Mapping[tuple[int, int], str],
    free: int,
) -> Out | None:
    if not helper.qualified:
        return Out.NOT_QUALIFIED
    if helper.retires:
        return Out.RETIRED
    if helper.leaves:
        return Out.LEFT
    if free:
        return None
    if any(periods.get(one) in half_days for one in helper.out_of_way):
        return Out.TRAVEL
    return Out.LEAVE if helper.on_leave else Out.BUSY


def ranked(fits: Iterable[Fit]) -> list[Fit]:
    """Those who can help, the best first; equals by name, so that the order stays."""
    able = (one for one in fits if one.reason is None)
    return sorted(able, key=lambda one: (-one.total, one.helper.name, one.helper.teacher_id))
