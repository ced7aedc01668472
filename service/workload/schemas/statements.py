"""What comes in and what goes out about statements and lists."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.schemas import Named, Reason
from service.timetable.schemas.attendance import Month
from service.workload.rules import LineKind, StatementState, in_words
from service.workload.tables import StatementLine

_STATES = {
    StatementState.DRAFT: Text("草稿", "Draft"),
    StatementState.SUBMITTED: Text("已提交", "Submitted"),
    StatementState.APPROVED: Text("已审批", "Approved"),
    StatementState.FROZEN: Text("已封存", "Frozen"),
}
_LINES = {
    LineKind.LESSON: Text("课时", "Lesson"),
    LineKind.DAY: Text("走教日", "Day"),
    LineKind.TRIP: Text("往返", "Trip"),
    LineKind.KM: Text("里程", "Kilometres"),
    LineKind.BAND: Text("里程段", "Distance band"),
    LineKind.CORRECTION: Text("更正", "Correction"),
}
_UNITS = {
    LineKind.LESSON: Text("元/课时", " a lesson"),
    LineKind.DAY: Text("元/天", " a day"),
    LineKind.TRIP: Text("元/次", " a trip"),
    LineKind.KM: Text("元/公里", " a km"),
    LineKind.BAND: Text("元/次(里程段)", " a trip of the band"),
}

Lessons = Annotated[Decimal, Field(description="课时数(含系数)", examples=["16.00"])]
Amount = Annotated[Decimal, Field(description="金额(元),精确到分", examples=["480.00"])]


def month_text(month: date) -> str:
    """A month as it is written: 2026-10."""
    return f"{month:%Y-%m}"


def state_label(state: StatementState) -> str:
    """A state as a person reads it."""
    return say(_STATES[state])


def standards(lines: Iterable[StatementLine]) -> str:
    """The rates behind some lines, for the column 标准: each once, in order of kind."""
    found = {
        (LineKind(line.kind), line.rate): None
        for line in lines
        if line.kind in _UNITS and line.rate
    }
    return ";".join(
        f"{rate.normalize():f}{say(_UNITS[kind])}"
        for kind, rate in sorted(found, key=lambda one: (list(LineKind).index(one[0]), one[1]))
    )


class DrawIn(In):
    """Whose statements of a month; without a school or teacher, of all within reach."""

    month: Month
    home_school_id: Annotated[UUID | None, Field(description="仅该校(派出校)教师")] = None
    teacher_id: Annotated[UUID | None, Field(description="仅该教师;当月无课时也生成")] = None


class DrawnOut(Out):
    """What drawing did."""

    drawn: Annotated[int, Field(description="新生成或有变化的结算单数")]
    unchanged: int
    settled: Annotated[int, Field(description="已提交或已结算、未改动的结算单数")]
    statement_ids: list[UUID]


class ReturnIn(In):
    """Why a statement is given back."""

    reason: Reason


class CorrectIn(In):
    """A line that corrects a settled month."""

    month: Annotated[Month, Field(description="被更正的已结算月份")]
    school_id: Annotated[UUID, Field(description="受援校")]
    lesson_id: Annotated[UUID | None, Field(description="所涉的课")] = None
    lessons: Annotated[
        Decimal,
        Field(ge=-1000, le=1000, decimal_places=2, description="课时增减", examples=["1.00"]),
    ] = Decimal(0)
    amount: Annotated[
        Decimal,
        Field(
            ge=-100_000, le=100_000, decimal_places=2, description="金额增减", examples=["30.00"]
        ),
    ]
    reason: Reason


class StatementOut(Out):
    """A statement."""

    id: UUID
    teacher: Named
    teacher_number: str
    home_school: Named | None
    month: str
    state: StatementState
    state_label: str
    lessons: Lessons
    days: Annotated[int, Field(description="走教天数")]
    trips: Annotated[int, Field(description="走教次数")]
    km: Annotated[Decimal, Field(description="里程(公里)", examples=["62.4"])]
    minutes: Annotated[int, Field(description="路途分钟数")]
    mentor_lessons: Annotated[Decimal, Field(description="导师折算课时,不计入金额")]
    amount: Amount
    amount_in_words: Annotated[str, Field(description="人民币大写", examples=["肆佰捌拾元整"])]
    submitted_by: str | None
    submitted_at: AwareDatetime | None
    approved_by: str | None
    approved_at: AwareDatetime | None
    frozen_by: str | None
    frozen_at: AwareDatetime | None
    return_reason: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a ``Stated``."""
        return cls(**_values(row))


