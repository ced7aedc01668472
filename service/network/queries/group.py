"""Groups within reach, and who heads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, true
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.problems import Forbidden
from service.network.access import (
    governed_groups,
    visible_groups,
)
from service.network.problems import (
    GroupHeadNotFound,
    GroupNotFound,
)
from service.network.queries.finding import named_like
from service.network.rules import (
    GroupKind,
    GroupState,
    group_state_on,
)
from service.network.tables import (
    Group,
    GroupHead,
    Membership,
)

READ = Permission.NETWORK_READ


@dataclass(frozen=True, slots=True)
class GroupFilter:
    """Which groups are asked for."""

    q: str | None = None
    kind: GroupKind | None = None
    category: str | None = None
    state: GroupState | None = None
    school_id: UUID | None = None
    as_of: date | None = None
    """Only groups that exist on this day."""


def _state_on(day: date) -> Any:
    """The same as ``rules.group_state_on``, inside a statement."""
    waits = and_(col(Group.state) == GroupState.DISSOLVED.value, col(Group.dissolved_on) > day)
    return case((waits, GroupState.ACTIVE.value), else_=col(Group.state))


def groups(caller: Caller, *, day: date, wanted: GroupFilter) -> Select[Any]:
    """Rows of group and its state on the day."""
    statement = select_rows(Group, _state_on(day)).where(
        col(Group.id).in_(visible_groups(caller, READ))
    )
    if wanted.q is not None:
        statement = statement.where(named_like(wanted.q, Group.name, Group.name_pinyin))
    if wanted.kind is not None:
        statement = statement.where(col(Group.kind) == wanted.kind)
    if wanted.category is not None:
        statement = statement.where(col(Group.category) == wanted.category)
    if wanted.state is not None:
        statement = statement.where(_state_on(day) == wanted.state.value)
    if wanted.school_id is not None:
        member = exists().where(
            col(Membership.group_id) == col(Group.id),
            col(Membership.school_id) == wanted.school_id,
            col(Membership.valid).contains(day),
        )
        statement = statement.where(member)
    if wanted.as_of is not None:
        statement = statement.where(_exists_on(wanted.as_of))
    return statement


def _exists_on(day: date) -> ColumnElement[bool]:
    return and_(
        or_(col(Group.founded_on).is_(None), col(Group.founded_on) <= day),
        or_(col(Group.dissolved_on).is_(None), col(Group.dissolved_on) > day),
    )


async def visible_group(
    db: AsyncSession, *, caller: Caller, group_id: UUID, permission: Permission = READ
) -> Group:
    """A group within reach of a permission.

    Raises
    ------
    GroupNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Group).where(
        col(Group.id) == group_id, col(Group.id).in_(visible_groups(caller, permission))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise GroupNotFound
    return found


async def group_to_change(
    db: AsyncSession, *, caller: Caller, group_id: UUID, permission: Permission
) -> Group:
    """A group for which the caller holds a permission, locked.

    Raises
    ------
    GroupNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    statement = (
        select(Group, col(Group.id).in_(governed_groups(caller, permission)))
        .where(col(Group.id) == group_id, col(Group.id).in_(visible_groups(caller, READ)))
        .with_for_update(key_share=True, of=Group)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise GroupNotFound
    group, allowed = found
    if not allowed:
        raise Forbidden
    return group


def present_state(group: Group, *, day: date) -> GroupState:
    """The state of a group on a day."""
    return group_state_on(GroupState(group.state), dissolved_on=group.dissolved_on, day=day)


# Heads


def heads(*, group_id: UUID, on: date | None) -> SelectOfScalar[GroupHead]:
    """Who heads a group on a day; without a day, everybody who ever did."""
    return select(GroupHead).where(
        col(GroupHead.group_id) == group_id,
        col(GroupHead.valid).contains(on) if on is not None else true(),
    )


async def head_on(db: AsyncSession, *, group_id: UUID, day: date) -> str | None:
    """The name of whoever heads a group on a day."""
    found = (await db.exec(heads(group_id=group_id, on=day))).one_or_none()
    return found.person_name if found is not None else None


async def visible_head(db: AsyncSession, *, caller: Caller, head_id: UUID) -> GroupHead:
    """A term of office in a group within reach.

    Raises
    ------
    GroupHeadNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(GroupHead).where(
        col(GroupHead.id) == head_id,
        col(GroupHead.group_id).in_(visible_groups(caller, READ)),
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise GroupHeadNotFound
    return found


async def heads_of(db: AsyncSession, *, group_id: UUID) -> Sequence[GroupHead]:
    """Every term of office of a group."""
    return (await db.exec(heads(group_id=group_id, on=None))).all()


async def head_to_change(db: AsyncSession, *, caller: Caller, head_id: UUID) -> GroupHead:
    """A term of office in a group whose heads the caller may name, with the group locked.

    Raises
    ------
    GroupHeadNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    head = await visible_head(db, caller=caller, head_id=head_id)
    permission = Permission.NETWORK_HEAD_WRITE
    await group_to_change(db, caller=caller, group_id=head.group_id, permission=permission)
    await db.refresh(head)
    return head
