"""Two schools of a group with half an hour's hills between them, and a teacher at both."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from service.kit import clock
from service.kit.auth import Role

BEFORE_THE_TERM = "2026-08-25T08:00:00+08:00"


@pytest.fixture(autouse=True)
def before_the_term() -> Iterator[None]:
    with clock.freeze(datetime.fromisoformat(BEFORE_THE_TERM)):
        yield


@dataclass
class Village:
    """Where the teacher of these stories goes."""

    group: Any
    home: Any
    host: Any
    home_campus: Any
    host_campus: Any
    home_class: Any
    host_class: Any
    term: Any
    teacher: Any
    way: Any


@pytest.fixture
async def village(make: Any) -> Village:
    home, host = await make.school(name="演示江湾学校"), await make.school(name="演示云岭小学")
    group = await make.group(lead=home, close=[host])
    home_campus = await make.campus(
        school=home, name="江湾校区", address="江湾路 6 号", gate="北门", main=True
    )
    host_campus = await make.campus(
        school=host,
        name="本部",
        address="云岭路 46 号",
        gate="东门",
        main=True,
        longitude=106.5,
        latitude=29.9,
    )
    for campus in (home_campus, host_campus):
        await make.bell_times(campus=campus)
    way = await make.travel_time(ends=(home_campus, host_campus), minutes=50, buffer=10)
    await make.travel_time(ends=(host_campus, home_campus), minutes=45, buffer=10)
    return Village(
        group=group,
        home=home,
        host=host,
        home_campus=home_campus,
        host_campus=host_campus,
        home_class=await make.class_section(campus=home_campus, name="四年级1班"),
        host_class=await make.class_section(campus=host_campus, name="三年级1班"),
        term=await make.school_term(),
        teacher=await make.teacher(school=home, name="演云溪"),
        way=way,
    )


@pytest.fixture
async def taught(make: Any, village: Village) -> Village:
    """Tuesdays: a lesson at home in the morning, one in the hills after noon."""
    await make.slot(teacher=village.teacher, classes=[village.home_class], weekday=2, period=4)
    await make.slot(teacher=village.teacher, classes=[village.host_class], weekday=2, period=5)
    return village


@pytest.fixture
def phone(as_: Any, village: Village) -> Any:
    """The teacher's phone, with no right but to what is the teacher's own."""
    return as_(Role.TEACHER, teacher=village.teacher)


@pytest.fixture
def office(as_: Any) -> Any:
    return as_(Role.DISTRICT_ADMIN)
