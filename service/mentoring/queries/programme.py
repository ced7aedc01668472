"""Reading programmes and what they ask for, each within the caller's reach."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func
from sqlalchemy import select as select_rows
from sqlmodel import col, select

from service.calendar.queries import bounds_of
from service.calendar.tables import SchoolYear, Term
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.mentoring.access import governed_programmes, visible_programmes
from service.mentoring.problems.programme import (
    EntryNotFound,
    ProgrammeNotFound,
    TeacherOutOfScope,
)
from service.mentoring.queries.pairing import policy as district_policy
from service.mentoring.rules import Policy
from service.mentoring.rules.programme import EntryKind, MinimumPlan, ProgrammeState
from service.mentoring.rules.progress import Window, share, window
from service.mentoring.tables import (
    MentoringProgramme,
    MentoringStandard,
    Pairing,
    ProgrammeEntry,
)
from service.network.access import governed_groups, members_of, reaches_district, visible_groups
from service.network.queries.finding import rows_of
from service.network.tables import CodeItem, Group, Membership, School
from service.staff.access import visible_teachers
from service.staff.problems import TeacherNotFound
from service.staff.tables import Employment, Teacher


def person(*, day: date) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """A teacher with the school of a day: what to show, and how ``Employment`` is joined."""
    shown = func.jsonb_build_object(
        *("id", col(Teacher.id)),
        *("number", col(Teacher.number)),
        *("name", col(Teacher.name)),
        *("school_id", col(School.id)),
        *("school_name", col(School.name)),
    )
    employed = and_(
        col(Employment.teacher_id) == col(Teacher.id), col(Employment.valid).contains(day)
    )
    return shown, employed


# Programmes


def programmes(
    caller: Caller,
    *,
    school_year_id: UUID | None = None,
    group_id: UUID | None = None,
    state: ProgrammeState | None = None,
) -> Select[Any]:
    """Rows for ``ProgrammeOut``: those of the district, and of groups within reach."""
    statement = _rows().where(visible_programmes(caller))
    for column, value in (
        (MentoringProgramme.school_year_id, school_year_id),
        (MentoringProgramme.group_id, group_id),
        (MentoringProgramme.state, state),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    return statement


def _rows() -> Select[Any]:
    shown: tuple[Any, ...] = (MentoringProgramme, col(SchoolYear.label), col(Group.name))
    return (
        select_rows(*shown)
        .join(SchoolYear, col(SchoolYear.id) == col(MentoringProgramme.school_year_id))
        .join(Group, col(Group.id) == col(MentoringProgramme.group_id), isouter=True)
    )


async def row_of(db: AsyncSession, *, programme_id: UUID) -> tuple[Any, ...]:
    """A row for ``ProgrammeOut`` of a programme that is known to be in sight."""
    (row,) = await rows_of(db, _rows().where(col(MentoringProgramme.id) == programme_id))
    return tuple(row)


async def visible_programme(
    db: AsyncSession, *, caller: Caller, programme_id: UUID
) -> MentoringProgramme:
    """A programme within reach.

    Raises
    ------
    ProgrammeNotFound
        There is none, or the caller may not see it.
    """
    statement = select(MentoringProgramme).where(
        col(MentoringProgramme.id) == programme_id, visible_programmes(caller)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ProgrammeNotFound
    return found


async def row_by_id(db: AsyncSession, *, programme_id: UUID) -> MentoringProgramme:
    """A programme that something of ours points to."""
    statement = select(MentoringProgramme).where(col(MentoringProgramme.id) == programme_id)
    return (await db.exec(statement)).one()


async def programme_to_change(
    db: AsyncSession, *, caller: Caller, programme_id: UUID
) -> MentoringProgramme:
    """A programme the caller may change, locked.

    Raises
    ------
    ProgrammeNotFound
        There is none, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    statement = select(governed_programmes(caller)).where(
        col(MentoringProgramme.id) == programme_id, visible_programmes(caller)
    )
    allowed = (await db.exec(statement)).one_or_none()
    if allowed is None:
        raise ProgrammeNotFound
    if not allowed:
        raise Forbidden
    found = await lock(db, MentoringProgramme, programme_id)
    if found is None:
        raise ProgrammeNotFound
    return found


