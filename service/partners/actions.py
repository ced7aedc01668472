"""What becomes of an uploaded workbook: checked, then applied, in a state everybody can read.

The work is done by jobs. Each begins and ends with a short transaction of its own that writes the
state; the application itself is one transaction in which the state changes with the data.
"""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from service.kit import clock, jobs
from service.kit.auth import Caller, system
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, Database, change_fields
from service.kit.journal import record
from service.kit.problems import Problem, Text
from service.partners import package, queries
from service.partners.loading import Findings, Refused, Workbook, written
from service.partners.problems import ImportHasProblems, ImportNotReady
from service.partners.rules import RowProblem, RunState
from service.partners.tables import ImportFile, ImportRun

CHECK = "partners.check_import"
APPLY = "partners.apply_import"
ATTEMPTS = 3
"""So often is the same work begun; after that a file that ends its worker is left alone."""
AT_REST = frozenset({RunState.CHECKED, RunState.REFUSED, RunState.FAILED})
_ASKED = {RunState.CHECKING: "import.check_asked", RunState.APPLYING: "import.apply_asked"}
_JOBS = {RunState.CHECKING: CHECK, RunState.APPLYING: APPLY}
_TOLD_EVERY = 0.5
_REFUSED = {
    "code": "import-has-problems",
    "zh": "检查之后数据有变化,文件已不再适用,未导入任何数据;请看报告。",
    "en": "The district changed since the check; nothing was applied. See the report.",
}
_FAILED = {
    "code": "internal-error",
    "zh": "处理多次中断,未导入任何数据;可以重试,或联系管理员。",
    "en": "The work broke off several times; nothing was applied. Try again, or ask your admin.",
}
_NAME_LONGEST = 200


async def upload(db: AsyncSession, *, caller: Caller, name: str, content: bytes) -> ImportRun:
    """Take a workbook in and have it checked.

    Raises
    ------
    NotAWorkbook, WorkbookEncrypted, WorkbookUnsafe, WorkbookDamaged
        The file cannot be a workbook of ours.
    """
    package.glance(content)
    run = ImportRun(
        district_id=caller.district_id,
        name=name[-_NAME_LONGEST:],
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        created_by=caller.name,
        created_at=clock.now(),
    )
    db.add(run)
    await db.flush()
    db.add(ImportFile(district_id=run.district_id, import_id=run.id, content=content))
    await record(db, "import.uploaded", run, by=caller)
    await _wish(db, CHECK, run, by=caller)
    return run


async def ask_to_check(
    db: AsyncSession, *, caller: Caller, import_id: UUID, expected: Precondition
) -> ImportRun:
    """Have a workbook checked once more, because the district or its data changed.

    Raises
    ------
    ImportNotFound
        It does not exist, or the caller may not see it.
    ImportNotReady
        It is being worked on, or was applied already.
    """
    run = await queries.locked_run(db, caller=caller, import_id=import_id)
    expected.check(run.version)
    if run.state not in AT_REST:
        raise ImportNotReady(state=run.state)
    return await _begin_anew(db, run, RunState.CHECKING, by=caller)


async def ask_to_apply(
    db: AsyncSession, *, caller: Caller, import_id: UUID, expected: Precondition
) -> ImportRun:
    """Have a checked workbook written into the district.

    Raises
    ------
    ImportNotFound
        It does not exist, or the caller may not see it.
    ImportNotReady
        It is being worked on, was applied already, or was never checked.
    ImportHasProblems
        The last check found problems.
    """
    run = await queries.locked_run(db, caller=caller, import_id=import_id)
    expected.check(run.version)
    if run.state not in AT_REST or run.checked_at is None:
        raise ImportNotReady(state=run.state)
    if run.problem_count:
        raise ImportHasProblems(problem_count=run.problem_count)
    return await _begin_anew(db, run, RunState.APPLYING, by=caller)


async def _begin_anew(
    db: AsyncSession, run: ImportRun, state: RunState, *, by: Caller
) -> ImportRun:
    fresh = {"state": state.value, "attempts": 0, "progress": 0, "step": None, "reason": None}
    before = change_fields(run, fresh)
    await record(db, _ASKED[state], run, by=by, before=before)
    await _wish(db, _JOBS[state], run, by=by)
    return run


