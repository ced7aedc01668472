"""Rows of the timetable: classes, rooms, ways between campuses, slots, lessons, taken time."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Computed, ForeignKeyConstraint, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, TSTZMULTIRANGE, Range
from sqlalchemy.dialects.postgresql.ranges import MultiRange
from sqlmodel import Field

from service.kit.db import (
    Instant,
    Table,
    Tenant,
    Versioned,
    check,
    index,
    no_overlap,
    one_of,
    points_to,
    unique,
)
from service.timetable.rules import (
    LessonChange,
    LessonStatus,
    Origin,
    Parity,
    ResourceKind,
    RoomKind,
    TimeKind,
)


class ClassSection(Versioned, table=True):
    """A class of pupils at one campus.

    ``code`` stays for the life of the class; ``grade`` and ``name`` move on every school year.
    There are no pupils here on purpose, only how many they are.
    """

    __tablename__ = "class_section"
    __collection__ = "classes"
    __table_args__ = (
        unique("uq_class_section_code", "school_id", "code"),
        points_to("school_id", "school", name="fk_class_section_school"),
        points_to("campus_id", "campus", name="fk_class_section_campus"),
        index("ix_class_section_campus", "campus_id"),
        check("ck_class_section_grade", "grade BETWEEN 1 AND 12"),
        check("ck_class_section_valid", "NOT isempty(valid)"),
    )

    school_id: UUID
    campus_id: UUID
    code: str
    stage: str
    grade: int = Field(sa_type=SmallInteger)
    number: int = Field(sa_type=SmallInteger)
    name: str
    pupils: int | None = None
    valid: Range[date] = Field(sa_type=DATERANGE)


class Room(Versioned, table=True):
    """A room of a campus. A lesson without a room is taught where the class sits."""

    __tablename__ = "room"
    __collection__ = "rooms"
    __table_args__ = (
        unique("uq_room_code", "campus_id", "code"),
        points_to("campus_id", "campus", name="fk_room_campus"),
        one_of("ck_room_kind", "kind", RoomKind),
    )

    campus_id: UUID
    code: str
    name: str
    kind: str = RoomKind.CLASSROOM
    capacity: int | None = None


class TravelTime(Versioned, table=True):
    """Minutes on the way from one campus to another, one way only: mountains have two sides.

    Where no row stands, the way is estimated from the campuses' positions and marked so.
    """

    __tablename__ = "travel_time"
    __collection__ = "travel-times"
    __table_args__ = (
        unique("uq_travel_time_way", "from_campus_id", "to_campus_id"),
        points_to("from_campus_id", "campus", name="fk_travel_time_from"),
        points_to("to_campus_id", "campus", name="fk_travel_time_to"),
        check("ck_travel_time_way", "from_campus_id <> to_campus_id"),
        check("ck_travel_time_minutes", "minutes BETWEEN 0 AND 600 AND buffer BETWEEN 0 AND 120"),
    )

    from_campus_id: UUID
    to_campus_id: UUID
    minutes: int = Field(sa_type=SmallInteger)
    buffer: int = Field(sa_type=SmallInteger)


class WeeklySlot(Versioned, table=True):
    """One weekly period of a teacher, from which dated lessons are laid.

    A slot never changes its teacher, campus or pattern: another pattern is another slot, and
    ``valid`` of the former ends. ``origin`` says whether the school's own timetable or a programme
    laid it, ``origin_id`` which row of the programme.
    """

    __tablename__ = "weekly_slot"
    __collection__ = "weekly-slots"
    __table_args__ = (
        # What a lesson repeats of its slot, it repeats truly: the target of fk_lesson_slot. There
        # is no other index that begins with a teacher or a campus on purpose: without statistics,
        # in the transaction of a first import, a foreign key check would take that one and crawl.
        unique("uq_weekly_slot_teacher", "teacher_id", "campus_id", "id"),
        points_to("teacher_id", "teacher", name="fk_weekly_slot_teacher"),
        points_to("campus_id", "campus", name="fk_weekly_slot_campus"),
        points_to("room_id", "room", name="fk_weekly_slot_room"),
        index("ix_weekly_slot_origin", "origin_id", where="origin_id IS NOT NULL"),
        one_of("ck_weekly_slot_parity", "parity", Parity),
        one_of("ck_weekly_slot_origin", "origin", Origin),
        check("ck_weekly_slot_weekday", "weekday BETWEEN 1 AND 7"),
        check("ck_weekly_slot_period", "period BETWEEN 1 AND 20"),
        check(
            "ck_weekly_slot_weeks",
            "weeks IS NULL OR (cardinality(weeks) > 0 AND 1 <= ALL (weeks) AND 30 >= ALL (weeks))",
        ),
    )

    teacher_id: UUID
    subject: str
    campus_id: UUID
    stage: str
    weekday: int = Field(sa_type=SmallInteger)
    period: int = Field(sa_type=SmallInteger)
    parity: str = Parity.EVERY
    weeks: list[int] | None = Field(default=None, sa_type=ARRAY(SmallInteger))
    room_id: UUID | None = None
    valid: Range[date] = Field(sa_type=DATERANGE)
    origin: str = Origin.HOME
    origin_id: UUID | None = None


class WeeklySlotClass(Table, table=True):
    """A class that is taught in a slot; two classes may be taught together."""

    __tablename__ = "weekly_slot_class"
    __table_args__ = (
        points_to("slot_id", "weekly_slot", name="fk_weekly_slot_class_slot"),
        points_to("class_id", "class_section", name="fk_weekly_slot_class_class"),
        index("ix_weekly_slot_class_class", "class_id"),
    )

    district_id: UUID = Field(primary_key=True)
    slot_id: UUID = Field(primary_key=True)
    class_id: UUID = Field(primary_key=True)


class Lesson(Versioned, table=True):
    """One lesson on one day.

    ``id`` is made of the slot and the planned day, so that laying a term again keeps it.
    ``original_*`` is empty while nothing differs from the plan. Classes, and the room and period
    that were planned, are read through the slot. Whether the time is free is not judged here but
    in ``occupancy``; a cancelled lesson keeps its row and frees its time.
    """

    __tablename__ = "lesson"
    __collection__ = "lessons"
    __table_args__ = (
        ForeignKeyConstraint(
            ["district_id", "slot_id", "original_teacher_id", "campus_id"],
            [
                "weekly_slot.district_id",
                "weekly_slot.id",
                "weekly_slot.teacher_id",
                "weekly_slot.campus_id",
            ],
            name="fk_lesson_slot",
            ondelete="RESTRICT",
        ),
        points_to("substitute_id", "teacher", name="fk_lesson_substitute"),
        points_to("room_id", "room", name="fk_lesson_room"),
        # Two indexes only: half a million rows are laid in one statement. The third holds few.
        index("ix_lesson_teacher", "teacher_id", "starts_at"),
        index("ix_lesson_campus", "campus_id", "on_date"),
        index(
            "ix_lesson_handed_over",
            "original_teacher_id",
            "on_date",
            where="substitute_id IS NOT NULL",
        ),
        one_of("ck_lesson_status", "status", LessonStatus),
        check(
            "ck_lesson_change",
            "change IS NULL OR change IN ("
            + ", ".join(f"'{value.value}'" for value in LessonChange)
            + ")",
        ),
        check("ck_lesson_times", "starts_at < ends_at"),
    )

    slot_id: UUID
    original_teacher_id: UUID
    substitute_id: UUID | None = None
    teacher_id: UUID = Field(
        default=None,
        sa_type=Uuid,
        sa_column_args=[Computed("coalesce(substitute_id, original_teacher_id)", persisted=True)],
        nullable=False,
    )
    campus_id: UUID
    subject: str
    on_date: date
    week: int = Field(sa_type=SmallInteger)
    period: int | None = Field(default=None, sa_type=SmallInteger)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime = Field(sa_type=Instant)
    original_starts_at: datetime | None = Field(default=None, sa_type=Instant)
    original_ends_at: datetime | None = Field(default=None, sa_type=Instant)
    room_id: UUID | None = None
    status: str = LessonStatus.SCHEDULED
    change: str | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    changed_by: str | None = None
    changed_at: datetime | None = Field(default=None, sa_type=Instant)


class Occupancy(Tenant, table=True):
    """Time that is taken. Nobody and nothing is in two places at once.

    A weekly slot takes one row per teacher, class and room, with all its dated times as one
    multirange; a moved lesson, a way or a visit takes a row of its own. ``source_id`` is the slot,
    the lesson or whatever else takes the time; for ``travel`` it is what the way leads to, and
    ``campus_id`` is where it begins.
    """

    __tablename__ = "occupancy"
    __table_args__ = (
        no_overlap("ex_occupancy_resource", "resource_id", during="during", narrowest_first=True),
        one_of("ck_occupancy_resource_kind", "resource_kind", ResourceKind),
        one_of("ck_occupancy_kind", "kind", TimeKind),
        check("ck_occupancy_during", "NOT isempty(during)"),
        index("ix_occupancy_source", "source_id"),
    )

    resource_kind: str
    resource_id: UUID
    during: MultiRange[datetime] = Field(sa_type=TSTZMULTIRANGE)
    kind: str
    campus_id: UUID | None = None
    source_id: UUID
