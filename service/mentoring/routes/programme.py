"""Mentoring programmes: what a school year asks for, and who was added by hand."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col
from starlette.responses import Response

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
from service.kit.problems import RelatedNotFound
from service.mentoring import programmes
from service.mentoring.problems import UnknownRole
from service.mentoring.problems.appraisal import RubricUnfit
from service.mentoring.problems.programme import (
    EntryNotFound,
    ProgrammeNotFound,
    ProgrammeOpenAlready,
    ProgrammeStateUnfit,
    RolesUnfit,
    StandardUnfit,
    TeacherOutOfScope,
)
from service.mentoring.programmes import Asked, Decision, NewProgramme
from service.mentoring.queries import PERSON, PERSON_SORTS
from service.mentoring.queries import programme as queries
from service.mentoring.rules.programme import EntryKind, ProgrammeState
from service.mentoring.schemas.programme import (
    EntryIn,
    EntryOut,
    ProgrammeIn,
    ProgrammeOut,
    ProgrammePatch,
    StandardIn,
    StandardPut,
)
from service.mentoring.tables import MentoringProgramme
from service.network.queries import standpoint
from service.staff.problems import TeacherNotFound

router = make_router(tag="mentoring-programmes")

Reader = Annotated[Caller, needs(Permission.PROGRAMME_READ)]
Writer = Annotated[Caller, needs(Permission.PROGRAMME_WRITE)]


@dataclass(frozen=True, slots=True)
class ProgrammeQuery:
    """Which programmes are asked for."""

    school_year_id: Annotated[UUID | None, Query(description="仅该学年")] = None
    group_id: Annotated[UUID | None, Query(description="仅该集团的项目")] = None
    state: Annotated[
        ProgrammeState | None, Query(description="draft 草稿,open 开放,closed 已关闭")
    ] = None


@router.get(
    "/mentoring-programmes",
    operation_id="listMentoringProgrammes",
    summary="帮扶项目列表",
    description="列出全区的和您可见集团的师徒帮扶项目;可按学年、集团、状态筛选。",
    openapi_extra=english(
        "List mentoring programmes",
        "The district's programmes and those of groups within reach, by year, group or state.",
    ),
)
async def list_programmes(
    *, db: ReadDb, caller: Reader, paging: Paging, wanted: Annotated[ProgrammeQuery, Depends()]
) -> Page[ProgrammeOut]:
    """List programmes."""
    names = await queries.role_names(db)
    statement = queries.programmes(
        caller,
        school_year_id=wanted.school_year_id,
        group_id=wanted.group_id,
        state=wanted.state,
    )
    page = await paging.answer(
        db,
        statement,
        sorts={"name": col(MentoringProgramme.name)},
        default="name",
        tie=col(MentoringProgramme.id),
        out=lambda row: row,
    )
    standards = await queries.standards_of_all(db, programme_ids=[row[0].id for row in page.items])
    items = [
        ProgrammeOut.of(row, standards=standards.get(row[0].id, []), names=names)
        for row in page.items
    ]
    return Page[ProgrammeOut](items=items, next_cursor=page.next_cursor)


@router.post(
    "/mentoring-programmes",
    status_code=201,
    operation_id="createMentoringProgramme",
    summary="新建帮扶项目",
    description="为一个学年新建全区或一个集团的师徒帮扶项目(草稿),说明帮扶对象、导师角色、"
    "导师资格与名额、每学期最低要求;未填写的取默认值(指导教案 3 篇,互听课各 8 节)。",
    responses=may_fail(RelatedNotFound, RolesUnfit, RubricUnfit, UnknownRole),
    openapi_extra=english(
        "Draft a mentoring programme",
        "For a school year, of the district or one group: who should be mentored, in which roles, "
        "by whom, and how much a term asks for. What is left out has its default (3 lesson plans, "
        "8 lessons observed each way).",
    ),
)
async def create_programme(
    *, db: Db, caller: Writer, body: ProgrammeIn, tag: NewTag
) -> ProgrammeOut:
    """Draft a programme."""
    new = NewProgramme(body.school_year_id, body.group_id, body.name, _asked(body.standard))
    programme = await programmes.draft(db, caller=caller, new=new)
    return await _answer(db, programme, tag=tag)


def _asked(body: StandardIn) -> Asked:
    return Asked(body.wanted_roles, body.rubric.wanted, body.columns())


async def _answer(db: Db, programme: MentoringProgramme, *, tag: NewTag) -> ProgrammeOut:
    tag(programme.version)
    return await _shown(db, programme)


async def _shown(db: Any, programme: MentoringProgramme) -> ProgrammeOut:
    return ProgrammeOut.of(
        await queries.row_of(db, programme_id=programme.id),
        standards=await queries.standards_of(db, programme_id=programme.id),
        names=await queries.role_names(db),
    )


@router.get(
    "/mentoring-programmes/{programme_id}",
    operation_id="getMentoringProgramme",
    summary="查看帮扶项目",
    description="一个帮扶项目及其标准的全部版本。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "Read a mentoring programme", "One programme, with every version of what it asks for."
    ),
)
async def get_programme(
    *, db: ReadDb, caller: Reader, programme_id: UUID, tag: Tag
) -> ProgrammeOut:
    """Read a programme."""
    programme = await queries.visible_programme(db, caller=caller, programme_id=programme_id)
    tag(programme.version)
    return await _shown(db, programme)


@router.patch(
    "/mentoring-programmes/{programme_id}",
    operation_id="changeMentoringProgramme",
    summary="修改帮扶项目",
    description="修改名称(JSON Merge Patch);标准请用 `PUT …/standard` 调整。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit),
    openapi_extra=english(
        "Change a mentoring programme",
        "Its name (JSON Merge Patch); what it asks for is adjusted by `PUT …/standard`.",
    ),
)
async def change_programme(
    *,
    db: Db,
    caller: Writer,
    programme_id: UUID,
    body: ProgrammePatch,
    expected: IfMatch,
    tag: NewTag,
) -> ProgrammeOut:
    """Change a programme."""
    programme = await programmes.change(
        db,
        caller=caller,
        programme_id=programme_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    return await _answer(db, programme, tag=tag)


@router.put(
    "/mentoring-programmes/{programme_id}/standard",
    operation_id="adjustMentoringProgramme",
    summary="调整帮扶标准",
    description="自某日起执行新的标准;此前的版本到该日为止,仍可查阅,尚未生效的版本被取代。"
    "已开放的项目只能自今天起调整。与现行标准相同时不产生变化。",
    responses=may_fail(
        ProgrammeNotFound, ProgrammeStateUnfit, StandardUnfit, RolesUnfit, UnknownRole
    ),
    openapi_extra=english(
        "Adjust what a programme asks for",
        "From a day on; the version before ends there and stays readable, one that had not begun "
        "gives way. An open programme is adjusted from today on. What is so already changes "
        "nothing.",
    ),
)
async def adjust_programme(
    *,
    db: Db,
    caller: Writer,
    programme_id: UUID,
    body: StandardPut,
    expected: IfMatch,
    tag: NewTag,
) -> ProgrammeOut:
    """Adjust a programme."""
    programme = await programmes.adjust(
        db,
        caller=caller,
        programme_id=programme_id,
        from_=body.effective_from,
        asked=_asked(body.standard),
        expected=expected,
    )
    return await _answer(db, programme, tag=tag)


@router.post(
    "/mentoring-programmes/{programme_id}:open",
    operation_id="openMentoringProgramme",
    summary="开放帮扶项目",
    description="开放草稿;自此其标准对范围内的结对生效。同一学年、同一范围只能有一个开放的项目。"
    "集团项目优先于全区项目。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit, ProgrammeOpenAlready),
    openapi_extra=english(
        "Open a mentoring programme",
        "From now on its standard holds for the pairings of its scope; a group's own goes before "
        "the district's. Per year and scope one is open.",
    ),
)
async def open_programme(
    *, db: Db, caller: Writer, programme_id: UUID, expected: IfMatch, tag: NewTag
) -> ProgrammeOut:
    """Open a programme."""
    programme = await programmes.open_(
        db, caller=caller, programme_id=programme_id, expected=expected
    )
    return await _answer(db, programme, tag=tag)


@router.post(
    "/mentoring-programmes/{programme_id}:close",
    operation_id="closeMentoringProgramme",
    summary="关闭帮扶项目",
    description="关闭开放中的项目;结对不受影响,标准与名单仍可查阅。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit),
    openapi_extra=english(
        "Close a mentoring programme",
        "Pairings go on; what was asked for and who was concerned stays readable.",
    ),
)
async def close_programme(
    *, db: Db, caller: Writer, programme_id: UUID, expected: IfMatch, tag: NewTag
) -> ProgrammeOut:
    """Close a programme."""
    programme = await programmes.close(
        db, caller=caller, programme_id=programme_id, expected=expected
    )
    return await _answer(db, programme, tag=tag)


# Decided by hand


@dataclass(frozen=True, slots=True)
class _Entry:
    """A teacher in a programme."""

    programme_id: UUID
    teacher_id: UUID


Place = Annotated[_Entry, Depends()]


@router.get(
    "/mentoring-programmes/{programme_id}/entries",
    operation_id="listProgrammeEntries",
    summary="个别认定列表",
    description="项目中个别增补或免除的教师。",
    responses=may_fail(ProgrammeNotFound),
    openapi_extra=english(
        "List who was decided by hand", "Teachers added to the cohort, or taken out of it."
    ),
)
async def list_entries(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    programme_id: UUID,
    kind: Annotated[EntryKind | None, Query(description="added 增补,exempted 免除")] = None,
) -> Page[EntryOut]:
    """List entries."""
    await queries.visible_programme(db, caller=caller, programme_id=programme_id)
    at = await standpoint(db, district_id=caller.district_id)
    return await paging.answer(
        db,
        queries.entries(caller, programme_id=programme_id, kind=kind, day=at.day),
        sorts=PERSON_SORTS,
        default="name",
        tie=PERSON,
        out=EntryOut.of,
    )


@router.put(
    "/mentoring-programmes/{programme_id}/entries/{teacher_id}",
    operation_id="decideProgrammeEntry",
    summary="个别增补或免除",
    description="不论条件如何,把一位教师列入或免除帮扶。请勿填写病情。"
    '尚无个别认定时 If-Match 填 `"0"`。',
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit, TeacherNotFound, TeacherOutOfScope),
    openapi_extra=english(
        "Decide about a teacher",
        "Adds somebody to the cohort or takes them out, whatever the criteria say. No medical "
        'reasons, please. What nobody decided yet has version "0".',
    ),
)
async def decide_entry(
    *,
    db: Db,
    caller: Writer,
    place: Place,
    body: EntryIn,
    expected: IfMatch,
    tag: NewTag,
) -> EntryOut:
    """Decide about a teacher."""
    entry = await programmes.decide(
        db,
        caller=caller,
        programme_id=place.programme_id,
        teacher_id=place.teacher_id,
        decision=Decision(body.kind, body.reason),
        expected=expected,
    )
    tag(entry.version)
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.entry_row(
        db, programme_id=place.programme_id, teacher_id=place.teacher_id, caller=caller, day=at.day
    )
    return EntryOut.of(row)


@router.delete(
    "/mentoring-programmes/{programme_id}/entries/{teacher_id}",
    status_code=204,
    operation_id="undoProgrammeEntry",
    summary="撤销个别认定",
    description="撤销增补或免除,重新按条件判定。",
    responses=may_fail(ProgrammeNotFound, ProgrammeStateUnfit, EntryNotFound),
    openapi_extra=english("Take a decision back", "The criteria decide about the teacher again."),
)
async def undo_entry(*, db: Db, caller: Writer, place: Place, expected: IfMatch) -> Response:
    """Take a decision back."""
    await programmes.undo(
        db,
        caller=caller,
        programme_id=place.programme_id,
        teacher_id=place.teacher_id,
        expected=expected,
    )
    return Response(status_code=204)
