"""What waits for the offices within reach."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.problems import Forbidden
from service.network.access import (
    day_end_in,
    governed_groups,
    reaches_district,
    visible_schools,
)
from service.network.problems import (
    TaskNotFound,
)
from service.network.rules import (
    OwnerKind,
    TaskState,
)
from service.network.tables import (
    Task,
)


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
