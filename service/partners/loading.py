"""A workbook's way into the district: read, judged, written in one transaction, or not at all.

The same way is walked by the check of an uploaded file (everything is written for real and rolled
back), by its application, and by the command line. Reading and judging happen outside the
transaction; progress is told from beside it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from service.kit import collector
from service.kit.auth import Caller
from service.kit.db import AsyncSession, Database
from service.kit.problems import Text
from service.partners import bulk, consistency, load, queries
from service.partners.bulk import Applied, Progress, RowsRefused, Stopwatch
from service.partners.reader import Contents, read
from service.partners.rules import RowProblem
from service.partners.sheets import BY_NAME

STATEMENT_SECONDS = 120
_REPORTED = 5000

_READING = Text("读取文件", "Reading the file")
_JUDGING = Text("核对数据", "Checking the rows")
DONE = Text("完成", "Done")

# One import at a time in a district: two would wait for each other's rows in no good order.
_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended('import ' || :district, 0))")


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of a workbook: its rows, its problems, and what writing it does."""

    rows: Mapping[str, int]
    problems: Sequence[RowProblem]
    applied: Applied | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    def report(self) -> dict[str, Any]:
        """As it is stored with the import."""
        return {
            "sheets": [self._sheet(name, count) for name, count in self.rows.items() if count],
            "impact": asdict(self.applied.impact) if self.applied else None,
            "problems": [asdict(problem) for problem in self.problems[:_REPORTED]],
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
        }

    def _sheet(self, name: str, count: int) -> dict[str, Any]:
        outcome = self.applied.outcomes.get(name) if self.applied else None
        return {
            "sheet": BY_NAME[name].title,
            "rows": count,
            "created": outcome.created if outcome else None,
            "changed": outcome.changed if outcome else None,
            "unchanged": outcome.unchanged if outcome else None,
        }


class Refused(Exception):
    """The workbook cannot be written as the district is now; nothing of it was kept."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(f"{len(findings.problems)} problems")
        self.findings = findings


async def silent(step: Text, share: float) -> None:
    """Tell nobody."""


async def load_workbook(
    database: Database,
    source: Path | bytes,
    *,
    by: Caller,
    progress: Progress = silent,
) -> Findings:
    """Load a workbook in one go, as the command line does.

    Parameters
    ----------
    database
        Where the district is.
    source
        The file, or its bytes.
    by
        Who loads it, and into which district.
    progress
        Awaited with each step and the share of the whole that is done, from 0 to 1.

    Raises
    ------
    NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged
        The file cannot be read at all.
    Refused
        It has problems; nothing of it was kept.
    """
    content = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
    async with written(database, Workbook(content, by, progress), keep=True) as (_, findings):
        pass
    await progress(DONE, 1.0)
    return findings


@dataclass(frozen=True, slots=True)
class Workbook:
    """A file, who brings it, and who is told how far it is."""

    content: bytes
    by: Caller
    progress: Progress = silent


@asynccontextmanager
async def written(
    database: Database, workbook: Workbook, *, keep: bool
) -> AsyncIterator[tuple[AsyncSession, Findings]]:
    """Walk a workbook all the way; the block runs in its transaction, before it ends.

    With ``keep=False`` all is rolled back at the end.

    Raises
    ------
    NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged
        The file cannot be read at all.
    Refused
        It has problems.
    """
    watch = Stopwatch()
    district_id = workbook.by.district_id
    # What a workbook holds lives to its end.
    with collector.spared():
        contents = await examined(database, workbook, watch=watch)
        findings = Findings(_counts(contents), contents.problems, seconds=watch.seconds)
        if contents.problems:
            raise Refused(findings)
        async with database.write(district_id, keep=keep, timeout_seconds=STATEMENT_SECONDS) as db:
            await (await db.connection()).execute(_ALONE, {"district": str(district_id)})
            try:
                with watch.phase("write"):
                    applied = await bulk.apply(
                        db, contents, by=workbook.by, progress=workbook.progress, watch=watch
                    )
            except RowsRefused as refused:
                raise Refused(replace(findings, problems=refused.problems)) from refused
            yield db, replace(findings, applied=applied)


def _counts(contents: Contents) -> Mapping[str, int]:
    return {
        name: len(rows) + len(contents.flawed.get(name, ())) for name, rows in contents.rows.items()
    }


async def examined(database: Database, workbook: Workbook, *, watch: Stopwatch) -> Contents:
    """The rows of a workbook with everything that can be said of them without writing."""
    district_id = workbook.by.district_id
    await workbook.progress(_READING, 0.02)
    with watch.phase("read"):
        async with database.read(district_id) as db:
            lists = await load.code_lists(db)
        contents = await asyncio.to_thread(read, workbook.content, lists=lists)
    await workbook.progress(_JUDGING, 0.1)
    with watch.phase("judge"):
        async with database.read(district_id) as db:
            known = await load.known(db)
            code = await queries.district_code(db, district_id=district_id)
        found = await asyncio.to_thread(consistency.check, contents, known, district_code=code)
    return replace(contents, problems=[*contents.problems, *found])
