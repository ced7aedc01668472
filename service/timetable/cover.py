"""Covers: who stands in for a lesson whose teacher is away, or what else becomes of it.

Whoever accepts first has the lesson. Locks are taken in one order everywhere: teachers by id, the
cover, the lesson; so rivals wait for each other and never in a circle.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock
from service.kit.jobs import enqueue
from service.kit.journal import Entry, record, record_each
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task, settle_tasks
from service.timetable import handing, load, queries
from service.timetable.lapsing import UNCOVERED, close_offers, lapse_swaps
from service.timetable.load import Ground
from service.timetable.problems import LessonNotFound, LessonNotScheduled, LessonOver
from service.timetable.problems.absence import (
    AbsentTeacher,
    AlreadyTaken,
    CannotMerge,
    CoverNotFound,
    NoStandin,
    OfferClosed,
    OfferNotFound,
)
from service.timetable.queries import absence as absences
from service.timetable.queries.absence import StandinsAsked
from service.timetable.rules import (
    Duty,
    LessonChange,
    LessonStatus,
    ResourceKind,
    TimeKind,
    monday_of,
)
from service.timetable.rules.absence import (
    CoverState,
    CoverStep,
    OfferState,
    Standin,
    check_answerable,
    cover_after,
    ranked,
)
from service.timetable.tables import Cover, CoverOffer, Lesson

DUE = "timetable.cover_due"
_BROADCAST = 20
_JUDGED = 60
_SETTLED = "已安排代课、合班或自习"
_NOBODY = FieldError(
    "/teacher_id", "not-found", Text("教师不存在或不在本集团", "no teacher of the school's group")
)
_TAKES = {
    CoverStep.MERGE: LessonChange.MERGED,
    CoverStep.SELF_STUDY: LessonChange.SELF_STUDY,
}


# A lesson without cover by its deadline


async def watch(db: AsyncSession, *, by: Caller, row: Cover) -> None:
    """See to it that somebody hears when a deadline passes without cover."""
    left = row.deadline_at - clock.now()
    if left <= timedelta():
        await call_for_help(db, by=by, cover_id=row.id)
        return
    payload = {"cover_id": str(row.id)}
    await enqueue(db, DUE, payload, district_id=row.district_id, once=f"{DUE}:{row.id}", after=left)


async def call_for_help(db: AsyncSession, *, by: Caller, cover_id: UUID) -> None:
    """Open a task of the group's office for a lesson whose deadline has passed without cover."""
    found = await absences.overdue(db, cover_id=cover_id, now=clock.now())
    if found is None:
        return
    lesson, school_id, campus_name = found
    ground = await load.ground(db, district_id=by.district_id)
    group_id = await absences.group_of(db, caller=by, school_id=school_id)
    at = lesson.starts_at.astimezone(ground.zone)
    said = f"{at:%m-%d %H:%M}"
    new = NewTask(
        kind=UNCOVERED,
        subject_collection="lessons",
        subject_id=lesson.id,
        title=Text(
            f"{campus_name} {said} 的课仍无人代课",
            f"Nobody covers the lesson at {campus_name} on {said}",
        ),
        owner_kind=OwnerKind.SCHOOL if group_id is None else OwnerKind.GROUP,
        owner_id=group_id or school_id,
        due_on=at.date(),
    )
    await open_task(db, by=by, new=new)


# Holding


@dataclass(frozen=True, slots=True)
class _Held:
    """A cover and its lesson that nobody else can change now."""

    cover: Cover
    lesson: Lesson
    school_id: UUID
    ground: Ground

    @property
    def reach(self) -> set[UUID]:
        """Whom a change of it concerns."""
        people = {self.cover.absent_id, self.cover.substitute_id, self.lesson.teacher_id}
        return {self.school_id, *(one for one in people if one is not None)}


async def _seen(db: AsyncSession, *, caller: Caller, cover_id: UUID) -> Cover:
    """A cover that the caller arranges."""
    row: Cover = (await absences.visible_cover(db, caller=caller, cover_id=cover_id))[0]
    if not await absences.may_arrange(db, caller=caller, cover_id=cover_id):
        raise Forbidden
    return row


