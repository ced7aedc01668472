"""What comes in and what goes out: shortages, who could help, offers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from service.itinerant.rules.shortage import Fit, OfferState, Out, ShortageState, Urgency
from service.itinerant.schemas import CampusId, HomeSchoolId, Patterns, TermId, different
from service.kit.http.schemas import In
from service.kit.http.schemas import Out as Answer
from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet, workbook
from service.timetable.rules import Parity
from service.timetable.schemas import Named, Stage, Subject, subject_label

HalfDay = Annotated[
    str,
    Field(
        pattern="^[1-7]-(am|pm)$",
        description="半天:星期(周一为 1)-am 上午 / pm 下午",
        examples=["2-pm"],
    ),
]
Reason = Annotated[
    str, Field(min_length=1, max_length=200, description="原因", examples=["已从其他途径解决"])
]


class ShortageIn(In):
    """A shortage that a school files."""

    campus_id: CampusId
    group_id: Annotated[
        UUID | None, Field(description="所属集团;空表示学校唯一所属的集团", examples=[None])
    ] = None
    term_id: TermId
    subject: Subject
    stage: Stage
    class_ids: Annotated[
        list[UUID],
        Field(min_length=1, max_length=60, description="缺课的班级"),
        AfterValidator(different),
    ]
    lessons_per_week: Annotated[int, Field(ge=1, le=40, description="每周缺多少节课", examples=[4])]
    half_days: Annotated[
        list[HalfDay], Field(min_length=1, max_length=14, description="可以安排的半天")
    ]
    urgency: Annotated[
        Urgency, Field(description="normal 一般,urgent 紧急,critical 特急", examples=["urgent"])
    ] = Urgency.NORMAL
    valid_from: Annotated[date | None, Field(description="起始日期(含);空表示学期第一天")] = None
    valid_until: Annotated[date | None, Field(description="截止日期(不含);空表示学期结束")] = None
    note: Annotated[str | None, Field(max_length=500, description="说明")] = None


class ShortagePatch(In):
    """What may change of a shortage while nobody has been asked; what is left out stays."""

    class_ids: Annotated[
        list[UUID],
        Field(min_length=1, max_length=60, description="缺课的班级"),
        AfterValidator(different),
    ] = Field(default_factory=list)
    lessons_per_week: Annotated[
        int, Field(ge=1, le=40, description="每周缺多少节课", examples=[4])
    ] = Field(default_factory=int)
    half_days: Annotated[
        list[HalfDay], Field(min_length=1, max_length=14, description="可以安排的半天")
    ] = Field(default_factory=list)
    urgency: Annotated[
        Urgency, Field(description="normal 一般,urgent 紧急,critical 特急", examples=["urgent"])
    ] = Field(default_factory=lambda: Urgency.NORMAL)
    valid_from: Annotated[date | None, Field(description="起始日期(含);空表示学期第一天")] = None
    valid_until: Annotated[date | None, Field(description="截止日期(不含);空表示学期结束")] = None
    note: Annotated[str | None, Field(max_length=500, description="说明")] = None


class OverIn(In):
    """Why something is over."""

    reason: Reason


_STATES = {
    ShortageState.SUBMITTED: Text("已提交", "Submitted"),
    ShortageState.APPROVED: Text("已批准", "Approved"),
    ShortageState.OFFERED: Text("邀请中", "Offered"),
    ShortageState.MATCHED: Text("已解决", "Matched"),
    ShortageState.CLOSED: Text("已关闭", "Closed"),
    ShortageState.WITHDRAWN: Text("已撤回", "Withdrawn"),
}
_URGENCIES = {
    Urgency.NORMAL: Text("一般", "Normal"),
    Urgency.URGENT: Text("紧急", "Urgent"),
    Urgency.CRITICAL: Text("特急", "Critical"),
}


class ShortageOut(Answer):
    """A shortage, and how far it is covered."""

    id: UUID
    state: ShortageState
    state_label: str
    urgency: Urgency
    urgency_label: str
    school: Named
    campus: Named
    group: Named
    term_id: UUID
    term: Annotated[str, Field(description="学年与学期", examples=["2026-2027-1"])]
    subject: str
    subject_label: str
    stage: str
    classes: list[Named]
    lessons_per_week: int
    covered_lessons: Annotated[float, Field(description="已落实的周课时")]
    offered_lessons: Annotated[float, Field(description="邀请中的周课时")]
    missing_lessons: Annotated[float, Field(description="仍缺的周课时,不计邀请中的")]
    half_days: list[str]
    valid_from: date
    valid_until: date
    note: str | None
    filed_by_name: str
    filed_at: AwareDatetime
    approved_by_name: str | None
    approved_at: AwareDatetime | None
    over_reason: str | None
    version: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """The answer of a row of ``queries.shortage.shortages``."""
        state, urgency = ShortageState(row.state), Urgency(row.urgency)
        classes = sorted(row.classes or (), key=lambda one: str(one["name"]))
        return cls(
            id=row.id,
            state=state,
            state_label=say(_STATES[state]),
            urgency=urgency,
            urgency_label=say(_URGENCIES[urgency]),
            school=Named(id=row.school_id, name=row.school_name),
            campus=Named(id=row.campus_id, name=row.campus_name),
            group=Named(id=row.group_id, name=row.group_name),
            term_id=row.term_id,
            term=f"{row.year_label}-{row.term_number}",
            subject=row.subject,
            subject_label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
            stage=row.stage,
            classes=[Named(id=one["id"], name=one["name"]) for one in classes],
            lessons_per_week=row.lessons_per_week,
            covered_lessons=row.covered / 2,
            offered_lessons=row.asked / 2,
            missing_lessons=max(0.0, row.lessons_per_week - row.covered / 2),
            half_days=row.half_days,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            note=row.note,
            filed_by_name=row.filed_by_name,
            filed_at=row.filed_at,
            approved_by_name=row.approved_by_name,
            approved_at=row.approved_at,
            over_reason=row.over_reason,
            version=row.version,
        )


_COLUMNS = (
    Column(Text("学校", "School"), 22),
    Column(Text("校区", "Campus"), 22),
    Column(Text("集团", "Group"), 20),
    Column(Text("学期", "Term"), 13),
    Column(Text("学科", "Subject"), 12),
    Column(Text("班级", "Classes"), 24),
    Column(Text("每周缺课", "Lessons a week"), 10),
    Column(Text("已落实", "Covered"), 9),
    Column(Text("邀请中", "Offered"), 9),
    Column(Text("仍缺", "Missing"), 9),
    Column(Text("可安排的半天", "Half-days"), 22),
    Column(Text("紧急程度", "Urgency"), 10),
    Column(Text("状态", "State"), 10),
    Column(Text("起始", "From"), 12),
    Column(Text("截止(不含)", "Until"), 12),
    Column(Text("申报人", "Filed by"), 12),
    Column(Text("说明", "Note"), 30),
)
_LIST = Text("紧缺需求一览", "Shortages")
_TOTAL = Text("合计", "Total")
_HALVES = {"am": Text("上午", " a.m."), "pm": Text("下午", " p.m.")}


def shortages_file(items: Sequence[ShortageOut]) -> bytes:
    """Shortages as an office prints them, with the sum of all."""
    rows: list[list[Cell]] = [
        [
            one.school.name,
            one.campus.name,
            one.group.name,
            one.term,
            one.subject_label,
            "、".join(section.name for section in one.classes),
            one.lessons_per_week,
            one.covered_lessons,
            one.offered_lessons,
            one.missing_lessons,
            "、".join(_half_day(half) for half in one.half_days),
            one.urgency_label,
            one.state_label,
            one.valid_from,
            one.valid_until,
            one.filed_by_name,
            one.note,
        ]
        for one in items
    ]
    sums: list[Cell] = [
        sum(one.lessons_per_week for one in items),
        sum(one.covered_lessons for one in items),
        sum(one.offered_lessons for one in items),
        sum(one.missing_lessons for one in items),
    ]
    rows.append([say(_TOTAL), *[None] * 5, *sums, *[None] * 7])
    return workbook(Sheet(title=_LIST, columns=_COLUMNS, rows=rows))


def _half_day(half: str) -> str:
    weekday, _, rest = half.partition("-")
    day = Text(f"周{'一二三四五六日'[int(weekday) - 1]}", f"day {weekday}")
    return say(day) + say(_HALVES[rest])


# Who could help

_CRITERIA = {
    "subject": Text("学科:现任课程", "Subject: teaches it at present"),
    "tier": Text("学校层级", "Tier of the school"),
    "load": Text("课时余量", "Room under the weekly limit"),
    "travel": Text("路程", "Way to the campus"),
    "half_days": Text("半天吻合度", "Fit of the half-days"),
    "fairness": Text("走教公平", "Fairness: little itinerant work so far"),
}
_REASONS = {
    Out.NOT_QUALIFIED: Text("没有该学科学段任教资格", "Not qualified for the subject and stage"),
    Out.RETIRED: Text("有效期内将退休", "Retires before the end"),
    Out.LEFT: Text("有效期内将离任", "Leaves the school before the end"),
    Out.LEAVE: Text("请假", "On leave"),
    Out.BUSY: Text("可安排的半天内没有每周都空的节次", "No period of these half-days is free"),
    Out.TRAVEL: Text("空闲节次来不及到校", "Cannot be there in time"),
}


class CriterionOut(Answer):
    """The points of one criterion."""

    criterion: str
    label: str
    points: int


class FreePeriod(Answer):
    """A weekly period in which a teacher is free and can be there."""

    weekday: int
    period: int
    half_day: str


class OpenPeriod(Answer):
    """A weekly period in which classes that are short of lessons have nothing."""

    weekday: int
    period: int
    half_day: str
    class_ids: Annotated[list[UUID], Field(description="该节每周都空着的班级")]


class HelperOut(Answer):
    """A teacher who could help, and why they are ranked so."""

    teacher: Named
    school: Named
    tier: str
    points: int
    criteria: list[CriterionOut]
    weekly_lessons: float
    weekly_limit: int
    helping_lessons: Annotated[float, Field(description="已承担的走教周课时")]
    needed_minutes: Annotated[int, Field(description="从本校到该校区的路程分钟,含缓冲")]
    free_periods: list[FreePeriod]

    @classmethod
    def of(cls, one: Fit, *, periods: Mapping[tuple[int, int], str]) -> Self:
        """The answer of a fit."""
        helper = one.helper
        return cls(
            teacher=Named(id=helper.teacher_id, name=helper.name),
            school=Named(id=helper.school_id, name=helper.school_name),
            tier=helper.tier,
            points=one.total,
            criteria=[
                CriterionOut(criterion=name, label=say(_CRITERIA[name]), points=points)
                for name, points in one.points.items()
            ],
            weekly_lessons=helper.weekly_lessons,
            weekly_limit=helper.weekly_limit,
            helping_lessons=helper.helping_lessons,
            needed_minutes=helper.needed_minutes,
            free_periods=[
                FreePeriod(weekday=weekday, period=number, half_day=periods[weekday, number])
                for weekday, number in sorted(helper.free)
            ],
        )


class OutCount(Answer):
    """How many teachers are out for a reason."""

    reason: Out
    label: str
    teachers: int


class OutOut(Answer):
    """A teacher who is out, and why."""

    teacher: Named
    school: Named
    reason: Out
    label: str


class HelpersOut(Answer):
    """Who could help, the best first, and why the others cannot."""

    from_date: date
    until: date
    open_periods: Annotated[
        list[OpenPeriod],
        Field(description="可安排的半天内班级空着的节次;为空表示课表已排满,请改半天或先腾出节次"),
    ]
    candidates: list[HelperOut]
    out: list[OutCount]
    out_teachers: Annotated[
        list[OutOut] | None, Field(description="others=true 时逐人列出不能的原因")
    ]

    @classmethod
    def of(cls, choice: Any, *, others: bool) -> Self:
        """The answer of a ``matching.Choice``."""
        return cls(
            from_date=choice.from_,
            until=choice.until,
            open_periods=[
                OpenPeriod(
                    weekday=weekday,
                    period=number,
                    half_day=choice.periods[weekday, number],
                    class_ids=choice.open_[weekday, number],
                )
                for weekday, number in sorted(choice.open_)
            ],
            candidates=[HelperOut.of(one, periods=choice.periods) for one in choice.able],
            out=[
                OutCount(reason=Out(reason), label=say(_REASONS[Out(reason)]), teachers=teachers)
                for reason, teachers in choice.counts.items()
            ],
            out_teachers=[
                OutOut(
                    teacher=Named(id=one.helper.teacher_id, name=one.helper.name),
                    school=Named(id=one.helper.school_id, name=one.helper.school_name),
                    reason=one.reason,
                    label=say(_REASONS[one.reason]),
                )
                for one in choice.others
            ]
            if others
            else None,
        )


# Offers


class ShortageOfferIn(In):
    """Whom to ask, and for which weekly periods."""

    teacher_id: Annotated[UUID, Field(description="邀请的教师")]
    home_school_id: HomeSchoolId = None
    patterns: Patterns
    expires_at: Annotated[
        AwareDatetime | None, Field(description="答复截止时间;空表示三天后,最长三十天")
    ] = None


class OfferedPeriod(Answer):
    """A weekly period of an offer."""

    weekday: int
    period: int
    parity: Parity
    weeks: list[int] | None
    class_ids: list[UUID]
    room_id: UUID | None
    valid_from: date | None
    valid_until: date | None


_OFFER_STATES = {
    OfferState.PENDING: Text("待答复", "Pending"),
    OfferState.ACCEPTED: Text("已接受", "Accepted"),
    OfferState.DECLINED: Text("已拒绝", "Declined"),
    OfferState.EXPIRED: Text("已过期", "Expired"),
    OfferState.WITHDRAWN: Text("已撤回", "Withdrawn"),
}
_WAITING = {
    "home_school": Text("派出校同意", "The home school's consent"),
    "teacher": Text("教师确认", "The teacher's confirmation"),
    "district": Text("区教委批准(跨集团)", "The district's approval (across groups)"),
}


class Waiting(Answer):
    """Whose answer is missing."""

    who: Literal["home_school", "teacher", "district"]
    label: str


class ShortageOfferOut(Answer):
    """An offer, who has agreed and who has not."""

    id: UUID
    state: OfferState
    state_label: str
    shortage_id: UUID
    teacher: Named
    home_school: Named
    host_school: Named
    campus: Named
    subject: str
    subject_label: str
    stage: str
    across_groups: Annotated[bool, Field(description="跨集团:需区教委批准")]
    valid_from: date
    valid_until: date
    patterns: list[OfferedPeriod]
    lessons_per_week: float
    expires_at: AwareDatetime
    waiting_for: list[Waiting]
    offered_by_name: str
    offered_at: AwareDatetime
    agreed_by_name: str | None
    agreed_at: AwareDatetime | None
    confirmed_at: AwareDatetime | None
    approved_by_name: str | None
    approved_at: AwareDatetime | None
    over_at: AwareDatetime | None
    over_reason: str | None
    assignment_id: Annotated[UUID | None, Field(description="接受后起草的走教安排")]
    version: int

    @classmethod
    def of(cls, found: Any) -> Self:
        """The answer of a row of ``queries.shortage.offers``."""
        row, shortage, teacher, home, host, campus, zh, en = found
        state = OfferState(row.state)
        return cls(
            id=row.id,
            state=state,
            state_label=say(_OFFER_STATES[state]),
            shortage_id=row.shortage_id,
            teacher=Named(id=row.teacher_id, name=teacher),
            home_school=Named(id=row.home_school_id, name=home),
            host_school=Named(id=shortage.school_id, name=host),
            campus=Named(id=shortage.campus_id, name=campus),
            subject=shortage.subject,
            subject_label=subject_label(shortage.subject, zh=zh, en=en),
            stage=shortage.stage,
            across_groups=row.across_groups,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            patterns=[OfferedPeriod.model_validate(one, strict=False) for one in row.patterns],
            lessons_per_week=row.half_lessons / 2,
            expires_at=row.expires_at,
            waiting_for=_waiting(row) if state is OfferState.PENDING else [],
            offered_by_name=row.offered_by_name,
            offered_at=row.offered_at,
            agreed_by_name=row.agreed_by_name,
            agreed_at=row.agreed_at,
            confirmed_at=row.confirmed_at,
            approved_by_name=row.approved_by_name,
            approved_at=row.approved_at,
            over_at=row.over_at,
            over_reason=row.over_reason,
            assignment_id=row.assignment_id,
            version=row.version,
        )


def _waiting(row: Any) -> list[Waiting]:
    missing: dict[Literal["home_school", "teacher", "district"], datetime | bool | None] = {
        "home_school": row.agreed_at,
        "teacher": row.confirmed_at,
        "district": row.approved_at or not row.across_groups,
    }
    return [Waiting(who=who, label=say(_WAITING[who])) for who, said in missing.items() if not said]
