"""Signing in and out, one's own sessions, and the office's work on accounts and partner clients."""

import binascii
from base64 import b64decode
from datetime import date
from typing import Annotated, Any
from urllib.parse import unquote_plus
from uuid import UUID

from fastapi import Depends, Form, Header, Query, Request, Response
from sqlmodel import col

from service.accounts import actions, clients, passwords, queries, sessions, tokens
from service.accounts.actions import NewAccount
from service.accounts.assertions import JWT_BEARER, Proof
from service.accounts.clients import NewClient, Organisation
from service.accounts.problems import (
    AccountNotFound,
    BeyondOwnReach,
    ClientIdTaken,
    ClientKeyUnfit,
    ClientNotFound,
    ClientUnknown,
    CredentialsWrong,
    EndInPast,
    GrantNotFound,
    GrantOver,
    GrantOverlaps,
    GrantTypeUnsupported,
    LastDistrictAdmin,
    PasswordWrong,
    ReachUnfit,
    ScopeInvalid,
    SessionNotFound,
    SubjectTaken,
    TeacherHasAccount,
    TokenRefused,
    TooManyLogins,
    UsernameTaken,
)
from service.accounts.rules import Hat, usage_days
from service.accounts.schemas import (
    AccountIn,
    AccountOut,
    AccountPatch,
    ClientIn,
    ClientOut,
    ClientPatch,
    ClientUsageOut,
    ClientWithSecretOut,
    GrantIn,
    GrantOut,
    OrganisationIn,
    PasswordChangeIn,
    PasswordIn,
    RevocationForm,
    SessionOut,
    TokenForm,
    TokenOut,
)
from service.accounts.sessions import Issued
from service.accounts.tables import Account, AccountGrant, LoginSession, PartnerClient
from service.kit.auth import Caller, Permission
from service.kit.db import Database
from service.kit.http import (
    Db,
    IfMatch,
    InDatabase,
    NewTag,
    Page,
    Paging,
    ReadDb,
    Tag,
    english,
    make_router,
    may_fail,
    needs,
    public,
)
from service.kit.http.answers import base_url
from service.kit.problems import RelatedNotFound, Text, Unavailable

entrance = make_router(tag="oauth")
office = make_router(tag="accounts")
routers = [entrance, office]

Reader = Annotated[Caller, needs(Permission.ACCOUNT_READ)]
Writer = Annotated[Caller, needs(Permission.ACCOUNT_WRITE)]
Oneself = Annotated[Caller, needs(Permission.SESSION_OWN)]


# The entrance: RFC 6749 decides about shapes here


