"""Campuses: where the schools are."""

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
from service.kit.problems import InvalidValue, RelatedNotFound
from service.network import (
    queries,
    schools,
)
from service.network.problems import (
    CampusCodeTaken,
    CampusNotFound,
    MainCampusExists,
)
from service.network.schemas import (
    CampusIn,
    CampusOut,
    CampusPatch,
)
from service.network.tables import (
    Campus,
)

router = make_router(tag="campuses")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
SchoolWriter = Annotated[Caller, needs(Permission.NETWORK_SCHOOL_WRITE)]


@router.get(
    "/campuses",
    operation_id="listCampuses",
    summary="校区列表",
    description="列出可见范围内的校区,可按学校、校区代码或名称、地址查找。",
    openapi_extra=english("List campuses", "Of the schools within reach."),
)
async def list_campuses(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    school_id: Annotated[UUID | None, Query(description="该校的校区")] = None,
    code: Annotated[
        str | None, Query(max_length=40, description="校区代码", examples=["2150900104-1"])
    ] = None,
    q: Annotated[str | None, Query(max_length=80, description="名称或地址的一部分")] = None,
) -> Page[CampusOut]:
    """List campuses."""
    return await paging.answer(
        db,
        queries.campuses(caller, school_id=school_id, code=code, q=q),
        sorts={"code": col(Campus.code), "name": col(Campus.name)},
        default="code",
        tie=col(Campus.id),
        out=CampusOut.of,
    )


@router.get(
    "/campuses/{campus_id}",
    operation_id="getCampus",
    summary="校区详情",
    description="一个校区的地址、校门、坐标(含坐标系)与时区。",
    responses=may_fail(CampusNotFound),
    openapi_extra=english("A campus", "Its address, gate, position with datum, and time zone."),
)
async def get_campus(*, db: ReadDb, caller: Reader, tag: Tag, campus_id: UUID) -> CampusOut:
    """Read a campus."""
    campus = await queries.visible_campus(db, caller=caller, campus_id=campus_id)
    tag(campus.version)
    return CampusOut.of(campus)


@router.post(
    "/campuses",
    status_code=201,
    operation_id="openCampus",
    summary="登记校区",
    description="为学校登记一个校区。校区代码全区唯一,启用后不再改。",
    responses=may_fail(CampusCodeTaken, MainCampusExists, RelatedNotFound),
    openapi_extra=english("Register a campus", "Its code is unique in the district and stays."),
)
async def open_campus(*, db: Db, caller: SchoolWriter, tag: NewTag, body: CampusIn) -> CampusOut:
    """Register a campus."""
    campus = await schools.open_campus(db, caller=caller, new=body)
    tag(campus.version)
    return CampusOut.of(campus)


@router.patch(
    "/campuses/{campus_id}",
    operation_id="changeCampus",
    summary="修改校区",
    description="修改名称、地址、校门、坐标、时区或主校区标记(JSON Merge Patch)。",
    responses=may_fail(CampusNotFound, MainCampusExists, InvalidValue),
    openapi_extra=english("Change a campus", "JSON merge patch."),
)
async def change_campus(
    *,
    db: Db,
    caller: SchoolWriter,
    expected: IfMatch,
    tag: NewTag,
    campus_id: UUID,
    body: CampusPatch,
) -> CampusOut:
    """Change a campus."""
    campus = await schools.change_campus(
        db,
        caller=caller,
        campus_id=campus_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(campus.version)
    return CampusOut.of(campus)
