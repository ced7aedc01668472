"""Every operation keeps the contract; none can forget it."""

import inspect
import re
from collections import Counter

from pydantic import BaseModel
from starlette.responses import Response

from service.kit.problems import CATALOGUE

CHINESE = re.compile(r"[\u4e00-\u9fff]")
OAUTH = "/v1/oauth/"
"""There RFC 6749 decides: forms ignore what they do not know, answers omit what is not given."""


def ours(operations):
    return [route for route in operations if not route.path.startswith(OAUTH)]


def named(route):
    return f"{'/'.join(sorted(route.methods))} {route.path}"


def test_every_operation_declares_one_permission_or_that_it_is_public(operations):
    assert [named(route) for route in operations if len(route.permissions) != 1] == []


def test_every_operation_has_a_name_of_its_own(operations):
    names = Counter(route.operation_id for route in operations)

    assert [name for name, count in names.items() if count > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z][a-zA-Z0-9]+", name or "")] == []


def test_every_operation_says_in_both_languages_what_it_does(operations):
    silent = [
        named(route)
        for route in operations
        if not CHINESE.search(route.summary or "")
        or not CHINESE.search(route.description or "")
        or not (route.openapi_extra or {}).get("x-en", {}).get("summary")
    ]

    assert silent == []


def test_every_operation_lives_under_the_version(operations):
    outside = ("/v1/", "/calendar/", "/ims/")

    assert [named(route) for route in operations if not route.path.startswith(outside)] == []


def test_every_answer_is_declared(operations):
    def declared(route):
        result = inspect.signature(route.endpoint).return_annotation
        return result is not inspect.Signature.empty and (
            route.response_model is not None
            or result is None
            or (inspect.isclass(result) and issubclass(result, Response))
        )

    assert [named(route) for route in operations if not declared(route)] == []


def test_every_answer_says_that_its_fields_are_there(whole_app, operations):
    optional = {
        model.__name__: missing
        for route in ours(operations)
        for model in models_of(route.response_model)
        if (missing := [name for name, of in model.model_fields.items() if not of.is_required()])
    }

    assert optional == {}


def models_of(annotation):
    """The models an annotation names, and those they hold."""
    found, waiting = [], [annotation]
    while waiting:
        one = waiting.pop()
        if inspect.isclass(one) and issubclass(one, BaseModel):
            if one not in found:
                found.append(one)
                waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += getattr(one, "__args__", ())
    return found


def test_every_body_refuses_what_it_does_not_know(operations):
    open_minded = {
        model.__name__
        for route in ours(operations)
        if route.body_field is not None
        for model in models_of(route.body_field.field_info.annotation)
        if model.model_config.get("extra") != "forbid"
    }

    assert open_minded == set()


def test_every_dependency_is_asynchronous(operations):
    def calls(dependant):
        for dependency in dependant.dependencies:
            yield dependency.call
            yield from calls(dependency)

    slow = {
        f"{call.__module__}.{call.__qualname__}"
        for route in operations
        for call in calls(route.dependant)
        if inspect.isfunction(call)
        and not inspect.iscoroutinefunction(call)
        and not inspect.isasyncgenfunction(call)
    }

    assert slow == set()
    assert [
        named(route) for route in operations if not inspect.iscoroutinefunction(route.endpoint)
    ] == []


def test_every_problem_an_operation_documents_has_a_page(whole_app, operations):
    documented = {
        code
        for route in operations
        for answer in route.responses.values()
        for code in answer.get("content", {})
        .get("application/problem+json", {})
        .get("examples", {})
    }

    assert documented - CATALOGUE.keys() == set()


def test_no_published_shape_is_named_by_where_it_lives(whole_app):
    """Two of one name would be; generators of clients stumble over that, and files move."""
    names = whole_app.openapi()["components"]["schemas"]

    assert [name for name in names if "__" in name] == []
