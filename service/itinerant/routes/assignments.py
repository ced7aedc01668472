"""Assignments: drafted, checked, published, ended."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col

from service.itinerant import actions, drafts, load, queries
from service.itinerant.problems import (
    AssignmentCodeTaken,
    AssignmentNotFound,
    AssignmentStateUnfit,
)
from service.itinerant.rules import AssignmentState, Draft, WeeklyPeriod
from service.itinerant.schemas import (
    AssignmentIn,
    AssignmentOut,
    AssignmentPatch,
    CheckOut,
    EndIn,
    PatternIn,
)
from service.itinerant.tables import Assignment
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
from service.timetable.problems import ScheduleConflict

router = make_router(tag="assignments")

Reader = Annotated[Caller, needs(Permission.ASSIGNMENT_READ)]
Writer = Annotated[Caller, needs(Permission.ASSIGNMENT_WRITE)]
Publisher = Annotated[Caller, needs(Permission.ASSIGNMENT_PUBLISH)]


@dataclass(frozen=True, slots=True)
class AssignmentQuery:
    """Which assignments are asked for."""

    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    school_id: Annotated[UUID | None, Query(description="派出校或受援校")] = None
    group_id: Annotated[UUID | None, Query(description="仅该集团")] = None
    term_id: Annotated[UUID | None, Query(description="仅该学期")] = None
    state: Annotated[AssignmentState | None, Query(description="仅该状态")] = None


@router.get(
    "/assignments",
    operation_id="listAssignments",
    summary="走教安排列表",
    description="列出您可见的走教安排:派出校或受援校在您的权限范围内,或教师是您可见的教师。"
    "可按教师、学校、集团、学期与状态筛选。",
    openapi_extra=english(
        "List assignments",
        "Assignments whose home or host school, or whose teacher, is within your reach; by "
        "teacher, school, group, term and state.",
    ),
)
async def list_assignments(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[AssignmentQuery, Depends()]
) -> Page[AssignmentOut]:
    """List assignments."""
    return await paging.answer(
        db,
        queries.assignments(
            caller,
            wanted=queries.AssignmentFilter(
                teacher_id=wanted.teacher_id,
                school_id=wanted.school_id,
                group_id=wanted.group_id,
                term_id=wanted.term_id,
                state=wanted.state,
            ),
        ),
        sorts={"id": col(Assignment.id), "subject": col(Assignment.subject)},
        default="-id",
        tie=col(Assignment.id),
        out=lambda row: AssignmentOut.of(queries.assignment_row(row)),
    )


@router.post(
    "/assignments",
    status_code=201,
    operation_id="createAssignment",
    summary="起草走教安排",
    description="新建一份草稿:教师、受援校区、学科学段与每周的课(星期、节次、单双周或教学周、"
    "班级、教室)。派出校、集团与起止日期可以留空,由任职、两校共同的集团与学期得出。"
    "草稿不占用任何人的时间。",
    responses=may_fail(AssignmentCodeTaken, RelatedNotFound, InvalidValue),
    openapi_extra=english(
        "Draft an assignment",
        "Teacher, host campus, subject and stage, and the weekly periods (weekday, bell period, "
        "parity or weeks, classes, room). Home school, group and days may be left out: they follow "
        "from the employment, the group both schools share, and the term. A draft takes nobody's "
        "time.",
    ),
)
async def create_assignment(
    *, db: Db, caller: Writer, body: AssignmentIn, tag: NewTag
) -> AssignmentOut:
    """Draft an assignment."""
    draft = Draft(
        code=body.code,
        teacher_id=body.teacher_id,
        campus_id=body.campus_id,
        home_school_id=body.home_school_id,
        group_id=body.group_id,
        term_id=body.term_id,
        subject=body.subject,
        stage=body.stage,
        valid_from=body.valid_from,
        valid_until=body.valid_until,
        patterns=periods(body.patterns),
    )
    assignment = await drafts.create(db, caller=caller, draft=draft)
    tag(assignment.version)
    return await _answer(db, caller, assignment.id)


def periods(patterns: list[PatternIn]) -> tuple[WeeklyPeriod, ...]:
    """Weekly periods in order."""
    return tuple(
        WeeklyPeriod(
            weekday=pattern.weekday,
            period=pattern.period,
            parity=pattern.parity,
            weeks=tuple(pattern.weeks) if pattern.weeks is not None else None,
            class_ids=tuple(pattern.class_ids),
            room_id=pattern.room_id,
            valid_from=pattern.valid_from,
            valid_until=pattern.valid_until,
        )
        for pattern in sorted(patterns, key=lambda one: (one.weekday, one.period))
    )


async def _answer(db: AsyncSession, caller: Caller, assignment_id: UUID) -> AssignmentOut:
    row = await queries.visible_assignment(db, caller=caller, assignment_id=assignment_id)
    return AssignmentOut.of(row)


@router.get(
    "/assignments/{assignment_id}",
    operation_id="getAssignment",
    summary="查看走教安排",
    description="读取一份走教安排及其每周的课。",
    responses=may_fail(AssignmentNotFound),
    openapi_extra=english("Read an assignment", "One assignment with its weekly periods."),
)
async def get_assignment(
    *, db: ReadDb, caller: Reader, assignment_id: UUID, tag: Tag
) -> AssignmentOut:
    """Read an assignment."""
    row = await queries.visible_assignment(db, caller=caller, assignment_id=assignment_id)
    tag(row.version)
    return AssignmentOut.of(row)


@router.patch(
    "/assignments/{assignment_id}",
    operation_id="changeAssignment",
    summary="修改走教安排草稿",
    description="修改草稿(JSON Merge Patch,未给出的字段不变;patterns 整体替换)。"
    "已发布的安排不能修改,请先结束再重新起草。",
    responses=may_fail(
        AssignmentNotFound,
        AssignmentStateUnfit,
        AssignmentCodeTaken,
        RelatedNotFound,
        InvalidValue,
    ),
    openapi_extra=english(
        "Change a draft",
        "JSON Merge Patch: what is left out stays, patterns are replaced as a whole. A published "
        "assignment is never edited: end it and draft another.",
    ),
)
async def change_assignment(
    *,
    db: Db,
    caller: Writer,
    assignment_id: UUID,
    body: AssignmentPatch,
    expected: IfMatch,
    tag: NewTag,
) -> AssignmentOut:
    """Change a draft."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    if "patterns" in changes:
        changes["patterns"] = periods(body.patterns)
    assignment = await drafts.change(
        db, caller=caller, assignment_id=assignment_id, changes=changes, expected=expected
    )
    tag(assignment.version)
    return await _answer(db, caller, assignment.id)


