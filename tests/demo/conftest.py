"""The demo district, loaded once for the tests of a file, and its logins."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from rich.console import Console

from service.cli.demo import loading
from service.kit.db import Database
from service.main import create_app
from tests.conftest import TEMPLATE, driverless, named

SCALE = 0.05


@pytest.fixture(scope="module")
async def district(cluster, database_url, worker_id) -> AsyncIterator[Database]:
    """A database of its own: the district is loaded once for all tests here."""
    name = f"demo_{worker_id}"
    connection = await asyncpg.connect(driverless(cluster))
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = named(cluster, name)
    await asyncio.to_thread(loading.load, url, loading.invented(SCALE), console=Console(quiet=True))
    database = Database(url)
    yield database
    await database.close()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(scope="module")
def service(district):
    return create_app(district)


@pytest.fixture
async def sign_in(service):
    """``await sign_in("teacher")`` as somebody whom the README names."""
    clients = []

    async def enter(username: str, password: str = loading.PASSWORD) -> httpx.AsyncClient:
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(service), base_url="http://huangge.test"
        )
        clients.append(client)
        form = {"grant_type": "password", "username": username, "password": password}
        answer = await client.post("/v1/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return client

    yield enter
    for client in clients:
        await client.aclose()
