"""What comes in and what goes out: classes, rooms, ways, lessons, conflicts; rows of imports."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network import codes
from service.timetable.rules import (
    ConflictKind,
    LessonChange,
    LessonStatus,
    Origin,
    Parity,
    ResourceKind,
    RoomKind,
    TimeKind,
    Way,
)
from service.timetable.tables import ClassSection, Room, TravelTime

Stage = Annotated[
    Literal["1", "2", "3", "4"],
    Field(description="学段:1 学前,2 小学,3 普通初中,4 普通高中", examples=["2"]),
]
Subject = Annotated[
    str,
    Field(
        min_length=1,
        max_length=20,
        pattern=r"^[0-9A-Za-z_-]+$",
        description="学科(课程代码)",
        examples=["24"],
    ),
]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S+$")]
Name = Annotated[str, Field(min_length=1, max_length=60)]
Reason = Annotated[
    str, Field(min_length=1, max_length=200, description="原因", examples=["学校运动会"])
]
Weekday = Annotated[int, Field(ge=1, le=7, description="星期,周一为 1", examples=[2])]
Period = Annotated[int, Field(ge=1, le=20, description="节次,见该校区作息时间表", examples=[3])]
Weeks = Annotated[
    list[Annotated[int, Field(ge=1, le=30)]],
    Field(
        min_length=1,
        max_length=30,
        description="教学周;为空表示按单双周设置",
        examples=[[1, 2, 3, 4, 5, 6, 7, 8]],
    ),
]


# Classes


class ClassIn(DayRange):
    """A class of pupils at a campus."""

    campus_id: Annotated[UUID, Field(description="所在校区")]
    code: Annotated[Code, Field(description="班级代码,校内唯一,毕业前不变", examples=["2023-1"])]
    stage: Stage
    grade: Annotated[int, Field(ge=1, le=12, description="年级", examples=[4])]
    number: Annotated[int, Field(ge=1, le=99, description="班号", examples=[1])]
    name: Annotated[Name, Field(description="班级名称", examples=["四年级1班"])]
    pupils: Annotated[int | None, Field(ge=0, le=200, description="人数", examples=[42])] = None


class ClassPatch(In):
    """What may change of a class; the code stays."""

    grade: Annotated[int, Field(ge=1, le=12, description="年级", examples=[5])] = Field(
        default_factory=int
    )
    name: Annotated[Name, Field(description="班级名称", examples=["五年级1班"])] = Field(
        default_factory=str
    )
    pupils: Annotated[int | None, Field(ge=0, le=200, description="人数", examples=[41])] = None
    valid_until: Annotated[
        date | None, Field(description="失效日期(不含);空表示长期有效", examples=["2029-09-01"])
    ] = None


class ClassOut(Out):
    """A class."""

    id: UUID
    school_id: UUID
    campus_id: UUID
    code: str
    stage: str
    grade: int
    number: int
    name: str
    pupils: int | None
    valid_from: date | None
    valid_until: date | None
    version: int

    @classmethod
    def of(cls, row: ClassSection) -> Self:
        """The answer of a row."""
        return cls(
            id=row.id,
            school_id=row.school_id,
            campus_id=row.campus_id,
            code=row.code,
            stage=row.stage,
            grade=row.grade,
            number=row.number,
            name=row.name,
            pupils=row.pupils,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            version=row.version,
        )


# Rooms


class RoomIn(In):
    """A room of a campus."""

    campus_id: Annotated[UUID, Field(description="所在校区")]
    code: Annotated[Code, Field(description="教室代码,校区内唯一", examples=["A301"])]
    name: Annotated[Name, Field(description="教室名称", examples=["音乐教室"])]
    kind: Annotated[RoomKind, Field(description="教室类型", examples=["music"])] = (
        RoomKind.CLASSROOM
    )
    capacity: Annotated[int | None, Field(ge=1, le=5000, description="座位数")] = None


class RoomPatch(In):
    """What may change of a room; the code stays."""

    name: Annotated[Name, Field(description="教室名称", examples=["音乐教室"])] = Field(
        default_factory=str
    )
    kind: Annotated[RoomKind, Field(description="教室类型", examples=["music"])] = Field(
        default_factory=lambda: RoomKind.CLASSROOM
    )
    capacity: Annotated[int | None, Field(ge=1, le=5000, description="座位数")] = None


class RoomOut(Out):
    """A room."""

    id: UUID
    campus_id: UUID
    code: str
    name: str
    kind: RoomKind
    capacity: int | None
    version: int

    @classmethod
    def of(cls, row: Room) -> Self:
        """The answer of a row."""
        return cls(
            id=row.id,
            campus_id=row.campus_id,
            code=row.code,
            name=row.name,
            kind=RoomKind(row.kind),
            capacity=row.capacity,
            version=row.version,
        )


# Ways


class WayIn(In):
    """How long the way takes, in this direction."""

    minutes: Annotated[int, Field(ge=0, le=600, description="路程分钟", examples=[35])]
    buffer: Annotated[int, Field(ge=0, le=120, description="机动分钟", examples=[10])] = 10


class WayOut(Out):
    """A way from one campus to another."""

    from_campus_id: UUID
    to_campus_id: UUID
    minutes: int
    buffer: int
    needed_minutes: Annotated[int, Field(description="两节课之间至少需要的分钟数")]
    estimated: Annotated[bool, Field(description="是否为按校区位置估算、尚未录入的路程")]
    version: Annotated[int, Field(description="版本;估算的路程为 0")]

    @classmethod
    def of(cls, way: Way, *, ends: tuple[UUID, UUID], version: int) -> Self:
        """The answer of a way between two campuses."""
        return cls(
            from_campus_id=ends[0],
            to_campus_id=ends[1],
            minutes=way.minutes,
            buffer=way.buffer,
            needed_minutes=way.needed,
            estimated=way.estimated,
            version=version,
        )

    @classmethod
    def entered(cls, row: TravelTime) -> Self:
        """The answer of a way that somebody entered."""
        return cls.of(
            Way(row.minutes, row.buffer, estimated=False),
            ends=(row.from_campus_id, row.to_campus_id),
            version=row.version,
        )


# Lessons


class Named(Out):
    """Something with a name."""

    id: UUID
    name: str


class OriginalOut(Out):
    """What was planned; only what differs from the present is filled."""

    teacher: Named | None
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    period: int | None
    room: Named | None


class LessonOut(Out):
    """A lesson on a day."""

    id: UUID
    slot_id: UUID
    origin: Annotated[Origin, Field(description="home 校内课表,itinerant 走教安排")]
    origin_id: Annotated[UUID | None, Field(description="所属走教安排")]
    status: LessonStatus
    status_label: str
    change: Annotated[
        LessonChange | None,
        Field(
            description="moved 调课,cancelled 停课,ended 安排结束,replaced 课表更换,"
            "needs-cover 待代课,covered 代课,merged 合班,self-study 自习,swapped 换课"
        ),
    ]
    reason: str | None
    changed_by: str | None
    changed_at: AwareDatetime | None
    subject: str
    subject_label: str
    teacher: Named
    campus: Named
    classes: list[Named]
    room: Named | None
    on_date: date
    week: int
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    original: Annotated[OriginalOut | None, Field(description="与原计划不同之处;为空表示未变动")]
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.lessons``; ``queries.spelled`` tells the same."""
        zone = ZoneInfo(row.zone)
        return cls(
            id=row.id,
            slot_id=row.slot_id,
            origin=row.origin,
            origin_id=row.origin_id,
            status=row.status,
            status_label=say(_STATUS[row.status]),
            change=row.change or None,
            reason=row.reason,
            changed_by=row.changed_by,
            changed_at=local(row.changed_at, zone),
            subject=row.subject,
            subject_label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
            teacher=Named(id=row.teacher_id, name=row.teacher_name),
            campus=Named(id=row.campus_id, name=row.campus_name),
            classes=named_all(row.class_ids, row.class_names),
            room=named(row.room_id, row.room_name),
            on_date=row.on_date,
            week=row.week,
            period=row.period,
            starts_at=row.starts_at.astimezone(zone),
            ends_at=row.ends_at.astimezone(zone),
            original=_original(row, zone),
            version=row.version,
        )