async def _hold(
    db: AsyncSession, *, caller: Caller, cover_id: UUID, teachers: Collection[UUID]
) -> _Held:
    return await _with_lesson(
        db, caller=caller, row=await _hold_cover(db, cover_id=cover_id, teachers=teachers)
    )


async def _hold_cover(db: AsyncSession, *, cover_id: UUID, teachers: Collection[UUID]) -> Cover:
    if teachers:
        await load.lock_resources(db, teachers=teachers)
    row = await lock(db, Cover, cover_id)
    if row is None:
        raise CoverNotFound
    return row


async def _with_lesson(db: AsyncSession, *, caller: Caller, row: Cover) -> _Held:
    lesson = await lock(db, Lesson, row.lesson_id)
    if lesson is None:
        raise LessonNotFound
    ground = await load.ground(db, district_id=caller.district_id)
    schools = await queries.schools_of_campuses(db, campus_ids=[lesson.campus_id])
    return _Held(row, lesson, schools[lesson.campus_id], ground)


def _check_coming(lesson: Lesson) -> None:
    if lesson.status != LessonStatus.SCHEDULED:
        raise LessonNotScheduled
    if lesson.starts_at <= clock.now():
        raise LessonOver


# Who could


@dataclass(frozen=True, slots=True)
class Choice:
    """Who could cover a lesson, the best first, and how many others could not and why."""

    standins: list[Standin]
    others: dict[str, int]


async def candidates(db: AsyncSession, *, caller: Caller, cover_id: UUID, anybody: bool) -> Choice:
    """Free teachers of the school and its groups who can get there, ranked."""
    row = await _seen(db, caller=caller, cover_id=cover_id)
    lesson = await queries.visible_lesson(db, caller=caller, lesson_id=row.lesson_id)
    vacancy = Vacancy.of(lesson, without=row.absent_id)
    return await choose(db, caller=caller, vacancy=vacancy, anybody=anybody)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacancy:
    """A time at a campus for which somebody is looked for."""

    id: UUID
    school_id: UUID
    campus_id: UUID
    subject: str
    stage: str
    starts_at: datetime
    ends_at: datetime
    without: frozenset[UUID] = frozenset()

    @classmethod
    def of(cls, lesson: Any, *, without: UUID) -> Self:
        """The time of a lesson, for anybody but its own teacher and the one who is away."""
        return cls(
            id=lesson.id,
            school_id=lesson.school_id,
            campus_id=lesson.campus_id,
            subject=lesson.subject,
            stage=lesson.stage,
            starts_at=lesson.starts_at,
            ends_at=lesson.ends_at,
            without=frozenset({without, lesson.original_teacher_id}),
        )


async def choose(
    db: AsyncSession,
    *,
    caller: Caller,
    vacancy: Vacancy,
    anybody: bool,
    named: Collection[UUID] | None = None,
) -> Choice:
    """Who is free at that time and can get there, the best first; asks for no permission.

    ``named`` are the only ones who are thought of, whether they are among the best or not.
    """
    ground = await load.ground(db, district_id=caller.district_id)
    day = vacancy.starts_at.astimezone(ground.zone).date()
    monday = datetime.combine(monday_of(day), datetime.min.time(), ground.zone)
    asked = StandinsAsked(
        school_id=vacancy.school_id,
        subject=vacancy.subject,
        stage=vacancy.stage,
        day=day,
        monday=monday,
        starts_at=vacancy.starts_at,
        ends_at=vacancy.ends_at,
        without=vacancy.without,
        anybody=anybody,
        named=named,
    )
    found = await absences.colleagues(db, asked=asked)
    others = {one.reason: one.times for one in found if one.reason is not None}
    able = sorted(
        (one for one in found if one.reason is None),
        key=lambda one: (not one.qualified, not one.same_school, one.given, one.in_week, one.id),
    )
    most = _JUDGED if named is None else len(able)
    judged = await _judge(db, rows=able[:most], vacancy=vacancy, ground=ground)
    far = sum(not one.reachable for one in judged)
    if far:
        others["travel"] = far
    return Choice(ranked(judged), others)


