"""The collections of itinerant teaching, as the feed shows them."""

from service.itinerant import queries
from service.itinerant.queries import AssignmentFilter, shortage, version
from service.itinerant.schemas import AssignmentOut
from service.itinerant.schemas.shortage import ShortageOfferOut, ShortageOut
from service.itinerant.schemas.version import AmendmentOut, VersionDetailOut
from service.itinerant.tables import (
    Assignment,
    AssignmentAmendment,
    Shortage,
    ShortageOffer,
    TimetableVersion,
)
from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, each


async def _assignments(_: AsyncSession, caller: Caller) -> Rows:
    seen = queries.assignments(caller, wanted=AssignmentFilter())
    return Rows(seen, each(lambda row: AssignmentOut.of(queries.assignment_row(row))))


async def _shortages(_: AsyncSession, caller: Caller) -> Rows:
    seen = shortage.shortages(caller, wanted=shortage.ShortageFilter())
    return Rows(seen, each(lambda row: ShortageOut.of(shortage.shortage_row(row))))


async def _offers(_: AsyncSession, caller: Caller) -> Rows:
    seen = shortage.offers(caller, wanted=shortage.OfferFilter())
    return Rows(seen, each(ShortageOfferOut.of))


async def _amendments(_: AsyncSession, caller: Caller) -> Rows:
    return Rows(version.amendments(caller), each(AmendmentOut.of))


async def _versions(_: AsyncSession, caller: Caller) -> Rows:
    seen = version.versions(caller, group_id=None, term_id=None)
    return Rows(seen, each(VersionDetailOut.of))


READERS = (
    Reader(table=AssignmentAmendment, permission=Permission.ASSIGNMENT_READ, rows=_amendments),
    Reader(table=TimetableVersion, permission=Permission.ASSIGNMENT_READ, rows=_versions),
    Reader(table=Assignment, permission=Permission.ASSIGNMENT_READ, rows=_assignments),
    Reader(table=Shortage, permission=Permission.SHORTAGE_READ, rows=_shortages),
    Reader(table=ShortageOffer, permission=Permission.SHORTAGE_READ, rows=_offers),
)
