"""What mentoring counts for: read from the mentoring programme, by teacher and time."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from service.kit.db import AsyncSession
from service.mentoring.rules import PairingState
from service.mentoring.tables import Pairing
from service.workload.rules.certificates import months_spent


@dataclass(frozen=True, slots=True)
class Mentored:
    """How long somebody was a mentor, and of how many."""

    months: int = 0
    pairings: int = 0


async def mentor_service(
    db: AsyncSession, *, teacher_id: UUID, from_: date, until: date
) -> Mentored:
    """What a teacher did as a mentor in a time; only pairings that became active count."""
    rows = (
        await db.exec(
            select(Pairing).where(
                col(Pairing.mentor_id) == teacher_id,
                col(Pairing.state).in_([PairingState.ACTIVE, PairingState.ENDED]),
                col(Pairing.activated_on).is_not(None),
            )
        )
    ).all()
    spans = [
        (
            max(row.valid.lower or from_, row.activated_on or from_, from_),
            min(row.valid.upper or until, until),
        )
        for row in rows
    ]
    spent = [span for span in spans if span[0] < span[1]]
    return Mentored(months_spent(spent), len(spent))
