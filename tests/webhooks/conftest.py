"""A partner's server, and the worker's sender, looked through by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from service.feed.delivering import Courier
from service.kit.auth import Role
from service.kit.db import Database
from tests.receiver import authority, receiver

__all__ = ["authority", "receiver"]

Carry = Callable[[], Awaitable[None]]


@pytest.fixture
async def courier(database: Database) -> AsyncIterator[Courier]:
    one = Courier(database)
    yield one
    await one.close()


@pytest.fixture
def carry(courier: Courier, settled: Callable[[], Awaitable[None]]) -> Carry:
    """Let the worker look once, and finish what it began."""

    async def run() -> None:
        await settled()
        await courier.look()
        await courier.settle()

    return run


@pytest.fixture
def office(as_: Any) -> Any:
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
def told(office: Any, receiver: Any) -> Callable[..., Awaitable[Any]]:
    """Make the receiver an endpoint, as an office does."""

    async def begin(client: Any = None, **values: Any) -> Any:
        body = {"name": "智学平台", "url": receiver.url, **values}
        answer = await (client or office).post("/v1/webhook-endpoints", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return begin
