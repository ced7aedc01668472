"""Webhook endpoints, their deliveries, and what they may be told of."""

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col

from service.feed import webhooks
from service.feed.problems.webhooks import (
    EventTypeUnknown,
    ReplayInFuture,
    TooManyWebhookEndpoints,
    WebhookDeliveryNotFound,
    WebhookEndpointDisabled,
    WebhookEndpointNotFound,
)
from service.feed.queries import webhooks as queries
from service.feed.rules.event_types import EVENT_TYPES
from service.feed.rules.webhooks import DeliveryState, EndpointState
from service.feed.schemas.webhooks import (
    ReplayIn,
    SecretRotationIn,
    WebhookDeliveryOut,
    WebhookEndpointIn,
    WebhookEndpointOut,
    WebhookEndpointPatch,
    WebhookEndpointWithSecretOut,
    WebhookEventTypeOut,
    WebhookEventTypesOut,
)
from service.feed.tables import WebhookDelivery, WebhookEndpoint
from service.feed.webhooks import NewEndpoint
from service.kit import outbound, synctoken
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
from service.kit.http.deps import Tagger
from service.kit.outbound import UrlNotHttps, UrlNotPublic, UrlUnfit, UrlUnresolvable
from service.kit.problems import SyncTokenInvalid

router = make_router(tag="webhooks")

Reader = Annotated[Caller, needs(Permission.WEBHOOK_READ)]
Writer = Annotated[Caller, needs(Permission.WEBHOOK_WRITE)]

_BAD_URL = (UrlUnfit, UrlNotHttps, UrlUnresolvable, UrlNotPublic)


@router.get(
    "/webhook-event-types",
    operation_id="listWebhookEventTypes",
    summary="事件类型一览",
    description="可订阅的全部事件类型,以及合作客户端接收它所需的权限。某一类对象的全部事件可写作"
    "“lesson.*”。",
    openapi_extra=english(
        "What may happen",
        "Every event type there is, and the permission a partner client needs to hear of it. All "
        "events of a noun are written `lesson.*`.",
    ),
)
async def list_event_types(*, _: Reader) -> WebhookEventTypesOut:
    """List the event types."""
    return WebhookEventTypesOut(items=[WebhookEventTypeOut.of(one) for one in EVENT_TYPES.values()])


