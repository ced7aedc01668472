"""Keeps a replica of a Huangge district in SQLite, and proves it right.

async with httpx.AsyncClient(base_url=..., auth=ClientCredentials(...)) as http:
    with Replica("district.sqlite") as replica:
        await sync(http, replica)
        differences = await verify(http, replica)
"""

from huangge_client.auth import ClientCredentials
from huangge_client.feed import Difference, Refused, follow, sync, verify
from huangge_client.model import Change, Page
from huangge_client.replica import Digest, Replica

__all__ = [
    "Change",
    "ClientCredentials",
    "Difference",
    "Digest",
    "Page",
    "Refused",
    "Replica",
    "follow",
    "sync",
    "verify",
]
