"""Sees to it that nobody loses a mentor in silence: one of the two leaves, a task is opened.

Hears of every change of an employment or a retirement, and of leaves, in the transaction of the
change; a mentor who is on leave for most of a term counts like one who leaves. A task waits for
the mentee's school until the pairing ends in time, the leaving is taken back, or somebody closes it
because the pair goes on; then it is not opened again for the same day.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.kit.problems import Text
from service.mentoring import queries
from service.mentoring.care import mind
from service.mentoring.queries import KnownTask
from service.mentoring.queries.absence import on_leave_for_some_term
from service.mentoring.rules import PairingState, Person, leaves_on, school_on
from service.mentoring.tables import Pairing
from service.mentoring.visits import free_for_absence, free_stranded
from service.network.queries import standpoint
from service.network.rules import OwnerKind, TaskState
from service.network.tasks import NewTask, open_task, settle_tasks
from service.timetable.absences import Absence

MENTOR_LEAVES = "mentor-leaves"
MENTOR_AWAY = "mentor-on-leave"
MENTEE_LEAVES = "mentee-leaves"

_SETTLED = "结对已结束或离校安排已变更"
_MOVED = "离校日期已变更"
_OURS = frozenset({_SETTLED, _MOVED})
"""Reasons that no person gave."""


async def teachers_changed(db: AsyncSession, by: Caller, teacher_ids: Collection[UUID]) -> None:
    """The employment or retirement of teachers changed."""
    found = await queries.open_pairings(db, teacher_ids=teacher_ids)
    await look_after(db, by=by, pairings=found)


async def absence_decided(db: AsyncSession, by: Caller, absence: Absence) -> None:
    """A leave was approved, or one that was is taken back."""
    if absence.stands:
        await free_for_absence(db, by=by, absence=absence)
    found = await queries.open_pairings(db, teacher_ids=[absence.teacher_id])
    await look_after(db, by=by, pairings=found)


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is known when pairings are looked after."""

    by: Caller
    today: date
    people: Mapping[UUID, Person]
    names: Mapping[UUID, str]
    away: Mapping[UUID, date]
    """Who is on leave for most of this term or a later one, and since when."""
    tasks: Mapping[tuple[UUID, str], Sequence[KnownTask]]


async def look_after(db: AsyncSession, *, by: Caller, pairings: Sequence[Pairing]) -> None:
    """Open a task for every pairing one of whose two leaves, and close those no longer needed.

    Visits that have no pairing any more are cancelled.
    """
    if not pairings:
        return
    teachers = {id_ for one in pairings for id_ in (one.mentor_id, one.mentee_id)}
    today = (await standpoint(db, district_id=by.district_id)).today
    scene = _Scene(
        by=by,
        today=today,
        people=await queries.persons(db, teacher_ids=teachers),
        names=await queries.names_of(db, teacher_ids=teachers),
        away=await on_leave_for_some_term(db, teacher_ids=teachers, day=today),
        tasks=await queries.tasks_about(
            db,
            pairing_ids=[one.id for one in pairings],
            kinds=[MENTOR_LEAVES, MENTOR_AWAY, MENTEE_LEAVES],
        ),
    )
    for pairing in pairings:
        mentor_id, mentee_id = pairing.mentor_id, pairing.mentee_id
        for kind, leaving in (
            (MENTOR_LEAVES, _leaving(pairing, scene.people[mentor_id])),
            (MENTOR_AWAY, _away(pairing, scene.away.get(mentor_id))),
            (MENTEE_LEAVES, _leaving(pairing, scene.people[mentee_id])),
        ):
            await _watch(db, pairing, kind=kind, leaving=leaving, scene=scene)
    await free_stranded(db, by=by, pairings=pairings)
    await mind(db, by=by, mentee_ids={one.mentee_id for one in pairings})


async def _watch(
    db: AsyncSession, pairing: Pairing, *, kind: str, leaving: date | None, scene: _Scene
) -> None:
    known = scene.tasks.get((pairing.id, kind), ())
    waiting = [task.due_on for task in known if task.state == TaskState.OPEN]
    decided = {task.due_on for task in known if task.closed_reason not in {None, *_OURS}}
    if waiting and waiting != [leaving]:
        await settle_tasks(
            db,
            by=scene.by,
            kind=kind,
            subject_ids=[pairing.id],
            reason=_SETTLED if leaving is None else _MOVED,
        )
        # A task that still reads as open would keep the next one out.
        await db.flush()
    if leaving is not None and leaving not in {*decided, *waiting}:
        await open_task(db, by=scene.by, new=_task(pairing, kind, leaving, scene))


def _leaving(pairing: Pairing, person: Person) -> date | None:
    if pairing.state == PairingState.ENDED:
        return None
    return leaves_on(person, during=(pairing.valid.lower or date.min, pairing.valid.upper))


def _away(pairing: Pairing, since: date | None) -> date | None:
    until = pairing.valid.upper or date.max
    return None if pairing.state == PairingState.ENDED or (since or until) >= until else since


def _task(pairing: Pairing, kind: str, leaving: date, scene: _Scene) -> NewTask:
    mentee = scene.people[pairing.mentee_id]
    first = pairing.valid.lower or scene.today
    school_id = school_on(mentee, max(scene.today, first)) or school_on(mentee, first)
    return NewTask(
        kind=kind,
        subject_collection=Pairing.__collection__,
        subject_id=pairing.id,
        title=_title(
            kind,
            mentor=scene.names[pairing.mentor_id],
            mentee=scene.names[pairing.mentee_id],
            leaving=leaving,
        ),
        owner_kind=OwnerKind.DISTRICT if school_id is None else OwnerKind.SCHOOL,
        owner_id=school_id,
        due_on=leaving,
    )


def _title(kind: str, *, mentor: str, mentee: str, leaving: date) -> Text:
    if kind == MENTOR_LEAVES:
        return Text(
            f"导师{mentor}自 {leaving} 起离开原学校,请为徒弟{mentee}更换导师或确认继续结对",
            f"The mentor {mentor} leaves the school on {leaving}: replace the mentor of {mentee}, "
            "or confirm that they go on",
        )
    if kind == MENTOR_AWAY:
        return Text(
            f"导师{mentor}自 {leaving} 起请长假,占学期大半,请为徒弟{mentee}更换导师或确认继续结对",
            f"The mentor {mentor} is on leave for most of a term from {leaving} on: replace the "
            f"mentor of {mentee}, or confirm that they go on",
        )
    return Text(
        f"徒弟{mentee}自 {leaving} 起离开原学校,请结束与导师{mentor}的结对或确认继续",
        f"The mentee {mentee} leaves the school on {leaving}: end the pairing with {mentor}, "
        "or confirm that they go on",
    )
