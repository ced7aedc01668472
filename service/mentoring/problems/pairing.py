"""What mentoring refuses, and the way out."""

from collections.abc import Sequence
from datetime import date

from service.kit.problems import (
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    Text,
    ValidationFailed,
    refuses,
    refuses_missing,
    refuses_value,
)


class PairingNotFound(NotFound):
    """No such pairing, or not visible."""

    code = "pairing-not-found"
    title = Text("未找到该师徒结对", "Pairing not found")


class MenteeNotFound(NotFound):
    """No such teacher, or not visible, or nobody's mentee."""

    code = "mentee-not-found"
    title = Text("未找到该徒弟", "Mentee not found")


class NotOneOfTheTwo(Forbidden):
    """Only the mentor and the mentee answer a proposal, each for themselves."""

    code = "not-one-of-the-two"
    title = Text("只有导师和徒弟本人可以答复", "Only the two themselves answer")
    remedy = Text(
        "请由导师或徒弟用本人账号答复;撤回提议请用“结束结对”。",
        "The mentor or the mentee answers from their own account; to take a proposal back, end it.",
    )


class SelfMentoring(ValidationFailed):
    """Mentor and mentee are the same person."""

    code = "self-mentoring"
    title = Text("导师和徒弟不能是同一人", "Nobody mentors oneself")
    remedy = Text("请另选导师。", "Choose another mentor.")

    def __init__(self) -> None:
        message = Text("与导师是同一人", "is the mentor as well")
        super().__init__(errors=[FieldError("/mentee_id", self.code, message)])


class UnknownRole(ValidationFailed):
    """The role is not in the district's list."""

    code = "unknown-role"
    title = Text("导师角色不在本区代码表中", "The role is not in the district's list")
    remedy = Text(
        "可用角色见 GET /v1/code-lists 中的 mentor_role。",
        "The roles stand under mentor_role in GET /v1/code-lists.",
    )

    def __init__(self, *, pointer: str = "/role") -> None:
        super().__init__(
            errors=[FieldError(pointer, "unknown", Text("未登记的角色", "is not listed"))]
        )


class MentorUnfit(Conflict):
    """The mentor does not fit; ``errors`` says why."""

    code = "mentor-unfit"
    title = Text("该教师不能担任这位徒弟的导师", "The teacher cannot be this mentee's mentor")
    remedy = Text(
        "请按 errors 另选导师、调整起止日期或角色,或补全教师的任教学科与教龄。",
        "Choose another mentor, other days or another role, or complete what is known of them.",
    )

    def __init__(self, *, lacks: Sequence[tuple[str, Text]] = ()) -> None:
        super().__init__(errors=[FieldError("/mentor_id", code, words) for code, words in lacks])


class MentorFull(Conflict):
    """All of the mentor's places are taken on some day."""

    code = "mentor-full"
    title = Text("该导师的带教名额已满", "All places of the mentor are taken")
    remedy = Text(
        "请另选导师,或先结束该导师的其他结对。提议中的结对同样占用名额。",
        "Choose another mentor, or end one of the mentor's pairings; proposals hold a place too.",
    )

    def __init__(self, *, capacity: int = 0) -> None:
        detail = Text(f"名额为 {capacity} 人。", f"There are {capacity} places.")
        super().__init__(detail if capacity else None, capacity=capacity)


class RoleTaken(Conflict):
    """The mentee has an active mentor in this role for that time."""

    code = "mentor-role-taken"
    title = Text("该徒弟在此角色上已有导师", "The mentee has a mentor in this role")
    remedy = Text(
        "同一角色同一时间只有一位导师;请先结束原结对。",
        "There is one mentor per role at a time; end the former pairing first.",
    )


class PairedAlready(Conflict):
    """The two have a pairing for that time already, in this or another role."""

    code = "paired-already"
    title = Text("两人在该时段已有结对", "The two are paired for that time already")
    remedy = Text(
        "一位导师不能以两种角色带同一位徒弟;请另选导师。",
        "Nobody mentors the same person in two roles; choose another mentor.",
    )


class PairingStateUnfit(Conflict):
    """The pairing's state does not allow this."""

    code = "pairing-state-unfit"
    title = Text("结对当前状态不允许此操作", "The state of the pairing does not allow this")
    remedy = Text(
        "提议由双方接受后方可启动;启动后可以结束;已结束的结对不能再变动。",
        "Both accept a proposal, then it is activated; what is active can end; what ended stays.",
    )

    def __init__(self, *, state: str = "", act: str = "") -> None:
        super().__init__(state=state, act=act)


class PairingNotBegun(Conflict):
    """Today is not one of the pairing's days."""

    code = "pairing-not-in-its-days"
    title = Text("今天不在结对的起止日期内", "Today is not one of the pairing's days")
    remedy = Text(
        "请在开始日期当天或之后启动,或先修改起止日期。",
        "Activate it from its first day on, or change its days first.",
    )

    def __init__(self, *, valid_from: date | None = None, valid_until: date | None = None) -> None:
        super().__init__(
            valid_from=valid_from.isoformat() if valid_from else None,
            valid_until=valid_until.isoformat() if valid_until else None,
        )


class EndUnfit(ValidationFailed):
    """The day or the reason of an end does not fit the pairing."""

    code = "pairing-end-unfit"
    title = Text("结束日期或原因不符合要求", "The day or the reason does not fit")

    def __init__(self, *, pointer: str = "/on", message: Text | None = None) -> None:
        words = message or self.title
        super().__init__(errors=[FieldError(pointer, self.code, words)])


refuses("ex_pairing_role", RoleTaken)
refuses("ex_pairing_persons", PairedAlready)
refuses("ck_pairing_oneself", SelfMentoring)
refuses("ck_pairing_accepted", PairingStateUnfit)
refuses("ck_pairing_end", PairingStateUnfit)

refuses_missing("fk_pairing_mentor", "/mentor_id")
refuses_missing("fk_pairing_mentee", "/mentee_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_pairing_state", "/state", _LISTED)
refuses_value("ck_pairing_end_reason", "/reason", _LISTED)
refuses_value("ck_pairing_valid", "/valid_until", Text("应晚于开始日期", "must be after the first"))
