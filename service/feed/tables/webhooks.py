"""Rows of webhooks: who is told, the secrets that sign, and what was sent."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, SmallInteger, Text
from sqlmodel import Field

from service.feed.rules.webhooks import DeliveryState, DisabledBecause, EndpointState
from service.kit import clock
from service.kit.tables import (
    Instant,
    Tenant,
    Versioned,
    Xid8,
    check,
    index,
    one_of,
    points_to,
)


class WebhookEndpoint(Versioned, table=True):
    """A receiver of events: the district's own, or a partner client's.

    ``xid`` and ``seq`` are the place in the change feed up to which events have become deliveries.
    While it is disabled the place stands still, so that nothing is lost when it goes on.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        points_to("client_id", "partner_client", name="fk_webhook_endpoint_client"),
        one_of("ck_webhook_endpoint_state", "state", EndpointState),
        check(
            "ck_webhook_endpoint_because",
            "disabled_because IS NULL OR disabled_because IN ("
            + ", ".join(f"'{value.value}'" for value in DisabledBecause)
            + ")",
        ),
        index("ix_webhook_endpoint_client", "client_id"),
    )
    __collection__: ClassVar[str] = "webhook-endpoints"
    __private__: ClassVar[frozenset[str]] = frozenset({"xid", "seq", "failing_since"})

    client_id: UUID | None = None
    name: str
    url: str
    event_types: list[str] = Field(sa_type=ARRAY(Text))
    state: str = EndpointState.ENABLED
    disabled_because: str | None = None
    failing_since: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    xid: int = Field(sa_type=Xid8)
    seq: int = Field(default=0, sa_type=BigInteger)


class WebhookSecret(Tenant, table=True):
    """What a signing secret is derived from, with the installation's own secret.

    A copy of the database alone signs nothing. Two live beside each other while a receiver changes.
    """

    __tablename__ = "webhook_secret"
    __table_args__ = (
        points_to("endpoint_id", "webhook_endpoint", name="fk_webhook_secret_endpoint"),
        index("ix_webhook_secret_endpoint", "endpoint_id"),
    )

    endpoint_id: UUID
    salt: bytes
    created_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    expires_at: datetime | None = Field(default=None, sa_type=Instant)


class WebhookDelivery(Versioned, table=True):
    """One event on its way to one endpoint; the id is made of the two.

    Written by the worker without a change row: telling of the telling would never end.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        points_to("endpoint_id", "webhook_endpoint", name="fk_webhook_delivery_endpoint"),
        one_of("ck_webhook_delivery_state", "state", DeliveryState),
        index("ix_webhook_delivery_endpoint", "endpoint_id", "created_at"),
        index("ix_webhook_delivery_due", "endpoint_id", "next_at", where="state = 'pending'"),
        index("ix_webhook_delivery_age", "created_at"),
    )
    __collection__: ClassVar[str] = "webhook-deliveries"

    endpoint_id: UUID
    event_type: str
    body: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=Instant)
    created_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    state: str = DeliveryState.PENDING
    attempts: int = Field(default=0, sa_type=SmallInteger)
    next_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    claimed_until: datetime | None = Field(default=None, sa_type=Instant)
    last_attempt_at: datetime | None = Field(default=None, sa_type=Instant)
    last_status: int | None = Field(default=None, sa_type=SmallInteger)
    last_error: str | None = None
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
