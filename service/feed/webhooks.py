"""Changing webhook endpoints: who is told, of what, with which secrets, from where on."""

import hashlib
import hmac
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, delete

from service.feed.problems.webhooks import TooManyWebhookEndpoints, WebhookEndpointDisabled
from service.feed.queries import webhooks as queries
from service.feed.rules.event_types import TEST_EVENT
from service.feed.rules.webhooks import (
    ENDPOINTS_AT_MOST,
    DeliveryState,
    DisabledBecause,
    EndpointState,
    Happening,
    check_event_types,
    check_replay,
    payload,
)
from service.feed.tables import WebhookDelivery, WebhookEndpoint, WebhookSecret
from service.kit import audit, clock
from service.kit.audit import Told
from service.kit.auth import Caller, system
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.ids import new_id
from service.kit.journal import record
from service.kit.problems import Text
from service.kit.settings import settings, signing_secret
from service.kit.synctoken import Position
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task, settle_tasks

FAILING = "webhook-failing"
"""The task that waits while a receiver is not to be reached."""

_SALT_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEndpoint:
    """What an endpoint begins with; no event types are all there are."""

    name: str
    url: str
    event_types: Sequence[str]


async def create_endpoint(
    db: AsyncSession, *, caller: Caller, new: NewEndpoint
) -> tuple[WebhookEndpoint, str]:
    """Tell somebody of what happens from now on. The signing secret is told once.

    Raises
    ------
    EventTypeUnknown
        One of the event types never happens.
    TooManyWebhookEndpoints
        There are as many as anybody needs.
    """
    check_event_types(new.event_types)
    client = await queries.client_of(db, caller=caller)
    client_id = client.id if client is not None else None
    if await queries.endpoints_of(db, client_id=client_id) >= ENDPOINTS_AT_MOST:
        raise TooManyWebhookEndpoints
    position = await queries.present_position(db)
    endpoint = WebhookEndpoint(
        district_id=caller.district_id,
        client_id=client_id,
        name=new.name,
        url=new.url,
        event_types=sorted(set(new.event_types)),
        xid=position.xid,
    )
    db.add(endpoint)
    await db.flush()
    secret = _new_secret(endpoint)
    db.add(secret)
    await db.flush()
    await record(db, "webhook-endpoint.created", endpoint, by=caller)
    return endpoint, spelled(secret)


