"""Who belongs to a group on a day, and what a group is made of."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import (
    visible_groups,
    visible_schools,
)
from service.network.queries.charter import charter_in_force
from service.network.queries.finding import rows_of
from service.network.queries.group import head_on, present_state
from service.network.queries.school import weak_on
from service.network.queries.viewpoint import Standpoint
from service.network.rules import (
    GroupKind,
    GroupState,
    Member,
    Notice,
    Surroundings,
    Tier,
    conforms,
    fits_kind,
    members_on,
    notices,
)
from service.network.schemas import (
    member_of,
)
from service.network.tables import (
    Group,
    Membership,
    School,
)

READ = Permission.NETWORK_READ


@dataclass(frozen=True, slots=True)
class MembershipFilter:
    """Which memberships are asked for."""

    as_of: date | None = None
    history: bool = False
    """All of the past, and what is planned, whatever the day."""
    group_id: UUID | None = None
    school_id: UUID | None = None
    tier: Tier | None = None


def _with_names() -> Select[Any]:
    names: Sequence[Any] = (col(Group.name), col(School.name))
    return (
        select_rows(Membership, *names)
        .join(Group, col(Group.id) == col(Membership.group_id))
        .join(School, col(School.id) == col(Membership.school_id))
    )


def memberships(caller: Caller, *, day: date, wanted: MembershipFilter) -> Select[Any]:
    """Rows of membership, group name and school name, in groups or of schools within reach."""
    statement = _with_names().where(
        or_(
            col(Membership.group_id).in_(visible_groups(caller, READ)),
            col(Membership.school_id).in_(visible_schools(caller, READ)),
        )
    )
    if not wanted.history:
        statement = statement.where(col(Membership.valid).contains(day))
    if wanted.group_id is not None:
        statement = statement.where(col(Membership.group_id) == wanted.group_id)
    if wanted.school_id is not None:
        statement = statement.where(col(Membership.school_id) == wanted.school_id)
    if wanted.tier is not None:
        statement = statement.where(col(Membership.tier) == wanted.tier)
    return statement


async def timeline_of(db: AsyncSession, *, group_id: UUID) -> Sequence[Membership]:
    """Every membership of a group: past, present and planned."""
    statement = (
        select(Membership)
        .where(col(Membership.group_id) == group_id)
        .order_by(func.lower(col(Membership.valid)), col(Membership.id))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def school_names(db: AsyncSession, *, ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of schools."""
    found = await db.exec(select(School.id, School.name).where(col(School.id).in_(ids)))
    return dict(found.all())


async def within_reach(
    db: AsyncSession, *, caller: Caller, permission: Permission, school_ids: Collection[UUID]
) -> set[UUID]:
    """Which of the schools a permission reaches."""
    statement = visible_schools(caller, permission).where(col(School.id).in_(school_ids))
    return set((await db.exec(statement)).all())


async def seated_elsewhere(
    db: AsyncSession, *, group_id: UUID, members: Collection[Member]
) -> set[UUID]:
    """Which schools hold a lead or close seat of another group during their planned time here."""
    wanted = {member.school_id: member for member in members if member.tier is not Tier.ALLIANCE}
    statement = select(Membership).where(
        col(Membership.school_id).in_(wanted),
        col(Membership.group_id) != group_id,
        col(Membership.tier) != Tier.ALLIANCE,
    )
    held = [member_of(row) for row in (await db.exec(statement)).all()]
    return {one.school_id for one in held if one.overlaps(wanted[one.school_id])}


@dataclass(frozen=True, slots=True)
class Composition:
    """What a group is made of on a day."""

    group: Group
    state: GroupState
    members: Sequence[tuple[Membership, str, School]]
    conforming: bool
    head: str | None
    charter_number: int | None
    rural_schools: int
    weak_schools: int
    notices: Sequence[Notice]

    def of_tier(self, tier: Tier) -> list[tuple[Membership, str, str]]:
        """The members of a tier, as rows for ``MembershipOut``."""
        return [
            (membership, group_name, school.name)
            for membership, group_name, school in self.members
            if membership.tier == tier
        ]


async def composition(db: AsyncSession, *, group: Group, at: Standpoint) -> Composition:
    """A group's members on a day, and everything about them that should be looked at."""
    timeline = [member_of(row) for row in await timeline_of(db, group_id=group.id)]
    statement = (
        select_rows(Membership, School, weak_on(at.day))
        .join(School, col(School.id) == col(Membership.school_id))
        .where(col(Membership.group_id) == group.id, col(Membership.valid).contains(at.day))
        .order_by(col(Membership.seat), col(School.name_pinyin))
    )
    found = await rows_of(db, statement)
    head = await head_on(db, group_id=group.id, day=at.day)
    number = await charter_in_force(db, group_id=group.id, day=at.day)
    kind = GroupKind(group.kind)
    strangers = [school.name for _, school, _ in found if not fits_kind(school.type_code, kind)]
    around = Surroundings(head is not None, number is not None, strangers)
    return Composition(
        group=group,
        state=present_state(group, day=at.day),
        members=[(membership, group.name, school) for membership, school, _ in found],
        conforming=conforms(timeline, on=at.day),
        head=head,
        charter_number=number,
        rural_schools=sum(school.urban_rural_code in at.rural_codes for _, school, _ in found),
        weak_schools=sum(weak for *_, weak in found),
        notices=notices(timeline, on=at.day, surroundings=around),
    )


def members_of_day(timeline: Sequence[Membership], day: date) -> set[UUID]:
    """The schools that belong to a group on a day."""
    return {one.school_id for one in members_on(map(member_of, timeline), day)}
