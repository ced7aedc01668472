"""No answer of any process is older than a write whose token the asker holds, whatever happens."""

import asyncio
import time
from typing import Any, ClassVar

import httpx
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.processes.conftest import WEEK, kill_ears

STALE_SECONDS = 1.0
REVOKED_SECONDS = 5.0
COUNT = 3
one_of_them = st.integers(0, COUNT - 1)


class Timeline(RuleBasedStateMachine):
    """The gate of a campus is renamed again and again; phones ask where to go."""

    phones: ClassVar[list[httpx.Client]]
    offices: ClassVar[list[httpx.Client]]
    campus: ClassVar[str]
    database_url: ClassVar[str]
    number: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.token = ""
        self.tags: dict[str, int] = {}
        self.written: list[tuple[float, int]] = []

    @rule(process=one_of_them)
    def write(self, process: int) -> None:
        Timeline.number += 1
        answer = self.offices[process].patch(
            f"/v1/campuses/{self.campus}",
            json={"gate": f"{Timeline.number} 号门"},
            headers={"If-Match": "*"},
        )
        assert answer.status_code == 200, answer.text
        self.token = answer.headers["sync-token"]
        self.written.append((time.monotonic(), Timeline.number))

    @rule(process=one_of_them)
    def ask_with_the_token(self, process: int) -> None:
        if self.token:
            assert self.gate(process, {"Sync-Token": self.token}) == self.number

    @rule(process=one_of_them)
    def ask_without(self, process: int) -> None:
        asked = time.monotonic()
        certain = [n for at, n in self.written if at <= asked - STALE_SECONDS]
        found = self.gate(process, {})
        assert found >= max(certain, default=0)
        if not self.written:
            assert found in {0, self.number}

    @rule(process=one_of_them, encoding=st.sampled_from(["gzip", "identity"]))
    def ask_whether_it_changed(self, process: int, encoding: str) -> None:
        if not self.token or not self.tags:
            return
        tag = list(self.tags)[-1]
        answer = self.phones[process].get(
            WEEK,
            headers={
                "Sync-Token": self.token,
                "If-None-Match": tag,
                "Accept-Encoding": encoding,
            },
        )
        if answer.status_code == 304:
            assert self.tags[tag] == self.number
        else:
            assert self.read(answer) == self.number

    @rule(process=one_of_them)
    def wait_until_it_is_seen(self, process: int) -> None:
        asked = time.monotonic()
        while self.written and self.gate(process, {}) != self.number:
            assert asked <= self.written[-1][0] + STALE_SECONDS
            asked = time.monotonic()

    @rule()
    def lose_the_ears(self) -> None:
        asyncio.run(kill_ears(self.database_url))

    def gate(self, process: int, headers: dict[str, str]) -> int:
        answer = self.phones[process].get(WEEK, headers=headers)
        found = self.read(answer)
        self.tags[answer.headers["etag"]] = found
        return found

    def read(self, answer: httpx.Response) -> int:
        assert answer.status_code == 200, answer.text
        gates = {
            lesson["campus"]["gate"]
            for day in answer.json()["days"]
            for lesson in day["lessons"]
            if lesson["campus"]["id"] == self.campus
        }
        (gate,) = gates
        return int(gate.removesuffix(" 号门")) if gate.endswith(" 号门") else 0


async def test_no_process_is_older_than_what_the_asker_wrote(
    processes: Any, tokens: dict[str, str], taught: Any, database_url: str
) -> None:
    started = processes(COUNT)

    Timeline.phones = [one.client(tokens["phone"]) for one in started]
    Timeline.offices = [one.client(tokens["office"]) for one in started]
    Timeline.campus = str(taught.host_campus.id)
    Timeline.database_url = database_url
    await asyncio.to_thread(
        run_state_machine_as_test,
        Timeline,
        settings=settings(
            max_examples=3,
            stateful_step_count=20,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )


async def test_a_write_of_another_program_is_seen_within_a_second(
    processes: Any, tokens: dict[str, str], taught: Any, make: Any
) -> None:
    """It has no ear, and tells nobody."""
    (one,) = processes(1)
    with one.client(tokens["phone"]) as phone:
        await asyncio.to_thread(phone.get, WEEK)
        await make.changed(row=taught.host_campus, gate="新门")
        written = time.monotonic()
        asked = written
        while "新门" not in (await asyncio.to_thread(phone.get, WEEK)).text:
            assert asked <= written + STALE_SECONDS
            asked = time.monotonic()


async def test_a_revoked_token_is_dead_in_every_process_within_five_seconds(
    processes: Any, tokens: dict[str, str], taught: Any
) -> None:
    here, there = processes(2)
    with here.client(tokens["phone"]) as phone, there.client(tokens["phone"]) as other:
        for client in (phone, other):
            assert (await asyncio.to_thread(client.get, WEEK)).status_code == 200
        mine = (await asyncio.to_thread(phone.get, "/v1/me/sessions")).json()["items"]
        session = mine[0]["id"]
        ended = await asyncio.to_thread(
            phone.delete, f"/v1/me/sessions/{session}", headers={"If-Match": "*"}
        )
        assert ended.is_success, ended.text
        over = time.monotonic()
        asked = over
        while (await asyncio.to_thread(other.get, WEEK)).status_code != 401:
            assert asked <= over + REVOKED_SECONDS
            asked = time.monotonic()
