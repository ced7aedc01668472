"""What goes in and out of the network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import Range

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network import codes
from service.network.rules import (
    CharterState,
    ClauseKind,
    Criterion,
    Datum,
    DesignationKind,
    GroupKind,
    GroupState,
    OwnerKind,
    Step,
    StepKind,
    TaskState,
    Tier,
)
from service.network.tables import (
    Campus,
    Charter,
    CharterClause,
    CharterSignature,
    CodeItem,
    District,
    Group,
    GroupHead,
    Membership,
    School,
    SchoolDesignation,
    SchoolIdentifier,
    Task,
)

Name = Annotated[str, Field(min_length=1, max_length=80)]
TypeCode = Annotated[
    str,
    Field(pattern=r"^\d{3}$", description="办学类型代码,见代码表 school_type", examples=["211"]),
]
UrbanRuralCode = Annotated[
    str,
    Field(pattern=r"^\d{3}$", description="城乡类型代码,见代码表 urban_rural", examples=["220"]),
]
IdentifierCode = Annotated[
    str, Field(pattern=r"^\d{10}$", description="学校标识码(10 位)", examples=["2150000001"])
]


def label(list_: str, code: str) -> str:
    """The words of a code in the reader's language; the code itself where nobody knows it."""
    words = codes.label_of(list_, code)
    return say(words) if words else code