@router.get(
    "/webhook-endpoints",
    operation_id="listWebhookEndpoints",
    summary="Webhook 接收端列表",
    description="区级人员看到全区的接收端;合作客户端只看到自己的。",
    openapi_extra=english(
        "List webhook endpoints", "The district's people see all; a partner client sees its own."
    ),
)
async def list_endpoints(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[WebhookEndpointOut]:
    """List webhook endpoints."""
    return await paging.answer(
        db,
        queries.endpoints(caller),
        sorts={"name": col(WebhookEndpoint.name), "created_at": col(WebhookEndpoint.created_at)},
        default="created_at",
        tie=col(WebhookEndpoint.id),
        out=WebhookEndpointOut.of,
    )


async def _reachable(_: Writer, body: WebhookEndpointIn) -> None:
    """Look the address up before the transaction begins."""
    await outbound.check(body.url)


@router.post(
    "/webhook-endpoints",
    status_code=201,
    operation_id="createWebhookEndpoint",
    summary="新建 Webhook 接收端",
    description=(
        "自此刻起,所选事件会以 Standard Webhooks 格式发送到该地址:"
        "`webhook-id` 在重试与重放时不变,用于识别重复;`webhook-signature` 用返回的密钥验证,"
        "密钥仅在本次响应中显示。请求体只有事件类型、时间、对象编号与版本,不含个人信息;"
        "详情请凭权限读取 `link`。地址必须为 https,逐一检查其解析出的每个地址,不跟随跳转。"
        "未得到 2xx 答复则在三天多的时间内重试。合作客户端只收到其权限与组织范围内的事件。"
    ),
    responses=may_fail(*_BAD_URL, EventTypeUnknown, TooManyWebhookEndpoints),
    openapi_extra=english(
        "Create a webhook endpoint",
        "From now on the chosen events go to this address as Standard Webhooks: `webhook-id` "
        "stays the same when an event is sent again, `webhook-signature` is checked with the "
        "secret told in this answer only. The body names the event, the time, the thing and its "
        "version, nobody's data; read `link` for more. The address is https; each address its "
        "name has is judged, and redirects are not followed. Without a 2xx answer it is sent "
        "again over a little more than three days. A client hears of what its permissions and "
        "organisations reach.",
    ),
)
async def create_endpoint(
    *,
    caller: Writer,
    _: Annotated[None, Depends(_reachable)],
    db: Db,
    body: WebhookEndpointIn,
    tag: NewTag,
) -> WebhookEndpointWithSecretOut:
    """Create a webhook endpoint."""
    new = NewEndpoint(name=body.name, url=body.url, event_types=body.event_types)
    endpoint, secret = await webhooks.create_endpoint(db, caller=caller, new=new)
    return _told(endpoint, secret, tag)


def _told(endpoint: WebhookEndpoint, secret: str, tag: Tagger) -> WebhookEndpointWithSecretOut:
    tag.response.headers["Cache-Control"] = "no-store"
    tag(endpoint.version)
    return WebhookEndpointWithSecretOut.telling(endpoint, secret)


@router.get(
    "/webhook-endpoints/{webhook_endpoint_id}",
    operation_id="getWebhookEndpoint",
    summary="查看 Webhook 接收端",
    description="读取一个接收端:地址、事件类型、是否启用、是否持续无法送达。不含密钥。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english(
        "Read a webhook endpoint",
        "Its address, event types, whether it is enabled and whether it is failing. No secret.",
    ),
)
async def get_endpoint(
    *, db: ReadDb, caller: Reader, webhook_endpoint_id: UUID, tag: Tag
) -> WebhookEndpointOut:
    """Read a webhook endpoint."""
    endpoint = await queries.visible_endpoint(db, caller=caller, endpoint_id=webhook_endpoint_id)
    tag(endpoint.version)
    return WebhookEndpointOut.of(endpoint)


async def _still_reachable(_: Writer, body: WebhookEndpointPatch) -> None:
    if "url" in body.model_fields_set:
        await outbound.check(body.url)


@router.patch(
    "/webhook-endpoints/{webhook_endpoint_id}",
    operation_id="changeWebhookEndpoint",
    summary="修改 Webhook 接收端",
    description="修改名称、地址或事件类型(JSON Merge Patch,未给出的字段不变)。",
    responses=may_fail(*_BAD_URL, EventTypeUnknown, WebhookEndpointNotFound),
    openapi_extra=english(
        "Change a webhook endpoint", "Its name, address or event types (JSON Merge Patch)."
    ),
)
async def change_endpoint(
    *,
    caller: Writer,
    _: Annotated[None, Depends(_still_reachable)],
    db: Db,
    webhook_endpoint_id: UUID,
    body: WebhookEndpointPatch,
    expected: IfMatch,
    tag: NewTag,
) -> WebhookEndpointOut:
    """Change a webhook endpoint."""
    endpoint = await webhooks.change_endpoint(
        db,
        caller=caller,
        endpoint_id=webhook_endpoint_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(endpoint.version)
    return WebhookEndpointOut.of(endpoint)


@router.delete(
    "/webhook-endpoints/{webhook_endpoint_id}",
    status_code=204,
    operation_id="removeWebhookEndpoint",
    summary="删除 Webhook 接收端",
    description="删除接收端及其密钥与投递记录,不再发送。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english(
        "Remove a webhook endpoint", "With its secrets and deliveries; nothing is sent any more."
    ),
)
async def remove_endpoint(
    *, db: Db, caller: Writer, webhook_endpoint_id: UUID, expected: IfMatch
) -> None:
    """Remove a webhook endpoint."""
    await webhooks.remove_endpoint(
        db, caller=caller, endpoint_id=webhook_endpoint_id, expected=expected
    )


