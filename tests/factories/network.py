"""Districts, schools, campuses, groups and memberships for tests."""

import itertools
from datetime import date
from typing import Any

from sqlmodel import col, select

from service.kit.db import AsyncSession, days, enter_district
from service.network.rules import GroupState, Tier
from service.network.tables import (
    Campus,
    District,
    Group,
    Membership,
    School,
    SchoolIdentifier,
)

_numbers = itertools.count(1)
FOREVER = days(date(2020, 9, 1), None)


async def district(db: AsyncSession, *, code: str | None = None, **values: Any) -> District:
    number = next(_numbers)
    row = District(code=code or f"{500000 + number:06}", name=f"测试区{number}", **values)
    db.add(row)
    await db.flush()
    await enter_district(db, row.id)
    return row


async def school(
    db: AsyncSession,
    *,
    district: District,
    name: str | None = None,
    type_code: str = "211",
    urban_rural_code: str = "111",
    **values: Any,
) -> School:
    number = next(_numbers)
    row = School(
        district_id=district.id,
        name=name or f"第{number}小学",
        name_pinyin=f"di{number:06}",
        type_code=type_code,
        urban_rural_code=urban_rural_code,
        **values,
    )
    db.add(row)
    db.add(
        SchoolIdentifier(
            district_id=district.id, school_id=row.id, code=f"2150{number:06}", valid=FOREVER
        )
    )
    await db.flush()
    return row


async def campus(db: AsyncSession, *, district: District, school: School, **values: Any) -> Campus:
    number = next(_numbers)
    filled = {"code": f"C{number}", "name": f"校区{number}", "gate": "正门", **values}
    row = Campus(district_id=district.id, school_id=school.id, **filled)
    db.add(row)
    await db.flush()
    return row


async def group(
    db: AsyncSession,
    *,
    district: District,
    lead: School | None = None,
    close: list[School] | None = None,
    alliance: list[School] | None = None,
    kind: str = "k12",
    state: str = GroupState.ACTIVE,
    **values: Any,
) -> Group:
    number = next(_numbers)
    row = Group(
        district_id=district.id,
        name=values.pop("name", f"第{number}教育集团"),
        kind=kind,
        state=state,
        **values,
    )
    db.add(row)
    await db.flush()
    if lead is not None:
        await member(db, district=district, group=row, school=lead, tier=Tier.LEAD)
    for seat, one in enumerate(close or [], start=1):
        await member(db, district=district, group=row, school=one, tier=Tier.CLOSE, seat=seat)
    for one in alliance or []:
        await member(db, district=district, group=row, school=one, tier=Tier.ALLIANCE)
    return row


async def member(
    db: AsyncSession,
    *,
    district: District,
    group: Group,
    school: School,
    tier: str = Tier.ALLIANCE,
    seat: int | None = None,
    valid: Any = FOREVER,
) -> Membership:
    row = Membership(
        district_id=district.id,
        group_id=group.id,
        school_id=school.id,
        tier=tier,
        seat=seat,
        valid=valid,
    )
    db.add(row)
    await db.flush()
    return row


async def member_left(db: AsyncSession, *, district: District, school: School, on: date) -> None:
    """A school's memberships, ended on a day without anything being laid anew."""
    statement = select(Membership).where(col(Membership.school_id) == school.id)
    for row in (await db.exec(statement)).all():
        assert row.district_id == district.id
        row.valid = days(row.valid.lower, on)
