"""Schools, their identifiers and designations."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
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
from service.network import (
    queries,
    schools,
)
from service.network.problems import (
    DesignationNotFound,
    DesignationOverlaps,
    DistrictDecides,
    EndRefused,
    IdentifierTaken,
    SchoolNameTaken,
    SchoolNotFound,
)
from service.network.queries import (
    SchoolFilter,
)
from service.network.routes.filters import AsOf, NameFilter
from service.network.schemas import (
    DesignationIn,
    EndIn,
    IdentifierIn,
    SchoolDetail,
    SchoolIn,
    SchoolOut,
    SchoolPatch,
    SchoolView,
)
from service.network.tables import (
    School,
)

router = make_router(tag="schools")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
SchoolWriter = Annotated[Caller, needs(Permission.NETWORK_SCHOOL_WRITE)]


async def _school_filter(
    *,
    q: NameFilter = None,
    identifier: Annotated[
        str | None,
        Query(max_length=10, description="学校标识码(10 位)", examples=["2150900104"]),
    ] = None,
    type_code: Annotated[
        str | None, Query(max_length=3, description="办学类型代码", examples=["211"])
    ] = None,
    group_id: Annotated[UUID | None, Query(description="当日属于该集团的学校")] = None,
    rural: Annotated[bool | None, Query(description="是否农村学校")] = None,
    weak: Annotated[bool | None, Query(description="当日是否薄弱学校")] = None,
) -> SchoolFilter:
    return SchoolFilter(q, identifier, type_code, group_id, rural, weak)


@router.get(
    "/schools",
    operation_id="listSchools",
    summary="学校列表",
    description="列出可见范围内的学校。`as_of` 决定标识码、薄弱认定和所属集团按哪一天计算。",
    openapi_extra=english(
        "List schools",
        "The schools within reach. `as_of` is the day for identifier, designation and group.",
    ),
)
async def list_schools(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    wanted: Annotated[SchoolFilter, Depends(_school_filter)],
    as_of: AsOf = None,
) -> Page[SchoolOut]:
    """List schools."""
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    return await paging.answer(
        db,
        queries.schools(caller, at=at, wanted=wanted),
        sorts={"name": col(School.name_pinyin), "type_code": col(School.type_code)},
        default="name",
        tie=col(School.id),
        out=lambda row: SchoolOut.of(SchoolView(*row)),
    )


@router.get(
    "/schools/{school_id}",
    operation_id="getSchool",
    summary="学校详情",
    description="一所学校,含历年标识码和历次认定。`as_of` 决定当前值按哪一天计算。",
    responses=may_fail(SchoolNotFound),
    openapi_extra=english("A school", "With all its identifiers and designations."),
)
async def get_school(
    *, db: ReadDb, caller: Reader, tag: Tag, school_id: UUID, as_of: AsOf = None
) -> SchoolDetail:
    """Read a school."""
    found = await _whole_school(db, caller, school_id=school_id, as_of=as_of)
    tag(found.version)
    return found


async def _whole_school(
    db: AsyncSession, caller: Caller, *, school_id: UUID, as_of: date | None = None
) -> SchoolDetail:
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    view = await queries.visible_school(db, caller=caller, school_id=school_id, at=at)
    return SchoolDetail.whole(
        view,
        identifiers=await queries.identifiers_of(db, school_id=school_id),
        designations=await queries.designations_of(db, school_id=school_id),
    )


@router.post(
    "/schools",
    status_code=201,
    operation_id="registerSchool",
    summary="登记学校",
    description="登记一所学校及其首个标识码。由区级管理员办理。",
    responses=may_fail(DistrictDecides, SchoolNameTaken, IdentifierTaken),
    openapi_extra=english("Register a school", "With its first identifier; the district's task."),
)
async def register_school(
    *, db: Db, caller: SchoolWriter, tag: NewTag, body: SchoolIn
) -> SchoolDetail:
    """Register a school."""
    school = await schools.register_school(db, caller=caller, new=body)
    tag(school.version)
    return await _whole_school(db, caller, school_id=school.id)


@router.patch(
    "/schools/{school_id}",
    operation_id="changeSchool",
    summary="修改学校",
    description="修改名称、简称、办学类型、城乡类型。学校管理员只能修改简称,其余由区级管理员办理。",
    responses=may_fail(SchoolNotFound, DistrictDecides, SchoolNameTaken),
    openapi_extra=english(
        "Change a school",
        "A school's own office changes its short name; the rest is the district's.",
    ),
)
async def change_school(
    *,
    db: Db,
    caller: SchoolWriter,
    expected: IfMatch,
    tag: NewTag,
    school_id: UUID,
    body: SchoolPatch,
) -> SchoolDetail:
    """Change a school."""
    school = await schools.change_school(
        db,
        caller=caller,
        school_id=school_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(school.version)
    return await _whole_school(db, caller, school_id=school.id)


@router.post(
    "/schools/{school_id}/identifiers",
    status_code=201,
    operation_id="assignSchoolIdentifier",
    summary="变更学校标识码",
    description="自某日起启用新的标识码,原标识码于该日失效,历史保留。由区级管理员办理。",
    responses=may_fail(SchoolNotFound, DistrictDecides, IdentifierTaken),
    openapi_extra=english(
        "Assign a new identifier", "From a day on; the former one ends there and is kept."
    ),
)
async def assign_school_identifier(
    *,
    db: Db,
    caller: SchoolWriter,
    expected: IfMatch,
    tag: NewTag,
    school_id: UUID,
    body: IdentifierIn,
) -> SchoolDetail:
    """Give a school a new identifier."""
    school = await schools.assign_identifier(
        db,
        caller=caller,
        school_id=school_id,
        expected=expected,
        code=body.code,
        valid_from=body.valid_from,
    )
    tag(school.version)
    return await _whole_school(db, caller, school_id=school.id)


@router.post(
    "/schools/{school_id}/designations",
    status_code=201,
    operation_id="designateSchool",
    summary="认定薄弱学校",
    description="登记一项有起止日期的行政认定。由区级管理员办理。",
    responses=may_fail(SchoolNotFound, DistrictDecides, DesignationOverlaps),
    openapi_extra=english("Designate a school", "An administrative, dated designation."),
)
async def designate_school(
    *,
    db: Db,
    caller: SchoolWriter,
    expected: IfMatch,
    tag: NewTag,
    school_id: UUID,
    body: DesignationIn,
) -> SchoolDetail:
    """Designate a school."""
    school = await schools.designate(
        db, caller=caller, school_id=school_id, expected=expected, new=body
    )
    tag(school.version)
    return await _whole_school(db, caller, school_id=school.id)


@router.post(
    "/designations/{designation_id}:end",
    operation_id="endDesignation",
    summary="结束认定",
    description="自某日起结束一项认定,`If-Match` 用该校的 ETag。已结束的认定不可改写。"
    "由区级管理员办理。",
    responses=may_fail(DesignationNotFound, DistrictDecides, EndRefused),
    openapi_extra=english(
        "End a designation",
        "From a day on; `If-Match` is the school's tag. What is over is not rewritten.",
    ),
)
async def end_designation(
    *,
    db: Db,
    caller: SchoolWriter,
    expected: IfMatch,
    tag: NewTag,
    designation_id: UUID,
    body: EndIn,
) -> SchoolDetail:
    """End a designation."""
    school = await schools.end_designation(
        db, caller=caller, designation_id=designation_id, expected=expected, ending=body
    )
    tag(school.version)
    return await _whole_school(db, caller, school_id=school.id)
