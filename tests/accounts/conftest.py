"""People who sign in for real."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest

from service.accounts import identity, passwords, sessions

PASSWORD = "correct horse battery"
SignIn = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for all: making it is slow on purpose."""
    return passwords.hasher.hash(PASSWORD)


@pytest.fixture(autouse=True)
def fresh_budget() -> Iterator[None]:
    sessions.budget.buckets.clear()
    yield
    identity.callers.known.clear()


@pytest.fixture
def sign_in(client: httpx.AsyncClient) -> SignIn:
    async def ask(username: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
        form = {"grant_type": "password", "username": username, "password": password}
        return await client.post("/v1/oauth/token", data=form, **more)

    return ask


@pytest.fixture
def refresh(client: httpx.AsyncClient) -> SignIn:
    async def ask(token: str, *, retry_key: str | None = None) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        headers = {"Idempotency-Key": retry_key} if retry_key else {}
        return await client.post("/v1/oauth/token", data=form, headers=headers)

    return ask


def bearer(answer: httpx.Response) -> dict[str, str]:
    """The header that carries the access token of an answer."""
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
