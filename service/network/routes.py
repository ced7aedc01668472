"""The network over HTTP: the district, schools, campuses, groups, charters, codes, tasks."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from sqlalchemy import Date, func
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
from service.kit.problems import InvalidValue, RelatedNotFound
from service.network import (
    charters,
    codelists,
    districts,
    groups,
    memberships,
    queries,
    schools,
    tasks,
)
from service.network.problems import (
    AlreadyMember,
    CampusCodeTaken,
    CampusNotFound,
    CharterNotFound,
    CharterNotInOrder,
    CharterSigned,
    CharterStateRefused,
    CodeListNotFound,
    CodeTaken,
    CoreElsewhere,
    DesignationNotFound,
    DesignationOverlaps,
    DistrictDecides,
    EndRefused,
    GroupHeadNotFound,
    GroupNameTaken,
    GroupNotConforming,
    GroupNotFound,
    GroupStateRefused,
    HeadOverlaps,
    IdentifierTaken,
    LeadTaken,
    MainCampusExists,
    MembershipRefused,
    NationalCodeFixed,
    SchoolBeyondReach,
    SchoolNameTaken,
    SchoolNotFound,
    SeatTaken,
    SignaturesMissing,
    SignerNotMember,
    TaskClosed,
    TaskNotFound,
    UnknownCategory,
)
from service.network.queries import (
    Composition,
    GroupFilter,
    MembershipFilter,
    SchoolFilter,
    TaskFilter,
)
from service.network.rules import Change, GroupKind, GroupState, TaskState, Tier
from service.network.schemas import (
    CampusIn,
    CampusOut,
    CampusPatch,
    CharterDetail,
    CharterIn,
    CharterOut,
    CodeIn,
    CodeListOut,
    CodeListsOut,
    CodeOut,
    CodePatch,
    CompositionOut,
    DesignationIn,
    DistrictOut,
    DistrictPatch,
    EndIn,
    EnforceIn,
    GroupIn,
    GroupOut,
    GroupPatch,
    HeadIn,
    HeadOut,
    IdentifierIn,
    MembershipChangeIn,
    MembershipChangeOut,
    MembershipOut,
    NoticeOut,
    SchoolDetail,
    SchoolIn,
    SchoolOut,
    SchoolPatch,
    SchoolView,
    SignIn,
    TaskClose,
    TaskOut,
)
from service.network.tables import (
    Campus,
    Charter,
    Group,
    GroupHead,
    Membership,
    School,
    Task,
)

district_routes = make_router(tag="district")
school_routes = make_router(tag="schools")
campus_routes = make_router(tag="campuses")
group_routes = make_router(tag="groups")
charter_routes = make_router(tag="charters")
code_routes = make_router(tag="code-lists")
task_routes = make_router(tag="tasks")
routers = [
    district_routes,
    school_routes,
    campus_routes,
    group_routes,
    charter_routes,
    code_routes,
    task_routes,
]

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
SchoolWriter = Annotated[Caller, needs(Permission.NETWORK_SCHOOL_WRITE)]
GroupWriter = Annotated[Caller, needs(Permission.NETWORK_GROUP_WRITE)]
MemberChanger = Annotated[Caller, needs(Permission.NETWORK_MEMBERSHIP_CHANGE)]
HeadWriter = Annotated[Caller, needs(Permission.NETWORK_HEAD_WRITE)]
CharterWriter = Annotated[Caller, needs(Permission.NETWORK_CHARTER_WRITE)]
CharterSigner = Annotated[Caller, needs(Permission.NETWORK_CHARTER_SIGN)]
CodeReader = Annotated[Caller, needs(Permission.CODE_LIST_READ)]
CodeWriter = Annotated[Caller, needs(Permission.CODE_LIST_WRITE)]
TaskReader = Annotated[Caller, needs(Permission.TASK_READ)]
TaskWriter = Annotated[Caller, needs(Permission.TASK_WRITE)]

AsOf = Annotated[
    date | None, Query(description="按这一天的情况查询,默认今天", examples=["2026-09-01"])
]
NameFilter = Annotated[
    str | None, Query(max_length=80, description="名称或拼音的一部分", examples=["江湾"])
]
ListName = Annotated[str, Path(max_length=40, description="代码表", examples=["group_category"])]


# District


@district_routes.get(
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


@district_routes.patch(
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


# Schools


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


@school_routes.get(
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


@school_routes.get(
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


@school_routes.post(
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


@school_routes.patch(
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


@school_routes.post(
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


@school_routes.post(
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


@school_routes.post(
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


# Campuses


@campus_routes.get(
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


@campus_routes.get(
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


@campus_routes.post(
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


@campus_routes.patch(
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


# Groups


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


@group_routes.get(
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


@group_routes.get(
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


@group_routes.post(
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


@group_routes.patch(
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


@group_routes.post(
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


@group_routes.post(
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


# Members


@group_routes.get(
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


@group_routes.get(
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


@group_routes.post(
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
        ended=named(done.ended),
        withdrawn=named(done.withdrawn),
        started=named(done.started),
        conforming=done.composition.conforming,
        warnings=_notices(done.composition),
    )


# Heads


@group_routes.get(
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


@group_routes.post(
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


@group_routes.get(
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


@group_routes.post(
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


# Charters


@charter_routes.get(
    "/groups/{group_id}/charters",
    operation_id="listCharters",
    summary="集团章程各版本",
    description="列出集团章程的各个版本,新的在前;状态按 `as_of` 当日计算。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english("Versions of a charter", "The newest first, with their state on a day."),
)
async def list_charters(
    *, db: ReadDb, caller: Reader, paging: Paging, group_id: UUID, as_of: AsOf = None
) -> Page[CharterOut]:
    """List a group's charters."""
    group = await queries.visible_group(db, caller=caller, group_id=group_id)
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    number = await queries.charter_in_force(db, group_id=group.id, day=at.day)
    return await paging.answer(
        db,
        queries.charters(group_id=group.id),
        sorts={"number": col(Charter.number)},
        default="-number",
        tie=col(Charter.id),
        out=lambda row: CharterOut.of(row, in_force=number),
    )


