"""Reading swaps, and the lessons that could change places."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, or_
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.network.tables import Campus, CodeItem
from service.staff.access import visible_teachers
from service.staff.tables import Teacher
from service.timetable.access import reaches, visible_campuses
from service.timetable.problems.swap import SwapNotFound
from service.timetable.queries.lessons import LESSON_ROWS, class_names
from service.timetable.rules import LessonStatus
from service.timetable.rules.swap import Party, SwapState
from service.timetable.tables import (
    Cover,
    Lesson,
    Swap,
    SwapLeg,
    WeeklySlot,
    WeeklySlotClass,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapFilter:
    """Which swaps are asked for."""

    campus_id: UUID | None = None
    teacher_id: UUID | None = None
    lesson_id: UUID | None = None
    state: str | None = None


def _has_leg(condition: Any) -> Any:
    return exists().where(col(SwapLeg.swap_id) == col(Swap.id), condition)


def _reaches_swap(caller: Caller, permission: Permission) -> Any:
    return or_(
        col(Swap.campus_id).in_(visible_campuses(caller, permission)),
        _has_leg(col(SwapLeg.teacher_id).in_(visible_teachers(caller, permission))),
    )


def _legs() -> Any:
    """The legs of a swap in order, as one value: a page of swaps is one statement."""
    statement = (
        select_rows(
            func.jsonb_agg(
                aggregate_order_by(
                    func.jsonb_build_object(
                        *("lesson_id", col(SwapLeg.lesson_id)),
                        *("teacher_id", col(SwapLeg.teacher_id)),
                        *("teacher_name", col(Teacher.name)),
                        *("subject", col(Lesson.subject)),
                        *("subject_zh", col(CodeItem.zh)),
                        *("subject_en", col(CodeItem.en)),
                        *("class_names", class_names()),
                        *("on_date", col(SwapLeg.on_date)),
                        *("period", col(SwapLeg.period)),
                        *("starts_at", col(SwapLeg.starts_at)),
                        *("ends_at", col(SwapLeg.ends_at)),
                        *("consented_at", col(SwapLeg.consented_at)),
                    ),
                    col(SwapLeg.place),
                )
            )
        )
        .select_from(SwapLeg)
        .join(Teacher, col(Teacher.id) == col(SwapLeg.teacher_id))
        .join(Lesson, col(Lesson.id) == col(SwapLeg.lesson_id))
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .outerjoin(
            CodeItem,
            and_(col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Lesson.subject)),
        )
        .where(col(SwapLeg.swap_id) == col(Swap.id))
        .correlate(Swap)
    )
    return statement.scalar_subquery()


_LEGS = _legs()


def swaps(caller: Caller, *, wanted: SwapFilter) -> Select[Any]:
    """The swaps at one's campuses or of one's teachers, with the name of the campus."""
    statement: Any = (
        select_rows(Swap, col(Campus.name), col(Campus.zone), _LEGS)
        .join(Campus, col(Campus.id) == col(Swap.campus_id))
        .where(_reaches_swap(caller, Permission.SWAP_READ))
    )
    if wanted.campus_id is not None:
        statement = statement.where(col(Swap.campus_id) == wanted.campus_id)
    if wanted.teacher_id is not None:
        statement = statement.where(_has_leg(col(SwapLeg.teacher_id) == wanted.teacher_id))
    if wanted.lesson_id is not None:
        statement = statement.where(_has_leg(col(SwapLeg.lesson_id) == wanted.lesson_id))
    if wanted.state is not None:
        statement = statement.where(col(Swap.state) == wanted.state)
    return cast("Select[Any]", statement)


async def visible_swap(db: AsyncSession, *, caller: Caller, swap_id: UUID) -> Any:
    """A swap within reach, as a row of ``swaps``.

    Raises
    ------
    SwapNotFound
        It does not exist, or the caller may not see it.
    """
    statement: Any = swaps(caller, wanted=SwapFilter()).where(col(Swap.id) == swap_id)
    statement = statement.execution_options(populate_existing=True)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise SwapNotFound
    return found


async def may(db: AsyncSession, *, caller: Caller, swap_id: UUID, permission: Permission) -> bool:
    """Whether a permission reaches a swap."""
    statement = select(Swap.id).where(col(Swap.id) == swap_id, _reaches_swap(caller, permission))
    return (await db.exec(statement)).one_or_none() is not None


async def may_decide(db: AsyncSession, *, caller: Caller, campus_id: UUID) -> bool:
    """Whether the caller decides about swaps at a campus."""
    statement = visible_campuses(caller, Permission.SWAP_DECIDE).where(col(Campus.id) == campus_id)
    return (await db.exec(statement)).one_or_none() is not None


async def may_swap(db: AsyncSession, *, caller: Caller, lesson_id: UUID) -> bool:
    """Whether the caller may propose to swap a lesson: their own, or one of their office's."""
    statement = select(Lesson.id).where(
        col(Lesson.id) == lesson_id,
        reaches(
            caller,
            Permission.SWAP_WRITE,
            campus=col(Lesson.campus_id),
            teacher=col(Lesson.teacher_id),
        ),
    )
    return (await db.exec(statement)).one_or_none() is not None


