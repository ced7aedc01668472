"""Reading the network, each within the caller's reach, as it is on the day asked for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, true
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.kit.language import say
from service.kit.problems import Forbidden
from service.network import codes
from service.network.access import (
    day_end_in,
    governed_groups,
    reaches_district,
    visible_groups,
    visible_schools,
)
from service.network.problems import (
    CampusNotFound,
    CharterNotFound,
    CodeListNotFound,
    GroupHeadNotFound,
    GroupNotFound,
    SchoolNotFound,
    TaskNotFound,
)
from service.network.rules import (
    DesignationKind,
    GroupKind,
    GroupState,
    Member,
    Notice,
    OwnerKind,
    Surroundings,
    TaskState,
    Tier,
    conforms,
    fits_kind,
    group_state_on,
    in_force,
    members_on,
    notices,
)
from service.network.schemas import (
    CodeListOut,
    CodeOut,
    SchoolView,
    backdating_days_of,
    member_of,
    rural_codes_of,
    version_of,
)
from service.network.tables import (
    Campus,
    Charter,
    CharterClause,
    CharterSignature,
    CodeItem,
    District,
    Group,
    GroupHead,
    Membership,
    School,
    SchoolDesignation,
    SchoolIdentifier,
    Task,
)

READ = Permission.NETWORK_READ


async def _rows(db: AsyncSession, statement: Select[Any]) -> Sequence[Any]:
    return (await db.exec(statement)).all()  # type: ignore[call-overload,no-any-return]


# The district


@dataclass(frozen=True, slots=True)
class Standpoint:
    """From which day one looks, and what the district has decided."""

    day: date
    today: date
    rural_codes: Sequence[str]
    backdating_days: int


async def district(db: AsyncSession, *, district_id: UUID) -> District:
    """The caller's own district."""
    return (await db.exec(select(District).where(col(District.id) == district_id))).one()


async def standpoint(
    db: AsyncSession, *, district_id: UUID, as_of: date | None = None
) -> Standpoint:
    """The day asked for, or the present one where the district is."""
    row = await district(db, district_id=district_id)
    today = clock.today(row.zone)
    return Standpoint(
        as_of or today, today, rural_codes_of(row.settings), backdating_days_of(row.settings)
    )


# Schools and campuses


@dataclass(frozen=True, slots=True)
class SchoolFilter:
    """Which schools are asked for."""

    q: str | None = None
    identifier: str | None = None
    type_code: str | None = None
    group_id: UUID | None = None
    rural: bool | None = None
    weak: bool | None = None


def _identifier_on(day: date) -> Any:
    return (
        select(SchoolIdentifier.code)
        .where(
            col(SchoolIdentifier.school_id) == col(School.id),
            col(SchoolIdentifier.valid).contains(day),
        )
        .scalar_subquery()
    )


def _weak_on(day: date) -> Any:
    return exists().where(
        col(SchoolDesignation.school_id) == col(School.id),
        col(SchoolDesignation.kind) == DesignationKind.WEAK,
        col(SchoolDesignation.valid).contains(day),
    )


def _rural(rural_codes: Collection[str]) -> ColumnElement[bool]:
    return col(School.urban_rural_code).in_(rural_codes)


def _school_views(caller: Caller, at: Standpoint) -> Select[Any]:
    return select_rows(
        School, _identifier_on(at.day), _weak_on(at.day), _rural(at.rural_codes)
    ).where(col(School.id).in_(visible_schools(caller, READ)))


def schools(caller: Caller, *, at: Standpoint, wanted: SchoolFilter) -> Select[Any]:
    """Rows for ``SchoolView``: the schools within reach, as they are on the day."""
    statement = _school_views(caller, at)
    if wanted.q is not None:
        statement = statement.where(_named(wanted.q, School.name, School.name_pinyin))
    if wanted.identifier is not None:
        statement = statement.where(_identifier_on(at.day) == wanted.identifier)
    if wanted.type_code is not None:
        statement = statement.where(col(School.type_code) == wanted.type_code)
    if wanted.group_id is not None:
        statement = statement.where(col(School.id).in_(_members(wanted.group_id, on=at.day)))
    if wanted.rural is not None:
        statement = statement.where(_rural(at.rural_codes).is_(wanted.rural))
    if wanted.weak is not None:
        statement = statement.where(_weak_on(at.day).is_(wanted.weak))
    return statement


