"""What goes in and out of the network."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import Range

from service.kit.http.schemas import DayRange, In, Out
from service.kit.language import say
from service.kit.problems import Text
from service.network import codes
from service.network.rules import (
    DEFAULT_BACKDATING_DAYS,
    DEFAULT_RURAL_CODES,
    CharterState,
    ClauseKind,
    Criterion,
    Datum,
    DesignationKind,
    GroupKind,
    GroupState,
    Member,
    Notice,
    OwnerKind,
    Step,
    StepKind,
    TaskState,
    Tier,
    Version,
    charter_state_on,
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


def label(list_: str, code: str) -> str:
    """The words of a national code in the reader's language; the code where nobody knows it."""
    words = codes.label_of(list_, code)
    return say(words) if words else code


def _refuse(kind: str, zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError(kind, "not valid", {"zh": zh, "en": en})


def _zone_exists(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        words = ("应为 IANA 时区,如 Asia/Shanghai", "must be an IANA time zone")
        raise _refuse("zone_unknown", *words) from None
    return value


def _known(list_: str, zh: str) -> AfterValidator:
    """A code of a national list."""

    def check(value: str) -> str:
        if codes.label_of(list_, value) is None:
            raise _refuse("code_unknown", f"不在{zh}代码表中", f"is not in the code list {list_}")
        return value

    return AfterValidator(check)


Name = Annotated[str, Field(min_length=1, max_length=80)]
Line = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=200, description="原因,记入审计")]
TypeCode = Annotated[
    str,
    _known("school_type", "办学类型"),
    Field(description="办学类型代码,见代码表 school_type", examples=["211"]),
]
UrbanRuralCode = Annotated[
    str,
    _known("urban_rural", "城乡类型"),
    Field(description="城乡类型代码,见代码表 urban_rural", examples=["220"]),
]
IdentifierCode = Annotated[
    str,
    Field(pattern=r"^[0-9]{10}$", description="学校标识码(10 位数字)", examples=["2150900001"]),
]
Zone = Annotated[
    str,
    AfterValidator(_zone_exists),
    Field(max_length=40, description="IANA 时区", examples=["Asia/Shanghai"]),
]
Category = Annotated[
    str | None,
    Field(max_length=40, description="集团类别,取自本区代码表 group_category;可空"),
]
Seat = Annotated[int | None, Field(description="紧密型席位(1 或 2),其他层级为空")]
ValidFrom = Annotated[date | None, Field(description="生效日期(含)")]
ValidUntil = Annotated[date | None, Field(description="失效日期(不含);空表示长期有效")]


# District


class TravelSettings(In):
    """How a way is estimated where nobody has measured it; what is left out keeps its default."""

    detour: Annotated[float | None, Field(ge=1, le=5, description="绕行系数", examples=[1.6])] = (
        None
    )
    kilometres_per_hour: Annotated[
        float | None, Field(ge=5, le=120, description="平均车速(公里/小时)", examples=[30])
    ] = None
    buffer: Annotated[int | None, Field(ge=0, le=120, description="缓冲分钟", examples=[10])] = None
    unknown_minutes: Annotated[
        int | None, Field(ge=0, le=480, description="位置不明时按多少分钟", examples=[60])
    ] = None


class DistrictPatch(In):
    """What a district decides for itself; ``null`` brings a default back."""

    name: Name = Field(default_factory=str)
    name_en: Annotated[str, Field(max_length=120)] = Field(default_factory=str)
    rural_codes: Annotated[
        list[UrbanRuralCode] | None,
        Field(
            min_length=1,
            max_length=20,
            description="视为农村学校的城乡类型代码;默认 210、220",
            examples=[["210", "220"]],
        ),
    ] = None
    membership_backdating_days: Annotated[
        int | None,
        Field(
            ge=0,
            le=366,
            description=f"运行中集团的成员变更最多可补录多少天;默认 {DEFAULT_BACKDATING_DAYS}",
        ),
    ] = None
    travel: Annotated[TravelSettings | None, Field(description="交通时间估算参数")] = None


