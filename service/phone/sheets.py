"""A teacher's week and term as Excel files."""

from collections.abc import Iterator

from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet, workbook
from service.phone.schemas import DayNature, MyLesson
from service.phone.schemas.office import DayCount, TeacherWeekOut, TermCalendarOut

WEEKDAYS = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)
_NATURES = {
    DayNature.OFF: Text("放假", "Off"),
    DayNature.EXAM: Text("考试", "Exams"),
    DayNature.ACTIVITY: Text("活动", "Activity"),
    DayNature.UNDECIDED: Text("调休未定", "Undecided"),
}
_ITINERANT = Text("走教", "itinerant")
_LESSONS = Text("节", " lessons")

_WEEK_COLUMNS = (
    Column(Text("日期", "Date"), 12),
    Column(Text("星期", "Day"), 8),
    Column(Text("节次", "Period"), 8),
    Column(Text("上课", "From"), 8),
    Column(Text("下课", "Until"), 8),
    Column(Text("学科", "Subject"), 12),
    Column(Text("班级", "Classes"), 18),
    Column(Text("学校", "School"), 24),
    Column(Text("校区", "Campus"), 14),
    Column(Text("教室", "Room"), 14),
    Column(Text("最晚出发", "Leave by"), 10),
    Column(Text("状态", "Status"), 10),
    Column(Text("变动", "Change"), 24),
)


def week_file(week: TeacherWeekOut) -> bytes:
    """A week, a lesson a row."""
    title = Text(
        f"{week.teacher.name} {week.monday} 一周课表",
        f"{week.teacher.name}, week of {week.monday}",
    )
    rows = (
        (day.on_date, say(WEEKDAYS[day.weekday - 1]), *_lesson(lesson))
        for day in week.days
        for lesson in day.lessons
    )
    note = Text(
        f"共 {week.lesson_count} 节,其中走教 {week.itinerant_count} 节",
        f"{week.lesson_count} lessons, {week.itinerant_count} of them itinerant",
    )
    return workbook(Sheet(title=title, columns=_WEEK_COLUMNS, rows=rows, notes=[note]))


def _lesson(lesson: MyLesson) -> Iterator[Cell]:
    yield lesson.period
    yield lesson.starts_at.time()
    yield lesson.ends_at.time()
    yield lesson.subject.label
    yield "、".join(one.name for one in lesson.classes)
    yield lesson.campus.school.name
    yield lesson.campus.name
    yield lesson.room.name if lesson.room else None
    yield lesson.transfer.leave_by.time() if lesson.transfer else None
    yield lesson.status_label
    changed = lesson.changed
    yield " ".join(filter(None, (changed.label, changed.reason))) if changed else None


def term_file(term: TermCalendarOut) -> bytes:
    """A term as a calendar hangs on the wall: a week a row."""
    title = Text(f"{term.teacher.name} 学期课表", f"{term.teacher.name}, the term")
    columns = (
        Column(Text("教学周", "Week"), 8),
        *(Column(weekday, 18) for weekday in WEEKDAYS),
    )
    rows = (
        (
            next((day.week for day in row if day and day.week), None),
            *(_day(day) if day else None for day in row),
        )
        for row in term.weeks()
    )
    note = Text(
        f"共 {term.lesson_count} 节,其中走教 {term.itinerant_count} 节",
        f"{term.lesson_count} lessons, {term.itinerant_count} of them itinerant",
    )
    return workbook(Sheet(title=title, columns=columns, rows=rows, notes=[note]))


def _day(day: DayCount) -> str:
    lines = [f"{day.on_date:%m-%d}"]
    if day.nature in _NATURES:
        lines.append(day.label or say(_NATURES[day.nature]))
    elif day.label:
        lines.append(day.label)
    if day.lesson_count:
        lines.append(f"{day.lesson_count}{say(_LESSONS)}")
    if day.itinerant_count:
        lines.append(f"{say(_ITINERANT)} {day.itinerant_count}")
        lines += [campus.name for campus in day.campuses]
    return "\n".join(lines)
