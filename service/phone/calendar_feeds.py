"""Changing one's calendar feeds, and who guesses their addresses."""

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession
from service.kit.journal import record
from service.phone.problems import NotATeacher
from service.phone.problems.calendar_feeds import TooManyCalendarFeeds, TooManyGuesses
from service.phone.queries import calendar_feeds as queries
from service.phone.rules.calendar_feeds import (
    FEEDS_AT_MOST,
    FeedLanguage,
    new_secret,
    secret_hash,
)
from service.phone.tables import CalendarFeed


async def create_feed(
    db: AsyncSession, *, caller: Caller, name: str, language: FeedLanguage, reminders: bool
) -> tuple[CalendarFeed, str]:
    """Make another address. Its secret is told once; only the hash is kept.

    Raises
    ------
    NotATeacher
        The account belongs to nobody who teaches: the calendar would be empty.
    TooManyCalendarFeeds
        The account has as many as anybody needs.
    """
    if caller.teacher_id is None or caller.account_id is None:
        raise NotATeacher
    if await queries.count_of_locked(db, caller=caller) >= FEEDS_AT_MOST:
        raise TooManyCalendarFeeds
    secret = new_secret(caller.district_id)
    feed = CalendarFeed(
        district_id=caller.district_id,
        account_id=caller.account_id,
        name=name,
        language=language,
        reminders=reminders,
        secret_hash=secret_hash(secret),
    )
    db.add(feed)
    await db.flush()
    await record(db, "calendar-feed.created", feed, by=caller)
    return feed, secret


async def rotate_feed(
    db: AsyncSession, *, caller: Caller, feed_id: UUID, expected: Precondition
) -> tuple[CalendarFeed, str]:
    """Give a feed another address; the former one leads nowhere from now on."""
    feed = await queries.own_feed(db, caller=caller, feed_id=feed_id, to_change=True)
    expected.check(feed.version)
    secret = new_secret(caller.district_id)
    feed.secret_hash = secret_hash(secret)
    feed.last_read_at = None
    feed.version += 1
    await record(db, "calendar-feed.rotated", feed, by=caller)
    return feed, secret


async def revoke_feed(
    db: AsyncSession, *, caller: Caller, feed_id: UUID, expected: Precondition
) -> None:
    """Let an address lead nowhere from now on."""
    feed = await queries.own_feed(db, caller=caller, feed_id=feed_id, to_change=True)
    expected.check(feed.version)
    await db.delete(feed)
    feed.version += 1
    await record(db, "calendar-feed.revoked", feed, by=caller, gone=True)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


@dataclass(slots=True)
class Guesses:
    """How often addresses that lead nowhere may be asked for from one place.

    Only misses count, and an address that was right before is never refused: a school is one place,
    and one phone there with an old subscription must not lock out its colleagues. Each process
    counts for itself: with 256 bits to guess, what matters is that it is slow and cheap for us.
    """

    size: int = 30
    seconds_per_miss: int = 20
    at_most: int = 20_000
    buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    known: OrderedDict[bytes, None] = field(default_factory=OrderedDict)

    def check(self, place: str, hash_: bytes) -> None:
        """Refuse to look up one more.

        Raises
        ------
        TooManyGuesses
            Too many missed from this place lately.
        """
        left = self._left(place)
        if left < 1 and hash_ not in self.known:
            raise TooManyGuesses(retry_after=max(1, round((1 - left) * self.seconds_per_miss)))

    def missed(self, place: str) -> None:
        """Count an address that leads nowhere."""
        self.buckets[place] = _Bucket(self._left(place) - 1, clock.now())
        self._trim(self.buckets, place)

    def found(self, hash_: bytes) -> None:
        """Remember an address that is right."""
        self.known[hash_] = None
        self._trim(self.known, hash_)

    def gone(self, hash_: bytes) -> None:
        """Forget one that is right no more."""
        self.known.pop(hash_, None)

    def _left(self, place: str) -> float:
        bucket = self.buckets.get(place)
        if bucket is None:
            return self.size
        refilled = max(0.0, (clock.now() - bucket.at).total_seconds()) / self.seconds_per_miss
        return min(self.size, bucket.left + refilled)

    def _trim(self, kept: OrderedDict[Any, Any], newest: str | bytes) -> None:
        kept.move_to_end(newest)
        while len(kept) > self.at_most:
            kept.popitem(last=False)


guesses = Guesses()
