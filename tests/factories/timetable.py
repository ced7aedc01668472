"""Terms, bells, classes, rooms and slots for tests; slots are laid by the service's own path."""

import itertools
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from service.calendar.tables import BellPeriod, BellSchedule, CalendarNotice, SchoolYear, Term
from service.kit import clock
from service.kit.auth import system
from service.kit.db import AsyncSession, days
from service.kit.ids import new_id
from service.network.tables import Campus, District
from service.staff.tables import Teacher
from service.timetable import laying, load
from service.timetable.bulk import hosts_of
from service.timetable.laying import Layout, Withdrawal
from service.timetable.rules import LessonChange, Origin, Parity, Pattern, SlotPlan
from service.timetable.tables import ClassSection, Leave, Room, TravelTime

_numbers = itertools.count(1)
FIRST_DAY = date(2026, 8, 31)
"""A Monday."""
LAST_DAY = date(2027, 1, 15)
BELLS = {
    1: (time(8, 30), time(9, 10)),
    2: (time(9, 20), time(10, 0)),
    3: (time(10, 20), time(11, 0)),
    4: (time(11, 10), time(11, 50)),
    5: (time(14, 0), time(14, 40)),
    6: (time(14, 50), time(15, 30)),
    7: (time(15, 40), time(16, 20)),
}


async def school_term(
    db: AsyncSession,
    *,
    district: District,
    first_day: date = FIRST_DAY,
    last_day: date = LAST_DAY,
    label: str = "2026-2027",
    number: int = 1,
) -> Term:
    begins = first_day.replace(month=8, day=15)
    year = SchoolYear(
        district_id=district.id,
        label=label,
        valid=days(begins, begins.replace(year=begins.year + 1)),
    )
    db.add(year)
    db.add(CalendarNotice(district_id=district.id, year=first_day.year))
    await db.flush()
    row = Term(
        district_id=district.id,
        school_year_id=year.id,
        number=number,
        days=days(first_day, last_day + timedelta(days=1)),
        week_one=first_day - timedelta(days=first_day.weekday()),
    )
    db.add(row)
    await db.flush()
    return row


async def spring_term(
    db: AsyncSession, *, district: District, first_day: date, last_day: date
) -> Term:
    """The second term of the year that ``school_term`` opened."""
    year = (
        await db.exec(select(SchoolYear).where(col(SchoolYear.valid).contains(first_day)))
    ).one()
    db.add(CalendarNotice(district_id=district.id, year=first_day.year))
    row = Term(
        district_id=district.id,
        school_year_id=year.id,
        number=2,
        days=days(first_day, last_day + timedelta(days=1)),
        week_one=first_day - timedelta(days=first_day.weekday()),
    )
    db.add(row)
    await db.flush()
    return row


async def bell_times(
    db: AsyncSession,
    *,
    district: District,
    campus: Campus,
    stage: str = "2",
    periods: dict[int, tuple[time, time]] | None = None,
    valid: Any = None,
) -> BellSchedule:
    row = BellSchedule(
        district_id=district.id,
        campus_id=campus.id,
        stage=stage,
        name="作息",
        valid=valid or days(date(2026, 1, 1), None),
    )
    db.add(row)
    await db.flush()
    for number, (starts, ends) in (periods or BELLS).items():
        db.add(
            BellPeriod(
                district_id=district.id,
                schedule_id=row.id,
                number=number,
                starts=starts,
                ends=ends,
            )
        )
    await db.flush()
    return row


async def class_section(
    db: AsyncSession, *, district: District, campus: Campus, **values: Any
) -> ClassSection:
    number = next(_numbers)
    filled = {
        "code": f"2023-{number}",
        "stage": "2",
        "grade": 4,
        "number": 1,
        "name": f"四年级{number}班",
        "valid": days(date(2023, 9, 1), date(2029, 9, 1)),
        **values,
    }
    row = ClassSection(
        district_id=district.id, school_id=campus.school_id, campus_id=campus.id, **filled
    )
    db.add(row)
    await db.flush()
    return row


async def room(db: AsyncSession, *, district: District, campus: Campus, **values: Any) -> Room:
    number = next(_numbers)
    filled = {"code": f"R{number}", "name": "音乐教室", "kind": "music", **values}
    row = Room(district_id=district.id, campus_id=campus.id, **filled)
    db.add(row)
    await db.flush()
    return row


async def travel_time(
    db: AsyncSession,
    *,
    district: District,
    ends: tuple[Campus, Campus],
    minutes: int = 30,
    buffer: int = 5,
) -> TravelTime:
    """The way from the first campus to the second; the way back is another row."""
    row = TravelTime(
        district_id=district.id,
        from_campus_id=ends[0].id,
        to_campus_id=ends[1].id,
        minutes=minutes,
        buffer=buffer,
    )
    db.add(row)
    await db.flush()
    return row


async def slot(
    db: AsyncSession,
    *,
    district: District,
    teacher: Teacher,
    classes: Sequence[ClassSection],
    weekday: int = 2,
    period: int = 1,
    **values: Any,
) -> UUID:
    """A slot with its lessons laid, of the home timetable unless said; returns its id."""
    campus_id = values.get("campus_id", classes[0].campus_id)
    plan = SlotPlan(
        slot_id=new_id(),
        teacher_id=teacher.id,
        subject=values.get("subject", "24"),
        campus_id=campus_id,
        stage=values.get("stage", classes[0].stage),
        class_ids=tuple(one.id for one in classes),
        room_id=values.get("room_id"),
        pattern=Pattern(
            weekday,
            period,
            Parity(values.get("parity", "every")),
            values.get("weeks"),
            values.get("valid_from", FIRST_DAY),
            values.get("valid_until", LAST_DAY + timedelta(days=1)),
        ),
        origin=Origin(values.get("origin", "home")),
        origin_id=None,
    )
    ground = await load.ground(db, district_id=district.id)
    await laying.replace_slots(
        db,
        layout=Layout.of([plan], hosts=await hosts_of(db, [plan])),
        ended=(),
        withdrawal=Withdrawal(
            datetime.combine(FIRST_DAY, time(), ground.zone),
            LessonChange.REPLACED,
            None,
            system(district.id),
            clock.now(),
        ),
        ground=ground,
    )
    return plan.slot_id


async def leave(
    db: AsyncSession,
    *,
    district: District,
    teacher: Teacher,
    school: Any,
    during: Any,
    **values: Any,
) -> Leave:
    """A leave that is approved; it takes nobody's time."""
    filled = {"kind": "parental", "days": 80, "measure": "fixed", "state": "approved", **values}
    row = Leave(
        district_id=district.id,
        teacher_id=teacher.id,
        school_id=school.id,
        during=during,
        requested_by="a test",
        requested_by_name="测试",
        requested_at=clock.now(),
        **filled,
    )
    db.add(row)
    await db.flush()
    return row
