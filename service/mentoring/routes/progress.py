"""How far pairs have come: one pair's counts against the plan, and the list of an office."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from sqlmodel import col
from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.http import (
    Page,
    Paging,
    ReadDb,
    a_file,
    english,
    make_router,
    may_fail,
    needs,
    send_file,
)
from service.kit.workbook import workbook
from service.mentoring import queries
from service.mentoring.problems import PairingNotFound
from service.mentoring.problems.programme import ProgrammeNotFound
from service.mentoring.problems.progress import TermUnfit
from service.mentoring.queries import progress as counting
from service.mentoring.queries.cohort import frame_of
from service.mentoring.queries.programme import visible_programme
from service.mentoring.queries.progress import InTerm, PairFilter
from service.mentoring.rules.progress import Progress
from service.mentoring.schemas.progress import (
    PairingProgressOut,
    PairProgressOut,
    TermShown,
    progress_sheet,
)
from service.mentoring.tables import Pairing
from service.network.access import among
from service.network.queries import standpoint
from service.network.queries.finding import rows_of

pair_router = make_router(tag="pairings")
programme_router = make_router(tag="mentoring-programmes")
routers = [pair_router, programme_router]

PairReader = Annotated[Caller, needs(Permission.MENTORING_READ)]
Reader = Annotated[Caller, needs(Permission.PROGRAMME_READ)]


def term_shown(one: InTerm) -> TermShown:
    """The term of an answer."""
    return TermShown.of(one.term.id, year=one.year, number=one.term.number, bounds=one.bounds)


@pair_router.get(
    "/pairings/{pairing_id}/progress",
    operation_id="getPairingProgress",
    summary="结对进度",
    description="一个师徒结对在某学期的完成情况:指导教案、互相听课各完成多少(以对方确认为准)、"
    "还差多少、按进度是否落后、最迟何日补足;另附各类记录数。"
    "不给学期则为当前学期,假期中为刚结束的学期。",
    responses=may_fail(PairingNotFound, TermUnfit),
    openapi_extra=english(
        "A pair's progress",
        "What a pair has done in a term against the minimum plan (what the counterpart has "
        "confirmed counts), what is left, whether it is behind an even pace, and until when it "
        "can catch up. Without a term the present one, in the holidays the one that is over.",
    ),
)
async def get_pairing_progress(
    *,
    db: ReadDb,
    caller: PairReader,
    pairing_id: UUID,
    term_id: Annotated[UUID | None, Query(description="学期;空表示当前学期")] = None,
) -> PairingProgressOut:
    """Read a pair's progress."""
    at = await standpoint(db, district_id=caller.district_id)
    row = await queries.visible_row(db, caller=caller, pairing_id=pairing_id, day=at.day)
    term = await counting.term_of_pairing(db, pairing=row[0], term_id=term_id, today=at.today)
    found = await counting.progress_of(db, pairings=[row[0]], term=term, today=at.today)
    return PairingProgressOut.of(
        pairing_id, found[pairing_id], term=term_shown(term), as_of=at.today
    )


@dataclass(frozen=True, slots=True)
class ProgressQuery:
    """Which pairs of a programme are asked for."""

    term_id: Annotated[
        UUID | None, Query(description="项目学年的学期;空表示当前学期,假期中为刚结束的学期")
    ] = None
    behind: Annotated[bool | None, Query(description="true 仅落后于进度的,false 仅跟上进度的")] = (
        None
    )
    school_id: Annotated[UUID | None, Query(description="仅徒弟在该校任职的")] = None
    group_id: Annotated[UUID | None, Query(description="仅徒弟在该集团成员校任职的")] = None


@dataclass(frozen=True, slots=True)
class _Found:
    """Everything asked for, not yet a page."""

    statement: Any
    progress: dict[UUID, Progress]
    term: InTerm
    day: date
    today: date

    def out(self, row: Any) -> PairProgressOut:
        return PairProgressOut.of(row, self.progress[row[0].id], day=self.day)


async def _find(
    db: AsyncSession, *, caller: Caller, programme_id: UUID, wanted: ProgressQuery
) -> _Found:
    """Whether a pair is behind is the rules' word, so all of them are judged before paging."""
    programme = await visible_programme(db, caller=caller, programme_id=programme_id)
    frame = await frame_of(db, programme=programme)
    term = await counting.term_of_programme(db, frame=frame, term_id=wanted.term_id)
    today = frame.at.today
    day = term.day_of(today)
    statement = counting.running(
        caller,
        frame=frame,
        day=day,
        wanted=PairFilter(school_id=wanted.school_id, group_id=wanted.group_id),
    )
    pairs = [row[0] for row in await rows_of(db, statement)]
    found = await counting.progress_of(db, pairings=pairs, term=term, today=today)
    if wanted.behind is not None:
        found = {id_: one for id_, one in found.items() if (one.behind > 0) is wanted.behind}
        statement = statement.where(among(Pairing.id, found))
    return _Found(statement, found, term, day, today)


@programme_router.get(
    "/mentoring-programmes/{programme_id}/progress",
    operation_id="listMentoringProgress",
    summary="帮扶进度名单",
    description="项目范围内在带结对的学期进度;`behind=true` 为滞后名单,可按学校、集团筛选,"
    "逐对说明各项还差多少、落后多少、最迟何日补足。",
    responses=may_fail(ProgrammeNotFound, TermUnfit),
    openapi_extra=english(
        "List progress",
        "The pairs at work in a programme's scope and their term so far; `behind=true` is the list "
        "of those behind the plan, by school or group.",
    ),
)
async def list_progress(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    programme_id: UUID,
    wanted: Annotated[ProgressQuery, Depends()],
) -> Page[PairProgressOut]:
    """List progress."""
    found = await _find(db, caller=caller, programme_id=programme_id, wanted=wanted)
    return await paging.answer(
        db,
        found.statement,
        sorts={"role": col(Pairing.role), "mentee": col(Pairing.mentee_id)},
        default="mentee",
        tie=col(Pairing.id),
        out=found.out,
    )


@programme_router.get(
    "/mentoring-programmes/{programme_id}/progress.xlsx",
    operation_id="getMentoringProgressFile",
    summary="下载帮扶进度表",
    description="与 `GET …/progress` 相同的内容,Excel 表;`behind=true` 为滞后名单。",
    response_class=Response,
    responses={
        **a_file("帮扶进度表 / Progress of pairs"),
        **may_fail(ProgrammeNotFound, TermUnfit),
    },
    openapi_extra=english("Progress as a file", "The same as an Excel list."),
)
async def get_progress_file(
    *,
    db: ReadDb,
    caller: Reader,
    programme_id: UUID,
    wanted: Annotated[ProgressQuery, Depends()],
) -> Response:
    """Progress as a file."""
    found = await _find(db, caller=caller, programme_id=programme_id, wanted=wanted)
    rows = await rows_of(db, found.statement)
    items = sorted(
        (found.out(row) for row in rows),
        key=lambda one: (one.mentee.school_name or "", one.mentee.number, one.role),
    )
    sheet = progress_sheet(
        items, term=term_shown(found.term), as_of=found.today, behind=wanted.behind
    )
    name = "帮扶进度滞后名单" if wanted.behind else "帮扶进度表"
    return send_file(workbook(sheet), name=f"{name}.xlsx")
