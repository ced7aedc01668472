"""What a phone is answered."""

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.auth import Permission, Reach, Role
from service.kit.http.schemas import Out
from service.mentoring.rules import EndReason, Gap, PairingState, Side
from service.mentoring.rules.progress import PlanItem
from service.mentoring.rules.visit import VisitState
from service.timetable.rules import LessonChange, LessonStatus, Origin
from service.timetable.rules.attendance import Correction, Word

AsOf = Annotated[
    AwareDatetime,
    Field(description="截至这一时刻的全部改动均已包含", examples=["2026-09-20T07:30:00+08:00"]),
]


class MyThing(Out):
    """Something with an id and a name."""

    id: UUID
    name: Annotated[str, Field(examples=["音乐教室"])]


class MyCode(Out):
    """A code with its words."""

    code: Annotated[str, Field(examples=["24"])]
    label: Annotated[str, Field(examples=["音乐"])]


class MyPosition(Out):
    """Where a campus lies."""

    longitude: Annotated[float, Field(examples=[106.4521])]
    latitude: Annotated[float, Field(examples=[29.8313])]
    datum: Annotated[str, Field(description="坐标系:gcj02、wgs84 或 bd09", examples=["gcj02"])]


class MyCampus(Out):
    """Where to go: the campus, its address and the gate to enter by."""

    id: UUID
    name: Annotated[str, Field(examples=["本部"])]
    school: MyThing
    address: Annotated[str, Field(examples=["演示区云岭路 46 号"])]
    gate: Annotated[str, Field(description="校门", examples=["东门"])]
    position: MyPosition | None
    zone: Annotated[str, Field(description="校区所在时区", examples=["Asia/Shanghai"])]


class MyTransfer(Out):
    """The way to a lesson from the one before it at another campus."""

    from_campus: MyThing
    leave_by: Annotated[
        AwareDatetime,
        Field(description="最晚出发时刻", examples=["2026-09-15T13:31:00+08:00"]),
    ]
    available_minutes: Annotated[
        int | None, Field(description="上一节下课至本节上课的分钟数", examples=[165])
    ]
    needed_minutes: Annotated[int, Field(description="路程与机动时间共需的分钟数", examples=[59])]
    estimated: Annotated[bool, Field(description="路程按校区位置估算,尚未录入实际用时")]


class MyOriginal(Out):
    """What was planned; only what differs from the present is filled."""

    teacher: MyThing | None
    starts_at: AwareDatetime | None
    ends_at: AwareDatetime | None
    period: int | None
    room: MyThing | None


class MyChange(Out):
    """What happened to a lesson, why, by whom, and how it was planned."""

    kind: Annotated[
        LessonChange | None,
        Field(description="moved 调课,cancelled 停课,ended 安排结束,空为代课"),
    ]
    label: Annotated[str, Field(examples=["调课"])]
    reason: Annotated[str | None, Field(description="原因", examples=["学校运动会"])]
    by: Annotated[str | None, Field(description="由谁改动", examples=["演示江湾学校 教务处"])]
    at: AwareDatetime | None
    original: MyOriginal


class MyAttendance(Out):
    """What is known of my being there."""

    arrived_at: Annotated[AwareDatetime | None, Field(description="计为到校的时刻")]
    correction: Annotated[
        Correction | None,
        Field(description="补签:requested 待审批,approved 已批准,refused 未批准"),
    ]
    state: Annotated[
        Word,
        Field(
            description="受援校:open 待确认,confirmed 已确认,disputed 有争议,not_taught 认定未上课"
        ),
    ]
    state_label: Annotated[str, Field(examples=["已确认"])]


class MyLesson(Out):
    """One lesson of mine, with everything needed to be there in time."""

    id: UUID
    version: int
    origin: Annotated[Origin, Field(description="home 校内课表,itinerant 走教")]
    status: LessonStatus
    status_label: Annotated[str, Field(examples=["正常"])]
    subject: MyCode
    classes: list[MyThing]
    teacher: MyThing
    campus: MyCampus
    room: Annotated[MyThing | None, Field(description="教室;空为本班教室")]
    starts_at: Annotated[
        AwareDatetime,
        Field(description="上课时刻,按该校区作息与时区", examples=["2026-09-15T14:30:00+08:00"]),
    ]
    ends_at: Annotated[AwareDatetime, Field(examples=["2026-09-15T15:10:00+08:00"])]
    period: Annotated[int | None, Field(description="节次;不按节次的为空", examples=[5])]
    week: Annotated[int, Field(description="教学周", examples=[3])]
    calendar_label: Annotated[
        str | None,
        Field(description="该校区当日按哪天课表上课", examples=["按周二(单周)课表"]),
    ]
    provisional: Annotated[bool, Field(description="该日所在年份的放假安排尚未公布,可能变动")]
    transfer: Annotated[MyTransfer | None, Field(description="到本节课的路程;与上一节同校区则为空")]
    changed: Annotated[MyChange | None, Field(description="与原计划不同之处;空为未变动")]
    attendance: Annotated[MyAttendance | None, Field(description="签到与确认;尚无记录时为空")]


