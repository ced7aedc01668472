"""The application as a server process makes it."""

from fastapi import FastAPI

from service.cli import quick, schema
from service.main import create_app


def make_app() -> FastAPI:
    """The service, which is not ready on any schema but its own."""
    with quick.loading():
        return create_app(schema_head=schema.head())
