"""The year takes longest of all."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with it, so that the run does not wait for it alone in the end."""
    items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)
