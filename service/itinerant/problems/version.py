"""What the versions of a group's timetable refuse, and the way out."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    refuses,
    refuses_missing,
    refuses_value,
)


class VersionNotFound(NotFound):
    """No such version, or not visible."""

    code = "itinerant-version-not-found"
    title = Text("未找到该走教课表版本", "Version not found")


class NothingToPublish(Conflict):
    """The draft changes nothing."""

    code = "nothing-to-publish"
    title = Text("没有需要发布的变动", "There is nothing to publish")
    remedy = Text(
        "请先起草走教安排,或为已发布的安排登记变动。",
        "Draft assignments, or amend published ones, first.",
    )


class NotLaidYet(Conflict):
    """Only a published assignment is amended."""

    code = "assignment-not-published"
    title = Text("只有已发布的走教安排才能登记变动", "Only a published assignment is amended")
    remedy = Text("草稿请直接修改。", "Change a draft itself.")


class VersionTaken(Conflict):
    """Somebody published at the same moment."""

    code = "itinerant-version-taken"
    title = Text("同一时刻有人发布了新版本", "Somebody published a version at the same moment")
    remedy = Text("请重新读取草稿,检查后再发布。", "Read the draft again, check it and publish it.")


class AmendmentMade(Conflict):
    """Somebody amended the assignment at the same moment."""

    code = "assignment-amendment-made"
    title = Text("该走教安排刚刚被他人登记了变动", "Somebody amended the assignment just now")
    remedy = Text("请重新读取后再修改。", "Read it again, then change it.")


refuses("uq_timetable_version_number", VersionTaken)
refuses("uq_assignment_amendment", AmendmentMade)

refuses_missing("fk_timetable_version_group", "/group_id")
refuses_missing("fk_timetable_version_term", "/term_id")
refuses_missing("fk_assignment_amendment_assignment", "/assignment_id")

refuses_value("ck_timetable_version_number", "/number", Text("应为正数", "must be positive"))
