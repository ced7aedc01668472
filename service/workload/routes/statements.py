"""Monthly statements."""

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
from service.timetable.problems.absence import OwnRequest
from service.timetable.problems.attendance import MonthFrozen
from service.timetable.schemas.attendance import Month, first_of
from service.workload import statements
from service.workload.problems import (
    MonthNotOver,
    NothingToCorrect,
    StatementMoved,
    StatementNotFound,
    StatementOutdated,
)
from service.workload.queries import statements as queries
from service.workload.queries.statements import Stated
from service.workload.rules import StatementState
from service.workload.schemas.statements import (
    CorrectIn,
    DrawIn,
    DrawnOut,
    ReturnIn,
    StatementDetailOut,
    StatementOut,
)
from service.workload.statements import Asked, Correction, Draw
from service.workload.tables import Statement

router = make_router(tag="statements")

Reader = Annotated[Caller, needs(Permission.STATEMENT_READ)]
Writer = Annotated[Caller, needs(Permission.STATEMENT_WRITE)]
Decider = Annotated[Caller, needs(Permission.STATEMENT_DECIDE)]


async def _answer(db: Db, *, caller: Caller, statement_id: UUID, tag: NewTag) -> StatementDetailOut:
    row = await queries.visible_statement(db, caller=caller, statement_id=statement_id)
    lines = await queries.lines_of(db, statement_id=statement_id)
    tag(row.statement.version)
    return StatementDetailOut.with_lines(row, lines)


@dataclass(frozen=True, slots=True)
class StatementQuery:
    """Which statements are asked for."""

    month: Annotated[Month | None, Query(description="月份", examples=["2026-10"])] = None
    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    home_school_id: Annotated[UUID | None, Query(description="仅该派出校")] = None
    state: Annotated[StatementState | None, Query(description="仅该状态")] = None


@router.get(
    "/statements",
    operation_id="listStatements",
    summary="课时与补贴结算单列表",
    description="您可见教师的月度结算单:课时、走教天数与次数、里程、金额与状态。",
    openapi_extra=english(
        "List statements", "The monthly statements of teachers within your reach."
    ),
)
async def list_statements(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[StatementQuery, Depends()]
) -> Page[StatementOut]:
    """List statements."""
    asked = queries.StatementFilter(
        month=first_of(wanted.month) if wanted.month else None,
        teacher_id=wanted.teacher_id,
        home_school_id=wanted.home_school_id,
        state=wanted.state,
    )
    return await paging.answer(
        db,
        queries.statements(caller, wanted=asked),
        sorts={"month": col(Statement.month), "amount": col(Statement.amount)},
        default="-month",
        tie=col(Statement.id),
        out=lambda row: StatementOut.of(Stated(*row)),
    )


@router.post(
    "/statements:draw",
    operation_id="drawStatements",
    summary="生成某月结算单",
    description="按受援校已确认的课生成(或重新生成)草稿:逐节列出课时、走教日、往返、里程与金额,"
    "每行四舍五入到分,合计为各行之和。已提交或已结算的不改动。",
    responses=may_fail(RelatedNotFound),
    openapi_extra=english(
        "Draw statements",
        "Drafts of a month from what the host schools have confirmed by now, line by line, each "
        "rounded half up to the fen. What is submitted or settled stays as it is.",
    ),
)
async def draw_statements(*, db: Db, caller: Writer, body: DrawIn) -> DrawnOut:
    """Draw statements."""
    wanted = Draw(
        month=first_of(body.month), home_school_id=body.home_school_id, teacher_id=body.teacher_id
    )
    done = await statements.draw(db, caller=caller, wanted=wanted)
    return DrawnOut(
        drawn=len(done.drawn),
        unchanged=done.unchanged,
        settled=done.settled,
        statement_ids=done.drawn,
    )


@router.get(
    "/statements/{statement_id}",
    operation_id="getStatement",
    summary="查看结算单",
    description="读取一张结算单及其明细:每一行对应一节已确认的课,或对已结算月份的更正。",
    responses=may_fail(StatementNotFound),
    openapi_extra=english(
        "Read a statement",
        "With its lines: each is earned by a confirmed lesson, or corrects a settled month.",
    ),
)
async def get_statement(
    *, db: ReadDb, caller: Reader, statement_id: UUID, tag: Tag
) -> StatementDetailOut:
    """Read a statement."""
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)


