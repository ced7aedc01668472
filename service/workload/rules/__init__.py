"""What confirmed lessons are worth: the lines of a statement, exact to the fen.

Pure. Amounts are decimals. Every line is rounded once, half up, to the fen; sums add rounded lines,
so that any way of adding them gives the same. Only the geometry of a way is a float, and it becomes
a tenth of a kilometre before it meets money.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from enum import StrEnum
from hashlib import sha256
from itertools import groupby, pairwise
from uuid import UUID

from service.workload.problems import StatementMoved

FEN = Decimal("0.01")
TENTH = Decimal("0.1")
NOTHING = Decimal("0.00")
ONE = Decimal("1.00")


def to_fen(amount: Decimal) -> Decimal:
    """An amount of money, half a fen rounded up."""
    return amount.quantize(FEN, ROUND_HALF_UP)


def road_km(crow: float, *, detour: float) -> Decimal:
    """Kilometres of road to the tenth, for kilometres of the crow."""
    return Decimal(repr(crow * detour)).quantize(TENTH, ROUND_HALF_UP)


# What the district decides


class RateKind(StrEnum):
    """What is paid for, and the two limits."""

    LESSON = "lesson"
    DAY = "day"
    TRIP = "trip"
    KM = "km"
    BAND = "band"
    CAP_DAY = "cap_day"
    CAP_MONTH = "cap_month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So much for one of a kind, for a time; a band's for ways of that length."""

    id: UUID
    kind: RateKind
    amount: Decimal
    valid_from: date
    valid_until: date | None = None
    km_from: Decimal = Decimal(0)
    km_until: Decimal | None = None

    def holds(self, day: date) -> bool:
        """Whether it is valid on a day."""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)

    def spans(self, km: Decimal) -> bool:
        """Whether a way of this length is in its band."""
        return self.km_from <= km and (self.km_until is None or km < self.km_until)


@dataclass(frozen=True, slots=True)
class RateBook:
    """All rates of a district. At most one of a kind holds on a day (and at a distance)."""

    rates: Sequence[Rate]

    def find(self, kind: RateKind, *, day: date, km: Decimal | None = None) -> Rate | None:
        """The rate of a kind on a day; a band is looked up by its distance."""
        if kind is RateKind.BAND and km is None:
            return None
        return next(
            (
                rate
                for rate in self.rates
                if rate.kind is kind
                and rate.holds(day)
                and (kind is not RateKind.BAND or rate.spans(km or Decimal(0)))
            ),
            None,
        )


ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """How many lessons a lesson counts, by subject and stage; ``*`` is any."""

    subject: str
    stage: str
    factor: Decimal
    valid_from: date
    valid_until: date | None = None

    def fits(self, *, subject: str, stage: str, day: date) -> bool:
        """Whether it is about such a lesson on a day."""
        return (
            self.subject in {ANY, subject}
            and self.stage in {ANY, stage}
            and self.valid_from <= day
            and (self.valid_until is None or day < self.valid_until)
        )

    @property
    def precision(self) -> tuple[bool, bool]:
        """A subject says more than a stage, and both say most."""
        return self.subject != ANY, self.stage != ANY


def factor_of(
    coefficients: Iterable[Coefficient], *, subject: str, stage: str, day: date
) -> Decimal:
    """How many lessons one counts: the most precise coefficient decides, without any it is one."""
    fitting = [one for one in coefficients if one.fits(subject=subject, stage=stage, day=day)]
    return max(fitting, key=lambda one: one.precision).factor if fitting else ONE


# The ways of a day


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """A lesson of a teacher on a day; ``confirmed`` are the ones of hosts that said so."""

    lesson_id: UUID
    starts_at: datetime
    on_date: date
    school_id: UUID
    campus_id: UUID
    subject: str
    stage: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """One way: minutes, and kilometres where both ends have a position."""

    minutes: int
    km: Decimal | None


Legs = Mapping[tuple[UUID, UUID], Leg]
"""From one campus to another."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay at a host campus: its confirmed lessons and the ways that it cost."""

    lessons: tuple[Taught, ...]
    minutes: int
    km: Decimal | None
    distance: Decimal | None
    """How far the host is from home, one way."""


def _stops(lessons: Iterable[Taught]) -> list[tuple[UUID, tuple[Taught, ...]]]:
    ordered = sorted(lessons, key=lambda one: (one.starts_at, one.lesson_id))
    return [
        (campus_id, tuple(group))
        for campus_id, group in groupby(ordered, key=lambda one: one.campus_id)
    ]


