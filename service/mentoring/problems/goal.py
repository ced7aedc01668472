"""What plans of goals and of growth refuse, and the way out."""

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


class GoalPlanNotFound(NotFound):
    """No such plan, or not visible."""

    code = "goal-plan-not-found"
    title = Text("未找到该学期目标", "Goal plan not found")


class GrowthPlanNotFound(NotFound):
    """No such plan, or not visible."""

    code = "growth-plan-not-found"
    title = Text("未找到该成长规划", "Growth plan not found")


class GoalPlanExists(Conflict):
    """The pair has a plan for this term."""

    code = "goal-plan-exists"
    title = Text("该结对本学期已有目标", "The pair has goals for this term")
    remedy = Text("请读取并修改已有的学期目标。", "Read the plan that is there and change it.")


class GrowthPlanExists(Conflict):
    """The mentee has a plan for some of these years."""

    code = "growth-plan-exists"
    title = Text("这几个学年已有成长规划", "There is a growth plan for some of these years")
    remedy = Text(
        "请修改已有的成长规划,或从其结束后的学年开始。",
        "Change the plan that is there, or begin in the year after it.",
    )


class GoalPairingOver(Conflict):
    """Goals are set and counted while a pairing is open."""

    code = "goal-pairing-over"
    title = Text("结对已结束,学期目标不再变动", "The pairing has ended: its goals stay")
    remedy = Text(
        "如已更换导师,请在新的结对中制定学期目标。",
        "Where the mentor was replaced, set goals in the new pairing.",
    )


class GoalTermUnfit(ValidationFailed):
    """The term has no day of the pairing."""

    code = "goal-term-unfit"
    title = Text("该学期不在结对的起止日期内", "The term has no day of the pairing")
    remedy = Text("请选择结对期间的学期。", "Choose a term of the pairing.")

    def __init__(self) -> None:
        message = Text("与结对的起止日期没有重合", "shares no day with the pairing")
        super().__init__(errors=[FieldError("/term_id", self.code, message)])


class GoalItemTwice(ValidationFailed):
    """Two items have the same name."""

    code = "goal-item-twice"
    title = Text("同一目标列了两次", "An item stands there twice")
    remedy = Text("请合并或改名。", "Put them together, or name them apart.")

    def __init__(self, *, place: int = 0) -> None:
        message = Text("与前面的目标同名", "has the name of another item")
        super().__init__(errors=[FieldError(f"/items/{place}/name", self.code, message)])


class NotOfTheMentee(Forbidden):
    """A growth plan is written by the mentee and the present mentors."""

    code = "growth-plan-not-of-the-mentee"
    title = Text(
        "只有徒弟本人及其现任导师可以制定成长规划",
        "The mentee and the present mentors write a growth plan",
    )
    remedy = Text(
        "请由徒弟或其导师用本人账号办理;尚未结对的请先结对。",
        "The mentee or a mentor does it from their own account; without a pairing, pair first.",
    )


refuses("uq_goal_plan_term", GoalPlanExists)
refuses("ex_growth_plan_mentee", GrowthPlanExists)
refuses_missing("fk_goal_plan_pairing", "/pairing_id")
refuses_missing("fk_goal_plan_term", "/term_id")
refuses_missing("fk_growth_plan_mentee", "/mentee_id")
refuses_value("ck_growth_plan_valid", "/first_year", Text("学年无效", "is no school year"))
