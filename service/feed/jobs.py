"""Work of the feed that happens later, and the sending that never ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from service.feed import following
from service.feed.delivering import Courier
from service.kit.db import Database
from service.kit.jobs import Look, job, steadily
from service.kit.observe import log


@job(following.TRIM)
async def trim_feed(database: Database, district_id: UUID, _: dict[str, Any]) -> None:
    """Once a day: remove what no living token needs."""
    async with database.write(district_id, timeout_seconds=300) as db:
        removed = await following.trim(db, district_id=district_id)
    log().info("feed_trimmed", removed=removed)


@steadily("feed.webhooks")
@asynccontextmanager
async def webhooks(database: Database) -> AsyncIterator[Look]:
    """Send what happened to whoever wants to be told."""
    courier = Courier(database)
    try:
        yield courier.look
    finally:
        await courier.close()
