"""The lists of an office as files: pairings, the load of mentors, the roll of a studio."""

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy import func
from sqlmodel import col
from starlette.responses import Response

from service.kit.auth import Caller, Permission
from service.kit.http import ReadDb, a_file, english, make_router, may_fail, needs, send_file
from service.kit.workbook import workbook
from service.mentoring import queries
from service.mentoring.problems.studio import StudioNotFound
from service.mentoring.queries import studio as studios
from service.mentoring.routes.pairing import PairingQuery
from service.mentoring.schemas import MentorOut, PairingOut
from service.mentoring.schemas.office import mentor_sheet, pairing_sheet, roll_sheet
from service.mentoring.schemas.studio import StudioMemberOut
from service.mentoring.tables import Pairing, StudioMember
from service.network.queries import standpoint
from service.network.queries.finding import rows_of

pairing_router = make_router(tag="pairings")
mentor_router = make_router(tag="mentees")
studio_router = make_router(tag="studios")
routers = [pairing_router, mentor_router, studio_router]

Reader = Annotated[Caller, needs(Permission.MENTORING_READ)]
StudioReader = Annotated[Caller, needs(Permission.STUDIO_READ)]
AsOf = Annotated[date | None, Query(description="按这一天的情况;空表示今天")]


@pairing_router.get(
    "/pairings.xlsx",
    operation_id="getPairingsFile",
    summary="下载师徒结对一览表",
    description="与 `GET /v1/pairings` 相同的内容与筛选,Excel 表,含全部结对。",
    response_class=Response,
    responses=a_file("师徒结对一览表 / Pairings"),
    openapi_extra=english("Pairings as a file", "The same, by the same filters, as an Excel list."),
)
async def get_pairings_file(
    *, db: ReadDb, caller: Reader, wanted: Annotated[PairingQuery, Depends()]
) -> Response:
    """Pairings as a file."""
    at = await standpoint(db, district_id=caller.district_id, as_of=wanted.as_of)
    statement = queries.pairings(caller, day=at.day, wanted=wanted.filter).order_by(
        func.lower(col(Pairing.valid)).desc(), col(Pairing.id)
    )
    items = [PairingOut.of(row, day=at.day) for row in await rows_of(db, statement)]
    content = await asyncio.to_thread(workbook, pairing_sheet(items, as_of=at.day))
    return send_file(content, name="师徒结对一览表.xlsx")


@mentor_router.get(
    "/mentors.xlsx",
    operation_id="getMentorsFile",
    summary="下载导师带徒情况",
    description="与 `GET /v1/mentors` 相同的内容,Excel 表:已占名额、上限、剩余,末行合计。",
    response_class=Response,
    responses=a_file("导师带徒情况 / Load of mentors"),
    openapi_extra=english("The load of mentors as a file", "Places taken, allowed and free."),
)
async def get_mentors_file(
    *,
    db: ReadDb,
    caller: Reader,
    school_id: Annotated[UUID | None, Query(description="仅当日在该校任职的")] = None,
    group_id: Annotated[UUID | None, Query(description="仅当日在该集团成员校任职的")] = None,
    as_of: AsOf = None,
) -> Response:
    """The load of mentors as a file."""
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    policy = await queries.policy(db, district_id=caller.district_id)
    statement = queries.mentors(caller, day=at.day, school_id=school_id, group_id=group_id)
    rows = await rows_of(db, statement.order_by(queries.PERSON_SORTS["name"], queries.PERSON))
    items = [MentorOut.of(row, policy=policy) for row in rows]
    content = await asyncio.to_thread(workbook, mentor_sheet(items, as_of=at.day))
    return send_file(content, name="导师带徒情况.xlsx")


@studio_router.get(
    "/studios/{studio_id}/members.xlsx",
    operation_id="getStudioRollFile",
    summary="下载工作室成员名册",
    description="与 `GET …/members` 相同的内容,Excel 表;`as_of` 只看当日成员。",
    response_class=Response,
    responses={**a_file("工作室成员名册 / The roll"), **may_fail(StudioNotFound)},
    openapi_extra=english("The roll of a studio as a file", "Its members, as an Excel list."),
)
async def get_studio_roll_file(
    *,
    db: ReadDb,
    caller: StudioReader,
    studio_id: UUID,
    as_of: Annotated[date | None, Query(description="只看当日成员")] = None,
) -> Response:
    """The roll of a studio as a file."""
    studio = await studios.visible_studio(db, caller=caller, studio_id=studio_id)
    at = await standpoint(db, district_id=caller.district_id, as_of=as_of)
    statement = studios.members(studio_id=studio_id, at=at, on=as_of)
    rows = await rows_of(db, statement.order_by(col(StudioMember.valid), col(StudioMember.id)))
    items = [StudioMemberOut.of(row) for row in rows]
    return send_file(workbook(roll_sheet(items, name=studio.name)), name=f"{studio.name}名册.xlsx")
