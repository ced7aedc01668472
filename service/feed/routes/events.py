"""Hints for whoever keeps a replica: the feed has something new."""

from typing import Annotated

from fastapi import Header, Request
from starlette.responses import Response

from service.feed.routes.changes import Reader
from service.kit.auth import Permission
from service.kit.changes import Change
from service.kit.http import english, make_router
from service.kit.http.streams import EventStream, stream

router = make_router(tag="changes")


@router.get(
    "/changes/events",
    operation_id="listenToChanges",
    response_class=EventStream,
    status_code=200,
    summary="变更提示(SSE)",
    description="Server-Sent Events:您可读的集合有新变更时收到事件 `sync`,"
    "随后请读取 `/v1/changes`。"
    "事件只是提示,不含内容,以变更流为准。断线后带上 `Last-Event-ID` 重连,错过的会立即提示。"
    "每 15 秒一次注释行保活;令牌失效时流结束。",
    openapi_extra=english(
        "Hints (SSE)",
        "Server-sent events: `sync` says that a collection you may read has something new in "
        "`/v1/changes`. Hints only; the feed is the truth. Come back with `Last-Event-ID` and what "
        "was missed is hinted at at once. A comment every 15 seconds keeps the line open; the "
        "stream ends with the token.",
    ),
)
async def listen_to_changes(
    *,
    request: Request,
    caller: Reader,
    last_event_id: Annotated[
        str | None, Header(description="收到的最后一个事件编号", max_length=200)
    ] = None,
) -> Response:
    """Stay and hear."""
    readable = frozenset(
        name for name, reader in request.app.state.readers.items() if caller.may(reader.permission)
    )

    def wants(change: Change) -> bool:
        return change.collection in readable

    return stream(
        request,
        caller=caller,
        permission=Permission.FEED_READ,
        wants=wants,
        last_event_id=last_event_id,
    )
