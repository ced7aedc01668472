"""What checking in and confirming refuse, and the way out."""

from datetime import datetime

from service.kit.problems import Conflict, Text, refuses, refuses_missing, refuses_value


class CheckInTooEarly(Conflict):
    """The time to check in has not come."""

    code = "check-in-too-early"
    title = Text("尚未到签到时间", "It is too early to check in")
    remedy = Text("请在 opens_at 之后签到。", "Check in after opens_at.")

    def __init__(self, *, opens_at: datetime | None = None) -> None:
        super().__init__(opens_at=opens_at and opens_at.isoformat())


class CheckInTooLate(Conflict):
    """The lesson is over."""

    code = "check-in-too-late"
    title = Text("签到时间已过", "It is too late to check in")
    remedy = Text(
        "请申请补签并说明原因,由受援校另一人审批。",
        "Ask for a late check-in with a reason; somebody else at the host school decides.",
    )


class CheckInTooFar(Conflict):
    """The place is too far from the gate."""

    code = "check-in-too-far"
    title = Text("签到位置离校门过远", "The place is too far from the gate")
    remedy = Text(
        "请到校门附近再签到;确已到校而定位不准的,可不带位置签到,或申请补签。",
        "Check in near the gate. If you are there and the position is wrong, check in without a"
        " position, or ask for a late check-in.",
    )

    def __init__(self, *, metres: int = 0, limit: int = 0) -> None:
        detail = Text(
            f"距校门约 {metres} 米,最多 {limit} 米。请到校门附近再签到;"
            "确已到校而定位不准的,可不带位置签到,或申请补签。",
            f"About {metres} metres from the gate; at most {limit}. Check in near the gate. If you"
            " are there, check in without a position, or ask for a late check-in.",
        )
        super().__init__(detail if limit else None, distance_metres=metres, limit_metres=limit)


class NotYourLesson(Conflict):
    """Somebody else teaches this lesson."""

    code = "not-your-lesson"
    title = Text("这节课不由您任教", "Somebody else teaches this lesson")
    remedy = Text(
        "只能为自己现在任教的课签到;已由他人代课的课由代课教师签到。",
        "Only the present teacher checks in; where somebody covers, they do.",
    )


class CheckedInAlready(Conflict):
    """The teacher has checked in, or asked for a late check-in."""

    code = "checked-in-already"
    title = Text("已签到或已申请补签", "Checked in already")
    remedy = Text(
        "无需再次签到;被驳回的补签可重新申请。", "Nothing to do; a refused one may be asked again."
    )


class CorrectionTooSoon(Conflict):
    """The teacher can still check in."""

    code = "correction-too-soon"
    title = Text("尚可正常签到", "The ordinary check-in is still possible")
    remedy = Text("请直接签到;课后方可申请补签。", "Check in; a late one is for after the lesson.")


class NoCorrection(Conflict):
    """No late check-in waits for a decision."""

    code = "no-correction"
    title = Text("没有待审批的补签", "No late check-in waits for a decision")
    remedy = Text("请刷新后查看其当前状态。", "Read it again to see its present state.")


class LessonNotOver(Conflict):
    """The lesson has not ended."""

    code = "lesson-not-over"
    title = Text("该课尚未结束", "The lesson has not ended")
    remedy = Text("请在下课之后确认。", "Confirm it after its end.")


class LessonNotTaught(Conflict):
    """Nobody taught the lesson: it had no cover, was merged, or was self-study."""

    code = "lesson-not-taught"
    title = Text("该课无人单独任教", "Nobody taught this lesson")
    remedy = Text(
        "待代课、合班与自习的课不计课时,无需确认。",
        "Lessons without cover, merged ones and self-study do not count.",
    )


class LessonAtHome(Conflict):
    """The teacher taught at their own school: nothing to confirm."""

    code = "lesson-at-home"
    title = Text("本校教师在本校的课无需确认", "The teacher's own school needs no confirmation")
    remedy = Text(
        "只有外校教师来校任教的课需要确认。", "Only lessons of visiting teachers are confirmed."
    )


class AttendanceSettled(Conflict):
    """The host school has said its word, or the group office has decided."""

    code = "attendance-settled"
    title = Text("该课的确认状态不允许此操作", "The lesson has been dealt with")
    remedy = Text(
        "已确认的课如有异议请提出争议;争议由集团办公室裁定。",
        "If a confirmed lesson is wrong, dispute it; the group office decides.",
    )


class LessonConfirmed(Conflict):
    """The host school has confirmed the lesson: it is a fact now."""

    code = "lesson-confirmed"
    title = Text("该课已由受援校确认", "The host school has confirmed the lesson")
    remedy = Text(
        "已确认的课不能调课、停课或换课;如确认有误,请先提出争议。",
        "A confirmed lesson is not moved, cancelled or swapped; if it is wrong, dispute it.",
    )


class MonthFrozen(Conflict):
    """The teacher's month is settled: its lessons are confirmed no more."""

    code = "month-frozen"
    title = Text("该教师当月课时已结算", "The teacher's month is settled")
    remedy = Text(
        "不再修改已结算月份;请在以后月份的结算单中添加更正行。",
        "A settled month is not changed; add a correction line to a later statement.",
    )


refuses("uq_attendance_lesson", CheckedInAlready)
refuses("uq_closed_month", MonthFrozen)
refuses_missing("fk_attendance_lesson", "/lesson_id")
refuses_missing("fk_attendance_teacher", "/teacher_id")
refuses_missing("fk_attendance_school", "/school_id")
refuses_missing("fk_attendance_home", "/home_school_id")
refuses_missing("fk_closed_month_teacher", "/teacher_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_attendance_state", "/state", _LISTED)
refuses_value("ck_attendance_correction", "/correction", _LISTED)
refuses_value(
    "ck_attendance_distance", "/distance_metres", Text("不能为负", "must not be negative")
)
refuses_value(
    "ck_attendance_confirmed", "/confirmed_at", Text("须有确认时间", "needs the time of it")
)
refuses_value("ck_closed_month_first", "/month", Text("应为当月一日", "must be a first of month"))
