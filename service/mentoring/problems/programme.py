"""What mentoring programmes refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    FieldError,
    NotFound,
    Text,
    ValidationFailed,
    refuses,
    refuses_missing,
    refuses_value,
)


class ProgrammeNotFound(NotFound):
    """No such programme, or not visible."""

    code = "mentoring-programme-not-found"
    title = Text("未找到该帮扶项目", "Mentoring programme not found")


class EntryNotFound(NotFound):
    """Nobody decided anything about this teacher in the programme."""

    code = "programme-entry-not-found"
    title = Text("该教师在项目中没有个别认定", "Nothing was decided about this teacher")


class TeacherOutOfScope(Conflict):
    """The teacher works at no school of the programme's group."""

    code = "teacher-out-of-scope"
    title = Text("该教师不在项目范围内", "The teacher is outside the programme's scope")
    remedy = Text(
        "集团项目只涉及当日成员校的教师;其他教师请在所属集团或全区项目中认定。",
        "A group's programme is about teachers of its members; use the district's for others.",
    )


class ProgrammeStateUnfit(Conflict):
    """The programme's state does not allow this."""

    code = "mentoring-programme-state-unfit"
    title = Text("帮扶项目当前状态不允许此操作", "The state of the programme does not allow this")
    remedy = Text(
        "草稿可以修改和开放;开放中的可以调整标准和关闭;已关闭的不能再变动。",
        "A draft is changed and opened; what is open is adjusted and closed; what is closed stays.",
    )

    def __init__(self, *, state: str = "", step: str = "") -> None:
        super().__init__(state=state, step=step)


class ProgrammeOpenAlready(Conflict):
    """There is an open programme for this school year and scope."""

    code = "mentoring-programme-open-already"
    title = Text("该学年、该范围已有开放的帮扶项目", "Another programme is open for this scope")
    remedy = Text(
        "请在原项目中调整标准,或先将其关闭。", "Adjust the standard of that one, or close it first."
    )


class StandardUnfit(ValidationFailed):
    """The day from which a standard should hold does not fit."""

    code = "mentoring-standard-unfit"
    title = Text("标准的生效日期不符合要求", "The day does not fit")
    remedy = Text(
        "请选择学年之内、今天或以后的日期。", "Choose a day within the year, from today on."
    )

    def __init__(self, *, message: Text | None = None) -> None:
        error = FieldError("/effective_from", self.code, message or self.title)
        super().__init__(errors=[error])


class RolesUnfit(ValidationFailed):
    """The list of roles cannot be filled."""

    code = "mentoring-roles-unfit"
    title = Text("导师角色设置不符合要求", "The list of roles does not fit")
    remedy = Text("请按 errors 修改角色列表。", "Correct the roles named in errors.")

    def __init__(self, *, pointer: str = "/roles", message: Text | None = None) -> None:
        super().__init__(errors=[FieldError(pointer, self.code, message or self.title)])


refuses("uq_mentoring_programme_district", ProgrammeOpenAlready)
refuses("uq_mentoring_programme_group", ProgrammeOpenAlready)
refuses("ex_mentoring_standard", StandardUnfit)
refuses("uq_mentoring_standard_number", StandardUnfit)

refuses_missing("fk_mentoring_programme_year", "/school_year_id")
refuses_missing("fk_mentoring_programme_group", "/group_id")
refuses_missing("fk_mentoring_standard_programme", "/programme_id")
refuses_missing("fk_programme_entry_programme", "/programme_id")
refuses_missing("fk_programme_entry_teacher", "/teacher_id")

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_mentoring_programme_state", "/state", _LISTED)
refuses_value("ck_mentoring_programme_opened", "/state", _LISTED)
refuses_value("ck_mentoring_standard_combine", "/combine", _LISTED)
refuses_value("ck_mentoring_standard_numbers", "/standard", _LISTED)
refuses_value("ck_mentoring_standard_valid", "/effective_from", _LISTED)
refuses_value("ck_programme_entry_kind", "/kind", _LISTED)
refuses_value("uq_programme_entry", "/teacher_id", Text("已有个别认定", "was decided already"))
