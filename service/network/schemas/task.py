"""Tasks, in and out."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network.rules import (
    OwnerKind,
    TaskState,
)
from service.network.schemas.words import (
    Reason,
)
from service.network.tables import (
    Task,
)


class TaskOut(Out):
    """Something that waits for somebody."""

    id: UUID
    version: int
    kind: Annotated[str, Field(description="待办类型代码", examples=["mentor-left"])]
    title: str
    subject_collection: Annotated[str, Field(description="关于什么(集合名)")]
    subject_id: UUID
    owner_kind: Annotated[OwnerKind, Field(description="由学校、集团还是区级办理")]
    owner_id: Annotated[UUID | None, Field(description="学校或集团;区级为空")]
    due_on: date | None
    state: TaskState
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    closed_reason: str | None

    @classmethod
    def of(cls, row: Task) -> Self:
        """The task as its owner sees it."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "title"}
        return cls(**fields, title=say(Text(row.title_zh, row.title_en)))


class TaskClose(In):
    """Why the task is done."""

    reason: Annotated[Reason, Field(examples=["已安排新的导师"])]
