"""Lists as Excel files, read again by another library."""

from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

from openpyxl import load_workbook

from service.kit.http.files import send_file
from service.kit.problems import Text
from service.kit.workbook import Column, Sheet, workbook

HALF_PAST_EIGHT = datetime(2026, 9, 1, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
COLUMNS = (Column(Text("姓名", "Name"), 20), Column(Text("金额", "Amount")))


def read(content: bytes):
    return load_workbook(BytesIO(content)).worksheets[0]


def test_a_list_has_a_title_notes_headers_rows_and_a_total():
    page = read(
        workbook(
            Sheet(
                title=Text("走教补贴", "Allowances"),
                columns=COLUMNS,
                rows=[("示梅源", Decimal("120.50")), ("样江台", Decimal("79.50"))],
                notes=[Text("2026 年 10 月", "October 2026")],
                total=("合计", Decimal("200.00")),
            )
        )
    )

    assert page.title == "走教补贴"
    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["走教补贴", None],
        ["2026 年 10 月", None],
        ["姓名", "金额"],
        ["示梅源", 120.5],
        ["样江台", 79.5],
        ["合计", 200],
    ]
    assert page.freeze_panes == "A4"
    assert page.auto_filter.ref == "A3:B5"


def test_no_text_becomes_a_formula_or_a_link():
    page = read(
        workbook(
            Sheet(title=Text("表", "T"), columns=COLUMNS, rows=[("=1+1", "https://example.org")])
        )
    )

    assert page["A3"].data_type == "s"
    assert page["A3"].value == "=1+1"
    assert page["B3"].hyperlink is None


def test_days_and_clock_times_stay_what_they_are():
    columns = (*COLUMNS, Column(Text("空", "None")))
    page = read(
        workbook(
            Sheet(
                title=Text("第[1]周:a/b", "W"),
                columns=columns,
                rows=[(date(2026, 9, 1), time(8, 30), None), (HALF_PAST_EIGHT, 1, 2.5)],
            )
        )
    )

    assert page.title == "第 1 周 a b"
    assert page["A3"].value.date() == date(2026, 9, 1)
    assert page["B3"].value == time(8, 30)
    assert page["A4"].value == HALF_PAST_EIGHT.replace(tzinfo=None)


def test_a_file_may_have_a_chinese_name():
    answer = send_file(b"", name="值日表.xlsx")

    assert answer.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''%E5%80%BC%E6%97%A5%E8%A1%A8.xlsx"
    )
