"""Who belongs to a group, on which tier, since when."""

from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import Date, func
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    Page,
    Paging,
    ReadDb,
    english,
    make_router,
    may_fail,
    needs,
)
from service.kit.problems import RelatedNotFound
from service.network import (
    memberships,
    queries,
)
from service.network.problems import (
    AlreadyMember,
    CoreElsewhere,
    GroupNotFound,
    GroupStateRefused,
    LeadTaken,
    MembershipRefused,
    SchoolBeyondReach,
    SeatTaken,
)
from service.network.queries import (
    Composition,
    MembershipFilter,
)
from service.network.routes.filters import AsOf
from service.network.rules import Change, Tier
from service.network.schemas import (
    CompositionOut,
    GroupOut,
    MembershipChangeIn,
    MembershipChangeOut,
    MembershipOut,
    NoticeOut,
)
from service.network.tables import (
    Group,
    Membership,
    School,
)

router = make_router(tag="groups")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
MemberChanger = Annotated[Caller, needs(Permission.NETWORK_MEMBERSHIP_CHANGE)]


@router.get(
    "/groups/{group_id}/composition",
    operation_id="getComposition",
    summary="集团组成报告",
    description="集团在某一天的组成:牵头、紧密型、联盟型成员,是否符合“1+1–2+N”,以及需要关注的问题。"
    "不达标的集团如实列出,不会被拒绝。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english(
        "What a group is made of",
        "Its members by tier on a day, whether it conforms, and what should be looked at. A group "
        "that does not conform is reported, never hidden.",
    ),
)
async def get_composition(
    *, db: ReadDb, caller: Reader, group_id: UUID, as_of: AsOf = None
) -> CompositionOut:
    """Report on a group's composition."""
    group = await queries.visible_group(db, caller=caller, group_id=group_id)
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    found = await queries.composition(db, group=group, at=at)
    leads = found.of_tier(Tier.LEAD)
    return CompositionOut(
        group=GroupOut.of((group, found.state)),
        as_of=at.day,
        conforming=found.conforming,
        lead=MembershipOut.of(leads[0]) if leads else None,
        close=[MembershipOut.of(one) for one in found.of_tier(Tier.CLOSE)],
        alliance=[MembershipOut.of(one) for one in found.of_tier(Tier.ALLIANCE)],
        head=found.head,
        charter_number=found.charter_number,
        rural_schools=found.rural_schools,
        weak_schools=found.weak_schools,
        warnings=_notices(found),
    )


def _notices(found: Composition) -> list[NoticeOut]:
    return [NoticeOut.of(notice) for notice in found.notices]


async def _membership_filter(
    *,
    as_of: AsOf = None,
    history: Annotated[bool, Query(description="列出全部历史与计划,不看 as_of")] = False,
    group_id: Annotated[UUID | None, Query(description="该集团的成员")] = None,
    school_id: Annotated[UUID | None, Query(description="该校的成员关系")] = None,
    tier: Annotated[Tier | None, Query(description="层级")] = None,
) -> MembershipFilter:
    return MembershipFilter(as_of, history, group_id, school_id, tier)


@router.get(
    "/memberships",
    operation_id="listMemberships",
    summary="成员关系列表",
    description="列出可见集团和学校在某一天的成员关系。`history=true` 列出全部历史和已计划的变更。",
    openapi_extra=english(
        "List memberships", "On a day; with `history=true` all of the past and what is planned."
    ),
)
async def list_memberships(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    wanted: Annotated[MembershipFilter, Depends(_membership_filter)],
) -> Page[MembershipOut]:
    """List memberships."""
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    return await paging.answer(
        db,
        queries.memberships(caller, day=at.day, wanted=wanted),
        sorts={
            "group": col(Group.name_pinyin),
            "school": col(School.name_pinyin),
            "valid_from": func.lower(col(Membership.valid), type_=Date()),
        },
        default="group,valid_from,school",
        tie=col(Membership.id),
        out=MembershipOut.of,
    )


@router.post(
    "/groups/{group_id}/membership-changes",
    status_code=201,
    operation_id="changeMembers",
    summary="变更集团成员",
    description="一次有生效日期的成员变更:若干学校同日加入、退出或调整层级,整体成立或整体拒绝,"
    "拒绝时逐项说明原因。历史不改写:生效日前的查询结果不变。运行中且已达标的集团变更后仍须达标;"
    "尚未达标的集团可分步调整,`conforming=true` 表示声明变更后达标。"
    "先加 `?validate_only=true` 可预览结果。"
    "集团管理员只能调整或退出本集团学校,吸收新学校由区级办理。",
    responses=may_fail(
        GroupNotFound,
        SchoolBeyondReach,
        RelatedNotFound,
        GroupStateRefused,
        MembershipRefused,
        CoreElsewhere,
        LeadTaken,
        SeatTaken,
        AlreadyMember,
    ),
    openapi_extra=english(
        "Change a group's members",
        "A dated change: schools join, leave or change tier on one day, all of it or nothing; a "
        "refusal names every reason. History is not rewritten. An active, conforming group still "
        "conforms afterwards; one that does not conform may change step by step, and "
        "`conforming=true` claims that it does then. `?validate_only=true` shows what would come. "
        "Only the district lets a school from outside join.",
    ),
)
async def change_members(
    *, db: Db, caller: MemberChanger, group_id: UUID, body: MembershipChangeIn
) -> MembershipChangeOut:
    """Change a group's members."""
    change = Change(body.effective_on, [step.step for step in body.steps], body.conforming)
    done = await memberships.change_members(
        db, caller=caller, group_id=group_id, change=change, reason=body.reason
    )
    rows = [*done.ended, *done.withdrawn, *done.started]
    names = await queries.school_names(db, ids={row.school_id for row in rows})

    def named(some: Iterable[Membership]) -> list[MembershipOut]:
        group_name = done.composition.group.name
        return [MembershipOut.of((row, group_name, names[row.school_id])) for row in some]

    return MembershipChangeOut(
        group_id=group_id,
        effective_on=body.effective_on,
        assignments_beyond=done.left.assignments,
        lessons_beyond=done.left.lessons,
        ended=named(done.ended),
        withdrawn=named(done.withdrawn),
        started=named(done.started),
        conforming=done.composition.conforming,
        warnings=_notices(done.composition),
    )