@entrance.post(
    "/oauth/token",
    operation_id="issueToken",
    summary="登录或刷新令牌",
    description="OAuth 2.0 令牌端点(RFC 6749)。`password` 用户登录;`refresh_token` 换取新令牌,"
    "每个刷新令牌只能使用一次,重复使用将使整个会话失效(以相同的 `Idempotency-Key` 重试除外);"
    "`client_credentials` 供合作系统使用,凭据可放在 HTTP Basic 或表单中,"
    "也可用 `private_key_jwt`(RFC 7523):以私钥签名的 JWT,`iss`、`sub` 为 client_id,"
    "`aud` 为本端点地址,`exp` 不超过 10 分钟,`jti` 只能用一次。访问令牌 15 分钟有效。"
    "出错时同时给出 RFC 6749 的 `error`、`error_description` 与统一的问题详情。",
    response_model_exclude_none=True,
    responses=may_fail(
        TokenRefused,
        CredentialsWrong,
        GrantTypeUnsupported,
        ScopeInvalid,
        ClientUnknown,
        TooManyLogins,
        Unavailable,
    ),
    openapi_extra=english(
        "Sign in, or refresh a token",
        "The OAuth 2.0 token endpoint (RFC 6749). `password` signs a user in; `refresh_token` "
        "trades a refresh token for the next one: each works once, and one that comes back ends "
        "the whole session (unless retried with the same `Idempotency-Key`); `client_credentials` "
        "is for partners, by HTTP Basic, in the form, or by `private_key_jwt` (RFC 7523: `iss` and "
        "`sub` are the client_id, `aud` this address, `exp` within 10 minutes, `jti` works once). "
        "Access tokens last 15 minutes. Errors "
        "carry RFC 6749's `error` and `error_description` beside the problem details.",
    ),
)
async def issue_token(
    *,
    _: Annotated[None, public()],
    database: InDatabase,
    request: Request,
    response: Response,
    form: Annotated[TokenForm, Form()],
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="仅用于 refresh_token:丢失响应后以同一键重试"),
    ] = None,
) -> TokenOut:
    """Issue tokens."""
    match form.grant_type:
        case "password":
            issued = await sessions.sign_in(
                database,
                username=_given(form.username, "username"),
                password=_given(form.password, "password"),
                device=request.headers.get("user-agent", ""),
            )
        case "refresh_token":
            issued = await sessions.go_on(
                database,
                refresh_token=_given(form.refresh_token, "refresh_token"),
                retry_key=idempotency_key,
            )
        case "client_credentials":
            issued = await _enter_as_client(database, request=request, form=form)
        case None:
            raise TokenRefused
        case _:
            raise GrantTypeUnsupported
    response.headers["Cache-Control"] = "no-store"
    return TokenOut(
        access_token=issued.access_token,
        expires_in=int(tokens.access_lifetime().total_seconds()),
        refresh_token=issued.refresh_token,
        scope=" ".join(sorted(issued.scopes)) if issued.scopes is not None else None,
    )


def _given(value: str | None, name: str) -> str:
    if not value:
        raise TokenRefused(Text(f"缺少参数 {name}。", f"The parameter {name} is missing."))
    return value


async def _enter_as_client(database: Database, *, request: Request, form: TokenForm) -> Issued:
    client_id, secret = _basic(request) or (form.client_id, form.client_secret)
    proof: str | Proof | None = secret
    if form.client_assertion and form.client_assertion_type == JWT_BEARER and not secret:
        here = base_url(request.scope)
        proof = Proof.given(form.client_assertion, audiences=(here, here + request.url.path))
        client_id = client_id or (proof.client_id if proof is not None else None)
    if not client_id or not proof:
        raise ClientUnknown
    return await sessions.enter_as_client(
        database, client_id=client_id, proof=proof, scope=form.scope
    )


def _basic(request: Request) -> tuple[str, str] | None:
    """Client credentials by HTTP Basic, each form-encoded first (RFC 6749 §2.3.1)."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise ClientUnknown from None
    return unquote_plus(name), unquote_plus(secret)


@entrance.post(
    "/oauth/revoke",
    operation_id="revokeToken",
    summary="退出登录",
    description="撤销令牌(RFC 7009)。提交访问令牌或刷新令牌,其所属会话随即结束,"
    "全部令牌在 5 秒内失效。"
    "令牌不存在或已失效时同样返回 200。",
    responses=may_fail(TokenRefused),
    openapi_extra=english(
        "Sign out",
        "Revokes a token (RFC 7009). The session it belongs to ends, and within 5 seconds all its "
        "tokens stop working. A token that is not known is answered with 200 as well.",
    ),
)
async def revoke_token(
    *,
    _: Annotated[None, public()],
    database: InDatabase,
    form: Annotated[RevocationForm, Form()],
) -> dict[str, str]:
    """Revoke a token."""
    await sessions.revoke(database, token=_given(form.token, "token"))
    return {}


# One's own sessions and password


@entrance.get(
    "/me/sessions",
    operation_id="listMySessions",
    summary="我的登录会话",
    description="列出本人当前有效的登录会话,最近使用的在前。",
    openapi_extra=english("My sessions", "Where I am signed in, the most recently used first."),
)
async def list_my_sessions(*, db: ReadDb, caller: Oneself, paging: Paging) -> Page[SessionOut]:
    """List one's own sessions."""
    return await paging.answer(
        db,
        queries.live_sessions(caller),
        sorts={
            "last_used_at": col(LoginSession.last_used_at),
            "started_at": col(LoginSession.started_at),
        },
        default="-last_used_at",
        tie=col(LoginSession.id),
        out=lambda row: SessionOut.of(row, present=caller.session_id),
    )


