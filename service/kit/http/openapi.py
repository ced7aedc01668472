"""The published contract: made from the routes, completed with what only the whole can say."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from service.kit import synctoken
from service.kit.http.routing import Route
from service.kit.http.streams import EVENT_STREAM
from service.kit.problems import CATALOGUE, Problem, Text

Document = dict[str, Any]

_PROBLEM_SCHEMA: Mapping[str, Any] = {
    "title": "Problem",
    "description": "RFC 9457 问题详情 / problem details",
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "trace_id"],
    "properties": {
        "type": {"type": "string", "description": "问题说明页的地址"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "怎么回事,以及怎么办"},
        "instance": {"type": "string"},
        "code": {"type": "string", "description": "不变的问题代码,供程序判断"},
        "trace_id": {"type": "string", "description": "排查日志用的编号"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "出错字段的 JSON Pointer"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
    "additionalProperties": True,
}


_WRITING = frozenset({"post", "put", "patch", "delete"})
_SYNC_TOKEN: Mapping[str, Any] = {
    "description": "同步令牌:不早于本次写入;读取时带上它,不会得到更旧的内容 / "
    "A place in the feed at or after this write; who shows it is answered nothing older",
    "schema": {"type": "string"},
}


def _operations(
    document: Document, *, methods: Collection[str] = _WRITING | {"get"}
) -> list[Document]:
    return [
        operation
        for path in document["paths"].values()
        for method, operation in path.items()
        if method in methods
    ]


def _drop(node: Any, key: str) -> None:
    if isinstance(node, dict):
        node.pop(key, None)
        for value in node.values():
            _drop(value, key)
    elif isinstance(node, list):
        for value in node:
            _drop(value, key)


def _example(problem: type[Problem]) -> Document:
    value = {
        "type": f"/problems/{problem.code}",
        "title": problem.title.zh,
        "status": problem.status,
        "detail": problem.remedy.zh,
        "code": problem.code,
        "trace_id": "0199f0c2a1b27c3d8e4f5a6b7c8d9e0f",
    }
    english = {**value, "title": problem.title.en, "detail": problem.remedy.en}
    return {
        "summary": problem.title.zh,
        "value": value,
        "x-en": {"summary": problem.title.en, "value": english},
    }


_QUALIFIED = "__"


def _name_plainly(document: Document) -> None:
    """Give shapes of the same name in two modules names of their own, by noun.

    Left to the framework they would be spelled with the path of their module, which is nobody's
    business, changes when a file moves, and makes generators of clients stumble.
    """
    schemas = document["components"]["schemas"]
    plain = {
        long: _noun_of(long) + long.rpartition(_QUALIFIED)[2]
        for long in schemas
        if _QUALIFIED in long
    }
    clash = [name for name in plain.values() if name in schemas]
    if clash or len(set(plain.values())) < len(plain):
        raise ValueError(f"these shapes need names of their own: {sorted(plain.values())}")
    for long, short in plain.items():
        schemas[short] = {**schemas.pop(long), "title": short}
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    prefix = "#/components/schemas/"
    _point_anew(document, {prefix + long: prefix + short for long, short in plain.items()})


def _noun_of(long: str) -> str:
    """``service__network__schemas__group__NoticeOut`` is the group's, else its module's."""
    path = [part for part in long.split(_QUALIFIED)[1:-1] if part != "schemas"]
    return "".join(word.title() for word in path[-1].split("_"))


def _point_anew(node: Any, targets: Mapping[str, str]) -> None:
    if isinstance(node, dict):
        if (target := targets.get(str(node.get("$ref")))) is not None:
            node["$ref"] = target
        for value in node.values():
            _point_anew(value, targets)
    elif isinstance(node, list):
        for value in node:
            _point_anew(value, targets)


def build(app: FastAPI, *, description: Text, tags: Sequence[tuple[str, Text]]) -> Document:
    """The whole contract, in Chinese, with the English words beside under ``x-en``."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=description.zh,
        routes=app.routes,
        tags=[{"name": name, "description": words.zh} for name, words in tags],
    )
    document["info"]["x-en"] = {"description": description.en}
    document["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    for tag, (_, words) in zip(document.get("tags", []), tags, strict=True):
        tag["x-en"] = {"description": words.en}
    document["servers"] = [{"url": "/"}]
    components = document.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = deepcopy(dict(_PROBLEM_SCHEMA))
    components["examples"] = {
        code: _example(problem) for code, problem in sorted(CATALOGUE.items())
    }
    permissions = {
        route.operation_id: route.permissions
        for context in iter_route_contexts(app.routes)
        if isinstance(route := context.original_route, Route)
    }
    for operation in _operations(document):
        held = permissions.get(operation.get("operationId"), [])
        operation["x-permission"] = [permission.value for permission in held if permission]
    for operation in _operations(document, methods=_WRITING):
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                answer.setdefault("headers", {})[synctoken.HEADER] = deepcopy(dict(_SYNC_TOKEN))
    _drop(document, "itemSchema")
    for operation in _operations(document):
        for answer in operation["responses"].values():
            # A stream is read event by event; a schema would speak of all that ever comes.
            answer.get("content", {}).get(EVENT_STREAM, {}).pop("schema", None)
    _name_plainly(document)
    return document


def in_english(document: Document) -> Document:
    """The same contract with the English words in front."""
    english = deepcopy(document)
    for node in (
        english["info"],
        *english.get("tags", []),
        *english["components"]["examples"].values(),
        *_operations(english),
    ):
        words = node.pop("x-en", None)
        if words:
            node.update({key: value for key, value in words.items() if value})
    return english
