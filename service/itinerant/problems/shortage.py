"""What shortages and offers refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class ShortageNotFound(NotFound):
    """No such shortage, or not visible."""

    code = "shortage-not-found"
    title = Text("未找到该紧缺需求", "Shortage not found")


class ShortageOfferNotFound(NotFound):
    """No such offer, or not visible."""

    code = "shortage-offer-not-found"
    title = Text("未找到该走教邀请", "Offer not found")


class ShortageStateUnfit(Conflict):
    """The shortage is past this."""

    code = "shortage-state-unfit"
    title = Text("紧缺需求当前状态不允许此操作", "The state of the shortage does not allow this")
    remedy = Text(
        "已提交的可以修改、批准、关闭;已批准的可以修改(须重新批准)或邀请教师;有未答复邀请时请先撤回"
        "邀请再修改或关闭。",
        "Submitted: change, approve or close it. Approved: offer it to teachers, or change it and"
        " have it approved anew. With open offers: withdraw those before you change or close it.",
    )

    def __init__(self, *, state: str = "", step: str = "") -> None:
        super().__init__(state=state, step=step)


class OfferOver(Conflict):
    """The offer was answered or withdrawn, or this was said already."""

    code = "shortage-offer-over"
    title = Text("该邀请已处理", "The offer was answered or withdrawn already")
    remedy = Text("请刷新后查看其当前状态。", "Read it again to see its present state.")

    def __init__(self, *, state: str = "") -> None:
        super().__init__(state=state)


class OfferExpired(Conflict):
    """The time to answer is over."""

    code = "shortage-offer-expired"
    title = Text("该邀请已过期", "The offer has expired")
    remedy = Text("请集团办公室重新发出邀请。", "Ask the group's office for another offer.")


class TeacherTaken(Conflict):
    """Another offer or assignment took the teacher's time first."""

    code = "teacher-taken"
    title = Text(
        "该教师此时段已被占用或已被邀请", "The teacher's time is taken or held by another offer"
    )
    remedy = Text(
        "请看 conflicts 中的时段,改选其他节次或其他教师。",
        "See conflicts for the times; choose other periods or another teacher.",
    )


class OfferMade(Conflict):
    """The teacher has an open offer of this shortage."""

    code = "shortage-offer-made"
    title = Text("该教师已有此需求的未答复邀请", "The teacher has an open offer of this shortage")
    remedy = Text("请等待答复,或先撤回原邀请。", "Wait for the answer, or withdraw that one.")


refuses("uq_shortage_offer_teacher", OfferMade)

refuses_missing("fk_shortage_school", "/school_id")
refuses_missing("fk_shortage_campus", "/campus_id")
refuses_missing("fk_shortage_group", "/group_id")
refuses_missing("fk_shortage_term", "/term_id")
refuses_missing("fk_shortage_offer_shortage", "/shortage_id")
refuses_missing("fk_shortage_offer_teacher", "/teacher_id")
refuses_missing("fk_shortage_offer_home_school", "/teacher_id")
refuses_missing("fk_shortage_offer_assignment", "/assignment_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_shortage_state", "/state", _LISTED)
refuses_value("ck_shortage_urgency", "/urgency", _LISTED)
refuses_value("ck_shortage_stage", "/stage", _LISTED)
refuses_value(
    "ck_shortage_lessons", "/lessons_per_week", Text("应为 1–40", "must be between 1 and 40")
)
refuses_value(
    "ck_shortage_half_days", "/half_days", Text("至少一个半天", "name one half-day at least")
)
refuses_value(
    "ck_shortage_valid", "/valid_until", Text("应晚于起始日期", "must be after the first day")
)
refuses_value("ck_shortage_offer_state", "/state", _LISTED)
refuses_value(
    "ck_shortage_offer_valid", "/valid_until", Text("应晚于起始日期", "must be after the first day")
)
refuses_value(
    "ck_shortage_offer_accepted",
    "/state",
    Text("各方同意后才能接受", "is accepted when everybody has agreed"),
)
