"""Makes deliveries of changes, and carries them out.

Deliveries come from the committed change rows, so every way to change something is told. A place in
the feed and the deliveries before it are kept in one transaction: a worker that dies loses none. An
attempt is claimed for a while, made outside any transaction, and noted; whoever dies between is
followed by another, under the same ``webhook-id``. Each endpoint is served by a task of its own, so
that one that hangs delays nobody else.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import httpx
from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from standardwebhooks import Webhook

from service.feed import webhooks
from service.feed.queries import webhooks as queries
from service.feed.rules.webhooks import (
    DELIVERIES_KEPT,
    Consequence,
    DeliveryState,
    DisabledBecause,
    Happening,
    Outcome,
    asked_pause,
    consequence,
    delivery_id,
    hears,
    message_id,
    next_attempt,
    outcome_of,
    payload,
)
from service.feed.tables import WebhookDelivery, WebhookEndpoint
from service.kit import clock, outbound
from service.kit.auth import system
from service.kit.changes import Change, read_after
from service.kit.db import AsyncSession, Database, lock
from service.kit.observe import WEBHOOKS, log
from service.kit.problems import ValidationFailed
from service.kit.settings import settings
from service.kit.synctoken import Position
from service.network.tasks import settle_tasks

_AT_ONCE = 4
"""Attempts at one endpoint side by side; one that fails gets one at a time."""
_ROUNDS = 25
"""After this many the endpoint's task ends, and begins anew where something is still due."""
_CONNECTIONS = 200
_CHANGES_READ = 500
_LEASE_MARGIN = timedelta(seconds=5)
_AGENT = "Huangge-Webhooks/1"
_TIDY_EVERY = timedelta(hours=1)
_JITTER = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class _Letter:
    """One attempt: what is sent where, signed with which secrets."""

    delivery: UUID
    url: str
    body: str
    secrets: Sequence[str]

    def headers(self, now: datetime) -> dict[str, str]:
        """The headers of Standard Webhooks, a signature for each secret that is valid."""
        id_ = message_id(self.delivery)
        signatures = [Webhook(one).sign(id_, now, self.body) for one in self.secrets]
        return {
            "content-type": "application/json",
            "user-agent": _AGENT,
            "webhook-id": id_,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }


@dataclass(frozen=True, slots=True)
class _Result:
    status: int | None
    error: str | None
    retry_after: str | None = None

    @property
    def outcome(self) -> Outcome:
        return outcome_of(self.status)


