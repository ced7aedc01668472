"""Who the caller is, and what they may do."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select

from service.accounts.rules import ROLE_PERMISSIONS
from service.kit import clock
from service.kit.auth import Caller, Grant, Role
from service.kit.db import AsyncSession
from service.kit.language import say
from service.kit.problems import Text
from service.network.tables import District, Group, School
from service.phone.problems import NotATeacher
from service.phone.queries.home import campuses, home_of, national, subjects_of, thing
from service.phone.schemas import MeOut, MyHat, MyProfile, MyQualification, MyThing
from service.staff.tables import Qualification, Teacher


async def me(db: AsyncSession, *, caller: Caller) -> tuple[MeOut, str]:
    """Who the caller is: the hats of today, and the teacher behind the account; and the zone."""
    district = (await db.exec(select(District).where(col(District.id) == caller.district_id))).one()
    found = MeOut(
        as_of=clock.now(),
        name=caller.name,
        account_id=caller.account_id,
        district=MyThing(id=district.id, name=district.name),
        hats=await _hats(db, caller=caller),
        permissions=sorted({one for grant in caller.grants for one in grant.permissions}),
        teacher=await _profile(db, caller=caller),
    )
    return found, district.zone


_ROLES = {
    Role.DISTRICT_ADMIN: Text("区级管理员", "District office"),
    Role.GROUP_ADMIN: Text("集团管理员", "Group office"),
    Role.SCHOOL_ADMIN: Text("学校管理员", "School office"),
    Role.TEACHER: Text("教师", "Teacher"),
    Role.RESEARCHER: Text("教研员", "Researcher"),
    Role.EVALUATOR: Text("督导评价", "Evaluator"),
    Role.AUDITOR: Text("督查(只读)", "Auditor, read only"),
    Role.PARTNER: Text("合作系统", "Partner system"),
}


async def _hats(db: AsyncSession, *, caller: Caller) -> list[MyHat]:
    worn = _worn(caller.grants)
    ids = [grant.target_id for grant in worn if grant.target_id is not None]
    names: dict[UUID, str] = {}
    for table in (School, Group):
        statement = select(col(table.id), col(table.name)).where(col(table.id).in_(ids))
        names |= dict((await db.exec(statement)).all())
    return [
        MyHat(
            role=grant.role,
            label=say(_ROLES[grant.role]),
            reach=grant.reach,
            target=thing(grant.target_id, names.get(grant.target_id or caller.district_id)),
        )
        for grant in worn
    ]


def _worn(grants: Iterable[Grant]) -> list[Grant]:
    """One grant per hat: what a hat holds beside its own business is not another hat."""
    return [grant for grant in grants if grant.permissions == ROLE_PERMISSIONS[grant.role]]


async def _profile(db: AsyncSession, *, caller: Caller) -> MyProfile | None:
    if caller.teacher_id is None:
        return None
    try:
        home = await home_of(db, teacher_id=caller.teacher_id)
    except NotATeacher:
        return None
    row = (await db.exec(select(Teacher).where(col(Teacher.id) == caller.teacher_id))).one()
    places = await campuses(db, campus_ids=[home.campus_id] if home.campus_id else [])
    school = await db.get(School, (caller.district_id, home.school_id)) if home.school_id else None
    return MyProfile(
        id=row.id,
        number=row.number,
        name=row.name,
        title=national("teacher_title", row.title),
        backbone=national("backbone_level", row.backbone_level) if row.backbone_level else None,
        school=thing(school.id, school.name) if school else None,
        campus=places.get(home.campus_id) if home.campus_id else None,
        weekly_load_limit=row.weekly_load_limit,
        teaches=await _teaches(db, teacher_id=row.id),
    )


async def _teaches(db: AsyncSession, *, teacher_id: UUID) -> list[MyQualification]:
    statement = (
        select(Qualification)
        .where(col(Qualification.teacher_id) == teacher_id)
        .order_by(col(Qualification.stage), col(Qualification.subject))
    )
    rows = (await db.exec(statement)).all()
    subjects = await subjects_of(db, {row.subject for row in rows})
    return [
        MyQualification(stage=national("stage", row.stage), subject=subjects[row.subject])
        for row in rows
    ]
