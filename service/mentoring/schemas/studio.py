"""What comes in and what goes out: studios and their work."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.mentoring.rules.studio import (
    STUDIO_ROLES,
    ActivityKind,
    ActivityState,
    Enrolled,
    Grade,
    OutputKind,
    Presence,
    StudioRole,
    share,
)
from service.mentoring.schemas.pairing import PartnerOut
from service.mentoring.tables import (
    Studio,
    StudioActivity,
    StudioMember,
    StudioOutput,
    StudioReview,
)

_DEMO_UUID = "01a20ad7-90ca-7387-8a0d-edd0756500a4"

StudioName = Annotated[
    str, Field(min_length=1, max_length=80, description="名称", examples=["小学音乐名师工作室"])
]
Aims = Annotated[str, Field(max_length=5000, description="目标与任务")]


class StudioIn(DayRange):
    """A studio and its host."""

    name: StudioName
    subject: Annotated[
        str, Field(min_length=1, max_length=40, description="学科代码", examples=["24"])
    ]
    stage: Annotated[Literal["1", "2", "3", "4"], Field(description="学段", examples=["2"])]
    host_id: Annotated[UUID, Field(description="主持人", examples=[_DEMO_UUID])]
    aims: Aims = ""


class StudioPatch(In):
    """What may change of a studio; its host is changed by an operation of its own."""

    name: StudioName = Field(default_factory=str)
    aims: Aims = Field(default_factory=str)


class StudioMemberIn(DayRange):
    """Who joins a studio."""

    teacher_id: Annotated[UUID, Field(description="教师", examples=[_DEMO_UUID])]
    role: Annotated[
        StudioRole, Field(description="core 核心成员,trainee 学员", examples=["trainee"])
    ]


class MemberLeaveIn(In):
    """From which day on somebody is no member."""

    on: Annotated[date, Field(description="自该日起退出(不含)", examples=["2027-02-01"])]


class HostIn(In):
    """Who hosts from a day on."""

    teacher_id: Annotated[UUID, Field(description="接任的主持人", examples=[_DEMO_UUID])]
    on: Annotated[date, Field(description="自该日起接任", examples=["2027-02-01"])]


class StudioActivityIn(In):
    """What a studio is to do together."""

    kind: Annotated[
        ActivityKind, Field(description="meeting 研讨,training 培训", examples=["meeting"])
    ]
    topic: Annotated[
        str, Field(min_length=1, max_length=200, description="主题", examples=["同课异构研讨"])
    ]
    campus_id: Annotated[UUID, Field(description="地点(校区)", examples=[_DEMO_UUID])]
    starts_at: Annotated[AwareDatetime, Field(examples=["2026-11-18T14:00:00+08:00"])]
    ends_at: Annotated[AwareDatetime, Field(examples=["2026-11-18T16:00:00+08:00"])]
    note: Annotated[str, Field(max_length=2000, description="说明")] = ""
    without: Annotated[
        list[UUID], Field(max_length=200, description="不邀请的成员(如当时有课)", examples=[[]])
    ] = Field(default_factory=list)


class StudioPresenceIn(In):
    """Whether somebody came."""

    teacher_id: Annotated[UUID, Field(description="教师", examples=[_DEMO_UUID])]
    presence: Annotated[
        Presence,
        Field(description="present 到场,absent 缺席,excused 请假", examples=["present"]),
    ]


class StudioAttendanceIn(In):
    """Who came; those not named stay as they are."""

    attendance: Annotated[list[StudioPresenceIn], Field(min_length=1, max_length=200)]


class StudioOutputIn(In):
    """What came of a studio's work, by reference."""

    teacher_id: Annotated[UUID, Field(description="完成的成员", examples=[_DEMO_UUID])]
    kind: Annotated[
        OutputKind,
        Field(
            description="open_lesson 公开课,resource 教学资源,research 教研成果",
            examples=["open_lesson"],
        ),
    ]
    title: Annotated[
        str, Field(min_length=1, max_length=200, description="题目", examples=["《春晓》公开课"])
    ]
    on_date: Annotated[date, Field(description="日期", examples=["2026-11-18"])]
    reference: Annotated[
        str, Field(max_length=500, description="出处:编号或网址", examples=["区教研〔2026〕12 号"])
    ] = ""


