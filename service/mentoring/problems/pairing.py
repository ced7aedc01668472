"""What mentoring refuses, and the way out."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

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

    def __init__(self, *, pointer: str = "/mentee_id") -> None:
        message = Text("导师与徒弟是同一人", "is mentor and mentee at once")
        super().__init__(errors=[FieldError(pointer, self.code, message)])


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
        "提议由双方接受后方可签署协议和启动;启动后可以更换导师或结束;已结束的结对不能再变动。",
        "Both accept a proposal, then it is signed and activated; what is active can be handed to "
        "another mentor or end; what ended stays.",
    )

    def __init__(self, *, state: str = "", act: str = "") -> None:
        super().__init__(state=state, act=act)


class AgreementUnsigned(Conflict):
    """The programme asks for both signatures before a pairing begins."""

    code = "agreement-unsigned"
    title = Text("结对协议尚未由双方签署", "The agreement is not signed by both")
    remedy = Text(
        "本期帮扶项目要求签署协议后启动:请导师与徒弟先用本人账号签署。",
        "The programme asks for it: let mentor and mentee sign from their own accounts first.",
    )


class AgreementOutdated(Conflict):
    """The agreement was read in another text than the one to be signed."""

    code = "agreement-outdated"
    title = Text("协议文本已更新", "The agreement has another text by now")
    remedy = Text(
        "请重新阅读协议,再按其中的 text_number 签署。",
        "Read the agreement again and sign the text_number it names.",
    )

    def __init__(self, *, text_number: int = 0) -> None:
        message = Text(f"应为 {text_number}", f"is {text_number} now")
        errors = [FieldError("/text_number", self.code, message)]
        super().__init__(errors=errors, text_number=text_number)


class SameMentor(ValidationFailed):
    """Somebody is to be replaced by themselves."""

    code = "same-mentor"
    title = Text("接任的导师就是现任导师", "Nobody is replaced by themselves")
    remedy = Text("请另选导师。", "Choose another mentor.")

    def __init__(self) -> None:
        message = Text("与现任导师是同一人", "is the mentor already")
        super().__init__(errors=[FieldError("/mentor_id", self.code, message)])


class ReplacementPending(Conflict):
    """Another mentor is to take over already."""

    code = "replacement-pending"
    title = Text("该结对已在更换导师", "Another mentor is to take over already")
    remedy = Text(
        "请先启动接任的结对,或将其结束(撤回)后再操作。",
        "Activate the pairing that is to follow, or end it, before you go on.",
    )

    def __init__(self, *, pairing_id: UUID | None = None) -> None:
        super().__init__(pairing_id=str(pairing_id) if pairing_id else None)


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
refuses("ck_pairing_signed", PairingStateUnfit)
refuses("uq_pairing_replaces", ReplacementPending)
refuses("uq_agreement_text_number", AgreementOutdated)

refuses_missing("fk_pairing_replaces", "/pairing_id")
refuses_missing("fk_pairing_agreement_text", "/text_number")

refuses_missing("fk_pairing_mentor", "/mentor_id")
refuses_missing("fk_pairing_mentee", "/mentee_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_pairing_state", "/state", _LISTED)
refuses_value("ck_agreement_text_number", "/number", _LISTED)
refuses_value("ck_pairing_end_reason", "/reason", _LISTED)
refuses_value("ck_pairing_valid", "/valid_until", Text("应晚于开始日期", "must be after the first"))