class MyVisit(Out):
    """A mentor comes to the mentee's campus; I am one of the two."""

    id: UUID
    version: int
    pairing_id: UUID
    side: Annotated[Side, Field(description="我是 mentor 导师(前往)或 mentee 徒弟(接待)")]
    counterpart: Annotated[MyThing, Field(description="对方")]
    campus: MyCampus
    topic: Annotated[str, Field(examples=["集体备课"])]
    lesson_id: Annotated[UUID | None, Field(description="要听的课;面谈时为空")]
    starts_at: Annotated[AwareDatetime, Field(examples=["2026-10-20T09:20:00+08:00"])]
    ends_at: Annotated[AwareDatetime, Field(examples=["2026-10-20T10:00:00+08:00"])]
    state: Annotated[VisitState, Field(description="planned 已安排,cancelled 已取消")]
    state_label: Annotated[str, Field(examples=["已安排"])]
    reason: Annotated[str | None, Field(description="取消原因", examples=["一方请假"])]
    cancelled_by: Annotated[str | None, Field(description="由谁取消")]
    transfer: Annotated[
        MyTransfer | None, Field(description="去程;与此前的安排同校区或此前无安排时为空")
    ]


class DayNature(StrEnum):
    """What a day is at the home school."""

    TEACH = "teach"
    OUTSIDE_TERM = "outside_term"
    WEEKEND = "weekend"
    OFF = "off"
    EXAM = "exam"
    ACTIVITY = "activity"
    UNDECIDED = "undecided"


class MyDay(Out):
    """A day: what it is at the home school, and the lessons, wherever they are."""

    on_date: Annotated[date, Field(examples=["2026-09-20"])]
    weekday: Annotated[int, Field(description="星期,周一为 1", examples=[7])]
    nature: Annotated[
        DayNature | None,
        Field(
            description="本校当日:teach 上课,weekend 周末,off 放假,exam 考试,activity 活动,"
            "outside_term 学期外,undecided 调休上课但未定课表;没有任职学校时为空"
        ),
    ]
    label: Annotated[
        str | None,
        Field(description="放假或调休的说明", examples=["按周二(单周)课表"]),
    ]
    week: Annotated[int | None, Field(description="教学周", examples=[3])]
    provisional: Annotated[bool, Field(description="放假安排尚未公布,可能变动")]
    lessons: list[MyLesson]
    visits: Annotated[
        list[MyVisit], Field(description="到校指导:我去徒弟学校,或导师来我校;含已取消的")
    ]


class MyScheduleOut(Out):
    """My lessons on some days."""

    as_of: AsOf
    from_date: Annotated[date, Field(examples=["2026-09-14"])]
    until: Annotated[date, Field(description="不含这一天", examples=["2026-09-21"])]
    provisional: Annotated[bool, Field(description="其中有放假安排尚未公布的日子")]
    days: list[MyDay]


class MyTodayOut(Out):
    """Today and tomorrow, by the clock of each lesson's campus."""

    as_of: AsOf
    today: MyDay
    tomorrow: MyDay


class MyCounterpart(Out):
    """The other of a pair."""

    id: UUID
    name: Annotated[str, Field(examples=["例星麦"])]
    school: Annotated[MyThing | None, Field(description="今天的任职学校")]


class MyProgressItem(Out):
    """One part of the minimum plan."""

    item: PlanItem
    label: Annotated[str, Field(examples=["导师听徒弟的课"])]
    planned: Annotated[int, Field(description="本学期应完成", examples=[8])]
    confirmed: Annotated[int, Field(description="已完成并经对方确认", examples=[5])]
    waiting: Annotated[int, Field(description="已填写待确认", examples=[1])]
    left: Annotated[int, Field(description="还差", examples=[3])]


