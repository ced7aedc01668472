"""The published contract: made from the routes, completed with what only the whole can say."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from service.kit import synctoken
from service.kit.http.routing import Route
from service.kit.problems import Text

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
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = deepcopy(
        dict(_PROBLEM_SCHEMA)
    )
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
    return document


def in_english(document: Document) -> Document:
    """The same contract with the English words in front."""
    english = deepcopy(document)
    for node in (english["info"], *english.get("tags", []), *_operations(english)):
        words = node.pop("x-en", None)
        if words:
            node.update({key: value for key, value in words.items() if value})
    return english
