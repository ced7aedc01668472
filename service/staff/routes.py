"""Teachers: who they are, where they are employed, what they may teach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response
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
from service.kit.http.answers import problem_body
from service.kit.problems import InvalidValue, PreconditionFailed, Problem, RelatedNotFound
from service.network.queries import standpoint
from service.staff import actions, queries
from service.staff.actions import Given, Leaving, Move, Result
from service.staff.problems import (
    EmployedThere,
    EmploymentContradicts,
    NotEmployed,
    TeacherNotFound,
    TeacherNumberTaken,
    UnknownSubject,
)
from service.staff.queries import TeacherFilter
from service.staff.rules import Stay
from service.staff.schemas import (
    BatchItemOut,
    BatchOut,
    LeaveIn,
    TeacherBatch,
    TeacherDetail,
    TeacherIn,
    TeacherOut,
    TeacherPatch,
    TeacherPut,
    TransferIn,
    qualifications,
)
from service.staff.tables import Teacher

router = make_router(tag="teachers")

Reader = Annotated[Caller, needs(Permission.STAFF_READ)]
Writer = Annotated[Caller, needs(Permission.STAFF_WRITE)]
AsOf = Annotated[date | None, Query(description="任职学校取这一天的;空表示今天")]
NumberInPath = Annotated[
    str,
    Path(max_length=32, pattern=r"^[0-9A-Za-z_-]+$", description="工号", examples=["T0010002"]),
]

_NO_COLUMNS = frozenset(
    {"number", "version", "school_id", "employed_from", "employed_until", "teaches"}
)


def _given(number: str, body: TeacherPut) -> Given:
    return Given(
        number=number,
        values=_values(body.model_dump()),
        stay=Stay(body.school_id, body.employed_from, body.employed_until),
        teaches=qualifications(body.teaches),
    )


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The columns among a body's fields."""
    return {name: value for name, value in fields.items() if name not in _NO_COLUMNS}


async def _detail(db: AsyncSession, *, caller: Caller, teacher_id: UUID) -> TeacherDetail:
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.row_of(db, teacher_id=teacher_id, day=at.day)
    employments = await queries.employments_of(db, teacher_id=teacher_id)
    return TeacherDetail.complete(row, caller=caller, employments=employments)


@dataclass(frozen=True, slots=True)
class TeacherQuery:
    """Which teachers are asked for."""

    school_id: Annotated[UUID | None, Query(description="仅当日在该校任职的")] = None
    group_id: Annotated[UUID | None, Query(description="仅当日在该集团成员校任职的")] = None
    subject: Annotated[
        str | None, Query(max_length=40, description="仅可任教该学科的(课程代码)")
    ] = None
    stage: Annotated[str | None, Query(pattern="^[1-4]$", description="仅可任教该学段的:1–4")] = (
        None
    )
    number: Annotated[str | None, Query(max_length=32, description="工号,须完全一致")] = None
    q: Annotated[
        str | None,
        Query(min_length=1, max_length=50, description="姓名、姓名拼音开头或工号开头"),
    ] = None
    employed: Annotated[bool | None, Query(description="true 仅当日在职,false 仅当日不在职")] = None
    as_of: AsOf = None

    @property
    def filter(self) -> TeacherFilter:
        """As the query takes it."""
        return TeacherFilter(
            school_id=self.school_id,
            group_id=self.group_id,
            subject=self.subject,
            stage=self.stage,
            number=self.number,
            q=self.q,
            employed=self.employed,
        )


@router.get(
    "/teachers",
    operation_id="listTeachers",
    summary="教师列表",
    description="列出您可见的教师,可按学校、集团、学科、学段、姓名(含拼音)或工号筛选。"
    "任职学校按 `as_of` 当日计算,默认今天。学校与集团看到本校、成员校在职及即将到校的教师;"
    "走教来访教师见课表,不在此列。",
    openapi_extra=english(
        "List teachers",
        "The teachers within your reach, by school, group, subject, stage, name (pinyin too) or "
        "number. The home school is that of `as_of`, today by default. Schools and groups see "
        "whom they employ or will employ; visiting teachers stand in the timetable, not here.",
    ),
)
async def list_teachers(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[TeacherQuery, Depends()]
) -> Page[TeacherOut]:
    """List teachers."""
    at = await standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    return await paging.answer(
        db,
        queries.teachers(caller, day=at.day, wanted=wanted.filter),
        sorts={"name": col(Teacher.name_pinyin), "number": col(Teacher.number)},
        default="name",
        tie=col(Teacher.id),
        out=TeacherOut.seen_by(caller),
    )