@router.post(
    "/webhook-endpoints/{webhook_endpoint_id}:enable",
    operation_id="enableWebhookEndpoint",
    summary="启用 Webhook 接收端",
    description="重新启用,从停用处继续:停用期间发生的事件随即补发。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english(
        "Enable a webhook endpoint",
        "It goes on where it was left: what happened meanwhile is sent now.",
    ),
)
async def enable_endpoint(
    *, db: Db, caller: Writer, webhook_endpoint_id: UUID, expected: IfMatch, tag: NewTag
) -> WebhookEndpointOut:
    """Enable a webhook endpoint."""
    endpoint = await webhooks.set_state(
        db,
        caller=caller,
        endpoint_id=webhook_endpoint_id,
        state=EndpointState.ENABLED,
        expected=expected,
    )
    tag(endpoint.version)
    return WebhookEndpointOut.of(endpoint)


@router.post(
    "/webhook-endpoints/{webhook_endpoint_id}:disable",
    operation_id="disableWebhookEndpoint",
    summary="停用 Webhook 接收端",
    description="暂停发送;事件保留,启用后补发。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english(
        "Disable a webhook endpoint", "Nothing is sent until it is enabled; events wait."
    ),
)
async def disable_endpoint(
    *, db: Db, caller: Writer, webhook_endpoint_id: UUID, expected: IfMatch, tag: NewTag
) -> WebhookEndpointOut:
    """Disable a webhook endpoint."""
    endpoint = await webhooks.set_state(
        db,
        caller=caller,
        endpoint_id=webhook_endpoint_id,
        state=EndpointState.DISABLED,
        expected=expected,
    )
    tag(endpoint.version)
    return WebhookEndpointOut.of(endpoint)


@router.post(
    "/webhook-endpoints/{webhook_endpoint_id}:rotate-secret",
    operation_id="rotateWebhookSecret",
    summary="更换签名密钥",
    description="生成新密钥,仅在本次响应中显示。重叠期内每次发送同时带有新旧两个签名,"
    "便于对方平滑切换。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english(
        "Rotate a signing secret",
        "Makes another secret, told in this answer only. While both overlap, each message "
        "carries a signature of each.",
    ),
)
async def rotate_webhook_secret(
    *,
    db: Db,
    caller: Writer,
    webhook_endpoint_id: UUID,
    body: SecretRotationIn,
    expected: IfMatch,
    tag: NewTag,
) -> WebhookEndpointWithSecretOut:
    """Rotate a signing secret."""
    endpoint, secret = await webhooks.rotate_secret(
        db,
        caller=caller,
        endpoint_id=webhook_endpoint_id,
        overlap=timedelta(hours=body.overlap_hours),
        expected=expected,
    )
    return _told(endpoint, secret, tag)


@router.post(
    "/webhook-endpoints/{webhook_endpoint_id}:test",
    status_code=202,
    operation_id="testWebhookEndpoint",
    summary="发送测试事件",
    description="向接收端发送一个 `webhook.test` 事件;结果见返回的投递。",
    responses=may_fail(WebhookEndpointNotFound, WebhookEndpointDisabled),
    openapi_extra=english(
        "Send a test event", "Sends `webhook.test`; read the delivery to see what came of it."
    ),
)
async def send_test(
    *, db: Db, caller: Writer, webhook_endpoint_id: UUID, tag: NewTag
) -> WebhookDeliveryOut:
    """Send a test event."""
    delivery = await webhooks.send_test(db, caller=caller, endpoint_id=webhook_endpoint_id)
    tag(delivery.version)
    return WebhookDeliveryOut.of(delivery)


