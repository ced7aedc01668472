"""Writes down what partners' systems asked."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from service.accounts import queries
from service.accounts.tables import ClientUsage, PartnerClient
from service.kit.db import AsyncSession, Database
from service.kit.observe import log
from service.kit.usage import USAGE, Uses, Who

_EVERY_SECONDS = 10.0


async def write_down(database: Database) -> None:
    """Add what was counted since the last time; a process that is killed loses some seconds."""
    taken = USAGE.take()
    for district_id in {who.district_id for who in taken}:
        counted = [(who, uses) for who, uses in taken.items() if who.district_id == district_id]
        async with database.write(district_id) as db:
            await _add(db, district_id=district_id, counted=counted)


async def _add(db: AsyncSession, *, district_id: UUID, counted: Iterable[tuple[Who, Uses]]) -> None:
    home = await queries.home(db, district_id=district_id)
    ids = dict((await db.exec(select(PartnerClient.client_id, PartnerClient.id))).all())
    # In the order of their ids, so that two processes never wait for each other.
    for who, uses in sorted(counted):
        client_id = ids.get(who.client_id)
        if client_id is None or home is None:
            continue
        row = {
            "district_id": district_id,
            "client_id": client_id,
            "on_date": who.hour.astimezone(ZoneInfo(home.zone)).date(),
            "requests": uses.requests,
            "refused": uses.refused,
            "failed": uses.failed,
        }
        statement = insert(ClientUsage).values(row)
        more = {
            name: col(getattr(ClientUsage, name)) + statement.excluded[name]
            for name in ("requests", "refused", "failed")
        }
        keys = ["district_id", "client_id", "on_date"]
        await db.exec(statement.on_conflict_do_update(index_elements=keys, set_=more))
        newest = func.greatest(col(PartnerClient.last_used_at), uses.last_at)
        await db.exec(
            update(PartnerClient)
            .where(col(PartnerClient.id) == client_id)
            .values(last_used_at=newest)
        )


async def keep_writing(database: Database) -> None:
    """Write down every few seconds, and once more at the end."""
    try:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await write_down(database)
            except (SQLAlchemyError, OSError) as error:
                log().warning("usage_not_written", error=type(error).__name__)
    finally:
        with suppress(SQLAlchemyError, OSError):
            await asyncio.shield(write_down(database))
