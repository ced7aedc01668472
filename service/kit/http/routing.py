"""Routes that keep the contract by themselves.

Unknown query parameters are refused, answers of idempotent writes are stored with their effect, and
every problem an operation can answer stands in its documentation.
"""

import re
from collections.abc import Callable, Collection, Coroutine
from datetime import date, datetime
from threading import RLock
from typing import Any, cast, get_args

from fastapi import APIRouter, Request
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Param
from fastapi.routing import APIRoute
from pydantic import AwareDatetime
from starlette.responses import Response
from starlette.routing import Match, compile_path
from starlette.types import Scope
from typing_extensions import override

from service.kit import idempotency, synctoken
from service.kit.clock import END_YEAR, FIRST_YEAR
from service.kit.http.answers import PROBLEM_JSON, problem_answer
from service.kit.http.deps import NotModified
from service.kit.http.validation import message_for
from service.kit.problems import (
    Busy,
    Conflict,
    CursorMismatch,
    FieldError,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Malformed,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)

_UNDECLARED: Any = object()
_DAY = re.compile(r"(\d{4})-\d\d-\d\d")
_ANALYSING = RLock()
_KEPT_HEADERS = frozenset({"etag", "location", "content-type", "link"})

Responses = dict[int | str, dict[str, Any]]


def may_fail(*problems: type[Problem]) -> Responses:
    """Document the problems an operation can answer, grouped by status."""
    responses: Responses = {}
    for problem in sorted(problems, key=lambda kind: (kind.status, kind.code)):
        answer = responses.setdefault(
            problem.status,
            {
                "description": "",
                "content": {
                    PROBLEM_JSON: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "examples": {},
                    }
                },
            },
        )
        line = f"`{problem.code}` {problem.title.zh} / {problem.title.en}"
        if line not in answer["description"]:
            joint = "\n\n" if answer["description"] else ""
            answer["description"] += joint + line
        # Told once, in the components: spelled out everywhere they were half of the document.
        answer["content"][PROBLEM_JSON]["examples"][problem.code] = {
            "$ref": f"#/components/examples/{problem.code}"
        }
    return responses


def english(summary: str, description: str = "") -> dict[str, Any]:
    """The English words of an operation, under ``x-en``."""
    return {"x-en": {"summary": summary, "description": description or summary}}


def _merge(own: Responses, common: Responses) -> Responses:
    merged: Responses = {status: dict(answer) for status, answer in common.items()}
    for status, answer in own.items():
        known = merged.get(status)
        if known is None or PROBLEM_JSON not in answer.get("content", {}):
            merged[status] = answer
            continue
        mine, theirs = answer["content"][PROBLEM_JSON], known["content"][PROBLEM_JSON]
        if answer["description"] == known["description"]:
            continue
        lines = dict.fromkeys((known["description"] + "\n\n" + answer["description"]).split("\n\n"))
        merged[status] = {
            "description": "\n\n".join(lines),
            "content": {
                PROBLEM_JSON: {
                    "schema": mine["schema"],
                    "examples": {**theirs["examples"], **mine["examples"]},
                }
            },
        }
    return merged


def _parameters(dependant: Dependant) -> dict[str, frozenset[str]]:
    places: dict[str, set[str]] = {"path": set(), "query": set(), "header": set(), "cookie": set()}
    for parameter in get_flat_params(dependant):
        alias = parameter.alias or parameter.name
        place = cast("Param", parameter.field_info).in_.value
        places[place].add(alias.lower().replace("_", "-") if place == "header" else alias)
    return {place: frozenset(names) for place, names in places.items()}


_DAYS = {date, datetime, AwareDatetime}


def _days(dependant: Dependant) -> frozenset[str]:
    """The parameters that are days or instants."""
    kinds = {one.alias: one.field_info.annotation for one in get_flat_params(dependant)}
    return frozenset(name for name, kind in kinds.items() if _DAYS & {kind, *get_args(kind)})


