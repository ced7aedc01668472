"""A district to measure on, and the service in a process of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console

from service.cli import postgres, schema
from service.cli.demo import loading
from service.kit.settings import settings

SCALE = 0.05
_PATIENCE_SECONDS = 180
CLIENT_RATE = 20
"""What a partner may ask in a second, as installations begin."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the measured service is."""

    database_url: str
    port: int
    process_id: int

    def token(self, username: str) -> str:
        """An access token of a demo login."""
        answer = httpx.post(
            f"http://127.0.0.1:{self.port}/v1/oauth/token",
            data={
                "grant_type": "password",
                "username": username,
                "password": loading.PASSWORD,
            },
        )
        answer.raise_for_status()
        token: str = answer.json()["access_token"]
        return token

    def client(self, username: str) -> httpx.Client:
        """A signed-in client."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"Authorization": f"Bearer {self.token(username)}"},
            timeout=60,
        )


@contextmanager
def laid(*, scale: float = SCALE) -> Iterator[str]:
    """A database with the demo district, durable like in production."""
    with tempfile.TemporaryDirectory(prefix="huangge-bench-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        os.environ |= {
            "HUANGGE_DATA_DIR": folder,
            "HUANGGE_SECRET": "a secret for measurements only, long enough for HMAC",
            "HUANGGE_LOG_LEVEL": "WARNING",
            # One login stands for all phones.
            "HUANGGE_PEOPLE_QUOTA": "100000000",
            "HUANGGE_STREAMS_PER_CALLER": "1000",
            "HUANGGE_CLIENT_QUOTA": str(10 * CLIENT_RATE),
            "HUANGGE_CLIENT_WINDOW_SECONDS": "10",
            "BENCH_BYTES": str(home / "bytes"),
        }
        settings.cache_clear()
        with postgres.running(home) as url:
            schema.migrate(url)
            loading.load(url, loading.invented(scale), console=Console(stderr=True))
            yield url


@contextmanager
def served(url: str) -> Iterator[Ground]:
    """One worker that serves the district."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.server:make", "--factory"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    command += ["--loop", "uvloop", "--http", "httptools"]
    environment = {**os.environ, "HUANGGE_DATABASE_URL": url}
    with subprocess.Popen(command, env=environment) as process:
        try:
            _wait(port)
            yield Ground(url, port, process.pid)
        finally:
            process.terminate()


def _wait(port: int) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/livez").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the service did not start")