class DistrictOut(Out):
    """The district."""

    id: UUID
    version: int
    code: Annotated[str, Field(description="行政区划代码(GB/T 2260)", examples=["500109"])]
    name: str
    name_en: str
    zone: Zone
    rural_codes: Annotated[list[str], Field(description="视为农村学校的城乡类型代码")]
    membership_backdating_days: Annotated[int, Field(description="成员变更最多可补录的天数")]
    settings: Annotated[dict[str, Any], Field(description="本区已设定的全部参数;未设定的取默认值")]

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
            rural_codes=list(rural_codes_of(row.settings)),
            membership_backdating_days=backdating_days_of(row.settings),
            settings=row.settings,
        )


def rural_codes_of(settings: dict[str, Any]) -> Sequence[str]:
    """What counts as rural in a district."""
    found: Sequence[str] = settings.get("rural_codes") or DEFAULT_RURAL_CODES
    return found


def backdating_days_of(settings: dict[str, Any]) -> int:
    """How far back a change of members may be entered in a district."""
    return int(settings.get("membership_backdating_days", DEFAULT_BACKDATING_DAYS))


# Schools


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
    AfterValidator(_six_digits),
    Field(ge=-180, le=180, description="经度(十进制度数)", examples=[106.437868]),
]
Latitude = Annotated[
    Decimal,
    AfterValidator(_six_digits),
    Field(ge=-90, le=90, description="纬度(十进制度数)", examples=[29.82542]),
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
            raise _refuse("position_incomplete", *words)
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


# Groups and members


class GroupIn(In):
    """A new group, in draft."""

    name: Annotated[Name, Field(examples=["示例区新桥教育集团"])]
    kind: Annotated[GroupKind, Field(description="k12 中小学教育集团,kindergarten 幼儿园联盟集团")]
    category: Category = None
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")] = False
    founded_on: Annotated[date | None, Field(description="成立日期", examples=["2026-09-01"])] = (
        None
    )


class GroupPatch(In):
    """What may change about a group; its kind stays, its members change by membership changes."""

    name: Name = Field(default_factory=str)
    category: Category = None
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")] = Field(
        default_factory=bool
    )
    founded_on: Annotated[date | None, Field(description="成立日期")] = None


class GroupOut(Out):
    """A group, as it is on the day asked for."""

    id: UUID
    version: int
    name: str
    kind: GroupKind
    kind_label: str
    category: str | None
    state: Annotated[GroupState, Field(description="draft 筹建,active 运行,dissolved 已撤销")]
    state_label: str
    principal_responsibility: Annotated[bool, Field(description="是否实行校长负责制")]
    founded_on: date | None
    dissolved_on: Annotated[date | None, Field(description="自该日起撤销")]

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of group and its state on the day."""
        group, state = row
        return cls(**group_fields(group, state=GroupState(state)))


def group_fields(group: Group, *, state: GroupState) -> dict[str, Any]:
    """What every answer about a group says."""
    return {
        "id": group.id,
        "version": group.version,
        "name": group.name,
        "kind": group.kind,
        "kind_label": label("group_kind", group.kind),
        "category": group.category,
        "state": state,
        "state_label": label("group_state", state),
        "principal_responsibility": group.principal_responsibility,
        "founded_on": group.founded_on,
        "dissolved_on": group.dissolved_on,
    }


class StepIn(In):
    """One school's part of a change."""

    action: Annotated[StepKind, Field(description="join 加入、leave 退出、retier 调整层级")]
    school_id: UUID
    tier: Annotated[Tier | None, Field(description="加入或调整后的层级;退出时不填")] = None

    @model_validator(mode="after")
    def _tier_goes_with_the_action(self) -> Self:
        if (self.action is StepKind.LEAVE) == (self.tier is not None):
            words = ("加入和调整须填 tier,退出不填", "join and retier need a tier, leave has none")
            raise _refuse("tier_mismatch", *words)
        return self

    @property
    def step(self) -> Step:
        """The step as the rules judge it."""
        return Step(self.action, self.school_id, self.tier)


