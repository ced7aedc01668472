"""What the network refuses."""

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


class SchoolNotFound(NotFound):
    """The school does not exist, or the caller may not see it."""

    code = "school-not-found"
    title = Text("未找到该学校", "No such school")


class CampusNotFound(NotFound):
    """The campus does not exist, or the caller may not see it."""

    code = "campus-not-found"
    title = Text("未找到该校区", "No such campus")


class GroupNotFound(NotFound):
    """The group does not exist, or the caller may not see it."""

    code = "group-not-found"
    title = Text("未找到该集团", "No such group")


class CharterNotFound(NotFound):
    """The charter does not exist, or the caller may not see it."""

    code = "charter-not-found"
    title = Text("未找到该章程", "No such charter")


class GroupHeadNotFound(NotFound):
    """The term of office does not exist, or the caller may not see it."""

    code = "group-head-not-found"
    title = Text("未找到该集团负责人任期", "No such term of office")


class DesignationNotFound(NotFound):
    """The school has no such designation."""

    code = "designation-not-found"
    title = Text("未找到该认定", "No such designation")


class CodeListNotFound(NotFound):
    """No code list has this name, or it has no such item."""

    code = "code-list-not-found"
    title = Text("未找到该代码", "No such code list or item")
    remedy = Text("全部代码表见 GET /v1/code-lists。", "All lists: GET /v1/code-lists.")


class TaskNotFound(NotFound):
    """The task does not exist, or the caller may not see it."""

    code = "task-not-found"
    title = Text("未找到该待办", "No such task")


class SchoolNameTaken(Conflict):
    """Another school of the district has the name."""

    code = "school-name-taken"
    title = Text("学校名称已存在", "The school's name is taken")
    remedy = Text("请核对是否重复登记。", "Check whether the school is registered already.")


class IdentifierTaken(Conflict):
    """The identifier belongs to another school, or the school has one for that time."""

    code = "school-identifier-taken"
    title = Text("学校标识码在该时段已被使用", "The identifier is in use for that time")
    remedy = Text("请核对标识码与生效日期。", "Check the identifier and its dates.")


class DesignationOverlaps(Conflict):
    """The school has this designation already for that time."""

    code = "designation-overlaps"
    title = Text("该时段已有相同认定", "The designation exists for that time")


class CampusCodeTaken(Conflict):
    """Another campus of the district has the code."""

    code = "campus-code-taken"
    title = Text("校区代码已存在", "The campus code is taken")


class MainCampusExists(Conflict):
    """The school has a main campus already."""

    code = "main-campus-exists"
    title = Text("该校已有主校区", "The school has a main campus already")
    remedy = Text("请先取消原主校区。", "Take the mark off the other campus first.")


class GroupNameTaken(Conflict):
    """Another group of the district has the name."""

    code = "group-name-taken"
    title = Text("集团名称已存在", "The group's name is taken")


class LeadTaken(Conflict):
    """The group has a lead school for that time."""

    code = "lead-taken"
    title = Text("该时段已有牵头学校", "The group has a lead school for that time")


class SeatTaken(Conflict):
    """The close seat is taken for that time."""

    code = "close-seat-taken"
    title = Text("紧密型席位在该时段已被占用", "The close seat is taken for that time")


class AlreadyMember(Conflict):
    """The school is in the group for that time."""

    code = "already-member"
    title = Text("该校在该时段已是本集团成员", "The school is a member for that time already")


class CoreElsewhere(Conflict):
    """The school is the lead or a close member of another group for that time."""

    code = "core-elsewhere"
    title = Text(
        "该校在该时段已是其他集团的牵头或紧密型成员",
        "The school leads or is close to another group for that time",
    )
    remedy = Text(
        "一所学校同一时间只能担任一个牵头或紧密型席位;请先退出原集团或改为联盟型。",
        "A school holds one lead or close seat at a time; leave the other group first.",
    )

    def __init__(self, *, steps: Sequence[int] = ()) -> None:
        super().__init__(
            errors=[FieldError(f"/steps/{step}/school_id", self.code, self.title) for step in steps]
        )