@entrance.get(
    "/me/sessions/{session_id}",
    operation_id="getMySession",
    summary="查看我的一个登录会话",
    description="读取本人的一个有效登录会话。",
    responses=may_fail(SessionNotFound),
    openapi_extra=english("One of my sessions", "One place where I am signed in."),
)
async def get_my_session(*, db: ReadDb, caller: Oneself, session_id: UUID, tag: Tag) -> SessionOut:
    """Read one of one's own sessions."""
    session = await queries.own_session(db, caller=caller, session_id=session_id)
    tag(session.version)
    return SessionOut.of(session, present=caller.session_id)


@entrance.delete(
    "/me/sessions/{session_id}",
    status_code=204,
    operation_id="endMySession",
    summary="退出某个会话",
    description="结束本人的一个登录会话;该会话的全部令牌在 5 秒内失效。",
    responses=may_fail(SessionNotFound),
    openapi_extra=english(
        "End one of my sessions", "Signs me out there; all its tokens stop working in 5 seconds."
    ),
)
async def end_my_session(*, db: Db, caller: Oneself, session_id: UUID, expected: IfMatch) -> None:
    """End one of one's own sessions."""
    await sessions.end_own(db, caller=caller, session_id=session_id, expected=expected)


async def _proven_hash(caller: Oneself, database: InDatabase, body: PasswordChangeIn) -> str:
    """Check the present password and hash the new one, before a transaction begins."""
    async with database.read(caller.district_id) as db:
        account = await db.get(Account, (caller.district_id, caller.account_id))
    present = account.password_hash if account is not None else None
    sessions.budget.take(str(caller.account_id))
    if not await passwords.verified(body.current_password, present):
        raise PasswordWrong
    sessions.budget.refill(str(caller.account_id))
    return await passwords.hashed(body.new_password)


@entrance.post(
    "/me:change-password",
    status_code=204,
    operation_id="changeMyPassword",
    summary="修改我的密码",
    description="验证当前密码后改为新密码,并退出本人在其他设备上的登录。",
    responses=may_fail(PasswordWrong, TooManyLogins, Unavailable),
    openapi_extra=english(
        "Change my password",
        "Takes the present password, sets the new one and signs me out everywhere else.",
    ),
)
async def change_my_password(
    *, caller: Oneself, password_hash: Annotated[str, Depends(_proven_hash)], db: Db
) -> None:
    """Change one's own password."""
    await actions.change_own_password(db, caller=caller, password_hash=password_hash)


# Accounts


@office.get(
    "/accounts",
    operation_id="listAccounts",
    summary="账号列表",
    description="列出您权限范围内的账号,可按用户名、显示名称、学校和状态筛选。",
    openapi_extra=english(
        "List accounts", "The accounts within your reach, by name, school and state."
    ),
)
async def list_accounts(
    *,
    db: ReadDb,
    caller: Reader,
    paging: Paging,
    q: Annotated[
        str | None, Query(min_length=1, max_length=100, description="用户名或显示名称的一部分")
    ] = None,
    school_id: Annotated[UUID | None, Query(description="管理该账号的学校")] = None,
    active: Annotated[bool | None, Query(description="是否在用")] = None,
) -> Page[AccountOut]:
    """List accounts."""
    return await paging.answer(
        db,
        queries.accounts(caller, q=q, school_id=school_id, active=active),
        sorts={
            "username": col(Account.username),
            "display_name": col(Account.display_name),
        },
        default="username",
        tie=col(Account.id),
        out=AccountOut.of,
    )


