"""Who may be asked to rotate and why not, and how a school or a group is staffed.

Pure. The numbers are defaults; a district sets its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil
from statistics import fmean, pstdev
from uuid import UUID

from service.staff.rules import Title


@dataclass(frozen=True, slots=True)
class Policy:
    """When a teacher is due, and how many should move a year."""

    years_at_school: int = 6
    oldest: int = 50
    retires_within_years: int = 5
    share_percent: int = 20


class Whynot(StrEnum):
    """Why a teacher is not asked to rotate."""

    NOT_LONG_ENOUGH = "not-long-enough"
    OVER_AGE = "over-age"
    RETIRING = "retiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A teacher at the school that employs them."""

    teacher_id: UUID
    number: str
    name: str
    school_id: UUID
    here_since: date
    title: Title
    backbone: bool
    birth_year: int | None
    teaching_since: date | None
    retires_on: date | None


def _anniversary(day: date, years: int) -> date:
    """The same day so many years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def full_years(since: date, on: date) -> int:
    """How many years have been completed."""
    years = on.year - since.year
    return max(0, years - (_anniversary(since, years) > on))


def age_in(birth_year: int | None, year: int) -> int | None:
    """The age that somebody reaches in a year; of the birth no more is known than its year."""
    return None if birth_year is None else year - birth_year


def due_on(person: Person, *, policy: Policy) -> date:
    """From when on a teacher has been at the school for long enough."""
    return _anniversary(person.here_since, policy.years_at_school)


def bars(person: Person, *, policy: Policy, on: date) -> list[Whynot]:
    """Why a teacher is not asked; nothing if nothing speaks against it."""
    age = age_in(person.birth_year, on.year)
    near = person.retires_on is not None and person.retires_on <= _anniversary(
        on, policy.retires_within_years
    )
    found = {
        Whynot.NOT_LONG_ENOUGH: due_on(person, policy=policy) > on,
        Whynot.OVER_AGE: age is not None and age > policy.oldest,
        Whynot.RETIRING: near,
    }
    return [why for why, holds in found.items() if holds]


def target(count: int, *, policy: Policy) -> int:
    """How many of so many people should move a year."""
    return ceil(count * policy.share_percent / 100)


# How a school is staffed

UNKNOWN = "unknown"
AGES = ((35, "<=35"), (45, "36-45"), (50, "46-50"), (None, ">=51"))
SENIORITIES = ((3, "<=3"), (10, "4-10"), (20, "11-20"), (None, ">20"))
Bands = Sequence[tuple[int | None, str]]


def band_of(number: int | None, *, bands: Bands) -> str:
    """The band that a number lies in; the last one has no end."""
    if number is None:
        return UNKNOWN
    return next(name for most, name in bands if most is None or number <= most)


@dataclass(frozen=True, slots=True)
class Structure:
    """How many teachers are in each band."""

    teachers: int
    by_age: Mapping[str, int]
    by_title: Mapping[str, int]
    by_seniority: Mapping[str, int]
    backbone: int

    @property
    def backbone_share(self) -> float | None:
        """The share of backbone teachers."""
        return self.backbone / self.teachers if self.teachers else None


def structure_of(people: Sequence[Person], *, on: date) -> Structure:
    """How these teachers are spread over the bands on a day; titles are those of today."""
    ages = (age_in(one.birth_year, on.year) for one in people)
    years = (
        None if one.teaching_since is None else full_years(one.teaching_since, on) for one in people
    )
    return Structure(
        teachers=len(people),
        by_age=_counted((band_of(age, bands=AGES) for age in ages), names=_names(AGES)),
        by_title=_counted((one.title.value for one in people), names=[one.value for one in Title]),
        by_seniority=_counted(
            (band_of(count, bands=SENIORITIES) for count in years), names=_names(SENIORITIES)
        ),
        backbone=sum(one.backbone for one in people),
    )


def _names(bands: Bands) -> list[str]:
    return [*(name for _, name in bands), UNKNOWN]


def _counted(found: Iterable[str], *, names: Sequence[str]) -> dict[str, int]:
    counts = Counter(found)
    return {name: counts[name] for name in names}


class Measure(StrEnum):
    """What schools are compared by."""

    BACKBONE = "backbone"
    SENIOR = "senior"
    YOUNG = "young"


_PARTS: Mapping[Measure, Callable[[Structure], int]] = {
    Measure.BACKBONE: lambda one: one.backbone,
    Measure.SENIOR: lambda one: one.by_title[Title.SENIOR] + one.by_title[Title.SENIOR_FULL],
    Measure.YOUNG: lambda one: one.by_age["<=35"],
}


def spread(schools: Sequence[Structure], *, measure: Measure) -> float | None:
    """The coefficient of variation of a share between schools; nothing where none has any."""
    shares = [_PARTS[measure](one) / one.teachers for one in schools if one.teachers]
    mean = fmean(shares) if shares else 0.0
    return pstdev(shares) / mean if mean else None
