"""Workbooks as people send them: every bad one gets its own clear answer."""

import re
import zipfile
from datetime import date, time
from io import BytesIO

import pytest
from openpyxl import Workbook

from service.kit.problems import Problem
from service.partners import package, reader, writer
from service.partners.problems import (
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookUnsafe,
)
from service.partners.sheets import SHEETS
from tests.partners.workbooks import book, cell, district, opened, saved, typed


def read(content: bytes):
    return reader.read(content, lists={})


def problems(content: bytes):
    return [(line.sheet, line.row, line.column, line.code) for line in read(content).problems]


def rebuilt(content: bytes, part: str, change, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with one part of its container changed."""
    target = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", method) as copy,
    ):
        for name in source.namelist():
            body = source.read(name)
            copy.writestr(name, change(body) if part in name else body)
    return target.getvalue()


def stripped(body: bytes) -> bytes:
    return re.sub(rb"<dataValidations.*?</dataValidations>", b"", body)


# What is right


def test_what_a_program_writes_is_read_as_it_was():
    contents = read(book())

    assert contents.problems == []
    assert contents.readme["district_code"] == "500109"
    teacher = contents.of("teacher")[0]
    assert teacher.number == 2
    assert teacher.values["joined_on"] == date(2019, 9, 1)
    assert teacher.values["teaches"] == (("2", "24"), ("2", "25"))
    assert teacher.values["cadre"] is False
    assert contents.of("group")[0].values["category"] == "town"
    assert contents.of("bell")[0].values["starts"] == time(8, 30)
    assert contents.of("home_slot")[2].values["weeks"] == (1, 2, 3, 5)


def test_the_template_is_empty_and_only_lacks_the_district():
    contents = read(writer.template())

    assert not any(contents.rows.values())
    assert {line.column for line in contents.problems} == {"区县代码"}


def test_every_column_of_the_template_has_a_header_and_a_note():
    made = opened({})
    for sheet in SHEETS:
        header = made[sheet.title][1]
        assert [one.value for one in header] == [column.title for column in sheet.columns]
        assert all(one.comment for one in header)
        assert made[sheet.title].freeze_panes == "A2"


def test_every_example_is_right():
    example = {
        sheet.name: [
            {column.name: column.example for column in sheet.columns if column.example != ""}
        ]
        for sheet in SHEETS
        if sheet.name != "readme"
    }

    assert problems(book(example)) == []


def test_columns_may_stand_in_any_order_and_have_english_names():
    made = opened()
    page = made["学校"]
    page.move_range("A1:A4", cols=30)
    page["AE1"] = "code"

    contents = read(saved(made))

    assert contents.of("school")[0].values["code"] == "2150000001"


def test_a_title_above_the_header_is_stepped_over():
    made = opened()
    made["教师"].insert_rows(1)
    made["教师"]["A1"] = "2026 年教师名册"

    assert read(saved(made)).of("teacher")[0].number == 3


def test_empty_rows_spaces_and_full_width_letters_do_no_harm():
    made = opened()
    page = made["教师"]
    page.insert_rows(3)
    page["A3"] = "\u3000 "
    page["A2"] = " \uff3400001 "

    contents = read(saved(made))

    assert contents.problems == []
    assert contents.of("teacher")[0].values["number"] == "T00001"


def test_sheets_that_are_not_needed_may_be_deleted():
    made = opened()
    for title in ("教室", "走教安排", "_选项", "填写须知"):
        del made[title]
    made.create_sheet("_备忘")["A1"] = "随便写"

    assert problems(saved(made)) == []


# Sheets and headers


def test_a_misspelt_sheet_is_not_passed_over_in_silence():
    made = opened()
    made["教师"].title = "教师们"

    assert ("教师们", None, None, "unknown-sheet") in problems(saved(made))


def test_the_readme_is_needed():
    made = opened()
    del made["说明"]

    assert ("说明", None, None, "missing-sheet") in problems(saved(made))


def test_a_sheet_that_stands_there_twice():
    made = opened()
    made.copy_worksheet(made["教师"]).title = "teacher"

    assert ("teacher", None, None, "duplicate-sheet") in problems(saved(made))


def test_a_workbook_of_another_version():
    assert ("说明", 2, "文件版本", "other-version") in problems(typed("readme", "value", "99"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("工号啊", {"unknown-column", "missing-column"}),
        ("姓名", {"duplicate-column", "missing-column"}),
        (None, {"unknown-column", "missing-column"}),
        ("* 工号 *", {"unknown-column", "missing-column"}),
    ],
)
def test_headers_that_are_unknown_missing_or_doubled(header, expected):
    made = opened()
    made["教师"]["A1"] = header

    assert {code for _, _, _, code in problems(saved(made))} == expected


def test_a_header_may_carry_a_star():
    made = opened()
    made["教师"]["A1"] = "工号*"

    assert problems(saved(made)) == []


def test_notes_beside_the_table_have_no_header():
    made = opened()
    made["教师"]["T5"] = "记得核对"

    assert problems(saved(made)) == [("教师", 1, "T", "unknown-column")]


def test_rows_without_a_header():
    made = opened()
    made["教室"].delete_rows(1)

    assert problems(saved(made)) == [("教室", 1, None, "missing-header")]


# Cells


@pytest.mark.parametrize(
    ("sheet", "column", "value", "code"),
    [
        ("teacher", "number", 1.2345e10, "lost-digits"),
        ("teacher", "number", "1.2345E+10", "lost-digits"),
        ("teacher", "birth_year", "九〇年", "not-a-number"),
        ("teacher", "birth_year", 1990.5, "not-whole"),
        ("teacher", "joined_on", "9/1/2019", "ambiguous-date"),
        ("teacher", "joined_on", 43709, "not-a-date"),
        ("teacher", "joined_on", None, "missing"),
        ("teacher", "title", "教授", "unknown-choice"),
        ("class", "code", date(2023, 1, 1), "became-date"),
        ("home_slot", "weeks", "0", "weeks-out-of-range"),
        ("home_slot", "weeks", "1-54", "weeks-out-of-range"),
        ("home_slot", "period", 21, "out-of-range"),
        ("bell", "starts", "八点半", "not-a-time"),
        ("school", "code", "215000001", "wrong-form"),
    ],
)
def test_a_bad_cell_is_named_with_its_place_and_the_way_out(sheet, column, value, code):
    title, _ = cell(sheet, column, 2)
    lines = read(typed(sheet, column, value)).problems

    assert [(line.sheet, line.row, line.code) for line in lines] == [(title, 2, code)]
    assert lines[0].remedy.zh
    assert lines[0].remedy.en


@pytest.mark.parametrize("written", ["2019/9/1", "2019年9月1日", "2019-09-01"])
def test_dates_as_text_are_read_where_they_are_clear(written):
    contents = read(typed("teacher", "joined_on", written))

    assert contents.problems == []
    assert contents.of("teacher")[0].values["joined_on"] == date(2019, 9, 1)


def test_a_school_code_that_became_a_number_is_still_a_code():
    contents = read(typed("school", "code", 2150000001))

    assert contents.of("school")[0].values["code"] == "2150000001"


def test_a_formula_is_refused_unless_it_is_a_value_in_disguise():
    assert [code for *_, code in problems(typed("teacher", "name", "=B3"))] == ["formula"]
    assert "formula" not in {code for *_, code in problems(typed("teacher", "name", '="林晓"'))}


def test_a_cell_with_an_error_is_told_apart_from_an_empty_one():
    assert problems(typed("teacher", "name", "#N/A")) == [("教师", 2, "姓名", "error-value")]


def test_a_formula_beside_the_table_does_no_harm():
    made = opened()
    made["教师"]["T2"] = "=1+1"

    assert problems(saved(made)) == []


def test_a_formula_in_a_cell_without_an_address_is_left_to_its_value():
    content = rebuilt(
        typed("room", "name", "=1+1"), "sheet", lambda body: body.replace(b'<c r="C2"', b"<c ")
    )

    assert "formula" not in {code for *_, code in problems(content)}


def test_a_sheet_without_anything_in_it():
    made = opened()
    made["教室"].delete_rows(1, 10)

    assert problems(saved(made)) == []


def test_merged_cells_are_named_by_their_place():
    made = opened()
    made["教师"].merge_cells("C2:C3")
    made["教师"].merge_cells("X2:X3")

    found = problems(saved(made))

    assert ("教师", 2, "C2:C3", "merged-cells") in found
    assert "X2:X3" not in {column for *_, column, _ in found}


def test_a_merged_title_above_the_header_does_no_harm():
    made = opened()
    made["教师"].insert_rows(1)
    made["教师"]["A1"] = "教师名册"
    made["教师"].merge_cells("A1:D1")

    assert problems(saved(made)) == []


def test_a_number_that_stands_twice_names_both_rows():
    found = read(typed("teacher", "number", "T00001", row=3)).problems

    assert [(line.row, line.code) for line in found] == [(3, "duplicate")]
    assert "2" in found[0].message.zh


def test_a_row_with_a_problem_is_still_known():
    contents = read(typed("teacher", "birth_year", "?"))

    assert [row.values["number"] for row in contents.flawed["teacher"]] == ["T00001"]


# Files


def pdf() -> bytes:
    return b"%PDF-1.7"


def csv() -> bytes:
    return "工号,姓名\nT1,林晓\n".encode("gbk")


def old_xls() -> bytes:
    return bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)


def other_zip() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    return target.getvalue()


def macros() -> bytes:
    return rebuilt(
        book(),
        "Content_Types",
        lambda body: body.replace(b"sheet.main", b"sheet.macroEnabled.main"),
    )


@pytest.mark.parametrize("make", [bytes, pdf, csv, old_xls, other_zip, macros])
def test_what_is_no_workbook_is_told_so(make):
    with pytest.raises(NotAWorkbook):
        read(make())


def test_a_password_is_told_so():
    with pytest.raises(WorkbookEncrypted):
        read(old_xls() + "EncryptedPackage".encode("utf-16-le"))


def test_an_encrypted_zip_is_told_so():
    content = bytearray(book())
    for found in re.finditer(b"PK\x01\x02", bytes(content)):
        content[found.start() + 8] |= 1

    with pytest.raises(WorkbookEncrypted):
        read(bytes(content))


def half() -> bytes:
    return book()[:2000]


def bad_checksum() -> bytes:
    content = bytearray(book())
    content[120:140] = bytes(20)
    return bytes(content)


def strange_method() -> bytes:
    return rebuilt(book(), "-", lambda body: body, method=zipfile.ZIP_LZMA)


def bad_reference() -> bytes:
    return rebuilt(book(), "sheet3", lambda body: body.replace(b'r="A2"', b'r="&#65;2"'))


def not_text() -> bytes:
    return rebuilt(book(), "workbook.xml.rels", lambda body: body.replace(b"sheet1", b"\xff\xff"))


@pytest.mark.parametrize("make", [half, bad_checksum, strange_method, bad_reference, not_text])
def test_a_damaged_file_is_told_so(make):
    with pytest.raises(WorkbookDamaged):
        read(make())


def test_two_parts_of_one_name_are_damage():
    target = BytesIO(book())
    with zipfile.ZipFile(target, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/workbook.xml", b"<workbook/>")

    with pytest.raises(WorkbookDamaged):
        read(target.getvalue())


@pytest.fixture
def _small(monkeypatch):
    """Bombs that are quickly made."""
    monkeypatch.setattr(package, "UNPACKED_LIMIT", 20 * 1024 * 1024)


def bomb() -> bytes:
    """A few kilobytes that unpack to far more than any district has."""
    return rebuilt(book({}), "sheet3", lambda body: body + bytes(package.UNPACKED_LIMIT))


def dense_bomb() -> bytes:
    return rebuilt(book({}), "theme", lambda _: bytes(15 * 1024 * 1024))


def many_parts() -> bytes:
    target = BytesIO(book({}))
    with zipfile.ZipFile(target, "a") as archive:
        for number in range(package.PARTS_LIMIT):
            archive.writestr(f"xl/media/{number}", b"")
    return target.getvalue()


def far_cell() -> bytes:
    made = Workbook()
    made.active["A1"] = "项目"
    made.active["XFD1048576"] = "很远"
    return saved(made)


def far_row() -> bytes:
    return rebuilt(book(), "sheet3", lambda body: body.replace(b'<row r="2"', b'<row r="1048576"'))


def false_count() -> bytes:
    return rebuilt(
        book(), "sharedStrings", lambda body: re.sub(rb'ount="\d+"', b'ount="9999999999"', body)
    )


def entities() -> bytes:
    lol = b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>'
    return rebuilt(book(), "sheet3", lambda body: body.replace(b"<worksheet", lol + b"<worksheet"))


def other_encoding() -> bytes:
    return rebuilt(book(), "sheet3", lambda body: stripped(body).decode().encode("utf-16"))


@pytest.mark.parametrize(
    "make",
    [
        bomb,
        dense_bomb,
        many_parts,
        far_cell,
        far_row,
        false_count,
        entities,
        other_encoding,
    ],
)
@pytest.mark.usefixtures("_small")
def test_a_file_that_would_fill_the_memory_is_refused_before_it_is_opened(make):
    with pytest.raises(WorkbookUnsafe):
        read(make())


@pytest.mark.parametrize("make", [bomb, dense_bomb, many_parts])
@pytest.mark.usefixtures("_small")
def test_a_bomb_is_seen_without_unpacking_it(make):
    with pytest.raises(WorkbookUnsafe):
        package.glance(make())


def test_a_good_file_passes_the_glance():
    package.glance(book())


def test_every_refusal_of_a_file_says_what_to_do():
    for problem in (NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged):
        assert issubclass(problem, Problem)
        assert problem.remedy.zh
        assert problem.remedy.en


def test_thirty_thousand_rows_that_are_all_wrong_make_a_short_report():
    rows = district()
    rows["room"] = [
        {"campus": "2150000001-1", "code": f"R{number}", "name": "教室", "capacity": 0}
        for number in range(3000)
    ]

    lines = read(book(rows)).problems

    assert len(lines) == 101
    assert "2900" in lines[-1].message.zh
