"""Sums for lists: how far shortages are covered, and who visits rural schools."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import Field

from service.kit.http.schemas import Out
from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet
from service.network import codes
from service.timetable.schemas import Named, subject_label

_SMALL = range(50, 100)


class ShortageCoverageItem(Out):
    """The shortages of a school in one subject."""

    school: Named
    urban_rural_code: str
    urban_rural_label: str
    subject: str
    subject_label: str
    shortages: int
    lessons_asked: Annotated[float, Field(description="申报的周课时")]
    lessons_covered: Annotated[float, Field(description="已落实的周课时")]
    lessons_offered: Annotated[float, Field(description="邀请中的周课时")]
    lessons_missing: Annotated[float, Field(description="仍缺的周课时")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.coverage.coverage``."""
        return cls(
            school=Named(id=row.school_id, name=row.school_name),
            urban_rural_code=row.urban_rural_code,
            urban_rural_label=_urban_rural(row.urban_rural_code),
            subject=row.subject,
            subject_label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
            shortages=row.shortages,
            lessons_asked=row.asked,
            lessons_covered=float(row.covered),
            lessons_offered=float(row.offered),
            lessons_missing=float(row.asked - row.covered),
        )


def _urban_rural(code: str) -> str:
    return say(codes.label_of("urban_rural", code) or Text(code, code))


class ShortageCoverageOut(Out):
    """Coverage by school and subject, with the sum of all."""

    items: list[ShortageCoverageItem]
    lessons_asked: float
    lessons_covered: float
    lessons_missing: float

    @classmethod
    def of(cls, rows: list[Any]) -> Self:
        """The answer of all rows."""
        items = [ShortageCoverageItem.of(row) for row in rows]
        return cls(
            items=items,
            lessons_asked=sum(one.lessons_asked for one in items),
            lessons_covered=sum(one.lessons_covered for one in items),
            lessons_missing=sum(one.lessons_missing for one in items),
        )

    def sheet(self) -> Sheet:
        """The list as an office prints it."""
        rows: list[list[Cell]] = [
            [
                one.school.name,
                one.urban_rural_label,
                one.subject_label,
                one.shortages,
                one.lessons_asked,
                one.lessons_covered,
                one.lessons_offered,
                one.lessons_missing,
            ]
            for one in self.items
        ]
        total: list[Cell] = ["合计", None, None, sum(one.shortages for one in self.items)]
        total += [self.lessons_asked, self.lessons_covered]
        total += [sum(one.lessons_offered for one in self.items), self.lessons_missing]
        return Sheet(
            title=Text("紧缺学科落实情况", "Coverage of shortages"),
            columns=[
                Column(Text("学校", "School"), 28),
                Column(Text("城乡类型", "Urban/rural")),
                Column(Text("学科", "Subject")),
                Column(Text("需求数", "Shortages")),
                Column(Text("申报周课时", "Lessons asked")),
                Column(Text("已落实", "Covered")),
                Column(Text("邀请中", "Offered")),
                Column(Text("仍缺", "Missing")),
            ],
            rows=rows,
            total=total,
        )


class HeadcountItem(Out):
    """The visiting teachers of one rural school."""

    school: Named
    urban_rural_code: str
    urban_rural_label: str
    pupils: int | None
    small: Annotated[bool, Field(description="50 人以上、不足 100 人的学校")]
    sports: Annotated[int, Field(description="体育走教教师人数")]
    music: Annotated[int, Field(description="音乐走教教师人数")]
    art: Annotated[int, Field(description="美术走教教师人数")]
    teachers: Annotated[int, Field(description="三科走教教师人数,同一教师只计一次")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.coverage.headcounts``."""
        return cls(
            school=Named(id=row.school_id, name=row.school_name),
            urban_rural_code=row.urban_rural_code,
            urban_rural_label=_urban_rural(row.urban_rural_code),
            pupils=row.pupils,
            small=row.pupils in _SMALL,
            sports=row.sports,
            music=row.music,
            art=row.art,
            teachers=row.teachers,
        )


class HeadcountsOut(Out):
    """Visiting teachers of physical education, music and art at rural schools on a day."""

    as_of: date
    items: list[HeadcountItem]

    def sheet(self) -> Sheet:
        """The list as the statistics ask for it."""
        rows: list[list[Cell]] = [
            [
                one.school.name,
                one.urban_rural_label,
                one.pupils,
                "是" if one.small else "否",
                one.sports,
                one.music,
                one.art,
                one.teachers,
            ]
            for one in self.items
        ]
        return Sheet(
            title=Text("农村学校音体美走教教师", "Visiting teachers at rural schools"),
            columns=[
                Column(Text("学校", "School"), 28),
                Column(Text("城乡类型", "Urban/rural")),
                Column(Text("在校生", "Pupils")),
                Column(Text("50–100 人", "50 to 100 pupils")),
                Column(Text("体育", "Sports")),
                Column(Text("音乐", "Music")),
                Column(Text("美术", "Art")),
                Column(Text("合计人数", "Teachers")),
            ],
            rows=rows,
            notes=[Text(f"统计日期:{self.as_of}", f"As of {self.as_of}")],
        )
