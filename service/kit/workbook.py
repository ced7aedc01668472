"""Lists as Excel files: what an office asks for, ready to print, filter and add up.

Text stays text, whatever it begins with: no cell can become a formula.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from service.kit.language import say
from service.kit.problems import Text

Cell = str | int | float | Decimal | date | time | datetime | None
"""What stands in a cell. Instants are shown by their own clock, so give them the campus's."""

_FONT = {"font_name": "等线", "font_size": 11}
_LONGEST_NAME = 31  # of a sheet, says Excel
_FORBIDDEN = str.maketrans("[]:*?/\\", "       ")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and its width in characters."""

    title: Text
    width: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One list: a title above it, columns, rows, and what stands below.

    ``notes`` are lines under the title, such as the day the list was made; ``total`` is a last row
    in bold, cell by cell.
    """

    title: Text
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    notes: Sequence[Text] = ()
    total: Sequence[Cell] | None = None


def workbook(*sheets: Sheet) -> bytes:
    """The lists as an ``.xlsx`` file, in the reader's language."""
    target = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "remove_timezone": True,
    }
    with closing(Workbook(target, options)) as book:
        styles = _Styles(book)
        for sheet in sheets:
            _write(book, sheet, styles)
    return target.getvalue()


class _Styles:
    def __init__(self, book: Workbook) -> None:
        framed = {**_FONT, "border": 1, "valign": "vcenter"}
        self.title = book.add_format({**_FONT, "bold": True, "font_size": 14})
        self.note = book.add_format({**_FONT, "font_color": "#595959"})
        self.header = book.add_format({**framed, "bold": True, "bg_color": "#DDEBF7"})
        self.cells = {
            kind: (book.add_format(framed | more), book.add_format(framed | more | {"bold": True}))
            for kind, more in _KINDS.items()
        }

    def of(self, value: Cell, *, bold: bool) -> Any:
        """The format of a value of its kind."""
        return self.cells[type(value)][bold]


_KINDS: dict[type, dict[str, Any]] = {
    str: {"text_wrap": True},
    int: {},
    float: {},
    Decimal: {"num_format": "#,##0.00"},
    date: {"num_format": "yyyy-mm-dd"},
    time: {"num_format": "hh:mm"},
    datetime: {"num_format": "yyyy-mm-dd hh:mm"},
    type(None): {},
}


def _write(book: Workbook, sheet: Sheet, styles: _Styles) -> None:
    title = say(sheet.title)
    page = book.add_worksheet(title.translate(_FORBIDDEN).strip()[:_LONGEST_NAME])
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.write_string(0, 0, title, styles.title)
    line = 1
    for note in sheet.notes:
        page.write_string(line, 0, say(note), styles.note)
        line += 1
    for position, column in enumerate(sheet.columns):
        page.set_column(position, position, column.width)
        page.write_string(line, position, say(column.title), styles.header)
    page.repeat_rows(line)
    page.freeze_panes(line + 1, 0)
    first = line
    for row in sheet.rows:
        line += 1
        _row(page, line, row, styles, bold=False)
    page.autofilter(first, 0, line, len(sheet.columns) - 1)
    if sheet.total is not None:
        _row(page, line + 1, sheet.total, styles, bold=True)


def _row(page: Any, line: int, row: Sequence[Cell], styles: _Styles, *, bold: bool) -> None:
    for position, value in enumerate(row):
        style = styles.of(value, bold=bold)
        if value is None:
            page.write_blank(line, position, None, style)
        elif isinstance(value, str):
            page.write_string(line, position, value, style)
        elif isinstance(value, date | time):
            page.write_datetime(line, position, value, style)
        else:
            page.write_number(line, position, value, style)
