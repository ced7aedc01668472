"""A day in the first term, the offices, and words the stories share."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from service.calendar import watchers
from service.kit import clock
from service.kit.auth import Role

NOW = datetime.fromisoformat("2026-11-10T10:00:00+08:00")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Tuesday, 10 November 2026."""
    with clock.freeze(NOW):
        yield


@pytest.fixture
def office(as_: Any) -> Any:
    """The district's office."""
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
def nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands above the calendar is not asked; a test registers its own watchers."""
    monkeypatch.setattr(watchers, "_WATCHERS", [])


def problems_of(answer: Any) -> list[tuple[str, str]]:
    """Where a refusal points to, and why."""
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def place(unit: Any, on: str, scope: str = "school") -> str:
    """Where what a unit decides about a date stands."""
    return f"/v1/calendar-days/{scope}/{unit.id}/{on}"


async def decide(client: Any, path: str, *, tag: str = '"0"', **body: Any) -> Any:
    """Decide a date."""
    return await client.put(path, json={"kind": "teach", **body}, headers={"If-Match": tag})


async def days_of(client: Any, campus: Any, first: str, last: str | None = None) -> list[Any]:
    """What a campus teaches from one date to another, both included."""
    until = date.fromisoformat(last or first) + timedelta(days=1)
    answer = await client.get(
        f"/v1/campuses/{campus.id}/teaching-days", params={"from": first, "until": str(until)}
    )
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def day_of(client: Any, campus: Any, on: str) -> Any:
    """What a campus teaches on a date."""
    (found,) = await days_of(client, campus, on)
    return found
