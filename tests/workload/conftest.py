"""The town of the timetable, with a music teacher who visits the mountain school on Tuesdays."""

from datetime import datetime

import pytest

from service.kit import clock
from service.kit.auth import Role
from tests.timetable.conftest import before_the_term, town

__all__ = ["before_the_term", "town"]


def at(instant):
    """A moment of the district's clock."""
    return clock.freeze(datetime.fromisoformat(f"{instant}:00+08:00"))


@pytest.fixture
async def visits(make, town, database, district):
    """Every Tuesday, sixth and seventh period, at the mountain school; positions are known."""
    async with database.write(district.id) as db:
        for campus, longitude in ((town.home_campus, 106.40), (town.host_campus, 106.50)):
            row = await db.merge(campus)
            row.longitude, row.latitude = longitude, 29.80
    for period in (6, 7):
        await make.slot(teacher=town.teacher, classes=[town.host_class], weekday=2, period=period)
    return town


@pytest.fixture
def herself(as_, town):
    return as_(Role.TEACHER, teacher=town.teacher, school=town.home)


@pytest.fixture
def host(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.host)


@pytest.fixture
def home(as_, town):
    return as_(Role.SCHOOL_ADMIN, school=town.home)


@pytest.fixture
def group(as_, town):
    return as_(Role.GROUP_ADMIN, group=town.group)


@pytest.fixture
def district_office(as_):
    return as_(Role.DISTRICT_ADMIN)
