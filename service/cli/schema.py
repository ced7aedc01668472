"""The schema of a database: which one it has, which one this code needs, and the way there.

A start that finds everything in order does not load alembic, which takes as long as the rest.
"""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.cli import postgres
from service.cli.errors import CommandError
from service.kit.db import asyncpg_url

_VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"
_CONNECT_SECONDS = 10


class _Found(NamedTuple):
    major: int
    revision: str | None


def head() -> str | None:
    """The migration that this code was written for: the last one, since they are numbered."""
    numbers = (file.name.partition("_")[0] for file in _VERSIONS.glob("*.py"))
    return max(numbers, default=None)


def migrate(url: str) -> bool:
    """Bring the database to ``head``; false where it was there already.

    Raises
    ------
    CommandError
        The database does not answer, or is too old.
    """
    found = asyncio.run(_look(url))
    if found.major < postgres.OLDEST:
        raise CommandError(
            f"PostgreSQL {found.major} is too old: {postgres.OLDEST} or newer is needed."
        )
    if found.revision == head():
        return False
    from service.cli import migrations

    migrations.upgrade(url)
    return True


def draft(message: str) -> Path:
    """Write a new migration, made against a database that is thrown away."""
    from service.cli import migrations

    with tempfile.TemporaryDirectory(prefix="huangge-draft-") as folder:
        Path(folder).chmod(0o711)
        with postgres.running(Path(folder), options=postgres.THROWAWAY) as url:
            migrate(url)
            return migrations.draft(url, message)


async def _look(url: str) -> _Found:
    engine = create_async_engine(
        asyncpg_url(url), poolclass=NullPool, connect_args={"timeout": _CONNECT_SECONDS}
    )
    try:
        async with engine.connect() as connection:
            known = await connection.scalar(text("SELECT to_regclass('alembic_version')::text"))
            revision = known and await connection.scalar(
                text("SELECT max(version_num) FROM alembic_version")
            )
            number = await connection.scalar(text("SHOW server_version_num"))
            return _Found(int(number) // 10_000, revision or None)
    except (OSError, TimeoutError, DBAPIError) as error:
        raise CommandError(
            f"The database at {engine.url.render_as_string()} does not answer: {error}"
        ) from error
    finally:
        await engine.dispose()
