"""A group with everything in it, made from its number alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from service.cli.demo import land, mentors
from service.cli.demo.anchors import AUTUMN, BAD_DRAFT, MENTEE, MENTOR, SEED, SPRING
from service.cli.demo.blueprint import (
    GRADES,
    JUNIOR,
    PRESCHOOL,
    PRIMARY,
    SENIOR,
    CampusPlan,
    GroupPlan,
    SchoolPlan,
    group,
)
from service.cli.demo.curriculum import HOMEROOM, IT, MUSIC
from service.cli.demo.dice import Dice
from service.cli.demo.itinerants import Assignment, Exchange
from service.cli.demo.land import Spot
from service.cli.demo.model import Lesson, Section, Teacher, Unit
from service.cli.demo.people import Office
from service.cli.demo.placing import Demand, Grid, furnish
from service.cli.demo.staffing import fillers, staff
from service.cli.demo.year import SHAPES

_YEAR = 2026
_NUMERALS = "一二三四五六七八九"
_LETTERS = {PRESCHOOL: "K", PRIMARY: "", JUNIOR: "J", SENIOR: "S"}
_PUPILS = {PRESCHOOL: (22, 30), PRIMARY: (38, 46), JUNIOR: (40, 48), SENIOR: (44, 50)}
_ROOM_KINDS = {MUSIC: "music", IT: "computer"}
_ROOM_NAMES = {"music": ("音乐教室", "M"), "computer": ("计算机教室", "C")}
_CLASSES_A_ROOM = 14
_ROOMS_FROM = 5
_TERMS_OF_ALL = (AUTUMN,)
_TERMS_OF_THE_FIRST = (AUTUMN, SPRING)
"""Next term's timetable stands already in the group that documentation shows."""


@dataclass(frozen=True, slots=True)
class World:
    """All there is of one group."""

    plan: GroupPlan
    spots: Sequence[Spot]
    units: Sequence[Unit]
    teachers: Sequence[Teacher]
    lessons: Mapping[str, Sequence[tuple[Unit, Lesson]]]
    """By term, at home."""
    assignments: Sequence[tuple[str, Assignment]]
    """With their terms."""
    pairings: Sequence[Mapping[str, Any]]
    dropped: int
    """Lessons that found no place in the week."""

    def ways(self) -> Iterator[Mapping[str, Any]]:
        """The rows of the sheet ``travel``; a few ways nobody has measured yet."""
        dice = Dice(SEED, "ways", self.plan.number)
        unmeasured = {
            (here.campus, there.campus)
            for here in self.spots
            for there in self.spots
            if here.in_the_hills and dice.chance(15)
        }
        if self.plan.number == 1:
            # From the village back to the lead school: an estimate, so that one can be seen.
            unmeasured.add((self.spots[-1].campus, self.spots[0].campus))
        return land.ways(self.spots, unmeasured=frozenset(unmeasured))


def make(number: int) -> World:
    """The group with a number, from 1."""
    plan = group(number)
    dice = Dice(SEED, "world", number)
    units = [
        unit for school in (*plan.schools, *plan.outsiders) for unit in _units(school, plan, dice)
    ]
    office = Office(number, dice)
    if number == 1:
        _employ_anchors(units, office)
    exchange = Exchange(number, units, office, dice)
    if plan.kind == "k12":
        exchange.plan()
    demands = [staff(unit, office) for unit in units]
    terms = _TERMS_OF_THE_FIRST if number == 1 else _TERMS_OF_ALL
    lessons: dict[str, Sequence[tuple[Unit, Lesson]]] = {}
    dropped = 0
    for turn, term in enumerate(terms):
        laid = [_week(unit, mine, turn) for unit, mine in zip(units, demands, strict=True)]
        lessons[term] = [
            (unit, one) for unit, (found, _) in zip(units, laid, strict=True) for one in found
        ]
        dropped += sum(missing for _, missing in laid)
    if number == 1:
        exchange.draft_a_clash([lesson for _, lesson in lessons[SPRING]])
    return World(
        plan=plan,
        spots=list({unit.campus: unit.spot for unit in units}.values()),
        units=units,
        teachers=office.teachers,
        lessons=lessons,
        assignments=[pair for term in terms for pair in _in_term(exchange, term)],
        pairings=list(mentors.Pairs(office.teachers, dice).rows()),
        dropped=dropped,
    )


