"""What comes in and what goes out about absences: policies, leaves, covers, offers."""

from collections.abc import Iterable
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
from service.timetable.rules.absence import (
    CoverState,
    LeaveKind,
    LeaveState,
    Measure,
    OfferState,
    Standin,
    Thresholds,
    criteria,
)
from service.timetable.schemas.lessons import Named, Reason, local, subject_of
from service.timetable.tables import CoverOffer, DutyPolicy, Leave

# What schools decide


class DutyPolicyIn(In):
    """Other numbers from a day on."""

    school_id: UUID
    valid_from: Annotated[date, Field(description="生效日期(含)", examples=["2026-09-01"])]
    swap_days: Annotated[
        int, Field(ge=0, le=60, description="不超过几天:由教师自行换课", examples=[1])
    ] = 1
    temporary_days: Annotated[
        int, Field(ge=0, le=60, description="不超过几天:临时代课;更长则固定代课", examples=[5])
    ] = 5
    cover_lead_minutes: Annotated[
        int, Field(ge=0, le=10080, description="最迟在上课前多少分钟落实代课", examples=[120])
    ] = 120
    swap_approval: Annotated[bool, Field(description="换课须经教务处同意")] = True
    check_in_early_minutes: Annotated[
        int, Field(ge=0, le=240, description="最早在上课前多少分钟签到", examples=[60])
    ] = 60
    late_after_minutes: Annotated[
        int, Field(ge=0, le=60, description="上课后多少分钟起算迟到", examples=[5])
    ] = 5
    check_in_metres: Annotated[
        int, Field(ge=50, le=5000, description="签到位置距校区的最大米数", examples=[500])
    ] = 500

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.temporary_days < self.swap_days:
            raise PydanticCustomError("range_reversed", "temporary_days must reach swap_days")
        return self

    @property
    def thresholds(self) -> Thresholds:
        """The numbers alone."""
        return Thresholds(**self.model_dump(exclude={"school_id", "valid_from"}))


class DutyPolicyOut(Out):
    """How a school handles absences, swaps and check-ins, for a time."""

    id: UUID
    school_id: UUID
    valid_from: date | None
    valid_until: date | None
    swap_days: int
    temporary_days: int
    cover_lead_minutes: int
    swap_approval: bool
    check_in_early_minutes: int
    late_after_minutes: int
    check_in_metres: int
    version: int

    @classmethod
    def of(cls, row: DutyPolicy) -> Self:
        """The answer of a row."""
        kept = row.model_dump(exclude={"district_id", "valid"})
        return cls(valid_from=row.valid.lower, valid_until=row.valid.upper, **kept)


# Leaves


class LeaveIn(In):
    """Ask for a leave. There is no field for an illness, and there will be none."""

    teacher_id: UUID
    kind: Annotated[
        LeaveKind,
        Field(
            description="sick 病假,personal 事假,official 公假,training 培训,parental 产假与育儿假,"
            "other 其他。请勿在系统中填写病情。"
        ),
    ]
    starts_at: Annotated[AwareDatetime, Field(examples=["2026-09-08T08:00:00+08:00"])]
    ends_at: Annotated[AwareDatetime, Field(examples=["2026-09-10T18:00:00+08:00"])]

    @model_validator(mode="after")
    def _is_not_reversed(self) -> Self:
        if self.ends_at <= self.starts_at:
            raise PydanticCustomError("range_reversed", "ends_at must be after starts_at")
        if (self.ends_at - self.starts_at).days > _LONGEST:
            raise PydanticCustomError("too_long", "a leave lasts at most a year")
        return self


_LONGEST = 366


class RefuseIn(In):
    """Why not."""

    reason: Reason


_KINDS = {
    LeaveKind.SICK: Text("病假", "Sick leave"),
    LeaveKind.PERSONAL: Text("事假", "Personal leave"),
    LeaveKind.OFFICIAL: Text("公假", "Official duty"),
    LeaveKind.TRAINING: Text("培训", "Training"),
    LeaveKind.PARENTAL: Text("产假与育儿假", "Parental leave"),
    LeaveKind.OTHER: Text("其他", "Other"),
}
_LEAVES = {
    LeaveState.REQUESTED: Text("待审批", "Waiting for a decision"),
    LeaveState.APPROVED: Text("已批准", "Approved"),
    LeaveState.REFUSED: Text("未批准", "Refused"),
    LeaveState.WITHDRAWN: Text("已撤销", "Withdrawn"),
}
_MEASURES = {
    Measure.SWAP: Text("教师换课", "Swap lessons"),
    Measure.TEMPORARY: Text("临时代课", "Temporary cover"),
    Measure.FIXED: Text("固定代课", "One fixed substitute"),
}


