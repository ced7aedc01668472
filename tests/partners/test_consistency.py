"""Rows that contradict each other, or point to nothing: each is told to its row."""

from datetime import date, time, timedelta

import pytest

from service.partners import consistency
from service.partners.consistency import Known
from service.partners.reader import Contents, Row, read
from service.partners.sheets import BY_NAME
from tests.partners.workbooks import AUTUMN, FIRST_DAY, README, book, district, slot


def contents(rows, *, flawed=None, readme=README):
    """What the reader makes of these rows."""

    def whole(sheet, row):
        return {
            column.name: row.get(column.name, column.default) for column in BY_NAME[sheet].columns
        }

    return Contents(
        readme,
        {
            sheet: [Row(number, whole(sheet, row)) for number, row in enumerate(found, start=2)]
            for sheet, found in rows.items()
        },
        [],
        flawed or {},
    )


def check(rows, known=None, **more):
    return [
        (line.sheet, line.row, line.column, line.code)
        for line in consistency.check(
            contents(rows, **more), known or Known(), district_code="500109"
        )
    ]


def changed(sheet, row, **values):
    """The small district with one row changed; row 2 is the first."""
    rows = district()
    rows[sheet][row - 2] |= values
    return rows


def added(sheet, **values):
    """The small district with one more row, like the first but for some values."""
    rows = district()
    rows[sheet].append(rows[sheet][0] | values)
    return rows


def test_the_small_district_is_right():
    assert check(district()) == []


def test_it_is_right_as_a_file_too():
    found = read(book(), lists={})
    assert list(consistency.check(found, Known(), district_code="500109")) == []


def test_a_file_of_another_district_is_not_taken():
    assert check(district(), readme=README | {"district_code": "500112"}) == [
        ("说明", None, "区县代码", "other-district")
    ]


LATE = date(2030, 1, 1)
EARLY = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("sheet", "row", "values", "column", "code"),
    [
        ("campus", 2, {"school": "2150000009"}, "学校标识码", "unknown-reference"),
        ("membership", 2, {"group": "没有的集团"}, "集团名称", "unknown-reference"),
        ("pairing", 2, {"mentor": "T99999"}, "导师工号", "unknown-reference"),
        ("travel", 2, {"to_campus": "x"}, "到达校区代码", "unknown-reference"),
        ("home_slot", 2, {"term": "2027-2028-1"}, "学期", "unknown-reference"),
        ("home_slot", 2, {"room": "B1"}, "教室代码", "unknown-reference"),
        ("home_slot", 2, {"classes": ("2023-1", "2023-9")}, "班级代码", "unknown-reference"),
        ("calendar_day", 2, {"scope": "group", "unit": "没有"}, "单位", "unknown-reference"),
        ("calendar_day", 2, {"scope": "school", "unit": "没有"}, "单位", "unknown-reference"),
        ("calendar_day", 2, {"scope": "school"}, "单位", "missing"),
        ("calendar_day", 2, {"unit": "2150000001"}, "单位", "unit-not-expected"),
        ("calendar_day", 2, {"follows_weekday": "2"}, "按周几课表", "follows-without-teaching"),
        ("calendar_day", 2, {"follows_parity": "odd"}, "按周几课表", "follows-without-teaching"),
        (
            "school",
            2,
            {"weak_from": LATE, "weak_through": EARLY},
            "薄弱学校截止日期",
            "reversed-range",
        ),
        ("school", 2, {"weak_through": LATE}, "薄弱学校认定日期", "missing"),
        ("school", 3, {"name": "镇中心小学"}, "学校名称", "duplicate"),
        ("campus", 2, {"longitude": 106.4}, "经度", "incomplete-position"),
        ("campus", 2, {"zone": "Asia/Beibei"}, "时区", "unknown-zone"),
        ("campus", 2, {"zone": "../etc"}, "时区", "unknown-zone"),
        ("campus", 3, {"school": "2150000001"}, "主校区", "second-main-campus"),
        ("group", 2, {"valid_through": EARLY}, "撤销日期", "reversed-range"),
        ("membership", 2, {"seat": 1}, "紧密型席位", "seat-does-not-fit"),
        ("membership", 4, {"tier": "lead"}, "层级", "second-lead"),
        ("membership", 4, {"tier": "close", "seat": 1}, "紧密型席位", "seat-taken"),
        ("membership", 2, {"valid_through": EARLY}, "退出日期", "reversed-range"),
        ("teacher", 2, {"last_day": EARLY, "joined_on": LATE}, "离校日期", "reversed-range"),
        ("teacher", 2, {"backbone_level": "master"}, "称号授予级别", "incomplete-honour"),
        ("teacher", 2, {"teaching_since": date(1990, 1, 1)}, "从教日期", "implausible-date"),
        ("term", 2, {"school_year": "2026-2028"}, "学年", "wrong-form"),
        ("term", 2, {"week_one": date(2026, 9, 1)}, "第一周周一", "not-week-one"),
        ("term", 2, {"week_one": date(2026, 8, 24)}, "第一周周一", "not-week-one"),
        ("term", 2, {"week_one": date(2026, 9, 7)}, "第一周周一", "not-week-one"),
        ("bell", 2, {"ends": time(8, 0)}, "下课时间", "reversed-range"),
        ("bell", 3, {"starts": time(9, 0)}, "上课时间", "overlapping-periods"),
        ("bell", 3, {"name": "冬季作息"}, "作息名称", "contradiction"),
        ("class", 2, {"valid_through": EARLY}, "毕业日期", "reversed-range"),
        ("travel", 2, {"to_campus": "2150000001-1"}, "到达校区代码", "same-campus"),
        ("home_slot", 2, {"valid_from": LATE}, "启用日期", "outside-term"),
        ("home_slot", 2, {"valid_through": EARLY}, "启用日期", "outside-term"),
        ("home_slot", 2, {"period": 9}, "节次", "no-such-period"),
        ("assignment", 3, {"subject": "25"}, "学科", "contradiction"),
        ("pairing", 2, {"mentee": "T00001"}, "徒弟工号", "self-mentoring"),
        ("pairing", 2, {"valid_through": EARLY}, "结束日期", "reversed-range"),
    ],
)
def test_a_row_that_does_not_fit(sheet, row, values, column, code):
    found = check(changed(sheet, row, **values))

    assert (BY_NAME[sheet].title, row, column, code) in found


