"""Reading the staff, each within the caller's reach, as it is on the day asked for."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Executable, Select, and_, exists, func, or_
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import Range, aggregate_order_by
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.network import codes
from service.network.access import members_of, visible_schools
from service.network.queries import known_codes
from service.network.tables import CodeItem, School
from service.staff.access import visible_teachers
from service.staff.problems import TeacherNotFound, UnknownSubject
from service.staff.rules import LeavingReason, Qualified, Stay
from service.staff.schemas import StayOut
from service.staff.tables import Employment, Qualification, Teacher


@dataclass(frozen=True, slots=True)
class TeacherFilter:
    """Which teachers are asked for."""

    school_id: UUID | None = None
    group_id: UUID | None = None
    subject: str | None = None
    stage: str | None = None
    number: str | None = None
    q: str | None = None
    employed: bool | None = None


def teachers(caller: Caller, *, day: date, wanted: TeacherFilter) -> Select[Any]:
    """Rows of a teacher, the home school on the day, and what they may teach."""
    statement = _rows(day).where(
        col(Teacher.id).in_(visible_teachers(caller, Permission.STAFF_READ))
    )
    if wanted.school_id is not None:
        statement = statement.where(col(School.id) == wanted.school_id)
    if wanted.group_id is not None:
        statement = statement.where(col(School.id).in_(members_of([wanted.group_id], on=day)))
    if wanted.subject is not None or wanted.stage is not None:
        statement = statement.where(_may_teach(wanted.subject, wanted.stage))
    if wanted.number is not None:
        statement = statement.where(col(Teacher.number) == wanted.number)
    if wanted.q is not None:
        statement = statement.where(_called(wanted.q))
    if wanted.employed is not None:
        statement = statement.where(col(School.id).is_not(None).is_(wanted.employed))
    return statement


def _rows(day: date) -> Select[Any]:
    employed_on = and_(
        col(Employment.teacher_id) == col(Teacher.id), col(Employment.valid).contains(day)
    )
    return (
        select_rows(Teacher, col(School.id), col(School.name), _teaches())
        .join(Employment, employed_on, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
    )


def _teaches() -> Any:
    item = func.jsonb_build_object(
        "subject",
        col(Qualification.subject),
        "stage",
        col(Qualification.stage),
        "zh",
        col(CodeItem.zh),
        "en",
        col(CodeItem.en),
    )
    local = and_(
        col(CodeItem.list) == "local_subject", col(CodeItem.code) == col(Qualification.subject)
    )
    in_order = func.jsonb_agg(
        aggregate_order_by(item, col(Qualification.stage), col(Qualification.subject))
    )
    return (
        select_rows(in_order)
        .select_from(Qualification)
        .join(CodeItem, local, isouter=True)
        .where(col(Qualification.teacher_id) == col(Teacher.id))
        .correlate(Teacher)
        .scalar_subquery()
    )


def _may_teach(subject: str | None, stage: str | None) -> Any:
    found = exists().where(col(Qualification.teacher_id) == col(Teacher.id))
    if subject is not None:
        found = found.where(col(Qualification.subject) == subject)
    return found if stage is None else found.where(col(Qualification.stage) == stage)


def _called(q: str) -> Any:
    """Part of a name, the beginning of its pinyin, or the beginning of a number."""
    letters = q.replace(" ", "").lower()
    return or_(
        col(Teacher.name).icontains(q, autoescape=True),
        col(Teacher.name_pinyin).startswith(letters, autoescape=True),
        col(Teacher.number).istartswith(q, autoescape=True),
    )


async def visible_row(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, day: date
) -> tuple[Any, ...]:
    """A row of ``teachers`` within the caller's reach.

    Raises
    ------
    TeacherNotFound
        There is none, or the caller may not see it.
    """
    visible = teachers(caller, day=day, wanted=TeacherFilter())
    found = await _one(db, visible.where(col(Teacher.id) == teacher_id))
    if found is None:
        raise TeacherNotFound
    return found


async def row_of(db: AsyncSession, *, teacher_id: UUID, day: date) -> tuple[Any, ...]:
    """A row of ``teachers`` for somebody who has just changed it: it may be out of reach by now."""
    found = await _one(db, _rows(day).where(col(Teacher.id) == teacher_id))
    if found is None:
        raise TeacherNotFound
    return found


async def _all(db: AsyncSession, statement: Executable) -> Sequence[Any]:
    return (await (await db.connection()).execute(statement)).all()


async def _one(db: AsyncSession, statement: Select[Any]) -> tuple[Any, ...] | None:
    found = (await db.exec(statement)).one_or_none()  # type: ignore[call-overload]
    return None if found is None else tuple(found)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A teacher to change, locked, with all that is known."""

    teacher: Teacher
    employments: Sequence[tuple[UUID, Stay]]
    """In order, each with its row's id."""
    teaches: Mapping[Qualified, UUID]

    @property
    def stays(self) -> list[Stay]:
        """The employments as the rules judge them."""
        return [stay for _, stay in self.employments]

    def row_of(self, stay: Stay) -> UUID:
        """The row behind an employment."""
        return next(id_ for id_, known in self.employments if known == stay)


