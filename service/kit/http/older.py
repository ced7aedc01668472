"""The contract in the words of OpenAPI 3.0, for Swagger UI alone.

Swagger UI resolves a document of version 3.1 by another and much slower way: with all operations of
the service it took eleven seconds to show the page and eight to open an operation, and takes one
now. What gets lost on the way is ``propertyNames`` alone, which the page does not show.
https://learn.openapis.org/upgrading/v3.0-to-v3.1.html
"""

from collections.abc import Mapping
from typing import Any

from service.kit.http.openapi import Document

_NULL = {"type": "null"}
_PAYLOADS = frozenset({"example", "value", "default", "enum"})
"""What stands under these keys is data, however much it looks like a schema."""


def in_3_0(document: Mapping[str, Any]) -> Document:
    """A document of OpenAPI 3.1 as one of 3.0."""
    older = _node(document)
    older["openapi"] = "3.0.4"
    older["info"]["license"] = {"name": document["info"]["license"]["name"]}
    return older


def _any(value: Any) -> Any:
    if isinstance(value, dict):
        return _node(value)
    return [_any(one) for one in value] if isinstance(value, list) else value


def _node(node: Mapping[str, Any]) -> Document:
    older: Document = {}
    for key, value in node.items():
        if key == "properties":
            older[key] = {name: _node(schema) for name, schema in value.items()}
        elif key == "examples" and isinstance(value, list):
            older["example"] = value[0]
        elif key == "const":
            older["enum"] = [value]
        elif key == "contentMediaType":
            older["format"] = "binary"
        elif key != "propertyNames":
            older[key] = value if key in _PAYLOADS else _any(value)
    return _nullable(older) if _NULL in older.get("anyOf", ()) else older


def _nullable(schema: Document) -> Document:
    choices = [one for one in schema.pop("anyOf") if one != _NULL]
    if len(choices) > 1:
        return {"anyOf": choices, "nullable": True, **schema}
    (only,) = choices
    # Beside a reference nothing else counts.
    inner = {"allOf": [only]} if "$ref" in only else only
    return {**inner, "nullable": True, **schema}
