"""An office that uploads workbooks, and a worker that does what was wished for."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from service import wiring
from service.kit import jobs
from service.kit.auth import Role
from service.kit.http.files import XLSX

Report = dict[str, Any]


_TAKE = text("DELETE FROM pgqueuer RETURNING id, entrypoint, payload")


@pytest.fixture
def work(database) -> Callable[[], Awaitable[None]]:
    """Do all the jobs that wait, as a worker does."""
    wiring.load_jobs()

    async def all_of_it() -> None:
        async with database.engine.begin() as connection:
            waiting = (await connection.execute(_TAKE)).all()
        for _, name, payload in sorted(waiting):
            await jobs.run(database, name, payload)

    return all_of_it


class Office:
    """Somebody of the district's office at the imports page."""

    def __init__(self, client: httpx.AsyncClient, work: Callable[[], Awaitable[None]]) -> None:
        self.client = client
        self.work = work

    async def upload(self, content: bytes, *, name: str = "示例区.xlsx") -> httpx.Response:
        """Upload a file."""
        return await self.client.post("/v1/imports", files={"file": (name, content, XLSX)})

    async def report(self, where: str) -> Report:
        """The report of an import, by its location."""
        answer = await self.client.get(where)
        assert answer.status_code == 200, answer.text
        found: Report = answer.json()
        return found

    async def check(self, content: bytes) -> tuple[str, Report]:
        """Upload a file and wait for its report."""
        uploaded = await self.upload(content)
        assert uploaded.status_code == 201, uploaded.text
        where = uploaded.headers["Location"]
        await self.work()
        return where, await self.report(where)

    async def ask(self, where: str, *, to: str, version: int | None = None) -> httpx.Response:
        """Ask for a named action with the version the report had."""
        version = version or (await self.report(where))["version"]
        return await self.client.post(f"{where}:{to}", headers={"If-Match": f'"{version}"'})

    async def load(self, content: bytes) -> Report:
        """Upload, read the report, apply."""
        where, report = await self.check(content)
        assert report["problems"] == []
        asked = await self.ask(where, to="apply")
        assert asked.status_code == 200, asked.text
        await self.work()
        return await self.report(where)


@pytest.fixture
def office(as_, work) -> Office:
    """The district's office."""
    return Office(as_(Role.DISTRICT_ADMIN), work)
