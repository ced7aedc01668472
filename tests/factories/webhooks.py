"""Receivers of events, and what was sent to them."""

from typing import Any

from service.feed.queries import webhooks as queries
from service.feed.tables import WebhookDelivery, WebhookEndpoint, WebhookSecret
from service.feed.webhooks import spelled
from service.kit import clock
from service.kit.db import AsyncSession


async def webhook_endpoint(
    db: AsyncSession, *, district: Any, client: Any = None, **values: Any
) -> WebhookEndpoint:
    """A receiver that is told of everything from now on."""
    filled = {"name": "智学平台", "url": "https://198.41.0.4/hooks", "event_types": [], **values}
    position = await queries.present_position(db)
    row = WebhookEndpoint(
        district_id=district.id, client_id=client and client.id, xid=position.xid, **filled
    )
    db.add(row)
    await db.flush()
    db.add(WebhookSecret(district_id=district.id, endpoint_id=row.id, salt=b"salt" * 8))
    await db.flush()
    return row


async def webhook_delivery(
    db: AsyncSession, *, district: Any, endpoint: WebhookEndpoint, **values: Any
) -> WebhookDelivery:
    row = WebhookDelivery(
        district_id=district.id,
        endpoint_id=endpoint.id,
        event_type="lesson.moved",
        body="{}",
        occurred_at=clock.now(),
        **values,
    )
    db.add(row)
    await db.flush()
    return row


async def signing_secret(db: AsyncSession, *, district: Any, endpoint: Any) -> str:
    """The newest secret of an endpoint."""
    assert district is not None
    return spelled((await queries.secrets_of(db, endpoint_id=endpoint.id))[0])
