"""The ``Sync-Token`` a write answers: a place in the feed at or after the write itself.

Whoever shows it later asks to be answered by no older state. A token is opaque and signed. Compare
positions, never texts; whether a database snapshot shows a write is answered by ``shows``.

A token from before a restore names a transaction that has not happened yet: no snapshot will show
it soon. Readers treat what lies beyond a snapshot's end as unknown, not as something to wait for.
"""

import base64
import hashlib
import hmac
import struct
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import text

from service.kit.problems import SyncTokenInvalid
from service.kit.settings import signing_secret

HEADER = "Sync-Token"

_FORMAT = struct.Struct(">BQQ")
_VERSION = 1
_SIGNATURE_BYTES = 12

OWN_TRANSACTION = text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)")
"""The number of the transaction it is asked in; none before its first write."""
WRITING_TRANSACTION = text("SELECT CAST(pg_current_xact_id() AS text)")
"""The same of a transaction that is about to write."""


class Position(NamedTuple):
    """A place in the feed; the next row is strictly after it."""

    xid: int
    seq: int


START = Position(0, 0)


def make(position: Position) -> str:
    """The token of a position."""
    payload = _FORMAT.pack(_VERSION, *position)
    return _spell(_signature(payload) + payload)


def read(token: str) -> Position:
    """The position a token was made of.

    Raises
    ------
    SyncTokenInvalid
        It was not made here, or it was cut.
    """
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise SyncTokenInvalid from None
    signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    genuine = (
        len(payload) == _FORMAT.size
        and payload[0] == _VERSION
        # The last letter holds spare bits: without comparing the text, two tokens would mean one.
        and hmac.compare_digest(_spell(raw).encode(), token.encode())
        and hmac.compare_digest(signature, _signature(payload))
    )
    if not genuine:
        raise SyncTokenInvalid
    _, xid, seq = _FORMAT.unpack(payload)
    return Position(xid, seq)


def _spell(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _signature(payload: bytes) -> bytes:
    message = b"sync-token\0" + payload
    return hmac.new(signing_secret(), message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def shows(snapshot: str, position: Position) -> bool:
    """Whether a snapshot, as ``pg_current_snapshot()`` spells it, holds what a write left.

    False both for a write that was not yet committed then and for one from before a restore; the
    latter is ``beyond`` every snapshot.
    """
    oldest, end, running = snapshot.split(":")
    if position.xid < int(oldest):
        return True
    return position.xid < int(end) and str(position.xid) not in running.split(",")


def beyond(snapshot: str, position: Position) -> bool:
    """Whether a position lies past everything that had begun when the snapshot was taken."""
    return position.xid >= int(snapshot.split(":")[1])


@dataclass(slots=True)
class Written:
    """What the present request has committed so far."""

    position: Position | None = None

    def add(self, xid: int) -> None:
        """One more committed transaction."""
        self.position = max(self.position or START, Position(xid, 0))


written: ContextVar[Written | None] = ContextVar("written", default=None)
"""Set at the edge for the time of a request; without it nobody wants to know."""
