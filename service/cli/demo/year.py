"""The school year of the demo: terms, the days that differ, and when the bells ring.

The days of 2026 are those of the State Council's notice. Whose timetable a make-up day follows is
announced here by the demo district itself. Of 2027 only New Year is known: all else is provisional.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from service.cli.demo.anchors import AUTUMN, GROUP, LEAD_SCHOOL, SCHOOL_YEAR, SPRING
from service.cli.demo.blueprint import JUNIOR, PRESCHOOL, PRIMARY, SENIOR

Row = Mapping[str, Any]

FIRST_DAY = date(2026, 8, 31)
WEEKS = 20
"""Taught weeks of a term; the autumn term ends with a week of examinations."""


def terms() -> list[Row]:
    """The rows of the sheet ``term``."""
    return [
        {
            "school_year": SCHOOL_YEAR,
            "number": 1,
            "first_day": FIRST_DAY,
            "last_day": date(2027, 1, 22),
            "week_one": FIRST_DAY,
        },
        {
            "school_year": SCHOOL_YEAR,
            "number": 2,
            "first_day": date(2027, 2, 22),
            "last_day": date(2027, 7, 9),
            "week_one": date(2027, 2, 22),
        },
    ]


TERM_DAYS = {
    AUTUMN: (FIRST_DAY, date(2027, 1, 22)),
    SPRING: (date(2027, 2, 22), date(2027, 7, 9)),
}

_OFF_2026 = (
    (date(2026, 1, 1), 3, "元旦"),
    (date(2026, 2, 15), 9, "春节"),
    (date(2026, 4, 4), 3, "清明节"),
    (date(2026, 5, 1), 5, "劳动节"),
    (date(2026, 6, 19), 3, "端午节"),
    (date(2026, 9, 25), 3, "中秋节"),
    (date(2026, 10, 1), 7, "国庆节"),
)
_MAKE_UP = (
    # The day, whose weekday, which weeks, instead of what. Those of before the school year are
    # workdays of offices: nothing is taught on them here.
    (date(2026, 9, 20), 2, "odd", "国庆节调休"),
    (date(2026, 10, 10), 3, "even", "国庆节调休"),
)
_EXAMS = (date(2027, 1, 18), 5, "期末考试")


def calendar_days() -> list[Row]:
    """The rows of the sheet ``calendar_day``: of the district, a group and a school."""
    return [
        *_spans("off", *_OFF_2026, (date(2027, 1, 1), 1, "元旦")),
        *(
            {
                **_district(day, "teach", reason),
                "follows_weekday": str(weekday),
                "follows_parity": parity,
            }
            for day, weekday, parity, reason in _MAKE_UP
        ),
        *_spans("exam", _EXAMS),
        {
            "scope": "group",
            "unit": GROUP,
            "on_date": date(2026, 11, 6),
            "kind": "teach",
            "follows_weekday": "1",
            "reason": "集团联合教研,周五按周一课表",
        },
        {
            "scope": "school",
            "unit": LEAD_SCHOOL,
            "on_date": date(2026, 10, 30),
            "kind": "activity",
            "reason": "秋季运动会",
        },
    ]


def _spans(kind: str, *spans: tuple[date, int, str]) -> Iterator[Row]:
    for first, count, reason in spans:
        for offset in range(count):
            yield _district(first + timedelta(days=offset), kind, reason)


def _district(day: date, kind: str, reason: str) -> dict[str, Any]:
    return {"scope": "district", "on_date": day, "kind": kind, "reason": reason}


# Bells


@dataclass(frozen=True, slots=True)
class Shape:
    """How many periods a stage has before and after noon."""

    morning: int
    afternoon: int

    @property
    def periods(self) -> int:
        """How many a day."""
        return self.morning + self.afternoon

    def half(self, *, morning: bool) -> range:
        """The periods of a half-day, from 1."""
        return range(1, self.morning + 1) if morning else range(self.morning + 1, self.periods + 1)


SHAPES: Mapping[str, Shape] = {
    PRESCHOOL: Shape(2, 2),
    PRIMARY: Shape(4, 2),
    JUNIOR: Shape(4, 3),
    SENIOR: Shape(4, 4),
}

_Rings = tuple[tuple[int, int], ...]
"""Minutes after the first bell of the half-day, begin and end."""

# The third period of primary schools has five minutes more, for eye exercises.
_MORNINGS: Mapping[str, tuple[int, _Rings]] = {
    PRESCHOOL: (540, ((0, 25), (45, 70))),
    PRIMARY: (490, ((0, 40), (50, 90), (120, 165), (175, 215))),
    JUNIOR: (470, ((0, 45), (55, 100), (130, 175), (185, 230))),
    SENIOR: (465, ((0, 45), (55, 100), (130, 175), (185, 230))),
}
_AFTERNOONS: Mapping[str, tuple[int, _Rings]] = {
    PRESCHOOL: (870, ((0, 25), (45, 70))),
    PRIMARY: (840, ((0, 40), (50, 90))),
    JUNIOR: (840, ((0, 45), (55, 100), (110, 155))),
    SENIOR: (840, ((0, 45), (55, 100), (110, 155), (165, 210))),
}
NOON_MINUTES = 120
"""Between the last bell before and the first bell after noon, at any two campuses, at least."""

_SUMMER_MINUTES = 30
_SEASONS = (
    ("夏季作息", date(2026, 8, 31), date(2026, 10, 7), _SUMMER_MINUTES),
    ("冬季作息", date(2026, 10, 8), date(2027, 4, 30), 0),
    ("夏季作息", date(2027, 5, 1), None, _SUMMER_MINUTES),
)
_LATER = (0, 5, 10, 15)


def bells(campus: str, stage: str, *, number: int) -> Iterator[Row]:
    """The rows of the sheet ``bell`` for a campus and stage; campuses begin at different times."""
    later = _LATER[number % len(_LATER)]
    for name, first, last, summer in _SEASONS:
        for period, (starts, ends) in enumerate(_rings(stage, later, summer), start=1):
            yield {
                "campus": campus,
                "stage": stage,
                "name": name,
                "valid_from": first,
                "valid_through": last,
                "period": period,
                "starts": _clock(starts),
                "ends": _clock(ends),
            }


def _rings(stage: str, later: int, summer: int) -> Iterator[tuple[int, int]]:
    morning, rings = _MORNINGS[stage]
    yield from ((morning + later + starts, morning + later + ends) for starts, ends in rings)
    afternoon, rings = _AFTERNOONS[stage]
    yield from ((afternoon + summer + starts, afternoon + summer + ends) for starts, ends in rings)


def _clock(minutes: int) -> time:
    return time(*divmod(minutes, 60))
