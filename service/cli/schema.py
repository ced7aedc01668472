"""The schema of a database: which one it has, which one this code needs, and the way there."""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import make_url

from service.cli import postgres
from service.cli.errors import CommandError

_ROOT = Path(__file__).parents[2]


class _Found(NamedTuple):
    major: int
    revision: str | None


def head() -> str | None:
    """The migration that this code was written for."""
    return ScriptDirectory(str(_ROOT / "alembic")).get_current_head()


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
    config = Config(_ROOT / "alembic.ini")
    config.attributes["url"] = url
    command.upgrade(config, "head")
    return True


def draft(message: str) -> Path:
    """Write a new migration: what alembic sees, to be read and completed by a person.

    It does not see constraints beyond keys, policies or functions; a test does, and names them.
    """
    with (
        tempfile.TemporaryDirectory(prefix="huangge-draft-") as folder,
        postgres.running(Path(folder), options=postgres.THROWAWAY) as url,
    ):
        migrate(url)
        config = Config(_ROOT / "alembic.ini")
        config.attributes["url"] = url
        made = command.revision(config, message, autogenerate=True)
    if not isinstance(made, Script):
        raise CommandError("No migration was written.")
    return Path(made.path)


async def _look(url: str) -> _Found:
    address = make_url(url).set(drivername="postgresql")
    try:
        connection = await asyncpg.connect(
            address.render_as_string(hide_password=False), timeout=10
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise CommandError(f"The database at {address!r} does not answer: {error}") from error
    try:
        known = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
        revision = known and await connection.fetchval("SELECT version_num FROM alembic_version")
        return _Found(connection.get_server_version().major, revision or None)
    finally:
        await connection.close()
