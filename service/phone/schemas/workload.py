"""What a phone is answered about a month's work."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from service.kit.http.schemas import Out
from service.phone.schemas import AsOf, MyThing
from service.timetable.rules.attendance import Presence, Word
from service.workload.rules import StatementState
from service.workload.rules.certificates import CertificateState

Lessons = Annotated[Decimal, Field(description="课时数(含系数)", examples=["8.00"])]
Amount = Annotated[Decimal, Field(description="金额(元),精确到分", examples=["240.00"])]


class MyEarning(Out):
    """What some lessons come to."""

    lessons: Lessons
    trips: Annotated[int, Field(description="走教次数", examples=[4])]
    km: Annotated[Decimal, Field(description="里程(公里)", examples=["62.4"])]
    amount: Amount


class MyWorkLesson(Out):
    """A lesson of mine at another school, and what is known of it."""

    id: UUID
    on_date: date
    period: int | None
    school_id: UUID
    school_name: Annotated[str, Field(examples=["云岭小学"])]
    campus: MyThing
    presence: Presence
    presence_label: Annotated[str, Field(examples=["已到"])]
    state: Word
    state_label: Annotated[str, Field(examples=["待确认"])]


class MyStatement(Out):
    """The statement of the month."""

    id: UUID
    state: StatementState
    state_label: Annotated[str, Field(examples=["已审批"])]
    amount: Amount


class MyCertificate(Out):
    """A certificate of mine."""

    id: UUID
    number: Annotated[str, Field(examples=["500109-2026-00001"])]
    code: Annotated[str, Field(description="验证码")]
    from_date: date
    until: Annotated[date, Field(description="不含这一天")]
    state: CertificateState
    state_label: Annotated[str, Field(examples=["有效"])]


class MyWorkloadOut(Out):
    """What I taught elsewhere in a month, what it is worth, and my certificates."""

    as_of: AsOf
    month: Annotated[str, Field(examples=["2026-10"])]
    confirmed: Annotated[MyEarning, Field(description="已由受援校确认,按现行标准计")]
    waiting: Annotated[MyEarning, Field(description="已上课、待受援校确认,如全部确认将增加")]
    mentor_lessons: Annotated[Decimal, Field(description="导师折算课时,不计入金额")]
    statement: Annotated[MyStatement | None, Field(description="当月结算单;未生成时为空")]
    lessons: list[MyWorkLesson]
    certificates: list[MyCertificate]
