"""Lessons that need cover, and the teachers who are asked."""

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
from service.timetable import cover
from service.timetable.problems import (
    LessonNotFound,
    LessonNotScheduled,
    LessonOver,
    ScheduleConflict,
)
from service.timetable.problems.absence import (
    AbsentTeacher,
    AlreadyTaken,
    CannotMerge,
    CoverNotFound,
    CoverOver,
    NoStandin,
    OfferClosed,
    OfferExpired,
    OfferNotFound,
)
from service.timetable.queries import absence as queries
from service.timetable.rules.absence import CoverState, OfferState
from service.timetable.schemas.absence import (
    AssignIn,
    CoverOut,
    DeclineIn,
    OfferIn,
    OfferOut,
    OffersOut,
    SettleIn,
    StandinsOut,
)
from service.timetable.tables import Cover, CoverOffer

covers = make_router(tag="covers")
offers = make_router(tag="cover-offers")
routers = [covers, offers]

Reader = Annotated[Caller, needs(Permission.COVER_READ)]
Arranger = Annotated[Caller, needs(Permission.COVER_WRITE)]
Asked = Annotated[Caller, needs(Permission.COVER_ANSWER)]


@dataclass(frozen=True, slots=True)
class CoverQuery:
    """Which covers are asked for."""

    campus_id: Annotated[UUID | None, Query(description="仅该校区")] = None
    leave_id: Annotated[UUID | None, Query(description="仅该请假")] = None
    lesson_id: Annotated[UUID | None, Query(description="仅该课")] = None
    state: Annotated[CoverState | None, Query(description="仅该状态")] = None


@covers.get(
    "/covers",
    operation_id="listCovers",
    summary="代课需求列表",
    description="列出您可见的、因教师请假而需要安排的课及其结果:代课、合班、自习或已失效。",
    openapi_extra=english(
        "List covers",
        "Lessons whose teacher is away, at your campuses or of your teachers, and what became of "
        "them: covered, merged, self-study, or needed no more.",
    ),
)
async def list_covers(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[CoverQuery, Depends()]
) -> Page[CoverOut]:
    """List covers."""
    asked = queries.CoverFilter(
        campus_id=wanted.campus_id,
        leave_id=wanted.leave_id,
        lesson_id=wanted.lesson_id,
        state=wanted.state,
    )
    return await paging.answer(
        db,
        queries.covers(caller, wanted=asked),
        sorts={"deadline_at": col(Cover.deadline_at)},
        default="deadline_at",
        tie=col(Cover.id),
        out=CoverOut.of,
    )


async def _answer(db: Db, *, caller: Caller, cover_id: UUID, tag: NewTag) -> CoverOut:
    row = await queries.visible_cover(db, caller=caller, cover_id=cover_id)
    tag(row[0].version)
    return CoverOut.of(row)


@covers.get(
    "/covers/{cover_id}",
    operation_id="getCover",
    summary="查看代课需求",
    description="读取一节待代课的课及其安排。",
    responses=may_fail(CoverNotFound),
    openapi_extra=english("Read a cover", "One lesson whose teacher is away, and its outcome."),
)
async def get_cover(*, db: ReadDb, caller: Reader, cover_id: UUID, tag: Tag) -> CoverOut:
    """Read a cover."""
    row = await queries.visible_cover(db, caller=caller, cover_id=cover_id)
    tag(row[0].version)
    return CoverOut.of(row)


@covers.get(
    "/covers/{cover_id}/candidates",
    operation_id="listCoverCandidates",
    summary="可代课教师",
    description="列出本校与同集团学校中该时段空闲、能按时到达的教师,按学科、学校、校区、课时、"
    "公平与路程计分排序;其余教师按原因给出人数。",
    responses=may_fail(CoverNotFound, LessonNotFound),
    openapi_extra=english(
        "List cover candidates",
        "Teachers of the school and its groups who are free and can get there in time, ranked by "
        "subject, school, campus, load, fairness and way; of the others, how many and why not.",
    ),
)
async def list_cover_candidates(
    *,
    db: ReadDb,
    caller: Arranger,
    cover_id: UUID,
    anybody: Annotated[bool, Query(description="也列出无该学科任教资格的教师")] = False,
) -> StandinsOut:
    """List candidates."""
    choice = await cover.candidates(db, caller=caller, cover_id=cover_id, anybody=anybody)
    return StandinsOut.of(choice.standins, others=choice.others)


