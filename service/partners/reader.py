"""Reads a workbook into rows and problems; it changes nothing and knows no database.

Every sheet, column and cell that cannot be understood is a line of the report, and reading goes on:
people want all mistakes at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from service.kit.problems import Text
from service.partners.choices import Choice
from service.partners.columns import Column, Sheet
from service.partners.package import Marks, Package, Place, inspect
from service.partners.problems import WorkbookDamaged
from service.partners.rules import (
    Cell,
    CellError,
    CodeLists,
    Coerce,
    Report,
    RowProblem,
    coercion,
    first_repeats,
    is_empty,
    narrow,
)
from service.partners.sheets import FORMAT_VERSION, README, README_ITEMS, SHEETS

HEADER_WITHIN = 10
"""Somebody may have put a title above the header; further down it is not looked for."""
IGNORED = "_"
"""Sheets whose names begin so are the writer's own notes."""
NOTES = "填写须知"


class Row(NamedTuple):
    """One row that was understood."""

    number: int
    """As the spreadsheet counts, from 1."""
    values: Mapping[str, Any]
    """By the English names of the columns."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a workbook."""

    readme: Mapping[str, str]
    rows: Mapping[str, Sequence[Row]]
    """By the English names of the sheets; sheets that are not in the file are not here."""
    problems: Sequence[RowProblem]
    flawed: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """Rows with a problem, as far as they were understood: others may refer to them."""

    def of(self, sheet: str) -> Sequence[Row]:
        """The rows of a sheet, none where the file has no such sheet."""
        return self.rows.get(sheet, ())


def read(content: bytes, *, lists: CodeLists) -> Contents:
    """Read a workbook.

    Parameters
    ----------
    content
        The file.
    lists
        The code lists that the district has already; those in the file are added.

    Raises
    ------
    NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged
        The file as a whole cannot be read.
    """
    package = inspect(content)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            return _Reading(workbook, package, lists).contents()
    except CalamineError as error:
        raise WorkbookDamaged from error


