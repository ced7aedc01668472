"""Changing one lesson: it does not take place, or takes place at another time or in another room.

Every change of a day goes the same way: hold the teacher, the classes and the room; give the old
time back; take the new one; lay the ways of the day; the constraint judges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, lock, span
from service.kit.journal import record
from service.kit.problems import (
    Busy,
    FieldError,
    Forbidden,
    InvalidValue,
    RelatedNotFound,
    Text,
)
from service.timetable import attendance, laying, load, queries
from service.timetable.lapsing import lapse, lapse_covers, lapse_swaps
from service.timetable.laying import Overlap, judged
from service.timetable.load import Ground
from service.timetable.problems import (
    LessonNotFound,
    LessonNotScheduled,
    LessonOver,
    ScheduleConflict,
)
from service.timetable.queries import absence as absences
from service.timetable.rules import (
    Candidate,
    Conflict,
    Duty,
    Host,
    LessonChange,
    LessonStatus,
    Occurrence,
    ResourceKind,
    Target,
    TimeKind,
    Wish,
    monday_of,
    target_of,
    times_of,
)
from service.timetable.tables import Lesson

_PAST = Text("新的时间应晚于现在", "the new time must be after now")
_OVERNIGHT = Text("开始与结束应在同一天", "must be on the day it begins")
_NO_ROOM = FieldError(
    "/room_id", "not-found", Text("该校区没有这间教室", "this campus has no such room")
)


# Holding


@dataclass(frozen=True, slots=True)
class _Held:
    """A lesson that nobody else can change now, and what a reader sees of it."""

    lesson: Lesson
    seen: Any
    ground: Ground

    @property
    def own(self) -> set[tuple[UUID, datetime]]:
        """Its own standing time, whether that stands by itself or with its slot."""
        starts_at = self.lesson.starts_at
        return {(self.lesson.id, starts_at), (self.lesson.slot_id, starts_at)}

    async def release(self, db: AsyncSession) -> None:
        """Give its time back."""
        await laying.release(
            db,
            slot_id=self.lesson.slot_id,
            lesson_id=self.lesson.id,
            span=span(self.lesson.starts_at, self.lesson.ends_at),
        )

    async def record(
        self, db: AsyncSession, event: str, *, by: Caller, before: dict[str, Any]
    ) -> None:
        """Note the change for readers and for the audit."""
        await db.flush()
        reach = [self.seen.school_id, self.seen.teacher_id]
        reason = self.lesson.reason
        await record(db, event, self.lesson, by=by, before=before, reach=reach, reason=reason)


async def _hold(
    db: AsyncSession,
    *,
    caller: Caller,
    lesson_id: UUID,
    expected: Precondition,
    room_id: UUID | None = None,
) -> _Held:
    seen = await queries.visible_lesson(db, caller=caller, lesson_id=lesson_id)
    places = await queries.places(
        db, caller=caller, permission=Permission.LESSON_CHANGE, campus_ids=[seen.campus_id]
    )
    if not any(place.writable for place in places.values()):
        raise Forbidden
    # First the people, then the lesson: whoever lays or ends slots takes them in this order too.
    await load.lock_resources(
        db,
        teachers=[seen.teacher_id],
        classes=seen.class_ids or (),
        rooms={room for room in (seen.room_id, room_id) if room is not None},
    )
    await absences.hold_live_cover(db, lesson_id=lesson_id)
    lesson = await lock(db, Lesson, lesson_id)
    if lesson is None:
        raise LessonNotFound
    expected.check(lesson.version)
    if lesson.version != seen.version:
        raise Busy
    if lesson.status != LessonStatus.SCHEDULED:
        raise LessonNotScheduled
    await attendance.refuse_confirmed(db, lesson_ids=[lesson_id])
    if lesson.starts_at <= clock.now():
        raise LessonOver
    ground = await load.ground(db, district_id=caller.district_id)
    return _Held(lesson, seen, ground)


# Cancelling


async def cancel(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, reason: str, expected: Precondition
) -> Lesson:
    """Let a lesson not take place; its row stays, its time is free.

    Raises
    ------
    LessonNotScheduled
        It was cancelled already.
    LessonOver
        It has begun.
    """
    held = await _hold(db, caller=caller, lesson_id=lesson_id, expected=expected)
    await held.release(db)
    await laying.lay_legs(
        db,
        teachers=[held.seen.teacher_id],
        days=load.whole_days([held.lesson.starts_at], zone=held.ground.zone),
        ground=held.ground,
        fresh=(),
    )
    before = change_fields(
        held.lesson,
        {
            "status": LessonStatus.CANCELLED,
            "change": LessonChange.CANCELLED,
            "reason": reason,
            "changed_by": caller.name,
            "changed_at": clock.now(),
        },
    )
    await held.record(db, "lesson.cancelled", by=caller, before=before)
    await lapse(db, by=caller, lesson_ids=[lesson_id])
    return held.lesson


# Moving


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where to, into which room (the one it has, if empty), and why."""

    to: Wish
    room_id: UUID | None
    reason: str


