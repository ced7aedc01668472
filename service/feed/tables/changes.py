"""What the feed keeps of itself: its epoch, and what callers reached when they last asked."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from service.kit.ids import new_id
from service.kit.tables import Instant, Table, index


class FeedState(Table, table=True):
    """The feed of a district: one row.

    ``source`` names the database cluster and its timeline. Where they differ from what the server
    says of itself, the district was restored, and a new epoch begins. ``trimmed_*`` is the last
    change that is kept no longer.
    """

    __tablename__ = "feed_state"

    district_id: UUID = Field(primary_key=True)
    epoch: UUID = Field(default_factory=new_id)
    source: str
    began_at: datetime = Field(sa_type=Instant)
    trimmed_xid: int = Field(default=0, sa_type=BigInteger)
    trimmed_seq: int = Field(default=0, sa_type=BigInteger)
    trimmed_at: datetime = Field(sa_type=Instant)


class FeedScope(Table, table=True):
    """What a caller reached when a token was made, by the mark that the token carries.

    Rows of a caller whose rights stay the same are one row; nobody reads them by their content.
    """

    __tablename__ = "feed_scope"
    __table_args__ = (index("ix_feed_scope_used", "used_on"),)

    district_id: UUID = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    content: dict[str, Any] = Field(sa_type=JSONB)
    used_on: date