def _named(q: str, *columns: Any) -> ColumnElement[bool]:
    """A name, or the beginning of its pinyin, as people type it."""
    name, pinyin = (col(column) for column in columns)
    return or_(
        name.icontains(q, autoescape=True),
        pinyin.icontains(q.replace(" ", "").lower(), autoescape=True),
    )


def _members(group_id: UUID, *, on: date) -> SelectOfScalar[UUID]:
    return select(Membership.school_id).where(
        col(Membership.group_id) == group_id, col(Membership.valid).contains(on)
    )


async def visible_school(
    db: AsyncSession, *, caller: Caller, school_id: UUID, at: Standpoint
) -> SchoolView:
    """A school within reach, as it is on the day.

    Raises
    ------
    SchoolNotFound
        It does not exist, or the caller may not see it.
    """
    statement = _school_views(caller, at).where(col(School.id) == school_id)
    found = await _rows(db, statement)
    if not found:
        raise SchoolNotFound
    return SchoolView(*found[0])


async def identifiers_of(db: AsyncSession, *, school_id: UUID) -> Sequence[SchoolIdentifier]:
    """A school's identifiers, the first one first."""
    statement = (
        select(SchoolIdentifier)
        .where(col(SchoolIdentifier.school_id) == school_id)
        .order_by(func.lower(col(SchoolIdentifier.valid)).asc().nulls_first())
    )
    return (await db.exec(statement)).all()


async def school_designated(db: AsyncSession, *, designation_id: UUID) -> UUID | None:
    """The school that a designation is about."""
    statement = select(SchoolDesignation.school_id).where(
        col(SchoolDesignation.id) == designation_id
    )
    return (await db.exec(statement)).one_or_none()


async def designations_of(db: AsyncSession, *, school_id: UUID) -> Sequence[SchoolDesignation]:
    """A school's designations, the first one first."""
    statement = (
        select(SchoolDesignation)
        .where(col(SchoolDesignation.school_id) == school_id)
        .order_by(func.lower(col(SchoolDesignation.valid)).asc().nulls_first())
    )
    return (await db.exec(statement)).all()


async def school_to_change(db: AsyncSession, *, caller: Caller, school_id: UUID) -> School:
    """A school the caller may change, locked.

    Raises
    ------
    SchoolNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    statement = (
        select(
            School,
            col(School.id).in_(visible_schools(caller, Permission.NETWORK_SCHOOL_WRITE)),
        )
        .where(col(School.id) == school_id, col(School.id).in_(visible_schools(caller, READ)))
        .with_for_update(key_share=True, of=School)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SchoolNotFound
    school, allowed = found
    if not allowed:
        raise Forbidden
    return school


def campuses(
    caller: Caller, *, school_id: UUID | None, code: str | None, q: str | None
) -> SelectOfScalar[Campus]:
    """The campuses of the schools within reach."""
    statement = select(Campus).where(col(Campus.school_id).in_(visible_schools(caller, READ)))
    if school_id is not None:
        statement = statement.where(col(Campus.school_id) == school_id)
    if code is not None:
        statement = statement.where(col(Campus.code) == code)
    if q is not None:
        statement = statement.where(
            or_(
                col(Campus.name).icontains(q, autoescape=True),
                col(Campus.address).icontains(q, autoescape=True),
            )
        )
    return statement


async def campus_to_change(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> Campus:
    """A campus of a school the caller may change, both locked.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    campus = await visible_campus(db, caller=caller, campus_id=campus_id)
    await school_to_change(db, caller=caller, school_id=campus.school_id)
    await db.refresh(campus, with_for_update={"key_share": True})
    return campus


