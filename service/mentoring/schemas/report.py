"""What goes out about a whole programme: the report of its year, and what it brought to whom."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import Out
from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet
from service.mentoring.rules import Side
from service.mentoring.rules.appraisal import (
    APPRAISAL_GRADES,
    APPRAISAL_KINDS,
    AppraisalGrade,
    AppraisalKind,
)
from service.mentoring.rules.growth import Growth
from service.mentoring.rules.log import LOG_KINDS, LOG_STATES, LogKind, LogState
from service.mentoring.rules.progress import PLAN_ITEMS, Entered, Progress
from service.mentoring.schemas.pairing import PairingOut
from service.mentoring.schemas.progress import TWO, KindCountOut, TermShown, the_two
from service.mentoring.tables import Appraisal

_YES, _NO = Text("是", "yes"), Text("否", "no")


class TermReportOut(Out):
    """A term of the year."""

    term: TermShown
    pairs: Annotated[int, Field(description="本学期有结对日期的结对")]
    on_plan: Annotated[int, Field(description="跟上进度(学期结束后为完成)的结对")]


class GradeCountOut(Out):
    """How many pairs got a grade."""

    kind: AppraisalKind
    kind_label: str
    grade: AppraisalGrade
    grade_label: str
    pairs: int


class ReportOut(Out):
    """The numbers of a programme's year; the file has them pair by pair."""

    programme_id: UUID
    name: str
    school_year: str
    as_of: date
    pairs: Annotated[int, Field(description="学年内启动过的结对,含已结束和已更换的")]
    mentees: int
    mentors: int
    entries: Annotated[int, Field(description="帮扶记录总数 = 已确认 + 待确认")]
    confirmed: int
    waiting: int
    outside_terms: Annotated[int, Field(description="已确认记录中日期不在任何学期内的")]
    kinds: list[KindCountOut]
    terms: list[TermReportOut]
    grades: list[GradeCountOut]
    outstanding: Annotated[int, Field(description="优秀结对")]


class PairReport:
    """A line of the report: one pair and its year."""

    def __init__(
        self,
        row: Any,
        *,
        day: date,
        entered: Iterable[Entered],
        terms: Sequence[Progress | None],
        outside_terms: int,
        appraisals: Mapping[AppraisalKind, Appraisal],
    ) -> None:
        self.pair = PairingOut.of(row, day=day)
        self.kinds = {kind: [0, 0] for kind in LogKind}
        for one in entered:
            self.kinds[one.kind][one.state is not LogState.CONFIRMED] += one.count
        self.terms = terms
        self.outside_terms = outside_terms
        self.appraisals = appraisals

    @property
    def confirmed(self) -> int:
        """Entries that the counterpart has confirmed."""
        return sum(done for done, _ in self.kinds.values())

    @property
    def waiting(self) -> int:
        """Entries that wait for it."""
        return sum(waiting for _, waiting in self.kinds.values())

    @property
    def outstanding(self) -> bool:
        """Whether the pair was named outstanding."""
        return any(one.outstanding for one in self.appraisals.values())

    def grade(self, kind: AppraisalKind) -> AppraisalGrade | None:
        """How it was judged."""
        known = self.appraisals.get(kind)
        return AppraisalGrade(known.grade) if known and known.grade else None


def report(
    lines: Sequence[PairReport],
    *,
    programme_id: UUID,
    name: str,
    school_year: str,
    as_of: date,
    terms: Sequence[TermShown],
) -> ReportOut:
    """The numbers of the lines."""
    kinds = [
        KindCountOut(
            kind=kind,
            kind_label=say(LOG_KINDS[kind]),
            confirmed=sum(line.kinds[kind][0] for line in lines),
            waiting=sum(line.kinds[kind][1] for line in lines),
        )
        for kind in LogKind
    ]
    confirmed, waiting = sum(one.confirmed for one in kinds), sum(one.waiting for one in kinds)
    return ReportOut(
        programme_id=programme_id,
        name=name,
        school_year=school_year,
        as_of=as_of,
        pairs=len(lines),
        mentees=len({line.pair.mentee.id for line in lines}),
        mentors=len({line.pair.mentor.id for line in lines}),
        entries=confirmed + waiting,
        confirmed=confirmed,
        waiting=waiting,
        outside_terms=sum(line.outside_terms for line in lines),
        kinds=kinds,
        terms=[_term(place, term, lines) for place, term in enumerate(terms)],
        grades=[
            GradeCountOut(
                kind=kind,
                kind_label=say(APPRAISAL_KINDS[kind]),
                grade=grade,
                grade_label=say(APPRAISAL_GRADES[grade]),
                pairs=sum(line.grade(kind) is grade for line in lines),
            )
            for kind in AppraisalKind
            for grade in AppraisalGrade
        ],
        outstanding=sum(line.outstanding for line in lines),
    )


