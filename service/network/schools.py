"""Schools with their dated identifiers and designations, and their campuses."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, covers, days
from service.kit.journal import record
from service.kit.pinyin import pinyin_of
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network import queries
from service.network.access import reaches_district
from service.network.problems import (
    DesignationNotFound,
    DistrictDecides,
    EndRefused,
    IdentifierTaken,
    SchoolNotFound,
)
from service.network.rules import may_end
from service.network.schemas import CampusIn, DesignationIn, EndIn, SchoolIn
from service.network.tables import Campus, School, SchoolDesignation, SchoolIdentifier

WRITE = Permission.NETWORK_SCHOOL_WRITE

_OWN_BUSINESS = frozenset({"short_name"})
"""What a school's office changes itself; money and rights hang on the rest."""


async def register_school(db: AsyncSession, *, caller: Caller, new: SchoolIn) -> School:
    """Register a school with its first identifier.

    Raises
    ------
    DistrictDecides
        The caller's permission does not reach the whole district.
    """
    _check_district(caller)
    school = School(
        district_id=caller.district_id,
        name=new.name,
        short_name=new.short_name,
        name_pinyin=pinyin_of(new.name),
        type_code=new.type_code,
        urban_rural_code=new.urban_rural_code,
    )
    db.add(school)
    await db.flush()
    db.add(
        SchoolIdentifier(
            district_id=caller.district_id,
            school_id=school.id,
            code=new.identifier,
            valid=days(new.identifier_from, None),
        )
    )
    await db.flush()
    await record(db, "school.registered", school, by=caller, reach=[school.id])
    return school


def _check_district(caller: Caller) -> None:
    if not reaches_district(caller, WRITE):
        raise DistrictDecides


async def change_school(
    db: AsyncSession,
    *,
    caller: Caller,
    school_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> School:
    """Change what is undated about a school.

    Raises
    ------
    SchoolNotFound, Forbidden
        The caller may not see, or not change it.
    DistrictDecides
        A school's own office may change its short name only.
    """
    school = await queries.school_to_change(db, caller=caller, school_id=school_id)
    expected.check(school.version)
    values = dict(changes)
    if values.get("name", school.name) != school.name:
        values["name_pinyin"] = pinyin_of(values["name"])
    different = {name for name, value in values.items() if getattr(school, name) != value}
    if different - _OWN_BUSINESS:
        _check_district(caller)
    before = change_fields(school, values)
    if before:
        await db.flush()
        await record(db, "school.changed", school, by=caller, reach=[school.id], before=before)
    return school


async def _school_of_district(
    db: AsyncSession, *, caller: Caller, school_id: UUID, expected: Precondition
) -> School:
    school = await queries.school_to_change(db, caller=caller, school_id=school_id)
    _check_district(caller)
    expected.check(school.version)
    return school


async def assign_identifier(
    db: AsyncSession,
    *,
    caller: Caller,
    school_id: UUID,
    expected: Precondition,
    code: str,
    valid_from: date,
) -> School:
    """Give a school a new identifier from a day on; the former one ends there.

    Raises
    ------
    SchoolNotFound, Forbidden, DistrictDecides
        The caller may not see the school, or not decide this.
    IdentifierTaken
        Another school has the code then, or this one has a later identifier.
    """
    school = await _school_of_district(db, caller=caller, school_id=school_id, expected=expected)
    former = None
    for one in await queries.identifiers_of(db, school_id=school.id):
        if one.valid.lower is not None and one.valid.lower >= valid_from:
            raise IdentifierTaken
        if covers(one.valid, valid_from):
            former = one.code
            one.valid = days(one.valid.lower, valid_from)
    # A flush inserts before it updates; the former identifier has to make room first.
    await db.flush()
    db.add(
        SchoolIdentifier(
            district_id=caller.district_id,
            school_id=school.id,
            code=code,
            valid=days(valid_from, None),
        )
    )
    school.version += 1
    await db.flush()
    before = {"identifier": former}
    await record(
        db, "school.identifier_assigned", school, by=caller, reach=[school.id], before=before
    )
    return school


async def designate(
    db: AsyncSession,
    *,
    caller: Caller,
    school_id: UUID,
    expected: Precondition,
    new: DesignationIn,
) -> School:
    """Enter an administrative designation.

    Raises
    ------
    SchoolNotFound, Forbidden, DistrictDecides
        The caller may not see the school, or not decide this.
    """
    school = await _school_of_district(db, caller=caller, school_id=school_id, expected=expected)
    db.add(
        SchoolDesignation(
            district_id=caller.district_id,
            school_id=school.id,
            kind=new.kind,
            valid=new.valid,
            reason=new.reason,
        )
    )
    school.version += 1
    await db.flush()
    await record(
        db, "school.designated", school, by=caller, reach=[school.id], reason=new.reason or None
    )
    return school


async def end_designation(
    db: AsyncSession,
    *,
    caller: Caller,
    designation_id: UUID,
    expected: Precondition,
    ending: EndIn,
) -> School:
    """End a designation on a day, for a reason.

    Raises
    ------
    DesignationNotFound, Forbidden, DistrictDecides
        The caller may not see it, or not decide this.
    EndRefused
        It is over already, or had not begun by that day.
    """
    on, reason = ending.on, ending.reason
    school_id = await queries.school_designated(db, designation_id=designation_id)
    if school_id is None:
        raise DesignationNotFound
    try:
        school = await _school_of_district(
            db, caller=caller, school_id=school_id, expected=expected
        )
    except SchoolNotFound:
        raise DesignationNotFound from None
    known = await queries.designations_of(db, school_id=school.id)
    one = next(row for row in known if row.id == designation_id)
    today = (await queries.standpoint(db, district_id=caller.district_id)).today
    if not may_end(since=one.valid.lower, until=one.valid.upper, on=on, today=today):
        raise EndRefused
    if one.valid.upper == on:
        return school
    before = {"designation": one.kind, "valid_until": one.valid.upper}
    one.valid = days(one.valid.lower, on)
    school.version += 1
    await record(
        db,
        "school.designation_ended",
        school,
        by=caller,
        reach=[school.id],
        before=before,
        reason=reason,
    )
    return school


async def open_campus(db: AsyncSession, *, caller: Caller, new: CampusIn) -> Campus:
    """Register a campus of a school.

    Raises
    ------
    RelatedNotFound
        The school does not exist, or the caller may not see it.
    Forbidden
        The caller may not change the school.
    """
    try:
        await queries.school_to_change(db, caller=caller, school_id=new.school_id)
    except SchoolNotFound:
        missing = FieldError("/school_id", "not-found", Text("不存在", "does not exist"))
        raise RelatedNotFound(errors=[missing]) from None
    campus = Campus(district_id=caller.district_id, **new.model_dump())
    db.add(campus)
    await db.flush()
    await record(db, "campus.opened", campus, by=caller, reach=[campus.school_id])
    return campus


async def change_campus(
    db: AsyncSession,
    *,
    caller: Caller,
    campus_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> Campus:
    """Change a campus.

    Raises
    ------
    CampusNotFound, Forbidden
        The caller may not see it, or not change it.
    """
    campus = await queries.campus_to_change(db, caller=caller, campus_id=campus_id)
    expected.check(campus.version)
    before = change_fields(campus, changes)
    if before:
        await db.flush()
        reach = [campus.school_id]
        await record(db, "campus.changed", campus, by=caller, reach=reach, before=before)
    return campus
