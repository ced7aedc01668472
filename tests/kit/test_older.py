"""The contract for Swagger UI says the same in the words of OpenAPI 3.0."""

import orjson
import pytest

from service.kit.http.older import in_3_0

REF = {"$ref": "#/components/schemas/SchoolOut"}


def told(schema):
    """A schema as it stands in the older document."""
    document = {
        "openapi": "3.1.0",
        "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "components": {"schemas": {"Thing": schema}},
    }
    older = in_3_0(document)
    assert (older["openapi"], older["info"]["license"]) == ("3.0.4", {"name": "Apache-2.0"})
    return older["components"]["schemas"]["Thing"]


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "title": "Name"},
            {"type": "string", "nullable": True, "title": "Name"},
        ),
        ({"anyOf": [REF, {"type": "null"}]}, {"allOf": [REF], "nullable": True}),
        (
            {"anyOf": [REF, {"const": "busy"}, {"type": "null"}]},
            {"anyOf": [REF, {"enum": ["busy"]}], "nullable": True},
        ),
        ({"anyOf": [REF, {"type": "string"}]}, {"anyOf": [REF, {"type": "string"}]}),
        ({"examples": ["2026-09-01"]}, {"example": "2026-09-01"}),
        (
            {"type": "string", "contentMediaType": "application/octet-stream"},
            {"type": "string", "format": "binary"},
        ),
        ({"propertyNames": {"enum": ["a"]}, "type": "object"}, {"type": "object"}),
        (
            {"properties": {"const": {"const": 1}, "examples": {"type": "array"}}},
            {"properties": {"const": {"enum": [1]}, "examples": {"type": "array"}}},
        ),
        (
            {"examples": {"full": {"value": {"const": 1, "anyOf": [{"type": "null"}]}}}},
            {"examples": {"full": {"value": {"const": 1, "anyOf": [{"type": "null"}]}}}},
        ),
    ],
)
def test_each_word_has_an_older_one(newer, older):
    assert told(newer) == older


NEWER = ("const", "contentMediaType", "contentEncoding", "propertyNames", "prefixItems", "$defs")


def test_nothing_of_the_newer_words_is_left(application):
    older = orjson.dumps(in_3_0(application.openapi())).decode()

    assert '"type":"null"' not in older
    assert '"examples":[' not in older
    assert [word for word in NEWER if f'"{word}":' in older] == []
