"""What comes in and what goes out: tokens, sessions, accounts, grants, partner clients."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from service.accounts.rules import Scope, is_username, normal_name
from service.accounts.tables import (
    Account,
    AccountGrant,
    ClientUsage,
    LoginSession,
    PartnerClient,
)
from service.kit.auth import FieldProfile, Reach, Role
from service.kit.http.schemas import DayRange, In, Out

_BEARER: Final = "Bearer"


def _username(given: str) -> str:
    name = normal_name(given)
    if not is_username(name):
        raise PydanticCustomError(
            "username",
            "not a username",
            {
                "zh": "2–64 个字符:文字、数字、“.”“-”“_”,不含 @",
                "en": "needs 2 to 64 letters, digits, '.', '-' or '_', and no '@'",
            },
        )
    return name


Username = Annotated[
    str,
    AfterValidator(_username),
    Field(
        min_length=2,
        max_length=64,
        description="用户名,区内唯一,不区分大小写",
        examples=["wang.li"],
    ),
]
Password = Annotated[
    str,
    Field(
        min_length=10, max_length=200, description="密码,至少 10 个字符", examples=["huangge-demo"]
    ),
]
DisplayName = Annotated[
    str, Field(min_length=1, max_length=100, description="显示名称", examples=["王老师"])
]
Subject = Annotated[
    str | None,
    Field(max_length=255, description="统一身份认证中的用户标识(sub);绑定后只认此标识"),
]
TeacherId = Annotated[UUID | None, Field(description="该账号所属教师;仅区级管理员可填写")]
SchoolId = Annotated[UUID | None, Field(description="管理该账号的学校;为空表示由区教委管理")]
Scopes = Annotated[
    list[Scope], Field(max_length=len(Scope), description="授权范围", examples=[["schedule.read"]])
]


class TokenForm(BaseModel):
    """What a token is asked for with; unknown parameters are ignored, as RFC 6749 §3.2 has it."""

    model_config = ConfigDict(extra="ignore")

    grant_type: Annotated[
        str | None,
        Field(
            description="password、refresh_token 或 client_credentials",
            examples=["password"],
        ),
    ] = None
    username: Annotated[
        str | None,
        Field(description="用户名;多区部署时写作 用户名@区划代码", examples=["district"]),
    ] = None
    password: Annotated[str | None, Field(description="密码", examples=["huangge-demo"])] = None
    refresh_token: Annotated[str | None, Field(description="刷新令牌,仅可使用一次")] = None
    client_id: Annotated[str | None, Field(description="合作系统的客户端编号")] = None
    client_secret: Annotated[str | None, Field(description="合作系统的客户端密钥")] = None
    client_assertion_type: Annotated[
        str | None,
        Field(description="urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
    ] = None
    client_assertion: Annotated[
        str | None, Field(description="合作系统用私钥签名的 JWT(RFC 7523)")
    ] = None
    scope: Annotated[str | None, Field(description="以空格分隔;缺省为全部已授权范围")] = None


class TokenOut(BaseModel):
    """A successful answer of the token endpoint (RFC 6749 §5.1)."""

    access_token: Annotated[str, Field(description="访问令牌")]
    token_type: Literal["Bearer"] = _BEARER
    expires_in: Annotated[int, Field(description="访问令牌有效秒数", examples=[900])]
    refresh_token: Annotated[str | None, Field(description="刷新令牌,仅用户登录时返回")] = None
    scope: Annotated[str | None, Field(description="授予的范围,仅合作系统")] = None


class RevocationForm(BaseModel):
    """A token that is to work no longer (RFC 7009 §2.1)."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[str | None, Field(description="访问令牌或刷新令牌")] = None
    token_type_hint: Annotated[str | None, Field(description="可省略")] = None


class SessionOut(Out):
    """A place where the caller is signed in."""

    id: UUID
    device: Annotated[str, Field(description="登录时的设备或浏览器标识")]
    started_at: AwareDatetime
    last_used_at: AwareDatetime
    expires_at: AwareDatetime
    current: Annotated[bool, Field(description="是否为发出本次请求的会话")]
    version: int

    @classmethod
    def of(cls, row: LoginSession, *, present: UUID | None) -> Self:
        """The session as its owner sees it."""
        return cls(
            id=row.id,
            device=row.device,
            started_at=row.started_at,
            last_used_at=row.last_used_at,
            expires_at=row.expires_at,
            current=row.id == present,
            version=row.version,
        )


class PasswordChangeIn(In):
    """Another password for oneself."""

    model_config = ConfigDict(str_strip_whitespace=False)

    current_password: Annotated[str, Field(max_length=200, description="当前密码")]
    new_password: Password


class PasswordIn(In):
    """Another password for somebody else."""

    model_config = ConfigDict(str_strip_whitespace=False)

    password: Password


class AccountIn(In):
    """A new account."""

    username: Username
    display_name: DisplayName
    password: Annotated[
        Password | None, Field(description="初始密码;为空则只能通过统一身份认证登录")
    ] = None
    subject: Subject = None
    teacher_id: TeacherId = None
    school_id: SchoolId = None


class AccountPatch(In):
    """What may change about an account; what is left out stays."""

    display_name: DisplayName = Field(default_factory=str)
    subject: Subject = None
    teacher_id: TeacherId = None
    school_id: SchoolId = None


class AccountOut(Out):
    """Somebody who may sign in."""

    id: UUID
    username: str
    display_name: str
    subject: str | None
    teacher_id: UUID | None
    school_id: UUID | None
    active: bool
    has_password: Annotated[bool, Field(description="是否可用密码登录")]
    version: int

    @classmethod
    def of(cls, row: Account) -> Self:
        """The account without what nobody may see."""
        return cls(
            id=row.id,
            username=row.username,
            display_name=row.display_name,
            subject=row.subject,
            teacher_id=row.teacher_id,
            school_id=row.school_id,
            active=row.active,
            has_password=row.password_hash is not None,
            version=row.version,
        )


