"""Changing classes, rooms and ways, each within the caller's reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.journal import record
from service.kit.problems import FieldError, Forbidden, InvalidValue, RelatedNotFound, Text
from service.timetable import laying, load, queries
from service.timetable.laying import WaysTooLong
from service.timetable.problems import (
    ClassNotFound,
    RoomNotFound,
    ScheduleConflict,
    WayNotFound,
)
from service.timetable.queries import Place
from service.timetable.rules import Way, too_long
from service.timetable.tables import ClassSection, Room, TravelTime

_MISSING = FieldError(
    "/campus_id", "not-found", Text("校区不存在或不可见", "does not exist, or you may not see it")
)
_REVERSED = FieldError(
    "/valid_until", "range-reversed", Text("应晚于生效日期", "must be after valid_from")
)


async def _place(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> Place:
    """A campus where the caller may write."""
    seen = await queries.places(
        db, caller=caller, permission=Permission.TIMETABLE_WRITE, campus_ids=[campus_id]
    )
    if campus_id not in seen:
        raise RelatedNotFound(errors=[_MISSING])
    if not seen[campus_id].writable:
        raise Forbidden
    return seen[campus_id]


# Classes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClass:
    """What a class begins with."""

    campus_id: UUID
    code: str
    stage: str
    grade: int
    number: int
    name: str
    pupils: int | None
    valid: Range[date]


async def create_class(db: AsyncSession, *, caller: Caller, new: NewClass) -> ClassSection:
    """Open a class at a campus.

    Raises
    ------
    ClassCodeTaken
        The school has a class with this code.
    """
    place = await _place(db, caller=caller, campus_id=new.campus_id)
    row = ClassSection(
        district_id=caller.district_id,
        school_id=place.school_id,
        campus_id=new.campus_id,
        code=new.code,
        stage=new.stage,
        grade=new.grade,
        number=new.number,
        name=new.name,
        pupils=new.pupils,
        valid=new.valid,
    )
    db.add(row)
    await db.flush()
    await record(db, "class.created", row, by=caller, reach=[row.school_id])
    return row


async def change_class(
    db: AsyncSession,
    *,
    caller: Caller,
    class_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> ClassSection:
    """Change a class's grade, name, size or end; its code and campus stay."""
    seen = await queries.visible_class(db, caller=caller, class_id=class_id)
    await _place(db, caller=caller, campus_id=seen.campus_id)
    row = await lock(db, ClassSection, class_id)
    if row is None:
        raise ClassNotFound
    expected.check(row.version)
    values = {name: value for name, value in changes.items() if name != "valid_until"}
    if "valid_until" in changes:
        until = changes["valid_until"]
        if until is not None and row.valid.lower is not None and until <= row.valid.lower:
            raise InvalidValue(errors=[_REVERSED])
        values["valid"] = days(row.valid.lower, until)
    before = change_fields(row, values)
    if before:
        await db.flush()
        await record(db, "class.changed", row, by=caller, before=before, reach=[row.school_id])
    return row


# Rooms


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRoom:
    """What a room begins with."""

    campus_id: UUID
    code: str
    name: str
    kind: str
    capacity: int | None


async def create_room(db: AsyncSession, *, caller: Caller, new: NewRoom) -> Room:
    """Add a room to a campus.

    Raises
    ------
    RoomCodeTaken
        The campus has a room with this code.
    """
    place = await _place(db, caller=caller, campus_id=new.campus_id)
    row = Room(
        district_id=caller.district_id,
        campus_id=new.campus_id,
        code=new.code,
        name=new.name,
        kind=new.kind,
        capacity=new.capacity,
    )
    db.add(row)
    await db.flush()
    await record(db, "room.created", row, by=caller, reach=[place.school_id])
    return row


