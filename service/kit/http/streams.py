"""Server-sent events: an answer that stays open and says when it is time to sync.

Each hint is an event ``sync`` with a place in the feed as its id. A client that comes back shows
the last id it saw (``Last-Event-ID``); unless that is the present place, it is told to sync at
once, and so is one that shows none, or one we cannot read: a hint too many costs one question.
"""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send
from typing_extensions import override

from service.kit import synctoken
from service.kit.auth import Caller, Permission
from service.kit.hints import Hints, Listener, Wants, Woken
from service.kit.problems import SyncTokenInvalid, Unauthorized

EVENT_STREAM = "text/event-stream"

_PING_SECONDS = 15
_QUIET_SECONDS = 0.25
"""What comes in one moment is one hint."""
_RETRY = b"retry: 3000\n\n"
_PING = b": ping\n\n"
_REPLACED = b"event: replaced\ndata: {}\n\n"


class EventStream(Response):
    """Hints for one caller, as long as they may hear them and stay."""

    media_type = EVENT_STREAM

    def __init__(
        self,
        hints: Hints,
        *,
        caller: Caller,
        permission: Permission,
        wants: Wants,
        last_event_id: str | None,
        again: Callable[[], Awaitable[Caller]],
    ) -> None:
        super().__init__(
            headers={"Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no"}
        )
        del self.headers["content-length"]
        self._hints = hints
        self._caller = caller
        self._permission = permission
        self._wants = wants
        self._last_event_id = last_event_id
        self._again = again

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        listener = await self._hints.enter(self._caller, self._wants)
        watching = asyncio.create_task(_watch(receive, listener))
        try:
            start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
            await send(start)
            await self._tell(listener, send)
        finally:
            watching.cancel()
            self._hints.leave(listener)
            with suppress(asyncio.CancelledError):
                await watching

    async def _tell(self, listener: Listener, send: Send) -> None:
        synced = self._is_synced(listener)
        await send(_said(_RETRY if synced else _RETRY + _hint(listener)))
        while self._hints.hearing and not listener.gone and await self._may_hear():
            match await listener.next(_PING_SECONDS):
                case Woken.PING:
                    await send(_said(_PING))
                case Woken.HINT if await self._may_hear():
                    await send(_said(_hint(listener)))
                    await asyncio.sleep(_QUIET_SECONDS)
                case _:
                    break
        await send(_said(_REPLACED if listener.replaced else b"", more=False))

    def _is_synced(self, listener: Listener) -> bool:
        if self._last_event_id is None:
            return False
        try:
            return synctoken.read(self._last_event_id) == listener.position
        except SyncTokenInvalid:
            return False

    async def _may_hear(self) -> bool:
        """Whether the token still holds: a stream must not outlive it."""
        try:
            return (await self._again()).may(self._permission)
        except Unauthorized:
            return False


def hints_of(app: FastAPI) -> Hints:
    """All who wait in this process."""
    database = app.state.database
    known: Hints | None = getattr(app.state, "hints", None)
    if known is None or known.database is not database:
        known = app.state.hints = Hints(database)
    return known


def stream(
    request: Request,
    *,
    caller: Caller,
    permission: Permission,
    wants: Wants,
    last_event_id: str | None,
) -> EventStream:
    """The hints of a caller, as an answer."""
    token = request.headers["authorization"].partition(" ")[2].strip()
    return EventStream(
        hints_of(request.app),
        caller=caller,
        permission=permission,
        wants=wants,
        last_event_id=last_event_id,
        again=lambda: request.app.state.authenticate(token),
    )


async def _watch(receive: Receive, listener: Listener) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    listener.leave()


def _hint(listener: Listener) -> bytes:
    return f"event: sync\nid: {synctoken.make(listener.position)}\ndata: {{}}\n\n".encode()


def _said(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


@contextmanager
def ended_by_signals(hints: Hints) -> Iterator[None]:
    """Let everybody go when the process is told to end: the server waits for open answers first."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hints.close)
        before = former[signal.Signals(number)]
        if callable(before):
            before(number, frame)

    mine = {number: signal.signal(number, end) for number in former}
    yield
    for number in mine:
        if signal.getsignal(number) is end:
            signal.signal(number, former[number])
