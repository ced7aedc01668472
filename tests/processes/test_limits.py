"""Limits as callers meet them: told in every answer, each on their own, with the way out."""

from typing import Any

import httpx

from service.kit.auth import Role
from tests.factories.accounts import access_token
from tests.processes.conftest import WEEK

FEW = {"HUANGGE_PEOPLE_QUOTA": "4", "HUANGGE_PEOPLE_WINDOW_SECONDS": "600"}


async def test_who_asks_too_often_is_told_when_to_come_again(
    fresh: Any, tokens: dict[str, str], make: Any, taught: Any
) -> None:
    here = fresh(**FEW)
    colleague = await make.teacher(school=taught.home)
    other = access_token(await make.wearer(role=Role.TEACHER, teacher=colleague))
    async with httpx.AsyncClient(base_url=here.address, timeout=60) as client:

        async def ask(token: str, path: str = WEEK, **headers: str) -> httpx.Response:
            return await client.get(path, headers={"Authorization": f"Bearer {token}", **headers})

        # From memory or not, refused by the operation or not: each counts.
        answers = [await ask(tokens["phone"]) for _ in range(3)]
        answers.append(await ask(tokens["phone"], path="/v1/schools/made-up"))
        refused = await ask(tokens["phone"], **{"Accept-Language": "en"})
        neighbour = await ask(other)
        stranger = await ask("made-up")

    assert [one.status_code for one in answers] == [200, 200, 200, 403]
    assert [one.headers["ratelimit"].partition(";t")[0] for one in answers] == [
        f'"people";r={left}' for left in (3, 2, 1, 0)
    ]
    assert {one.headers["ratelimit-policy"] for one in answers} == {'"people";q=4;w=600'}
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert 100 < int(refused.headers["retry-after"]) <= 150
    assert refused.json()["code"] == "too-many-requests"
    assert refused.json()["violated-policies"] == ["people"]
    assert "4 requests in 600 seconds" in refused.json()["detail"]
    # The same address, the same school: another person, another budget.
    assert neighbour.status_code == 200
    assert stranger.status_code == 401
    assert "ratelimit" not in stranger.headers
