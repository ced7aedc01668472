"""Work of the timetable that happens later."""

from typing import Any
from uuid import UUID

from service.kit.auth import system
from service.kit.db import Database
from service.kit.jobs import job
from service.timetable import cover


@job(cover.DUE)
async def cover_due(database: Database, district_id: UUID, payload: dict[str, Any]) -> None:
    """A deadline has come: whoever has no cover yet becomes a task."""
    async with database.write(district_id) as db:
        by = system(district_id)
        await cover.call_for_help(db, by=by, cover_id=UUID(payload["cover_id"]))
