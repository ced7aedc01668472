"""Classes, rooms, and ways between campuses."""

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
    InvalidValue,
    RelatedNotFound,
)
from service.timetable import actions, queries
from service.timetable.actions import NewClass, NewRoom
from service.timetable.problems import (
    ClassCodeTaken,
    ClassNotFound,
    RoomCodeTaken,
    RoomNotFound,
    ScheduleConflict,
    WayNotFound,
    WayTaken,
)
from service.timetable.rules import Way
from service.timetable.schemas import (
    ClassIn,
    ClassOut,
    ClassPatch,
    RoomIn,
    RoomOut,
    RoomPatch,
    WayIn,
    WayOut,
)
from service.timetable.tables import ClassSection, Room, TravelTime

classes = make_router(tag="classes")
rooms = make_router(tag="rooms")
ways = make_router(tag="travel-times")
routers = [classes, rooms, ways]

Reader = Annotated[Caller, needs(Permission.TIMETABLE_READ)]
Writer = Annotated[Caller, needs(Permission.TIMETABLE_WRITE)]
CampusFilter = Annotated[UUID | None, Query(description="仅该校区")]
NameFilter = Annotated[str | None, Query(max_length=50, description="按名称搜索")]


# Classes


@dataclass(frozen=True, slots=True)
class ClassQuery:
    """Which classes are asked for."""

    school_id: Annotated[UUID | None, Query(description="仅该校")] = None
    campus_id: CampusFilter = None
    as_of: Annotated[date | None, Query(description="仅这一天有效的班级")] = None
    q: NameFilter = None


@classes.get(
    "/classes",
    operation_id="listClasses",
    summary="班级列表",
    description="列出您可见校区的班级,可按学校、校区、有效日期与名称筛选。",
    openapi_extra=english(
        "List classes",
        "The classes at campuses within your reach, by school, campus, day of validity or name.",
    ),
)
async def list_classes(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[ClassQuery, Depends()]
) -> Page[ClassOut]:
    """List classes."""
    return await paging.answer(
        db,
        queries.classes(
            caller,
            school_id=wanted.school_id,
            campus_id=wanted.campus_id,
            as_of=wanted.as_of,
            q=wanted.q,
        ),
        sorts={
            "code": col(ClassSection.code),
            "name": col(ClassSection.name),
            "grade": col(ClassSection.grade),
        },
        default="grade,code",
        tie=col(ClassSection.id),
        out=ClassOut.of,
    )


@classes.post(
    "/classes",
    status_code=201,
    operation_id="createClass",
    summary="新建班级",
    description="在校区新建一个班级。班级代码校内唯一且毕业前不变;年级与名称可逐年修改。",
    responses=may_fail(ClassCodeTaken, RelatedNotFound, InvalidValue),
    openapi_extra=english(
        "Create a class",
        "Opens a class at a campus. Its code is unique in the school and stays; grade and name "
        "move on every year.",
    ),
)
async def create_class(*, db: Db, caller: Writer, body: ClassIn, tag: NewTag) -> ClassOut:
    """Create a class."""
    new = NewClass(
        campus_id=body.campus_id,
        code=body.code,
        stage=body.stage,
        grade=body.grade,
        number=body.number,
        name=body.name,
        pupils=body.pupils,
        valid=body.valid,
    )
    row = await actions.create_class(db, caller=caller, new=new)
    tag(row.version)
    return ClassOut.of(row)


@classes.get(
    "/classes/{class_id}",
    operation_id="getClass",
    summary="查看班级",
    description="读取一个班级。",
    responses=may_fail(ClassNotFound),
    openapi_extra=english("Read a class", "One class at a campus within your reach."),
)
async def get_class(*, db: ReadDb, caller: Reader, class_id: UUID, tag: Tag) -> ClassOut:
    """Read a class."""
    row = await queries.visible_class(db, caller=caller, class_id=class_id)
    tag(row.version)
    return ClassOut.of(row)