class StudioReviewIn(In):
    """How a school year was judged."""

    school_year_id: Annotated[UUID, Field(description="学年", examples=[_DEMO_UUID])]
    grade: Annotated[
        Grade,
        Field(
            description="excellent 优秀,qualified 合格,unqualified 不合格", examples=["qualified"]
        ),
    ]
    summary: Annotated[str, Field(max_length=5000, description="考评意见")] = ""


# Out

_ACTIVITIES = {
    ActivityKind.MEETING: Text("研讨", "Meeting"),
    ActivityKind.TRAINING: Text("培训", "Training"),
}
_PRESENCES = {
    Presence.INVITED: Text("已邀请", "Invited"),
    Presence.PRESENT: Text("到场", "Present"),
    Presence.ABSENT: Text("缺席", "Absent"),
    Presence.EXCUSED: Text("请假", "Excused"),
}
_OUTPUTS = {
    OutputKind.OPEN_LESSON: Text("公开课", "Open lesson"),
    OutputKind.RESOURCE: Text("教学资源", "Resource"),
    OutputKind.RESEARCH: Text("教研成果", "Research"),
}
_GRADES = {
    Grade.EXCELLENT: Text("优秀", "Excellent"),
    Grade.QUALIFIED: Text("合格", "Qualified"),
    Grade.UNQUALIFIED: Text("不合格", "Unqualified"),
}


class StudioOut(Out):
    """A master-teacher studio."""

    id: UUID
    version: int
    name: str
    subject: str
    stage: str
    valid_from: date
    valid_until: Annotated[date, Field(description="周期结束日期(不含)")]
    aims: str
    members: Annotated[int, Field(description="当日成员人数,含主持人")]
    trainees: Annotated[int, Field(description="其中学员")]
    disadvantaged_percent: Annotated[float, Field(description="成员中农村、薄弱学校教师占比(%)")]

    @classmethod
    def of(cls, row: Studio, *, enrolled: Sequence[tuple[StudioRole, UUID, bool]]) -> Self:
        """A studio with its members of a day."""
        people = [Enrolled(id_, disadvantaged=mark) for _, id_, mark in enrolled]
        return cls(
            id=row.id,
            version=row.version,
            name=row.name,
            subject=row.subject,
            stage=row.stage,
            valid_from=row.valid.lower or date.min,
            valid_until=row.valid.upper or date.max,
            aims=row.aims,
            members=len(people),
            trainees=sum(role is StudioRole.TRAINEE for role, *_ in enrolled),
            disadvantaged_percent=share(people),
        )