class MembershipChangeIn(In):
    """A dated change of a group's members: all of it, or nothing."""

    effective_on: Annotated[date, Field(description="生效日期", examples=["2027-02-22"])]
    steps: Annotated[list[StepIn], Field(min_length=1, max_length=50)]
    conforming: Annotated[
        bool,
        Field(
            description="声明变更后符合“1+1–2+N”:填 true 时,不符合即整体拒绝。"
            "运行中且已达标的集团无论如何都不得因变更而不达标;尚未达标的集团可分步调整"
        ),
    ] = False
    reason: Annotated[Reason, Field(examples=["新学期成员调整"])]


class MembershipOut(Out):
    """A school's place in a group."""

    id: UUID
    version: int
    group_id: UUID
    group_name: str
    school_id: UUID
    school_name: str
    tier: Tier
    tier_label: str
    seat: Seat
    valid_from: ValidFrom
    valid_until: ValidUntil

    @classmethod
    def of(cls, row: Any) -> Self:
        """A row of membership, group name and school name."""
        membership, group_name, school_name = row
        return cls(
            id=membership.id,
            version=membership.version,
            group_id=membership.group_id,
            group_name=group_name,
            school_id=membership.school_id,
            school_name=school_name,
            tier=membership.tier,
            tier_label=label("membership_tier", membership.tier),
            seat=membership.seat,
            valid_from=membership.valid.lower,
            valid_until=membership.valid.upper,
        )


def member_of(row: Membership) -> Member:
    """A membership as the rules see it."""
    return Member(
        row.school_id, Tier(row.tier), row.seat, row.valid.lower or date.min, row.valid.upper
    )


class NoticeOut(Out):
    """Something about a group that should be looked at."""

    code: Annotated[
        str,
        Field(
            description="no-lead 缺牵头学校,no-close 缺紧密型成员,planned-gap 计划中的缺口,"
            "kind-mismatch 类型不符,no-head 未登记负责人,no-charter 无生效章程"
        ),
    ]
    message: str
    on: Annotated[date | None, Field(description="自哪一天起;空表示现在")]

    @classmethod
    def of(cls, notice: Notice) -> Self:
        """The notice in the reader's language."""
        return cls(code=notice.concern.value, message=say(notice.words), on=notice.on)


class CompositionOut(Out):
    """What a group is made of on a day, and what should be looked at."""

    group: GroupOut
    as_of: date
    conforming: Annotated[bool, Field(description="当日是否符合“1+1–2+N”,由成员得出")]
    lead: Annotated[MembershipOut | None, Field(description="牵头学校")]
    close: Annotated[list[MembershipOut], Field(description="紧密型成员")]
    alliance: Annotated[list[MembershipOut], Field(description="联盟型成员")]
    head: Annotated[str | None, Field(description="集团负责人")]
    charter_number: Annotated[int | None, Field(description="生效的章程版本")]
    rural_schools: Annotated[int, Field(description="农村学校数")]
    weak_schools: Annotated[int, Field(description="薄弱学校数")]
    warnings: Annotated[list[NoticeOut], Field(description="需要关注的问题")]


class MembershipChangeOut(Out):
    """What a change of members did."""

    group_id: UUID
    effective_on: date
    ended: Annotated[list[MembershipOut], Field(description="自生效日起结束的成员关系")]
    withdrawn: Annotated[list[MembershipOut], Field(description="撤销的未生效安排")]
    started: Annotated[list[MembershipOut], Field(description="自生效日起的成员关系")]
    conforming: Annotated[bool, Field(description="生效日是否符合“1+1–2+N”")]
    warnings: Annotated[list[NoticeOut], Field(description="生效日需要关注的问题")]


