"""Work of itinerant teaching that happens later."""

from typing import Any
from uuid import UUID

from service.itinerant import offers
from service.kit.auth import system
from service.kit.db import Database
from service.kit.jobs import job


@job(offers.DUE)
async def offer_due(database: Database, district_id: UUID, payload: dict[str, Any]) -> None:
    """The time to answer an offer is over: the teacher's time is free again."""
    async with database.write(district_id) as db:
        await offers.expire(db, by=system(district_id), offer_id=UUID(payload["offer_id"]))