async def move(
    db: AsyncSession, *, caller: Caller, lesson_id: UUID, move: Move, expected: Precondition
) -> Lesson:
    """Move a lesson to another time or room, with all the checks of laying it.

    Raises
    ------
    ScheduleConflict
        Somebody is busy, the way is too long, or it is no teaching day.
    LessonNotScheduled
        It was cancelled.
    LessonOver
        It has begun.
    """
    held = await _hold(
        db, caller=caller, lesson_id=lesson_id, expected=expected, room_id=move.room_id
    )
    lesson = held.lesson
    if move.room_id and move.room_id not in await queries.rooms_at(db, campus_id=lesson.campus_id):
        raise RelatedNotFound(errors=[_NO_ROOM])
    room_id = move.room_id or lesson.room_id
    week = await _week(db, held=held, wish=move.to)
    present = Target(
        Occurrence(lesson.on_date, lesson.week, lesson.starts_at, lesson.ends_at), lesson.period
    )
    target = target_of(
        move.to, present=present, host=week, stage=held.seen.stage, valid=_days(held.seen)
    )
    if isinstance(target, Conflict):
        raise await _refusal(db, caller=caller, held=held, week=week, obstacle=target)
    _check_future(target.time, wish=move.to, zone=held.ground.zone)
    if target == present and room_id == lesson.room_id:
        return lesson
    await _relocate(db, caller=caller, held=held, week=week, place=_Place(target, room_id))
    said = {"reason": move.reason, "changed_by": caller.name, "changed_at": clock.now()}
    values = _values(held, _Place(target, room_id))
    before = change_fields(lesson, {**values, **said})
    await held.record(db, "lesson.moved", by=caller, before=before)
    if lesson.substitute_id is None:
        # At its new time it has its own teacher, or the move would have been refused.
        await lapse_covers(db, by=caller, lesson_ids=[lesson_id])
    await lapse_swaps(db, by=caller, lesson_ids=[lesson_id])
    return lesson


@dataclass(frozen=True, slots=True)
class _Place:
    """A time and a room."""

    target: Target
    room_id: UUID | None


def _days(seen: Any) -> tuple[date, date]:
    return seen.slot_valid.lower, seen.slot_valid.upper or date.max


async def _week(db: AsyncSession, *, held: _Held, wish: Wish) -> Host:
    """The host campus in the week that the wish is about."""
    day = held.lesson.on_date
    if wish.starts_at is not None:
        day = wish.starts_at.astimezone(held.ground.zone).date()
    monday = monday_of(wish.on_date or day)
    campus_id = held.lesson.campus_id
    hosts = await load.hosts(
        db, campus_ids=[campus_id], from_=monday, until=monday + timedelta(days=7)
    )
    return hosts[campus_id]


def _check_future(time: Occurrence, *, wish: Wish, zone: ZoneInfo) -> None:
    if time.starts_at <= clock.now():
        pointer = "/on_date" if wish.starts_at is None else "/starts_at"
        raise InvalidValue(errors=[FieldError(pointer, "in-the-past", _PAST)])
    if time.ends_at.astimezone(zone).date() != time.on_date:
        raise InvalidValue(errors=[FieldError("/ends_at", "another-day", _OVERNIGHT)])


