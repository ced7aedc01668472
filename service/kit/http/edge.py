"""The outermost layer of the service, as one ASGI middleware.

It reads the body once and within a limit, runs the request again after a deadlock (the answer has
not left yet, because the commit comes first), and turns whatever went wrong into a problem.
"""

import asyncio
import random
import re
import time
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.kit import language, synctoken
from service.kit.db import is_retryable, problem_of
from service.kit.http.answers import problem_answer
from service.kit.observe import REQUESTS, RETRIES, log, request_id
from service.kit.problems import InternalError, Problem, TooLarge, Unavailable
from service.kit.settings import settings

_ATTEMPTS = 3
_JITTER = random.SystemRandom()
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "DELETE"})


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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
        synctoken.written.set(written)
        outcome = _Outcome(send, written)
        started = time.perf_counter()
        try:
            body = await _read(scope, receive, headers)
            await self._attempt(scope, body, receive, outcome)
        except Problem as problem:
            await problem_answer(problem, scope)(scope, receive, outcome.send)
        finally:
            _observe(scope, outcome.status, time.perf_counter() - started)

    async def _attempt(
        self, scope: Scope, body: bytes | None, receive: Receive, outcome: "_Outcome"
    ) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            fresh: Scope = {**scope, "state": {**scope.get("state", {}), "body": body or b""}}
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

    def __init__(self, send: Send, written: synctoken.Written) -> None:
        self._send = send
        self._written = written
        self.started = False
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = [*message["headers"], (b"x-request-id", request_id.get().encode())]
            headers.append((b"content-language", b"en" if language.current() == "en" else b"zh-CN"))
            headers.append((b"x-content-type-options", b"nosniff"))
            if self._written.position is not None:
                token = synctoken.make(self._written.position)
                headers.append((synctoken.HEADER.lower().encode(), token.encode()))
            if not any(name == b"cache-control" for name, _ in message["headers"]):
                headers.append((b"cache-control", b"private, no-cache"))
            headers.append((b"vary", b"Accept-Language, Authorization"))
            message = {**message, "headers": headers}
        await self._send(message)


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


def _observe(scope: Scope, status: int, seconds: float) -> None:
    route: Any = scope.get("route")
    operation = getattr(route, "operation_id", None) or "other"
    REQUESTS.labels(operation, str(status)).observe(seconds)
    log().debug(
        "request", method=scope["method"], path=scope["path"], status=status, seconds=seconds
    )
