"""``huangge import``: a workbook into a district, with a bar to watch and a report to read."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from rich.console import Console, Group, RenderableType
from rich.table import Table
from sqlalchemy import text

from service import wiring
from service.cli.bar import Tell, told
from service.cli.errors import CommandError
from service.cli.words import both
from service.kit.auth import system
from service.kit.db import Database
from service.kit.problems import Problem
from service.kit.settings import settings
from service.partners.loading import Findings, Refused, load_workbook
from service.partners.rules import RowProblem

_SHOWN = 50


def load(url: str, file: Path, *, district: str | None, console: Console) -> None:
    """Import a workbook; nothing of one that has problems.

    Raises
    ------
    CommandError
        The file cannot be read, or has problems, or there is no such district.
    """
    wiring.load_tables()
    try:
        with told(console) as tell:
            findings = asyncio.run(_load(url, file, district=district, tell=tell))
    except Refused as refused:
        problems = refused.findings.problems
        console.print(_listed(problems))
        raise CommandError(
            f"{file.name} 有 {len(problems)} 处问题,未导入任何数据。"
            f" It has {len(problems)} problems; nothing was imported."
        ) from refused
    except Problem as problem:
        raise CommandError(both(problem.detail)) from problem
    console.print(_counted(findings))


async def _load(url: str, file: Path, *, district: str | None, tell: Tell) -> Findings:
    database = Database(url)
    try:
        district_id = await _district(database, district or settings().default_district)
        by = system(district_id, name="huangge import")
        return await load_workbook(database, file, by=by, progress=tell)
    finally:
        await database.close()


async def _district(database: Database, code: str | None) -> UUID:
    async with database.read(None) as db:
        found = await (await db.connection()).execute(
            text("SELECT id, code FROM district WHERE code = coalesce(:code, code) ORDER BY code"),
            {"code": code},
        )
        districts = found.all()
    if len(districts) == 1:
        chosen: UUID = districts[0].id
        return chosen
    known = ", ".join(row.code for row in districts)
    raise CommandError(
        f"请用 --district 指定学区代码(已有:{known or '无'})。"
        f" Say which district with --district (known: {known or 'none'})."
    )


def _counted(findings: Findings) -> RenderableType:
    table = Table("", "行 rows", "新增 created", "修改 changed", "不变 unchanged", box=None)
    for sheet in findings.report()["sheets"]:
        counts = (sheet[name] for name in ("rows", "created", "changed", "unchanged"))
        if sheet["rows"]:
            table.add_row(
                sheet["sheet"], *("–" if count is None else str(count) for count in counts)
            )
    return table


def _listed(problems: Sequence[RowProblem]) -> RenderableType:
    table = Table("工作表 sheet", "行 row", "列 column", "问题与处理 problem and remedy")
    for problem in problems[:_SHOWN]:
        row = "" if problem.row is None else str(problem.row)
        words = f"{both(problem.message)}\n[dim]{both(problem.remedy)}[/dim]"
        table.add_row(problem.sheet, row, problem.column or "", words)
    more = len(problems) - _SHOWN
    return Group(table, f"… +{more}") if more > 0 else table
