"""Attendance: checking in, the host school's word, disputes."""

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
from service.kit.problems import RelatedNotFound
from service.timetable import attendance
from service.timetable.problems import LessonNotFound, LessonNotScheduled
from service.timetable.problems.absence import OwnRequest
from service.timetable.problems.attendance import (
    AttendanceSettled,
    CheckedInAlready,
    CheckInTooEarly,
    CheckInTooFar,
    CheckInTooLate,
    CorrectionTooSoon,
    LessonAtHome,
    LessonNotOver,
    LessonNotTaught,
    MonthFrozen,
    NoCorrection,
    NotYourLesson,
)
from service.timetable.queries import attendance as queries
from service.timetable.queries.attendance import Attended
from service.timetable.rules.attendance import Word
from service.timetable.schemas.attendance import (
    AttendanceOut,
    CheckInIn,
    ConfirmedOut,
    ConfirmMonthIn,
    CorrectionIn,
    NoteIn,
    RulingIn,
    first_of,
)
from service.timetable.tables import Lesson

router = make_router(tag="attendance")
routers = [router]

Reader = Annotated[Caller, needs(Permission.ATTENDANCE_READ)]
Teacher = Annotated[Caller, needs(Permission.ATTENDANCE_CHECK_IN)]
Host = Annotated[Caller, needs(Permission.ATTENDANCE_CONFIRM)]
Disputer = Annotated[Caller, needs(Permission.ATTENDANCE_DISPUTE)]
Office = Annotated[Caller, needs(Permission.ATTENDANCE_RESOLVE)]

_NOT_TO_CONFIRM = (LessonNotScheduled, LessonNotTaught, LessonAtHome, LessonNotOver)


async def _answer(db: Db, *, caller: Caller, lesson_id: UUID, tag: NewTag) -> AttendanceOut:
    seen = await queries.visible_attendance(db, caller=caller, lesson_id=lesson_id)
    answer = AttendanceOut.of(seen)
    tag(answer.version)
    return answer


@dataclass(frozen=True, slots=True)
class AttendanceQuery:
    """Which lessons are asked for."""

    school_id: Annotated[UUID | None, Query(description="上课学校")] = None
    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    from_: Annotated[
        date | None, Query(alias="from", description="起始日期(含)", examples=["2026-10-01"])
    ] = None
    until: Annotated[date | None, Query(description="截止日期(不含)", examples=["2026-11-01"])] = (
        None
    )
    state: Annotated[Word | None, Query(description="确认状态")] = None
    visiting: Annotated[bool | None, Query(description="仅外校教师来校任教的课")] = None


@router.get(
    "/attendance",
    operation_id="listAttendance",
    summary="到课与确认情况",
    description="列出您可见的课及其签到、迟到、未到与学校确认情况。迟到与未到由签到记录推算,不由人填写。",
    openapi_extra=english(
        "List attendance",
        "The lessons within your reach with check-ins and the host schools' word. Late and missing "
        "are derived from what is recorded, never entered.",
    ),
)
async def list_attendance(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[AttendanceQuery, Depends()]
) -> Page[AttendanceOut]:
    """List attendance."""
    asked = queries.AttendanceFilter(
        school_id=wanted.school_id,
        teacher_id=wanted.teacher_id,
        from_=wanted.from_,
        until=wanted.until,
        state=wanted.state,
        visiting=wanted.visiting,
    )
    return await paging.answer(
        db,
        queries.attendances(caller, wanted=asked),
        sorts={"starts_at": col(Lesson.starts_at)},
        default="starts_at",
        tie=col(Lesson.id),
        out=lambda row: AttendanceOut.of(Attended(*row)),
    )


