"""A server of somebody else's, on a real port with a real certificate, that behaves as it likes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme

from service.kit import outbound
from service.kit.settings import settings

HOST = "hooks.example"
LARGE = 10 * 1024 * 1024

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Received:
    """One request, as it came in."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What a server was asked, and what it does about it."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    """Whom each connection asked for in its handshake."""
    answer: list[Behaviour] = field(default_factory=list)
    """One behaviour per request; the last one stays."""
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    written: int = 0
    """How much of a large answer left."""

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}/hooks?of=huangge"

    def behaves(self, *several: Behaviour) -> None:
        self.answer[:] = several

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in head[1:])
            }
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(head[0], headers, body))
            self.arrived.set()
            act = self.answer[0] if len(self.answer) == 1 else self.answer.pop(0)
            await act(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def floods(self, writer: asyncio.StreamWriter) -> None:
        """200, and ten megabytes after it."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        while self.written < LARGE:
            writer.write(b"x" * 65536)
            await writer.drain()
            self.written += 65536


def says(status: int, *lines: str, body: bytes = b"") -> Behaviour:
    """Answers with a status, more lines of the head, and a body."""
    head = "\r\n".join([f"HTTP/1.1 {status} Word", *lines, f"Content-Length: {len(body)}"])

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return act


async def lies(writer: asyncio.StreamWriter) -> None:
    """Announces more than it sends."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfew")
    await writer.drain()


async def talks_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\x01 nothing like HTTP\r\n\r\n")
    await writer.drain()


async def hangs(_: asyncio.StreamWriter) -> None:
    """Takes everything and says nothing."""
    await asyncio.Event().wait()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def configured(**values: str) -> Iterator[None]:
    """The settings of an installation, for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"HUANGGE_{name.upper()}", value)
        settings.cache_clear()
        yield
    settings.cache_clear()


@asynccontextmanager
async def opened(authority: trustme.CA) -> AsyncIterator[Receiver]:
    """A receiver that says 204 until it is told otherwise."""
    receiver = Receiver()
    receiver.behaves(says(204))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    context.sni_callback = lambda _, name, __: receiver.names.append(name)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    yield receiver
    server.close()


@pytest.fixture
async def receiver(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Receiver]:
    """A receiver that the installation trusts and may ask, under a name that leads to it."""

    async def look_up(host: str, _: int) -> list[outbound.Address]:
        return [ip_address("127.0.0.1")] if host == HOST else []

    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    with configured(outbound_allowed="127.0.0.1/32", outbound_authority=str(file)):
        monkeypatch.setattr(outbound, "look_up", look_up)
        async with opened(authority) as one:
            yield one
