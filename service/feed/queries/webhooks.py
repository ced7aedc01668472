"""Webhook endpoints within reach, whom they speak for, and what is due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Update, func, literal, or_, text, tuple_, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.accounts.identity import client_as_caller
from service.accounts.tables import PartnerClient
from service.feed.problems.webhooks import WebhookDeliveryNotFound, WebhookEndpointNotFound
from service.feed.rules.webhooks import DISTRICT, Audience, DeliveryState, EndpointState
from service.feed.tables import WebhookDelivery, WebhookEndpoint, WebhookSecret
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.changes import Change
from service.kit.db import AsyncSession
from service.kit.synctoken import Position
from service.kit.tables import Xid8
from service.network.access import reaches_district, today_in, visible_groups, visible_schools
from service.network.tables import District
from service.staff.tables import Employment

Row = TypeVar("Row", WebhookEndpoint, WebhookDelivery)


async def client_of(db: AsyncSession, *, caller: Caller) -> PartnerClient | None:
    """The row of a partner's system that asks; none where a person does."""
    if caller.client_id is None:
        return None
    statement = select(PartnerClient).where(col(PartnerClient.client_id) == caller.client_id)
    return (await db.exec(statement)).one_or_none()


def endpoints(caller: Caller) -> SelectOfScalar[WebhookEndpoint]:
    """The endpoints within reach: a client's own, or for the district's people all there are."""
    statement = select(WebhookEndpoint)
    if caller.client_id is not None:
        own = select(PartnerClient.id).where(col(PartnerClient.client_id) == caller.client_id)
        return statement.where(col(WebhookEndpoint.client_id).in_(own))
    if not reaches_district(caller, Permission.WEBHOOK_READ):
        return statement.where(literal(value=False))
    return statement


async def visible_endpoint(
    db: AsyncSession, *, caller: Caller, endpoint_id: UUID, to_change: bool = False
) -> WebhookEndpoint:
    """An endpoint within reach.

    Raises
    ------
    WebhookEndpointNotFound
        It does not exist, or the caller may not see it.
    """
    statement = endpoints(caller).where(col(WebhookEndpoint.id) == endpoint_id)
    found = (await db.exec(_locking(statement) if to_change else statement)).one_or_none()
    if found is None:
        raise WebhookEndpointNotFound
    return found


def _locking(statement: SelectOfScalar[Row]) -> SelectOfScalar[Row]:
    return statement.with_for_update().execution_options(populate_existing=True)


async def endpoints_of(db: AsyncSession, *, client_id: UUID | None) -> int:
    """How many endpoints a client has, or the district's own office."""
    statement = (
        select(func.count())
        .select_from(WebhookEndpoint)
        .where(col(WebhookEndpoint.client_id).is_not_distinct_from(client_id))
    )
    return (await db.exec(statement)).one()


async def secrets_of(db: AsyncSession, *, endpoint_id: UUID) -> Sequence[WebhookSecret]:
    """The secrets of an endpoint that sign now, the newest first."""
    statement = (
        select(WebhookSecret)
        .where(
            col(WebhookSecret.endpoint_id) == endpoint_id,
            or_(
                col(WebhookSecret.expires_at).is_(None),
                col(WebhookSecret.expires_at) > clock.now(),
            ),
        )
        .order_by(col(WebhookSecret.created_at).desc(), col(WebhookSecret.id).desc())
    )
    return (await db.exec(statement)).all()


def deliveries(
    *, endpoint_id: UUID, state: DeliveryState | None
) -> SelectOfScalar[WebhookDelivery]:
    """What was sent to an endpoint, or waits for it."""
    statement = select(WebhookDelivery).where(col(WebhookDelivery.endpoint_id) == endpoint_id)
    if state is not None:
        statement = statement.where(col(WebhookDelivery.state) == state)
    return statement


async def visible_delivery(
    db: AsyncSession, *, caller: Caller, delivery_id: UUID, to_change: bool = False
) -> WebhookDelivery:
    """A delivery to an endpoint within reach.

    Raises
    ------
    WebhookDeliveryNotFound
        It does not exist, or the caller may not see it.
    """
    mine = endpoints(caller).with_only_columns(col(WebhookEndpoint.id))
    statement = select(WebhookDelivery).where(
        col(WebhookDelivery.id) == delivery_id, col(WebhookDelivery.endpoint_id).in_(mine)
    )
    found = (await db.exec(_locking(statement) if to_change else statement)).one_or_none()
    if found is None:
        raise WebhookDeliveryNotFound
    return found


# Places in the feed

_NOW = text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)")
"""Every change from here on is one that was not yet there."""


