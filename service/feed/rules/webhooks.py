"""When an event is sent, sent again, given up, and when a receiver is no longer asked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from uuid import UUID, uuid5

import orjson

from service.feed.problems.webhooks import EventTypeUnknown, ReplayInFuture
from service.feed.rules.event_types import NOUNS, is_known, is_wanted, noun_of
from service.kit.auth import Permission
from service.kit.problems import FieldError, Text


class EndpointState(StrEnum):
    """Whether events are sent."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class DisabledBecause(StrEnum):
    """Why they are not."""

    BY_HAND = "by_hand"
    GONE = "gone"
    """The receiver answered 410."""
    FAILING = "failing"
    """Nothing arrived for days."""


class DeliveryState(StrEnum):
    """How far an event has come."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


ENDPOINTS_AT_MOST = 20
OVERLAP_HOURS = 24
"""How long a replaced secret still signs, so that a receiver can change over."""
DELIVERIES_KEPT = timedelta(days=30)
NOTICE_AFTER = timedelta(days=1)
DISABLE_AFTER = timedelta(days=5)

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
RETRY_PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    2 * _MINUTE,
    10 * _MINUTE,
    30 * _MINUTE,
    1 * _HOUR,
    2 * _HOUR,
    4 * _HOUR,
    8 * _HOUR,
    12 * _HOUR,
    12 * _HOUR,
    12 * _HOUR,
    12 * _HOUR,
    12 * _HOUR,
)
"""Three days and a few hours in all: who comes back after a long weekend has missed nothing."""
_JITTER = 0.2
_DIGITS = 9


def next_attempt(
    attempts: int, *, now: datetime, jitter: float, asked: timedelta = timedelta(0)
) -> datetime | None:
    """When to try again after some attempts failed; ``None`` when there were enough.

    ``jitter`` in ``[0, 1)`` only ever lengthens a pause: many events that failed together do not
    come back together, and none gives up before three days are over. The pause that the receiver
    ``asked`` for is the least.
    """
    if attempts > len(RETRY_PAUSES):
        return None
    return now + max(RETRY_PAUSES[attempts - 1], asked) * (1 + _JITTER * jitter)


_ASKS_TO_WAIT = frozenset({429, 503})


def asked_pause(status: int | None, retry_after: str | None, *, now: datetime) -> timedelta:
    """How long a receiver asks to be left alone: ``Retry-After`` of RFC 9110, 10.2.3.

    Seconds or a date; what is neither asks for nothing. Never longer than the longest pause there
    is anyway: no answer can put an event off for good.
    """
    if status not in _ASKS_TO_WAIT or retry_after is None:
        return timedelta(0)
    if retry_after.isascii() and retry_after.isdigit():
        longest = RETRY_PAUSES[-1] // timedelta(seconds=1)
        return timedelta(seconds=min(int(retry_after[:_DIGITS]), longest))
    try:
        until = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return timedelta(0)
    # A date of HTTP is in GMT, also where it does not say so.
    pause = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(pause, timedelta(0)), RETRY_PAUSES[-1])


class Outcome(StrEnum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    FAILED = "failed"
    GONE = "gone"


_GONE = 410
_RECEIPTS = range(200, 300)


def outcome_of(status: int | None) -> Outcome:
    """What a status says: only a 2xx is a receipt; a redirect is none, it is not followed."""
    if status == _GONE:
        return Outcome.GONE
    return Outcome.DELIVERED if status in _RECEIPTS else Outcome.FAILED


class Consequence(StrEnum):
    """What a failure means for the receiver."""

    NONE = "none"
    NOTICE = "notice"
    DISABLE = "disable"


def consequence(outcome: Outcome, *, failing_since: datetime, now: datetime) -> Consequence:
    """What to do about a receiver after an attempt failed.

    One bad hour is nobody's task; after a day somebody should look; after days nobody is there.
    """
    if outcome is Outcome.GONE or now - failing_since >= DISABLE_AFTER:
        return Consequence.DISABLE
    return Consequence.NOTICE if now - failing_since >= NOTICE_AFTER else Consequence.NONE


def check_event_types(wanted: Collection[str]) -> None:
    """Refuse a wish for what never happens.

    Raises
    ------
    EventTypeUnknown
        It names each of them.
    """
    unknown = [(number, one) for number, one in enumerate(wanted) if not is_known(one)]
    if unknown:
        raise EventTypeUnknown(
            errors=[
                FieldError(
                    f"/event_types/{number}",
                    "unknown",
                    Text(f"没有事件类型 {one}", f"there is no event type {one}"),
                )
                for number, one in unknown
            ]
        )


def check_replay(since: tuple[int, int], *, now: tuple[int, int]) -> None:
    """Refuse to begin where nothing has been yet.

    Raises
    ------
    ReplayInFuture
        The position lies behind everything there is, e.g. from before a restore.
    """
    if since > now:
        raise ReplayInFuture


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an endpoint speaks for, and what they may hear of."""

    permissions: frozenset[Permission]
    everywhere: bool
    concerned: frozenset[UUID] = frozenset()
    """The schools, groups and teachers of an audience that does not see the whole district."""


DISTRICT = Audience(frozenset(Permission), everywhere=True)


@dataclass(frozen=True, slots=True)
class Happening:
    """One change, as far as it is told."""

    event: str
    at: datetime
    collection: str
    resource_id: UUID
    version: int
    op: str
    spread: bool
    reach: frozenset[UUID]


def hears(audience: Audience, happening: Happening, *, wanted: tuple[str, ...]) -> bool:
    """Whether an endpoint is told of a change."""
    if not is_wanted(happening.event, wanted):
        return False
    if audience is DISTRICT:
        return True
    noun = NOUNS.get(noun_of(happening.event))
    if noun is None or noun.reads is None or noun.reads not in audience.permissions:
        return False
    touched = happening.reach | {happening.resource_id}
    return audience.everywhere or noun.shared or bool(touched & audience.concerned)


def delivery_id(endpoint_id: UUID, position: tuple[int, int]) -> UUID:
    """The id of an event at an endpoint: the same at every retry, replay, and after a restore."""
    return uuid5(endpoint_id, f"{position[0]}.{position[1]}")


def message_id(delivery: UUID) -> str:
    """The ``webhook-id`` by which a receiver knows an event it has seen."""
    return f"evt_{delivery.hex}"


def payload(happening: Happening, *, base_url: str) -> bytes:
    """What is sent: that something happened and where to read it, no word about anybody."""
    path = f"/v1/{happening.collection}/{happening.resource_id}"
    return orjson.dumps(
        {
            "type": happening.event,
            "timestamp": happening.at.isoformat(),
            "data": {
                "collection": happening.collection,
                "id": str(happening.resource_id),
                "version": happening.version,
                "op": happening.op,
                "spread": happening.spread,
                "link": base_url + path,
            },
        }
    )