async def _judge(
    db: AsyncSession, *, rows: Sequence[Any], vacancy: Vacancy, ground: Ground
) -> list[Standin]:
    """Whether each can get there, by the ways of their day."""
    wanted = {
        row.id: Duty(
            ResourceKind.TEACHER,
            row.id,
            vacancy.starts_at,
            vacancy.ends_at,
            TimeKind.LESSON,
            vacancy.campus_id,
            vacancy.id,
        )
        for row in rows
    }
    days = load.whole_days([vacancy.starts_at], zone=ground.zone)
    stands = await load.standing(db, resources=wanted, days=days) if wanted else []
    legs = await load.legs(db, duties=[*stands, *wanted.values()], ground=ground)
    standins = []
    for row in rows:
        mine = wanted[row.id]
        touched = [leg for leg in legs if mine in {leg.earlier, leg.later}]
        there = [leg.way.needed for leg in touched if leg.later == mine]
        day = [duty for duty in stands if duty.resource_id == row.id]
        standins.append(
            Standin(
                teacher_id=row.id,
                name=row.name,
                school_id=row.school_id,
                school_name=row.school_name,
                qualified=row.qualified,
                same_school=row.same_school,
                on_campus=any(duty.campus_id == vacancy.campus_id for duty in day),
                lessons_that_day=sum(duty.kind is TimeKind.LESSON for duty in day),
                lessons_that_week=row.in_week,
                covers_given=row.given,
                needed_minutes=there[0] if there else None,
                reachable=all(leg.fits for leg in touched),
            )
        )
    return standins


