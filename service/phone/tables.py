"""Rows of the phone's side: the secret addresses under which calendar apps read a schedule."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field

from service.kit import clock
from service.kit.tables import Instant, Versioned, index, one_of, points_to, unique
from service.phone.rules.calendar_feeds import FeedLanguage


class CalendarFeed(Versioned, table=True):
    """One address under which somebody's calendar app reads their schedule, without signing in.

    Of the secret in the address only a hash is kept. Whose lessons are shown is decided at each
    reading by the account, so that an account that is closed shows nothing any more.
    """

    __tablename__ = "calendar_feed"
    __table_args__ = (
        points_to("account_id", "account", name="fk_calendar_feed_account"),
        one_of("ck_calendar_feed_language", "language", FeedLanguage),
        unique("uq_calendar_feed_secret", "secret_hash"),
        index("ix_calendar_feed_account", "account_id"),
    )
    __collection__: ClassVar[str] = "calendar-feeds"
    __private__: ClassVar[frozenset[str]] = frozenset({"secret_hash", "last_read_at"})

    account_id: UUID
    name: str
    language: str = FeedLanguage.ZH
    reminders: bool = True
    secret_hash: bytes
    created_at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    last_read_at: datetime | None = Field(default=None, sa_type=Instant)
    """When a calendar app read it last, to the hour; no version counts it."""
