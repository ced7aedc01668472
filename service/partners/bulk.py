"""Writes the rows of a workbook through the modules that own them, in the order of the sheets."""

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import DBAPIError

from service.calendar import bulk as calendar
from service.calendar.rules import DayKind, DayScope, PeriodTimes, WeekParity
from service.calendar.schemas import BellRow, DayRow, TermRow
from service.itinerant import bulk as itinerant
from service.itinerant.schemas import AssignmentRow
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Outcome, days, problem_of
from service.kit.observe import log
from service.kit.problems import Busy, FieldError, Problem, Text, Unavailable
from service.mentoring import bulk as mentoring
from service.mentoring.rules import PairingState
from service.mentoring.schemas import PairingRow
from service.network import bulk as network
from service.network import schemas as network_rows
from service.partners.columns import Sheet
from service.partners.reader import Contents, Row
from service.partners.rules import Report, RowProblem
from service.partners.sheets import BY_NAME
from service.staff import bulk as staff
from service.staff.rules import BackboneLevel, Grantor, Qualified, Title
from service.staff.schemas import TeacherRow
from service.timetable import bulk as timetable
from service.timetable.bulk import SlotsOutcome
from service.timetable.rules import ConflictKind, Parity, RoomKind
from service.timetable.schemas import ClassRow, HomeSlotRow, RoomRow, RowConflict, TravelRow

Enumeration = TypeVar("Enumeration", bound=StrEnum)

