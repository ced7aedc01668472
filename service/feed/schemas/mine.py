"""What a phone is told of changes in its owner's lessons."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.changes import Op
from service.kit.http import Out
from service.phone.schemas import MyLesson


class MyLessonChange(Out):
    """A lesson that changed, as it is now; who changed it last, when and why."""

    lesson_id: UUID
    op: Annotated[Op, Field(description="upsert 保存 lesson;delete 该课已不是我的,请删除")]
    event: Annotated[str, Field(description="最后一次变化", examples=["lesson.moved"])]
    event_label: Annotated[str, Field(description="最后一次变化(文字)", examples=["课程:已调课"])]
    planned_on: Annotated[date, Field(description="原定上课日期", examples=["2026-11-30"])]
    at: Annotated[AwareDatetime, Field(description="变化时刻")]
    by: Annotated[str | None, Field(description="由谁改动;系统自动处理时为空")]
    reason: Annotated[str | None, Field(description="原因", examples=["防汛"])]
    lesson: Annotated[MyLesson | None, Field(description="现在的样子;op=delete 时为空")]


class MyScheduleChangesOut(Out):
    """What changed since a token, each lesson once."""

    items: list[MyLessonChange]
    next_token: Annotated[str, Field(description="下次以 since 传回;180 天内有效")]
    has_more: Annotated[bool, Field(description="为 true 时请立即用 next_token 继续读取")]
    as_of: AwareDatetime