async def check_scope(db: AsyncSession, *, caller: Caller, group_id: UUID | None) -> None:
    """Refuse a scope for which the caller may not begin a programme.

    Raises
    ------
    RelatedNotFound
        The group does not exist, or the caller may not see it.
    Forbidden
        It is the district's, or another group's, to begin one here.
    """
    if group_id is None:
        if not reaches_district(caller, Permission.PROGRAMME_WRITE):
            raise Forbidden
        return
    statement = select(
        col(Group.id).in_(governed_groups(caller, Permission.PROGRAMME_WRITE))
    ).where(
        col(Group.id) == group_id,
        col(Group.id).in_(visible_groups(caller, Permission.PROGRAMME_READ)),
    )
    allowed = (await db.exec(statement)).one_or_none()
    if allowed is None:
        words = Text("集团不存在或不可见", "does not exist, or you may not see it")
        raise RelatedNotFound(errors=[FieldError("/group_id", "not-found", words)])
    if not allowed:
        raise Forbidden


async def year_of(db: AsyncSession, *, school_year_id: UUID) -> SchoolYear:
    """A school year that a field points to.

    Raises
    ------
    RelatedNotFound
        There is none.
    """
    statement = select(SchoolYear).where(col(SchoolYear.id) == school_year_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        words = Text("学年不存在", "does not exist")
        raise RelatedNotFound(errors=[FieldError("/school_year_id", "not-found", words)])
    return found


# Standards


async def standards_of(db: AsyncSession, *, programme_id: UUID) -> Sequence[MentoringStandard]:
    """All versions of what a programme asks for, the earliest first."""
    found = await standards_of_all(db, programme_ids=[programme_id])
    return found.get(programme_id, [])


async def standards_of_all(
    db: AsyncSession, *, programme_ids: Collection[UUID]
) -> dict[UUID, list[MentoringStandard]]:
    """The same of several programmes at once."""
    statement = (
        select(MentoringStandard)
        .where(col(MentoringStandard.programme_id).in_(programme_ids))
        .order_by(func.lower(col(MentoringStandard.valid)))
    )
    found: dict[UUID, list[MentoringStandard]] = defaultdict(list)
    for one in (await db.exec(statement)).all():
        found[one.programme_id].append(one)
    return found


async def standard_on(db: AsyncSession, *, programme_id: UUID, day: date) -> MentoringStandard:
    """What a programme asks for on a day; before its year the first, after it the last."""
    versions = await standards_of(db, programme_id=programme_id)
    begun = [one for one in versions if one.valid.lower is not None and one.valid.lower <= day]
    return begun[-1] if begun else versions[0]


async def role_names(db: AsyncSession) -> dict[str, Text]:
    """The district's own names of mentors' roles."""
    statement = select(CodeItem.code, CodeItem.zh, CodeItem.en).where(
        col(CodeItem.list) == "mentor_role"
    )
    return {code: Text(zh, en or zh) for code, zh, en in (await db.exec(statement)).all()}


# For pairings


async def standards_in_force(
    db: AsyncSession, *, mentee_ids: Collection[UUID], day: date
) -> dict[UUID, MentoringStandard]:
    """What the programmes ask for of mentees on a day, by the school that employs them.

    A group's own programme goes before the district's, an open one before a closed one. Mentees
    whom no programme concerns are left out.
    """
    asked: tuple[Any, ...] = (col(MentoringProgramme.group_id), MentoringStandard)
    statement = (
        select_rows(*asked)
        .join(
            MentoringProgramme,
            col(MentoringProgramme.id) == col(MentoringStandard.programme_id),
        )
        .where(
            col(MentoringStandard.valid).contains(day),
            col(MentoringProgramme.state) != ProgrammeState.DRAFT.value,
        )
        .order_by(
            (col(MentoringProgramme.state) == ProgrammeState.OPEN.value).desc(),
            col(MentoringProgramme.opened_at).desc(),
        )
    )
    by_scope: dict[UUID | None, MentoringStandard] = {}
    for group_id, standard in await rows_of(db, statement):
        by_scope.setdefault(group_id, standard)
    if not by_scope:
        return {}
    found: dict[UUID, MentoringStandard] = {}
    for mentee_id, group_id in await rows_of(db, _groups_of(mentee_ids, day=day)):
        own = by_scope.get(group_id) if group_id is not None else None
        standard = own or found.get(mentee_id) or by_scope.get(None)
        if standard is not None:
            found[mentee_id] = standard
    return found


def _groups_of(teacher_ids: Collection[UUID], *, day: date) -> Select[Any]:
    """Teachers employed on a day, each with every group of the school."""
    member = and_(
        col(Membership.school_id) == col(Employment.school_id),
        col(Membership.valid).contains(day),
    )
    both: tuple[Any, ...] = (col(Employment.teacher_id), col(Membership.group_id))
    return (
        select_rows(*both)
        .join(Membership, member, isouter=True)
        .where(col(Employment.teacher_id).in_(teacher_ids), col(Employment.valid).contains(day))
        .order_by(col(Employment.teacher_id), col(Membership.group_id))
    )


def plan_in(standard: MentoringStandard) -> MinimumPlan:
    """The minimum plan of a standard."""
    return MinimumPlan(
        lesson_plans=standard.lesson_plans,
        observed_by_mentor=standard.observed_by_mentor,
        observed_of_mentor=standard.observed_of_mentor,
    )


async def plans_of(
    db: AsyncSession, *, mentee_ids: Collection[UUID], day: date
) -> dict[UUID, MinimumPlan]:
    """How much the pairs of these mentees do in the term of a day, at least.

    ``day`` is the first day of the pair in the term, so that a standard changed later in a term
    counts from the next one on. Where no programme says so, the defaults hold.
    """
    asked = await standards_in_force(db, mentee_ids=mentee_ids, day=day)
    return {id_: plan_in(asked[id_]) if id_ in asked else MinimumPlan() for id_ in mentee_ids}


async def plan_of(db: AsyncSession, *, pairing: Pairing, term: Term) -> MinimumPlan:
    """How much a pair does in a term, at least; nothing in a term in which it has no day."""
    plans = await plans_for(db, pairings=[pairing], term=bounds_of(term.days))
    return plans.get(pairing.id, MinimumPlan(0, 0, 0))


async def plans_for(
    db: AsyncSession, *, pairings: Collection[Pairing], term: Window
) -> dict[UUID, MinimumPlan]:
    """How much each pair does in a term, at least: the part of the plan that its days ask for.

    Pairs that have no day in the term are left out.
    """
    begun: dict[date, list[tuple[Pairing, Window]]] = defaultdict(list)
    for one in pairings:
        valid = one.valid.lower or date.min, one.valid.upper
        if (own := window(term, valid=valid)) is not None:
            begun[own[0]].append((one, own))
    found: dict[UUID, MinimumPlan] = {}
    for day, several in begun.items():
        plans = await plans_of(db, mentee_ids={one.mentee_id for one, _ in several}, day=day)
        for one, own in several:
            found[one.id] = share(plans[one.mentee_id], of=own, term=term)
    return found


def policy_in(standard: MentoringStandard, *, of_district: Policy) -> Policy:
    """Who may be a mentor by a standard; its places are never more than the district's."""
    return Policy(
        capacity=min(standard.capacity, of_district.capacity),
        min_years=standard.min_years,
        honours=frozenset(standard.honours),
        honour_and_years=standard.honour_and_years,
    )


async def policies_for(
    db: AsyncSession, *, district_id: UUID, mentee_ids: Collection[UUID], day: date
) -> dict[UUID, Policy]:
    """What is asked of the mentors of each mentee from a day on."""
    of_district = await district_policy(db, district_id=district_id)
    asked = await standards_in_force(db, mentee_ids=mentee_ids, day=day)
    policies = dict.fromkeys(mentee_ids, of_district)
    return policies | {
        mentee_id: policy_in(standard, of_district=of_district)
        for mentee_id, standard in asked.items()
    }


async def policy_for(db: AsyncSession, *, district_id: UUID, mentee_id: UUID, day: date) -> Policy:
    """What is asked of a mentee's mentors from a day on."""
    policies = await policies_for(db, district_id=district_id, mentee_ids=[mentee_id], day=day)
    return policies[mentee_id]


async def signature_needed(db: AsyncSession, *, mentee_id: UUID, day: date) -> bool:
    """Whether a mentee's programme asks for a signed agreement before a pairing begins."""
    asked = await standards_in_force(db, mentee_ids=[mentee_id], day=day)
    return mentee_id in asked and asked[mentee_id].agreement_required


# Decided by hand


def entries(
    caller: Caller, *, programme_id: UUID | None, kind: EntryKind | None, day: date
) -> Select[Any]:
    """Rows for ``EntryOut``: the teachers in reach about whom somebody decided.

    Without a programme, of all that are in sight.
    """
    shown, employed = person(day=day)
    statement: Select[Any] = (
        select_rows(ProgrammeEntry, shown)
        .join(Teacher, col(Teacher.id) == col(ProgrammeEntry.teacher_id))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(
            col(ProgrammeEntry.programme_id) == programme_id
            if programme_id is not None
            else col(ProgrammeEntry.programme_id).in_(
                select(MentoringProgramme.id).where(visible_programmes(caller))
            ),
            col(Teacher.id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)),
        )
    )
    return statement if kind is None else statement.where(col(ProgrammeEntry.kind) == kind)