def ways_of(lessons: Iterable[Taught], *, base: UUID | None) -> list[tuple[UUID, UUID]]:
    """The ways of a day that begins and ends at the home campus, in order."""
    stops = [campus_id for campus_id, _ in _stops(lessons)]
    path = [base, *stops, base] if base is not None else stops
    return [(here, there) for here, there in pairwise(path) if here != there]


def visits_of(lessons: Iterable[Taught], *, base: UUID | None, legs: Legs) -> list[Visit]:
    """The paid stays of one day. A way belongs to the host it leads to; the way home to the last.

    Only confirmed lessons and those at home make the path: a visit nobody confirmed costs nothing.
    """
    stops = _stops(lessons)
    found = []
    for number, (campus_id, taught) in enumerate(stops):
        if not taught[0].confirmed:
            continue
        before = stops[number - 1][0] if number else base
        mine = [(before, campus_id)] if before is not None else []
        if number + 1 == len(stops):
            mine += [(campus_id, base)] if base is not None else []
        elif not stops[number + 1][1][0].confirmed:
            mine.append((campus_id, stops[number + 1][0]))
        walked = [legs[way] for way in mine if way[0] != way[1]]
        from_home = legs.get((base, campus_id)) if base is not None else None
        known = [leg.km for leg in walked if leg.km is not None]
        found.append(
            Visit(
                taught,
                sum(leg.minutes for leg in walked),
                sum(known, Decimal("0.0")) if len(known) == len(walked) else None,
                from_home.km if from_home is not None else None,
            )
        )
    return found


# The lines of a statement


class LineKind(StrEnum):
    """What a line is for."""

    LESSON = "lesson"
    DAY = "day"
    TRIP = "trip"
    KM = "km"
    BAND = "band"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One amount, and the confirmed lesson that earns it."""

    lesson_id: UUID
    school_id: UUID
    on_date: date
    kind: LineKind
    quantity: Decimal
    rate: Decimal = Decimal("0.0000")
    rate_id: UUID | None = None
    gross: Decimal = NOTHING
    amount: Decimal = NOTHING
    minutes: int = 0


def _line(
    item: Taught, kind: LineKind, quantity: Decimal, *, rate: Rate | None, minutes: int = 0
) -> Line:
    amount = to_fen(quantity * rate.amount) if rate is not None else NOTHING
    return Line(
        lesson_id=item.lesson_id,
        school_id=item.school_id,
        on_date=item.on_date,
        kind=kind,
        quantity=quantity,
        rate=rate.amount if rate is not None else Decimal("0.0000"),
        rate_id=rate.id if rate is not None else None,
        gross=amount,
        amount=amount,
        minutes=minutes,
    )


def lines_of_day(
    visits: Sequence[Visit], *, book: RateBook, coefficients: Sequence[Coefficient]
) -> Iterator[Line]:
    """What the visits of one day earn, before any limit.

    Lessons, trips and kilometres are counted even where nothing is paid for them.
    """
    for number, visit in enumerate(visits):
        first = visit.lessons[0]
        day = first.on_date
        for item in visit.lessons:
            factor = factor_of(
                coefficients, subject=item.subject, stage=item.stage, day=item.on_date
            )
            yield _line(item, LineKind.LESSON, factor, rate=book.find(RateKind.LESSON, day=day))
        daily = book.find(RateKind.DAY, day=day)
        if daily is not None and number == 0:
            yield _line(first, LineKind.DAY, ONE, rate=daily)
        trip = book.find(RateKind.TRIP, day=day)
        yield _line(first, LineKind.TRIP, ONE, rate=trip, minutes=visit.minutes)
        if visit.km is not None:
            rate = book.find(RateKind.KM, day=day)
            yield _line(first, LineKind.KM, visit.km, rate=rate)
        band = book.find(RateKind.BAND, day=day, km=visit.distance)
        if band is not None:
            yield _line(first, LineKind.BAND, ONE, rate=band)


def _limit(cap: Rate | None) -> Decimal | None:
    """A limit in whole fen: rounded up, it would be passed."""
    return cap.amount.quantize(FEN, ROUND_DOWN) if cap is not None else None


def capped(lines: Iterable[Line], *, book: RateBook, month: date) -> list[Line]:
    """The lines cut to the day's limit and then to the month's, the earliest first.

    The month's limit is the one of its first day.
    """
    left_of_month = _limit(book.find(RateKind.CAP_MONTH, day=month))
    found: list[Line] = []
    ordered = sorted(lines, key=lambda line: line.on_date)
    for day, of_day in groupby(ordered, key=lambda line: line.on_date):
        left_of_day = _limit(book.find(RateKind.CAP_DAY, day=day))
        for line in of_day:
            amount = line.amount
            if left_of_day is not None:
                amount = min(amount, left_of_day)
                left_of_day -= amount
            if left_of_month is not None:
                amount = min(amount, left_of_month)
                left_of_month -= amount
            found.append(replace(line, amount=amount))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a statement or a list adds up to."""

    lessons: Decimal
    days: int
    trips: int
    km: Decimal
    minutes: int
    amount: Decimal


