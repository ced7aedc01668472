"""Rows of a district's workbook, which refer to each other by business codes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy.dialects.postgresql import Range

from service.network.rules import (
    Datum,
    GroupState,
)


@dataclass(frozen=True, slots=True)
class CodeRow:
    """An entry of a district's list."""

    list: str
    code: str
    zh: str
    en: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school by its 10-digit identifier."""

    code: str
    name: str
    type_code: str
    urban_rural_code: str
    short_name: str = ""
    code_from: date | None = None
    weak: Range[date] | None = None


@dataclass(frozen=True, slots=True)
class CampusRow:
    """A campus by its code."""

    code: str
    school: str
    name: str
    address: str = ""
    gate: str = ""
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    datum: str = Datum.GCJ02
    zone: str = "Asia/Shanghai"
    main: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group by its name."""

    name: str
    kind: str
    category: str | None = None
    state: str = GroupState.DRAFT
    principal_responsibility: bool = False
    founded_on: date | None = None
    dissolved_on: date | None = None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A membership by group name, school identifier and first day."""

    group: str
    school: str
    tier: str
    valid: Range[date]
    seat: int | None = None
