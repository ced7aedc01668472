"""Runs migrations: one at a time, each a transaction, none waiting long for a lock."""

import asyncio
from collections.abc import Iterable
from typing import Any

from alembic import context
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from service import wiring
from service.kit.db import asyncpg_url
from service.kit.settings import settings
from service.kit.tables import Xid8

# A migration that waits for a lock blocks everybody behind it: give up soon and try again later.
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"
ONE_AT_A_TIME = 0x6875616E67676500  # the advisory lock of whoever migrates

wiring.load_tables()
ischema_names["xid8"] = Xid8


def is_ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Leave the job queue's tables to its own library."""
    return not (kind == "table" and (name or "").startswith("pgqueuer"))


def number(
    _: MigrationContext,
    __: str | Iterable[str | None] | Iterable[str],
    scripts: list[MigrationScript],
) -> None:
    """Give a new migration the next number; two of the same number must be put in order by hand."""
    head = ScriptDirectory.from_config(context.config).get_current_head()
    for script in scripts:
        script.rev_id = f"{int(head or 0) + 1:04d}"


def options() -> dict[str, Any]:
    """What both ways of running have in common."""
    return {
        "target_metadata": SQLModel.metadata,
        "include_object": is_ours,
        "process_revision_directives": number,
        "transaction_per_migration": True,
        "compare_type": True,
    }


def write_sql() -> None:
    """Print the statements instead of running them."""
    context.configure(dialect_name="postgresql", literal_binds=True, **options())
    with context.begin_transaction():
        context.run_migrations()


def migrate(connection: Connection) -> None:
    """Run what is missing."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    context.configure(connection=connection, **options())
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate() -> None:
    """Migrate the database of the settings, or the one that the caller names."""
    url = context.config.attributes.get("url") or settings().database_url
    if url is None:
        raise RuntimeError("HUANGGE_DATABASE_URL is not set; try `huangge migrate`")
    engine = create_async_engine(asyncpg_url(url), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    write_sql()
else:
    asyncio.run(connect_and_migrate())
