"""What the architecture tests look at: every module, every route, every table."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlmodel import SQLModel

import service
from service import wiring
from service.main import create_app

Model = TypeVar("Model", bound=SQLModel)

SERVICE = Path(service.__file__).parent


@pytest.fixture(scope="session")
def every_module() -> None:
    """Import all there is, so that every table, route and problem has registered itself."""
    for file in sorted(SERVICE.rglob("*.py")):
        if "cli" not in file.parts and not file.name.startswith("__"):
            import_module(".".join(file.relative_to(SERVICE.parent).with_suffix("").parts))


@pytest.fixture(scope="session")
def whole_app(every_module: None) -> FastAPI:
    """The service, without a database."""
    return create_app()


@pytest.fixture(scope="session")
def operations(whole_app: FastAPI) -> list[APIRoute]:
    """Every operation of the published contract."""
    routes = [route for route in whole_app.routes if isinstance(route, APIRoute)]
    return [route for route in routes if route.include_in_schema]


@pytest.fixture(scope="session")
def module_of_table() -> Mapping[str, str]:
    """Which module owns a table."""
    wiring.load_tables()
    return {
        model.__tablename__: model.__module__.split(".")[1]  # type: ignore[misc]
        for model in models_under(SQLModel)
    }


def models_under(base: type[Model]) -> Iterator[type[Model]]:
    """Every class with a table."""
    for model in base.__subclasses__():
        if hasattr(model, "__table__"):
            yield model
        yield from models_under(model)