async def _initial_hash(_: Writer, body: AccountIn) -> str | None:
    """Hash before the transaction begins; nobody who may not create accounts costs us the work."""
    return await passwords.hashed(body.password) if body.password is not None else None


@office.post(
    "/accounts",
    status_code=201,
    operation_id="createAccount",
    summary="新建账号",
    description="为您权限范围内的学校新建账号。新账号没有任何角色,请随后授权。"
    "不填密码的账号只能通过统一身份认证登录;教师关联仅区级管理员可填写。",
    responses=may_fail(
        BeyondOwnReach, UsernameTaken, SubjectTaken, TeacherHasAccount, RelatedNotFound, Unavailable
    ),
    openapi_extra=english(
        "Create an account",
        "Opens an account at a school within your reach. It has no role yet: give it one. Without "
        "a password it signs in through the identity provider only; naming a teacher is for the "
        "district.",
    ),
)
async def create_account(
    *,
    caller: Writer,
    password_hash: Annotated[str | None, Depends(_initial_hash)],
    db: Db,
    body: AccountIn,
    tag: NewTag,
) -> AccountOut:
    """Create an account."""
    new = NewAccount(
        username=body.username,
        display_name=body.display_name,
        password_hash=password_hash,
        subject=body.subject,
        teacher_id=body.teacher_id,
        school_id=body.school_id,
    )
    account = await actions.create_account(db, caller=caller, new=new)
    tag(account.version)
    return AccountOut.of(account)


@office.get(
    "/accounts/{account_id}",
    operation_id="getAccount",
    summary="查看账号",
    description="读取您权限范围内的一个账号。",
    responses=may_fail(AccountNotFound),
    openapi_extra=english("Read an account", "An account within your reach."),
)
async def get_account(*, db: ReadDb, caller: Reader, account_id: UUID, tag: Tag) -> AccountOut:
    """Read an account."""
    account = await queries.visible_account(db, caller=caller, account_id=account_id)
    tag(account.version)
    return AccountOut.of(account)


@office.patch(
    "/accounts/{account_id}",
    operation_id="changeAccount",
    summary="修改账号",
    description="修改显示名称、所属学校、教师关联或统一身份绑定(JSON Merge Patch,"
    "未给出的字段不变)。"
    "只能修改其全部授权都在您权限范围内的账号。",
    responses=may_fail(
        AccountNotFound, BeyondOwnReach, SubjectTaken, TeacherHasAccount, RelatedNotFound
    ),
    openapi_extra=english(
        "Change an account",
        "Changes the name, the school, the teacher or the bound identity (JSON Merge Patch). Only "
        "for accounts all of whose grants you could give yourself.",
    ),
)
async def change_account(
    *,
    db: Db,
    caller: Writer,
    account_id: UUID,
    body: AccountPatch,
    expected: IfMatch,
    tag: NewTag,
) -> AccountOut:
    """Change an account."""
    account = await actions.change_account(
        db,
        caller=caller,
        account_id=account_id,
        changes=body.model_dump(exclude_unset=True),
        expected=expected,
    )
    tag(account.version)
    return AccountOut.of(account)


async def _given_hash(_: Writer, body: PasswordIn) -> str:
    return await passwords.hashed(body.password)


@office.post(
    "/accounts/{account_id}:reset-password",
    operation_id="resetPassword",
    summary="重置密码",
    description="为账号设置新密码,并使其在所有设备上退出登录。",
    responses=may_fail(AccountNotFound, BeyondOwnReach, Unavailable),
    openapi_extra=english(
        "Reset a password", "Sets another password and signs the account out everywhere."
    ),
)
async def reset_password(
    *,
    caller: Writer,
    password_hash: Annotated[str, Depends(_given_hash)],
    db: Db,
    account_id: UUID,
    expected: IfMatch,
    tag: NewTag,
) -> AccountOut:
    """Reset a password."""
    account = await actions.reset_password(
        db,
        caller=caller,
        account_id=account_id,
        password_hash=password_hash,
        expected=expected,
    )
    tag(account.version)
    return AccountOut.of(account)


