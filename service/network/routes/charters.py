"""Charters: versions, clauses, signatures."""

from datetime import date
from typing import Annotated
from uuid import UUID

from sqlmodel import col

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
)
from service.network import (
    charters,
    queries,
)
from service.network.problems import (
    CharterNotFound,
    CharterNotInOrder,
    CharterSigned,
    CharterStateRefused,
    GroupNotFound,
    GroupStateRefused,
    SignaturesMissing,
    SignerNotMember,
)
from service.network.routes.filters import AsOf
from service.network.schemas import (
    CharterDetail,
    CharterIn,
    CharterOut,
    EnforceIn,
    SignIn,
)
from service.network.tables import (
    Charter,
)

router = make_router(tag="charters")

Reader = Annotated[Caller, needs(Permission.NETWORK_READ)]
CharterWriter = Annotated[Caller, needs(Permission.NETWORK_CHARTER_WRITE)]
CharterSigner = Annotated[Caller, needs(Permission.NETWORK_CHARTER_SIGN)]


@router.get(
    "/groups/{group_id}/charters",
    operation_id="listCharters",
    summary="集团章程各版本",
    description="列出集团章程的各个版本,新的在前;状态按 `as_of` 当日计算。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english("Versions of a charter", "The newest first, with their state on a day."),
)
async def list_charters(
    *, db: ReadDb, caller: Reader, paging: Paging, group_id: UUID, as_of: AsOf = None
) -> Page[CharterOut]:
    """List a group's charters."""
    group = await queries.visible_group(db, caller=caller, group_id=group_id)
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    number = await queries.charter_in_force(db, group_id=group.id, day=at.day)
    return await paging.answer(
        db,
        queries.charters(group_id=group.id),
        sorts={"number": col(Charter.number)},
        default="-number",
        tie=col(Charter.id),
        out=lambda row: CharterOut.of(row, in_force=number),
    )


@router.get(
    "/charters/{charter_id}",
    operation_id="getCharter",
    summary="章程详情",
    description="一个章程版本的全部条款与签署情况。",
    responses=may_fail(CharterNotFound),
    openapi_extra=english("A charter", "With its clauses and signatures."),
)
async def get_charter(
    *, db: ReadDb, caller: Reader, tag: Tag, charter_id: UUID, as_of: AsOf = None
) -> CharterDetail:
    """Read a charter."""
    charter = await queries.visible_charter(db, caller=caller, charter_id=charter_id)
    tag(charter.version)
    return await _whole_charter(db, caller, charter, as_of=as_of)


async def _whole_charter(
    db: AsyncSession, caller: Caller, charter: Charter, *, as_of: date | None = None
) -> CharterDetail:
    at = await queries.standpoint(db, district_id=caller.district_id, as_of=as_of)
    return CharterDetail.whole(
        charter,
        in_force=await queries.charter_in_force(db, group_id=charter.group_id, day=at.day),
        clauses=await queries.clauses_of(db, charter_id=charter.id),
        signatures=await queries.signatures_of(db, charter_id=charter.id),
    )


@router.post(
    "/groups/{group_id}/charters",
    status_code=201,
    operation_id="draftCharter",
    summary="起草章程",
    description="起草集团章程的下一个版本,条款按层级写明权利与义务。",
    responses=may_fail(GroupNotFound, GroupStateRefused),
    openapi_extra=english("Draft a charter", "The next version; clauses give rights and duties."),
)
async def draft_charter(
    *, db: Db, caller: CharterWriter, tag: NewTag, group_id: UUID, body: CharterIn
) -> CharterDetail:
    """Draft a charter."""
    charter = await charters.draft_charter(db, caller=caller, group_id=group_id, new=body)
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@router.put(
    "/charters/{charter_id}",
    operation_id="rewriteCharter",
    summary="改写章程草案",
    description="以新的标题与条款整体替换草案。进入签署后不可再改,须另起新版本。",
    responses=may_fail(CharterNotFound, CharterStateRefused),
    openapi_extra=english("Rewrite a draft", "Its whole text; after that, write a new version."),
)
async def rewrite_charter(
    *,
    db: Db,
    caller: CharterWriter,
    expected: IfMatch,
    tag: NewTag,
    charter_id: UUID,
    body: CharterIn,
) -> CharterDetail:
    """Rewrite a draft."""
    charter = await charters.rewrite_charter(
        db, caller=caller, charter_id=charter_id, expected=expected, new=body
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@router.post(
    "/charters/{charter_id}:open",
    operation_id="openCharter",
    summary="章程交付签署",
    description="草案定稿,由各成员校签署。",
    responses=may_fail(CharterNotFound, CharterStateRefused),
    openapi_extra=english("Open a charter for signatures", "Its text is closed from here on."),
)
async def open_charter(
    *, db: Db, caller: CharterWriter, expected: IfMatch, tag: NewTag, charter_id: UUID
) -> CharterDetail:
    """Open a charter for signatures."""
    charter = await charters.open_signing(
        db, caller=caller, charter_id=charter_id, expected=expected
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@router.post(
    "/charters/{charter_id}:sign",
    operation_id="signCharter",
    summary="签署章程",
    description="成员校签署章程。只能为本校签署,且本校今天须为集团成员。",
    responses=may_fail(CharterNotFound, CharterStateRefused, SignerNotMember, CharterSigned),
    openapi_extra=english("Sign a charter", "For one's own school, which is a member today."),
)
async def sign_charter(
    *, db: Db, caller: CharterSigner, expected: IfMatch, tag: NewTag, charter_id: UUID, body: SignIn
) -> CharterDetail:
    """Sign a charter."""
    charter = await charters.sign_charter(
        db, caller=caller, charter_id=charter_id, expected=expected, new=body
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)


@router.post(
    "/charters/{charter_id}:enforce",
    operation_id="enforceCharter",
    summary="章程生效",
    description="自某日起生效。生效日的全体成员校须已签署;前一版本自该日被替代。",
    responses=may_fail(CharterNotFound, CharterStateRefused, SignaturesMissing, CharterNotInOrder),
    openapi_extra=english(
        "Bring a charter into force",
        "From a day on; every school that is a member then has signed. Its predecessor ends there.",
    ),
)
async def enforce_charter(
    *,
    db: Db,
    caller: CharterWriter,
    expected: IfMatch,
    tag: NewTag,
    charter_id: UUID,
    body: EnforceIn,
) -> CharterDetail:
    """Bring a charter into force."""
    charter = await charters.enforce_charter(
        db,
        caller=caller,
        charter_id=charter_id,
        expected=expected,
        effective_from=body.effective_from,
    )
    tag(charter.version)
    return await _whole_charter(db, caller, charter)
