"""Which day is taught how: plain date arithmetic, without a session.

The State Council's notice names days off and make-up workdays, but never whose timetable a make-up
day follows; the district or a school announces that. So an override carries weekday and parity, and
a make-up day nobody has announced yet is not guessed: it is undecided.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from service.calendar.problems import BellFault, TermFault
from service.kit.problems import Text

SATURDAY = 6
DAYS_A_WEEK = 7
LONGEST_TERM_WEEKS = 30

_WEEKDAYS = "一二三四五六日"
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class WeekParity(StrEnum):
    """单周, 双周."""

    ODD = "odd"
    EVEN = "even"


class DayKind(StrEnum):
    """What a day is for; only ``teach`` has regular lessons."""

    TEACH = "teach"
    OFF = "off"
    EXAM = "exam"
    ACTIVITY = "activity"


class DayScope(StrEnum):
    """Whom an override concerns; the narrower wins."""

    DISTRICT = "district"
    GROUP = "group"
    SCHOOL = "school"


class DaySource(StrEnum):
    """Where an override came from: the national notice, or people of the district."""

    NATIONAL = "national"
    MANUAL = "manual"
    IMPORT = "import"


class Whyever(StrEnum):
    """Why a date has no regular lessons."""

    OUTSIDE_TERM = "outside_term"
    WEEKEND = "weekend"
    OFF = "off"
    EXAM = "exam"
    ACTIVITY = "activity"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class TermSpan:
    """A term as the calendar sees it: days ``[starts, until)``, weeks counted from a Monday."""

    number: int
    starts: date
    until: date
    week_one: date

    def week_of(self, day: date) -> int:
        """The teaching week a day lies in; the week of ``week_one`` is 1."""
        return (day - self.week_one).days // DAYS_A_WEEK + 1


@dataclass(frozen=True, slots=True)
class Override:
    """What was decided about one date.

    ``rank`` orders overrides of one date: the highest wins. A school's own ranks above its lead or
    close group's, that above an alliance's, that above the district's.
    """

    scope: DayScope
    rank: int
    on_date: date
    kind: DayKind
    follows_weekday: int | None = None
    follows_parity: WeekParity | None = None
    reason: str = ""
    source: DaySource = DaySource.MANUAL


@dataclass(frozen=True, slots=True)
class TeachingDay:
    """A date with regular lessons, and whose weekday's timetable they follow (Monday 1)."""

    on_date: date
    weekday: int
    week: int
    parity: WeekParity
    moved: bool
    source: DayScope | None
    provisional: bool
    label: Text | None


