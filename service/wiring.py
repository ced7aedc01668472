"""The only list of modules: their routes, jobs, tables and listeners."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from fastapi import APIRouter, FastAPI

from service.kit.auth import Caller
from service.kit.db import Database
from service.kit.hearing import Ear
from service.kit.http.edge import AtOnce, Recognise
from service.kit.http.streams import hints_of
from service.kit.readers import Reader

# Phones ask most often, and replicas next, so their routes are matched first.
_MODULES = (
    "phone",
    "feed",
    "accounts",
    "network",
    "staff",
    "calendar",
    "timetable",
    "itinerant",
    "mentoring",
    "rotation",
    "workload",
    "partners",
)


def _load(module: str, part: str) -> object | None:
    name = f"service.{module}.{part}"
    return import_module(name) if find_spec(name) else None


def load_tables() -> None:
    """Let the metadata know every table, and lower modules who above them listens."""
    import_module("service.kit.idempotency")
    import_module("service.kit.journal")
    for module in _MODULES:
        _load(module, "tables")
    for module in _MODULES:
        _load(module, "listeners")


def load_jobs() -> None:
    """Let the worker know every job."""
    load_tables()
    for module in _MODULES:
        _load(module, "jobs")


@cache
def readers() -> Mapping[str, Reader]:
    """How each collection of the feed is read, by name in alphabetical order."""
    load_tables()
    found: list[Reader] = []
    for module in _MODULES:
        part = _load(module, "readers")
        if part is not None:
            found += part.READERS  # type: ignore[attr-defined]
    return {one.collection: one for one in sorted(found, key=lambda one: one.collection)}


def routers() -> list[APIRouter]:
    """Every module's routes, in the order they are matched."""
    load_tables()
    found: list[APIRouter] = []
    for module in _MODULES:
        routes = _load(module, "routes")
        if routes is None:
            continue
        several = getattr(routes, "routers", None)
        found += several if several is not None else [routes.router]  # type: ignore[attr-defined]
    return found


def follow(app: FastAPI, ear: Ear) -> None:
    """Tell of commits whoever remembers answers, then whoever waits for hints."""
    ear.follow(import_module("service.phone.routes.me").answers_of(app))
    ear.follow(hints_of(app))


async def keep_counting(database: Database) -> None:
    """Write down what partners' systems ask, for as long as the process lives."""
    await import_module("service.accounts.usage").keep_writing(database)


def recogniser() -> Recognise:
    """How the edge knows without asking whom an access token stands for."""
    recognise: Recognise = import_module("service.accounts.identity").recognise
    return recognise


def remembering() -> AtOnce:
    """How the edge answers what is remembered."""
    at_once: AtOnce = import_module("service.phone.routes.me").at_once
    return at_once


def authenticator(app: FastAPI) -> Callable[[str], Awaitable[Caller]]:
    """How an access token becomes a caller; the database is looked up when it is needed."""

    async def authenticate(token: str) -> Caller:
        found = import_module("service.accounts.identity")
        caller: Caller = await found.authenticate(app.state.database, token)
        return caller

    return authenticate
