"""Reading studios within reach: those in which one reaches somebody who is or was in them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.calendar.tables import SchoolYear
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.mentoring.access import governed_studios, visible_studios
from service.mentoring.problems.studio import (
    ActivityNotFound,
    StudioMemberNotFound,
    StudioNotFound,
)
from service.mentoring.queries.programme import person
from service.mentoring.rules.studio import ActivityState, StudioRole
from service.mentoring.tables import (
    Studio,
    StudioActivity,
    StudioAttendance,
    StudioMember,
    StudioOutput,
    StudioReview,
)
from service.network.queries import Standpoint, weak_on
from service.network.queries.finding import rows_of
from service.network.tables import Campus, School
from service.staff.access import visible_teachers
from service.staff.problems import TeacherNotFound
from service.staff.tables import Employment, Teacher


def studios(
    caller: Caller, *, subject: str | None = None, q: str | None = None
) -> SelectOfScalar[Studio]:
    """The studios within sight."""
    statement = select(Studio).where(visible_studios(caller))
    if subject is not None:
        statement = statement.where(col(Studio.subject) == subject)
    if q is not None:
        statement = statement.where(col(Studio.name).icontains(q, autoescape=True))
    return statement


async def visible_studio(db: AsyncSession, *, caller: Caller, studio_id: UUID) -> Studio:
    """A studio within sight.

    Raises
    ------
    StudioNotFound
        There is none, or the caller may not see it.
    """
    statement = select(Studio).where(col(Studio.id) == studio_id, visible_studios(caller))
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise StudioNotFound
    return found


async def check_governed(db: AsyncSession, *, caller: Caller, studio_id: UUID) -> None:
    """Refuse a studio that is not the caller's to change: the host's office looks after it.

    Raises
    ------
    StudioNotFound
        There is none, or the caller may not see it.
    Forbidden
        The caller sees it but may not change it.
    """
    await visible_studio(db, caller=caller, studio_id=studio_id)
    mine = select(Studio.id).where(col(Studio.id) == studio_id, governed_studios(caller))
    if (await db.exec(mine)).one_or_none() is None:
        raise Forbidden


async def held(db: AsyncSession, *, studio_id: UUID) -> Studio:
    """A studio, locked.

    Raises
    ------
    StudioNotFound
        There is none.
    """
    found = await lock(db, Studio, studio_id)
    if found is None:
        raise StudioNotFound
    return found


async def check_teachers(
    db: AsyncSession, *, caller: Caller, teachers: Sequence[tuple[str, UUID]], write: bool
) -> None:
    """Refuse teachers who are out of sight, or for whom the caller may not speak.

    Raises
    ------
    RelatedNotFound
        It names the field.
    Forbidden
        The caller sees them but may not let them host.
    """
    ids = [id_ for _, id_ in teachers]
    may = col(Teacher.id).in_(visible_teachers(caller, Permission.STUDIO_WRITE))
    both: tuple[Any, ...] = (col(Teacher.id), may)
    statement = select_rows(*both).where(
        col(Teacher.id).in_(ids),
        col(Teacher.id).in_(visible_teachers(caller, Permission.STUDIO_READ)),
    )
    seen: dict[UUID, bool] = dict(await rows_of(db, statement))
    words = Text("教师不存在或不可见", "does not exist, or you may not see them")
    missing = [
        FieldError(pointer, "not-found", words) for pointer, id_ in teachers if id_ not in seen
    ]
    if missing:
        raise RelatedNotFound(errors=missing)
    if write and not all(seen.values()):
        raise Forbidden


# Members

MEMBER = col(StudioMember.id)


async def members_of_studio(db: AsyncSession, *, studio_id: UUID) -> Sequence[StudioMember]:
    """All memberships of a studio, as they are now."""
    statement = (
        select(StudioMember)
        .where(col(StudioMember.studio_id) == studio_id)
        .order_by(func.lower(col(StudioMember.valid)), col(StudioMember.id))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


def _of(column: Any, *, caller: Caller | None, studio_id: UUID | None) -> ColumnElement[bool]:
    """Of one studio, or of all within sight."""
    if caller is None:
        return col(column) == studio_id
    return col(column).in_(select(Studio.id).where(visible_studios(caller)))


def members(
    *,
    at: Standpoint,
    studio_id: UUID | None = None,
    caller: Caller | None = None,
    on: date | None = None,
) -> Select[Any]:
    """Rows for ``StudioMemberOut``, of one studio or of all that the caller sees.

    Everybody who sees a studio sees who is in it.
    """
    shown, employed = person(day=at.day)
    disadvantaged = func.coalesce(
        or_(col(School.urban_rural_code).in_(at.rural_codes), weak_on(at.day)), literal(value=False)
    )
    columns: tuple[Any, ...] = (StudioMember, shown, disadvantaged)
    statement = (
        select_rows(*columns)
        .join(Teacher, col(Teacher.id) == col(StudioMember.teacher_id))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(_of(StudioMember.studio_id, caller=caller, studio_id=studio_id))
    )
    return statement if on is None else statement.where(col(StudioMember.valid).contains(on))


async def member_row(
    db: AsyncSession, *, studio_id: UUID, member_id: UUID, at: Standpoint
) -> tuple[Any, ...]:
    """A row for ``StudioMemberOut``."""
    statement = members(studio_id=studio_id, at=at)
    (row,) = await rows_of(db, statement.where(col(StudioMember.id) == member_id))
    return tuple(row)


async def member_of(db: AsyncSession, *, studio_id: UUID, member_id: UUID) -> StudioMember:
    """A membership of a studio, locked.

    Raises
    ------
    StudioMemberNotFound
        There is none.
    """
    found = await lock(db, StudioMember, member_id)
    if found is None or found.studio_id != studio_id:
        raise StudioMemberNotFound
    return found


# Activities


def activities(
    *,
    studio_id: UUID | None = None,
    caller: Caller | None = None,
    from_: datetime | None = None,
) -> Select[Any]:
    """Rows for ``ActivityOut``: activity, campus, how many are invited and came."""
    counts = (
        select_rows(
            col(StudioAttendance.activity_id).label("activity_id"),
            func.count().label("invited"),
            func.count().filter(col(StudioAttendance.presence) == "present").label("present"),
        )
        .group_by(col(StudioAttendance.activity_id))
        .subquery()
    )
    columns: tuple[Any, ...] = (
        StudioActivity,
        col(Campus.name),
        func.coalesce(counts.c.invited, 0),
        func.coalesce(counts.c.present, 0),
    )
    statement = (
        select_rows(*columns)
        .join(Campus, col(Campus.id) == col(StudioActivity.campus_id))
        .join(counts, counts.c.activity_id == col(StudioActivity.id), isouter=True)
        .where(_of(StudioActivity.studio_id, caller=caller, studio_id=studio_id))
    )
    if from_ is not None:
        statement = statement.where(col(StudioActivity.starts_at) >= from_)
    return statement


async def activity_row(db: AsyncSession, *, activity: StudioActivity) -> tuple[Any, ...]:
    """A row for ``ActivityOut``."""
    statement = activities(studio_id=activity.studio_id)
    (row,) = await rows_of(db, statement.where(col(StudioActivity.id) == activity.id))
    return tuple(row)


async def visible_activity(
    db: AsyncSession, *, caller: Caller, activity_id: UUID
) -> StudioActivity:
    """An activity of a studio within sight.

    Raises
    ------
    ActivityNotFound
        There is none, or the caller may not see it.
    """
    statement = (
        select(StudioActivity)
        .join(Studio, col(Studio.id) == col(StudioActivity.studio_id))
        .where(col(StudioActivity.id) == activity_id, visible_studios(caller))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ActivityNotFound
    return found


async def invited_to(
    db: AsyncSession, *, activity_ids: Collection[UUID]
) -> Sequence[StudioAttendance]:
    """Who is invited to activities."""
    statement = (
        select(StudioAttendance)
        .where(col(StudioAttendance.activity_id).in_(activity_ids))
        .order_by(col(StudioAttendance.teacher_id))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def attendance_rows(
    db: AsyncSession, *, activity_id: UUID, day: date
) -> Sequence[tuple[Any, ...]]:
    """Rows for ``AttendanceOut``."""
    shown, employed = person(day=day)
    columns: tuple[Any, ...] = (shown, col(StudioAttendance.presence))
    statement = (
        select_rows(*columns)
        .select_from(StudioAttendance)
        .join(Teacher, col(Teacher.id) == col(StudioAttendance.teacher_id))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(col(StudioAttendance.activity_id) == activity_id)
        .order_by(col(Teacher.name_pinyin), col(Teacher.id))
    )
    return [tuple(row) for row in await rows_of(db, statement)]


async def coming_of(
    db: AsyncSession, *, studio_id: UUID, teacher_id: UUID, after: datetime
) -> Sequence[StudioActivity]:
    """The planned activities after a moment to which somebody is invited."""
    statement = (
        select(StudioActivity)
        .join(StudioAttendance, col(StudioAttendance.activity_id) == col(StudioActivity.id))
        .where(
            col(StudioActivity.studio_id) == studio_id,
            col(StudioActivity.state) == ActivityState.PLANNED.value,
            col(StudioActivity.starts_at) >= after,
            col(StudioAttendance.teacher_id) == teacher_id,
        )
        .order_by(col(StudioActivity.id))
    )
    return (await db.exec(statement)).all()


# Outputs, reviews, a teacher's work


def outputs(
    *, day: date, studio_id: UUID | None = None, caller: Caller | None = None
) -> Select[Any]:
    """Rows for ``StudioOutputOut``."""
    shown, employed = person(day=day)
    columns: tuple[Any, ...] = (StudioOutput, shown)
    return (
        select_rows(*columns)
        .join(Teacher, col(Teacher.id) == col(StudioOutput.teacher_id))
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(_of(StudioOutput.studio_id, caller=caller, studio_id=studio_id))
    )


def reviews(*, studio_id: UUID | None = None, caller: Caller | None = None) -> Select[Any]:
    """Rows for ``ReviewOut``."""
    columns: tuple[Any, ...] = (StudioReview, col(SchoolYear.label))
    return (
        select_rows(*columns)
        .join(SchoolYear, col(SchoolYear.id) == col(StudioReview.school_year_id))
        .where(_of(StudioReview.studio_id, caller=caller, studio_id=studio_id))
    )


async def output_row(db: AsyncSession, *, output: StudioOutput, day: date) -> tuple[Any, ...]:
    """A row for ``OutputOut``."""
    statement = outputs(studio_id=output.studio_id, day=day)
    (row,) = await rows_of(db, statement.where(col(StudioOutput.id) == output.id))
    return tuple(row)


async def review_row(db: AsyncSession, *, review: StudioReview) -> tuple[Any, ...]:
    """A row for ``ReviewOut``."""
    statement = reviews(studio_id=review.studio_id)
    (row,) = await rows_of(db, statement.where(col(StudioReview.id) == review.id))
    return tuple(row)


async def check_visible_teacher(db: AsyncSession, *, caller: Caller, teacher_id: UUID) -> None:
    """Refuse a teacher who is out of sight.

    Raises
    ------
    TeacherNotFound
        There is none, or the caller may not see them.
    """
    statement = visible_teachers(caller, Permission.STUDIO_READ).where(
        col(Teacher.id) == teacher_id
    )
    if (await db.exec(statement)).one_or_none() is None:
        raise TeacherNotFound


async def work_of(db: AsyncSession, *, teacher_id: UUID) -> Sequence[tuple[Any, ...]]:
    """A teacher's memberships, each with the studio, invitations, presences and outputs."""
    mine = and_(
        col(StudioActivity.studio_id) == col(Studio.id),
        col(StudioAttendance.teacher_id) == teacher_id,
        col(StudioActivity.state) == ActivityState.PLANNED.value,
    )

    def counted(*conditions: Any) -> Any:
        return (
            select_rows(func.count())
            .select_from(StudioAttendance)
            .join(StudioActivity, col(StudioActivity.id) == col(StudioAttendance.activity_id))
            .where(mine, *conditions)
            .correlate(Studio)
            .scalar_subquery()
        )

    columns: tuple[Any, ...] = (
        StudioMember,
        Studio,
        counted(),
        counted(col(StudioAttendance.presence) == "present"),
    )
    statement = (
        select_rows(*columns)
        .join(Studio, col(Studio.id) == col(StudioMember.studio_id))
        .where(col(StudioMember.teacher_id) == teacher_id)
        .order_by(func.lower(col(StudioMember.valid)), col(StudioMember.id))
    )
    return [tuple(row) for row in await rows_of(db, statement)]


