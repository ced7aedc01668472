"""Sessions, transactions and what a failed statement means.

Only this module and the edge open transactions; nobody else commits.
"""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, make_dataclass
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import Select, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import synctoken
from service.kit.problems import (
    Busy,
    InvalidValue,
    Problem,
    StillReferenced,
    Text,
    Unavailable,
    refusal_of,
)
from service.kit.settings import settings
from service.kit.tables import (
    APP_ROLE,
    Instant,
    Table,
    Tenant,
    Versioned,
    check,
    covers,
    days,
    index,
    no_overlap,
    one_of,
    points_to,
    span,
    unique,
)

__all__ = [
    "CHANGED",
    "AsyncSession",
    "Database",
    "Instant",
    "Outcome",
    "Table",
    "Tenant",
    "Versioned",
    "change_fields",
    "check",
    "covers",
    "create_all",
    "days",
    "enter_district",
    "index",
    "is_retryable",
    "lock",
    "lock_all",
    "named_rows",
    "no_overlap",
    "one_of",
    "points_to",
    "problem_of",
    "span",
    "unique",
]

Row = TypeVar("Row", bound=Tenant)

_DEADLOCK_OR_SERIALIZATION = frozenset({"40P01", "40001"})
_FOREIGN_KEY_VIOLATION = "23503"
_RESTRICT_VIOLATION = "23001"  # what PostgreSQL 18 says of the row that is pointed to
_CANNOT_CONNECT = frozenset({"57P01", "57P02", "57P03", "08000", "08001", "08003", "08006"})
_QUERY_CANCELED = "57014"
_LOCK_NOT_AVAILABLE = "55P03"


_NUL = Text("文字中含有无法保存的字符(NUL)", "A text holds NUL, which cannot be kept")
_OUT_OF_RANGE = Text("数值超出范围", "A number is out of range")
_UNSTORABLE = {
    "22021": _NUL,
    "22P05": _NUL,
    "22003": _OUT_OF_RANGE,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a set-based write did, in rows."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
        )


def asyncpg_url(url: str) -> str:
    """The address with the driver this service speaks."""
    scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme in {"postgres", "postgresql"} else url


def _is_lost(error: BaseException | None) -> bool:
    """Whether a connection has died, or was cut off in the midst of an answer."""
    state = getattr(error, "sqlstate", None)
    return state in _CANNOT_CONNECT or isinstance(error, asyncpg.InternalClientError)


def _part_with(context: ExceptionContext) -> None:
    """Let nobody get a connection from the pool whose server has gone while it spoke."""
    if _is_lost(context.original_exception.__cause__):
        context.is_disconnect = True