def _zone_exists(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        context = {"zh": "应为 IANA 时区,如 Asia/Shanghai", "en": "must be an IANA time zone"}
        raise PydanticCustomError("zone_unknown", "unknown zone", context) from None
    return value


# District


class DistrictPatch(In):
    """What a district decides for itself."""

    name: Name | None = None
    name_en: Annotated[str | None, Field(max_length=120)] = None
    rural_codes: Annotated[
        list[UrbanRuralCode] | None,
        Field(description="视为农村的城乡类型代码;默认 210、220", examples=[["210", "220", "123"]]),
    ] = None
    travel: Annotated[
        dict[str, float] | None, Field(description="交通时间估算参数,如 buffer_minutes")
    ] = None


class DistrictOut(Out):
    """The district."""

    id: UUID
    version: int
    code: str
    name: str
    name_en: str
    zone: str
    settings: dict[str, Any]

    @classmethod
    def of(cls, row: District) -> Self:
        """The district as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            code=row.code,
            name=row.name,
            name_en=row.name_en,
            zone=row.zone,
            settings=row.settings,
        )


# Schools


class SchoolIn(In):
    """A new school."""

    name: Annotated[Name, Field(examples=["演示区新桥小学"])]
    short_name: Annotated[str, Field(max_length=40)] = ""
    type_code: TypeCode
    urban_rural_code: UrbanRuralCode
    identifier: Annotated[IdentifierCode, Field(description="学校标识码")]
    identifier_from: Annotated[date, Field(description="标识码生效日期", examples=["2026-09-01"])]


class SchoolPatch(In):
    """What may change about a school; dated facts have their own operations."""

    name: Name | None = None
    short_name: Annotated[str | None, Field(max_length=40)] = None
    type_code: TypeCode | None = None
    urban_rural_code: UrbanRuralCode | None = None


class IdentifierIn(In):
    """A new identifier from a day on; the former one ends there."""

    code: IdentifierCode
    valid_from: date


class DesignationIn(DayRange):
    """An administrative designation for a time."""

    kind: Annotated[DesignationKind, Field(description="认定类型", examples=["weak"])]
    reason: Annotated[str, Field(max_length=200)] = ""


class DatedCode(Out):
    """A code while it was valid."""

    code: str
    valid_from: date | None
    valid_until: date | None


class DesignationOut(Out):
    """A designation while it is valid."""

    kind: str
    label: str
    valid_from: date | None
    valid_until: date | None
    reason: str


class SchoolOut(Out):
    """A school, with its identifier of the day asked for."""

    id: UUID
    version: int
    name: str
    short_name: str
    identifier: Annotated[str | None, Field(description="所查日期有效的学校标识码")]
    type_code: str
    type_label: str
    urban_rural_code: str
    urban_rural_label: str
    rural: Annotated[bool, Field(description="是否农村学校(按本区口径)")]
    weak: Annotated[bool, Field(description="所查日期是否认定为薄弱学校")]


class SchoolDetail(SchoolOut):
    """A school with its dated history."""

    identifiers: list[DatedCode]
    designations: list[DesignationOut]


@dataclass(frozen=True, slots=True)
class SchoolView:
    """A school with what the day asked for says of it."""

    school: School
    identifier: str | None
    weak: bool
    rural: bool
    identifiers: Sequence[SchoolIdentifier] = ()
    designations: Sequence[SchoolDesignation] = ()


def school_out(view: SchoolView) -> SchoolOut:
    """A school in a list."""
    return SchoolOut(**_school_fields(view))


def school_detail(view: SchoolView) -> SchoolDetail:
    """A school by itself."""
    return SchoolDetail(
        **_school_fields(view),
        identifiers=[
            DatedCode(code=one.code, valid_from=one.valid.lower, valid_until=one.valid.upper)
            for one in view.identifiers
        ],
        designations=[
            DesignationOut(
                kind=one.kind,
                label=label("school_designation", one.kind),
                valid_from=one.valid.lower,
                valid_until=one.valid.upper,
                reason=one.reason,
            )
            for one in view.designations
        ],
    )


def _school_fields(view: SchoolView) -> dict[str, Any]:
    school = view.school
    return {
        "id": school.id,
        "version": school.version,
        "name": school.name,
        "short_name": school.short_name,
        "identifier": view.identifier,
        "type_code": school.type_code,
        "type_label": label("school_type", school.type_code),
        "urban_rural_code": school.urban_rural_code,
        "urban_rural_label": label("urban_rural", school.urban_rural_code),
        "rural": view.rural,
        "weak": view.weak,
    }


# Campuses

Longitude = Annotated[Decimal, Field(ge=-180, le=180, examples=["106.437868"])]
Latitude = Annotated[Decimal, Field(ge=-90, le=90, examples=["29.825420"])]


class CampusPatch(In):
    """What may change about a campus."""

    name: Name | None = None
    address: Annotated[str | None, Field(max_length=200)] = None
    gate: Annotated[str | None, Field(max_length=80, description="从哪个校门进")] = None
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    datum: Annotated[Datum | None, Field(description="坐标系")] = None
    main: bool | None = None


class CampusIn(In):
    """A new campus."""

    school_id: UUID
    code: Annotated[str, Field(min_length=1, max_length=20, examples=["2150000001-2"])]
    name: Annotated[Name, Field(examples=["江北校区"])]
    address: Annotated[str, Field(max_length=200)] = ""
    gate: Annotated[str, Field(max_length=80, description="从哪个校门进")] = ""
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    datum: Annotated[Datum, Field(description="坐标系")] = Datum.GCJ02
    zone: Annotated[str, Field(description="IANA 时区", examples=["Asia/Shanghai"])] = (
        "Asia/Shanghai"
    )
    main: bool = False

    _zone = field_validator("zone")(_zone_exists)

    @model_validator(mode="after")
    def _has_both_coordinates(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            context = {"zh": "经纬度须同时填写", "en": "longitude and latitude go together"}
            raise PydanticCustomError("position_incomplete", "position incomplete", context)
        return self


class CampusOut(Out):
    """A campus."""

    id: UUID
    version: int
    school_id: UUID
    code: str
    name: str
    address: str
    gate: str
    longitude: Decimal | None
    latitude: Decimal | None
    datum: str
    zone: str
    main: bool

    @classmethod
    def of(cls, row: Campus) -> Self:
        """The campus as people see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


# Groups and members


class GroupIn(In):
    """A new group, in draft."""

    name: Annotated[Name, Field(examples=["演示区新桥教育集团"])]
    kind: GroupKind
    category: Annotated[
        str | None, Field(description="集团类别,取自本区代码表 group_category", max_length=40)
    ] = None
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")] = False
    founded_on: date | None = None


class GroupPatch(In):
    """What may change about a group."""

    name: Name | None = None
    category: Annotated[str | None, Field(max_length=40)] = None
    principal_responsibility: bool | None = None
    founded_on: date | None = None


class GroupOut(Out):
    """A group."""

    id: UUID
    version: int
    name: str
    kind: str
    kind_label: str
    category: str | None
    state: str
    principal_responsibility: bool
    founded_on: date | None
    dissolved_on: date | None

    @classmethod
    def of(cls, row: Group) -> Self:
        """The group as people see it."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "kind_label"}
        return cls(**fields, kind_label=label("group_kind", row.kind))


class Dissolution(In):
    """The day from which a group is no more."""

    on: Annotated[date, Field(examples=["2027-07-10"])]
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class StepIn(In):
    """One school's part of a change."""

    action: Annotated[StepKind, Field(description="join 加入、leave 退出、retier 调整层级")]
    school_id: UUID
    tier: Annotated[Tier | None, Field(description="加入或调整后的层级;退出时不填")] = None

    @model_validator(mode="after")
    def _tier_goes_with_the_action(self) -> Self:
        if (self.action is StepKind.LEAVE) == (self.tier is not None):
            context = {
                "zh": "加入和调整须填 tier,退出不填 tier",
                "en": "join and retier need a tier, leave has none",
            }
            raise PydanticCustomError("tier_mismatch", "tier mismatch", context)
        return self

    @property
    def step(self) -> Step:
        """The step as the rules judge it."""
        return Step(self.action, self.school_id, self.tier)


class MembershipChangeIn(In):
    """A dated, all-or-nothing change of a group's members."""

    effective_on: Annotated[date, Field(description="生效日期", examples=["2027-02-01"])]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=50)]
    conforming: Annotated[
        bool,
        Field(
            description="变更后应符合“1+1–2+N”。运行中且已达标的集团始终须达标;"
            "尚未达标的集团可填 false 分步调整"
        ),
    ] = True
    reason: Annotated[str, Field(min_length=1, max_length=200, examples=["新学期成员调整"])]


