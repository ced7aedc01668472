"""Facts for the matching: who needs mentors, who has places, how far it is between their schools.

Reads only. The same facts are read again before a matching is accepted.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.kit.db import AsyncSession
from service.mentoring.queries import persons, policy
from service.mentoring.queries.absence import on_leave_for_term
from service.mentoring.queries.cohort import Frame, cohort, employed, in_scope, rural
from service.mentoring.queries.programme import policy_in
from service.mentoring.rules import (
    Lack,
    PairingState,
    Person,
    Policy,
    Span,
    experienced,
    leaves_on,
    overlap,
    places_taken,
)
from service.mentoring.rules.matching import Coach, Learner, Pinned, Scene
from service.mentoring.rules.programme import ProgrammeRole, RolePlace, Weights
from service.mentoring.tables import Pairing
from service.network.queries import weak_on
from service.network.queries.finding import rows_of
from service.network.rules import Tier
from service.network.tables import Campus, Membership, School
from service.staff.tables import Employment, Teacher
from service.timetable import load as timetable

_ORDER = (Tier.ALLIANCE, Tier.CLOSE, Tier.LEAD)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A scene, and who is no mentor in it."""

    scene: Scene
    barred: Mapping[UUID, tuple[Person, list[Lack]]]
    """Teachers of the scope who cannot be mentors now, and why."""

    def facts(self) -> dict[str, list[str]]:
        """What a matching depends on, teacher by teacher."""
        told = {
            str(one.teacher_id): [
                "mentee",
                str(one.school_id),
                ",".join(sorted(role.code for role in one.roles)),
            ]
            for one in self.scene.learners
        }
        told |= {
            str(one.teacher_id): ["mentor", str(one.school_id), str(one.free)]
            for one in self.scene.coaches
        }
        return told


def roles_of(frame: Frame) -> list[ProgrammeRole]:
    """The roles that each mentee should have a mentor in."""
    return [ProgrammeRole(one["code"], RolePlace(one["place"])) for one in frame.standard.roles]


async def policy_of(db: AsyncSession, *, frame: Frame) -> Policy:
    """Who may be a mentor."""
    of_district = await policy(db, district_id=frame.programme.district_id)
    return policy_in(frame.standard, of_district=of_district)


async def scene_of(
    db: AsyncSession, *, frame: Frame, span: Span, pinned: Sequence[Pinned] = ()
) -> Loaded:
    """Everything that a matching for some days depends on."""
    members = {row.teacher_id: row for row in await rows_of(db, cohort(frame))}
    schools = await _schools(db, frame=frame)
    home: dict[UUID, UUID] = dict(await rows_of(db, _staff(frame)))
    people = await persons(db, teacher_ids=set(home))
    away = await on_leave_for_term(db, teacher_ids=set(home), day=span[0])
    met = await _met(db, teacher_ids=set(home))
    asked = await policy_of(db, frame=frame)
    coaches: list[Coach] = []
    barred: dict[UUID, tuple[Person, list[Lack]]] = {}
    for id_, person in sorted(people.items()):
        if id_ in members:
            continue
        against = _against(person, span=span, asked=asked, away=away)
        if against:
            barred[id_] = (person, against)
            continue
        taken = places_taken(met.spans[id_], during=span)
        strong = schools[home[id_]].strong
        coaches.append(
            Coach(id_, home[id_], person.teaches, asked.capacity, taken=taken, strong=strong)
        )
    strong_homes = {id_: schools[school].strong for id_, school in home.items()}
    roles = roles_of(frame)
    learners = [
        _learner(
            row,
            people[id_],
            met.of(id_, span=span),
            roles=roles,
            strong=strong_homes,
            home=home,
        )
        for id_, row in sorted(members.items())
        if leaves_on(people[id_], during=span) is None
    ]
    ends = {(home[coach.teacher_id], one.school_id) for coach in coaches for one in learners}
    scene = Scene(
        learners,
        coaches,
        weights=Weights(**frame.standard.weights),
        tiers=_tiers(schools, ends),
        minutes=await _minutes(db, schools, ends, frame=frame),
        pinned=pinned,
    )
    return Loaded(scene, barred)


def _against(person: Person, *, span: Span, asked: Policy, away: Collection[UUID]) -> list[Lack]:
    found: list[Lack] = []
    if not person.teaches:
        found.append(Lack.MENTOR_WITHOUT_SUBJECT)
    if not experienced(person, policy=asked, on=span[0]):
        found.append(Lack.NOT_EXPERIENCED)
    if leaves_on(person, during=span) is not None:
        found.append(Lack.MENTOR_AWAY)
    if person.teacher_id in away:
        found.append(Lack.MENTOR_ON_LEAVE)
    return found