async def outputs_of(db: AsyncSession, *, teacher_id: UUID) -> Sequence[StudioOutput]:
    """What a teacher brought forth in studios."""
    statement = (
        select(StudioOutput)
        .where(col(StudioOutput.teacher_id) == teacher_id)
        .order_by(col(StudioOutput.on_date), col(StudioOutput.id))
    )
    return (await db.exec(statement)).all()


async def shares(
    db: AsyncSession, *, studio_ids: Collection[UUID], at: Standpoint
) -> dict[UUID, list[tuple[StudioRole, UUID, bool]]]:
    """The members of studios on a day: role, person, whether from a rural or weak school."""
    employed = and_(
        col(Employment.teacher_id) == col(StudioMember.teacher_id),
        col(Employment.valid).contains(at.day),
    )
    disadvantaged = func.coalesce(
        or_(col(School.urban_rural_code).in_(at.rural_codes), weak_on(at.day)), literal(value=False)
    )
    columns: tuple[Any, ...] = (
        col(StudioMember.studio_id),
        col(StudioMember.role),
        col(StudioMember.teacher_id),
        disadvantaged,
    )
    statement = (
        select_rows(*columns)
        .join(Employment, employed, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(
            col(StudioMember.studio_id).in_(studio_ids),
            col(StudioMember.valid).contains(at.day),
        )
    )
    found: dict[UUID, list[tuple[StudioRole, UUID, bool]]] = {}
    for studio_id, role, teacher_id, mark in await rows_of(db, statement):
        found.setdefault(studio_id, []).append((StudioRole(role), teacher_id, mark))
    return found
