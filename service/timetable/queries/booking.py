"""Reading booked rooms, and who of a group could meet, each within the caller's reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, func, literal_column, text
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, Instant
from service.network.access import members_of, today_in, visible_schools
from service.network.problems import CampusNotFound
from service.network.queries import visible_group
from service.network.tables import Campus, School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Qualification, Teacher
from service.timetable.access import visible_campuses
from service.timetable.problems import RoomNotFound
from service.timetable.problems.booking import BookingNotFound
from service.timetable.tables import Room, RoomBooking


async def room_in_reach(
    db: AsyncSession, *, caller: Caller, permission: Permission, room_id: UUID
) -> tuple[Room, UUID]:
    """A room that a permission reaches, and its school.

    Raises
    ------
    RoomNotFound
        It does not exist, or the caller may not see it.
    """
    statement = (
        select(Room, Campus.school_id)
        .join(Campus, col(Campus.id) == col(Room.campus_id))
        .where(col(Room.id) == room_id, col(Campus.id).in_(visible_campuses(caller, permission)))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise RoomNotFound
    return found


async def reaches_school(
    db: AsyncSession, *, caller: Caller, permission: Permission, school_id: UUID
) -> bool:
    """Whether a permission reaches a school."""
    statement = visible_schools(caller, permission).where(col(School.id) == school_id)
    return (await db.exec(statement)).one_or_none() is not None


class Booked(NamedTuple):
    """A booking with the names a reader needs."""

    booking: RoomBooking
    room_name: str
    room_kind: str
    campus_id: UUID
    campus_name: str
    zone: str
    school_id: UUID
    school_name: str


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """Which bookings are asked for."""

    room_id: UUID | None = None
    campus_id: UUID | None = None
    from_: date | None = None
    until: date | None = None
    state: str | None = None


def bookings(caller: Caller, *, wanted: BookingFilter) -> Select[Any]:
    """The bookings of rooms within reach, as rows of ``Booked``."""
    statement: Any = (
        select_rows(
            RoomBooking,
            col(Room.name),
            col(Room.kind),
            col(Campus.id),
            col(Campus.name),
            col(Campus.zone),
            col(School.id),
            col(School.name),
        )
        .join(Room, col(Room.id) == col(RoomBooking.room_id))
        .join(Campus, col(Campus.id) == col(Room.campus_id))
        .join(School, col(School.id) == col(Campus.school_id))
        .where(col(Campus.id).in_(visible_campuses(caller, Permission.TIMETABLE_READ)))
    )
    local_day = func.date(func.timezone(col(Campus.zone), col(RoomBooking.starts_at)))
    if wanted.room_id is not None:
        statement = statement.where(col(RoomBooking.room_id) == wanted.room_id)
    if wanted.campus_id is not None:
        statement = statement.where(col(Campus.id) == wanted.campus_id)
    if wanted.from_ is not None:
        statement = statement.where(local_day >= wanted.from_)
    if wanted.until is not None:
        statement = statement.where(local_day < wanted.until)
    if wanted.state is not None:
        statement = statement.where(col(RoomBooking.state) == wanted.state)
    return cast("Select[Any]", statement)


async def visible_booking(db: AsyncSession, *, caller: Caller, booking_id: UUID) -> Booked:
    """A booking within reach.

    Raises
    ------
    BookingNotFound
        It does not exist, or the caller may not see it.
    """
    statement = bookings(caller, wanted=BookingFilter()).where(col(RoomBooking.id) == booking_id)
    fresh: Any = statement.execution_options(populate_existing=True)
    found = (await db.exec(fresh)).one_or_none()
    if found is None:
        raise BookingNotFound
    return Booked(*found)


_TAKEN = text("""SELECT 'lesson' AS kind, l.id, l.starts_at, l.ends_at, c.zone,
  t.name AS by_name, l.subject AS about,
  ARRAY(SELECT s.name FROM weekly_slot_class w JOIN class_section s ON s.id = w.class_id
    WHERE w.slot_id = l.slot_id ORDER BY s.name) AS class_names
FROM lesson l JOIN campus c ON c.id = l.campus_id JOIN teacher t ON t.id = l.teacher_id
WHERE l.room_id = :room AND l.campus_id = (SELECT campus_id FROM room WHERE id = :room)
  AND l.status = 'scheduled' AND l.starts_at < :ends_at AND l.ends_at > :starts_at
UNION ALL
SELECT 'booking', b.id, b.starts_at, b.ends_at, c.zone, b.booked_by_name, b.purpose, NULL
FROM room_booking b JOIN room r ON r.id = b.room_id JOIN campus c ON c.id = r.campus_id
WHERE b.room_id = :room AND b.state = 'booked'
  AND b.starts_at < :ends_at AND b.ends_at > :starts_at
ORDER BY 3""").bindparams(
    bindparam("starts_at", type_=Instant()), bindparam("ends_at", type_=Instant())
)


async def taken(
    db: AsyncSession, *, room_id: UUID, starts_at: datetime, ends_at: datetime
) -> Sequence[Any]:
    """The lessons and bookings that have a room at some time."""
    asked = {"room": room_id, "starts_at": starts_at, "ends_at": ends_at}
    return (await (await db.connection()).execute(_TAKEN, asked)).all()


# Who could meet


@dataclass(frozen=True, slots=True)
class Gathered:
    """Who should meet: the teachers of a subject in a group, on a day."""

    group_id: UUID
    subject: str
    stage: str | None
    day: date


async def campus_of_group(
    db: AsyncSession, *, caller: Caller, group_id: UUID, campus_id: UUID
) -> Campus:
    """A campus of one of the schools that belong today to a group within reach.

    Raises
    ------
    GroupNotFound
        It does not exist, or the caller may not see it.
    CampusNotFound
        It is none of the group's.
    """
    await visible_group(db, caller=caller, group_id=group_id, permission=Permission.TIMETABLE_READ)
    members = members_of([group_id], on=today_in(caller.district_id))
    statement = select(Campus).where(
        col(Campus.id) == campus_id, col(Campus.school_id).in_(members)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    return found


async def colleagues(db: AsyncSession, *, caller: Caller, wanted: Gathered) -> Sequence[Any]:
    """The teachers of a subject in a group's schools, those within reach."""
    teaches: Any = select_rows(literal_column("1")).where(
        col(Qualification.teacher_id) == col(Teacher.id),
        col(Qualification.subject) == wanted.subject,
    )
    if wanted.stage is not None:
        teaches = teaches.where(col(Qualification.stage) == wanted.stage)
    statement: Any = (
        select_rows(col(Teacher.id), col(Teacher.name), col(School.name).label("school_name"))
        .join(Employment, col(Employment.teacher_id) == col(Teacher.id))
        .join(School, col(School.id) == col(Employment.school_id))
        .where(
            col(Employment.valid).contains(wanted.day),
            col(School.id).in_(members_of([wanted.group_id], on=wanted.day)),
            col(Teacher.id).in_(visible_teachers(caller, Permission.TIMETABLE_READ)),
            teaches.exists(),
        )
        .order_by(col(School.name), col(Teacher.name_pinyin), col(Teacher.id))
    )
    return list((await (await db.connection()).execute(statement)).all())
