"""How the rows of a collection are read for a caller: what each module gives to the feed.

A module lists its readers in ``readers.py``; ``wiring`` finds them. What a reader shows is what the
collection's GET shows, and its statement holds the one rule of who sees a row.

The feed tells a client by itself what it gains and loses when rights, or the schools, groups and
teachers within reach, change. For that, whether a row is seen may depend on the row's own columns,
on what it points to for good, and on ``visible_schools``, ``visible_groups`` and
``visible_teachers``; and a change names in ``reach`` the schools, groups and teachers that the row
was about before, and is about now.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit.auth import Caller, Permission
from service.kit.tables import Table

Outs = Callable[[Sequence[Any]], Awaitable[Sequence[BaseModel]]]


@dataclass(frozen=True, slots=True)
class Spelled:
    """Rows of which there are so many that making objects of them takes too long."""

    of: Callable[[Any], Any]
    """Makes a select of rows one of their ids, versions and, in the order of ids, their JSON."""


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows a caller sees, and how some of them are shown."""

    statement: Any
    """A select of the rows; a reader adds which of them, and in which order."""
    outs: Outs | Spelled

    def only(self, *columns: Any) -> Any:
        """A select of columns of the reader's own table, for the rows the caller sees."""
        return self.statement.with_only_columns(*columns, maintain_column_froms=True)


def each(of: Callable[[Any], BaseModel]) -> Outs:
    """Rows that are shown one by one."""

    async def outs(rows: Sequence[Any]) -> Sequence[BaseModel]:
        return [of(row) for row in rows]

    return outs


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """One collection of the feed."""

    table: Any
    """With ``id`` and ``version``; its ``__collection__`` is the name."""
    permission: Permission
    """Without it nothing of the collection is seen."""
    rows: Callable[[AsyncSession, Caller], Awaitable[Rows]]
    spread_over: Any = None
    """The column that says from which resource a row was laid, where changes are spread."""

    @property
    def collection(self) -> str:
        """The plural name of the API path."""
        table: type[Table] = self.table
        return table.__collection__

    @property
    def id(self) -> Any:
        """The column of ids."""
        return col(self.table.id)

    @property
    def version(self) -> Any:
        """The column of versions."""
        return col(self.table.version)
