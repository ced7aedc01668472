"""What goes in and out of the calendar."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import Range

from service.calendar.rules import (
    Affected,
    DayKind,
    DayScope,
    DaySource,
    DiffKind,
    FreeDay,
    Hit,
    HitKind,
    Impact,
    NoticeDiff,
    PeriodTimes,
    TeachingDay,
    WeekParity,
    Whyever,
)
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
    Term,
)
from service.kit.http.schemas import DayRange, In, Out, WallTime
from service.kit.language import say
from service.kit.problems import Text

Stage = Annotated[
    str, Field(pattern="^[1-4]$", description="学段:1 学前、2 小学、3 初中、4 高中", examples=["2"])
]
_WHY = {
    Whyever.OUTSIDE_TERM: Text("不在学期内", "outside the terms"),
    Whyever.WEEKEND: Text("周末", "weekend"),
    Whyever.OFF: Text("放假", "day off"),
    Whyever.EXAM: Text("考试", "examinations"),
    Whyever.ACTIVITY: Text("活动", "activity"),
    Whyever.UNDECIDED: Text(
        "调休上课日,尚未公布按周几课表",
        "a make-up day; whose timetable it follows is not announced",
    ),
}


class SchoolYearIn(DayRange):
    """A school year."""

    label: Annotated[
        str,
        Field(pattern=r"^20\d\d-20\d\d$", description="学年名称", examples=["2027-2028"]),
    ]
    valid_from: Annotated[
        date, Field(description="学年第一天(含),在首个年份内", examples=["2027-08-01"])
    ]
    valid_until: Annotated[
        date, Field(description="学年结束后的第一天(不含),在次年内", examples=["2028-08-01"])
    ]

    @model_validator(mode="after")
    def _spans_its_two_years(self) -> Self:
        first, second = (int(year) for year in self.label.split("-"))
        if second != first + 1 or (self.valid_from.year, self.valid_until.year) != (first, second):
            context = {
                "zh": "学年须跨相邻两年,起止日期分别落在名称的两个年份内",
                "en": "a school year begins in the first of its two years and ends in the next",
            }
            raise PydanticCustomError("school_year_unfit", "school year unfit", context)
        return self


class SchoolYearOut(Out):
    """A school year."""

    id: UUID
    version: int
    label: str
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, row: SchoolYear) -> Self:
        """The year as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            label=row.label,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
        )


Starts = Annotated[date, Field(description="开学日(含)", examples=["2026-08-31"])]
After = Annotated[date, Field(description="学期结束后的第一天(不含)", examples=["2027-01-23"])]
WeekOne = Annotated[
    date, Field(description="第一教学周的周一,即开学日所在周的周一", examples=["2026-08-31"])
]


class TermPatch(In):
    """New days for a term; its year and number stay."""

    starts: Starts = Field(default_factory=lambda: date.min)
    until: After = Field(default_factory=lambda: date.max)
    week_one: WeekOne = Field(default_factory=lambda: date.min)


class TermIn(In):
    """A term."""

    school_year_id: UUID
    number: Annotated[Literal[1, 2], Field(description="1 秋季、2 春季")]
    starts: Starts
    until: After
    week_one: WeekOne