def test_every_message_is_said_in_two_languages_with_a_way_out():
    rows = changed("membership", 4, tier="lead")
    for line in consistency.check(contents(rows), Known(), district_code=None):
        assert line.message.zh
        assert line.message.en
        assert line.remedy.zh
        assert line.remedy.en


def test_a_school_is_at_the_core_of_one_group_only():
    rows = added("group", name="河口教育集团")
    rows["membership"].append(
        {
            "group": "河口教育集团",
            "school": "2150000001",
            "tier": "close",
            "seat": 1,
            "valid_from": FIRST_DAY,
        }
    )

    assert check(rows) == [("集团成员", 5, "学校标识码", "core-of-two-groups")]


def test_a_school_may_come_back_to_its_group_but_not_be_there_twice():
    later = {"valid_from": date(2028, 9, 1), "tier": "alliance", "seat": None}
    rows = added("membership", **later)
    assert check(rows) == [("集团成员", 5, "加入日期", "overlapping-membership")]
    assert [code for *_, code in check(added("membership", valid_from=date(2028, 9, 1)))] == [
        "second-lead",
        "overlapping-membership",
    ]

    rows["membership"][0]["valid_through"] = date(2028, 8, 31)
    assert check(rows) == []


def test_terms_do_not_overlap():
    rows = added(
        "term",
        number=2,
        first_day=date(2027, 1, 18),
        last_day=date(2027, 7, 2),
        week_one=date(2027, 1, 18),
    )

    assert check(rows) == [("学期", 3, "开学日期", "overlapping-terms")]


def test_two_terms_follow_each_other():
    rows = added(
        "term",
        number=2,
        first_day=date(2027, 2, 22),
        last_day=date(2027, 7, 2),
        week_one=date(2027, 2, 22),
    )

    assert check(rows) == []


def test_a_day_of_a_group_and_of_a_school():
    rows = added("calendar_day", scope="group", unit="镇中心教育集团")
    rows["calendar_day"].append(rows["calendar_day"][0] | {"scope": "school", "unit": "2150000001"})

    assert check(rows) == []


def test_bells_of_two_seasons_follow_each_other():
    rows = district()
    winter = [
        row | {"name": "冬季作息", "valid_from": date(2026, 11, 1)} for row in rows["bell"][:4]
    ]
    rows["bell"] += winter
    assert check(rows) == [("作息", 14, "启用日期", "overlapping-bells")]

    for row in rows["bell"][:4]:
        row["valid_through"] = date(2026, 10, 31)
    assert check(rows) == []


