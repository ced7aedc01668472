"""The work on matchings."""

from typing import Any
from uuid import UUID

from service.kit.db import Database
from service.kit.jobs import job
from service.mentoring import matchings


@job(matchings.SOLVE)
async def match(database: Database, district_id: UUID, payload: dict[str, Any]) -> None:
    """Find the best mentors of a cohort."""
    await matchings.work(
        database,
        district_id=district_id,
        matching_id=UUID(payload["matching_id"]),
        by=payload["by"],
    )
