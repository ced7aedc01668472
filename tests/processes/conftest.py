"""Several processes of the service on one database, as in production, on the real clock."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from sqlalchemy import make_url

from service.cli.postgres import SUPERUSER
from service.kit import hearing
from service.kit.auth import Role
from service.kit.db import Database
from tests.conftest import driverless
from tests.factories.accounts import access_token
from tests.phone.conftest import taught, village

__all__ = ["taught", "village"]

WEEK = "/v1/me/schedule?from=2026-09-14&until=2026-09-21"
PATIENCE = 60.0


@dataclass
class Process:
    """One process that answers."""

    process: subprocess.Popen[bytes]
    address: str

    def client(self, token: str) -> httpx.Client:
        return httpx.Client(
            base_url=self.address, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
        )


@pytest.fixture(scope="session")
def standing(database_url: str) -> Iterator[list[Process]]:
    """Those that serve one test after another."""
    started: list[Process] = []
    yield started
    _end(started)


@pytest.fixture
def processes(
    database_url: str, database: Database, standing: list[Process]
) -> Callable[[int], list[Process]]:
    """Some that answer."""

    def enough(count: int) -> list[Process]:
        standing.extend(_start(database_url, {}) for _ in range(count - len(standing)))
        for one in standing:
            _await(one)
        return standing[:count]

    return enough


@pytest.fixture
def fresh(database_url: str, database: Database) -> Iterator[Callable[..., Process]]:
    """One of the test's own, with other settings, or to be ended."""
    started: list[Process] = []

    def start(**settings: str) -> Process:
        started.append(_start(database_url, settings))
        _await(started[-1])
        return started[-1]

    yield start
    _end(started)


def _await(one: Process) -> None:
    """Several that start side by side on a small machine take their time."""
    httpx.get(f"{one.address}/livez", timeout=3 * PATIENCE).raise_for_status()


def _end(started: list[Process]) -> None:
    for one in started:
        one.process.kill()
        one.process.wait()


def _start(database_url: str, settings: dict[str, str]) -> Process:
    # It takes over a port that already listens: whoever asks early waits in line.
    with socket.create_server(("127.0.0.1", 0)) as door:
        port, number = door.getsockname()[1], door.fileno()
        command = [sys.executable, "-m", "uvicorn", "service.cli.api:make_app", "--factory"]
        command += ["--fd", str(number), "--loop", "uvloop", "--http", "httptools"]
        environment = {**os.environ, "HUANGGE_DATABASE_URL": database_url, **settings}
        process = subprocess.Popen(
            command, env=environment, pass_fds=[number], stdout=subprocess.DEVNULL
        )
    return Process(process, f"http://127.0.0.1:{port}")


@pytest.fixture
async def tokens(make: Any, taught: Any) -> dict[str, str]:
    """Who may ask: the teacher's phone, and the district office."""
    phone = await make.wearer(role=Role.TEACHER, teacher=taught.teacher)
    office = await make.wearer(role=Role.DISTRICT_ADMIN)
    return {"phone": access_token(phone), "office": access_token(office)}


def superuser(database_url: str) -> str:
    url = make_url(driverless(database_url)).set(username=SUPERUSER)
    return url.render_as_string(hide_password=False)


async def kill_ears(database_url: str) -> int:
    """Take the connection away on which processes hear of commits; how many there were."""
    connection = await asyncpg.connect(superuser(database_url))
    try:
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = $1 AND datname = current_database()",
            hearing.NAME,
        )
        return len(killed)
    finally:
        await connection.close()
