"""Reading assignments, each within the caller's reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Select, and_, any_, func, or_
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import ScalarSelect
from sqlmodel import col, select

from service.calendar.tables import SchoolYear, Term
from service.itinerant.access import visible_assignments
from service.itinerant.problems import AssignmentNotFound
from service.itinerant.tables import Assignment, AssignmentPattern
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, named_rows
from service.network.access import visible_schools
from service.network.tables import Campus, CodeItem, Group, School
from service.staff.tables import Teacher
from service.timetable.tables import ClassSection, Room


def _patterns() -> ScalarSelect[Any]:
    """The weekly periods of an assignment with their classes, as JSON."""
    taught = (
        select_rows(
            func.json_agg(
                aggregate_order_by(
                    func.json_build_object("id", col(ClassSection.id), "name", ClassSection.name),
                    col(ClassSection.name),
                )
            )
        )
        .where(col(ClassSection.id) == any_(col(AssignmentPattern.class_ids)))
        .correlate(AssignmentPattern)
        .scalar_subquery()
    )
    pattern = func.json_build_object(
        *("weekday", col(AssignmentPattern.weekday)),
        *("period", col(AssignmentPattern.period)),
        *("parity", col(AssignmentPattern.parity)),
        *("weeks", col(AssignmentPattern.weeks)),
        *("classes", taught),
        *("room_id", col(AssignmentPattern.room_id)),
        *("room_name", col(Room.name)),
        *("valid_from", func.lower(col(AssignmentPattern.valid))),
        *("valid_until", func.upper(col(AssignmentPattern.valid))),
        *("slot_id", col(AssignmentPattern.slot_id)),
    )
    ordered = aggregate_order_by(
        pattern,
        col(AssignmentPattern.weekday),
        col(AssignmentPattern.period),
        col(AssignmentPattern.id),
    )
    return (
        select_rows(func.json_agg(ordered, type_=JSON()))
        .select_from(AssignmentPattern)
        .outerjoin(Room, col(Room.id) == col(AssignmentPattern.room_id))
        .where(col(AssignmentPattern.assignment_id) == col(Assignment.id))
        .correlate(Assignment)
        .scalar_subquery()
    )


def _assignment_rows() -> Select[*tuple[Any, ...]]:
    home, host = aliased(School, name="home"), aliased(School, name="host")
    return (
        select_rows(
            *(column for column in Assignment.__table__.c),  # type: ignore[attr-defined]
            col(Teacher.name).label("teacher_name"),
            col(home.name).label("home_school_name"),
            col(host.name).label("host_school_name"),
            col(Campus.name).label("campus_name"),
            col(Group.name).label("group_name"),
            col(SchoolYear.label).label("year_label"),
            col(Term.number).label("term_number"),
            col(CodeItem.zh).label("subject_zh"),
            col(CodeItem.en).label("subject_en"),
            _patterns().label("patterns"),
        )
        .join(Teacher, col(Teacher.id) == col(Assignment.teacher_id))
        .join(home, col(home.id) == col(Assignment.home_school_id))
        .join(host, col(host.id) == col(Assignment.host_school_id))
        .join(Campus, col(Campus.id) == col(Assignment.campus_id))
        .join(Group, col(Group.id) == col(Assignment.group_id))
        .join(Term, col(Term.id) == col(Assignment.term_id))
        .join(SchoolYear, col(SchoolYear.id) == col(Term.school_year_id))
        .outerjoin(
            CodeItem,
            and_(
                col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Assignment.subject)
            ),
        )
    )


_ROWS = _assignment_rows()
assignment_row = named_rows(_ROWS)
"""A row of ``assignments`` by the names of its columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentFilter:
    """Which assignments are asked for."""

    teacher_id: UUID | None = None
    school_id: UUID | None = None
    group_id: UUID | None = None
    term_id: UUID | None = None
    state: str | None = None


def assignments(caller: Caller, *, wanted: AssignmentFilter) -> Select[*tuple[Any, ...]]:
    """The assignments within reach."""
    statement = _ROWS.where(visible_assignments(caller))
    if wanted.teacher_id is not None:
        statement = statement.where(col(Assignment.teacher_id) == wanted.teacher_id)
    if wanted.school_id is not None:
        statement = statement.where(
            or_(
                col(Assignment.home_school_id) == wanted.school_id,
                col(Assignment.host_school_id) == wanted.school_id,
            )
        )
    if wanted.group_id is not None:
        statement = statement.where(col(Assignment.group_id) == wanted.group_id)
    if wanted.term_id is not None:
        statement = statement.where(col(Assignment.term_id) == wanted.term_id)
    if wanted.state is not None:
        statement = statement.where(col(Assignment.state) == wanted.state)
    return statement


async def visible_assignment(db: AsyncSession, *, caller: Caller, assignment_id: UUID) -> Any:
    """An assignment within reach, as a flat row.

    Raises
    ------
    AssignmentNotFound
        It does not exist, or the caller may not see it.
    """
    statement = _ROWS.where(col(Assignment.id) == assignment_id, visible_assignments(caller))
    found = (await (await db.connection()).execute(statement)).one_or_none()
    if found is None:
        raise AssignmentNotFound
    return found


async def held_assignment(db: AsyncSession, *, caller: Caller, assignment_id: UUID) -> Assignment:
    """An assignment within reach, locked until the transaction ends, as it is now.

    Raises
    ------
    AssignmentNotFound
        It does not exist, or the caller may not see it.
    """
    statement = (
        select(Assignment)
        .where(col(Assignment.id) == assignment_id, visible_assignments(caller))
        .with_for_update(of=Assignment)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise AssignmentNotFound
    return found


async def patterns_of(db: AsyncSession, *, assignment_id: UUID) -> list[AssignmentPattern]:
    """The weekly periods of an assignment, in order."""
    statement = (
        select(AssignmentPattern)
        .where(col(AssignmentPattern.assignment_id) == assignment_id)
        .order_by(
            col(AssignmentPattern.weekday),
            col(AssignmentPattern.period),
            col(AssignmentPattern.id),
        )
    )
    return list((await db.exec(statement)).all())


async def reached_schools(
    db: AsyncSession, *, caller: Caller, permission: Permission, school_ids: Iterable[UUID]
) -> set[UUID]:
    """Which of these schools a permission reaches."""
    statement = select(School.id).where(
        col(School.id).in_(set(school_ids)),
        col(School.id).in_(visible_schools(caller, permission)),
    )
    return set((await db.exec(statement)).all())