@covers.post(
    "/covers/{cover_id}:offer",
    operation_id="offerCover",
    summary="发出代课邀请",
    description="向指定教师、或向最合适的教师群发代课邀请,可设答复截止时间。先接受者得。",
    responses=may_fail(
        CoverNotFound,
        LessonNotFound,
        CoverOver,
        NoStandin,
        AbsentTeacher,
        LessonOver,
        LessonNotScheduled,
    ),
    openapi_extra=english(
        "Offer a lesson to substitutes",
        "To those named, or to the best of those who can, with an expiry. Who accepts first has "
        "it.",
    ),
)
async def offer_cover(
    *, db: Db, caller: Arranger, cover_id: UUID, body: OfferIn, expected: IfMatch
) -> OffersOut:
    """Offer a lesson."""
    asking = cover.Asking(teacher_ids=body.teacher_ids, expires_at=body.expires_at)
    made = await cover.offer(db, caller=caller, cover_id=cover_id, asking=asking, expected=expected)
    rows = [await queries.visible_offer(db, caller=caller, offer_id=one.id) for one in made]
    return OffersOut(items=[OfferOut.of(row) for row in rows])


@covers.post(
    "/covers/{cover_id}:assign",
    operation_id="assignCover",
    summary="指派代课",
    description="直接指派代课教师;不指定时自动选择最合适者。与排课同样检查时间与路程。",
    responses=may_fail(
        CoverNotFound,
        LessonNotFound,
        CoverOver,
        NoStandin,
        AbsentTeacher,
        LessonOver,
        LessonNotScheduled,
        ScheduleConflict,
        RelatedNotFound,
    ),
    openapi_extra=english(
        "Assign a substitute",
        "Gives the lesson to a teacher, or to the best of those who can, with all the checks of a "
        "timetable.",
    ),
)
async def assign_cover(
    *, db: Db, caller: Arranger, cover_id: UUID, body: AssignIn, expected: IfMatch, tag: NewTag
) -> CoverOut:
    """Assign a substitute."""
    await cover.assign(
        db, caller=caller, cover_id=cover_id, teacher_id=body.teacher_id, expected=expected
    )
    return await _answer(db, caller=caller, cover_id=cover_id, tag=tag)


@covers.post(
    "/covers/{cover_id}:settle",
    operation_id="settleCover",
    summary="安排合班或自习",
    description="不安排代课教师:并入同校区同时间的另一节课(合班),或由班级自习。",
    responses=may_fail(
        CoverNotFound, LessonNotFound, CoverOver, CannotMerge, LessonOver, LessonNotScheduled
    ),
    openapi_extra=english(
        "Merge classes or let them study",
        "Without a substitute: join the class to another lesson at the same campus and time, or "
        "let it study by itself.",
    ),
)
async def settle_cover(
    *, db: Db, caller: Arranger, cover_id: UUID, body: SettleIn, expected: IfMatch, tag: NewTag
) -> CoverOut:
    """Settle without a substitute."""
    await cover.settle(
        db,
        caller=caller,
        cover_id=cover_id,
        with_lesson_id=body.with_lesson_id,
        expected=expected,
    )
    return await _answer(db, caller=caller, cover_id=cover_id, tag=tag)


