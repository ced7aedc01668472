"""What mentoring counts for: read from the mentoring programme, by teacher and time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from service.kit.db import AsyncSession


async def mentor_lessons(
    db: AsyncSession, *, teachers: Collection[UUID], month: date
) -> dict[UUID, Decimal]:
    """The lessons credited to mentors in a month."""
    del db, teachers, month
    return {}


@dataclass(frozen=True, slots=True)
class Mentored:
    """How long somebody was a mentor, and of how many."""

    months: int = 0
    pairings: int = 0


async def mentor_service(
    db: AsyncSession, *, teacher_id: UUID, from_: date, until: date
) -> Mentored:
    """What a teacher did as a mentor in a time."""
    del db, teacher_id, from_, until
    return Mentored()
