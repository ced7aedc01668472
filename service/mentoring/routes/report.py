"""A programme's whole year: the report, and what it brought to schools and groups."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import ReadDb, a_file, english, make_router, may_fail, needs, send_file
from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import workbook
from service.mentoring.problems.programme import ProgrammeNotFound
from service.mentoring.problems.progress import TermUnfit
from service.mentoring.queries import report as reading
from service.mentoring.queries.cohort import frame_of
from service.mentoring.queries.programme import row_of, visible_programme
from service.mentoring.queries.progress import InTerm, term_of_programme
from service.mentoring.queries.report import YearOfPairs
from service.mentoring.rules.appraisal import AppraisalKind
from service.mentoring.rules.growth import PairFacts, growth
from service.mentoring.schemas.progress import TermShown
from service.mentoring.schemas.report import (
    GrowthOut,
    PairReport,
    ProgrammeGrowthOut,
    ReportOut,
    UnitGrowthOut,
    growth_sheets,
    report,
    report_sheets,
)

router = make_router(tag="mentoring-programmes")

Reader = Annotated[Caller, needs(Permission.PROGRAMME_READ)]
TermFilter = Annotated[
    UUID | None, Query(description="项目学年的学期;空表示当前学期,假期中为刚结束的学期")
]


def _shown(one: InTerm) -> TermShown:
    return TermShown.of(one.term.id, year=one.year, number=one.term.number, bounds=one.bounds)


@dataclass(frozen=True, slots=True)
class _Report:
    """The year of a programme, as numbers and line by line."""

    found: ReportOut
    lines: Sequence[PairReport]


async def _report(db: AsyncSession, *, caller: Caller, programme_id: UUID) -> _Report:
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme)
    year = await reading.year_of_pairs(db, caller=caller, frame=frame)
    lines = sorted(
        (_line(year, row) for row in year.rows),
        key=lambda one: (
            one.pair.mentee.school_name or "",
            one.pair.mentee.number,
            one.pair.role,
            one.pair.valid_from,
        ),
    )
    _, label, _ = await row_of(db, programme_id=programme_id)
    found = report(
        lines,
        programme_id=programme_id,
        name=programme.name,
        school_year=label,
        as_of=frame.at.today,
        terms=[_shown(one) for one in year.terms],
    )
    return _Report(found, lines)


def _line(year: YearOfPairs, row: Any) -> PairReport:
    id_ = row[0].id
    return PairReport(
        row,
        day=year.frame.day,
        entered=year.entered.get(id_, ()),
        terms=[term.get(id_) for term in year.progress],
        outside_terms=year.outside_terms(id_),
        appraisals={
            kind: known
            for kind in AppraisalKind
            if (known := year.appraisals.get((id_, kind))) is not None
        },
    )


@router.get(
    "/mentoring-programmes/{programme_id}/report",
    operation_id="getMentoringReportOfYear",
    summary="帮扶项目总结",
    description="项目学年内启动过的全部结对(含已结束、已更换的):帮扶记录按类型与是否确认、各学期完成情况、"
    "考核等次、优秀结对。各数等于帮扶记录逐条相加;逐对明细见 `…/report.xlsx`。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "A programme's report",
        "All pairs that worked together in the year, those that ended included: entries by kind, "
        "terms against the plan, grades. The numbers agree with the log to the entry; the file "
        "has them pair by pair.",
    ),
)
async def get_report(*, db: ReadDb, caller: Reader, programme_id: UUID) -> ReportOut:
    """Read a programme's report."""
    return (await _report(db, caller=caller, programme_id=programme_id)).found


@router.get(
    "/mentoring-programmes/{programme_id}/report.xlsx",
    operation_id="getMentoringReportFile",
    summary="下载帮扶项目总结表",
    description="逐对一行:各学期要求与完成、各类记录数、考核等次,末行合计;"
    "`entries=true` 另附一张表,逐条列出全部帮扶记录。",
    response_class=Response,
    responses={
        **a_file("帮扶项目总结表 / The report"),
        **may_fail(ProgrammeNotFound),
    },
    openapi_extra=english(
        "A programme's report as a file",
        "A line per pair and a sum; with `entries=true` a second sheet has every entry of the log.",
    ),
)
async def get_report_file(
    *,
    db: ReadDb,
    caller: Reader,
    programme_id: UUID,
    entries: Annotated[bool, Query(description="true 另附全部帮扶记录")] = False,
) -> Response:
    """A programme's report as a file."""
    told = await _report(db, caller=caller, programme_id=programme_id)
    ids = [one.pair.id for one in told.lines]
    log = await reading.entries_of(db, pairing_ids=ids) if entries else ()
    year, written = report_sheets(told.found, told.lines, entries=log)
    sheets = (year, written) if entries else (year,)
    content = await asyncio.to_thread(workbook, *sheets)
    return send_file(content, name=f"{told.found.name}总结表.xlsx")


