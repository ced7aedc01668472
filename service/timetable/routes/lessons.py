"""Single lessons: who sees them, cancelling, moving."""

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
from service.kit.problems import (
    FieldError,
    InvalidValue,
    RelatedNotFound,
    Text,
    ValidationFailed,
)
from service.timetable import lessons, queries
from service.timetable.problems import (
    LessonNotFound,
    LessonNotScheduled,
    LessonOver,
    ScheduleConflict,
)
from service.timetable.problems.attendance import LessonConfirmed
from service.timetable.rules import LessonStatus, Wish
from service.timetable.schemas import (
    CancelIn,
    LessonOut,
    MoveIn,
)
from service.timetable.tables import Lesson

router = make_router(tag="lessons")

Reader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
Changer = Annotated[Caller, needs(Permission.LESSON_CHANGE)]
CampusFilter = Annotated[UUID | None, Query(description="仅该校区")]


@dataclass(frozen=True, slots=True)
class LessonQuery:
    """Which lessons are asked for."""

    campus_id: CampusFilter = None
    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    class_id: Annotated[UUID | None, Query(description="仅该班级")] = None
    assignment_id: Annotated[UUID | None, Query(description="仅该走教安排")] = None
    from_: Annotated[
        date | None, Query(alias="from", description="起始日期(含)", examples=["2026-09-14"])
    ] = None
    until: Annotated[date | None, Query(description="截止日期(不含)", examples=["2026-09-21"])] = (
        None
    )
    status: Annotated[LessonStatus | None, Query(description="仅该状态")] = None

    def __post_init__(self) -> None:
        if self.from_ is not None and self.until is not None and self.until <= self.from_:
            raise ValidationFailed(errors=[_REVERSED])


_REVERSED = FieldError("query/until", "range-reversed", Text("应晚于 from", "must be after from"))


@router.get(
    "/lessons",
    operation_id="listLessons",
    summary="课程列表",
    description="列出您可见的课:在您可见校区上的课,以及您可见教师上的课。"
    "可按校区、教师、班级、走教安排、日期与状态筛选。已取消的课仍在列表中。",
    openapi_extra=english(
        "List lessons",
        "Lessons at campuses within your reach, and lessons of teachers within your reach, by "
        "campus, teacher, class, assignment, date and status. Cancelled lessons are listed too.",
    ),
)
async def list_lessons(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[LessonQuery, Depends()]
) -> Page[LessonOut]:
    """List lessons."""
    return await paging.answer(
        db,
        queries.lessons(
            caller,
            wanted=queries.LessonFilter(
                campus_id=wanted.campus_id,
                teacher_id=wanted.teacher_id,
                class_id=wanted.class_id,
                assignment_id=wanted.assignment_id,
                from_=wanted.from_,
                until=wanted.until,
                status=wanted.status,
            ),
        ),
        sorts={"starts_at": col(Lesson.starts_at)},
        default="starts_at",
        tie=col(Lesson.id),
        out=lambda row: LessonOut.of(queries.lesson_row(row)),
    )


@router.get(
    "/lessons/{lesson_id}",
    operation_id="getLesson",
    summary="查看一节课",
    description="读取一节课:现在的与原计划的教师、时间、教室,以及变动的原因与经办人。",
    responses=may_fail(LessonNotFound),
    openapi_extra=english(
        "Read a lesson",
        "Its present and planned teacher, time and room, and why and by whom it was changed.",
    ),
)
async def get_lesson(*, db: ReadDb, caller: Reader, lesson_id: UUID, tag: Tag) -> LessonOut:
    """Read a lesson."""
    row = await queries.visible_lesson(db, caller=caller, lesson_id=lesson_id)
    tag(row.version)
    return LessonOut.of(row)


@router.post(
    "/lessons/{lesson_id}:cancel",
    operation_id="cancelLesson",
    summary="停课",
    description="取消一节尚未开始的课并说明原因。教师、班级与教室的时间随即空出,课的记录保留。",
    responses=may_fail(LessonNotFound, LessonNotScheduled, LessonOver, LessonConfirmed),
    openapi_extra=english(
        "Cancel a lesson",
        "Lets a lesson that has not begun not take place, with a reason. Teacher, class and room "
        "are free at once; the lesson's row stays.",
    ),
)
async def cancel_lesson(
    *, db: Db, caller: Changer, lesson_id: UUID, body: CancelIn, expected: IfMatch, tag: NewTag
) -> LessonOut:
    """Cancel a lesson."""
    await lessons.cancel(
        db, caller=caller, lesson_id=lesson_id, reason=body.reason, expected=expected
    )
    row = await queries.visible_lesson(db, caller=caller, lesson_id=lesson_id)
    tag(row.version)
    return LessonOut.of(row)


@router.post(
    "/lessons/{lesson_id}:move",
    operation_id="moveLesson",
    summary="调课",
    description="把一节尚未开始的课调到另一天的某一节(on_date 与 period)、另一钟点(starts_at)"
    "或另一间教室,并说明原因。与发布时一样检查教师、班级、教室、路程与上课日;"
    "冲突时返回 409,并给出本周可行的时段。",
    responses=may_fail(
        LessonNotFound,
        LessonNotScheduled,
        LessonOver,
        LessonConfirmed,
        ScheduleConflict,
        RelatedNotFound,
        InvalidValue,
    ),
    openapi_extra=english(
        "Move a lesson",
        "To a period of another day (on_date and period), to another clock time (starts_at), or to "
        "another room, with a reason. Teacher, class, room, way and teaching day are checked as at "
        "publication; a conflict is a 409 with times of that week that would work.",
    ),
)
async def move_lesson(
    *, db: Db, caller: Changer, lesson_id: UUID, body: MoveIn, expected: IfMatch, tag: NewTag
) -> LessonOut:
    """Move a lesson."""
    await lessons.move(
        db,
        caller=caller,
        lesson_id=lesson_id,
        move=lessons.Move(
            to=Wish(body.on_date, body.period, body.starts_at, body.ends_at),
            room_id=body.room_id,
            reason=body.reason,
        ),
        expected=expected,
    )
    row = await queries.visible_lesson(db, caller=caller, lesson_id=lesson_id)
    tag(row.version)
    return LessonOut.of(row)