Progress = Callable[[Text, float], Awaitable[None]]
"""Told what is being done and how much of it all is behind, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What happens to dated lessons."""

    lessons_laid: int = 0
    lessons_moved: int = 0
    lessons_cancelled: int = 0

    def __add__(self, other: "Impact") -> "Impact":
        return Impact(
            self.lessons_laid + other.lessons_laid,
            self.lessons_moved + other.lessons_moved,
            self.lessons_cancelled + other.lessons_cancelled,
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What writing a workbook did."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """By the English name of the sheet."""
    impact: Impact = field(default_factory=Impact)


class RowsRefused(Exception):
    """A module refused the rows of a sheet."""

    def __init__(self, problems: Iterable[RowProblem]) -> None:
        report = Report()
        for problem in problems:
            report.add(problem)
        self.problems = report.finish()
        super().__init__(f"{len(self.problems)} problems")


class Stopwatch:
    """How long each phase took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - started
            log().debug("import_phase", phase=name, seconds=round(self.seconds[name], 3))


@dataclass(frozen=True, slots=True)
class _Done:
    """What one sheet did, in the words of every module."""

    outcome: Outcome
    conflicts: Sequence[RowConflict] = ()
    impact: Impact = field(default_factory=Impact)


Write = Callable[[AsyncSession, Sequence[Row], Caller], Awaitable[_Done]]


@contextmanager
def explained(sheet: str, rows: Sequence[Row]) -> Iterator[None]:
    """Turn what a module or the database refuses into lines of the report."""
    try:
        yield
    except Problem as problem:
        raise RowsRefused(_lines(BY_NAME[sheet], rows, problem)) from problem
    except DBAPIError as error:
        found = problem_of(error)
        if found is None or isinstance(found, Busy | Unavailable):
            raise
        raise RowsRefused(_lines(BY_NAME[sheet], rows, found)) from error


_POINTER = re.compile(r"/(\d+)/(\w+)")
_COLUMNS = {
    "class_codes": "classes",
    "employed_from": "joined_on",
    "employed_until": "last_day",
    "valid_until": "valid_through",
}
"""Fields of the modules whose columns are called otherwise."""
_SUFFIX = re.compile(r"_(code|number)$")


def _lines(sheet: Sheet, rows: Sequence[Row], problem: Problem) -> list[RowProblem]:
    if not problem.errors:
        message = problem.title if problem.detail == problem.remedy else problem.detail
        return [RowProblem(sheet.title, None, None, problem.code, message, problem.remedy)]
    return [_line(sheet, rows, error, problem.remedy) for error in problem.errors]


def _line(sheet: Sheet, rows: Sequence[Row], error: FieldError, remedy: Text) -> RowProblem:
    """A pointer such as ``/7/campus_code`` or ``campus`` as a place in the sheet."""
    found = _POINTER.fullmatch(error.pointer)
    place, name = (int(found[1]), found[2]) if found else (None, error.pointer.strip("/"))
    names = {name, _COLUMNS.get(name, _SUFFIX.sub("", name))}
    column = next((column.title for column in sheet.columns if column.name in names), None)
    number = rows[place].number if place is not None and place < len(rows) else None
    return RowProblem(sheet.title, number, column, error.code, error.message, remedy)


_ANOTHER_TIME = Text(
    "请改时间、教师、班级或教室;与另一行冲突的,两行改一行即可。",
    "Choose another time, teacher, class or room; of two rows change one.",
)
_REMEDIES: Mapping[str, Text] = {
    ConflictKind.NOT_QUALIFIED: Text(
        "请换一位教师,或在“教师”表中补上任教学段学科。",
        "Choose another teacher, or add the subject to the teacher's row.",
    ),
    ConflictKind.NO_SUCH_PERIOD: Text(
        "请核对节次,或在“作息”表中补上这些日子的作息。",
        "Check the period, or add bells for those days.",
    ),
    ConflictKind.TRAVEL: Text(
        "请在两节课之间留足路程时间,或核对“交通时间”表。",
        "Leave time for the way between the lessons, or check the sheet 交通时间.",
    ),
}
_CORRECT = Text("请按说明修改该行。", "Correct the row accordingly.")
_BUSY: frozenset[str] = frozenset(
    {
        ConflictKind.TEACHER_BUSY,
        ConflictKind.CLASS_BUSY,
        ConflictKind.ROOM_BUSY,
        ConflictKind.LEAVE,
    }
)


def _conflict(sheet: Sheet, rows: Sequence[Row], conflict: RowConflict) -> RowProblem:
    zh, en = conflict.message
    if conflict.on_date is not None:
        zh, en = f"{zh}({conflict.on_date} 起)", f"{en} (from {conflict.on_date})"
    if conflict.with_row is not None:
        other = rows[conflict.with_row].number
        zh, en = f"{zh},与第 {other} 行冲突", f"{en}, with row {other}"
    number = rows[conflict.row].number
    kind = str(conflict.kind)
    remedy = _ANOTHER_TIME if kind in _BUSY else _REMEDIES.get(kind, _CORRECT)
    return RowProblem(sheet.title, number, None, kind, Text(zh, en), remedy)


async def apply(
    db: AsyncSession, contents: Contents, *, by: Caller, progress: Progress, watch: Stopwatch
) -> Applied:
    """Write everything; what is there already and the same stays as it is.

    Raises
    ------
    RowsRefused
        A module or a constraint refused rows of a sheet.
    """
    outcomes: dict[str, Outcome] = {}
    impact = Impact()
    weights = {name: len(contents.of(name)) * _WEIGHTS.get(name, 1) for name in _WRITERS}
    behind, whole = 0, sum(weights.values()) or 1
    for name, write in _WRITERS.items():
        rows = contents.of(name)
        if not rows:
            continue
        sheet = BY_NAME[name]
        await progress(
            Text(f"写入“{sheet.title}”", f"Writing {sheet.title}"),
            _BEFORE_WRITING + (1 - _BEFORE_WRITING) * behind / whole,
        )
        with watch.phase(f"write {name}"), explained(name, rows):
            done = await write(db, rows, by)
        if done.conflicts:
            raise RowsRefused([_conflict(sheet, rows, one) for one in done.conflicts])
        outcomes[name] = done.outcome
        impact = impact + done.impact
        behind += weights[name]
    return Applied(outcomes, impact)


_BEFORE_WRITING = 0.15
_WEIGHTS = {"home_slot": 4, "assignment": 8}
"""A row that is laid as a term of lessons takes longer than others."""


# From rows of the workbook to rows of the modules


def _after(day: date | None) -> date | None:
    """The workbook names the last day, the modules the day after it."""
    return None if day is None else day + timedelta(days=1)


def _span(row: Mapping[str, Any], first: str, last: str) -> Range[date]:
    return days(row[first], _after(row[last]))


def _values(rows: Sequence[Row]) -> Iterator[Mapping[str, Any]]:
    return (row.values for row in rows)


async def _codes(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        network_rows.CodeRow(row["list"], row["code"], row["zh"], row["en"] or "", row["rank"])
        for row in _values(rows)
    ]
    return _Done(await network.upsert_codes(db, given, by=by))


async def _schools(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        network_rows.SchoolRow(
            code=row["code"],
            name=row["name"],
            type_code=row["type_code"],
            urban_rural_code=row["urban_rural_code"],
            short_name=row["short_name"] or "",
            code_from=row["code_from"],
            weak=_span(row, "weak_from", "weak_through") if row["weak_from"] else None,
        )
        for row in _values(rows)
    ]
    return _Done(await network.upsert_schools(db, given, by=by))


async def _campuses(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        network_rows.CampusRow(
            code=row["code"],
            school=row["school"],
            name=row["name"],
            address=row["address"] or "",
            gate=row["gate"] or "",
            longitude=_degrees(row["longitude"]),
            latitude=_degrees(row["latitude"]),
            datum=row["datum"],
            zone=row["zone"],
            main=row["main"],
        )
        for row in _values(rows)
    ]
    return _Done(await network.upsert_campuses(db, given, by=by))


def _degrees(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number)).quantize(_MICRODEGREE)


