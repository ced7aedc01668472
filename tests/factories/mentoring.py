"""Pairings, programmes and studios for tests, in any state."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from service.kit import clock
from service.kit.db import AsyncSession, days
from service.mentoring.rules import PairingState
from service.mentoring.schemas.appraisal import RubricIn, VoiceIn
from service.mentoring.schemas.programme import StandardIn
from service.mentoring.tables import (
    AgreementText,
    Appraisal,
    LogEntry,
    MentoringProgramme,
    MentoringStandard,
    Pairing,
    ProgrammeEntry,
    Studio,
    StudioActivity,
    StudioAttendance,
    StudioMember,
    Visit,
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


async def visit(
    db: AsyncSession, *, district: District, pairing: Any, campus: Any, starts_at: datetime
) -> Visit:
    """A visit of an hour; it takes nobody's time."""
    row = Visit(
        district_id=district.id,
        pairing_id=getattr(pairing, "id", pairing),
        campus_id=getattr(campus, "id", campus),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        topic="集体备课",
        planned_by_name="测试",
    )
    db.add(row)
    await db.flush()
    return row


async def agreement_text(
    db: AsyncSession, *, district: District, number: int = 1, **values: Any
) -> AgreementText:
    """A text of the district's own."""
    filled = {"title": "师徒结对协议书", "body": "一、导师……", **values}
    row = AgreementText(district_id=district.id, number=number, **filled)
    db.add(row)
    await db.flush()
    return row


async def log_entry(
    db: AsyncSession, *, district: District, pairing: Pairing, writer: Teacher, **values: Any
) -> LogEntry:
    """By default a meeting that is to be confirmed."""
    filled: dict[str, Any] = {
        "kind": "meeting",
        "on_date": pairing.valid.lower,
        "topic": "面谈",
        "attachments": [],
    }
    row = LogEntry(
        district_id=district.id,
        pairing_id=pairing.id,
        written_by=writer.id,
        written_at=clock.now(),
        **{**filled, **values},
    )
    db.add(row)
    await db.flush()
    return row


async def appraisal(
    db: AsyncSession,
    *,
    district: District,
    pairing: Pairing,
    kind: str = "midterm",
    said: dict[str, int] | None = None,
    **values: Any,
) -> Appraisal:
    """By default open and silent; ``said`` is the one score that each voice gives everything.

    With a ``grade`` it is concluded.
    """
    rubric = RubricIn()
    filled: dict[str, Any] = {}
    if "grade" in values:
        filled = {
            "state": "concluded",
            "concluded_at": clock.now(),
            "concluded_by_name": "测试",
        }
    row = Appraisal(
        district_id=district.id,
        pairing_id=pairing.id,
        kind=kind,
        rubric=rubric.columns,
        voices={
            voice: VoiceIn(scores={one.code: score for one in rubric.criteria}).said(
                by="测试", teacher_id=None, at=clock.now()
            )
            for voice, score in (said or {}).items()
        },
        opened_by_name="测试",
        opened_at=clock.now(),
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


_numbers = itertools.count(1)
_CYCLE = days(date(2024, 9, 1), date(2030, 9, 1))


async def studio(db: AsyncSession, *, district: District, host: Teacher, **values: Any) -> Studio:
    """A studio with its host."""
    filled = {"name": f"演示工作室{next(_numbers)}", "subject": "24", "stage": "2", **values}
    row = Studio(district_id=district.id, valid=_CYCLE, **filled)
    db.add(row)
    await db.flush()
    await studio_member(db, district=district, studio=row, teacher=host, role="host")
    return row


async def studio_member(
    db: AsyncSession,
    *,
    district: District,
    studio: Any,
    teacher: Teacher,
    role: str = "trainee",
) -> StudioMember:
    """Somebody in a studio."""
    row = StudioMember(
        district_id=district.id,
        studio_id=getattr(studio, "id", studio),
        teacher_id=teacher.id,
        role=role,
        valid=_CYCLE,
    )
    db.add(row)
    await db.flush()
    return row


async def studio_activity(
    db: AsyncSession,
    *,
    district: District,
    studio: Any,
    campus: Any,
    starts_at: datetime,
    invited: Sequence[Teacher],
) -> StudioActivity:
    """Something a studio does together for two hours; it takes nobody's time."""
    row = StudioActivity(
        district_id=district.id,
        studio_id=studio,
        kind="meeting",
        topic="研讨",
        campus_id=campus,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
    )
    db.add(row)
    await db.flush()
    for one in invited:
        db.add(StudioAttendance(district_id=district.id, activity_id=row.id, teacher_id=one.id))
    await db.flush()
    return row
