"""Pairings and programmes for tests, in any state."""

from datetime import date
from typing import Any

from service.kit import clock
from service.kit.db import AsyncSession, days
from service.mentoring.rules import PairingState
from service.mentoring.schemas.programme import StandardIn
from service.mentoring.tables import (
    MentoringProgramme,
    MentoringStandard,
    Pairing,
    ProgrammeEntry,
)
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


async def programme(
    db: AsyncSession,
    *,
    district: District,
    year: Any,
    group: Any = None,
    state: str = "open",
    valid: Any = None,
    standard: dict[str, Any] | None = None,
    **values: Any,
) -> MentoringProgramme:
    """A school year's mentoring; what it asks for is the default unless said."""
    filled: dict[str, Any] = {} if state == "draft" else {"opened_at": clock.now()}
    row = MentoringProgramme(
        district_id=district.id,
        school_year_id=getattr(year, "id", year),
        group_id=group and group.id,
        state=state,
        **{"name": "双导师帮扶", **filled, **values},
    )
    db.add(row)
    await db.flush()
    asked = StandardIn.model_validate(standard or {})
    db.add(
        MentoringStandard(
            district_id=district.id,
            programme_id=row.id,
            number=1,
            valid=valid or year.valid,
            decided_by_name="测试",
            decided_at=clock.now(),
            **asked.columns(),
        )
    )
    await db.flush()
    return row


async def programme_entry(
    db: AsyncSession,
    *,
    district: District,
    programme: Any,
    teacher: Teacher,
    kind: str = "added",
) -> ProgrammeEntry:
    """A teacher decided by hand."""
    row = ProgrammeEntry(
        district_id=district.id,
        programme_id=getattr(programme, "id", programme),
        teacher_id=teacher.id,
        kind=kind,
    )
    db.add(row)
    await db.flush()
    return row
