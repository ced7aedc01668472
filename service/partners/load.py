"""What a district has already, by the codes a workbook uses, for the judgement of its rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from sqlalchemy import func
from sqlmodel import col, select

from service.calendar.tables import BellPeriod, BellSchedule, SchoolYear, Term
from service.kit import clock
from service.kit.db import AsyncSession
from service.network.tables import Campus, CodeItem, Group, SchoolIdentifier
from service.partners.choices import Choice
from service.partners.consistency import Known
from service.staff.tables import Teacher
from service.timetable.tables import ClassSection, Room

_ZONE = "Asia/Shanghai"
_OPEN = date.max


async def code_lists(db: AsyncSession) -> Mapping[str, Sequence[Choice]]:
    """The district's own codes, by list."""
    statement = (
        select(CodeItem)
        .where(col(CodeItem.active))
        .order_by(col(CodeItem.list), col(CodeItem.rank), col(CodeItem.code))
    )
    lists: dict[str, list[Choice]] = defaultdict(list)
    for item in (await db.exec(statement)).all():
        lists[item.list].append(Choice(item.code, item.zh, item.en))
    return lists


async def known(db: AsyncSession) -> Known:
    """What rows of a workbook may refer to without bringing it."""
    campuses = await _campuses(db)
    return Known(
        schools=await _schools(db),
        campuses=campuses,
        groups=frozenset((await db.exec(select(col(Group.name)))).all()),
        teachers=frozenset((await db.exec(select(col(Teacher.number)))).all()),
        terms=await _terms(db),
        classes=await _classes(db),
        rooms=await _rooms(db),
        periods=await _periods(db),
    )


async def _schools(db: AsyncSession) -> frozenset[str]:
    statement = select(col(SchoolIdentifier.code)).where(
        col(SchoolIdentifier.valid).contains(clock.today(_ZONE))
    )
    return frozenset((await db.exec(statement)).all())


async def _campuses(db: AsyncSession) -> dict[str, str]:
    statement = (
        select(col(Campus.code), col(SchoolIdentifier.code))
        .join(SchoolIdentifier, col(SchoolIdentifier.school_id) == col(Campus.school_id))
        .order_by(func.lower(col(SchoolIdentifier.valid)).nulls_first())
    )
    return dict((await db.exec(statement)).all())


async def _terms(db: AsyncSession) -> dict[str, tuple[date, date]]:
    statement = select(col(SchoolYear.label), col(Term.number), col(Term.days)).join(
        SchoolYear, col(SchoolYear.id) == col(Term.school_year_id)
    )
    return {
        f"{label}-{number}": (days.lower or date.min, (days.upper or _OPEN) - timedelta(days=1))
        for label, number, days in (await db.exec(statement)).all()
    }


async def _classes(db: AsyncSession) -> dict[tuple[str, str], str]:
    statement = (
        select(col(SchoolIdentifier.code), col(ClassSection.code), col(ClassSection.stage))
        .join(SchoolIdentifier, col(SchoolIdentifier.school_id) == col(ClassSection.school_id))
        .order_by(func.lower(col(SchoolIdentifier.valid)).nulls_first())
    )
    return {(school, code): stage for school, code, stage in (await db.exec(statement)).all()}


async def _rooms(db: AsyncSession) -> frozenset[tuple[str, str]]:
    statement = select(col(Campus.code), col(Room.code)).join(
        Campus, col(Campus.id) == col(Room.campus_id)
    )
    return frozenset((await db.exec(statement)).all())


async def _periods(db: AsyncSession) -> dict[tuple[str, str], set[int]]:
    statement = (
        select(col(Campus.code), col(BellSchedule.stage), col(BellPeriod.number))
        .join(BellSchedule, col(BellSchedule.campus_id) == col(Campus.id))
        .join(BellPeriod, col(BellPeriod.schedule_id) == col(BellSchedule.id))
    )
    periods: dict[tuple[str, str], set[int]] = defaultdict(set)
    for campus, stage, number in (await db.exec(statement)).all():
        periods[campus, stage].add(number)
    return periods
