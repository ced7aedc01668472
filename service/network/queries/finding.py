"""How statements with several columns are read, and how names are looked for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, or_
from sqlmodel import col

from service.kit.db import AsyncSession


async def rows_of(db: AsyncSession, statement: Select[Any]) -> Sequence[Any]:
    """The rows of a statement that selects several columns."""
    return (await db.exec(statement)).all()  # type: ignore[call-overload,no-any-return]


def named_like(q: str, *columns: Any) -> ColumnElement[bool]:
    """A name, or the beginning of its pinyin, as people type it."""
    name, pinyin = (col(column) for column in columns)
    return or_(
        name.icontains(q, autoescape=True),
        pinyin.icontains(q.replace(" ", "").lower(), autoescape=True),
    )
