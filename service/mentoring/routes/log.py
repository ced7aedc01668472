"""The log of a pairing: written by one of the two, confirmed by the other."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from service.kit import outbound
from service.kit.auth import Caller, Permission
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
from service.kit.outbound import UrlNotHttps, UrlNotPublic, UrlUnfit, UrlUnresolvable
from service.mentoring import logs
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.log import (
    LogEntryConfirmed,
    LogEntryInFuture,
    LogEntryNotFound,
    LogEntryOutsidePairing,
    LogLessonUnfit,
    NotOfThePair,
    NotTheWriter,
    ObservedUnfit,
    OwnLogEntry,
    PairingNotActive,
)
from service.mentoring.queries import log as queries
from service.mentoring.rules.log import LogKind, LogState
from service.mentoring.schemas.log import LogEntryIn, LogEntryOut, LogEntryVersionOut
from service.mentoring.tables import LogEntry, LogEntryVersion

router = make_router(tag="pairings")

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Keeper = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]

_UNFIT = (
    NotOfThePair,
    PairingNotActive,
    LogEntryInFuture,
    LogEntryOutsidePairing,
    ObservedUnfit,
    LogLessonUnfit,
    UrlUnfit,
    UrlNotHttps,
    UrlUnresolvable,
    UrlNotPublic,
)


async def _check_attachments(body: LogEntryIn) -> None:
    for number, one in enumerate(body.attachments):
        await outbound.check(one.url, pointer=f"/attachments/{number}/url")


async def _answer(db: Db, *, caller: Caller, entry_id: UUID, tag: NewTag) -> LogEntryOut:
    row = await queries.entry_row(db, caller=caller, entry_id=entry_id)
    tag(row[0].version)
    return LogEntryOut.of(row)


@router.get(
    "/pairings/{pairing_id}/log-entries",
    operation_id="listLogEntries",
    summary="帮扶记录列表",
    description="一个师徒结对的听课、评课、教案指导等记录,可按类型与状态筛选。",
    responses=may_fail(PairingNotFound),
    openapi_extra=english("List a pairing's log", "What the two did, by kind or state."),
)
async def list_log_entries(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    pairing_id: UUID,
    kind: Annotated[LogKind | None, Query(description="记录类型")] = None,
    state: Annotated[LogState | None, Query(description="written 待确认,confirmed 已确认")] = None,
) -> Page[LogEntryOut]:
    """List a log."""
    await queries.check_pairing(db, caller=caller, pairing_id=pairing_id)
    return await paging.answer(
        db,
        await queries.entries(db, caller=caller, pairing_id=pairing_id, kind=kind, state=state),
        sorts={"on_date": col(LogEntry.on_date)},
        default="-on_date",
        tie=col(LogEntry.id),
        out=LogEntryOut.of,
    )


@router.post(
    "/pairings/{pairing_id}/log-entries",
    status_code=201,
    operation_id="writeLogEntry",
    summary="填写帮扶记录",
    description="导师或徒弟为进行中的结对填写记录,由另一方确认。听课须注明听谁的课。"
    "附件只登记公网 https 网址、SHA-256、大小(不超过 50 MB)与类型,不上传文件。",
    responses=may_fail(PairingNotFound, *_UNFIT),
    openapi_extra=english(
        "Write an entry",
        "As mentor or mentee of an active pairing; the other one confirms it. An observation says "
        "who was observed. Attachments are named by a public https address, SHA-256, size (50 MB "
        "at most) and type.",
    ),
)
async def write_log_entry(
    *, db: Db, caller: Keeper, pairing_id: UUID, body: LogEntryIn, tag: NewTag
) -> LogEntryOut:
    """Write an entry."""
    await _check_attachments(body)
    entry = await logs.write(db, caller=caller, pairing_id=pairing_id, values=body.columns)
    return await _answer(db, caller=caller, entry_id=entry.id, tag=tag)


@router.get(
    "/log-entries/{log_entry_id}",
    operation_id="getLogEntry",
    summary="查看帮扶记录",
    description="读取一条帮扶记录的现行内容。",
    responses=may_fail(LogEntryNotFound),
    openapi_extra=english("Read an entry", "As it stands now."),
)
async def get_log_entry(*, db: ReadDb, caller: Reader, log_entry_id: UUID, tag: Tag) -> LogEntryOut:
    """Read an entry."""
    row = await queries.entry_row(db, caller=caller, entry_id=log_entry_id)
    tag(row[0].version)
    return LogEntryOut.of(row)


@router.put(
    "/log-entries/{log_entry_id}",
    operation_id="correctLogEntry",
    summary="更正帮扶记录",
    description="填写人更正记录:形成新的一稿,须由另一方重新确认;原稿保留可查。",
    responses=may_fail(LogEntryNotFound, NotTheWriter, *_UNFIT),
    openapi_extra=english(
        "Correct an entry",
        "As its writer: a new version, to be confirmed again; the former one stays readable.",
    ),
)
async def correct_log_entry(
    *,
    db: Db,
    caller: Keeper,
    log_entry_id: UUID,
    body: LogEntryIn,
    expected: IfMatch,
    tag: NewTag,
) -> LogEntryOut:
    """Correct an entry."""
    await _check_attachments(body)
    await logs.correct(
        db, caller=caller, entry_id=log_entry_id, values=body.columns, expected=expected
    )
    return await _answer(db, caller=caller, entry_id=log_entry_id, tag=tag)


@router.get(
    "/log-entries/{log_entry_id}/versions",
    operation_id="listLogEntryVersions",
    summary="帮扶记录的原稿",
    description="一条记录更正之前的各稿,及当时是否已确认。",
    responses=may_fail(LogEntryNotFound),
    openapi_extra=english(
        "List former versions", "How an entry read before, and whether it was confirmed then."
    ),
)
async def list_log_entry_versions(
    *, db: ReadDb, caller: Reader, paging: Paging, log_entry_id: UUID
) -> Page[LogEntryVersionOut]:
    """List former versions."""
    await queries.entry_row(db, caller=caller, entry_id=log_entry_id)
    return await paging.answer(
        db,
        queries.versions(log_entry_id),
        sorts={"number": col(LogEntryVersion.number)},
        default="number",
        tie=col(LogEntryVersion.id),
        out=LogEntryVersionOut.of,
    )


@router.post(
    "/log-entries/{log_entry_id}:confirm",
    operation_id="confirmLogEntry",
    summary="确认帮扶记录",
    description="由结对的另一方确认;不能确认自己填写的记录。结对结束后仍可确认。",
    responses=may_fail(LogEntryNotFound, NotOfThePair, OwnLogEntry, LogEntryConfirmed),
    openapi_extra=english(
        "Confirm an entry", "As the other one of the two; also once the pairing has ended."
    ),
)
async def confirm_log_entry(
    *, db: Db, caller: Keeper, log_entry_id: UUID, expected: IfMatch, tag: NewTag
) -> LogEntryOut:
    """Confirm an entry."""
    await logs.confirm(db, caller=caller, entry_id=log_entry_id, expected=expected)
    return await _answer(db, caller=caller, entry_id=log_entry_id, tag=tag)
