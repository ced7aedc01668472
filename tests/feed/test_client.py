"""The reference client: signs in, comes back from refusals, and knows when it is right."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from huangge_client import ClientCredentials, Difference, Digest, Refused, Replica, sync, verify
from huangge_client.feed import pages
from service.kit.auth import Role
from tests.factories.accounts import SECRET

URL = "http://huangge.test"


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def partner(make, district, guests) -> Callable[..., Any]:
    """A partner's own system, with nothing but its credentials."""
    one = await make.partner()

    def signed_in(secret: str = SECRET) -> Any:
        client_id = f"{one.client_id}@{district.code}"
        return guests(
            auth=ClientCredentials(
                f"{URL}/v1/oauth/token", client_id=client_id, client_secret=secret
            )
        )

    return signed_in


async def test_a_partner_comes_from_nothing_to_a_replica_that_is_proven_right(
    town, partner, office, replica, settled
):
    await settled()
    client = partner()

    assert await verify(client, replica) == []
    assert str(town.home.id) in replica.versions("schools")

    replica.start_over()
    assert await verify(client, replica) == []
    await office.patch(
        f"/v1/schools/{town.home.id}", json={"short_name": "新"}, headers={"If-Match": "*"}
    )
    await settled()
    assert await verify(client, replica) == []
    assert replica.versions("schools")[str(town.home.id)] == 2


async def test_a_wrong_secret_is_told(town, partner, replica):
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await sync(partner("wrong"), replica)


async def test_what_is_wrong_in_a_replica_is_found(town, office, replica, settled):
    await settled()
    await sync(office, replica)
    page = (await office.get("/v1/changes", params={"collections": "schools"})).json()
    there = replica.digests()["schools"]
    replica.remove("schools", page["items"][0]["id"])

    (found,) = await verify(office, replica)

    assert found == Difference("schools", replica.digests()["schools"], there)
    assert found.here.count == found.there.count - 1
    assert isinstance(found.there, Digest)


async def test_rows_stay_until_a_new_snapshot_is_whole(make, town, office, replica):
    await sync(office, replica)
    known = replica.digests()
    replica.start_over()
    assert replica.digests() == known

    await anext(pages(office, replica, limit=1))
    assert replica.digests() == known
    assert not replica.is_whole

    await sync(office, replica)
    assert replica.is_whole
    assert replica.digests() == known


def answering(*answers: httpx.Response | Exception) -> httpx.AsyncClient:
    """A server that says one thing after the other."""
    left = list(answers)

    def say(_: httpx.Request) -> httpx.Response:
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return httpx.AsyncClient(transport=httpx.MockTransport(say), base_url=URL)


PAGE = {"items": [], "next_token": "t", "has_more": False, "as_of": "2026-09-01T00:00:00Z"}


async def test_a_busy_server_is_asked_again(replica: Replica):
    busy = httpx.Response(503, headers={"Retry-After": "0"})

    async with answering(busy, busy, httpx.Response(200, json=PAGE)) as client:
        assert await sync(client, replica) == 0

    assert replica.token == "t"


async def test_a_refusal_is_told_with_its_reason(replica: Replica):
    refused = httpx.Response(400, json={"code": "cursor-mismatch", "detail": "no"})

    async with answering(refused) as client:
        with pytest.raises(Refused, match="no") as told:
            await sync(client, replica)

    assert (told.value.status, told.value.problem["code"]) == (400, "cursor-mismatch")
