"""The feed's rows: in commit order, and nobody is skipped."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.kit import changes, jobs
from service.kit.changes import Op
from service.kit.db import AsyncSession, Database, problem_of
from service.kit.problems import Busy
from service.kit.synctoken import START, Position

Settled = Callable[[], Awaitable[None]]


async def _note(db: AsyncSession, district: Any, event: str) -> None:
    await changes.note(
        db,
        district_id=district.id,
        event=event,
        collection="things",
        resources=[(uuid4(), 1)],
        op=Op.UPSERT,
    )


async def _events(database: Database, district: Any, position: Position) -> list[str]:
    async with database.read(district.id) as db:
        return [row.event for row in await changes.read_after(db, position=position)]


async def test_a_late_committer_is_never_missed(
    database: Database, district: Any, settled: Settled
) -> None:
    async with database.write(district.id) as slow:
        await _note(slow, district, "slow")
        async with database.write(district.id) as fast:
            await _note(fast, district, "fast")
        # The fast one has committed with the higher number; it waits for the slow one.
        assert await _events(database, district, START) == []

    await settled()
    assert await _events(database, district, START) == ["slow", "fast"]


async def test_reading_on_from_a_row_gives_what_came_after(
    database: Database, district: Any, settled: Settled
) -> None:
    for event in ("one", "two", "three"):
        async with database.write(district.id) as db:
            await _note(db, district, event)
    await settled()
    async with database.read(district.id) as db:
        first = (await changes.read_after(db, limit=1))[0]
    assert first.xid is not None
    assert first.seq is not None

    following = await _events(database, district, Position(first.xid, first.seq))

    assert following == ["two", "three"]


async def test_what_was_rolled_back_was_never_there(database: Database, district: Any) -> None:
    async with database.write(district.id, keep=False) as db:
        await _note(db, district, "never")

    assert await _events(database, district, START) == []


async def test_another_district_reads_nothing(database: Database, district: Any, make: Any) -> None:
    async with database.write(district.id) as db:
        await _note(db, district, "ours")
    other = await make.district()

    assert await _events(database, other, START) == []


async def test_the_audit_trail_cannot_be_rewritten(database: Database, district: Any) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.write(district.id) as db:
            await (await db.connection()).execute(text("DELETE FROM audit"))


async def test_a_row_of_another_district_cannot_be_written(
    database: Database, district: Any, make: Any
) -> None:
    other = await make.district()

    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(district.id) as db:
            await _note(db, other, "theirs")


async def test_a_job_exists_only_if_its_wish_was_committed(
    database: Database, district: Any
) -> None:
    async with database.write(district.id, keep=False) as db:
        await jobs.enqueue(db, "things.greet", {}, district_id=district.id)
    async with database.write(district.id) as db:
        await jobs.enqueue(db, "things.greet", {}, district_id=district.id, once="greet")
    async with database.write(district.id) as db:
        await jobs.enqueue(db, "things.greet", {}, district_id=district.id, once="greet")

    async with database.read(None) as db:
        waiting = await (await db.connection()).execute(text("SELECT count(*) FROM pgqueuer"))
        assert waiting.scalar_one() == 1


async def test_a_job_gets_its_district_and_payload(database: Database, district: Any) -> None:
    seen: list[Any] = []

    @jobs.job("tests.see")
    async def see(_: Database, district_id: Any, payload: dict[str, Any]) -> None:
        seen.append((district_id, payload))

    await jobs.run(database, "tests.see", f'{{"district_id":"{district.id}","n":1}}'.encode())

    assert seen == [(district.id, {"n": 1})]


async def test_a_statement_that_takes_too_long_is_busy(database: Database, district: Any) -> None:
    with pytest.raises(DBAPIError) as slow:
        async with database.write(district.id, timeout_seconds=1) as db:
            await (await db.connection()).execute(text("SELECT pg_sleep(5)"))

    assert isinstance(problem_of(slow.value), Busy)
