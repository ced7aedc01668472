"""Reading the timetable, each within the caller's reach; and a teacher's schedule for the phone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    Date,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    type_coerce,
)
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import ARRAY, TSTZMULTIRANGE, aggregate_order_by, array
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import ScalarSelect
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, Instant, named_rows
from service.network.tables import Campus, CodeItem, School
from service.staff.tables import Teacher
from service.timetable.access import reaches, visible_campuses
from service.timetable.problems import ClassNotFound, LessonNotFound, RoomNotFound
from service.timetable.rules import (
    LessonChange,
    LessonStatus,
    Origin,
    Parity,
    Pattern,
    SlotPlan,
    TimeKind,
)
from service.timetable.tables import (
    Attendance,
    ClassSection,
    Lesson,
    Occupancy,
    Room,
    TravelTime,
    WeeklySlot,
    WeeklySlotClass,
)

# Classes, rooms, ways


def classes(
    caller: Caller,
    *,
    school_id: UUID | None,
    campus_id: UUID | None,
    as_of: date | None,
    q: str | None,
) -> SelectOfScalar[ClassSection]:
    """The classes at campuses within reach."""
    statement = select(ClassSection).where(
        col(ClassSection.campus_id).in_(visible_campuses(caller, Permission.TIMETABLE_READ))
    )
    if school_id is not None:
        statement = statement.where(col(ClassSection.school_id) == school_id)
    if campus_id is not None:
        statement = statement.where(col(ClassSection.campus_id) == campus_id)
    if as_of is not None:
        statement = statement.where(col(ClassSection.valid).contains(as_of))
    if q is not None:
        statement = statement.where(col(ClassSection.name).icontains(q, autoescape=True))
    return statement


async def visible_class(db: AsyncSession, *, caller: Caller, class_id: UUID) -> ClassSection:
    """A class at a campus within reach.

    Raises
    ------
    ClassNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(ClassSection).where(
        col(ClassSection.id) == class_id,
        col(ClassSection.campus_id).in_(visible_campuses(caller, Permission.TIMETABLE_READ)),
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ClassNotFound
    return found


def rooms(caller: Caller, *, campus_id: UUID | None, q: str | None) -> SelectOfScalar[Room]:
    """The rooms of campuses within reach."""
    statement = select(Room).where(
        col(Room.campus_id).in_(visible_campuses(caller, Permission.TIMETABLE_READ))
    )
    if campus_id is not None:
        statement = statement.where(col(Room.campus_id) == campus_id)
    if q is not None:
        statement = statement.where(col(Room.name).icontains(q, autoescape=True))
    return statement


async def visible_room(db: AsyncSession, *, caller: Caller, room_id: UUID) -> Room:
    """A room of a campus within reach.

    Raises
    ------
    RoomNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Room).where(
        col(Room.id) == room_id,
        col(Room.campus_id).in_(visible_campuses(caller, Permission.TIMETABLE_READ)),
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise RoomNotFound
    return found


async def rooms_at(db: AsyncSession, *, campus_id: UUID) -> set[UUID]:
    """The ids of a campus's rooms."""
    return set((await db.exec(select(Room.id).where(col(Room.campus_id) == campus_id))).all())


def travel_times(caller: Caller, *, campus_id: UUID | None) -> SelectOfScalar[TravelTime]:
    """The ways somebody entered that begin or end at a campus within reach."""
    mine = visible_campuses(caller, Permission.TIMETABLE_READ)
    statement = select(TravelTime).where(
        or_(col(TravelTime.from_campus_id).in_(mine), col(TravelTime.to_campus_id).in_(mine))
    )
    if campus_id is not None:
        statement = statement.where(
            or_(
                col(TravelTime.from_campus_id) == campus_id,
                col(TravelTime.to_campus_id) == campus_id,
            )
        )
    return statement


@dataclass(frozen=True, slots=True)
class Place:
    """A campus the caller sees, its school, and whether they may write there."""

    campus_id: UUID
    school_id: UUID
    writable: bool


async def places(
    db: AsyncSession, *, caller: Caller, permission: Permission, campus_ids: Collection[UUID]
) -> dict[UUID, Place]:
    """Those of some campuses that the caller sees, and where ``permission`` reaches."""
    writable = col(Campus.id).in_(visible_campuses(caller, permission))
    statement = select(Campus.id, Campus.school_id, writable).where(
        col(Campus.id).in_(campus_ids),
        col(Campus.id).in_(visible_campuses(caller, Permission.TIMETABLE_READ)),
    )
    return {
        id_: Place(id_, school_id, may_write)
        for id_, school_id, may_write in (await db.exec(statement)).all()
    }


async def travel_time(db: AsyncSession, *, ends: tuple[UUID, UUID]) -> TravelTime | None:
    """The way between two campuses, if somebody entered it."""
    statement = select(TravelTime).where(
        col(TravelTime.from_campus_id) == ends[0], col(TravelTime.to_campus_id) == ends[1]
    )
    return (await db.exec(statement)).one_or_none()


# Lessons

_Substitute = aliased(Teacher, name="substitute")
_PlannedRoom = aliased(Room, name="planned_room")


def class_names() -> ScalarSelect[Any]:
    """The names of a slot's classes, in order."""
    return _of_classes(col(ClassSection.name))


def lesson_classes() -> ScalarSelect[Any]:
    """The names of a lesson's classes, in order."""
    return (
        select_rows(
            func.array_agg(
                aggregate_order_by(
                    col(ClassSection.name), col(ClassSection.name), col(ClassSection.id)
                )
            )
        )
        .join(WeeklySlotClass, col(WeeklySlotClass.class_id) == col(ClassSection.id))
        .where(col(WeeklySlotClass.slot_id) == col(Lesson.slot_id))
        .correlate(Lesson)
        .scalar_subquery()
    )


def local_subject() -> ScalarSelect[Any]:
    """What the district calls the subject of a lesson, in both languages, if it is its own."""
    return (
        select_rows(array([col(CodeItem.zh), col(CodeItem.en)]))
        .where(col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Lesson.subject))
        .correlate(Lesson)
        .scalar_subquery()
    )