@dataclass(frozen=True, slots=True)
class Archive:
    """The teachers somebody asked to change."""

    dossiers: Mapping[str, Dossier]
    """Those in sight, by number."""
    forbidden: Collection[UUID]
    """Those in sight whom the caller may not change."""
    taken: Collection[str]
    """All numbers that some teacher has, in sight or not."""

    def find(self, number: str) -> Dossier | None:
        """The teacher with a number; nobody where the number is free.

        Raises
        ------
        TeacherNotFound
            Somebody has it whom the caller may not see.
        Forbidden
            The caller sees the teacher but may not change anything.
        """
        dossier = self.dossiers.get(number)
        if dossier is None and number in self.taken:
            raise TeacherNotFound
        if dossier is not None and dossier.teacher.id in self.forbidden:
            raise Forbidden
        return dossier

    def find_id(self, teacher_id: UUID) -> Dossier:
        """The teacher with an id.

        Raises
        ------
        TeacherNotFound
            There is none, or the caller may not see them.
        Forbidden
            The caller sees the teacher but may not change anything.
        """
        if teacher_id in self.forbidden:
            raise Forbidden
        for dossier in self.dossiers.values():
            if dossier.teacher.id == teacher_id:
                return dossier
        raise TeacherNotFound


async def archive(
    db: AsyncSession,
    *,
    caller: Caller,
    numbers: Collection[str] = (),
    ids: Collection[UUID] = (),
) -> Archive:
    """Teachers by number or id, as far as the caller sees them, locked in the order of numbers."""
    asked = or_(col(Teacher.number).in_(numbers), col(Teacher.id).in_(ids))
    # First: somebody who is entered between the two questions is then found, not hidden.
    taken = set((await db.exec(select(Teacher.number).where(asked))).all())
    statement = (
        select(Teacher, col(Teacher.id).in_(visible_teachers(caller, Permission.STAFF_WRITE)))
        .where(asked, col(Teacher.id).in_(visible_teachers(caller, Permission.STAFF_READ)))
        .order_by(col(Teacher.number))
        .with_for_update(key_share=True, of=Teacher)
        .execution_options(populate_existing=True)
    )
    found = (await db.exec(statement)).all()
    seen = [teacher.id for teacher, _ in found]
    stays = await stays_of(db, teacher_ids=seen)
    teaches = await qualifications_of(db, teacher_ids=seen)
    return Archive(
        dossiers={
            teacher.number: Dossier(teacher, stays.get(teacher.id, []), teaches.get(teacher.id, {}))
            for teacher, _ in found
        },
        forbidden={teacher.id for teacher, allowed in found if not allowed},
        taken=taken,
    )


