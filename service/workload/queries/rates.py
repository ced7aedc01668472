"""Reading what the district pays."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.db import AsyncSession
from service.workload.problems import CoefficientNotFound, RateNotFound
from service.workload.rules import Coefficient, Rate, RateBook, RateKind
from service.workload.tables import AllowanceRate, LessonCoefficient


def rates(*, kind: RateKind | None, on: date | None) -> SelectOfScalar[AllowanceRate]:
    """The district's rates; everybody who may read any reads all."""
    statement = select(AllowanceRate)
    if kind is not None:
        statement = statement.where(col(AllowanceRate.kind) == kind)
    if on is not None:
        statement = statement.where(col(AllowanceRate.valid).contains(on))
    return statement


async def rate(db: AsyncSession, *, rate_id: UUID) -> AllowanceRate:
    """One rate.

    Raises
    ------
    RateNotFound
        There is none.
    """
    statement = select(AllowanceRate).where(col(AllowanceRate.id) == rate_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise RateNotFound
    return found


def coefficients() -> SelectOfScalar[LessonCoefficient]:
    """The district's coefficients."""
    return select(LessonCoefficient)


async def coefficient(db: AsyncSession, *, coefficient_id: UUID) -> LessonCoefficient:
    """One coefficient.

    Raises
    ------
    CoefficientNotFound
        There is none.
    """
    statement = coefficients().where(col(LessonCoefficient.id) == coefficient_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CoefficientNotFound
    return found


async def rate_book(db: AsyncSession) -> RateBook:
    """All rates of the district as the rules take them."""
    rows = (await db.exec(select(AllowanceRate).order_by(col(AllowanceRate.id)))).all()
    return RateBook(
        [
            Rate(
                id=row.id,
                kind=RateKind(row.kind),
                amount=row.amount,
                valid_from=row.valid.lower or date.min,
                valid_until=row.valid.upper,
                km_from=row.band.lower or Decimal(0),
                km_until=row.band.upper,
            )
            for row in rows
        ]
    )


async def factors(db: AsyncSession) -> list[Coefficient]:
    """All coefficients of the district as the rules take them."""
    return [
        Coefficient(
            subject=row.subject,
            stage=row.stage,
            factor=row.factor,
            valid_from=row.valid.lower or date.min,
            valid_until=row.valid.upper,
        )
        for row in (await db.exec(coefficients())).all()
    ]
