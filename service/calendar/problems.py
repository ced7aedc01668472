"""What the calendar refuses."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from service.kit.problems import (
    Conflict,
    FieldError,
    NotFound,
    Text,
    ValidationFailed,
    refuses,
    refuses_missing,
    refuses_value,
)


class SchoolYearNotFound(NotFound):
    """No such school year."""

    code = "school-year-not-found"
    title = Text("未找到该学年", "No such school year")


class TermNotFound(NotFound):
    """No such term."""

    code = "term-not-found"
    title = Text("未找到该学期", "No such term")


class BellScheduleNotFound(NotFound):
    """No such bell schedule, or its campus is out of sight."""

    code = "bell-schedule-not-found"
    title = Text("未找到该作息时间表", "No such bell schedule")


class CalendarDayNotFound(NotFound):
    """Nothing was decided for that date and scope."""

    code = "calendar-day-not-found"
    title = Text("该日没有校历安排", "Nothing was decided for that date")


class NationalCalendarUnknown(NotFound):
    """The national calendar of that year is not known to this installation."""

    code = "national-calendar-unknown"
    title = Text("本系统没有该年度的放假通知", "The national calendar of that year is not known")
    remedy = Text(
        "通知通常在上一年 11 月前后发布。请升级系统;或用 PUT /v1/calendar-days 逐日录入后,"
        "再用 POST /v1/calendar-notices/{year}:declare 确认该年度已公布。",
        "It is published around November. Update the service, or enter its days with PUT "
        "/v1/calendar-days and then say POST /v1/calendar-notices/{year}:declare.",
    )


class CalendarNoticeNotFound(NotFound):
    """The district has not taken over or declared a notice of that year."""

    code = "calendar-notice-not-found"
    title = Text("本区尚未采用该年度放假通知", "The district has no notice of that year")


class SchoolYearExists(Conflict):
    """The label is taken, or the days belong to another school year."""

    code = "school-year-exists"
    title = Text("学年已存在或日期重叠", "The school year exists or overlaps another")


class TermExists(Conflict):
    """The number is taken, or the days belong to another term."""

    code = "term-exists"
    title = Text("学期已存在或日期重叠", "The term exists or overlaps another")


class BellScheduleOverlaps(Conflict):
    """The campus and stage have bells for that time already."""

    code = "bell-schedule-overlaps"
    title = Text("该时段已有作息时间表", "The campus has bells for that time already")
    remedy = Text(
        "请先为原作息设定结束日期。", "Give the former schedule an end before the new one begins."
    )


class CalendarDayExists(Conflict):
    """Something was decided for that date and scope already."""

    code = "calendar-day-exists"
    title = Text("该日已有校历安排", "The date has been decided already")


class LessonsAreLaid(Conflict):
    """Lessons stand on the dates that the change would touch."""

    code = "lessons-are-laid"
    title = Text("受影响日期已排课", "Lessons are laid on the dates concerned")
    remedy = Text(
        "请先取消或移动这些日期的课,或结束相应走教安排后再调整。",
        "Cancel or move the lessons of these dates first.",
    )

    def __init__(self, *, lessons: int = 0, dates: Sequence[date] = ()) -> None:
        detail = Text(
            f"受影响的 {len(dates)} 天内已有 {lessons} 节课。{self.remedy.zh}",
            f"{lessons} lessons stand on the {len(dates)} dates concerned. {self.remedy.en}",
        )
        super().__init__(
            detail if lessons else None,
            lessons=lessons,
            dates=[day.isoformat() for day in dates],
        )


class TermFault(StrEnum):
    """Why a term cannot be."""

    REVERSED = "reversed"
    TOO_LONG = "too_long"
    NOT_MONDAY = "not_monday"
    WEEK_ONE_AWAY = "week_one_away"
    OUTSIDE_YEAR = "outside_year"


class BellFault(StrEnum):
    """Why the periods of a day cannot be."""

    EMPTY = "empty"
    REVERSED = "reversed"
    DUPLICATE = "duplicate"
    OVERLAP = "overlap"
    OUT_OF_ORDER = "out_of_order"


_TERM_FAULTS = {
    TermFault.REVERSED: ("until", Text("结束须晚于开始", "must be after the beginning")),
    TermFault.TOO_LONG: (
        "until",
        Text("一学期最多 30 个教学周", "a term has at most 30 teaching weeks"),
    ),
    TermFault.NOT_MONDAY: ("week_one", Text("第一周须从周一起算", "must be a Monday")),
    TermFault.WEEK_ONE_AWAY: (
        "week_one",
        Text("应为开学日所在周的周一", "must be the Monday of the first day's week"),
    ),
    TermFault.OUTSIDE_YEAR: (
        "starts",
        Text("学期须在所属学年之内", "the term must lie within its school year"),
    ),
}
_BELL_FAULTS = {
    BellFault.EMPTY: Text("至少需要一节课", "needs at least one period"),
    BellFault.REVERSED: Text("下课须晚于上课", "ends before it starts"),
    BellFault.DUPLICATE: Text("节次重复", "repeats a period's number"),
    BellFault.OVERLAP: Text("与前一节时间重叠", "overlaps the period before"),
    BellFault.OUT_OF_ORDER: Text("节次顺序与时间不符", "is out of order"),
}


class TermUnfit(ValidationFailed):
    """The days of a term do not fit together."""

    code = "term-unfit"
    title = Text("学期日期不合理", "The days of the term do not fit together")

    def __init__(self, faults: Sequence[TermFault] = (), *, at: str = "") -> None:
        super().__init__(
            errors=[
                FieldError(f"{at}/{_TERM_FAULTS[fault][0]}", fault.value, _TERM_FAULTS[fault][1])
                for fault in faults
            ]
        )


class BellsUnfit(ValidationFailed):
    """The periods of a day do not fit together."""

    code = "bells-unfit"
    title = Text("节次时间不合理", "The periods do not fit together")

    def __init__(self, faults: Sequence[tuple[int, BellFault]] = ()) -> None:
        super().__init__(
            errors=[
                FieldError(f"/periods/{place}", fault.value, _BELL_FAULTS[fault])
                for place, fault in faults
            ]
        )


_EMPTY = Text("有效期不能为空", "the range is empty")
_STAGE = Text("学段应为 1–4", "must be 1 to 4")

refuses("uq_school_year_label", SchoolYearExists)
refuses("ex_school_year", SchoolYearExists)
refuses_value("ck_school_year_valid", "/valid_from", _EMPTY)
refuses_missing("fk_term_school_year", "/school_year_id")
refuses("uq_term_number", TermExists)
refuses("ex_term", TermExists)
refuses_value("ck_term_number", "/number", Text("应为 1 或 2", "must be 1 or 2"))
refuses("ck_term_week_one", lambda: TermUnfit([TermFault.NOT_MONDAY]))
refuses("ck_term_days", lambda: TermUnfit([TermFault.WEEK_ONE_AWAY]))
refuses_missing("fk_bell_schedule_campus", "/campus_id")
refuses("ex_bell_schedule", BellScheduleOverlaps)
refuses_value("ck_bell_schedule_stage", "/stage", _STAGE)
refuses_value("ck_bell_schedule_valid", "/valid_from", _EMPTY)
refuses_missing("fk_bell_period_schedule", "/schedule_id")
refuses("uq_bell_period_number", lambda: BellsUnfit([(0, BellFault.DUPLICATE)]))
refuses_value("ck_bell_period_number", "/periods", Text("节次为 1–20", "numbers are 1 to 20"))
refuses("ck_bell_period_times", lambda: BellsUnfit([(0, BellFault.REVERSED)]))
refuses("uq_calendar_day", CalendarDayExists)
refuses_value("ck_calendar_day_scope", "/scope", Text("未知的范围", "is not known"))
refuses_value("ck_calendar_day_kind", "/kind", Text("未知的安排", "is not known"))
refuses_value(
    "ck_calendar_day_follows_parity", "/follows_parity", Text("单周或双周", "odd or even")
)
refuses_value("ck_calendar_day_source", "/source", Text("未知的来源", "is not known"))
refuses_value("ck_calendar_day_follows_weekday", "/follows_weekday", Text("1–7", "must be 1 to 7"))
refuses_value(
    "ck_calendar_day_follows",
    "/follows_weekday",
    Text("只有上课日才有所按课表", "only a teaching day follows a weekday"),
)
refuses("uq_calendar_notice_year", lambda: Conflict(Text("该年度已导入", "The year is known")))