class MembershipOut(Out):
    """A school's place in a group."""

    id: UUID
    group_id: UUID
    group_name: str
    school_id: UUID
    school_name: str
    tier: str
    tier_label: str
    seat: int | None
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of membership, group name and school name."""
        membership, group_name, school_name = row
        return cls.from_parts(membership, group_name=group_name, school_name=school_name)

    @classmethod
    def from_parts(cls, row: Membership, *, group_name: str, school_name: str) -> Self:
        """The membership with the two names a reader wants."""
        return cls(
            id=row.id,
            group_id=row.group_id,
            group_name=group_name,
            school_id=row.school_id,
            school_name=school_name,
            tier=row.tier,
            tier_label=label("membership_tier", row.tier),
            seat=row.seat,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
        )


class Warn(Out):
    """Something about a group that should be mended."""

    code: str
    message: str


class CompositionOut(Out):
    """What a group is made of on a day, and what is wrong with it."""

    group: GroupOut
    as_of: date
    conforming: Annotated[bool, Field(description="是否符合“1+1–2+N”")]
    lead: list[MembershipOut]
    close: list[MembershipOut]
    alliance: list[MembershipOut]
    head: str | None
    rural_schools: int
    weak_schools: int
    warnings: list[Warn]


class HeadIn(DayRange):
    """Who heads the group for a time."""

    person_name: Name
    teacher_number: Annotated[str | None, Field(max_length=40)] = None
    criteria: Annotated[
        list[Criterion], Field(max_length=5, description="遴选所依据的五项标准")
    ] = []


class HeadOut(Out):
    """A head of a group."""

    id: UUID
    person_name: str
    teacher_number: str | None
    criteria: list[str]
    valid_from: date | None
    valid_until: date | None

    @classmethod
    def of(cls, row: GroupHead) -> Self:
        """The head as people see it."""
        return cls(
            id=row.id,
            person_name=row.person_name,
            teacher_number=row.teacher_number,
            criteria=row.criteria,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
        )


# Charters


class ClauseIn(In):
    """A clause; without a tier it holds for all members."""

    kind: ClauseKind
    tier: Tier | None = None
    text: Annotated[str, Field(min_length=1, max_length=5000)]


class CharterIn(In):
    """A new version of the charter."""

    title: Annotated[Name, Field(examples=["演示集团章程(2026 版)"])]
    clauses: Annotated[list[ClauseIn], Field(min_length=1, max_length=200)]


class SignIn(In):
    """Sign for a member school."""

    school_id: UUID
    signed_by: Annotated[str, Field(min_length=1, max_length=40, description="签署人姓名")]


class EnforceIn(In):
    """The day from which the charter is in force."""

    effective_from: date


class ClauseOut(Out):
    """A clause."""

    rank: int
    kind: str
    tier: str | None
    text: str

    @classmethod
    def of(cls, row: CharterClause) -> Self:
        """The clause as people see it."""
        return cls(rank=row.rank, kind=row.kind, tier=row.tier, text=row.text)


class SignatureOut(Out):
    """A signature."""

    school_id: UUID
    signed_on: date
    signed_by: str

    @classmethod
    def of(cls, row: CharterSignature) -> Self:
        """The signature as people see it."""
        return cls(school_id=row.school_id, signed_on=row.signed_on, signed_by=row.signed_by)


class CharterOut(Out):
    """A version of a charter."""

    id: UUID
    version: int
    group_id: UUID
    number: int
    title: str
    state: str
    effective_from: date | None

    @classmethod
    def of(cls, row: Charter) -> Self:
        """The charter as people see it."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class CharterDetail(CharterOut):
    """A version of a charter with clauses and signatures."""

    clauses: list[ClauseOut]
    signatures: list[SignatureOut]


