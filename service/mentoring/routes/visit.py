"""Visits of a mentor at the mentee's campus."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
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
from service.mentoring import visits
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.log import NotOfThePair, PairingNotActive
from service.mentoring.problems.visit import VisitNotFound, VisitOver, VisitUnfit
from service.mentoring.queries import log
from service.mentoring.queries import visit as queries
from service.mentoring.rules.visit import Purpose, VisitState
from service.mentoring.schemas.visit import (
    VisitCancelIn,
    VisitIn,
    VisitOut,
    VisitSlotOut,
    VisitSlotsOut,
)
from service.mentoring.tables import Visit
from service.mentoring.visits import NewVisit
from service.timetable.problems import ScheduleConflict

router = make_router(tag="pairings")

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Answerer = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]


async def _answer(db: Db, *, caller: Caller, visit_id: UUID, tag: NewTag) -> VisitOut:
    row = await queries.visit_row(db, caller=caller, visit_id=visit_id)
    tag(row[0].version)
    return VisitOut.of(row)


@router.get(
    "/pairings/{pairing_id}/visit-slots",
    operation_id="listVisitSlots",
    summary="可安排到校指导的时间",
    description="六周内最近的三个时间:导师与徒弟都能在徒弟的校区,路程计算在内,"
    "只取该校区的上课日与节次。purpose=observation 时取徒弟要上、导师能到场听的课。",
    responses=may_fail(PairingNotFound, PairingNotActive, VisitUnfit),
    openapi_extra=english(
        "When a visit could be",
        "The next three times, within six weeks, when mentor and mentee can both be at the "
        "mentee's campus, ways included, by the bells of its teaching days. With "
        "purpose=observation, lessons of the mentee's that the mentor can attend.",
    ),
)
async def list_visit_slots(
    *,
    db: ReadDb,
    caller: Reader,
    pairing_id: UUID,
    purpose: Annotated[
        Purpose, Query(description="meeting 面谈(双方都有空),observation 听徒弟的课")
    ] = Purpose.MEETING,
) -> VisitSlotsOut:
    """When a visit could be."""
    found = await visits.slots(db, caller=caller, pairing_id=pairing_id, purpose=purpose)
    return VisitSlotsOut(
        items=[
            VisitSlotOut(
                campus_id=one.opening.campus_id,
                on_date=one.opening.on_date,
                period=one.opening.period,
                starts_at=one.opening.starts_at,
                ends_at=one.opening.ends_at,
                lesson_id=one.lesson_id,
            )
            for one in found
        ]
    )


@router.get(
    "/pairings/{pairing_id}/visits",
    operation_id="listVisits",
    summary="到校指导列表",
    description="一个师徒结对的到校指导,含已取消的及其原因,可按状态筛选。",
    responses=may_fail(PairingNotFound),
    openapi_extra=english("List visits", "Those of a pairing, also the cancelled ones and why."),
)
async def list_visits(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    pairing_id: UUID,
    state: Annotated[
        VisitState | None, Query(description="planned 已安排,cancelled 已取消")
    ] = None,
) -> Page[VisitOut]:
    """List visits."""
    await log.check_pairing(db, caller=caller, pairing_id=pairing_id)
    return await paging.answer(
        db,
        queries.visits(caller, pairing_id=pairing_id, state=state),
        sorts={"starts_at": col(Visit.starts_at)},
        default="-starts_at",
        tie=col(Visit.id),
        out=VisitOut.of,
    )


@router.post(
    "/pairings/{pairing_id}/visits",
    status_code=201,
    operation_id="planVisit",
    summary="安排到校指导",
    description="由导师或徒弟安排导师到徒弟校区:给出起止时间,双方时间与路程一并占用;"
    "或给出要听的徒弟的课,按这节课的时间与校区占用导师的时间。与课、请假或路程冲突时整体拒绝并说明。",
    responses=may_fail(
        PairingNotFound, NotOfThePair, PairingNotActive, VisitUnfit, ScheduleConflict
    ),
    openapi_extra=english(
        "Plan a visit",
        "The mentor comes to the mentee's campus: at a time, which takes the time of both with "
        "all ways, or to a lesson of the mentee's, which takes the mentor's. What clashes with a "
        "lesson, a leave or a way is refused, and said.",
    ),
)
async def plan_visit(
    *, db: Db, caller: Answerer, pairing_id: UUID, body: VisitIn, tag: NewTag
) -> VisitOut:
    """Plan a visit."""
    new = NewVisit(**body.model_dump())
    visit = await visits.plan(db, caller=caller, pairing_id=pairing_id, new=new)
    return await _answer(db, caller=caller, visit_id=visit.id, tag=tag)


@router.get(
    "/visits/{visit_id}",
    operation_id="getVisit",
    summary="查看到校指导",
    description="读取一次到校指导。",
    responses=may_fail(VisitNotFound),
    openapi_extra=english("Read a visit", "As it stands now."),
)
async def get_visit(*, db: ReadDb, caller: Reader, visit_id: UUID, tag: Tag) -> VisitOut:
    """Read a visit."""
    row = await queries.visit_row(db, caller=caller, visit_id=visit_id)
    tag(row[0].version)
    return VisitOut.of(row)


@router.post(
    "/visits/{visit_id}:cancel",
    operation_id="cancelVisit",
    summary="取消到校指导",
    description="由导师或徒弟取消尚未开始的到校指导,双方的时间随即释放;取消的保留在案。",
    responses=may_fail(VisitNotFound, NotOfThePair, VisitOver),
    openapi_extra=english(
        "Cancel a visit",
        "As one of the two, before it begins; both have their time back. It stays on record.",
    ),
)
async def cancel_visit(
    *,
    db: Db,
    caller: Answerer,
    visit_id: UUID,
    body: VisitCancelIn,
    expected: IfMatch,
    tag: NewTag,
) -> VisitOut:
    """Cancel a visit."""
    await visits.cancel(db, caller=caller, visit_id=visit_id, reason=body.reason, expected=expected)
    return await _answer(db, caller=caller, visit_id=visit_id, tag=tag)
