"""What webhooks refuse."""

from service.kit.problems import (
    Conflict,
    NotFound,
    Text,
    ValidationFailed,
    refuses_missing,
    refuses_value,
)


class WebhookEndpointNotFound(NotFound):
    """No such endpoint within reach."""

    code = "webhook-endpoint-not-found"
    title = Text("未找到 Webhook 接收端", "No such webhook endpoint")


class WebhookDeliveryNotFound(NotFound):
    """No such delivery within reach; they are kept for a month."""

    code = "webhook-delivery-not-found"
    title = Text("未找到该次投递", "No such delivery")
    remedy = Text(
        "投递记录保留 30 天;更早的事件请用 :replay 重放,或读取 /v1/changes。",
        "Deliveries are kept for 30 days; replay older events, or read /v1/changes.",
    )


class WebhookEndpointDisabled(Conflict):
    """Nothing is sent to an endpoint that is disabled."""

    code = "webhook-endpoint-disabled"
    title = Text("该 Webhook 接收端已停用", "The webhook endpoint is disabled")
    remedy = Text("请先用 :enable 启用。", "Enable it first with :enable.")


class TooManyWebhookEndpoints(Conflict):
    """The district or the client has as many endpoints as anybody needs."""

    code = "too-many-webhook-endpoints"
    title = Text("Webhook 接收端数量已达上限", "There are too many webhook endpoints already")
    remedy = Text("请先删除不再使用的接收端。", "Remove one that is no longer used first.")


class EventTypeUnknown(ValidationFailed):
    """An event type that never happens."""

    code = "event-type-unknown"
    title = Text("没有这样的事件类型", "There is no such event type")
    remedy = Text(
        "可用的事件类型见 /v1/webhook-event-types;某一类对象的全部事件写作“lesson.*”。",
        "See /v1/webhook-event-types; all events of a noun are written lesson.*",
    )


class ReplayInFuture(ValidationFailed):
    """The position to replay from has not been reached yet."""

    code = "replay-in-future"
    title = Text("重放起点尚未到来", "The position to replay from has not been reached yet")
    remedy = Text(
        "请使用本服务近期给出的 Sync-Token;恢复备份之前的令牌不再可用。",
        "Use a Sync-Token this service gave lately; one from before a restore is of no use.",
    )


_STATE = Text("不是允许的取值", "is not an allowed value")

refuses_missing("fk_webhook_endpoint_client", "/client_id")
refuses_missing("fk_webhook_secret_endpoint", "/endpoint_id")
refuses_missing("fk_webhook_delivery_endpoint", "/endpoint_id")
refuses_value("ck_webhook_endpoint_state", "/state", _STATE)
refuses_value("ck_webhook_endpoint_because", "/disabled_because", _STATE)
refuses_value("ck_webhook_delivery_state", "/state", _STATE)