class LeaveOut(Out):
    """A leave."""

    id: UUID
    teacher: Named
    school_id: UUID
    kind: LeaveKind
    kind_label: str
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    days: Annotated[int, Field(description="涉及的自然日数")]
    measure: Annotated[Measure, Field(description="按学校规则建议的处理方式")]
    measure_label: str
    state: LeaveState
    state_label: str
    requested_by: str
    requested_at: AwareDatetime
    decided_by: str | None
    decided_at: AwareDatetime | None
    decision_note: str | None
    version: int

    @classmethod
    def of(cls, row: Leave, name: str, zone: str) -> Self:
        """The answer of a row, the teacher's name, and the clock it is told by."""
        kind, state, measure = LeaveKind(row.kind), LeaveState(row.state), Measure(row.measure)
        here = ZoneInfo(zone)
        return cls(
            id=row.id,
            teacher=Named(id=row.teacher_id, name=name),
            school_id=row.school_id,
            kind=kind,
            kind_label=say(_KINDS[kind]),
            starts_at=local(row.during.lower, here),
            ends_at=local(row.during.upper, here),
            days=row.days,
            measure=measure,
            measure_label=say(_MEASURES[measure]),
            state=state,
            state_label=say(_LEAVES[state]),
            requested_by=row.requested_by_name,
            requested_at=row.requested_at.astimezone(here),
            decided_by=row.decided_by_name,
            decided_at=local(row.decided_at, here),
            decision_note=row.decision_note,
            version=row.version,
        )


# Covers

_COVERS = {
    CoverState.OPEN: Text("待安排", "Needs cover"),
    CoverState.COVERED: Text("已代课", "Covered"),
    CoverState.MERGED: Text("合班", "Merged"),
    CoverState.SELF_STUDY: Text("自习", "Self-study"),
    CoverState.LAPSED: Text("已失效", "Needed no more"),
}


