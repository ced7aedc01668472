"""Service certificates: issued from what was confirmed, revoked, issued anew."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.ids import new_id
from service.kit.journal import record
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.network.queries import district
from service.network.schemas.district import rural_codes_of
from service.timetable import load
from service.workload.problems.certificates import CertificateNotFound, NothingToCertify
from service.workload.queries import certificates as queries
from service.workload.queries import statements
from service.workload.queries.mentoring import mentor_service
from service.workload.rules.certificates import (
    CertificateState,
    chain,
    check_issued,
    code_digest,
    facts_of,
    new_code,
    number_of,
)
from service.workload.tables import CertificateItem, ServiceCertificate

_NOBODY = FieldError(
    "/teacher_id",
    "not-found",
    Text("教师不存在或不可见", "does not exist, or you may not see them"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """For whom, and over which days ``[from_, until)``."""

    teacher_id: UUID
    from_: date
    until: date


async def issue(db: AsyncSession, *, caller: Caller, wanted: Wanted) -> ServiceCertificate:
    """Certify what a teacher did for other schools, as far as it is confirmed by now.

    Raises
    ------
    NothingToCertify
        Nothing is confirmed, and nobody was mentored.
    """
    seen, may = [
        await statements.may(db, caller=caller, permission=permission, teacher_id=wanted.teacher_id)
        for permission in (Permission.CERTIFICATE_READ, Permission.CERTIFICATE_WRITE)
    ]
    if not seen:
        raise RelatedNotFound(errors=[_NOBODY])
    if not may:
        raise Forbidden
    await load.lock_resources(db, teachers=[wanted.teacher_id])
    return await _issue(db, caller=caller, wanted=wanted, replaces=None)


async def _issue(
    db: AsyncSession, *, caller: Caller, wanted: Wanted, replaces: UUID | None
) -> ServiceCertificate:
    home = await district(db, district_id=caller.district_id)
    today = clock.today(home.zone)
    items = await queries.confirmed_items(
        db, teacher_id=wanted.teacher_id, from_=wanted.from_, until=wanted.until
    )
    mentored = await mentor_service(
        db, teacher_id=wanted.teacher_id, from_=wanted.from_, until=min(wanted.until, today)
    )
    if not items and not mentored.pairings:
        raise NothingToCertify
    served = await queries.served(db, items=items, rural_codes=rural_codes_of(home.settings))
    name, school = await queries.teacher_of(
        db, teacher_id=wanted.teacher_id, day=min(wanted.until, today)
    )
    serial = await queries.last_serial(db, year=today.year) + 1
    code = new_code(home.code)
    row = ServiceCertificate(
        district_id=caller.district_id,
        id=new_id(),
        year=today.year,
        serial=serial,
        number=number_of(district=home.code, year=today.year, serial=serial),
        code=code,
        code_digest=code_digest(code),
        teacher_id=wanted.teacher_id,
        teacher_name=name,
        school_name=school,
        period=days(wanted.from_, wanted.until),
        facts=facts_of(served, mentor_months=mentored.months, pairings=mentored.pairings),
        seal="",
        issuer_name=home.name,
        issued_by_name=caller.name,
        issued_at=clock.now(),
        replaces_id=replaces,
    )
    links, row.seal = chain(queries.head_of(row), items, facts=row.facts)
    db.add(row)
    await db.flush()
    for place, (item, link) in enumerate(zip(items, links, strict=True)):
        db.add(
            CertificateItem(
                district_id=row.district_id,
                certificate_id=row.id,
                place=place,
                lesson_id=item.lesson_id,
                link=link,
            )
        )
    await db.flush()
    await record(db, "certificate.issued", row, by=caller, reach=[row.teacher_id])
    return row


@dataclass(frozen=True, slots=True)
class Asked:
    """Which certificate, in what version, and why."""

    certificate_id: UUID
    expected: Precondition
    reason: str


async def revoke(db: AsyncSession, *, caller: Caller, asked: Asked) -> ServiceCertificate:
    """Let a certificate hold no more; whoever verifies it reads so.

    Raises
    ------
    CertificateOver
        It was revoked.
    """
    row = await _hold(db, caller=caller, asked=asked)
    return await _revoke(db, caller=caller, row=row, reason=asked.reason)


async def reissue(db: AsyncSession, *, caller: Caller, asked: Asked) -> ServiceCertificate:
    """Revoke a certificate and issue another for the same days, from what is confirmed by now.

    Raises
    ------
    CertificateOver
        It was revoked.
    NothingToCertify
        Nothing is confirmed any more.
    """
    row = await _hold(db, caller=caller, asked=asked)
    await _revoke(db, caller=caller, row=row, reason=asked.reason)
    wanted = Wanted(
        teacher_id=row.teacher_id,
        from_=row.period.lower or date.min,
        until=row.period.upper or date.max,
    )
    return await _issue(db, caller=caller, wanted=wanted, replaces=row.id)


async def _hold(db: AsyncSession, *, caller: Caller, asked: Asked) -> ServiceCertificate:
    seen = await queries.visible_certificate(db, caller=caller, certificate_id=asked.certificate_id)
    if not await statements.may(
        db, caller=caller, permission=Permission.CERTIFICATE_WRITE, teacher_id=seen.teacher_id
    ):
        raise Forbidden
    await load.lock_resources(db, teachers=[seen.teacher_id])
    row = await lock(db, ServiceCertificate, asked.certificate_id)
    if row is None:
        raise CertificateNotFound
    asked.expected.check(row.version)
    return row


async def _revoke(
    db: AsyncSession, *, caller: Caller, row: ServiceCertificate, reason: str
) -> ServiceCertificate:
    check_issued(CertificateState(row.state))
    values = {
        "state": CertificateState.REVOKED,
        "revoked_by_name": caller.name,
        "revoked_at": clock.now(),
        "revoke_reason": reason,
    }
    before = change_fields(row, values)
    await db.flush()
    await record(
        db,
        "certificate.revoked",
        row,
        by=caller,
        before=before,
        reach=[row.teacher_id],
        reason=reason,
    )
    return row
