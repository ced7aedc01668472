"""Writes workbooks: the empty template, and filled ones for whoever has the data in a program."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import date, time
from functools import lru_cache
from io import BytesIO
from typing import Any, BinaryIO

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from service.kit.language import say
from service.kit.problems import Text
from service.partners.choices import STAGES, SUBJECTS
from service.partners.columns import Column, Kind, Sheet
from service.partners.reader import IGNORED, NOTES, letters
from service.partners.sheets import (
    FORMAT_VERSION,
    NO,
    README,
    README_ITEMS,
    SEPARATOR,
    SHEETS,
    YES,
)

_OPTIONS = f"{IGNORED}选项"
_PREPARED_ROWS = 20_000
"""How far down a template's drop-downs and formats reach."""
_WRITTEN_ROWS = 200_000
_NUMBER_FORMATS = {
    Kind.INTEGER: "0",
    Kind.DECIMAL: "0.000000",
    Kind.DATE: "yyyy-mm-dd",
    Kind.TIME: "hh:mm",
}
_INSTRUCTIONS = (
    ("1", "先核对“说明”表中的区县代码和名称,再按工作表的先后顺序填写。"),
    ("2", "第一行是表头,请勿改动;红色表头为必填,批注中有说明和示例。"),
    ("3", "工作表之间用代码相互引用:学校标识码、校区代码、集团名称、教师工号、班级代码。"),
    ("4", "代码列已设为文本格式。从别处粘贴时请“选择性粘贴”为“数值”,以免变成日期或科学计数。"),
    ("5", "不要合并单元格,不要填公式;每一行都填全。"),
    ("6", "日期写成 2026-09-01,时间写成 08:30;截止日期是最后一天,含当天。"),
    ("7", "用不到的工作表可以留空或删除(“说明”除外);名称以“_”开头的工作表不会被读取。"),
    ("8", "上传后先看检查报告:每个问题都有工作表、行、列和修改办法;没有问题才能执行导入。"),
    ("9", "同一文件可以反复导入:没有变化的行不会产生任何改动。"),
)

Rows = Iterable[Mapping[str, Any]]


@lru_cache(maxsize=16)
def template(
    *, code: str = "", name: str = "", name_en: str = "", zone: str = "Asia/Shanghai"
) -> bytes:
    """The empty workbook that a district fills in; whose it is stands in it already."""
    readme = {
        "format_version": FORMAT_VERSION,
        "district_code": code,
        "district_name": name,
        "district_name_en": name_en,
        "zone": zone,
    }
    target = BytesIO()
    write(target, readme=readme, rows={})
    return target.getvalue()


_REPORT = (("工作表", 14), ("行", 8), ("列", 18), ("问题", 50), ("修改办法", 60))


def report(problems: Iterable[Mapping[str, Any]]) -> bytes:
    """The problems of an import as a sheet that can be filtered, in the reader's language."""
    target = BytesIO()
    with closing(Workbook(target, {"in_memory": True})) as book:
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        bold = book.add_format({"bold": True})
        page = book.add_worksheet("检查报告")
        page.freeze_panes(1, 0)
        for position, (title, width) in enumerate(_REPORT):
            page.set_column(position, position, width, wrap)
            page.write_string(0, position, title, bold)
        for line, problem in enumerate(problems, start=1):
            message, remedy = say(Text(*problem["message"])), say(Text(*problem["remedy"]))
            cells = (problem["sheet"], problem["row"], problem["column"], message, remedy)
            page.write_row(line, 0, cells)
    return target.getvalue()


def write(target: BinaryIO, *, readme: Mapping[str, str], rows: Mapping[str, Rows]) -> None:
    """Write a workbook as :mod:`service.partners.sheets` declares it.

    Parameters
    ----------
    target
        Where the file goes.
    readme
        Values of the readme sheet by the names of ``README_ITEMS``.
    rows
        Rows by the English name of their sheet, each by the English names of its columns. Values
        are of Python's own types: codes as ``str``, days as ``date``, several codes as a sequence,
        weeks as a sequence of ``int``, ``teaches`` as pairs of stage and subject. What is missing
        or ``None`` stays empty.
    """
    with closing(Workbook(target, {"in_memory": True, "strings_to_numbers": False})) as book:
        _Writing(book).all(readme, rows)