@office.post(
    "/accounts/{account_id}:deactivate",
    operation_id="deactivateAccount",
    summary="停用账号",
    description="停用账号并结束其全部登录会话;授权保留,重新启用后恢复。不能停用最后一位区级管理员。",
    responses=may_fail(AccountNotFound, BeyondOwnReach, LastDistrictAdmin),
    openapi_extra=english(
        "Deactivate an account",
        "Closes the account and ends its sessions; its grants stay for when it is opened again. "
        "The last district admin cannot be closed.",
    ),
)
async def deactivate_account(
    *, db: Db, caller: Writer, account_id: UUID, expected: IfMatch, tag: NewTag
) -> AccountOut:
    """Deactivate an account."""
    account = await actions.set_active(
        db, caller=caller, account_id=account_id, active=False, expected=expected
    )
    tag(account.version)
    return AccountOut.of(account)


@office.post(
    "/accounts/{account_id}:activate",
    operation_id="activateAccount",
    summary="启用账号",
    description="重新启用已停用的账号。",
    responses=may_fail(AccountNotFound, BeyondOwnReach),
    openapi_extra=english("Activate an account", "Opens a closed account again."),
)
async def activate_account(
    *, db: Db, caller: Writer, account_id: UUID, expected: IfMatch, tag: NewTag
) -> AccountOut:
    """Activate an account."""
    account = await actions.set_active(
        db, caller=caller, account_id=account_id, active=True, expected=expected
    )
    tag(account.version)
    return AccountOut.of(account)


# Grants


@office.get(
    "/accounts/{account_id}/grants",
    operation_id="listGrants",
    summary="账号的授权",
    description="列出账号的全部授权(含已结束和未开始的);给出 `as_of` 时只列当日有效的。",
    responses=may_fail(AccountNotFound),
    openapi_extra=english(
        "List an account's grants", "Past, present and future ones, or those valid `as_of` a day."
    ),
)
async def list_grants(
    *,
    db: ReadDb,
    caller: Reader,
    account_id: UUID,
    paging: Paging,
    as_of: Annotated[date | None, Query(description="只列该日有效的授权")] = None,
) -> Page[GrantOut]:
    """List an account's grants."""
    account = await queries.visible_account(db, caller=caller, account_id=account_id)
    return await paging.answer(
        db,
        queries.grants(account_id=account.id, as_of=as_of),
        sorts={"role": col(AccountGrant.role)},
        default="role",
        tie=col(AccountGrant.id),
        out=GrantOut.of,
    )


@office.post(
    "/accounts/{account_id}/grants",
    status_code=201,
    operation_id="giveGrant",
    summary="授予角色",
    description="在一段日期内授予账号某个角色及其范围:本人(`self`)、学校、集团或全区。任何人都不能授出超过"
    "自身的权限。",
    responses=may_fail(AccountNotFound, BeyondOwnReach, ReachUnfit, GrantOverlaps, RelatedNotFound),
    openapi_extra=english(
        "Give a role",
        "Gives an account a role for some days, as far as oneself, a school, a group or the "
        "district. Nobody gives more than they hold.",
    ),
)
async def give_grant(
    *, db: Db, caller: Writer, account_id: UUID, body: GrantIn, tag: NewTag
) -> GrantOut:
    """Give a role."""
    grant = await actions.give(
        db,
        caller=caller,
        account_id=account_id,
        hat=Hat(body.role, body.reach, body.target_id),
        valid=body.valid,
    )
    tag(grant.version)
    return GrantOut.of(grant)


@office.get(
    "/grants/{grant_id}",
    operation_id="getGrant",
    summary="查看授权",
    description="读取您权限范围内账号的一项授权。",
    responses=may_fail(GrantNotFound),
    openapi_extra=english("Read a grant", "A grant of an account within your reach."),
)
async def get_grant(*, db: ReadDb, caller: Reader, grant_id: UUID, tag: Tag) -> GrantOut:
    """Read a grant."""
    grant = await queries.visible_grant(db, caller=caller, grant_id=grant_id)
    tag(grant.version)
    return GrantOut.of(grant)


