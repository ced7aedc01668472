"""Whatever one sends, the answer is one that the document announces."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.kit.auth import Role
from tests.contract.conftest import Ids

DOCUMENT = json.loads(
    (Path(__file__).parents[2] / "openapi" / "openapi.json").read_text(encoding="utf-8")
)
TAGS = [tag["name"] for tag in DOCUMENT["tags"]]
EXAMPLES = 6
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module")
def operations() -> Mapping[str, Sequence[Any]]:
    """Every operation, by the tag it stands under."""
    schema: Any = schemathesis.openapi.from_dict(DOCUMENT)
    found = defaultdict(list)
    for result in schema.get_all_operations():
        operation = result.ok()
        for tag in operation.definition.raw.get("tags", ()):
            found[tag].append(operation)
    return found


@pytest.mark.parametrize("tag", TAGS)
async def test_the_document_announces_every_answer(
    tag: str, operations: Mapping[str, Sequence[Any]], address: str, ids: Ids, as_: Any
) -> None:
    office = as_(Role.DISTRICT_ADMIN)
    token = (await office.get("/v1/district")).request.headers["Authorization"]

    with requests.Session() as caller:
        caller.headers["Authorization"] = token
        for operation in operations[tag]:
            await asyncio.to_thread(probe, operation, address=address, caller=caller, ids=ids)


def probe(operation: Any, *, address: str, caller: requests.Session, ids: Ids) -> None:
    """Ask one operation for all sorts of things, some of which exist."""

    @given(data=st.data())
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(data: st.DataObject) -> None:
        mode = data.draw(st.sampled_from(GenerationMode))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        case.path_parameters = named(case.path_parameters, ids=ids, data=data)
        case.body = named(case.body, ids=ids, data=data)
        response = case.call(base_url=address, session=caller, allow_redirects=False)
        case.validate_response(response, checks=CHECKS)

    ask()


def named(value: Any, *, ids: Ids, data: st.DataObject) -> Any:
    """Mostly name things that exist."""
    if isinstance(value, list):
        return [named(one, ids=ids, data=data) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: existing(key, ids=ids, data=data) or named(one, ids=ids, data=data)
        for key, one in value.items()
    }


def existing(key: Any, *, ids: Ids, data: st.DataObject) -> Any:
    noun = str(key).removesuffix("s")
    kin = (ids[name] for name in ids if noun.endswith(name) or name.endswith(f"_{noun}"))
    pool = next(kin, None)
    if not pool or data.draw(st.integers(0, 4)) == 0:
        return None
    chosen = data.draw(st.sampled_from(pool))
    return [chosen] if str(key).endswith("_ids") else chosen


async def test_the_document_is_the_one_that_is_published(client: httpx.AsyncClient) -> None:
    served = (await client.get("/openapi.json")).json()
    published = deepcopy(DOCUMENT)

    # Other tests of this process have problems of their own, and each is an example.
    shown = served["components"].pop("examples")
    expected = published["components"].pop("examples")
    assert {code: shown.get(code) for code in expected} == expected
    assert served == published


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
async def test_a_large_answer_is_packed_as_the_reader_can_unpack_it(client, encoding):
    plain = await client.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    packed = await client.get("/openapi.json", headers={"Accept-Encoding": encoding})
    small = await client.get("/livez", headers={"Accept-Encoding": encoding})

    assert packed.headers["content-encoding"] == encoding
    assert "Accept-Encoding" in packed.headers["vary"]
    assert packed.content == plain.content
    assert packed.num_bytes_downloaded < len(plain.content) / 4
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in small.headers


def days() -> Iterator[tuple[str, str, str, str]]:
    """Every parameter that is a day or an instant: method, path, name, format."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                formats = {one.get("format") for one in (schema, *schema.get("anyOf", ()))}
                for format_ in formats & {"date", "date-time"}:
                    if parameter["in"] == "query":
                        yield method, path, parameter["name"], format_


async def test_no_operation_takes_a_day_at_the_ends_of_the_calendar(client):
    asked = 0
    for method, path, name, format_ in days():
        place = re.sub(r"\{\w+\}", str(uuid4()), path)
        for day, time in (("0001-01-01", "T00:00:00+14:00"), ("9999-12-31", "T23:59:59-12:00")):
            value = day if format_ == "date" else day + time
            answer = await client.request(method, place, params={name: value})
            assert answer.status_code == 422, (method, path, name)
            errors = {one["pointer"]: one["code"] for one in answer.json()["errors"]}
            assert errors[f"query/{name}"] == "out-of-range"
            asked += 1
    assert asked > 40


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
async def test_no_body_holds_an_instant_at_the_ends_of_the_calendar(as_, at):
    office = as_(Role.DISTRICT_ADMIN)
    body = {"starts_at": at, "reason": "调课"}

    answer = await office.post(f"/v1/lessons/{uuid4()}:move", json=body, headers={"If-Match": "*"})

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/starts_at", "out-of-range")
    assert error["message"] == "应在 1900 年至 2099 年之间"
