"""What a cell of the workbook means, and what to do about one that means nothing.

Pure. Spreadsheets change what people type: numbers lose their zeros, codes become dates, texts gain
spaces. What is certainly meant is understood; what could be meant otherwise is refused with the way
out, never guessed.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from service.kit import clock
from service.kit.problems import Text
from service.partners.choices import STAGES, Choice
from service.partners.columns import Column, Kind

Cell = str | float | bool | date | time | timedelta | None
"""What the reader of the file hands over; an empty cell is ``""``."""

CodeLists = Mapping[str, Sequence[Choice]]
"""The district's own codes by list."""


class RunState(StrEnum):
    """Where an import is on its way."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    REFUSED = "refused"
    """The district changed since the check, and the file no longer fits."""
    FAILED = "failed"
    """Nothing of it was kept; it may be tried again."""


class CellError(Exception):
    """A cell that cannot be understood; it becomes a line of the report."""

    def __init__(self, code: str, message: Text, remedy: Text) -> None:
        super().__init__(message.en)
        self.code = code
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong in one place of the workbook, and what to do about it."""

    sheet: str
    row: int | None
    """As the spreadsheet counts, from 1; nothing where the whole sheet is meant."""
    column: str | None
    code: str
    message: Text
    remedy: Text


PROBLEMS_SHOWN = 100
"""A column that is wrong in every row says so once with a number, not thirty thousand times."""


@dataclass(slots=True)
class Report:
    """The lines of a report, as many of one kind as people will read."""

    problems: list[RowProblem] = field(default_factory=list)
    _counts: Counter[tuple[str, str | None, str]] = field(default_factory=Counter)

    def add(self, problem: RowProblem) -> None:
        """Note a problem."""
        kind = (problem.sheet, problem.column, problem.code)
        self._counts[kind] += 1
        if self._counts[kind] <= PROBLEMS_SHOWN:
            self.problems.append(problem)

    def finish(self) -> Sequence[RowProblem]:
        """All lines, with one for each kind that was cut short."""
        more = [
            _and_more(*kind, count=count - PROBLEMS_SHOWN)
            for kind, count in self._counts.items()
            if count > PROBLEMS_SHOWN
        ]
        return [*self.problems, *more]


def _and_more(sheet: str, column: str | None, code: str, *, count: int) -> RowProblem:
    return RowProblem(
        sheet,
        None,
        column,
        code,
        Text(f"另有 {count} 处同样的问题", f"{count} more of the same kind"),
        Text("请一并修改。", "Correct them likewise."),
    )


_AS_TEXT = Text(
    "请将整列的单元格格式设为“文本”,再重新输入该值。",
    "Format the whole column as text, then type the value again.",
)
_FILL_IN = Text("请按表头批注的要求填写。", "Fill it in as the note on the header says.")
_SEE_HINT = Text("请按表头批注的格式修改。", "Write it as the note on the header says.")
_AS_DATE = Text("请写成 2026-09-01 的形式。", "Write it as 2026-09-01.")
_AS_TIME = Text("请写成 08:30 的形式。", "Write it as 08:30.")
_AS_NUMBER = Text("请只填数字。", "Use digits only.")

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63", "-"))
_SPACE = re.compile(r"\s+")
_SPLIT = re.compile(r"[、,;/\s]+")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[Ee]\+?\d+")
_WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
_DECIMAL = re.compile(r"[+-]?\d+(\.\d+)?")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_WEEK_RANGE = re.compile(r"(\d{1,2})(?:[-~](\d{1,2}))?")

_SHOWN_WHOLE = 1e11
"""From twelve digits on, a spreadsheet shows a number as 1.23E+11."""
_LOOKS_ROUNDED = 1e10
_ROUNDED_TO = 10_000
_EXACT = 2**53
_LAST_WEEK = 30
_NEAR_SECONDS = 2
_SHOWN_CHOICES = 12


def is_empty(cell: Cell) -> bool:
    """Whether nothing that can be seen stands in a cell."""
    return cell is None or (isinstance(cell, str) and not tidy(cell))


def tidy(text: str) -> str:
    """A text without invisible characters, with single spaces, and none at its ends."""
    return _SPACE.sub(" ", text.translate(_INVISIBLE)).strip()


def narrow(text: str) -> str:
    """A tidy text in which full-width letters, digits and dashes are plain ones."""
    return tidy(unicodedata.normalize("NFKC", text).translate(_DASHES))


def _became_date() -> CellError:
    return CellError(
        "became-date",
        Text("表格软件把该值变成了日期", "the spreadsheet turned the value into a date"),
        _AS_TEXT,
    )


