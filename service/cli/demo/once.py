"""Whether the demo district is there, is missing, or is not wanted: asked at every start."""

import asyncio
from typing import NamedTuple

from rich.console import Console
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.cli.demo.anchors import DISTRICT_CODE, DISTRICT_NAME
from service.cli.words import say
from service.kit.db import asyncpg_url
from service.kit.settings import settings


class _Found(NamedTuple):
    inhabited: bool
    begun: bool
    done: bool


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


def load_once(url: str, console: Console) -> bool:
    """Load the demo district into an empty installation; whether its logins work."""
    chosen = settings()
    state = asyncio.run(_look(url))
    if state.done or not chosen.demo or (state.inhabited and not state.begun):
        return state.done
    from service.cli.demo import loading

    say(console, "首次启动,正在载入演示学区…", "First start: loading the demo district …")
    loading.load(url, scale=chosen.demo_scale, console=console)
    return True


async def _look(url: str) -> _Found:
    engine = create_async_engine(asyncpg_url(url), poolclass=NullPool)
    async with engine.begin() as connection:
        known = {"code": DISTRICT_CODE, "name": DISTRICT_NAME}
        await connection.execute(_SEEN, known)
        found = _Found(*(await connection.execute(_STATE, known)).one())
    await engine.dispose()
    return found
