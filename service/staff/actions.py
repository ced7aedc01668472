"""Changing teachers: what is said of them, where they are employed, what they may teach."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from service.kit.auth import Caller
from service.kit.conditional import ANY, Precondition, etag
from service.kit.db import AsyncSession, change_fields, days, is_retryable, problem_of
from service.kit.journal import record
from service.kit.problems import FieldError, Problem
from service.staff import queries
from service.staff.departures import announce
from service.staff.queries import Dossier, Ground
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
    """What is to change, and what it is called; what is left out stays."""

    event: str = "teacher.changed"
    values: Mapping[str, Any] = field(default_factory=dict)
    course: Course = field(default_factory=Course)
    teaches: Sequence[Qualified] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where changes are written: by whom, and what waits until the teachers themselves stand."""

    db: AsyncSession
    caller: Caller
    waiting: list[Employment | Qualification] = field(default_factory=list)
    moved: set[UUID] = field(default_factory=set)
    """Teachers whose staying may have changed."""

    async def close(self) -> None:
        """Write what waits, and tell those who depend on the teachers."""
        await self.db.flush()
        self.db.add_all(self.waiting)
        await self.db.flush()
        await announce(self.db, by=self.caller, teacher_ids=self.moved)

    def employ(self, teacher: Teacher, stay: Stay) -> None:
        """Let an employment begin."""
        self.waiting.append(
            Employment(
                district_id=teacher.district_id,
                teacher_id=teacher.id,
                school_id=stay.school_id,
                valid=days(stay.since, stay.until),
                leaving_reason=stay.reason,
            )
        )

    def qualify(self, teacher: Teacher, teaches: Iterable[Qualified]) -> None:
        """Let somebody teach more."""
        self.waiting.extend(
            Qualification(
                district_id=teacher.district_id,
                teacher_id=teacher.id,
                subject=one.subject,
                stage=one.stage,
            )
            for one in teaches
        )


# One teacher, as somebody outside knows them


async def create_teacher(db: AsyncSession, *, caller: Caller, given: Given) -> Teacher:
    """Enter a teacher, employed by a school whose staff the caller may change.

    Raises
    ------
    TeacherNumberTaken
        Another teacher of the district has the number.
    UnknownSubject
        A subject that nobody has listed.
    """
    desk = _Desk(db, caller)
    ground = await queries.ground(db, caller=caller, school_ids=[given.stay.school_id])
    teacher = await _create(desk, given=given, ground=ground)
    await desk.close()
    return teacher


async def _create(desk: _Desk, *, given: Given, ground: Ground) -> Teacher:
    ground.check_school(given.stay.school_id)
    ground.check_subjects(given.teaches)
    teacher = Teacher(
        district_id=desk.caller.district_id, number=given.number, **_with_pinyin(given.values)
    )
    desk.db.add(teacher)
    desk.employ(teacher, given.stay)
    desk.qualify(teacher, given.teaches)
    reach = [teacher.id, given.stay.school_id]
    await record(desk.db, "teacher.created", teacher, by=desk.caller, reach=reach)
    return teacher


def _with_pinyin(values: Mapping[str, Any]) -> dict[str, Any]:
    if "name" not in values:
        return dict(values)
    return {**values, "name_pinyin": pinyin_of_person(values["name"])}


@dataclass(frozen=True, slots=True)
class Result:
    """A teacher who is as was said, and whether they are new."""

    teacher: Teacher
    created: bool = False


async def put_teacher(
    db: AsyncSession, *, caller: Caller, given: Given, expected: Precondition
) -> Result:
    """Bring a teacher up to what is said, by number.

    A teacher whom nobody knows yet has version 0. Another school than the present one, from a
    later day, is a transfer on that day; what contradicts the past is refused.

    Raises
    ------
    EmploymentContradicts
        The teacher is known to be somewhere else by then.
    """
    desk = _Desk(db, caller)
    ground = await queries.ground(db, caller=caller, school_ids=[given.stay.school_id])
    archive = await queries.archive(db, caller=caller, numbers=[given.number])
    result = await _put(
        desk, given=given, expected=expected, ground=ground, dossier=archive.find(given.number)
    )
    await desk.close()
    return result