@office.delete(
    "/grants/{grant_id}",
    status_code=204,
    operation_id="endGrant",
    summary="结束授权",
    description="自今日(或指定日期)起结束授权,5 秒内生效;历史保留,尚未生效的授权直接撤回。"
    "不能移除最后一位区级管理员。",
    responses=may_fail(GrantNotFound, BeyondOwnReach, GrantOver, EndInPast, LastDistrictAdmin),
    openapi_extra=english(
        "End a grant",
        "Ends it today or on the day named, within 5 seconds. Its past stays; one that has not "
        "begun is withdrawn. The last district admin cannot be removed.",
    ),
)
async def end_grant(
    *,
    db: Db,
    caller: Writer,
    grant_id: UUID,
    expected: IfMatch,
    valid_until: Annotated[date | None, Query(description="失效日期(不含),缺省为今日")] = None,
) -> None:
    """End a grant."""
    await actions.end_grant(
        db, caller=caller, grant_id=grant_id, end=valid_until, expected=expected
    )


# Partner clients


@office.get(
    "/clients",
    operation_id="listClients",
    summary="合作客户端列表",
    description="列出全区的合作系统客户端;仅区级范围可见。",
    openapi_extra=english("List partner clients", "For whoever reaches the whole district."),
)
async def list_clients(*, db: ReadDb, caller: Reader, paging: Paging) -> Page[ClientOut]:
    """List partner clients."""
    return await paging.answer(
        db,
        queries.clients(caller),
        sorts={"name": col(PartnerClient.name), "client_id": col(PartnerClient.client_id)},
        default="name",
        tie=col(PartnerClient.id),
        out=ClientOut.of,
    )


@office.post(
    "/clients",
    status_code=201,
    operation_id="createClient",
    summary="新建合作客户端",
    description="为合作系统新建客户端:授权范围(scope)× 可访问的组织 × 可见的教师字段。"
    "密钥仅在本次响应中显示;给出公钥(`keys`)的客户端改用 private_key_jwt,不发放密钥。",
    responses=may_fail(BeyondOwnReach, ClientIdTaken, ClientKeyUnfit, ReachUnfit, RelatedNotFound),
    openapi_extra=english(
        "Create a partner client",
        "Scopes times organisations times a field profile. The secret is told in this answer and "
        "never again; a client with public `keys` signs with private_key_jwt and gets none.",
    ),
)
async def create_client(
    *, db: Db, caller: Writer, body: ClientIn, tag: NewTag
) -> ClientWithSecretOut:
    """Create a partner client."""
    new = NewClient(
        client_id=body.client_id,
        name=body.name,
        scopes=body.scopes,
        organisations=_organisations(body.organisations),
        profile=body.field_profile,
        keys=body.keys,
    )
    client, secret = await clients.create_client(db, caller=caller, new=new)
    row = await queries.visible_client(db, caller=caller, client_id=client.id)
    tag.response.headers["Cache-Control"] = "no-store"
    tag(client.version)
    return ClientWithSecretOut.telling(row, secret)


def _organisations(given: list[OrganisationIn]) -> list[Organisation]:
    return [Organisation(item.reach, item.target_id) for item in given]


@office.get(
    "/clients/{client_id}",
    operation_id="getClient",
    summary="查看合作客户端",
    description="读取一个合作系统客户端;仅区级范围可见。",
    responses=may_fail(ClientNotFound),
    openapi_extra=english("Read a partner client", "For whoever reaches the whole district."),
)
async def get_client(*, db: ReadDb, caller: Reader, client_id: UUID, tag: Tag) -> ClientOut:
    """Read a partner client."""
    row = await queries.visible_client(db, caller=caller, client_id=client_id)
    tag(row[0].version)
    return ClientOut.of(row)


