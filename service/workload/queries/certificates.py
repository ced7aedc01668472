"""Reading certificates, what they certify, and whether they still hold."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, exists, func, text
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, enter_district
from service.network.rules import DesignationKind
from service.network.tables import District, School, SchoolDesignation
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher
from service.timetable.rules.attendance import Word
from service.timetable.tables import Attendance, Lesson
from service.workload.problems.certificates import CertificateNotFound
from service.workload.rules.certificates import (
    CertificateState,
    Head,
    Item,
    Served,
    chain,
    code_digest,
    read_code,
)
from service.workload.tables import CertificateItem, ServiceCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFilter:
    """Which certificates are asked for."""

    teacher_id: UUID | None = None
    state: CertificateState | None = None
    year: int | None = None


def certificates(caller: Caller, *, wanted: CertificateFilter) -> Select[Any]:
    """The certificates of teachers within reach."""
    statement: Any = select_rows(ServiceCertificate).where(
        col(ServiceCertificate.teacher_id).in_(
            visible_teachers(caller, Permission.CERTIFICATE_READ)
        )
    )
    if wanted.teacher_id is not None:
        statement = statement.where(col(ServiceCertificate.teacher_id) == wanted.teacher_id)
    if wanted.state is not None:
        statement = statement.where(col(ServiceCertificate.state) == wanted.state)
    if wanted.year is not None:
        statement = statement.where(col(ServiceCertificate.year) == wanted.year)
    return cast("Select[Any]", statement)


async def visible_certificate(
    db: AsyncSession, *, caller: Caller, certificate_id: UUID
) -> ServiceCertificate:
    """A certificate of a teacher within reach.

    Raises
    ------
    CertificateNotFound
        It does not exist, or the caller may not see it.
    """
    statement: Any = certificates(caller, wanted=CertificateFilter()).where(
        col(ServiceCertificate.id) == certificate_id
    )
    fresh = statement.execution_options(populate_existing=True)
    found = (await (await db.connection()).execute(fresh)).one_or_none()
    if found is None:
        raise CertificateNotFound
    row = await db.get(
        ServiceCertificate, (caller.district_id, certificate_id), populate_existing=True
    )
    if row is None:
        raise CertificateNotFound
    return row


async def certificates_of(db: AsyncSession, *, teacher_id: UUID) -> Sequence[ServiceCertificate]:
    """A teacher's own certificates, the newest first; asks for no permission."""
    statement = (
        select(ServiceCertificate)
        .where(col(ServiceCertificate.teacher_id) == teacher_id)
        .order_by(col(ServiceCertificate.issued_at).desc(), col(ServiceCertificate.id))
    )
    return (await db.exec(statement)).all()


async def teacher_of(db: AsyncSession, *, teacher_id: UUID, day: date) -> tuple[str, str]:
    """The name of a teacher, and of the school that employs them on a day."""
    statement = (
        select(Teacher.name, School.name)
        .outerjoin(
            Employment,
            (col(Employment.teacher_id) == col(Teacher.id)) & col(Employment.valid).contains(day),
        )
        .outerjoin(School, col(School.id) == col(Employment.school_id))
        .where(col(Teacher.id) == teacher_id)
    )
    name, school = (await db.exec(statement)).one()
    return name, school or ""


def _items() -> Any:
    return select_rows(
        col(Attendance.lesson_id),
        col(Attendance.teacher_id),
        col(Attendance.school_id),
        col(Attendance.confirmed_at),
        col(Attendance.state),
        col(Lesson.on_date),
        col(Lesson.starts_at),
        col(Lesson.ends_at),
        col(Lesson.subject),
    ).join(Lesson, col(Lesson.id) == col(Attendance.lesson_id))


def _item(row: Any) -> Item:
    return Item(
        lesson_id=row.lesson_id,
        teacher_id=row.teacher_id,
        school_id=row.school_id,
        on_date=row.on_date,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        subject=row.subject,
        confirmed_at=row.confirmed_at,
        confirmed=row.state == Word.CONFIRMED,
    )


