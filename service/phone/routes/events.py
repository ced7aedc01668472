"""Hints for the phone: something of yours has changed, sync now."""

from typing import Annotated

from fastapi import Header, Request
from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.changes import Change
from service.kit.http import english, make_router, may_fail, needs
from service.kit.http.streams import EventStream, stream
from service.phone.freshness import is_for_all
from service.phone.problems import NotATeacher

router = make_router(tag="me")


@router.get(
    "/me/events",
    operation_id="listenToMyEvents",
    response_class=EventStream,
    status_code=200,
    summary="变更提示(SSE)",
    description=(
        "Server-Sent Events:我的课表、代课邀请等有变化时收到事件 `sync`,随后请读取 "
        "`/v1/me/schedule/changes`。事件只是提示,不含内容。断线后带上 `Last-Event-ID` 重连,"
        "错过的变化会立即提示;没有或无法识别该编号时也会立即提示一次。"
        "每 15 秒一次注释行保活;令牌失效时流结束。同一账号最多 5 个流,再开时最早的一个收到 "
        "`replaced` 后结束。"
    ),
    responses=may_fail(NotATeacher),
    openapi_extra=english(
        "Hints (SSE)",
        "Server-sent events: when my schedule, an offer or the like changes, an event `sync` says "
        "that `/v1/me/schedule/changes` has something new. Hints only, without content. Come back "
        "with `Last-Event-ID` and what was missed is hinted at at once; without one, or with one "
        "that cannot be read, there is one hint too. A comment every 15 seconds keeps the line "
        "open; the stream ends with the token. At most 5 streams an account: one more ends the "
        "oldest, which is told `replaced`.",
    ),
)
async def listen_to_my_events(
    *,
    request: Request,
    caller: Annotated[Caller, needs(Permission.ME_READ)],
    last_event_id: Annotated[
        str | None, Header(description="收到的最后一个事件编号", max_length=200)
    ] = None,
) -> Response:
    """Stay and hear."""
    teacher_id = caller.teacher_id
    if teacher_id is None:
        raise NotATeacher

    def wants(change: Change) -> bool:
        return teacher_id in change.reach or is_for_all(
            change.collection, change.event, frozenset(change.reach)
        )

    return stream(
        request,
        caller=caller,
        permission=Permission.ME_READ,
        wants=wants,
        last_event_id=last_event_id,
    )