# Asking


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Whom to ask, and until when; nobody named means the best of those who can."""

    teacher_ids: Sequence[UUID] | None
    expires_at: datetime | None


async def offer(
    db: AsyncSession, *, caller: Caller, cover_id: UUID, asking: Asking, expected: Precondition
) -> Sequence[CoverOffer]:
    """Ask teachers whether they cover a lesson; those who are asked already are asked no more.

    Raises
    ------
    CoverOver
        It is looked after.
    NoStandin
        Nobody can.
    """
    seen = await _seen(db, caller=caller, cover_id=cover_id)
    lesson = await queries.visible_lesson(db, caller=caller, lesson_id=seen.lesson_id)
    vacancy = Vacancy.of(lesson, without=seen.absent_id)
    named = asking.teacher_ids
    choice = await choose(
        db, caller=caller, vacancy=vacancy, anybody=named is not None, named=named
    )
    able = [one.teacher_id for one in choice.standins]
    chosen = able[:_BROADCAST] if named is None else list(named)
    if seen.absent_id in chosen:
        raise AbsentTeacher
    chosen = [one for one in chosen if one in able]
    if not chosen:
        raise NoStandin
    held = await _hold(db, caller=caller, cover_id=cover_id, teachers=())
    expected.check(held.cover.version)
    cover_after(CoverState(held.cover.state), CoverStep.COVER)
    _check_coming(held.lesson)
    asked = {one.teacher_id for one in await absences.hold_offers(db, cover_id=cover_id)}
    until = min(asking.expires_at or held.cover.deadline_at, held.lesson.starts_at)
    if until <= clock.now():
        until = held.lesson.starts_at
    rows = [
        CoverOffer(
            district_id=caller.district_id,
            cover_id=cover_id,
            teacher_id=teacher_id,
            expires_at=until,
        )
        for teacher_id in dict.fromkeys(chosen)
        if teacher_id not in asked
    ]
    db.add_all(rows)
    await db.flush()
    made = [Entry(row, [row.teacher_id, held.school_id]) for row in rows]
    await record_each(db, "cover-offer.made", made, by=caller)
    return rows


async def _hold_offer(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, expected: Precondition
) -> tuple[CoverOffer, _Held]:
    seen = await absences.own_offer(db, caller=caller, offer_id=offer_id)
    if seen.state == OfferState.CLOSED:
        raise AlreadyTaken
    if seen.state != OfferState.OFFERED:
        # Whoever has the lesson, and asks again, is not told that somebody else has it.
        raise OfferClosed
    cover = await _hold_cover(db, cover_id=seen.cover_id, teachers=[seen.teacher_id])
    # Rivals queue for the cover; those who lost let the next one have it at once.
    if cover.state != CoverState.OPEN:
        raise AlreadyTaken
    held = await _with_lesson(db, caller=caller, row=cover)
    row = await lock(db, CoverOffer, offer_id)
    if row is None:
        raise OfferNotFound
    if row.state == OfferState.CLOSED:
        raise AlreadyTaken
    check_answerable(OfferState(row.state), expires_at=row.expires_at, now=clock.now())
    expected.check(row.version)
    return row, held


async def accept(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, expected: Precondition
) -> CoverOffer:
    """Cover a lesson one was asked for. The first has it.

    Raises
    ------
    AlreadyTaken
        Somebody else was first.
    OfferClosed
        One has answered already.
    OfferExpired
        The time to answer is over.
    ScheduleConflict
        One has something else by now, or cannot get there.
    """
    row, held = await _hold_offer(db, caller=caller, offer_id=offer_id, expected=expected)
    await _answer(db, by=caller, row=row, state=OfferState.ACCEPTED, reason=None)
    await _cover(db, caller=caller, held=held, teacher_id=row.teacher_id)
    return row


async def decline(
    db: AsyncSession, *, caller: Caller, offer_id: UUID, reason: str, expected: Precondition
) -> CoverOffer:
    """Say no, and why.

    Raises
    ------
    AlreadyTaken
        Somebody else has it anyway.
    OfferClosed
        One has answered already.
    OfferExpired
        The time to answer is over.
    """
    row, _ = await _hold_offer(db, caller=caller, offer_id=offer_id, expected=expected)
    await _answer(db, by=caller, row=row, state=OfferState.DECLINED, reason=reason)
    return row


async def _answer(
    db: AsyncSession, *, by: Caller, row: CoverOffer, state: OfferState, reason: str | None
) -> None:
    values = {"state": state, "answered_at": clock.now(), "decline_reason": reason}
    before = change_fields(row, values)
    await db.flush()
    await record(db, f"cover-offer.{state}", row, by=by, before=before, reach=[row.teacher_id])


# Arranging


async def assign(
    db: AsyncSession,
    *,
    caller: Caller,
    cover_id: UUID,
    teacher_id: UUID | None,
    expected: Precondition,
) -> Cover:
    """Give a lesson to a teacher, or to the best of those who can.

    Raises
    ------
    AbsentTeacher
        It is the one who is away.
    NoStandin
        Nobody can.
    ScheduleConflict
        The teacher is busy, on leave, or cannot get there.
    """
    seen = await _seen(db, caller=caller, cover_id=cover_id)
    if teacher_id == seen.absent_id:
        raise AbsentTeacher
    lesson = await queries.visible_lesson(db, caller=caller, lesson_id=seen.lesson_id)
    if teacher_id is None:
        vacancy = Vacancy.of(lesson, without=seen.absent_id)
        choice = await choose(db, caller=caller, vacancy=vacancy, anybody=False)
        if not choice.standins:
            raise NoStandin
        teacher_id = choice.standins[0].teacher_id
    elif not await absences.is_colleague(
        db, school_id=lesson.school_id, teacher_id=teacher_id, day=lesson.on_date
    ):
        raise RelatedNotFound(errors=[_NOBODY])
    held = await _hold(db, caller=caller, cover_id=cover_id, teachers=[teacher_id])
    expected.check(held.cover.version)
    await _cover(db, caller=caller, held=held, teacher_id=teacher_id)
    return held.cover


async def _cover(db: AsyncSession, *, caller: Caller, held: _Held, teacher_id: UUID) -> None:
    cover_after(CoverState(held.cover.state), CoverStep.COVER)
    _check_coming(held.lesson)
    await handing.take(
        db, caller=caller, lesson=held.lesson, teacher_id=teacher_id, ground=held.ground
    )
    values = {**taught_by(held.lesson, teacher_id), "change": LessonChange.COVERED}
    await _settle(
        db,
        caller=caller,
        held=held,
        step=CoverStep.COVER,
        cover={"substitute_id": teacher_id},
        lesson=values,
    )


def taught_by(lesson: Lesson, teacher_id: UUID) -> dict[str, UUID | None]:
    """What makes a teacher the one who teaches a lesson."""
    return {"substitute_id": None if teacher_id == lesson.original_teacher_id else teacher_id}


async def _settle(
    db: AsyncSession,
    *,
    caller: Caller,
    held: _Held,
    step: CoverStep,
    cover: dict[str, Any],
    lesson: dict[str, Any],
) -> None:
    state = cover_after(CoverState(held.cover.state), step)
    now = clock.now()
    reach = held.reach
    settled = {"state": state, "settled_by_name": caller.name, "settled_at": now, **cover}
    before = change_fields(held.cover, settled)
    was = change_fields(held.lesson, {**lesson, "changed_by": caller.name, "changed_at": now})
    await db.flush()
    await db.refresh(held.lesson, ["teacher_id"])
    reach |= held.reach
    await record(db, f"cover.{state}", held.cover, by=caller, before=before, reach=reach)
    await record(
        db, f"lesson.{held.lesson.change}", held.lesson, by=caller, before=was, reach=reach
    )
    if state is not CoverState.OPEN:
        await lapse_swaps(db, by=caller, lesson_ids=[held.lesson.id])
        await close_offers(db, by=caller, cover_id=held.cover.id)
        await settle_tasks(
            db, by=caller, kind=UNCOVERED, subject_ids=[held.lesson.id], reason=_SETTLED
        )


async def settle(
    db: AsyncSession,
    *,
    caller: Caller,
    cover_id: UUID,
    with_lesson_id: UUID | None,
    expected: Precondition,
) -> Cover:
    """Let a class study by itself, or join it to another lesson at the same place and time.

    Raises
    ------
    CoverOver
        It is looked after.
    CannotMerge
        The other lesson is elsewhere, at another time, or has no teacher.
    """
    await _seen(db, caller=caller, cover_id=cover_id)
    held = await _hold(db, caller=caller, cover_id=cover_id, teachers=())
    expected.check(held.cover.version)
    _check_coming(held.lesson)
    step = CoverStep.SELF_STUDY
    if with_lesson_id is not None:
        step = CoverStep.MERGE
        other = await queries.visible_lesson(db, caller=caller, lesson_id=with_lesson_id)
        if not _can_take_in(held.lesson, other):
            raise CannotMerge
    await _settle(
        db,
        caller=caller,
        held=held,
        step=step,
        cover={"merged_with_id": with_lesson_id},
        lesson={"change": _TAKES[step]},
    )
    return held.cover


def _can_take_in(lesson: Lesson, other: Any) -> bool:
    return (
        other.id != lesson.id
        and other.campus_id == lesson.campus_id
        and (other.starts_at, other.ends_at) == (lesson.starts_at, lesson.ends_at)
        and other.status == LessonStatus.SCHEDULED
        and other.change
        not in {LessonChange.NEEDS_COVER, LessonChange.MERGED, LessonChange.SELF_STUDY}
    )


async def release(
    db: AsyncSession, *, caller: Caller, cover_id: UUID, expected: Precondition
) -> Cover:
    """Take back what was arranged; the lesson needs cover again.

    Raises
    ------
    CoverOver
        Nothing was arranged.
    """
    seen = await _seen(db, caller=caller, cover_id=cover_id)
    standins = [seen.substitute_id] if seen.substitute_id is not None else []
    held = await _hold(db, caller=caller, cover_id=cover_id, teachers=standins)
    expected.check(held.cover.version)
    cover_after(CoverState(held.cover.state), CoverStep.RELEASE)
    _check_coming(held.lesson)
    for teacher_id in standins:
        await handing.let_go(db, teacher_id=teacher_id, lessons=[held.lesson])
        await handing.walk(
            db,
            teachers=[teacher_id],
            days=handing.days_of([held.lesson], ground=held.ground),
            ground=held.ground,
        )
    back = taught_by(held.lesson, held.cover.absent_id)
    await _settle(
        db,
        caller=caller,
        held=held,
        step=CoverStep.RELEASE,
        cover={"substitute_id": None, "merged_with_id": None},
        lesson={**back, "change": LessonChange.NEEDS_COVER},
    )
    await watch(db, by=caller, row=held.cover)
    return held.cover