class HeadIn(DayRange):
    """Who heads the group for a time."""

    person_name: Annotated[Name, Field(description="姓名", examples=["示例负责人"])]
    teacher_number: Annotated[str | None, Field(max_length=40, description="教师工号;可空")] = None
    criteria: Annotated[
        list[Criterion],
        Field(
            max_length=5,
            description="遴选依据:vision 理念、management 管理、social_standing 声望、"
            "devotion 情怀、responsibility 担当",
        ),
    ] = Field(default_factory=list)


class HeadOut(Out):
    """A head of a group, for a time."""

    id: UUID
    version: int
    group_id: UUID
    person_name: str
    teacher_number: str | None
    criteria: list[Criterion]
    valid_from: ValidFrom
    valid_until: ValidUntil

    @classmethod
    def of(cls, row: GroupHead) -> Self:
        """The head as people see it."""
        return cls(
            id=row.id,
            version=row.version,
            group_id=row.group_id,
            person_name=row.person_name,
            teacher_number=row.teacher_number,
            criteria=[Criterion(one) for one in row.criteria],
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
        )


# Charters


class ClauseIn(In):
    """A clause; without a tier it holds for all members."""

    kind: Annotated[ClauseKind, Field(description="right 权利、duty 义务、rule 规则")]
    tier: Annotated[Tier | None, Field(description="适用的层级;空表示全体成员")] = None
    text: Annotated[str, Field(min_length=1, max_length=5000, examples=["每学期开放两次教研活动"])]


class CharterIn(In):
    """A new version of the charter, in draft; also the whole text of a draft that is rewritten."""

    title: Annotated[Name, Field(examples=["集团章程(2026 版)"])]
    clauses: Annotated[list[ClauseIn], Field(min_length=1, max_length=200)]


class SignIn(In):
    """A member school's signature."""

    school_id: UUID
    signed_by: Annotated[str, Field(min_length=1, max_length=40, description="签署人姓名")]


class EnforceIn(In):
    """The day from which the charter is in force."""

    effective_from: Annotated[date, Field(description="生效日期", examples=["2027-03-01"])]


class ClauseOut(Out):
    """A clause."""

    rank: int
    kind: ClauseKind
    tier: Tier | None
    text: str


class SignatureOut(Out):
    """A signature."""

    school_id: UUID
    signed_on: date
    signed_by: str


class CharterOut(Out):
    """A version of a charter."""

    id: UUID
    version: int
    group_id: UUID
    number: Annotated[int, Field(description="章程版本号,自 1 起")]
    title: str
    state: Annotated[
        CharterState,
        Field(description="draft 草案、signing 签署中、effective 生效、replaced 被替代"),
    ]
    effective_from: date | None

    @classmethod
    def of(cls, charter: Charter, *, in_force: int | None) -> Self:
        """The charter, given which version is in force on the day."""
        return cls(**_charter_fields(charter, in_force))


def _charter_fields(charter: Charter, in_force: int | None) -> dict[str, Any]:
    state = charter_state_on(version_of(charter), in_force=in_force)
    return {
        "id": charter.id,
        "version": charter.version,
        "group_id": charter.group_id,
        "number": charter.number,
        "title": charter.title,
        "state": state,
        "effective_from": charter.effective_from,
    }


def version_of(row: Charter) -> Version:
    """A charter's version as the rules see it."""
    return Version(row.number, CharterState(row.state), row.effective_from)


class CharterDetail(CharterOut):
    """A version of a charter with clauses and signatures."""

    clauses: list[ClauseOut]
    signatures: list[SignatureOut]

    @classmethod
    def whole(
        cls,
        charter: Charter,
        *,
        in_force: int | None,
        clauses: Iterable[CharterClause],
        signatures: Iterable[CharterSignature],
    ) -> Self:
        """The charter by itself."""
        return cls(
            **_charter_fields(charter, in_force),
            clauses=[
                ClauseOut(
                    rank=one.rank,
                    kind=ClauseKind(one.kind),
                    tier=Tier(one.tier) if one.tier else None,
                    text=one.text,
                )
                for one in clauses
            ],
            signatures=[
                SignatureOut(
                    school_id=one.school_id, signed_on=one.signed_on, signed_by=one.signed_by
                )
                for one in signatures
            ],
        )


