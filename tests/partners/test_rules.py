"""What a cell means: tables of cases, and properties over everything people may type."""

from contextlib import suppress
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.kit.problems import Text
from service.partners import rules
from service.partners.choices import Choice
from service.partners.columns import Column, Kind
from service.partners.rules import CellError
from service.partners.writer import weeks_shown

HINT = Text("提示", "hint")


def column(kind: Kind, **options):
    return Column("name", "列", kind, HINT, **options)


def read(kind: Kind, cell, lists=None, **options):
    return rules.coercion(column(kind, **options), lists or {})(cell)


def refused(kind: Kind, cell, lists=None, **options) -> str:
    with pytest.raises(CellError) as found:
        read(kind, cell, lists, **options)
    assert found.value.message.zh
    assert found.value.message.en
    assert found.value.remedy.zh
    assert found.value.remedy.en
    return found.value.code


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        (" 张 三 ", "张 三"),
        ("张\u3000三", "张 三"),
        ("\ufeff张三\u200b\n", "张三"),
        ("镇\uff08中心\uff09小学", "镇\uff08中心\uff09小学"),
        (301.0, "301"),
        (3.5, "3.5"),
    ],
)
def test_a_text_is_what_people_see(cell, meant):
    assert read(Kind.TEXT, cell) == meant


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (True, "not-text"),
        (date(2026, 9, 1), "not-text"),
        (time(8, 30), "not-text"),
        (timedelta(hours=30), "not-text"),
        (1e16, "lost-digits"),
        ("长" * 101, "too-long"),
    ],
)
def test_a_text_that_was_changed_on_the_way_is_refused(cell, code):
    assert refused(Kind.TEXT, cell) == code


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("T00001", "T00001"),
        ("\uff34\uff1000001 ", "T000001"),
        ("2150000001", "2150000001"),
        ("2023–1", "2023-1"),
        (5.0, "5"),
        (2150000001.0, "2150000001"),
        (20190012345.0, "20190012345"),
    ],
)
def test_a_code_keeps_its_letters_and_digits(cell, meant):
    assert read(Kind.CODE, cell) == meant


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.2345E+10", "lost-digits"),
        ("1e10", "lost-digits"),
        (1.2345e10, "lost-digits"),
        (123456789012.0, "lost-digits"),
        (5.5, "not-a-code"),
        (-5.0, "not-a-code"),
        (True, "not-text"),
        (date(2023, 1, 1), "became-date"),
        (datetime.combine(date(2023, 1, 1), time()), "became-date"),
        (time(1, 2), "became-date"),
        (timedelta(hours=30), "became-date"),
        ("T 1", "has-spaces"),
        ("T" * 101, "too-long"),
    ],
)
def test_a_code_that_lost_something_is_refused(cell, code):
    assert refused(Kind.CODE, cell) == code


def test_a_code_has_the_form_of_its_column():
    assert read(Kind.CODE, "2150000001", pattern=r"\d{10}") == "2150000001"
    assert refused(Kind.CODE, "215000001", pattern=r"\d{10}") == "wrong-form"


@pytest.mark.parametrize(
    ("cell", "meant"), [(5.0, 5), ("5", 5), ("\uff11\uff12", 12), ("5.0", 5), (" 5", 5)]
)
def test_a_whole_number(cell, meant):
    assert read(Kind.INTEGER, cell) == meant


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (5.5, "not-whole"),
        ("五", "not-a-number"),
        ("5.5", "not-a-number"),
        (True, "not-a-number"),
        (date(2026, 9, 1), "not-a-number"),
        (0.0, "out-of-range"),
        ("21", "out-of-range"),
    ],
)
def test_what_is_no_whole_number_is_refused(cell, code):
    assert refused(Kind.INTEGER, cell, low=1, high=20) == code


def test_a_number_may_have_one_bound_or_none():
    assert read(Kind.INTEGER, -3.0) == -3
    assert refused(Kind.INTEGER, 0.0, low=1) == "out-of-range"
    assert refused(Kind.INTEGER, 30.0, high=20) == "out-of-range"


def test_a_decimal():
    assert read(Kind.DECIMAL, 106.5, low=73, high=136) == 106.5
    assert read(Kind.DECIMAL, "106.5") == 106.5
    assert refused(Kind.DECIMAL, 29.8, low=73, high=136) == "out-of-range"
    assert refused(Kind.DECIMAL, "东经106") == "not-a-number"
    assert refused(Kind.DECIMAL, True) == "not-a-number"