@router.post(
    "/webhook-endpoints/{webhook_endpoint_id}:replay",
    status_code=202,
    operation_id="replayWebhookEvents",
    summary="重放事件",
    description="从变更流的某个位置(Sync-Token)或某一时刻起,重新发送全部所选事件;"
    "`webhook-id` 与首次发送时相同。",
    responses=may_fail(
        WebhookEndpointNotFound, WebhookEndpointDisabled, ReplayInFuture, SyncTokenInvalid
    ),
    openapi_extra=english(
        "Replay events",
        "Sends everything again from a place in the feed (a Sync-Token) or an instant, under the "
        "`webhook-id`s of the first time.",
    ),
)
async def replay_events(
    *,
    db: Db,
    caller: Writer,
    webhook_endpoint_id: UUID,
    body: ReplayIn,
    expected: IfMatch,
    tag: NewTag,
) -> WebhookEndpointOut:
    """Replay events."""
    if body.from_time is not None:
        since = await queries.position_of_time(db, at=body.from_time)
    else:
        since = synctoken.read(body.since or "")
    endpoint = await webhooks.replay(
        db, caller=caller, endpoint_id=webhook_endpoint_id, since=since, expected=expected
    )
    tag(endpoint.version)
    return WebhookEndpointOut.of(endpoint)


@router.get(
    "/webhook-endpoints/{webhook_endpoint_id}/deliveries",
    operation_id="listWebhookDeliveries",
    summary="投递记录",
    description="发往一个接收端的事件,最近的在前;保留 30 天。",
    responses=may_fail(WebhookEndpointNotFound),
    openapi_extra=english("List deliveries", "To one endpoint, the latest first; kept 30 days."),
)
async def list_deliveries(
    *,
    db: ReadDb,
    caller: Reader,
    webhook_endpoint_id: UUID,
    paging: Paging,
    state: Annotated[DeliveryState | None, Query(description="只列此状态")] = None,
) -> Page[WebhookDeliveryOut]:
    """List the deliveries to an endpoint."""
    endpoint = await queries.visible_endpoint(db, caller=caller, endpoint_id=webhook_endpoint_id)
    return await paging.answer(
        db,
        queries.deliveries(endpoint_id=endpoint.id, state=state),
        sorts={
            "created_at": col(WebhookDelivery.created_at),
            "occurred_at": col(WebhookDelivery.occurred_at),
        },
        default="-created_at",
        tie=col(WebhookDelivery.id),
        out=WebhookDeliveryOut.of,
    )


@router.get(
    "/webhook-deliveries/{webhook_delivery_id}",
    operation_id="getWebhookDelivery",
    summary="查看一次投递",
    description="读取一次投递:内容、尝试次数、对方的答复与下次尝试时间。",
    responses=may_fail(WebhookDeliveryNotFound),
    openapi_extra=english(
        "Read a delivery", "What was sent, how often, what came back, and when it is tried again."
    ),
)
async def get_delivery(
    *, db: ReadDb, caller: Reader, webhook_delivery_id: UUID, tag: Tag
) -> WebhookDeliveryOut:
    """Read a delivery."""
    delivery = await queries.visible_delivery(db, caller=caller, delivery_id=webhook_delivery_id)
    tag(delivery.version)
    return WebhookDeliveryOut.of(delivery)


@router.post(
    "/webhook-deliveries/{webhook_delivery_id}:redeliver",
    status_code=202,
    operation_id="redeliverWebhook",
    summary="重新投递",
    description="再次发送一个事件(已送达的也可),`webhook-id` 不变;失败时重新按计划重试。",
    responses=may_fail(WebhookDeliveryNotFound, WebhookEndpointDisabled),
    openapi_extra=english(
        "Deliver again",
        "Sends an event once more, delivered or not, under the same `webhook-id`.",
    ),
)
async def redeliver(
    *, db: Db, caller: Writer, webhook_delivery_id: UUID, expected: IfMatch, tag: NewTag
) -> WebhookDeliveryOut:
    """Deliver an event again."""
    delivery = await webhooks.redeliver(
        db, caller=caller, delivery_id=webhook_delivery_id, expected=expected
    )
    tag(delivery.version)
    return WebhookDeliveryOut.of(delivery)
