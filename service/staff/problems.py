"""What the staff refuses, and the way out."""

from datetime import date

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


class TeacherNotFound(NotFound):
    """No such teacher, or not visible."""

    code = "teacher-not-found"
    title = Text("未找到该教师", "Teacher not found")


class TeacherNumberTaken(Conflict):
    """Another teacher of the district has this number."""

    code = "teacher-number-taken"
    title = Text("工号已被使用", "Another teacher has this number")
    remedy = Text(
        "请核对工号;更新已有教师请用 PUT /v1/teachers/by-number/{number}。",
        "Check the number; PUT /v1/teachers/by-number/{number} updates a teacher.",
    )


class EmploymentContradicts(Conflict):
    """Another employment is known for these days; it is reported, not overwritten."""

    code = "employment-contradicts"
    title = Text("与已有任职经历冲突", "It contradicts an employment that is known")
    remedy = Text(
        "请核对到校日期;调动以其生效日期办理,不改写以往经历。",
        "Check the first day; a move takes effect on its day and does not rewrite the past.",
    )

    def __init__(self, *, since: date | None = None, until: date | None = None) -> None:
        detail = None
        if since is not None:
            end = until.isoformat() if until else ""
            detail = Text(
                f"已有任职:{since} 起{f',至 {end}(不含)' if end else ''}。",
                f"Known: employed from {since}{f' until {end}' if end else ''}.",
            )
        super().__init__(detail)


class EmployedThere(Conflict):
    """The school employs the teacher on that day already."""

    code = "employed-there"
    title = Text("该教师当日已在该校任职", "The school employs the teacher already")
    remedy = Text("请核对调入学校与日期。", "Check the school and the day.")


class NotEmployed(Conflict):
    """There is no employment that could end on that day."""

    code = "not-employed"
    title = Text("该教师在此日期前没有任职", "The teacher was not employed before that day")
    remedy = Text("请核对离校日期。", "Check the day.")

    def __init__(self, *, on: date | None = None) -> None:
        super().__init__(on=on.isoformat() if on else None)


class UnknownSubject(ValidationFailed):
    """A subject is neither a national course code nor one of the district's."""

    code = "unknown-subject"
    title = Text("学科不在代码表中", "A subject is not in the code lists")
    remedy = Text(
        "可用学科见 GET /v1/code-lists 中的 subject 与 local_subject。",
        "Subjects stand under subject and local_subject in GET /v1/code-lists.",
    )

    def __init__(self, *, pointers: tuple[str, ...] = ()) -> None:
        words = Text("未登记的学科", "is not listed")
        super().__init__(errors=[FieldError(pointer, "unknown", words) for pointer in pointers])


refuses("uq_teacher_number", TeacherNumberTaken)
refuses("ex_employment_teacher", EmploymentContradicts)

refuses_missing("fk_employment_teacher", "/teacher_id")
refuses_missing("fk_employment_school", "/school_id")
refuses_missing("fk_qualification_teacher", "/teacher_id")
refuses(
    "uq_qualification", lambda: Conflict(Text("任教学科重复", "The qualification is there already"))
)

_LISTED = Text("取值不在允许范围内", "is none of the allowed values")

refuses_value("ck_teacher_title", "/title", _LISTED)
refuses_value("ck_teacher_backbone_level", "/backbone_level", _LISTED)
refuses_value("ck_teacher_backbone_grantor", "/backbone_grantor", _LISTED)
refuses_value(
    "ck_teacher_backbone",
    "/backbone_grantor",
    Text("骨干称号与授予级别须同时填写", "goes together with backbone_level"),
)
refuses_value(
    "ck_teacher_birth_year", "/birth_year", Text("应为 1930–2020", "must be 1930 to 2020")
)
refuses_value(
    "ck_teacher_weekly_load_limit", "/weekly_load_limit", Text("应为 1–40", "must be 1 to 40")
)
refuses_value("ck_employment_leaving_reason", "/reason", _LISTED)
refuses_value(
    "ck_employment_valid", "/employed_until", Text("应晚于到校日期", "must be after employed_from")
)
refuses_value("ck_qualification_stage", "/teaches", _LISTED)
