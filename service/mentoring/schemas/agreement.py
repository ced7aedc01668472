"""Agreements, in and out."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import AwareDatetime, Field

from service.kit.http.schemas import In, Out
from service.mentoring.rules.agreement import Wording
from service.mentoring.schemas.pairing import PairingOut
from service.mentoring.tables import AgreementText, Pairing

_BODY = "一、导师每学期听徒弟的课不少于八节……\n二、徒弟每学期听导师的课不少于八节……"


class AgreementTextIn(In):
    """Another text for agreements that are yet to be signed."""

    title: Annotated[
        str, Field(min_length=1, max_length=100, description="标题", examples=["师徒结对协议书"])
    ]
    body: Annotated[
        str, Field(min_length=1, max_length=20_000, description="正文,换行分段", examples=[_BODY])
    ]


class AgreementTextOut(Out):
    """A text of the agreement."""

    number: Annotated[int, Field(description="文本编号;0 为系统自带的标准文本")]
    title: str
    body: str

    @classmethod
    def of(cls, text: AgreementText | Wording) -> Self:
        """A text, the district's own or the one it has from the start."""
        return cls(number=text.number, title=text.title, body=text.body)


class SignIn(In):
    """Which text was read."""

    text_number: Annotated[
        int, Field(ge=0, le=32_767, description="所阅读并同意的协议文本编号", examples=[0])
    ]


class SignatoryOut(Out):
    """One of the two, and when they signed."""

    id: UUID
    name: str
    signed_at: Annotated[AwareDatetime | None, Field(description="签署时间;空表示尚未签署")]


class AgreementOut(Out):
    """The agreement of a pairing."""

    pairing_id: UUID
    text_number: Annotated[int, Field(description="签署时须给出的文本编号")]
    title: str
    body: str
    required: Annotated[bool, Field(description="帮扶项目是否要求双方签署后才能启动结对")]
    signed: Annotated[bool, Field(description="双方是否都已签署")]
    mentor: SignatoryOut
    mentee: SignatoryOut

    @classmethod
    def of(cls, pairing: Pairing, *, shown: PairingOut, wording: Wording, required: bool) -> Self:
        """A pairing with the text that it stands under."""
        moments = pairing.mentor_signed_at, pairing.mentee_signed_at
        mentor, mentee = (
            _signatory(one.id, one.name, at)
            for one, at in zip((shown.mentor, shown.mentee), moments, strict=True)
        )
        return cls(
            pairing_id=pairing.id,
            text_number=wording.number,
            title=wording.title,
            body=wording.body,
            required=required,
            signed=None not in moments,
            mentor=mentor,
            mentee=mentee,
        )


def _signatory(id_: UUID, name: str, at: datetime | None) -> SignatoryOut:
    return SignatoryOut(id=id_, name=name, signed_at=at)