def test_a_class_code_is_unique_in_its_school_whatever_the_campus():
    rows = added("campus", code="2150000001-2", main=False)
    rows["class"].append(rows["class"][0] | {"campus": "2150000001-2"})

    assert check(rows) == [("班级", 5, "班级代码", "duplicate")]


def test_a_class_at_a_campus_nobody_knows_is_told_once():
    assert check(changed("class", 4, campus="?")) == [("班级", 4, "校区代码", "unknown-reference")]


def test_a_campus_without_bells_is_told_to_the_lesson():
    rows = district()
    rows["bell"] = rows["bell"][4:]

    assert ("校内课表", 2, "校区代码", "no-bells") in check(rows)


def test_classes_taught_together_are_of_one_stage():
    rows = district()
    rows["class"].append(rows["class"][0] | {"code": "2026-1", "stage": "3", "number": 2})
    rows["bell"] += [row | {"stage": "3"} for row in rows["bell"][:4]]
    rows["home_slot"][0]["classes"] = ("2023-1", "2026-1")

    assert check(rows) == [("校内课表", 2, "班级代码", "mixed-stages")]


def test_a_teacher_and_a_class_are_not_asked_for_twice():
    rows = district()
    rows["class"].append(rows["class"][0] | {"code": "2023-2", "number": 2})
    rows["home_slot"] = [slot(), slot(classes=("2023-2",)), slot(teacher="T00003")]

    assert check(rows) == [
        ("校内课表", 3, "教师工号", "teacher-busy"),
        ("校内课表", 4, "班级代码", "class-busy"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"parity": "odd"}, {"parity": "even"}),
        ({"weeks": (1, 2, 3)}, {"weeks": (4, 5)}),
        ({"parity": "odd"}, {"weeks": (2, 4)}),
        ({"valid_through": date(2026, 10, 31)}, {"valid_from": date(2026, 11, 1)}),
    ],
)
def test_lessons_that_never_meet_do_not_clash(one, other):
    rows = district()
    rows["home_slot"] = [slot(**one), slot(**other)]

    assert check(rows) == []


def test_lessons_that_share_one_week_clash():
    rows = district()
    rows["home_slot"] = [slot(parity="even"), slot(weeks=(1, 2))]

    assert {code for *_, code in check(rows)} == {"teacher-busy", "class-busy"}


def test_a_mentee_has_one_mentor_per_role_at_a_time():
    rows = changed("pairing", 2, state="active")
    rows["pairing"].append(rows["pairing"][0] | {"mentor": "T00003"})

    assert check(rows) == [("师徒结对", 3, "导师角色", "second-mentor")]


def test_rows_may_refer_to_what_the_district_has_already():
    only_slots = {"home_slot": district()["home_slot"][:1]}
    known = Known(
        schools={"2150000001"},
        campuses={"2150000001-1": "2150000001"},
        groups=set(),
        teachers={"T00001"},
        terms={AUTUMN: (FIRST_DAY, date(2027, 1, 22))},
        classes={("2150000001", "2023-1"): "2"},
        rooms={("2150000001-1", "A301")},
        periods={("2150000001-1", "2"): {1, 2}},
    )

    assert check(only_slots, known) == []
    assert len(check(only_slots)) == 3


def test_a_row_with_a_problem_of_its_own_can_still_be_referred_to():
    rows = district()
    flawed = {
        "teacher": [Row(2, {"number": "T00001"})],
        "class": [Row(2, {"code": "2023-1", "campus": "2150000001-1"}), Row(3, {})],
        "room": [Row(2, {}), Row(3, {"code": "A301"})],
        "campus": [Row(2, {"code": "2150000001-1"}), Row(3, {})],
        "term": [Row(2, {"school_year": "2026-2027", "number": 1}), Row(3, {"number": 2})],
        "bell": [Row(2, {"campus": "2150000001-1", "stage": "2", "period": 1})],
    }
    del rows["teacher"][0]

    assert check(rows, flawed=flawed) == []


def test_many_rows_of_one_key_are_not_compared_each_with_each():
    rows = district()
    rows["home_slot"] = [
        slot(valid_from=FIRST_DAY + timedelta(days=number % 90), weeks=(number % 30 + 1,))
        for number in range(3000)
    ]

    assert len(check(rows)) < 300