async def change_endpoint(
    db: AsyncSession,
    *,
    caller: Caller,
    endpoint_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> WebhookEndpoint:
    """Change an endpoint's name, address, or what it is told of."""
    endpoint = await _held(db, caller=caller, endpoint_id=endpoint_id, expected=expected)
    values = dict(changes)
    if "event_types" in values:
        check_event_types(values["event_types"])
        values["event_types"] = sorted(set(values["event_types"]))
    if before := change_fields(endpoint, values):
        await record(db, "webhook-endpoint.changed", endpoint, by=caller, before=before)
    return endpoint


async def set_state(
    db: AsyncSession,
    *,
    caller: Caller,
    endpoint_id: UUID,
    state: EndpointState,
    expected: Precondition,
) -> WebhookEndpoint:
    """Send no more, or go on where it was left: what happened meanwhile is sent then."""
    endpoint = await _held(db, caller=caller, endpoint_id=endpoint_id, expected=expected)
    off = state is EndpointState.DISABLED
    values = {"state": state, "disabled_because": DisabledBecause.BY_HAND if off else None}
    if endpoint.state == state:
        return endpoint
    before = change_fields(endpoint, values)
    endpoint.failing_since = None
    await record(db, f"webhook-endpoint.{state}", endpoint, by=caller, before=before)
    await settle_tasks(
        db, by=caller, kind=FAILING, subject_ids=[endpoint.id], reason="接收端已停用或重新启用"
    )
    if not off:
        await make_due(db, endpoint_id=endpoint.id)
    return endpoint


async def remove_endpoint(
    db: AsyncSession, *, caller: Caller, endpoint_id: UUID, expected: Precondition
) -> None:
    """Forget an endpoint, its secrets and what was sent to it."""
    endpoint = await _held(db, caller=caller, endpoint_id=endpoint_id, expected=expected)
    await settle_tasks(
        db, by=caller, kind=FAILING, subject_ids=[endpoint.id], reason="接收端已删除"
    )
    for table in (WebhookDelivery, WebhookSecret):
        await db.exec(delete(table).where(col(table.endpoint_id) == endpoint.id))
    await db.delete(endpoint)
    await db.flush()
    endpoint.version += 1
    await record(db, "webhook-endpoint.removed", endpoint, by=caller, gone=True)


async def rotate_secret(
    db: AsyncSession,
    *,
    caller: Caller,
    endpoint_id: UUID,
    overlap: timedelta,
    expected: Precondition,
) -> tuple[WebhookEndpoint, str]:
    """Make another secret. The former one signs beside it for a while, but no third does."""
    endpoint = await _held(db, caller=caller, endpoint_id=endpoint_id, expected=expected)
    former = await queries.secrets_of(db, endpoint_id=endpoint.id)
    kept = former[:1] if overlap else []
    await db.exec(
        delete(WebhookSecret).where(
            col(WebhookSecret.endpoint_id) == endpoint.id,
            col(WebhookSecret.id).not_in([one.id for one in kept]),
        )
    )
    for one in kept:
        one.expires_at = clock.now() + overlap
    secret = _new_secret(endpoint)
    db.add(secret)
    endpoint.version += 1
    await db.flush()
    await record(db, "webhook-endpoint.secret-rotated", endpoint, by=caller)
    return endpoint, spelled(secret)


async def replay(
    db: AsyncSession,
    *,
    caller: Caller,
    endpoint_id: UUID,
    since: Position,
    expected: Precondition,
) -> WebhookEndpoint:
    """Send everything again that happened after a place in the feed, under the same ids.

    Raises
    ------
    WebhookEndpointDisabled
        Nothing would be sent.
    ReplayInFuture
        The place has not been reached yet.
    """
    endpoint = await _held(db, caller=caller, endpoint_id=endpoint_id, expected=expected)
    _check_enabled(endpoint)
    check_replay(since, now=await queries.present_position(db))
    endpoint.xid, endpoint.seq = since
    endpoint.version += 1
    await record(db, "webhook-endpoint.replayed", endpoint, by=caller)
    return endpoint


async def send_test(db: AsyncSession, *, caller: Caller, endpoint_id: UUID) -> WebhookDelivery:
    """Send an event that says nothing happened.

    Raises
    ------
    WebhookEndpointDisabled
        Nothing would be sent.
    """
    endpoint = await queries.visible_endpoint(db, caller=caller, endpoint_id=endpoint_id)
    _check_enabled(endpoint)
    now = clock.now()
    nothing = Happening(
        event=TEST_EVENT,
        at=now,
        collection=endpoint.__collection__,
        resource_id=endpoint.id,
        version=endpoint.version,
        op="upsert",
        spread=False,
        reach=frozenset(),
    )
    delivery = WebhookDelivery(
        district_id=endpoint.district_id,
        id=new_id(),
        endpoint_id=endpoint.id,
        event_type=TEST_EVENT,
        body=payload(nothing, base_url=base_url()).decode(),
        occurred_at=now,
    )
    db.add(delivery)
    await db.flush()
    await _audited(db, "webhook-endpoint.tested", caller=caller, delivery=delivery)
    return delivery


async def redeliver(
    db: AsyncSession, *, caller: Caller, delivery_id: UUID, expected: Precondition
) -> WebhookDelivery:
    """Send an event again, with the whole patience there is, under the same id.

    Raises
    ------
    WebhookEndpointDisabled
        Nothing would be sent.
    """
    delivery = await queries.visible_delivery(
        db, caller=caller, delivery_id=delivery_id, to_change=True
    )
    expected.check(delivery.version)
    endpoint = await queries.visible_endpoint(db, caller=caller, endpoint_id=delivery.endpoint_id)
    _check_enabled(endpoint)
    again = {
        "state": DeliveryState.PENDING,
        "attempts": 0,
        "next_at": clock.now(),
        "claimed_until": None,
        "delivered_at": None,
    }
    change_fields(delivery, again)
    await _audited(db, "webhook-delivery.repeated", caller=caller, delivery=delivery)
    return delivery


async def _audited(
    db: AsyncSession, event: str, *, caller: Caller, delivery: WebhookDelivery
) -> None:
    """Who asked for it; no change row, which would be told of in turn."""
    after = {"endpoint_id": delivery.endpoint_id, "event_type": delivery.event_type}
    told = [Told(delivery.id, None, after)]
    await audit.note(db, by=caller, event=event, collection=delivery.__collection__, told=told)


async def _held(
    db: AsyncSession, *, caller: Caller, endpoint_id: UUID, expected: Precondition
) -> WebhookEndpoint:
    endpoint = await queries.visible_endpoint(
        db, caller=caller, endpoint_id=endpoint_id, to_change=True
    )
    expected.check(endpoint.version)
    return endpoint


def _check_enabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.state != EndpointState.ENABLED:
        raise WebhookEndpointDisabled


async def make_due(db: AsyncSession, *, endpoint_id: UUID) -> None:
    """Send now what waits for its next try: the receiver is there again."""
    await db.exec(queries.waiting(endpoint_id=endpoint_id).values(next_at=clock.now()))


async def notice(db: AsyncSession, *, endpoint: WebhookEndpoint) -> None:
    """Let the district's office know that a receiver is not to be reached."""
    task = NewTask(
        kind=FAILING,
        subject_collection=endpoint.__collection__,
        subject_id=endpoint.id,
        title=Text(
            f"Webhook 接收端“{endpoint.name}”持续无法送达,请联系对方系统",
            f"The webhook endpoint {endpoint.name} cannot be reached: ask its owner",
        ),
        owner_kind=OwnerKind.DISTRICT,
    )
    await open_task(db, by=system(endpoint.district_id), new=task)


async def disable(db: AsyncSession, *, endpoint: WebhookEndpoint, because: DisabledBecause) -> None:
    """Stop sending, and say so: events wait from here on."""
    values = {"state": EndpointState.DISABLED, "disabled_because": because}
    before = change_fields(endpoint, values)
    by = system(endpoint.district_id)
    await record(
        db, "webhook-endpoint.disabled", endpoint, by=by, before=before, reason=because.value
    )
    await notice(db, endpoint=endpoint)


def _new_secret(endpoint: WebhookEndpoint) -> WebhookSecret:
    return WebhookSecret(
        district_id=endpoint.district_id,
        endpoint_id=endpoint.id,
        salt=secrets.token_bytes(_SALT_BYTES),
    )


def spelled(secret: WebhookSecret) -> str:
    """The signing secret as Standard Webhooks spells it."""
    key = hmac.digest(signing_secret(), b"huangge webhook" + secret.salt, hashlib.sha256)
    return "whsec_" + b64encode(key).decode()


def base_url() -> str:
    """How the outside reaches this service; without a setting, links begin at its root."""
    return (settings().public_url or "").rstrip("/")