def _term(place: int, term: TermShown, lines: Sequence[PairReport]) -> TermReportOut:
    counted = [one for line in lines if (one := line.terms[place]) is not None]
    return TermReportOut(
        term=term, pairs=len(counted), on_plan=sum(one.behind == 0 for one in counted)
    )


# As a workbook


def report_sheets(
    found: ReportOut, lines: Sequence[PairReport], *, entries: Sequence[Any]
) -> list[Sheet]:
    """The year pair by pair, and the log entry by entry."""
    note = Text(
        f"{found.school_year} 学年,截至 {found.as_of},结对 {found.pairs} 对,"
        f"记录 {found.entries} 条(已确认 {found.confirmed} 条)",
        f"{found.school_year}, as of {found.as_of}: {found.pairs} pairs, {found.entries} entries,"
        f" {found.confirmed} of them confirmed",
    )
    return [
        Sheet(
            title=Text(f"{found.name} 总结表", f"{found.name}: the year"),
            notes=[note],
            columns=[*TWO, *_columns(found)],
            rows=[_line(one) for one in lines],
            total=_total(found, lines),
        ),
        _log(lines, entries=entries, note=note),
    ]


def _columns(found: ReportOut) -> list[Column]:
    planned = [
        Column(Text(f"{place} {label.zh}{more.zh}", f"{place} {label.en}, {more.en}"), 12)
        for place in range(1, len(found.terms) + 1)
        for label in PLAN_ITEMS.values()
        for more in (Text("要求", "planned"), Text("完成", "done"))
    ]
    return [
        Column(Text("状态", "State"), 10),
        *planned,
        *(Column(label, 9) for label in LOG_KINDS.values()),
        Column(Text("已确认合计", "Confirmed"), 11),
        Column(Text("待确认", "Waiting"), 9),
        Column(Text("其中学期外", "Outside terms"), 11),
        *(Column(label, 10) for label in APPRAISAL_KINDS.values()),
        Column(Text("终期得分", "Final score"), 10),
        Column(Text("优秀结对", "Outstanding"), 10),
    ]


def _line(one: PairReport) -> list[Cell]:
    final = one.appraisals.get(AppraisalKind.FINAL)
    grades = [one.grade(kind) for kind in AppraisalKind]
    return [
        *the_two(one.pair),
        one.pair.state_label,
        *(cell for term in one.terms for cell in _planned(term)),
        *(done for done, _ in one.kinds.values()),
        one.confirmed,
        one.waiting,
        one.outside_terms,
        *(say(APPRAISAL_GRADES[grade]) if grade else None for grade in grades),
        final.score if final else None,
        say(_YES if one.outstanding else _NO),
    ]


def _planned(term: Progress | None) -> list[Cell]:
    if term is None:
        return [None, None] * len(PLAN_ITEMS)
    return [count for one in term.items for count in (one.planned, one.confirmed)]


def _total(found: ReportOut, lines: Sequence[PairReport]) -> list[Cell]:
    terms: list[Cell] = []
    for place in range(len(found.terms)):
        counted = [one for line in lines if (one := line.terms[place]) is not None]
        for item in range(len(PLAN_ITEMS)):
            terms += [
                sum(one.items[item].planned for one in counted),
                sum(one.items[item].confirmed for one in counted),
            ]
    return [
        say(Text("合计", "Sum")),
        *([None] * len(TWO)),
        *terms,
        *(one.confirmed for one in found.kinds),
        found.confirmed,
        found.waiting,
        found.outside_terms,
        None,
        None,
        None,
        found.outstanding,
    ]


_SIDES = {Side.MENTOR.value: Text("导师", "Mentor"), Side.MENTEE.value: Text("徒弟", "Mentee")}


def _log(lines: Sequence[PairReport], *, entries: Sequence[Any], note: Text) -> Sheet:
    pairs = {line.pair.id: line.pair for line in lines}
    rows: list[list[Cell]] = []
    for entry, writer in entries:
        pair = pairs[entry.pairing_id]
        rows.append(
            [
                pair.mentee.number,
                pair.mentee.name,
                pair.mentor.name,
                entry.on_date,
                say(LOG_KINDS[LogKind(entry.kind)]),
                say(_SIDES[entry.observed]) if entry.observed else None,
                entry.topic,
                entry.score,
                writer,
                say(LOG_STATES[LogState(entry.state)]),
            ]
        )
    return Sheet(
        title=Text("帮扶记录", "The log"),
        notes=[note],
        columns=[
            Column(Text("徒弟工号", "Mentee's number"), 12),
            Column(Text("徒弟", "Mentee"), 10),
            Column(Text("导师", "Mentor"), 10),
            Column(Text("日期", "Day"), 12),
            Column(Text("类型", "Kind"), 12),
            Column(Text("听谁的课", "Observed"), 10),
            Column(Text("主题", "Topic"), 40),
            Column(Text("评分", "Score"), 8),
            Column(Text("填写人", "Written by"), 10),
            Column(Text("状态", "State"), 10),
        ],
        rows=rows,
    )


