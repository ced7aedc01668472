"""Reading pairings, mentees and mentors, each within the caller's reach, on the day asked for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
)
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock, lock_all
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.mentoring.access import governed_pairings, visible_pairings
from service.mentoring.problems import MenteeNotFound, PairingNotFound, UnknownRole
from service.mentoring.rules import Lack, PairingState, Person, Plan, Policy, Span, lacks
from service.mentoring.schemas import PairingOut
from service.mentoring.tables import Pairing
from service.network.access import members_of
from service.network.queries import Standpoint, district, known_codes
from service.network.rules import DesignationKind
from service.network.tables import CodeItem, School, SchoolDesignation, Task
from service.staff.access import visible_teachers
from service.staff.queries import qualifications_of, stays_of
from service.staff.tables import Employment, Teacher

_NEEDED = 2
"""Two persons in two roles: the dual rule, as in ``rules.dual_gaps``."""


async def policy(db: AsyncSession, *, district_id: UUID) -> Policy:
    """What the district asks of mentors."""
    settings = (await district(db, district_id=district_id)).settings.get("mentoring") or {}
    default = Policy()
    return Policy(
        capacity=settings.get("capacity") or default.capacity,
        min_years=settings.get("min_years", default.min_years),
    )


async def check_role(db: AsyncSession, *, district_id: UUID, role: str) -> None:
    """Refuse a role that the district does not know or has given up.

    Raises
    ------
    UnknownRole
        It is not in the list.
    """
    if role not in await known_codes(db, district_id=district_id, name="mentor_role"):
        raise UnknownRole


# Pairings


@dataclass(frozen=True, slots=True)
class PairingFilter:
    """Which pairings are asked for."""

    teacher_id: UUID | None = None
    mentor_id: UUID | None = None
    mentee_id: UUID | None = None
    school_id: UUID | None = None
    role: str | None = None
    state: PairingState | None = None
    on: date | None = None
    """Only pairings whose days hold this one."""


@dataclass(frozen=True, slots=True)
class _Someone:
    """A teacher with the school of a day, inside a statement."""

    teacher: Any
    employment: Any
    school: Any

    @classmethod
    def new(cls) -> "_Someone":
        return cls(aliased(Teacher), aliased(Employment), aliased(School))

    def join(self, statement: Select[Any], *, on: Any, day: date) -> Select[Any]:
        return self.employed(statement.join(self.teacher, self.teacher.id == on), day=day)

    def employed(self, statement: Select[Any], *, day: date) -> Select[Any]:
        on_day = and_(
            self.employment.teacher_id == self.teacher.id, self.employment.valid.contains(day)
        )
        return statement.join(self.employment, on_day, isouter=True).join(
            self.school, self.school.id == self.employment.school_id, isouter=True
        )

    @property
    def shown(self) -> Any:
        """As ``PartnerOut`` takes it."""
        return func.jsonb_build_object(
            *("id", self.teacher.id),
            *("number", self.teacher.number),
            *("name", self.teacher.name),
            *("school_id", self.school.id),
            *("school_name", self.school.name),
        )


# Made once: an alias finds out about its columns when they are first named.
_MENTOR, _MENTEE, _GUIDE = _Someone.new(), _Someone.new(), _Someone.new()
_ROLE = and_(col(CodeItem.list) == "mentor_role", col(CodeItem.code) == col(Pairing.role))


def pairings(caller: Caller, *, day: date, wanted: PairingFilter) -> Select[Any]:
    """Rows for ``PairingOut``: the pairings within sight."""
    return _rows(day, wanted=wanted).where(visible_pairings(caller))


def _rows(day: date, *, wanted: PairingFilter) -> Select[Any]:
    mentor, mentee = _MENTOR, _MENTEE
    statement: Select[Any] = select_rows(
        Pairing, mentor.shown, mentee.shown, col(CodeItem.zh), col(CodeItem.en)
    )
    statement = mentor.join(statement, on=col(Pairing.mentor_id), day=day)
    statement = mentee.join(statement, on=col(Pairing.mentee_id), day=day)
    statement = statement.join(CodeItem, _ROLE, isouter=True)
    conditions: list[ColumnElement[bool]] = []
    if wanted.teacher_id is not None:
        conditions.append(
            or_(
                col(Pairing.mentor_id) == wanted.teacher_id,
                col(Pairing.mentee_id) == wanted.teacher_id,
            )
        )
    if wanted.school_id is not None:
        conditions.append(
            or_(mentor.school.id == wanted.school_id, mentee.school.id == wanted.school_id)
        )
    if wanted.state is not None:
        conditions.append(_state_on(day) == wanted.state.value)
    if wanted.on is not None:
        conditions.append(col(Pairing.valid).contains(wanted.on))
    for column, value in (
        (Pairing.mentor_id, wanted.mentor_id),
        (Pairing.mentee_id, wanted.mentee_id),
        (Pairing.role, wanted.role),
    ):
        if value is not None:
            conditions.append(col(column) == value)
    return statement.where(*conditions)


def _state_on(day: date) -> Any:
    """The same as ``rules.state_on``, inside a statement."""
    over = and_(
        col(Pairing.state) == PairingState.ACTIVE.value, func.upper(col(Pairing.valid)) <= day
    )
    return case((over, PairingState.ENDED.value), else_=col(Pairing.state))


async def visible_row(
    db: AsyncSession, *, caller: Caller, pairing_id: UUID, day: date
) -> tuple[Any, ...]:
    """A row of ``pairings`` within sight.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    """
    statement = pairings(caller, day=day, wanted=PairingFilter())
    found = await _all(db, statement.where(col(Pairing.id) == pairing_id))
    if not found:
        raise PairingNotFound
    return tuple(found[0])


async def shown(db: AsyncSession, *, pairing_id: UUID, at: Standpoint) -> PairingOut:
    """A pairing for somebody who has just changed it: it may be out of sight by now."""
    statement = _rows(at.day, wanted=PairingFilter()).where(col(Pairing.id) == pairing_id)
    (row,) = await _all(db, statement)
    return PairingOut.of(tuple(row), day=at.day)


async def _all(db: AsyncSession, statement: Select[Any]) -> Sequence[Any]:
    return (await db.exec(statement)).all()  # type: ignore[call-overload,no-any-return]


async def _values(db: AsyncSession, statement: Executable) -> Sequence[Any]:
    return (await (await db.connection()).execute(statement)).all()


async def pairing_in_reach(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> Pairing:
    """A pairing within sight, as it is, to be read only.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    """
    statement = select(Pairing).where(col(Pairing.id) == pairing_id, visible_pairings(caller))
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise PairingNotFound
    return found


async def pairing_in_sight(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> Pairing:
    """A pairing within sight, locked, as it is now.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    """
    statement = select(Pairing.id).where(col(Pairing.id) == pairing_id, visible_pairings(caller))
    if (await db.exec(statement)).one_or_none() is None:
        raise PairingNotFound
    found = await lock(db, Pairing, pairing_id)
    if found is None:
        raise PairingNotFound
    return found


async def pairing_to_change(db: AsyncSession, *, caller: Caller, pairing_id: UUID) -> Pairing:
    """A pairing the caller may change; its two are locked before it, then the pairing.

    Of one that replaces another, the other's mentor and the other are locked with it. The mentee
    is held because visits may be freed, which takes the time of both.

    Raises
    ------
    PairingNotFound
        There is none, or the caller may not see it.
    Forbidden
        The caller sees it, but the mentee's office looks after it.
    """
    statement = select(
        Pairing.mentor_id, Pairing.mentee_id, Pairing.replaces_id, governed_pairings(caller)
    ).where(col(Pairing.id) == pairing_id, visible_pairings(caller))
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise PairingNotFound
    mentor_id, mentee_id, replaces_id, allowed = found
    if not allowed:
        raise Forbidden
    former = select(Pairing.mentor_id).where(col(Pairing.id) == replaces_id)
    await lock_teachers(db, teacher_ids=[mentor_id, mentee_id, *(await db.exec(former)).all()])
    ids = [pairing_id] if replaces_id is None else [pairing_id, replaces_id]
    held = {one.id: one for one in await lock_all(db, Pairing, ids)}
    return held[pairing_id]


async def replaced_by(db: AsyncSession, *, pairing: Pairing) -> Pairing | None:
    """The pairing that another one is to follow."""
    statement = select(Pairing).where(col(Pairing.id) == pairing.replaces_id)
    return (await db.exec(statement)).one_or_none()


async def successor_of(db: AsyncSession, *, pairing_id: UUID) -> Pairing | None:
    """The open pairing that is to follow another."""
    statement = select(Pairing).where(
        col(Pairing.replaces_id) == pairing_id, col(Pairing.state) != PairingState.ENDED.value
    )
    return (await db.exec(statement)).one_or_none()


# The two


async def lock_teachers(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> None:
    """Let nobody else count the places of these mentors until the transaction ends."""
    statement = (
        select(Teacher.id)
        .where(col(Teacher.id).in_(teacher_ids))
        .order_by(col(Teacher.id))
        .with_for_update(key_share=True)
    )
    await db.exec(statement)


async def check_two(db: AsyncSession, *, caller: Caller, mentor_id: UUID, mentee_id: UUID) -> None:
    """Refuse a pair of whom one is out of sight, or whose mentee is not the caller's to pair.

    Raises
    ------
    RelatedNotFound
        It names the one that does not exist or cannot be seen.
    Forbidden
        The caller sees the mentee but may not pair anybody there.
    """
    statement = select(
        Teacher.id, col(Teacher.id).in_(visible_teachers(caller, Permission.MENTORING_WRITE))
    ).where(
        col(Teacher.id).in_([mentor_id, mentee_id]),
        col(Teacher.id).in_(visible_teachers(caller, Permission.MENTORING_READ)),
    )
    seen = dict((await db.exec(statement)).all())
    words = Text("教师不存在或不可见", "does not exist, or you may not see them")
    missing = [
        FieldError(pointer, "not-found", words)
        for pointer, teacher_id in (("/mentor_id", mentor_id), ("/mentee_id", mentee_id))
        if teacher_id not in seen
    ]
    if missing:
        raise RelatedNotFound(errors=missing)
    if not seen[mentee_id]:
        raise Forbidden


async def persons(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> dict[UUID, Person]:
    """What counts about teachers."""
    statement = select_rows(
        col(Teacher.id),
        col(Teacher.backbone_level),
        col(Teacher.teaching_since),
        col(Teacher.expected_retirement_on),
    ).where(col(Teacher.id).in_(teacher_ids))
    stays = await stays_of(db, teacher_ids=teacher_ids)
    teaches = await qualifications_of(db, teacher_ids=teacher_ids)
    return {
        id_: Person(
            teacher_id=id_,
            teaches=frozenset(teaches.get(id_, ())),
            backbone=honour is not None,
            honour=honour,
            teaching_since=since,
            retires_on=retires_on,
            stays=[stay for _, stay in stays.get(id_, [])],
        )
        for id_, honour, since, retires_on in await _values(db, statement)
    }


async def open_spans(
    db: AsyncSession, *, mentor_id: UUID, besides: UUID | None = None
) -> list[Span]:
    """The days of a mentor's open pairings, each of which holds a place."""
    statement = select(Pairing.id, col(Pairing.valid)).where(
        col(Pairing.mentor_id) == mentor_id, col(Pairing.state) != PairingState.ENDED.value
    )
    return [
        (valid.lower or date.min, valid.upper)
        for id_, valid in (await db.exec(statement)).all()
        if id_ != besides
    ]


