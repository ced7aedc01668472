"""Runs and drafts migrations; the only part of the command line that loads alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

_ROOT = Path(__file__).parents[2]


def upgrade(url: str) -> None:
    """Run what is missing."""
    command.upgrade(_config(url), "head")


def draft(url: str, message: str) -> Path:
    """Write down what alembic sees, to be read and completed by a person.

    It sees neither exclusion and check constraints nor policies nor functions: a test does, and
    names what is missing.
    """
    config = _config(url)
    command.revision(config, message, autogenerate=True)
    newest = ScriptDirectory.from_config(config).get_revision("head")
    return Path(newest.path)


def _config(url: str) -> Config:
    config = Config(_ROOT / "alembic.ini")
    config.attributes["url"] = url
    return config