class TermOut(Out):
    """A term."""

    id: UUID
    version: int
    school_year_id: UUID
    number: int
    starts: date | None
    until: date | None
    week_one: date

    @classmethod
    def of(cls, row: Term) -> Self:
        """The term as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            school_year_id=row.school_year_id,
            number=row.number,
            starts=row.days.lower,
            until=row.days.upper,
            week_one=row.week_one,
        )


class PeriodIn(In):
    """One period of a day, by the clock on the wall."""

    number: Annotated[int, Field(ge=1, le=20, description="节次", examples=[1])]
    starts: Annotated[WallTime, Field(description="上课(校区当地钟点)", examples=["08:30"])]
    ends: Annotated[WallTime, Field(description="下课(校区当地钟点)", examples=["09:10"])]
    name: Annotated[str, Field(max_length=20, description="节次名称", examples=["第一节"])] = ""

    @model_validator(mode="after")
    def _is_wall_time(self) -> Self:
        if self.starts.tzinfo is not None or self.ends.tzinfo is not None:
            context = {
                "zh": "节次是校区当地钟点,不带时区",
                "en": "periods are wall times of the campus, without an offset",
            }
            raise PydanticCustomError("wall_time", "wall time", context)
        if any(one.second or one.microsecond for one in (self.starts, self.ends)):
            context = {"zh": "钟点精确到分,如 08:30", "en": "bells ring at whole minutes"}
            raise PydanticCustomError("whole_minutes", "whole minutes", context)
        return self

    @property
    def times(self) -> PeriodTimes:
        """The period as the rules judge it."""
        return PeriodTimes(self.number, self.starts, self.ends, self.name)


Periods = Annotated[
    list[PeriodIn],
    Field(
        min_length=1,
        max_length=20,
        description="一天的各节课,时间不得重叠;节与节之间长短不一没有关系",
        examples=[
            [
                {"number": 1, "starts": "08:30", "ends": "09:10", "name": "第一节"},
                {"number": 2, "starts": "09:20", "ends": "10:00", "name": "第二节"},
            ]
        ],
    ),
]
BellsName = Annotated[
    str, Field(min_length=1, max_length=40, description="作息名称", examples=["冬季作息"])
]


class BellScheduleIn(DayRange):
    """The bells of a campus for a stage, for a time."""

    campus_id: UUID
    stage: Stage
    name: BellsName
    periods: Periods


class BellSchedulePut(DayRange):
    """The whole schedule anew."""

    name: BellsName
    periods: Periods


class PeriodOut(Out):
    """One period."""

    number: int
    name: str
    starts: WallTime
    ends: WallTime


class BellScheduleOut(Out):
    """A bell schedule with its periods."""

    id: UUID
    version: int
    campus_id: UUID
    stage: str
    name: str
    valid_from: date | None
    valid_until: date | None
    periods: list[PeriodOut]


def bell_schedule_out(row: BellSchedule, periods: Sequence[BellPeriod]) -> BellScheduleOut:
    """A schedule as people see it."""
    return BellScheduleOut(
        id=row.id,
        version=row.version,
        campus_id=row.campus_id,
        stage=row.stage,
        name=row.name,
        valid_from=row.valid.lower,
        valid_until=row.valid.upper,
        periods=[
            PeriodOut(number=one.number, name=one.name, starts=one.starts, ends=one.ends)
            for one in periods
        ],
    )


class BellSchedulesOut(Out):
    """The bells of a campus."""

    items: list[BellScheduleOut]


class CalendarDayIn(In):
    """What is decided about one date."""

    kind: Annotated[
        DayKind,
        Field(
            description="teach 上课、off 放假、exam 考试、activity 活动;"
            "只有 teach 有常规课,考试与活动日不上常规课",
            examples=["teach"],
        ),
    ]
    follows_weekday: Annotated[
        int | None,
        Field(ge=1, le=7, description="按周几的课表(周一为 1);调休日未定时留空", examples=[2]),
    ] = None
    follows_parity: Annotated[
        WeekParity | None, Field(description="按单周或双周;留空按日期所在周", examples=["odd"])
    ] = None
    reason: Annotated[str, Field(max_length=80, description="事由", examples=["国庆节调休"])] = ""

    @model_validator(mode="after")
    def _only_teaching_days_follow(self) -> Self:
        follows = self.follows_weekday is not None or self.follows_parity is not None
        if follows and self.kind is not DayKind.TEACH:
            context = {
                "zh": "只有 kind=teach 才能指定所按课表",
                "en": "only kind=teach follows a weekday",
            }
            raise PydanticCustomError("follows_mismatch", "follows mismatch", context)
        return self


class CalendarDayOut(Out):
    """What was decided about one date."""

    id: UUID
    version: int
    scope: DayScope
    scope_id: UUID
    on_date: date
    kind: DayKind
    follows_weekday: int | None
    follows_parity: WeekParity | None
    reason: str
    source: DaySource

    @classmethod
    def of(cls, row: CalendarDay) -> Self:
        """The day as people see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class DayOut(Out):
    """One date of a campus: how it is taught, or why it is not."""

    on_date: date
    teaching: bool
    weekday: Annotated[int | None, Field(description="按周几的课表(周一为 1)")]
    week: Annotated[int | None, Field(description="教学周")]
    parity: WeekParity | None
    moved: Annotated[bool, Field(description="所按课表与日期本身不同")]
    label: Annotated[str | None, Field(description="如“按周二(单周)课表”")]
    why_not: Annotated[
        Whyever | None,
        Field(
            description="没有常规课的原因:outside_term 不在学期内、weekend 周末、off 放假、"
            "exam 考试、activity 活动、undecided 调休上课日尚未公布按周几课表"
        ),
    ]
    reason: Annotated[str | None, Field(description="安排的事由,如“国庆节”")]
    source: Annotated[DayScope | None, Field(description="由谁决定:区、集团或学校")]
    provisional: Annotated[bool, Field(description="该年度放假通知尚未发布,安排可能变化")]

    @classmethod
    def of(cls, day: TeachingDay | FreeDay) -> Self:
        """The day as people see it."""
        if isinstance(day, TeachingDay):
            return cls(
                on_date=day.on_date,
                teaching=True,
                weekday=day.weekday,
                week=day.week,
                parity=day.parity,
                moved=day.moved,
                label=say(day.label) if day.label else None,
                why_not=None,
                reason=None,
                source=day.source,
                provisional=day.provisional,
            )
        return cls(
            on_date=day.on_date,
            teaching=False,
            weekday=None,
            week=None,
            parity=None,
            moved=False,
            label=say(_WHY[day.why]),
            why_not=day.why,
            reason=day.reason or None,
            source=day.source,
            provisional=day.provisional,
        )


