"""Jobs: a wish that was committed comes true, however often it takes."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace

import pytest
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import text

from service import worker
from service.kit.jobs import HANDLERS, enqueue, job

PATIENCE = 30
_HEALTH_CHECK = "pgqueuer.core.qm.QueueManager._run_periodic_health_check"


@pytest.fixture
def kind():
    """The name of a kind of job that only this test knows."""
    yield "tests.note"
    HANDLERS.pop("tests.note", None)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(worker, "FIRST_PAUSE", timedelta())


async def test_a_committed_wish_comes_true_and_another_never_does(database, district, kind):
    seen, stop = [], asyncio.Event()

    @job(kind)
    async def note(_, district_id, payload):
        seen.append((district_id, payload))
        stop.set()

    async with database.write(district.id, keep=False) as db:
        await enqueue(db, kind, {"n": 1}, district_id=district.id)
    async with database.write(district.id) as db:
        await enqueue(db, kind, {"n": 2}, district_id=district.id)
    await asyncio.wait_for(worker.work(database.url, stop=stop), PATIENCE)

    assert seen == [(district.id, {"n": 2})]


async def test_a_wish_made_twice_comes_true_once(database, district, kind):
    seen, stop = [], asyncio.Event()

    @job(kind)
    async def note(_, __, payload):
        seen.append(payload["n"])
        if payload["n"] == "last":
            stop.set()

    async with database.write(district.id) as db:
        for _ in range(2):
            await enqueue(db, kind, {"n": "same"}, district_id=district.id, once="same")
        await enqueue(db, kind, {"n": "last"}, district_id=district.id)
    await asyncio.wait_for(worker.work(database.url, stop=stop), PATIENCE)

    assert sorted(seen) == ["last", "same"]


async def test_a_job_that_fails_is_tried_again(database, district, kind):
    attempts, stop = [], asyncio.Event()

    @job(kind)
    async def stumble(_, __, payload):
        attempts.append(payload)
        if len(attempts) < 3:
            raise RuntimeError("not yet")
        stop.set()

    async with database.write(district.id) as db:
        await enqueue(db, kind, {}, district_id=district.id)
    await asyncio.wait_for(worker.work(database.url, stop=stop), PATIENCE)

    assert len(attempts) == 3


async def test_a_job_that_keeps_failing_is_held_for_a_person(database, district, kind, monkeypatch):
    monkeypatch.setattr(worker, "ATTEMPTS", 1)
    attempts, stop = [], asyncio.Event()

    @job(kind)
    async def fail(_, __, payload):
        attempts.append(payload)
        if len(attempts) == 2:
            stop.set()
        raise RuntimeError("never")

    async with database.write(district.id) as db:
        await enqueue(db, kind, {}, district_id=district.id)
    await asyncio.wait_for(worker.work(database.url, stop=stop), PATIENCE)

    async with database.read(None) as db:
        connection = await db.connection()
        held = await connection.scalar(text("SELECT status::text FROM pgqueuer"))
    assert held == "failed"


async def test_a_worker_hears_itself_however_long_it_takes_to_listen(database, monkeypatch):
    listen, stop = PoolConnectionProxy.add_listener, asyncio.Event()
    listening: set[str] = set()
    warnings: list[str] = []

    async def listen_late(self, channel, callback):
        if channel not in listening:
            await asyncio.sleep(0.3)
        listening.add(channel)
        await listen(self, channel, callback)

    monkeypatch.setattr(PoolConnectionProxy, "add_listener", listen_late)
    monkeypatch.setattr(f"{_HEALTH_CHECK}.__defaults__", (timedelta(seconds=1),))
    monkeypatch.setattr(worker, "LOOK_AGAIN", timedelta(seconds=0.1))
    monkeypatch.setattr(worker, "log", lambda: SimpleNamespace(warning=warnings.append))
    asyncio.get_running_loop().call_later(2, stop.set)
    await asyncio.wait_for(worker.work(database.url, stop=stop), PATIENCE)

    assert listening
    assert warnings == []
