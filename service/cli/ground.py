"""What a command stands on: a database and a secret, for this process and its children."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from service.cli import postgres
from service.kit.observe import configure_logs
from service.kit.settings import settings


@contextmanager
def database() -> Iterator[str]:
    """The address of the settings' database, else of the embedded one while the block runs."""
    chosen = settings()
    configure_logs(level=chosen.log_level, json=chosen.log_json)
    if chosen.database_url is not None:
        yield chosen.database_url
        return
    data_dir = chosen.data_dir.resolve()
    with postgres.running(data_dir) as url:
        _set(DATABASE_URL=url, DATA_DIR=str(data_dir))
        if chosen.secret is None:
            _set(SECRET=_kept_secret(data_dir / "secret"))
        yield url


def _set(**values: str) -> None:
    os.environ.update({f"HUANGGE_{name}": value for name, value in values.items()})
    settings.cache_clear()


def _kept_secret(file: Path) -> str:
    """The secret of this installation, made once; of two that make one, the first wins."""
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    with suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_text()


def speak_to_people() -> None:
    """Let logs be readable and few while somebody watches; settings may ask for more."""
    os.environ.setdefault("HUANGGE_LOG_JSON", "false")
    os.environ.setdefault("HUANGGE_LOG_LEVEL", "WARNING")
    settings.cache_clear()