async def _wish(db: AsyncSession, job: str, run: ImportRun, *, by: Caller) -> None:
    account_id = str(by.account_id) if by.account_id else None
    who = {"name": by.name, "account_id": account_id, "client_id": by.client_id}
    payload = {"import_id": str(run.id), "by": who}
    await jobs.enqueue(db, job, payload, district_id=run.district_id, once=f"{job}:{run.id}")


def in_the_name_of(who: Mapping[str, Any], *, district_id: UUID) -> Caller:
    """The service, working for whoever asked."""
    account_id = who["account_id"]
    return replace(
        system(district_id, name=who["name"]),
        account_id=UUID(account_id) if account_id else None,
        client_id=who["client_id"],
    )


async def check(database: Database, *, by: Caller, import_id: UUID) -> None:
    """Find everything that can be said of an uploaded workbook, by writing it and rolling back."""
    work = Work(database, by, import_id)
    content = await work.start(RunState.CHECKING)
    if content is None:
        return
    try:
        async with written(database, work.workbook(content), keep=False) as (_, findings):
            pass
    except Refused as refused:
        findings = refused.findings
    except Problem as problem:
        findings = Findings({}, [_unreadable(problem)])
    await work.end("import.checked", {"state": RunState.CHECKED, **_found(findings)})


async def apply(database: Database, *, by: Caller, import_id: UUID) -> None:
    """Write a checked workbook into the district, all of it or nothing."""
    work = Work(database, by, import_id)
    content = await work.start(RunState.APPLYING)
    if content is None:
        return
    try:
        async with written(database, work.workbook(content), keep=True) as (db, findings):
            values = {"state": RunState.APPLIED, "applied_at": clock.now(), **_found(findings)}
            await work.note(db, "import.applied", values)
    except Refused as refused:
        values = {"state": RunState.REFUSED, "reason": _REFUSED, **_found(refused.findings)}
        await work.end("import.refused", values)


def _found(findings: Findings) -> dict[str, Any]:
    return {
        "report": findings.report(),
        "problem_count": len(findings.problems),
        "checked_at": clock.now(),
        "step": None,
        "progress": 100,
    }


def _unreadable(problem: Problem) -> RowProblem:
    return RowProblem("", None, None, problem.code, problem.title, problem.remedy)


class Work:
    """One job's work on one import, each step in a short transaction of its own."""

    def __init__(self, database: Database, by: Caller, import_id: UUID) -> None:
        self.database = database
        self.by = by
        self.import_id = import_id
        self.told_at = 0.0

    def workbook(self, content: bytes) -> Workbook:
        """The file, with this work told of its progress."""
        return Workbook(content, self.by, self.tell)

    async def start(self, state: RunState) -> bytes | None:
        """The file, or nothing where there is nothing to do any more."""
        async with self.database.write(self.by.district_id) as db:
            run = await queries.run_in_work(db, import_id=self.import_id)
            if run.state != state:
                return None
            if run.attempts >= ATTEMPTS:
                change_fields(run, {"state": RunState.FAILED.value, "reason": _FAILED})
                await record(db, "import.failed", run, by=self.by)
                return None
            run.attempts += 1
            return await queries.content_of(db, import_id=self.import_id)

    async def tell(self, step: Text, share: float) -> None:
        """Let readers see how far it is, not more often than they look."""
        now = time.monotonic()
        if now - self.told_at < _TOLD_EVERY:
            return
        self.told_at = now
        async with self.database.write(self.by.district_id) as db:
            run = await queries.run_in_work(db, import_id=self.import_id)
            change_fields(run, {"step": step._asdict(), "progress": round(share * 100)})

    async def end(self, event: str, values: Mapping[str, Any]) -> None:
        """Write down how it ended, where there was nothing else to write."""
        async with self.database.write(self.by.district_id) as db:
            await self.note(db, event, values)

    async def note(self, db: AsyncSession, event: str, values: Mapping[str, Any]) -> None:
        """Write down how it ended, together with what was done."""
        run = await queries.run_in_work(db, import_id=self.import_id)
        change_fields(run, values)
        await record(db, event, run, by=self.by)
