"""The allowance list as a finance office files it: title, unit, rows to sign, sums in words.

The plain lists of ``kit.workbook`` have no place for a signature or for what stands below a table.
"""

from contextlib import closing
from decimal import Decimal
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from service.workload.schemas.statements import AllowanceListOut

_HEAD = ("序号", "工号", "姓名", "学校", "课时", "次数", "里程(公里)", "标准", "金额(元)", "签字")
_WIDTHS = (6, 12, 12, 24, 9, 8, 11, 30, 13, 14)
_FONT = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
_LAST = len(_HEAD) - 1
_A4 = 9
_ROW, _TITLE_ROW = 24, 36
_MONEY = "#,##0.00"


def allowance_sheet(found: AllowanceListOut, *, unit: str) -> bytes:
    """The list of a school as an ``.xlsx`` file; ``unit`` is whose form it is."""
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with closing(Workbook(target, options)) as book:
        page = book.add_worksheet("走教补贴发放表")
        page.set_landscape()
        page.set_paper(_A4)
        page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.set_footer("&C第 &P 页 共 &N 页")
        for column, width in enumerate(_WIDTHS):
            page.set_column(column, column, width)
        _Form(book, page).write(found, unit)
    return target.getvalue()


class _Form:
    def __init__(self, book: Workbook, page: Any) -> None:
        self.page = page
        framed = {**_FONT, "border": 1, "align": "center", "text_wrap": True}
        self.title = book.add_format({**_FONT, "bold": True, "font_size": 18, "align": "center"})
        self.plain = book.add_format(_FONT)
        self.right = book.add_format({**_FONT, "align": "right"})
        self.head = book.add_format({**framed, "bold": True})
        self.text = book.add_format(framed)
        self.number = book.add_format({**framed, "num_format": "0.00"})
        self.km = book.add_format({**framed, "num_format": "0.0"})
        self.money = book.add_format({**framed, "num_format": _MONEY, "align": "right"})
        self.bold = book.add_format({**framed, "bold": True})
        self.bold_number = book.add_format({**framed, "bold": True, "num_format": "0.00"})
        self.bold_km = book.add_format({**framed, "bold": True, "num_format": "0.0"})
        self.bold_money = book.add_format(
            {**framed, "bold": True, "num_format": _MONEY, "align": "right"}
        )
        self.words = book.add_format({**framed, "bold": True, "align": "left"})

    def write(self, found: AllowanceListOut, unit: str) -> None:
        """The whole form."""
        page = self.page
        year, month = found.month.split("-")
        page.set_row(0, _TITLE_ROW)
        title = f"{found.school.name}{year}年{int(month)}月走教教师补贴发放表"
        page.merge_range(0, 0, 0, _LAST, title, self.title)
        page.merge_range(1, 0, 1, 4, f"填报单位：{unit}{found.school.name}", self.plain)
        state = "" if found.complete else "（草稿，未全部审批）"
        page.merge_range(1, 5, 1, 7, f"所属月份：{found.month}{state}", self.plain)
        page.merge_range(1, 8, 1, _LAST, "金额单位：元", self.right)
        for column, words in enumerate(_HEAD):
            page.write_string(2, column, words, self.head)
        page.repeat_rows(0, 2)
        page.freeze_panes(3, 0)
        line = 3
        for number, row in enumerate(found.items, start=1):
            self._row(line, number, row)
            line += 1
        self._sums(line, found)
        page.merge_range(
            line + 1, 0, line + 1, _LAST, f"人民币（大写）：{found.amount_in_words}", self.words
        )
        page.set_row(line + 1, _ROW)
        signers = ((0, 2, "制表人："), (3, 4, "审核人："), (5, 7, "单位负责人（盖章）："))
        for first, last, words in signers:
            page.merge_range(line + 3, first, line + 3, last, words, self.plain)
        page.merge_range(line + 3, 8, line + 3, _LAST, "日期：    年  月  日", self.plain)

    def _row(self, line: int, number: int, row: Any) -> None:
        page = self.page
        page.set_row(line, _ROW)
        page.write_number(line, 0, number, self.text)
        texts = ((1, row.teacher_number), (2, row.teacher.name), (3, row.home_school or ""))
        for column, words in texts:
            page.write_string(line, column, words, self.text)
        page.write_number(line, 4, row.lessons, self.number)
        page.write_number(line, 5, row.trips, self.text)
        page.write_number(line, 6, row.km, self.km)
        page.write_string(line, 7, row.standards, self.text)
        page.write_number(line, 8, row.amount, self.money)
        page.write_blank(line, 9, None, self.text)

    def _sums(self, line: int, found: AllowanceListOut) -> None:
        page = self.page
        page.set_row(line, _ROW)
        page.merge_range(line, 0, line, 3, "合  计", self.bold)
        self._sum(line, 4, found.lessons, self.bold_number)
        self._sum(line, 5, Decimal(found.trips), self.bold)
        self._sum(line, 6, found.km, self.bold_km)
        page.write_blank(line, 7, None, self.bold)
        self._sum(line, 8, found.amount, self.bold_money)
        page.write_blank(line, 9, None, self.bold)

    def _sum(self, line: int, column: int, value: Decimal, style: Any) -> None:
        """A sum as a formula, so that an office sees it add up, with its value."""
        letter = "ABCDEFGHIJ"[column]
        if line == len(_HEADER_ROWS):
            self.page.write_number(line, column, value, style)
        else:
            formula = f"=SUM({letter}{len(_HEADER_ROWS) + 1}:{letter}{line})"
            self.page.write_formula(line, column, formula, style, str(value))


_HEADER_ROWS = ("title", "unit", "head")
