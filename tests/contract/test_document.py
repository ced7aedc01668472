"""Whatever one sends, the answer is one that the document announces."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
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


@pytest.mark.parametrize("tag", TAGS)
async def test_the_document_announces_every_answer(
    tag: str, app: Any, address: str, ids: Ids, as_: Any
) -> None:
    office = as_(Role.DISTRICT_ADMIN)
    token = (await office.get("/v1/district")).request.headers["Authorization"]
    schema = schemathesis.openapi.from_dict(app.openapi())

    for operation in operations(schema, tag=tag):
        await asyncio.to_thread(probe, operation, address=address, token=token, ids=ids)


def operations(schema: Any, *, tag: str) -> Iterator[Any]:
    for result in schema.get_all_operations():
        operation = result.ok()
        if tag in operation.definition.raw.get("tags", ()):
            yield operation


def probe(operation: Any, *, address: str, token: str, ids: Ids) -> None:
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
        response = case.call(
            base_url=address, headers={"Authorization": token}, allow_redirects=False
        )
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

    assert {tag["name"] for tag in served["tags"]} == set(TAGS)


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