@router.get(
    "/lessons/{lesson_id}/attendance",
    operation_id="getAttendance",
    summary="一节课的到课情况",
    description="读取一节课的签到、补签、学校确认与争议。返回的 ETag 用于确认、争议等操作。",
    responses=may_fail(LessonNotFound),
    openapi_extra=english(
        "Read attendance", "Check-in, late check-in, the host's word and disputes of one lesson."
    ),
)
async def get_attendance(*, db: ReadDb, caller: Reader, lesson_id: UUID, tag: Tag) -> AttendanceOut:
    """Read attendance."""
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}:check-in",
    operation_id="checkIn",
    summary="签到",
    description="教师为自己任教的课签到。可带手机时刻与位置:位置只用于计算距校门的米数,不保存位置与轨迹。"
    "签到时间窗与距离按学校的考勤规则;过早、过晚、过远或非本人的课,分别给出原因。"
    "离线时请带 Idempotency-Key 与 told_at,下课后 12 小时内补传有效。",
    responses=may_fail(
        LessonNotFound,
        LessonNotScheduled,
        LessonNotTaught,
        NotYourLesson,
        CheckInTooEarly,
        CheckInTooLate,
        CheckInTooFar,
        CheckedInAlready,
        AttendanceSettled,
        MonthFrozen,
    ),
    openapi_extra=english(
        "Check in",
        "As the lesson's teacher. The phone's clock and a position may come along; of the position "
        "only the distance to the gate is kept, and no track. The school's policy decides when and "
        "how near. Offline, send an Idempotency-Key and told_at: it counts if it arrives within 12 "
        "hours after the lesson.",
    ),
)
async def check_in(
    *, db: Db, caller: Teacher, lesson_id: UUID, body: CheckInIn, tag: NewTag
) -> AttendanceOut:
    """Check in."""
    arrival = attendance.Arrival(
        told_at=body.told_at,
        longitude=body.longitude,
        latitude=body.latitude,
        datum=body.datum,
    )
    await attendance.check_in(db, caller=caller, lesson_id=lesson_id, arrival=arrival)
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}/attendance:ask-correction",
    operation_id="askCorrection",
    summary="申请补签",
    description="下课后仍未签到的,说明到校时刻与原因申请补签,由受援校另一人审批。",
    responses=may_fail(
        LessonNotFound,
        LessonNotScheduled,
        LessonNotTaught,
        NotYourLesson,
        CorrectionTooSoon,
        CheckedInAlready,
        AttendanceSettled,
        MonthFrozen,
    ),
    openapi_extra=english(
        "Ask for a late check-in",
        "After a lesson without check-in: when you arrived, and why. Somebody else at the host "
        "school decides.",
    ),
)
async def ask_correction(
    *, db: Db, caller: Teacher, lesson_id: UUID, body: CorrectionIn, tag: NewTag
) -> AttendanceOut:
    """Ask for a late check-in."""
    claim = attendance.Claim(body.arrived_at, body.reason)
    await attendance.ask_correction(db, caller=caller, lesson_id=lesson_id, claim=claim)
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}/attendance:approve-correction",
    operation_id="approveCorrection",
    summary="批准补签",
    description="受援校批准补签,以申请中的到校时刻为准。不得审批自己的补签。",
    responses=may_fail(LessonNotFound, NoCorrection, OwnRequest, MonthFrozen),
    openapi_extra=english(
        "Approve a late check-in", "As the host school; the claimed arrival counts from now on."
    ),
)
async def approve_correction(
    *, db: Db, caller: Host, lesson_id: UUID, expected: IfMatch, tag: NewTag
) -> AttendanceOut:
    """Approve a late check-in."""
    await attendance.decide_correction(
        db, caller=caller, lesson_id=lesson_id, note=None, expected=expected
    )
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}/attendance:refuse-correction",
    operation_id="refuseCorrection",
    summary="不批准补签",
    description="受援校不批准补签并说明理由;教师可重新申请。",
    responses=may_fail(LessonNotFound, NoCorrection, OwnRequest, MonthFrozen),
    openapi_extra=english("Refuse a late check-in", "With a reason; it may be asked again."),
)
async def refuse_correction(
    *, db: Db, caller: Host, lesson_id: UUID, body: NoteIn, expected: IfMatch, tag: NewTag
) -> AttendanceOut:
    """Refuse a late check-in."""
    await attendance.decide_correction(
        db, caller=caller, lesson_id=lesson_id, note=body.reason, expected=expected
    )
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}/attendance:confirm",
    operation_id="confirmLesson",
    summary="确认一节课",
    description="受援校确认外校教师已上这节课。只有确认的课计入课时与补贴;确认后不能再调课、停课或换课。"
    "教师当月已结算的,不能再确认。",
    responses=may_fail(
        LessonNotFound, *_NOT_TO_CONFIRM, AttendanceSettled, MonthFrozen, OwnRequest
    ),
    openapi_extra=english(
        "Confirm a lesson",
        "As the host school: the visiting teacher taught it. Only this pays; a confirmed lesson is "
        "moved, cancelled and swapped no more. A settled month refuses.",
    ),
)
async def confirm_lesson(
    *, db: Db, caller: Host, lesson_id: UUID, expected: IfMatch, tag: NewTag
) -> AttendanceOut:
    """Confirm a lesson."""
    await attendance.confirm(db, caller=caller, lesson_id=lesson_id, expected=expected)
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/attendance:confirm-month",
    operation_id="confirmMonth",
    summary="批量确认某月来校任教的课",
    description="一次确认某校某月外校教师的全部来校课。未签到、补签待审批、有争议、列为例外的课不确认,"
    "逐节列出原因,保持待确认;下次可再次批量确认。",
    responses=may_fail(RelatedNotFound),
    openapi_extra=english(
        "Confirm a month",
        "All visiting lessons of a school in a month at once. Those without check-in, with a late "
        "check-in that waits, disputed or excepted stay open, each with its reason.",
    ),
)
async def confirm_month(*, db: Db, caller: Host, body: ConfirmMonthIn) -> ConfirmedOut:
    """Confirm a month."""
    wanted = attendance.Month(
        school_id=body.school_id,
        month=first_of(body.month),
        without=frozenset(body.except_lesson_ids),
        unchecked_too=body.unchecked_too,
    )
    return ConfirmedOut.of(await attendance.confirm_month(db, caller=caller, wanted=wanted))


