"""What waits for an office."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.network import (
    queries,
    tasks,
)
from service.network.problems import (
    TaskClosed,
    TaskNotFound,
)
from service.network.queries import (
    TaskFilter,
)
from service.network.rules import TaskState
from service.network.schemas import (
    TaskClose,
    TaskOut,
)
from service.network.tables import (
    Task,
)

router = make_router(tag="tasks")

TaskReader = Annotated[Caller, needs(Permission.TASK_READ)]
TaskWriter = Annotated[Caller, needs(Permission.TASK_WRITE)]


async def _task_filter(
    *,
    state: Annotated[TaskState | None, Query(description="open 待办,done 已办")] = None,
    kind: Annotated[str | None, Query(max_length=60, description="待办类型代码")] = None,
    owner_id: Annotated[UUID | None, Query(description="由该学校或集团办理的")] = None,
    subject_id: Annotated[UUID | None, Query(description="关于该对象的")] = None,
    due_until: Annotated[date | None, Query(description="期限不晚于")] = None,
    as_of: Annotated[date | None, Query(description="只列当日尚未办结的待办")] = None,
) -> TaskFilter:
    return TaskFilter(state, kind, owner_id, subject_id, due_until, as_of)


@router.get(
    "/tasks",
    operation_id="listTasks",
    summary="待办列表",
    description="列出由可见学校、集团或本区办理的待办,新的在前。",
    openapi_extra=english("List tasks", "What waits for the offices within reach."),
)
async def list_tasks(
    *,
    db: ReadDb,
    caller: TaskReader,
    paging: Paging,
    wanted: Annotated[TaskFilter, Depends(_task_filter)],
) -> Page[TaskOut]:
    """List tasks."""
    return await paging.answer(
        db,
        queries.tasks(caller, wanted=wanted),
        sorts={"opened_at": col(Task.opened_at), "kind": col(Task.kind)},
        default="-opened_at",
        tie=col(Task.id),
        out=TaskOut.of,
    )


@router.get(
    "/tasks/{task_id}",
    operation_id="getTask",
    summary="待办详情",
    description="一项待办:关于什么、由谁办理、何时到期。",
    responses=may_fail(TaskNotFound),
    openapi_extra=english("A task", "What it is about, whose it is, when it is due."),
)
async def get_task(*, db: ReadDb, caller: TaskReader, tag: Tag, task_id: UUID) -> TaskOut:
    """Read a task."""
    task = await queries.visible_task(db, caller=caller, task_id=task_id)
    tag(task.version)
    return TaskOut.of(task)


@router.post(
    "/tasks/{task_id}:close",
    operation_id="closeTask",
    summary="办结待办",
    description="说明处理结果并办结。",
    responses=may_fail(TaskNotFound, TaskClosed),
    openapi_extra=english("Close a task", "And say what was done."),
)
async def close_task(
    *, db: Db, caller: TaskWriter, expected: IfMatch, tag: NewTag, task_id: UUID, body: TaskClose
) -> TaskOut:
    """Close a task."""
    task = await tasks.close_task(
        db, caller=caller, task_id=task_id, expected=expected, reason=body.reason
    )
    tag(task.version)
    return TaskOut.of(task)
