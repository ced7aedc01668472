"""The district, and from which day one looks at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from service.kit import clock
from service.kit.db import AsyncSession
from service.network.schemas import (
    backdating_days_of,
    rural_codes_of,
)
from service.network.tables import (
    District,
)


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From which day one looks, and what the district has decided."""

    day: date
    today: date
    rural_codes: Sequence[str]
    backdating_days: int


async def district(db: AsyncSession, *, district_id: UUID) -> District:
    """The caller's own district."""
    return (await db.exec(select(District).where(col(District.id) == district_id))).one()


async def standpoint(
    db: AsyncSession, *, district_id: UUID, as_of: date | None = None
) -> Standpoint:
    """The day asked for, or the present one where the district is."""
    row = await district(db, district_id=district_id)
    today = clock.today(row.zone)
    return Standpoint(
        as_of or today, today, rural_codes_of(row.settings), backdating_days_of(row.settings)
    )
