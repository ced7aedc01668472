"""What workload refuses, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class RateNotFound(NotFound):
    """No such rate."""

    code = "rate-not-found"
    title = Text("未找到该补贴标准", "Rate not found")


class RateOverlaps(Conflict):
    """Another rate of this kind holds at that time."""

    code = "rate-overlaps"
    title = Text("同类补贴标准的生效时间重叠", "Another rate of this kind holds at that time")
    remedy = Text(
        "请先为原标准设定失效日期,或调整新标准的生效日期、里程段。",
        "End the other rate first, or change the days or the distance band of this one.",
    )


class RateOver(Conflict):
    """The rate has ended already."""

    code = "rate-over"
    title = Text("该标准已失效", "The rate has ended already")
    remedy = Text("请为新的时段另设标准。", "Enter another rate for another time.")


class CoefficientNotFound(NotFound):
    """No such coefficient."""

    code = "coefficient-not-found"
    title = Text("未找到该课时系数", "Coefficient not found")


class CoefficientOverlaps(Conflict):
    """Another coefficient for the same lessons holds at that time."""

    code = "coefficient-overlaps"
    title = Text("同一学科学段的课时系数时间重叠", "Another coefficient holds at that time")
    remedy = Text(
        "请先为原系数设定失效日期,再设新系数。", "End the other one first, then enter this."
    )


class StatementNotFound(NotFound):
    """No such statement, or not visible."""

    code = "statement-not-found"
    title = Text("未找到该结算单", "Statement not found")


class StatementMoved(Conflict):
    """The statement is in another state."""

    code = "statement-moved"
    title = Text("结算单的当前状态不允许此操作", "The statement is in another state")
    remedy = Text(
        "请刷新后按当前状态操作:草稿可提交,已提交可审批或退回,已审批可封存或退回,已封存只能在以后月份更正。",
        "Read it again: a draft is submitted, a submitted one approved or returned, an approved "
        "one frozen or returned; what is frozen is corrected in a later month.",
    )


class StatementOutdated(Conflict):
    """The confirmed items have changed since the statement was drawn."""

    code = "statement-outdated"
    title = Text("确认的课时或标准已变,结算单不再一致", "The confirmed items have changed")
    remedy = Text(
        "请退回为草稿(如已提交)并重新生成,再提交审批。",
        "Return it to draft if it was submitted, draw it anew, and submit it again.",
    )


class MonthNotOver(Conflict):
    """The month has not ended."""

    code = "month-not-over"
    title = Text("该月尚未结束", "The month has not ended")
    remedy = Text("可先生成草稿查看;月末之后再提交。", "Look at a draft; submit after its end.")


class NothingToCorrect(Conflict):
    """The month is not settled: its lessons can still be confirmed."""

    code = "nothing-to-correct"
    title = Text("该月尚未结算,无需更正", "That month is not settled")
    remedy = Text(
        "请直接确认该月的课并重新生成结算单;已结算月份才以更正行处理。",
        "Confirm the lessons and draw its statement anew; only settled months are corrected.",
    )


refuses("ex_allowance_rate", RateOverlaps)
refuses("ex_lesson_coefficient", CoefficientOverlaps)
refuses("uq_statement_teacher", StatementMoved)
refuses("uq_statement_line_item", StatementMoved)
refuses_missing("fk_statement_teacher", "/teacher_id")
refuses_missing("fk_statement_home", "/home_school_id")
refuses_missing("fk_statement_line_statement", "/statement_id")
refuses_missing("fk_statement_line_school", "/school_id")
refuses_missing("fk_statement_line_lesson", "/lesson_id")
refuses_missing("fk_statement_line_corrects", "/month")
refuses_missing("fk_statement_line_rate", "/rate_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_allowance_rate_kind", "/kind", _LISTED)
refuses_value("ck_allowance_rate_amount", "/amount", Text("不能为负", "must not be negative"))
refuses_value("ck_allowance_rate_valid", "/valid_until", Text("应晚于生效日期", "must be later"))
refuses_value("ck_allowance_rate_band", "/km_until", Text("里程段不能为空", "must not be empty"))
refuses_value("ck_lesson_coefficient_factor", "/factor", Text("应为 0–5", "must be 0 to 5"))
refuses_value(
    "ck_lesson_coefficient_valid", "/valid_until", Text("应晚于生效日期", "must be later")
)
refuses_value("ck_statement_state", "/state", _LISTED)
refuses_value("ck_statement_month", "/month", Text("应为当月一日", "must be a first of month"))
refuses_value("ck_statement_line_kind", "/kind", _LISTED)
refuses_value(
    "ck_statement_line_amount", "/amount", Text("超出标准金额", "exceeds what the rate gives")
)
refuses_value(
    "ck_statement_line_item", "/lesson_id", Text("须对应已确认的课", "needs a confirmed lesson")
)
