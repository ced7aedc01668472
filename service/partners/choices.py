"""The values that cells of the workbook may choose from, with the words people know them by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One allowed value; a cell may say its code or its name, stored is the code."""

    code: str
    zh: str
    en: str


STAGES = (
    Choice("1", "学前", "Preschool"),
    Choice("2", "小学", "Primary"),
    Choice("3", "初中", "Junior secondary"),
    Choice("4", "高中", "Senior secondary"),
)
SUBJECTS = (
    Choice("11", "道德与法治(小学)", "Morality and law (primary)"),
    Choice("12", "道德与法治", "Morality and law"),
    Choice("13", "语文", "Chinese"),
    Choice("14", "数学", "Mathematics"),
    Choice("15", "科学", "Science"),
    Choice("16", "物理", "Physics"),
    Choice("17", "化学", "Chemistry"),
    Choice("18", "生物", "Biology"),
    Choice("20", "地理", "Geography"),
    Choice("21", "历史", "History"),
    Choice("22", "体育与健康", "Physical education and health"),
    Choice("23", "艺术", "Arts"),
    Choice("24", "音乐", "Music"),
    Choice("25", "美术", "Fine art"),
    Choice("27", "通用技术", "General technology"),
    Choice("40", "外语", "Foreign language"),
    Choice("41", "英语", "English"),
    Choice("60", "综合实践", "Integrated practice"),
    Choice("61", "信息科技", "Information technology"),
    Choice("62", "劳动", "Labour"),
)
SCHOOL_TYPES = (
    Choice("111", "幼儿园", "Kindergarten"),
    Choice("211", "小学", "Primary school"),
    Choice("218", "教学点", "Teaching point"),
    Choice("311", "初级中学", "Junior secondary school"),
    Choice("312", "九年一贯制学校", "Nine-year school"),
    Choice("341", "完全中学", "Complete secondary school"),
    Choice("342", "高级中学", "Senior secondary school"),
    Choice("345", "十二年一贯制学校", "Twelve-year school"),
    Choice("365", "职业高中", "Vocational secondary school"),
    Choice("514", "其他特殊教育学校", "Special education school"),
)
URBAN_RURAL = (
    Choice("111", "主城区", "Main urban area"),
    Choice("112", "城乡结合区", "Urban fringe"),
    Choice("121", "镇中心区", "Town centre"),
    Choice("122", "镇乡结合区", "Town fringe"),
    Choice("123", "特殊区域", "Special area"),
    Choice("210", "乡中心区", "Township centre"),
    Choice("220", "村庄", "Village"),
)
DATUMS = (
    Choice("gcj02", "GCJ-02", "GCJ-02"),
    Choice("wgs84", "WGS-84", "WGS-84"),
    Choice("bd09", "BD-09", "BD-09"),
)
GROUP_KINDS = (
    Choice("k12", "中小学教育集团", "Schools"),
    Choice("kindergarten", "幼儿园联盟集团", "Kindergartens"),
)
GROUP_STATES = (Choice("draft", "筹建", "Draft"), Choice("active", "运行", "Active"))
TIERS = (
    Choice("lead", "牵头学校", "Lead"),
    Choice("close", "紧密型", "Close"),
    Choice("alliance", "联盟型", "Alliance"),
)
TITLES = (
    Choice("senior_full", "正高级", "Full senior"),
    Choice("senior", "高级", "Senior"),
    Choice("first", "一级", "First grade"),
    Choice("second", "二级", "Second grade"),
    Choice("third", "三级", "Third grade"),
    Choice("none", "未定", "None"),
)
BACKBONE_LEVELS = (
    Choice("backbone", "骨干教师", "Backbone teacher"),
    Choice("subject_leader", "学科带头人", "Subject leader"),
    Choice("master", "名师", "Master teacher"),
    Choice("special", "特级教师", "Special-grade teacher"),
)
GRANTORS = (
    Choice("school", "校级", "School"),
    Choice("district", "区级", "District"),
    Choice("city", "市级", "City"),
    Choice("province", "省级", "Province"),
    Choice("nation", "国家级", "Nation"),
)
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
MENTOR_ROLES = (
    Choice("in_school", "校内导师", "Mentor in the school"),
    Choice("cross_school", "集团/区级导师", "Mentor of the group or district"),
)
PAIRING_STATES = (
    Choice("proposed", "拟结对", "Proposed"),
    Choice("accepted", "已同意", "Accepted"),
    Choice("active", "进行中", "Active"),
)
CODE_LISTS = (
    Choice("group_category", "集团类别", "Group categories"),
    Choice("subject", "学科", "Subjects"),
    Choice("mentor_role", "导师角色", "Mentor roles"),
)