class _Reading:
    """One pass over a workbook."""

    def __init__(self, workbook: CalamineWorkbook, package: Package, lists: CodeLists) -> None:
        self.workbook = workbook
        self.package = package
        self.lists = dict(lists)
        self.report = Report()

    def contents(self) -> Contents:
        present = self._present()
        rows: dict[str, Sequence[Row]] = {}
        flawed: dict[str, Sequence[Row]] = {}
        for sheet in SHEETS:
            if sheet.name not in present:
                continue
            grid = self._grid(sheet, present[sheet.name])
            rows[sheet.name] = grid.rows(self.lists)
            flawed[sheet.name] = grid.flawed
            if sheet.name == "code":
                self._learn(rows["code"])
        readme = self._readme(rows.pop(README.name, None))
        return Contents(readme, rows, self.report.finish(), flawed)

    def _present(self) -> dict[str, str]:
        """English names of the sheets in the file with the names they have there."""
        titles = {narrow(sheet.title): sheet.name for sheet in SHEETS}
        titles |= {sheet.name: sheet.name for sheet in SHEETS}
        present: dict[str, str] = {}
        for title in self.workbook.sheet_names:
            name = titles.get(narrow(title))
            if name is None and not title.startswith(IGNORED) and narrow(title) != NOTES:
                self.report.add(_unknown_sheet(title))
            elif name is not None and name in present:
                self.report.add(_sheet_twice(title))
            elif name is not None:
                present[name] = title
        if README.name not in present:
            self.report.add(_missing_sheet(README))
        return present

    def _learn(self, rows: Sequence[Row]) -> None:
        for row in rows:
            values = row.values
            choice = Choice(values["code"], values["zh"], values["en"] or "")
            self.lists[values["list"]] = [*self.lists.get(values["list"], ()), choice]

    def _grid(self, sheet: Sheet, title: str) -> "_Grid":
        found = self.workbook.get_sheet_by_name(title)
        return _Grid(sheet, found, self.package.marks.get(title, Marks()), self.report)

    def _readme(self, rows: Sequence[Row] | None) -> Mapping[str, str]:
        if rows is None:
            return {}
        titles = {narrow(item.title): item.name for item in README_ITEMS}
        titles |= {item.name: item.name for item in README_ITEMS}
        known = {titles.get(narrow(row.values["item"])): row for row in rows}
        readme = {
            name: narrow(row.values["value"])
            for name, row in known.items()
            if name is not None and row.values["value"] is not None
        }
        for item in README_ITEMS:
            if item.required and item.name not in readme:
                self.report.add(_missing_item(item.title))
        version = readme.get("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            row = known["format_version"]
            self.report.add(_other_version(row.number, version))
        return readme


class _Grid:
    """One sheet of the file, cell by cell."""

    def __init__(self, sheet: Sheet, found: CalamineSheet, marks: Marks, report: Report) -> None:
        self.sheet = sheet
        self.report = report
        self.merged = found.merged_cell_ranges or []
        self.marks = marks
        self.flawed: list[Row] = []
        self.lines: Sequence[Sequence[Cell]] = found.to_python(skip_empty_area=False)

    def rows(self, lists: CodeLists) -> Sequence[Row]:
        header = self._header_at()
        if header is None:
            if any(not is_empty(cell) for line in self.lines for cell in line):
                self.report.add(_no_header(self.sheet))
            return []
        places = self._places(header)
        self._refuse_merged(header, places)
        if places is None:
            return []
        marked = self._refuse_marked(header, places)
        rows = list(self._coerced(header, places, lists, marked))
        return self._without_repeats(rows)

    def _titles(self) -> dict[str, Column]:
        titles = {narrow(column.title).casefold(): column for column in self.sheet.columns}
        return titles | {column.name: column for column in self.sheet.columns}

    def _header_at(self) -> int | None:
        """The row with the most headers that are known."""
        titles = self._titles()
        best, most = None, 0
        for number, line in enumerate(self.lines[:HEADER_WITHIN]):
            known = sum(1 for cell in line if isinstance(cell, str) and _heading(cell) in titles)
            if known > most:
                best, most = number, known
        return best

    def _places(self, header: int) -> dict[str, int] | None:
        """Where each column stands; nothing when a required one is missing."""
        titles = self._titles()
        places: dict[str, int] = {}
        for position, cell in enumerate(self.lines[header]):
            heading = _heading(cell) if isinstance(cell, str) else str(cell)
            column = titles.get(heading)
            if column is None:
                self._refuse_unknown(header, position, str(cell).strip())
            elif column.name in places:
                self.report.add(_column_twice(self.sheet, header + 1, column))
            else:
                places[column.name] = position
        missing = [
            column for column in self.sheet.columns if column.required and column.name not in places
        ]
        for column in missing:
            self.report.add(_missing_column(self.sheet, header + 1, column))
        return None if missing else places

    def _refuse_unknown(self, header: int, position: int, heading: str) -> None:
        below = self.lines[header + 1 :]
        if heading or any(not is_empty(line[position]) for line in below):
            self.report.add(_unknown_column(self.sheet, header + 1, heading or letters(position)))

    def _refuse_merged(self, header: int, places: Mapping[str, int] | None) -> None:
        used = set(places.values()) if places is not None else None
        for (top, left), (bottom, right) in self.merged:
            beside = used is not None and used.isdisjoint(range(left, right + 1))
            if bottom >= header and not beside:
                area = f"{letters(left)}{top + 1}:{letters(right)}{bottom + 1}"
                self.report.add(_merged(self.sheet, top + 1, area))

    def _refuse_marked(self, header: int, places: Mapping[str, int]) -> set[Place]:
        """Report formulas and errors; their cells are not looked at again."""
        titles = {position: self.sheet.column(name).title for name, position in places.items()}
        marked: set[Place] = set()
        for place in sorted(self.marks.formulas | self.marks.errors):
            if place.row <= header or place.column not in titles:
                continue
            marked.add(place)
            make = _error_cell if place in self.marks.errors else _formula_cell
            self.report.add(make(self.sheet, place.row + 1, titles[place.column]))
        return marked

    def _coerced(
        self, header: int, places: Mapping[str, int], lists: CodeLists, marked: set[Place]
    ) -> Iterator[Row]:
        readers = [
            (column, places[column.name], coercion(column, lists))
            for column in self.sheet.columns
            if column.name in places
        ]
        absent = {
            column.name: column.default
            for column in self.sheet.columns
            if column.name not in places
        }
        first, *others = [position for _, position, _ in readers]
        for number in range(header + 1, len(self.lines)):
            line = self.lines[number]
            if is_empty(line[first]) and all(is_empty(line[position]) for position in others):
                continue
            values, whole = self._values(line, readers, number=number, marked=marked)
            row = Row(number + 1, values | absent)
            if whole:
                yield row
            else:
                self.flawed.append(row)

    def _values(
        self,
        line: Sequence[Cell],
        readers: Sequence[tuple[Column, int, Coerce]],
        *,
        number: int,
        marked: set[Place],
    ) -> tuple[dict[str, Any], bool]:
        """The values of a row, and whether every cell was understood."""
        values: dict[str, Any] = {}
        whole = True
        for column, position, coerce in readers:
            if marked and (number, position) in marked:
                whole = False
                continue
            try:
                values[column.name] = coerce(line[position])
            except CellError as error:
                whole = False
                self.report.add(_cell_problem(self.sheet, number + 1, column, error))
        return values, whole

    def _without_repeats(self, rows: list[Row]) -> Sequence[Row]:
        key = self.sheet.key
        repeats = first_repeats(tuple(row.values[name] for name in key) for row in rows)
        if not repeats:
            return rows
        for position, first in repeats.items():
            self.report.add(_repeated(self.sheet, rows[position].number, rows[first].number))
        return [row for position, row in enumerate(rows) if position not in repeats]


def _heading(cell: str) -> str:
    return narrow(cell).rstrip("* ").casefold()


def letters(position: int) -> str:
    """The letters of a column, counted from 0."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


# The lines of the report


def _cell_problem(sheet: Sheet, row: int, column: Column, error: CellError) -> RowProblem:
    return RowProblem(sheet.title, row, column.title, error.code, error.message, error.remedy)


def _unknown_sheet(title: str) -> RowProblem:
    known = "、".join(sheet.title for sheet in SHEETS)
    return RowProblem(
        title,
        None,
        None,
        "unknown-sheet",
        Text("不认识的工作表", "is not a sheet of the template"),
        Text(
            f"请改为模板中的名称({known}),或删除;名称以“{IGNORED}”开头的工作表会被忽略。",
            f"Name it as in the template ({known}) or delete it;"
            f" a name that begins with {IGNORED} is ignored.",
        ),
    )


def _sheet_twice(title: str) -> RowProblem:
    return RowProblem(
        title,
        None,
        None,
        "duplicate-sheet",
        Text("同一工作表出现两次", "stands in the file twice"),
        Text("请合并为一个工作表。", "Join them into one sheet."),
    )


def _missing_sheet(sheet: Sheet) -> RowProblem:
    return RowProblem(
        sheet.title,
        None,
        None,
        "missing-sheet",
        Text("缺少该工作表", "the sheet is missing"),
        Text(
            f"请从模板复制“{sheet.title}”工作表。",
            f"Copy the sheet {sheet.title} from the template.",
        ),
    )


def _missing_item(title: str) -> RowProblem:
    return RowProblem(
        README.title,
        None,
        title,
        "missing",
        Text("不能为空", "may not be empty"),
        Text(
            f"请在“{README.title}”表中填写“{title}”。", f"Fill it in on the sheet {README.title}."
        ),
    )


def _other_version(row: int, version: str) -> RowProblem:
    return RowProblem(
        README.title,
        row,
        "文件版本",
        "other-version",
        Text(f"文件版本 {version} 与本系统不符", f"version {version} of the template is not known"),
        Text("请下载新模板,把数据复制过去。", "Copy the data into a fresh template."),
    )


def _no_header(sheet: Sheet) -> RowProblem:
    return RowProblem(
        sheet.title,
        1,
        None,
        "missing-header",
        Text("没有找到表头", "no header row was found"),
        Text("请保留模板第一行的表头。", "Keep the first row of the template."),
    )


def _unknown_column(sheet: Sheet, row: int, heading: str) -> RowProblem:
    known = "、".join(column.title for column in sheet.columns)
    return RowProblem(
        sheet.title,
        row,
        heading,
        "unknown-column",
        Text("不认识的列", "is not a column of this sheet"),
        Text(
            f"请改为模板中的列名({known}),或删除该列。", f"Use a column of the template ({known})."
        ),
    )


def _column_twice(sheet: Sheet, row: int, column: Column) -> RowProblem:
    return RowProblem(
        sheet.title,
        row,
        column.title,
        "duplicate-column",
        Text("同一列出现两次", "the column stands there twice"),
        Text("请删除多余的一列。", "Delete one of the two."),
    )


def _missing_column(sheet: Sheet, row: int, column: Column) -> RowProblem:
    return RowProblem(
        sheet.title,
        row,
        column.title,
        "missing-column",
        Text("缺少该列", "the column is missing"),
        Text(
            f"请从模板补上“{column.title}”列。", f"Add the column {column.title} of the template."
        ),
    )


def _merged(sheet: Sheet, row: int, area: str) -> RowProblem:
    return RowProblem(
        sheet.title,
        row,
        area,
        "merged-cells",
        Text(f"{area} 是合并单元格", f"{area} is merged"),
        Text(
            "请取消合并,并在每一行都填写该值。",
            "Unmerge the cells and repeat the value in each row.",
        ),
    )


def _formula_cell(sheet: Sheet, row: int, column: str) -> RowProblem:
    return RowProblem(
        sheet.title,
        row,
        column,
        "formula",
        Text(
            "单元格是公式,其结果可能不是最新的", "holds a formula whose result may be out of date"
        ),
        Text("请复制该列,再“选择性粘贴”为“数值”。", "Copy the column and paste it as values."),
    )


def _error_cell(sheet: Sheet, row: int, column: str) -> RowProblem:
    return RowProblem(
        sheet.title,
        row,
        column,
        "error-value",
        Text("单元格是错误值(如 #N/A)", "holds an error such as #N/A"),
        Text("请填写正确的值。", "Fill in the right value."),
    )


def _repeated(sheet: Sheet, row: int, first: int) -> RowProblem:
    titles = "、".join(sheet.column(name).title for name in sheet.key)
    return RowProblem(
        sheet.title,
        row,
        titles,
        "duplicate",
        Text(f"与第 {first} 行重复", f"repeats row {first}"),
        Text(f"“{titles}”相同的行只保留一行。", f"Keep one row for the same {titles}."),
    )
