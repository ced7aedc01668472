"""Appraisals: opened by offices, spoken to by the two and the school, concluded."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
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
from service.mentoring import appraisals
from service.mentoring.appraisals import Said, Wanted
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.appraisal import (
    AppraisalExists,
    AppraisalNotFound,
    AppraisalOver,
    AppraisalUntimely,
    NothingToConclude,
    NotYoursToAppraise,
    OutstandingUnfit,
    SchoolVoiceOfThePair,
    ScoresUnfit,
    VoicesMissing,
)
from service.mentoring.problems.programme import ProgrammeNotFound, ProgrammeStateUnfit
from service.mentoring.queries import appraisal as reading
from service.mentoring.queries.appraisal import AppraisalFilter
from service.mentoring.rules.appraisal import AppraisalGrade, AppraisalKind, AppraisalState
from service.mentoring.schemas.appraisal import (
    AppraisalIn,
    AppraisalOut,
    ConcludeIn,
    OpenedOut,
    OutstandingIn,
    VoiceIn,
)
from service.mentoring.tables import Appraisal
from service.network.queries import standpoint

router = make_router(tag="appraisals")

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Writer = Annotated[Caller, needs(Permission.MENTORING_WRITE)]
Answerer = Annotated[Caller, needs(Permission.MENTORING_ANSWER)]
School = Annotated[Caller, needs(Permission.MENTORING_APPRAISE)]
Organizer = Annotated[Caller, needs(Permission.PROGRAMME_WRITE)]


@dataclass(frozen=True, slots=True)
class AppraisalQuery:
    """Which appraisals are asked for."""

    pairing_id: Annotated[UUID | None, Query(description="仅该结对的")] = None
    teacher_id: Annotated[UUID | None, Query(description="导师或徒弟是该教师")] = None
    school_id: Annotated[UUID | None, Query(description="导师或徒弟在该校任职")] = None
    kind: Annotated[AppraisalKind | None, Query(description="midterm 中期,final 终期")] = None
    state: Annotated[
        AppraisalState | None,
        Query(description="open 评价中,heard 评价已收齐,concluded 已办结"),
    ] = None
    grade: Annotated[
        AppraisalGrade | None,
        Query(description="excellent 优秀,good 良好,qualified 合格,unqualified 不合格"),
    ] = None
    outstanding: Annotated[bool | None, Query(description="true 仅优秀结对")] = None


@router.get(
    "/appraisals",
    operation_id="listAppraisals",
    summary="结对考核列表",
    description="列出您可见结对的中期与终期考核;可按结对、教师、学校、类型、状态、等次、优秀结对筛选。"
    "办结之前,导师与徒弟互相看不到对方和学校的评价。",
    openapi_extra=english(
        "List appraisals",
        "Of the pairings in sight, by kind, state, grade and more. Before an appraisal is "
        "concluded the two do not read what the others said.",
    ),
)
async def list_appraisals(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[AppraisalQuery, Depends()]
) -> Page[AppraisalOut]:
    """List appraisals."""
    at = await standpoint(db, district_id=caller.district_id)
    asked = AppraisalFilter(
        pairing_id=wanted.pairing_id,
        teacher_id=wanted.teacher_id,
        school_id=wanted.school_id,
        kind=wanted.kind,
        state=wanted.state,
        grade=wanted.grade,
        outstanding=wanted.outstanding,
    )

    def out(row: Any) -> AppraisalOut:
        return AppraisalOut.of(row, day=at.day, viewer=caller.teacher_id)

    return await paging.answer(
        db,
        reading.appraisals(caller, day=at.day, wanted=asked),
        sorts={"opened_at": col(Appraisal.opened_at)},
        default="-opened_at",
        tie=col(Appraisal.id),
        out=out,
    )


async def _answer(db: Db, appraisal: Appraisal, *, caller: Caller, tag: NewTag) -> AppraisalOut:
    tag(appraisal.version)
    at = await standpoint(db, district_id=caller.district_id)
    row = await reading.appraisal_row(db, caller=caller, appraisal_id=appraisal.id, day=at.day)
    return AppraisalOut.of(row, day=at.day, viewer=caller.teacher_id)


@router.post(
    "/pairings/{pairing_id}/appraisals",
    status_code=201,
    operation_id="openAppraisal",
    summary="开展结对考核",
    description="由徒弟所在学校、集团或区级为一个结对开展中期或终期考核,考核指标取帮扶项目当日的设置"
    "(无项目的用默认指标)。开展后由徒弟自评、导师评、徒弟所在学校评。",
    responses=may_fail(PairingNotFound, AppraisalUntimely, AppraisalExists),
    openapi_extra=english(
        "Open an appraisal",
        "The mentee's office opens one at midterm or at the end, by the rubric that the programme "
        "has on the day. The mentee, the mentor and the mentee's school then speak.",
    ),
)
async def open_appraisal(
    *, db: Db, caller: Writer, pairing_id: UUID, body: AppraisalIn, tag: NewTag
) -> AppraisalOut:
    """Open an appraisal."""
    wanted = Wanted(body.kind, body.due_on)
    row, _ = await appraisals.open_(db, caller=caller, pairing_id=pairing_id, wanted=wanted)
    return await _answer(db, row, caller=caller, tag=tag)


@router.post(
    "/mentoring-programmes/{programme_id}:open-appraisals",
    operation_id="openAppraisals",
    summary="批量开展结对考核",
    description="为项目范围内全部在带结对开展中期或终期考核;已有同类考核的不变动,可重复执行。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit),
    openapi_extra=english(
        "Open a programme's appraisals",
        "For every pair at work in its scope; who has one of this kind keeps it, so it can be "
        "asked for again.",
    ),
)
async def open_appraisals(
    *, db: Db, caller: Organizer, programme_id: UUID, body: AppraisalIn
) -> OpenedOut:
    """Open a programme's appraisals."""
    wanted = Wanted(body.kind, body.due_on)
    opened, had = await appraisals.open_all(
        db, caller=caller, programme_id=programme_id, wanted=wanted
    )
    return OpenedOut(opened=opened, had=had)