async def _relocate(
    db: AsyncSession, *, caller: Caller, held: _Held, week: Host, place: _Place
) -> None:
    wanted = _duties(held, place)
    days = load.whole_days(
        [held.lesson.starts_at, place.target.time.starts_at], zone=held.ground.zone
    )
    teachers = [held.seen.teacher_id]
    try:
        async with judged(db):
            await held.release(db)
            await laying.occupy(db, duties=wanted, ground=held.ground)
            await laying.lay_legs(
                db,
                teachers=teachers,
                days=days,
                ground=held.ground,
                fresh={duty.source_id for duty in wanted},
            )
    except Overlap:
        refusal = await _refusal(db, caller=caller, held=held, week=week, obstacle=wanted)
        raise refusal from None


def _is_as_planned(held: _Held, place: _Place) -> bool:
    lesson, time = held.lesson, place.target.time
    return (
        time.starts_at == (lesson.original_starts_at or lesson.starts_at)
        and time.ends_at == (lesson.original_ends_at or lesson.ends_at)
        and place.room_id == held.seen.planned_room_id
    )


def _duties(held: _Held, place: _Place) -> list[Duty]:
    """The time the lesson would take. Back at its plan it stands with its slot again."""
    lesson, time = held.lesson, place.target.time
    resources = [(ResourceKind.TEACHER, held.seen.teacher_id)]
    resources += [(ResourceKind.CLASS, class_id) for class_id in held.seen.class_ids or ()]
    if place.room_id is not None:
        resources.append((ResourceKind.ROOM, place.room_id))
    source_id = lesson.slot_id if _is_as_planned(held, place) else lesson.id
    return [
        Duty(
            kind,
            resource_id,
            time.starts_at,
            time.ends_at,
            TimeKind.LESSON,
            lesson.campus_id,
            source_id,
        )
        for kind, resource_id in resources
    ]


def _values(held: _Held, place: _Place) -> dict[str, Any]:
    lesson, time = held.lesson, place.target.time
    planned = lesson.original_starts_at or lesson.starts_at
    planned_end = lesson.original_ends_at or lesson.ends_at
    return {
        "on_date": time.on_date,
        "week": time.week,
        "period": place.target.period,
        "starts_at": time.starts_at,
        "ends_at": time.ends_at,
        "original_starts_at": None if time.starts_at == planned else planned,
        "original_ends_at": None if time.ends_at == planned_end else planned_end,
        "room_id": place.room_id,
        "change": _change_at(held, place),
    }


def _change_at(held: _Held, place: _Place) -> LessonChange | None:
    if not _is_as_planned(held, place):
        return LessonChange.MOVED
    return None if held.lesson.substitute_id is None else LessonChange.COVERED


async def _refusal(
    db: AsyncSession,
    *,
    caller: Caller,
    held: _Held,
    week: Host,
    obstacle: Conflict | Sequence[Duty],
) -> ScheduleConflict:
    """Everything that stands in the way, and what would work in that week.

    ``obstacle`` is the fact that forbids the time, or the duties that met the constraint.
    """
    offers = list(_offers(held, week))
    offered = [duty for offer in offers for duty in offer.wanted]
    stands = await load.standing(
        db,
        resources={duty.resource_id for duty in offered},
        days=load.whole_days((duty.starts_at for duty in offered), zone=held.ground.zone),
    )
    if isinstance(obstacle, Conflict):
        conflicts = [obstacle]
    else:
        verdict = await load.judge(db, wanted=obstacle, ground=held.ground, without=held.own)
        conflicts = verdict.hard
    said = await load.explain(db, caller=caller, conflicts=conflicts, ground=held.ground)
    free = await load.suggest(
        db,
        candidates=offers,
        standing=[duty for duty in stands if (duty.source_id, duty.starts_at) not in held.own],
        ground=held.ground,
    )
    return ScheduleConflict(
        conflicts=[one.model_dump(mode="json") for one in said],
        suggestions=[one.model_dump(mode="json") for one in free],
    )


def _offers(held: _Held, week: Host) -> Iterator[Candidate]:
    """The coming times of the week's bells, as the lesson would take them."""
    starts, until = _days(held.seen)
    for day, target in times_of(week, stage=held.seen.stage):
        if target.time.starts_at > clock.now() and starts <= day.on_date < until:
            wanted = _duties(held, _Place(target, held.seen.room_id))
            campus_id, weekday = held.lesson.campus_id, day.on_date.isoweekday()
            yield Candidate(campus_id, weekday, target.period or 0, tuple(wanted))
