"""The agreement of a pairing, its texts, and the two signatures."""

from typing import Annotated
from uuid import UUID

from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    english,
    make_router,
    may_fail,
    needs,
)
from service.mentoring import agreements, queries
from service.mentoring.problems import (
    AgreementOutdated,
    NotOneOfTheTwo,
    PairingNotFound,
    PairingStateUnfit,
)
from service.mentoring.queries import agreement as reading
from service.mentoring.queries.programme import signature_needed
from service.mentoring.schemas import PairingOut
from service.mentoring.schemas.agreement import (
    AgreementOut,
    AgreementTextIn,
    AgreementTextOut,
    SignIn,
)
from service.mentoring.tables import AgreementText
from service.network.queries import standpoint

router = make_router(tag="pairings")

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Writer = Annotated[Caller, needs(Permission.MENTORING_WRITE)]
Answerer = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]


@router.get(
    "/agreement-texts",
    operation_id="listAgreementTexts",
    summary="结对协议文本",
    description="列出本区使用过的结对协议文本,编号最大的为现行文本。"
    "尚未发布也未签署过的,使用系统自带的标准文本(编号 0),见“现行协议文本”。",
    openapi_extra=english(
        "List the agreement's texts",
        "Those the district has published or signed; the highest number is in force. A district "
        "without any uses the standard one, number 0.",
    ),
)
async def list_agreement_texts(
    *, db: ReadDb, caller: Reader, paging: Paging
) -> Page[AgreementTextOut]:
    """List the agreement's texts."""
    return await paging.answer(
        db,
        reading.texts(caller),
        sorts={"number": col(AgreementText.number)},
        default="-number",
        tie=col(AgreementText.id),
        out=AgreementTextOut.of,
    )


@router.get(
    "/agreement-texts/present",
    operation_id="getAgreementText",
    summary="现行协议文本",
    description="读取现在签署时使用的协议文本及其编号。",
    openapi_extra=english(
        "The agreement's text in force", "The text that is signed today, and its number."
    ),
)
async def get_agreement_text(*, db: ReadDb, _: Reader) -> AgreementTextOut:
    """The text in force."""
    return AgreementTextOut.of(await reading.present_text(db))


@router.post(
    "/agreement-texts",
    status_code=201,
    operation_id="publishAgreementText",
    summary="发布协议文本",
    description="由区级发布新的结对协议文本,编号递增,发布后不再修改;已签署的协议保留签署时的文本。",
    responses=may_fail(AgreementOutdated),
    openapi_extra=english(
        "Publish another text",
        "The district's office publishes a text with the next number; none is edited, and what "
        "was signed keeps its own.",
    ),
)
async def publish_agreement_text(
    *, db: Db, caller: Writer, body: AgreementTextIn
) -> AgreementTextOut:
    """Publish another text."""
    row = await agreements.publish_text(db, caller=caller, title=body.title, body=body.body)
    return AgreementTextOut.of(row)


@router.get(
    "/pairings/{pairing_id}/agreement",
    operation_id="getAgreement",
    summary="查看结对协议",
    description="读取该结对的协议:双方已签署或将要签署的文本、各自的签署时间,以及是否须签署后才能启动。",
    responses=may_fail(PairingNotFound),
    openapi_extra=english(
        "Read an agreement",
        "The text that was or is to be signed, when each of the two signed it, and whether the "
        "pairing waits for it.",
    ),
)
async def get_agreement(*, db: ReadDb, caller: Reader, pairing_id: UUID) -> AgreementOut:
    """Read an agreement."""
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.visible_row(db, caller=caller, pairing_id=pairing_id, day=at.day)
    pairing = row[0]
    return AgreementOut.of(
        pairing,
        shown=PairingOut.of(row, day=at.day),
        wording=await reading.text_of(db, pairing=pairing),
        required=await signature_needed(db, mentee_id=pairing.mentee_id, day=at.today),
    )


@router.post(
    "/pairings/{pairing_id}:sign",
    operation_id="signPairing",
    summary="签署结对协议",
    description="双方接受后,导师与徒弟各自用本人账号签署协议;先签者所签的文本即双方的文本。"
    "双方都签署后结对变为“已签协议”;已在进行中的结对可以补签,状态不变。重复签署不产生变化。"
    "是否须签署后才能启动,由帮扶项目的标准决定。",
    responses=may_fail(PairingNotFound, NotOneOfTheTwo, PairingStateUnfit, AgreementOutdated),
    openapi_extra=english(
        "Sign the agreement",
        "Once both have accepted, each signs from their own account; the first signature decides "
        "the text. When both have, the pairing is signed; an active one stays active. To sign "
        "again changes nothing. Whether a pairing waits for it is said by the programme.",
    ),
)
async def sign_pairing(
    *,
    db: Db,
    caller: Answerer,
    pairing_id: UUID,
    body: SignIn,
    expected: IfMatch,
    tag: NewTag,
) -> PairingOut:
    """Sign the agreement."""
    pairing = await agreements.sign(
        db,
        caller=caller,
        pairing_id=pairing_id,
        text_number=body.text_number,
        expected=expected,
    )
    tag(pairing.version)
    at = await standpoint(db, district_id=pairing.district_id)
    return await queries.shown(db, pairing_id=pairing.id, at=at)
