"""A district moves in: the template, uploaded workbooks, their reports, and their application."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Form, Query, Response, UploadFile
from pydantic import Field
from sqlmodel import col

from service.kit.auth import Caller, Permission
from service.kit.http import (
    Db,
    IfMatch,
    In,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    a_file,
    english,
    make_router,
    may_fail,
    needs,
    send_file,
)
from service.network.queries import district
from service.partners import actions, queries, writer
from service.partners.problems import (
    ImportHasProblems,
    ImportNotFound,
    ImportNotReady,
    NotAWorkbook,
    WorkbookDamaged,
    WorkbookEncrypted,
    WorkbookUnsafe,
)
from service.partners.rules import RunState
from service.partners.schemas import ImportOut, ImportReportOut
from service.partners.tables import ImportRun

router = make_router(tag="imports")

Reader = Annotated[Caller, needs(Permission.IMPORT_READ)]
Writer = Annotated[Caller, needs(Permission.IMPORT_WRITE)]


class UploadForm(In):
    """A workbook that is brought."""

    file: Annotated[
        UploadFile,
        Field(description="按模板填写的 .xlsx 工作簿", json_schema_extra={"format": "binary"}),
    ]


@router.get(
    "/imports/template.xlsx",
    operation_id="getImportTemplate",
    summary="下载导入模板",
    description="区县数据的 Excel 模板:中文表头、批注、下拉选项;红色表头必填,"
    "本区县的代码和名称已填好。"
    "用不到的工作表可以留空或删除。",
    response_class=Response,
    responses=a_file("模板 / The template"),
    openapi_extra=english(
        "Download the template",
        "The workbook a district fills in, with Chinese headers, hints and drop-downs. Red headers "
        "are required, the district's own code and name are filled in; sheets that are not needed "
        "may stay empty or be deleted.",
    ),
)
async def get_import_template(*, caller: Reader, db: ReadDb) -> Response:
    """The template."""
    own = await district(db, district_id=caller.district_id)
    content = await asyncio.to_thread(
        writer.template, code=own.code, name=own.name, name_en=own.name_en, zone=own.zone
    )
    return send_file(content, name="huangge-template.xlsx")


@router.post(
    "/imports",
    status_code=201,
    operation_id="createImport",
    summary="上传工作簿",
    description="上传填好的 .xlsx(最大 20 MB),随后自动检查:逐格核对、核对引用关系,"
    "并在事务中真实写入后回滚,得出影响。检查期间状态为 `checking`,完成后为 `checked`;"
    "报告见 `GET /v1/imports/{import_id}`。检查不改动任何数据。",
    responses=may_fail(NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged),
    openapi_extra=english(
        "Upload a workbook",
        "Upload a filled .xlsx (at most 20 MB). It is then checked: every cell, every reference, "
        "and its impact by writing it for real and rolling back. The state is `checking`, then "
        "`checked`; read the report at `GET /v1/imports/{import_id}`. A check changes nothing.",
    ),
)
async def create_import(
    *,
    db: Db,
    caller: Writer,
    tag: NewTag,
    response: Response,
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")],
) -> ImportOut:
    """Upload a workbook."""
    run = await actions.upload(
        db,
        caller=caller,
        name=form.file.filename or "workbook.xlsx",
        content=await form.file.read(),
    )
    response.headers["Location"] = f"/v1/imports/{run.id}"
    tag(run.version)
    return ImportOut.of(run)


@router.get(
    "/imports",
    operation_id="listImports",
    summary="导入记录",
    description="本区上传过的工作簿及其状态,最近的在前。",
    openapi_extra=english(
        "List imports", "The district's workbooks with their states, newest first."
    ),
)
async def list_imports(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    state: Annotated[RunState | None, Query(description="只看某一状态")] = None,
) -> Page[ImportOut]:
    """The district's imports."""
    statement = queries.runs(caller)
    if state is not None:
        statement = statement.where(col(ImportRun.state) == state)
    return await paging.answer(
        db,
        statement,
        sorts={"created_at": col(ImportRun.created_at), "name": col(ImportRun.name)},
        default="-created_at",
        tie=col(ImportRun.id),
        out=ImportOut.of,
    )


@router.get(
    "/imports/{import_id}",
    operation_id="getImport",
    summary="导入报告",
    description="状态、进度、各工作表的新增/修改/不变行数、对课表的影响,以及前 200 个问题"
    "(工作表、行、列、修改办法)。",
    responses=may_fail(ImportNotFound),
    openapi_extra=english(
        "Read an import's report",
        "State, progress, rows created, changed and unchanged by sheet, the impact on lessons, and "
        "the first 200 problems with sheet, row, column and what to do.",
    ),
)
async def get_import(*, db: ReadDb, caller: Reader, tag: Tag, import_id: UUID) -> ImportReportOut:
    """An import with its report."""
    run = await queries.visible_run(db, caller=caller, import_id=import_id)
    tag(run.version)
    return ImportReportOut.of(run)


@router.get(
    "/imports/{import_id}/report.xlsx",
    operation_id="getImportReportFile",
    summary="下载检查报告",
    description="全部问题的 Excel 表,可按工作表筛选后逐条修改。",
    response_class=Response,
    responses=a_file("检查报告 / The report") | may_fail(ImportNotFound),
    openapi_extra=english("Download the report", "All problems as a sheet that can be filtered."),
)
async def get_import_report_file(*, db: ReadDb, caller: Reader, import_id: UUID) -> Response:
    """The report as a workbook."""
    run = await queries.visible_run(db, caller=caller, import_id=import_id)
    problems = (run.report or {}).get("problems", ())
    content = await asyncio.to_thread(writer.report, problems)
    return send_file(content, name="huangge-report.xlsx")


@router.post(
    "/imports/{import_id}:check",
    operation_id="checkImport",
    summary="重新检查",
    description="系统中的数据有变化后,按现状重新检查同一文件。需要 `If-Match`。",
    responses=may_fail(ImportNotFound, ImportNotReady),
    openapi_extra=english(
        "Check an import once more",
        "Check the same file against the district as it is now. Needs `If-Match`.",
    ),
)
async def check_import(
    *, db: Db, caller: Writer, expected: IfMatch, tag: NewTag, import_id: UUID
) -> ImportOut:
    """Check once more."""
    run = await actions.ask_to_check(db, caller=caller, import_id=import_id, expected=expected)
    tag(run.version)
    return ImportOut.of(run)


@router.post(
    "/imports/{import_id}:apply",
    operation_id="applyImport",
    summary="执行导入",
    description="把检查通过的工作簿写入系统:重新检查后在一个事务中全部写入,或全部不写入。"
    "报告中有问题时拒绝。需要 `If-Match`。完成后状态为 `applied`;检查之后数据有变化而不再适用时"
    "为 `refused`;多次中断为 `failed`,可重试。重复导入相同内容不产生任何改动。",
    responses=may_fail(ImportNotFound, ImportNotReady, ImportHasProblems),
    openapi_extra=english(
        "Apply an import",
        "Write a checked workbook into the district: it is checked again and written in one "
        "transaction, all of it or nothing. Refused while the report names problems. Needs "
        "`If-Match`. Ends as `applied`, as `refused` when the district changed since the check, or "
        "as `failed`, which may be tried again. Applying the same content again changes nothing.",
    ),
)
async def apply_import(
    *, db: Db, caller: Writer, expected: IfMatch, tag: NewTag, import_id: UUID
) -> ImportOut:
    """Apply a workbook."""
    run = await actions.ask_to_apply(db, caller=caller, import_id=import_id, expected=expected)
    tag(run.version)
    return ImportOut.of(run)
