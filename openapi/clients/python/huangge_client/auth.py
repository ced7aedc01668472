"""Signing in as a partner system (OAuth 2.0 client credentials)."""

from collections.abc import AsyncGenerator

import httpx
from typing_extensions import override


class ClientCredentials(httpx.Auth):
    """Gets an access token when one is needed, and a new one when the server refuses the old."""

    def __init__(
        self, token_url: str, *, client_id: str, client_secret: str, scope: str | None = None
    ) -> None:
        self._token_url = token_url
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        } | ({"scope": scope} if scope else {})
        self._token: str | None = None

    @override
    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send a request with a token; once more with a new one after a 401."""
        fresh = self._token is None
        if self._token is None:
            await self._keep((yield self._ask()))
        request.headers["Authorization"] = f"Bearer {self._token}"
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and not fresh:
            await self._keep((yield self._ask()))
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _ask(self) -> httpx.Request:
        return httpx.Request("POST", self._token_url, data=self._form)

    async def _keep(self, answer: httpx.Response) -> None:
        await answer.aread()
        answer.raise_for_status()
        self._token = str(answer.json()["access_token"])
