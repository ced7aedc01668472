"""What a route asks for: a caller with a permission, a session, a page, a precondition.

There is one spelling of each session: a second one would open a second transaction.
"""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import urlencode

from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.security import OAuth2
from sqlalchemy import ColumnElement, Select
from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import idempotency, paging
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition, etag, matches
from service.kit.db import Database
from service.kit.http.schemas import Page
from service.kit.idempotency import Claim
from service.kit.limits import Budgets
from service.kit.observe import log
from service.kit.problems import (
    FieldError,
    Forbidden,
    PreconditionRequired,
    Text,
    Unauthorized,
    ValidationFailed,
)

Item = TypeVar("Item")

_IDEMPOTENCY_KEY_LIMIT = 255

oauth2 = OAuth2(
    flows={
        "password": {"tokenUrl": "/v1/oauth/token", "scopes": {}},
        "clientCredentials": {"tokenUrl": "/v1/oauth/token", "scopes": {}},
    },
    scheme_name="huangge",
    description="用户名与密码登录(演示账号见首页),或合作系统的客户端凭据。",
    auto_error=False,
)


class NotModified(Exception):
    """The caller's copy is still right."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


async def identify(request: Request) -> Caller | None:
    """Who is asking; nobody when no token came.

    Raises
    ------
    Unauthorized
        The token is not ours, has expired or was revoked.
    """
    known = getattr(request.state, "caller", None)
    if known is not None:
        return cast("Caller", known)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    caller: Caller = await request.app.state.authenticate(token.strip())
    request.state.caller = caller
    # Whom the edge did not know without asking is counted here.
    budgets: Budgets | None = getattr(request.state, "budgets", None)
    if budgets is not None:
        request.state.share = budgets.spend(caller, now=time.monotonic())
    return caller


Identity = Annotated[Caller | None, Depends(identify)]


def needs(permission: Permission) -> Any:
    """The caller of an operation, who must hold a permission."""

    async def allowed(
        identity: Identity, _: Annotated[str | None, Security(oauth2)] = None
    ) -> Caller:
        if identity is None:
            raise Unauthorized
        if not identity.may(permission):
            raise Forbidden(
                Text(
                    f"需要权限 {permission}。请由有此权限的管理员办理,或请上级授权。",
                    f"The permission {permission} is needed. Ask an office that holds it.",
                ),
                permission=permission.value,
            )
        return identity

    allowed.permission = permission  # type: ignore[attr-defined]
    return Depends(allowed)


def public() -> Any:
    """Declares that an operation is for everybody."""

    async def everybody() -> None:
        return None

    everybody.permission = None  # type: ignore[attr-defined]
    return Depends(everybody)


def database_of(request: Request) -> Database:
    """The database of this process."""
    return cast("Database", request.app.state.database)


async def _database(request: Request) -> Database:
    return database_of(request)


InDatabase = Annotated[Database, Depends(_database)]
"""The database itself, for the few operations that open their transactions one after another."""


async def _claim(request: Request, db: AsyncSession, caller: Caller, key: str) -> None:
    if not 0 < len(key) <= _IDEMPOTENCY_KEY_LIMIT:
        message = Text("应为 1–255 个字符", "must have 1 to 255 characters")
        error = FieldError("header/Idempotency-Key", "length", message)
        raise ValidationFailed(errors=[error])
    target = request.url.path + ("?" + request.url.query if request.url.query else "")
    content = idempotency.fingerprint(request.method, target, _content(request))
    wanted = Claim(caller.district_id, caller.key, key, content)
    await idempotency.claim(db, wanted)
    request.state.claim = wanted


def _content(request: Request) -> bytes:
    """The body; of a form without the boundary, which is another one at every attempt."""
    body: bytes = request.state.body
    kind, _, boundary = request.headers.get("content-type", "").partition("boundary=")
    if kind.startswith("multipart/form-data") and boundary:
        return body.replace(boundary.strip('"').encode("latin-1"), b"")
    return body


async def open_session(
    request: Request,
    identity: Identity,
    *,
    validate_only: Annotated[
        bool, Query(description="仅校验:按真实流程执行后全部回滚,不留下任何改动")
    ] = False,
    idempotency_key: Annotated[
        str | None, Header(description="幂等键:同一键重复提交只生效一次,7 天内返回首次结果")
    ] = None,
) -> AsyncIterator[AsyncSession]:
    """The one writing transaction of a request."""
    district = identity.district_id if identity else None
    async with database_of(request).write(district, keep=not validate_only) as db:
        if idempotency_key is not None and identity is not None and not validate_only:
            await _claim(request, db, identity, idempotency_key)
            request.state.db = db
        yield db


async def open_reading_session(request: Request, identity: Identity) -> AsyncIterator[AsyncSession]:
    """The one reading transaction of a request; every write in it fails."""
    district = identity.district_id if identity else None
    async with database_of(request).read(district) as db:
        yield db


Db = Annotated[AsyncSession, Depends(open_session, scope="function")]
ReadDb = Annotated[AsyncSession, Depends(open_reading_session, scope="function")]


@dataclass(frozen=True, slots=True)
class Tagger:
    """Sets the entity tag of an answer; a reader who has it already gets 304."""

    response: Response
    if_none_match: str | None

    def __call__(self, version: int | str, *, weak: bool = False) -> None:
        """Tag the answer with its version."""
        self.mark(etag(version, weak=weak))

    def mark(self, tag: str) -> None:
        """Tag the answer with an entity tag as it stands in a header."""
        if self.if_none_match is not None and matches(self.if_none_match, tag, weakly=True):
            raise NotModified(tag)
        self.response.headers["ETag"] = tag


async def _reading_tagger(
    response: Response,
    if_none_match: Annotated[str | None, Header(description="上次的 ETag;未变化时返回 304")] = None,
) -> Tagger:
    return Tagger(response, if_none_match)


async def _writing_tagger(response: Response) -> Tagger:
    return Tagger(response, None)


Tag = Annotated[Tagger, Depends(_reading_tagger)]
"""For GET: sets the ETag and answers 304."""
NewTag = Annotated[Tagger, Depends(_writing_tagger)]
"""For writes: sets the ETag of what was written."""


async def _precondition(
    request: Request,
    if_match: Annotated[
        str | None, Header(description="读取时得到的 ETag;“*” 表示不检查版本(会被记录)")
    ] = None,
) -> Precondition:
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == "*":
        log().info("unconditional_write", path=request.url.path)
    return Precondition(if_match)


IfMatch = Annotated[Precondition, Depends(_precondition)]


@dataclass(frozen=True, slots=True)
class Pager:
    """The page a caller asked for."""

    request: Request
    response: Response
    limit: int
    cursor: str | None
    sort: str | None
    exact_count: bool

    async def answer(
        self,
        db: AsyncSession,
        statement: Select[Any],
        *,
        sorts: Mapping[str, Any],
        default: str,
        tie: Any,
        out: Callable[[Any], Item],
    ) -> Page[Item]:
        """One page of a statement; ``out`` makes an item of a row."""
        orders = paging.parse_sort(
            self.sort or default, sorts=cast("dict[str, ColumnElement[Any]]", sorts), tie=tie
        )
        found = await paging.fetch(
            db,
            statement,
            orders=orders,
            limit=self.limit,
            cursor=self.cursor,
            binding=self._binding(),
        )
        if self.exact_count:
            total = await paging.count(db, statement)
            self.response.headers["X-Total-Count"] = str(total)
            self.response.headers["Preference-Applied"] = "count=exact"
        if found.next_cursor:
            self.response.headers["Link"] = f'<{self._next(found.next_cursor)}>; rel="next"'
        return Page[Item](items=[out(row) for row in found.rows], next_cursor=found.next_cursor)

    def _binding(self) -> str:
        caller = getattr(self.request.state, "caller", None)
        filters = sorted(
            item
            for item in self.request.query_params.multi_items()
            if item[0] not in {"cursor", "limit"}
        )
        return f"{caller.key if caller else ''} {self.request.url.path} {filters}"

    def _next(self, cursor: str) -> str:
        kept = [item for item in self.request.query_params.multi_items() if item[0] != "cursor"]
        return f"{self.request.url.path}?{urlencode([*kept, ('cursor', cursor)])}"


async def _pager(
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200, description="每页条数,默认 50,最多 200")] = 50,
    cursor: Annotated[
        str | None, Query(description="上一页返回的 next_cursor", max_length=2000)
    ] = None,
    sort: Annotated[
        str | None, Query(description="排序字段,前缀 - 表示降序,如 -name", max_length=200)
    ] = None,
    prefer: Annotated[
        str | None, Header(description="count=exact 时在 X-Total-Count 返回总数")
    ] = None,
) -> Pager:
    exact = "count=exact" in (prefer or "").replace(" ", "")
    return Pager(request, response, limit, cursor, sort, exact)


Paging = Annotated[Pager, Depends(_pager)]