class TeachingDaysOut(Out):
    """The dates of a campus."""

    campus_id: UUID
    items: list[DayOut]


class NoticeDiffOut(Out):
    """What taking over the notice does to one date."""

    on_date: date
    what: Annotated[
        DiffKind,
        Field(
            description="added 新增、changed 更改、removed 删除、"
            "kept 与通知不同但保留人工修改、same 无变化"
        ),
    ]
    national_kind: DayKind | None
    national_reason: str | None
    present_kind: DayKind | None
    present_source: DaySource | None
    present_follows_weekday: int | None
    suggested_weekday: Annotated[
        int | None, Field(description="系统推测的所按课表,仅供参考,不会自动写入")
    ]

    @classmethod
    def of(cls, diff: NoticeDiff) -> Self:
        """The difference as people see it."""
        wanted, present = diff.wanted, diff.present
        return cls(
            on_date=diff.on_date,
            what=diff.what,
            national_kind=wanted.kind if wanted else None,
            national_reason=wanted.reason if wanted else None,
            present_kind=present.kind if present else None,
            present_source=present.source if present else None,
            present_follows_weekday=present.follows_weekday if present else None,
            suggested_weekday=diff.suggested_weekday,
        )


class ComparedNotice(Out):
    """A national notice against what the district has."""

    year: int
    announced: Annotated[bool, Field(description="本区是否已采用或确认该年度通知")]
    items: list[NoticeDiffOut]

    @classmethod
    def of(cls, diffs: Sequence[NoticeDiff], *, year: int, announced: bool) -> Self:
        """The comparison as people see it."""
        return cls(year=year, announced=announced, items=[NoticeDiffOut.of(one) for one in diffs])


class NoticeOut(Out):
    """A year whose dates are announced."""

    id: UUID
    version: int
    year: int

    @classmethod
    def of(cls, row: CalendarNotice) -> Self:
        """The notice as people see it."""
        return cls(id=row.id, version=row.version, year=row.year)


