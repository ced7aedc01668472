"""What itinerant teaching refuses, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class AssignmentNotFound(NotFound):
    """No such assignment, or not visible."""

    code = "assignment-not-found"
    title = Text("未找到该走教安排", "Assignment not found")


class AssignmentCodeTaken(Conflict):
    """Another assignment of the district has this code."""

    code = "assignment-code-taken"
    title = Text("安排编号已被使用", "Another assignment has this code")
    remedy = Text("请换一个编号,或留空。", "Use another code, or none.")


class AssignmentStateUnfit(Conflict):
    """The assignment is past this: only drafts change and are published, nothing ends twice."""

    code = "assignment-state-unfit"
    title = Text("走教安排当前状态不允许此操作", "The state of the assignment does not allow this")
    remedy = Text(
        "草稿可以修改、发布;已发布的安排可以结束;已结束的安排不能再变动。",
        "Drafts can be changed and published; what is published can be ended; what ended stays.",
    )

    def __init__(self, *, state: str = "", act: str = "") -> None:
        super().__init__(state=state, act=act)


refuses("uq_assignment_code", AssignmentCodeTaken)

refuses_missing("fk_assignment_teacher", "/teacher_id")
refuses_missing("fk_assignment_home_school", "/home_school_id")
refuses_missing("fk_assignment_host_school", "/campus_id")
refuses_missing("fk_assignment_campus", "/campus_id")
refuses_missing("fk_assignment_group", "/group_id")
refuses_missing("fk_assignment_term", "/term_id")
refuses_missing("fk_assignment_pattern_assignment", "/patterns")
refuses_missing("fk_assignment_pattern_room", "/patterns")
refuses_missing("fk_assignment_pattern_slot", "/patterns")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_assignment_state", "/state", _LISTED)
refuses_value("ck_assignment_stage", "/stage", _LISTED)
refuses_value(
    "ck_assignment_valid", "/valid_until", Text("应晚于生效日期", "must be after valid_from")
)
refuses_value("ck_assignment_pattern_parity", "/patterns", _LISTED)
refuses_value(
    "ck_assignment_pattern_place",
    "/patterns",
    Text("星期应为 1–7,节次应为 1–20", "weekday is 1 to 7, period 1 to 20"),
)
refuses_value(
    "ck_assignment_pattern_weeks", "/patterns", Text("教学周应为 1–30", "weeks are 1 to 30")
)
refuses_value(
    "ck_assignment_pattern_valid", "/patterns", Text("有效期不能为空", "validity is empty")
)
