"""Following the change feed: pages, refusals, checksums."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from huangge_client.model import Page
from huangge_client.replica import NOTHING, Digest, Replica

_PATH = "/v1/changes"
_ATTEMPTS = 6
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_WAIT_SECONDS = 25


class Refused(Exception):
    """The server does not answer what was asked."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        try:
            self.problem: Mapping[str, Any] = response.json()
        except ValueError:
            self.problem = {}
        super().__init__(self.problem.get("detail") or response.text)


async def _get(
    http: httpx.AsyncClient, path: str, params: Mapping[str, str], *, wait: int = 0
) -> Mapping[str, Any]:
    """Ask; try again where that may help, as late as the server says."""
    headers = {"Prefer": f"wait={wait}"} if wait else {}
    for attempt in range(1, _ATTEMPTS + 1):
        pause = min(2.0**attempt, 60.0)
        try:
            response = await http.get(path, params=params, headers=headers, timeout=wait + 30)
        except httpx.TransportError:
            if attempt == _ATTEMPTS:
                raise
        else:
            if response.status_code == httpx.codes.OK:
                body: Mapping[str, Any] = response.json()
                return body
            if response.status_code not in _TRY_AGAIN or attempt == _ATTEMPTS:
                raise Refused(response)
            asked = response.headers.get("Retry-After", "")
            pause = float(asked) if asked.isdigit() else pause
        await asyncio.sleep(pause)
    raise AssertionError("the last attempt returns or raises")


async def pages(
    http: httpx.AsyncClient,
    replica: Replica,
    *,
    collections: Sequence[str] = (),
    limit: int = 500,
    wait: int = 0,
) -> AsyncIterator[Page]:
    """The pages after the replica's token until there are no more; each is kept before the next.

    A token that is of no use any more begins a new snapshot, whose first page comes next.
    """
    asked = {"limit": str(limit)} | ({"collections": ",".join(collections)} if collections else {})
    while True:
        token = replica.token
        try:
            body = await _get(http, _PATH, asked | ({"since": token} if token else {}), wait=wait)
        except Refused as refused:
            if refused.status != httpx.codes.GONE or token is None:
                raise
            replica.start_over()
            continue
        page = Page.of(body)
        replica.apply(page)
        yield page
        if not page.has_more:
            return


async def sync(
    http: httpx.AsyncClient,
    replica: Replica,
    *,
    collections: Sequence[str] = (),
    limit: int = 500,
) -> int:
    """Bring the replica up to date; how many changes that took."""
    count = 0
    async for page in pages(http, replica, collections=collections, limit=limit):
        count += len(page.items)
    return count


async def follow(
    http: httpx.AsyncClient, replica: Replica, *, collections: Sequence[str] = ()
) -> AsyncIterator[Page]:
    """Stay up to date: pages as they come, each kept before it is given, for as long as wished."""
    while True:
        async for page in pages(http, replica, collections=collections, wait=_WAIT_SECONDS):
            yield page


@dataclass(frozen=True, slots=True)
class Difference:
    """A collection in which the replica is not what the server has."""

    collection: str
    here: Digest
    there: Digest


async def verify(
    http: httpx.AsyncClient, replica: Replica, *, attempts: int = 5
) -> list[Difference]:
    """Compare the replica with the server, syncing again while the district is being changed.

    A collection that was changed between syncing and comparing says nothing yet. Those still in
    motion at the last attempt are left out; what is told differs for certain.
    """
    there: dict[str, Mapping[str, Any]] = {}
    for _ in range(attempts):
        await sync(http, replica)
        body = await _get(http, f"{_PATH}/digest", {"since": replica.token or ""})
        there = {item["collection"]: item for item in body["items"]}
        if not any(item["pending"] for item in there.values()):
            break
    here = replica.digests()
    return [
        Difference(name, here.get(name, NOTHING), _digest(there.get(name)))
        for name in sorted(here.keys() | there.keys())
        if not (name in there and there[name]["pending"])
        and here.get(name, NOTHING) != _digest(there.get(name))
    ]


def _digest(item: Mapping[str, Any] | None) -> Digest:
    return NOTHING if item is None else Digest(item["count"], item["checksum"])