@router.post(
    "/teachers",
    status_code=201,
    operation_id="createTeacher",
    summary="新增教师",
    description="登记一位教师及其任职学校、可任教学科。工号全区唯一。"
    "请勿填写身份证号、手机号或病情:本系统不保存这些信息。",
    responses=may_fail(TeacherNumberTaken, RelatedNotFound, UnknownSubject, InvalidValue),
    openapi_extra=english(
        "Create a teacher",
        "Enters a teacher with the school that employs them and what they may teach. Numbers are "
        "unique in the district. No national ids, telephone numbers or medical facts: none of "
        "them is kept here.",
    ),
)
async def create_teacher(*, db: Db, caller: Writer, body: TeacherIn, tag: NewTag) -> TeacherDetail:
    """Create a teacher."""
    row = await actions.create_teacher(db, caller=caller, given=_given(body.number, body))
    tag(row.version)
    return await _detail(db, caller=caller, teacher_id=row.id)


@router.post(
    "/teachers:batch",
    operation_id="putTeachers",
    status_code=207,
    summary="批量新增或更新教师",
    description="按工号逐项新增或更新,一次最多 500 项,规则同 PUT。默认每项独立:"
    "返回 207,逐项给出状态与被拒绝的原因;`atomic=true` 时要么全部生效(返回 200),"
    "要么在第一处错误整体拒绝。内容无变化的项不产生任何变更。",
    responses={
        200: {"model": BatchOut, "description": "全部生效(atomic=true)/ All of it was done"},
        **may_fail(
            PreconditionFailed,
            TeacherNumberTaken,
            EmploymentContradicts,
            TeacherNotFound,
            RelatedNotFound,
            UnknownSubject,
            InvalidValue,
        ),
    },
    openapi_extra=english(
        "Create or update teachers",
        "Creates or updates by number, up to 500 items, each by the rules of PUT. Each item stands "
        "for itself: 207 with a status and a problem per item. With `atomic=true` all is done "
        "(200) or, at the first mistake, nothing. An item that changes nothing tells nobody.",
    ),
)
async def put_teachers(
    *,
    db: Db,
    caller: Writer,
    body: TeacherBatch,
    request: Request,
    response: Response,
    atomic: Annotated[bool, Query(description="true:全部生效或全部拒绝")] = False,
) -> BatchOut:
    """Create or update many teachers."""
    items = [(_given(item.number, item), item.version) for item in body.items]
    results = await actions.put_teachers(db, caller=caller, items=items, atomic=atomic)
    if atomic:
        response.status_code = 200
    outs = [
        _item(index, item.number, results[index], request) for index, item in enumerate(body.items)
    ]
    statuses = [out.status for out in outs]
    created, updated = statuses.count(HTTPStatus.CREATED), statuses.count(HTTPStatus.OK)
    return BatchOut(
        created=created, updated=updated, refused=len(outs) - created - updated, items=outs
    )


def _item(index: int, number: str, result: Result | Problem, request: Request) -> BatchItemOut:
    if isinstance(result, Problem):
        return BatchItemOut(
            index=index,
            number=number,
            status=result.status,
            id=None,
            version=None,
            problem=problem_body(result, request.scope),
        )
    return BatchItemOut(
        index=index,
        number=number,
        status=HTTPStatus.CREATED if result.created else HTTPStatus.OK,
        id=result.teacher.id,
        version=result.teacher.version,
        problem=None,
    )


@router.put(
    "/teachers/by-number/{number}",
    operation_id="putTeacher",
    summary="按工号新增或更新教师",
    description="供人事系统同步:该工号不存在则新增(201),存在则整体更新(200),"
    "未给出的字段取默认值。学校不同且到校日期更晚时,按该日期办理调动;"
    "与以往任职经历矛盾时拒绝(409),不改写历史。"
    '`If-Match` 填上次的 ETag;`"0"` 表示应为新教师,`*` 表示不检查。'
    "内容无变化时版本不变,也不产生任何变更。",
    responses={
        201: {"model": TeacherDetail, "description": "已新增 / Created"},
        **may_fail(
            TeacherNotFound,
            TeacherNumberTaken,
            EmploymentContradicts,
            RelatedNotFound,
            UnknownSubject,
            InvalidValue,
        ),
    },
    openapi_extra=english(
        "Create or update a teacher by number",
        "For personnel systems: an unknown number becomes a new teacher (201), a known one is "
        "updated as a whole (200), what is left out takes its default. Another school from a later "
        "day is a transfer on that day; what contradicts an employment that is known is refused "
        '(409) and rewrites nothing. `If-Match` is the ETag you know, `"0"` for a teacher who '
        "should be new, `*` for no check. What changes nothing tells nobody.",
    ),
)
async def put_teacher(
    *,
    db: Db,
    caller: Writer,
    number: NumberInPath,
    body: TeacherPut,
    expected: IfMatch,
    tag: NewTag,
) -> TeacherDetail:
    """Create or update a teacher by number."""
    result = await actions.put_teacher(
        db, caller=caller, given=_given(number, body), expected=expected
    )
    if result.created:
        tag.response.status_code = 201
    tag(result.teacher.version)
    return await _detail(db, caller=caller, teacher_id=result.teacher.id)


