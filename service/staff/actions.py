"""Changing teachers: what is said of them, where they are employed, what they may teach."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from service.kit.auth import Caller
from service.kit.conditional import ANY, Precondition, etag
from service.kit.db import AsyncSession, change_fields, days, is_retryable, problem_of
from service.kit.journal import record
from service.kit.problems import FieldError, Problem, Text
from service.staff import queries
from service.staff.departures import announce
from service.staff.queries import Ground
from service.staff.rules import (
    Course,
    LeavingReason,
    Qualified,
    Stay,
    pinyin_of_person,
    plan_leaving,
    plan_stay,
    plan_transfer,
)
from service.staff.tables import Employment, Qualification, Teacher


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """All that somebody says of a teacher."""

    number: str
    values: Mapping[str, Any]
    stay: Stay
    teaches: Sequence[Qualified]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What is to change; what is left out stays."""

    values: Mapping[str, Any] = field(default_factory=dict)
    course: Course = field(default_factory=Course)
    teaches: Sequence[Qualified] | None = None


async def create_teacher(db: AsyncSession, *, caller: Caller, given: Given) -> Teacher:
    """Enter a teacher, employed by a school whose staff the caller may change.

    Raises
    ------
    TeacherNumberTaken
        Another teacher of the district has the number.
    UnknownSubject
        A subject that nobody has listed.
    """
    ground = await queries.ground(db, caller=caller, school_ids=[given.stay.school_id])
    return await _create(db, caller=caller, given=given, ground=ground)


async def _create(db: AsyncSession, *, caller: Caller, given: Given, ground: Ground) -> Teacher:
    ground.check_school(given.stay.school_id)
    ground.check_subjects(given.teaches)
    teacher = Teacher(
        district_id=caller.district_id, number=given.number, **_with_pinyin(given.values)
    )
    db.add(teacher)
    await db.flush()
    _employ(db, teacher, given.stay)
    _qualify(db, teacher, given.teaches)
    await db.flush()
    reach = [teacher.id, given.stay.school_id]
    await record(db, "teacher.created", teacher, by=caller, reach=reach)
    return teacher


def _with_pinyin(values: Mapping[str, Any]) -> dict[str, Any]:
    if "name" not in values:
        return dict(values)
    return {**values, "name_pinyin": pinyin_of_person(values["name"])}


def _employ(db: AsyncSession, teacher: Teacher, stay: Stay) -> None:
    db.add(
        Employment(
            district_id=teacher.district_id,
            teacher_id=teacher.id,
            school_id=stay.school_id,
            valid=days(stay.since, stay.until),
            leaving_reason=stay.reason,
        )
    )


def _qualify(db: AsyncSession, teacher: Teacher, teaches: Collection[Qualified]) -> None:
    for one in teaches:
        db.add(
            Qualification(
                district_id=teacher.district_id,
                teacher_id=teacher.id,
                subject=one.subject,
                stage=one.stage,
            )
        )


async def put_teacher(
    db: AsyncSession, *, caller: Caller, given: Given, expected: Precondition
) -> tuple[Teacher, bool]:
    """Bring a teacher up to what is said, by number; returns whether the teacher is new.

    A teacher whom nobody knows yet has version 0. Another school than the present one, from a
    later day, is a transfer on that day; what contradicts the past is refused.

    Raises
    ------
    EmploymentContradicts
        The teacher is known to be somewhere else by then.
    """
    ground = await queries.ground(db, caller=caller, school_ids=[given.stay.school_id])
    return await _put(db, caller=caller, given=given, expected=expected, ground=ground)