async def entry_row(
    db: AsyncSession, *, programme_id: UUID, teacher_id: UUID, caller: Caller, day: date
) -> tuple[Any, ...]:
    """A row for ``EntryOut``.

    Raises
    ------
    EntryNotFound
        Nothing was decided about this teacher, or the caller may not see them.
    """
    statement = entries(caller, programme_id=programme_id, kind=None, day=day)
    found = await rows_of(db, statement.where(col(Teacher.id) == teacher_id))
    if not found:
        raise EntryNotFound
    return tuple(found[0])


async def entry_of(
    db: AsyncSession, *, programme_id: UUID, teacher_id: UUID
) -> ProgrammeEntry | None:
    """What was decided about a teacher, as it is now."""
    statement = (
        select(ProgrammeEntry)
        .where(
            col(ProgrammeEntry.programme_id) == programme_id,
            col(ProgrammeEntry.teacher_id) == teacher_id,
        )
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).one_or_none()


async def check_teacher(
    db: AsyncSession, *, caller: Caller, programme: MentoringProgramme, teacher_id: UUID, day: date
) -> None:
    """Refuse a teacher who is out of sight, or whose school is not in the programme's scope.

    Raises
    ------
    TeacherNotFound
        There is none, or the caller may not see them.
    TeacherOutOfScope
        The teacher's school of the day is in no group of the programme.
    """
    seen = select(Teacher.id).where(
        col(Teacher.id) == teacher_id,
        col(Teacher.id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)),
    )
    if (await db.exec(seen)).one_or_none() is None:
        raise TeacherNotFound
    if programme.group_id is None:
        return
    statement = select(Employment.teacher_id).where(
        col(Employment.teacher_id) == teacher_id,
        col(Employment.valid).contains(day),
        col(Employment.school_id).in_(members_of([programme.group_id], on=day)),
    )
    if (await db.exec(statement)).one_or_none() is None:
        raise TeacherOutOfScope
