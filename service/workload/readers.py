"""Rates, statements and certificates, as the feed shows them."""

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each
from service.workload.queries import certificates, rates, statements
from service.workload.queries.statements import Stated, StatementFilter
from service.workload.schemas.certificates import CertificateOut
from service.workload.schemas.rates import CoefficientOut, RateOut
from service.workload.schemas.statements import StatementOut
from service.workload.tables import (
    AllowanceRate,
    LessonCoefficient,
    ServiceCertificate,
    Statement,
)


async def _rates(_: AsyncSession, __: Caller) -> Rows:
    return Rows(rates.rates(kind=None, on=None), each(RateOut.of))


async def _coefficients(_: AsyncSession, __: Caller) -> Rows:
    return Rows(rates.coefficients(), each(CoefficientOut.of))


async def _statements(_: AsyncSession, caller: Caller) -> Rows:
    seen = statements.statements(caller, wanted=StatementFilter())
    return Rows(seen, each(lambda row: StatementOut.of(Stated(*row))))


async def _certificates(_: AsyncSession, caller: Caller) -> Rows:
    seen = certificates.certificates(caller, wanted=certificates.CertificateFilter())
    return Rows(seen, each(CertificateOut.of))


READERS = (
    Reader(table=AllowanceRate, permission=Permission.RATE_READ, rows=_rates),
    Reader(table=LessonCoefficient, permission=Permission.RATE_READ, rows=_coefficients),
    Reader(table=Statement, permission=Permission.STATEMENT_READ, rows=_statements),
    Reader(table=ServiceCertificate, permission=Permission.CERTIFICATE_READ, rows=_certificates),
)