@charter_routes.get(
    "/charters/{charter_id}",
    operation_id="getCharter",
    summary="章程详情",
    description="一个章程版本的全部条款与签署情况。",
    responses=may_fail(CharterNotFound),
    openapi_extra=english("A charter", "With its clauses and signatures."),
)
async def get_charter(
    *, db: ReadDb, caller: Reader, tag: Tag, charter_id: UUID, as_of: AsOf = None
) -> CharterDetail:
    """Read a charter."""
    charter = await queries.visible_charter(db, caller=caller, charter_id=charter_id)
    tag(charter.version)
    return await _whole_charter(db, caller, charter, as_of=as_of)


async def _whole_charter(
    db: AsyncSession, caller: Caller, charter: Charter, *, as_of: date | None = None
) -> CharterDetail:
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    return CharterDetail.whole(
        charter,
        in_force=await queries.charter_in_force(db, group_id=charter.group_id, day=at.day),
        clauses=await queries.clauses_of(db, charter_id=charter.id),
        signatures=await queries.signatures_of(db, charter_id=charter.id),
    )


@charter_routes.post(
    "/groups/{group_id}/charters",
    status_code=201,
    operation_id="draftCharter",
    summary="起草章程",
    description="起草集团章程的下一个版本,条款按层级写明权利与义务。",
    responses=may_fail(GroupNotFound, GroupStateRefused),
    openapi_extra=english("Draft a charter", "The next version; clauses give rights and duties."),
)
async def draft_charter(
    *, db: Db, caller: CharterWriter, tag: NewTag, group_id: UUID, body: CharterIn
) -> CharterDetail:
    """Draft a charter."""
    charter = await charters.draft_charter(db, caller=caller, group_id=group_id, new=body)
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@charter_routes.put(
    "/charters/{charter_id}",
    operation_id="rewriteCharter",
    summary="改写章程草案",
    description="以新的标题与条款整体替换草案。进入签署后不可再改,须另起新版本。",
    responses=may_fail(CharterNotFound, CharterStateRefused),
    openapi_extra=english("Rewrite a draft", "Its whole text; after that, write a new version."),
)
async def rewrite_charter(
    *,
    db: Db,
    caller: CharterWriter,
    expected: IfMatch,
    tag: NewTag,
    charter_id: UUID,
    body: CharterIn,
) -> CharterDetail:
    """Rewrite a draft."""
    charter = await charters.rewrite_charter(
        db, caller=caller, charter_id=charter_id, expected=expected, new=body
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@charter_routes.post(
    "/charters/{charter_id}:open",
    operation_id="openCharter",
    summary="章程交付签署",
    description="草案定稿,由各成员校签署。",
    responses=may_fail(CharterNotFound, CharterStateRefused),
    openapi_extra=english("Open a charter for signatures", "Its text is closed from here on."),
)
async def open_charter(
    *, db: Db, caller: CharterWriter, expected: IfMatch, tag: NewTag, charter_id: UUID
) -> CharterDetail:
    """Open a charter for signatures."""
    charter = await charters.open_signing(
        db, caller=caller, charter_id=charter_id, expected=expected
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@charter_routes.post(
    "/charters/{charter_id}:sign",
    operation_id="signCharter",
    summary="签署章程",
    description="成员校签署章程。只能为本校签署,且本校今天须为集团成员。",
    responses=may_fail(CharterNotFound, CharterStateRefused, SignerNotMember, CharterSigned),
    openapi_extra=english("Sign a charter", "For one's own school, which is a member today."),
)
async def sign_charter(
    *, db: Db, caller: CharterSigner, expected: IfMatch, tag: NewTag, charter_id: UUID, body: SignIn
) -> CharterDetail:
    """Sign a charter."""
    charter = await charters.sign_charter(
        db, caller=caller, charter_id=charter_id, expected=expected, new=body
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@charter_routes.post(
    "/charters/{charter_id}:enforce",
    operation_id="enforceCharter",
    summary="章程生效",
    description="自某日起生效。生效日的全体成员校须已签署;前一版本自该日被替代。",
    responses=may_fail(CharterNotFound, CharterStateRefused, SignaturesMissing, CharterNotInOrder),
    openapi_extra=english(
        "Bring a charter into force",
        "From a day on; every school that is a member then has signed. Its predecessor ends there.",
    ),
)
async def enforce_charter(
    *,
    db: Db,
    caller: CharterWriter,
    expected: IfMatch,
    tag: NewTag,
    charter_id: UUID,
    body: EnforceIn,
) -> CharterDetail:
    """Bring a charter into force."""
    charter = await charters.enforce_charter(
        db,
        caller=caller,
        charter_id=charter_id,
        expected=expected,
        effective_from=body.effective_from,
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


# Code lists


async def _code_place(
    *, name: ListName, code: Annotated[str, Path(max_length=40, examples=["a"])]
) -> tuple[str, str]:
    return name, code


@code_routes.get(
    "/code-lists",
    operation_id="listCodeLists",
    summary="全部代码表",
    description="国家代码(办学类型、城乡类型、学段、学科等)与本区自定代码(集团类别、导师角色、地方课程)。",
    openapi_extra=english("All code lists", "National lists and the district's own."),
)
async def list_code_lists(*, db: ReadDb, caller: CodeReader) -> CodeListsOut:
    """List every code list."""
    return CodeListsOut(items=list(await queries.code_lists(db, district_id=caller.district_id)))


@code_routes.get(
    "/code-lists/{name}",
    operation_id="getCodeList",
    summary="一个代码表",
    description="一个代码表的全部代码,含已停用的。",
    responses=may_fail(CodeListNotFound),
    openapi_extra=english("A code list", "All its codes, those no longer in use included."),
)
async def get_code_list(*, db: ReadDb, caller: CodeReader, name: ListName) -> CodeListOut:
    """Read a code list."""
    return await queries.code_list(db, district_id=caller.district_id, name=name)


@code_routes.post(
    "/code-lists/{name}/items",
    status_code=201,
    operation_id="addCode",
    summary="新增本区代码",
    description="在本区自定的代码表中新增一项。国家代码不可增改。",
    responses=may_fail(CodeListNotFound, NationalCodeFixed, CodeTaken),
    openapi_extra=english("Add a code", "To one of the district's own lists."),
)
async def add_code(
    *, db: Db, caller: CodeWriter, tag: NewTag, name: ListName, body: CodeIn
) -> CodeOut:
    """Add a code."""
    item = await codelists.add_code(db, caller=caller, name=name, new=body)
    tag(item.version)
    return CodeOut.of(item)


@code_routes.patch(
    "/code-lists/{name}/items/{code}",
    operation_id="changeCode",
    summary="修改本区代码",
    description="修改名称、排序或停用(JSON Merge Patch)。代码本身不改;"
    "`If-Match` 用该项的 version。",
    responses=may_fail(CodeListNotFound, NationalCodeFixed),
    openapi_extra=english(
        "Change a code", "Its words, rank, or whether it is in use. `If-Match` is its version."
    ),
)
async def change_code(
    *,
    db: Db,
    caller: CodeWriter,
    expected: IfMatch,
    tag: NewTag,
    place: Annotated[tuple[str, str], Depends(_code_place)],
    body: CodePatch,
) -> CodeOut:
    """Change a code."""
    item = await codelists.change_code(
        db,
        caller=caller,
        place=place,
        expected=expected,
        changes=body.model_dump(exclude_unset=True),
    )
    tag(item.version)
    return CodeOut.of(item)


# Tasks


async def _task_filter(
    *,
    state: Annotated[TaskState | None, Query(description="open 待办,done 已办")] = None,
    kind: Annotated[str | None, Query(max_length=60, description="待办类型代码")] = None,
    owner_id: Annotated[UUID | None, Query(description="由该学校或集团办理的")] = None,
    subject_id: Annotated[UUID | None, Query(description="关于该对象的")] = None,
    due_until: Annotated[date | None, Query(description="期限不晚于")] = None,
    as_of: Annotated[date | None, Query(description="只列当日尚未办结的待办")] = None,
) -> TaskFilter:
    return TaskFilter(state, kind, owner_id, subject_id, due_until, as_of)


@task_routes.get(
    "/tasks",
    operation_id="listTasks",
    summary="待办列表",
    description="列出由可见学校、集团或本区办理的待办,新的在前。",
    openapi_extra=english("List tasks", "What waits for the offices within reach."),
)
async def list_tasks(
    *,
    db: ReadDb,
    caller: TaskReader,
    paging: Paging,
    wanted: Annotated[TaskFilter, Depends(_task_filter)],
) -> Page[TaskOut]:
    """List tasks."""
    return await paging.answer(
        db,
        queries.tasks(caller, wanted=wanted),
        sorts={"opened_at": col(Task.opened_at), "kind": col(Task.kind)},
        default="-opened_at",
        tie=col(Task.id),
        out=TaskOut.of,
    )


@task_routes.get(
    "/tasks/{task_id}",
    operation_id="getTask",
    summary="待办详情",
    description="一项待办:关于什么、由谁办理、何时到期。",
    responses=may_fail(TaskNotFound),
    openapi_extra=english("A task", "What it is about, whose it is, when it is due."),
)
async def get_task(*, db: ReadDb, caller: TaskReader, tag: Tag, task_id: UUID) -> TaskOut:
    """Read a task."""
    task = await queries.visible_task(db, caller=caller, task_id=task_id)
    tag(task.version)
    return TaskOut.of(task)


@task_routes.post(
    "/tasks/{task_id}:close",
    operation_id="closeTask",
    summary="办结待办",
    description="说明处理结果并办结。",
    responses=may_fail(TaskNotFound, TaskClosed),
    openapi_extra=english("Close a task", "And say what was done."),
)
async def close_task(
    *, db: Db, caller: TaskWriter, expected: IfMatch, tag: NewTag, task_id: UUID, body: TaskClose
) -> TaskOut:
    """Close a task."""
    task = await tasks.close_task(
        db, caller=caller, task_id=task_id, expected=expected, reason=body.reason
    )
    tag(task.version)
    return TaskOut.of(task)
