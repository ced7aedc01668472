"""Reading agreements: the district's texts, and which of them a pairing stands under."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller
from service.kit.db import AsyncSession
from service.mentoring.rules.agreement import STANDARD, Wording
from service.mentoring.tables import AgreementText, Pairing


def texts(caller: Caller) -> SelectOfScalar[AgreementText]:
    """The texts that are or were signed in the district."""
    return select(AgreementText).where(col(AgreementText.district_id) == caller.district_id)


async def present_text(db: AsyncSession) -> Wording:
    """The text that is signed today: the district's newest, or the one it had from the start."""
    statement = select(AgreementText).order_by(col(AgreementText.number).desc()).limit(1)
    found = (await db.exec(statement)).one_or_none()
    return STANDARD if found is None else Wording(found.number, found.title, found.body)


async def text_of(db: AsyncSession, *, pairing: Pairing) -> Wording:
    """The text of a pairing: the one that was signed first, else the one of today."""
    statement = select(AgreementText).where(col(AgreementText.id) == pairing.agreement_text_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        return await present_text(db)
    return Wording(found.number, found.title, found.body)


async def kept_text(
    db: AsyncSession, *, district_id: UUID, wording: Wording
) -> tuple[AgreementText, bool]:
    """The row of a text, and whether it was made just now; it is made once, whoever signs first."""
    row = AgreementText(
        district_id=district_id, number=wording.number, title=wording.title, body=wording.body
    )
    values: Mapping[str, object] = row.model_dump()
    made = await (await db.connection()).execute(
        insert(AgreementText).values(values).on_conflict_do_nothing()
    )
    statement = select(AgreementText).where(col(AgreementText.number) == wording.number)
    return (await db.exec(statement)).one(), made.rowcount > 0