_MICRODEGREE = Decimal("0.000001")


async def _groups(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        network_rows.GroupRow(
            name=row["name"],
            kind=row["kind"],
            category=row["category"],
            state=row["state"],
            principal_responsibility=row["principal_responsibility"],
            founded_on=row["valid_from"],
            dissolved_on=_after(row["valid_through"]),
        )
        for row in _values(rows)
    ]
    return _Done(await network.upsert_groups(db, given, by=by))


async def _memberships(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        network_rows.MembershipRow(
            group=row["group"],
            school=row["school"],
            tier=row["tier"],
            valid=_span(row, "valid_from", "valid_through"),
            seat=row["seat"],
        )
        for row in _values(rows)
    ]
    return _Done(await network.upsert_memberships(db, given, by=by))


async def _teachers(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        TeacherRow(
            number=row["number"],
            name=row["name"],
            school_code=row["school"],
            employed_from=row["joined_on"],
            employed_until=_after(row["last_day"]),
            title=Title(row["title"]),
            backbone_level=_if_any(BackboneLevel, row["backbone_level"]),
            backbone_grantor=_if_any(Grantor, row["backbone_grantor"]),
            birth_year=row["birth_year"],
            teaching_since=row["teaching_since"],
            expected_retirement_on=row["expected_retirement_on"],
            cadre=row["cadre"],
            weekly_load_limit=row["weekly_load_limit"],
            teaches=tuple(Qualified(subject, stage) for stage, subject in row["teaches"] or ()),
        )
        for row in _values(rows)
    ]
    return _Done(await staff.upsert_teachers(db, given, by=by))


def _if_any(kind: type[Enumeration], code: str | None) -> Enumeration | None:
    return None if code is None else kind(code)


async def _terms(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        TermRow(
            school_year=row["school_year"],
            number=row["number"],
            days=_span(row, "first_day", "last_day"),
            week_one=row["week_one"],
        )
        for row in _values(rows)
    ]
    return _Done(await calendar.upsert_terms(db, given, by=by))


async def _calendar_days(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        DayRow(
            scope=DayScope(row["scope"]),
            unit=row["unit"],
            on_date=row["on_date"],
            kind=DayKind(row["kind"]),
            follows_weekday=int(row["follows_weekday"]) if row["follows_weekday"] else None,
            follows_parity=_if_any(WeekParity, row["follows_parity"]),
            reason=row["reason"] or "",
        )
        for row in _values(rows)
    ]
    return _Done(await calendar.upsert_calendar_days(db, given, by=by))


