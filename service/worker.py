"""Runs the jobs that requests wished for; as many workers as one likes may run side by side.

A job that fails is tried again with growing pauses; one that keeps failing is held in the queue,
where an operator finds it. A worker that dies loses its heartbeat, and another takes its jobs.
"""

import asyncio
import os
import signal
from contextlib import suppress
from datetime import timedelta

import asyncpg
from pgqueuer import Job, PgQueuer
from pgqueuer.errors import FailingListenerError
from pgqueuer.executors import DatabaseRetryEntrypointExecutor, EntrypointExecutorParameters

from service import wiring
from service.kit.db import Database
from service.kit.jobs import HANDLERS, STEADY, Steady, run
from service.kit.observe import JOBS, configure_logs, log
from service.kit.settings import settings

ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=2)
LOOK_AGAIN = timedelta(seconds=5)
"""A job that is to be tried again does not always announce itself."""
_LOOK_SECONDS = 1.0
_PARENT_CHECK_SECONDS = 1.0


async def work(url: str, *, stop: asyncio.Event) -> None:
    """Run jobs until ``stop`` is set; those that run by then are finished first."""
    wiring.load_jobs()
    database = Database(url)
    looking = [
        asyncio.create_task(_look(database, name, steady, stop=stop))
        for name, steady in STEADY.items()
    ]
    try:
        while not stop.is_set():
            try:
                await _work(database, stop=stop)
            except FailingListenerError:
                # Without its listener a worker would seem alive and be slow: it connects anew.
                log().warning("job_listener_lost")
    finally:
        for one in looking:
            one.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        await database.close()


async def _look(database: Database, name: str, steady: Steady, *, stop: asyncio.Event) -> None:
    """Look for work each second; a look that fails is followed by the next."""
    async with steady(database) as look:
        while not stop.is_set():
            (error,) = await asyncio.gather(look(), return_exceptions=True)
            if error is not None:
                JOBS.labels(name, "failed").inc()
                log().error("look_failed", job=name, exc_info=error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_SECONDS)


async def _work(database: Database, *, stop: asyncio.Event) -> None:
    _, address = database.engine.dialect.create_connect_args(database.engine.url)
    async with asyncpg.create_pool(**address, min_size=2, max_size=4) as pool:
        manager = PgQueuer.from_asyncpg_pool(pool)
        # It asks whether it is heard at the same moment as it begins to listen, and would not hear
        # its own question where that comes first.
        await manager.connection.add_listener(manager.channel, _hear_nothing)
        for name in HANDLERS:
            _register(manager, database, name)
        stopping = asyncio.create_task(_forward(stop, manager.shutdown))
        try:
            await manager.run(dequeue_timeout=LOOK_AGAIN, shutdown_on_listener_failure=True)
        finally:
            stopping.cancel()


def _hear_nothing(_: str | bytes | bytearray) -> None:
    """Hold a channel open for those who listen to it next."""


def _register(manager: PgQueuer, database: Database, name: str) -> None:
    async def execute(job: Job) -> None:
        try:
            await run(database, name, job.payload or b"{}")
        except Exception:
            JOBS.labels(name, "failed").inc()
            log().exception("job_failed", job=name, attempt=job.attempts)
            raise
        JOBS.labels(name, "done").inc()

    manager.entrypoint(name, on_failure="hold", executor_factory=_patient)(execute)


def _patient(parameters: EntrypointExecutorParameters) -> DatabaseRetryEntrypointExecutor:
    return DatabaseRetryEntrypointExecutor(
        parameters, max_attempts=ATTEMPTS, initial_delay=FIRST_PAUSE
    )


async def _forward(source: asyncio.Event, target: asyncio.Event) -> None:
    await source.wait()
    target.set()


async def _end_with(parent: int, stop: asyncio.Event) -> None:
    while not stop.is_set():
        if os.getppid() != parent:
            stop.set()
        await asyncio.sleep(_PARENT_CHECK_SECONDS)


async def serve(url: str, *, parent: int | None = None) -> None:
    """Work until a signal comes, or until the process that started this one ends."""
    chosen = settings()
    configure_logs(level=chosen.log_level, json=chosen.log_json)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    watch = asyncio.create_task(_end_with(parent, stop)) if parent is not None else None
    try:
        await work(url, stop=stop)
    finally:
        if watch is not None:
            watch.cancel()