@dataclass(frozen=True, slots=True)
class _Unit:
    id: UUID | None
    name: str
    facts: Sequence[PairFacts]


async def _growth(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, term_id: UUID | None
) -> ProgrammeGrowthOut:
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme)
    term = await term_of_programme(db, frame=frame, term_id=term_id)
    year = await reading.year_of_pairs(db, caller=caller, frame=frame)
    names = {
        UUID(row[2]["school_id"]): row[2]["school_name"] for row in year.rows if row[2]["school_id"]
    }
    rural = await reading.rural_among(db, school_ids=names, frame=frame)
    facts = reading.facts_of(year, term=term, rural=rural)
    schools = [
        _Unit(id_, name, [one for one in facts if one.school_id == id_])
        for id_, name in sorted(names.items(), key=lambda one: (one[1], one[0]))
    ]
    left = [one for one in facts if one.school_id is None]
    if left:
        schools.append(_Unit(None, say(Text("已离校", "Left")), left))
    members: dict[tuple[UUID, str], set[UUID]] = {}
    listed = await reading.groups_among(db, school_ids=names, day=frame.day)
    for group_id, name, school_id in listed:
        members.setdefault((group_id, name), set()).add(school_id)
    return ProgrammeGrowthOut(
        programme_id=programme_id,
        as_of=frame.at.today,
        term=_shown(term),
        whole=GrowthOut(**GrowthOut.told(growth(facts))),
        rural=GrowthOut(**GrowthOut.told(growth([one for one in facts if one.rural]))),
        town=GrowthOut(**GrowthOut.told(growth([one for one in facts if not one.rural]))),
        schools=[
            UnitGrowthOut.of(
                one.id, one.name, growth(one.facts), rural=one.id in rural if one.id else None
            )
            for one in schools
        ],
        groups=[
            UnitGrowthOut.of(
                id_,
                name,
                growth([one for one in facts if one.school_id in schools_]),
                rural=None,
            )
            for (id_, name), schools_ in members.items()
        ],
    )


@router.get(
    "/mentoring-programmes/{programme_id}/growth",
    operation_id="getMentoringGrowth",
    summary="帮扶增值情况",
    description="按徒弟所在学校、所属集团汇总某学期的结对、记录、跟上进度的比例与考核平均分,"
    "并以农村与城镇学校对照;增值为同一结对终期与中期得分之差的平均。只汇总单位,不对个人排名。",
    responses=may_fail(ProgrammeNotFound, TermUnfit),
    openapi_extra=english(
        "What a programme brought",
        "By school and by group, rural against town: pairs, entries, the share on plan in a term, "
        "mean scores, and how much they rose from midterm to the end. No person is ranked.",
    ),
)
async def get_growth(
    *, db: ReadDb, caller: Reader, programme_id: UUID, term_id: TermFilter = None
) -> ProgrammeGrowthOut:
    """What a programme brought."""
    return await _growth(db, caller=caller, programme_id=programme_id, term_id=term_id)


@router.get(
    "/mentoring-programmes/{programme_id}/growth.xlsx",
    operation_id="getMentoringGrowthFile",
    summary="下载帮扶增值情况",
    description="与 `GET …/growth` 相同的内容,Excel 表:按学校、按集团各一张。",
    response_class=Response,
    responses={
        **a_file("帮扶增值情况 / What a programme brought"),
        **may_fail(ProgrammeNotFound, TermUnfit),
    },
    openapi_extra=english("What a programme brought as a file", "A sheet by school, one by group."),
)
async def get_growth_file(
    *, db: ReadDb, caller: Reader, programme_id: UUID, term_id: TermFilter = None
) -> Response:
    """What a programme brought as a file."""
    found = await _growth(db, caller=caller, programme_id=programme_id, term_id=term_id)
    return send_file(workbook(*growth_sheets(found)), name="帮扶增值情况.xlsx")
