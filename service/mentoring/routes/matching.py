"""Matching mentors: suggestions for one mentee, runs over a whole cohort."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
)
from service.mentoring import matchings, suggesting
from service.mentoring.matchings import Wish
from service.mentoring.problems import PairedAlready
from service.mentoring.problems.matching import (
    GroundChanged,
    MatchingDaysUnfit,
    MatchingNotFound,
    MatchingNotReady,
    NotInCohort,
    PinUnfit,
)
from service.mentoring.problems.programme import ProgrammeNotFound, ProgrammeStateUnfit
from service.mentoring.queries import matching as queries
from service.mentoring.queries import programme as programmes
from service.mentoring.rules.programme import Weights
from service.mentoring.schemas.matching import (
    ChoiceOut,
    MatchingIn,
    MatchingOut,
    SuggestionsOut,
)
from service.mentoring.tables import MentoringMatching
from service.network.queries import standpoint

router = make_router(tag="mentoring-matchings")

Reader = Annotated[Caller, needs(Permission.PROGRAMME_READ)]
Writer = Annotated[Caller, needs(Permission.PROGRAMME_WRITE)]


@router.get(
    "/mentoring-programmes/{programme_id}/mentees/{teacher_id}/suggestions",
    operation_id="suggestMentors",
    summary="为一位徒弟推荐导师",
    description="按尚缺导师的角色逐一推荐:学段学科相同、名额未满、本学期在岗;"
    "按学科、集团层级、路程、名额均衡、延续性计分,各项得分一并给出。"
    "学科相同但不能担任的教师列出原因。农村或薄弱学校的徒弟至少有一位来自较强学校的导师。",
    responses=may_fail(ProgrammeNotFound, NotInCohort),
    openapi_extra=english(
        "Suggest mentors for one mentee",
        "For each role that is still empty: who shares a subject at the stage, has a place and is "
        "there, the best first, with the points of every criterion; and why the others with that "
        "subject are out. A mentee of a rural or weak school gets one mentor from a stronger one.",
    ),
)
async def suggest_mentors(
    *,
    db: ReadDb,
    caller: Reader,
    programme_id: UUID,
    teacher_id: UUID,
    limit: Annotated[int, Query(ge=1, le=50, description="每个角色最多推荐几人")] = 10,
) -> SuggestionsOut:
    """Suggest mentors."""
    programme = await programmes.visible_programme(db, caller=caller, programme_id=programme_id)
    return await suggesting.suggestions(
        db, caller=caller, programme=programme, teacher_id=teacher_id, limit=limit
    )


@router.get(
    "/mentoring-programmes/{programme_id}/matchings",
    operation_id="listMentoringMatchings",
    summary="匹配记录",
    description="项目历次整体匹配,新的在前。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english("List matchings", "The runs over a programme's cohort, newest first."),
)
async def list_matchings(
    *, db: ReadDb, caller: Reader, paging: Paging, programme_id: UUID
) -> Page[MatchingOut]:
    """List runs."""
    await programmes.visible_programme(db, caller=caller, programme_id=programme_id)
    return await paging.answer(
        db,
        queries.matchings(caller, programme_id=programme_id),
        sorts={"asked_at": col(MentoringMatching.asked_at)},
        default="-asked_at",
        tie=col(MentoringMatching.id),
        out=MatchingOut.of,
    )


@router.post(
    "/mentoring-programmes/{programme_id}/matchings",
    status_code=202,
    operation_id="askForMatching",
    summary="发起整体匹配",
    description="为全部帮扶对象尚缺的角色寻找总体最优的导师安排,在后台计算:"
    "先配满角色,再让更多徒弟至少有一位导师,再求总分最高。指定的结对予以保留。"
    "结果见匹配详情,采用之前不产生任何结对。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit, MatchingDaysUnfit, PinUnfit),
    openapi_extra=english(
        "Match a whole cohort",
        "Finds in the background the best mentors for all roles that are still empty: most roles "
        "filled, then most mentees with at least one mentor, then the best score, proven. Pinned "
        "pairs are kept. Nothing is paired before the result is accepted.",
    ),
)
async def ask_for_matching(
    *, db: Db, caller: Writer, programme_id: UUID, body: MatchingIn, tag: NewTag
) -> MatchingOut:
    """Wish for a run."""
    wish = Wish(body.valid_from, body.valid_until, [one.pinned for one in body.pinned])
    matching = await matchings.ask(db, caller=caller, programme_id=programme_id, wish=wish)
    tag(matching.version)
    return MatchingOut.of(matching)


@router.get(
    "/mentoring-matchings/{matching_id}",
    operation_id="getMentoringMatching",
    summary="匹配详情",
    description="一次匹配的状态、总分、与上界的差距和放弃的分数。",
    responses=may_fail(MatchingNotFound),
    openapi_extra=english(
        "Read a matching", "How far it is, its score, the gap to the bound, what was given up."
    ),
)
async def get_matching(*, db: ReadDb, caller: Reader, matching_id: UUID, tag: Tag) -> MatchingOut:
    """Read a run."""
    matching = await queries.visible_matching(db, caller=caller, matching_id=matching_id)
    tag(matching.version)
    return MatchingOut.of(matching)


@router.get(
    "/mentoring-matchings/{matching_id}/choices",
    operation_id="listMatchingChoices",
    summary="匹配方案明细",
    description="您可见的徒弟逐人逐角色的方案:导师、各项得分、为整体放弃了什么;未配上的说明原因。",
    responses=may_fail(MatchingNotFound),
    openapi_extra=english(
        "List what a matching proposes",
        "For the mentees within reach, role by role: the mentor, the points of every criterion, "
        "what was given up for others; or why the role stays empty.",
    ),
)
async def list_choices(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    matching_id: UUID,
    school_id: Annotated[UUID | None, Query(description="仅徒弟在该校任职的")] = None,
    filled: Annotated[bool | None, Query(description="true 仅配上的,false 仅未配上的")] = None,
) -> Page[ChoiceOut]:
    """List choices."""
    matching = await queries.visible_matching(db, caller=caller, matching_id=matching_id)
    at = await standpoint(db, district_id=caller.district_id)
    weights, names = await _words(db, matching)
    return await paging.answer(
        db,
        queries.choices(
            caller, matching_id=matching_id, school_id=school_id, filled=filled, day=at.day
        ),
        sorts=queries.CHOICE_SORTS,
        default="name",
        tie=queries.CHOICE,
        out=lambda row: ChoiceOut.of(row, weights=weights, names=names),
    )


async def _words(db: Any, matching: MentoringMatching) -> tuple[Weights, dict[str, Any]]:
    standard = await programmes.standard_on(
        db, programme_id=matching.programme_id, day=matching.valid.lower or date.min
    )
    return Weights(**standard.weights), await programmes.role_names(db)


@router.post(
    "/mentoring-matchings/{matching_id}:accept",
    operation_id="acceptMatching",
    summary="采用匹配方案",
    description="一次性提议方案中的全部结对,要么全部成立,要么一个也不建立;双方仍须各自接受。"
    "匹配之后情况有变化(如名额被占、教师调动)时拒绝,并逐人说明。其他未采用的匹配随之过时。",
    responses=may_fail(
        MatchingNotFound, ProgrammeStateUnfit, MatchingNotReady, GroundChanged, PairedAlready
    ),
    openapi_extra=english(
        "Accept a matching",
        "Proposes all its pairings at once, or none; the two still have to accept. Refused when "
        "things have changed since, naming everybody concerned. Other results that wait become "
        "outdated.",
    ),
)
async def accept_matching(
    *, db: Db, caller: Writer, matching_id: UUID, expected: IfMatch, tag: NewTag
) -> MatchingOut:
    """Accept a run."""
    matching = await matchings.accept(db, caller=caller, matching_id=matching_id, expected=expected)
    tag(matching.version)
    return MatchingOut.of(matching)
