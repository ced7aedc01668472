"""Reading imports: a workbook is the whole district's affair."""

from uuid import UUID

from sqlalchemy import false
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission, Reach
from service.kit.db import AsyncSession
from service.network.tables import District
from service.partners.problems import ImportNotFound
from service.partners.tables import ImportFile, ImportRun


def runs(caller: Caller) -> SelectOfScalar[ImportRun]:
    """The imports of the caller's district, for those who reach all of it."""
    statement = select(ImportRun).where(col(ImportRun.district_id) == caller.district_id)
    return statement if _reaches_district(caller) else statement.where(false())


def _reaches_district(caller: Caller) -> bool:
    return any(grant.reach is Reach.DISTRICT for grant in caller.grants_for(Permission.IMPORT_READ))


async def visible_run(db: AsyncSession, *, caller: Caller, import_id: UUID) -> ImportRun:
    """An import the caller may see.

    Raises
    ------
    ImportNotFound
        It does not exist, or the caller may not see it.
    """
    statement = runs(caller).where(col(ImportRun.id) == import_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ImportNotFound
    return found


async def locked_run(db: AsyncSession, *, caller: Caller, import_id: UUID) -> ImportRun:
    """An import the caller may see, locked until the transaction ends.

    Raises
    ------
    ImportNotFound
        It does not exist, or the caller may not see it.
    """
    statement = runs(caller).where(col(ImportRun.id) == import_id).with_for_update()
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise ImportNotFound
    return found


async def run_in_work(db: AsyncSession, *, import_id: UUID) -> ImportRun:
    """An import that a job works on, locked until the transaction ends; none is ever removed."""
    statement = select(ImportRun).where(col(ImportRun.id) == import_id).with_for_update()
    return (await db.exec(statement)).one()


async def content_of(db: AsyncSession, *, import_id: UUID) -> bytes:
    """The workbook of an import."""
    statement = select(col(ImportFile.content)).where(col(ImportFile.import_id) == import_id)
    return (await db.exec(statement)).one()


async def district_code(db: AsyncSession, *, district_id: UUID) -> str | None:
    """The code of a district."""
    statement = select(col(District.code)).where(col(District.id) == district_id)
    return (await db.exec(statement)).one_or_none()
