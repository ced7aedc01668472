"""A client that asks as fast as it is answered, over a few kept connections."""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from statistics import median

CONNECTIONS = 8


@dataclass(slots=True)
class Measured:
    """What came back in one stretch."""

    seconds: float
    answers: int
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    @property
    def typical(self) -> float:
        """The median wait in seconds."""
        return median(self.waits)


Waits = list[float]
"""How long each answer took, in seconds, from the moment it was due."""


# The server closes what is idle for five seconds.
_KEPT_SECONDS = 4


@dataclass(slots=True)
class _Line:
    """A kept connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = field(default_factory=time.perf_counter)

    @classmethod
    async def open(cls, port: int) -> "_Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes, accepted: frozenset[int]) -> None:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        if int(head[9:12]) not in accepted:
            raise RuntimeError(head.decode("latin-1"))
        if length := _length(head):
            await self.reader.readexactly(length)
        self.used_at = time.perf_counter()


async def arrive(
    port: int,
    requests: list[bytes],
    *,
    rate: float,
    seconds: float,
    accepted: frozenset[int] = frozenset({200, 304}),
) -> Waits:
    """Ask at random moments, so many times a second, however long the answers take.

    An answer that is late does not keep the next question from coming: its wait counts from the
    moment it was due.
    """
    chance = random.SystemRandom()
    # The longest unused comes next, so that none gets old while there is much to ask.
    free = deque([await _Line.open(port) for _ in range(32)])
    started = time.perf_counter()
    waits: Waits = []

    async def one(due: float, request: bytes) -> None:
        while free and due - free[0].used_at > _KEPT_SECONDS:
            free.popleft().writer.close()
        line = free.popleft() if free else await _Line.open(port)
        await line.ask(request, accepted)
        waits.append(time.perf_counter() - due)
        free.append(line)

    due = started
    async with asyncio.TaskGroup() as group:
        while (due := due + chance.expovariate(rate)) < started + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            group.create_task(one(due, chance.choice(requests)))
    for line in free:
        line.writer.close()
    return waits


@dataclass(slots=True)
class Stream:
    """An open stream of hints."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int, request: bytes) -> "Stream":
        """Begin to listen."""
        stream = cls(*await asyncio.open_connection("127.0.0.1", port, limit=2048))
        stream.writer.write(request)
        head = await stream.reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode("latin-1"))
        return stream

    async def hint(self) -> None:
        """Wait for the next one."""
        while b"event: sync" not in await self.reader.readuntil(b"\n"):
            pass

    def close(self) -> None:
        """Listen no longer."""
        self.writer.close()


async def ask(
    port: int, requests: list[bytes], *, seconds: float, connections: int, at_least: int = 0
) -> Measured:
    """Ask in turn for each of the requests, for a while, each connection ``at_least`` so often."""
    waits: list[float] = []
    until = time.perf_counter() + seconds
    started = time.perf_counter()

    async def one(offset: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        number, times = offset, 0
        while (asked := time.perf_counter()) < until or times < at_least:
            times += 1
            writer.write(requests[number % len(requests)])
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            if status not in {200, 304}:
                raise RuntimeError(head.decode("latin-1"))
            length = _length(head)
            if length:
                await reader.readexactly(length)
            waits.append(time.perf_counter() - asked)
            number += connections
        writer.close()

    await asyncio.gather(*(one(offset) for offset in range(connections)))
    return Measured(time.perf_counter() - started, len(waits), waits)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def request(path: str, token: str | None = None, *, tag: str | None = None) -> bytes:
    """A GET request as it stands on the wire."""
    lines = [f"GET {path} HTTP/1.1", "Host: bench", "Accept: application/json"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if tag:
        lines.append(f"If-None-Match: {tag}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