def _wrong(code: str, zh: str, en: str, remedy: Text = _SEE_HINT) -> CellError:
    return CellError(code, Text(zh, en), remedy)


def _digits_of(number: float) -> str:
    if not number.is_integer():
        return repr(number)
    if abs(number) >= _EXACT:
        raise _lost_digits()
    return str(int(number))


def _lost_digits() -> CellError:
    return _wrong(
        "lost-digits",
        "数字过长,已按科学计数法存储,末尾几位可能丢失",
        "the number is long and was kept in scientific notation; digits may be lost",
        _AS_TEXT,
    )


def text_of(cell: Cell, *, longest: int) -> str:
    """A text as people read it."""
    match cell:
        case bool() | date() | time() | timedelta():
            raise _wrong("not-text", "应为文字", "must be a text", _AS_TEXT)
        case float():
            text = _digits_of(cell)
        case _:
            text = tidy(cell or "")
    if len(text) > longest:
        raise _wrong("too-long", f"最多 {longest} 个字符", f"takes at most {longest} characters")
    return text


def code_of(cell: Cell, *, longest: int, pattern: re.Pattern[str] | None) -> str:
    """A code: letters and digits, none of which may be lost."""
    match cell:
        case date() | time() | timedelta():
            raise _became_date()
        case bool():
            raise _wrong("not-text", "应为代码", "must be a code", _AS_TEXT)
        case float():
            text = _code_of_number(cell)
        case _:
            text = narrow(cell or "")
    if _SCIENTIFIC.fullmatch(text):
        raise _lost_digits()
    if " " in text:
        raise _wrong("has-spaces", "代码中不能有空格", "a code has no spaces")
    if len(text) > longest:
        raise _wrong("too-long", f"最多 {longest} 个字符", f"takes at most {longest} characters")
    if pattern is not None and not pattern.fullmatch(text):
        raise _wrong("wrong-form", f"“{text}”格式不正确", f"“{text}” does not have the right form")
    return text


def _code_of_number(number: float) -> str:
    if not number.is_integer() or number < 0:
        raise _wrong("not-a-code", "不是有效的代码", "is not a code", _AS_TEXT)
    rounded = number >= _LOOKS_ROUNDED and number % _ROUNDED_TO == 0
    if number >= _SHOWN_WHOLE or rounded:
        raise _lost_digits()
    return str(int(number))


def integer_of(cell: Cell, *, low: float | None, high: float | None) -> int:
    """A whole number within its bounds."""
    match cell:
        case bool() | date() | time() | timedelta():
            raise _wrong("not-a-number", "应为整数", "must be a whole number", _AS_NUMBER)
        case float():
            number = cell
        case _:
            text = narrow(cell or "")
            if not _WHOLE.fullmatch(text):
                raise _wrong("not-a-number", "应为整数", "must be a whole number", _AS_NUMBER)
            number = float(text)
    if not number.is_integer():
        raise _wrong("not-whole", "应为整数,不能有小数", "must be a whole number", _AS_NUMBER)
    _within(number, low, high)
    return int(number)


def decimal_of(cell: Cell, *, low: float | None, high: float | None) -> float:
    """A number within its bounds."""
    match cell:
        case bool() | date() | time() | timedelta():
            raise _wrong("not-a-number", "应为数字", "must be a number", _AS_NUMBER)
        case float():
            number = cell
        case _:
            text = narrow(cell or "")
            if not _DECIMAL.fullmatch(text):
                raise _wrong("not-a-number", "应为数字", "must be a number", _AS_NUMBER)
            number = float(text)
    _within(number, low, high)
    return number


def _within(number: float, low: float | None, high: float | None) -> None:
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = f"{'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
        raise _wrong("out-of-range", f"应在 {bounds} 之间", f"must lie within {bounds}")


def date_of(cell: Cell) -> date:
    """A day; written ones only in forms with a four-digit year in front."""
    match cell:
        case datetime():
            if cell.time() != time():
                raise _wrong("not-a-date", "应为日期,不含时间", "must be a day, no time", _AS_DATE)
            found = cell.date()
        case date():
            found = cell
        case float():
            raise _wrong(
                "not-a-date",
                "是数字而不是日期",
                "is a number, not a date",
                Text(
                    "请将单元格格式设为“日期”,或写成 2026-09-01 的形式。",
                    "Format the cell as a date, or write it as 2026-09-01.",
                ),
            )
        case bool() | time() | timedelta():
            raise _wrong("not-a-date", "应为日期", "must be a date", _AS_DATE)
        case _:
            found = _date_of_text(narrow(cell or ""))
    if not clock.FIRST_YEAR <= found.year < clock.END_YEAR:
        raise _wrong("out-of-range", "年份不合理", "the year is not plausible", _AS_DATE)
    return found