async def _bells(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        BellRow(
            campus=row["campus"],
            stage=row["stage"],
            name=row["name"],
            valid=_span(row, "valid_from", "valid_through"),
            period=PeriodTimes(row["period"], row["starts"], row["ends"], row["period_name"] or ""),
        )
        for row in _values(rows)
    ]
    return _Done(await calendar.upsert_bells(db, given, by=by))


async def _classes(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        ClassRow(
            campus_code=row["campus"],
            code=row["code"],
            stage=row["stage"],
            grade=row["grade"],
            number=row["number"],
            name=row["name"],
            pupils=row["pupils"],
            valid_from=row["valid_from"],
            valid_until=_after(row["valid_through"]),
        )
        for row in _values(rows)
    ]
    return _Done(await timetable.upsert_classes(db, given, by=by))


async def _rooms(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        RoomRow(
            campus_code=row["campus"],
            code=row["code"],
            name=row["name"],
            kind=RoomKind(row["kind"]),
            capacity=row["capacity"],
        )
        for row in _values(rows)
    ]
    return _Done(await timetable.upsert_rooms(db, given, by=by))


async def _ways(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        TravelRow(
            from_campus_code=row["from_campus"],
            to_campus_code=row["to_campus"],
            minutes=row["minutes"],
            buffer=row["buffer"],
        )
        for row in _values(rows)
    ]
    done = await timetable.upsert_travel_times(db, given, by=by)
    return _Done(done.outcome, done.conflicts)


async def _home_slots(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        HomeSlotRow(
            term=row["term"],
            teacher_number=row["teacher"],
            subject=row["subject"],
            campus_code=row["campus"],
            class_codes=row["classes"],
            weekday=int(row["weekday"]),
            period=row["period"],
            parity=Parity(row["parity"]),
            weeks=row["weeks"],
            room_code=row["room"],
            valid_from=row["valid_from"],
            valid_until=_after(row["valid_through"]),
        )
        for row in _values(rows)
    ]
    done = await timetable.upsert_home_slots(db, given, by=by)
    return _Done(done.outcome, done.conflicts, _impact(done))


async def _assignments(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        AssignmentRow(
            code=row["code"],
            term=row["term"],
            teacher_number=row["teacher"],
            subject=row["subject"],
            campus_code=row["campus"],
            class_codes=row["classes"],
            weekday=int(row["weekday"]),
            period=row["period"],
            parity=Parity(row["parity"]),
            weeks=row["weeks"],
            room_code=row["room"],
            valid_from=row["valid_from"],
            valid_until=_after(row["valid_through"]),
            state=row["state"],
        )
        for row in _values(rows)
    ]
    done = await itinerant.upsert_assignments(db, given, by=by)
    return _Done(done.outcome, done.conflicts, _impact(done))


async def _pairings(db: AsyncSession, rows: Sequence[Row], by: Caller) -> _Done:
    given = [
        PairingRow(
            mentor_number=row["mentor"],
            mentee_number=row["mentee"],
            role=row["role"],
            valid_from=row["valid_from"],
            valid_until=_after(row["valid_through"]),
            goals=row["goals"] or "",
            state=PairingState(row["state"]),
        )
        for row in _values(rows)
    ]
    return _Done(await mentoring.upsert_pairings(db, given, by=by))


def _impact(done: SlotsOutcome) -> Impact:
    return Impact(lessons_laid=done.lessons_laid, lessons_cancelled=done.lessons_cancelled)


_WRITERS: Mapping[str, Write] = {
    "code": _codes,
    "school": _schools,
    "campus": _campuses,
    "group": _groups,
    "membership": _memberships,
    "teacher": _teachers,
    "term": _terms,
    "calendar_day": _calendar_days,
    "bell": _bells,
    "class": _classes,
    "room": _rooms,
    "travel": _ways,
    "home_slot": _home_slots,
    "assignment": _assignments,
    "pairing": _pairings,
}
"""In the order of the sheets: what rows refer to is written before them."""
