"""What comes in and what goes out about attendance: check-ins, the host's word, disputes."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from service.kit import clock
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network.rules import Datum
from service.timetable.rules import LessonChange, LessonStatus
from service.timetable.rules.attendance import (
    Correction,
    Facts,
    Presence,
    Why,
    Word,
    presence,
)
from service.timetable.schemas.lessons import Named, Reason, local, subject_of
from service.timetable.tables import Lesson

Month = Annotated[
    str,
    Field(pattern=r"^20[0-8][0-9]-(0[1-9]|1[0-2])$", description="月份", examples=["2026-10"]),
]


def first_of(month: str) -> date:
    """The first day of a month as it stands in a query or a body."""
    return date.fromisoformat(f"{month}-01")


class CheckInIn(In):
    """A check-in: the phone's own clock, and a position; both may be left out."""

    told_at: Annotated[
        AwareDatetime | None,
        Field(
            description="手机上签到的时刻;离线签到补传时必带",
            examples=["2026-10-13T14:20:00+08:00"],
        ),
    ] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180, examples=[106.4521])] = None
    latitude: Annotated[float | None, Field(ge=-90, le=90, examples=[29.8313])] = None
    datum: Annotated[Datum, Field(description="坐标系:手机 GPS 为 wgs84")] = Datum.WGS84

    @model_validator(mode="after")
    def _is_a_place(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            raise PydanticCustomError("half_a_place", "longitude and latitude belong together")
        return self


class CorrectionIn(In):
    """Ask for a late check-in."""

    arrived_at: Annotated[
        AwareDatetime, Field(description="实际到校时刻", examples=["2026-10-13T14:20:00+08:00"])
    ]
    reason: Reason


class NoteIn(In):
    """A word of the one who decides."""

    reason: Reason


class RulingIn(In):
    """What the group office decides about a dispute."""

    taught: Annotated[bool, Field(description="true 认定已上课(计入课时);false 认定未上课")]
    reason: Reason


class ConfirmMonthIn(In):
    """The visiting lessons of a month, without exceptions."""

    school_id: Annotated[UUID, Field(description="受援校")]
    month: Month
    except_lesson_ids: Annotated[
        tuple[UUID, ...], Field(max_length=500, description="暂不确认的课,保持待确认")
    ] = ()
    unchecked_too: Annotated[
        bool, Field(description="未签到的课也一并确认;默认不确认并逐节列出")
    ] = False


_WORDS = {
    Word.OPEN: Text("待确认", "Waits for the host school"),
    Word.CONFIRMED: Text("已确认", "Confirmed"),
    Word.DISPUTED: Text("有争议", "Disputed"),
    Word.NOT_TAUGHT: Text("认定未上课", "Found not taught"),
}
_PRESENCE = {
    Presence.UPCOMING: Text("未到时间", "Not yet"),
    Presence.AWAITED: Text("待签到", "Awaited"),
    Presence.PRESENT: Text("已到", "Present"),
    Presence.LATE: Text("迟到", "Late"),
    Presence.NO_SHOW: Text("未签到", "Did not check in"),
    Presence.VOUCHED: Text("未签到,学校已确认", "No check-in; the school confirmed"),
    Presence.CANCELLED: Text("不需签到", "Nobody to check in"),
}
_CORRECTIONS = {
    Correction.REQUESTED: Text("补签待审批", "Late check-in asked"),
    Correction.APPROVED: Text("补签已批准", "Late check-in approved"),
    Correction.REFUSED: Text("补签未批准", "Late check-in refused"),
}
_WHY = {
    Why.EXCEPTED: Text("本次不确认", "Left out this time"),
    Why.NOT_CHECKED_IN: Text("未签到", "Nobody checked in"),
    Why.CORRECTION_WAITS: Text("补签待审批", "A late check-in waits for a decision"),
    Why.DISPUTED: Text("有争议,待集团办公室裁定", "Disputed"),
    Why.NOT_OVER: Text("尚未下课", "It has not ended"),
    Why.MONTH_FROZEN: Text("该教师当月课时已结算", "The teacher's month is settled"),
}


def word_label(word: Word) -> str:
    """The host's word as a person reads it."""
    return say(_WORDS[word])


def facts_of(lesson: Lesson) -> Facts:
    """What of a lesson decides about attendance."""
    change = LessonChange(lesson.change) if lesson.change else None
    return Facts(lesson.starts_at, lesson.ends_at, LessonStatus(lesson.status), change)


class CheckInOut(Out):
    """What is known of the arrival."""

    arrived_at: Annotated[AwareDatetime | None, Field(description="计为到校的时刻")]
    received_at: Annotated[AwareDatetime | None, Field(description="服务器收到签到的时刻")]
    told_at: Annotated[AwareDatetime | None, Field(description="手机所报的时刻")]
    distance_metres: Annotated[int | None, Field(description="距校门的米数;不保存位置与轨迹")]
    correction: Correction | None
    correction_label: str | None
    claimed_at: AwareDatetime | None
    correction_reason: str | None
    correction_decided_by: str | None
    correction_note: str | None


class DisputeOut(Out):
    """A dispute and what was decided."""

    reason: str
    by: str | None
    at: AwareDatetime | None
    resolution: str | None
    resolved_by: str | None
    resolved_at: AwareDatetime | None


class AttendanceOut(Out):
    """A lesson with what is known of its attendance."""

    lesson_id: UUID
    version: Annotated[int, Field(description="用作 If-Match;0 表示尚无记录")]
    teacher: Named
    home_school_id: Annotated[UUID | None, Field(description="教师当日任职学校")]
    school_id: Annotated[UUID, Field(description="上课学校")]
    school_name: str
    campus: Named
    subject: str
    subject_label: str
    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    visiting: Annotated[bool, Field(description="外校教师来校任教")]
    presence: Presence
    presence_label: str
    state: Word
    state_label: str
    check_in: CheckInOut | None
    confirmed_at: AwareDatetime | None
    confirmed_by: str | None
    dispute: DisputeOut | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of an ``Attended``."""
        lesson, mine, campus = row.lesson, row.mine, row.campus
        zone = ZoneInfo(campus.zone)
        state = Word(row.attendance.state) if row.attendance is not None else Word.OPEN
        found = presence(
            facts_of(lesson),
            thresholds=row.thresholds,
            arrived_at=mine.arrived_at if mine is not None else None,
            confirmed=state is Word.CONFIRMED,
            now=clock.now(),
        )
        return cls(
            lesson_id=lesson.id,
            version=row.attendance.version if row.attendance is not None else 0,
            teacher=Named(id=lesson.teacher_id, name=row.teacher_name),
            home_school_id=row.home_school_id,
            school_id=campus.school_id,
            school_name=row.school_name,
            campus=Named(id=campus.id, name=campus.name),
            subject=lesson.subject,
            subject_label=subject_of(lesson.subject, row.subject_words),
            on_date=lesson.on_date,
            period=lesson.period,
            starts_at=lesson.starts_at.astimezone(zone),
            ends_at=lesson.ends_at.astimezone(zone),
            visiting=row.home_school_id != campus.school_id,
            presence=found,
            presence_label=say(_PRESENCE[found]),
            state=state,
            state_label=word_label(state),
            check_in=_check_in(mine, zone) if mine is not None else None,
            confirmed_at=local(row.attendance and row.attendance.confirmed_at, zone),
            confirmed_by=row.attendance and row.attendance.confirmed_by,
            dispute=_dispute(row.attendance, zone),
        )


def _check_in(row: Any, zone: ZoneInfo) -> CheckInOut:
    correction = Correction(row.correction) if row.correction else None
    return CheckInOut(
        arrived_at=local(row.arrived_at, zone),
        received_at=local(row.checked_in_at, zone),
        told_at=local(row.told_at, zone),
        distance_metres=row.distance_metres,
        correction=correction,
        correction_label=say(_CORRECTIONS[correction]) if correction else None,
        claimed_at=local(row.claimed_at, zone),
        correction_reason=row.correction_reason,
        correction_decided_by=row.correction_decided_by,
        correction_note=row.correction_note,
    )


def _dispute(row: Any, zone: ZoneInfo) -> DisputeOut | None:
    if row is None or row.dispute_reason is None:
        return None
    return DisputeOut(
        reason=row.dispute_reason,
        by=row.disputed_by,
        at=local(row.disputed_at, zone),
        resolution=row.resolution,
        resolved_by=row.resolved_by,
        resolved_at=local(row.resolved_at, zone),
    )


class LeftOpenOut(Out):
    """A lesson that was not confirmed, and why."""

    lesson_id: UUID
    teacher: Named
    on_date: date
    period: int | None
    why: Why
    why_label: str


class ConfirmedOut(Out):
    """What confirming a month did."""

    confirmed: Annotated[int, Field(description="本次确认的课时数")]
    confirmed_lesson_ids: list[UUID]
    open: Annotated[list[LeftOpenOut], Field(description="未确认的课及原因")]

    @classmethod
    def of(cls, done: Any) -> Self:
        """The answer of ``attendance.Confirmed``."""
        return cls(
            confirmed=len(done.confirmed),
            confirmed_lesson_ids=done.confirmed,
            open=[
                LeftOpenOut(
                    lesson_id=one.seen.lesson.id,
                    teacher=Named(id=one.seen.lesson.teacher_id, name=one.seen.teacher_name),
                    on_date=one.seen.lesson.on_date,
                    period=one.seen.lesson.period,
                    why=one.why,
                    why_label=say(_WHY[one.why]),
                )
                for one in done.open
            ],
        )
