"""Workbooks to import: a small district that is right, and ways to make it wrong."""

from collections.abc import Mapping
from datetime import date, time
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook

from service.partners import writer
from service.partners.sheets import BY_NAME

ROW = dict[str, Any]
ROWS = dict[str, list[ROW]]

AUTUMN = "2026-2027-1"
FIRST_DAY = date(2026, 9, 1)


def slot(**changes: Any) -> ROW:
    """Music for class 2023-1 at the town school, Monday's first period."""
    usual = {
        "term": AUTUMN,
        "teacher": "T00001",
        "subject": "24",
        "campus": "2150000001-1",
        "classes": ("2023-1",),
        "weekday": "1",
        "period": 1,
    }
    return usual | changes


def bells(campus: str) -> list[ROW]:
    """Four periods of a primary school's morning."""
    hours = [(8, 30), (9, 20), (10, 20), (11, 10)]
    return [
        {
            "campus": campus,
            "stage": "2",
            "name": "夏季作息",
            "valid_from": FIRST_DAY,
            "period": number,
            "starts": time(hour, minute),
            "ends": time(hour + (minute + 40) // 60, (minute + 40) % 60),
        }
        for number, (hour, minute) in enumerate(hours, start=1)
    ]


def district() -> ROWS:
    """Three schools in one group, three teachers, a morning's timetable."""
    schools = [
        ("2150000001", "镇中心小学"),
        ("2150000002", "云顶村小学"),
        ("2150000003", "河口小学"),
    ]
    tiers = [("lead", None), ("close", 1), ("alliance", None)]
    campuses = [f"{code}-1" for code, _ in schools]
    return {
        "code": [
            {"list": "group_category", "code": "town", "zh": "城乡共同体", "en": "Town", "rank": 1}
        ],
        "school": [
            {"code": code, "name": name, "type_code": "211", "urban_rural_code": "220"}
            for code, name in schools
        ],
        "campus": [
            {"code": campus, "school": campus[:10], "name": "本部", "main": True}
            for campus in campuses
        ],
        "group": [
            {
                "name": "镇中心教育集团",
                "kind": "k12",
                "category": "城乡共同体",
                "state": "active",
                "valid_from": FIRST_DAY,
            }
        ],
        "membership": [
            {
                "group": "镇中心教育集团",
                "school": code,
                "tier": tier,
                "seat": seat,
                "valid_from": FIRST_DAY,
            }
            for (code, _), (tier, seat) in zip(schools, tiers, strict=True)
        ],
        "teacher": [
            {
                "number": f"T0000{number}",
                "name": name,
                "school": school,
                "joined_on": date(2019, 9, 1),
                "title": "first",
                "birth_year": 1990,
                "teaches": [("2", "24"), ("2", "25")],
            }
            for number, (name, school) in enumerate(
                [("林晓", "2150000001"), ("周远", "2150000002"), ("何静", "2150000001")], start=1
            )
        ],
        "term": [
            {
                "school_year": "2026-2027",
                "number": 1,
                "first_day": FIRST_DAY,
                "last_day": date(2027, 1, 22),
                "week_one": date(2026, 8, 31),
            }
        ],
        "calendar_day": [
            {"scope": "district", "on_date": date(2026, 10, 1), "kind": "off", "reason": "国庆节"}
        ],
        "bell": [row for campus in campuses for row in bells(campus)],
        "class": [
            {
                "campus": campus,
                "code": "2023-1",
                "stage": "2",
                "grade": 4,
                "number": 1,
                "name": "四年级1班",
                "pupils": 40,
                "valid_from": date(2023, 9, 1),
                "valid_through": date(2029, 8, 31),
            }
            for campus in campuses
        ],
        "room": [{"campus": campuses[0], "code": "A301", "name": "音乐教室", "kind": "music"}],
        "travel": [
            {"from_campus": one, "to_campus": other, "minutes": 35, "buffer": 10}
            for one in campuses
            for other in campuses
            if one != other
        ],
        "home_slot": [
            slot(room="A301"),
            slot(teacher="T00003", weekday="2", period=2),
            slot(teacher="T00002", campus="2150000002-1", weekday="3", weeks=(1, 2, 3, 5)),
        ],
        "assignment": [
            slot(
                code="ZJ-2026-001",
                campus="2150000002-1",
                weekday="4",
                period=period,
                state="published",
            )
            for period in (1, 2)
        ],
        "pairing": [
            {
                "mentor": "T00001",
                "mentee": "T00002",
                "role": "cross_school",
                "valid_from": FIRST_DAY,
                "valid_through": date(2028, 8, 31),
                "goals": "站稳讲台",
                "state": "proposed",
            }
        ],
    }


README = {
    "format_version": "1",
    "district_code": "500109",
    "district_name": "示例区",
    "zone": "Asia/Shanghai",
}


def book(rows: ROWS | None = None, *, readme: Mapping[str, str] | None = None) -> bytes:
    """A workbook as a program writes it."""
    target = BytesIO()
    writer.write(
        target,
        readme=README if readme is None else readme,
        rows=district() if rows is None else rows,
    )
    return target.getvalue()


def opened(rows: ROWS | None = None) -> Workbook:
    """A workbook as somebody opens it, to do to it what people do."""
    return load_workbook(BytesIO(book(rows)))


def saved(opened_: Workbook) -> bytes:
    """The file that is saved."""
    target = BytesIO()
    opened_.save(target)
    return target.getvalue()


def cell(sheet: str, column: str, row: int) -> tuple[str, str]:
    """The title of a sheet, and where a cell of one of its columns is: ``教师``, ``A2``."""
    found = BY_NAME[sheet]
    position = [column_.name for column_ in found.columns].index(column)
    return found.title, f"{chr(ord('A') + position)}{row}"


def typed(sheet: str, column: str, value: Any, *, row: int = 2, rows: ROWS | None = None) -> bytes:
    """The small district with another value typed into one cell."""
    changed = opened(rows)
    title, where = cell(sheet, column, row)
    changed[title][where].value = value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        changed[title][where].number_format = "General"
    return saved(changed)