@office.get(
    "/clients/{client_id}/usage",
    operation_id="getClientUsage",
    summary="合作客户端用量",
    description="按日列出一个合作客户端的调用次数及其中被拒绝、失败的次数;不填日期即最近 30 天。"
    "计数每隔数秒落库。",
    responses=may_fail(ClientNotFound),
    openapi_extra=english(
        "A client's usage",
        "Requests by day, and how many of them were refused or failed; the last 30 days unless "
        "asked otherwise. Counts are written every few seconds.",
    ),
)
async def get_client_usage(
    *,
    db: ReadDb,
    caller: Reader,
    client_id: UUID,
    from_: Annotated[date | None, Query(alias="from", description="第一天")] = None,
    until: Annotated[date | None, Query(description="最后一天的次日(不含)")] = None,
) -> ClientUsageOut:
    """Read what a client asked."""
    client, *_ = await queries.visible_client(db, caller=caller, client_id=client_id)
    today = await queries.today(db, district_id=caller.district_id)
    first, last = usage_days(from_, until, today=today)
    rows = await queries.usage_of(db, client_id=client.id, from_=first, until=last)
    return ClientUsageOut.of(rows, from_date=first, until=last)


@office.patch(
    "/clients/{client_id}",
    operation_id="changeClient",
    summary="修改合作客户端",
    description="修改名称、授权范围、可访问的组织、可见的教师字段、公钥,或停用"
    "(JSON Merge Patch,未给出的字段不变)。5 秒内生效。",
    responses=may_fail(ClientNotFound, BeyondOwnReach, ClientKeyUnfit, ReachUnfit, RelatedNotFound),
    openapi_extra=english(
        "Change a partner client",
        "Name, scopes, organisations, field profile, keys, or whether it may come in (JSON Merge "
        "Patch), within 5 seconds.",
    ),
)
async def change_client(
    *,
    db: Db,
    caller: Writer,
    client_id: UUID,
    body: ClientPatch,
    expected: IfMatch,
    tag: NewTag,
) -> ClientOut:
    """Change a partner client."""
    changes: dict[str, Any] = body.model_dump(exclude_unset=True)
    moved = changes.pop("organisations", None) is not None
    client = await clients.change_client(
        db,
        caller=caller,
        client_id=client_id,
        changes=changes,
        organisations=_organisations(body.organisations) if moved else None,
        expected=expected,
    )
    tag(client.version)
    return ClientOut.of(await queries.visible_client(db, caller=caller, client_id=client_id))


@office.post(
    "/clients/{client_id}:rotate-secret",
    operation_id="rotateClientSecret",
    summary="更换客户端密钥",
    description="生成新密钥,仅在本次响应中显示。默认保留上一个密钥以便平滑切换(最多同时两个有效);"
    "`keep_previous=false` 时旧密钥与由其取得的令牌立即失效。",
    responses=may_fail(ClientNotFound, BeyondOwnReach),
    openapi_extra=english(
        "Rotate a client's secret",
        "Makes another secret, told in this answer only. The previous one lives on beside it (two "
        "at most) unless `keep_previous=false`, which also ends the sessions it opened.",
    ),
)
async def rotate_client_secret(
    *,
    db: Db,
    caller: Writer,
    client_id: UUID,
    expected: IfMatch,
    tag: NewTag,
    keep_previous: Annotated[bool, Query(description="是否保留上一个密钥")] = True,
) -> ClientWithSecretOut:
    """Rotate a client's secret."""
    client, secret = await clients.rotate_secret(
        db, caller=caller, client_id=client_id, keep_previous=keep_previous, expected=expected
    )
    await db.flush()
    row = await queries.visible_client(db, caller=caller, client_id=client_id)
    tag.response.headers["Cache-Control"] = "no-store"
    tag(client.version)
    return ClientWithSecretOut.telling(row, secret)