def _week(unit: Unit, demands: Sequence[Demand], turn: int) -> tuple[Sequence[Lesson], int]:
    grid = Grid(unit)
    between = list(fillers(unit, grid))
    grid.fill(demands, turn=turn)
    lessons = [*grid.lessons(), *between]
    furnish(unit, lessons, kinds=_ROOM_KINDS)
    return lessons, grid.dropped


def _in_term(exchange: Exchange, term: str) -> Iterator[tuple[str, Assignment]]:
    for one in exchange.assignments:
        if one.code == BAD_DRAFT:
            if term == SPRING:
                yield term, one
        elif term == AUTUMN:
            yield term, one
        elif one.state == "published":
            yield term, replace(one, code=one.code.replace("2026", "2027", 1))


def _units(school: SchoolPlan, plan: GroupPlan, dice: Dice) -> Iterator[Unit]:
    before: dict[tuple[str, int], int] = {}
    for place, campus in enumerate(school.campuses, start=1):
        code = f"{school.code}-{place}"
        spot = land.spot(code, group=plan.number, minutes=campus.minutes)
        for stage in campus.classes:
            sections = list(_sections(school, campus, stage, before, dice))
            unit = Unit(school, code, stage, SHAPES[stage], spot, sections)
            unit.rooms = list(_rooms(unit))
            yield unit


def _sections(
    school: SchoolPlan,
    campus: CampusPlan,
    stage: str,
    before: dict[tuple[str, int], int],
    dice: Dice,
) -> Iterator[Section]:
    for grade, count in zip(GRADES[stage], campus.classes[stage], strict=False):
        entered = _YEAR - (grade - GRADES[stage][0])
        for _ in range(count):
            number = before[stage, grade] = before.get((stage, grade), 0) + 1
            low, high = _PUPILS[stage]
            if school.rural:
                low, high = low // 3, high * 2 // 3
            yield Section(
                code=f"{_LETTERS[stage]}{entered}-{number}",
                grade=grade,
                number=number,
                name=f"{_grade_name(stage, grade)}{number}班",
                pupils=dice.between(low, high),
                entered_on=date(entered, 9, 1) if entered < _YEAR else date(_YEAR, 8, 31),
            )


def _grade_name(stage: str, grade: int) -> str:
    if stage == PRESCHOOL:
        return "小中大"[grade - 1]
    if stage == SENIOR:
        return f"高{_NUMERALS[grade - GRADES[SENIOR][0]]}"
    return f"{_NUMERALS[grade - 1]}年级"


def _rooms(unit: Unit) -> Iterator[tuple[str, str, str]]:
    if unit.stage == PRESCHOOL or len(unit.sections) < _ROOMS_FROM:
        return
    for kind, (name, letter) in _ROOM_NAMES.items():
        for number in range(1, len(unit.sections) // _CLASSES_A_ROOM + 2):
            yield f"{_LETTERS[unit.stage]}{letter}{number}", f"{name}{number}", kind


def _employ_anchors(units: Sequence[Unit], office: Office) -> None:
    lead = units[0]
    mentor = office.hire(lead.school, PRIMARY, *HOMEROOM[PRIMARY], age=(44, 44), number=MENTOR)
    mentor.title, mentor.backbone_level, mentor.backbone_grantor = (
        "senior",
        "subject_leader",
        "district",
    )
    lead.teachers.append(mentor)
    rural = next(unit for unit in units if unit.school.rural)
    mentee = office.hire(rural.school, PRIMARY, *HOMEROOM[PRIMARY], age=(24, 24), number=MENTEE)
    mentee.title, mentee.joined_on = "third", date(2025, 9, 1)
    mentee.teaching_since = date(2025, 9, 1)
    rural.teachers.append(mentee)