@pytest.mark.parametrize(
    "cell",
    [
        date(2026, 9, 1),
        datetime.combine(date(2026, 9, 1), time()),
        "2026-09-01",
        "2026-9-1",
        "2026/9/1",
        "2026.9.1",
        "2026年9月1日",
        "\uff12\uff10\uff12\uff16-9-1",
        " 2026-09-01 ",
    ],
)
def test_an_unambiguous_day(cell):
    assert read(Kind.DATE, cell) == date(2026, 9, 1)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("9/1/2026", "ambiguous-date"),
        ("1-9-26", "ambiguous-date"),
        ("2026-09/01", "ambiguous-date"),
        ("2026年9月1", "ambiguous-date"),
        ("2026-9-1日", "ambiguous-date"),
        ("开学", "ambiguous-date"),
        ("2026-02-30", "no-such-day"),
        (46266.0, "not-a-date"),
        (True, "not-a-date"),
        (time(8, 30), "not-a-date"),
        (datetime.combine(date(2026, 9, 1), time(8, 30)), "not-a-date"),
        (date(1899, 12, 31), "out-of-range"),
        ("2206-09-01", "out-of-range"),
    ],
)
def test_a_day_is_never_guessed(cell, code):
    assert refused(Kind.DATE, cell) == code


@pytest.mark.parametrize(
    "cell", [time(8, 30), "8:30", "08:30", "08:30:00", "8\uff1a30", time(8, 29, 59), time(8, 30, 1)]
)
def test_a_time_on_the_clock(cell):
    assert read(Kind.TIME, cell) == time(8, 30)


def test_the_last_second_of_a_day_is_midnight():
    assert read(Kind.TIME, time(23, 59, 59)) == time(0, 0)


@pytest.mark.parametrize(
    "cell",
    [
        0.354,
        "25:00",
        "8点半",
        "08:60",
        time(8, 30, 30),
        True,
        date(2026, 9, 1),
        timedelta(hours=30),
    ],
)
def test_what_is_no_time_is_refused(cell):
    assert refused(Kind.TIME, cell) == "not-a-time"


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("是", True),
        ("否", False),
        (True, True),
        (1.0, True),
        (0.0, False),
        ("YES", True),
        ("Y", True),
    ],
)
def test_yes_and_no(cell, meant):
    assert read(Kind.YES_NO, cell) is meant


@pytest.mark.parametrize("cell", ["也许", 2.0, date(2026, 9, 1)])
def test_neither_yes_nor_no_is_refused(cell):
    assert refused(Kind.YES_NO, cell) == "not-yes-no"


COLOURS = (Choice("1", "红", "Red"), Choice("2", "蓝", "Blue", "天蓝"))


@pytest.mark.parametrize("cell", ["2", "\uff12", 2.0, "蓝", "blue", " 天蓝 ", "2 蓝"])
def test_a_choice_by_code_or_name(cell):
    assert read(Kind.CHOICE, cell, choices=COLOURS) == "2"


def test_an_unknown_choice_is_told_the_known_ones():
    assert refused(Kind.CHOICE, "绿", choices=COLOURS) == "unknown-choice"
    assert refused(Kind.CHOICE, date(2026, 1, 1), choices=COLOURS) == "became-date"
    with pytest.raises(CellError) as found:
        read(Kind.CHOICE, "绿", choices=COLOURS)
    assert "红、蓝" in found.value.remedy.zh


def test_many_choices_are_cut_short_and_none_are_a_dash():
    many = tuple(Choice(str(n), f"第{n}", f"No. {n}") for n in range(30))
    with pytest.raises(CellError) as found:
        read(Kind.CHOICE, "绿", choices=many)
    assert "……" in found.value.remedy.zh
    assert refused(Kind.CHOICE, "绿", code_list="colour") == "unknown-choice"


def test_a_district_adds_choices_of_its_own():
    own = {"colour": (Choice("9", "绿", "Green"),)}
    assert read(Kind.CHOICE, "绿", own, choices=COLOURS, code_list="colour") == "9"


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("2023-1", ("2023-1",)),
        ("2023-1、2023-2", ("2023-1", "2023-2")),
        ("2023-1,2023-2; 2023-3", ("2023-1", "2023-2", "2023-3")),
        ("2023-1、2023-1", ("2023-1",)),
        (301.0, ("301",)),
    ],
)
def test_several_codes_in_one_cell(cell, meant):
    assert read(Kind.CODES, cell) == meant