async def _put(
    desk: _Desk,
    *,
    given: Given,
    expected: Precondition,
    ground: Ground,
    dossier: Dossier | None,
) -> Result:
    """Refuses before it writes anything."""
    if dossier is None:
        expected.check(0)
        return Result(await _create(desk, given=given, ground=ground), created=True)
    expected.check(dossier.teacher.version)
    ground.check_school(given.stay.school_id)
    ground.check_subjects(given.teaches)
    wanted = _Wanted(
        values=given.values,
        course=plan_stay(dossier.stays, wanted=given.stay),
        teaches=given.teaches,
    )
    await _change(desk, dossier, wanted=wanted)
    return Result(dossier.teacher)


# Many at once


Item = tuple[Given, int | None]
"""What is said of a teacher, and the version that is expected, if any."""


async def put_teachers(
    db: AsyncSession, *, caller: Caller, items: Sequence[Item], atomic: bool
) -> list[Result | Problem]:
    """Bring many teachers up to what is said, by number; each refusal stands for itself.

    Items are taken in the order of their numbers, so that two batches never wait for each other.
    With ``atomic`` the first refusal, which names its item, refuses all.
    """
    schools = {given.stay.school_id for given, _ in items}
    ground = await queries.ground(db, caller=caller, school_ids=schools)
    batch = _Batch(db, caller, ground, atomic=atomic)
    in_order = sorted(enumerate(items), key=lambda item: item[1][0].number)
    try:
        async with db.begin_nested():
            results = await batch.put(in_order)
    except DBAPIError as error:
        _refusal(error)
        # Somebody else entered one of them at this very moment: which, only each by itself tells.
        results = {}
        for item in in_order:
            results |= await batch.put_alone(item)
    return [results[index] for index in range(len(items))]


@dataclass(frozen=True, slots=True)
class _Batch:
    db: AsyncSession
    caller: Caller
    ground: Ground
    atomic: bool

    async def put(self, items: Sequence[tuple[int, Item]]) -> dict[int, Result | Problem]:
        desk = _Desk(self.db, self.caller)
        numbers = [given.number for _, (given, _) in items]
        archive = await queries.archive(self.db, caller=self.caller, numbers=numbers)
        results: dict[int, Result | Problem] = {}
        for index, (given, version) in items:
            expected = ANY if version is None else Precondition(etag(version))
            try:
                results[index] = await _put(
                    desk,
                    given=given,
                    expected=expected,
                    ground=self.ground,
                    dossier=archive.find(given.number),
                )
            except Problem as problem:
                results[index] = self._refused(index, problem)
        await desk.close()
        return results

    async def put_alone(self, item: tuple[int, Item]) -> dict[int, Result | Problem]:
        try:
            async with self.db.begin_nested():
                return await self.put([item])
        except DBAPIError as error:
            return {item[0]: self._refused(item[0], _refusal(error))}

    def _refused(self, index: int, problem: Problem) -> Problem:
        if self.atomic:
            raise _about(problem, index)
        return problem


def _refusal(error: DBAPIError) -> Problem:
    problem = None if is_retryable(error) else problem_of(error)
    if problem is None:
        raise error
    return problem


def _about(problem: Problem, index: int) -> Problem:
    """The same refusal, saying which item it is about."""
    item = f"/items/{index}"
    problem.errors = tuple(
        FieldError(item + error.pointer, error.code, error.message) for error in problem.errors
    ) or (FieldError(item, problem.code, problem.title),)
    return problem


# One teacher, bit by bit


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
    dossier = await _opened(db, caller=caller, teacher_id=teacher_id, expected=expected)
    if teaches is not None:
        (await queries.ground(db, caller=caller)).check_subjects(teaches)
    return await _changed(
        db, dossier, caller=caller, wanted=_Wanted(values=changes, teaches=teaches)
    )


