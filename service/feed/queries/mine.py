"""What changed in one teacher's lessons, in the order of the feed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from service.accounts.tables import Account, PartnerClient
from service.kit.db import AsyncSession
from service.kit.synctoken import Position

# A change of a slot is one of each of its lessons. The teachers a change names need not have the
# lesson any more: those are told that it is gone.
_NEWS = text("""WITH mine AS MATERIALIZED (
  SELECT id, slot_id FROM lesson WHERE teacher_id = :teacher_id
), news AS (
  SELECT c.xid, c.seq, c.at, c.event, c.spread, c.resource_id, c.actor, c.reason
  FROM change c
  WHERE c.xid < CAST(CAST(:settled AS text) AS xid8)
    AND (c.xid, c.seq) > (CAST(CAST(:xid AS text) AS xid8), CAST(:seq AS bigint))
    AND c.collection = 'lessons'
    AND (
      (NOT c.spread AND :teacher_id = ANY (c.reach))
      OR c.resource_id IN (SELECT id FROM mine)
      OR (c.spread AND c.resource_id IN (SELECT slot_id FROM mine))
    )
  ORDER BY c.xid, c.seq LIMIT :limit
)
SELECT CAST(n.xid AS text) AS xid, n.seq, n.at, n.event, n.actor, n.reason,
  COALESCE(m.id, n.resource_id) AS lesson_id
FROM news n LEFT JOIN mine m ON n.spread AND m.slot_id = n.resource_id
ORDER BY n.xid, n.seq""")
_DAYS = text(
    "SELECT min(on_date) AS first, max(on_date) AS last FROM lesson"
    " WHERE id = ANY (:ids) AND teacher_id = :teacher_id"
).bindparams(bindparam("ids"))


@dataclass(frozen=True, slots=True)
class News:
    """One change of one lesson."""

    place: Position
    lesson_id: UUID
    at: datetime
    event: str
    actor: str
    reason: str | None


async def news_of(
    db: AsyncSession, *, teacher_id: UUID, after: Position, settled: int, limit: int
) -> list[News]:
    """The changes of a teacher's lessons after a place; a slot's are as many as it has lessons."""
    asked = {
        "teacher_id": teacher_id,
        "settled": str(settled),
        "xid": str(after.xid),
        "seq": after.seq,
        "limit": limit,
    }
    found = await (await db.connection()).execute(_NEWS, asked)
    return [
        News(
            Position(int(row.xid), row.seq),
            row.lesson_id,
            row.at,
            row.event,
            row.actor,
            row.reason,
        )
        for row in found
    ]


async def days_of(
    db: AsyncSession, *, teacher_id: UUID, lesson_ids: Collection[UUID]
) -> tuple[date, date] | None:
    """The first and the last day of some lessons that a teacher has."""
    asked = {"ids": list(lesson_ids), "teacher_id": teacher_id}
    row = (await (await db.connection()).execute(_DAYS, asked)).one()
    return (row.first, row.last) if row.first is not None else None


async def names_of(db: AsyncSession, *, actors: Collection[str]) -> dict[str, str]:
    """What those who changed something are called, by the key the feed knows them by."""
    accounts = select(Account.id, Account.display_name).where(
        col(Account.id).in_([UUID(one) for one in actors if _is_id(one)])
    )
    clients = select(PartnerClient.client_id, PartnerClient.name).where(
        col(PartnerClient.client_id).in_([one for one in actors if not _is_id(one)])
    )
    found = {str(id_): name for id_, name in (await db.exec(accounts)).all()}
    return found | dict((await db.exec(clients)).all())


def _is_id(actor: str) -> bool:
    try:
        UUID(actor)
    except ValueError:
        return False
    return True