class Route(APIRoute):
    """An operation of the contract."""

    def __init__(
        self, path: str, endpoint: Callable[..., Any], *, methods: Collection[str], **told: Any
    ) -> None:
        self.beginning = path.partition("{")[0]
        self.path_regex, _, self.param_convertors = compile_path(path)
        self.endpoint = endpoint
        self.methods = set(methods)
        self._told = {"path": path, "endpoint": endpoint, "methods": methods, **told}

    def __getattr__(self, name: str) -> Any:
        """What is known of an operation once it is analysed, which the first who asks lets happen.

        Analysing all of them at once would be a third of a start.
        """
        # The contract is written in a thread of its own.
        with _ANALYSING:
            told = self.__dict__.pop("_told", None)
            if told is not None:
                super().__init__(**told)
                self._analyse()
            if name in self.__dict__:
                return self.__dict__[name]
        raise AttributeError(f"a route has no {name!r}", name=name, obj=self)

    @override
    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether a request is for this operation; most are not, which its beginning tells."""
        if not scope.get("root_path") and not scope["path"].startswith(self.beginning):
            return Match.NONE, {}
        return super().matches(scope)

    def _analyse(self) -> None:
        by_place = _parameters(self.dependant)
        self.known_parameters = by_place["query"]
        self.day_parameters = _days(self.dependant)
        self.permissions = [
            permission
            for dependency in self.dependant.dependencies
            if (permission := getattr(dependency.call, "permission", _UNDECLARED))
            is not _UNDECLARED
        ]
        self.responses = _merge(
            self.responses,
            may_fail(*self._common_problems(by_place["header"], reads_path=bool(by_place["path"]))),
        )
        if "if-none-match" in by_place["header"]:
            self.responses.setdefault(304, {"description": "内容未变化 / Not modified"})

    def _common_problems(self, headers: frozenset[str], *, reads_path: bool) -> list[type[Problem]]:
        problems: list[type[Problem]] = [ValidationFailed, Unavailable]
        if "cursor" in self.known_parameters:
            problems += [CursorMismatch]
        if any(permission is not None for permission in self.permissions):
            problems += [Unauthorized, Forbidden, TooManyRequests]
        if reads_path:
            problems += [NotFound]
        if self.body_field is not None:
            problems += [Malformed, TooLarge, UnsupportedMediaType]
        if "if-match" in headers:
            problems += [PreconditionRequired, PreconditionFailed]
        if "idempotency-key" in headers:
            problems += [Busy, Conflict, IdempotencyInProgress, IdempotencyKeyReused]
        return problems

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler with what every operation of ours does."""
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            self._refuse_bad_parameters(request)
            try:
                response = await handle(request)
            except NotModified as unchanged:
                return Response(status_code=304, headers={"ETag": unchanged.tag})
            await _store(request, response)
            return response

        return answer

    def _refuse_bad_parameters(self, request: Request) -> None:
        if not request.scope["query_string"]:
            return
        errors = [
            FieldError(f"query/{name}", "unknown-parameter", message_for("unknown_parameter", {}))
            for name in sorted(set(request.query_params) - self.known_parameters)
        ]
        errors += [
            FieldError(f"query/{name}", "out-of-range", message_for("out_of_range", {}))
            for name, value in request.query_params.multi_items()
            if name in self.day_parameters
            and (day := _DAY.match(value))
            and not FIRST_YEAR <= int(day[1]) < END_YEAR
        ]
        if errors:
            raise ValidationFailed(errors=errors)


async def _store(request: Request, response: Response) -> None:
    claimed = getattr(request.state, "claim", None)
    if claimed is None:
        return
    headers = {
        name: value for name, value in response.headers.items() if name.lower() in _KEPT_HEADERS
    }
    # Whoever lost the answer lost its token too.
    connection = await request.state.db.connection()
    # What refused every item has written nothing yet; keeping this answer will be its first write.
    own = (await connection.execute(synctoken.WRITING_TRANSACTION)).scalar_one()
    headers[synctoken.HEADER] = synctoken.make(synctoken.Position(int(own), 0))
    await idempotency.store(
        request.state.db,
        claimed,
        status=response.status_code,
        headers=headers,
        body=bytes(response.body),
    )


def make_router(*, tag: str, prefix: str = "/v1") -> APIRouter:
    """A router whose operations keep the contract."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=Route)


__all__ = ["Route", "english", "make_router", "may_fail", "problem_answer"]
