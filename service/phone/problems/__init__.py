"""What the phone's side refuses."""

from service.kit.problems import NotFound, Text


class NotATeacher(NotFound):
    """The account belongs to nobody who teaches, so it has no schedule of its own."""

    code = "not-a-teacher"
    title = Text("该账号没有关联教师", "The account is not a teacher's")
    remedy = Text(
        "请用教师账号登录;或请管理员在账号上关联教师。管理人员请用 /v1/lessons 查询课表。",
        "Sign in as a teacher, or have the account linked to one. Offices read /v1/lessons.",
    )
