"""The allowance list of a host school, to read and as the form a finance office files."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import ReadDb, english, make_router, may_fail, needs
from service.kit.http.files import a_file, send_file
from service.network.problems import SchoolNotFound
from service.network.queries import district
from service.timetable.schemas.attendance import Month, first_of
from service.workload.queries import statements as queries
from service.workload.schemas.statements import AllowanceListOut
from service.workload.sheets import allowance_sheet

router = make_router(tag="statements")

Reader = Annotated[Caller, needs(Permission.STATEMENT_READ)]
InMonth = Annotated[Month, Query(description="月份", examples=["2026-10"])]


async def _list(
    db: AsyncSession, *, caller: Caller, school_id: UUID, month: str
) -> AllowanceListOut:
    school = await queries.visible_host(db, caller=caller, school_id=school_id)
    if school is None:
        raise SchoolNotFound
    found = await queries.allowance_list(db, school=school, month=first_of(month))
    return AllowanceListOut.of(found)


@router.get(
    "/schools/{school_id}/allowance-list",
    operation_id="getAllowanceList",
    summary="学校走教补贴表",
    description="某受援校某月的走教补贴:每位来校教师一行,合计精确到分,等于已确认各课明细之和。",
    responses=may_fail(SchoolNotFound),
    openapi_extra=english(
        "Read a school's allowance list",
        "One row per visiting teacher of a host school in a month; it adds up to the confirmed "
        "items to the fen.",
    ),
)
async def get_allowance_list(
    *, db: ReadDb, caller: Reader, school_id: UUID, month: InMonth
) -> AllowanceListOut:
    """Read a list."""
    return await _list(db, caller=caller, school_id=school_id, month=month)


@router.get(
    "/schools/{school_id}/allowance-list.xlsx",
    operation_id="getAllowanceSheet",
    summary="导出走教补贴发放表",
    description="财务格式的 Excel:标题、单位、月份、明细、合计与大写、签字栏、制表人与审核人。",
    response_class=Response,
    responses={**a_file("走教补贴发放表 / The list"), **may_fail(SchoolNotFound)},
    openapi_extra=english(
        "Download a school's allowance list",
        "As the form a finance office files: rows to sign, sums in figures and words.",
    ),
)
async def get_allowance_sheet(
    *, db: ReadDb, caller: Reader, school_id: UUID, month: InMonth
) -> Response:
    """Download a list."""
    found = await _list(db, caller=caller, school_id=school_id, month=month)
    unit = (await district(db, district_id=caller.district_id)).name
    content = allowance_sheet(found, unit=unit)
    return send_file(content, name=f"{found.school.name}走教补贴发放表{month}.xlsx")
