"""Makes the application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from service import wiring
from service.kit.db import Database
from service.kit.http import answers, health
from service.kit.http.edge import Edge
from service.kit.idempotency import Replay
from service.kit.observe import configure_logs
from service.kit.problems import Problem
from service.kit.settings import settings


def create_app(database: Database | None = None, *, schema_head: str | None = None) -> FastAPI:
    """The service as one ASGI application.

    Parameters
    ----------
    database
        Given by tests; otherwise opened from the settings when the application starts.
    schema_head
        The migration this code was written for; ``/readyz`` refuses another one.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if database is None:
            chosen = settings()
            configure_logs(level=chosen.log_level, json=chosen.log_json)
            if chosen.database_url is None:
                raise RuntimeError("HUANGGE_DATABASE_URL is not set; try `huangge run`")
            app.state.database = Database(chosen.database_url)
        yield
        if database is None:
            await app.state.database.close()

    app = FastAPI(
        title="黄葛 Huangge",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        exception_handlers={
            Problem: answers.on_problem,
            Replay: answers.on_replay,
            RequestValidationError: answers.on_invalid_request,
            HTTPException: answers.on_http_exception,
        },
    )
    app.state.database = database
    app.state.schema_head = schema_head
    app.state.authenticate = wiring.authenticator(app)
    app.add_middleware(Edge)
    for router in (health.router, *wiring.routers()):
        app.router.routes.extend(router.routes)
    return app