@classes.patch(
    "/classes/{class_id}",
    operation_id="changeClass",
    summary="修改班级",
    description="修改年级、名称、人数或失效日期(JSON Merge Patch,未给出的字段不变)。"
    "班级代码与校区不能修改。",
    responses=may_fail(ClassNotFound, InvalidValue),
    openapi_extra=english(
        "Change a class",
        "Grade, name, size or end (JSON Merge Patch: what is left out stays). "
        "Code and campus stay.",
    ),
)
async def change_class(
    *, db: Db, caller: Writer, class_id: UUID, body: ClassPatch, expected: IfMatch, tag: NewTag
) -> ClassOut:
    """Change a class."""
    row = await actions.change_class(
        db,
        caller=caller,
        class_id=class_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(row.version)
    return ClassOut.of(row)


# Rooms


@rooms.get(
    "/rooms",
    operation_id="listRooms",
    summary="教室列表",
    description="列出您可见校区的教室,可按校区与名称筛选。",
    openapi_extra=english("List rooms", "The rooms of campuses within your reach."),
)
async def list_rooms(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    campus_id: CampusFilter = None,
    q: NameFilter = None,
) -> Page[RoomOut]:
    """List rooms."""
    return await paging.answer(
        db,
        queries.rooms(caller, campus_id=campus_id, q=q),
        sorts={"code": col(Room.code), "name": col(Room.name)},
        default="code",
        tie=col(Room.id),
        out=RoomOut.of,
    )


@rooms.post(
    "/rooms",
    status_code=201,
    operation_id="createRoom",
    summary="新建教室",
    description="在校区新建一间教室。排入教室的课不会与该教室的其他安排重叠;"
    "不指定教室的课在本班教室上。",
    responses=may_fail(RoomCodeTaken, RelatedNotFound, InvalidValue),
    openapi_extra=english(
        "Create a room",
        "Adds a room to a campus. No two lessons share a room at a time; a lesson without a room "
        "is taught where the class sits.",
    ),
)
async def create_room(*, db: Db, caller: Writer, body: RoomIn, tag: NewTag) -> RoomOut:
    """Create a room."""
    new = NewRoom(
        campus_id=body.campus_id,
        code=body.code,
        name=body.name,
        kind=body.kind,
        capacity=body.capacity,
    )
    row = await actions.create_room(db, caller=caller, new=new)
    tag(row.version)
    return RoomOut.of(row)


@rooms.get(
    "/rooms/{room_id}",
    operation_id="getRoom",
    summary="查看教室",
    description="读取一间教室。",
    responses=may_fail(RoomNotFound),
    openapi_extra=english("Read a room", "One room of a campus within your reach."),
)
async def get_room(*, db: ReadDb, caller: Reader, room_id: UUID, tag: Tag) -> RoomOut:
    """Read a room."""
    row = await queries.visible_room(db, caller=caller, room_id=room_id)
    tag(row.version)
    return RoomOut.of(row)


@rooms.patch(
    "/rooms/{room_id}",
    operation_id="changeRoom",
    summary="修改教室",
    description="修改名称、类型或座位数(JSON Merge Patch,未给出的字段不变)。",
    responses=may_fail(RoomNotFound, InvalidValue),
    openapi_extra=english(
        "Change a room", "Name, kind or capacity (JSON Merge Patch: what is left out stays)."
    ),
)
async def change_room(
    *, db: Db, caller: Writer, room_id: UUID, body: RoomPatch, expected: IfMatch, tag: NewTag
) -> RoomOut:
    """Change a room."""
    row = await actions.change_room(
        db,
        caller=caller,
        room_id=room_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(row.version)
    return RoomOut.of(row)


# Ways


async def _ends(from_campus_id: UUID, to_campus_id: UUID) -> tuple[UUID, UUID]:
    return from_campus_id, to_campus_id


Ends = Annotated[tuple[UUID, UUID], Depends(_ends)]


@ways.get(
    "/travel-times",
    operation_id="listTravelTimes",
    summary="校区间路程列表",
    description="列出已录入的校区间路程(区分方向)。未录入的路程按校区位置估算,"
    "可逐条查询 GET /v1/travel-times/{from_campus_id}/{to_campus_id}。",
    openapi_extra=english(
        "List travel times",
        "The ways somebody entered, one row each direction. Others are estimated from positions; "
        "ask for one of them by its two campuses.",
    ),
)
async def list_travel_times(
    *, db: ReadDb, caller: Reader, paging: Paging, campus_id: CampusFilter = None
) -> Page[WayOut]:
    """List ways."""
    return await paging.answer(
        db,
        queries.travel_times(caller, campus_id=campus_id),
        sorts={"minutes": col(TravelTime.minutes)},
        default="minutes",
        tie=col(TravelTime.id),
        out=WayOut.entered,
    )


@ways.get(
    "/travel-times/{from_campus_id}/{to_campus_id}",
    operation_id="getTravelTime",
    summary="查看校区间路程",
    description="从一个校区到另一个校区的路程与机动分钟。未录入时返回按位置估算的结果,"
    "`estimated` 为 true、版本为 0。",
    responses=may_fail(WayNotFound),
    openapi_extra=english(
        "Read a travel time",
        "Minutes and buffer from one campus to another. Where nobody entered it, an estimate from "
        "the positions, with `estimated` true and version 0.",
    ),
)
async def get_travel_time(*, db: ReadDb, caller: Reader, ends: Ends, tag: Tag) -> WayOut:
    """Read a way."""
    known = await actions.way_between(db, caller=caller, ends=ends)
    tag(known.version)
    return WayOut.of(known.way, ends=ends, version=known.version)


@ways.put(
    "/travel-times/{from_campus_id}/{to_campus_id}",
    operation_id="setTravelTime",
    summary="录入校区间路程",
    description="录入或修改一个方向的路程。明天起受影响教师的在途时间随即重排;"
    '若有教师因此来不及转场,则拒绝并列出冲突。首次录入时 If-Match 为估算的版本 "0"。',
    responses=may_fail(WayNotFound, WayTaken, ScheduleConflict, InvalidValue),
    openapi_extra=english(
        "Set a travel time",
        "Enters or changes a way in one direction. From tomorrow on, the ways of the teachers who "
        "go it are laid anew; if one of them could no longer arrive in time, it is refused with "
        'the conflicts. The first time, If-Match is "0", the version of the estimate.',
    ),
)
async def set_travel_time(
    *, db: Db, caller: Writer, ends: Ends, body: WayIn, expected: IfMatch, tag: NewTag
) -> WayOut:
    """Set a way."""
    way = Way(body.minutes, body.buffer, estimated=False)
    known = await actions.set_way(db, caller=caller, ends=ends, way=way, expected=expected)
    tag(known.version)
    return WayOut.of(known.way, ends=ends, version=known.version)