async def confirmed_items(
    db: AsyncSession, *, teacher_id: UUID, from_: date, until: date
) -> list[Item]:
    """What hosts have confirmed of a teacher in a time, in order."""
    statement = (
        _items()
        .where(
            col(Attendance.teacher_id) == teacher_id,
            col(Attendance.state) == Word.CONFIRMED,
            col(Lesson.on_date) >= from_,
            col(Lesson.on_date) < until,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )
    return [_item(row) for row in await (await db.connection()).execute(statement)]


async def served(
    db: AsyncSession, *, items: Sequence[Item], rural_codes: Sequence[str]
) -> list[Served]:
    """Each item with its school, as that was on the day."""
    weak = exists().where(
        col(SchoolDesignation.school_id) == col(Attendance.school_id),
        col(SchoolDesignation.kind) == DesignationKind.WEAK,
        col(SchoolDesignation.valid).contains(col(Lesson.on_date)),
    )
    statement = (
        select_rows(
            col(Attendance.lesson_id),
            col(School.name),
            col(School.urban_rural_code).in_(rural_codes).label("rural"),
            weak.label("weak"),
        )
        .join(Lesson, col(Lesson.id) == col(Attendance.lesson_id))
        .join(School, col(School.id) == col(Attendance.school_id))
        .where(col(Attendance.lesson_id).in_([item.lesson_id for item in items]))
    )
    schools = {
        row.lesson_id: row for row in await (await db.connection()).execute(cast("Any", statement))
    }
    return [
        Served(
            item.on_date,
            item.school_id,
            schools[item.lesson_id].name,
            schools[item.lesson_id].rural,
            schools[item.lesson_id].weak,
        )
        for item in items
    ]


_ONE_BY_ONE = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(huangge_district()::text || :name, 0))"
)


async def last_serial(db: AsyncSession, *, year: int) -> int:
    """The highest number of a year; who asks next waits until this transaction ends."""
    await (await db.connection()).execute(_ONE_BY_ONE, {"name": f"certificates of {year}"})
    statement = select(func.max(col(ServiceCertificate.serial))).where(
        col(ServiceCertificate.year) == year
    )
    return (await db.exec(statement)).one() or 0


async def replacement_of(db: AsyncSession, *, certificate_id: UUID) -> ServiceCertificate | None:
    """The certificate that took the place of another."""
    statement = select(ServiceCertificate).where(
        col(ServiceCertificate.replaces_id) == certificate_id
    )
    return (await db.exec(statement)).one_or_none()


# Verifying


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate, and whether the records still say what it says."""

    certificate: ServiceCertificate
    intact: bool
    replaced_by: str | None


async def by_code(db: AsyncSession, *, written: str) -> Verified:
    """The certificate of a code, as anybody who holds the paper may ask.

    The code is looked up by its digest and then compared in constant time.

    Raises
    ------
    CertificateNotFound
        No certificate has this code.
    """
    district, code = read_code(written) or ("", "")
    statement = select(District.id).where(col(District.code) == district)
    district_id = (await db.exec(statement)).one_or_none()
    if district_id is None:
        raise CertificateNotFound
    await enter_district(db, district_id)
    asked = select(ServiceCertificate).where(
        col(ServiceCertificate.code_digest) == code_digest(code)
    )
    found = (await db.exec(asked)).one_or_none()
    known = found.code if found is not None else ""
    if not hmac.compare_digest(known.encode(), code.encode()) or found is None:
        raise CertificateNotFound
    newer = await replacement_of(db, certificate_id=found.id)
    return Verified(found, await is_intact(db, found), newer.number if newer else None)


async def is_intact(db: AsyncSession, row: ServiceCertificate) -> bool:
    """Whether the chain, made anew from the records, ends in the certificate's seal."""
    statement = (
        _items()
        .add_columns(CertificateItem.link)
        .join(CertificateItem, col(CertificateItem.lesson_id) == col(Attendance.lesson_id))
        .where(col(CertificateItem.certificate_id) == row.id)
        .order_by(col(CertificateItem.place))
    )
    rows = (await (await db.connection()).execute(statement)).all()
    links, seal = chain(head_of(row), [_item(one) for one in rows], facts=row.facts)
    return links == [one.link for one in rows] and hmac.compare_digest(seal, row.seal)


def head_of(row: ServiceCertificate) -> Head:
    """What a certificate is about, as it begins the chain."""
    return Head(
        number=row.number,
        teacher_id=row.teacher_id,
        teacher_name=row.teacher_name,
        from_date=row.period.lower or date.min,
        until=row.period.upper or date.max,
    )
