"""Leaves, and what schools decide about absences."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
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
from service.timetable import leave, policies
from service.timetable.problems import ScheduleConflict
from service.timetable.problems.absence import (
    LeaveNotFound,
    LeaveOver,
    LeaveOverlaps,
    LeavePast,
    OwnRequest,
    PolicyNotFound,
    PolicyTaken,
)
from service.timetable.queries import absence as queries
from service.timetable.rules.absence import LeaveState
from service.timetable.schemas.absence import (
    DutyPolicyIn,
    DutyPolicyOut,
    LeaveIn,
    LeaveOut,
    RefuseIn,
)
from service.timetable.tables import DutyPolicy, Leave

duty = make_router(tag="duty-policies")
leaves = make_router(tag="leaves")
routers = [duty, leaves]

Reader = Annotated[Caller, needs(Permission.LEAVE_READ)]
Asker = Annotated[Caller, needs(Permission.LEAVE_WRITE)]
Decider = Annotated[Caller, needs(Permission.LEAVE_DECIDE)]
PolicyReader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
PolicyWriter = Annotated[Caller, needs(Permission.TIMETABLE_WRITE)]


@duty.get(
    "/duty-policies",
    operation_id="listDutyPolicies",
    summary="考勤规则列表",
    description="列出您可见学校的考勤规则:换课与代课的天数界限、代课落实时限、签到范围等,"
    "按生效日期区分。未设置的学校按默认值执行。",
    openapi_extra=english(
        "List duty policies",
        "How schools within your reach handle absences, swaps and check-ins, by date. Where a "
        "school has none, the defaults hold.",
    ),
)
async def list_duty_policies(
    *,
    db: ReadDb,
    caller: PolicyReader,
    paging: Paging,
    school_id: Annotated[UUID | None, Query(description="仅该校")] = None,
) -> Page[DutyPolicyOut]:
    """List policies."""
    return await paging.answer(
        db,
        queries.policies(caller, school_id=school_id),
        sorts={"swap_days": col(DutyPolicy.swap_days)},
        default="swap_days",
        tie=col(DutyPolicy.id),
        out=DutyPolicyOut.of,
    )


@duty.post(
    "/duty-policies",
    status_code=201,
    operation_id="createDutyPolicy",
    summary="设定考勤规则",
    description="为学校设定自某日起生效的考勤规则;原规则到该日为止,仍可查阅。",
    responses=may_fail(RelatedNotFound, PolicyTaken),
    openapi_extra=english(
        "Decide a duty policy",
        "Other numbers hold from a day on; what held before ends there and stays readable.",
    ),
)
async def create_duty_policy(
    *, db: Db, caller: PolicyWriter, body: DutyPolicyIn, tag: NewTag
) -> DutyPolicyOut:
    """Decide a policy."""
    row = await policies.decide(
        db,
        caller=caller,
        school_id=body.school_id,
        from_=body.valid_from,
        thresholds=body.thresholds,
    )
    tag(row.version)
    return DutyPolicyOut.of(row)


@duty.get(
    "/duty-policies/{policy_id}",
    operation_id="getDutyPolicy",
    summary="查看考勤规则",
    description="读取一条考勤规则。",
    responses=may_fail(PolicyNotFound),
    openapi_extra=english("Read a duty policy", "One policy of a school within your reach."),
)
async def get_duty_policy(
    *, db: ReadDb, caller: PolicyReader, policy_id: UUID, tag: Tag
) -> DutyPolicyOut:
    """Read a policy."""
    row = await queries.visible_policy(db, caller=caller, policy_id=policy_id)
    tag(row.version)
    return DutyPolicyOut.of(row)


@dataclass(frozen=True, slots=True)
class LeaveQuery:
    """Which leaves are asked for."""

    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    school_id: Annotated[UUID | None, Query(description="仅该校")] = None
    state: Annotated[LeaveState | None, Query(description="仅该状态")] = None


@leaves.get(
    "/leaves",
    operation_id="listLeaves",
    summary="请假列表",
    description="列出您可见教师的请假。系统只记类别,不记病情。",
    openapi_extra=english(
        "List leaves", "The leaves of teachers within your reach. No medical detail is kept."
    ),
)
async def list_leaves(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[LeaveQuery, Depends()]
) -> Page[LeaveOut]:
    """List leaves."""
    asked = queries.LeaveFilter(
        teacher_id=wanted.teacher_id, school_id=wanted.school_id, state=wanted.state
    )
    return await paging.answer(
        db,
        queries.leaves(caller, wanted=asked),
        sorts={"requested_at": col(Leave.requested_at)},
        default="-requested_at",
        tie=col(Leave.id),
        out=lambda row: LeaveOut.of(*row),
    )


@leaves.post(
    "/leaves",
    status_code=201,
    operation_id="requestLeave",
    summary="申请请假",
    description="教师为自己、学校为本校教师申请请假。按学校规则给出处理方式:"
    "短假换课、数日临时代课、更长则固定代课。须由另一人审批后生效。",
    responses=may_fail(RelatedNotFound, LeavePast, LeaveOverlaps),
    openapi_extra=english(
        "Request a leave",
        "For oneself, or for a teacher of one's school. The school's thresholds say how it is "
        "answered: swaps, temporary cover, or one fixed substitute. Another person decides.",
    ),
)
async def request_leave(*, db: Db, caller: Asker, body: LeaveIn, tag: NewTag) -> LeaveOut:
    """Request a leave."""
    wanted = leave.Wanted(
        teacher_id=body.teacher_id,
        kind=body.kind,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
    )
    row = await leave.request(db, caller=caller, wanted=wanted)
    return await _answer(db, caller=caller, leave_id=row.id, tag=tag)


async def _answer(db: Db, *, caller: Caller, leave_id: UUID, tag: NewTag) -> LeaveOut:
    found = await queries.visible_leave(db, caller=caller, leave_id=leave_id)
    tag(found[0].version)
    return LeaveOut.of(*found)


@leaves.get(
    "/leaves/{leave_id}",
    operation_id="getLeave",
    summary="查看请假",
    description="读取一条请假。",
    responses=may_fail(LeaveNotFound),
    openapi_extra=english("Read a leave", "One leave of a teacher within your reach."),
)
async def get_leave(*, db: ReadDb, caller: Reader, leave_id: UUID, tag: Tag) -> LeaveOut:
    """Read a leave."""
    found = await queries.visible_leave(db, caller=caller, leave_id=leave_id)
    tag(found[0].version)
    return LeaveOut.of(*found)


@leaves.post(
    "/leaves/{leave_id}:approve",
    operation_id="approveLeave",
    summary="批准请假",
    description="批准请假。教师在此期间不可再被排课;其在各校区的课随即转为待代课,"
    "到落实时限仍无安排的,列入集团办公室待办。申请人不得审批自己的申请。",
    responses=may_fail(LeaveNotFound, LeaveOver, LeavePast, OwnRequest, ScheduleConflict),
    openapi_extra=english(
        "Approve a leave",
        "Nobody can book the teacher in that time any more; every lesson in it, at whatever "
        "campus, needs cover. Whoever asked cannot approve.",
    ),
)
async def approve_leave(
    *, db: Db, caller: Decider, leave_id: UUID, expected: IfMatch, tag: NewTag
) -> LeaveOut:
    """Approve a leave."""
    await leave.approve(db, caller=caller, leave_id=leave_id, expected=expected)
    return await _answer(db, caller=caller, leave_id=leave_id, tag=tag)


@leaves.post(
    "/leaves/{leave_id}:refuse",
    operation_id="refuseLeave",
    summary="不批准请假",
    description="不批准请假并说明理由。",
    responses=may_fail(LeaveNotFound, LeaveOver, OwnRequest),
    openapi_extra=english("Refuse a leave", "With a reason. Whoever asked cannot refuse."),
)
async def refuse_leave(
    *, db: Db, caller: Decider, leave_id: UUID, body: RefuseIn, expected: IfMatch, tag: NewTag
) -> LeaveOut:
    """Refuse a leave."""
    await leave.refuse(db, caller=caller, leave_id=leave_id, note=body.reason, expected=expected)
    return await _answer(db, caller=caller, leave_id=leave_id, tag=tag)


@leaves.post(
    "/leaves/{leave_id}:withdraw",
    operation_id="withdrawLeave",
    summary="撤销请假",
    description="撤销尚未结束的请假。尚无人代课的课归还教师本人;已有代课的课保持不变,可另行撤销代课。",
    responses=may_fail(LeaveNotFound, LeaveOver, LeavePast, ScheduleConflict),
    openapi_extra=english(
        "Withdraw a leave",
        "Lessons that nobody covers return to the teacher; those that somebody covers stay, and "
        "can be released one by one.",
    ),
)
async def withdraw_leave(
    *, db: Db, caller: Asker, leave_id: UUID, expected: IfMatch, tag: NewTag
) -> LeaveOut:
    """Withdraw a leave."""
    await leave.withdraw(db, caller=caller, leave_id=leave_id, expected=expected)
    return await _answer(db, caller=caller, leave_id=leave_id, tag=tag)
