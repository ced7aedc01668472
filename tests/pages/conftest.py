"""The service on a real port, and a browser that reaches nothing else."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Page, async_playwright, expect
from typing_extensions import override

from service.accounts.logins import create_login
from service.kit.auth import Reach, Role, system
from service.kit.db import Database
from tests.timetable.conftest import Town, before_the_term, town

__all__ = ["Town", "before_the_term", "town"]

PASSWORD = "huangge-demo"
PATIENCE = 120_000
_ALONE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


class Server(uvicorn.Server):
    """uvicorn, which says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[str]:
    """Where the service answers."""
    server = Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await server.up.wait()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A Chinese browser without a network, which fails when the page asks somebody else."""
    path = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(_ALONE))
        page = await browser.new_page(locale="zh-CN", viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("pageerror", lambda error: failed.append(str(error)))
        yield page
        await browser.close()
    assert failed == []


@pytest.fixture
async def group_login(database: Database, district: Any, town: Town) -> str:
    """The group office can sign in."""
    async with database.write(district.id) as db:
        await create_login(
            db,
            by=system(district.id),
            username="group",
            password=PASSWORD,
            display_name="集团办公室",
            role=Role.GROUP_ADMIN,
            reach=Reach.GROUP,
            target_id=town.group.id,
            teacher_id=None,
        )
    return f"group@{district.code}"
