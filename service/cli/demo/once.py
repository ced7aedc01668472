"""Whether the demo district is there, is missing, or is not wanted: asked at every start.

A first start invents it in a process of its own, while the database is made and the service is
loaded. It is the command ``huangge demo``, and joins the database like anybody else. The service
answers as soon as the groups are there that every scale has, and the logins; the other groups move
in meanwhile, a few at a time.
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
from service.cli.demo.blueprint import FEWEST_GROUPS, count_of, group
from service.cli.demo.part import Part
from service.cli.errors import CommandError
from service.cli.words import say
from service.kit.db import asyncpg_url
from service.kit.settings import settings

# The partner's client is the last login, and schools come in the order of their groups: the two
# tell a finished load from one that was interrupted.
_SEEN = text(
    "SELECT set_config('huangge.district', coalesce("
    "(SELECT id::text FROM district WHERE code = :code), ''), true)"
)
_STATE = text(
    "SELECT EXISTS (SELECT FROM district) AS inhabited,"
    " EXISTS (SELECT FROM district WHERE code = :code AND name = :name) AS begun,"
    " EXISTS (SELECT FROM partner_client WHERE client_id = 'demo-partner') AS answers,"
    " EXISTS (SELECT FROM school_identifier WHERE code = :last) AS whole"
)


class _Found(NamedTuple):
    inhabited: bool
    begun: bool
    answers: bool
    whole: bool


class Demo:
    """The demo district of one start; leaving early gives it up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._inventor: subprocess.Popen[bytes] | None = None
        self._more = False
        """Whether there are groups that the service does not wait for."""

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
        chosen = settings()
        state = asyncio.run(_look(url, scale=chosen.demo_scale))
        if not chosen.demo or (state.inhabited and not state.begun):
            return state.answers
        if not state.answers:
            self._begin()
        self._more = not state.whole
        return True

    def finish(self) -> None:
        """Wait until its logins work.

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

    def go_on(self) -> None:
        """Let the other groups move in, now that the service answers."""
        if self._more:
            say(
                self._console,
                "演示学区的其余集团正在后台载入…",
                "The other groups of the demo district are moving in …",
            )
            self._inventor = _inventing(Part.REST)

    def _begin(self) -> None:
        say(self._console, "首次启动,正在载入演示学区…", "First start: loading the demo district …")
        self._inventor = _inventing(Part.BEGINNING)
        self._more = count_of(settings().demo_scale) > FEWEST_GROUPS


def _inventing(part: Part) -> subprocess.Popen[bytes]:
    words = (f"--scale={settings().demo_scale}", f"--part={part}")
    return subprocess.Popen([sys.executable, "-m", "service.cli.main", "demo", *words])


async def _look(url: str, *, scale: float) -> _Found:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    last = group(count_of(scale)).schools[-1].code
    async with engine.begin() as connection:
        await connection.execute(_SEEN, {"code": DISTRICT_CODE})
        known = {"code": DISTRICT_CODE, "name": DISTRICT_NAME, "last": last}
        found = _Found(*(await connection.execute(_STATE, known)).one())
    await engine.dispose()
    return found
