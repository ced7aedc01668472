"""A small district in which every kind of thing exists, behind a real port."""

from datetime import date
from typing import Any

import pytest
from sqlmodel import col, select

from service.kit.auth import Role
from service.kit.db import Versioned
from tests.pages.conftest import address
from tests.timetable.conftest import Town, before_the_term, town

__all__ = ["Town", "address", "before_the_term", "town"]

Ids = dict[str, list[str]]


@pytest.fixture
async def furnished(make: Any, town: Town, as_: Any) -> None:
    """Beside the town: whatever an id in a path or a body can name."""
    await make.slot(teacher=town.teacher, classes=[town.home_class])
    await make.assignment(
        teacher=town.teacher,
        home=town.home,
        campus=town.host_campus,
        group=town.group,
        term=town.term,
        classes=[town.host_class],
    )
    mentee = await make.teacher(school=town.host)
    await make.pairing(mentor=town.teacher, mentee=mentee)
    await make.room(campus=town.host_campus)
    await make.special_day(on_date=date(2026, 9, 15), kind="off", reason="防汛停课")
    office = as_(Role.DISTRICT_ADMIN)
    for path, body in (
        (
            f"/v1/groups/{town.group.id}/charters",
            {"title": "章程", "clauses": [{"kind": "rule", "text": "按月共研"}]},
        ),
        (
            f"/v1/groups/{town.group.id}/heads",
            {"person_name": "示总校长", "valid_from": "2026-09-01"},
        ),
        (
            f"/v1/schools/{town.host.id}/designations",
            {"kind": "weak", "reason": "薄弱校", "valid_from": "2026-09-01"},
        ),
    ):
        answer = await office.post(path, json=body, headers={"If-Match": "*"})
        assert answer.is_success, answer.text


@pytest.fixture
async def ids(furnished: None, database: Any, district: Any) -> Ids:
    """By the name of a path parameter, which ids there are."""
    tables = [one for one in Versioned.__subclasses__() if one.__module__.startswith("service.")]
    found: Ids = {}
    async with database.read(district.id) as db:
        for table in tables:
            rows = await db.exec(select(col(table.id)).limit(3))
            noun = _singular(table.__collection__).replace("-", "_")
            found[f"{noun}_id"] = [str(one) for one in rows.all()]
    return found


def _singular(collection: str) -> str:
    return collection.removesuffix("es") if collection.endswith("ses") else collection[:-1]
