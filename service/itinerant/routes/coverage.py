"""Lists that add up: coverage of shortages, visiting teachers at rural schools; each as a file."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.itinerant.queries import coverage as queries
from service.itinerant.schemas.coverage import HeadcountItem, HeadcountsOut, ShortageCoverageOut
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import ReadDb, a_file, english, make_router, needs, send_file
from service.kit.workbook import workbook
from service.timetable import load as timetable

router = make_router(tag="shortages")

ShortageReader = Annotated[Caller, needs(Permission.SHORTAGE_READ)]
AssignmentReader = Annotated[Caller, needs(Permission.ASSIGNMENT_READ)]


@dataclass(frozen=True, slots=True)
class CoverageQuery:
    """Which shortages are summed."""

    term_id: Annotated[UUID, Query(description="学期")]
    group_id: Annotated[UUID | None, Query(description="仅该集团")] = None
    rural: Annotated[bool, Query(description="仅农村学校")] = False


async def _coverage(db: AsyncSession, caller: Caller, wanted: CoverageQuery) -> ShortageCoverageOut:
    asked = queries.CoverageAsked(
        term_id=wanted.term_id, group_id=wanted.group_id, rural=wanted.rural
    )
    return ShortageCoverageOut.of(await queries.coverage(db, caller=caller, asked=asked))


@router.get(
    "/shortage-coverage",
    operation_id="getShortageCoverage",
    summary="紧缺学科落实情况",
    description="按学校与学科汇总某学期紧缺需求的申报、已落实、邀请中与仍缺的周课时;"
    "`rural=true` 只看走教之后仍缺的农村学校。",
    openapi_extra=english(
        "Coverage of shortages",
        "Weekly lessons asked for, covered, offered and missing, by school and subject; with "
        "`rural=true` the rural schools still short after itinerants.",
    ),
)
async def get_shortage_coverage(
    *, db: ReadDb, caller: ShortageReader, wanted: Annotated[CoverageQuery, Depends()]
) -> ShortageCoverageOut:
    """Coverage of shortages."""
    return await _coverage(db, caller, wanted)


@router.get(
    "/shortage-coverage.xlsx",
    operation_id="getShortageCoverageFile",
    summary="下载紧缺学科落实情况",
    description="与 `GET /v1/shortage-coverage` 相同的内容,Excel 表,末行合计。",
    response_class=Response,
    responses=a_file("紧缺学科落实情况 / Coverage of shortages"),
    openapi_extra=english("Coverage of shortages as a file", "The same as an Excel list."),
)
async def get_shortage_coverage_file(
    *, db: ReadDb, caller: ShortageReader, wanted: Annotated[CoverageQuery, Depends()]
) -> Response:
    """Coverage of shortages as a file."""
    found = await _coverage(db, caller, wanted)
    return send_file(workbook(found.sheet()), name="紧缺学科落实情况.xlsx")


AsOf = Annotated[date | None, Query(alias="as_of", description="统计日期;空表示今天")]


async def _headcounts(db: AsyncSession, caller: Caller, as_of: date | None) -> HeadcountsOut:
    ground = await timetable.ground(db, district_id=caller.district_id)
    day = as_of or clock.today(ground.zone.key)
    rows = await queries.headcounts(db, caller=caller, day=day)
    return HeadcountsOut(as_of=day, items=[HeadcountItem.of(row) for row in rows])


@router.get(
    "/itinerant-headcounts",
    operation_id="getItinerantHeadcounts",
    summary="农村学校音体美走教教师人数",
    description="某日各农村学校体育、音乐、美术走教教师人数与在校生数,供优质均衡统计使用;"
    "标出 50 人以上不足 100 人的学校。",
    openapi_extra=english(
        "Visiting teachers at rural schools",
        "Teachers of physical education, music and art who visit each rural school on a day, with "
        "its pupils, as the quality-balance statistics count them.",
    ),
)
async def get_itinerant_headcounts(
    *, db: ReadDb, caller: AssignmentReader, as_of: AsOf = None
) -> HeadcountsOut:
    """Visiting teachers at rural schools."""
    return await _headcounts(db, caller, as_of)


@router.get(
    "/itinerant-headcounts.xlsx",
    operation_id="getItinerantHeadcountsFile",
    summary="下载农村学校音体美走教教师人数",
    description="与 `GET /v1/itinerant-headcounts` 相同的内容,Excel 表。",
    response_class=Response,
    responses=a_file("农村学校音体美走教教师 / Visiting teachers at rural schools"),
    openapi_extra=english(
        "Visiting teachers at rural schools as a file", "The same as an Excel list."
    ),
)
async def get_itinerant_headcounts_file(
    *, db: ReadDb, caller: AssignmentReader, as_of: AsOf = None
) -> Response:
    """Visiting teachers at rural schools as a file."""
    found = await _headcounts(db, caller, as_of)
    return send_file(workbook(found.sheet()), name="农村学校音体美走教教师.xlsx")