def charter_detail(
    row: Charter, *, clauses: Sequence[CharterClause], signatures: Sequence[CharterSignature]
) -> CharterDetail:
    """The charter by itself."""
    return CharterDetail(
        **CharterOut.of(row).model_dump(),
        clauses=[ClauseOut.of(one) for one in clauses],
        signatures=[SignatureOut.of(one) for one in signatures],
    )


# Code lists and tasks


class CodeOut(Out):
    """An entry of a code list."""

    code: str
    label: str
    zh: str
    en: str
    active: bool

    @classmethod
    def national(cls, code: codes.Code) -> Self:
        """A national code."""
        return cls(
            code=code.code, label=say(code.label), zh=code.label.zh, en=code.label.en, active=True
        )

    @classmethod
    def of(cls, row: CodeItem) -> Self:
        """A district's own code."""
        words = Text(row.zh, row.en or row.zh)
        return cls(code=row.code, label=say(words), zh=row.zh, en=row.en, active=row.active)


class CodeListOut(Out):
    """A code list."""

    list: str
    national: bool
    items: list[CodeOut]  # type: ignore[valid-type]


class CodeListsOut(Out):
    """All code lists."""

    items: list[CodeListOut]


class CodeIn(In):
    """An entry of a district's own list."""

    zh: Annotated[str, Field(min_length=1, max_length=80)]
    en: Annotated[str, Field(max_length=120)] = ""
    rank: Annotated[int, Field(ge=0, le=9999)] = 0
    active: bool = True


class TaskOut(Out):
    """Something that waits for somebody."""

    id: UUID
    version: int
    kind: str
    title: str
    subject_collection: str
    subject_id: UUID
    owner_kind: OwnerKind
    owner_id: UUID | None
    due_on: date | None
    state: TaskState
    opened_at: datetime
    closed_at: datetime | None
    closed_reason: str | None

    @classmethod
    def of(cls, row: Task) -> Self:
        """The task as its owner sees it."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "title"}
        return cls(**fields, title=say(Text(row.title_zh, row.title_en)))


class TaskClose(In):
    """Why the task is done."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]


# Rows of a workbook


@dataclass(frozen=True, slots=True)
class CodeRow:
    """An entry of a district's list."""

    list: str
    code: str
    zh: str
    en: str = ""
    rank: int = 0


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school by its 10-digit identifier."""

    code: str
    name: str
    type_code: str
    urban_rural_code: str
    short_name: str = ""
    code_from: date | None = None
    weak: Range[date] | None = None


@dataclass(frozen=True, slots=True)
class CampusRow:
    """A campus by its code."""

    code: str
    school: str
    name: str
    address: str = ""
    gate: str = ""
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    datum: str = Datum.GCJ02
    zone: str = "Asia/Shanghai"
    main: bool = False


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group by its name."""

    name: str
    kind: str
    category: str | None = None
    state: str = GroupState.ACTIVE
    principal_responsibility: bool = False
    founded_on: date | None = None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A membership by group name, school identifier and first day."""

    group: str
    school: str
    tier: str
    valid: Range[date]
    seat: int | None = None
