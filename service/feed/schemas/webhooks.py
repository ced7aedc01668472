"""Webhook endpoints, deliveries and event types, in and out."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError

from service.feed.rules.event_types import EventType
from service.feed.rules.webhooks import (
    OVERLAP_HOURS,
    DeliveryState,
    DisabledBecause,
    EndpointState,
    message_id,
)
from service.feed.tables import WebhookDelivery, WebhookEndpoint
from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.outbound import URL_LENGTH

Name = Annotated[
    str, Field(min_length=1, max_length=100, description="接收方", examples=["智学平台"])
]
Url = Annotated[
    str,
    Field(
        min_length=1,
        max_length=URL_LENGTH,
        description="接收地址,必须为 https 且指向公网",
        examples=["https://partner.example/huangge"],
    ),
]
EventTypes = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=60)]],
    Field(
        max_length=200,
        description="要接收的事件类型,见 /v1/webhook-event-types;可写“lesson.*”;空为全部",
        examples=[["lesson.*", "assignment.published"]],
    ),
]


class WebhookEndpointIn(In):
    """A new receiver of events."""

    name: Name
    url: Url
    event_types: EventTypes = Field(default_factory=list)


class WebhookEndpointPatch(In):
    """What may change about a receiver; what is left out stays."""

    name: Name = Field(default_factory=str)
    url: Url = Field(default_factory=str)
    event_types: EventTypes = Field(default_factory=list)


class WebhookEndpointOut(Out):
    """A receiver of events."""

    id: UUID
    version: int
    client_id: Annotated[UUID | None, Field(description="所属合作客户端;空为区级设置")]
    name: str
    url: str
    event_types: list[str]
    state: Annotated[EndpointState, Field(description="enabled 启用,disabled 停用")]
    disabled_because: Annotated[
        DisabledBecause | None,
        Field(description="停用原因:by_hand 手动,gone 对方答复 410,failing 持续多日无法送达"),
    ]
    failing_since: Annotated[
        AwareDatetime | None, Field(description="自何时起一直未能送达;空为正常")
    ]
    created_at: AwareDatetime

    @classmethod
    def of(cls, row: WebhookEndpoint) -> Self:
        """The endpoint without its secrets."""
        return cls(**{name: getattr(row, name) for name in WebhookEndpointOut.model_fields})


class WebhookEndpointWithSecretOut(WebhookEndpointOut):
    """A receiver and its newest secret."""

    secret: Annotated[
        str, Field(description="签名密钥(Standard Webhooks),仅此一次显示", examples=["whsec_…"])
    ]

    @classmethod
    def telling(cls, row: WebhookEndpoint, secret: str) -> Self:
        """The only time the secret is seen."""
        return cls(**WebhookEndpointOut.of(row).model_dump(), secret=secret)


class SecretRotationIn(In):
    """How long the former secret goes on signing beside the new one."""

    overlap_hours: Annotated[
        int, Field(ge=0, le=168, description="旧密钥继续有效的小时数;0 为立即失效")
    ] = OVERLAP_HOURS


class ReplayIn(In):
    """Where to begin again: a place in the feed, or an instant."""

    since: Annotated[
        str | None,
        Field(max_length=200, description="Sync-Token:重放该位置之后的全部事件"),
    ] = None
    from_time: Annotated[
        AwareDatetime | None,
        Field(description="重放这一时刻起的全部事件", examples=["2026-09-15T00:00:00+08:00"]),
    ] = None

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if (self.since is None) is (self.from_time is None):
            raise PydanticCustomError("one_of_two", "give since or from_time, and only one")
        return self


class WebhookDeliveryOut(Out):
    """One event on its way to one receiver."""

    id: UUID
    version: int
    endpoint_id: UUID
    webhook_id: Annotated[str, Field(description="请求头 webhook-id;重试与重放时不变")]
    event_type: Annotated[str, Field(examples=["lesson.moved"])]
    body: Annotated[str, Field(description="发送的请求体")]
    occurred_at: AwareDatetime
    state: Annotated[
        DeliveryState,
        Field(description="pending 待发送或待重试,delivered 已送达,failed 已放弃"),
    ]
    attempts: int
    next_at: Annotated[AwareDatetime | None, Field(description="下次尝试;不再尝试则为空")]
    last_attempt_at: AwareDatetime | None
    last_status: Annotated[int | None, Field(description="对方最近一次的 HTTP 状态码")]
    last_error: Annotated[
        str | None,
        Field(description="没有得到答复的原因", examples=["timeout"]),
    ]
    delivered_at: AwareDatetime | None

    @classmethod
    def of(cls, row: WebhookDelivery) -> Self:
        """The delivery as its endpoint's owner sees it."""
        fields = {name: getattr(row, name, None) for name in cls.model_fields}
        waits = row.state == DeliveryState.PENDING
        fields |= {"webhook_id": message_id(row.id), "next_at": row.next_at if waits else None}
        return cls(**fields)


class WebhookEventTypeOut(Out):
    """One thing that may happen."""

    type: Annotated[str, Field(examples=["lesson.moved"])]
    label: Annotated[str, Field(examples=["课:已调整时间或地点"])]
    permission: Annotated[str | None, Field(description="合作客户端须持有的权限;空为仅区级可接收")]

    @classmethod
    def of(cls, one: EventType) -> Self:
        """The event type in the reader's language."""
        reads = one.reads.value if one.reads is not None else None
        return cls(type=one.code, label=say(one.label), permission=reads)


class WebhookEventTypesOut(Out):
    """Everything that may happen."""

    items: list[WebhookEventTypeOut]
