"""What the district pays: rates, limits, coefficients."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import InvalidValue
from service.workload import rates
from service.workload.problems import (
    CoefficientNotFound,
    CoefficientOverlaps,
    RateNotFound,
    RateOver,
    RateOverlaps,
)
from service.workload.queries import rates as queries
from service.workload.rules import RateKind
from service.workload.schemas.rates import (
    CoefficientIn,
    CoefficientOut,
    EndIn,
    RateIn,
    RateOut,
)
from service.workload.tables import AllowanceRate, LessonCoefficient

router = make_router(tag="allowance-rates")

Reader = Annotated[Caller, needs(Permission.RATE_READ)]
Writer = Annotated[Caller, needs(Permission.RATE_WRITE)]


@router.get(
    "/allowance-rates",
    operation_id="listAllowanceRates",
    summary="补贴标准列表",
    description="本区走教补贴标准:每课时、每走教日、每次往返、每公里、里程段,以及每日与每月封顶,"
    "按生效日期区分。",
    openapi_extra=english(
        "List rates",
        "Per lesson, day, trip, kilometre and distance band, and the limits per day and month, by "
        "date.",
    ),
)
async def list_rates(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    kind: Annotated[RateKind | None, Query(description="仅该类")] = None,
    on: Annotated[date | None, Query(description="仅该日有效的", examples=["2026-10-01"])] = None,
) -> Page[RateOut]:
    """List rates."""
    del caller
    return await paging.answer(
        db,
        queries.rates(kind=kind, on=on),
        sorts={"kind": col(AllowanceRate.kind)},
        default="kind",
        tie=col(AllowanceRate.id),
        out=RateOut.of,
    )


@router.post(
    "/allowance-rates",
    status_code=201,
    operation_id="addAllowanceRate",
    summary="新增补贴标准",
    description="自生效日期起执行。同类标准(里程段标准为同一里程)在同一时间只能有一个,重叠的不予保存。"
    "标准不修改:先为原标准设定失效日期,再新增。",
    responses=may_fail(RateOverlaps, InvalidValue),
    openapi_extra=english(
        "Add a rate",
        "From a day on. Of one kind (and distance) only one holds at a time: overlaps are refused. "
        "Rates are not edited: end one, then add another.",
    ),
)
async def add_rate(*, db: Db, caller: Writer, body: RateIn, tag: NewTag) -> RateOut:
    """Add a rate."""
    row = await rates.add_rate(db, caller=caller, row=body.row(caller.district_id))
    tag(row.version)
    return RateOut.of(row)


@router.get(
    "/allowance-rates/{rate_id}",
    operation_id="getAllowanceRate",
    summary="查看补贴标准",
    description="读取一条补贴标准。",
    responses=may_fail(RateNotFound),
    openapi_extra=english("Read a rate"),
)
async def get_rate(*, db: ReadDb, caller: Reader, rate_id: UUID, tag: Tag) -> RateOut:
    """Read a rate."""
    del caller
    row = await queries.rate(db, rate_id=rate_id)
    tag(row.version)
    return RateOut.of(row)


@router.post(
    "/allowance-rates/{rate_id}:end",
    operation_id="endAllowanceRate",
    summary="补贴标准失效",
    description="设定失效日期(不含)。已结算月份不受影响。",
    responses=may_fail(RateNotFound, RateOver, InvalidValue),
    openapi_extra=english("End a rate", "From a day on. Settled months stay as they are."),
)
async def end_rate(
    *, db: Db, caller: Writer, rate_id: UUID, body: EndIn, expected: IfMatch, tag: NewTag
) -> RateOut:
    """End a rate."""
    row = await rates.end_rate(
        db, caller=caller, rate_id=rate_id, until=body.valid_until, expected=expected
    )
    tag(row.version)
    return RateOut.of(row)


@router.get(
    "/lesson-coefficients",
    operation_id="listLessonCoefficients",
    summary="课时系数列表",
    description="本区按学科、学段折算课时的系数。最具体的优先:学科与学段、仅学科、仅学段、通用;"
    "均无时按 1.00 计。",
    openapi_extra=english(
        "List coefficients",
        "How many lessons a lesson counts, by subject and stage. The most precise decides; without "
        "any a lesson counts one.",
    ),
)
async def list_coefficients(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[CoefficientOut]:
    """List coefficients."""
    del caller
    return await paging.answer(
        db,
        queries.coefficients(),
        sorts={"subject": col(LessonCoefficient.subject)},
        default="subject",
        tie=col(LessonCoefficient.id),
        out=CoefficientOut.of,
    )


@router.post(
    "/lesson-coefficients",
    status_code=201,
    operation_id="addLessonCoefficient",
    summary="新增课时系数",
    description="自生效日期起执行;同一学科学段在同一时间只能有一个系数。",
    responses=may_fail(CoefficientOverlaps),
    openapi_extra=english("Add a coefficient", "From a day on; one per subject and stage."),
)
async def add_coefficient(
    *, db: Db, caller: Writer, body: CoefficientIn, tag: NewTag
) -> CoefficientOut:
    """Add a coefficient."""
    row = await rates.add_coefficient(db, caller=caller, row=body.row(caller.district_id))
    tag(row.version)
    return CoefficientOut.of(row)


@router.get(
    "/lesson-coefficients/{coefficient_id}",
    operation_id="getLessonCoefficient",
    summary="查看课时系数",
    description="读取一条课时系数。",
    responses=may_fail(CoefficientNotFound),
    openapi_extra=english("Read a coefficient"),
)
async def get_coefficient(
    *, db: ReadDb, caller: Reader, coefficient_id: UUID, tag: Tag
) -> CoefficientOut:
    """Read a coefficient."""
    del caller
    row = await queries.coefficient(db, coefficient_id=coefficient_id)
    tag(row.version)
    return CoefficientOut.of(row)


@router.post(
    "/lesson-coefficients/{coefficient_id}:end",
    operation_id="endLessonCoefficient",
    summary="课时系数失效",
    description="设定失效日期(不含)。已结算月份不受影响。",
    responses=may_fail(CoefficientNotFound, RateOver, InvalidValue),
    openapi_extra=english("End a coefficient", "From a day on. Settled months stay as they are."),
)
async def end_coefficient(
    *, db: Db, caller: Writer, coefficient_id: UUID, body: EndIn, expected: IfMatch, tag: NewTag
) -> CoefficientOut:
    """End a coefficient."""
    row = await rates.end_coefficient(
        db, caller=caller, coefficient_id=coefficient_id, until=body.valid_until, expected=expected
    )
    tag(row.version)
    return CoefficientOut.of(row)
