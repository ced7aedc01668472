"""What visits refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    FieldError,
    NotFound,
    Text,
    ValidationFailed,
    refuses_missing,
    refuses_value,
)


class VisitNotFound(NotFound):
    """No such visit, or not visible."""

    code = "visit-not-found"
    title = Text("未找到该到校指导", "Visit not found")


class VisitUnfit(ValidationFailed):
    """The time, the place or the lesson of a visit does not fit; ``errors`` says what."""

    code = "visit-unfit"
    title = Text("到校指导的安排不符合要求", "The visit cannot be planned so")
    remedy = Text(
        "可用时间见“可安排到校指导的时间”。",
        "The pairing's visit slots say when it could be.",
    )

    def __init__(self, *, pointer: str = "/starts_at", message: Text | None = None) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, message or self.title)])


class VisitOver(Conflict):
    """The visit has begun, or was cancelled."""

    code = "visit-over"
    title = Text("到校指导已开始或已取消", "The visit has begun or was cancelled")
    remedy = Text(
        "只有尚未开始的到校指导可以取消;没有成行的,请在帮扶记录中说明。",
        "Only what has not begun is cancelled; what did not happen is said in the log.",
    )


refuses_missing("fk_visit_pairing", "/pairing_id")
refuses_missing("fk_visit_campus", "/campus_id")
refuses_missing("fk_visit_lesson", "/lesson_id")

refuses_value("ck_visit_state", "/state", Text("取值不在允许范围内", "is none of the values"))
refuses_value("ck_visit_times", "/ends_at", Text("应晚于开始时间", "must be after its beginning"))
