"""What the log of a pairing refuses, and the way out."""

from service.kit.problems import (
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    Text,
    ValidationFailed,
    refuses_missing,
    refuses_value,
)


class LogEntryNotFound(NotFound):
    """No such entry, or not visible."""

    code = "log-entry-not-found"
    title = Text("未找到该帮扶记录", "Log entry not found")


class NotOfThePair(Forbidden):
    """Only the mentor and the mentee keep their log."""

    code = "log-not-of-the-pair"
    title = Text("只有导师和徒弟本人可以填写和确认", "Only the two themselves keep their log")
    remedy = Text(
        "请由该结对的导师或徒弟用本人账号办理。",
        "The mentor or the mentee of the pairing does it from their own account.",
    )


class NotTheWriter(Forbidden):
    """Whoever wrote an entry corrects it."""

    code = "log-entry-not-the-writer"
    title = Text("只有填写人可以更正", "Only its writer corrects an entry")
    remedy = Text("请填写人更正后再确认。", "Ask the writer to correct it, then confirm it.")


class OwnLogEntry(Forbidden):
    """Nobody confirms what they wrote."""

    code = "log-entry-own"
    title = Text("不能确认自己填写的记录", "Nobody confirms their own entry")
    remedy = Text("请由结对的另一方确认。", "The other one of the two confirms it.")


class LogEntryConfirmed(Conflict):
    """It was confirmed already."""

    code = "log-entry-confirmed"
    title = Text("该记录已确认", "The entry was confirmed already")
    remedy = Text("无需再次确认。", "There is nothing more to confirm.")


class PairingNotActive(Conflict):
    """A log is kept while a pairing is active."""

    code = "pairing-not-active"
    title = Text("结对不在进行中", "The pairing is not active")
    remedy = Text(
        "仅进行中的结对可以填写或更正记录;尚未启动的请先启动。",
        "Entries are written and corrected while a pairing is active; activate it first.",
    )


class LogEntryInFuture(ValidationFailed):
    """The day is still to come."""

    code = "log-entry-in-future"
    title = Text("日期晚于今天", "The day is still to come")
    remedy = Text("请在活动进行之后填写。", "Write it once it has taken place.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/on_date", self.code, self.title)])


class LogEntryOutsidePairing(ValidationFailed):
    """The day is none of the pairing's."""

    code = "log-entry-outside-pairing"
    title = Text("日期不在结对起止日期内", "The day is none of the pairing's")
    remedy = Text("请核对日期,或改填对应的结对。", "Check the day, or choose the other pairing.")

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/on_date", self.code, self.title)])


class ObservedUnfit(ValidationFailed):
    """An observation says who was observed; nothing else does."""

    code = "log-entry-observed-unfit"
    title = Text("听课须注明听谁的课", "An observation says who was observed")
    remedy = Text(
        "听课请填 mentor 或 mentee,其他类型请留空。",
        "Give mentor or mentee for an observation; leave it out for everything else.",
    )

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/observed", self.code, self.title)])


class LogLessonUnfit(ValidationFailed):
    """The lesson is none of the two's on that day."""

    code = "log-entry-lesson-unfit"
    title = Text("所选课不是两人当天的课", "The lesson is none of theirs on that day")
    remedy = Text(
        "请选择导师或徒弟当天的课,听课时为被听课人的课,或留空并在主题中说明。",
        "Choose a lesson of that day, for an observation one of whoever was observed, or leave it "
        "out and describe it as the topic.",
    )

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("/lesson_id", self.code, self.title)])


_WORDS = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_log_entry_kind", "/kind", _WORDS)
refuses_value("ck_log_entry_observed", "/observed", _WORDS)
refuses_value("ck_log_entry_state", "/state", _WORDS)
refuses_value("ck_log_entry_confirmed", "/state", _WORDS)
refuses_value("ck_log_entry_score", "/score", Text("应在 0 至 100 之间", "must be 0 to 100"))
refuses_value("uq_log_entry_version", "/version", _WORDS)

refuses_missing("fk_log_entry_pairing", "/pairing_id")
refuses_missing("fk_log_entry_writer", "/written_by")
refuses_missing("fk_log_entry_lesson", "/lesson_id")
refuses_missing("fk_log_entry_version_entry", "/log_entry_id")
