"""The day on which the stories of the network happen, and words they share."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from service.kit import clock

NOW = datetime.fromisoformat("2026-11-10T10:00:00+08:00")


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    """Tuesday, 10 November 2026, in the first term."""
    with clock.freeze(NOW):
        yield


def step(action: str, school, tier: str | None = None) -> dict[str, str]:
    """One school's part of a change."""
    return {"action": action, "school_id": str(school.id)} | ({"tier": tier} if tier else {})


def change(on: str, *steps: dict[str, str], **more) -> dict[str, object]:
    """A change of members as it is sent."""
    return {"effective_on": on, "steps": list(steps), "reason": "成员调整", **more}


async def names_on(client, group, day: str) -> dict[str, str]:
    """Who belongs to a group on a day, and as what."""
    answer = await client.get(
        "/v1/memberships", params={"group_id": str(group.id), "as_of": day, "limit": 200}
    )
    assert answer.status_code == 200, answer.text
    return {item["school_name"]: item["tier"] for item in answer.json()["items"]}


def codes_of(answer) -> list[tuple[str, str]]:
    """Where a refusal points to, and why."""
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
