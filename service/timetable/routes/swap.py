"""Swaps: with whom, who agrees, who approves, and back again on the same day."""

from dataclasses import dataclass
from datetime import date
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
from service.kit.problems import FieldError, RelatedNotFound, Text, ValidationFailed
from service.timetable import swaps
from service.timetable.problems import (
    LessonNotFound,
    LessonNotScheduled,
    LessonOver,
    ScheduleConflict,
)
from service.timetable.problems.absence import OwnRequest
from service.timetable.problems.attendance import LessonConfirmed
from service.timetable.problems.swap import (
    LessonInSwap,
    LessonLookedAfter,
    SwapAcrossTerms,
    SwapApart,
    SwapNotFound,
    SwapOutdated,
    SwapOver,
    SwapWithOneself,
    UndoTooLate,
)
from service.timetable.queries import swap as queries
from service.timetable.rules.swap import SwapState
from service.timetable.schemas.swap import ProposalsOut, SwapAnswerIn, SwapIn, SwapOut
from service.timetable.tables import Swap

router = make_router(tag="swaps")

Reader = Annotated[Caller, needs(Permission.SWAP_READ)]
Proposer = Annotated[Caller, needs(Permission.SWAP_WRITE)]
Asked = Annotated[Caller, needs(Permission.SWAP_ANSWER)]
Decider = Annotated[Caller, needs(Permission.SWAP_DECIDE)]

_REVERSED = FieldError("query/until", "range-reversed", Text("应晚于 from", "must be after from"))
_TOO_LONG = FieldError("query/until", "too-long", Text("最多 60 天", "at most 60 days"))
_LONGEST = 60
_AS_THINGS_ARE = (
    LessonConfirmed,
    SwapOutdated,
    LessonNotScheduled,
    LessonOver,
    LessonLookedAfter,
    SwapWithOneself,
    SwapApart,
    SwapAcrossTerms,
    ScheduleConflict,
)
_UNDOING = (SwapOutdated, LessonNotScheduled, LessonOver, ScheduleConflict)


@dataclass(frozen=True, slots=True)
class PartnerQuery:
    """In which days to look."""

    from_: Annotated[
        date | None, Query(alias="from", description="起始日期(含)", examples=["2026-09-14"])
    ] = None
    until: Annotated[date | None, Query(description="截止日期(不含)", examples=["2026-09-28"])] = (
        None
    )

    def __post_init__(self) -> None:
        if self.from_ is None or self.until is None:
            return
        if self.until <= self.from_:
            raise ValidationFailed(errors=[_REVERSED])
        if (self.until - self.from_).days > _LONGEST:
            raise ValidationFailed(errors=[_TOO_LONG])


@router.get(
    "/lessons/{lesson_id}/swap-partners",
    operation_id="listSwapPartners",
    summary="可换课列表",
    description="列出同班可与这节课互换时间的课,含三人连环换课;已检查双方教师、教室与路程,"
    "按同周、日期相近、课时与是否直接互换计分排序。默认查找当周与随后两周。",
    responses=may_fail(LessonNotFound, LessonNotScheduled, LessonOver, LessonLookedAfter),
    openapi_extra=english(
        "List swap partners",
        "Lessons of the same classes that could take this lesson's time and give it theirs, chains "
        "of three included; teachers, rooms and ways are checked; ranked by week, nearness, load "
        "and directness. Looks into the lesson's week and the two after it.",
    ),
)
async def list_swap_partners(
    *, db: ReadDb, caller: Proposer, lesson_id: UUID, wanted: Annotated[PartnerQuery, Depends()]
) -> ProposalsOut:
    """List swap partners."""
    choice = await swaps.partners(
        db, caller=caller, lesson_id=lesson_id, from_=wanted.from_, until=wanted.until
    )
    return ProposalsOut.of(choice.proposals, rows=choice.rows)


@dataclass(frozen=True, slots=True)
class SwapQuery:
    """Which swaps are asked for."""

    campus_id: Annotated[UUID | None, Query(description="仅该校区")] = None
    teacher_id: Annotated[UUID | None, Query(description="仅涉及该教师")] = None
    lesson_id: Annotated[UUID | None, Query(description="仅涉及该课")] = None
    state: Annotated[SwapState | None, Query(description="仅该状态")] = None


@router.get(
    "/swaps",
    operation_id="listSwaps",
    summary="换课申请列表",
    description="教师查看涉及自己的换课申请;教务处查看本校区的与涉及本校教师的换课申请。",
    openapi_extra=english(
        "List swaps", "One's own swaps, and those at one's campuses or of one's teachers."
    ),
)
async def list_swaps(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[SwapQuery, Depends()]
) -> Page[SwapOut]:
    """List swaps."""
    asked = queries.SwapFilter(
        campus_id=wanted.campus_id,
        teacher_id=wanted.teacher_id,
        lesson_id=wanted.lesson_id,
        state=wanted.state,
    )
    return await paging.answer(
        db,
        queries.swaps(caller, wanted=asked),
        sorts={"proposed_at": col(Swap.proposed_at)},
        default="-proposed_at",
        tie=col(Swap.id),
        out=SwapOut.of,
    )


async def _answer(db: Db, *, caller: Caller, swap_id: UUID, tag: NewTag) -> SwapOut:
    row = await queries.visible_swap(db, caller=caller, swap_id=swap_id)
    tag(row[0].version)
    return SwapOut.of(row)


