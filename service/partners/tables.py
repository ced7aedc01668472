"""Rows of the imports: which workbook was brought, what was found in it, what became of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, SmallInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.kit.db import Instant, Table, Versioned, index, one_of, points_to
from service.partners.rules import RunState


class ImportRun(Versioned, table=True):
    """One workbook on its way into the district.

    The report is what the last check found. The file itself stands in a row of its own, so that
    lists do not carry it.
    """

    __tablename__ = "import_run"
    __collection__ = "imports"
    __private__ = frozenset({"report"})
    __table_args__ = (
        one_of("ck_import_run_state", "state", RunState),
        index("ix_import_run_created", "created_at"),
    )

    name: str
    sha256: str
    size_bytes: int
    state: str = RunState.CHECKING
    step: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    """What is being done just now, in both languages."""
    progress: int = Field(default=0, sa_type=SmallInteger)
    attempts: int = Field(default=0, sa_type=SmallInteger)
    """How often the present work was begun; a file that ends the worker is not begun for ever."""
    problem_count: int = 0
    report: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    reason: dict[str, str] | None = Field(default=None, sa_type=JSONB)
    """Why it was refused or failed: a code, and a sentence in both languages."""
    created_by: str
    created_at: datetime = Field(sa_type=Instant)
    checked_at: datetime | None = Field(default=None, sa_type=Instant)
    applied_at: datetime | None = Field(default=None, sa_type=Instant)


class ImportFile(Table, table=True):
    """The bytes of a workbook that was brought."""

    __tablename__ = "import_file"
    __table_args__ = (points_to("import_id", "import_run", name="fk_import_file_run"),)

    district_id: UUID = Field(primary_key=True)
    import_id: UUID = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)
