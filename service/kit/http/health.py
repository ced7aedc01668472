"""What an operator's machine asks: alive, ready, and the numbers."""

from contextlib import suppress

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from service.kit.changes import lag
from service.kit.http.deps import database_of
from service.kit.observe import FEED_LAG

router = APIRouter(include_in_schema=False)


@router.get("/livez")
async def livez() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """The database answers and has the schema this code was written for."""
    state = request.app.state
    try:
        async with database_of(request).read(None) as db:
            found = await (await db.connection()).execute(
                text("SELECT version_num FROM alembic_version")
            )
            head = found.scalar_one_or_none()
    except (SQLAlchemyError, OSError, TimeoutError):
        return JSONResponse({"status": "no database"}, status_code=503)
    expected = state.schema_head
    if expected is not None and head != expected:
        return JSONResponse(
            {"status": "schema", "found": head, "expected": expected}, status_code=503
        )
    return JSONResponse({"status": "ready"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """The numbers, for Prometheus; without a database, those that need none."""
    with suppress(SQLAlchemyError, OSError, TimeoutError):
        FEED_LAG.set(await lag(database_of(request)))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
