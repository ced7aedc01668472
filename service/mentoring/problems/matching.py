"""What matchings refuse, and the way out."""

from collections.abc import Sequence

from service.kit.problems import (
    Conflict,
    FieldError,
    NotFound,
    Text,
    ValidationFailed,
    refuses_missing,
    refuses_value,
)


class MatchingNotFound(NotFound):
    """No such matching, or not visible."""

    code = "mentoring-matching-not-found"
    title = Text("未找到该匹配结果", "Matching not found")


class NotInCohort(NotFound):
    """The teacher is nobody whom the programme concerns."""

    code = "not-in-cohort"
    title = Text("该教师不是项目的帮扶对象", "The teacher is not in the programme's cohort")


class MatchingNotReady(Conflict):
    """The run has no result to accept."""

    code = "mentoring-matching-not-ready"
    title = Text("该匹配尚无可采用的结果", "The matching has no result to accept")
    remedy = Text(
        "状态为“完成”且尚未采用的匹配可以采用;已过时或失败的请重新发起。",
        "One that is done and not accepted yet can be; start another for one that is not.",
    )

    def __init__(self, *, state: str = "") -> None:
        super().__init__(state=state)


class MatchingDaysUnfit(ValidationFailed):
    """The days of the pairings are not within the programme's year."""

    code = "matching-days-unfit"
    title = Text("结对起止日期不在项目学年之内", "The days are not within the programme's year")
    remedy = Text("请选择学年之内的起止日期。", "Choose days within the school year.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/valid_from", self.code, self.title)])


class GroundChanged(Conflict):
    """What the matching was built on is no longer so; ``errors`` names who changed."""

    code = "matching-ground-changed"
    title = Text("匹配之后情况已有变化", "Things have changed since the matching")
    remedy = Text(
        "请按 errors 核对变化的教师,并重新发起匹配;本次没有任何结对被建立。",
        "See in errors who changed, and match anew; no pairing was made.",
    )

    def __init__(self, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(errors=errors)


class PinUnfit(ValidationFailed):
    """A pinned pair cannot be; ``errors`` says why."""

    code = "pinned-pair-unfit"
    title = Text("指定的结对不成立", "A pinned pair cannot be")
    remedy = Text("请按 errors 修改或去掉指定的结对。", "Correct or leave out the pairs named.")

    def __init__(self, *, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(errors=errors)


refuses_missing("fk_mentoring_matching_programme", "/programme_id")
refuses_missing("fk_matching_choice_matching", "/matching_id")
refuses_missing("fk_matching_choice_mentee", "/mentee_id")
refuses_missing("fk_matching_choice_mentor", "/mentor_id")

refuses_value(
    "ck_mentoring_matching_state",
    "/state",
    Text("取值不在允许范围内", "is none of the allowed values"),
)
refuses_value(
    "ck_mentoring_matching_valid",
    "/valid_until",
    Text("应晚于开始日期", "must be after the first day"),
)
refuses_value("uq_matching_choice", "/role", Text("同一角色出现了两次", "stands there twice"))
refuses_value("ck_matching_choice_mentor", "/mentor_id", Text("不能为空", "must not be empty"))
