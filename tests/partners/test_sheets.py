"""The declaration of the workbook agrees with the modules it is written into."""

import re
from datetime import date, time
from io import BytesIO

import pytest
from openpyxl import load_workbook

from service.calendar.rules import DayKind, DayScope
from service.network import codes
from service.network.rules import Datum, GroupKind, GroupState, Tier
from service.partners import choices, reader, rules, writer
from service.partners.columns import Kind
from service.partners.sheets import BY_NAME, README_ITEMS, SHEETS
from service.staff.rules import BackboneLevel, Grantor, Title
from service.timetable.rules import Parity, RoomKind
from tests.partners.workbooks import README, ROWS, book, opened, saved


@pytest.mark.parametrize(
    ("offered", "known"),
    [
        (choices.DATUMS, Datum),
        (choices.GROUP_KINDS, GroupKind),
        (choices.TIERS, Tier),
        (choices.TITLES, Title),
        (choices.BACKBONE_LEVELS, BackboneLevel),
        (choices.GRANTORS, Grantor),
        (choices.ROOM_KINDS, RoomKind),
        (choices.SCOPES, DayScope),
        (choices.DAY_KINDS, DayKind),
        (choices.PARITIES, Parity),
    ],
)
def test_a_drop_down_offers_what_the_module_knows(offered, known):
    assert {choice.code for choice in offered} == {value.value for value in known}


def test_a_group_is_not_dissolved_by_its_state_but_by_its_last_day():
    assert {choice.code for choice in choices.GROUP_STATES} == {*GroupState} - {"dissolved"}


def test_the_districts_own_lists_are_the_networks():
    assert choices.LISTS.keys() == codes.DISTRICT_LISTS.keys()


def test_no_two_spellings_of_a_column_mean_different_things():
    for sheet in SHEETS:
        for column in sheet.columns:
            spellings = rules.choices_of(column, {})
            for one in column.choices:
                for word in filter(None, (one.code, one.zh, one.en, one.also)):
                    assert spellings[rules.narrow(word).casefold()] == one.code, column.title


def test_every_reference_leads_to_an_earlier_sheet():
    seen = set()
    for sheet in SHEETS:
        for column in sheet.columns:
            if column.refers is not None:
                assert column.refers.sheet in seen
                assert column.refers.within in {None, "campus"}
        seen.add(sheet.name)


def test_names_and_headers_are_told_apart():
    for sheet in SHEETS:
        names = [column.name for column in sheet.columns]
        titles = [column.title for column in sheet.columns]
        assert len(set(names)) == len(names)
        assert len(set(titles)) == len(titles)
        assert set(sheet.key) <= set(names)
    assert all(re.fullmatch(r"[a-z_]+", item.name) for item in README_ITEMS)
    assert BY_NAME["teacher"].column("number").title == "工号"


def test_optional_columns_say_what_empty_means_where_it_is_not_nothing():
    for sheet in SHEETS:
        for column in sheet.columns:
            assert column.hint.zh
            assert column.hint.en
            assert not (column.required and column.default is not None)


# Written files


def test_drop_downs_offer_the_names_and_the_districts_own_codes():
    made = opened()
    restricted = {
        str(rule.sqref): rule.formula1 for rule in made["集团"].data_validations.dataValidation
    }
    options = made["_选项"]

    def offered(formula):
        cells = options[formula.split("!")[1].replace("$", "")]
        return [cells.value] if not isinstance(cells, tuple) else [one.value for (one,) in cells]

    assert options.sheet_state == "hidden"
    assert offered(restricted["B2:B20001"]) == ["中小学教育集团", "幼儿园联盟集团"]
    assert offered(restricted["C2:C20001"]) == ["城乡共同体"]
    assert offered(restricted["E2:E20001"]) == ["是", "否"]


def test_code_columns_are_text_and_dates_are_dates():
    page = load_workbook(BytesIO(book()))["教师"]

    assert page["A2"].number_format == "@"
    assert page.column_dimensions["A"].width > 10
    assert page["D2"].number_format == "yyyy-mm-dd"


def test_a_header_says_whether_it_is_needed_and_gives_an_example():
    page = load_workbook(BytesIO(writer.template()))["教师"]

    assert "必填" in page["A1"].comment.text
    assert "例:T00001" in page["A1"].comment.text
    assert "选填" in page["G1"].comment.text
    assert page["A1"].fill.fgColor.rgb != page["G1"].fill.fgColor.rgb


def test_values_are_shown_as_people_write_them():
    shown = {
        kind: writer.shown(next(c for s in SHEETS for c in s.columns if c.kind is kind), value)
        for kind, value in [
            (Kind.TEXT, None),
            (Kind.DATE, date(2026, 9, 1)),
            (Kind.TIME, time(8, 30)),
            (Kind.YES_NO, True),
            (Kind.WEEKS, "1-8"),
            (Kind.TEACHES, "小学音乐"),
            (Kind.CODES, "2023-1"),
            (Kind.INTEGER, 3),
        ]
    }

    assert list(shown.values()) == [
        "",
        "2026-09-01",
        "08:30",
        "是",
        "1-8",
        "小学音乐",
        "2023-1",
        "3",
    ]


def test_a_program_may_write_words_as_well_as_codes():
    rows: ROWS = {
        "teacher": [
            {
                "number": "T1",
                "name": "林晓",
                "school": "2150000001",
                "joined_on": date(2026, 9, 1),
                "title": "一级",
                "cadre": "是",
                "teaches": [("2", "x1")],
            }
        ],
        "code": [{"list": "local_subject", "code": "x1", "zh": "川剧"}],
    }

    contents = reader.read(book(rows), lists={})

    assert contents.problems == []
    row = contents.of("teacher")[0].values
    assert (row["title"], row["cadre"], row["teaches"]) == ("first", True, (("2", "x1"),))


def test_the_readme_sheet_may_say_more_than_is_asked():
    made = opened()
    made["说明"]["A9"] = "联系人"
    made["说明"]["B9"] = "教育科"

    contents = reader.read(saved(made), lists={})

    assert contents.problems == []
    assert contents.readme == README