@dataclass(frozen=True, slots=True)
class FreeDay:
    """A date without regular lessons, and why."""

    on_date: date
    why: Whyever
    reason: str
    source: DayScope | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class PeriodTimes:
    """One period by the clock on the wall."""

    number: int
    starts: time
    ends: time
    name: str = ""

    def rings(self, on_date: date, *, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When the period begins and ends on a day, as instants.

        The bell begins it by the clock on the wall, whatever the offset is that day: the first of
        two equal times where clocks go back, and past the gap where they go forward. Its length is
        what the schedule says, even when clocks change within it.
        """
        begins = datetime.combine(on_date, self.starts, zone).astimezone(UTC)
        length = datetime.combine(on_date, self.ends) - datetime.combine(on_date, self.starts)
        return begins, begins + length


def parity_of(week: int) -> WeekParity:
    """The parity of a teaching week."""
    return WeekParity.ODD if week % 2 else WeekParity.EVEN


def label_of(weekday: int, parity: WeekParity, *, with_parity: bool) -> Text:
    """How a moved day is announced, e.g. 按周二(单周)课表."""
    zh = {WeekParity.ODD: "(单周)", WeekParity.EVEN: "(双周)"}[parity] if with_parity else ""
    en = f" ({parity} week)" if with_parity else ""
    return Text(f"按周{_WEEKDAYS[weekday - 1]}{zh}课表", f"follows {_WEEKDAYS_EN[weekday - 1]}{en}")


def teaching_days(
    *,
    terms: Iterable[TermSpan],
    overrides: Iterable[Override],
    announced_years: Collection[int],
    from_: date,
    until: date,
) -> list[TeachingDay]:
    """The dates in ``[from_, until)`` with regular lessons, in order."""
    every = explained_days(
        terms=terms,
        overrides=overrides,
        announced_years=announced_years,
        from_=from_,
        until=until,
    )
    return [day for day in every if isinstance(day, TeachingDay)]


def explained_days(
    *,
    terms: Iterable[TermSpan],
    overrides: Iterable[Override],
    announced_years: Collection[int],
    from_: date,
    until: date,
) -> list[TeachingDay | FreeDay]:
    """Every date in ``[from_, until)``: how it is taught, or why it is not."""
    known_terms = sorted(terms, key=lambda term: term.starts)
    decided: dict[date, Override] = {}
    for override in sorted(overrides, key=lambda one: one.rank):
        decided[override.on_date] = override
    return [
        _explain(
            day,
            term=_term_of(day, known_terms),
            override=decided.get(day),
            provisional=day.year not in announced_years,
        )
        for day in (from_ + timedelta(days=n) for n in range((until - from_).days))
    ]


def _term_of(day: date, terms: Sequence[TermSpan]) -> TermSpan | None:
    return next((term for term in terms if term.starts <= day < term.until), None)


def _explain(
    day: date, *, term: TermSpan | None, override: Override | None, provisional: bool
) -> TeachingDay | FreeDay:
    if term is None:
        return FreeDay(day, Whyever.OUTSIDE_TERM, "", None, provisional)
    if override is None:
        if day.isoweekday() >= SATURDAY:
            return FreeDay(day, Whyever.WEEKEND, "", None, provisional)
        week = term.week_of(day)
        return TeachingDay(
            day, day.isoweekday(), week, parity_of(week), False, None, provisional, None
        )
    if override.kind is not DayKind.TEACH:
        why = Whyever(override.kind.value)
        return FreeDay(day, why, override.reason, override.scope, provisional)
    return _moved(day, term=term, override=override, provisional=provisional)


def _moved(
    day: date, *, term: TermSpan, override: Override, provisional: bool
) -> TeachingDay | FreeDay:
    weekday = override.follows_weekday
    if weekday is None:
        if day.isoweekday() >= SATURDAY:
            return FreeDay(day, Whyever.UNDECIDED, override.reason, override.scope, provisional)
        weekday = day.isoweekday()
    week = term.week_of(day)
    usual = parity_of(week)
    parity = override.follows_parity or usual
    moved = weekday != day.isoweekday() or parity is not usual
    label = label_of(weekday, parity, with_parity=override.follows_parity is not None)
    return TeachingDay(
        day, weekday, week, parity, moved, override.scope, provisional, label if moved else None
    )


# What a change does


@dataclass(frozen=True, slots=True)
class Shift:
    """What a change does to the dates of one campus.

    A date that is taught before and after, but otherwise, is both lost and gained.
    """

    lost: frozenset[date]
    """Lessons that were laid on these dates would not be laid there any more."""
    gained: frozenset[date]
    """Lessons would be laid on these dates that were not."""


def shift(before: Mapping[date, Hashable], after: Mapping[date, Hashable]) -> Shift:
    """Compare what is taught on which date, before a change and after it."""
    return Shift(
        lost=frozenset(day for day, how in before.items() if after.get(day) != how),
        gained=frozenset(day for day, how in after.items() if before.get(day) != how),
    )


def taught(days: Iterable[TeachingDay]) -> dict[date, Hashable]:
    """How each date is taught, as far as it decides which lessons fall on it."""
    return {day.on_date: (day.weekday, day.week, day.parity) for day in days}


class HitKind(StrEnum):
    """What people had arranged with a lesson that a change of the calendar meets."""

    MOVED = "moved"
    SWAPPED = "swapped"
    NEEDS_COVER = "needs-cover"
    COVERED = "covered"
    MERGED = "merged"
    SELF_STUDY = "self-study"
    IN_SWAP = "in-swap"


@dataclass(frozen=True, slots=True)
class Hit:
    """A lesson with which something was arranged, and whose it is."""

    kind: HitKind
    lesson_id: UUID
    on_date: date
    campus_name: str
    class_names: tuple[str, ...]
    teacher_name: str
    """Who would have taught it."""
    planned_teacher_name: str


@dataclass(frozen=True, slots=True)
class Affected:
    """A teacher whose lessons a change of the calendar moves, and how many."""

    teacher_id: UUID
    teacher_name: str
    laid: int
    moved: int
    cancelled: int


@dataclass(slots=True)
class Impact:
    """What a change did to laid lessons."""

    lessons_laid: int = 0
    lessons_moved: int = 0
    lessons_cancelled: int = 0
    tasks_opened: int = 0
    in_the_way: int = 0
    """Lessons because of which the change cannot be."""
    hits: list[Hit] = field(default_factory=list)
    """Whose covers, swaps and single moves it meets."""
    teacher_count: int = 0
    teachers: list[Affected] = field(default_factory=list)
    """Whose lessons change; of very many only those with the most."""

    def add(self, other: "Impact") -> None:
        """Count what another watcher did too."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


# What may be stored


def term_faults(term: TermSpan, *, year: tuple[date, date]) -> list[TermFault]:
    """What is wrong with a term; weeks are counted from the Monday of its first week.

    ``year`` is the school year, ``[from, until)``, that the term has to lie in.
    """
    if term.until <= term.starts:
        return [TermFault.REVERSED]
    faults: list[TermFault] = []
    if (term.until - term.week_one).days > LONGEST_TERM_WEEKS * DAYS_A_WEEK:
        faults.append(TermFault.TOO_LONG)
    if term.week_one.isoweekday() != 1:
        faults.append(TermFault.NOT_MONDAY)
    if not 0 <= (term.starts - term.week_one).days < DAYS_A_WEEK:
        faults.append(TermFault.WEEK_ONE_AWAY)
    if term.starts < year[0] or term.until > year[1]:
        faults.append(TermFault.OUTSIDE_YEAR)
    return faults


def bell_faults(periods: Sequence[PeriodTimes]) -> list[tuple[int, BellFault]]:
    """What is wrong with the periods of one day, each with its place in the list."""
    if not periods:
        return [(0, BellFault.EMPTY)]
    faults = [
        (place, BellFault.REVERSED)
        for place, period in enumerate(periods)
        if period.ends <= period.starts
    ]
    seen: set[int] = set()
    for place, period in enumerate(periods):
        if period.number in seen:
            faults.append((place, BellFault.DUPLICATE))
        seen.add(period.number)
    placed = sorted(enumerate(periods), key=lambda pair: (pair[1].starts, pair[1].number))
    for (_, earlier), (place, later) in pairwise(placed):
        if later.starts < earlier.ends:
            faults.append((place, BellFault.OVERLAP))
        elif later.number < earlier.number:
            faults.append((place, BellFault.OUT_OF_ORDER))
    return faults


# The national notice


@dataclass(frozen=True, slots=True)
class NationalDay:
    """A date of the State Council's notice that differs from its weekday."""

    on_date: date
    kind: DayKind
    reason: str
    holiday: str = ""
    """The festival it belongs to."""
    in_lieu: bool = False
    """A workday taken off that another day makes up for."""


class DiffKind(StrEnum):
    """What applying a notice would do to one date."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    KEPT = "kept"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class NoticeDiff:
    """One date of a notice against what the district has."""

    on_date: date
    what: DiffKind
    wanted: NationalDay | None
    present: Override | None
    suggested_weekday: int | None
    """For a make-up workday nobody announced: the weekday it probably makes up for."""


def compare_notice(
    wanted: Iterable[NationalDay], *, present: Mapping[date, Override]
) -> list[NoticeDiff]:
    """Compare a notice with the district's own overrides of the year; people's edits are kept."""
    notice = {day.on_date: day for day in wanted}
    suggestions = suggest_weekdays(notice.values())
    return [
        NoticeDiff(
            day,
            _difference(notice.get(day), present.get(day)),
            notice.get(day),
            present.get(day),
            suggestions.get(day),
        )
        for day in sorted({*notice, *present})
    ]


def _difference(wanted: NationalDay | None, present: Override | None) -> DiffKind:
    if present is None:
        return DiffKind.ADDED
    if wanted is None:
        return DiffKind.REMOVED if present.source is DaySource.NATIONAL else DiffKind.KEPT
    if present.kind is wanted.kind and present.reason == wanted.reason:
        return DiffKind.SAME
    return DiffKind.CHANGED if present.source is DaySource.NATIONAL else DiffKind.KEPT


def suggest_weekdays(days: Iterable[NationalDay]) -> dict[date, int]:
    """For each make-up workday, whose weekday it probably makes up for.

    The make-up days of a festival are paired in order with the workdays taken off for it. Real
    announcements have differed from every such derivation, so it is shown, never stored.
    """
    owed: dict[str, list[date]] = defaultdict(list)
    made_up: dict[str, list[date]] = defaultdict(list)
    for day in sorted(days, key=lambda one: one.on_date):
        if day.kind is DayKind.TEACH:
            made_up[day.holiday].append(day.on_date)
        elif day.in_lieu:
            owed[day.holiday].append(day.on_date)
    return {
        day: off.isoweekday()
        for holiday, listed in made_up.items()
        for day, off in zip(listed, owed[holiday], strict=False)
    }


_MOST_DAYS_OFF = 10
"""A notice lists about 27 days off; a school year's sheet may hold only its own months of them."""


def announced_by(off: Iterable[date]) -> frozenset[int]:
    """The years whose days off are listed well enough to count as announced."""
    counted = Counter(day.year for day in off)
    return frozenset(year for year, days in counted.items() if days >= _MOST_DAYS_OFF)
