"""A small district that is followed: the timetable's town, seen by offices and partners."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from huangge_client import Digest, Replica, sync
from tests.timetable.conftest import Town, before_the_term, town

__all__ = ["Town", "before_the_term", "town"]


@pytest.fixture
def replica(replicas: Callable[[], Replica]) -> Replica:
    """An empty replica."""
    return replicas()


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[Callable[[], Replica]]:
    """As many empty replicas as wanted."""
    made: list[Replica] = []

    def new() -> Replica:
        made.append(Replica(tmp_path / f"replica{len(made)}.sqlite"))
        return made[-1]

    yield new
    for one in made:
        one.close()


@pytest.fixture
def differing(settled: Any, replicas: Any) -> Any:
    """In what a replica differs from a new one, and from what the server says of itself."""

    async def compare(client: httpx.AsyncClient, replica: Replica) -> list[str]:
        await settled()
        await sync(client, replica)
        anew = replicas()
        await sync(client, anew)
        answer = await client.get("/v1/changes/digest", params={"since": replica.token})
        assert answer.status_code == 200, answer.text
        found = []
        here, there = replica.digests(), anew.digests()
        for item in answer.json()["items"]:
            name = item["collection"]
            versions = replica.versions(name)
            if item["pending"] or versions != anew.versions(name):
                found.append(f"{name}: {versions} {anew.versions(name)} {item}")
            elif versions and Digest(item["count"], item["checksum"]) != here[name]:
                found.append(f"{name}: digest {here[name]} {item}")
            elif not versions and item["count"]:
                found.append(f"{name}: nothing here, {item}")
        assert here.keys() == there.keys()
        return found

    return compare