class _Writing:
    """One workbook in the making."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        base = {"font_name": "等线", "font_size": 11}
        self.required = book.add_format({**base, "bold": True, "bg_color": "#F8CBAD", "border": 1})
        self.optional = book.add_format({**base, "bold": True, "bg_color": "#DDEBF7", "border": 1})
        self.plain = book.add_format({**base, "text_wrap": True, "valign": "top"})
        self.formats = {
            kind: book.add_format({**base, "num_format": _NUMBER_FORMATS.get(kind, "@")})
            for kind in Kind
        }

    def all(self, readme: Mapping[str, str], rows: Mapping[str, Rows]) -> None:
        rows_of_code = list(rows.get("code", ()))
        self.book.set_properties({"title": "黄葛 区县数据导入", "comments": FORMAT_VERSION})
        self._notes()
        options = _Options([(row["list"], row["zh"]) for row in rows_of_code])
        for sheet in SHEETS:
            found: Rows = rows_of_code if sheet.name == "code" else rows.get(sheet.name, ())
            if sheet is README:
                found = _readme_rows(readme)
            self._sheet(sheet, found, options)
        options.write(self.book)

    def _notes(self) -> None:
        page = self.book.add_worksheet(NOTES)
        page.set_column(0, 0, 12)
        page.set_column(1, 1, 18)
        page.set_column(2, 4, 48)
        line = 0
        for number, text in _INSTRUCTIONS:
            page.write_string(line, 0, number, self.plain)
            page.merge_range(line, 1, line, 4, text, self.plain)
            line += 1
        line += 1
        page.write_row(line, 0, ("工作表", "列", "说明", "In English", "示例"), self.optional)
        page.freeze_panes(line + 1, 0)
        for sheet in SHEETS:
            for column in sheet.columns:
                line += 1
                cells = (sheet.title, column.title, column.hint.zh, column.hint.en)
                page.write_row(line, 0, (*cells, shown(column, column.example)), self.plain)

    def _sheet(self, sheet: Sheet, rows: Rows, options: "_Options") -> None:
        page = self.book.add_worksheet(sheet.title)
        page.freeze_panes(1, 0)
        page.set_row(0, 22)
        for position, column in enumerate(sheet.columns):
            page.set_column(position, position, column.width, self.formats[column.kind])
            header = self.required if column.required else self.optional
            page.write_string(0, position, column.title, header)
            page.write_comment(0, position, _comment(column), {"x_scale": 2, "y_scale": 1.4})
            _restrict(page, position, options.of(column))
        writers = [
            (column.name, position, self._cell(page, column))
            for position, column in enumerate(sheet.columns)
        ]
        for line, row in enumerate(rows, start=1):
            for name, position, put in writers:
                value = row.get(name)
                if value is not None and value != "":
                    put(line, position, value)

    def _cell(self, page: Worksheet, column: Column) -> Callable[[int, int, Any], object]:
        style: Format = self.formats[column.kind]
        if column.kind in {Kind.INTEGER, Kind.DECIMAL}:
            return lambda line, position, value: page.write_number(line, position, value, style)
        if column.kind in {Kind.DATE, Kind.TIME}:
            return lambda line, position, value: page.write_datetime(line, position, value, style)
        say = _speaker(column)
        return lambda line, position, value: page.write_string(line, position, say(value), style)


class _Options:
    """The lists behind the drop-downs, on a sheet nobody needs to see."""

    def __init__(self, own: Sequence[tuple[str, str]]) -> None:
        self.own = own
        self.lists: dict[tuple[str, ...], str] = {}

    def of(self, column: Column) -> str | None:
        """Where a column's values are listed, as a drop-down refers to them."""
        if column.kind is Kind.YES_NO:
            names: tuple[str, ...] = (YES, NO)
        elif column.kind is Kind.CHOICE:
            extra = [name for list_, name in self.own if list_ == column.code_list]
            names = tuple(dict.fromkeys([*(choice.zh for choice in column.choices), *extra]))
        else:
            names = ()
        if not names:
            return None
        if names not in self.lists:
            letter = letters(len(self.lists))
            self.lists[names] = f"='{_OPTIONS}'!${letter}$1:${letter}${len(names)}"
        return self.lists[names]

    def write(self, book: Workbook) -> None:
        """Write the lists down."""
        page = book.add_worksheet(_OPTIONS)
        page.hide()
        for position, names in enumerate(self.lists):
            page.write_column(0, position, names)


def _restrict(page: Worksheet, position: int, source: str | None) -> None:
    if source is None:
        return
    page.data_validation(
        1,
        position,
        _PREPARED_ROWS,
        position,
        {
            "validate": "list",
            "source": source,
            # A code may be typed as well; the report judges what is right.
            "error_type": "information",
            "error_title": "请核对",
            "error_message": "建议从下拉列表中选择。",
        },
    )


def _comment(column: Column) -> str:
    need = "必填" if column.required else "选填"
    example = shown(column, column.example)
    lines = [f"【{need}】{column.hint.zh}", column.hint.en]
    return "\n".join([*lines, f"例:{example}"] if example else lines)


def _readme_rows(readme: Mapping[str, str]) -> Rows:
    return [
        {
            "item": item.title,
            "value": readme.get(item.name, ""),
            "hint": f"{'' if item.required else '选填。'}{item.hint.zh}(例:{item.example})",
        }
        for item in README_ITEMS
    ]


def shown(column: Column, value: object) -> str:
    """A value as a cell of the column shows it."""
    match value:
        case None:
            return ""
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M}"
        case _:
            return _speaker(column)(value)


def _speaker(column: Column) -> Callable[[Any], str]:
    """How a column says its values."""
    if column.kind is Kind.YES_NO:
        return lambda value: {True: YES, False: NO}.get(value, str(value))
    if column.kind is Kind.CHOICE:
        names = {choice.code: choice.zh for choice in column.choices}
        return lambda value: names.get(value, str(value))
    if column.kind is Kind.WEEKS:
        return lambda value: value if isinstance(value, str) else weeks_shown(value)
    if column.kind is Kind.TEACHES:
        return lambda value: value if isinstance(value, str) else _teaches_shown(value)
    if column.kind is Kind.CODES:
        return lambda value: value if isinstance(value, str) else SEPARATOR.join(value)
    return str


def weeks_shown(weeks: Sequence[int]) -> str:
    """Teaching weeks such as ``1-8,10``."""
    runs: list[tuple[int, int]] = []
    for week in sorted(set(weeks)):
        if runs and runs[-1][1] == week - 1:
            runs[-1] = (runs[-1][0], week)
        else:
            runs.append((week, week))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


_STAGE_NAMES = {stage.code: stage.zh for stage in STAGES}
_SUBJECT_NAMES = {subject.code: subject.zh for subject in SUBJECTS}


def _teaches_shown(pairs: Iterable[tuple[str, str]]) -> str:
    return SEPARATOR.join(
        _STAGE_NAMES[stage] + _SUBJECT_NAMES.get(subject, subject) for stage, subject in pairs
    )