def _staff(frame: Frame) -> Any:
    """Everybody who works in the programme's scope, each with the school."""
    return (
        select_rows(col(Teacher.id), col(Employment.school_id))
        .join(Employment, col(Employment.teacher_id) == col(Teacher.id))
        .where(employed(frame), in_scope(frame))
    )


# Pairings


@dataclass(frozen=True, slots=True)
class _Life:
    """The pairings of a mentee that count for some days."""

    open: Sequence[Pairing]
    former: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class _Met:
    """Who met whom."""

    spans: Mapping[UUID, list[Span]]
    """The days of each mentor's open pairings."""
    pairings: Mapping[UUID, list[Pairing]]

    def of(self, mentee_id: UUID, *, span: Span) -> _Life:
        known = self.pairings.get(mentee_id, [])
        return _Life(
            [one for one in known if one.state != PairingState.ENDED and overlap(_span(one), span)],
            frozenset(one.mentor_id for one in known if one.activated_on is not None),
        )


def _span(pairing: Pairing) -> Span:
    return pairing.valid.lower or date.min, pairing.valid.upper


async def _met(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> _Met:
    statement = (
        select(Pairing)
        .where(col(Pairing.mentor_id).in_(teacher_ids) | col(Pairing.mentee_id).in_(teacher_ids))
        .execution_options(populate_existing=True)
    )
    spans: dict[UUID, list[Span]] = defaultdict(list)
    by_mentee: dict[UUID, list[Pairing]] = defaultdict(list)
    for one in (await db.exec(statement)).all():
        by_mentee[one.mentee_id].append(one)
        if one.state != PairingState.ENDED:
            spans[one.mentor_id].append(_span(one))
    return _Met(spans, by_mentee)


def _learner(
    row: Any,
    person: Person,
    life: _Life,
    *,
    roles: Sequence[ProgrammeRole],
    strong: Mapping[UUID, bool],
    home: Mapping[UUID, UUID],
) -> Learner:
    held = {one.role for one in life.open}
    guides = frozenset(one.mentor_id for one in life.open)
    return Learner(
        teacher_id=row.teacher_id,
        school_id=row.school_id,
        teaches=person.teaches,
        roles=tuple(role for role in roles if role.code not in held),
        disadvantaged=row.disadvantaged,
        supported=any(strong.get(one, False) and home.get(one) != row.school_id for one in guides),
        guides=guides,
        former=life.former - guides,
    )


# Schools


@dataclass(frozen=True, slots=True)
class _School:
    """What counts about a school."""

    strong: bool
    tiers: Mapping[UUID, Tier]
    campus_id: UUID | None


async def _schools(db: AsyncSession, *, frame: Frame) -> dict[UUID, _School]:
    day = frame.day
    tiers: dict[UUID, dict[UUID, Tier]] = defaultdict(dict)
    seat: tuple[Any, ...] = (
        col(Membership.school_id),
        col(Membership.group_id),
        col(Membership.tier),
    )
    members = select_rows(*seat).where(col(Membership.valid).contains(day))
    for school_id, group_id, tier in await rows_of(db, members):
        tiers[school_id][group_id] = Tier(tier)
    gate: tuple[Any, ...] = (col(Campus.school_id), col(Campus.id))
    gates = select_rows(*gate).order_by(col(Campus.main), col(Campus.id).desc())
    # The last one counts: the main campus, or the oldest where none is.
    campuses: dict[UUID, UUID] = dict(await rows_of(db, gates))
    marks: tuple[Any, ...] = (col(School.id), rural(frame), weak_on(day))
    return {
        id_: _School(
            strong=not (is_rural or is_weak) or Tier.LEAD in tiers[id_].values(),
            tiers=tiers[id_],
            campus_id=campuses.get(id_),
        )
        for id_, is_rural, is_weak in await rows_of(db, select_rows(*marks))
    }


def _tiers(
    schools: Mapping[UUID, _School], ends: Collection[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], Tier]:
    found: dict[tuple[UUID, UUID], Tier] = {}
    for here, there in ends:
        shared = [
            tier
            for group_id, tier in schools[here].tiers.items()
            if group_id in schools[there].tiers
        ]
        if shared:
            found[here, there] = max(shared, key=_ORDER.index)
    return found


async def _minutes(
    db: AsyncSession,
    schools: Mapping[UUID, _School],
    ends: Collection[tuple[UUID, UUID]],
    *,
    frame: Frame,
) -> dict[tuple[UUID, UUID], int]:
    ground = await timetable.ground(db, district_id=frame.programme.district_id)
    gates = {
        (here, there): (one, other)
        for here, there in ends
        if here != there
        and (one := schools[here].campus_id) is not None
        and (other := schools[there].campus_id) is not None
    }
    ways = await timetable.ways(db, pairs=set(gates.values()), estimate=ground.estimate)
    return {pair: ways[gate].minutes for pair, gate in gates.items()}