class StudioMemberOut(Out):
    """A teacher in a studio."""

    id: UUID
    version: int
    studio_id: UUID
    teacher: PartnerOut
    role: StudioRole
    role_label: str
    valid_from: date
    valid_until: Annotated[date, Field(description="退出日期(不含)")]
    disadvantaged: Annotated[bool, Field(description="是否来自农村或薄弱学校")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.studio.members``."""
        member: StudioMember
        member, teacher, disadvantaged = row
        role = StudioRole(member.role)
        return cls(
            id=member.id,
            version=member.version,
            studio_id=member.studio_id,
            teacher=PartnerOut(**teacher),
            role=role,
            role_label=say(STUDIO_ROLES[role]),
            valid_from=member.valid.lower or date.min,
            valid_until=member.valid.upper or date.max,
            disadvantaged=disadvantaged,
        )


class StudioActivityOut(Out):
    """Something a studio does together."""

    id: UUID
    version: int
    studio_id: UUID
    kind: ActivityKind
    kind_label: str
    topic: str
    campus_id: UUID
    campus_name: str
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    state: ActivityState
    note: str
    invited: int
    present: int

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.studio.activities``."""
        activity: StudioActivity
        activity, campus, invited, present = row
        kind = ActivityKind(activity.kind)
        return cls(
            id=activity.id,
            version=activity.version,
            studio_id=activity.studio_id,
            kind=kind,
            kind_label=say(_ACTIVITIES[kind]),
            topic=activity.topic,
            campus_id=activity.campus_id,
            campus_name=campus,
            starts_at=activity.starts_at,
            ends_at=activity.ends_at,
            state=ActivityState(activity.state),
            note=activity.note,
            invited=invited,
            present=present,
        )


class StudioAttendanceOut(Out):
    """Somebody invited, and whether they came."""

    teacher: PartnerOut
    presence: Presence
    presence_label: str


class StudioActivityReport(StudioActivityOut):
    """An activity with who was invited."""

    attendance: list[StudioAttendanceOut]

    @classmethod
    def complete(cls, row: Any, *, attendance: Sequence[tuple[Any, ...]]) -> Self:
        """A row of ``queries.studio.activities`` with those invited."""
        told = [
            StudioAttendanceOut(
                teacher=PartnerOut(**teacher),
                presence=Presence(presence),
                presence_label=say(_PRESENCES[Presence(presence)]),
            )
            for teacher, presence in attendance
        ]
        return cls(**StudioActivityOut.of(row).model_dump(), attendance=told)


class StudioOutputOut(Out):
    """What came of a studio's work."""

    id: UUID
    version: int
    studio_id: UUID
    teacher: PartnerOut
    kind: OutputKind
    kind_label: str
    title: str
    on_date: date
    reference: str

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.studio.outputs``."""
        output: StudioOutput
        output, teacher = row
        kind = OutputKind(output.kind)
        return cls(
            id=output.id,
            version=output.version,
            studio_id=output.studio_id,
            teacher=PartnerOut(**teacher),
            kind=kind,
            kind_label=say(_OUTPUTS[kind]),
            title=output.title,
            on_date=output.on_date,
            reference=output.reference,
        )


class StudioReviewOut(Out):
    """How a school year was judged."""

    id: UUID
    version: int
    studio_id: UUID
    school_year_id: UUID
    school_year: str
    grade: Grade
    grade_label: str
    summary: str
    reviewed_by_name: str
    reviewed_at: AwareDatetime

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of ``queries.studio.reviews``."""
        review: StudioReview
        review, year = row
        grade = Grade(review.grade)
        return cls(
            id=review.id,
            version=review.version,
            studio_id=review.studio_id,
            school_year_id=review.school_year_id,
            school_year=year,
            grade=grade,
            grade_label=say(_GRADES[grade]),
            summary=review.summary,
            reviewed_by_name=review.reviewed_by_name,
            reviewed_at=review.reviewed_at,
        )


class MembershipWorkOut(Out):
    """A teacher's time in one studio."""

    studio_id: UUID
    studio_name: str
    role: StudioRole
    role_label: str
    valid_from: date
    valid_until: date
    invited: Annotated[int, Field(description="受邀参加的活动(不含已取消)")]
    present: Annotated[int, Field(description="其中到场")]


class WorkItemOut(Out):
    """Something a teacher brought forth in a studio."""

    studio_id: UUID
    kind: OutputKind
    kind_label: str
    title: str
    on_date: date
    reference: str


class StudioWorkOut(Out):
    """A teacher's work in studios, for the growth page."""

    teacher_id: UUID
    memberships: list[MembershipWorkOut]
    outputs: list[WorkItemOut]

    @classmethod
    def of(
        cls,
        teacher_id: UUID,
        *,
        rows: Sequence[tuple[Any, ...]],
        outputs: Sequence[StudioOutput],
    ) -> Self:
        """Rows of ``queries.studio.work_of`` and the outputs."""
        return cls(
            teacher_id=teacher_id,
            memberships=[
                MembershipWorkOut(
                    studio_id=studio.id,
                    studio_name=studio.name,
                    role=StudioRole(member.role),
                    role_label=say(STUDIO_ROLES[StudioRole(member.role)]),
                    valid_from=member.valid.lower,
                    valid_until=member.valid.upper,
                    invited=invited,
                    present=present,
                )
                for member, studio, invited, present in rows
            ],
            outputs=[
                WorkItemOut(
                    studio_id=one.studio_id,
                    kind=OutputKind(one.kind),
                    kind_label=say(_OUTPUTS[OutputKind(one.kind)]),
                    title=one.title,
                    on_date=one.on_date,
                    reference=one.reference,
                )
                for one in outputs
            ],
        )