def _of_classes(column: Any) -> ScalarSelect[Any]:
    return (
        select_rows(
            func.array_agg(aggregate_order_by(column, col(ClassSection.name), col(ClassSection.id)))
        )
        .join(WeeklySlotClass, col(WeeklySlotClass.class_id) == col(ClassSection.id))
        .where(col(WeeklySlotClass.slot_id) == col(WeeklySlot.id))
        .correlate(WeeklySlot)
        .scalar_subquery()
    )


def _lesson_rows() -> Select[Any]:
    original = aliased(Teacher, name="original")
    return (
        select_rows(
            *(column for column in Lesson.__table__.c),  # type: ignore[attr-defined]
            col(WeeklySlot.origin),
            col(WeeklySlot.origin_id),
            col(WeeklySlot.stage),
            col(WeeklySlot.valid).label("slot_valid"),
            col(WeeklySlot.period).label("planned_period"),
            col(WeeklySlot.room_id).label("planned_room_id"),
            col(original.name).label("original_teacher_name"),
            func.coalesce(col(_Substitute.name), col(original.name)).label("teacher_name"),
            col(Campus.name).label("campus_name"),
            col(Campus.zone),
            col(Campus.school_id),
            col(Room.name).label("room_name"),
            col(_PlannedRoom.name).label("planned_room_name"),
            col(CodeItem.zh).label("subject_zh"),
            col(CodeItem.en).label("subject_en"),
            type_coerce(_of_classes(col(ClassSection.id)), ARRAY(Uuid)).label("class_ids"),
            class_names().label("class_names"),
        )
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .join(original, col(original.id) == col(Lesson.original_teacher_id))
        .outerjoin(_Substitute, col(_Substitute.id) == col(Lesson.substitute_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .outerjoin(Room, col(Room.id) == col(Lesson.room_id))
        .outerjoin(_PlannedRoom, col(_PlannedRoom.id) == col(WeeklySlot.room_id))
        .outerjoin(
            CodeItem,
            and_(col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Lesson.subject)),
        )
    )


LESSON_ROWS = _lesson_rows()
"""Lessons with the names a reader needs; every use adds who may see which."""

lesson_row = named_rows(LESSON_ROWS)
"""A row of ``lessons`` by the names of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonFilter:
    """Which lessons are asked for."""

    campus_id: UUID | None = None
    teacher_id: UUID | None = None
    class_id: UUID | None = None
    assignment_id: UUID | None = None
    from_: date | None = None
    until: date | None = None
    status: str | None = None


def lessons(caller: Caller, *, wanted: LessonFilter) -> Select[Any]:
    """The lessons within reach: taught at one's campuses, or by one's teachers."""
    statement = LESSON_ROWS.where(_visible_lessons(caller, Permission.TIMETABLE_READ))
    if wanted.campus_id is not None:
        statement = statement.where(col(Lesson.campus_id) == wanted.campus_id)
    if wanted.teacher_id is not None:
        statement = statement.where(col(Lesson.teacher_id) == wanted.teacher_id)
    if wanted.class_id is not None:
        taught = select(WeeklySlotClass.slot_id).where(
            col(WeeklySlotClass.class_id) == wanted.class_id
        )
        statement = statement.where(col(Lesson.slot_id).in_(taught))
    if wanted.assignment_id is not None:
        statement = statement.where(col(WeeklySlot.origin_id) == wanted.assignment_id)
    if wanted.from_ is not None:
        statement = statement.where(col(Lesson.on_date) >= wanted.from_)
    if wanted.until is not None:
        statement = statement.where(col(Lesson.on_date) < wanted.until)
    if wanted.status is not None:
        statement = statement.where(col(Lesson.status) == wanted.status)
    return statement


def lessons_alone(caller: Caller) -> Select[Any]:
    """The lessons within reach, without what is joined to them."""
    return select_rows(Lesson.__table__).where(  # type: ignore[attr-defined]
        _visible_lessons(caller, Permission.TIMETABLE_READ)
    )


def _visible_lessons(caller: Caller, permission: Permission) -> Any:
    return reaches(caller, permission, campus=col(Lesson.campus_id), teacher=col(Lesson.teacher_id))


async def visible_lesson(db: AsyncSession, *, caller: Caller, lesson_id: UUID) -> Any:
    """A lesson within reach, as a flat row.

    Raises
    ------
    LessonNotFound
        It does not exist, or the caller may not see it.
    """
    statement = LESSON_ROWS.where(
        col(Lesson.id) == lesson_id, _visible_lessons(caller, Permission.TIMETABLE_READ)
    )
    found = (await (await db.connection()).execute(statement)).one_or_none()
    if found is None:
        raise LessonNotFound
    return found


# The phone


class ScheduledLesson(NamedTuple):
    """A lesson as a teacher's phone shows it, with the way before it."""

    id: UUID
    version: int
    slot_id: UUID
    origin: str
    origin_id: UUID | None
    status: str
    change: str | None
    reason: str | None
    changed_by: str | None
    changed_at: datetime | None
    subject: str
    subject_zh: str | None
    subject_en: str | None
    on_date: date
    week: int
    period: int | None
    planned_period: int
    starts_at: datetime
    ends_at: datetime
    original_starts_at: datetime | None
    original_ends_at: datetime | None
    original_teacher_id: UUID
    original_teacher_name: str
    substitute_id: UUID | None
    substitute_name: str | None
    campus_id: UUID
    campus_name: str
    campus_address: str
    campus_gate: str
    longitude: Decimal | None
    latitude: Decimal | None
    datum: str
    zone: str
    school_id: UUID
    school_name: str
    room_id: UUID | None
    room_name: str | None
    planned_room_id: UUID | None
    planned_room_name: str | None
    class_ids: list[UUID] | None
    class_names: list[str] | None
    leave_by: datetime | None
    """When to set off at the latest; empty where there is no way before the lesson."""
    from_campus_id: UUID | None
    from_campus_name: str | None
    way_estimated: bool
    free_since: datetime | None
    """When the lesson before it on that day ends."""
    word: str | None
    """What the host school says of it; empty while nobody has said anything."""
    arrived_at: datetime | None
    correction: str | None

    @property
    def needed_minutes(self) -> int | None:
        """How long the way before it takes, with its buffer."""
        return None if self.leave_by is None else _minutes(self.leave_by, self.starts_at)

    @property
    def available_minutes(self) -> int | None:
        """How long there is for the way before it."""
        if self.leave_by is None or self.free_since is None:
            return None
        return _minutes(self.free_since, self.starts_at)


def _minutes(from_: datetime, until: datetime) -> int:
    return int((until - from_).total_seconds() // 60)


# A local day lies within this far of the same day in UTC, whatever the zone.
_ZONES = timedelta(hours=14)


def _schedule() -> Select[*tuple[Any, ...]]:
    """The statement behind ``schedule_of``, laid out once: a phone asks it all day."""
    teacher_id: BindParameter[UUID] = bindparam("teacher_id", type_=Uuid())
    earliest: BindParameter[datetime] = bindparam("earliest", type_=Instant())
    latest: BindParameter[datetime] = bindparam("latest", type_=Instant())
    original = aliased(Teacher, name="original")
    coming_from = aliased(Campus, name="coming_from")
    asked = func.tstzmultirange(func.tstzrange(earliest, latest))
    legs = (
        select_rows(
            func.lower(col(Occupancy.during)).label("leave_by"),
            func.upper(col(Occupancy.during)).label("arrive_by"),
            col(Occupancy.campus_id),
        )
        .where(
            col(Occupancy.resource_id) == teacher_id,
            col(Occupancy.kind) == TimeKind.TRAVEL,
            col(Occupancy.during).op("&&")(type_coerce(asked, TSTZMULTIRANGE)),
        )
        .cte("legs")
        # Else they are looked for once for each lesson.
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    before = func.lag(col(Lesson.ends_at)).over(
        partition_by=(col(Lesson.on_date), col(Lesson.status)), order_by=col(Lesson.starts_at)
    )
    return (
        select_rows(
            col(Lesson.id),
            col(Lesson.version),
            col(Lesson.slot_id),
            col(WeeklySlot.origin),
            col(WeeklySlot.origin_id),
            col(Lesson.status),
            col(Lesson.change),
            col(Lesson.reason),
            col(Lesson.changed_by),
            col(Lesson.changed_at),
            col(Lesson.subject),
            col(CodeItem.zh),
            col(CodeItem.en),
            col(Lesson.on_date),
            col(Lesson.week),
            col(Lesson.period),
            col(WeeklySlot.period),
            col(Lesson.starts_at),
            col(Lesson.ends_at),
            col(Lesson.original_starts_at),
            col(Lesson.original_ends_at),
            col(Lesson.original_teacher_id),
            col(original.name),
            col(Lesson.substitute_id),
            col(_Substitute.name),
            col(Lesson.campus_id),
            col(Campus.name),
            col(Campus.address),
            col(Campus.gate),
            col(Campus.longitude),
            col(Campus.latitude),
            col(Campus.datum),
            col(Campus.zone),
            col(School.id),
            col(School.name),
            col(Lesson.room_id),
            col(Room.name),
            col(WeeklySlot.room_id),
            col(_PlannedRoom.name),
            _of_classes(col(ClassSection.id)),
            class_names(),
            legs.c.leave_by,
            legs.c.campus_id,
            col(coming_from.name),
            and_(legs.c.campus_id.is_not(None), col(TravelTime.id).is_(None)),
            before,
            col(Attendance.state),
            col(Attendance.arrived_at),
            col(Attendance.correction),
        )
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .join(original, col(original.id) == col(Lesson.original_teacher_id))
        .outerjoin(_Substitute, col(_Substitute.id) == col(Lesson.substitute_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .join(School, col(School.id) == col(Campus.school_id))
        .outerjoin(Room, col(Room.id) == col(Lesson.room_id))
        .outerjoin(_PlannedRoom, col(_PlannedRoom.id) == col(WeeklySlot.room_id))
        .outerjoin(
            CodeItem,
            and_(col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Lesson.subject)),
        )
        .outerjoin(
            legs,
            and_(
                legs.c.arrive_by == col(Lesson.starts_at),
                col(Lesson.status) == LessonStatus.SCHEDULED,
            ),
        )
        .outerjoin(
            Attendance,
            and_(
                col(Attendance.lesson_id) == col(Lesson.id),
                col(Attendance.teacher_id) == col(Lesson.teacher_id),
            ),
        )
        .outerjoin(coming_from, col(coming_from.id) == legs.c.campus_id)
        .outerjoin(
            TravelTime,
            and_(
                col(TravelTime.from_campus_id) == legs.c.campus_id,
                col(TravelTime.to_campus_id) == col(Lesson.campus_id),
            ),
        )
        .where(
            col(Lesson.teacher_id) == teacher_id,
            col(Lesson.starts_at) >= earliest,
            col(Lesson.starts_at) < latest,
            col(Lesson.on_date) >= bindparam("from_", type_=Date()),
            col(Lesson.on_date) < bindparam("until", type_=Date()),
            func.coalesce(col(Lesson.change), "") != LessonChange.REPLACED,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )


_SCHEDULE = _schedule()


async def schedule_of(
    db: AsyncSession, *, teacher_id: UUID, from_: date, until: date
) -> list[ScheduledLesson]:
    """A teacher's lessons on the days ``[from_, until)`` in order, in one statement.

    Asks for no permission: a teacher's own schedule depends on no directory rights. Lessons that a
    newer timetable replaced are left out; cancelled ones are there.
    """
    asked = {
        "teacher_id": teacher_id,
        "earliest": datetime.combine(from_, time(), UTC) - _ZONES,
        "latest": datetime.combine(until, time(), UTC) + _ZONES,
        "from_": from_,
        "until": until,
    }
    found = await (await db.connection()).execute(_SCHEDULE, asked)
    return [ScheduledLesson(*row) for row in found]


async def names_of_teachers(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> dict[UUID, str]:
    """What teachers are called, whoever asks."""
    statement = select_rows(col(Teacher.id), col(Teacher.name)).where(
        col(Teacher.id).in_(teacher_ids)
    )
    return {row.id: row.name for row in (await (await db.connection()).execute(statement)).all()}


def slot_plan(row: Any) -> SlotPlan:
    """A row of ``weekly_slot``, with its classes and the ends of its validity, as a plan."""
    return SlotPlan(
        slot_id=row.id,
        teacher_id=row.teacher_id,
        subject=row.subject,
        campus_id=row.campus_id,
        stage=row.stage,
        class_ids=tuple(row.class_ids),
        room_id=row.room_id,
        pattern=Pattern(
            row.weekday,
            row.period,
            Parity(row.parity),
            tuple(row.weeks) if row.weeks is not None else None,
            row.valid_from,
            row.valid_until,
        ),
        origin=Origin(row.origin),
        origin_id=row.origin_id,
    )


async def schools_of_campuses(
    db: AsyncSession, *, campus_ids: Collection[UUID]
) -> dict[UUID, UUID]:
    """The school of each campus."""
    statement = select(col(Campus.id), col(Campus.school_id)).where(col(Campus.id).in_(campus_ids))
    return dict((await db.exec(statement)).all())
