"""Pairings for tests, in any state."""

from datetime import date
from typing import Any

from service.kit import clock
from service.kit.db import AsyncSession, days
from service.mentoring.rules import PairingState
from service.mentoring.tables import Pairing
from service.network.tables import District
from service.staff.tables import Teacher

_AGREED = frozenset({PairingState.ACCEPTED, PairingState.ACTIVE})


async def pairing(
    db: AsyncSession,
    *,
    district: District,
    mentor: Teacher,
    mentee: Teacher,
    role: str = "in_school",
    valid: Any = None,
    state: PairingState = PairingState.ACTIVE,
    **values: Any,
) -> Pairing:
    """By default active since September."""
    days_of_it = valid or days(date(2026, 9, 1), date(2027, 7, 10))
    agreed = state in _AGREED
    filled: dict[str, Any] = {"mentor_accepted": agreed, "mentee_accepted": agreed}
    if state is PairingState.ACTIVE:
        filled["activated_on"] = days_of_it.lower
    if state is PairingState.ENDED:
        filled |= {"ended_at": clock.now(), "end_reason": "withdrawn"}
    row = Pairing(
        district_id=district.id,
        mentor_id=mentor.id,
        mentee_id=mentee.id,
        role=role,
        valid=days_of_it,
        state=state,
        **{**filled, **values},
    )
    db.add(row)
    await db.flush()
    return row