@router.get(
    "/teachers/{teacher_id}",
    operation_id="getTeacher",
    summary="查看教师",
    description="读取一位教师,含全部任职经历。教师本人可读取自己的信息。",
    responses=may_fail(TeacherNotFound),
    openapi_extra=english(
        "Read a teacher", "One teacher within your reach, with all employments; oneself too."
    ),
)
async def get_teacher(
    *, db: ReadDb, caller: Reader, teacher_id: UUID, tag: Tag, as_of: AsOf = None
) -> TeacherDetail:
    """Read a teacher."""
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    row = await queries.visible_row(db, caller=caller, teacher_id=teacher_id, day=at.day)
    tag(row[0].version)
    employments = await queries.employments_of(db, teacher_id=teacher_id)
    return TeacherDetail.complete(row, caller=caller, employments=employments)


@router.patch(
    "/teachers/{teacher_id}",
    operation_id="changeTeacher",
    summary="修改教师",
    description="修改姓名、职称、骨干称号、可任教学科等(JSON Merge Patch,未给出的字段不变;"
    "`teaches` 给出即整体替换)。工号不能修改;调动与离校另有操作。",
    responses=may_fail(TeacherNotFound, UnknownSubject, InvalidValue),
    openapi_extra=english(
        "Change a teacher",
        "Name, title, honour, subjects and so on (JSON Merge Patch: what is left out stays, "
        "`teaches` is replaced as a whole). The number stays; a move and a leaving are operations "
        "of their own.",
    ),
)
async def change_teacher(
    *,
    db: Db,
    caller: Writer,
    teacher_id: UUID,
    body: TeacherPatch,
    expected: IfMatch,
    tag: NewTag,
) -> TeacherDetail:
    """Change a teacher."""
    row = await actions.change_teacher(
        db,
        caller=caller,
        teacher_id=teacher_id,
        changes=_values(body.model_dump(exclude_unset=True)),
        teaches=qualifications(body.teaches) if "teaches" in body.model_fields_set else None,
        expected=expected,
    )
    tag(row.version)
    return await _detail(db, caller=caller, teacher_id=row.id)


@router.post(
    "/teachers/{teacher_id}:transfer",
    operation_id="transferTeacher",
    summary="调动教师",
    description="自某日起调入另一所学校:原任职当日结束,新任职当日开始,历史保留。"
    "也可为已离校的教师办理重新入职。须对原校与新校都有教师管理权限,通常由区级办理。"
    "该教师的师徒结对如受影响,会为徒弟所在学校生成待办。",
    responses=may_fail(TeacherNotFound, EmployedThere, EmploymentContradicts, RelatedNotFound),
    openapi_extra=english(
        "Transfer a teacher",
        "To another school from a day on: the former employment ends and the new one begins that "
        "day, and the past is kept. It also employs somebody who has left. It takes the permission "
        "for both schools, so usually the district does it. Pairings that are touched open a task "
        "for the mentee's school.",
    ),
)
async def transfer_teacher(
    *,
    db: Db,
    caller: Writer,
    teacher_id: UUID,
    body: TransferIn,
    expected: IfMatch,
    tag: NewTag,
) -> TeacherDetail:
    """Transfer a teacher."""
    row = await actions.transfer(
        db,
        caller=caller,
        teacher_id=teacher_id,
        move=Move(body.school_id, body.on, body.note),
        expected=expected,
    )
    tag(row.version)
    return await _detail(db, caller=caller, teacher_id=row.id)


@router.post(
    "/teachers/{teacher_id}:leave",
    operation_id="letTeacherLeave",
    summary="教师离校",
    description="自某日起不再任职,注明原因代码(不保存病情等细节)。可再次提交以更正日期或原因。"
    "其后该教师对学校不再可见,区级仍可查询。受影响的师徒结对会生成待办。",
    responses=may_fail(TeacherNotFound, NotEmployed, EmploymentContradicts, InvalidValue),
    openapi_extra=english(
        "Let a teacher leave",
        "From a day on the school does not employ the teacher; the reason is a code and never "
        "more. Send it again to correct the day or the reason. Afterwards only the district sees "
        "the teacher. Pairings that are touched open a task.",
    ),
)
async def let_teacher_leave(
    *, db: Db, caller: Writer, teacher_id: UUID, body: LeaveIn, expected: IfMatch, tag: NewTag
) -> TeacherDetail:
    """Let a teacher leave."""
    leaving = Leaving(body.on, body.reason, body.note)
    row = await actions.leave(
        db, caller=caller, teacher_id=teacher_id, leaving=leaving, expected=expected
    )
    tag(row.version)
    return await _detail(db, caller=caller, teacher_id=row.id)