@router.post(
    "/lessons/{lesson_id}/attendance:dispute",
    operation_id="disputeLesson",
    summary="提出争议",
    description="任课教师或相关学校认为确认有误(或应确认而未确认)时提出,由集团办公室裁定。"
    "裁定前该课不计入课时与补贴。",
    responses=may_fail(LessonNotFound, *_NOT_TO_CONFIRM, AttendanceSettled, MonthFrozen),
    openapi_extra=english(
        "Dispute a lesson",
        "As its teacher or a school concerned. The group office decides; until then it pays "
        "nothing.",
    ),
)
async def dispute_lesson(
    *, db: Db, caller: Disputer, lesson_id: UUID, body: NoteIn, expected: IfMatch, tag: NewTag
) -> AttendanceOut:
    """Dispute a lesson."""
    await attendance.dispute(
        db, caller=caller, lesson_id=lesson_id, reason=body.reason, expected=expected
    )
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)


@router.post(
    "/lessons/{lesson_id}/attendance:resolve",
    operation_id="resolveDispute",
    summary="裁定争议",
    description="集团办公室裁定争议:认定已上课的计入课时,认定未上课的不计。提出争议者不得裁定。",
    responses=may_fail(LessonNotFound, AttendanceSettled, MonthFrozen, OwnRequest),
    openapi_extra=english(
        "Resolve a dispute",
        "As the group office: it was taught and counts, or it was not. Whoever disputes does not "
        "decide.",
    ),
)
async def resolve_dispute(
    *, db: Db, caller: Office, lesson_id: UUID, body: RulingIn, expected: IfMatch, tag: NewTag
) -> AttendanceOut:
    """Resolve a dispute."""
    ruling = attendance.Ruling(body.taught, body.reason)
    await attendance.resolve(
        db, caller=caller, lesson_id=lesson_id, ruling=ruling, expected=expected
    )
    return await _answer(db, caller=caller, lesson_id=lesson_id, tag=tag)