class SchoolBeyondReach(Forbidden):
    """A school outside the caller's reach: only the district brings schools into a group.

    It is the same answer whether the school exists or not.
    """

    code = "school-beyond-reach"
    title = Text("该校不在您的管理范围内", "A school is beyond your reach")
    remedy = Text(
        "吸收集团外的学校由区级管理员办理。", "Only the district brings a new school into a group."
    )

    def __init__(self, *, steps: Sequence[int] = ()) -> None:
        super().__init__(
            errors=[FieldError(f"/steps/{step}/school_id", self.code, self.title) for step in steps]
        )


class DistrictDecides(Forbidden):
    """Only somebody whose permission reaches the whole district does this."""

    code = "district-decides"
    title = Text("此操作由区级管理员办理", "Only the district decides this")
    remedy = Text("请联系区级管理员。", "Ask a district admin.")


class MembershipRefused(Conflict):
    """The change of members as a whole cannot be; ``errors`` says why."""

    code = "membership-change-refused"
    title = Text("成员变更不成立", "The change of members cannot be")
    remedy = Text(
        "请按 errors 逐项调整后整体重新提交。", "Mend each of errors, then send it whole."
    )


class GroupNotConforming(Conflict):
    """Only a group that is "1 + 1–2 + N" today becomes active."""

    code = "group-not-conforming"
    title = Text("集团未达到“1+1–2+N”,不能启用", "The group does not conform and stays a draft")
    remedy = Text(
        "请先通过成员变更补齐 errors 中所列成员。", "First complete the members named in errors."
    )


class GroupStateRefused(Conflict):
    """The group is in a state that does not allow this."""

    code = "group-state-refused"
    title = Text("集团当前状态不允许此操作", "The group's state does not allow this")


class CharterStateRefused(Conflict):
    """The charter is in a state that does not allow this."""

    code = "charter-state-refused"
    title = Text("章程当前状态不允许此操作", "The charter's state does not allow this")


class CharterNotInOrder(Conflict):
    """A later version is in force already, or from that day on."""

    code = "charter-not-in-order"
    title = Text("章程版本须依次生效", "Versions of a charter follow each other")
    remedy = Text(
        "请选择晚于前一版本的生效日期,或拟定新的版本。",
        "Choose a day after the former version's, or draft a new version.",
    )


class SignerNotMember(Conflict):
    """The school is no member of the group on that day."""

    code = "signer-not-a-member"
    title = Text("该校当日不是本集团成员", "The school is no member of the group on that day")


class EndRefused(Conflict):
    """What is over stays as it was, and nothing ends before it began."""

    code = "end-refused"
    title = Text("结束日期不成立", "It cannot end on that day")
    remedy = Text(
        "结束日期须晚于开始日期;已结束的记录不可改写。",
        "It ends after it began; what is over is not rewritten.",
    )


class CharterSigned(Conflict):
    """The school has signed this charter already."""

    code = "charter-signed"
    title = Text("该校已签署本章程", "The school has signed already")


class SignaturesMissing(Conflict):
    """Members have not signed yet."""

    code = "signatures-missing"
    title = Text("尚有成员校未签署", "Members have not signed yet")

    def __init__(self, *, schools: Sequence[str] = ()) -> None:
        names = "、".join(schools)
        super().__init__(Text(f"未签署:{names}", f"Not signed yet: {names}"), schools=list(schools))


class HeadOverlaps(Conflict):
    """The group has a head for that time."""

    code = "group-head-overlaps"
    title = Text("该时段已有集团负责人", "The group has a head for that time")


class CodeTaken(Conflict):
    """The list has this code already."""

    code = "code-taken"
    title = Text("该代码已存在", "The list has this code already")


class NationalCodeFixed(Conflict):
    """National codes are not changed by a district."""

    code = "national-code-fixed"
    title = Text("国家代码不可修改", "National codes cannot be changed")
    remedy = Text("区县可使用自己的代码表,如 group_category。", "Use a district list instead.")


class TaskClosed(Conflict):
    """The task has been done."""

    code = "task-closed"
    title = Text("该待办已完成", "The task is done already")


class UnknownCategory(ValidationFailed):
    """The category is not in the district's list."""

    code = "unknown-category"
    title = Text("集团类别不在本区代码表中", "The category is not in the district's list")
    remedy = Text(
        "请先在代码表 group_category 中登记。", "Enter it in the code list group_category first."
    )

    def __init__(self) -> None:
        super().__init__(
            errors=[FieldError("/category", "unknown", Text("未登记的类别", "is not listed"))]
        )