async def open_pairings(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> Sequence[Pairing]:
    """The open pairings in which one of these teachers is one of the two."""
    statement = (
        select(Pairing)
        .where(
            or_(col(Pairing.mentor_id).in_(teacher_ids), col(Pairing.mentee_id).in_(teacher_ids)),
            col(Pairing.state) != PairingState.ENDED.value,
        )
        .order_by(col(Pairing.id))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def schools_of(
    db: AsyncSession, *, teacher_ids: Collection[UUID], day: date
) -> dict[UUID, UUID]:
    """The schools that employ teachers on a day."""
    statement = select(Employment.teacher_id, Employment.school_id).where(
        col(Employment.teacher_id).in_(teacher_ids), col(Employment.valid).contains(day)
    )
    return dict((await db.exec(statement)).all())


async def names_of(db: AsyncSession, *, teacher_ids: Collection[UUID]) -> dict[UUID, str]:
    """The names of teachers."""
    statement = select(Teacher.id, Teacher.name).where(col(Teacher.id).in_(teacher_ids))
    return dict((await db.exec(statement)).all())


@dataclass(frozen=True, slots=True)
class KnownTask:
    """What was or is to be done about a pairing."""

    state: str
    due_on: date | None
    closed_reason: str | None


async def tasks_about(
    db: AsyncSession, *, pairing_ids: Collection[UUID], kinds: Collection[str]
) -> Mapping[tuple[UUID, str], Sequence[KnownTask]]:
    """Tasks about pairings, open and done, by pairing and kind."""
    await db.flush()
    statement = select_rows(
        col(Task.subject_id),
        col(Task.kind),
        col(Task.state),
        col(Task.due_on),
        col(Task.closed_reason),
    ).where(col(Task.subject_id).in_(pairing_ids), col(Task.kind).in_(kinds))
    found: dict[tuple[UUID, str], list[KnownTask]] = {}
    for subject_id, kind, *task in await _values(db, statement):
        found.setdefault((subject_id, kind), []).append(KnownTask(*task))
    return found


# Mentees and mentors

PERSON = col(Teacher.id)
PERSON_SORTS: Mapping[str, Any] = {"name": col(Teacher.name_pinyin), "number": col(Teacher.number)}
"""How lists of people are sorted."""


@dataclass(frozen=True, slots=True)
class MenteeFilter:
    """Which mentees are asked for."""

    school_id: UUID | None = None
    group_id: UUID | None = None
    met: bool | None = None


def mentees(caller: Caller, *, at: Standpoint, wanted: MenteeFilter) -> Select[Any]:
    """Rows for ``MenteeOut``: teachers who have or are to have a mentor on the day."""
    guided = guided_on(at.day)
    statement = _mentees(caller, at=at, guided=guided).join(
        guided, guided.c.mentee_id == col(Teacher.id)
    )
    if wanted.school_id is not None:
        statement = statement.where(col(School.id) == wanted.school_id)
    if wanted.group_id is not None:
        statement = statement.where(col(School.id).in_(members_of([wanted.group_id], on=at.day)))
    if wanted.met is not None:
        met = and_(
            guided.c.persons >= _NEEDED,
            guided.c.roles >= _NEEDED,
            or_(not_(or_(_rural(at), _weak(at.day))), guided.c.outside),
        )
        statement = statement.where(met.is_(wanted.met))
    return statement


def _mentees(caller: Caller, *, at: Standpoint, guided: Subquery) -> Select[Any]:
    someone = _Someone(Teacher, Employment, School)
    statement: Select[Any] = select_rows(
        someone.shown, _rural(at), _weak(at.day), guided.c.guides
    ).select_from(Teacher)
    return someone.employed(statement, day=at.day).where(
        col(Teacher.id).in_(visible_teachers(caller, Permission.MENTORING_READ))
    )


def _rural(at: Standpoint) -> ColumnElement[bool]:
    return func.coalesce(col(School.urban_rural_code).in_(at.rural_codes), literal(value=False))


def _weak(day: date) -> ColumnElement[bool]:
    return exists().where(
        col(SchoolDesignation.school_id) == col(School.id),
        col(SchoolDesignation.kind) == DesignationKind.WEAK.value,
        col(SchoolDesignation.valid).contains(day),
    )


def guided_on(day: date) -> Subquery:
    """The mentors of every mentee on a day, and what the dual rule counts."""
    mentor, home = _GUIDE, aliased(Employment)
    active = func.coalesce(col(Pairing.activated_on) <= day, literal(value=False))
    outside = func.coalesce(mentor.school.id != home.school_id, literal(value=False))
    guide = func.jsonb_build_object(
        *("pairing_id", col(Pairing.id)),
        *("mentor", mentor.shown),
        *("role", col(Pairing.role)),
        *("role_zh", col(CodeItem.zh)),
        *("role_en", col(CodeItem.en)),
        *("outside", outside),
        *("active", active),
    )
    statement: Select[Any] = select_rows(
        col(Pairing.mentee_id).label("mentee_id"),
        func.jsonb_agg(aggregate_order_by(guide, col(Pairing.role), col(Pairing.id))).label(
            "guides"
        ),
        func.count(col(Pairing.mentor_id).distinct()).filter(active).label("persons"),
        func.count(col(Pairing.mentor_id).distinct()).label("persons_open"),
        func.count(col(Pairing.role).distinct()).filter(active).label("roles"),
        func.coalesce(func.bool_or(and_(active, outside)), literal(value=False)).label("outside"),
    )
    at_home = and_(col(home.teacher_id) == col(Pairing.mentee_id), col(home.valid).contains(day))
    return (
        mentor.join(statement, on=col(Pairing.mentor_id), day=day)
        .join(home, at_home, isouter=True)
        .join(CodeItem, _ROLE, isouter=True)
        .where(
            col(Pairing.valid).contains(day),
            or_(
                col(Pairing.state) != PairingState.ENDED.value,
                col(Pairing.activated_on).is_not(None),
            ),
        )
        .group_by(col(Pairing.mentee_id))
        .subquery()
    )


async def visible_mentee(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, at: Standpoint
) -> tuple[Any, ...]:
    """A row for ``MenteeOut`` of a teacher within sight, with or without a mentor.

    Raises
    ------
    MenteeNotFound
        There is no such teacher, or the caller may not see them.
    """
    guided = guided_on(at.day)
    statement = (
        _mentees(caller, at=at, guided=guided)
        .join(guided, guided.c.mentee_id == col(Teacher.id), isouter=True)
        .where(col(Teacher.id) == teacher_id)
    )
    found = await _all(db, statement)
    if not found:
        raise MenteeNotFound
    return tuple(found[0])


async def warnings_about(
    db: AsyncSession, *, mentee_id: UUID, at: Standpoint
) -> list[tuple[UUID, Lack]]:
    """What speaks against a mentee's open pairings of a day, as they turned out."""
    statement = (
        select(Pairing)
        .where(
            col(Pairing.mentee_id) == mentee_id,
            col(Pairing.state) != PairingState.ENDED.value,
            col(Pairing.valid).contains(at.day),
        )
        .order_by(col(Pairing.role), col(Pairing.id))
    )
    found = (await db.exec(statement)).all()
    people = await persons(db, teacher_ids={mentee_id, *(one.mentor_id for one in found)})
    asked = await policy(db, district_id=found[0].district_id) if found else Policy()
    return [
        (one.id, lack)
        for one in found
        for lack in lacks(
            Plan(
                people[one.mentor_id],
                people[mentee_id],
                one.role,
                (one.valid.lower or date.min, one.valid.upper),
            ),
            policy=asked,
        )
    ]


def mentors(
    caller: Caller, *, day: date, school_id: UUID | None, group_id: UUID | None
) -> Select[Any]:
    """Rows for ``MentorOut``: teachers who have or are to have a mentee on the day."""
    places = (
        select_rows(col(Pairing.mentor_id).label("mentor_id"), func.count().label("taken"))
        .where(col(Pairing.valid).contains(day), col(Pairing.state) != PairingState.ENDED.value)
        .group_by(col(Pairing.mentor_id))
        .subquery()
    )
    someone = _Someone(Teacher, Employment, School)
    statement: Select[Any] = select_rows(someone.shown, places.c.taken)
    statement = someone.join(statement.select_from(places), on=places.c.mentor_id, day=day).where(
        col(Teacher.id).in_(visible_teachers(caller, Permission.MENTORING_READ))
    )
    if school_id is not None:
        statement = statement.where(col(School.id) == school_id)
    if group_id is not None:
        statement = statement.where(col(School.id).in_(members_of([group_id], on=day)))
    return statement
