"""Groups from the draft to the end."""

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
    groups,
    queries,
)
from service.network.problems import (
    DistrictDecides,
    EndRefused,
    GroupNameTaken,
    GroupNotConforming,
    GroupNotFound,
    GroupStateRefused,
    UnknownCategory,
)
from service.network.queries import (
    GroupFilter,
)
from service.network.routes.filters import AsOf, NameFilter
from service.network.rules import GroupKind, GroupState
from service.network.schemas import (
    EndIn,
    GroupIn,
    GroupOut,
    GroupPatch,
)
from service.network.tables import (
    Group,
)

router = make_router(tag="groups")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
GroupWriter = Annotated[Caller, needs(Permission.NETWORK_GROUP_WRITE)]


async def _group_filter(
    *,
    q: NameFilter = None,
    kind: Annotated[GroupKind | None, Query(description="集团类型")] = None,
    category: Annotated[str | None, Query(max_length=40, description="集团类别")] = None,
    state: Annotated[GroupState | None, Query(description="状态")] = None,
    school_id: Annotated[UUID | None, Query(description="该校当日所属的集团")] = None,
    as_of: Annotated[
        date | None,
        Query(description="只列这一天存在的集团,状态和成员也按这一天计算;默认今天且不筛选"),
    ] = None,
) -> GroupFilter:
    return GroupFilter(q, kind, category, state, school_id, as_of)


@router.get(
    "/groups",
    operation_id="listGroups",
    summary="集团列表",
    description="列出可见范围内的集团。给出 `as_of` 时只列当日存在的集团。",
    openapi_extra=english(
        "List groups", "The groups within reach; with `as_of`, those that exist on that day."
    ),
)
async def list_groups(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    wanted: Annotated[GroupFilter, Depends(_group_filter)],
) -> Page[GroupOut]:
    """List groups."""
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    return await paging.answer(
        db,
        queries.groups(caller, day=at.day, wanted=wanted),
        sorts={"name": col(Group.name_pinyin), "kind": col(Group.kind)},
        default="name",
        tie=col(Group.id),
        out=GroupOut.of,
    )


@router.get(
    "/groups/{group_id}",
    operation_id="getGroup",
    summary="集团详情",
    description="一个集团的基本信息与当日状态。成员见组成报告。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english("A group", "Its members are in the composition report."),
)
async def get_group(
    *, db: ReadDb, caller: Reader, tag: Tag, group_id: UUID, as_of: AsOf = None
) -> GroupOut:
    """Read a group."""
    group = await queries.visible_group(db, caller=caller, group_id=group_id)
    tag(group.version)
    return await _group_out(db, caller, group, as_of=as_of)


async def _group_out(
    db: AsyncSession, caller: Caller, group: Group, *, as_of: date | None = None
) -> GroupOut:
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    return GroupOut.of((group, queries.present_state(group, day=at.day)))


@router.post(
    "/groups",
    status_code=201,
    operation_id="createGroup",
    summary="新建集团(筹建)",
    description="新建一个筹建中的集团,再以成员变更加入学校,达到“1+1–2+N”后启用。由区级管理员办理。",
    responses=may_fail(DistrictDecides, GroupNameTaken, UnknownCategory),
    openapi_extra=english(
        "Create a group", "In draft; let schools join by a membership change, then activate it."
    ),
)
async def create_group(*, db: Db, caller: GroupWriter, tag: NewTag, body: GroupIn) -> GroupOut:
    """Create a group."""
    group = await groups.create_group(db, caller=caller, new=body)
    tag(group.version)
    return await _group_out(db, caller, group)


@router.patch(
    "/groups/{group_id}",
    operation_id="changeGroup",
    summary="修改集团",
    description="修改名称、类别、校长负责制、成立日期(JSON Merge Patch)。集团类型不可更改。",
    responses=may_fail(GroupNotFound, GroupNameTaken, UnknownCategory, GroupStateRefused),
    openapi_extra=english("Change a group", "JSON merge patch; its kind stays."),
)
async def change_group(
    *,
    db: Db,
    caller: GroupWriter,
    expected: IfMatch,
    tag: NewTag,
    group_id: UUID,
    body: GroupPatch,
) -> GroupOut:
    """Change a group."""
    group = await groups.change_group(
        db,
        caller=caller,
        group_id=group_id,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(group.version)
    return await _group_out(db, caller, group)


@router.post(
    "/groups/{group_id}:activate",
    operation_id="activateGroup",
    summary="启用集团",
    description="筹建集团转为运行。今天须符合“1+1–2+N”:一所牵头学校、一至两所紧密型成员、"
    "若干联盟型成员;此后的成员变更不得使其不达标。由区级管理员办理。",
    responses=may_fail(GroupNotFound, DistrictDecides, GroupStateRefused, GroupNotConforming),
    openapi_extra=english(
        "Activate a group",
        'A draft that is "1 + 1–2 + N" today becomes active and stays conforming.',
    ),
)
async def activate_group(
    *, db: Db, caller: GroupWriter, expected: IfMatch, tag: NewTag, group_id: UUID
) -> GroupOut:
    """Activate a group."""
    group = await groups.activate_group(db, caller=caller, group_id=group_id, expected=expected)
    tag(group.version)
    return await _group_out(db, caller, group)


@router.post(
    "/groups/{group_id}:dissolve",
    operation_id="dissolveGroup",
    summary="撤销集团",
    description="自某日起撤销集团,成员关系与负责人任期于该日结束,历史保留。由区级管理员办理。",
    responses=may_fail(GroupNotFound, DistrictDecides, GroupStateRefused, EndRefused),
    openapi_extra=english(
        "Dissolve a group", "From a day on; memberships and the head's term end there."
    ),
)
async def dissolve_group(
    *, db: Db, caller: GroupWriter, expected: IfMatch, tag: NewTag, group_id: UUID, body: EndIn
) -> GroupOut:
    """Dissolve a group."""
    group = await groups.dissolve_group(
        db, caller=caller, group_id=group_id, expected=expected, ending=body
    )
    tag(group.version)
    return await _group_out(db, caller, group)