async def _opened(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, expected: Precondition
) -> Dossier:
    archive = await queries.archive(db, caller=caller, ids=[teacher_id])
    dossier = archive.find_id(teacher_id)
    expected.check(dossier.teacher.version)
    return dossier


async def _changed(
    db: AsyncSession, dossier: Dossier, *, caller: Caller, wanted: _Wanted
) -> Teacher:
    desk = _Desk(db, caller)
    await _change(desk, dossier, wanted=wanted)
    await desk.close()
    return dossier.teacher


@dataclass(frozen=True, slots=True)
class Move:
    """To which school, from which day."""

    school_id: UUID
    on: date
    note: str = ""


async def transfer(
    db: AsyncSession, *, caller: Caller, teacher_id: UUID, move: Move, expected: Precondition
) -> Teacher:
    """Move a teacher to another school from a day on, or employ one who has left.

    Raises
    ------
    EmployedThere, EmploymentContradicts
        The teacher is there already, or known to be elsewhere from a later day.
    """
    dossier = await _opened(db, caller=caller, teacher_id=teacher_id, expected=expected)
    ground = await queries.ground(db, caller=caller, school_ids=[move.school_id])
    ground.check_school(move.school_id)
    course = plan_transfer(dossier.stays, school_id=move.school_id, on=move.on)
    wanted = _Wanted(event="teacher.transferred", course=course, note=move.note)
    return await _changed(db, dossier, caller=caller, wanted=wanted)


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
    dossier = await _opened(db, caller=caller, teacher_id=teacher_id, expected=expected)
    course = plan_leaving(dossier.stays, on=leaving.on, reason=leaving.reason)
    wanted = _Wanted(event="teacher.left", course=course, note=leaving.note)
    return await _changed(db, dossier, caller=caller, wanted=wanted)


async def _change(desk: _Desk, dossier: Dossier, *, wanted: _Wanted) -> None:
    """Write what differs and tell of it once."""
    teacher, version = dossier.teacher, dossier.teacher.version
    before = change_fields(teacher, _with_pinyin(wanted.values))
    reach = {teacher.id, *(stay.school_id for stay in dossier.stays if stay.until is None)}
    if wanted.course.changes:
        before["employment"] = await _follow(desk, dossier, wanted.course, reach=reach)
    if wanted.teaches is not None:
        before |= await _requalify(desk, dossier, wanted.teaches)
    if not before:
        return
    teacher.version = version + 1
    await record(
        desk.db,
        wanted.event,
        teacher,
        by=desk.caller,
        reach=reach,
        before=before,
        reason=wanted.note or None,
    )
    if {"employment", "expected_retirement_on"} & before.keys():
        desk.moved.add(teacher.id)


async def _follow(
    desk: _Desk, dossier: Dossier, course: Course, *, reach: set[UUID]
) -> dict[str, Any] | None:
    """Write the course of an employment; what ends is written before the next begins."""
    former: dict[str, Any] | None = None
    if course.corrected is not None:
        was, is_now = course.corrected
        key = (dossier.teacher.district_id, dossier.row_of(was))
        row = await desk.db.get_one(Employment, key)
        row.valid = days(is_now.since, is_now.until)
        row.leaving_reason = is_now.reason
        former = {
            "school_id": was.school_id,
            "from": was.since,
            "until": was.until,
            "reason": was.reason,
        }
        reach.add(was.school_id)
    if course.begun is not None:
        desk.employ(dossier.teacher, course.begun)
        reach.add(course.begun.school_id)
    return former


async def _requalify(desk: _Desk, dossier: Dossier, teaches: Sequence[Qualified]) -> dict[str, Any]:
    known = dossier.teaches
    if set(known) == set(teaches):
        return {}
    for one, row_id in known.items():
        if one not in teaches:
            key = (dossier.teacher.district_id, row_id)
            await desk.db.delete(await desk.db.get_one(Qualification, key))
    desk.qualify(dossier.teacher, [one for one in teaches if one not in known])
    return {"teaches": sorted(f"{one.stage}-{one.subject}" for one in known)}
