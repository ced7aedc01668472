"""The service with a bare twin on the same worker: ``/bare`` says the bytes it is told to."""

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.main import create_app


class Twins:
    """Hands requests to the service or to a bare FastAPI that answers the same bytes."""

    def __init__(self) -> None:
        self.service = create_app()
        self.bare = FastAPI(openapi_url=None)
        said = Path(os.environ["BENCH_BYTES"])

        @self.bare.get("/bare")
        async def bare() -> Response:
            return Response(content, media_type="application/json")

        content = said.read_bytes() if said.exists() else b"{}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        twin = self.bare if scope.get("path") == "/bare" else self.service
        await twin(scope, receive, send)


def make() -> Twins:
    """The application that uvicorn serves."""
    return Twins()
