"""The district and its numbers."""

from typing import Annotated

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.network import (
    districts,
    queries,
)
from service.network.problems import (
    DistrictDecides,
)
from service.network.schemas import (
    DistrictOut,
    DistrictPatch,
)

router = make_router(tag="district")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
SchoolWriter = Annotated[Caller, needs(Permission.NETWORK_SCHOOL_WRITE)]


@router.get(
    "/district",
    operation_id="getDistrict",
    summary="本区信息与参数",
    description="当前账号所在区县的基本信息和自定参数。未设定的参数采用默认值。",
    openapi_extra=english("The district", "One's own district and what it has decided."),
)
async def get_district(*, db: ReadDb, caller: Reader, tag: Tag) -> DistrictOut:
    """Read the district."""
    row = await queries.district(db, district_id=caller.district_id)
    tag(row.version)
    return DistrictOut.of(row)


@router.patch(
    "/district",
    operation_id="changeDistrict",
    summary="修改本区参数",
    description="修改名称、农村学校口径、补录期限、交通时间估算参数等(JSON Merge Patch);"
    "填 null 恢复默认值。修改农村口径后,相关学校随之更新并进入变更流。由区级管理员办理。",
    responses=may_fail(DistrictDecides),
    openapi_extra=english(
        "Change the district's settings",
        "Name, what counts as rural, how far back changes may be entered, how ways are estimated "
        "(JSON merge patch); null brings a default back. Schools that become or cease to be rural "
        "change with it.",
    ),
)
async def change_district(
    *, db: Db, caller: SchoolWriter, expected: IfMatch, tag: NewTag, body: DistrictPatch
) -> DistrictOut:
    """Change the district's settings."""
    row = await districts.change_district(
        db, caller=caller, expected=expected, changes=body.model_dump(exclude_unset=True)
    )
    tag(row.version)
    return DistrictOut.of(row)
