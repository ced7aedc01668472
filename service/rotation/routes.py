"""Rotation: who is due for it, and how schools are staffed before and after."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import ReadDb, english, make_router, may_fail, needs
from service.network.problems import GroupNotFound, SchoolNotFound
from service.network.queries import visible_group
from service.rotation import queries
from service.rotation.rules import Measure, structure_of
from service.rotation.schemas import (
    ComparedOut,
    EligibilityOut,
    Employer,
    GroupStructureOut,
    SchoolStructureOut,
    SpreadOut,
)

router = make_router(tag="rotation")

Reader = Annotated[Caller, needs(Permission.ROTATION_READ)]
_SUMMER = 9


@dataclass(frozen=True, slots=True)
class Days:
    """The two days that are compared."""

    before: Annotated[
        date | None,
        Query(description="变动前;空表示最近一个 8 月 31 日", examples=["2026-08-30"]),
    ] = None
    after: Annotated[
        date | None, Query(description="变动后;空表示今天", examples=["2026-09-01"])
    ] = None

    async def in_district(self, db: AsyncSession, caller: Caller) -> tuple[date, date]:
        """Both days, those left out by the district's calendar."""
        today = (await queries.here(db, caller=caller)).today
        year = today.year if today.month >= _SUMMER else today.year - 1
        return self.before or date(year, _SUMMER - 1, 31), self.after or today


@router.get(
    "/schools/{school_id}/rotation-eligibility",
    operation_id="getRotationEligibility",
    summary="轮岗资格一览",
    description="列出本校教师谁符合轮岗条件、谁不符合以及原因,并按全体教师与符合条件教师两种口径给出"
    "年度轮岗人数。年限、年龄、退休年限与比例由区参数 `rotation` 设定。",
    responses=may_fail(SchoolNotFound),
    openapi_extra=english(
        "Who is due for rotation",
        "The teachers of a school, who is due and why the others are not, and how many should move "
        "a year by both denominators. The district's settings `rotation` hold the numbers.",
    ),
)
async def get_rotation_eligibility(
    *,
    db: ReadDb,
    caller: Reader,
    school_id: UUID,
    on: Annotated[
        date | None, Query(description="按哪一天计算;空表示今天", examples=["2026-09-01"])
    ] = None,
) -> EligibilityOut:
    """Who is due for rotation."""
    school = await queries.visible_school(db, caller=caller, school_id=school_id)
    here = await queries.here(db, caller=caller)
    day = on or here.today
    found = await queries.people(db, school_ids=[school.id], day=day)
    employer = Employer(id=school.id, name=school.name)
    return EligibilityOut.of(employer, found, policy=here.policy, on=day)


@router.get(
    "/schools/{school_id}/staff-structure",
    operation_id="getSchoolStructure",
    summary="学校师资结构前后对比",
    description="按年龄、职称、教龄与骨干对比学校两个日期的在岗教师。职称与骨干称号按现状统计。",
    responses=may_fail(SchoolNotFound),
    openapi_extra=english(
        "A school's staff before and after",
        "By age, title, seniority and backbone on two days. Titles and honours are those of today.",
    ),
)
async def get_school_structure(
    *, db: ReadDb, caller: Reader, school_id: UUID, days: Annotated[Days, Depends()]
) -> SchoolStructureOut:
    """A school's staff before and after."""
    school = await queries.visible_school(db, caller=caller, school_id=school_id)
    before, after = await days.in_district(db, caller)
    then = await queries.people(db, school_ids=[school.id], day=before)
    now = await queries.people(db, school_ids=[school.id], day=after)
    compared = ComparedOut.of(structure_of(then, on=before), structure_of(now, on=after))
    employer = Employer(id=school.id, name=school.name)
    return SchoolStructureOut(school=employer, before=before, after=after, structure=compared)


@router.get(
    "/groups/{group_id}/staff-structure",
    operation_id="getGroupStructure",
    summary="集团师资结构前后对比",
    description="集团现有成员校两个日期的师资结构,逐校与合计,并给出校际差异系数(标准差与平均数之比)。"
    "只含您有权查看的学校。",
    responses=may_fail(GroupNotFound),
    openapi_extra=english(
        "A group's staff before and after",
        "The schools that are members on the later day, each and together, on two days, and the "
        "coefficient of variation between them. Only schools within your reach.",
    ),
)
async def get_group_structure(
    *, db: ReadDb, caller: Reader, group_id: UUID, days: Annotated[Days, Depends()]
) -> GroupStructureOut:
    """A group's staff before and after."""
    group = await visible_group(
        db, caller=caller, group_id=group_id, permission=Permission.ROTATION_READ
    )
    before, after = await days.in_district(db, caller)
    schools = await queries.schools_of_group(db, caller=caller, group_id=group_id, day=after)
    ids = [school.id for school in schools]
    then = await queries.people(db, school_ids=ids, day=before)
    now = await queries.people(db, school_ids=ids, day=after)
    thens = [structure_of([o for o in then if o.school_id == id_], on=before) for id_ in ids]
    nows = [structure_of([o for o in now if o.school_id == id_], on=after) for id_ in ids]
    whole = ComparedOut.of(structure_of(then, on=before), structure_of(now, on=after))
    return GroupStructureOut(
        group=Employer(id=group.id, name=group.name),
        before=before,
        after=after,
        structure=whole,
        spread=[SpreadOut.of(one, thens, nows) for one in Measure],
        schools=[
            SchoolStructureOut(
                school=Employer(id=school.id, name=school.name),
                before=before,
                after=after,
                structure=ComparedOut.of(one, other),
            )
            for school, one, other in zip(schools, thens, nows, strict=True)
        ],
    )