@dataclass(frozen=True, slots=True)
class Ground:
    """What the bodies of a request may refer to."""

    schools: Mapping[UUID, bool]
    """The schools in sight, each with whether the caller may change its staff."""
    subjects: Collection[str]

    def check_school(self, school_id: UUID) -> None:
        """Refuse a school for whose staff the caller may not speak.

        Raises
        ------
        RelatedNotFound
            It does not exist, or the caller may not see it.
        Forbidden
            The caller sees it but may not change its staff.
        """
        if school_id not in self.schools:
            words = Text("学校不存在或不可见", "does not exist, or you may not see it")
            raise RelatedNotFound(errors=[FieldError("/school_id", "not-found", words)])
        if not self.schools[school_id]:
            raise Forbidden

    def check_subjects(self, teaches: Sequence[Qualified]) -> None:
        """Refuse subjects that nobody has listed.

        Raises
        ------
        UnknownSubject
            It names every one.
        """
        strange = [
            f"/teaches/{place}/subject"
            for place, one in enumerate(teaches)
            if one.subject not in self.subjects
        ]
        if strange:
            raise UnknownSubject(pointers=tuple(strange))


async def ground(db: AsyncSession, *, caller: Caller, school_ids: Collection[UUID] = ()) -> Ground:
    """The schools named, as far as the caller sees them, and all subjects."""
    statement = select(
        School.id, col(School.id).in_(visible_schools(caller, Permission.STAFF_WRITE))
    ).where(
        col(School.id).in_(school_ids),
        col(School.id).in_(visible_schools(caller, Permission.STAFF_READ)),
    )
    national = {item.code for item in codes.NATIONAL["subject"]}
    return Ground(
        schools=dict((await db.exec(statement)).all()),
        subjects=national
        | await known_codes(db, district_id=caller.district_id, name="local_subject"),
    )


async def stays_of(
    db: AsyncSession, *, teacher_ids: Collection[UUID]
) -> dict[UUID, list[tuple[UUID, Stay]]]:
    """The employments of teachers, each with its row's id, in order."""
    await db.flush()
    # Columns, not rows of the session: a set-based write before would be overlooked.
    statement = (
        select_rows(
            col(Employment.teacher_id),
            col(Employment.id),
            col(Employment.school_id),
            col(Employment.valid),
            col(Employment.leaving_reason),
        )
        .where(col(Employment.teacher_id).in_(teacher_ids))
        .order_by(func.lower(col(Employment.valid)))
    )
    found: dict[UUID, list[tuple[UUID, Stay]]] = defaultdict(list)
    for teacher_id, id_, school_id, valid, reason in await _all(db, statement):
        found[teacher_id].append((id_, _stay(school_id, valid, reason)))
    return found


def _stay(school_id: UUID, valid: Range[date], reason: str | None) -> Stay:
    since = valid.lower or date.min
    return Stay(school_id, since, valid.upper, LeavingReason(reason) if reason else None)


async def qualifications_of(
    db: AsyncSession, *, teacher_ids: Collection[UUID]
) -> dict[UUID, dict[Qualified, UUID]]:
    """What teachers may teach, each with its row's id."""
    statement = select_rows(
        col(Qualification.teacher_id),
        col(Qualification.subject),
        col(Qualification.stage),
        col(Qualification.id),
    ).where(col(Qualification.teacher_id).in_(teacher_ids))
    found: dict[UUID, dict[Qualified, UUID]] = defaultdict(dict)
    for teacher_id, subject, stage, id_ in await _all(db, statement):
        found[teacher_id][Qualified(subject, stage)] = id_
    return found


async def employments_of(db: AsyncSession, *, teacher_id: UUID) -> list[StayOut]:
    """All employments of a teacher, for people to read."""
    statement = (
        select(Employment, School.name)
        .join(School, col(School.id) == col(Employment.school_id))
        .where(col(Employment.teacher_id) == teacher_id)
        .order_by(func.lower(col(Employment.valid)))
    )
    found = (await db.exec(statement)).all()
    return [
        StayOut.of(_stay(row.school_id, row.valid, row.leaving_reason), school_name=name)
        for row, name in found
    ]
