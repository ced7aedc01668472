"""Service certificates: issued, printed, revoked, issued anew; verified by anybody."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Path, Query, Request
from sqlmodel import col
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, Response

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
    public,
)
from service.kit.http.answers import base_url
from service.kit.http.files import a_file, send_file
from service.kit.problems import RelatedNotFound, TooManyRequests
from service.network.queries import district
from service.workload import certificates, guard
from service.workload.certificates import Asked, Wanted
from service.workload.paper import Paper, as_page, as_pdf, verdict_page
from service.workload.problems.certificates import (
    CertificateNotFound,
    CertificateOver,
    CertificateRace,
    NothingToCertify,
)
from service.workload.queries import certificates as queries
from service.workload.rules.certificates import CertificateState
from service.workload.schemas.certificates import (
    CertificateIn,
    CertificateOut,
    RevokeIn,
    VerifiedOut,
)
from service.workload.tables import ServiceCertificate

router = make_router(tag="certificates")

Reader = Annotated[Caller, needs(Permission.CERTIFICATE_READ)]
Writer = Annotated[Caller, needs(Permission.CERTIFICATE_WRITE)]
Code = Annotated[str, Path(description="证明上的验证码,大小写与连字符不限", max_length=60)]

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class CertificateQuery:
    """Which certificates are asked for."""

    teacher_id: Annotated[UUID | None, Query(description="仅该教师")] = None
    state: Annotated[CertificateState | None, Query(description="仅该状态")] = None
    year: Annotated[int | None, Query(ge=2000, le=2100, description="编号年份")] = None


@router.get(
    "/certificates",
    operation_id="listCertificates",
    summary="服务证明列表",
    description="您可见教师的服务证明:编号、起止、课时、农村与薄弱学校月数、状态。",
    openapi_extra=english("List certificates", "Of teachers within your reach."),
)
async def list_certificates(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[CertificateQuery, Depends()]
) -> Page[CertificateOut]:
    """List certificates."""
    asked = queries.CertificateFilter(
        teacher_id=wanted.teacher_id, state=wanted.state, year=wanted.year
    )
    return await paging.answer(
        db,
        queries.certificates(caller, wanted=asked),
        sorts={"number": col(ServiceCertificate.number)},
        default="-number",
        tie=col(ServiceCertificate.id),
        out=CertificateOut.of,
    )


@router.post(
    "/certificates",
    status_code=201,
    operation_id="issueCertificate",
    summary="开具服务证明",
    description="按已确认的课与导师工作开具编号证明:课时、天数、月数、农村与薄弱学校月数、服务学校、导师工作。"
    "证明附验证码与校验链,任何人可凭验证码核验。",
    responses=may_fail(RelatedNotFound, NothingToCertify, CertificateRace),
    openapi_extra=english(
        "Issue a certificate",
        "From what is confirmed: lessons, days, months, months at rural and weak schools, hosts, "
        "mentoring. It is numbered, carries a code that anybody can verify, and a hash chain.",
    ),
)
async def issue_certificate(
    *, db: Db, caller: Writer, body: CertificateIn, tag: NewTag
) -> CertificateOut:
    """Issue a certificate."""
    wanted = Wanted(teacher_id=body.teacher_id, from_=body.from_date, until=body.until)
    row = await certificates.issue(db, caller=caller, wanted=wanted)
    tag(row.version)
    return CertificateOut.of(row)


@router.get(
    "/certificates/{code}:verify",
    operation_id="verifyCertificate",
    summary="核验服务证明",
    description="公开接口,无需登录:凭验证码核验真伪,只返回必要信息。系统由现有记录重算校验链,"
    "如与证明不一致会说明;请核对校验指纹与所印一致。",
    responses=may_fail(CertificateNotFound, TooManyRequests),
    openapi_extra=english(
        "Verify a certificate",
        "For everybody, without signing in: whether the certificate of a code holds, and no more "
        "than is needed. The hash chain is made anew from the records; compare the fingerprint "
        "with the printed one.",
    ),
)
async def verify_certificate(
    *, _: Annotated[None, public()], db: ReadDb, code: Code
) -> VerifiedOut:
    """Verify a certificate."""
    guard.count(code)
    return VerifiedOut.of(await queries.by_code(db, written=code))


@router.get(
    "/certificates/{code}:show",
    operation_id="showVerifiedCertificate",
    summary="核验服务证明(网页)",
    description="公开页面,证明上的二维码指向此处:核验结果与必要信息。",
    response_class=HTMLResponse,
    responses={
        **a_file("核验结果 / The verdict", media_type="text/html"),
        **may_fail(CertificateNotFound, TooManyRequests),
    },
    openapi_extra=english(
        "Show whether a certificate holds", "The page that the code on the paper leads to."
    ),
)
async def show_verified(*, _: Annotated[None, public()], db: ReadDb, code: Code) -> HTMLResponse:
    """Show whether a certificate holds."""
    guard.count(code)
    found = VerifiedOut.of(await queries.by_code(db, written=code))
    page = verdict_page(found.lines(), verdict=f"服务证明:{found.verdict}", good=found.valid)
    return HTMLResponse(page)


async def _paper(
    db: AsyncSession, request: Request, *, caller: Caller, certificate_id: UUID
) -> Paper:
    row = await queries.visible_certificate(db, caller=caller, certificate_id=certificate_id)
    zone = ZoneInfo((await district(db, district_id=caller.district_id)).zone)
    return Paper.of(
        row,
        address=f"{base_url(request.scope)}/v1/certificates/{row.code}:show",
        issued_on=row.issued_at.astimezone(zone).date(),
    )


@router.get(
    "/certificates/{certificate_id}.pdf",
    operation_id="getCertificatePdf",
    summary="证明 PDF",
    description="A4 一页,含二维码、验证码与校验指纹,可直接打印盖章。",
    response_class=Response,
    responses={
        **a_file("服务证明 / The certificate", media_type=PDF),
        **may_fail(CertificateNotFound),
    },
    openapi_extra=english("Download a certificate", "One page of A4 as PDF, with a QR code."),
)
async def get_certificate_pdf(
    *, request: Request, db: ReadDb, caller: Reader, certificate_id: UUID
) -> Response:
    """Download a certificate."""
    paper = await _paper(db, request, caller=caller, certificate_id=certificate_id)
    content = await run_in_threadpool(as_pdf, paper)
    return send_file(content, name=f"{paper.title}{paper.number}.pdf", media_type=PDF)


@router.get(
    "/certificates/{certificate_id}.html",
    operation_id="getCertificatePage",
    summary="证明打印页",
    description="与 PDF 内容相同的网页,按 A4 版式打印。",
    response_class=HTMLResponse,
    responses={
        **a_file("服务证明 / The certificate", media_type="text/html"),
        **may_fail(CertificateNotFound),
    },
    openapi_extra=english("Read a certificate as a page", "The same as the PDF, printed on A4."),
)
async def get_certificate_page(
    *, request: Request, db: ReadDb, caller: Reader, certificate_id: UUID
) -> HTMLResponse:
    """Read a certificate as a page."""
    paper = await _paper(db, request, caller=caller, certificate_id=certificate_id)
    return HTMLResponse(as_page(paper))


@router.get(
    "/certificates/{certificate_id}",
    operation_id="getCertificate",
    summary="查看服务证明",
    description="读取一份服务证明。",
    responses=may_fail(CertificateNotFound),
    openapi_extra=english("Read a certificate"),
)
async def get_certificate(
    *, db: ReadDb, caller: Reader, certificate_id: UUID, tag: Tag
) -> CertificateOut:
    """Read a certificate."""
    row = await queries.visible_certificate(db, caller=caller, certificate_id=certificate_id)
    tag(row.version)
    return CertificateOut.of(row)


@router.post(
    "/certificates/{certificate_id}:revoke",
    operation_id="revokeCertificate",
    summary="撤销服务证明",
    description="说明原因后撤销;核验时显示已撤销。",
    responses=may_fail(CertificateNotFound, CertificateOver),
    openapi_extra=english("Revoke a certificate", "With a reason; whoever verifies it reads so."),
)
async def revoke_certificate(
    *,
    db: Db,
    caller: Writer,
    certificate_id: UUID,
    body: RevokeIn,
    expected: IfMatch,
    tag: NewTag,
) -> CertificateOut:
    """Revoke a certificate."""
    asked = Asked(certificate_id, expected, body.reason)
    row = await certificates.revoke(db, caller=caller, asked=asked)
    tag(row.version)
    return CertificateOut.of(row)


@router.post(
    "/certificates/{certificate_id}:reissue",
    status_code=201,
    operation_id="reissueCertificate",
    summary="重新开具服务证明",
    description="撤销原证明,并按现已确认的记录为同一时段另开一份,编号与验证码均为新。返回新证明。",
    responses=may_fail(CertificateNotFound, CertificateOver, NothingToCertify, CertificateRace),
    openapi_extra=english(
        "Reissue a certificate",
        "Revokes it and issues another for the same days from what is confirmed by now, with a new "
        "number and code. Answers the new one.",
    ),
)
async def reissue_certificate(
    *,
    db: Db,
    caller: Writer,
    certificate_id: UUID,
    body: RevokeIn,
    expected: IfMatch,
    tag: NewTag,
) -> CertificateOut:
    """Reissue a certificate."""
    asked = Asked(certificate_id, expected, body.reason)
    row = await certificates.reissue(db, caller=caller, asked=asked)
    tag(row.version)
    return CertificateOut.of(row)
