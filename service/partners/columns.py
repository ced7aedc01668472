"""What a column and a sheet of the workbook are, and makers that keep their declaration short."""

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import TypedDict, Unpack

from service.kit.problems import Text
from service.partners.choices import Choice


class Kind(StrEnum):
    """What a cell holds."""

    TEXT = "text"
    CODE = "code"
    """Letters and digits; the column is formatted as text, so zeros in front stay."""
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    TIME = "time"
    YES_NO = "yes_no"
    CHOICE = "choice"
    CODES = "codes"
    """Several codes in one cell, separated by ``、``."""
    WEEKS = "weeks"
    """Teaching weeks such as ``1-8,10``."""
    TEACHES = "teaches"
    """Stages with subjects such as ``小学音乐、初中音乐``."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column whose value is a row's key in another sheet, or a row already in the database."""

    sheet: str
    column: str
    within: str | None = None
    """The column of the referring row that says in which school or campus the code is meant."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet."""

    name: str
    title: str
    """The Chinese header; the English name is understood as a header too."""
    kind: Kind
    hint: Text
    example: str | int | float | date | time = ""
    required: bool = True
    choices: tuple[Choice, ...] = ()
    code_list: str | None = None
    """The district's code list that adds to ``choices``."""
    refers: Reference | None = None
    low: int | float | None = None
    high: int | float | None = None
    longest: int = 100
    pattern: str | None = None
    default: str | int | bool | None = None
    """What an empty cell means."""
    width: int = 14


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of the workbook."""

    name: str
    title: str
    hint: Text
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns that tell rows apart; two rows that agree in them are a mistake."""

    def column(self, name: str) -> Column:
        """The column with an English name."""
        return next(column for column in self.columns if column.name == name)


class Options(TypedDict, total=False):
    """What a column may say beyond its name, header and hint."""

    example: str | float | date | time
    required: bool
    choices: tuple[Choice, ...]
    code_list: str
    refers: Reference
    low: float
    high: float
    longest: int
    pattern: str
    default: str | int | bool
    width: int


class Maker:
    """Makes columns of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def __call__(
        self, name: str, title: str, zh: str, en: str, **options: Unpack[Options]
    ) -> Column:
        """A column of this kind; ``zh`` and ``en`` are its hint."""
        return Column(name, title, self.kind, Text(zh, en), **options)
