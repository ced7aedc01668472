"""What the district pays: rates and coefficients begin and end, and are never edited."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.journal import record
from service.kit.problems import FieldError, InvalidValue, Text
from service.workload.problems import CoefficientNotFound, RateNotFound, RateOver
from service.workload.rules import RateKind
from service.workload.tables import AllowanceRate, LessonCoefficient

_EARLY = FieldError(
    "/valid_until", "range-reversed", Text("应晚于生效日期", "must be after valid_from")
)
_BAND = FieldError(
    "/km_from", "not-a-band", Text("只有里程段标准才有里程", "only distance bands have kilometres")
)


async def add_rate(db: AsyncSession, *, caller: Caller, row: AllowanceRate) -> AllowanceRate:
    """Let a rate hold from a day on.

    Raises
    ------
    RateOverlaps
        Another one of its kind (and distance) holds at that time.
    InvalidValue
        A distance for a kind that knows none.
    """
    if row.kind != RateKind.BAND and row.band != Range(Decimal(0), None, bounds="[)"):
        raise InvalidValue(errors=[_BAND])
    db.add(row)
    await db.flush()
    await record(db, "allowance-rate.added", row, by=caller)
    return row


async def end_rate(
    db: AsyncSession, *, caller: Caller, rate_id: UUID, until: date, expected: Precondition
) -> AllowanceRate:
    """Let a rate hold no more from a day on.

    Raises
    ------
    RateOver
        It ends earlier already.
    """
    row = await lock(db, AllowanceRate, rate_id)
    if row is None:
        raise RateNotFound
    expected.check(row.version)
    before = change_fields(row, {"valid": _ended(row.valid, until)})
    await db.flush()
    if before:
        await record(db, "allowance-rate.ended", row, by=caller, before=before)
    return row


def _ended(valid: Range[date], until: date) -> Range[date]:
    if valid.lower is not None and until <= valid.lower:
        raise InvalidValue(errors=[_EARLY])
    if valid.upper is not None and valid.upper < until:
        raise RateOver
    return days(valid.lower, until)


async def add_coefficient(
    db: AsyncSession, *, caller: Caller, row: LessonCoefficient
) -> LessonCoefficient:
    """Let lessons of a subject and stage count so much from a day on.

    Raises
    ------
    CoefficientOverlaps
        Another one for the same lessons holds at that time.
    """
    db.add(row)
    await db.flush()
    await record(db, "lesson-coefficient.added", row, by=caller)
    return row


async def end_coefficient(
    db: AsyncSession, *, caller: Caller, coefficient_id: UUID, until: date, expected: Precondition
) -> LessonCoefficient:
    """Let a coefficient hold no more from a day on.

    Raises
    ------
    RateOver
        It ends earlier already.
    """
    row = await lock(db, LessonCoefficient, coefficient_id)
    if row is None:
        raise CoefficientNotFound
    expected.check(row.version)
    before = change_fields(row, {"valid": _ended(row.valid, until)})
    await db.flush()
    if before:
        await record(db, "lesson-coefficient.ended", row, by=caller, before=before)
    return row
