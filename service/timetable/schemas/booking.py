"""What comes in and what goes out: booked rooms, and times at which people could meet."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.rules import RoomKind
from service.timetable.rules.booking import BookingState, Meeting
from service.timetable.schemas.lessons import Named, subject_of

_STATES = {
    BookingState.BOOKED: Text("已预订", "Booked"),
    BookingState.CANCELLED: Text("已取消", "Cancelled"),
}
_KINDS = {"lesson": Text("课", "Lesson"), "booking": Text("预订", "Booking")}


class BookingIn(In):
    """A room to be kept for something."""

    room_id: Annotated[UUID, Field(description="教室,见 GET /v1/rooms")]
    starts_at: Annotated[
        AwareDatetime, Field(description="开始(带时区)", examples=["2026-12-16T14:00:00+08:00"])
    ]
    ends_at: Annotated[
        AwareDatetime, Field(description="结束(带时区)", examples=["2026-12-16T15:30:00+08:00"])
    ]
    purpose: Annotated[
        str, Field(min_length=1, max_length=200, description="用途", examples=["集团科学实验展示"])
    ]


class BookingOut(Out):
    """A booked room."""

    id: UUID
    room: Named
    room_kind: RoomKind
    campus: Named
    school: Named
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    purpose: str
    state: BookingState
    state_label: str
    booked_by: str
    cancelled_by: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a ``Booked``."""
        booking, zone = row.booking, ZoneInfo(row.zone)
        state = BookingState(booking.state)
        return cls(
            id=booking.id,
            room=Named(id=booking.room_id, name=row.room_name),
            room_kind=RoomKind(row.room_kind),
            campus=Named(id=row.campus_id, name=row.campus_name),
            school=Named(id=row.school_id, name=row.school_name),
            starts_at=booking.starts_at.astimezone(zone),
            ends_at=booking.ends_at.astimezone(zone),
            purpose=booking.purpose,
            state=state,
            state_label=say(_STATES[state]),
            booked_by=booking.booked_by_name,
            cancelled_by=booking.cancelled_by_name,
            version=booking.version,
        )


class TakenOut(Out):
    """A lesson or booking that has the room."""

    kind: Literal["lesson", "booking"]
    label: str
    id: UUID
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    by: Annotated[str, Field(description="任课教师或预订人")]
    about: Annotated[str, Field(description="学科或用途")]
    class_names: list[str]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.booking.taken``."""
        zone = ZoneInfo(row.zone)
        about = subject_of(row.about, None) if row.kind == "lesson" else row.about
        return cls(
            kind=row.kind,
            label=say(_KINDS[row.kind]),
            id=row.id,
            starts_at=row.starts_at.astimezone(zone),
            ends_at=row.ends_at.astimezone(zone),
            by=row.by_name,
            about=about,
            class_names=row.class_names or [],
        )


# Who could meet


class Attendee(Out):
    """A teacher who cannot come."""

    id: UUID
    name: str
    school_name: str


class MeetingOut(Out):
    """A time, and who cannot be there."""

    on_date: date
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    everybody: Annotated[bool, Field(description="全部教师都有空")]
    free: Annotated[int, Field(description="能到会人数", examples=[11])]
    missing: Annotated[list[Attendee], Field(description="不能到会的教师")]


class MeetingsOut(Out):
    """Times for joint research, the best of each half-day."""

    campus: Named
    teacher_count: Annotated[int, Field(description="应到会教师人数", examples=[12])]
    items: list[MeetingOut]

    @classmethod
    def of(
        cls, campus: Named, people: Sequence[Any], meetings: Sequence[Meeting], *, zone: ZoneInfo
    ) -> Self:
        """The times as an answer."""
        known: Mapping[UUID, Attendee] = {
            row.id: Attendee(id=row.id, name=row.name, school_name=row.school_name)
            for row in people
        }
        return cls(
            campus=campus,
            teacher_count=len(known),
            items=[
                MeetingOut(
                    on_date=one.on_date,
                    starts_at=one.starts_at.astimezone(zone),
                    ends_at=one.ends_at.astimezone(zone),
                    everybody=not one.missing,
                    free=len(known) - len(one.missing),
                    missing=[person for id_, person in known.items() if id_ in one.missing],
                )
                for one in meetings
            ],
        )
