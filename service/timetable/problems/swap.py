"""What a swap refuses, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class SwapNotFound(NotFound):
    """No such swap, or not visible."""

    code = "swap-not-found"
    title = Text("未找到该换课申请", "Swap not found")


class SwapOver(Conflict):
    """The swap has been answered, decided, carried out or taken back already."""

    code = "swap-over"
    title = Text("该换课申请现在不能这样处理", "The swap is not open to this now")
    remedy = Text(
        "请查看其当前状态:待同意的须等各位教师同意;已同意、已审批或已结束的无需重复操作。",
        "See its present state: while it is proposed, all its teachers have to consent first; what "
        "was consented to, decided or ended needs nothing more.",
    )


class SwapWithOneself(Conflict):
    """Two of the lessons have the same teacher."""

    code = "swap-with-oneself"
    title = Text("不能与自己换课", "Nobody swaps with themselves")
    remedy = Text("要调动自己的课,请使用调课。", "To change your own lesson's time, move it.")


class SwapAcrossTerms(Conflict):
    """The lessons lie in different terms."""

    code = "swap-across-terms"
    title = Text("不能跨学期换课", "Lessons of different terms cannot be swapped")
    remedy = Text("请选择同一学期的课。", "Choose lessons of one term.")


class SwapApart(Conflict):
    """The lessons are not at one campus, or not of one stage: their bells differ."""

    code = "swap-apart"
    title = Text("换课须在同一校区、同一学段", "The lessons are not at one campus and stage")
    remedy = Text(
        "请从可换课列表中选择;不同校区的课请使用调课。",
        "Choose from the swap partners; move lessons of different campuses one by one.",
    )


class LessonInSwap(Conflict):
    """One of the lessons is in an open swap."""

    code = "lesson-in-swap"
    title = Text("该课已有未完成的换课申请", "The lesson is in an open swap")
    remedy = Text("请先撤回或完成原换课申请。", "Withdraw or finish that swap first.")


class LessonLookedAfter(Conflict):
    """One of the lessons has a substitute, is merged, or is self-study."""

    code = "lesson-looked-after"
    title = Text("该课已有代课、合班或自习安排", "The lesson's cover has been arranged")
    remedy = Text("请先撤销该代课安排。", "Release the cover first.")


class SwapOutdated(Conflict):
    """One of the lessons has another time or teacher than when the swap was proposed."""

    code = "swap-outdated"
    title = Text("申请后课程已变动", "A lesson has changed since the swap was proposed")
    remedy = Text("请按现在的课表重新申请换课。", "Propose the swap anew.")


class UndoTooLate(Conflict):
    """A swap can be undone only on the day on which it was carried out."""

    code = "undo-too-late"
    title = Text("换课只能在生效当日撤销", "A swap can be undone only on its own day")
    remedy = Text("如需换回,请重新申请换课。", "To change back, propose another swap.")


refuses("uq_swap_leg_lesson", LessonInSwap)
refuses("uq_swap_leg_place", SwapOver)
refuses_missing("fk_swap_campus", "/lesson_ids")
refuses_missing("fk_swap_leg_swap", "/swap_id")
refuses_missing("fk_swap_leg_lesson", "/lesson_ids")
refuses_missing("fk_swap_leg_teacher", "/lesson_ids")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_swap_state", "/state", _LISTED)
refuses_value("ck_swap_leg_place", "/lesson_ids", Text("应为二至三节课", "two or three lessons"))
