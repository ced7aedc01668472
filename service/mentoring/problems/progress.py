"""What questions about progress are refused, and the way out."""

from service.kit.problems import FieldError, Text, ValidationFailed


class TermUnfit(ValidationFailed):
    """Progress is counted by the term, and this one does not go with what is asked about."""

    code = "mentoring-term-unfit"
    title = Text("学期不符合要求", "The term does not fit")
    remedy = Text(
        "请选择与结对起止日期相交、且属于项目所属学年的学期;该学年尚无学期的,请先在校历中设置。",
        "Choose a term of the programme's year in which the pairing has a day; where the year has "
        "no terms yet, set them up in the calendar.",
    )

    def __init__(self) -> None:
        super().__init__(errors=[FieldError("query/term_id", self.code, self.title)])
