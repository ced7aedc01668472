"""The assignments, as the feed shows them."""

from service.itinerant import queries
from service.itinerant.queries import AssignmentFilter
from service.itinerant.schemas import AssignmentOut
from service.itinerant.tables import Assignment
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each


async def _assignments(_: AsyncSession, caller: Caller) -> Rows:
    seen = queries.assignments(caller, wanted=AssignmentFilter())
    return Rows(seen, each(lambda row: AssignmentOut.of(queries.assignment_row(row))))


READERS = (Reader(table=Assignment, permission=Permission.ASSIGNMENT_READ, rows=_assignments),)
