"""What comes in and what goes out about rates and coefficients."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import Range

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.workload.rules import RateKind
from service.workload.tables import AllowanceRate, LessonCoefficient

_KINDS = {
    RateKind.LESSON: Text("课时补贴(元/课时)", "Per lesson"),
    RateKind.DAY: Text("走教日补贴(元/天)", "Per day"),
    RateKind.TRIP: Text("往返补贴(元/次)", "Per trip"),
    RateKind.KM: Text("里程补贴(元/公里)", "Per kilometre"),
    RateKind.BAND: Text("里程段补贴(元/次)", "Per trip of a distance band"),
    RateKind.CAP_DAY: Text("每日封顶(元)", "Limit per day"),
    RateKind.CAP_MONTH: Text("每月封顶(元)", "Limit per month"),
}

Money = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=4, description="金额(元),十进制", examples=["30.00"]),
]
_SHOWN = Decimal("0.0001")
Km = Annotated[Decimal, Field(ge=0, max_digits=6, decimal_places=1, examples=["20.0"])]


def kind_label(kind: RateKind) -> str:
    """A kind of rate as a person reads it."""
    return say(_KINDS[kind])


class RateIn(DayRange):
    """A rate from a day on."""

    kind: Annotated[
        RateKind,
        Field(
            description="lesson 每课时,day 每走教日,trip 每次往返,km 每公里,band 里程段(单程公里),"
            "cap_day 每日封顶,cap_month 每月封顶"
        ),
    ]
    amount: Money
    km_from: Annotated[Km | None, Field(description="里程段起(含),仅 band")] = None
    km_until: Annotated[Km | None, Field(description="里程段止(不含);空为不限,仅 band")] = None
    note: Annotated[str, Field(max_length=200, description="依据文件等")] = ""

    @model_validator(mode="after")
    def _is_a_band(self) -> Self:
        if self.km_until is not None and self.km_until <= (self.km_from or Decimal(0)):
            raise PydanticCustomError("range_reversed", "km_until must be more than km_from")
        return self

    def row(self, district_id: UUID) -> AllowanceRate:
        """The row of it."""
        return AllowanceRate(
            district_id=district_id,
            kind=self.kind,
            amount=self.amount,
            band=Range(self.km_from or Decimal(0), self.km_until, bounds="[)"),
            valid=self.valid,
            note=self.note,
        )


class EndIn(In):
    """From when something holds no more."""

    valid_until: Annotated[date, Field(description="失效日期(不含)", examples=["2027-02-01"])]


class RateOut(Out):
    """A rate."""

    id: UUID
    kind: RateKind
    kind_label: str
    amount: Decimal
    km_from: Decimal | None
    km_until: Decimal | None
    valid_from: date | None
    valid_until: date | None
    note: str
    version: int

    @classmethod
    def of(cls, row: AllowanceRate) -> Self:
        """The answer of a row."""
        kind = RateKind(row.kind)
        band = row.band if kind is RateKind.BAND else None
        return cls(
            id=row.id,
            kind=kind,
            kind_label=kind_label(kind),
            amount=row.amount.quantize(_SHOWN),
            km_from=band.lower if band is not None else None,
            km_until=band.upper if band is not None else None,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            note=row.note,
            version=row.version,
        )


class CoefficientIn(DayRange):
    """How many lessons a lesson of a subject and stage counts, from a day on."""

    subject: Annotated[
        str,
        Field(
            pattern=r"^(\*|[0-9A-Za-z_-]{1,20})$",
            description="学科(课程代码),* 为任意",
            examples=["24"],
        ),
    ] = "*"
    stage: Annotated[
        str, Field(pattern=r"^[*1-4]$", description="学段,* 为任意", examples=["2"])
    ] = "*"
    factor: Annotated[
        Decimal,
        Field(ge=0, le=5, max_digits=4, decimal_places=2, description="系数", examples=["1.20"]),
    ]

    def row(self, district_id: UUID) -> LessonCoefficient:
        """The row of it."""
        return LessonCoefficient(
            district_id=district_id,
            subject=self.subject,
            stage=self.stage,
            factor=self.factor,
            valid=self.valid,
        )


class CoefficientOut(Out):
    """A coefficient."""

    id: UUID
    subject: str
    stage: str
    factor: Decimal
    valid_from: date | None
    valid_until: date | None
    version: int

    @classmethod
    def of(cls, row: LessonCoefficient) -> Self:
        """The answer of a row."""
        return cls(
            id=row.id,
            subject=row.subject,
            stage=row.stage,
            factor=row.factor,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            version=row.version,
        )