_STATUS = {
    LessonStatus.SCHEDULED: Text("正常", "Scheduled"),
    LessonStatus.CANCELLED: Text("已取消", "Cancelled"),
}


def status_labels() -> dict[str, str]:
    """Each status of a lesson in words."""
    return {status.value: say(words) for status, words in _STATUS.items()}


def national_subjects() -> dict[str, str]:
    """Each national code of a subject in words."""
    return {one.code: say(one.label) for one in codes.NATIONAL["subject"]}


def subject_label(code: str, *, zh: str | None, en: str | None) -> str:
    """A subject in words: a national code's, else the district's own, else the code."""
    return say(codes.label_of("subject", code) or Text(zh or code, en or zh or code))


def subject_of(code: str, words: Sequence[str] | None) -> str:
    """A subject in words, given what the district calls it in Chinese and English."""
    zh, en = words or (None, None)
    return subject_label(code, zh=zh, en=en)


def local(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    """An instant by the clock of the campus."""
    return None if instant is None else instant.astimezone(zone)


def named(id_: UUID | None, name: str | None) -> Named | None:
    """Something that may be missing."""
    return None if id_ is None else Named(id=id_, name=name or "")


def named_all(ids: Iterable[UUID] | None, names: Iterable[str] | None) -> list[Named]:
    """Several things with names."""
    return [Named(id=id_, name=name) for id_, name in zip(ids or (), names or (), strict=True)]


def _original(row: Any, zone: ZoneInfo) -> OriginalOut | None:
    covered = row.substitute_id is not None
    moved = row.original_starts_at is not None or row.original_ends_at is not None
    shifted = row.planned_period != row.period
    elsewhere = row.planned_room_id is not None and row.planned_room_id != row.room_id
    if not (covered or moved or shifted or elsewhere):
        return None
    teacher = Named(id=row.original_teacher_id, name=row.original_teacher_name)
    return OriginalOut(
        teacher=teacher if covered else None,
        starts_at=local(row.original_starts_at, zone),
        ends_at=local(row.original_ends_at, zone),
        period=row.planned_period if shifted else None,
        room=named(row.planned_room_id, row.planned_room_name) if elsewhere else None,
    )


class CancelIn(In):
    """Why a lesson does not take place."""

    reason: Reason


class MoveIn(In):
    """Where to a lesson moves: a day with a period, or clock times; a room; or both."""

    on_date: Annotated[date | None, Field(description="新的日期", examples=["2026-09-17"])] = None
    period: Annotated[
        int | None, Field(ge=1, le=20, description="新的节次;与 on_date 一起填写", examples=[5])
    ] = None
    starts_at: Annotated[
        AwareDatetime | None,
        Field(description="新的开始时间(不按节次时填写)", examples=["2026-09-17T15:00:00+08:00"]),
    ] = None
    ends_at: Annotated[
        AwareDatetime | None,
        Field(description="新的结束时间;空表示时长不变", examples=["2026-09-17T15:40:00+08:00"]),
    ] = None
    room_id: Annotated[UUID | None, Field(description="新的教室;不填则不变")] = None
    reason: Reason

    @model_validator(mode="after")
    def _says_one_time(self) -> Self:
        by_period = self.on_date is not None and self.period is not None
        half = (self.on_date is None) != (self.period is None)
        by_clock = self.starts_at is not None
        lone_end = self.ends_at is not None and not by_clock
        if half or lone_end or (by_period and by_clock):
            raise PydanticCustomError(
                "one_time",
                "say a day with a period, or a start",
                {
                    "zh": "请填写 on_date 与 period,或填写 starts_at(可加 ends_at),二者选一",
                    "en": "give on_date and period, or starts_at (with ends_at), not both",
                },
            )
        if not by_period and not by_clock and self.room_id is None:
            raise PydanticCustomError(
                "nothing_moves",
                "nothing moves",
                {"zh": "请填写新的时间或教室", "en": "give a new time or a new room"},
            )
        if (
            self.starts_at is not None
            and self.ends_at is not None
            and self.ends_at <= self.starts_at
        ):
            raise PydanticCustomError("range_reversed", "until must be after from")
        return self


# Conflicts


class OtherOut(Out):
    """What has the time already."""

    kind: TimeKind
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    campus_id: UUID | None
    campus_name: str | None
    subject: str | None
    teacher_name: str | None
    class_names: list[str]


class ConflictOut(Out):
    """Something that stands in the way, or makes it unwise."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    kind: ConflictKind
    hard: Annotated[bool, Field(description="true 禁止发布;false 仅提示")]
    message: str
    resource_kind: ResourceKind | None
    resource_id: Annotated[UUID | None, Field(description="冲突所在的教师、班级、教室或学校")]
    campus_id: UUID | None
    starts_at: Annotated[AwareDatetime | None, Field(description="首次冲突的时间")]
    ends_at: AwareDatetime | None
    dates: Annotated[list[date], Field(description="发生冲突的所有日期")]
    from_date: Annotated[date | None, Field(description="起始日期(含)")]
    until: Annotated[date | None, Field(description="截止日期(不含)")]
    with_: Annotated[
        OtherOut | Literal["busy"] | None,
        Field(alias="with", description="与之冲突的安排;您无权查看时为 busy"),
    ]
    needed_minutes: int | None
    available_minutes: int | None
    limit: int | None
    count: int | None


class SuggestionOut(Out):
    """A time that would work."""

    campus_id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    weekday: int
    period: int


# Rows of imports: by business codes, shapes checked, nothing resolved


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A class of the workbook."""

    campus_code: str
    code: str
    stage: str
    grade: int
    number: int
    name: str
    pupils: int | None
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomRow:
    """A room of the workbook."""

    campus_code: str
    code: str
    name: str
    kind: RoomKind
    capacity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelRow:
    """A way of the workbook."""

    from_campus_code: str
    to_campus_code: str
    minutes: int
    buffer: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeSlotRow:
    """A weekly period of a school's own timetable.

    ``term`` is like ``2026-2027-1``; without ``valid_from`` and ``valid_until`` (exclusive) the
    slot lasts as long as the term.
    """

    term: str
    teacher_number: str
    subject: str
    campus_code: str
    class_codes: tuple[str, ...]
    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    room_code: str | None
    valid_from: date | None
    valid_until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowConflict:
    """Why a row of an import cannot stand, and which other row or standing lesson it meets."""

    row: int
    """Its place in the rows that were given."""
    kind: str
    """A conflict kind of the API, or ``unknown-<what>`` for a code that leads nowhere."""
    message: Text
    with_row: int | None = None
    """The other row, where it is one of the same import."""
    on_date: date | None = None
