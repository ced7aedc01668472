"""The audit trail: who did what, when, what was there before and after, and why. Append-only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Text, insert
from sqlalchemy.dialects.postgresql import JSONB, Range
from sqlmodel import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import clock
from service.kit.auth import Caller
from service.kit.ids import new_id
from service.kit.observe import request_id
from service.kit.tables import Instant, Table, Tenant, index


class Audit(Tenant, table=True):
    """One write. The service's role may insert and read here, never change or remove."""

    __tablename__ = "audit"
    __table_args__ = (index("ix_audit_resource", "collection", "resource_id", "at"),)

    at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    actor_id: str
    actor_name: str
    event: str
    collection: str
    resource_id: UUID | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    after: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    reason: str | None = Field(default=None, sa_type=Text)
    request_id: str = ""


def plain(value: Any) -> Any:
    """A value as JSON can hold it; ranges as ``[from, until)`` pairs."""
    answer: Any = value
    match value:
        case Enum():
            answer = value.value
        case datetime() | date() | time():
            answer = value.isoformat()
        case UUID() | Decimal():
            answer = str(value)
        case Range():
            answer = [plain(value.lower), plain(value.upper)]
        case dict():
            answer = {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            answer = [plain(item) for item in value]
        case _:
            pass
    return answer


def snapshot(row: Table) -> dict[str, Any]:
    """The row's columns as JSON, without those that must not be kept."""
    columns = row.__table__.columns  # type: ignore[attr-defined]
    return {
        column.key: plain(getattr(row, column.key))
        for column in columns
        if column.key not in row.__private__ and column.computed is None
    }


@dataclass(frozen=True, slots=True)
class Told:
    """What one audit row tells of one resource."""

    resource_id: UUID | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


async def note(
    db: AsyncSession,
    *,
    by: Caller,
    event: str,
    collection: str,
    told: Sequence[Told],
    reason: str | None = None,
) -> None:
    """Write audit rows in the transaction of what they tell."""
    shared = {
        "district_id": by.district_id,
        "at": clock.now(),
        "actor_id": by.key,
        "actor_name": by.name,
        "event": event,
        "collection": collection,
        "reason": reason,
        "request_id": request_id.get(),
    }
    rows = [
        {
            **shared,
            "id": new_id(),
            "resource_id": one.resource_id,
            "before": plain(one.before),
            "after": plain(one.after),
        }
        for one in told
    ]
    await (await db.connection()).execute(insert(Audit), rows)
