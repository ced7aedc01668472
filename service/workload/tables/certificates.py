"""Rows of service certificates and the confirmed lessons behind them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, JSONB, Range
from sqlmodel import Field

from service.kit.db import Instant, Tenant, Versioned, check, index, one_of, points_to, unique
from service.workload.rules.certificates import CertificateState


class ServiceCertificate(Versioned, table=True):
    """Numbered proof of what a teacher did for other schools, for a time.

    Never edited: it is revoked, and another may take its place. ``seal`` closes the hash chain over
    its items and facts; whoever changes one of them without it is found out, and whoever changes
    the seal as well has another one than the paper.
    """

    __tablename__ = "service_certificate"
    __collection__ = "certificates"
    __private__ = frozenset({"code", "code_digest"})
    __table_args__ = (
        unique("uq_service_certificate_number", "year", "serial"),
        unique("uq_service_certificate_code", "code_digest"),
        unique("uq_service_certificate_replaces", "replaces_id", where="replaces_id IS NOT NULL"),
        points_to("teacher_id", "teacher", name="fk_service_certificate_teacher"),
        points_to("replaces_id", "service_certificate", name="fk_service_certificate_replaces"),
        index("ix_service_certificate_teacher", "teacher_id"),
        one_of("ck_service_certificate_state", "state", CertificateState),
        check("ck_service_certificate_period", "NOT isempty(period)"),
        check(
            "ck_service_certificate_revoked",
            "(state = 'revoked') = (revoked_at IS NOT NULL AND revoke_reason IS NOT NULL)",
        ),
    )

    year: int = Field(sa_type=SmallInteger)
    serial: int
    number: str
    code: str
    code_digest: str
    teacher_id: UUID
    teacher_name: str
    """As it is printed; the name may change later."""
    school_name: str = ""
    period: Range[date] = Field(sa_type=DATERANGE)
    facts: dict[str, Any] = Field(sa_type=JSONB)
    seal: str
    state: str = CertificateState.ISSUED
    issuer_name: str
    issued_by_name: str
    issued_at: datetime = Field(sa_type=Instant)
    replaces_id: UUID | None = None
    revoked_by_name: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    revoke_reason: str | None = Field(default=None, sa_type=Text)


class CertificateItem(Tenant, table=True):
    """One confirmed lesson of a certificate, with its link of the chain."""

    __tablename__ = "certificate_item"
    __table_args__ = (
        unique("uq_certificate_item_place", "certificate_id", "place"),
        points_to("certificate_id", "service_certificate", name="fk_certificate_item_certificate"),
        points_to("lesson_id", "lesson", name="fk_certificate_item_lesson"),
    )

    certificate_id: UUID
    place: int
    lesson_id: UUID
    link: str