async def legs_of(db: AsyncSession, *, swap_id: UUID) -> Sequence[SwapLeg]:
    """The legs of a swap in order."""
    statement = select(SwapLeg).where(col(SwapLeg.swap_id) == swap_id).order_by(col(SwapLeg.place))
    return (await db.exec(statement)).all()


async def hold_legs(db: AsyncSession, *, swap_id: UUID) -> Sequence[SwapLeg]:
    """The legs of a swap in order, held for a change."""
    statement = (
        select(SwapLeg)
        .where(col(SwapLeg.swap_id) == swap_id)
        .order_by(col(SwapLeg.place))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def hold_open_swaps(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> Sequence[Swap]:
    """The swaps to come that any of these lessons is in, held for a change."""
    statement = (
        select(Swap)
        .where(
            col(Swap.state).in_([SwapState.PROPOSED, SwapState.AGREED]),
            _has_leg(col(SwapLeg.lesson_id).in_(lesson_ids)),
        )
        .order_by(col(Swap.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def lessons_in_swaps(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> Sequence[UUID]:
    """Those of some lessons that are in an open swap."""
    statement = select(SwapLeg.lesson_id).where(
        col(SwapLeg.open), col(SwapLeg.lesson_id).in_(lesson_ids)
    )
    return (await db.exec(statement)).all()


# Lessons


async def lesson_rows(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> dict[UUID, Any]:
    """Lessons as flat rows, whoever asks: a swap shows what it is about to all its parties."""
    statement = LESSON_ROWS.where(col(Lesson.id).in_(lesson_ids))
    return {row.id: row for row in (await (await db.connection()).execute(statement)).all()}


async def classmates(
    db: AsyncSession, *, lesson: Any, from_: date, until: date, now: datetime
) -> list[Any]:
    """The coming lessons of other teachers with the same classes, as flat rows.

    Those that are in a swap already, or for which somebody stands in, are left out.
    """
    taught = (
        select(WeeklySlotClass.slot_id)
        .where(col(WeeklySlotClass.class_id).in_(lesson.class_ids or ()))
        .scalar_subquery()
    )
    swapped = select(SwapLeg.lesson_id).where(col(SwapLeg.open)).scalar_subquery()
    covered = select(Cover.lesson_id).where(col(Cover.state) != "lapsed").scalar_subquery()
    statement = LESSON_ROWS.where(
        col(Lesson.campus_id) == lesson.campus_id,
        col(Lesson.on_date) >= from_,
        col(Lesson.on_date) < until,
        col(Lesson.slot_id).in_(taught),
        col(WeeklySlot.stage) == lesson.stage,
        col(Lesson.teacher_id) != lesson.teacher_id,
        col(Lesson.status) == LessonStatus.SCHEDULED,
        col(Lesson.starts_at) > now,
        col(Lesson.id).not_in(swapped),
        col(Lesson.id).not_in(covered),
    ).order_by(col(Lesson.starts_at), col(Lesson.id))
    return list((await (await db.connection()).execute(statement)).all())


def party(row: Any) -> Party:
    """A flat row of a lesson as a swap meets it."""
    return Party(
        lesson_id=row.id,
        slot_id=row.slot_id,
        teacher_id=row.teacher_id,
        campus_id=row.campus_id,
        stage=row.stage,
        class_ids=tuple(row.class_ids or ()),
        room_id=row.room_id,
        on_date=row.on_date,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        change=row.change,
        valid=(row.slot_valid.lower, row.slot_valid.upper or date.max),
    )
