"""The demo district as workbooks, in the form in which every district moves in."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any

from service.cli.demo import year
from service.cli.demo.anchors import (
    DISTRICT_CODE,
    DISTRICT_NAME,
    DISTRICT_NAME_EN,
    ZONE,
)
from service.cli.demo.blueprint import FEWEST_GROUPS, SchoolPlan, count_of
from service.cli.demo.curriculum import PRESCHOOL_AREAS
from service.cli.demo.model import Lesson, Teacher, Unit
from service.cli.demo.world import World, make
from service.partners.sheets import FORMAT_VERSION
from service.partners.writer import write

Row = Mapping[str, Any]

_GROUPS_A_FILE = 42
"""A sheet takes so many rows; a district of many times the size comes in several files."""
_GROUPS_A_TURN = 4
_GROUPS_SINCE = date(2024, 9, 1)
_FORMER_MEMBER_OF = 6
_GATES = ("正门", "东门", "南门", "西门")

README = {
    "format_version": FORMAT_VERSION,
    "district_code": DISTRICT_CODE,
    "district_name": DISTRICT_NAME,
    "district_name_en": DISTRICT_NAME_EN,
    "zone": ZONE,
}


@dataclass(slots=True)
class Book:
    """The rows of one workbook, by sheet."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    dropped: int = 0

    def add(self, sheet: str, rows: Iterable[Row]) -> None:
        """Append rows to a sheet."""
        self.rows.setdefault(sheet, []).extend(rows)

    def content(self) -> bytes:
        """The file."""
        target = BytesIO()
        write(target, readme=README, rows=self.rows)
        return target.getvalue()


def books(scale: float) -> Iterator[Book]:
    """The workbooks of a district of some scale: one, or several where one sheet is too long."""
    return map(_book, _turns(1, count_of(scale), _GROUPS_A_FILE))


def first_book() -> Book:
    """The groups that are there at every scale, as a workbook of their own."""
    return _book(range(1, FEWEST_GROUPS + 1))


def later_books(scale: float) -> Iterator[Book]:
    """The other groups of a district of some scale, a few in each workbook."""
    return map(_book, _turns(FEWEST_GROUPS + 1, count_of(scale), _GROUPS_A_TURN))


def _turns(first: int, last: int, size: int) -> Iterator[range]:
    return (range(one, min(one + size, last + 1)) for one in range(first, last + 1, size))


def _book(numbers: range) -> Book:
    book = Book()
    book.add("code", _codes())
    book.add("term", year.terms())
    if 1 in numbers:
        book.add("calendar_day", year.calendar_days())
    for number in numbers:
        _enter(book, make(number))
    return book


def _enter(book: Book, world: World) -> None:
    schools = (*world.plan.schools, *world.plan.outsiders)
    book.dropped += world.dropped
    book.add("school", map(_school, schools))
    book.add("campus", (row for school in schools for row in _campuses(school, world)))
    book.add("group", [_group(world)])
    book.add("membership", _memberships(world))
    book.add("teacher", map(_teacher, world.teachers))
    for number, unit in enumerate(world.units):
        book.add("bell", year.bells(unit.campus, unit.stage, number=number))
        book.add("class", _classes(unit))
        book.add("room", _rooms(unit))
    book.add("travel", world.ways())
    for term, lessons in world.lessons.items():
        book.add("home_slot", (_slot(term, unit.campus, lesson) for unit, lesson in lessons))
    for term, one in world.assignments:
        for lesson in one.lessons:
            slot = _slot(term, one.host.campus, lesson)
            book.add("assignment", [{"code": one.code, "state": one.state, **slot}])
    book.add("pairing", world.pairings)


def _codes() -> Iterator[Row]:
    for rank, (code, zh, en) in enumerate(
        (
            ("a", "第一类", "First kind"),
            ("b", "第二类", "Second kind"),
            ("c", "第三类", "Third kind"),
        ),
        start=1,
    ):
        yield {"list": "group_category", "code": code, "zh": zh, "en": en, "rank": rank}
    for rank, (code, (zh, en)) in enumerate(PRESCHOOL_AREAS.items(), start=1):
        yield {"list": "local_subject", "code": code, "zh": zh, "en": en, "rank": rank}


