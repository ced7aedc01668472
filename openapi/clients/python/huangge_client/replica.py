"""The replica: rows in SQLite, and the token that says how far they go, in one transaction.

After a 410 the rows stay until the new snapshot is whole: each round of syncing has a number, rows
that come get the present one, and those of an older round go when the snapshot has ended.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from huangge_client.model import Page

_SCHEMA = """
CREATE TABLE IF NOT EXISTS row (
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  data TEXT NOT NULL,
  round INTEGER NOT NULL,
  PRIMARY KEY (collection, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  token TEXT,
  round INTEGER NOT NULL,
  whole INTEGER NOT NULL
);
INSERT OR IGNORE INTO position VALUES (1, NULL, 1, 0);
"""
_UPSERT = """INSERT INTO row VALUES (?, ?, ?, ?, ?)
ON CONFLICT DO UPDATE SET version = excluded.version, data = excluded.data, round = excluded.round
"""
_DELETE = "DELETE FROM row WHERE collection = ? AND id = ?"
_WORD = 2**64


@dataclass(frozen=True, slots=True)
class Digest:
    """What a collection comes to."""

    count: int
    checksum: str


NOTHING = Digest(0, f"{0:016x}")


def digest_of(versions: Iterable[tuple[str, int]]) -> Digest:
    """The digest of rows given as id and version, in any order.

    The sum, modulo 2^64, of the first eight bytes (big-endian, unsigned) of SHA-256 of
    ``<id>:<version>``; the id in lower case with hyphens, the version in decimal.
    """
    count = total = 0
    for id_, version in versions:
        hashed = hashlib.sha256(f"{id_}:{version}".encode()).digest()
        total += int.from_bytes(hashed[:8], "big")
        count += 1
    return Digest(count, f"{total % _WORD:016x}")


class Replica:
    """What has arrived so far."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        """Keep the file open."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @property
    def token(self) -> str | None:
        """From where to go on; nothing where a snapshot is to begin."""
        (token,) = self._db.execute("SELECT token FROM position").fetchone()
        return None if token is None else str(token)

    @property
    def is_whole(self) -> bool:
        """Whether a snapshot has come to its end."""
        (whole,) = self._db.execute("SELECT whole FROM position").fetchone()
        return bool(whole)

    def apply(self, page: Page) -> None:
        """Take a page over, wholly or not at all: its rows and its token are one transaction."""
        (number, whole) = self._db.execute("SELECT round, whole FROM position").fetchone()
        with self._transaction():
            for change in page.items:
                if change.op == "delete":
                    self._db.execute(_DELETE, (change.collection, change.id))
                    continue
                data = json.dumps(change.data, ensure_ascii=False, separators=(",", ":"))
                row = (change.collection, change.id, change.version, data, number)
                self._db.execute(_UPSERT, row)
            if not page.has_more and not whole:
                self._db.execute("DELETE FROM row WHERE round < ?", (number,))
            done = whole or not page.has_more
            self._db.execute("UPDATE position SET token = ?, whole = ?", (page.next_token, done))

    def start_over(self) -> None:
        """Forget the token; the rows stay until the new snapshot has come to its end."""
        with self._transaction():
            self._db.execute("UPDATE position SET token = NULL, whole = 0, round = round + 1")

    def remove(self, collection: str, id_: str) -> None:
        """Forget a row; the next snapshot brings it again."""
        self._db.execute(_DELETE, (collection, id_))

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)

    def rows(self, collection: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a collection, in the order of their ids."""
        found = self._db.execute(
            "SELECT data FROM row WHERE collection = ? ORDER BY id", (collection,)
        )
        for (data,) in found:
            yield json.loads(data)

    def versions(self, collection: str) -> dict[str, int]:
        """The versions of the rows of a collection, by id."""
        found = self._db.execute("SELECT id, version FROM row WHERE collection = ?", (collection,))
        return dict(found.fetchall())

    def digests(self) -> dict[str, Digest]:
        """What each collection comes to."""
        names = self._db.execute("SELECT DISTINCT collection FROM row").fetchall()
        return {name: digest_of(self.versions(name).items()) for (name,) in names}


class _Transaction:
    """``BEGIN IMMEDIATE``, so that two processes on one file take turns."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.execute("COMMIT" if kind is None else "ROLLBACK")
