"""``huangge-sync``: one run brings a replica up to date and compares it with the server."""

import argparse
import asyncio
import os
import sys

import httpx

from huangge_client import ClientCredentials, Replica, sync, verify


def main() -> None:
    """Read the command line and sync."""
    parser = argparse.ArgumentParser(prog="huangge-sync", description=__doc__)
    parser.add_argument("database", help="the SQLite file of the replica")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--client-id", default=os.environ.get("HUANGGE_CLIENT_ID"))
    parser.add_argument(
        "--collections", default="", help="only these, separated by commas; all if left out"
    )
    given = parser.parse_args()
    secret = os.environ.get("HUANGGE_CLIENT_SECRET")
    if not given.client_id or not secret:
        parser.error("set HUANGGE_CLIENT_ID and HUANGGE_CLIENT_SECRET")
    names = [name for name in given.collections.split(",") if name]
    sys.exit(asyncio.run(_run(given.url, given.client_id, secret, given.database, names)))


async def _run(url: str, client_id: str, secret: str, path: str, names: list[str]) -> int:
    auth = ClientCredentials(f"{url}/v1/oauth/token", client_id=client_id, client_secret=secret)
    async with httpx.AsyncClient(base_url=url, auth=auth) as http:
        with Replica(path) as replica:
            count = await sync(http, replica, collections=names)
            print(f"{count} changes")
            differences = await verify(http, replica)
            for name, one in sorted(replica.digests().items()):
                print(f"{name:20} {one.count:8} {one.checksum}")
            for difference in differences:
                print(f"{difference.collection} differs: {difference.here} {difference.there}")
    return 1 if differences else 0


if __name__ == "__main__":
    main()