class MyProgress(Out):
    """How far a pair has come this term."""

    school_year: Annotated[str, Field(examples=["2026-2027"])]
    term_number: Annotated[int, Field(description="1 秋季,2 春季")]
    items: list[MyProgressItem]
    left: Annotated[int, Field(description="各项合计还差", examples=[6])]
    behind: Annotated[int, Field(description="按均匀进度已落后", examples=[2])]
    catch_up_by: Annotated[date, Field(description="补齐的最后期限", examples=["2027-01-22"])]


class MyAdvice(Out):
    """The last advice in a pair's log."""

    log_entry_id: UUID
    on_date: date
    topic: str
    advice: Annotated[str, Field(examples=["提问后多等三秒"])]
    by: Annotated[str, Field(description="填写人")]


class WaitsFor(StrEnum):
    """What is asked of me."""

    ANSWER = "answer"
    SIGNATURE = "signature"
    CONFIRMATION = "confirmation"


class MyWaiting(Out):
    """Something that waits for my own word."""

    waits_for: Annotated[
        WaitsFor,
        Field(description="answer 答复结对提议,signature 签署协议,confirmation 确认对方的记录"),
    ]
    label: Annotated[str, Field(examples=["听课记录待确认"])]
    id: Annotated[UUID, Field(description="结对或记录;离线时连同 version 作为 If-Match 提交")]
    version: int
    pairing_id: UUID
    kind: Annotated[MyCode | None, Field(description="记录类型")]
    topic: str | None
    on_date: date | None
    by: Annotated[str | None, Field(description="记录的填写人")]


class MyPairing(Out):
    """One of my pairings, as mentor or as mentee."""

    id: UUID
    version: int
    role: Annotated[MyCode, Field(description="导师角色")]
    counterpart: Annotated[MyCounterpart, Field(description="对方")]
    valid_from: date
    valid_until: Annotated[date | None, Field(description="不含这一天;空为未定")]
    state: Annotated[
        PairingState,
        Field(
            description="proposed 拟结对,accepted 已同意,signed 已签协议,active 进行中,ended 已结束"
        ),
    ]
    state_label: Annotated[str, Field(examples=["进行中"])]
    mentor_accepted: bool
    mentee_accepted: bool
    mentor_signed: Annotated[bool, Field(description="导师是否已签署协议")]
    mentee_signed: Annotated[bool, Field(description="徒弟是否已签署协议")]
    goals: str
    progress: Annotated[
        MyProgress | None, Field(description="本学期对照最低要求的进度;未启动或不在学期内为空")
    ]
    next_visit: Annotated[MyVisit | None, Field(description="下一次到校指导")]
    last_advice: MyAdvice | None
    end_reason: EndReason | None
    end_reason_label: str | None


class MyGap(Out):
    """Something the dual rule still asks for."""

    kind: Gap
    message: Annotated[str, Field(examples=["尚缺第二位导师"])]


class MyMentoringOut(Out):
    """Whom I mentor, and who mentors me."""

    as_of: AsOf
    as_mentor: list[MyPairing]
    as_mentee: list[MyPairing]
    gaps: Annotated[list[MyGap], Field(description="作为徒弟,双导师要求中尚缺的部分")]
    waiting: Annotated[list[MyWaiting], Field(description="等我答复、签署或确认的事项")]


class MyHat(Out):
    """What I may do, and how far."""

    role: Role
    label: Annotated[str, Field(examples=["教师"])]
    reach: Reach
    target: Annotated[MyThing | None, Field(description="所在学校或集团;本人与全区为空")]


class MyQualification(Out):
    """A subject I may teach at a stage."""

    stage: MyCode
    subject: MyCode


class MyProfile(Out):
    """Who I am as a teacher."""

    id: UUID
    number: Annotated[str, Field(description="工号", examples=["T0010001"])]
    name: Annotated[str, Field(examples=["示梅源"])]
    title: MyCode
    backbone: MyCode | None
    school: Annotated[MyThing | None, Field(description="今天的任职学校")]
    campus: Annotated[MyCampus | None, Field(description="任职学校的主校区")]
    weekly_load_limit: int
    teaches: list[MyQualification]


class MeOut(Out):
    """Who I am and what I may do."""

    as_of: AsOf
    name: Annotated[str, Field(examples=["示梅源"])]
    account_id: UUID | None
    district: MyThing
    hats: list[MyHat]
    permissions: list[Permission]
    teacher: Annotated[MyProfile | None, Field(description="关联的教师;管理账号为空")]
