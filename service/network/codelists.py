"""A district's own code lists; national ones are data and stay as they are."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.network import codes
from service.network.problems import CodeListNotFound, CodeTaken, NationalCodeFixed
from service.network.schemas import CodeIn
from service.network.tables import CodeItem


def _check_own(name: str) -> None:
    if name in codes.NATIONAL:
        raise NationalCodeFixed
    if name not in codes.DISTRICT_LISTS:
        raise CodeListNotFound


async def add_code(db: AsyncSession, *, caller: Caller, name: str, new: CodeIn) -> CodeItem:
    """Add an entry to a district's own list.

    Raises
    ------
    CodeListNotFound, NationalCodeFixed
        The list does not exist, or is not the district's.
    CodeTaken
        It has this code already.
    """
    _check_own(name)
    if new.code in {code.code for code in codes.DEFAULTS.get(name, ())}:
        raise CodeTaken
    item = CodeItem(district_id=caller.district_id, list=name, **new.model_dump())
    db.add(item)
    await db.flush()
    await record(db, "code.added", item, by=caller)
    return item


async def change_code(
    db: AsyncSession,
    *,
    caller: Caller,
    place: tuple[str, str],
    expected: Precondition,
    changes: Mapping[str, Any],
) -> CodeItem:
    """Change an entry of a district's own list; ``place`` is the list and the code.

    An entry that the list holds from the start becomes the district's own when it is changed.

    Raises
    ------
    CodeListNotFound, NationalCodeFixed
        The list or the code does not exist, or is not the district's.
    """
    name, code = place
    _check_own(name)
    statement = (
        select(CodeItem)
        .where(col(CodeItem.list) == name, col(CodeItem.code) == code)
        .with_for_update()
    )
    item = (await db.exec(statement)).one_or_none() or _given(caller, name, code)
    expected.check(item.version)
    before = change_fields(item, changes)
    if before:
        db.add(item)
        await db.flush()
        await record(db, "code.changed", item, by=caller, before=before)
    return item


def _given(caller: Caller, name: str, code: str) -> CodeItem:
    for rank, one in enumerate(codes.DEFAULTS.get(name, ())):
        if one.code == code:
            zh, en = one.label
            return CodeItem(
                district_id=caller.district_id,
                list=name,
                code=code,
                zh=zh,
                en=en,
                rank=rank,
                version=0,
            )
    raise CodeListNotFound