# What it brought


class GrowthOut(Out):
    """The sums of some pairs; never of a person."""

    mentees: int
    pairs: int
    confirmed: Annotated[int, Field(description="本学期已确认的记录")]
    counted: Annotated[int, Field(description="本学期有结对日期的结对")]
    on_plan: Annotated[int, Field(description="其中跟上进度的")]
    share_on_plan: Annotated[float | None, Field(description="跟上进度的百分比")]
    appraised: Annotated[int, Field(description="已办结终期考核的结对")]
    midterm_mean: Annotated[float | None, Field(description="中期考核平均分")]
    final_mean: Annotated[float | None, Field(description="终期考核平均分")]
    gain: Annotated[float | None, Field(description="增值:同一结对终期与中期得分之差的平均")]

    @staticmethod
    def told(one: Growth) -> dict[str, Any]:
        """The numbers, as every line says them."""
        return {
            "mentees": one.mentees,
            "pairs": one.pairs,
            "confirmed": one.confirmed,
            "counted": one.counted,
            "on_plan": one.on_plan,
            "share_on_plan": _number(one.share_on_plan),
            "appraised": one.appraised,
            "midterm_mean": _number(one.midterm_mean),
            "final_mean": _number(one.final_mean),
            "gain": _number(one.gain),
        }


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


class UnitGrowthOut(GrowthOut):
    """A school or a group."""

    id: Annotated[UUID | None, Field(description="空表示徒弟已不在本区任职")]
    name: str
    rural: Annotated[bool | None, Field(description="是否农村学校;集团为空")]

    @classmethod
    def of(cls, id_: UUID | None, name: str, one: Growth, *, rural: bool | None) -> Self:
        """The sums of a unit."""
        return cls(id=id_, name=name, rural=rural, **cls.told(one))


class ProgrammeGrowthOut(Out):
    """What a programme brought, by school and by group, rural against town."""

    programme_id: UUID
    as_of: date
    term: TermShown
    whole: GrowthOut
    rural: GrowthOut
    town: GrowthOut
    schools: Annotated[list[UnitGrowthOut], Field(description="按徒弟所在学校,以校名为序,不排名")]
    groups: Annotated[
        list[UnitGrowthOut],
        Field(description="按学校所属集团;同属几个集团的学校在各集团中都计入"),
    ]


def growth_sheets(found: ProgrammeGrowthOut) -> list[Sheet]:
    """By school and by group, each with rural and town below."""
    note = Text(
        f"{found.term.label},截至 {found.as_of};以名称为序,不作排名",
        f"{found.term.label}, as of {found.as_of}; by name, no ranking",
    )
    sums = [
        (Text("农村学校", "Rural schools"), found.rural),
        (Text("城镇学校", "Town schools"), found.town),
    ]
    return [
        Sheet(
            title=title,
            notes=[note],
            columns=[Column(first, 28), *_GROWTH],
            rows=[
                *([one.name, *_cells(one)] for one in units),
                *([say(name), *_cells(one)] for name, one in sums),
            ],
            total=[say(Text("合计", "Sum")), *_cells(found.whole)],
        )
        for title, first, units in (
            (Text("帮扶增值(按学校)", "Growth by school"), Text("学校", "School"), found.schools),
            (Text("帮扶增值(按集团)", "Growth by group"), Text("集团", "Group"), found.groups),
        )
    ]


_GROWTH = (
    Column(Text("徒弟", "Mentees"), 9),
    Column(Text("结对", "Pairs"), 9),
    Column(Text("已确认记录", "Confirmed"), 11),
    Column(Text("本学期结对", "Pairs in term"), 11),
    Column(Text("跟上进度", "On plan"), 10),
    Column(Text("跟上进度(%)", "On plan (%)"), 12),
    Column(Text("终期考核数", "Appraised"), 11),
    Column(Text("中期平均分", "Midterm mean"), 11),
    Column(Text("终期平均分", "Final mean"), 11),
    Column(Text("增值", "Gain"), 9),
)


def _cells(one: GrowthOut) -> list[Cell]:
    return [
        one.mentees,
        one.pairs,
        one.confirmed,
        one.counted,
        one.on_plan,
        one.share_on_plan,
        one.appraised,
        one.midterm_mean,
        one.final_mean,
        one.gain,
    ]