async def change_room(
    db: AsyncSession,
    *,
    caller: Caller,
    room_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> Room:
    """Change a room's name, kind or capacity; its code and campus stay."""
    seen = await queries.visible_room(db, caller=caller, room_id=room_id)
    place = await _place(db, caller=caller, campus_id=seen.campus_id)
    row = await lock(db, Room, room_id)
    if row is None:
        raise RoomNotFound
    expected.check(row.version)
    before = change_fields(row, changes)
    if before:
        await db.flush()
        await record(db, "room.changed", row, by=caller, before=before, reach=[place.school_id])
    return row


# Ways


@dataclass(frozen=True, slots=True)
class KnownWay:
    """A way and its version; 0 while it is only an estimate."""

    way: Way
    version: int


async def way_between(db: AsyncSession, *, caller: Caller, ends: tuple[UUID, UUID]) -> KnownWay:
    """The way from one visible campus to another, entered or estimated.

    Raises
    ------
    WayNotFound
        One of them does not exist or is not visible, or they are the same.
    """
    await _ends(db, caller=caller, ends=ends)
    return await _known_way(db, caller=caller, ends=ends)


async def _ends(db: AsyncSession, *, caller: Caller, ends: tuple[UUID, UUID]) -> dict[UUID, Place]:
    seen = await queries.places(
        db, caller=caller, permission=Permission.TIMETABLE_WRITE, campus_ids=ends
    )
    if len(seen) < len(ends):
        raise WayNotFound
    return seen


async def _known_way(db: AsyncSession, *, caller: Caller, ends: tuple[UUID, UUID]) -> KnownWay:
    entered = await queries.travel_time(db, ends=ends)
    if entered is not None:
        return KnownWay(Way(entered.minutes, entered.buffer, estimated=False), entered.version)
    ground = await load.ground(db, district_id=caller.district_id)
    guessed = await load.ways(db, pairs=[ends], estimate=ground.estimate)
    return KnownWay(guessed[ends], 0)


async def set_way(
    db: AsyncSession,
    *,
    caller: Caller,
    ends: tuple[UUID, UUID],
    way: Way,
    expected: Precondition,
) -> KnownWay:
    """Enter how long a way takes, and lay the coming days of those who go it anew.

    Raises
    ------
    ScheduleConflict
        Some teacher could no longer get from one lesson to the next.
    """
    places = await _ends(db, caller=caller, ends=ends)
    if not any(place.writable for place in places.values()):
        raise Forbidden
    present = await _known_way(db, caller=caller, ends=ends)
    expected.check(present.version)
    reach = [place.school_id for place in places.values()]
    entered = await queries.travel_time(db, ends=ends)
    if entered is None:
        row = TravelTime(
            district_id=caller.district_id,
            from_campus_id=ends[0],
            to_campus_id=ends[1],
            minutes=way.minutes,
            buffer=way.buffer,
        )
        db.add(row)
        await _walk_again(db, caller=caller, ends=ends)
        await record(db, "travel-time.created", row, by=caller, reach=reach)
        return KnownWay(way, row.version)
    row = await db.get_one(TravelTime, (caller.district_id, entered.id), with_for_update=True)
    expected.check(row.version)
    before = change_fields(row, {"minutes": way.minutes, "buffer": way.buffer})
    if before:
        await _walk_again(db, caller=caller, ends=ends)
        await record(db, "travel-time.changed", row, by=caller, before=before, reach=reach)
    return KnownWay(way, row.version)


async def _walk_again(db: AsyncSession, *, caller: Caller, ends: tuple[UUID, UUID]) -> None:
    await db.flush()
    ground = await load.ground(db, district_id=caller.district_id)
    try:
        await laying.lay_ways(db, ends=[ends], ground=ground)
    except WaysTooLong as refused:
        conflicts = [too_long(leg) for leg in refused.legs]
        said = await load.explain(db, caller=caller, conflicts=conflicts, ground=ground)
        raise ScheduleConflict(conflicts=[one.model_dump(mode="json") for one in said]) from None