class Courier:
    """The sender of one worker."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._serving: dict[UUID, asyncio.Task[None]] = {}
        self._lines = asyncio.Semaphore(_CONNECTIONS)
        self._tidied: dict[UUID, datetime] = {}

    async def look(self) -> None:
        """Make deliveries of what changed, and begin to serve whoever has something due."""
        async with self._database.read(None) as db:
            districts = await queries.districts(db)
        for district_id in districts:
            await self._make(district_id)
            async with self._database.read(district_id) as db:
                due = await queries.endpoints_with_due(db)
            for endpoint_id in due:
                self._begin(district_id, endpoint_id)
            await self._tidy(district_id)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._serving:
            await asyncio.gather(*self._serving.values(), return_exceptions=True)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Leave everything; what was claimed comes back when its lease is over."""
        for task in self._serving.values():
            task.cancel()
        await self.settle()

    # From changes to deliveries

    async def _make(self, district_id: UUID) -> None:
        async with self._database.write(district_id) as db:
            for endpoint in await queries.endpoints_behind(db):
                await _follow(db, endpoint)

    # From deliveries to receivers

    def _begin(self, district_id: UUID, endpoint_id: UUID) -> None:
        if endpoint_id in self._serving:
            return
        task = asyncio.create_task(self._serve(district_id, endpoint_id))
        self._serving[endpoint_id] = task
        task.add_done_callback(lambda done: self._ended(endpoint_id, done))

    def _ended(self, endpoint_id: UUID, task: asyncio.Task[None]) -> None:
        self._serving.pop(endpoint_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log().error("webhook_serving_failed", endpoint=str(endpoint_id), exc_info=error)

    async def _serve(self, district_id: UUID, endpoint_id: UUID) -> None:
        for _ in range(_ROUNDS):
            letters = await self._claim(district_id, endpoint_id)
            if not letters:
                return
            await asyncio.gather(*(self._send(district_id, endpoint_id, one) for one in letters))

    async def _claim(self, district_id: UUID, endpoint_id: UUID) -> list[_Letter]:
        seconds = settings().webhook_timeout_seconds
        async with self._database.write(district_id) as db:
            endpoint = await db.get(WebhookEndpoint, (district_id, endpoint_id))
            if endpoint is None:
                return []
            claimed = await queries.claim(
                db,
                endpoint_id=endpoint_id,
                at_most=1 if endpoint.failing_since is not None else _AT_ONCE,
                lease=timedelta(seconds=seconds) + _LEASE_MARGIN,
            )
            secrets = await queries.secrets_of(db, endpoint_id=endpoint_id)
            keys = [webhooks.spelled(secret) for secret in secrets]
            return [_Letter(one.id, endpoint.url, one.body, keys) for one in claimed]

    async def _send(self, district_id: UUID, endpoint_id: UUID, letter: _Letter) -> None:
        async with self._lines:
            result = await _attempt(letter)
        WEBHOOKS.labels(result.outcome.value).inc()
        async with self._database.write(district_id) as db:
            endpoint = await lock(db, WebhookEndpoint, endpoint_id)
            delivery = await lock(db, WebhookDelivery, letter.delivery)
            # Somebody may have removed it meanwhile; a receipt is noted even after a lease is over.
            if endpoint is not None and delivery is not None:
                await _note(db, endpoint, delivery, result)

    async def _tidy(self, district_id: UUID) -> None:
        now = clock.now()
        if now - self._tidied.get(district_id, datetime.min.replace(tzinfo=now.tzinfo)) < (
            _TIDY_EVERY
        ):
            return
        self._tidied[district_id] = now
        async with self._database.write(district_id) as db:
            old = col(WebhookDelivery.created_at) < now - DELIVERIES_KEPT
            over = col(WebhookDelivery.state) != DeliveryState.PENDING
            await db.exec(delete(WebhookDelivery).where(old, over))


async def _follow(db: AsyncSession, endpoint: WebhookEndpoint) -> None:
    """Make deliveries of the next changes, and move on; again from earlier, they are sent again."""
    audience = await queries.audience_of(db, endpoint=endpoint)
    wanted = tuple(endpoint.event_types)
    position = Position(int(endpoint.xid), endpoint.seq)
    changes = await read_after(db, position=position, limit=_CHANGES_READ)
    rows = [
        _row(endpoint, change)
        for change in changes
        if hears(audience, _happening(change), wanted=wanted)
    ]
    if rows:
        statement = insert(WebhookDelivery).values(rows)
        again = {
            name: statement.excluded[name]
            for name in ("state", "attempts", "next_at", "claimed_until", "delivered_at")
        }
        await db.exec(
            statement.on_conflict_do_update(
                index_elements=["district_id", "id"],
                set_={**again, "version": col(WebhookDelivery.version) + 1},
            )
        )
    if changes:
        endpoint.xid, endpoint.seq = _position(changes[-1])


def _position(change: Change) -> Position:
    return Position(int(change.xid or 0), int(change.seq or 0))


def _happening(change: Change) -> Happening:
    return Happening(
        event=change.event,
        at=change.at,
        collection=change.collection,
        resource_id=change.resource_id,
        version=change.version,
        op=change.op,
        spread=change.spread,
        reach=frozenset(change.reach),
    )


def _row(endpoint: WebhookEndpoint, change: Change) -> dict[str, object]:
    delivery = WebhookDelivery(
        district_id=endpoint.district_id,
        id=delivery_id(endpoint.id, _position(change)),
        endpoint_id=endpoint.id,
        event_type=change.event,
        body=payload(_happening(change), base_url=webhooks.base_url()).decode(),
        occurred_at=change.at,
    )
    return delivery.model_dump()


async def _attempt(letter: _Letter) -> _Result:
    try:
        answer = await outbound.post(
            letter.url,
            content=letter.body.encode(),
            headers=letter.headers(clock.now()),
            seconds=settings().webhook_timeout_seconds,
        )
    except ValidationFailed as refused:
        return _Result(None, refused.code)
    except (TimeoutError, httpx.TimeoutException):
        return _Result(None, "timeout")
    except httpx.ConnectError:
        return _Result(None, "cannot-connect")
    except (httpx.HTTPError, OSError):
        return _Result(None, "no-answer")
    return _Result(answer.status, None, answer.retry_after)


async def _note(
    db: AsyncSession, endpoint: WebhookEndpoint, delivery: WebhookDelivery, result: _Result
) -> None:
    if delivery.state == DeliveryState.DELIVERED:
        return  # another attempt was quicker
    now = clock.now()
    delivery.attempts += 1
    delivery.version += 1
    delivery.claimed_until = None
    delivery.last_attempt_at = now
    delivery.last_status, delivery.last_error = result.status, result.error
    if result.outcome is Outcome.DELIVERED:
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, now
        if endpoint.failing_since is not None:
            await _recovered(db, endpoint)
        return
    asked = asked_pause(result.status, result.retry_after, now=now)
    following = next_attempt(delivery.attempts, now=now, jitter=_JITTER.random(), asked=asked)
    if following is None:
        delivery.state = DeliveryState.FAILED
    else:
        delivery.next_at = following
    await db.flush()
    await _missed(db, endpoint, result.outcome, now=now)


async def _recovered(db: AsyncSession, endpoint: WebhookEndpoint) -> None:
    """It is there again: what waits for a later try need not."""
    endpoint.failing_since = None
    await db.flush()
    await webhooks.make_due(db, endpoint_id=endpoint.id)
    await settle_tasks(
        db,
        by=system(endpoint.district_id),
        kind=webhooks.FAILING,
        subject_ids=[endpoint.id],
        reason="已恢复送达",
    )


async def _missed(
    db: AsyncSession, endpoint: WebhookEndpoint, outcome: Outcome, *, now: datetime
) -> None:
    if endpoint.failing_since is None:
        endpoint.failing_since = now
        await db.flush()
    match consequence(outcome, failing_since=endpoint.failing_since, now=now):
        case Consequence.NOTICE:
            await webhooks.notice(db, endpoint=endpoint)
        case Consequence.DISABLE if endpoint.disabled_because is None:
            gone = outcome is Outcome.GONE
            because = DisabledBecause.GONE if gone else DisabledBecause.FAILING
            await webhooks.disable(db, endpoint=endpoint, because=because)
        case _:
            pass
