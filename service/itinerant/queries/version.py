"""Reading the draft of a group's timetable, and the versions that were published."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, time
from hashlib import sha256
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, text
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.itinerant.access import visible_assignments
from service.itinerant.problems.version import VersionNotFound
from service.itinerant.rules import AssignmentState
from service.itinerant.tables import Assignment, AssignmentAmendment, TimetableVersion
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.access import governed_groups, visible_groups
from service.network.tables import Campus, Group, School
from service.staff.tables import Teacher

# Groups


async def governs(db: AsyncSession, *, caller: Caller, group_id: UUID) -> bool:
    """Whether the caller publishes timetables of a group."""
    statement = governed_groups(caller, Permission.ASSIGNMENT_PUBLISH)
    return (await db.exec(statement.where(col(Group.id) == group_id))).one_or_none() is not None


# The draft

Drafted = Sequence[tuple[Assignment, AssignmentAmendment | None]]


async def drafted(db: AsyncSession, *, group_id: UUID, term_id: UUID, hold: bool) -> Drafted:
    """The drafts of a group and term, and the published assignments that are to change."""
    statement: Any = (
        select(Assignment, AssignmentAmendment)
        .outerjoin(
            AssignmentAmendment, col(AssignmentAmendment.assignment_id) == col(Assignment.id)
        )
        .where(
            col(Assignment.group_id) == group_id,
            col(Assignment.term_id) == term_id,
            or_(
                col(Assignment.state) == AssignmentState.DRAFT,
                and_(
                    col(Assignment.state) == AssignmentState.PUBLISHED,
                    col(AssignmentAmendment.id).is_not(None),
                ),
            ),
        )
        .order_by(col(Assignment.id))
        .execution_options(populate_existing=True)
    )
    if hold:
        statement = statement.with_for_update(of=Assignment)
    return cast("Drafted", (await db.exec(statement)).all())


def draft_tag(found: Drafted) -> str:
    """The version of a draft: another one whenever any part of it is."""
    parts = [
        f"{assignment.id}:{assignment.version}:{amendment.version if amendment else ''}"
        for assignment, amendment in found
    ]
    return sha256("|".join(parts).encode()).hexdigest()[:16]


def amendments(caller: Caller) -> SelectOfScalar[AssignmentAmendment]:
    """What is to change of assignments within reach."""
    seen = select(Assignment.id).where(visible_assignments(caller))
    return select(AssignmentAmendment).where(col(AssignmentAmendment.assignment_id).in_(seen))


async def held_amendment(db: AsyncSession, *, assignment_id: UUID) -> AssignmentAmendment | None:
    """What is to change of an assignment, held for a change."""
    statement = (
        select(AssignmentAmendment)
        .where(col(AssignmentAmendment.assignment_id) == assignment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).one_or_none()


_GIVEN_UP = text("""SELECT o.source_id, lower(one) AS starts_at
FROM occupancy o, unnest(o.during) AS one
WHERE o.source_id = ANY (CAST(:sources AS uuid[]))
  AND (o.kind = 'hold' OR o.kind = 'lesson' AND lower(one) >= :from_)""")


async def given_up(
    db: AsyncSession, *, sources: Collection[UUID], from_date: date, zone: ZoneInfo
) -> set[tuple[UUID, datetime]]:
    """The times of slots that end, and of holds, by source and start."""
    values = {"sources": sorted(sources), "from_": datetime.combine(from_date, time(), zone)}
    found = await (await db.connection()).execute(_GIVEN_UP, values)
    return {(row.source_id, row.starts_at) for row in found}


async def names(
    db: AsyncSession, *, teachers: Collection[UUID], schools: Collection[UUID]
) -> dict[UUID, str]:
    """The names of teachers and schools."""
    people = select(Teacher.id, Teacher.name).where(col(Teacher.id).in_(list(teachers)))
    places = select(School.id, School.name).where(col(School.id).in_(list(schools)))
    return dict([*(await db.exec(people)).all(), *(await db.exec(places)).all()])


# Versions

_Home = aliased(School, name="home")


async def in_force(db: AsyncSession, *, group_id: UUID, term_id: UUID) -> list[Any]:
    """The published assignments of a group and term, with names, the oldest first."""
    statement = (
        select_rows(
            Assignment, col(Teacher.name), col(_Home.name), col(School.name), col(Campus.name)
        )
        .join(Teacher, col(Teacher.id) == col(Assignment.teacher_id))
        .join(_Home, col(_Home.id) == col(Assignment.home_school_id))
        .join(School, col(School.id) == col(Assignment.host_school_id))
        .join(Campus, col(Campus.id) == col(Assignment.campus_id))
        .where(
            col(Assignment.group_id) == group_id,
            col(Assignment.term_id) == term_id,
            col(Assignment.state) == AssignmentState.PUBLISHED,
        )
        .order_by(col(Assignment.id))
    )
    return list((await db.exec(cast("Any", statement))).all())


async def held_in_force(db: AsyncSession, *, group_id: UUID, term_id: UUID) -> Sequence[Assignment]:
    """The published assignments of a group and term, held for a change."""
    statement = (
        select(Assignment)
        .where(
            col(Assignment.group_id) == group_id,
            col(Assignment.term_id) == term_id,
            col(Assignment.state) == AssignmentState.PUBLISHED,
        )
        .order_by(col(Assignment.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def latest(db: AsyncSession, *, group_id: UUID, term_id: UUID) -> TimetableVersion | None:
    """The last version that was published."""
    statement = (
        select(TimetableVersion)
        .where(col(TimetableVersion.group_id) == group_id, col(TimetableVersion.term_id) == term_id)
        .order_by(col(TimetableVersion.number).desc())
        .limit(1)
    )
    return (await db.exec(statement)).one_or_none()


def versions(
    caller: Caller, *, group_id: UUID | None, term_id: UUID | None
) -> SelectOfScalar[TimetableVersion]:
    """The versions of groups within reach."""
    seen = visible_groups(caller, Permission.ASSIGNMENT_READ)
    statement = select(TimetableVersion).where(col(TimetableVersion.group_id).in_(seen))
    if group_id is not None:
        statement = statement.where(col(TimetableVersion.group_id) == group_id)
    if term_id is not None:
        statement = statement.where(col(TimetableVersion.term_id) == term_id)
    return statement


async def visible_version(
    db: AsyncSession, *, caller: Caller, version_id: UUID
) -> TimetableVersion:
    """A version of a group within reach.

    Raises
    ------
    VersionNotFound
        It does not exist, or the caller may not see it.
    """
    statement = versions(caller, group_id=None, term_id=None).where(
        col(TimetableVersion.id) == version_id
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise VersionNotFound
    return found
