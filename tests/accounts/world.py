"""Two districts to look at from every side: the same things in six places, made when asked for."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from service.kit.auth import Role
from service.kit.db import days

A_PAST_YEAR = days(date(2020, 9, 1), date(2021, 9, 1))


class Where(StrEnum):
    """Where a thing is, seen from those who ask."""

    OWN = "own"
    SAME_SCHOOL = "same school"
    SAME_GROUP = "same group"
    OTHER_GROUP = "other group"
    FORMER = "former member"
    OTHER_DISTRICT = "other district"


class Anchor(StrEnum):
    """What decides who reaches a thing."""

    SCHOOL = "school"
    GROUP = "group"
    TEACHER = "teacher"
    DISTRICT = "district"
    """Everybody in the district sees it; only the district changes it."""
    OFFICE = "office"
    """Only who reaches the whole district sees it."""
    MINE = "mine"
    """Only its owner sees it, whatever the role."""


@dataclass
class Place:
    """One school with its group and a teacher, somewhere."""

    where: Where
    make: Any
    district: Any
    school: Any
    group: Any
    teacher: Any
    owner_id: UUID | None = None
    """The account of whoever asks, while they look at their own place."""
    things: dict[tuple[str, UUID | None], Any] = field(default_factory=dict)

    async def the(self, kind: str) -> Any:
        """The thing of a kind at this place; made once, and once per owner where it is owned."""
        key = (kind, self.owner_id if ANCHORS[kind] is Anchor.MINE else None)
        if key not in self.things:
            self.things[key] = await BUILDERS[kind](self)
        return self.things[key]


async def build(make: Any, district: Any) -> dict[Where, Place]:
    """Lead and member of one group, a school that has left it, another group, another district.

    For a group, "former member" is a group that the own school has left.
    """
    own, mate, other, former = [await make.school() for _ in range(4)]
    group = await make.group(lead=own, close=[mate])
    await make.member(group=group, school=former, valid=A_PAST_YEAR)
    other_group = await make.group(lead=other)
    left = await make.group(lead=former)
    await make.member(group=left, school=own, valid=A_PAST_YEAR)
    elsewhere = await make.at(None).district()
    there = make.at(elsewhere)
    far = await there.school()
    far_group = await there.group(lead=far)

    async def place(where: Where, school: Any, group: Any) -> Place:
        at, home = (there, elsewhere) if where is Where.OTHER_DISTRICT else (make, district)
        return Place(
            where=where,
            make=at,
            district=home,
            school=school,
            group=group,
            teacher=await at.teacher(school=school),
        )

    return {
        Where.OWN: await place(Where.OWN, own, group),
        Where.SAME_SCHOOL: await place(Where.SAME_SCHOOL, own, group),
        Where.SAME_GROUP: await place(Where.SAME_GROUP, mate, group),
        Where.OTHER_GROUP: await place(Where.OTHER_GROUP, other, other_group),
        Where.FORMER: await place(Where.FORMER, former, left),
        Where.OTHER_DISTRICT: await place(Where.OTHER_DISTRICT, far, far_group),
    }


def hats(own: Place) -> dict[str, dict[str, Any]]:
    """What each role wears: the own school, group or teacher, or the district."""
    worn: dict[Role, dict[str, Any]] = {
        Role.GROUP_ADMIN: {"group": own.group},
        Role.SCHOOL_ADMIN: {"school": own.school},
        Role.TEACHER: {"teacher": own.teacher, "school": own.school},
        Role.PARTNER: {"school": own.school},
    }
    return {role.value: worn.get(role, {}) for role in Role}


REACHED: dict[tuple[str, Anchor], frozenset[Where]] = {
    ("D", Anchor.SCHOOL): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.GROUP): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.TEACHER): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.DISTRICT): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("D", Anchor.OFFICE): frozenset(Where) - {Where.OTHER_DISTRICT},
    ("G", Anchor.SCHOOL): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("G", Anchor.GROUP): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("G", Anchor.TEACHER): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("S", Anchor.SCHOOL): frozenset({Where.OWN, Where.SAME_SCHOOL}),
    # A school sees the groups it belongs to; the mate's group is the own one.
    ("S", Anchor.GROUP): frozenset({Where.OWN, Where.SAME_SCHOOL, Where.SAME_GROUP}),
    ("S", Anchor.TEACHER): frozenset({Where.OWN, Where.SAME_SCHOOL}),
    ("I", Anchor.TEACHER): frozenset({Where.OWN}),
}
"""Which places a letter of the policy reaches, by what decides about the thing."""


def reaches(letter: str, anchor: Anchor, where: Where, *, to_change: bool) -> bool:
    """Whether somebody who holds a permission that far reaches a thing there."""
    if anchor is Anchor.MINE:
        return where is Where.OWN
    if anchor is Anchor.DISTRICT and not to_change:
        return where is not Where.OTHER_DISTRICT
    return where in REACHED.get((letter, anchor), frozenset())


# How a thing of each kind is made at a place, and what decides who reaches it.

Builder = Callable[[Place], Awaitable[UUID | str]]
BUILDERS: dict[str, Builder] = {}
ANCHORS: dict[str, Anchor] = {}


def builds(kind: str, anchor: Anchor) -> Callable[[Builder], Builder]:
    """Register how things of a kind are made."""

    def register(builder: Builder) -> Builder:
        BUILDERS[kind], ANCHORS[kind] = builder, anchor
        return builder

    return register


@builds("school", Anchor.SCHOOL)
async def _school(place: Place) -> UUID:
    return UUID(str(place.school.id))


@builds("group", Anchor.GROUP)
async def _group(place: Place) -> UUID:
    return UUID(str(place.group.id))


@builds("teacher", Anchor.TEACHER)
async def _teacher(place: Place) -> UUID:
    return UUID(str(place.teacher.id))


@builds("account", Anchor.SCHOOL)
async def _account(place: Place) -> UUID:
    return UUID(str((await place.make.account(school_id=place.school.id)).id))


@builds("grant", Anchor.SCHOOL)
async def _grant(place: Place) -> UUID:
    account = await place.make.account(school_id=place.school.id)
    return UUID(str((await place.make.hat(account=account, role=Role.TEACHER)).id))


@builds("client", Anchor.OFFICE)
async def _client(place: Place) -> UUID:
    return UUID(str((await place.make.partner(school=place.school)).id))


@builds("session", Anchor.MINE)
async def _session(place: Place) -> UUID:
    owner_id = place.owner_id or (await place.make.account(school_id=place.school.id)).id
    return UUID(str((await place.make.signed_in(account=owner_id)).id))


@builds("campus", Anchor.SCHOOL)
async def _campus(place: Place) -> UUID:
    return UUID(str((await place.make.campus(school=place.school)).id))
