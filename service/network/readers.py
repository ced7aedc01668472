"""The network's collections, as the feed shows them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import true
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each
from service.network import queries
from service.network.access import visible_groups
from service.network.queries import GroupFilter, MembershipFilter, SchoolFilter, TaskFilter
from service.network.schemas import (
    CampusOut,
    CharterOut,
    CodeItemOut,
    DistrictOut,
    GroupOut,
    HeadOut,
    MembershipOut,
    SchoolOut,
    SchoolView,
    TaskOut,
)
from service.network.tables import (
    Campus,
    Charter,
    CodeItem,
    District,
    Group,
    GroupHead,
    Membership,
    School,
    Task,
)

READ = Permission.NETWORK_READ


async def _districts(_: AsyncSession, caller: Caller) -> Rows:
    own = select(District).where(col(District.id) == caller.district_id)
    return Rows(own, each(DistrictOut.of))


async def _schools(db: AsyncSession, caller: Caller) -> Rows:
    at = await queries.standpoint(db, district_id=caller.district_id)
    seen = queries.schools(caller, at=at, wanted=SchoolFilter())
    return Rows(seen, each(lambda row: SchoolOut.of(SchoolView(*row))))


async def _campuses(_: AsyncSession, caller: Caller) -> Rows:
    seen = queries.campuses(caller, school_id=None, code=None, q=None)
    return Rows(seen, each(CampusOut.of))


async def _groups(db: AsyncSession, caller: Caller) -> Rows:
    at = await queries.standpoint(db, district_id=caller.district_id)
    return Rows(queries.groups(caller, day=at.day, wanted=GroupFilter()), each(GroupOut.of))


async def _memberships(db: AsyncSession, caller: Caller) -> Rows:
    at = await queries.standpoint(db, district_id=caller.district_id)
    seen = queries.memberships(caller, day=at.day, wanted=MembershipFilter(history=True))
    return Rows(seen, each(MembershipOut.of))


async def _charters(db: AsyncSession, caller: Caller) -> Rows:
    at = await queries.standpoint(db, district_id=caller.district_id)

    async def outs(rows: Sequence[Any]) -> Sequence[BaseModel]:
        groups = {row.group_id for row in rows}
        numbers = await queries.charters_in_force(db, group_ids=groups, day=at.day)
        return [CharterOut.of(row, in_force=numbers.get(row.group_id)) for row in rows]

    seen = select(Charter).where(col(Charter.group_id).in_(visible_groups(caller, READ)))
    return Rows(seen, outs)


async def _heads(_: AsyncSession, caller: Caller) -> Rows:
    seen = select(GroupHead).where(col(GroupHead.group_id).in_(visible_groups(caller, READ)))
    return Rows(seen, each(HeadOut.of))


async def _codes(_: AsyncSession, __: Caller) -> Rows:
    return Rows(select(CodeItem).where(true()), each(CodeItemOut.of))


async def _tasks(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(queries.tasks(caller, wanted=TaskFilter()), each(TaskOut.of))


READERS = (
    Reader(table=District, permission=READ, rows=_districts),
    Reader(table=School, permission=READ, rows=_schools),
    Reader(table=Campus, permission=READ, rows=_campuses),
    Reader(table=Group, permission=READ, rows=_groups),
    Reader(table=Membership, permission=READ, rows=_memberships),
    Reader(table=Charter, permission=READ, rows=_charters),
    Reader(table=GroupHead, permission=READ, rows=_heads),
    Reader(table=CodeItem, permission=Permission.CODE_LIST_READ, rows=_codes),
    Reader(table=Task, permission=Permission.TASK_READ, rows=_tasks),
)