# Code lists and tasks


class CodeOut(Out):
    """An entry of a code list."""

    code: str
    label: Annotated[str, Field(description="名称(按 Accept-Language)")]
    zh: str
    en: str
    rank: int
    active: Annotated[bool, Field(description="停用的代码不能再选,已有数据不受影响")]
    version: Annotated[int, Field(description="0 表示国家代码或内置默认值")]

    @classmethod
    def given(cls, code: codes.Code, *, rank: int) -> Self:
        """A code that comes with the service."""
        zh, en = code.label
        return cls(
            code=code.code, label=say(code.label), zh=zh, en=en, rank=rank, active=True, version=0
        )

    @classmethod
    def of(cls, row: CodeItem) -> Self:
        """A district's own code."""
        return cls(
            code=row.code,
            label=say(Text(row.zh, row.en or row.zh)),
            zh=row.zh,
            en=row.en,
            rank=row.rank,
            active=row.active,
            version=row.version,
        )


class CodeListOut(Out):
    """A code list."""

    name: Annotated[str, Field(examples=["group_category"])]
    title: Annotated[str, Field(description="代码表名称(按 Accept-Language)")]
    national: Annotated[bool, Field(description="true 为国家代码,不可修改;false 由本区维护")]
    items: list[CodeOut]


class CodeListsOut(Out):
    """All code lists."""

    items: list[CodeListOut]


class CodeIn(In):
    """A new entry of a district's own list."""

    code: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9_]{1,40}$",
            description="小写字母、数字、下划线;启用后不再改",
            examples=["a"],
        ),
    ]
    zh: Annotated[str, Field(min_length=1, max_length=80, examples=["第一类"])]
    en: Annotated[str, Field(max_length=120, examples=["First kind"])] = ""
    rank: Annotated[int, Field(ge=0, le=9999, description="小的在前")] = 0


class CodePatch(In):
    """What may change about a district's own entry; its code stays."""

    zh: Annotated[str, Field(min_length=1, max_length=80)] = Field(default_factory=str)
    en: Annotated[str, Field(max_length=120)] = Field(default_factory=str)
    rank: Annotated[int, Field(ge=0, le=9999, description="小的在前")] = Field(default_factory=int)
    active: Annotated[bool, Field(description="false 为停用")] = Field(default_factory=bool)


class TaskOut(Out):
    """Something that waits for somebody."""

    id: UUID
    version: int
    kind: Annotated[str, Field(description="待办类型代码", examples=["mentor-left"])]
    title: str
    subject_collection: Annotated[str, Field(description="关于什么(集合名)")]
    subject_id: UUID
    owner_kind: Annotated[OwnerKind, Field(description="由学校、集团还是区级办理")]
    owner_id: Annotated[UUID | None, Field(description="学校或集团;区级为空")]
    due_on: date | None
    state: TaskState
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    closed_reason: str | None

    @classmethod
    def of(cls, row: Task) -> Self:
        """The task as its owner sees it."""
        fields = {name: getattr(row, name) for name in cls.model_fields if name != "title"}
        return cls(**fields, title=say(Text(row.title_zh, row.title_en)))


class TaskClose(In):
    """Why the task is done."""

    reason: Annotated[Reason, Field(examples=["已安排新的导师"])]


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
    state: str = GroupState.DRAFT
    principal_responsibility: bool = False
    founded_on: date | None = None
    dissolved_on: date | None = None


@dataclass(frozen=True, slots=True)
class MembershipRow:
    """A membership by group name, school identifier and first day."""

    group: str
    school: str
    tier: str
    valid: Range[date]
    seat: int | None = None
