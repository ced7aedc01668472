"""Whom a programme concerns and how they are looked after."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from service.kit.auth import Caller, Permission
from service.kit.http import Page, Paging, ReadDb, english, make_router, may_fail, needs
from service.mentoring.load import policy_of
from service.mentoring.problems.programme import ProgrammeNotFound
from service.mentoring.queries import PERSON, PERSON_SORTS, coverage
from service.mentoring.queries.cohort import frame_of
from service.mentoring.queries.coverage import CoveredFilter, Trouble
from service.mentoring.queries.programme import visible_programme
from service.mentoring.rules.programme import Standing
from service.mentoring.schemas.coverage import CoachOut, CoverageOut, CoveredOut

router = make_router(tag="mentoring-programmes")

Reader = Annotated[Caller, needs(Permission.PROGRAMME_READ)]
AsOf = Annotated[date | None, Query(description="按学年内这一天的情况;空表示今天")]
SchoolFilter = Annotated[UUID | None, Query(description="仅当日在该校任职的")]


@router.get(
    "/mentoring-programmes/{programme_id}/coverage",
    operation_id="getMentoringCoverage",
    summary="帮扶覆盖情况",
    description="您可见的帮扶对象有多少尚无导师、只有一位、不合双导师要求、已落实,"
    "以及超出名额和即将离校的导师。四项之和等于帮扶对象数,分校合计等于总数;"
    "名单见 `…/coverage/mentees` 与 `…/coverage/mentors`。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "How a cohort is looked after",
        "Of the mentees in reach: how many have no mentor, one, two that break the dual rule, or "
        "all that is asked for; and the mentors over capacity or leaving. The four add up to the "
        "cohort, the schools to the whole; the lists stand beside.",
    ),
)
async def get_coverage(
    *, db: ReadDb, caller: Reader, programme_id: UUID, as_of: AsOf = None
) -> CoverageOut:
    """Read the coverage."""
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme, as_of=as_of)
    policy = await policy_of(db, frame=frame)
    rows = await coverage.by_school(db, caller=caller, frame=frame)
    everybody = coverage.mentors(
        caller, frame=frame, capacity=policy.capacity, trouble=None, school_id=None
    )
    counts = await coverage.counted_mentors(db, everybody)
    return CoverageOut.of(programme_id, as_of=frame.day, rows=rows, mentors=counts)


@dataclass(frozen=True, slots=True)
class CoveredQuery:
    """Which mentees are asked for."""

    standing: Annotated[
        Standing | None,
        Query(description="none 尚无导师,one 只有一位,broken 不合双导师要求,met 已落实"),
    ] = None
    school_id: SchoolFilter = None
    group_id: Annotated[UUID | None, Query(description="仅当日在该集团成员校任职的")] = None
    subject: Annotated[str | None, Query(max_length=40, description="仅任教该学科的")] = None
    pending: Annotated[bool | None, Query(description="true 仅有待启动的结对的")] = None
    as_of: AsOf = None


@router.get(
    "/mentoring-programmes/{programme_id}/coverage/mentees",
    operation_id="listCoveredMentees",
    summary="帮扶对象名单",
    description="逐人列出为何列入帮扶、有哪些导师、双导师要求尚缺什么;可按落实情况、学校、集团、学科筛选。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "List a cohort",
        "Why each is concerned, who their mentors are, and what the dual rule still asks for; by "
        "standing, school, group or subject.",
    ),
)
async def list_covered(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    programme_id: UUID,
    wanted: Annotated[CoveredQuery, Depends()],
) -> Page[CoveredOut]:
    """List the cohort."""
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme, as_of=wanted.as_of)
    asked = CoveredFilter(
        standing=wanted.standing,
        school_id=wanted.school_id,
        group_id=wanted.group_id,
        subject=wanted.subject,
        pending=wanted.pending,
    )
    return await paging.answer(
        db,
        coverage.mentees(caller, frame=frame, wanted=asked),
        sorts=PERSON_SORTS,
        default="name",
        tie=PERSON,
        out=CoveredOut.of,
    )


@dataclass(frozen=True, slots=True)
class CoveringQuery:
    """Which mentors are asked for."""

    trouble: Annotated[
        Trouble | None, Query(description="over-capacity 超出名额的,leaving 即将离校的")
    ] = None
    school_id: SchoolFilter = None
    as_of: AsOf = None


@router.get(
    "/mentoring-programmes/{programme_id}/coverage/mentors",
    operation_id="listCoveringMentors",
    summary="帮扶导师名单",
    description="帮扶对象的在带导师、已占名额、是否超出名额、是否在结对期内离校或退休。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "List a cohort's mentors",
        "Their places, whether they have too many mentees, whether they leave before the end.",
    ),
)
async def list_covering(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    programme_id: UUID,
    wanted: Annotated[CoveringQuery, Depends()],
) -> Page[CoachOut]:
    """List mentors."""
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme, as_of=wanted.as_of)
    policy = await policy_of(db, frame=frame)
    return await paging.answer(
        db,
        coverage.mentors(
            caller,
            frame=frame,
            capacity=policy.capacity,
            trouble=wanted.trouble,
            school_id=wanted.school_id,
        ),
        sorts=PERSON_SORTS,
        default="name",
        tie=PERSON,
        out=lambda row: CoachOut.of(row, capacity=policy.capacity),
    )
