"""School years, bells and dates that differ, for tests."""

from datetime import date, time
from typing import Any

from service.calendar.rules import DaySource
from service.calendar.tables import (
    BellPeriod,
    BellSchedule,
    CalendarDay,
    CalendarNotice,
    SchoolYear,
)
from service.kit.db import AsyncSession, days
from service.network.tables import Campus, District

MORNING = (
    (1, time(8, 30), time(9, 10)),
    (2, time(9, 20), time(10, 0)),
)


async def school_year(
    db: AsyncSession, *, district: District, label: str = "2026-2027"
) -> SchoolYear:
    """A school year from August to August."""
    first, second = (int(year) for year in label.split("-"))
    row = SchoolYear(
        district_id=district.id, label=label, valid=days(date(first, 8, 1), date(second, 8, 1))
    )
    db.add(row)
    await db.flush()
    return row


async def bells(
    db: AsyncSession, *, district: District, campus: Campus, stage: str = "2", **values: Any
) -> BellSchedule:
    """Two periods in the morning, for as long as is said."""
    filled = {"name": "冬季作息", "valid": days(date(2026, 8, 31), None), **values}
    periods = filled.pop("periods", MORNING)
    row = BellSchedule(district_id=district.id, campus_id=campus.id, stage=stage, **filled)
    db.add(row)
    await db.flush()
    for number, starts, ends in periods:
        period = {"number": number, "starts": starts, "ends": ends}
        db.add(BellPeriod(district_id=district.id, schedule_id=row.id, **period))
    await db.flush()
    return row


async def day_decided(
    db: AsyncSession,
    *,
    district: District,
    on_date: date,
    kind: str = "teach",
    school: Any = None,
    group: Any = None,
    **values: Any,
) -> CalendarDay:
    """A date that differs, for a school, a group, or the district."""
    unit, scope = (school, "school") if school else (group, "group")
    if unit is None:
        unit, scope = district, "district"
    row = CalendarDay(
        district_id=district.id,
        scope=scope,
        scope_id=unit.id,
        on_date=on_date,
        kind=kind,
        **{"source": DaySource.MANUAL.value, **values},
    )
    db.add(row)
    await db.flush()
    return row


async def year_announced(db: AsyncSession, *, district: District, year: int) -> CalendarNotice:
    """A year whose dates are provisional no more."""
    row = CalendarNotice(district_id=district.id, year=year)
    db.add(row)
    await db.flush()
    return row
