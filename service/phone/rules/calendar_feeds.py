"""What a calendar feed shows and for how long, and how its secret is written."""

import hashlib
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import date, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from uuid import UUID

from service.timetable.rules import LessonStatus

FEEDS_AT_MOST = 10
"""A phone, a tablet, the school's computer, the family: more are forgotten ones."""
CANCELLED_KEPT = timedelta(days=30)
"""How long a calendar app is told that a lesson is off; by then every app has heard it."""
READ_AGAIN = timedelta(hours=1)
"""How often apps are asked to look, and how exactly it is noted when one did."""
LEAVE_REMINDER = timedelta(minutes=10)
"""How long before it is time to set off somebody is reminded."""

_BEFORE = timedelta(days=30)
_AFTER = timedelta(days=180)
_DAY = timedelta(days=1)
_ID_BYTES = 16
_SECRET_BYTES = 32
_SHARED_BITS = 64


class FeedLanguage(StrEnum):
    """The language a calendar is written in: the server that fetches it speaks for nobody."""

    ZH = "zh"
    EN = "en"


def feed_days(today: date) -> tuple[date, date]:
    """The days ``[from, until)`` that a feed shows."""
    return today - _BEFORE, today + _AFTER + _DAY


def is_told(status: LessonStatus, *, changed_at: datetime | None, now: datetime) -> bool:
    """Whether a lesson still stands in a feed: one that is off goes after a while."""
    if status is LessonStatus.SCHEDULED or changed_at is None:
        return True
    return now - changed_at < CANCELLED_KEPT


def new_secret(district_id: UUID) -> str:
    """256 random bits, behind the district in which they are looked up."""
    raw = district_id.bytes + secrets.token_bytes(_SECRET_BYTES)
    return urlsafe_b64encode(raw).decode()


def district_of(secret: str) -> UUID | None:
    """The district a secret is looked up in; ``None`` where it cannot be one of ours."""
    try:
        raw = urlsafe_b64decode(secret.encode("ascii"))
    except ValueError:
        return None
    return UUID(bytes=raw[:_ID_BYTES]) if len(raw) == _ID_BYTES + _SECRET_BYTES else None


def secret_hash(secret: str) -> bytes:
    """How a secret is kept and looked up: how long that takes says nothing about the secret."""
    return hashlib.sha256(secret.encode()).digest()


def guesser(address: str) -> str:
    """Who is behind an address: for IPv6 the network that one household has."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return address
    return str(IPv6Address(int(ip) >> _SHARED_BITS << _SHARED_BITS))
