"""Who heads a group."""

from typing import Annotated
from uuid import UUID

from sqlalchemy import Date, func
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
from service.network import (
    groups,
    queries,
)
from service.network.problems import (
    EndRefused,
    GroupHeadNotFound,
    GroupNotFound,
    GroupStateRefused,
    HeadOverlaps,
)
from service.network.routes.filters import AsOf
from service.network.schemas import (
    EndIn,
    HeadIn,
    HeadOut,
)
from service.network.tables import (
    GroupHead,
)

router = make_router(tag="groups")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
HeadWriter = Annotated[Caller, needs(Permission.NETWORK_HEAD_WRITE)]


@router.get(
    "/groups/{group_id}/heads",
    operation_id="listGroupHeads",
    summary="集团负责人任期",
    description="列出集团历任与现任负责人;给出 `as_of` 时只列当日在任者。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english("Heads of a group", "All terms; with `as_of`, who is in office then."),
)
async def list_group_heads(
    *, db: ReadDb, caller: Reader, paging: Paging, group_id: UUID, as_of: AsOf = None
) -> Page[HeadOut]:
    """List a group's heads."""
    group = await queries.visible_group(db, caller=caller, group_id=group_id)
    return await paging.answer(
        db,
        queries.heads(group_id=group.id, on=as_of),
        sorts={"valid_from": func.lower(col(GroupHead.valid), type_=Date())},
        default="-valid_from",
        tie=col(GroupHead.id),
        out=HeadOut.of,
    )


@router.post(
    "/groups/{group_id}/heads",
    status_code=201,
    operation_id="appointGroupHead",
    summary="任命集团负责人",
    description="登记自某日起的集团负责人及遴选依据;在任者任期于该日结束。",
    responses=may_fail(GroupNotFound, HeadOverlaps, GroupStateRefused),
    openapi_extra=english(
        "Name a group's head", "From a day on; whoever headed the group on that day ends there."
    ),
)
async def appoint_group_head(
    *, db: Db, caller: HeadWriter, tag: NewTag, group_id: UUID, body: HeadIn
) -> HeadOut:
    """Name a head."""
    head = await groups.appoint_head(db, caller=caller, group_id=group_id, new=body)
    tag(head.version)
    return HeadOut.of(head)


@router.get(
    "/group-heads/{head_id}",
    operation_id="getGroupHead",
    summary="负责人任期详情",
    description="一位集团负责人的一段任期。",
    responses=may_fail(GroupHeadNotFound),
    openapi_extra=english("A term of office", "Of a group's head."),
)
async def get_group_head(*, db: ReadDb, caller: Reader, tag: Tag, head_id: UUID) -> HeadOut:
    """Read a term of office."""
    head = await queries.visible_head(db, caller=caller, head_id=head_id)
    tag(head.version)
    return HeadOut.of(head)


@router.post(
    "/group-heads/{head_id}:end",
    operation_id="endGroupHead",
    summary="结束负责人任期",
    description="自某日起结束任期。已结束的任期不可改写。",
    responses=may_fail(GroupHeadNotFound, EndRefused),
    openapi_extra=english("End a term of office", "From a day on; what is over is not rewritten."),
)
async def end_group_head(
    *, db: Db, caller: HeadWriter, expected: IfMatch, tag: NewTag, head_id: UUID, body: EndIn
) -> HeadOut:
    """End a term of office."""
    head = await groups.end_head(db, caller=caller, head_id=head_id, expected=expected, ending=body)
    tag(head.version)
    return HeadOut.of(head)