class CoverOut(Out):
    """A lesson whose teacher is away, and what becomes of it."""

    id: UUID
    lesson_id: UUID
    leave_id: UUID
    state: CoverState
    state_label: str
    absent: Named
    substitute: Named | None
    merged_with_id: UUID | None
    campus: Named
    subject: str
    subject_label: str
    class_names: Annotated[list[str], Field(description="上课班级", examples=[["五年级2班"]])]
    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    deadline_at: AwareDatetime
    overdue: Annotated[bool, Field(description="已过落实时限而仍无安排")]
    settled_by: str | None
    settled_at: AwareDatetime | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.absence.covers``."""
        cover, lesson, absent, standin, campus, zone_name, classes, words = row
        zone, state = ZoneInfo(zone_name), CoverState(cover.state)
        substitute = None
        if cover.substitute_id is not None:
            substitute = Named(id=cover.substitute_id, name=standin)
        return cls(
            id=cover.id,
            lesson_id=lesson.id,
            leave_id=cover.leave_id,
            state=state,
            state_label=say(_COVERS[state]),
            absent=Named(id=cover.absent_id, name=absent),
            substitute=substitute,
            merged_with_id=cover.merged_with_id,
            campus=Named(id=lesson.campus_id, name=campus),
            subject=lesson.subject,
            subject_label=subject_of(lesson.subject, words),
            class_names=classes or [],
            on_date=lesson.on_date,
            period=lesson.period,
            starts_at=lesson.starts_at.astimezone(zone),
            ends_at=lesson.ends_at.astimezone(zone),
            deadline_at=cover.deadline_at.astimezone(zone),
            overdue=state is CoverState.OPEN and cover.deadline_at <= clock.now(),
            settled_by=cover.settled_by_name,
            settled_at=local(cover.settled_at, zone),
            version=cover.version,
        )


class CriteriaOut(Out):
    """The points of each criterion."""

    subject: int
    school: int
    campus: int
    load: int
    fairness: int
    way: int


class StandinOut(Out):
    """A teacher who could cover, and why they stand where they stand."""

    teacher: Named
    school: Named
    qualified: Annotated[bool, Field(description="具有该学科学段任教资格")]
    on_campus: Annotated[bool, Field(description="当日在该校区另有安排")]
    lessons_that_day: int
    lessons_that_week: int
    covers_given: Annotated[int, Field(description="已承担的代课节数")]
    needed_minutes: Annotated[int | None, Field(description="到达所需分钟;为空表示无需转场")]
    score: int
    criteria: CriteriaOut

    @classmethod
    def of(cls, one: Standin) -> Self:
        """The answer of a candidate."""
        points = criteria(one)
        return cls(
            teacher=Named(id=one.teacher_id, name=one.name),
            school=Named(id=one.school_id, name=one.school_name),
            qualified=one.qualified,
            on_campus=one.on_campus,
            lessons_that_day=one.lessons_that_day,
            lessons_that_week=one.lessons_that_week,
            covers_given=one.covers_given,
            needed_minutes=one.needed_minutes,
            score=sum(points.values()),
            criteria=CriteriaOut(**points),
        )


class OthersOut(Out):
    """How many colleagues could not, for one reason."""

    reason: str
    label: str
    count: int


_REASONS = {
    "leave": Text("请假", "On leave"),
    "teacher-busy": Text("该时段已有安排", "Busy at that time"),
    "not-qualified": Text("无该学科学段任教资格", "Not qualified for the subject and stage"),
    "travel": Text("路程时间不够", "Too little time for the way"),
}


class StandinsOut(Out):
    """Who could cover a lesson, the best first; and why how many others could not."""

    items: list[StandinOut]
    others: list[OthersOut]

    @classmethod
    def of(cls, standins: Iterable[Standin], *, others: dict[str, int]) -> Self:
        """The answer of a choice."""
        return cls(
            items=[StandinOut.of(one) for one in standins],
            others=[
                OthersOut(reason=reason, label=say(_REASONS[reason]), count=count)
                for reason, count in sorted(others.items())
            ],
        )


class OfferIn(In):
    """Whom to ask; nobody named means the best twenty of those who can."""

    teacher_ids: Annotated[
        list[UUID] | None,
        Field(min_length=1, max_length=100, description="指定教师;留空则向最合适的教师群发"),
    ] = None
    expires_at: Annotated[
        AwareDatetime | None, Field(description="答复截止;留空为代课落实时限")
    ] = None


class AssignIn(In):
    """Who shall cover; nobody named means the best of those who can."""

    teacher_id: Annotated[UUID | None, Field(description="代课教师;留空则自动选择最合适者")] = None


class SettleIn(In):
    """What becomes of the lesson without a substitute."""

    with_lesson_id: Annotated[
        UUID | None, Field(description="合班:并入这节同校区、同时间的课;留空为自习")
    ] = None


class DeclineIn(In):
    """Why not."""

    reason: Reason


_OFFERS = {
    OfferState.OFFERED: Text("待答复", "Waiting for an answer"),
    OfferState.ACCEPTED: Text("已接受", "Accepted"),
    OfferState.DECLINED: Text("已谢绝", "Declined"),
    OfferState.CLOSED: Text("已关闭", "Closed"),
}


class OfferOut(Out):
    """One teacher is asked to cover one lesson."""

    id: UUID
    cover_id: UUID
    lesson_id: UUID
    teacher: Named
    campus: Named
    subject: str
    subject_label: str
    class_names: Annotated[list[str], Field(description="上课班级", examples=[["五年级2班"]])]
    on_date: date
    period: int | None
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    state: OfferState
    state_label: str
    expired: bool
    expires_at: AwareDatetime
    answered_at: AwareDatetime | None
    decline_reason: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.absence.offers``."""
        offer: CoverOffer
        offer, lesson, teacher, campus, zone_name, classes, words = row
        zone, state = ZoneInfo(zone_name), OfferState(offer.state)
        return cls(
            id=offer.id,
            cover_id=offer.cover_id,
            lesson_id=lesson.id,
            teacher=Named(id=offer.teacher_id, name=teacher),
            campus=Named(id=lesson.campus_id, name=campus),
            subject=lesson.subject,
            subject_label=subject_of(lesson.subject, words),
            class_names=classes or [],
            on_date=lesson.on_date,
            period=lesson.period,
            starts_at=lesson.starts_at.astimezone(zone),
            ends_at=lesson.ends_at.astimezone(zone),
            state=state,
            state_label=say(_OFFERS[state]),
            expired=state is OfferState.OFFERED and offer.expires_at <= clock.now(),
            expires_at=offer.expires_at.astimezone(zone),
            answered_at=local(offer.answered_at, zone),
            decline_reason=offer.decline_reason,
            version=offer.version,
        )


class OffersOut(Out):
    """The offers made just now."""

    items: list[OfferOut]
