"""Pairings and their life; mentees and what they still need; mentors and their places."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import func
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
from service.kit.problems import RelatedNotFound
from service.mentoring import actions, queries
from service.mentoring.actions import Ending, NewPairing, Replacement
from service.mentoring.problems import (
    AgreementUnsigned,
    EndUnfit,
    MenteeNotFound,
    MentorFull,
    MentorUnfit,
    NotOneOfTheTwo,
    PairedAlready,
    PairingNotBegun,
    PairingNotFound,
    PairingStateUnfit,
    ReplacementPending,
    RoleTaken,
    SameMentor,
    SelfMentoring,
    UnknownRole,
)
from service.mentoring.queries import MenteeFilter, PairingFilter
from service.mentoring.rules import PairingState
from service.mentoring.schemas import (
    DeclineIn,
    EndIn,
    MenteeOut,
    MenteeReport,
    MentorOut,
    PairingIn,
    PairingOut,
    PairingPatch,
    ReplaceIn,
)
from service.mentoring.tables import Pairing
from service.network.queries import standpoint

pairing_router = make_router(tag="pairings")
people = make_router(tag="mentees")
routers = [pairing_router, people]

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Writer = Annotated[Caller, needs(Permission.MENTORING_WRITE)]
Answerer = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]
AsOf = Annotated[date | None, Query(description="按这一天的情况;空表示今天")]
SchoolFilter = Annotated[UUID | None, Query(description="仅当日在该校任职的")]
GroupFilter = Annotated[UUID | None, Query(description="仅当日在该集团成员校任职的")]


# Pairings


@dataclass(frozen=True, slots=True)
class PairingQuery:
    """Which pairings are asked for."""

    teacher_id: Annotated[UUID | None, Query(description="导师或徒弟是该教师")] = None
    mentor_id: Annotated[UUID | None, Query(description="导师是该教师")] = None
    mentee_id: Annotated[UUID | None, Query(description="徒弟是该教师")] = None
    school_id: Annotated[UUID | None, Query(description="导师或徒弟当日在该校任职")] = None
    role: Annotated[
        str | None, Query(max_length=40, description="导师角色,见代码表 mentor_role")
    ] = None
    state: Annotated[
        PairingState | None,
        Query(
            description="proposed 待答复,accepted 已同意,signed 已签协议,"
            "active 进行中,ended 已结束(含期满)"
        ),
    ] = None
    as_of: Annotated[
        date | None, Query(description="仅起止日期包含这一天的;状态与学校也按这一天")
    ] = None

    @property
    def filter(self) -> PairingFilter:
        """As the query takes it."""
        return PairingFilter(
            teacher_id=self.teacher_id,
            mentor_id=self.mentor_id,
            mentee_id=self.mentee_id,
            school_id=self.school_id,
            role=self.role,
            state=self.state,
            on=self.as_of,
        )


@pairing_router.get(
    "/pairings",
    operation_id="listPairings",
    summary="师徒结对列表",
    description="列出您可见的师徒结对:导师或徒弟之一在您的管理范围内,或就是您本人。"
    "可按教师、学校、角色、状态与日期筛选。",
    openapi_extra=english(
        "List pairings",
        "The pairings in which you reach one of the two, or are one of them; by teacher, school, "
        "role, state or day.",
    ),
)
async def list_pairings(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[PairingQuery, Depends()]
) -> Page[PairingOut]:
    """List pairings."""
    at = await standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    return await paging.answer(
        db,
        queries.pairings(caller, day=at.day, wanted=wanted.filter),
        sorts={"valid_from": func.lower(col(Pairing.valid)), "role": col(Pairing.role)},
        default="-valid_from",
        tie=col(Pairing.id),
        out=_shown_on(at.day),
    )


def _shown_on(day: date) -> Callable[[Any], PairingOut]:
    return lambda row: PairingOut.of(row, day=day)


@pairing_router.post(
    "/pairings",
    status_code=201,
    operation_id="proposePairing",
    summary="提议师徒结对",
    description="由徒弟所在学校、集团或区级提议,导师与徒弟须双方接受。导师须与徒弟有相同的学段学科,"
    "有骨干称号或达到本区要求的教龄(默认 5 年),且结对期间在职;校内导师须与徒弟同校。"
    "导师名额默认 3 人(本区可调整),提议即占用名额,多人同时争取最后一个名额时只有一人成功。"
    "双导师要求(两人、两种角色、农村或薄弱学校的徒弟至少一位外校导师)不在此拒绝,见徒弟报告。",
    responses=may_fail(
        RelatedNotFound, SelfMentoring, UnknownRole, MentorUnfit, MentorFull, PairedAlready
    ),
    openapi_extra=english(
        "Propose a pairing",
        "The mentee's school, group or district proposes; mentor and mentee both have to accept. "
        "The mentor shares a subject at a stage with the mentee, has an honour or the years the "
        "district asks for (5 by default) and stays all the time; an in-school mentor is from the "
        "same school. A mentor has 3 places unless the district says otherwise; a proposal holds "
        "one, and of those who reach for the last one exactly one gets it. The dual rule is not "
        "judged here but reported per mentee.",
    ),
)
async def propose_pairing(*, db: Db, caller: Writer, body: PairingIn, tag: NewTag) -> PairingOut:
    """Propose a pairing."""
    new = NewPairing(
        mentor_id=body.mentor_id,
        mentee_id=body.mentee_id,
        role=body.role,
        valid=(body.valid_from, body.valid_until),
        goals=body.goals,
    )
    pairing = await actions.propose(db, caller=caller, new=new)
    return await _answer(db, pairing, tag=tag)


async def _answer(db: Db, pairing: Pairing, *, tag: NewTag) -> PairingOut:
    tag(pairing.version)
    at = await standpoint(db, district_id=pairing.district_id)
    return await queries.shown(db, pairing_id=pairing.id, at=at)


@pairing_router.get(
    "/pairings/{pairing_id}",
    operation_id="getPairing",
    summary="查看师徒结对",
    description="读取一个师徒结对;学校按今天的任职情况。",
    responses=may_fail(PairingNotFound),
    openapi_extra=english("Read a pairing", "One pairing, with the schools of today."),
)
async def get_pairing(*, db: ReadDb, caller: Reader, pairing_id: UUID, tag: Tag) -> PairingOut:
    """Read a pairing."""
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.visible_row(db, caller=caller, pairing_id=pairing_id, day=at.day)
    tag(row[0].version)
    return PairingOut.of(row, day=at.day)


@pairing_router.patch(
    "/pairings/{pairing_id}",
    operation_id="changePairing",
    summary="修改师徒结对",
    description="修改培养目标或结束日期(JSON Merge Patch,未给出的字段不变)。"
    "导师、徒弟与角色不能修改;更换导师请用 :replace。延长须导师有名额;正在更换导师时结束日期不变。",
    responses=may_fail(
        PairingNotFound, PairingStateUnfit, EndUnfit, MentorFull, RoleTaken, ReplacementPending
    ),
    openapi_extra=english(
        "Change a pairing",
        "Its goals or its last day (JSON Merge Patch: what is left out stays). The two and the "
        "role stay: to replace a mentor, use :replace. A longer one needs a place of the mentor; "
        "while somebody else is to take over, the last day stays.",
    ),
)
async def change_pairing(
    *,
    db: Db,
    caller: Writer,
    pairing_id: UUID,
    body: PairingPatch,
    expected: IfMatch,
    tag: NewTag,
) -> PairingOut:
    """Change a pairing."""
    pairing = await actions.change(
        db,
        caller=caller,
        pairing_id=pairing_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    return await _answer(db, pairing, tag=tag)


@pairing_router.post(
    "/pairings/{pairing_id}:accept",
    operation_id="acceptPairing",
    summary="接受结对",
    description="导师或徒弟本人接受提议;双方都接受后结对变为“已同意”。重复接受不产生变化。",
    responses=may_fail(PairingNotFound, NotOneOfTheTwo, PairingStateUnfit),
    openapi_extra=english(
        "Accept a pairing",
        "The mentor or the mentee agrees, from their own account; when both have, the pairing is "
        "accepted. To agree again changes nothing.",
    ),
)
async def accept_pairing(
    *, db: Db, caller: Answerer, pairing_id: UUID, expected: IfMatch, tag: NewTag
) -> PairingOut:
    """Accept a pairing."""
    pairing = await actions.answer(
        db, caller=caller, pairing_id=pairing_id, yes=True, expected=expected
    )
    return await _answer(db, pairing, tag=tag)


@pairing_router.post(
    "/pairings/{pairing_id}:decline",
    operation_id="declinePairing",
    summary="谢绝结对",
    description="导师或徒弟本人谢绝提议,或在启动前收回同意;结对随即以“撤回”结束,名额释放。",
    responses=may_fail(PairingNotFound, NotOneOfTheTwo, PairingStateUnfit),
    openapi_extra=english(
        "Decline a pairing",
        "The mentor or the mentee says no, or takes a yes back before it begins. The pairing ends "
        "as withdrawn and its place is free.",
    ),
)
async def decline_pairing(
    *,
    db: Db,
    caller: Answerer,
    pairing_id: UUID,
    body: DeclineIn,
    expected: IfMatch,
    tag: NewTag,
) -> PairingOut:
    """Decline a pairing."""
    pairing = await actions.answer(
        db, caller=caller, pairing_id=pairing_id, yes=False, note=body.note, expected=expected
    )
    return await _answer(db, pairing, tag=tag)


@pairing_router.post(
    "/pairings/{pairing_id}:activate",
    operation_id="activatePairing",
    summary="启动结对",
    description="双方同意后,自开始日期当天起启动;帮扶项目要求签署协议的,须双方先签署。"
    "同一徒弟同一角色同一时间只有一位在带导师。"
    "接任的结对自启动当天开始,原结对同日以“更换导师”结束,中间不间断。",
    responses=may_fail(
        PairingNotFound, PairingStateUnfit, AgreementUnsigned, PairingNotBegun, RoleTaken
    ),
    openapi_extra=english(
        "Activate a pairing",
        "Begins it once both have accepted (and signed, where the programme asks for it), from "
        "its first day on. A mentee has one active mentor per role at a time. One that replaces "
        "another begins today, and the other ends today.",
    ),
)
async def activate_pairing(
    *, db: Db, caller: Writer, pairing_id: UUID, expected: IfMatch, tag: NewTag
) -> PairingOut:
    """Activate a pairing."""
    pairing = await actions.activate(db, caller=caller, pairing_id=pairing_id, expected=expected)
    return await _answer(db, pairing, tag=tag)


@pairing_router.post(
    "/pairings/{pairing_id}:replace",
    status_code=201,
    operation_id="replaceMentor",
    summary="更换导师",
    description="为进行中的结对提议接任的导师,角色与结束日期不变。接任者与徒弟接受后启动,"
    "启动当天原结对以“更换导师”结束:徒弟不会有一天没有导师。接任者谢绝时原结对不受影响。"
    "返回接任的结对。",
    responses=may_fail(
        PairingNotFound,
        PairingStateUnfit,
        EndUnfit,
        RelatedNotFound,
        SelfMentoring,
        SameMentor,
        MentorUnfit,
        MentorFull,
        PairedAlready,
        ReplacementPending,
    ),
    openapi_extra=english(
        "Replace the mentor",
        "Proposes another mentor for an active pairing, in the same role and up to the same day. "
        "When the two have accepted and it is activated, the former pairing ends on that very "
        "day: no gap. If the new mentor declines, nothing has changed. Answers with the pairing "
        "that is to follow.",
    ),
)
async def replace_mentor(
    *,
    db: Db,
    caller: Writer,
    pairing_id: UUID,
    body: ReplaceIn,
    expected: IfMatch,
    tag: NewTag,
) -> PairingOut:
    """Replace the mentor."""
    successor = await actions.replace(
        db,
        caller=caller,
        pairing_id=pairing_id,
        new=Replacement(body.mentor_id, body.on, body.note),
        expected=expected,
    )
    return await _answer(db, successor, tag=tag)


@pairing_router.post(
    "/pairings/{pairing_id}:end",
    operation_id="endPairing",
    summary="结束结对",
    description="结束进行中的结对(默认今天为最后一天),或撤回尚未启动的结对。"
    "已发生的日期保留在案;导师离校等待办随之关闭。",
    responses=may_fail(PairingNotFound, PairingStateUnfit, EndUnfit),
    openapi_extra=english(
        "End a pairing",
        "Ends an active pairing (today is its last day by default) or takes back one that has not "
        "begun. The days that were stay on record, and tasks about it are closed.",
    ),
)
async def end_pairing(
    *, db: Db, caller: Writer, pairing_id: UUID, body: EndIn, expected: IfMatch, tag: NewTag
) -> PairingOut:
    """End a pairing."""
    ending = Ending(body.reason, body.on, body.note)
    pairing = await actions.end(
        db, caller=caller, pairing_id=pairing_id, ending=ending, expected=expected
    )
    return await _answer(db, pairing, tag=tag)


# Mentees and mentors


@dataclass(frozen=True, slots=True)
class MenteeQuery:
    """Which mentees are asked for."""

    school_id: SchoolFilter = None
    group_id: GroupFilter = None
    met: Annotated[bool | None, Query(description="false 仅未落实双导师的,true 仅已落实的")] = None
    as_of: AsOf = None


@people.get(
    "/mentees",
    operation_id="listMentees",
    summary="徒弟与双导师落实情况",
    description="列出当日已有或拟有导师的徒弟,逐人说明是否满足双导师要求:两位不同的导师、两种不同的角色,"
    "农村或薄弱学校的徒弟至少一位外校导师。未满足的只报告、不阻止。"
    "`met=false` 只看未落实的;可按学校、集团筛选。",
    openapi_extra=english(
        "Mentees and the dual rule",
        "Everybody who has or is to have a mentor on the day, and whether the dual rule is met: "
        "two persons in two roles, and for a mentee of a rural or weak school one of them from "
        "another school. It is reported, never refused. `met=false` shows what is missing.",
    ),
)
async def list_mentees(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    wanted: Annotated[MenteeQuery, Depends()],
) -> Page[MenteeOut]:
    """List mentees."""
    at = await standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    filter_ = MenteeFilter(school_id=wanted.school_id, group_id=wanted.group_id, met=wanted.met)
    return await paging.answer(
        db,
        queries.mentees(caller, at=at, wanted=filter_),
        sorts=queries.PERSON_SORTS,
        default="name",
        tie=queries.PERSON,
        out=MenteeOut.of,
    )


@people.get(
    "/mentees/{teacher_id}/mentoring-report",
    operation_id="getMentoringReport",
    summary="徒弟的双导师报告",
    description="一位教师的导师、双导师要求尚缺的内容,以及应当处理的问题"
    "(如导师即将离校、没有相同学科)。没有导师的教师同样可查。",
    responses=may_fail(MenteeNotFound),
    openapi_extra=english(
        "A mentee's report",
        "A teacher's mentors, what the dual rule still asks for, and what should be looked at, "
        "such as a mentor who is about to leave. Teachers without a mentor can be asked for too.",
    ),
)
async def get_mentoring_report(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, as_of: AsOf = None
) -> MenteeReport:
    """Read a mentee's report."""
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    row = await queries.visible_mentee(db, caller=caller, teacher_id=teacher_id, at=at)
    warnings = await queries.warnings_about(db, mentee_id=teacher_id, at=at)
    return MenteeReport.complete(row, as_of=at.day, warnings=warnings)


@people.get(
    "/mentors",
    operation_id="listMentors",
    summary="导师与名额",
    description="列出当日已有或拟有徒弟的导师、已占名额与剩余名额,可按学校、集团筛选。",
    openapi_extra=english(
        "Mentors and their places",
        "Everybody who has or is to have a mentee on the day, with the places taken and left.",
    ),
)
async def list_mentors(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    school_id: SchoolFilter = None,
    group_id: GroupFilter = None,
    as_of: AsOf = None,
) -> Page[MentorOut]:
    """List mentors."""
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    policy = await queries.policy(db, district_id=caller.district_id)
    return await paging.answer(
        db,
        queries.mentors(caller, day=at.day, school_id=school_id, group_id=group_id),
        sorts=queries.PERSON_SORTS,
        default="name",
        tie=queries.PERSON,
        out=lambda row: MentorOut.of(row, policy=policy),
    )