class RowsUnfit(ValidationFailed):
    """Rows of a workbook that cannot be written; each error names its row by its codes."""

    code = "rows-unfit"
    title = Text("部分行无法写入", "Some rows cannot be written")
    remedy = Text("请按提示修改后重新导入整个文件。", "Correct the rows and import the file again.")


_RANGE = Text("有效期不能为空", "the range is empty")

refuses_value("ck_district_code", "/code", Text("应为 6 位区划代码", "must be 6 digits"))
refuses("uq_district_code", lambda: Conflict(Text("区县代码已存在", "The district exists")))
refuses("uq_school_name", SchoolNameTaken)
refuses_value("ck_school_type_code", "/type_code", Text("应为 3 位代码", "must be 3 digits"))
refuses_value(
    "ck_school_urban_rural_code", "/urban_rural_code", Text("应为 3 位代码", "must be 3 digits")
)
refuses_missing("fk_school_identifier_school", "/school_id")
refuses("ex_school_identifier_school", IdentifierTaken)
refuses("ex_school_identifier_code", IdentifierTaken)
refuses_value("ck_school_identifier_code", "/code", Text("应为 10 位数字", "must be 10 digits"))
refuses_value("ck_school_identifier_valid", "/valid_from", _RANGE)
refuses_missing("fk_school_designation_school", "/school_id")
refuses("ex_school_designation", DesignationOverlaps)
refuses_value("ck_school_designation_kind", "/kind", Text("未知的认定类型", "is not known"))
refuses_value("ck_school_designation_valid", "/valid_from", _RANGE)
refuses_missing("fk_campus_school", "/school_id")
refuses("uq_campus_code", CampusCodeTaken)
refuses("uq_campus_main", MainCampusExists)
refuses_value("ck_campus_datum", "/datum", Text("未知的坐标系", "is not known"))
refuses_value(
    "ck_campus_position", "/longitude", Text("经纬度须同时填写", "needs both coordinates")
)
refuses_value("ck_campus_longitude", "/longitude", Text("应在 ±180 之间", "is beyond ±180"))
refuses_value("ck_campus_latitude", "/latitude", Text("应在 ±90 之间", "is beyond ±90"))
refuses("uq_group_name", GroupNameTaken)
refuses_value("ck_group_kind", "/kind", Text("未知的集团类型", "is not known"))
refuses_value("ck_group_state", "/state", Text("未知的状态", "is not known"))
refuses_missing("fk_membership_group", "/group_id")
refuses_missing("fk_membership_school", "/school_id")
refuses("ex_membership_lead", LeadTaken)
refuses("ex_membership_seat", SeatTaken)
refuses("ex_membership_once", AlreadyMember)
refuses("ex_membership_core", CoreElsewhere)
refuses_value("ck_membership_tier", "/tier", Text("未知的层级", "is not known"))
refuses_value("ck_membership_seat", "/seat", Text("仅紧密型有席位", "only close members have one"))
refuses_value("ck_membership_seat_number", "/seat", Text("席位为 1 或 2", "must be 1 or 2"))
refuses_value("ck_membership_valid", "/valid_from", _RANGE)
refuses_missing("fk_charter_group", "/group_id")
refuses("uq_charter_number", lambda: Conflict(Text("章程版本号重复", "The number is taken")))
refuses_value("ck_charter_state", "/state", Text("未知的状态", "is not known"))
refuses_missing("fk_charter_clause_charter", "/charter_id")
refuses("uq_charter_clause_rank", lambda: Conflict(Text("条款序号重复", "The rank is taken")))
refuses_value("ck_charter_clause_kind", "/clauses", Text("未知的条款类型", "has an unknown kind"))
refuses_value("ck_charter_clause_tier", "/clauses", Text("未知的层级", "has an unknown tier"))
refuses_missing("fk_charter_signature_charter", "/charter_id")
refuses_missing("fk_charter_signature_school", "/school_id")
refuses("uq_charter_signature", CharterSigned)
refuses_missing("fk_group_head_group", "/group_id")
refuses("ex_group_head", HeadOverlaps)
refuses_value("ck_group_head_valid", "/valid_from", _RANGE)
refuses("uq_code_item_code", CodeTaken)
refuses("uq_task_open", lambda: Conflict(Text("待办已存在", "The task is open already")))
refuses_value("ck_task_owner_kind", "/owner_kind", Text("未知的负责方", "is not known"))
refuses_value("ck_task_state", "/state", Text("未知的状态", "is not known"))
