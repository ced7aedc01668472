"""Commands run as people run them: another process, its own directory, signals."""

import fcntl
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from service.cli import migrations, postgres
from service.kit.settings import settings

PATIENCE = 240  # a shared machine may be slow; what hangs is still found


@pytest.fixture
def place() -> Path:
    """A directory of the test's own, on a path short enough for a socket."""
    folder = settings().data_dir / uuid4().hex[:8]
    folder.mkdir()
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def furnish() -> Callable[[Path], None]:
    """Put a cluster with the schema into a place, where how it comes about is not the question."""
    home = settings().data_dir / "furnished"
    with (settings().data_dir / "furnished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            home.mkdir()
            home.chmod(0o711)
            with postgres.running(home) as url:
                migrations.upgrade(url)

    def copy(place: Path) -> None:
        # The files keep their owner, who may be another than the one who copies.
        subprocess.run(["cp", "-a", f"{home}/.", place], check=True)

    return copy


@dataclass
class Running:
    """A command that is still running."""

    process: subprocess.Popen[str]
    said: str
    address: str

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.address + path, timeout=PATIENCE)

    def hear(self, words: str) -> None:
        """Listen until it says so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if words in line:
                return
        raise AssertionError(self.said)

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.said += rest
        return self.process.returncode


def server_of(place: Path) -> int:
    """The process of the cluster in that place."""
    return int((place / "postgres/data/postmaster.pid").read_text().split()[0])


def kill(process: int) -> None:
    """Kill a process, and wait until it is gone."""
    ended = os.pidfd_open(process)
    os.kill(process, signal.SIGKILL)
    assert select.select([ended], [], [], PATIENCE)[0]
    os.close(ended)


def environment(place: Path, **more: str) -> dict[str, str]:
    """What a terminal in that place knows."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HUANGGE_")}
    return {
        **kept,
        "HUANGGE_DATA_DIR": str(place),
        "HUANGGE_DEMO": "false",
        "HUANGGE_PORT": "0",
        **more,
    }


@pytest.fixture
def huangge(place: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command to its end."""

    def command(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "service.cli.main", *words],
            env=environment(place, **env),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    return command


@pytest.fixture
def start(place: Path) -> Iterator[Callable[..., Running]]:
    """Bring everything up with ``huangge run``, and wait until it says where it is."""
    started: list[subprocess.Popen[str]] = []

    def begin(place: Path = place, **env: str) -> Running:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "run"],
            env=environment(place, **env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        said, found = "", None
        assert process.stdout is not None
        for line in process.stdout:
            said += line
            found = found or re.search(r"http://[\w.:]+", line)
            if "Ctrl-C" in line:
                break
        assert found is not None, said
        return Running(process, said, found[0])

    yield begin
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=PATIENCE)


@pytest.fixture
def embedded(place: Path) -> Callable[[str], Awaitable[Any]]:
    """Ask the cluster that ``huangge run`` started."""
    cluster = postgres.Cluster(place / "postgres", postgres.choose())

    async def ask(statement: str) -> Any:
        connection = await asyncpg.connect(cluster.url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return ask


@pytest.fixture
def worker_of() -> Callable[[int], int]:
    """The job worker that a process has started, as soon as there is one."""

    def find(parent: int) -> int:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        until = time.monotonic() + PATIENCE
        while not (found := children.read_text().split()) and time.monotonic() < until:
            os.sched_yield()
        return int(found[0])

    return find


@pytest.fixture
def free_port() -> int:
    """A port that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
