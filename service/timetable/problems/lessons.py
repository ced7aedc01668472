"""What the timetable refuses, and the way out."""

from collections.abc import Sequence
from typing import Any

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class ClassNotFound(NotFound):
    """No such class, or not visible."""

    code = "class-not-found"
    title = Text("未找到该班级", "Class not found")


class RoomNotFound(NotFound):
    """No such room, or not visible."""

    code = "room-not-found"
    title = Text("未找到该教室", "Room not found")


class LessonNotFound(NotFound):
    """No such lesson, or not visible."""

    code = "lesson-not-found"
    title = Text("未找到该课", "Lesson not found")


class WayNotFound(NotFound):
    """One end of the way does not exist, or is not visible."""

    code = "way-not-found"
    title = Text("未找到该路线", "Way not found")
    remedy = Text(
        "请核对出发与到达校区的编号,两者须为不同校区。",
        "Check the ids of both campuses; they must be two.",
    )


class ClassCodeTaken(Conflict):
    """The school has a class with this code."""

    code = "class-code-taken"
    title = Text("班级代码在本校已存在", "The school has a class with this code")
    remedy = Text("请换一个班级代码,或修改已有班级。", "Use another code, or change that class.")


class RoomCodeTaken(Conflict):
    """The campus has a room with this code."""

    code = "room-code-taken"
    title = Text("教室代码在本校区已存在", "The campus has a room with this code")
    remedy = Text("请换一个教室代码,或修改已有教室。", "Use another code, or change that room.")


class WayTaken(Conflict):
    """Somebody else entered the same way at the same moment."""

    code = "way-taken"
    title = Text("该路线刚被他人录入", "Somebody has just entered this way")
    remedy = Text("请重新读取该路线后再修改。", "Read the way again, then change it.")


class ScheduleConflict(Conflict):
    """Something stands in the way: ``conflicts`` says what, ``suggestions`` what would do."""

    code = "schedule-conflict"
    title = Text("时间安排冲突", "The schedule is in conflict")
    remedy = Text(
        "请查看 conflicts 中的冲突,可参考 suggestions 中的空闲时段改期。",
        "See what stands in the way in conflicts; suggestions are times that would work.",
    )

    def __init__(self, *, conflicts: Sequence[Any] = (), suggestions: Sequence[Any] = ()) -> None:
        count = len(conflicts)
        detail = (
            Text(
                f"共有 {count} 处冲突,详见 conflicts。",
                f"{count} things stand in the way; see conflicts.",
            )
            if count
            else None
        )
        super().__init__(detail, conflicts=list(conflicts), suggestions=list(suggestions))


class LessonNotScheduled(Conflict):
    """The lesson was cancelled or withdrawn."""

    code = "lesson-not-scheduled"
    title = Text("该课已取消", "The lesson does not take place")
    remedy = Text("已取消的课不能再取消或调整。", "A cancelled lesson cannot be changed any more.")


class LessonOver(Conflict):
    """The lesson has begun already."""

    code = "lesson-over"
    title = Text("该课已经开始或结束", "The lesson has begun or is over")
    remedy = Text("只能调整尚未开始的课。", "Only lessons that have not begun can be changed.")


refuses("uq_class_section_code", ClassCodeTaken)
refuses("uq_room_code", RoomCodeTaken)
refuses("uq_travel_time_way", WayTaken)
refuses("ex_occupancy_resource", ScheduleConflict)

refuses_missing("fk_class_section_school", "/school_id")
refuses_missing("fk_class_section_campus", "/campus_id")
refuses_missing("fk_room_campus", "/campus_id")
refuses_missing("fk_travel_time_from", "path/from_campus_id")
refuses_missing("fk_travel_time_to", "path/to_campus_id")
refuses_missing("fk_weekly_slot_teacher", "/teacher_id")
refuses_missing("fk_weekly_slot_campus", "/campus_id")
refuses_missing("fk_weekly_slot_room", "/room_id")
refuses_missing("fk_weekly_slot_class_slot", "/slot_id")
refuses_missing("fk_weekly_slot_class_class", "/class_ids")
refuses_missing("fk_lesson_slot", "/slot_id")
refuses_missing("fk_lesson_substitute", "/substitute_id")
refuses_missing("fk_lesson_room", "/room_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_class_section_grade", "/grade", Text("年级应为 1–12", "must be 1 to 12"))
refuses_value(
    "ck_class_section_valid", "/valid_until", Text("应晚于生效日期", "must be after valid_from")
)
refuses_value("ck_room_kind", "/kind", _LISTED)
refuses_value(
    "ck_travel_time_way",
    "path/to_campus_id",
    Text("出发与到达须为不同校区", "a way leads to another campus"),
)
refuses_value(
    "ck_travel_time_minutes",
    "/minutes",
    Text("路程应为 0–600 分钟,余量应为 0–120 分钟", "0 to 600 minutes, and a buffer of 0 to 120"),
)
refuses_value("ck_weekly_slot_parity", "/parity", _LISTED)
refuses_value("ck_weekly_slot_origin", "/origin", _LISTED)
refuses_value("ck_weekly_slot_weekday", "/weekday", Text("星期应为 1–7", "must be 1 to 7"))
refuses_value("ck_weekly_slot_period", "/period", Text("节次应为 1–20", "must be 1 to 20"))
refuses_value("ck_weekly_slot_weeks", "/weeks", Text("教学周应为 1–30", "must be 1 to 30"))
refuses_value("ck_lesson_status", "/status", _LISTED)
refuses_value("ck_lesson_change", "/change", _LISTED)
refuses_value("ck_lesson_times", "/ends_at", Text("应晚于开始时间", "must be after the start"))
refuses_value("ck_occupancy_resource_kind", "/resource_kind", _LISTED)
refuses_value("ck_occupancy_kind", "/kind", _LISTED)
refuses_value("ck_occupancy_during", "/during", Text("时间不能为空", "must not be empty"))
refuses("uq_weekly_slot_teacher", lambda: Conflict(Text("课表时段重复", "The slot exists")))