class GrantIn(DayRange):
    """A role, how far it reaches, and for which days."""

    role: Annotated[Role, Field(description="角色", examples=["school_admin"])]
    reach: Annotated[Reach, Field(description="范围", examples=["school"])]
    target_id: Annotated[UUID | None, Field(description="学校或集团的 id,视范围而定")] = None


class GrantOut(Out):
    """A role of an account, for some days."""

    id: UUID
    account_id: UUID
    role: Role
    reach: Reach
    target_id: UUID | None
    valid_from: date | None
    valid_until: date | None
    version: int

    @classmethod
    def of(cls, row: AccountGrant) -> Self:
        """The grant with its target, whatever kind that is."""
        return cls(
            id=row.id,
            account_id=row.account_id,
            role=Role(row.role),
            reach=Reach(row.reach),
            target_id=row.school_id or row.group_id,
            valid_from=row.valid.lower,
            valid_until=row.valid.upper,
            version=row.version,
        )


class OrganisationIn(In):
    """A part of the district that a client may read and write."""

    reach: Annotated[
        Literal[Reach.SCHOOL, Reach.GROUP, Reach.DISTRICT],
        Field(description="范围", examples=["district"]),
    ]
    target_id: Annotated[UUID | None, Field(description="学校或集团的 id,视范围而定")] = None


Organisations = Annotated[
    list[OrganisationIn], Field(max_length=200, description="可访问的学校、集团或全区")
]


Profile = Annotated[
    FieldProfile,
    Field(
        description="可见的教师字段:basic 任职与任教,professional 另含荣誉与教龄,"
        "full 另含出生年与预计退休日期"
    ),
]
Keys = Annotated[
    list[dict[str, Any]],
    Field(max_length=5, description="用于 private_key_jwt 的公钥(JWK);有公钥的客户端不发放密钥"),
]


class ClientIn(In):
    """A new partner client."""

    client_id: Annotated[
        Username, Field(description="客户端编号,区内唯一", examples=["zhixue-sync"])
    ]
    name: DisplayName
    scopes: Scopes
    organisations: Organisations
    field_profile: Profile = FieldProfile.BASIC
    keys: Keys = Field(default_factory=list)


class ClientPatch(In):
    """What may change about a client; what is left out stays."""

    name: DisplayName = Field(default_factory=str)
    scopes: Scopes = Field(default_factory=list)
    organisations: Organisations = Field(default_factory=list)
    active: Annotated[bool, Field(description="停用后立即失效")] = True
    field_profile: Profile = FieldProfile.BASIC
    keys: Keys = Field(default_factory=list)


class OrganisationOut(Out):
    """A part of the district that a client may read and write."""

    reach: Reach
    target_id: UUID | None


class ClientOut(Out):
    """A partner's system."""

    id: UUID
    client_id: str
    name: str
    scopes: list[Scope]
    organisations: list[OrganisationOut]
    active: bool
    secrets_created_at: Annotated[
        list[AwareDatetime], Field(description="现有密钥的创建时间,至多两个")
    ]
    field_profile: Profile
    keys: Annotated[list[dict[str, Any]], Field(description="private_key_jwt 的公钥")]
    last_used_at: Annotated[
        AwareDatetime | None, Field(description="最近一次调用(精确到分钟左右);空为从未使用")
    ]
    version: int

    @classmethod
    def of(cls, row: tuple[PartnerClient, Any, Any]) -> Self:
        """The client; its secrets are told only when they are made."""
        return cls(**_client_fields(row))


class ClientWithSecretOut(ClientOut):
    """A client and its newest secret."""

    client_secret: Annotated[
        str | None,
        Field(description="客户端密钥,仅此一次显示,请妥善保存;使用公钥的客户端为空"),
    ]

    @classmethod
    def telling(
        cls,
        row: tuple[PartnerClient, Any, Any],
        secret: str | None,
    ) -> Self:
        """The only time the secret is seen."""
        return cls(**_client_fields(row), client_secret=secret)


class UsageOfDayOut(Out):
    """What a client asked on one day."""

    on_date: date
    requests: int
    refused: Annotated[int, Field(description="其中被拒绝的(4xx)")]
    failed: Annotated[int, Field(description="其中因服务端原因失败的(5xx)")]


class ClientUsageOut(Out):
    """What a client asked, by day; days without a request are left out."""

    from_date: date
    until: Annotated[date, Field(description="不含这一天")]
    requests: int
    refused: int
    failed: int
    items: list[UsageOfDayOut]

    @classmethod
    def of(cls, rows: Sequence[ClientUsage], *, from_date: date, until: date) -> Self:
        """The days and their sum."""
        names = ("requests", "refused", "failed")
        return cls(
            from_date=from_date,
            until=until,
            **{name: sum(getattr(row, name) for row in rows) for name in names},
            items=[
                UsageOfDayOut(on_date=row.on_date, **{name: getattr(row, name) for name in names})
                for row in rows
            ],
        )


def _client_fields(
    row: tuple[PartnerClient, Any, Any],
) -> dict[str, Any]:
    client, organisations, secrets = row
    return {
        "id": client.id,
        "client_id": client.client_id,
        "name": client.name,
        "scopes": client.scopes,
        "organisations": organisations,
        "active": client.active,
        "secrets_created_at": secrets or [],
        "field_profile": client.field_profile,
        "keys": client.keys,
        "last_used_at": client.last_used_at,
        "version": client.version,
    }
