"""Suggesting mentors for one mentee: the best of each role, and why the others are out."""

from collections.abc import Collection, Sequence
from uuid import UUID

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.mentoring import load
from service.mentoring.load import Loaded
from service.mentoring.problems.matching import NotInCohort
from service.mentoring.queries import matching as queries
from service.mentoring.queries.cohort import frame_of
from service.mentoring.queries.coverage import is_visible
from service.mentoring.queries.programme import role_names
from service.mentoring.rules import Lack
from service.mentoring.rules.matching import Bar, Learner, ranked
from service.mentoring.schemas import PartnerOut, role_label
from service.mentoring.schemas.matching import (
    CriterionOut,
    OutOfQuestionOut,
    ReasonOut,
    RoleSuggestionsOut,
    SuggestionOut,
    SuggestionsOut,
    percent,
)
from service.mentoring.tables import MentoringProgramme

_OUT_SHOWN = 50


async def suggestions(
    db: AsyncSession,
    *,
    caller: Caller,
    programme: MentoringProgramme,
    teacher_id: UUID,
    limit: int,
) -> SuggestionsOut:
    """The best mentors of a mentee, for the rest of the programme's year.

    Raises
    ------
    NotInCohort
        The programme does not concern the teacher, or the caller may not see them.
    """
    if not await is_visible(db, caller=caller, teacher_id=teacher_id):
        raise NotInCohort
    frame = await frame_of(db, programme=programme)
    span = (frame.day, frame.after)
    loaded = await load.scene_of(db, frame=frame, span=span)
    learner = next((one for one in loaded.scene.learners if one.teacher_id == teacher_id), None)
    if learner is None:
        raise NotInCohort
    told = [
        (role, *ranked(learner, role=role, scene=loaded.scene), _barred(learner, loaded))
        for role in learner.roles
    ]
    wanted: set[UUID] = {teacher_id}
    for _, able, out, barred in told:
        wanted |= {coach.teacher_id for coach, *_ in able[:limit]}
        wanted |= {coach.teacher_id for coach, _ in out} | {id_ for id_, _ in barred}
    people = await queries.shown_people(db, teacher_ids=wanted, day=frame.day)
    names = await role_names(db)
    weights = loaded.scene.weights
    roles = [
        RoleSuggestionsOut(
            role=role.code,
            role_label=role_label(
                role.code,
                zh=names[role.code].zh if role.code in names else None,
                en=names[role.code].en if role.code in names else None,
            ),
            suggestions=[
                SuggestionOut(
                    mentor=PartnerOut(**people[coach.teacher_id]),
                    free=coach.free,
                    score=percent(score, weights=weights),
                    criteria=CriterionOut.several(points, weights=weights),
                )
                for coach, points, score in able[:limit]
            ],
            out=_shown([*((one.teacher_id, why) for one, why in out), *barred], people),
        )
        for role, able, out, barred in told
    ]
    return SuggestionsOut(
        mentee=PartnerOut(**people[teacher_id]),
        valid_from=span[0],
        valid_until=span[1],
        roles=roles,
    )


def _barred(learner: Learner, loaded: Loaded) -> list[tuple[UUID, Sequence[Lack]]]:
    """Teachers of the mentee's subjects who cannot be anybody's mentor now."""
    return [
        (id_, lacks)
        for id_, (person, lacks) in loaded.barred.items()
        if person.teaches & learner.teaches
    ]


def _shown(
    out: Collection[tuple[UUID, Sequence[Bar | Lack]]], people: dict[UUID, dict[str, str]]
) -> list[OutOfQuestionOut]:
    """With the fewest reasons first: they are the nearest to being the mentor after all."""
    nearest = sorted(out, key=lambda one: (len(one[1]), one[0]))[:_OUT_SHOWN]
    return [
        OutOfQuestionOut(mentor=PartnerOut(**people[id_]), reasons=ReasonOut.several(why))
        for id_, why in nearest
    ]