@covers.post(
    "/covers/{cover_id}:release",
    operation_id="releaseCover",
    summary="撤销代课安排",
    description="撤销已作的安排,代课教师的时间随即空出,该课重新待代课。",
    responses=may_fail(CoverNotFound, LessonNotFound, CoverOver, LessonOver, LessonNotScheduled),
    openapi_extra=english(
        "Release what was arranged",
        "The substitute's time is free at once, and the lesson needs cover again.",
    ),
)
async def release_cover(
    *, db: Db, caller: Arranger, cover_id: UUID, expected: IfMatch, tag: NewTag
) -> CoverOut:
    """Release a cover."""
    await cover.release(db, caller=caller, cover_id=cover_id, expected=expected)
    return await _answer(db, caller=caller, cover_id=cover_id, tag=tag)


@offers.get(
    "/cover-offers",
    operation_id="listCoverOffers",
    summary="代课邀请列表",
    description="教师查看发给自己的代课邀请;教务处查看本校区的课发出的邀请。",
    openapi_extra=english(
        "List cover offers", "One's own offers, and those for lessons at one's campuses."
    ),
)
async def list_cover_offers(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    cover_id: Annotated[UUID | None, Query(description="仅该代课需求")] = None,
    state: Annotated[OfferState | None, Query(description="仅该状态")] = None,
) -> Page[OfferOut]:
    """List offers."""
    return await paging.answer(
        db,
        queries.offers(caller, cover_id=cover_id, state=state),
        sorts={"expires_at": col(CoverOffer.expires_at)},
        default="expires_at",
        tie=col(CoverOffer.id),
        out=OfferOut.of,
    )


async def _answer_offer(db: Db, *, caller: Caller, offer_id: UUID, tag: NewTag) -> OfferOut:
    row = await queries.visible_offer(db, caller=caller, offer_id=offer_id)
    tag(row[0].version)
    return OfferOut.of(row)


@offers.get(
    "/cover-offers/{offer_id}",
    operation_id="getCoverOffer",
    summary="查看代课邀请",
    description="读取一条代课邀请。",
    responses=may_fail(OfferNotFound),
    openapi_extra=english("Read a cover offer", "One offer within your reach."),
)
async def get_cover_offer(*, db: ReadDb, caller: Reader, offer_id: UUID, tag: Tag) -> OfferOut:
    """Read an offer."""
    row = await queries.visible_offer(db, caller=caller, offer_id=offer_id)
    tag(row[0].version)
    return OfferOut.of(row)


_ANSWER = (OfferNotFound, AlreadyTaken, OfferClosed, OfferExpired, CoverNotFound)


@offers.post(
    "/cover-offers/{offer_id}:accept",
    operation_id="acceptCoverOffer",
    summary="接受代课",
    description="接受发给自己的代课邀请。先接受者得;已被他人接受时返回 already-taken。",
    responses=may_fail(
        *_ANSWER, LessonNotFound, LessonOver, LessonNotScheduled, CoverOver, ScheduleConflict
    ),
    openapi_extra=english(
        "Accept a cover offer",
        "Only the one who was asked. The first has it; the others get already-taken.",
    ),
)
async def accept_cover_offer(
    *, db: Db, caller: Asked, offer_id: UUID, expected: IfMatch, tag: NewTag
) -> OfferOut:
    """Accept an offer."""
    await cover.accept(db, caller=caller, offer_id=offer_id, expected=expected)
    return await _answer_offer(db, caller=caller, offer_id=offer_id, tag=tag)


@offers.post(
    "/cover-offers/{offer_id}:decline",
    operation_id="declineCoverOffer",
    summary="谢绝代课",
    description="谢绝发给自己的代课邀请并说明理由。",
    responses=may_fail(*_ANSWER, LessonNotFound),
    openapi_extra=english("Decline a cover offer", "Only the one who was asked, with a reason."),
)
async def decline_cover_offer(
    *, db: Db, caller: Asked, offer_id: UUID, body: DeclineIn, expected: IfMatch, tag: NewTag
) -> OfferOut:
    """Decline an offer."""
    await cover.decline(db, caller=caller, offer_id=offer_id, reason=body.reason, expected=expected)
    return await _answer_offer(db, caller=caller, offer_id=offer_id, tag=tag)
