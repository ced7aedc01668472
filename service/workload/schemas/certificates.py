"""What comes in and what goes out about certificates."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.timetable.schemas import Named, Reason
from service.workload.rules.certificates import CertificateState, last_day, print_of
from service.workload.tables import ServiceCertificate

_STATES = {
    CertificateState.ISSUED: Text("有效", "Valid"),
    CertificateState.REVOKED: Text("已撤销", "Revoked"),
}
_CHANGED = Text("与现有记录不符", "No longer matches the records")
_LONGEST_YEARS = 20


class CertificateIn(In):
    """Certify what a teacher did over some days."""

    teacher_id: UUID
    from_date: Annotated[date, Field(description="起始日期(含)", examples=["2026-09-01"])]
    until: Annotated[date, Field(description="截止日期(不含)", examples=["2027-02-01"])]

    @model_validator(mode="after")
    def _is_a_time(self) -> Self:
        if self.until <= self.from_date:
            raise PydanticCustomError("range_reversed", "until must be after from_date")
        if self.until.year - self.from_date.year > _LONGEST_YEARS:
            raise PydanticCustomError("too_long", "a certificate spans at most twenty years")
        return self


class RevokeIn(In):
    """Why a certificate holds no more."""

    reason: Reason


class HostOut(Out):
    """A school served."""

    name: str
    lessons: int


class FactsOut(Out):
    """What a certificate says."""

    lessons: Annotated[int, Field(description="已确认的走教课时")]
    days: int
    months: Annotated[int, Field(description="有走教课的月数")]
    rural_months: Annotated[int, Field(description="在农村学校的月数")]
    weak_months: Annotated[int, Field(description="在薄弱学校的月数")]
    hosts: list[HostOut]
    mentor_months: Annotated[int, Field(description="担任导师的月数")]
    pairings: Annotated[int, Field(description="指导的结对数")]


class CertificateOut(Out):
    """A certificate."""

    id: UUID
    number: Annotated[
        str, Field(description="编号:区划代码-年份-序号", examples=["500109-2026-00001"])
    ]
    code: Annotated[str, Field(description="验证码,持证人出示")]
    fingerprint: Annotated[str, Field(description="校验指纹,印在证明上")]
    teacher: Named
    from_date: date
    until: date
    facts: FactsOut
    state: CertificateState
    state_label: str
    issuer: str
    issued_by: str
    issued_at: AwareDatetime
    replaces_id: UUID | None
    revoked_by: str | None
    revoked_at: AwareDatetime | None
    revoke_reason: str | None
    version: int

    @classmethod
    def of(cls, row: ServiceCertificate) -> Self:
        """The answer of a row."""
        state = CertificateState(row.state)
        return cls(
            id=row.id,
            number=row.number,
            code=row.code,
            fingerprint=print_of(row.seal),
            teacher=Named(id=row.teacher_id, name=row.teacher_name),
            from_date=row.period.lower or date.min,
            until=row.period.upper or date.max,
            facts=FactsOut(**row.facts),
            state=state,
            state_label=say(_STATES[state]),
            issuer=row.issuer_name,
            issued_by=row.issued_by_name,
            issued_at=row.issued_at,
            replaces_id=row.replaces_id,
            revoked_by=row.revoked_by_name,
            revoked_at=row.revoked_at,
            revoke_reason=row.revoke_reason,
            version=row.version,
        )


def certificate_label(state: CertificateState) -> str:
    """A state as a person reads it."""
    return say(_STATES[state])


def masked(name: str) -> str:
    """A name as far as a stranger needs it to compare it with the paper."""
    short = 2
    return name[:1] + "*" * max(len(name) - short, 1) + (name[-1] if len(name) > short else "")


class VerifiedOut(Out):
    """The minimum that anybody may know who holds a code."""

    valid: Annotated[bool, Field(description="有效且与现有记录一致")]
    state: CertificateState
    verdict: Annotated[str, Field(examples=["有效"])]
    intact: Annotated[bool, Field(description="由现有记录重算的校验链与证明一致")]
    number: str
    fingerprint: Annotated[str, Field(description="应与证明上所印一致")]
    holder: Annotated[str, Field(description="姓名(隐去部分)", examples=["示*源"])]
    from_date: date
    until: date
    lessons: int
    rural_months: int
    issuer: str
    issued_on: date
    replaced_by: Annotated[str | None, Field(description="替代证明的编号")]

    @classmethod
    def of(cls, found: Any) -> Self:
        """The answer of a ``Verified``."""
        row = found.certificate
        state = CertificateState(row.state)
        whole = found.intact or state is CertificateState.REVOKED
        return cls(
            valid=state is CertificateState.ISSUED and found.intact,
            state=state,
            verdict=say(_STATES[state] if whole else _CHANGED),
            intact=found.intact,
            number=row.number,
            fingerprint=print_of(row.seal),
            holder=masked(row.teacher_name),
            from_date=row.period.lower or date.min,
            until=row.period.upper or date.max,
            lessons=row.facts["lessons"],
            rural_months=row.facts["rural_months"],
            issuer=row.issuer_name,
            issued_on=row.issued_at.date(),
            replaced_by=found.replaced_by,
        )

    def lines(self) -> list[tuple[str, str]]:
        """The same, line by line, for a page."""
        return [
            ("编号", self.number),
            ("姓名", self.holder),
            ("起止", f"{self.from_date} 至 {last_day(self.until)}"),
            ("走教课时", f"{self.lessons} 节"),
            ("农村学校", f"{self.rural_months} 个月"),
            ("颁发单位", self.issuer),
            ("颁发日期", str(self.issued_on)),
            ("校验指纹", self.fingerprint),
            *([("替代证明", self.replaced_by)] if self.replaced_by else []),
        ]
