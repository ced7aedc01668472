"""One effect per key: the answer is stored in the transaction of its effect.

A refused request leaves nothing, so its key may be used again; only answers that changed something
are replayed. The rule is the IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, delete, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import clock
from service.kit.problems import IdempotencyInProgress, IdempotencyKeyReused
from service.kit.tables import Instant, Table, index

KEPT_FOR = timedelta(days=7)
"""A phone that was offline for a week still finds its answer."""


class StoredAnswer(Table, table=True):
    """The answer to the first request with a key, replayed to the next."""

    __tablename__ = "stored_answer"
    __table_args__ = (index("ix_stored_answer_at", "at"),)

    district_id: UUID = Field(primary_key=True)
    caller: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    status: int
    headers: dict[str, Any] = Field(sa_type=JSONB)
    body: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(default_factory=clock.now, sa_type=Instant)


@dataclass(frozen=True, slots=True)
class Claim:
    """A key taken by the request that is running."""

    district_id: UUID
    caller: str
    key: str
    fingerprint: str


class Replay(Exception):
    """The request was answered before, and this is what was said."""

    def __init__(self, answer: StoredAnswer) -> None:
        super().__init__(answer.key)
        self.status = answer.status
        self.headers: dict[str, str] = dict(answer.headers)
        self.body = answer.body


def fingerprint(method: str, target: str, body: bytes) -> str:
    """What makes two requests the same."""
    head = f"{method} {target}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


async def claim(db: AsyncSession, wanted: Claim) -> None:
    """Take a key for this transaction.

    Raises
    ------
    IdempotencyInProgress
        Another transaction holds the key right now.
    IdempotencyKeyReused
        The key was used for a request with other content.
    Replay
        The same request was answered before.
    """
    taken = await (await db.connection()).execute(
        text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"{wanted.district_id}/{wanted.caller}/{wanted.key}"},
    )
    if not taken.scalar_one():
        raise IdempotencyInProgress(headers={"Retry-After": "1"})
    statement = select(StoredAnswer).where(
        col(StoredAnswer.district_id) == wanted.district_id,
        col(StoredAnswer.caller) == wanted.caller,
        col(StoredAnswer.key) == wanted.key,
    )
    answer = (await db.exec(statement)).one_or_none()
    if answer is None:
        return
    if answer.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused
    raise Replay(answer)


async def store(
    db: AsyncSession, claimed: Claim, *, status: int, headers: dict[str, str], body: bytes
) -> None:
    """Keep the answer with the effect it tells of."""
    await (await db.connection()).execute(
        insert(StoredAnswer),
        {
            "district_id": claimed.district_id,
            "caller": claimed.caller,
            "key": claimed.key,
            "fingerprint": claimed.fingerprint,
            "status": status,
            "headers": headers,
            "body": body,
            "at": clock.now(),
        },
    )


async def forget_old(db: AsyncSession) -> None:
    """Remove the answers nobody will ask for again."""
    await db.exec(delete(StoredAnswer).where(col(StoredAnswer.at) < clock.now() - KEPT_FOR))
