"""A campus's day, and what is wrong with lessons that stand, as Excel files."""

from collections.abc import Iterator

from service.kit.language import say
from service.kit.problems import Text
from service.kit.workbook import Cell, Column, Sheet, workbook
from service.timetable.schemas.day import DaySheetOut, FreeTeachersOut, StandingsOut
from service.timetable.schemas.lessons import LessonOut

_DAY_COLUMNS = (
    Column(Text("教师", "Teacher"), 12),
    Column(Text("任职学校", "Home school"), 24),
    Column(Text("节次", "Period"), 8),
    Column(Text("上课", "From"), 8),
    Column(Text("下课", "Until"), 8),
    Column(Text("学科", "Subject"), 12),
    Column(Text("班级", "Classes"), 18),
    Column(Text("教室", "Room"), 14),
    Column(Text("签到", "Signature"), 16),
)
_NOBODY = Text("(待安排代课)", "(needs cover)")


def day_file(sheet: DaySheetOut) -> bytes:
    """Who visits a campus today, to be signed at the gate."""
    title = Text(
        f"{sheet.school.name} {sheet.campus.name} 来校走教教师值日表",
        f"Visitors of {sheet.school.name}, {sheet.campus.name}",
    )
    notes = [Text(f"{sheet.on_date} {sheet.label or ''}", f"{sheet.on_date} {sheet.label or ''}")]
    rows: list[tuple[Cell, ...]] = [
        (one.teacher.name, one.home_school.name if one.home_school else None, *_lesson(lesson))
        for one in sheet.visitors
        for lesson in one.lessons
    ]
    rows += [(say(_NOBODY), None, *_lesson(lesson)) for lesson in sheet.uncovered]
    return workbook(Sheet(title=title, columns=_DAY_COLUMNS, rows=rows, notes=notes))


def _lesson(lesson: LessonOut) -> Iterator[Cell]:
    yield lesson.period
    yield lesson.starts_at.time()
    yield lesson.ends_at.time()
    yield lesson.subject_label
    yield "、".join(one.name for one in lesson.classes)
    yield lesson.room.name if lesson.room else None
    yield None


_FREE_COLUMNS = (
    Column(Text("教师", "Teacher"), 12),
    Column(Text("任职学校", "Home school"), 24),
    Column(Text("有任教资格", "Qualified"), 12),
    Column(Text("当日在本校区", "On campus"), 14),
    Column(Text("当日节数", "That day"), 10),
    Column(Text("本周节数", "That week"), 10),
    Column(Text("已代课节数", "Covers given"), 12),
    Column(Text("路程分钟", "Minutes"), 10),
    Column(Text("得分", "Score"), 8),
)


def free_file(found: FreeTeachersOut) -> bytes:
    """Who is free, the best first."""
    title = Text(
        f"{found.school.name} {found.campus.name} 空闲教师",
        f"Free teachers for {found.school.name}, {found.campus.name}",
    )
    said = f"{found.starts_at:%Y-%m-%d %H:%M}–{found.ends_at:%H:%M}"
    rows = [
        (
            one.teacher.name,
            one.school.name,
            say(_YES) if one.qualified else None,
            say(_YES) if one.on_campus else None,
            one.lessons_that_day,
            one.lessons_that_week,
            one.covers_given,
            one.needed_minutes,
            one.score,
        )
        for one in found.items
    ]
    return workbook(Sheet(title=title, columns=_FREE_COLUMNS, rows=rows, notes=[Text(said, said)]))


_STANDING_COLUMNS = (
    Column(Text("问题", "Conflict"), 24),
    Column(Text("须处理", "Must be mended"), 10),
    Column(Text("教师", "Teacher"), 12),
    Column(Text("上课学校", "Host school"), 24),
    Column(Text("所在周", "Week of"), 12),
    Column(Text("最早日期", "First on"), 12),
    Column(Text("节数", "Lessons"), 8),
)
_YES = Text("是", "yes")


def standing_file(found: StandingsOut) -> bytes:
    """What is wrong with lessons that stand, a row each."""
    title = Text(
        f"课表问题一览 {found.from_date} 至 {found.until}(不含)",
        f"Standing conflicts, {found.from_date} to {found.until} (excluded)",
    )
    rows = [
        (
            one.label,
            say(_YES) if one.hard else None,
            one.teacher.name,
            one.school.name,
            one.monday,
            one.first_on,
            one.lesson_count,
        )
        for one in found.items
    ]
    total = (say(_TOTAL), *[None] * 5, sum(one.lesson_count for one in found.items))
    return workbook(Sheet(title=title, columns=_STANDING_COLUMNS, rows=rows, total=total))


_TOTAL = Text("合计", "Total")