def sums(lines: Iterable[Line]) -> Sums:
    """The sums of some lines."""
    every = list(lines)

    def of(kind: LineKind) -> list[Line]:
        return [line for line in every if line.kind is kind]

    return Sums(
        lessons=sum((line.quantity for line in of(LineKind.LESSON)), NOTHING),
        days=len({line.on_date for line in of(LineKind.LESSON)}),
        trips=len(of(LineKind.TRIP)),
        km=sum((line.quantity for line in of(LineKind.KM)), Decimal("0.0")),
        minutes=sum(line.minutes for line in every),
        amount=sum((line.amount for line in every), NOTHING),
    )


def fingerprint(lines: Iterable[Line]) -> str:
    """What makes two statements the same; the order of their lines does not."""
    said = sorted(
        f"{line.lesson_id} {line.kind} {line.quantity} {line.rate} {line.gross} {line.amount}"
        f" {line.school_id} {line.minutes}"
        for line in lines
    )
    return sha256("\n".join(said).encode()).hexdigest()


# How a statement moves


class StatementState(StrEnum):
    """How far a statement has come."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    FROZEN = "frozen"


class StatementStep(StrEnum):
    """What somebody does with a statement."""

    DRAW = "draw"
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    FREEZE = "freeze"


_MOVES: Mapping[tuple[StatementState, StatementStep], StatementState] = {
    (StatementState.DRAFT, StatementStep.DRAW): StatementState.DRAFT,
    (StatementState.DRAFT, StatementStep.SUBMIT): StatementState.SUBMITTED,
    (StatementState.SUBMITTED, StatementStep.APPROVE): StatementState.APPROVED,
    (StatementState.SUBMITTED, StatementStep.RETURN): StatementState.DRAFT,
    (StatementState.APPROVED, StatementStep.RETURN): StatementState.DRAFT,
    (StatementState.APPROVED, StatementStep.FREEZE): StatementState.FROZEN,
}

SETTLED = frozenset({StatementState.APPROVED, StatementState.FROZEN})
"""In these states the month of the teacher is closed."""


def state_after(state: StatementState, step: StatementStep) -> StatementState:
    """The state that a step leads to.

    Raises
    ------
    StatementMoved
        The statement is in another state.
    """
    after = _MOVES.get((state, step))
    if after is None:
        raise StatementMoved
    return after


# Amounts in words

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_THOUSAND = 1000
_FOURS = ("", "万", "亿", "万亿")


def in_words(amount: Decimal) -> str:
    """An amount of money as a Chinese finance office writes it: 人民币大写."""
    fen = int(abs(to_fen(amount)) * 100)
    yuan, rest = divmod(fen, 100)
    jiao, fen = divmod(rest, 10)
    said = f"{_whole(yuan)}元" if yuan else ""
    if not rest:
        said = (said or "零元") + "整"
    else:
        if jiao:
            said += f"{_DIGITS[jiao]}角"
        elif yuan:
            said += "零"
        said += f"{_DIGITS[fen]}分" if fen else "整"
    return ("负" if amount < 0 else "") + said


def _whole(number: int) -> str:
    fours = []
    while number:
        number, four = divmod(number, 10_000)
        fours.append(four)
    said, gap = "", False
    for place, four in reversed(list(enumerate(fours))):
        if not four:
            gap = bool(said)
            continue
        if said and (gap or four < _THOUSAND):
            said += "零"
        said += _four(four) + _FOURS[place]
        gap = four % 10 == 0
    return said


def _four(number: int) -> str:
    said, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit:
            said += ("零" if gap and said else "") + _DIGITS[digit] + _PLACES[place]
            gap = False
        else:
            gap = True
    return said
