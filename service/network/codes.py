"""The national code lists, as data. A district's own lists are rows of ``code_item``.

Sources: JY/T 1001–1006 (school types, urban/rural codes, course codes), GB/T 2261.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.kit.problems import Text


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a list."""

    code: str
    label: Text


def _codes(**entries: tuple[str, str]) -> tuple[Code, ...]:
    return tuple(Code(code.lstrip("_"), Text(zh, en)) for code, (zh, en) in entries.items())


NATIONAL: Mapping[str, tuple[Code, ...]] = {
    "school_type": _codes(
        _111=("幼儿园", "Kindergarten"),
        _211=("小学", "Primary school"),
        _218=("教学点", "Teaching point"),
        _311=("初级中学", "Junior secondary school"),
        _312=("九年一贯制学校", "Nine-year school"),
        _341=("完全中学", "Complete secondary school"),
        _342=("高级中学", "Senior secondary school"),
        _345=("十二年一贯制学校", "Twelve-year school"),
        _365=("职业高中", "Vocational secondary school"),
        _514=("其他特殊教育学校", "Special education school"),
    ),
    "urban_rural": _codes(
        _111=("主城区", "Main urban area"),
        _112=("城乡结合区", "Urban fringe"),
        _121=("镇中心区", "Town centre"),
        _122=("镇乡结合区", "Town fringe"),
        _123=("特殊区域", "Special area"),
        _210=("乡中心区", "Township centre"),
        _220=("村庄", "Village"),
    ),
    "stage": _codes(
        _1=("学前", "Preschool"),
        _2=("小学", "Primary"),
        _3=("普通初中", "Junior secondary"),
        _4=("普通高中", "Senior secondary"),
    ),
    "subject": _codes(
        _11=("道德与法治(小学)", "Morality and law (primary)"),
        _12=("道德与法治", "Morality and law"),
        _13=("语文", "Chinese"),
        _14=("数学", "Mathematics"),
        _15=("科学", "Science"),
        _16=("物理", "Physics"),
        _17=("化学", "Chemistry"),
        _18=("生物", "Biology"),
        _20=("地理", "Geography"),
        _21=("历史", "History"),
        _22=("体育与健康", "Physical education and health"),
        _23=("艺术", "Arts"),
        _24=("音乐", "Music"),
        _25=("美术", "Fine art"),
        _27=("通用技术", "General technology"),
        _40=("外语", "Foreign language"),
        _41=("英语", "English"),
        _60=("综合实践", "Integrated practice"),
        _61=("信息科技", "Information technology"),
        _62=("劳动", "Labour"),
    ),
    "teacher_title": _codes(
        senior_full=("正高级", "Full senior"),
        senior=("高级", "Senior"),
        first=("一级", "First grade"),
        second=("二级", "Second grade"),
        third=("三级", "Third grade"),
        none=("未定", "Not graded"),
    ),
    "backbone_level": _codes(
        backbone=("骨干教师", "Backbone teacher"),
        subject_leader=("学科带头人", "Subject leader"),
        master=("名师", "Master teacher"),
        special=("特级教师", "Special-grade teacher"),
    ),
    "grantor": _codes(
        school=("校级", "School"),
        district=("区级", "District"),
        city=("市级", "City"),
        province=("省级", "Province"),
        nation=("国家级", "Nation"),
    ),
    "membership_tier": _codes(
        lead=("牵头学校", "Lead"),
        close=("紧密型", "Close"),
        alliance=("联盟型", "Alliance"),
    ),
    "group_kind": _codes(
        k12=("中小学教育集团", "School group"),
        kindergarten=("幼儿园联盟集团", "Kindergarten alliance"),
    ),
    "group_state": _codes(
        draft=("筹建", "Draft"),
        active=("运行", "Active"),
        dissolved=("已撤销", "Dissolved"),
    ),
    "school_designation": _codes(weak=("薄弱学校", "Weak school")),
    "gender": _codes(
        _0=("未知", "Unknown"),
        _1=("男", "Male"),
        _2=("女", "Female"),
        _9=("未说明", "Not stated"),
    ),
    "term": _codes(_1=("秋季学期", "Autumn term"), _2=("春季学期", "Spring term")),
}

TITLES: Mapping[str, Text] = {
    "school_type": Text("办学类型", "School types"),
    "urban_rural": Text("城乡类型", "Urban and rural"),
    "stage": Text("学段", "Stages"),
    "subject": Text("学科(课程代码)", "Subjects"),
    "teacher_title": Text("教师职称", "Teacher titles"),
    "backbone_level": Text("骨干称号", "Backbone honours"),
    "grantor": Text("称号授予级别", "Levels that grant honours"),
    "membership_tier": Text("成员层级", "Membership tiers"),
    "group_kind": Text("集团类型", "Kinds of group"),
    "group_state": Text("集团状态", "States of a group"),
    "school_designation": Text("学校认定", "Designations of schools"),
    "gender": Text("性别", "Genders"),
    "term": Text("学期", "Terms"),
}

DISTRICT_LISTS: Mapping[str, Text] = {
    "group_category": Text("集团类别(区定)", "Group categories of the district"),
    "mentor_role": Text("导师角色(区定)", "Mentor roles of the district"),
    "local_subject": Text("地方课程(区定)", "Local subjects of the district"),
}

DEFAULTS: Mapping[str, tuple[Code, ...]] = {
    "mentor_role": _codes(
        in_school=("校内导师", "In-school mentor"),
        cross_school=("集团/区级导师", "Group or district mentor"),
    ),
}
"""What a district's own list holds from the start; a row of the same code takes its place."""


def label_of(list_: str, code: str) -> Text | None:
    """The words of a national code."""
    return next((item.label for item in NATIONAL.get(list_, ()) if item.code == code), None)


def title_of(list_: str) -> Text:
    """What a list is called."""
    return TITLES.get(list_) or DISTRICT_LISTS[list_]
