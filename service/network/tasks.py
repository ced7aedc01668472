"""What waits for somebody. Higher modules open tasks; none is ever lost silently."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields
from service.kit.journal import record
from service.kit.problems import Text
from service.network import queries
from service.network.problems import TaskClosed
from service.network.rules import OwnerKind, TaskState
from service.network.tables import Task


@dataclass(frozen=True, slots=True)
class NewTask:
    """Something that should be done about a subject, and by whose office."""

    kind: str
    subject_collection: str
    subject_id: UUID
    title: Text
    owner_kind: OwnerKind = OwnerKind.DISTRICT
    owner_id: UUID | None = None
    """The school or group; ``None`` for the district."""
    due_on: date | None = None


async def open_task(db: AsyncSession, *, by: Caller, new: NewTask) -> bool:
    """Open a task unless one of the same kind waits for the same subject already.

    Returns whether it was opened now.
    """
    task = Task(
        district_id=by.district_id,
        kind=new.kind,
        subject_collection=new.subject_collection,
        subject_id=new.subject_id,
        owner_kind=new.owner_kind,
        owner_id=new.owner_id,
        due_on=new.due_on,
        title_zh=new.title.zh,
        title_en=new.title.en,
        opened_at=clock.now(),
    )
    statement = (
        insert(Task)
        .values(task.model_dump())
        .on_conflict_do_nothing(
            index_elements=["district_id", "kind", "subject_collection", "subject_id"],
            index_where=text("state = 'open'"),
        )
        .returning(col(Task.id))
    )
    opened = (await (await db.connection()).execute(statement)).scalar_one_or_none()
    if opened is None:
        return False
    await record(db, "task.opened", task, by=by, reach=_reach(new.owner_id))
    return True


def _reach(owner_id: UUID | None) -> list[UUID]:
    return [owner_id] if owner_id is not None else []


async def settle_tasks(
    db: AsyncSession, *, by: Caller, kind: str, subject_ids: Collection[UUID], reason: str
) -> int:
    """Close what waited for subjects, because what it asked for has happened; how many that was."""
    statement = (
        select(Task)
        .where(
            col(Task.kind) == kind,
            col(Task.subject_id).in_(subject_ids),
            col(Task.state) == TaskState.OPEN,
        )
        .order_by(col(Task.id))
        .with_for_update()
    )
    found = (await db.exec(statement)).all()
    for task in found:
        await _close(db, task, by=by, reason=reason)
    return len(found)


async def _close(db: AsyncSession, task: Task, *, by: Caller, reason: str) -> None:
    values = {
        "state": TaskState.DONE.value,
        "closed_at": clock.now(),
        "closed_reason": reason,
    }
    before = change_fields(task, values)
    reach = _reach(task.owner_id)
    await record(db, "task.closed", task, by=by, reach=reach, before=before, reason=reason)


async def close_task(
    db: AsyncSession, *, caller: Caller, task_id: UUID, expected: Precondition, reason: str
) -> Task:
    """Close a task of one's office.

    Raises
    ------
    TaskNotFound, Forbidden
        The caller may not see it, or not close it.
    TaskClosed
        It has been done.
    """
    task = await queries.task_to_change(db, caller=caller, task_id=task_id)
    expected.check(task.version)
    if task.state == TaskState.DONE:
        raise TaskClosed
    await _close(db, task, by=caller, reason=reason)
    return task
