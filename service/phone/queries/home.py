"""Where a teacher is at home, and how places and codes are said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlmodel import col, select

from service.kit import clock
from service.kit.db import AsyncSession, Instant
from service.kit.language import say
from service.kit.problems import Text
from service.network import codes
from service.network.tables import Campus, CodeItem, School
from service.phone.problems import NotATeacher
from service.phone.schemas import MyCampus, MyCode, MyPosition, MyThing

# Where a teacher is at home today, by the district's clock.
_HOME = text("""SELECT t.name, d.zone AS district_zone, e.school_id, c.id AS campus_id, c.zone
FROM teacher t
JOIN district d ON d.id = t.district_id
LEFT JOIN employment e ON e.teacher_id = t.id
  AND e.valid @> CAST(:now AT TIME ZONE d.zone AS date)
LEFT JOIN campus c ON c.school_id = e.school_id AND c.main
WHERE t.id = :teacher_id""").bindparams(bindparam("now", type_=Instant()))


@dataclass(frozen=True, slots=True)
class Home:
    """The teacher, and the school and campus of today."""

    teacher: MyThing
    school_id: UUID | None
    campus_id: UUID | None
    zone: str

    @property
    def today(self) -> date:
        """The day it is there."""
        return clock.today(self.zone)


async def home_of(db: AsyncSession, *, teacher_id: UUID) -> Home:
    """Where a teacher is at home.

    Raises
    ------
    NotATeacher
        There is no such teacher any more.
    """
    row = (
        await (await db.connection()).execute(_HOME, {"teacher_id": teacher_id, "now": clock.now()})
    ).one_or_none()
    if row is None:
        raise NotATeacher
    return Home(
        MyThing(id=teacher_id, name=row.name),
        row.school_id,
        row.campus_id,
        row.zone or row.district_zone,
    )


async def campuses(db: AsyncSession, *, campus_ids: Collection[UUID]) -> dict[UUID, MyCampus]:
    """Campuses as somebody finds them."""
    statement = (
        select(Campus, School)
        .join(School, col(School.id) == col(Campus.school_id))
        .where(col(Campus.id).in_(campus_ids))
    )
    return {
        campus.id: _campus(campus, school) for campus, school in (await db.exec(statement)).all()
    }


def _campus(campus: Campus, school: School) -> MyCampus:
    return MyCampus(
        id=campus.id,
        name=campus.name,
        school=MyThing(id=school.id, name=school.name),
        address=campus.address,
        gate=campus.gate,
        position=position(campus.longitude, campus.latitude, datum=campus.datum),
        zone=campus.zone,
    )


def position(
    longitude: Decimal | None, latitude: Decimal | None, *, datum: str
) -> MyPosition | None:
    """Where a place is on a map, if somebody entered it."""
    if longitude is None or latitude is None:
        return None
    return MyPosition(longitude=float(longitude), latitude=float(latitude), datum=datum)


def thing(id_: UUID | None, name: str | None) -> MyThing | None:
    """Something that may be missing."""
    return None if id_ is None else MyThing(id=id_, name=name or "")


async def subjects_of(db: AsyncSession, wanted: Collection[str]) -> dict[str, MyCode]:
    """Subjects with their words: the national ones, and the district's own."""
    known = {code: codes.label_of("subject", code) for code in wanted}
    if local := [code for code, words in known.items() if words is None]:
        statement = select(CodeItem).where(
            col(CodeItem.list) == "local_subject", col(CodeItem.code).in_(local)
        )
        for item in (await db.exec(statement)).all():
            known[item.code] = Text(item.zh, item.en or item.zh)
    return {
        code: MyCode(code=code, label=say(words) if words else code)
        for code, words in known.items()
    }


def national(list_: str, code: str) -> MyCode:
    """A code of a national list with its words."""
    words = codes.label_of(list_, code)
    return MyCode(code=code, label=say(words) if words else code)
