"""Opens a district: its first row and the first person who may let others in."""

from uuid import UUID

from service.kit.auth import Caller, system
from service.kit.db import AsyncSession
from service.kit.journal import record_many
from service.network.tables import District

FIRST_VERSION = 1


async def open_district(db: AsyncSession, *, caller: Caller, row: District) -> None:
    """Lay the row of a district; the transaction sees that district already."""
    db.add(row)
    await db.flush()
    await record_many(
        db,
        "district.opened",
        by=caller,
        collection=District.__collection__,
        resources=[(row.id, row.version)],
    )


def opener(district_id: UUID) -> Caller:
    """Whoever sits at the machine's keyboard: there is nobody in the district yet."""
    return system(district_id, name="huangge")
