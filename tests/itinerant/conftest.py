"""The same small town as the timetable's tests, and a school in it that is short of a teacher."""

from types import SimpleNamespace
from typing import Any

import pytest

from service.kit.auth import Role
from tests.timetable.conftest import Town, before_the_term, town

ANY = {"If-Match": "*"}

__all__ = ["ANY", "Town", "before_the_term", "town"]


@pytest.fixture
def who(as_: Any, town: Town) -> Any:
    """The offices of both schools and of the group, and the teacher who is asked."""
    return SimpleNamespace(
        mountain=as_(Role.SCHOOL_ADMIN, school=town.host),
        home=as_(Role.SCHOOL_ADMIN, school=town.home),
        office=as_(Role.GROUP_ADMIN, group=town.group),
        musician=as_(Role.TEACHER, teacher=town.teacher, school=town.home),
    )


@pytest.fixture
def short_of(town: Town, who: Any) -> Any:
    """An approved shortage of the mountain school."""

    async def file(*, approved: bool = True, client: Any = None, **changes: Any) -> Any:
        filed = await (client or who.mountain).post("/v1/shortages", json=shortage(town, **changes))
        assert filed.status_code == 201, filed.text
        if not approved:
            return filed.json()
        granted = await act(who.office, "shortages", filed.json(), "approve")
        assert granted.status_code == 200, granted.text
        return granted.json()

    return file


def shortage(town: Town, **changes: Any) -> dict[str, Any]:
    return {
        "campus_id": str(town.host_campus.id),
        "term_id": str(town.term.id),
        "subject": "24",
        "stage": "2",
        "class_ids": [str(town.host_class.id)],
        "lessons_per_week": 2,
        "half_days": ["2-pm", "4-pm"],
        "urgency": "urgent",
        **changes,
    }


def asking(town: Town, *, teacher: Any = None, **changes: Any) -> dict[str, Any]:
    patterns = [
        {"weekday": weekday, "period": 5, "class_ids": [str(town.host_class.id)]}
        for weekday in (2, 4)
    ]
    return {"teacher_id": str((teacher or town.teacher).id), "patterns": patterns, **changes}


async def act(
    client: Any, things: str, thing: Any, verb: str, *, body: Any = None, expected: str = "*"
) -> Any:
    return await client.post(
        f"/v1/{things}/{thing['id']}:{verb}", json=body, headers={"If-Match": expected}
    )
