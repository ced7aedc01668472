"""Keyset paging: page 1000 costs what page 1 costs (AIP-158).

A cursor is the key of the last row, signed and bound to the caller, the filters and the order.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession as SqlAlchemySession
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit.problems import CursorMismatch, FieldError, Text, ValidationFailed
from service.kit.settings import signing_secret

_SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    name: str
    column: ColumnElement[Any]
    descending: bool


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of rows, and the cursor of the next one; none at the end."""

    rows: Sequence[Any]
    next_cursor: str | None


def parse_sort(
    sort: str, *, sorts: Mapping[str, ColumnElement[Any]], tie: ColumnElement[Any]
) -> list[Order]:
    """Read ``-starts_at,name`` against the list of what may be sorted by.

    Raises
    ------
    ValidationFailed
        A name that is not in the list.
    """
    orders: list[Order] = []
    for item in filter(None, (part.strip() for part in sort.split(","))):
        name = item.removeprefix("-")
        if name not in sorts:
            known = ", ".join(sorts)
            message = Text(
                f"不能按 {name} 排序,可用:{known}", f"cannot sort by {name}; use {known}"
            )
            raise ValidationFailed(errors=[FieldError("query/sort", "unknown-sort", message)])
        orders.append(Order(name, sorts[name], item.startswith("-")))
    last = orders[-1].descending if orders else False
    return [*orders, Order("id", tie, last)]


def _encode(value: Any) -> Any:
    match value:
        case datetime():
            return ["t", value.isoformat()]
        case date():
            return ["d", value.isoformat()]
        case UUID():
            return ["u", str(value)]
        case _:
            return value


def _decode(value: Any) -> Any:
    match value:
        case ["t", str(raw)]:
            return datetime.fromisoformat(raw)
        case ["d", str(raw)]:
            return date.fromisoformat(raw)
        case ["u", str(raw)]:
            return UUID(raw)
        case _:
            return value


def _signature(payload: bytes, binding: str) -> bytes:
    message = payload + b"\0" + binding.encode()
    return hmac.new(signing_secret(), message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def write_cursor(values: Sequence[Any], *, binding: str) -> str:
    """The opaque cursor after a row with these key values."""
    payload = orjson.dumps([_encode(value) for value in values])
    raw = _signature(payload, binding) + payload
    return _text(raw)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_cursor(cursor: str, *, binding: str, length: int) -> list[Any]:
    """The key values of a cursor.

    Raises
    ------
    CursorMismatch
        It was made up, cut, or belongs to another caller, filter or order.
    """
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        # The last letter holds spare bits: without comparing the text, two cursors would mean one.
        genuine = _text(raw) == cursor and hmac.compare_digest(
            signature, _signature(payload, binding)
        )
        values = [_decode(value) for value in orjson.loads(payload)] if genuine else []
    except ValueError:
        raise CursorMismatch from None
    if len(values) != length:
        raise CursorMismatch
    return values


def after(orders: Sequence[Order], values: Sequence[Any]) -> ColumnElement[bool]:
    """The condition of all rows behind a key, in the given order."""
    directions = {order.descending for order in orders}
    if len(directions) == 1:
        keys = tuple_(*(order.column for order in orders))
        given = tuple_(*values)
        return keys < given if directions.pop() else keys > given
    condition: ColumnElement[bool] = false()
    for order, value in zip(reversed(orders), reversed(values), strict=True):
        beyond = order.column < value if order.descending else order.column > value
        condition = or_(beyond, and_(order.column == value, condition))
    return condition


async def fetch(
    db: AsyncSession,
    statement: Select[Any],
    *,
    orders: Sequence[Order],
    limit: int,
    cursor: str | None,
    binding: str,
) -> Slice:
    """One page; one row more than asked for tells whether there is a next."""
    keyed = statement.add_columns(*(order.column for order in orders))
    if cursor is not None:
        values = read_cursor(cursor, binding=binding, length=len(orders))
        keyed = keyed.where(after(orders, values))
    keyed = keyed.order_by(
        *(order.column.desc() if order.descending else order.column.asc() for order in orders)
    ).limit(limit + 1)
    # SQLModel's own `exec` would keep the first column only, and the keys are the others.
    found = (await SqlAlchemySession.execute(db, keyed)).all()
    page, more = found[:limit], len(found) > limit
    width = len(orders)
    rows = [row[0] if len(row) == width + 1 else row[:-width] for row in page]
    following = write_cursor(page[-1][-width:], binding=binding) if more else None
    return Slice(rows, following)


async def count(db: AsyncSession, statement: Select[Any]) -> int:
    """How many rows there are in all; asked for only by ``Prefer: count=exact``."""
    inner = statement.order_by(None).subquery()
    found = await (await db.connection()).execute(select(func.count()).select_from(inner))
    return int(found.scalar_one())
