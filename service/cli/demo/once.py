"""Whether the demo district is there, is missing, or is not wanted: asked at every start.

A first start invents it in a process of its own, while the database is made and the service is
loaded. It is the command ``huangge demo``, and joins the database like anybody else.
"""

import asyncio
import subprocess
import sys
from typing import NamedTuple, Self

from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.cli.demo.anchors import DISTRICT_CODE, DISTRICT_NAME
from service.cli.errors import CommandError
from service.cli.words import say
from service.kit.db import asyncpg_url
from service.kit.settings import settings

# The partner's client is laid last: it tells a finished load from one that was interrupted.
_SEEN = text(
    "SELECT set_config('huangge.district', coalesce("
    "(SELECT id::text FROM district WHERE code = :code), ''), true)"
)
_STATE = text(
    "SELECT EXISTS (SELECT FROM district) AS inhabited,"
    " EXISTS (SELECT FROM district WHERE code = :code AND name = :name) AS begun,"
    " EXISTS (SELECT FROM partner_client WHERE client_id = 'demo-partner') AS done"
)


class _Found(NamedTuple):
    inhabited: bool
    begun: bool
    done: bool


class Demo:
    """The demo district of one start; leaving early gives it up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._inventor: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._inventor is not None and self._inventor.poll() is None:
            self._inventor.terminate()
            self._inventor.wait()

    def begin_early(self) -> None:
        """Where nothing is there yet, lose no time."""
        chosen = settings()
        made = (chosen.data_dir / "postgres" / "data").exists()
        if chosen.demo and chosen.database_url is None and not made:
            self._begin()

    def begin_if_missing(self, url: str) -> bool:
        """Begin unless the district is there or nobody wants it; whether its logins will work."""
        if self._inventor is not None:
            return True
        state = asyncio.run(_look(url))
        if state.done or not settings().demo or (state.inhabited and not state.begun):
            return state.done
        self._begin()
        return True

    def finish(self) -> None:
        """Wait until it is there.

        Raises
        ------
        CommandError
            It could not be loaded; the reason has been printed.
        """
        if self._inventor is not None and self._inventor.wait() != 0:
            raise CommandError(
                "演示学区未能载入;设置 HUANGGE_DEMO=false 可跳过。"
                " The demo district could not be loaded; HUANGGE_DEMO=false does without."
            )

    def _begin(self) -> None:
        say(self._console, "首次启动,正在载入演示学区…", "First start: loading the demo district …")
        scale = f"--scale={settings().demo_scale}"
        self._inventor = subprocess.Popen([sys.executable, "-m", "service.cli.main", "demo", scale])


async def _look(url: str) -> _Found:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        known = {"code": DISTRICT_CODE, "name": DISTRICT_NAME}
        await connection.execute(_SEEN, known)
        found = _Found(*(await connection.execute(_STATE, known)).one())
    await engine.dispose()
    return found