async def visible_campus(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> Campus:
    """A campus of a school within reach.

    Raises
    ------
    CampusNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Campus).where(
        col(Campus.id) == campus_id, col(Campus.school_id).in_(visible_schools(caller, READ))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CampusNotFound
    return found


# Groups


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
        statement = statement.where(_named(wanted.q, Group.name, Group.name_pinyin))
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


async def visible_group(db: AsyncSession, *, caller: Caller, group_id: UUID) -> Group:
    """A group within reach.

    Raises
    ------
    GroupNotFound
        It does not exist, or the caller may not see it.
    """
    statement = select(Group).where(
        col(Group.id) == group_id, col(Group.id).in_(visible_groups(caller, READ))
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


# Members


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
        select_rows(Membership, School, _weak_on(at.day))
        .join(School, col(School.id) == col(Membership.school_id))
        .where(col(Membership.group_id) == group.id, col(Membership.valid).contains(at.day))
        .order_by(col(Membership.seat), col(School.name_pinyin))
    )
    found = await _rows(db, statement)
    head = await _head_on(db, group_id=group.id, day=at.day)
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


# Heads


def heads(*, group_id: UUID, on: date | None) -> SelectOfScalar[GroupHead]:
    """Who heads a group on a day; without a day, everybody who ever did."""
    return select(GroupHead).where(
        col(GroupHead.group_id) == group_id,
        col(GroupHead.valid).contains(on) if on is not None else true(),
    )


async def _head_on(db: AsyncSession, *, group_id: UUID, day: date) -> str | None:
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


# Charters


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


# Code lists


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


# Tasks


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks are asked for."""

    state: TaskState | None = None
    kind: str | None = None
    owner_id: UUID | None = None
    subject_id: UUID | None = None
    due_until: date | None = None
    as_of: date | None = None
    """Only what was open at the end of this day."""


def _tasks_of(caller: Caller, permission: Permission) -> ColumnElement[bool]:
    """The tasks of the offices that a permission was given for."""
    if reaches_district(caller, permission):
        return col(Task.district_id) == caller.district_id
    return or_(
        and_(
            col(Task.owner_kind) == OwnerKind.SCHOOL.value,
            col(Task.owner_id).in_(visible_schools(caller, permission)),
        ),
        and_(
            col(Task.owner_kind) == OwnerKind.GROUP.value,
            col(Task.owner_id).in_(governed_groups(caller, permission)),
        ),
    )


def tasks(caller: Caller, *, wanted: TaskFilter) -> SelectOfScalar[Task]:
    """What waits for the offices within reach."""
    statement = select(Task).where(_tasks_of(caller, Permission.TASK_READ))
    if wanted.state is not None:
        statement = statement.where(col(Task.state) == wanted.state)
    if wanted.kind is not None:
        statement = statement.where(col(Task.kind) == wanted.kind)
    if wanted.owner_id is not None:
        statement = statement.where(col(Task.owner_id) == wanted.owner_id)
    if wanted.subject_id is not None:
        statement = statement.where(col(Task.subject_id) == wanted.subject_id)
    if wanted.due_until is not None:
        statement = statement.where(col(Task.due_on) <= wanted.due_until)
    if wanted.as_of is not None:
        statement = statement.where(_open_on(caller, wanted.as_of))
    return statement


def _open_on(caller: Caller, day: date) -> ColumnElement[bool]:
    end = day_end_in(caller.district_id, day)
    return and_(
        col(Task.opened_at) < end, or_(col(Task.closed_at).is_(None), col(Task.closed_at) >= end)
    )


async def visible_task(db: AsyncSession, *, caller: Caller, task_id: UUID) -> Task:
    """A task of an office within reach.

    Raises
    ------
    TaskNotFound
        It does not exist, or the caller may not see it.
    """
    found = (
        await db.exec(tasks(caller, wanted=TaskFilter()).where(col(Task.id) == task_id))
    ).one_or_none()
    if found is None:
        raise TaskNotFound
    return found


async def task_to_change(db: AsyncSession, *, caller: Caller, task_id: UUID) -> Task:
    """A task the caller may close, locked.

    Raises
    ------
    TaskNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        The caller sees it but may not close it.
    """
    statement = (
        select(Task, _tasks_of(caller, Permission.TASK_WRITE))
        .where(col(Task.id) == task_id, _tasks_of(caller, Permission.TASK_READ))
        .with_for_update(of=Task)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise TaskNotFound
    task, allowed = found
    if not allowed:
        raise Forbidden
    return task
