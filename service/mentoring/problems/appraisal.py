"""What appraisals refuse, and the way out."""

from collections.abc import Sequence

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


class AppraisalNotFound(NotFound):
    """No such appraisal, or not visible."""

    code = "appraisal-not-found"
    title = Text("未找到该考核", "Appraisal not found")


class AppraisalExists(Conflict):
    """A pairing is appraised once at midterm and once at the end."""

    code = "appraisal-exists"
    title = Text("该结对已有此项考核", "The pairing has this appraisal already")
    remedy = Text("请在已有的考核中填写评价。", "Use the one that there is.")


class AppraisalUntimely(Conflict):
    """The pairing's state does not allow this appraisal."""

    code = "appraisal-untimely"
    title = Text("结对当前状态不能开展此项考核", "The pairing cannot be appraised so now")
    remedy = Text(
        "中期考核只用于进行中的结对;终期考核用于进行中或启动过、现已结束的结对。",
        "A midterm appraisal is for active pairings; a final one also for those that were active.",
    )


class NotYoursToAppraise(Forbidden):
    """The mentee and the mentor each speak for themselves."""

    code = "appraisal-not-of-the-pair"
    title = Text("只有导师和徒弟本人可以填写各自的评价", "Only the two themselves say this")
    remedy = Text(
        "请由该结对的徒弟(自评)或导师(导师评)用本人账号填写;学校评价由徒弟所在学校填写。",
        "The mentee and the mentor each do it from their own account; the mentee's school has an "
        "operation of its own.",
    )


class SchoolVoiceOfThePair(Forbidden):
    """Who is one of the two does not speak for the school as well."""

    code = "appraisal-school-voice-of-the-pair"
    title = Text("导师或徒弟本人不能代表学校评价", "One of the two cannot speak for the school")
    remedy = Text("请由学校的其他管理人员填写。", "Let somebody else of the school's office do it.")


class AppraisalOver(Conflict):
    """What is concluded stays as it is."""

    code = "appraisal-concluded"
    title = Text("考核已办结,不能再修改", "The appraisal is concluded and stays as it is")
    remedy = Text("请查看考核结果。", "Read the result.")


class ScoresUnfit(ValidationFailed):
    """Each criterion gets one score, and nothing else does."""

    code = "appraisal-scores-unfit"
    title = Text("评分与考核指标不一致", "The scores do not fit the criteria")
    remedy = Text(
        "请为每项考核指标各评一个分数,不多不少。", "Give each criterion of the rubric one score."
    )

    def __init__(self, *, missing: Sequence[str] = (), unknown: Sequence[str] = ()) -> None:
        lacks = Text("缺少该指标的评分", "has no score")
        extra = Text("不是本次考核的指标", "is no criterion of this appraisal")
        super().__init__(
            errors=[
                *(FieldError(f"/scores/{code}", "missing", lacks) for code in missing),
                *(FieldError(f"/scores/{code}", "unknown", extra) for code in unknown),
            ]
        )


class VoicesMissing(Conflict):
    """Not everybody has spoken, and nobody said why."""

    code = "appraisal-voices-missing"
    title = Text("评价尚未收齐", "Not everybody has spoken yet")
    remedy = Text(
        "请等各方填写;确实无法收齐的(如导师已离任),请在 note 中说明原因后办结。",
        "Wait for those named in missing; where one cannot speak any more, say why in note.",
    )

    def __init__(self, *, missing: Sequence[str] = ()) -> None:
        super().__init__(missing=list(missing))


class NothingToConclude(Conflict):
    """Nobody but the mentee has spoken."""

    code = "appraisal-nothing-to-conclude"
    title = Text("仅有自评,不能办结", "There is nothing beside the mentee's own words")
    remedy = Text("至少须有导师或学校的评价。", "The mentor or the school has to speak first.")


class OutstandingUnfit(Conflict):
    """Only what was judged excellent in the end is outstanding."""

    code = "appraisal-outstanding-unfit"
    title = Text("不能评为优秀结对", "This pairing cannot be named outstanding")
    remedy = Text(
        "仅终期考核已办结且等次为优秀的结对可以评为优秀结对。",
        "It takes a final appraisal that is concluded as excellent.",
    )


class RubricUnfit(ValidationFailed):
    """The rubric of a programme does not add up."""

    code = "mentoring-rubric-unfit"
    title = Text("考核办法不符合要求", "The rubric does not fit")
    remedy = Text(
        "指标代码不得重复,指标权重之和、三方权重之和各为 100,等次分数线须由高到低。",
        "Codes stand there once, weights add up to 100, and the bounds of grades go down.",
    )

    def __init__(self, *, pointer: str = "/rubric", message: Text | None = None) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, message or self.title)])


_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses("uq_appraisal_kind", AppraisalExists)
refuses("ck_appraisal_outstanding", OutstandingUnfit)

refuses_missing("fk_appraisal_pairing", "/pairing_id")

refuses_value("ck_appraisal_kind", "/kind", _LISTED)
refuses_value("ck_appraisal_state", "/state", _LISTED)
refuses_value("ck_appraisal_grade", "/grade", _LISTED)
refuses_value("ck_appraisal_score", "/score", Text("应在 0 至 100 之间", "must be 0 to 100"))
refuses_value("ck_appraisal_concluded", "/state", _LISTED)
