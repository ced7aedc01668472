"""The published contract: a break is seen, an addition is not one."""

import copy
import subprocess

import pytest

from service.cli import contract
from service.cli.errors import CommandError

PUBLISHED = {
    "paths": {
        "/v1/schools": {
            "get": {
                "operationId": "listSchools",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 200}},
                    {"name": "kind", "in": "query", "schema": {"enum": ["lead", "close"]}},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Page"}},
                            "text/event-stream": {"schema": {"type": "string"}},
                        }
                    }
                },
            },
            "post": {
                "operationId": "createSchool",
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/SchoolIn"}}
                    }
                },
                "responses": {"201": {"description": "made"}, "409": {"description": "refused"}},
            },
        }
    },
    "components": {
        "schemas": {
            "Page": {
                "type": "object",
                "properties": {
                    "items": {"type": "array", "items": {"$ref": "#/components/schemas/School"}}
                },
                "required": ["items"],
            },
            "School": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "founded": {"type": "integer"}},
                "required": ["name", "founded"],
            },
            "SchoolIn": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 60},
                    "founded": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                },
                "required": ["name"],
            },
        }
    },
}


def school_in(document):
    return document["components"]["schemas"]["SchoolIn"]


def school(document):
    return document["components"]["schemas"]["School"]


def listing(document):
    return document["paths"]["/v1/schools"]["get"]


def creating(document):
    return document["paths"]["/v1/schools"]["post"]


BREAKS = [
    (lambda new: new["paths"].clear(), "GET /v1/schools was removed"),
    (
        lambda new: listing(new).update(operationId="schools"),
        "GET /v1/schools: operationId changed",
    ),
    (
        lambda new: listing(new)["parameters"].pop(0),
        "GET /v1/schools: parameter query limit was removed",
    ),
    (
        lambda new: listing(new)["parameters"][0].update(required=True),
        "GET /v1/schools: parameter query limit is required now",
    ),
    (
        lambda new: listing(new)["parameters"][0]["schema"].update(maximum=100),
        "GET /v1/schools: parameter query limit: maximum is 100 now",
    ),
    (
        lambda new: listing(new)["parameters"][0]["schema"].update(minimum=1),
        "GET /v1/schools: parameter query limit: minimum is 1 now",
    ),
    (
        lambda new: listing(new)["parameters"][1]["schema"]["enum"].remove("close"),
        "GET /v1/schools: parameter query kind: value close is not accepted any more",
    ),
    (
        lambda new: listing(new)["parameters"][0]["schema"].update(enum=[10, 20]),
        "GET /v1/schools: parameter query limit: only certain values are accepted now",
    ),
    (
        lambda new: creating(new)["requestBody"].update(required=True),
        "POST /v1/schools: a body is required now",
    ),
    (
        lambda new: creating(new)["requestBody"]["content"].clear(),
        "POST /v1/schools: body application/json is not read any more",
    ),
    (lambda new: school_in(new)["properties"].pop("founded"), "SchoolIn.founded was removed"),
    (lambda new: school_in(new)["required"].append("founded"), "SchoolIn.founded is required now"),
    (
        lambda new: school_in(new)["properties"]["founded"]["anyOf"].pop(),
        "SchoolIn.founded: null is not accepted any more",
    ),
    (
        lambda new: school_in(new)["properties"]["name"].update(pattern="^[A-Z]"),
        "SchoolIn.name: the pattern changed",
    ),
    (
        lambda new: creating(new)["responses"].pop("201"),
        "POST /v1/schools: 201 is not answered any more",
    ),
    (
        lambda new: listing(new)["responses"]["200"]["content"].clear(),
        "GET /v1/schools: 200 is not application/json any more",
    ),
    (lambda new: school(new)["properties"].pop("name"), "School.name was removed"),
    (lambda new: school(new)["required"].remove("name"), "School.name may be missing now"),
    (
        lambda new: school(new)["properties"].update(founded={"type": ["integer", "null"]}),
        "School.founded: null may come now",
    ),
    (
        lambda new: school(new)["properties"].update(founded={"type": "string", "format": "date"}),
        "School.founded: string date may come now",
    ),
]


@pytest.mark.parametrize(("change", "said"), BREAKS, ids=[said for _, said in BREAKS])
def test_a_break_is_named(change, said):
    new = copy.deepcopy(PUBLISHED)
    change(new)

    assert said in contract.breaks(PUBLISHED, new)


ADDITIONS = [
    lambda new: new["paths"].update({"/v1/groups": {"get": {"responses": {}}}}),
    lambda new: school(new)["properties"].update(city={"type": "string"}),
    lambda new: school_in(new)["properties"].update(city={"type": "string"}),
    lambda new: school_in(new)["properties"]["name"].update(maxLength=90),
    lambda new: listing(new)["parameters"].append(
        {"name": "q", "in": "query", "schema": {"type": "string"}}
    ),
    lambda new: creating(new)["responses"].pop("409"),
    lambda new: listing(new)["responses"]["200"]["content"].update({"text/event-stream": {}}),
    lambda new: new["components"]["schemas"].update(Other={"type": "string"}),
]


@pytest.mark.parametrize("change", ADDITIONS)
def test_an_addition_breaks_nobody(change):
    new = copy.deepcopy(PUBLISHED)
    change(new)

    assert contract.breaks(PUBLISHED, new) == []


@pytest.fixture
def repository(place):
    """A history in which the contract was published."""

    def git(*words):
        subprocess.run(
            ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
            cwd=place,
            check=True,
            capture_output=True,
        )

    git("init", "--initial-branch=main")
    contract.write(place / "openapi.json", PUBLISHED)
    git("add", ".")
    git("commit", "-m", "Publish")
    git("checkout", "-b", "work")
    git("commit", "--allow-empty", "-m", "Begin")
    return place


def test_a_stale_file_is_refused(repository):
    with pytest.raises(CommandError, match="make openapi"):
        contract.check(repository / "openapi.json", {"paths": {}}, base="main")


def test_an_undeclared_break_is_refused_and_a_declared_one_is_not(repository):
    new = copy.deepcopy(PUBLISHED)
    school(new)["properties"].pop("name")
    school(new)["required"].remove("name")
    contract.write(repository / "openapi.json", new)

    with pytest.raises(CommandError, match=r"School\.name was removed"):
        contract.check(repository / "openapi.json", new, base="main")

    (repository / "breaking-changes.txt").write_text("School.name was removed\n")
    contract.check(repository / "openapi.json", new, base="main")


def test_without_history_nothing_can_be_broken(place):
    contract.write(place / "openapi.json", PUBLISHED)

    contract.check(place / "openapi.json", PUBLISHED, base="main")
