"""The change feed, and the checksums that prove a replica right."""

import re
from collections.abc import Callable
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Header, Query, Request, Response

from service.feed.following import Answer, Asked, Feed
from service.feed.problems.changes import SyncTokenExpired
from service.feed.schemas.changes import ChangesOut, DigestOut
from service.kit.auth import Caller, Permission
from service.kit.http import InDatabase, english, make_router, may_fail, needs
from service.kit.problems import (
    CursorMismatch,
    FieldError,
    SyncTokenInvalid,
    Text,
    ValidationFailed,
)

router = make_router(tag="changes")

Reader = Annotated[Caller, needs(Permission.FEED_READ)]
Collections = Annotated[
    str | None,
    Query(
        max_length=1000,
        description="只要这些集合,以逗号分隔;省略为全部可见集合。续读时须与取得令牌时相同或省略",
        examples=["schools,lessons"],
    ),
]
_WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")
_LONGEST_WAIT_SECONDS = 25


async def _feed(request: Request, database: InDatabase) -> Callable[[Caller], Feed]:
    return lambda caller: Feed(database, request.app.state.readers, caller)


FeedOf = Annotated[Callable[[Caller], Feed], Depends(_feed)]


def _names(given: str | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = tuple(sorted({name.strip() for name in given.split(",") if name.strip()}))
    if not names:
        message = Text("请至少填写一个集合,或省略此参数", "name a collection, or leave it out")
        raise ValidationFailed(errors=[FieldError("query/collections", "empty", message)])
    return names


@router.get(
    "/changes",
    operation_id="listChanges",
    summary="变更流",
    description="用于把本区数据同步到本地:首次不带 `since`,得到您可见内容的快照"
    "(水位线在第一页之前固定),按 `next_token` 逐页读完后即转为增量。"
    "每行只给出最后状态,至少送达一次;"
    "因权限变化而可见的内容以 upsert 送达,不再可见的以 `reason=scope_lost` 的 delete 送达。"
    "令牌有效 180 天;返回 410 时按 `resync` 重新同步。"
    "`Prefer: wait=25` 在没有新变更时最多等待 25 秒。",
    responses={
        200: {"model": ChangesOut, "description": "一页变更 / A page of changes"},
        **may_fail(SyncTokenInvalid, SyncTokenExpired, CursorMismatch),
    },
    openapi_extra=english(
        "The change feed",
        "Keeps a replica: without `since` a snapshot of all you see, its watermark fixed before "
        "its first page; then what changes. Each row comes as it is now, at least once. What a new "
        "right shows comes as upserts, what a lost one hides as deletes with `reason=scope_lost`. "
        "Tokens live 180 days; a 410 says in `resync` where to begin anew. With `Prefer: wait=25` "
        "an answer without changes waits up to 25 seconds for one.",
    ),
)
async def list_changes(
    *,
    caller: Reader,
    feed_of: FeedOf,
    since: Annotated[
        str | None, Query(max_length=4000, description="上次返回的 next_token;省略则从快照开始")
    ] = None,
    collections: Collections = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="每页最多条数,默认 500")] = 500,
    prefer: Annotated[
        str | None, Header(description="wait=25 表示没有新变更时最多等待 25 秒")
    ] = None,
) -> Response:
    """The change feed."""
    feed = feed_of(caller)
    asked = Asked(since, _names(collections), limit)
    answer = await feed.page(asked)
    headers = {}
    wished = _WAIT.search(prefer or "")
    if wished is not None:
        seconds = min(int(wished[1]), _LONGEST_WAIT_SECONDS)
        headers["Preference-Applied"] = f"wait={seconds}"
        quiet = not answer.items and not answer.has_more
        if quiet and await feed.wait(answer, seconds=seconds):
            answer = await feed.page(Asked(answer.next_token, None, limit))
    return Response(_body(answer), media_type="application/json", headers=headers)


def _body(answer: Answer) -> bytes:
    body = {
        "items": answer.items,
        "next_token": answer.next_token,
        "has_more": answer.has_more,
        "as_of": answer.as_of,
    }
    return orjson.dumps(body, option=orjson.OPT_UTC_Z, default=_id)


def _id(value: object) -> str:
    """The driver's own kind of UUID, which the encoder does not know."""
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value))


@router.get(
    "/changes/digest",
    operation_id="getChangesDigest",
    summary="校验和",
    description="按集合给出可见行数与校验和,与本地副本比较即可证明同步无误。"
    "`since` 为副本当前的令牌;`pending=true` 表示令牌之后该集合又有变更,请先同步再比较。"
    "算法:对每行取 SHA-256(“id:version”)的前 8 字节(大端无符号整数),求和后对 2^64 取模。",
    responses=may_fail(SyncTokenInvalid, SyncTokenExpired, CursorMismatch),
    openapi_extra=english(
        "Checksums",
        "Rows and checksum of every collection you see, to compare a replica with. `since` is the "
        "replica's token; `pending` says that the collection changed after it: sync, then compare. "
        "The checksum is the sum, modulo 2^64, of the first 8 bytes (big-endian, unsigned) of "
        "SHA-256 of `<id>:<version>` of each row.",
    ),
)
async def get_changes_digest(
    *,
    caller: Reader,
    feed_of: FeedOf,
    since: Annotated[str, Query(max_length=4000, description="副本当前的令牌(最近的 next_token)")],
    collections: Collections = None,
) -> DigestOut:
    """The checksums of all one sees."""
    items, as_of = await feed_of(caller).digest(Asked(since, _names(collections)))
    return DigestOut(items=items, as_of=as_of)
