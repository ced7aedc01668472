"""The published contract: written from the code, committed, and not broken unawares."""

import json
from pathlib import Path
from typing import Any

from service.cli.errors import CommandError
from service.main import create_app


def document() -> dict[str, Any]:
    """The OpenAPI document of this code."""
    return create_app().openapi()


def written(document: dict[str, Any]) -> str:
    """The document as it is committed: stable, and readable in a diff."""
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=False) + "\n"


def write(file: Path) -> None:
    """Write the document."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written(document()), encoding="utf-8")


def check(file: Path) -> None:
    """Refuse a committed document that is not what the code serves.

    Raises
    ------
    CommandError
        They differ.
    """
    if not file.exists() or file.read_text(encoding="utf-8") != written(document()):
        raise CommandError(f"{file} is not what the code serves: run `make openapi` and commit it.")
