"""Problems as answers (RFC 9457), in the reader's language."""

from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Scope

from service.kit.http.validation import field_errors
from service.kit.idempotency import Replay
from service.kit.language import say
from service.kit.observe import request_id
from service.kit.problems import (
    FieldError,
    Malformed,
    MethodNotAllowed,
    NotFound,
    Problem,
    Text,
    TooLarge,
    UnsupportedMediaType,
    ValidationFailed,
)
from service.kit.settings import settings

PROBLEM_JSON = "application/problem+json"


def base_url(scope: Scope) -> str:
    """How the outside reaches this service, without a slash at the end."""
    if configured := settings().public_url:
        return configured.rstrip("/")
    headers = dict(scope["headers"])
    host = headers.get(b"host", b"localhost").decode("latin-1")
    return f"{scope['scheme']}://{host}"


def _errors(errors: Sequence[FieldError]) -> list[dict[str, str]]:
    return [
        {"pointer": error.pointer, "code": error.code, "message": say(error.message)}
        for error in errors
    ]


def _localized(value: Any) -> Any:
    match value:
        case Text():
            return say(value)
        case dict():
            return {key: _localized(item) for key, item in value.items()}
        case list() | tuple():
            return [_localized(item) for item in value]
        case _:
            return value


def problem_body(problem: Problem, scope: Scope) -> dict[str, Any]:
    """The members of a problem; extension members come last and cannot hide the standard ones."""
    body: dict[str, Any] = {
        "type": f"{base_url(scope)}/problems/{problem.code}",
        "title": say(problem.title),
        "status": problem.status,
        "detail": say(problem.detail),
        "instance": scope["path"],
        "code": problem.code,
        "trace_id": request_id.get(),
    }
    if problem.errors:
        body["errors"] = _errors(problem.errors)
    return {**_localized(problem.members), **body}


def problem_answer(problem: Problem, scope: Scope) -> Response:
    """The answer that carries a problem."""
    body = orjson.dumps(problem_body(problem, scope), default=str)
    return Response(
        body, status_code=problem.status, media_type=PROBLEM_JSON, headers=problem.headers
    )


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer a refusal."""
    return problem_answer(error if isinstance(error, Problem) else Problem(), request.scope)


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """Answer a request that does not fit its model."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(item["type"] == "json_invalid" for item in found):
        return problem_answer(Malformed(), request.scope)
    return problem_answer(ValidationFailed(errors=field_errors(found)), request.scope)


_BY_STATUS: dict[int, type[Problem]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    415: UnsupportedMediaType,
}


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses, in our shape."""
    status = error.status_code if isinstance(error, HTTPException) else 400
    problem = _BY_STATUS.get(status, Malformed)()
    if isinstance(error, HTTPException) and error.headers:
        problem.headers = {**error.headers, **problem.headers}
    return problem_answer(problem, request.scope)


async def on_replay(_: Request, error: Exception) -> Response:
    """Say again what was said to the first request with the same key."""
    if not isinstance(error, Replay):
        raise error
    headers = {**error.headers, "Idempotency-Replayed": "true"}
    return Response(error.body, status_code=error.status, headers=headers)