@router.post(
    "/assignments/{assignment_id}:check",
    operation_id="checkAssignment",
    summary="检查走教安排",
    description="按发布时的全部规则检查,列出所有硬冲突与提示,并按类型、教师、学校、周汇总;"
    "同时给出首个冲突时段可改到的每周时段。不保存任何内容。您无权查看的安排只显示 busy。",
    responses=may_fail(AssignmentNotFound, AssignmentStateUnfit),
    openapi_extra=english(
        "Check an assignment",
        "Judges it by all the rules of publication and lists every hard and soft conflict, counted "
        "by kind, teacher, school and week, with weekly periods to which the first slot in trouble "
        "could move. Keeps nothing. What is out of your sight is only `busy`.",
    ),
)
async def check_assignment(*, db: ReadDb, caller: Reader, assignment_id: UUID) -> CheckOut:
    """Check an assignment."""
    await queries.visible_assignment(db, caller=caller, assignment_id=assignment_id)
    plan = await load.plan_of(db, assignment_id=assignment_id)
    return await load.check(db, caller=caller, plan=plan)


@router.post(
    "/assignments/{assignment_id}:publish",
    operation_id="publishAssignment",
    summary="发布走教安排",
    description="在一个事务中排入有效期内的全部课程,或因冲突整体拒绝并列出全部冲突与可行时段。"
    "并发发布时绝不会出现同一教师、班级或教室的重叠,也不会排出来不及转场的一天。",
    responses=may_fail(AssignmentNotFound, AssignmentStateUnfit, ScheduleConflict),
    openapi_extra=english(
        "Publish an assignment",
        "Lays all its lessons in one transaction, or refuses with every conflict and times that "
        "would work. However many publish at once, no teacher, class or room is in two places, and "
        "no day is laid that cannot be walked.",
    ),
)
async def publish_assignment(
    *, db: Db, caller: Publisher, assignment_id: UUID, expected: IfMatch, tag: NewTag
) -> AssignmentOut:
    """Publish an assignment."""
    assignment = await actions.publish(
        db, caller=caller, assignment_id=assignment_id, expected=expected
    )
    tag(assignment.version)
    return await _answer(db, caller, assignment.id)


@router.post(
    "/assignments/{assignment_id}:end",
    operation_id="endAssignment",
    summary="结束走教安排",
    description="自某一天起结束:此后的课取消并释放时间,此前的课保留。草稿也可以结束(作废)。",
    responses=may_fail(AssignmentNotFound, AssignmentStateUnfit, InvalidValue),
    openapi_extra=english(
        "End an assignment",
        "From a day on: later lessons are cancelled and their time is free, earlier ones stay. A "
        "draft can be ended too: it is discarded.",
    ),
)
async def end_assignment(
    *,
    db: Db,
    caller: Publisher,
    assignment_id: UUID,
    body: EndIn,
    expected: IfMatch,
    tag: NewTag,
) -> AssignmentOut:
    """End an assignment."""
    assignment = await actions.end(
        db,
        caller=caller,
        assignment_id=assignment_id,
        ending=actions.Ending(body.from_date, body.reason),
        expected=expected,
    )
    tag(assignment.version)
    return await _answer(db, caller, assignment.id)
