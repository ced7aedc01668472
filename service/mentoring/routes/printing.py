"""Pages to print: an appraisal, an agreement."""

import asyncio
from typing import Annotated
from uuid import UUID

from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.http import ReadDb, a_file, english, make_router, may_fail, needs, send_file
from service.kit.language import speak
from service.kit.paper import PDF
from service.mentoring import queries
from service.mentoring.paper import agreement_pdf, appraisal_pdf
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.appraisal import AppraisalNotFound
from service.mentoring.queries.agreement import text_of
from service.mentoring.queries.appraisal import appraisal_row
from service.mentoring.queries.programme import signature_needed
from service.mentoring.schemas import PairingOut
from service.mentoring.schemas.agreement import AgreementOut
from service.mentoring.schemas.appraisal import AppraisalOut
from service.network.queries import district, standpoint

appraisal_router = make_router(tag="appraisals")
pairing_router = make_router(tag="pairings")
routers = [appraisal_router, pairing_router]

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]


@appraisal_router.get(
    "/appraisals/{appraisal_id}.pdf",
    operation_id="getAppraisalPdf",
    summary="考核表 PDF",
    description="A4 一页:双方、各项指标的三方评分、评语、总分与等次,留有签字盖章处。",
    response_class=Response,
    responses={**a_file("考核表 / The appraisal", media_type=PDF), **may_fail(AppraisalNotFound)},
    openapi_extra=english(
        "Print an appraisal", "One page of A4 in Chinese, with room for signatures and a seal."
    ),
)
async def get_appraisal_pdf(*, db: ReadDb, caller: Reader, appraisal_id: UUID) -> Response:
    """Print an appraisal."""
    speak("zh")
    at = await standpoint(db, district_id=caller.district_id)
    home = await district(db, district_id=caller.district_id)
    row = await appraisal_row(db, caller=caller, appraisal_id=appraisal_id, day=at.day)
    found = AppraisalOut.of(row, day=at.day, viewer=caller.teacher_id)
    content = await asyncio.to_thread(appraisal_pdf, found, district=home.name, zone=home.zone)
    name = f"{found.mentee.name}-{found.kind_label}表.pdf"
    return send_file(content, name=name, media_type=PDF)


@pairing_router.get(
    "/pairings/{pairing_id}/agreement.pdf",
    operation_id="getAgreementPdf",
    summary="结对协议 PDF",
    description="A4 版式的结对协议:双方、起止日期、正文、签署情况;未签署的可打印后手签。",
    response_class=Response,
    responses={**a_file("结对协议 / The agreement", media_type=PDF), **may_fail(PairingNotFound)},
    openapi_extra=english("Print an agreement", "On A4 in Chinese, signed or to be signed."),
)
async def get_agreement_pdf(*, db: ReadDb, caller: Reader, pairing_id: UUID) -> Response:
    """Print an agreement."""
    speak("zh")
    at = await standpoint(db, district_id=caller.district_id)
    home = await district(db, district_id=caller.district_id)
    row = await queries.visible_row(db, caller=caller, pairing_id=pairing_id, day=at.day)
    pair = PairingOut.of(row, day=at.day)
    found = AgreementOut.of(
        row[0],
        shown=pair,
        wording=await text_of(db, pairing=row[0]),
        required=await signature_needed(db, mentee_id=row[0].mentee_id, day=at.today),
    )
    content = await asyncio.to_thread(
        agreement_pdf, found, pair, district=home.name, zone=home.zone
    )
    return send_file(content, name=f"{pair.mentee.name}-结对协议.pdf", media_type=PDF)