@router.get(
    "/appraisals/{appraisal_id}",
    operation_id="getAppraisal",
    summary="查看结对考核",
    description="读取一项考核:指标、三方评价、总分与等次。",
    responses=may_fail(AppraisalNotFound),
    openapi_extra=english("Read an appraisal", "Its rubric, what was said, score and grade."),
)
async def get_appraisal(
    *, db: ReadDb, caller: Reader, appraisal_id: UUID, tag: Tag
) -> AppraisalOut:
    """Read an appraisal."""
    at = await standpoint(db, district_id=caller.district_id)
    row = await reading.appraisal_row(db, caller=caller, appraisal_id=appraisal_id, day=at.day)
    tag(row[-1].version)
    return AppraisalOut.of(row, day=at.day, viewer=caller.teacher_id)


@router.post(
    "/appraisals/{appraisal_id}:appraise",
    operation_id="appraise",
    summary="填写自评或导师评价",
    description="徒弟本人填写自评,导师本人填写导师评价,办结前可以修改;不能代他人填写。",
    responses=may_fail(AppraisalNotFound, NotYoursToAppraise, AppraisalOver, ScoresUnfit),
    openapi_extra=english(
        "Appraise",
        "The mentee speaks of themselves, the mentor of the mentee, each from their own account "
        "and until it is concluded; nobody in another's name.",
    ),
)
async def appraise(
    *,
    db: Db,
    caller: Answerer,
    appraisal_id: UUID,
    body: VoiceIn,
    expected: IfMatch,
    tag: NewTag,
) -> AppraisalOut:
    """Appraise."""
    row = await appraisals.speak(db, caller=caller, said=Said(appraisal_id, body, expected))
    return await _answer(db, row, caller=caller, tag=tag)


@router.post(
    "/appraisals/{appraisal_id}:appraise-as-school",
    operation_id="appraiseAsSchool",
    summary="填写学校评价",
    description="由徒弟所在学校的管理员填写学校评价,办结前可以修改;"
    "集团和区级不能代学校填写,导师或徒弟本人也不能。",
    responses=may_fail(AppraisalNotFound, SchoolVoiceOfThePair, AppraisalOver, ScoresUnfit),
    openapi_extra=english(
        "Appraise as the school",
        "The office of the mentee's school speaks, until it is concluded; neither the group nor "
        "the district, nor one of the two, does it in its name.",
    ),
)
async def appraise_as_school(
    *, db: Db, caller: School, appraisal_id: UUID, body: VoiceIn, expected: IfMatch, tag: NewTag
) -> AppraisalOut:
    """Appraise as the school."""
    said = Said(appraisal_id, body, expected)
    row = await appraisals.speak_for_school(db, caller=caller, said=said)
    return await _answer(db, row, caller=caller, tag=tag)


@router.post(
    "/appraisals/{appraisal_id}:conclude",
    operation_id="concludeAppraisal",
    summary="办结考核",
    description="由徒弟所在学校、集团或区级办结:按指标与三方权重算出总分和等次,此后不能修改。"
    "有一方确实无法填写的,说明原因后按其余各方权重折算;仅有自评不能办结。",
    responses=may_fail(AppraisalNotFound, AppraisalOver, VoicesMissing, NothingToConclude),
    openapi_extra=english(
        "Conclude an appraisal",
        "Score and grade follow from the rubric and what was said, and stay. Who cannot speak any "
        "more is left out with a reason, the others counting in proportion; the mentee's own words "
        "alone are not enough.",
    ),
)
async def conclude_appraisal(
    *,
    db: Db,
    caller: Writer,
    appraisal_id: UUID,
    body: ConcludeIn,
    expected: IfMatch,
    tag: NewTag,
) -> AppraisalOut:
    """Conclude an appraisal."""
    row = await appraisals.close(
        db, caller=caller, appraisal_id=appraisal_id, note=body.note, expected=expected
    )
    return await _answer(db, row, caller=caller, tag=tag)


@router.post(
    "/appraisals/{appraisal_id}:mark-outstanding",
    operation_id="markOutstanding",
    summary="评定优秀结对",
    description="由集团或区级把终期考核优秀的结对评为优秀结对,或取消;考核内容不变。",
    responses=may_fail(AppraisalNotFound, OutstandingUnfit),
    openapi_extra=english(
        "Name a pair outstanding",
        "The group or the district names a pair whose final appraisal was excellent, or takes it "
        "back; the appraisal itself stays.",
    ),
)
async def mark_outstanding(
    *,
    db: Db,
    caller: Organizer,
    appraisal_id: UUID,
    body: OutstandingIn,
    expected: IfMatch,
    tag: NewTag,
) -> AppraisalOut:
    """Name a pair outstanding."""
    row = await appraisals.name_outstanding(
        db,
        caller=caller,
        appraisal_id=appraisal_id,
        outstanding=body.outstanding,
        note=body.note,
        expected=expected,
    )
    return await _answer(db, row, caller=caller, tag=tag)