class Database:
    """One PostgreSQL: an engine, and the two ways to use it.

    ``write`` and ``read`` each are one transaction that ends with the block: committed when it
    ends well, rolled back when it does not. Both see one district only.
    """

    def __init__(self, url: str, *, pooled: bool = True) -> None:
        chosen = settings()
        connect_args: dict[str, Any] = {
            "server_settings": {
                "application_name": "huangge",
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": str(chosen.statement_timeout_seconds * 1000),
                "idle_in_transaction_session_timeout": str(
                    chosen.idle_transaction_timeout_seconds * 1000
                ),
            },
            "timeout": 5,
        }
        if not chosen.prepared_statements:
            connect_args |= {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
        pool: dict[str, Any] = (
            {"pool_size": chosen.database_pool, "max_overflow": 0, "pool_timeout": 10}
            if pooled
            else {"poolclass": NullPool}
        )
        self.url = asyncpg_url(url)
        self.engine: AsyncEngine = create_async_engine(
            self.url, connect_args=connect_args, hide_parameters=True, **pool
        )
        event.listen(self.engine.sync_engine, "handle_error", _part_with)
        self.prepares = chosen.prepared_statements
        self.after_write: Callable[[UUID], None] | None = None
        """Told of each committed change, so that others can be told."""
        self._role: str | None = None

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()

    @asynccontextmanager
    async def write(
        self, district_id: UUID | None, *, keep: bool = True, timeout_seconds: int | None = None
    ) -> AsyncIterator[AsyncSession]:
        """One writing transaction; ``keep=False`` executes for real and rolls back (dry run)."""
        async with (
            AsyncSession(self.engine, expire_on_commit=False) as session,
            session.begin() as transaction,
        ):
            await self._enter(session, district_id, timeout_seconds=timeout_seconds)
            yield session
            await session.flush()
            if not keep:
                await transaction.rollback()
            elif (noted := synctoken.written.get()) is not None:
                connection = await session.connection()
                own = (await connection.execute(synctoken.OWN_TRANSACTION)).scalar_one()
                await transaction.commit()
                if own is not None:
                    noted.add(int(own))
        if keep and self.after_write is not None:
            for changed in session.info.get(CHANGED, ()):
                self.after_write(changed)

    @asynccontextmanager
    async def read(
        self, district_id: UUID | None, *, one_snapshot: bool = False
    ) -> AsyncIterator[AsyncSession]:
        """One transaction in which every write fails.

        With ``one_snapshot`` all its statements see the same moment.
        """
        async with (
            AsyncSession(self.engine, expire_on_commit=False, autoflush=False) as session,
            session.begin(),
        ):
            if one_snapshot:
                isolated = {"isolation_level": "REPEATABLE READ"}
                _ = await session.connection(execution_options=isolated)
            await self._enter(session, district_id, read_only=True)
            yield session

    async def _enter(
        self,
        session: AsyncSession,
        district_id: UUID | None,
        *,
        read_only: bool = False,
        timeout_seconds: int | None = None,
    ) -> None:
        if self._role is None:
            self._role = await self._usable_role(session)
        await (await session.connection()).execute(
            _ENTER,
            {
                "role": self._role,
                "district": str(district_id) if district_id else "",
                "read_only": "on" if read_only else "off",
                "timeout": f"{timeout_seconds or settings().statement_timeout_seconds}s",
            },
        )

    @staticmethod
    async def _usable_role(session: AsyncSession) -> str:
        found = await (await session.connection()).execute(_USABLE_ROLE, {"role": APP_ROLE})
        return APP_ROLE if found.scalar_one() else "none"


CHANGED = "huangge.changed"
"""In a session's ``info``: the districts whose change feed it wrote to."""

_ENTER = text(
    "SELECT set_config('role', :role, true), set_config('huangge.district', :district, true),"
    " set_config('transaction_read_only', :read_only, true),"
    " set_config('statement_timeout', :timeout, true)"
)
_USABLE_ROLE = text(
    "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = :role"
    " AND pg_has_role(current_user, oid, 'member'))"
)
_DISTRICT = text("SELECT set_config('huangge.district', :district, true)")


async def enter_district(db: AsyncSession, district_id: UUID) -> None:
    """Let a transaction that began outside see one district, e.g. at sign-in."""
    await (await db.connection()).execute(_DISTRICT, {"district": str(district_id)})


async def create_all(connection: AsyncConnection) -> None:
    """Every table of the metadata with its wall, for databases that tests throw away."""
    await connection.run_sync(SQLModel.metadata.create_all)


@asynccontextmanager
async def tried(db: AsyncSession) -> AsyncIterator[None]:
    """Let a block happen, constraints and all, and take it back."""
    async with db.begin_nested() as savepoint:
        yield
        await savepoint.rollback()


async def lock(db: AsyncSession, table: type[Row], id_: UUID) -> Row | None:
    """The row, locked until the transaction ends, as it is now."""
    statement = (
        select(table)
        .where(col(table.id) == id_)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).one_or_none()


async def lock_all(db: AsyncSession, table: type[Row], ids: Collection[UUID]) -> Sequence[Row]:
    """Rows locked in the order of their ids, so that two writers never wait for each other."""
    statement = (
        select(table)
        .where(col(table.id).in_(ids))
        .order_by(col(table.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


def named_rows(statement: Select[Any]) -> Callable[[Iterable[Any]], Any]:
    """What makes a row of a statement's columns readable by their names.

    Of thousands of rows each name is asked for, so names are found by their place.
    """
    row: Any = make_dataclass("Row", statement.selected_columns.keys(), slots=True)
    return lambda values: row(*values)


def change_fields(row: Versioned, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs and raise the version once.

    Returns the former values of the changed columns; empty when nothing changed.
    """
    before = {
        name: getattr(row, name) for name, value in values.items() if getattr(row, name) != value
    }
    for name in before:
        setattr(row, name, values[name])
    if before:
        row.version += 1
    return before


def _driver_error(error: DBAPIError) -> BaseException | None:
    return error.driver_exception if error.orig is not None else None


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(_driver_error(error), "sqlstate", "") or "")


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same transaction may succeed when it is run again."""
    return _sqlstate(error) in _DEADLOCK_OR_SERIALIZATION


def problem_of(error: DBAPIError) -> Problem | None:
    """The problem that a refused statement is, or ``None`` for a bug of ours."""
    state = _sqlstate(error)
    if is_retryable(error) or state in {_QUERY_CANCELED, _LOCK_NOT_AVAILABLE}:
        return Busy()
    if _is_lost(_driver_error(error)) or (
        not state and isinstance(error, InterfaceError | OperationalError)
    ):
        return Unavailable()
    if state in _UNSTORABLE:
        return InvalidValue(_UNSTORABLE[state])
    if isinstance(_driver_error(error), asyncpg.DataError):
        return InvalidValue(_OUT_OF_RANGE)
    name = getattr(_driver_error(error), "constraint_name", None)
    problem = refusal_of(name) if name else None
    pointed_to = state == _FOREIGN_KEY_VIOLATION and "still referenced" in str(error.orig)
    if pointed_to or state == _RESTRICT_VIOLATION:
        return StillReferenced()
    return problem