@router.post(
    "/swaps",
    status_code=201,
    operation_id="proposeSwap",
    summary="申请换课",
    description="提出两节课互换时间,或三节课连环换课。教师为自己的课提出即视为同意;"
    "其余教师逐一同意后,按学校规则直接生效或报学校批准。提出时即检查所有冲突。",
    responses=may_fail(
        LessonNotFound,
        RelatedNotFound,
        LessonConfirmed,
        LessonNotScheduled,
        LessonOver,
        LessonInSwap,
        LessonLookedAfter,
        SwapWithOneself,
        SwapApart,
        SwapAcrossTerms,
        ScheduleConflict,
    ),
    openapi_extra=english(
        "Propose a swap",
        "Two lessons change places, or three in a chain. Who proposes for their own lesson has "
        "consented with that; once all others have too, it happens at once or is put to the "
        "school, as the school decided. All conflicts are said now already.",
    ),
)
async def propose_swap(*, db: Db, caller: Proposer, body: SwapIn, tag: NewTag) -> SwapOut:
    """Propose a swap."""
    row = await swaps.propose(db, caller=caller, lesson_ids=body.lesson_ids, reason=body.reason)
    return await _answer(db, caller=caller, swap_id=row.id, tag=tag)


@router.get(
    "/swaps/{swap_id}",
    operation_id="getSwap",
    summary="查看换课申请",
    description="读取一条换课申请:每节课的原时间、换到的时间,以及各位教师是否同意。",
    responses=may_fail(SwapNotFound),
    openapi_extra=english(
        "Read a swap", "The time each lesson gives up and takes, and who has consented."
    ),
)
async def get_swap(*, db: ReadDb, caller: Reader, swap_id: UUID, tag: Tag) -> SwapOut:
    """Read a swap."""
    row = await queries.visible_swap(db, caller=caller, swap_id=swap_id)
    tag(row[0].version)
    return SwapOut.of(row)


@router.post(
    "/swaps/{swap_id}:consent",
    operation_id="consentToSwap",
    summary="同意换课",
    description="同意涉及自己一节课的换课。最后一位教师同意后,按学校规则直接生效或报学校批准。",
    responses=may_fail(SwapNotFound, SwapOver, *_AS_THINGS_ARE),
    openapi_extra=english(
        "Consent to a swap",
        "Only a teacher of one of the lessons. With the last consent it happens, or is put to the "
        "school.",
    ),
)
async def consent_to_swap(
    *, db: Db, caller: Asked, swap_id: UUID, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Consent to a swap."""
    await swaps.consent(db, caller=caller, swap_id=swap_id, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)


@router.post(
    "/swaps/{swap_id}:decline",
    operation_id="declineSwap",
    summary="谢绝换课",
    description="谢绝涉及自己一节课的换课并说明理由。",
    responses=may_fail(SwapNotFound, SwapOver),
    openapi_extra=english("Decline a swap", "Only a teacher of one of the lessons, with a reason."),
)
async def decline_swap(
    *, db: Db, caller: Asked, swap_id: UUID, body: SwapAnswerIn, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Decline a swap."""
    await swaps.decline(db, caller=caller, swap_id=swap_id, reason=body.reason, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)


@router.post(
    "/swaps/{swap_id}:withdraw",
    operation_id="withdrawSwap",
    summary="撤回换课申请",
    description="撤回尚未生效的换课申请。",
    responses=may_fail(SwapNotFound, SwapOver),
    openapi_extra=english("Withdraw a swap", "While it has not been carried out."),
)
async def withdraw_swap(
    *, db: Db, caller: Proposer, swap_id: UUID, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Withdraw a swap."""
    await swaps.withdraw(db, caller=caller, swap_id=swap_id, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)


@router.post(
    "/swaps/{swap_id}:approve",
    operation_id="approveSwap",
    summary="批准换课",
    description="批准各位教师均已同意的换课,随即生效。申请人与换课教师本人不得审批。",
    responses=may_fail(SwapNotFound, SwapOver, OwnRequest, *_AS_THINGS_ARE),
    openapi_extra=english(
        "Approve a swap",
        "Carries out what the teachers agreed on. Neither who proposed it nor one of the teachers "
        "can approve.",
    ),
)
async def approve_swap(
    *, db: Db, caller: Decider, swap_id: UUID, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Approve a swap."""
    await swaps.approve(db, caller=caller, swap_id=swap_id, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)


@router.post(
    "/swaps/{swap_id}:refuse",
    operation_id="refuseSwap",
    summary="不批准换课",
    description="不批准换课并说明理由。",
    responses=may_fail(SwapNotFound, SwapOver, OwnRequest),
    openapi_extra=english("Refuse a swap", "With a reason."),
)
async def refuse_swap(
    *, db: Db, caller: Decider, swap_id: UUID, body: SwapAnswerIn, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Refuse a swap."""
    await swaps.refuse(db, caller=caller, swap_id=swap_id, reason=body.reason, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)


@router.post(
    "/swaps/{swap_id}:undo",
    operation_id="undoSwap",
    summary="撤销换课",
    description="在换课生效的当日撤销,各节课恢复原时间。须各节课的原时间与现时间均未开始。",
    responses=may_fail(SwapNotFound, SwapOver, UndoTooLate, *_UNDOING),
    openapi_extra=english(
        "Undo a swap",
        "On the day on which it was carried out, while none of the times has begun: the lessons "
        "get their former times back.",
    ),
)
async def undo_swap(
    *, db: Db, caller: Proposer, swap_id: UUID, expected: IfMatch, tag: NewTag
) -> SwapOut:
    """Undo a swap."""
    await swaps.undo(db, caller=caller, swap_id=swap_id, expected=expected)
    return await _answer(db, caller=caller, swap_id=swap_id, tag=tag)
