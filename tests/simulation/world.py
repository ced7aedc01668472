"""A group of ten schools with a timetable for a whole school year, all of it made by a seed."""

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from service.timetable import bulk
from service.timetable.rules import Parity
from service.timetable.schemas import HomeSlotRow

SUBJECTS = ("13", "14", "41", "24", "25", "22")
CLASSES, PERIODS_A_WEEK = 3, 10
TERMS = (
    ("2026-2027-1", date(2026, 8, 31), date(2027, 1, 15)),
    ("2026-2027-2", date(2027, 2, 22), date(2027, 7, 9)),
)
"""Twenty weeks each."""
_BELLS = {
    1: (time(8, 30), time(9, 10)),
    2: (time(9, 20), time(10, 0)),
    3: (time(10, 20), time(11, 0)),
    4: (time(11, 10), time(11, 50)),
    5: (time(14, 0), time(14, 40)),
    6: (time(14, 50), time(15, 30)),
}
_LATER_BELLS = {
    number: (time(starts.hour, starts.minute + 2), time(ends.hour, ends.minute + 2))
    for number, (starts, ends) in _BELLS.items()
}


@dataclass
class World:
    """Who and what there is."""

    group: Any
    schools: list[Any]
    campuses: list[Any]
    terms: list[Any]
    classes: list[Any] = field(default_factory=list)
    teachers: dict[Any, Any] = field(default_factory=dict)
    """The school of each teacher, by ids."""
    timetable: list[HomeSlotRow] = field(default_factory=list)


async def build(make: Any, *, dice: random.Random, size: int = 10) -> World:
    """Schools of one group along a road, five minutes and more from each other."""
    schools = [await make.school(name=f"沿江第{number}小学") for number in range(1, size + 1)]
    group = await make.group(lead=schools[0], close=schools[1:3], alliance=schools[3:])
    campuses = [await make.campus(school=school) for school in schools]
    places = [5 * number + dice.randrange(5) for number in range(size)]
    for here, there in itertools.permutations(range(size), 2):
        ends = (campuses[here], campuses[there])
        await make.travel_time(ends=ends, minutes=abs(places[here] - places[there]), buffer=10)
    for number, campus in enumerate(campuses):
        await make.bell_times(campus=campus, periods=_LATER_BELLS if number % 2 else _BELLS)
    terms = [
        await make.school_term(first_day=TERMS[0][1], last_day=TERMS[0][2]),
        await make.spring_term(first_day=TERMS[1][1], last_day=TERMS[1][2]),
    ]
    world = World(group, schools, campuses, terms)
    for school, campus in zip(schools, campuses, strict=True):
        await _staff(make, world, school=school, campus=campus, dice=dice)
    return world


async def _staff(make: Any, world: World, *, school: Any, campus: Any, dice: random.Random) -> None:
    classes = [await make.class_section(campus=campus) for _ in range(CLASSES)]
    world.classes += classes
    teachers = []
    for subject in SUBJECTS:
        also = dice.choice(SUBJECTS)
        one = await make.teacher(school=school, subjects=tuple({(subject, "2"), (also, "2")}))
        teachers.append((one, subject))
        world.teachers[one.id] = school.id
    busy: set[tuple[Any, int, int]] = set()
    for section in classes:
        times = list(itertools.product(range(1, 6), range(1, 7)))
        for weekday, period in dice.sample(times, PERIODS_A_WEEK):
            free = [one for one in teachers if (one[0].id, weekday, period) not in busy]
            if not free:
                continue
            teacher, subject = dice.choice(free)
            busy.add((teacher.id, weekday, period))
            row = _row(teacher, campus, section, subject)
            parity = dice.choice([Parity.EVERY] * 4 + [Parity.ODD, Parity.EVEN])
            world.timetable += [
                row(term=term, weekday=weekday, period=period, parity=parity)
                for term, _, _ in TERMS
            ]


def _row(teacher: Any, campus: Any, section: Any, subject: str) -> Any:
    def at(*, term: str, weekday: int, period: int, parity: Parity) -> HomeSlotRow:
        return HomeSlotRow(
            term=term,
            teacher_number=teacher.number,
            subject=subject,
            campus_code=campus.code,
            class_codes=(section.code,),
            weekday=weekday,
            period=period,
            parity=parity,
            weeks=None,
            room_code=None,
            valid_from=None,
            valid_until=None,
        )

    return at


async def import_timetable(database: Any, rows: Sequence[HomeSlotRow], *, by: Any) -> Any:
    """The schools' own timetables, as an import brings them."""
    async with database.write(by.district_id) as db:
        return await bulk.upsert_home_slots(db, rows, by=by)
