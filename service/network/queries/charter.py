"""Charters of the groups within reach, their clauses and signatures."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.network.access import (
    visible_groups,
)
from service.network.problems import (
    CharterNotFound,
)
from service.network.queries.group import group_to_change
from service.network.rules import (
    in_force,
)
from service.network.schemas import (
    version_of,
)
from service.network.tables import (
    Charter,
    CharterClause,
    CharterSignature,
    Group,
)

READ = Permission.NETWORK_READ


def charters(*, group_id: UUID) -> SelectOfScalar[Charter]:
    """Every version of a group's charter."""
    return select(Charter).where(col(Charter.group_id) == group_id)


async def charters_of(db: AsyncSession, *, group_id: UUID) -> Sequence[Charter]:
    """Every version of a group's charter, as it is now."""
    statement = charters(group_id=group_id).execution_options(populate_existing=True)
    return (await db.exec(statement)).all()


async def charter_in_force(db: AsyncSession, *, group_id: UUID, day: date) -> int | None:
    """The number of the version that is in force on a day."""
    return in_force(map(version_of, await charters_of(db, group_id=group_id)), on=day)


async def charters_in_force(
    db: AsyncSession, *, group_ids: Collection[UUID], day: date
) -> dict[UUID, int]:
    """The number of the version that is in force on a day, of each group that has one."""
    statement = select(Charter).where(col(Charter.group_id).in_(group_ids))
    by_group: dict[UUID, list[Charter]] = defaultdict(list)
    for charter in (await db.exec(statement)).all():
        by_group[charter.group_id].append(charter)
    numbers = {
        group_id: in_force(map(version_of, versions), on=day)
        for group_id, versions in by_group.items()
    }
    return {group_id: number for group_id, number in numbers.items() if number is not None}


async def visible_charter(db: AsyncSession, *, caller: Caller, charter_id: UUID) -> Charter:
    """A version of the charter of a group within reach.

    Raises
    ------
    CharterNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Charter).where(
        col(Charter.id) == charter_id, col(Charter.group_id).in_(visible_groups(caller, READ))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CharterNotFound
    return found


async def clauses_of(db: AsyncSession, *, charter_id: UUID) -> Sequence[CharterClause]:
    """The clauses of a charter, in their order."""
    statement = (
        select(CharterClause)
        .where(col(CharterClause.charter_id) == charter_id)
        .order_by(col(CharterClause.rank))
    )
    return (await db.exec(statement)).all()


async def signatures_of(db: AsyncSession, *, charter_id: UUID) -> Sequence[CharterSignature]:
    """The signatures under a charter, in the order they were given."""
    statement = (
        select(CharterSignature)
        .where(col(CharterSignature.charter_id) == charter_id)
        .order_by(col(CharterSignature.id))
    )
    return (await db.exec(statement)).all()


async def hold_charter(db: AsyncSession, *, charter: Charter) -> None:
    """Lock the charter's group, as everybody does who changes one of its charters."""
    await lock(db, Group, charter.group_id)
    await db.refresh(charter)


async def charter_to_change(db: AsyncSession, *, caller: Caller, charter_id: UUID) -> Charter:
    """A version of a charter that the caller may write, with the group locked.

    Raises
    ------
    CharterNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    charter = await visible_charter(db, caller=caller, charter_id=charter_id)
    permission = Permission.NETWORK_CHARTER_WRITE
    await group_to_change(db, caller=caller, group_id=charter.group_id, permission=permission)
    await db.refresh(charter)
    return charter