@router.post(
    "/statements/{statement_id}:submit",
    operation_id="submitStatement",
    summary="提交结算单",
    description="月末之后提交审批。如生成后又有新的确认或争议,须重新生成再提交。",
    responses=may_fail(StatementNotFound, StatementMoved, MonthNotOver, StatementOutdated),
    openapi_extra=english(
        "Submit a statement",
        "After the month's end. If more was confirmed or disputed since, draw it anew first.",
    ),
)
async def submit_statement(
    *, db: Db, caller: Writer, statement_id: UUID, expected: IfMatch, tag: NewTag
) -> StatementDetailOut:
    """Submit a statement."""
    await statements.submit(db, caller=caller, asked=Asked(statement_id, expected))
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)


@router.post(
    "/statements/{statement_id}:approve",
    operation_id="approveStatement",
    summary="审批结算单",
    description="审批后该教师当月结算:受援校不能再确认当月的课,内容不再修改。提交人不得审批,教师本人亦不得审批。",
    responses=may_fail(
        StatementNotFound, StatementMoved, StatementOutdated, OwnRequest, MonthFrozen
    ),
    openapi_extra=english(
        "Approve a statement",
        "The teacher's month is settled: the host schools confirm nothing of it any more. Whoever "
        "submitted it does not approve it.",
    ),
)
async def approve_statement(
    *, db: Db, caller: Decider, statement_id: UUID, expected: IfMatch, tag: NewTag
) -> StatementDetailOut:
    """Approve a statement."""
    await statements.approve(db, caller=caller, asked=Asked(statement_id, expected))
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)


@router.post(
    "/statements/{statement_id}:return",
    operation_id="returnStatement",
    summary="退回结算单",
    description="说明理由,退回为草稿;当月重新开放确认。已封存的不能退回。",
    responses=may_fail(StatementNotFound, StatementMoved),
    openapi_extra=english(
        "Return a statement",
        "To draft, with a reason; its month opens again. A frozen one is not returned.",
    ),
)
async def return_statement(
    *, db: Db, caller: Decider, statement_id: UUID, body: ReturnIn, expected: IfMatch, tag: NewTag
) -> StatementDetailOut:
    """Return a statement."""
    asked = Asked(statement_id, expected, body.reason)
    await statements.give_back(db, caller=caller, asked=asked)
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)


@router.post(
    "/statements/{statement_id}:freeze",
    operation_id="freezeStatement",
    summary="封存结算单",
    description="发放后封存,不再退回;有误的在以后月份的结算单中添加更正行。",
    responses=may_fail(StatementNotFound, StatementMoved),
    openapi_extra=english(
        "Freeze a statement", "Once paid. What is wrong is corrected in a later statement."
    ),
)
async def freeze_statement(
    *, db: Db, caller: Decider, statement_id: UUID, expected: IfMatch, tag: NewTag
) -> StatementDetailOut:
    """Freeze a statement."""
    await statements.freeze(db, caller=caller, asked=Asked(statement_id, expected))
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)


@router.post(
    "/statements/{statement_id}:correct",
    operation_id="correctStatement",
    summary="添加更正行",
    description="在草稿中为已结算的较早月份添加一行更正(课时与金额可增可减)并说明理由;原结算单不改动。",
    responses=may_fail(StatementNotFound, StatementMoved, NothingToCorrect, RelatedNotFound),
    openapi_extra=english(
        "Correct a settled month",
        "Adds a line to a draft, up or down, with a reason; the settled statement stays as it is.",
    ),
)
async def correct_statement(
    *, db: Db, caller: Writer, statement_id: UUID, body: CorrectIn, expected: IfMatch, tag: NewTag
) -> StatementDetailOut:
    """Correct a settled month."""
    correction = Correction(
        month=first_of(body.month),
        school_id=body.school_id,
        lessons=body.lessons,
        amount=body.amount,
        reason=body.reason,
        lesson_id=body.lesson_id,
    )
    asked = Asked(statement_id, expected)
    await statements.correct(db, caller=caller, asked=asked, correction=correction)
    return await _answer(db, caller=caller, statement_id=statement_id, tag=tag)
