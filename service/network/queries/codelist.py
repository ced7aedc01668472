"""Code lists: national ones, and the district's own with what they hold from the start."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.db import AsyncSession
from service.kit.language import say
from service.network import codes
from service.network.problems import (
    CodeListNotFound,
)
from service.network.schemas import (
    CodeListOut,
    CodeOut,
)
from service.network.tables import (
    CodeItem,
)


async def code_list(db: AsyncSession, *, district_id: UUID, name: str) -> CodeListOut:
    """A code list: a national one, or a district's own with what it holds from the start.

    Raises
    ------
    CodeListNotFound
        No list has this name.
    """
    if name in codes.NATIONAL:
        return _national(name)
    if name not in codes.DISTRICT_LISTS:
        raise CodeListNotFound
    statement = _items(district_id).where(col(CodeItem.list) == name)
    return _own(name, (await db.exec(statement)).all())


def _items(district_id: UUID) -> SelectOfScalar[CodeItem]:
    return select(CodeItem).where(col(CodeItem.district_id) == district_id)


async def code_lists(db: AsyncSession, *, district_id: UUID) -> Sequence[CodeListOut]:
    """Every code list."""
    rows = (await db.exec(_items(district_id))).all()
    own = [_own(name, [row for row in rows if row.list == name]) for name in codes.DISTRICT_LISTS]
    return [*map(_national, codes.NATIONAL), *own]


def _national(name: str) -> CodeListOut:
    items = [CodeOut.given(code, rank=rank) for rank, code in enumerate(codes.NATIONAL[name])]
    return CodeListOut(name=name, title=say(codes.title_of(name)), national=True, items=items)


def _own(name: str, rows: Sequence[CodeItem]) -> CodeListOut:
    replaced = {row.code for row in rows}
    items = [CodeOut.of(row) for row in rows]
    items += [
        CodeOut.given(code, rank=rank)
        for rank, code in enumerate(codes.DEFAULTS.get(name, ()))
        if code.code not in replaced
    ]
    return CodeListOut(
        name=name,
        title=say(codes.title_of(name)),
        national=False,
        items=sorted(items, key=lambda item: (item.rank, item.code)),
    )


async def known_codes(db: AsyncSession, *, district_id: UUID, name: str) -> set[str]:
    """The codes of a list that may be chosen today."""
    found = await code_list(db, district_id=district_id, name=name)
    return {item.code for item in found.items if item.active}
