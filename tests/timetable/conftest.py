"""A small timetable: two schools of a group, an hour's walk apart, in the week before the term."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from service.kit import clock


@pytest.fixture(autouse=True)
def before_the_term() -> Iterator[None]:
    with clock.freeze(datetime.fromisoformat("2026-08-25T08:00:00+08:00")):
        yield


@dataclass
class Town:
    """Two schools with a campus each, their bells, a class at each, and a way between."""

    group: Any
    home: Any
    host: Any
    home_campus: Any
    host_campus: Any
    home_class: Any
    host_class: Any
    term: Any
    teacher: Any


@pytest.fixture
async def town(make: Any) -> Town:
    home, host = await make.school(name="城区小学"), await make.school(name="山区小学")
    group = await make.group(lead=home, close=[host])
    home_campus = await make.campus(school=home, name="城区小学本部", gate="北门")
    host_campus = await make.campus(school=host, name="山区小学本部", gate="东门")
    for campus in (home_campus, host_campus):
        await make.bell_times(campus=campus)
    await make.travel_time(ends=(home_campus, host_campus), minutes=50, buffer=10)
    await make.travel_time(ends=(host_campus, home_campus), minutes=60, buffer=10)
    return Town(
        group=group,
        home=home,
        host=host,
        home_campus=home_campus,
        host_campus=host_campus,
        home_class=await make.class_section(campus=home_campus, name="四年级1班"),
        host_class=await make.class_section(campus=host_campus, name="三年级1班"),
        term=await make.school_term(),
        teacher=await make.teacher(school=home, name="演示音乐教师"),
    )
