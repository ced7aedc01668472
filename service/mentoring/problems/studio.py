"""What studios refuse, and the way out."""

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


class StudioNotFound(NotFound):
    """No such studio, or not visible."""

    code = "studio-not-found"
    title = Text("未找到该名师工作室", "Studio not found")


class StudioMemberNotFound(NotFound):
    """No such member."""

    code = "studio-member-not-found"
    title = Text("未找到该工作室成员", "Studio member not found")


class ActivityNotFound(NotFound):
    """No such activity, or not visible."""

    code = "studio-activity-not-found"
    title = Text("未找到该工作室活动", "Studio activity not found")


class HostTaken(Conflict):
    """There is a host for that time already."""

    code = "studio-host-taken"
    title = Text("该时段已有主持人", "There is a host for that time")
    remedy = Text("工作室同一时间只有一位主持人。", "A studio has one host at a time.")


class MemberAlready(Conflict):
    """The teacher is a member for that time already."""

    code = "studio-member-already"
    title = Text("该教师在此时段已是成员", "The teacher is a member for that time")
    remedy = Text("请先结束原成员身份。", "End the former membership first.")


class HostUnfit(Conflict):
    """A studio keeps exactly one host."""

    code = "studio-host-unfit"
    title = Text("主持人只能整体更换", "The host is changed as a whole")
    remedy = Text(
        "请用“更换主持人”指定接任者和日期,工作室不能没有主持人。",
        "Name a successor and a day; a studio is never without a host.",
    )


class MemberUnfit(ValidationFailed):
    """The days of a membership do not fit."""

    code = "studio-member-unfit"
    title = Text("成员起止日期不符合要求", "The days of the membership do not fit")

    def __init__(self, *, pointer: str = "/valid_from", message: Text | None = None) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, message or self.title)])


class ActivityUnfit(ValidationFailed):
    """The time of an activity does not fit."""

    code = "studio-activity-unfit"
    title = Text("活动时间不符合要求", "The time of the activity does not fit")

    def __init__(self, *, pointer: str = "/starts_at", message: Text | None = None) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, message or self.title)])


class ActivityOver(Conflict):
    """The activity has begun, was cancelled, or is still to come."""

    code = "studio-activity-over"
    title = Text("活动当前状态不允许此操作", "The activity does not allow this now")
    remedy = Text(
        "尚未开始的活动可以取消;已开始且未取消的活动可以登记出勤。",
        "What has not begun can be cancelled; attendance is of what has begun.",
    )


class NotInvited(ValidationFailed):
    """Somebody was not invited."""

    code = "studio-not-invited"
    title = Text("该教师不在活动名单中", "The teacher was not invited")

    def __init__(self, *, pointer: str = "/attendance") -> None:
        super().__init__(errors=[FieldError(pointer, self.code, self.title)])


class ReviewedAlready(Conflict):
    """The school year was reviewed already."""

    code = "studio-reviewed-already"
    title = Text("该学年已有考评", "The year was reviewed already")
    remedy = Text("每学年一份考评。", "There is one review per school year.")


refuses("ex_studio_host", HostTaken)
refuses("ex_studio_member_person", MemberAlready)
refuses("uq_studio_review_year", ReviewedAlready)
refuses("uq_studio_attendance", NotInvited)

_WORDS = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("uq_studio_name", "/name", Text("已有同名工作室", "another studio has this name"))
refuses_value("ck_studio_valid", "/valid_until", Text("应晚于开始日期", "must be after the first"))
refuses_value("ck_studio_stage", "/stage", _WORDS)
refuses_value("ck_studio_member_role", "/role", _WORDS)
refuses_value("ck_studio_member_valid", "/valid_until", _WORDS)
refuses_value("ck_studio_activity_kind", "/kind", _WORDS)
refuses_value("ck_studio_activity_state", "/state", _WORDS)
refuses_value("ck_studio_activity_times", "/ends_at", _WORDS)
refuses_value("ck_studio_attendance_presence", "/attendance", _WORDS)
refuses_value("ck_studio_output_kind", "/kind", _WORDS)
refuses_value("ck_studio_review_grade", "/grade", _WORDS)

refuses_missing("fk_studio_member_studio", "/studio_id")
refuses_missing("fk_studio_member_teacher", "/teacher_id")
refuses_missing("fk_studio_activity_studio", "/studio_id")
refuses_missing("fk_studio_activity_campus", "/campus_id")
refuses_missing("fk_studio_attendance_activity", "/activity_id")
refuses_missing("fk_studio_attendance_teacher", "/teacher_id")
refuses_missing("fk_studio_output_studio", "/studio_id")
refuses_missing("fk_studio_output_teacher", "/teacher_id")
refuses_missing("fk_studio_review_studio", "/studio_id")
refuses_missing("fk_studio_review_year", "/school_year_id")
