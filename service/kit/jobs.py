"""Work that happens later: a job is a row written in the transaction that wishes it.

``pgqueuer`` runs the queue. A handler gets the database, opens its own short transactions and must
be safe to run twice: a worker that dies hands its job to the next one.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit.db import Database

Handler = Callable[[Database, UUID, dict[str, Any]], Awaitable[None]]

HANDLERS: dict[str, Handler] = {}

Look = Callable[[], Awaitable[None]]
Steady = Callable[[Database], AbstractAsyncContextManager[Look]]

STEADY: dict[str, Steady] = {}
"""Work that a change wishes for without knowing it: every worker looks for it each second."""


def steadily(name: str) -> Callable[[Steady], Steady]:
    """Register what every worker opens at its start, and looks through each second."""

    def register(steady: Steady) -> Steady:
        STEADY[name] = steady
        return steady

    return register


def job(name: str) -> Callable[[Handler], Handler]:
    """Register the handler of a kind of job, ``<module>.<verb>``."""

    def register(handler: Handler) -> Handler:
        if name in HANDLERS and HANDLERS[name] is not handler:
            raise ValueError(f"job {name!r} has a handler already")
        HANDLERS[name] = handler
        return handler

    return register


async def enqueue(
    db: AsyncSession,
    name: str,
    payload: dict[str, Any],
    *,
    district_id: UUID,
    once: str | None = None,
    after: timedelta | None = None,
) -> None:
    """Wish for a job; it exists if and only if this transaction commits.

    With ``once``, a second wish is dropped while the first waits or runs.
    """
    # The library brings its worker along, for which a start of the service should not wait.
    from pgqueuer import AsyncpgDriver, Queries

    raw = await (await db.connection()).get_raw_connection()
    queries = Queries(AsyncpgDriver(raw.driver_connection))  # type: ignore[arg-type]
    body = orjson.dumps({"district_id": str(district_id), **payload})
    await queries.enqueue(
        name, body, execute_after=after, dedupe_key=once, on_conflict="skip" if once else "raise"
    )


async def install(connection: AsyncConnection) -> None:
    """Make the queue's own tables, for databases that tests throw away."""
    from pgqueuer import AsyncpgDriver, Queries

    raw = await connection.get_raw_connection()
    await Queries(AsyncpgDriver(raw.driver_connection)).install()  # type: ignore[arg-type]


async def run(database: Database, name: str, body: bytes) -> None:
    """Run one job by its name."""
    payload = orjson.loads(body)
    district_id = UUID(payload.pop("district_id"))
    await HANDLERS[name](database, district_id, payload)
