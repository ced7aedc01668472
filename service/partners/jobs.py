"""The work on uploaded workbooks."""

from typing import Any
from uuid import UUID

from service.kit.db import Database
from service.kit.jobs import job
from service.partners import actions


@job(actions.CHECK)
async def check_import(database: Database, district_id: UUID, payload: dict[str, Any]) -> None:
    """Check a workbook."""
    by = actions.in_the_name_of(payload["by"], district_id=district_id)
    await actions.check(database, by=by, import_id=UUID(payload["import_id"]))


@job(actions.APPLY)
async def apply_import(database: Database, district_id: UUID, payload: dict[str, Any]) -> None:
    """Apply a workbook."""
    by = actions.in_the_name_of(payload["by"], district_id=district_id)
    await actions.apply(database, by=by, import_id=UUID(payload["import_id"]))
