"""Rows of agreements: the texts that the two of a pairing sign."""

from sqlalchemy import SmallInteger, Text
from sqlmodel import Field

from service.kit.db import Versioned, check, unique


class AgreementText(Versioned, table=True):
    """One text of the district's agreement; a new one gets the next number, none is edited.

    The text that every district has from the start is number 0 and stands here from its first
    signature on, so that what was signed never changes.
    """

    __tablename__ = "agreement_text"
    __collection__ = "agreement-texts"
    __table_args__ = (
        unique("uq_agreement_text_number", "number"),
        check("ck_agreement_text_number", "number >= 0"),
    )

    number: int = Field(sa_type=SmallInteger)
    title: str
    body: str = Field(sa_type=Text)
