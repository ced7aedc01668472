"""The values that cells of the workbook may choose from, with the words people know them by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from service.kit.problems import Text
from service.network.codes import DEFAULTS, NATIONAL, Code


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value; a cell may say its code or its name, stored is the code."""

    code: str
    zh: str
    en: str
    also: str = ""
    """Another word people use for it."""


def _choices(codes: Iterable[Code]) -> tuple[Choice, ...]:
    return tuple(Choice(item.code, item.label.zh, item.label.en) for item in codes)


LISTS: Mapping[str, Text] = {
    "group_category": Text("集团类别", "Group categories"),
    "local_subject": Text("地方课程", "Local subjects"),
    "mentor_role": Text("导师角色", "Mentor roles"),
}
"""The code lists that a district writes itself."""


STAGES = (
    Choice("1", "学前", "Preschool"),
    Choice("2", "小学", "Primary"),
    Choice("3", "初中", "Junior secondary", "普通初中"),
    Choice("4", "高中", "Senior secondary", "普通高中"),
)
SUBJECTS = _choices(NATIONAL["subject"])
SCHOOL_TYPES = _choices(NATIONAL["school_type"])
URBAN_RURAL = _choices(NATIONAL["urban_rural"])
DATUMS = (
    Choice("gcj02", "GCJ-02", "GCJ-02"),
    Choice("wgs84", "WGS-84", "WGS-84"),
    Choice("bd09", "BD-09", "BD-09"),
)
GROUP_KINDS = _choices(NATIONAL["group_kind"])
GROUP_STATES = (Choice("draft", "筹建", "Draft"), Choice("active", "运行", "Active"))
TIERS = _choices(NATIONAL["membership_tier"])
TITLES = _choices(NATIONAL["teacher_title"])
BACKBONE_LEVELS = _choices(NATIONAL["backbone_level"])
GRANTORS = _choices(NATIONAL["grantor"])
ROOM_KINDS = (
    Choice("classroom", "普通教室", "Classroom"),
    Choice("lab", "实验室", "Laboratory"),
    Choice("computer", "计算机教室", "Computer room"),
    Choice("music", "音乐教室", "Music room"),
    Choice("art", "美术教室", "Art room"),
    Choice("sports", "运动场馆", "Sports ground"),
    Choice("hall", "礼堂", "Hall"),
    Choice("other", "其他", "Other"),
)
SCOPES = (
    Choice("district", "全区", "District"),
    Choice("group", "集团", "Group"),
    Choice("school", "学校", "School"),
)
DAY_KINDS = (
    Choice("teach", "上课", "Teaching"),
    Choice("off", "放假", "Off"),
    Choice("exam", "考试", "Examination"),
    Choice("activity", "活动", "Activity"),
)
WEEKDAYS = (
    Choice("1", "周一", "Monday"),
    Choice("2", "周二", "Tuesday"),
    Choice("3", "周三", "Wednesday"),
    Choice("4", "周四", "Thursday"),
    Choice("5", "周五", "Friday"),
    Choice("6", "周六", "Saturday"),
    Choice("7", "周日", "Sunday"),
)
PARITIES = (
    Choice("every", "每周", "Every week"),
    Choice("odd", "单周", "Odd weeks"),
    Choice("even", "双周", "Even weeks"),
)
DAY_PARITIES = PARITIES[1:]
ASSIGNMENT_STATES = (Choice("draft", "草稿", "Draft"), Choice("published", "发布", "Published"))
MENTOR_ROLES = _choices(DEFAULTS["mentor_role"])
PAIRING_STATES = (
    Choice("proposed", "拟结对", "Proposed"),
    Choice("accepted", "已同意", "Accepted"),
    Choice("active", "进行中", "Active"),
)
CODE_LISTS = tuple(Choice(name, *words) for name, words in LISTS.items())
