"""How tables are declared: tenant keys, named constraints, ranges, and the second wall.

Every tenant table carries ``district_id`` in each of its keys, so a row cannot point into another
district, and row-level security is one policy. Constraint names are stable: each is a problem.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    ForeignKeyConstraint,
    Index,
    MetaData,
    event,
    text,
)
from sqlalchemy import Table as DeclaredTable
from sqlalchemy.dialects.postgresql import ExcludeConstraint, Range
from sqlalchemy.types import UserDefinedType
from sqlmodel import Field, SQLModel
from sqlmodel._compat import SQLModelConfig
from typing_extensions import override

from service.kit.ids import new_id

APP_ROLE = "huangge_app"
"""The role every request runs as: no superuser, no owner, so row-level security binds it."""

_NAME_LIMIT = 50
"""Longer names would be cut by the ``_<shard>`` suffix of a distributed table."""


class Instant(DateTime):
    """``timestamptz``: an aware instant."""

    def __init__(self) -> None:
        super().__init__(timezone=True)


class Xid8(UserDefinedType[int]):
    """``xid8``: a transaction id that never wraps."""

    cache_ok = True

    @override
    def get_col_spec(self, **_: Any) -> str:
        """How DDL spells the type."""
        return "xid8"


class Table(SQLModel):
    """The base of every table; it does not validate, so only checked values may reach it."""

    # Validators that nobody asks are not built.
    model_config = SQLModelConfig(arbitrary_types_allowed=True, defer_build=True)

    __collection__: ClassVar[str] = ""
    """The plural name of the API path, for rows that appear in the change feed."""
    __private__: ClassVar[frozenset[str]] = frozenset()
    """Columns that never reach the audit trail."""


class Tenant(Table):
    """A row that belongs to one district."""

    district_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)


class Versioned(Tenant):
    """A row with a counter that grows by one whenever its content really changed."""

    version: int = Field(default=1)


Table.metadata.naming_convention = {"pk": "pk_%(table_name)s"}


def _named(name: str, prefix: str) -> str:
    if not name.startswith(prefix) or len(name) > _NAME_LIMIT:
        raise ValueError(f"constraint {name!r}: {prefix}… and at most {_NAME_LIMIT} characters")
    return name


def points_to(column: str, table: str, *, name: str, key: str = "id") -> ForeignKeyConstraint:
    """A foreign key inside the district."""
    return ForeignKeyConstraint(
        ["district_id", column],
        [f"{table}.district_id", f"{table}.{key}"],
        name=_named(name, "fk_"),
        ondelete="RESTRICT",
    )


def unique(name: str, *columns: str, where: str | None = None) -> Index:
    """At most one row per district with these values (among those that match ``where``)."""
    return Index(
        _named(name, "uq_"),
        "district_id",
        *columns,
        unique=True,
        postgresql_where=text(where) if where else None,
    )


def index(name: str, *columns: str, where: str | None = None) -> Index:
    """A plain index inside the district."""
    return Index(
        _named(name, "ix_"),
        "district_id",
        *columns,
        postgresql_where=text(where) if where else None,
    )


def no_overlap(
    name: str, *equal: str, during: str, where: str | None = None, narrowest_first: bool = False
) -> ExcludeConstraint:
    """Rows that agree in ``equal`` may not overlap in the range ``during``.

    With ``narrowest_first`` the index asks for the district last: almost all of its entries are of
    one, and a busy table is searched faster by what tells them apart.
    """
    district = ("district_id", "=")
    agree = [(column, "=") for column in equal]
    return ExcludeConstraint(
        *([*agree, district] if narrowest_first else [district, *agree]),
        (during, "&&"),
        using="gist",
        where=text(where) if where else None,
        name=_named(name, "ex_"),
    )


def check(name: str, condition: str) -> CheckConstraint:
    """A condition every row keeps."""
    return CheckConstraint(text(condition), name=_named(name, "ck_"))


def one_of(name: str, column: str, values: type[StrEnum]) -> CheckConstraint:
    """The column holds one of an enumeration's values."""
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(text(f"{column} IN ({listed})"), name=_named(name, "ck_"))


def days(from_: date | None, until: date | None) -> Range[date]:
    """The half-open range of days ``[from_, until)``; ``None`` is without end."""
    return Range(from_, until, bounds="[)")


def span(from_: datetime | None, until: datetime | None) -> Range[datetime]:
    """The half-open range of instants ``[from_, until)``."""
    return Range(from_, until, bounds="[)")


def covers(range_: Range[date], day: date) -> bool:
    """Whether a half-open range of days holds a day."""
    return (range_.lower is None or range_.lower <= day) and (
        range_.upper is None or day < range_.upper
    )


def is_tenant(table: DeclaredTable) -> bool:
    """Whether a table belongs behind the district's wall."""
    return "district_id" in table.columns


SETUP: Sequence[str] = (
    "CREATE EXTENSION IF NOT EXISTS btree_gist",
    # A managed server may refuse new roles; then the owner itself is bound by FORCE below.
    f"""DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
    CREATE ROLE {APP_ROLE} NOLOGIN;
  END IF;
  EXECUTE format('GRANT {APP_ROLE} TO %I', current_user);
EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
END $$""",
    """CREATE OR REPLACE FUNCTION huangge_district() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('huangge.district', true), '')::uuid $$""",
    # Readers of the feed page on (xid, seq) strictly below this: no later commit can land there.
    """CREATE OR REPLACE FUNCTION huangge_settled_before() RETURNS xid8
LANGUAGE sql STABLE
AS $$ SELECT pg_snapshot_xmin(pg_current_snapshot()) $$""",
)

GRANTS = """DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'huangge_app') THEN
    GRANT USAGE ON SCHEMA public TO huangge_app;
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO huangge_app;
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO huangge_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public
      GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO huangge_app;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO huangge_app;
    REVOKE UPDATE, DELETE ON audit FROM huangge_app;
  END IF;
END $$"""


_POLICY = """CREATE POLICY tenant ON {table}
  USING (district_id = (SELECT huangge_district()))
  WITH CHECK (district_id = (SELECT huangge_district()))"""


def wall(table: str) -> tuple[str, ...]:
    """The statements that put a tenant table behind row-level security."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        _POLICY.format(table=table),
    )


def _before_create(_: MetaData, connection: Connection, **__: Any) -> None:
    for statement in SETUP:
        connection.exec_driver_sql(statement)


def _after_create(target: MetaData, connection: Connection, **_: Any) -> None:
    for table in target.sorted_tables:
        if is_tenant(table):
            for statement in wall(table.name):
                connection.exec_driver_sql(statement)
    connection.exec_driver_sql(GRANTS)


event.listen(Table.metadata, "before_create", _before_create)
event.listen(Table.metadata, "after_create", _after_create)