def test_several_codes_that_became_something_else_are_refused():
    assert refused(Kind.CODES, date(2023, 1, 1)) == "became-date"
    assert refused(Kind.CODES, "x" * 101) == "too-long"


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("1-8,10", (1, 2, 3, 4, 5, 6, 7, 8, 10)),
        ("第1~3周、5周", (1, 2, 3, 5)),
        ("10,1-2,2", (1, 2, 10)),
        (5.0, (5,)),
    ],
)
def test_teaching_weeks(cell, meant):
    assert read(Kind.WEEKS, cell) == meant


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("0", "weeks-out-of-range"),
        ("54", "weeks-out-of-range"),
        ("8-1", "weeks-out-of-range"),
        ("单周", "not-weeks"),
        ("、", "not-weeks"),
        (date(2026, 1, 8), "became-date"),
    ],
)
def test_weeks_that_are_none_are_refused(cell, code):
    assert refused(Kind.WEEKS, cell) == code


SUBJECTS = (Choice("24", "音乐", "Music"), Choice("25", "美术", "Fine art"))


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("小学音乐", (("2", "24"),)),
        ("小学音乐、初中音乐;高中 美术", (("2", "24"), ("3", "24"), ("4", "25"))),
        ("2-24、2-24", (("2", "24"),)),
        ("普通初中音乐", (("3", "24"),)),
    ],
)
def test_what_a_teacher_may_teach(cell, meant):
    assert read(Kind.TEACHES, cell, choices=SUBJECTS) == meant


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("音乐", "unknown-qualification"),
        ("小学飞行", "unknown-qualification"),
        (24.0, "became-date"),
    ],
)
def test_a_stage_without_a_subject_is_refused(cell, code):
    assert refused(Kind.TEACHES, cell, choices=SUBJECTS) == code


@pytest.mark.parametrize("cell", ["", None, "  ", "\u3000", "\u200b"])
def test_an_empty_cell_is_the_default_or_missing(cell):
    assert read(Kind.INTEGER, cell, required=False, default=10) == 10
    assert refused(Kind.INTEGER, cell) == "missing"


@pytest.mark.parametrize("kind", Kind)
@given(
    cell=st.one_of(
        st.text(max_size=30),
        st.floats(allow_nan=False, allow_infinity=False),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
        st.none(),
    )
)
def test_whatever_stands_in_a_cell_is_understood_or_refused(kind, cell):
    options = {"choices": SUBJECTS, "required": False}
    with suppress(CellError):
        read(kind, cell, **options)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)))
def test_every_day_survives_the_ways_it_is_written(day):
    written = (day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day:%Y年%m月%d日}")
    assert {read(Kind.DATE, text) for text in written} == {day}


@given(st.times().map(lambda at: at.replace(second=0, microsecond=0)))
def test_every_minute_survives(at):
    assert read(Kind.TIME, at) == read(Kind.TIME, f"{at:%H:%M}") == at


@given(st.sets(st.integers(min_value=1, max_value=30), min_size=1))
def test_weeks_that_are_shown_are_read_as_they_were(weeks):
    assert read(Kind.WEEKS, weeks_shown(tuple(weeks))) == tuple(sorted(weeks))


@given(st.text(max_size=40))
def test_reading_twice_changes_nothing_more(text):
    assert rules.tidy(rules.tidy(text)) == rules.tidy(text)
    assert rules.narrow(rules.narrow(text)) == rules.narrow(text)


@given(st.integers(min_value=0, max_value=10**10 - 1))
def test_a_number_in_a_code_column_keeps_every_digit(number):
    assert read(Kind.CODE, float(number)) == str(number)


def test_a_column_remembers_what_it_has_read():
    coerce = rules.coercion(column(Kind.WEEKS), {})
    assert coerce("1-3") is coerce("1-3")
    assert coerce(2.0) is coerce(2.0)


def test_a_report_stops_repeating_itself():
    report = rules.Report()
    for row in range(rules.PROBLEMS_SHOWN + 5):
        report.add(rules.RowProblem("教师", row, "工号", "missing", HINT, HINT))
    report.add(rules.RowProblem("教师", 1, "姓名", "missing", HINT, HINT))

    lines = report.finish()

    assert len(lines) == rules.PROBLEMS_SHOWN + 2
    assert lines[-1].row is None
    assert "5" in lines[-1].message.zh


def test_repeats_are_found_with_their_first():
    assert rules.first_repeats([("a",), ("b",), ("a",), ("a",)]) == {2: 0, 3: 0}
