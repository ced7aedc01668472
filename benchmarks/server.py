"""The service with two twins on the same worker.

``/bare`` says the bytes it is told to, ``/peer/…`` answers a week the way tutorials do.
"""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from benchmarks.peers import tutorial
from service.cli import quick
from service.cli.demo import loading
from service.main import create_app


class Twins:
    """Hands requests to the service or to a bare FastAPI that answers the same bytes."""

    def __init__(self) -> None:
        self.service = create_app()
        self.bare = FastAPI(openapi_url=None)
        self.peer: FastAPI | None = None
        said = Path(os.environ["BENCH_BYTES"])

        @self.bare.get("/bare")
        async def bare() -> Response:
            return Response(content, media_type="application/json")

        content = said.read_bytes() if said.exists() else b"{}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        path = scope.get("path", "")
        if path == "/bare":
            await self.bare(scope, receive, send)
        elif path.startswith("/peer/"):
            if self.peer is None:
                database = self.service.state.database
                self.peer = tutorial.make(database, await loading.district_id(database))
            await self.peer(scope, receive, send)
        else:
            await self.service(scope, receive, send)


def make() -> Twins:
    """The application that uvicorn serves, started as the service's own processes are."""
    with quick.loading():
        return Twins()