# Rows of a workbook


@dataclass(frozen=True, slots=True)
class TermRow:
    """A term by school year and number."""

    school_year: str
    number: int
    days: Range[date]
    week_one: date


@dataclass(frozen=True, slots=True)
class DayRow:
    """A date that differs, for the district, a group by name or a school by identifier."""

    scope: DayScope
    unit: str | None
    on_date: date
    kind: DayKind
    follows_weekday: int | None = None
    follows_parity: WeekParity | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BellRow:
    """One period of a campus's schedule for a stage."""

    campus: str
    stage: str
    name: str
    valid: Range[date]
    period: PeriodTimes


_HITS = {
    HitKind.MOVED: Text("已调课", "Moved"),
    HitKind.SWAPPED: Text("已换课", "Swapped"),
    HitKind.NEEDS_COVER: Text("待代课", "Needs cover"),
    HitKind.COVERED: Text("已代课", "Covered"),
    HitKind.MERGED: Text("合班", "Merged"),
    HitKind.SELF_STUDY: Text("自习", "Self-study"),
    HitKind.IN_SWAP: Text("换课申请中", "In an open swap"),
}


class HitOut(Out):
    """A lesson with which something was arranged that the change meets."""

    kind: HitKind
    label: str
    lesson_id: UUID
    on_date: date
    campus_name: str
    class_names: list[str]
    teacher_name: Annotated[str, Field(description="现任课教师(代课时为代课教师)")]
    planned_teacher_name: Annotated[str, Field(description="原任课教师")]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """The hit as an answer."""
        return cls(
            kind=hit.kind,
            label=say(_HITS[hit.kind]),
            lesson_id=hit.lesson_id,
            on_date=hit.on_date,
            campus_name=hit.campus_name,
            class_names=list(hit.class_names),
            teacher_name=hit.teacher_name,
            planned_teacher_name=hit.planned_teacher_name,
        )


class AffectedOut(Out):
    """A teacher whose lessons change."""

    teacher_id: UUID
    teacher_name: str
    laid: Annotated[int, Field(description="新排或恢复的课")]
    moved: Annotated[int, Field(description="改了时间的课")]
    cancelled: Annotated[int, Field(description="取消的课")]

    @classmethod
    def of(cls, one: Affected) -> Self:
        """The teacher as an answer."""
        return cls(
            teacher_id=one.teacher_id,
            teacher_name=one.teacher_name,
            laid=one.laid,
            moved=one.moved,
            cancelled=one.cancelled,
        )


class ImpactOut(Out):
    """What a change of the calendar does to laid lessons."""

    lessons_laid: Annotated[int, Field(description="新排或恢复的课", examples=[6])]
    lessons_moved: Annotated[int, Field(description="改了时间的课", examples=[0])]
    lessons_cancelled: Annotated[int, Field(description="取消的课", examples=[8])]
    tasks_opened: Annotated[
        int, Field(description="调过或已代、需要学校重新安排的课", examples=[1])
    ]
    hits: Annotated[list[HitOut], Field(description="受影响的代课、换课与调课:哪些教师、哪些班")]
    teacher_count: Annotated[int, Field(description="课表有变动的教师人数", examples=[12])]
    teachers: Annotated[
        list[AffectedOut],
        Field(description="课表有变动的教师及变动节数,变动多的在前;超过 200 人时只列前 200 人"),
    ]

    @classmethod
    def of(cls, impact: Impact) -> Self:
        """The impact as an answer."""
        return cls(
            lessons_laid=impact.lessons_laid,
            lessons_moved=impact.lessons_moved,
            lessons_cancelled=impact.lessons_cancelled,
            tasks_opened=impact.tasks_opened,
            hits=[HitOut.of(one) for one in impact.hits],
            teacher_count=impact.teacher_count,
            teachers=[AffectedOut.of(one) for one in impact.teachers],
        )
