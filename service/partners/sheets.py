"""The workbook with which a district moves in, declared as data: sheets, columns, hints, choices.

The template, the reader and whoever writes such a workbook by program follow this one declaration.
Rows refer to each other by business codes, never by ids. People read Chinese headers; programs use
the English names. In the workbook a range ends on its last day, which is included: that is how
offices write it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from types import MappingProxyType

from service.kit.problems import Text
from service.partners.choices import (
    ASSIGNMENT_STATES,
    BACKBONE_LEVELS,
    CODE_LISTS,
    DATUMS,
    DAY_KINDS,
    DAY_PARITIES,
    GRANTORS,
    GROUP_KINDS,
    GROUP_STATES,
    MENTOR_ROLES,
    PAIRING_STATES,
    PARITIES,
    ROOM_KINDS,
    SCHOOL_TYPES,
    SCOPES,
    STAGES,
    SUBJECTS,
    TIERS,
    TITLES,
    URBAN_RURAL,
    WEEKDAYS,
)
from service.partners.columns import Column, Kind, Maker, Reference, Sheet

FORMAT_VERSION = "1"
"""Written into the readme sheet; raised when a workbook of before would be misread."""


YES = "是"
NO = "否"
SEPARATOR = "、"
"""Between several codes in one cell; commas and semicolons are understood too."""


_text, _code, _codes = Maker(Kind.TEXT), Maker(Kind.CODE), Maker(Kind.CODES)
_integer, _decimal = Maker(Kind.INTEGER), Maker(Kind.DECIMAL)
_date, _time, _weeks = Maker(Kind.DATE), Maker(Kind.TIME), Maker(Kind.WEEKS)
_choice, _yes_no, _teaches = Maker(Kind.CHOICE), Maker(Kind.YES_NO), Maker(Kind.TEACHES)


def _school(
    zh: str = "“学校”表中的 10 位学校标识码", en: str = "The 10-digit code of the sheet 学校"
) -> Column:
    return _code(
        "school", "学校标识码", zh, en, example="2150000001", refers=Reference("school", "code")
    )


def _campus(title: str = "校区代码", name: str = "campus", example: str = "2150000001-1") -> Column:
    return _code(
        name,
        title,
        "“校区”表中的校区代码",
        "A campus code of the sheet 校区",
        example=example,
        refers=Reference("campus", "code"),
        width=16,
    )


def _teacher(title: str = "教师工号", name: str = "teacher", example: str = "T00001") -> Column:
    return _code(
        name,
        title,
        "“教师”表中的工号",
        "A staff number of the sheet 教师",
        example=example,
        refers=Reference("teacher", "number"),
    )


def _term() -> Column:
    return _code(
        "term",
        "学期",
        "学年加学期序号:2026-2027-1 为秋季,2026-2027-2 为春季",
        "School year and number: 2026-2027-1 is autumn, 2026-2027-2 is spring",
        example="2026-2027-1",
        pattern=r"20\d\d-20\d\d-[12]",
        refers=Reference("term", "name"),
    )


def _classes() -> Column:
    return _codes(
        "classes",
        "班级代码",
        "“班级”表中该校的班级代码;合班上课用顿号分隔,写在同一行",
        "Class codes of that school; classes taught together share one row, separated by 、",
        example="2023-1",
        refers=Reference("class", "code", within="campus"),
        longest=200,
    )


def _subject() -> Column:
    return _choice(
        "subject",
        "学科",
        "选择学科名称或填写课程代码",
        "The subject's name or its course code",
        example="音乐",
        choices=SUBJECTS,
        code_list="local_subject",
    )


def _stage() -> Column:
    return _choice(
        "stage",
        "学段",
        "学前、小学、初中或高中",
        "Preschool, primary, junior or senior secondary",
        example="小学",
        choices=STAGES,
    )


def _pattern() -> tuple[Column, ...]:
    return (
        _choice(
            "weekday", "星期", "周一至周日", "Monday to Sunday", example="周一", choices=WEEKDAYS
        ),
        _integer(
            "period",
            "节次",
            "“作息”表中的节次序号",
            "The number of a period of the sheet 作息",
            example=1,
            low=1,
            high=20,
        ),
        _choice(
            "parity",
            "单双周",
            "每周、单周或双周;空白为每周",
            "Every, odd or even weeks; empty is every week",
            example="每周",
            required=False,
            choices=PARITIES,
            default="every",
        ),
        _weeks(
            "weeks",
            "周次",
            "只在这些教学周上课,如 1-8,10;空白为全学期",
            "Only these weeks, e.g. 1-8,10",
            required=False,
            longest=60,
        ),
        _code(
            "room",
            "教室代码",
            "“教室”表中该校区的教室;空白为本班教室",
            "A room; empty is where the class sits",
            required=False,
            refers=Reference("room", "code", within="campus"),
        ),
    )


def _valid(
    *,
    first: str = "启用日期",
    last: str = "截止日期",
    example: date | str = "",
    required: bool = False,
) -> tuple[Column, ...]:
    return (
        _date(
            "valid_from",
            first,
            "从这一天起",
            "From this day on",
            example=example,
            required=required,
        ),
        _date(
            "valid_through",
            last,
            "最后一天,含当天;空白为长期有效",
            "The last day, included; empty is open",
            required=False,
        ),
    )


def _slot_validity() -> tuple[Column, ...]:
    return (
        _date(
            "valid_from",
            "启用日期",
            "空白为学期第一天",
            "Empty is the first day of the term",
            required=False,
        ),
        _date(
            "valid_through",
            "截止日期",
            "最后一天,含当天;空白为学期最后一天",
            "Included; empty is the term's last day",
            required=False,
        ),
    )


README = Sheet(
    "readme",
    "说明",
    Text("本文件是哪个区县的数据", "Which district this file belongs to"),
    (
        _text("item", "项目", "请勿修改本列", "Leave this column as it is", width=16),
        _text("value", "内容", "请填写", "Fill in", required=False, width=28),
        _text("hint", "怎么填", "仅供参考", "For the reader only", required=False, width=40),
    ),
    ("item",),
)


@dataclass(frozen=True, slots=True)
class ReadmeItem:
    """One line of the readme sheet."""

    name: str
    title: str
    hint: Text
    example: str
    required: bool = True


README_ITEMS = (
    ReadmeItem("format_version", "文件版本", Text("请勿修改", "Leave as it is"), FORMAT_VERSION),
    ReadmeItem(
        "district_code",
        "区县代码",
        Text("6 位行政区划代码(GB/T 2260)", "6-digit GB/T 2260 code"),
        "500109",
    ),
    ReadmeItem(
        "district_name",
        "区县名称",
        Text("可空,仅供核对", "May be empty; for the reader only"),
        "示例区",
        required=False,
    ),
    ReadmeItem(
        "district_name_en",
        "区县英文名",
        Text("可空", "May be empty"),
        "Example District",
        required=False,
    ),
    ReadmeItem(
        "zone",
        "时区",
        Text("空白为 Asia/Shanghai", "Empty is Asia/Shanghai"),
        "Asia/Shanghai",
        required=False,
    ),
)

SHEETS: tuple[Sheet, ...] = (
    README,
    Sheet(
        "code",
        "代码",
        Text("本区自定的代码,如集团类别、地方课程", "The district's own codes"),
        (
            _choice(
                "list",
                "代码表",
                "这一项属于哪个代码表",
                "Which code list it belongs to",
                example="集团类别",
                choices=CODE_LISTS,
            ),
            _code(
                "code",
                "代码",
                "小写字母、数字、下划线;启用后不再改",
                "Lower case, digits, underscores; stays",
                example="a",
                longest=40,
                pattern="[a-z0-9_]+",
            ),
            _text("zh", "名称", "中文名称", "Its Chinese name", example="第一类"),
            _text("en", "英文名", "可空", "May be empty", example="First kind", required=False),
            _integer(
                "rank",
                "排序",
                "小的在前;空白为 0",
                "Small ones first; empty is 0",
                example=1,
                required=False,
                low=0,
                high=9999,
                default=0,
            ),
        ),
        ("list", "code"),
    ),
    Sheet(
        "school",
        "学校",
        Text("一所学校一行", "One row per school"),
        (
            _code(
                "code",
                "学校标识码",
                "10 位数字的学校(机构)标识码",
                "The 10-digit school identifier",
                example="2150000001",
                pattern=r"\d{10}",
            ),
            _text("name", "学校名称", "全称", "The full name", example="示例区实验小学", width=24),
            _text(
                "short_name",
                "简称",
                "课表上显示的简称",
                "The name on timetables",
                example="实验小学",
                required=False,
                longest=20,
            ),
            _choice(
                "type_code",
                "办学类型",
                "选择办学类型或填写代码",
                "The school type or its code",
                example="小学",
                choices=SCHOOL_TYPES,
            ),
            _choice(
                "urban_rural_code",
                "城乡类型",
                "选择城乡类型或填写代码",
                "Urban or rural, by name or code",
                example="镇中心区",
                choices=URBAN_RURAL,
            ),
            _date(
                "code_from",
                "标识码启用日期",
                "空白为一直使用",
                "Empty: it has always been this one",
                required=False,
            ),
            _date(
                "weak_from",
                "薄弱学校认定日期",
                "认定为薄弱学校的日期;未认定则空白",
                "Day of designation as weak; or empty",
                required=False,
            ),
            _date(
                "weak_through",
                "薄弱学校截止日期",
                "最后一天,含当天",
                "The last day, included",
                required=False,
            ),
        ),
        ("code",),
    ),
    Sheet(
        "campus",
        "校区",
        Text("一个校区一行;只有一个校区的学校也要填", "One row per campus, at least one a school"),
        (
            _code(
                "code",
                "校区代码",
                "全区唯一,建议为学校标识码-序号",
                "Unique in the district, e.g. school-1",
                example="2150000001-1",
                longest=40,
                width=16,
            ),
            _school(),
            _text("name", "校区名称", "如:本部", "E.g. main campus", example="本部"),
            _text(
                "address",
                "地址",
                "街道与门牌",
                "Street and number",
                example="示例镇中心路 1 号",
                required=False,
                longest=200,
                width=28,
            ),
            _text(
                "gate",
                "校门",
                "走教教师从哪个门进",
                "The gate visiting teachers use",
                example="东门",
                required=False,
            ),
            _decimal(
                "longitude",
                "经度",
                "十进制度数",
                "Decimal degrees",
                example=106.4,
                required=False,
                low=73,
                high=136,
            ),
            _decimal(
                "latitude",
                "纬度",
                "十进制度数",
                "Decimal degrees",
                example=29.8,
                required=False,
                low=3,
                high=54,
            ),
            _choice(
                "datum",
                "坐标系",
                "高德、腾讯为 GCJ-02,百度为 BD-09;空白为 GCJ-02",
                "Empty is GCJ-02",
                example="GCJ-02",
                required=False,
                choices=DATUMS,
                default="gcj02",
            ),
            _text(
                "zone",
                "时区",
                "空白为 Asia/Shanghai",
                "Empty is Asia/Shanghai",
                required=False,
                default="Asia/Shanghai",
            ),
            _yes_no(
                "main",
                "主校区",
                "每所学校一个主校区;空白为否",
                "One per school; empty is no",
                example=YES,
                required=False,
                default=False,
            ),
        ),
        ("code",),
    ),
    Sheet(
        "group",
        "集团",
        Text("一个教育集团一行", "One row per school group"),
        (
            _text("name", "集团名称", "全称", "The full name", example="示例教育集团", width=24),
            _choice(
                "kind",
                "集团类型",
                "中小学或幼儿园",
                "Schools or kindergartens",
                example="中小学教育集团",
                choices=GROUP_KINDS,
                width=18,
            ),
            _choice(
                "category",
                "集团类别",
                "“代码”表“集团类别”中的一项;可空",
                "A code of the list 集团类别",
                required=False,
                code_list="group_category",
            ),
            _choice(
                "state",
                "状态",
                "运行或筹建;空白为筹建",
                "Active or draft; empty is draft",
                example="筹建",
                required=False,
                choices=GROUP_STATES,
                default="draft",
            ),
            _yes_no(
                "principal_responsibility",
                "校长负责制",
                "是否实行集团总校长负责制;空白为否",
                "Led by one principal; empty is no",
                example=NO,
                required=False,
                default=False,
            ),
            *_valid(first="成立日期", last="撤销日期", example=date(2026, 9, 1), required=True),
        ),
        ("name",),
    ),
    Sheet(
        "membership",
        "集团成员",
        Text("一所成员校一行:1 所牵头、1–2 所紧密型、若干联盟型", "One row per member school"),
        (
            _text(
                "group",
                "集团名称",
                "“集团”表中的集团名称",
                "A name of the sheet 集团",
                example="示例教育集团",
                refers=Reference("group", "name"),
                width=24,
            ),
            _school(),
            _choice(
                "tier",
                "层级",
                "牵头学校、紧密型或联盟型",
                "Lead, close or alliance",
                example="牵头学校",
                choices=TIERS,
            ),
            _integer(
                "seat",
                "紧密型席位",
                "紧密型填 1 或 2,其余空白",
                "1 or 2 for close members, else empty",
                required=False,
                low=1,
                high=2,
            ),
            *_valid(first="加入日期", last="退出日期", example=date(2026, 9, 1), required=True),
        ),
        ("group", "school", "valid_from"),
    ),
    Sheet(
        "teacher",
        "教师",
        Text("一位教师一行", "One row per teacher"),
        (
            _code(
                "number",
                "工号",
                "全区唯一;请将整列设为文本格式",
                "Unique in the district; format as text",
                example="T00001",
                longest=32,
                pattern="[0-9A-Za-z_-]+",
            ),
            _text("name", "姓名", "姓名", "The name", example="张三", longest=50),
            _school("人事关系所在学校", "The school that employs the teacher"),
            _date(
                "joined_on",
                "到校日期",
                "到现任学校的日期",
                "First day at this school",
                example=date(2019, 9, 1),
            ),
            _date(
                "last_day",
                "离校日期",
                "最后在校日,含当天;在职则空白",
                "Last day at this school; or empty",
                required=False,
            ),
            _choice(
                "title",
                "职称",
                "空白为未定",
                "Empty is none",
                example="一级",
                required=False,
                choices=TITLES,
                default="none",
            ),
            _choice(
                "backbone_level",
                "骨干称号",
                "没有则空白",
                "Empty where there is none",
                required=False,
                choices=BACKBONE_LEVELS,
            ),
            _choice(
                "backbone_grantor",
                "称号授予级别",
                "有骨干称号时填写",
                "Given with a backbone level",
                required=False,
                choices=GRANTORS,
            ),
            _integer(
                "birth_year",
                "出生年份",
                "四位年份;可空",
                "Four digits; may be empty",
                example=1990,
                required=False,
                low=1930,
                high=2020,
            ),
            _date(
                "teaching_since",
                "从教日期",
                "参加教学工作的日期;可空",
                "Start of teaching; may be empty",
                example=date(2012, 9, 1),
                required=False,
            ),
            _date("expected_retirement_on", "预计退休日期", "可空", "May be empty", required=False),
            _yes_no(
                "cadre",
                "中层干部",
                "空白为否",
                "Empty is no",
                example=NO,
                required=False,
                default=False,
            ),
            _integer(
                "weekly_load_limit",
                "周课时上限",
                "空白为 18",
                "Empty is 18",
                example=18,
                required=False,
                low=1,
                high=40,
                default=18,
            ),
            _teaches(
                "teaches",
                "任教学段学科",
                "学段加学科,多项用顿号分隔",
                "Stage and subject, several separated by 、",
                example="小学音乐、初中音乐",
                required=False,
                choices=SUBJECTS,
                code_list="local_subject",
                longest=300,
                width=24,
            ),
        ),
        ("number",),
    ),
    Sheet(
        "term",
        "学期",
        Text("一个学期一行", "One row per term"),
        (
            _code(
                "school_year",
                "学年",
                "如 2026-2027",
                "E.g. 2026-2027",
                example="2026-2027",
                pattern=r"20\d\d-20\d\d",
            ),
            _integer(
                "number",
                "学期序号",
                "1 秋季,2 春季",
                "1 autumn, 2 spring",
                example=1,
                low=1,
                high=2,
            ),
            _date(
                "first_day",
                "开学日期",
                "第一个教学日",
                "The first teaching day",
                example=date(2026, 9, 1),
            ),
            _date(
                "last_day",
                "放假前最后一天",
                "含当天",
                "Included",
                example=date(2027, 1, 22),
                width=16,
            ),
            _date(
                "week_one",
                "第一周周一",
                "第 1 教学周的星期一",
                "Monday of teaching week 1",
                example=date(2026, 8, 31),
            ),
        ),
        ("school_year", "number"),
    ),
    Sheet(
        "calendar_day",
        "校历",
        Text(
            "与平常不同的日子:放假、调休、考试", "Days that differ: holidays, make-up days, exams"
        ),
        (
            _choice(
                "scope",
                "范围",
                "全区、某集团或某学校;范围小的优先",
                "The narrower scope wins",
                example="全区",
                choices=SCOPES,
            ),
            _text(
                "unit",
                "单位",
                "范围为集团填集团名称,为学校填学校标识码,全区则空白",
                "Group name or school code",
                required=False,
                width=20,
            ),
            _date("on_date", "日期", "哪一天", "Which day", example=date(2026, 10, 1)),
            _choice(
                "kind",
                "安排",
                "上课、放假、考试或活动",
                "Teaching, off, examination or activity",
                example="放假",
                choices=DAY_KINDS,
            ),
            _choice(
                "follows_weekday",
                "按周几课表",
                "调休上课日按周几的课表上课",
                "Whose weekday's timetable a make-up day follows",
                required=False,
                choices=WEEKDAYS,
            ),
            _choice(
                "follows_parity",
                "按单双周",
                "调休上课日按单周还是双周;空白按日期所在周",
                "Empty: the week it falls in",
                required=False,
                choices=DAY_PARITIES,
            ),
            _text(
                "reason", "说明", "如:国庆节", "E.g. National Day", example="国庆节", required=False
            ),
        ),
        ("scope", "unit", "on_date"),
    ),
    Sheet(
        "bell",
        "作息",
        Text("一个校区、一个学段的每一节课一行", "One row per period of a campus and stage"),
        (
            _campus(),
            _stage(),
            _text("name", "作息名称", "如:夏季作息", "E.g. summer", example="夏季作息"),
            *_valid(example=date(2026, 9, 1), required=True),
            _integer("period", "节次", "1 起", "From 1", example=1, low=1, high=20),
            _text(
                "period_name",
                "节次名称",
                "空白为“第 N 节”",
                "Empty is “period N”",
                example="第一节",
                required=False,
                longest=20,
            ),
            _time("starts", "上课时间", "如 08:30", "E.g. 08:30", example=time(8, 30)),
            _time("ends", "下课时间", "如 09:10", "E.g. 09:10", example=time(9, 10)),
        ),
        ("campus", "stage", "valid_from", "period"),
    ),
    Sheet(
        "class",
        "班级",
        Text("一个班一行", "One row per class"),
        (
            _campus(),
            _code(
                "code",
                "班级代码",
                "校内唯一、毕业前不变,建议为入学年-班号",
                "Unique in the school and stays",
                example="2023-1",
                longest=40,
            ),
            _stage(),
            _integer(
                "grade",
                "年级",
                "1–12;幼儿园小、中、大班为 1、2、3",
                "1–12; kindergarten 1–3",
                example=4,
                low=1,
                high=12,
            ),
            _integer("number", "班号", "1 起", "From 1", example=1, low=1, high=99),
            _text(
                "name",
                "班级名称",
                "课表上显示的名称",
                "The name on timetables",
                example="四年级1班",
                longest=40,
            ),
            _integer(
                "pupils",
                "人数",
                "可空",
                "May be empty",
                example=42,
                required=False,
                low=0,
                high=200,
            ),
            *_valid(first="建班日期", last="毕业日期", example=date(2023, 9, 1), required=True),
        ),
        ("campus", "code"),
    ),
    Sheet(
        "room",
        "教室",
        Text("专用教室;可以不填", "Special rooms; may stay empty"),
        (
            _campus(),
            _code(
                "code", "教室代码", "校区内唯一", "Unique in the campus", example="A301", longest=40
            ),
            _text("name", "教室名称", "如:音乐教室", "E.g. music room", example="音乐教室"),
            _choice(
                "kind",
                "教室类型",
                "空白为普通教室",
                "Empty is a classroom",
                example="音乐教室",
                required=False,
                choices=ROOM_KINDS,
                default="classroom",
            ),
            _integer(
                "capacity",
                "座位数",
                "可空",
                "May be empty",
                example=50,
                required=False,
                low=1,
                high=5000,
            ),
        ),
        ("campus", "code"),
    ),
    Sheet(
        "travel",
        "交通时间",
        Text("两校区之间的路程,去与回各一行", "Ways between campuses, one row each direction"),
        (
            _campus("出发校区代码", "from_campus"),
            _campus("到达校区代码", "to_campus", "2150000002-1"),
            _integer(
                "minutes",
                "路程分钟",
                "门到门的平常用时",
                "Usual minutes, gate to gate",
                example=35,
                low=0,
                high=600,
            ),
            _integer(
                "buffer",
                "机动分钟",
                "另留的余量;空白为 10",
                "To spare; empty is 10",
                example=10,
                required=False,
                low=0,
                high=120,
                default=10,
            ),
        ),
        ("from_campus", "to_campus"),
    ),
    Sheet(
        "home_slot",
        "校内课表",
        Text(
            "教师在本校每周固定的每一节课一行;出现的教师,其本学期课表须写全",
            "A row per weekly period; the rows are the whole timetable of each teacher named",
        ),
        (_term(), _teacher(), _subject(), _campus(), _classes(), *_pattern(), *_slot_validity()),
        (
            "term",
            "teacher",
            "weekday",
            "period",
            "parity",
            "weeks",
            "valid_from",
            "campus",
            "classes",
        ),
    ),
    Sheet(
        "assignment",
        "走教安排",
        Text(
            "走教教师在受援校每周的每一节课一行;编号相同的行是同一份安排",
            "One row per weekly period at a host school; rows with one code are one assignment",
        ),
        (
            _code(
                "code",
                "安排编号",
                "全区唯一,如 ZJ-2026-001",
                "Unique in the district",
                example="ZJ-2026-001",
                longest=40,
            ),
            _term(),
            _teacher(),
            _subject(),
            _campus("受援校区代码", example="2150000002-1"),
            _classes(),
            *_pattern(),
            *_slot_validity(),
            _choice(
                "state",
                "状态",
                "发布即排入课表;空白为草稿",
                "Published is laid out; empty is draft",
                example="草稿",
                required=False,
                choices=ASSIGNMENT_STATES,
                default="draft",
            ),
        ),
        ("code", "weekday", "period", "parity", "weeks"),
    ),
    Sheet(
        "pairing",
        "师徒结对",
        Text("一对师徒一行;每位徒弟两位导师、两种角色", "One row per mentor and mentee"),
        (
            _teacher("导师工号", "mentor"),
            _teacher("徒弟工号", "mentee", "T00002"),
            _choice(
                "role",
                "导师角色",
                "校内导师或集团/区级导师",
                "Mentor in the school, or of the group",
                example="校内导师",
                choices=MENTOR_ROLES,
                code_list="mentor_role",
                width=16,
            ),
            *_valid(first="开始日期", last="结束日期", example=date(2026, 9, 1), required=True),
            _text(
                "goals",
                "培养目标",
                "可空",
                "May be empty",
                example="站稳讲台",
                required=False,
                longest=1000,
                width=28,
            ),
            _choice(
                "state",
                "状态",
                "空白为拟结对",
                "Empty is proposed",
                example="拟结对",
                required=False,
                choices=PAIRING_STATES,
                default="proposed",
            ),
        ),
        ("mentor", "mentee", "role", "valid_from"),
    ),
)
"""In the order in which they are loaded: no row refers to a later sheet."""

BY_NAME: Mapping[str, Sheet] = MappingProxyType({sheet.name: sheet for sheet in SHEETS})
BY_TITLE: Mapping[str, Sheet] = MappingProxyType({sheet.title: sheet for sheet in SHEETS})
