"""What leave and cover refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    Forbidden,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class LeaveNotFound(NotFound):
    """No such leave, or not visible."""

    code = "leave-not-found"
    title = Text("未找到该请假", "Leave not found")


class CoverNotFound(NotFound):
    """No such lesson to cover, or not visible."""

    code = "cover-not-found"
    title = Text("未找到该代课需求", "Cover not found")


class OfferNotFound(NotFound):
    """No such offer, or not visible."""

    code = "cover-offer-not-found"
    title = Text("未找到该代课邀请", "Cover offer not found")


class PolicyNotFound(NotFound):
    """No such policy, or not visible."""

    code = "duty-policy-not-found"
    title = Text("未找到该考勤规则", "Duty policy not found")


class PolicyTaken(Conflict):
    """The school has a policy that begins on or after that day."""

    code = "duty-policy-taken"
    title = Text("该日期起已有考勤规则", "A policy begins on or after that day")
    remedy = Text("请选择更晚的生效日期。", "Choose a later first day.")


class LeaveOverlaps(Conflict):
    """The teacher has another leave at that time."""

    code = "leave-overlaps"
    title = Text("该教师此时段已有请假", "The teacher has another leave at that time")
    remedy = Text("请先撤销原请假,或调整起止时间。", "Withdraw the other one, or change the time.")


class LeaveOver(Conflict):
    """The leave was decided or withdrawn already."""

    code = "leave-over"
    title = Text("该请假已处理", "The leave was decided or withdrawn already")
    remedy = Text("请刷新后查看其当前状态。", "Read it again to see its present state.")


class LeavePast(Conflict):
    """The leave lies in the past."""

    code = "leave-past"
    title = Text("请假时间已过", "The leave is over")
    remedy = Text("请选择尚未结束的时间。", "Choose a time that has not ended.")


class OwnRequest(Forbidden):
    """Nobody decides about their own request."""

    code = "own-request"
    title = Text("不能审批自己的申请", "You cannot decide about your own request")
    remedy = Text("请由另一位负责人审批。", "Ask somebody else of the office to decide.")


class CoverOver(Conflict):
    """The lesson has been looked after, or needs no cover any more."""

    code = "cover-over"
    title = Text("该课的代课已安排或不再需要", "The lesson needs no cover any more")
    remedy = Text("如需更换,请先撤销现有安排。", "To change it, release what was arranged first.")


class AlreadyTaken(Conflict):
    """Somebody else was first."""

    code = "already-taken"
    title = Text("该代课已被他人接受", "Somebody else has taken this lesson")
    remedy = Text("无需操作,谢谢您的支持。", "Nothing to do; thank you all the same.")


class OfferClosed(Conflict):
    """The offer was answered already."""

    code = "cover-offer-closed"
    title = Text("该代课邀请已答复或已关闭", "The offer is closed")
    remedy = Text(
        "已接受的课在您的课表中;如改变主意,请联系教务处。",
        "A lesson you accepted is in your timetable. If you changed your mind, tell the office.",
    )


class OfferExpired(Conflict):
    """The time to answer is over."""

    code = "cover-offer-expired"
    title = Text("该代课邀请已过期", "The offer has expired")
    remedy = Text("如仍愿代课,请联系教务处。", "If you still want to cover, tell the office.")


class NoStandin(Conflict):
    """Nobody is free, qualified and able to get there."""

    code = "no-standin"
    title = Text("没有可用的代课教师", "Nobody can cover this lesson")
    remedy = Text(
        "可安排合班或自习,或调整上课时间。", "Merge classes, let them study, or move the lesson."
    )


class AbsentTeacher(Conflict):
    """The one who is away cannot cover the lesson."""

    code = "absent-teacher"
    title = Text("不能由缺勤教师本人代课", "The absent teacher cannot cover the lesson")
    remedy = Text("请选择另一位教师。", "Choose another teacher.")


class CannotMerge(Conflict):
    """The two lessons are not at one campus at one time, or one does not take place."""

    code = "cannot-merge"
    title = Text("两节课无法合班", "The two lessons cannot be merged")
    remedy = Text(
        "请选择同一校区、同一时间且有教师的课。",
        "Choose a lesson with a teacher at the same campus and time.",
    )


refuses("ex_leave_teacher", LeaveOverlaps)
refuses("ex_duty_policy_school", PolicyTaken)
refuses("uq_cover_lesson", CoverOver)
refuses("uq_cover_offer_teacher", OfferClosed)
refuses_missing("fk_leave_teacher", "/teacher_id")
refuses_missing("fk_leave_school", "/teacher_id")
refuses_missing("fk_duty_policy_school", "/school_id")
refuses_missing("fk_cover_lesson", "/lesson_id")
refuses_missing("fk_cover_leave", "/leave_id")
refuses_missing("fk_cover_absent", "/absent_id")
refuses_missing("fk_cover_substitute", "/teacher_id")
refuses_missing("fk_cover_merged_with", "/with_lesson_id")
refuses_missing("fk_cover_offer_cover", "/cover_id")
refuses_missing("fk_cover_offer_teacher", "/teacher_ids")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_leave_kind", "/kind", _LISTED)
refuses_value("ck_leave_state", "/state", _LISTED)
refuses_value("ck_leave_measure", "/measure", _LISTED)
refuses_value("ck_leave_during", "/ends_at", Text("应晚于开始时间", "must be after the start"))
refuses_value("ck_cover_state", "/state", _LISTED)
refuses_value("ck_cover_substitute", "/teacher_id", Text("须有代课教师", "needs a substitute"))
refuses_value("ck_cover_offer_state", "/state", _LISTED)
refuses_value(
    "ck_duty_policy_numbers", "/temporary_days", Text("数值超出范围", "a number is out of range")
)
refuses_value("ck_duty_policy_valid", "/valid_from", Text("时间不能为空", "must not be empty"))
