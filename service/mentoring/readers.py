"""Pairings and programmes, as the feed shows them."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each
from service.mentoring import queries
from service.mentoring.queries import (
    PairingFilter,
    agreement,
    appraisal,
    goal,
    log,
    programme,
    studio,
    visit,
)
from service.mentoring.queries.appraisal import AppraisalFilter
from service.mentoring.queries.matching import matchings
from service.mentoring.schemas import PairingOut
from service.mentoring.schemas.agreement import AgreementTextOut
from service.mentoring.schemas.appraisal import AppraisalOut
from service.mentoring.schemas.goal import GoalPlanOut, GrowthPlanOut
from service.mentoring.schemas.log import LogEntryOut
from service.mentoring.schemas.matching import MatchingOut
from service.mentoring.schemas.programme import EntryOut, ProgrammeOut
from service.mentoring.schemas.studio import (
    StudioActivityOut,
    StudioMemberOut,
    StudioOut,
    StudioOutputOut,
    StudioReviewOut,
)
from service.mentoring.schemas.visit import VisitOut
from service.mentoring.tables import (
    AgreementText,
    Appraisal,
    GoalPlan,
    GrowthPlan,
    LogEntry,
    MentoringMatching,
    MentoringProgramme,
    Pairing,
    ProgrammeEntry,
    Studio,
    StudioActivity,
    StudioMember,
    StudioOutput,
    StudioReview,
    Visit,
)
from service.network.queries import standpoint


async def _pairings(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    seen = queries.pairings(caller, day=at.day, wanted=PairingFilter())
    return Rows(seen, each(lambda row: PairingOut.of(row, day=at.day)))


async def _programmes(db: AsyncSession, caller: Caller) -> Rows:
    names = await programme.role_names(db)

    async def outs(rows: Sequence[Any]) -> Sequence[BaseModel]:
        standards = await programme.standards_of_all(db, programme_ids=[row[0].id for row in rows])
        return [
            ProgrammeOut.of(row, standards=standards.get(row[0].id, []), names=names)
            for row in rows
        ]

    return Rows(programme.programmes(caller), outs)


async def _entries(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    seen = programme.entries(caller, programme_id=None, kind=None, day=at.day)
    return Rows(seen, each(EntryOut.of))


async def _agreement_texts(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(agreement.texts(caller), each(AgreementTextOut.of))


async def _goal_plans(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(goal.goal_plans(caller), each(GoalPlanOut.of))


async def _growth_plans(db: AsyncSession, caller: Caller) -> Rows:
    return Rows(await goal.growth_plans(db, caller=caller), each(GrowthPlanOut.of))


async def _appraisals(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    seen = appraisal.appraisals(caller, day=at.day, wanted=AppraisalFilter())
    viewer = caller.teacher_id
    return Rows(seen, each(lambda row: AppraisalOut.of(row, day=at.day, viewer=viewer)))


async def _log_entries(db: AsyncSession, caller: Caller) -> Rows:
    return Rows(await log.entries(db, caller=caller), each(LogEntryOut.of))


async def _matchings(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(matchings(caller), each(MatchingOut.of))


async def _studios(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)

    async def outs(rows: Sequence[Any]) -> Sequence[BaseModel]:
        enrolled = await studio.shares(db, studio_ids=[one.id for one in rows], at=at)
        return [StudioOut.of(one, enrolled=enrolled.get(one.id, [])) for one in rows]

    return Rows(studio.studios(caller), outs)


async def _studio_members(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    return Rows(studio.members(caller=caller, at=at), each(StudioMemberOut.of))


async def _studio_activities(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(studio.activities(caller=caller), each(StudioActivityOut.of))


async def _studio_outputs(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    return Rows(studio.outputs(caller=caller, day=at.day), each(StudioOutputOut.of))


async def _studio_reviews(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(studio.reviews(caller=caller), each(StudioReviewOut.of))


async def _visits(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(visit.visits(caller), each(VisitOut.of))


STUDIOS = Permission.STUDIO_READ
PROGRAMMES = Permission.PROGRAMME_READ

READERS = (
    Reader(table=Pairing, permission=Permission.MENTORING_READ, rows=_pairings),
    Reader(table=AgreementText, permission=Permission.MENTORING_READ, rows=_agreement_texts),
    Reader(table=GoalPlan, permission=Permission.MENTORING_READ, rows=_goal_plans),
    Reader(table=GrowthPlan, permission=Permission.MENTORING_READ, rows=_growth_plans),
    Reader(table=Appraisal, permission=Permission.MENTORING_READ, rows=_appraisals),
    Reader(table=LogEntry, permission=Permission.MENTORING_READ, rows=_log_entries),
    Reader(table=Visit, permission=Permission.MENTORING_READ, rows=_visits),
    Reader(table=MentoringProgramme, permission=PROGRAMMES, rows=_programmes),
    Reader(table=MentoringMatching, permission=PROGRAMMES, rows=_matchings),
    Reader(table=Studio, permission=STUDIOS, rows=_studios),
    Reader(table=StudioMember, permission=STUDIOS, rows=_studio_members),
    Reader(table=StudioActivity, permission=STUDIOS, rows=_studio_activities),
    Reader(table=StudioOutput, permission=STUDIOS, rows=_studio_outputs),
    Reader(table=StudioReview, permission=STUDIOS, rows=_studio_reviews),
    Reader(table=ProgrammeEntry, permission=PROGRAMMES, rows=_entries),
)
