"""The things of the demo district while it is being made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from service.cli.demo.blueprint import SchoolPlan
from service.cli.demo.land import Spot
from service.cli.demo.year import Shape

WEEKDAYS = 5


@dataclass(slots=True)
class Teacher:
    """A teacher at the campus and stage where most lessons are."""

    number: str
    name: str
    school: SchoolPlan
    joined_on: date
    teaching_since: date
    birth_year: int
    expected_retirement_on: date
    title: str
    backbone_level: str | None
    backbone_grantor: str | None
    cadre: bool
    teaches: list[tuple[str, str]]
    """Stage and subject."""
    load: int = 0
    """Lessons a week, at home and elsewhere."""
    away: int = 0
    """Bits of home periods that are kept for other schools."""

    def may(self, stage: str, subject: str) -> None:
        """Let the teacher teach one more subject."""
        if (stage, subject) not in self.teaches:
            self.teaches.append((stage, subject))


@dataclass(frozen=True, slots=True)
class Section:
    """A class."""

    code: str
    grade: int
    number: int
    name: str
    pupils: int
    entered_on: date


@dataclass(slots=True)
class Lesson:
    """A weekly lesson of a class, or of classes taught together."""

    teacher: Teacher
    subject: str
    classes: tuple[str, ...]
    weekday: int
    period: int
    parity: str = "every"
    weeks: tuple[int, ...] | None = None
    room: str | None = None


@dataclass(slots=True)
class Unit:
    """One stage at one campus: the classes and teachers that share a timetable's grid."""

    school: SchoolPlan
    campus: str
    stage: str
    shape: Shape
    spot: Spot
    sections: Sequence[Section]
    teachers: list[Teacher] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    """For each class, bits of the periods that visiting teachers take."""
    visited: list[dict[str, int]] = field(default_factory=list)
    """For each class, the lessons a week that visiting teachers give, by subject."""
    fillers: list[tuple[int, int, str]] = field(default_factory=list)
    """Class, bit and parity of periods left free in every other week."""
    rooms: list[tuple[str, str, str]] = field(default_factory=list)
    """Code, name and kind of the special rooms."""

    def __post_init__(self) -> None:
        self.taken = [0] * len(self.sections)
        self.visited = [{} for _ in self.sections]

    @property
    def key(self) -> tuple[str, str]:
        """Campus and stage."""
        return self.campus, self.stage

    def bit(self, weekday: int, period: int) -> int:
        """The place of a period in the week, as a bit."""
        return 1 << ((weekday - 1) * self.shape.periods + period - 1)

    def half_day(self, weekday: int, *, morning: bool) -> int:
        """The bits of a half-day."""
        return sum(self.bit(weekday, period) for period in self.shape.half(morning=morning))

    def place(self, bit: int) -> tuple[int, int]:
        """Weekday and period of a bit."""
        weekday, period = divmod(bit.bit_length() - 1, self.shape.periods)
        return weekday + 1, period + 1

    @property
    def week(self) -> int:
        """The bits of all periods."""
        return (1 << (WEEKDAYS * self.shape.periods)) - 1
