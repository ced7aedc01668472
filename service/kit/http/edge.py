"""The outermost layer of the service, as one ASGI middleware.

It reads the body once and within a limit, runs the request again after a deadlock (the answer has
not left yet, because the commit comes first), and turns whatever went wrong into a problem. Whom it
knows without asking is counted here, and answered here where the answer is remembered: what a phone
asks all day never reaches the framework.
"""

import asyncio
import random
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit import language, synctoken
from service.kit.auth import Caller
from service.kit.db import is_retryable, problem_of
from service.kit.http.answers import problem_answer
from service.kit.limits import Budgets, Share
from service.kit.observe import RETRIES, debugging, log, observe, request_id
from service.kit.problems import InternalError, Problem, TooLarge, Unavailable
from service.kit.settings import settings
from service.kit.usage import USAGE

_ATTEMPTS = 3
_JITTER = random.SystemRandom()
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


Headers = Mapping[bytes, bytes]


class Ready(NamedTuple):
    """An answer that needs no more work."""

    operation: str
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


Recognise = Callable[[str], Caller | None]
"""Whom a token stands for, where that is known without asking."""
AtOnce = Callable[[Scope, Headers, Caller], Ready | None]
"""The answer to a question, where it is remembered and surely right."""


def _nobody(_token: str) -> Caller | None:
    return None


def _nothing(_scope: Scope, _headers: Headers, _caller: Caller) -> Ready | None:
    return None


class Edge:
    """Wraps the whole application."""

    def __init__(
        self, app: ASGIApp, *, recognise: Recognise = _nobody, at_once: AtOnce = _nothing
    ) -> None:
        self.app = app
        self.budgets = Budgets()
        self._recognise = recognise
        self._at_once = at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id.set(given.decode() if _REQUEST_ID.fullmatch(given) else uuid4().hex)
        language.speak(language.choose(headers.get(b"accept-language", b"").decode("latin-1")))
        written = synctoken.Written()
        before = synctoken.written.set(written)
        state: dict[str, Any] = {**scope.get("state", {}), "budgets": self.budgets}
        scope["state"] = state
        outcome = _Outcome(send, state, written)
        operation = None
        started = time.perf_counter()
        try:
            operation = await self._known(scope, headers, outcome)
            if operation is None:
                body = await _read(scope, receive, headers)
                await self._attempt(scope, body, receive, outcome)
        except Problem as problem:
            await problem_answer(problem, scope)(scope, receive, outcome.send)
        finally:
            _observe(scope, operation, outcome.status, time.perf_counter() - started)
            USAGE.count(outcome.state.get("caller") or state.get("caller"), outcome.status)
            synctoken.written.reset(before)

    async def _known(self, scope: Scope, asked: Headers, outcome: "_Outcome") -> str | None:
        """Count somebody who is known, and answer what is remembered; which operation that was."""
        scheme, _, token = asked.get(b"authorization", b"").decode("latin-1").partition(" ")
        caller = self._recognise(token.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            return None
        scope["state"]["share"] = self.budgets.spend(caller, now=time.monotonic())
        scope["state"]["caller"] = caller
        ready = self._at_once(scope, asked, caller) if scope["method"] == "GET" else None
        if ready is None:
            return None
        headers = ready.headers
        if ready.body:
            headers.append((b"content-length", b"%d" % len(ready.body)))
        start = {"type": "http.response.start", "status": ready.status, "headers": headers}
        await outcome.send(start)
        await outcome.send({"type": "http.response.body", "body": ready.body})
        return ready.operation

    async def _attempt(
        self, scope: Scope, body: bytes | None, receive: Receive, outcome: "_Outcome"
    ) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            outcome.state = {**scope["state"], "body": body or b""}
            fresh: Scope = {**scope, "state": outcome.state}
            try:
                await self.app(fresh, _replay(body, receive), outcome.send)
            except Exception as error:
                if outcome.started:
                    raise
                if attempt == _ATTEMPTS or not _may_succeed(error):
                    raise _refusal(error, path=scope["path"]) from error
                RETRIES.inc()
                await asyncio.sleep(_JITTER.uniform(0.005, 0.03) * attempt)
            else:
                return
            finally:
                scope["route"] = fresh.get("route")


def _may_succeed(error: Exception) -> bool:
    return isinstance(error, DBAPIError) and is_retryable(error)


def _refusal(error: Exception, *, path: str) -> Problem:
    match error:
        case Problem():
            return error
        case PoolTimeout() | ConnectionError() | TimeoutError():
            return Unavailable()
        case DBAPIError() if (problem := problem_of(error)) is not None:
            return problem
    log().error("request_failed", path=path, exc_info=error)
    return InternalError()


class _Outcome:
    """What has left so far."""

    def __init__(self, send: Send, state: Mapping[str, Any], written: synctoken.Written) -> None:
        self._send = send
        self._written = written
        self.state = state
        """Of the attempt that is being made."""
        self.started = False
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            given = message["headers"]
            message = {**message, "headers": [*given, *self._added(given)]}
        await self._send(message)

    def _added(self, given: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """What every answer says."""
        names = {name for name, _ in given}
        headers = [
            (b"x-request-id", request_id.get().encode()),
            (b"content-language", b"en" if language.current() == "en" else b"zh-CN"),
            _NO_SNIFFING,
            _VARY,
        ]
        if b"cache-control" not in names:
            headers.append(_OWN_COPY)
        if self._written.position is not None:
            token = synctoken.make(self._written.position)
            headers.append((synctoken.HEADER.lower().encode(), token.encode()))
        share: Share | None = self.state.get("share")
        if share is not None and b"ratelimit" not in names:
            headers += share.headers
        return headers


_NO_SNIFFING = (b"x-content-type-options", b"nosniff")
_VARY = (b"vary", b"Accept-Language, Accept-Encoding, Authorization")
_OWN_COPY = (b"cache-control", b"private, no-cache")


async def _read(scope: Scope, receive: Receive, headers: dict[bytes, bytes]) -> bytes | None:
    """The whole body, or ``None`` where there is none to read."""
    if scope["method"] in _BODILESS and b"content-length" not in headers:
        return None
    multipart = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
    limit = settings().max_upload_bytes if multipart else settings().max_body_bytes
    declared = headers.get(b"content-length", b"0")
    if declared.isdigit() and int(declared) > limit:
        raise TooLarge(limit_bytes=limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            break
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise TooLarge(limit_bytes=limit)
        parts.append(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts)


def _replay(body: bytes | None, receive: Receive) -> Receive:
    if body is None:
        return receive
    waiting = True

    async def again() -> Message:
        nonlocal waiting
        if waiting:
            waiting = False
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return again


def _observe(scope: Scope, operation: str | None, status: int, seconds: float) -> None:
    route: Any = scope.get("route")
    observe(operation or getattr(route, "operation_id", None) or "other", status, seconds)
    if debugging():
        log().debug(
            "request", method=scope["method"], path=scope["path"], status=status, seconds=seconds
        )
