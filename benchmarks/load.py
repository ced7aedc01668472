"""A client that asks as fast as it is answered, over a few kept connections."""

import asyncio
import time
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


def request(path: str, token: str | None = None) -> bytes:
    """A GET request as it stands on the wire."""
    sign_in = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n{sign_in}\r\n".encode()
    )
