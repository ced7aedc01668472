"""Schools and campuses, in and out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, Field, model_validator

from service.kit.http.schemas import DayRange, In, Out
from service.network.rules import (
    Datum,
    DesignationKind,
)
from service.network.schemas.words import (
    IdentifierCode,
    Line,
    Name,
    Reason,
    TypeCode,
    UrbanRuralCode,
    ValidFrom,
    ValidUntil,
    Zone,
    label,
    refused,
)
from service.network.tables import (
    Campus,
    School,
    SchoolDesignation,
    SchoolIdentifier,
)


class SchoolIn(In):
    """A new school."""

    name: Annotated[Name, Field(description="全称", examples=["示例区新桥小学"])]
    short_name: Annotated[str, Field(max_length=40, description="课表上显示的简称")] = ""
    type_code: TypeCode
    urban_rural_code: UrbanRuralCode
    identifier: IdentifierCode
    identifier_from: Annotated[date, Field(description="标识码启用日期", examples=["2026-09-01"])]


class SchoolPatch(In):
    """What may change about a school; identifiers and designations have operations of their own."""

    name: Annotated[Name, Field(description="全称;由区级修改")] = Field(default_factory=str)
    short_name: Annotated[str, Field(max_length=40, description="课表上显示的简称")] = Field(
        default_factory=str
    )
    type_code: TypeCode = Field(default_factory=str)
    urban_rural_code: UrbanRuralCode = Field(default_factory=str)


class IdentifierIn(In):
    """A new identifier from a day on; the former one ends there."""

    code: IdentifierCode
    valid_from: Annotated[date, Field(description="启用日期", examples=["2027-09-01"])]


class DesignationIn(DayRange):
    """An administrative designation for a time."""

    kind: Annotated[DesignationKind, Field(description="认定类型", examples=["weak"])]
    reason: Annotated[Line, Field(description="依据")] = ""


class EndIn(In):
    """The day from which it is over."""

    on: Annotated[date, Field(description="自该日起失效", examples=["2027-09-01"])]
    reason: Reason


class IdentifierOut(Out):
    """An identifier while it was valid."""

    code: str
    valid_from: ValidFrom
    valid_until: ValidUntil


class DesignationOut(Out):
    """A designation while it is valid."""

    id: UUID
    kind: str
    label: str
    valid_from: ValidFrom
    valid_until: ValidUntil
    reason: str


class SchoolOut(Out):
    """A school, as it is on the day asked for."""

    id: UUID
    version: int
    name: str
    short_name: str
    name_pinyin: str
    identifier: Annotated[str | None, Field(description="当日有效的学校标识码")]
    type_code: str
    type_label: str
    urban_rural_code: str
    urban_rural_label: str
    rural: Annotated[bool, Field(description="是否农村学校(由城乡类型按本区口径得出)")]
    weak: Annotated[bool, Field(description="当日是否认定为薄弱学校")]

    @classmethod
    def of(cls, row: "SchoolView") -> Self:
        """A row of school, identifier, weak and rural."""
        return cls(**_school_fields(row))


@dataclass(frozen=True, slots=True)
class SchoolView:
    """A school with what one day says of it."""

    school: School
    identifier: str | None
    weak: bool
    rural: bool


def _school_fields(view: SchoolView) -> dict[str, Any]:
    school = view.school
    return {
        "id": school.id,
        "version": school.version,
        "name": school.name,
        "short_name": school.short_name,
        "name_pinyin": school.name_pinyin,
        "identifier": view.identifier,
        "type_code": school.type_code,
        "type_label": label("school_type", school.type_code),
        "urban_rural_code": school.urban_rural_code,
        "urban_rural_label": label("urban_rural", school.urban_rural_code),
        "rural": view.rural,
        "weak": view.weak,
    }


class SchoolDetail(SchoolOut):
    """A school with its dated history."""

    identifiers: Annotated[list[IdentifierOut], Field(description="历年学校标识码")]
    designations: Annotated[list[DesignationOut], Field(description="历次认定")]

    @classmethod
    def whole(
        cls,
        view: SchoolView,
        *,
        identifiers: Iterable[SchoolIdentifier],
        designations: Iterable[SchoolDesignation],
    ) -> Self:
        """A school by itself."""
        return cls(
            **_school_fields(view),
            identifiers=[
                IdentifierOut(
                    code=one.code, valid_from=one.valid.lower, valid_until=one.valid.upper
                )
                for one in identifiers
            ],
            designations=[
                DesignationOut(
                    id=one.id,
                    kind=one.kind,
                    label=label("school_designation", one.kind),
                    valid_from=one.valid.lower,
                    valid_until=one.valid.upper,
                    reason=one.reason,
                )
                for one in designations
            ],
        )


# Campuses


def _six_digits(value: Decimal) -> Decimal:
    """A decimetre is enough for a gate, and what is stored is what is compared."""
    return round(value, 6)


Longitude = Annotated[
    Decimal,
    Field(ge=-180, le=180, description="经度(十进制度数)", examples=[106.437868]),
    AfterValidator(_six_digits),
]
Latitude = Annotated[
    Decimal,
    Field(ge=-90, le=90, description="纬度(十进制度数)", examples=[29.82542]),
    AfterValidator(_six_digits),
]
Address = Annotated[str, Field(max_length=200, description="地址")]
Gate = Annotated[str, Field(max_length=80, description="走教教师从哪个校门进", examples=["东门"])]
WhichDatum = Annotated[Datum, Field(description="坐标系:gcj02 高德/腾讯,bd09 百度,wgs84 GPS")]
Main = Annotated[bool, Field(description="是否主校区,每校至多一个")]


class CampusIn(In):
    """A new campus."""

    school_id: UUID
    code: Annotated[
        str,
        Field(min_length=1, max_length=40, description="校区代码", examples=["2150900001-2"]),
    ]
    name: Annotated[Name, Field(examples=["江北校区"])]
    address: Address = ""
    gate: Gate = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    datum: WhichDatum = Datum.GCJ02
    zone: Zone = "Asia/Shanghai"
    main: Main = False

    @model_validator(mode="after")
    def _has_both_coordinates(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            words = ("经纬度须同时填写", "longitude and latitude go together")
            raise refused("position_incomplete", *words)
        return self


class CampusPatch(In):
    """What may change about a campus; its code and school stay."""

    name: Name = Field(default_factory=str)
    address: Address = Field(default_factory=str)
    gate: Gate = Field(default_factory=str)
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    datum: WhichDatum = Field(default_factory=lambda: Datum.GCJ02)
    zone: Zone = Field(default_factory=str)
    main: Main = Field(default_factory=bool)


class CampusOut(Out):
    """A campus."""

    id: UUID
    version: int
    school_id: UUID
    code: str
    name: str
    address: str
    gate: str
    longitude: float | None
    latitude: float | None
    datum: Datum
    zone: str
    main: bool

    @classmethod
    def of(cls, row: Campus) -> Self:
        """The campus as people see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})
