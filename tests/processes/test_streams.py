"""Streams: a hint where something can be read, from whatever process wrote it; and a clean end."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.processes.conftest import PATIENCE, kill_ears

EVENTS = "/v1/me/events"


class Stream:
    """What a client hears."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self._lines = answer.aiter_lines()
        self.last_id = ""

    async def end(self) -> str:
        """The last event before the end."""
        last = ""
        while (event := await self.event()) != "end":
            last = event
        return last

    async def event(self) -> str:
        """The next event; comments and fields we do not look at are passed over."""
        name = ""
        async with asyncio.timeout(PATIENCE):
            async for line in self._lines:
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "id":
                    self.last_id = value
                elif not line and name:
                    return name
        return "end"


@asynccontextmanager
async def listening(process: Any, token: str, **headers: str) -> AsyncIterator[Stream]:
    async with (
        httpx.AsyncClient(base_url=process.address, timeout=PATIENCE) as client,
        client.stream(
            "GET", EVENTS, headers={"Authorization": f"Bearer {token}", **headers}
        ) as answer,
    ):
        yield Stream(answer)


def rename(process: Any, token: str, campus: Any, gate: str) -> None:
    with process.client(token) as office:
        office.patch(
            f"/v1/campuses/{campus.id}", json={"gate": gate}, headers={"If-Match": "*"}
        ).raise_for_status()


async def test_a_change_in_another_process_is_hinted_at(
    processes: Any, tokens: dict[str, str], taught: Any, settled: Any
) -> None:
    here, there = processes(2)
    await settled()
    async with listening(here, tokens["phone"]) as stream:
        assert stream.answer.status_code == 200
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in stream.answer.headers
        # Whoever comes without a place is told to sync at once.
        assert await stream.event() == "sync"
        seen = stream.last_id

        await asyncio.to_thread(rename, there, tokens["office"], taught.host_campus, "东二门")

        assert await stream.event() == "sync"
        assert stream.last_id != seen


async def test_what_is_not_mine_is_not_hinted_at(
    processes: Any, tokens: dict[str, str], taught: Any, make: Any, settled: Any
) -> None:
    (here,) = processes(1)
    colleague = await make.teacher(school=taught.home)
    async with listening(here, tokens["phone"]) as stream:
        await stream.event()
        before = stream.last_id
        await make.noted(collection="lessons", event="lesson.moved", reach=[colleague.id])
        await make.noted(collection="tasks", event="task.opened")
        await settled()
        await make.noted(collection="cover-offers", event="made", reach=[taught.teacher.id])

        # The first that comes is mine.
        assert await stream.event() == "sync"
        assert stream.last_id != before


async def test_who_comes_back_is_told_only_what_they_missed(
    processes: Any, tokens: dict[str, str], taught: Any, settled: Any
) -> None:
    (here,) = processes(1)
    await settled()
    async with listening(here, tokens["phone"]) as stream:
        await stream.event()
        seen = stream.last_id

    async with listening(here, tokens["phone"], **{"Last-Event-ID": seen}) as stream:
        await asyncio.to_thread(rename, here, tokens["office"], taught.host_campus, "东三门")
        assert await stream.event() == "sync"
        assert stream.last_id != seen
    async with listening(here, tokens["phone"], **{"Last-Event-ID": seen}) as stream:
        assert await stream.event() == "sync"
    for garbage in ("x", "AAAA", "-1", "0" * 200):
        async with listening(here, tokens["phone"], **{"Last-Event-ID": garbage}) as stream:
            assert stream.answer.status_code == 200
            assert await stream.event() == "sync"


async def test_a_lost_ear_loses_nothing(
    processes: Any, tokens: dict[str, str], taught: Any, database_url: str
) -> None:
    (here,) = processes(1)
    async with listening(here, tokens["phone"]) as stream:
        await stream.event()
        assert await kill_ears(database_url)
        await asyncio.to_thread(rename, here, tokens["office"], taught.host_campus, "东四门")

        assert await stream.event() == "sync"


async def test_one_stream_too_many_ends_the_oldest(
    fresh: Any, tokens: dict[str, str], taught: Any
) -> None:
    here = fresh(HUANGGE_STREAMS_PER_CALLER="1")
    async with listening(here, tokens["phone"]) as oldest:
        await oldest.event()
        async with listening(here, tokens["phone"]) as newest:
            assert await newest.event() == "sync"
            assert await oldest.end() == "replaced"


async def test_a_stream_does_not_outlive_its_session(
    processes: Any, tokens: dict[str, str], taught: Any
) -> None:
    (here,) = processes(1)
    async with listening(here, tokens["phone"]) as stream:
        await stream.event()
        with here.client(tokens["phone"]) as phone:
            mine = (await asyncio.to_thread(phone.get, "/v1/me/sessions")).json()["items"]
            ended = await asyncio.to_thread(
                phone.delete, f"/v1/me/sessions/{mine[0]['id']}", headers={"If-Match": "*"}
            )
            assert ended.is_success
        await asyncio.to_thread(rename, here, tokens["office"], taught.host_campus, "东五门")

        assert await stream.end() in {"", "sync"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_open_streams_do_not_keep_a_process_from_ending(
    fresh: Any, tokens: dict[str, str], taught: Any, number: signal.Signals
) -> None:
    here = fresh()
    async with listening(here, tokens["phone"]) as stream:
        await stream.event()
        here.process.send_signal(number)

        await stream.end()
        await asyncio.to_thread(here.process.wait, 10)


async def test_an_office_has_nothing_to_listen_to(
    processes: Any, tokens: dict[str, str], taught: Any
) -> None:
    (here,) = processes(1)
    async with listening(here, tokens["office"]) as stream:
        await stream.answer.aread()
        assert stream.answer.status_code == 404
        assert stream.answer.json()["code"] == "not-a-teacher"