def _school(school: SchoolPlan) -> Row:
    return {
        "code": school.code,
        "name": school.name,
        "short_name": school.short_name,
        "type_code": school.type_code,
        "urban_rural_code": school.urban_rural_code,
        "weak_from": date(2025, 9, 1) if school.weak else None,
    }


def _campuses(school: SchoolPlan, world: World) -> Iterator[Row]:
    spots = {spot.campus: spot for spot in world.spots}
    for number, campus in enumerate(school.campuses, start=1):
        code = f"{school.code}-{number}"
        spot = spots[code]
        place = school.short_name.rstrip("学校小中初级教点幼儿园")
        yield {
            "code": code,
            "school": school.code,
            "name": campus.name,
            "address": f"演示区{place}路 {spot.minutes + number} 号",
            "gate": _GATES[(spot.minutes + number) % len(_GATES)],
            "longitude": spot.longitude,
            "latitude": spot.latitude,
            "main": number == 1,
        }


def _group(world: World) -> Row:
    plan = world.plan
    return {
        "name": plan.name,
        "kind": plan.kind,
        "category": plan.category,
        "state": "active",
        "principal_responsibility": plan.number % 2 == 1,
        "valid_from": _GROUPS_SINCE,
    }


def _memberships(world: World) -> Iterator[Row]:
    plan = world.plan
    for school in plan.schools:
        yield {
            "group": plan.name,
            "school": school.code,
            "tier": school.tier,
            "seat": school.seat,
            "valid_from": _GROUPS_SINCE,
        }
    for code in plan.guests:
        yield {
            "group": plan.name,
            "school": code,
            "tier": "alliance",
            "valid_from": date(2025, 9, 1),
        }
    if plan.number == _FORMER_MEMBER_OF:
        for school in plan.outsiders:
            yield {
                "group": plan.name,
                "school": school.code,
                "tier": "alliance",
                "valid_from": _GROUPS_SINCE,
                "valid_through": date(2026, 7, 31),
            }


def _teacher(teacher: Teacher) -> Row:
    return {
        "number": teacher.number,
        "name": teacher.name,
        "school": teacher.school.code,
        "joined_on": teacher.joined_on,
        "title": teacher.title,
        "backbone_level": teacher.backbone_level,
        "backbone_grantor": teacher.backbone_grantor,
        "birth_year": teacher.birth_year,
        "teaching_since": teacher.teaching_since,
        "expected_retirement_on": teacher.expected_retirement_on,
        "cadre": True if teacher.cadre else None,
        "teaches": teacher.teaches,
    }


def _classes(unit: Unit) -> Iterator[Row]:
    for section in unit.sections:
        yield {
            "campus": unit.campus,
            "code": section.code,
            "stage": unit.stage,
            "grade": section.grade,
            "number": section.number,
            "name": section.name,
            "pupils": section.pupils,
            "valid_from": section.entered_on,
        }


def _rooms(unit: Unit) -> Iterator[Row]:
    for code, name, kind in unit.rooms:
        yield {"campus": unit.campus, "code": code, "name": name, "kind": kind, "capacity": 50}


def _slot(term: str, campus: str, lesson: Lesson) -> Row:
    row: dict[str, Any] = {
        "term": term,
        "teacher": lesson.teacher.number,
        "subject": lesson.subject,
        "campus": campus,
        "classes": lesson.classes,
        "weekday": str(lesson.weekday),
        "period": lesson.period,
    }
    if lesson.parity != "every":
        row["parity"] = lesson.parity
    if lesson.weeks is not None:
        row["weeks"] = lesson.weeks
    if lesson.room is not None:
        row["room"] = lesson.room
    return row
