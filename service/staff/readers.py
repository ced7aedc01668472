"""The staff's collection, as the feed shows it."""

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each
from service.network.queries import standpoint
from service.staff import queries
from service.staff.queries import TeacherFilter
from service.staff.schemas import TeacherOut
from service.staff.tables import Teacher


async def _teachers(db: AsyncSession, caller: Caller) -> Rows:
    at = await standpoint(db, district_id=caller.district_id)
    return Rows(
        queries.teachers(caller, day=at.day, wanted=TeacherFilter()),
        each(TeacherOut.seen_by(caller)),
    )


READERS = (Reader(table=Teacher, permission=Permission.STAFF_READ, rows=_teachers),)
