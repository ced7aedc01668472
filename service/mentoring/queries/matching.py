"""Reading matchings and what they propose, each within the caller's reach."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func
from sqlalchemy import select as select_rows
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, lock
from service.mentoring.access import visible_programmes
from service.mentoring.problems.matching import MatchingNotFound
from service.mentoring.rules.matching import MatchingState
from service.mentoring.tables import MatchingChoice, MentoringMatching, MentoringProgramme
from service.network.queries.finding import rows_of
from service.network.tables import School
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher


def matchings(
    caller: Caller, *, programme_id: UUID | None = None
) -> SelectOfScalar[MentoringMatching]:
    """The runs within sight, of one programme or of all."""
    statement = (
        select(MentoringMatching)
        .join(
            MentoringProgramme,
            col(MentoringProgramme.id) == col(MentoringMatching.programme_id),
        )
        .where(visible_programmes(caller))
    )
    if programme_id is not None:
        statement = statement.where(col(MentoringMatching.programme_id) == programme_id)
    return statement


async def visible_matching(
    db: AsyncSession, *, caller: Caller, matching_id: UUID
) -> MentoringMatching:
    """A run within sight.

    Raises
    ------
    MatchingNotFound
        There is none, or the caller may not see it.
    """
    statement = (
        select(MentoringMatching)
        .join(
            MentoringProgramme,
            col(MentoringProgramme.id) == col(MentoringMatching.programme_id),
        )
        .where(col(MentoringMatching.id) == matching_id, visible_programmes(caller))
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise MatchingNotFound
    return found


async def matching_in_work(db: AsyncSession, *, matching_id: UUID) -> MentoringMatching:
    """A run that a job works on, locked.

    Raises
    ------
    MatchingNotFound
        There is none.
    """
    found = await lock(db, MentoringMatching, matching_id)
    if found is None:
        raise MatchingNotFound
    return found


async def choices_of(db: AsyncSession, *, matching_id: UUID) -> Sequence[MatchingChoice]:
    """Everything that a run proposes, in the order of mentees."""
    statement = (
        select(MatchingChoice)
        .where(
            col(MatchingChoice.matching_id) == matching_id,
            col(MatchingChoice.mentor_id).is_not(None),
        )
        .order_by(col(MatchingChoice.mentee_id), col(MatchingChoice.role))
    )
    return (await db.exec(statement)).all()


async def others_done(
    db: AsyncSession, *, programme_id: UUID, besides: UUID | None
) -> Sequence[MentoringMatching]:
    """The other runs of a programme whose proposals wait, locked."""
    statement = (
        select(MentoringMatching)
        .where(
            col(MentoringMatching.programme_id) == programme_id,
            col(MentoringMatching.state) == MatchingState.DONE.value,
            col(MentoringMatching.accepted_at).is_(None),
        )
        .order_by(col(MentoringMatching.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [one for one in (await db.exec(statement)).all() if one.id != besides]


def _someone(teacher: Any, school: Any) -> Any:
    return func.jsonb_build_object(
        *("id", teacher.id),
        *("number", teacher.number),
        *("name", teacher.name),
        *("school_id", school.id),
        *("school_name", school.name),
    )


MENTEE = aliased(Teacher, name="mentee")
CHOICE = col(MatchingChoice.id)
CHOICE_SORTS: Mapping[str, Any] = {
    "name": col(MENTEE.name_pinyin),
    "score": col(MatchingChoice.score),
    "given_up": col(MatchingChoice.given_up),
}
"""How the proposals of a run are sorted."""


def choices(
    caller: Caller, *, matching_id: UUID, school_id: UUID | None, filled: bool | None, day: date
) -> Select[Any]:
    """Rows for ``ChoiceOut``: what a run proposes for the mentees in reach."""
    mentor, best = aliased(Teacher), aliased(Teacher)
    homes = [aliased(Employment) for _ in range(3)]
    schools = [aliased(School) for _ in range(3)]
    people = (MENTEE, mentor, best)
    shown: list[Any] = [_someone(*two) for two in zip(people, schools, strict=True)]
    statement: Any = select_rows(MatchingChoice, *shown)
    keys = (MatchingChoice.mentee_id, MatchingChoice.mentor_id, MatchingChoice.best_mentor_id)
    for person, home, school, key in zip(people, homes, schools, keys, strict=True):
        at_home = and_(col(home.teacher_id) == col(person.id), col(home.valid).contains(day))
        statement = (
            statement.join(person, person.id == col(key), isouter=person is not MENTEE)
            .join(home, at_home, isouter=True)
            .join(school, school.id == home.school_id, isouter=True)
        )
    statement = statement.where(
        col(MatchingChoice.matching_id) == matching_id,
        col(MENTEE.id).in_(visible_teachers(caller, Permission.PROGRAMME_READ)),
    )
    if school_id is not None:
        statement = statement.where(schools[0].id == school_id)
    if filled is not None:
        statement = statement.where(col(MatchingChoice.mentor_id).is_not(None).is_(filled))
    found: Select[Any] = statement
    return found


async def shown_people(
    db: AsyncSession, *, teacher_ids: Collection[UUID], day: date
) -> dict[UUID, Any]:
    """Teachers as ``PartnerOut`` takes them."""
    at_home = and_(
        col(Employment.teacher_id) == col(Teacher.id), col(Employment.valid).contains(day)
    )
    both: tuple[Any, ...] = (col(Teacher.id), _someone(Teacher, School))
    statement = (
        select_rows(*both)
        .join(Employment, at_home, isouter=True)
        .join(School, col(School.id) == col(Employment.school_id), isouter=True)
        .where(col(Teacher.id).in_(teacher_ids))
    )
    return dict(await rows_of(db, statement))
