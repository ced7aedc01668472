"""Many who want the same thing at once."""

from collections.abc import Awaitable, Callable

import httpx


async def insisting(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Come back as often as the service, busy on a crowded machine, says so."""
    while (answer := await ask()).is_error and answer.json()["code"] in {"busy", "unavailable"}:
        pass
    return answer