async def present_position(db: AsyncSession) -> Position:
    """The place in the feed behind everything that is settled."""
    return Position((await (await db.connection()).execute(_NOW)).scalar_one(), 0)


async def position_of_time(db: AsyncSession, *, at: datetime) -> Position:
    """A place in the feed before everything that changed at an instant or after it."""
    oldest = select(col(Change.xid)).where(col(Change.at) >= at).order_by(col(Change.xid)).limit(1)
    found = (await db.exec(oldest)).first()
    return Position(int(found), 0) if found is not None else await present_position(db)


# What the worker asks


async def districts(db: AsyncSession) -> Sequence[UUID]:
    """Every district of the installation."""
    return (await db.exec(select(District.id))).all()


def _served() -> SelectOfScalar[WebhookEndpoint]:
    """Endpoints that are enabled, of the district or of a client that may come in."""
    closed = select(PartnerClient.id).where(~col(PartnerClient.active))
    return select(WebhookEndpoint).where(
        col(WebhookEndpoint.state) == EndpointState.ENABLED,
        or_(
            col(WebhookEndpoint.client_id).is_(None),
            col(WebhookEndpoint.client_id).not_in(closed),
        ),
    )


async def endpoints_behind(db: AsyncSession) -> Sequence[WebhookEndpoint]:
    """Endpoints that settled changes lie before, each for this worker alone."""
    newer = (
        select(Change.seq)
        .where(
            col(Change.xid) < func.huangge_settled_before(type_=Xid8()),
            tuple_(col(Change.xid), col(Change.seq))
            > tuple_(col(WebhookEndpoint.xid), col(WebhookEndpoint.seq)),
        )
        .exists()
    )
    statement = _served().where(newer).order_by(col(WebhookEndpoint.id))
    return (await db.exec(statement.with_for_update(skip_locked=True))).all()


async def audience_of(db: AsyncSession, *, endpoint: WebhookEndpoint) -> Audience:
    """Whom an endpoint speaks for, as things are now."""
    if endpoint.client_id is None:
        return DISTRICT
    client = await db.get_one(PartnerClient, (endpoint.district_id, endpoint.client_id))
    caller = await client_as_caller(db, client=client)
    held = frozenset(one for one in Permission if caller.may(one))
    if Permission.WEBHOOK_READ not in held:
        return Audience(frozenset(), everywhere=False)
    if reaches_district(caller, Permission.WEBHOOK_READ):
        return Audience(held, everywhere=True)
    schools = (await db.exec(visible_schools(caller, Permission.WEBHOOK_READ))).all()
    groups = (await db.exec(visible_groups(caller, Permission.WEBHOOK_READ))).all()
    statement = select(Employment.teacher_id).where(
        col(Employment.school_id).in_(schools),
        col(Employment.valid).contains(today_in(endpoint.district_id)),
    )
    teachers = (await db.exec(statement)).all()
    return Audience(held, everywhere=False, concerned=frozenset({*schools, *groups, *teachers}))


async def endpoints_with_due(db: AsyncSession) -> Sequence[UUID]:
    """Endpoints for which something is due."""
    waiting = (
        select(WebhookDelivery.id)
        .where(col(WebhookDelivery.endpoint_id) == col(WebhookEndpoint.id), *_due())
        .exists()
    )
    served = _served().where(waiting).subquery()
    return (await db.exec(select(served.c.id))).all()


def _due() -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return (
        col(WebhookDelivery.state) == DeliveryState.PENDING,
        col(WebhookDelivery.next_at) <= now,
        or_(
            col(WebhookDelivery.claimed_until).is_(None),
            col(WebhookDelivery.claimed_until) <= now,
        ),
    )


async def claim(
    db: AsyncSession, *, endpoint_id: UUID, at_most: int, lease: timedelta
) -> Sequence[WebhookDelivery]:
    """Take some of what is due, for as long as a lease: a worker that dies gives them back."""
    statement = (
        select(WebhookDelivery)
        .where(col(WebhookDelivery.endpoint_id) == endpoint_id, *_due())
        .order_by(col(WebhookDelivery.next_at), col(WebhookDelivery.occurred_at))
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    found = (await db.exec(statement)).all()
    for one in found:
        one.claimed_until = clock.now() + lease
    return found


def waiting(*, endpoint_id: UUID) -> Update:
    """What waits for its next try at an endpoint."""
    return update(WebhookDelivery).where(
        col(WebhookDelivery.endpoint_id) == endpoint_id,
        col(WebhookDelivery.state) == DeliveryState.PENDING,
    )