async def _put(
    db: AsyncSession, *, caller: Caller, given: Given, expected: Precondition, ground: Ground
) -> tuple[Teacher, bool]:
    if not await queries.is_number_taken(db, number=given.number):
        expected.check(0)
        return await _create(db, caller=caller, given=given, ground=ground), True
    teacher = await queries.teacher_to_change(db, caller=caller, number=given.number)
    expected.check(teacher.version)
    ground.check_school(given.stay.school_id)
    ground.check_subjects(given.teaches)
    history = (await queries.stays_of(db, teacher_ids=[teacher.id]))[teacher.id]
    course = plan_stay([stay for _, stay in history], wanted=given.stay)
    wanted = _Wanted(values=given.values, course=course, teaches=given.teaches)
    await _change(db, teacher, caller=caller, event="teacher.changed", wanted=wanted)
    return teacher, False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one item of a batch."""

    teacher: Teacher | None
    created: bool = False
    problem: Problem | None = None


async def put_teachers(
    db: AsyncSession,
    *,
    caller: Caller,
    items: Sequence[tuple[Given, int | None]],
    atomic: bool,
) -> list[Result]:
    """Bring many teachers up to what is said, each with the version that is expected, if any.

    Items are taken in the order of their numbers, so that two batches never wait for each other.
    With ``atomic`` the first refusal, which names its item, refuses all.
    """
    schools = {given.stay.school_id for given, _ in items}
    ground = await queries.ground(db, caller=caller, school_ids=schools)
    results: dict[int, Result] = {}
    for index, (given, version) in sorted(enumerate(items), key=lambda item: item[1][0].number):
        expected = ANY if version is None else Precondition(etag(version))
        try:
            async with db.begin_nested():
                teacher, created = await _put(
                    db, caller=caller, given=given, expected=expected, ground=ground
                )
        except (Problem, DBAPIError) as error:
            problem = _refusal(error)
            if atomic:
                raise _about(problem, index) from error
            results[index] = Result(None, problem=problem)
        else:
            results[index] = Result(teacher, created)
    return [results[index] for index in range(len(items))]


def _refusal(error: Problem | DBAPIError) -> Problem:
    if isinstance(error, Problem):
        return error
    problem = None if is_retryable(error) else problem_of(error)
    if problem is None:
        raise error
    return problem


def _about(problem: Problem, index: int) -> Problem:
    """The same refusal, saying which item it is about."""
    item = f"/items/{index}"
    problem.errors = tuple(
        FieldError(item + error.pointer, error.code, error.message) for error in problem.errors
    ) or (FieldError(item, problem.code, Text(*problem.title)),)
    return problem


async def change_teacher(
    db: AsyncSession,
    *,
    caller: Caller,
    teacher_id: UUID,
    changes: Mapping[str, Any],
    teaches: Sequence[Qualified] | None,
    expected: Precondition,
) -> Teacher:
    """Change what is said of a teacher; the number stays and the school changes by transfer."""
    teacher = await queries.teacher_to_change(db, caller=caller, teacher_id=teacher_id)
    expected.check(teacher.version)
    if teaches is not None:
        (await queries.ground(db, caller=caller)).check_subjects(teaches)
    wanted = _Wanted(values=changes, teaches=teaches)
    await _change(db, teacher, caller=caller, event="teacher.changed", wanted=wanted)
    return teacher


async def transfer(
    db: AsyncSession,
    *,
    caller: Caller,
    teacher_id: UUID,
    stay: Stay,
    note: str,
    expected: Precondition,
) -> Teacher:
    """Move a teacher to another school from a day on, or employ one who has left.

    Raises
    ------
    EmployedThere, EmploymentContradicts
        The teacher is there already, or known to be elsewhere from a later day.
    """
    teacher = await queries.teacher_to_change(db, caller=caller, teacher_id=teacher_id)
    expected.check(teacher.version)
    ground = await queries.ground(db, caller=caller, school_ids=[stay.school_id])
    ground.check_school(stay.school_id)
    history = (await queries.stays_of(db, teacher_ids=[teacher.id]))[teacher.id]
    course = plan_transfer([one for _, one in history], school_id=stay.school_id, on=stay.since)
    event = "teacher.transferred"
    await _change(
        db, teacher, caller=caller, event=event, wanted=_Wanted(course=course), reason=note
    )
    return teacher


@dataclass(frozen=True, slots=True)
class Leaving:
    """From which day, and why."""

    on: date
    reason: LeavingReason
    note: str = ""


async def leave(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, leaving: Leaving, expected: Precondition
) -> Teacher:
    """End a teacher's employment, or correct the day or reason of its end.

    Raises
    ------
    NotEmployed
        There is no employment that could end on that day.
    """
    teacher = await queries.teacher_to_change(db, caller=caller, teacher_id=teacher_id)
    expected.check(teacher.version)
    history = (await queries.stays_of(db, teacher_ids=[teacher.id]))[teacher.id]
    course = plan_leaving([stay for _, stay in history], on=leaving.on, reason=leaving.reason)
    event = "teacher.left"
    await _change(
        db,
        teacher,
        caller=caller,
        event=event,
        wanted=_Wanted(course=course),
        reason=leaving.note,
    )
    return teacher


async def _change(
    db: AsyncSession,
    teacher: Teacher,
    *,
    caller: Caller,
    event: str,
    wanted: _Wanted,
    reason: str = "",
) -> None:
    """Write what differs, tell of it once, and let those know who depend on the teacher."""
    version = teacher.version
    before = change_fields(teacher, _with_pinyin(wanted.values))
    reach = {teacher.id}
    if wanted.course.changes:
        before["employment"] = await _follow(db, teacher, wanted.course, reach=reach)
    if wanted.teaches is not None:
        before |= await _requalify(db, teacher, wanted.teaches)
    if not before:
        return
    teacher.version = version + 1
    await db.flush()
    reach |= {
        stay.school_id
        for _, stay in (await queries.stays_of(db, teacher_ids=[teacher.id]))[teacher.id]
        if stay.until is None
    }
    await record(db, event, teacher, by=caller, reach=reach, before=before, reason=reason or None)
    if {"employment", "expected_retirement_on"} & before.keys():
        await announce(db, by=caller, teacher_ids=[teacher.id])


async def _follow(
    db: AsyncSession, teacher: Teacher, course: Course, *, reach: set[UUID]
) -> dict[str, Any] | None:
    """Write the course of an employment; what ends makes room before the next begins."""
    former: dict[str, Any] | None = None
    if course.corrected is not None:
        was, is_now = course.corrected
        history = (await queries.stays_of(db, teacher_ids=[teacher.id]))[teacher.id]
        row_id = next(id_ for id_, stay in history if stay == was)
        row = await db.get_one(Employment, (teacher.district_id, row_id))
        row.valid = days(is_now.since, is_now.until)
        row.leaving_reason = is_now.reason
        former = {
            "school_id": was.school_id,
            "from": was.since,
            "until": was.until,
            "reason": was.reason,
        }
        reach.add(was.school_id)
        await db.flush()
    if course.begun is not None:
        _employ(db, teacher, course.begun)
        reach.add(course.begun.school_id)
        await db.flush()
    return former


async def _requalify(
    db: AsyncSession, teacher: Teacher, teaches: Sequence[Qualified]
) -> dict[str, Any]:
    known = (await queries.qualifications_of(db, teacher_ids=[teacher.id]))[teacher.id]
    if set(known) == set(teaches):
        return {}
    for one, row_id in known.items():
        if one not in teaches:
            await db.delete(await db.get_one(Qualification, (teacher.district_id, row_id)))
    _qualify(db, teacher, [one for one in teaches if one not in known])
    await db.flush()
    return {"teaches": sorted(f"{one.stage}-{one.subject}" for one in known)}