def _values(row: Any) -> dict[str, Any]:
    one, state = row.statement, StatementState(row.statement.state)
    home = None
    if one.home_school_id is not None:
        home = Named(id=one.home_school_id, name=row.home or "")
    return {
        "id": one.id,
        "teacher": Named(id=one.teacher_id, name=row.name),
        "teacher_number": row.number,
        "home_school": home,
        "month": month_text(one.month),
        "state": state,
        "state_label": state_label(state),
        "lessons": one.lessons,
        "days": one.days,
        "trips": one.trips,
        "km": one.km,
        "minutes": one.minutes,
        "mentor_lessons": one.mentor_lessons,
        "amount": one.amount,
        "amount_in_words": in_words(one.amount),
        "submitted_by": one.submitted_by_name,
        "submitted_at": one.submitted_at,
        "approved_by": one.approved_by_name,
        "approved_at": one.approved_at,
        "frozen_by": one.frozen_by_name,
        "frozen_at": one.frozen_at,
        "return_reason": one.return_reason,
        "version": one.version,
    }


class LineOut(Out):
    """A line of a statement."""

    kind: LineKind
    kind_label: str
    school: Named
    on_date: date
    lesson_id: UUID | None
    quantity: Decimal
    rate: Decimal
    gross: Annotated[Decimal, Field(description="封顶前金额")]
    amount: Amount
    corrects_id: Annotated[UUID | None, Field(description="被更正的结算单")]
    reason: str | None
    by: str | None

    @classmethod
    def of(cls, row: StatementLine, school: str) -> Self:
        """The answer of a row and its host's name."""
        kind = LineKind(row.kind)
        return cls(
            kind=kind,
            kind_label=say(_LINES[kind]),
            school=Named(id=row.school_id, name=school),
            on_date=row.on_date,
            lesson_id=row.lesson_id,
            quantity=row.quantity,
            rate=row.rate,
            gross=row.gross,
            amount=row.amount,
            corrects_id=row.corrects_id,
            reason=row.reason,
            by=row.by_name,
        )


class StatementDetailOut(StatementOut):
    """A statement with its lines."""

    lines: list[LineOut]

    @classmethod
    def with_lines(cls, row: Any, lines: Iterable[tuple[StatementLine, str]]) -> Self:
        """The answer of a ``Stated`` and its lines."""
        return cls(**_values(row), lines=[LineOut.of(line, school) for line, school in lines])


class ListRowOut(Out):
    """What a teacher earned at a school."""

    statement_id: UUID
    state: StatementState
    state_label: str
    teacher_number: str
    teacher: Named
    home_school: str | None
    lessons: Lessons
    trips: int
    km: Decimal
    standards: Annotated[str, Field(description="标准", examples=["30元/课时;0.8元/公里"])]
    amount: Amount

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a ``ListRow``."""
        state = StatementState(row.statement.state)
        return cls(
            statement_id=row.statement.id,
            state=state,
            state_label=state_label(state),
            teacher_number=row.number,
            teacher=Named(id=row.statement.teacher_id, name=row.name),
            home_school=row.home,
            lessons=_sum(row.lines, LineKind.LESSON, LineKind.CORRECTION),
            trips=sum(1 for line in row.lines if line.kind == LineKind.TRIP),
            km=_sum(row.lines, LineKind.KM),
            standards=standards(row.lines),
            amount=sum((line.amount for line in row.lines), Decimal("0.00")),
        )


def _sum(lines: Sequence[StatementLine], *kinds: LineKind) -> Decimal:
    return sum((line.quantity for line in lines if line.kind in kinds), Decimal("0.00"))


class AllowanceListOut(Out):
    """What a school has to see paid for a month."""

    school: Named
    month: str
    items: list[ListRowOut]
    lessons: Lessons
    trips: int
    km: Decimal
    amount: Amount
    amount_in_words: str
    confirmed_lessons: Annotated[int, Field(description="本校本月已确认的课数")]
    listed_lessons: Annotated[int, Field(description="本表已列入的课数;少于已确认数时请重新生成")]
    complete: Annotated[bool, Field(description="已确认的课全部列入,且各结算单均已审批或封存")]

    @classmethod
    def of(cls, found: Any) -> Self:
        """The answer of an ``AllowanceList``."""
        items = [ListRowOut.of(row) for row in found.rows]
        settled = {StatementState.APPROVED, StatementState.FROZEN}
        return cls(
            school=Named(id=found.school.id, name=found.school.name),
            month=month_text(found.month),
            items=items,
            lessons=sum((one.lessons for one in items), Decimal("0.00")),
            trips=sum(one.trips for one in items),
            km=sum((one.km for one in items), Decimal("0.00")),
            amount=found.amount,
            amount_in_words=in_words(found.amount),
            confirmed_lessons=found.confirmed,
            listed_lessons=found.listed,
            complete=found.confirmed == found.listed and all(one.state in settled for one in items),
        )
