"""``huangge run``: everything an office needs, from one command, in one terminal.

The order matters. Up: address, database, schema, demo district, service, job worker. Down: the
service finishes what it is answering, then the worker its jobs, then the database stops.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import uvicorn
import uvloop
from fastapi import FastAPI
from rich.console import Console
from typing_extensions import override

from service.cli import ground, schema
from service.cli.api import make_app
from service.cli.demo.once import Demo
from service.cli.errors import CommandError
from service.cli.words import PORT_TAKEN, banner, say
from service.kit.settings import settings

_GRACE_SECONDS = 10
_PAUSE_SECONDS = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(console: Console) -> None:
    """Bring everything up, serve until a signal comes, bring everything down.

    Raises
    ------
    CommandError
        The port belongs to somebody else, or the demo district cannot be loaded.
    """
    ground.speak_to_people()
    with _listener() as listener, Demo(console) as demo:
        demo.begin_early()
        with ground.database() as url:
            schema.migrate(url)
            logins = demo.begin_if_missing(url)
            app = make_app()
            demo.finish()
            address = _address(listener)

            def announce() -> None:
                console.print(banner(address, logins=logins))
                demo.go_on()

            _serve(app, listener, announce=announce)
    say(console, "已停止,数据已保存。", "Stopped; everything is saved.")


def _listener() -> socket.socket:
    chosen = settings()
    try:
        family, *_, address = socket.getaddrinfo(
            chosen.host, chosen.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise CommandError(PORT_TAKEN.format(port=chosen.port, why=error)) from error
    return listener


def _address(listener: socket.socket) -> str:
    chosen = settings()
    ip, port, *_ = listener.getsockname()
    host = "localhost" if ip_address(ip).is_unspecified else chosen.host
    return chosen.public_url or f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn, which tells when it answers and leaves the signals to us."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answers = asyncio.Event()

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.answers.set()

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn raises the signal again when it is done; then the rest would not stop in order.
        loop = asyncio.get_running_loop()
        for one in _SIGNALS:
            loop.add_signal_handler(one, self._stop)
        try:
            yield
        finally:
            for one in _SIGNALS:
                loop.remove_signal_handler(one)

    def _stop(self) -> None:
        self.force_exit = self.should_exit  # the second time, nobody is waited for
        self.should_exit = True


def _serve(app: FastAPI, listener: socket.socket, *, announce: Callable[[], None]) -> None:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve_and_work(_Server(config), listener, announce))


async def _serve_and_work(
    server: _Server, listener: socket.socket, announce: Callable[[], None]
) -> None:
    working = asyncio.create_task(_keep_working(server, announce))
    try:
        await server.serve([listener])
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def _keep_working(server: _Server, announce: Callable[[], None]) -> None:
    """Keep a worker running beside the service, once that answers."""
    await server.answers.wait()
    announce()
    while True:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.cli.main", "work", f"--parent={os.getpid()}"),
            # Ctrl-C is for the service, which stops its worker when it has answered.
            start_new_session=True,
        )
        try:
            await worker.wait()
            await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            await _end(worker)


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is not None:
        return
    worker.terminate()
    try:
        await asyncio.wait_for(worker.wait(), _GRACE_SECONDS)
    except TimeoutError:
        worker.kill()  # its jobs are taken up again at the next start
        await worker.wait()