def _date_of_text(text: str) -> date:
    match_ = _DATE.fullmatch(text)
    if match_ is None or ("年" in text) != ("日" in text):
        raise _wrong(
            "ambiguous-date",
            f"“{text}”不是明确的日期",
            f"“{text}” is not an unambiguous date",
            _AS_DATE,
        )
    year, month, day = (int(part) for part in match_.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        raise _wrong("no-such-day", f"没有“{text}”这一天", f"there is no day {text}") from None


def time_of(cell: Cell) -> time:
    """A time on the clock, in whole minutes."""
    match cell:
        case datetime() | date() | bool() | float() | timedelta():
            raise _wrong("not-a-time", "应为时间", "must be a time of day", _AS_TIME)
        case time():
            # A spreadsheet keeps times as fractions of a day and misses the minute by a hair.
            since = timedelta(hours=cell.hour, minutes=cell.minute, seconds=cell.second + 1)
            hours, rest = divmod(int(since.total_seconds()) % 86400, 3600)
            if rest % 60 > _NEAR_SECONDS:
                raise _wrong("not-a-time", "时间应为整分钟", "must be whole minutes", _AS_TIME)
            return time(hours, rest // 60)
        case _:
            match_ = _TIME.fullmatch(narrow(cell or ""))
    if match_ is None:
        raise _wrong("not-a-time", "应为时间", "must be a time of day", _AS_TIME)
    return time(int(match_[1]), int(match_[2]))


_YES = frozenset({"是", "有", "y", "yes", "true", "1", "√", "对"})
_NO = frozenset({"否", "无", "n", "no", "false", "0", "×", "x", "错"})


def yes_no_of(cell: Cell) -> bool:
    """Yes or no."""
    match cell:
        case bool():
            return cell
        case float():
            word = _digits_of(cell)
        case str():
            word = narrow(cell).lower()
        case _:
            word = ""
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise _wrong("not-yes-no", "应为“是”或“否”", "must be yes or no")


def choices_of(column: Column, lists: CodeLists) -> dict[str, str]:
    """Every spelling of a column's values with the code it stands for."""
    own = lists.get(column.code_list, ()) if column.code_list else ()
    spellings: dict[str, str] = {}
    for choice in (*column.choices, *own):
        for spelling in (
            choice.code,
            choice.zh,
            choice.en,
            choice.also,
            f"{choice.code} {choice.zh}",
        ):
            if spelling:
                spellings[narrow(spelling).casefold()] = choice.code
    return spellings


def choice_of(cell: Cell, *, spellings: Mapping[str, str], shown: str) -> str:
    """The code that a cell chooses, by code or name."""
    match cell:
        case float():
            word = _digits_of(cell)
        case str():
            word = narrow(cell)
        case _:
            raise _became_date()
    code = spellings.get(word.casefold())
    if code is None:
        raise _wrong(
            "unknown-choice",
            f"“{word}”不在可选范围内",
            f"“{word}” is not one of the values",
            Text(f"可选:{shown}。", f"Choose one of: {shown}."),
        )
    return code


def codes_of(cell: Cell, *, longest: int) -> tuple[str, ...]:
    """Several codes of one cell, each once, in their order."""
    if not isinstance(cell, str):
        return (code_of(cell, longest=longest, pattern=None),)
    text = narrow(cell)
    if len(text) > longest:
        raise _wrong("too-long", f"最多 {longest} 个字符", f"takes at most {longest} characters")
    parts = [part for part in _SPLIT.split(text) if part]
    return tuple(dict.fromkeys(code_of(part, longest=longest, pattern=None) for part in parts))


def weeks_of(cell: Cell) -> tuple[int, ...]:
    """Teaching weeks in ascending order, from ``1-8,10``."""
    match cell:
        case float():
            text = _digits_of(cell)
        case str():
            text = narrow(cell).replace("第", "").replace("周", "")
        case _:
            raise _became_date()
    weeks: set[int] = set()
    for part in filter(None, _SPLIT.split(text)):
        match_ = _WEEK_RANGE.fullmatch(part)
        if match_ is None:
            raise _wrong("not-weeks", f"“{part}”不是周次", f"“{part}” is not a week")
        first, last = int(match_[1]), int(match_[2] or match_[1])
        if not 1 <= first <= last <= _LAST_WEEK:
            raise _wrong(
                "weeks-out-of-range",
                f"周次应在 1–{_LAST_WEEK} 之间,且从小到大",
                f"weeks lie within 1–{_LAST_WEEK}, the smaller first",
            )
        weeks.update(range(first, last + 1))
    if not weeks:
        raise _wrong("not-weeks", "没有周次", "holds no week")
    return tuple(sorted(weeks))


_STAGE_NAMES = [
    (name, stage.code)
    for stage in STAGES
    for name in (stage.also, stage.zh, f"{stage.code}-")
    if name
]


def teaches_of(cell: Cell, *, spellings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Pairs of stage and subject, each once, from ``小学音乐、初中音乐`` or ``2-24``."""
    if not isinstance(cell, str):
        raise _became_date()
    found: dict[tuple[str, str], None] = {}
    for part in filter(None, re.split(r"[、,;]+", narrow(cell))):
        found[_teaches(part.strip(), spellings)] = None
    return tuple(found)


def _teaches(part: str, spellings: Mapping[str, str]) -> tuple[str, str]:
    for name, stage in _STAGE_NAMES:
        if part.startswith(name):
            subject = spellings.get(part.removeprefix(name).strip().casefold())
            if subject is not None:
                return stage, subject
    raise _wrong(
        "unknown-qualification",
        f"“{part}”不是学段加学科",
        f"“{part}” is not a stage and a subject",
        Text("请写成“小学音乐、初中音乐”的形式。", "Write it as 小学音乐、初中音乐."),
    )


Coerce = Callable[[Cell], object]


def coercion(column: Column, lists: CodeLists) -> Coerce:
    """How the cells of a column are read; an empty one is its default or refused."""
    read = _READERS[column.kind](column, lists)

    def coerce(cell: Cell) -> object:
        if is_empty(cell):
            if column.required:
                raise _wrong("missing", "不能为空", "may not be empty", _FILL_IN)
            return column.default
        return read(cell)

    return _remembering(coerce)


def _remembering(coerce: Coerce) -> Coerce:
    """A column says the same few things in thousands of rows."""
    known: dict[Cell, object] = {}

    def again(cell: Cell) -> object:
        # Not for booleans: True and 1.0 would be the same key.
        if type(cell) is not str and type(cell) is not float:
            return coerce(cell)
        if cell not in known:
            known[cell] = coerce(cell)
        return known[cell]

    return again


def _read_code(column: Column, _: CodeLists) -> Coerce:
    pattern = re.compile(column.pattern) if column.pattern else None
    return lambda cell: code_of(cell, longest=column.longest, pattern=pattern)


def _read_choice(column: Column, lists: CodeLists) -> Coerce:
    spellings = choices_of(column, lists)
    own = lists.get(column.code_list, ()) if column.code_list else ()
    names = list(dict.fromkeys(choice.zh for choice in (*column.choices, *own)))
    shown = "、".join(names[:_SHOWN_CHOICES]) + ("……" if len(names) > _SHOWN_CHOICES else "")
    return lambda cell: choice_of(cell, spellings=spellings, shown=shown or "—")


def _read_teaches(column: Column, lists: CodeLists) -> Coerce:
    spellings = choices_of(column, lists)
    return lambda cell: teaches_of(cell, spellings=spellings)


_READERS: Mapping[Kind, Callable[[Column, CodeLists], Coerce]] = {
    Kind.TEXT: lambda column, _: lambda cell: text_of(cell, longest=column.longest),
    Kind.CODE: _read_code,
    Kind.INTEGER: lambda column, _: lambda cell: integer_of(cell, low=column.low, high=column.high),
    Kind.DECIMAL: lambda column, _: lambda cell: decimal_of(cell, low=column.low, high=column.high),
    Kind.DATE: lambda _, __: date_of,
    Kind.TIME: lambda _, __: time_of,
    Kind.YES_NO: lambda _, __: yes_no_of,
    Kind.CHOICE: _read_choice,
    Kind.CODES: lambda column, _: lambda cell: codes_of(cell, longest=column.longest),
    Kind.WEEKS: lambda _, __: weeks_of,
    Kind.TEACHES: _read_teaches,
}


def first_repeats(keys: Iterable[tuple[Any, ...]]) -> dict[int, int]:
    """Positions of rows whose key stood before, each with the position where it stood first."""
    seen: dict[tuple[Any, ...], int] = {}
    repeats: dict[int, int] = {}
    for position, key in enumerate(keys):
        first = seen.setdefault(key, position)
        if first != position:
            repeats[position] = first
    return repeats
