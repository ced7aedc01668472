"""A teacher's week the way a tutorial writes it: select the rows, fetch what belongs to each."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit.db import Database
from service.network.tables import Campus, CodeItem
from service.staff.tables import Teacher
from service.timetable.tables import ClassSection, Lesson, Room, WeeklySlot
from service.timetable.tables.lessons import WeeklySlotClass


class Named(SQLModel):
    """Something with a name."""

    id: UUID
    name: str


class LessonRead(SQLModel):
    """A lesson with what belongs to it."""

    id: UUID
    version: int
    status: str
    subject: str
    subject_name: str
    classes: list[Named]
    teacher: Named
    campus: Campus
    room: Named | None
    on_date: date
    starts_at: datetime
    ends_at: datetime
    period: int | None
    week: int
    change: str | None
    reason: str | None


class WeekRead(SQLModel):
    """The lessons of some days."""

    lessons: list[LessonRead]


def make(database: Database, district_id: UUID) -> FastAPI:
    """The application; nobody has to sign in to it."""
    app = FastAPI(openapi_url=None)

    async def session() -> AsyncIterator[AsyncSession]:
        async with database.read(district_id) as db:
            yield db

    @app.get("/peer/{teacher_id}/week")
    async def week(
        teacher_id: UUID,
        first: date,
        last: date,
        db: Annotated[AsyncSession, Depends(session)],
    ) -> WeekRead:
        statement = (
            select(Lesson)
            .where(
                col(Lesson.teacher_id) == teacher_id,
                col(Lesson.on_date) >= first,
                col(Lesson.on_date) < last,
            )
            .order_by(col(Lesson.starts_at))
        )
        lessons = (await db.exec(statement)).all()
        return WeekRead(lessons=[await _read(db, lesson) for lesson in lessons])

    return app


async def _read(db: AsyncSession, lesson: Lesson) -> LessonRead:
    district_id = lesson.district_id
    slot = await db.get_one(WeeklySlot, (district_id, lesson.slot_id))
    teacher = await db.get_one(Teacher, (district_id, lesson.original_teacher_id))
    campus = await db.get_one(Campus, (district_id, lesson.campus_id))
    room = await db.get(Room, (district_id, lesson.room_id)) if lesson.room_id else None
    classes = await db.exec(
        select(ClassSection)
        .join(WeeklySlotClass, col(WeeklySlotClass.class_id) == col(ClassSection.id))
        .where(col(WeeklySlotClass.slot_id) == slot.id)
    )
    subject = await db.exec(
        select(CodeItem).where(
            col(CodeItem.list) == "local_subject", col(CodeItem.code) == lesson.subject
        )
    )
    known = subject.one_or_none()
    return LessonRead(
        **lesson.model_dump(include=set(LessonRead.model_fields)),
        subject_name=known.zh if known else lesson.subject,
        classes=[Named(id=one.id, name=one.name) for one in classes],
        teacher=Named(id=teacher.id, name=teacher.name),
        campus=campus,
        room=Named(id=room.id, name=room.name) if room else None,
    )
