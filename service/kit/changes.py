"""The change feed's rows: what changed, in commit order, in the same transaction as the change.

A serial number is not commit order. Readers page on ``(xid, seq)`` strictly below the oldest
transaction still running, so that a late committer is never skipped.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Identity, Uuid, literal, text, tuple_
from sqlalchemy import Text as Words
from sqlmodel import Field, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import clock
from service.kit.db import CHANGED, Database
from service.kit.observe import request_id
from service.kit.problems import Text, refuses_value
from service.kit.synctoken import START, Position
from service.kit.tables import Instant, Table, Xid8, index, one_of


class Op(StrEnum):
    """What a reader does with the row: keep the new state, or forget it."""

    UPSERT = "upsert"
    DELETE = "delete"


class Change(Table, table=True):
    """One committed change of one resource.

    ``spread`` marks a change of everything laid from the resource: a weekly slot's lessons are one
    row here, not twenty, and the reader opens it.
    """

    __tablename__ = "change"
    __table_args__ = (
        one_of("ck_change_op", "op", Op),
        index("ix_change_position", "xid", "seq"),
        index("ix_change_resource", "collection", "resource_id"),
    )

    district_id: UUID = Field(primary_key=True)
    seq: int | None = Field(
        default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)]
    )
    xid: int | None = Field(
        default=None,
        sa_type=Xid8,
        nullable=False,
        sa_column_kwargs={"server_default": text("pg_current_xact_id()")},
    )
    at: datetime = Field(default_factory=clock.now, sa_type=Instant)
    collection: str
    resource_id: UUID
    version: int
    op: str
    event: str
    spread: bool = False
    reach: list[UUID] = Field(default_factory=list, sa_type=ARRAY(Uuid))
    actor: str = ""
    reason: str | None = Field(default=None, sa_type=Words)
    request_id: str = ""


# One statement for an event however many rows it has; they are numbered in the order given.
_NOTE = text("""INSERT INTO change
  (district_id, at, collection, resource_id, version, op, event, spread, reach, actor, reason,
   request_id)
SELECT CAST(:district AS uuid), CAST(:at AS timestamptz), CAST(:collection AS text), resource_id,
  version, CAST(:op AS text), CAST(:event AS text), CAST(:spread AS bool), CAST(reach AS uuid[]),
  CAST(:actor AS text), CAST(:reason AS text), CAST(:request AS text)
FROM unnest(CAST(:resources AS uuid[]), CAST(:versions AS int[]), CAST(:reaches AS text[]))
  AS changed (resource_id, version, reach)""")
_NOBODY: Mapping[UUID, Collection[UUID]] = {}


async def note(
    db: AsyncSession,
    *,
    district_id: UUID,
    event: str,
    collection: str,
    resources: Collection[tuple[UUID, int]],
    op: Op = Op.UPSERT,
    reach: Mapping[UUID, Collection[UUID]] = _NOBODY,
    actor: str = "",
    reason: str | None = None,
    spread: bool = False,
) -> None:
    """Write the change rows of one event; ``resources`` are pairs of id and new version.

    ``reach`` says, by the id of a resource, whom it concerns.
    """
    if not resources:
        return
    values = {
        "district": district_id,
        "at": clock.now(),
        "collection": collection,
        "resources": [id_ for id_, _ in resources],
        "versions": [version for _, version in resources],
        "op": op.value,
        "event": event,
        "spread": spread,
        "reaches": [_array(reach.get(id_, ())) for id_, _ in resources],
        "actor": actor,
        "reason": reason,
        "request": request_id.get(),
    }
    await (await db.connection()).execute(_NOTE, values)
    db.info.setdefault(CHANGED, set()).add(district_id)


def _array(ids: Iterable[UUID]) -> str:
    """Ids as PostgreSQL reads an array of them: arrays of many lengths go as a list of texts."""
    return "{" + ",".join(sorted(map(str, ids))) + "}"


async def read_after(
    db: AsyncSession, *, position: Position = START, limit: int = 500
) -> Sequence[Change]:
    """The settled changes after a position, in commit order.

    Rows of transactions that may still commit, and all rows behind them, wait for the next read.
    """
    statement = (
        select(Change)
        .where(
            col(Change.xid) < text("huangge_settled_before()"),
            tuple_(col(Change.xid), col(Change.seq))
            > tuple_(literal(position.xid, Xid8()), literal(position.seq, BigInteger())),
        )
        .order_by(col(Change.xid), col(Change.seq))
        .limit(limit)
    )
    return (await db.exec(statement)).all()


_LAG = text("""SELECT coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)
FROM pg_stat_activity WHERE backend_xid IS NOT NULL""")


async def lag(database: Database) -> float:
    """For how many seconds the feed has been waiting for a transaction to end."""
    # As whoever signed in to the database: the role of requests sees no other sessions.
    async with database.engine.connect() as connection:
        return float((await connection.execute(_LAG)).scalar_one())


refuses_value("ck_change_op", "/op", Text("upsert 或 delete", "upsert or delete"))
