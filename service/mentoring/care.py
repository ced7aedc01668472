"""Sees to it that no mentee of an open programme is without a mentor in silence.

Whenever pairings change, the mentees concerned are looked at: a role in which somebody had or was
to have a mentor and has none now is a task of the mentee's school, until it is filled or the
programme concerns them no more. Who never had a mentor is in the coverage, not here.
"""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.kit.problems import Text
from service.mentoring.queries import care as queries
from service.mentoring.queries import names_of
from service.mentoring.queries.cohort import frame_of
from service.mentoring.rules.programme import ProgrammeRole, lost_roles
from service.network.rules import OwnerKind
from service.network.tasks import NewTask, open_task, settle_tasks

WITHOUT_MENTOR = "mentee-without-mentor"

_SETTLED = "导师已落实,或已不是帮扶对象"


async def mind(db: AsyncSession, *, by: Caller, mentee_ids: Collection[UUID]) -> None:
    """Open a task for every one of these mentees who lost a mentor, and close what is settled."""
    await db.flush()
    concerned: dict[UUID, UUID] = {}
    asked: dict[UUID, list[ProgrammeRole]] = {}
    for programme in await queries.open_programmes(db):
        frame = await frame_of(db, programme=programme)
        for id_, school_id in await queries.in_cohort(db, frame=frame, mentee_ids=mentee_ids):
            concerned[id_] = school_id
            asked.setdefault(id_, []).extend(queries.roles_in(frame))
    pairings = await queries.roles_held(db, mentee_ids=concerned.keys(), by=by)
    lost = {
        id_: roles
        for id_ in concerned
        if (roles := lost_roles(asked[id_], pairings=pairings.get(id_, ())))
    }
    names = await names_of(db, teacher_ids=lost)
    for id_ in sorted(lost):
        await open_task(db, by=by, new=_task(id_, concerned[id_], names))
    cared_for = {*mentee_ids} - lost.keys()
    await settle_tasks(db, by=by, kind=WITHOUT_MENTOR, subject_ids=cared_for, reason=_SETTLED)


def _task(mentee_id: UUID, school_id: UUID, names: Mapping[UUID, str]) -> NewTask:
    name = names[mentee_id]
    return NewTask(
        kind=WITHOUT_MENTOR,
        subject_collection="teachers",
        subject_id=mentee_id,
        title=Text(
            f"帮扶对象{name}的导师已空缺,请重新安排",
            f"{name} of the mentoring programme has lost a mentor: find another",
        ),
        owner_kind=OwnerKind.SCHOOL,
        owner_id=school_id,
    )


async def mind_all(db: AsyncSession, *, by: Caller) -> None:
    """Look again at everybody who waits, because a programme changed."""
    waiting: Sequence[UUID] = await queries.waiting(db, kind=WITHOUT_MENTOR)
    await mind(db, by=by, mentee_ids=waiting)
