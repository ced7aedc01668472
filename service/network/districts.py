"""What a district decides for itself."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import update
from sqlmodel import col, select

from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, Versioned, change_fields
from service.kit.journal import record, record_many
from service.network.access import reaches_district
from service.network.problems import DistrictDecides
from service.network.rules import merged
from service.network.schemas import rural_codes_of
from service.network.tables import District, School

_OWN_COLUMNS = frozenset({"name", "name_en"})


async def change_district(
    db: AsyncSession, *, caller: Caller, expected: Precondition, changes: Mapping[str, Any]
) -> District:
    """Change the district's name or settings; schools that become or cease to be rural change too.

    Raises
    ------
    DistrictDecides
        The caller's permission does not reach the whole district.
    """
    if not reaches_district(caller, Permission.NETWORK_SCHOOL_WRITE):
        raise DistrictDecides
    row = (
        await db.exec(
            select(District).where(col(District.id) == caller.district_id).with_for_update()
        )
    ).one()
    expected.check(row.version)
    settings = {name: value for name, value in changes.items() if name not in _OWN_COLUMNS}
    values = {name: value for name, value in changes.items() if name in _OWN_COLUMNS}
    # A district is its own tenant, so it is no tenant row; all else it has in common with them.
    district = cast("Versioned", row)
    before = change_fields(district, {**values, "settings": merged(row.settings, settings)})
    if before:
        await record(db, "district.changed", district, by=caller, before=before)
        if "settings" in before:
            await _let_schools_follow(db, caller=caller, row=row, former=before["settings"])
    return row


async def _let_schools_follow(
    db: AsyncSession, *, caller: Caller, row: District, former: dict[str, Any]
) -> None:
    turned = {*rural_codes_of(former)} ^ {*rural_codes_of(row.settings)}
    statement = (
        update(School)
        .where(col(School.urban_rural_code).in_(turned))
        .values(version=School.version + 1)
        .returning(col(School.id), col(School.version))
    )
    found = (await (await db.connection()).execute(statement)).all()
    await record_many(
        db,
        "school.rural_changed",
        by=caller,
        collection=School.__collection__,
        resources=[(id_, version) for id_, version in found],
    )
