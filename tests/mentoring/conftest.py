"""The ground of a pair's stories: a lead school, a rural member, a master and a newcomer."""

from datetime import UTC, date, datetime

import pytest

from service.kit import clock
from service.kit.auth import Role

ANY = {"If-Match": "*"}


@pytest.fixture
def autumn(application):
    """A Monday morning in October; the application is what wires those who listen."""
    with clock.freeze(datetime(2026, 10, 12, 1, tzinfo=UTC)):
        yield


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture
async def schools(make):
    """The lead school of a group and its rural member."""
    lead, rural = await make.school(), await make.school(urban_rural_code="220")
    await make.group(lead=lead, close=[rural])
    return lead, rural


@pytest.fixture
def a_master(make, schools):
    """Somebody of the lead school who may mentor."""

    async def made(**values):
        return await make.teacher(
            school=schools[0],
            **{"teaching_since": date(2000, 9, 1), **values},
        )

    return made


@pytest.fixture
async def mentor(a_master):
    return await a_master(name="李老师")


@pytest.fixture
async def mentee(make, schools):
    return await make.teacher(school=schools[1], name="小王", teaching_since=date(2026, 8, 1))
