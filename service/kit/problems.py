"""Refusals as classes: a code that never changes, a status, and a way out in two languages.

RFC 9457 is the shape on the wire. Rules and actions raise problems; only the edge knows HTTP.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from typing_extensions import override


class Text(NamedTuple):
    """One sentence a person reads, in Chinese and in English."""

    zh: str
    en: str

    def in_(self, language: str) -> str:
        """The sentence in ``zh`` or ``en``."""
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field.

    ``pointer`` is a JSON pointer (RFC 6901) into the body, or ``query/<name>``, ``path/<name>``,
    ``header/<name>``.
    """

    pointer: str
    code: str
    message: Text


CATALOGUE: dict[str, type["Problem"]] = {}


class Problem(Exception):  # the suffix "Error" would say less
    """A refusal the caller can understand and act on."""

    code: ClassVar[str] = "problem"
    status: ClassVar[int] = 400
    title: ClassVar[Text] = Text("请求被拒绝", "The request was refused")
    remedy: ClassVar[Text] = Text("请查看详情后重试。", "See the detail and try again.")

    def __init__(
        self,
        detail: Text | None = None,
        *,
        errors: Sequence[FieldError] = (),
        headers: dict[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__((detail or self.title).en)
        self.detail = detail or self.remedy
        self.errors = tuple(errors)
        self.headers = headers or {}
        self.members = members

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        known = CATALOGUE.get(cls.code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"problem code {cls.code!r} belongs to {known.__qualname__} already")
        CATALOGUE[cls.code] = cls


class Malformed(Problem):
    """The request could not be read at all."""

    code = "malformed"
    status = 400
    title = Text("请求格式不正确", "The request cannot be read")
    remedy = Text("请检查请求体是否为合法的 JSON。", "Check that the body is valid JSON.")


class CursorMismatch(Problem):
    """A paging cursor was used with another filter, sort order or caller."""

    code = "cursor-mismatch"
    status = 400
    title = Text("翻页游标与本次查询不符", "The cursor belongs to another query")
    remedy = Text(
        "请去掉 cursor 参数,从第一页重新开始。",
        "Drop the cursor and start again at the first page.",
    )


class SyncTokenInvalid(Problem):
    """A sync token was made up, cut, or belongs to another caller."""

    code = "sync-token-invalid"
    status = 400
    title = Text("同步令牌无效", "The sync token is not valid")
    remedy = Text(
        "请原样使用上次返回的令牌,勿截断或改写;令牌只供取得它的账号使用。"
        "无法找回时,请不带令牌重新同步。",
        "Use the last token exactly as it was answered, and only with the account that got it. "
        "If it is lost, start again without a token.",
    )


class Unauthorized(Problem):
    """No valid access token came with the request."""

    code = "unauthorized"
    status = 401
    title = Text("尚未登录或登录已失效", "Not signed in, or the sign-in has expired")
    remedy = Text(
        "请通过 /v1/oauth/token 取得新的访问令牌。", "Get a new access token from /v1/oauth/token."
    )

    def __init__(self, detail: Text | None = None, **members: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="huangge"'}, **members)


class Forbidden(Problem):
    """The caller sees the thing but may not do this with it."""

    code = "forbidden"
    status = 403
    title = Text("没有此操作的权限", "Not allowed")
    remedy = Text(
        "请联系区级或集团管理员授予相应权限。", "Ask a district or group admin for the permission."
    )


class NotFound(Problem):
    """It does not exist, or the caller may not see it: the two are told apart by nobody."""

    code = "not-found"
    status = 404
    title = Text("未找到", "Not found")
    remedy = Text(
        "请核对编号;您无权查看的内容同样显示为未找到。",
        "Check the id; what you may not see is reported as not found too.",
    )


class MethodNotAllowed(Problem):
    """The path exists, the method does not."""

    code = "method-not-allowed"
    status = 405
    title = Text("不支持该请求方法", "Method not allowed")
    remedy = Text("请查阅 /docs 中的接口说明。", "See /docs for what this path offers.")


class Conflict(Problem):
    """The present state of the data stands in the way."""

    code = "conflict"
    status = 409
    title = Text("与当前数据状态冲突", "In conflict with the present state")
    remedy = Text("请刷新数据后重试。", "Reload and try again.")


class Busy(Conflict):
    """Others wrote the same rows at the same moment, three times in a row."""

    code = "busy"
    title = Text("同一数据正被他人修改", "Others are changing the same data")
    remedy = Text("请稍候重试,本次请求未产生任何改动。", "Try again shortly; nothing was changed.")


class StillReferenced(Conflict):
    """The row is used by others and cannot go."""

    code = "still-referenced"
    title = Text("该数据仍被引用", "Still in use")
    remedy = Text("请先处理引用它的数据。", "Deal with what refers to it first.")


class PreconditionFailed(Problem):
    """The caller's copy is out of date."""

    code = "precondition-failed"
    status = 412
    title = Text("数据已被他人修改", "Somebody changed it in the meantime")
    remedy = Text(
        "请重新读取,以新的 ETag 作为 If-Match 再提交。",
        "Read it again and send the new ETag as If-Match.",
    )


class TooLarge(Problem):
    """The body is larger than this operation takes."""

    code = "too-large"
    status = 413
    title = Text("请求体过大", "The body is too large")
    remedy = Text("请缩小文件或分批提交。", "Send less, or in several parts.")


class UnsupportedMediaType(Problem):
    """The body is of a kind this operation does not read."""

    code = "unsupported-media-type"
    status = 415
    title = Text("不支持的内容类型", "Unsupported media type")
    remedy = Text("请使用接口说明中的 Content-Type。", "Use the Content-Type the operation names.")


class ValidationFailed(Problem):
    """The content breaks a rule; ``errors`` names every field."""

    code = "validation-failed"
    status = 422
    title = Text("提交的内容不符合要求", "The content breaks a rule")
    remedy = Text("请按 errors 中的提示逐项修改。", "Correct each field named in errors.")


class RelatedNotFound(ValidationFailed):
    """A field points to something that does not exist in this district."""

    code = "related-not-found"
    title = Text("引用的对象不存在", "A field points to something that does not exist")
    remedy = Text("请核对该字段中的编号。", "Check the id in that field.")


class InvalidValue(ValidationFailed):
    """A value the database refuses."""

    code = "invalid-value"
    title = Text("字段取值不允许", "A value is not allowed")


class IdempotencyKeyReused(ValidationFailed):
    """The same Idempotency-Key came with another request."""

    code = "idempotency-key-reused"
    title = Text("幂等键已用于另一请求", "The Idempotency-Key was used for another request")
    remedy = Text("请为新的请求生成新的幂等键。", "Make a new key for a new request.")


class IdempotencyInProgress(Conflict):
    """The first request with this key is still running."""

    code = "idempotency-in-progress"
    title = Text("相同幂等键的请求仍在处理", "The first request with this key is still running")
    remedy = Text("请稍候以同一幂等键重试。", "Try again shortly with the same key.")


class PreconditionRequired(Problem):
    """A change without ``If-Match`` could overwrite somebody else's work."""

    code = "precondition-required"
    status = 428
    title = Text("缺少 If-Match 请求头", "If-Match is missing")
    remedy = Text(
        "请先读取该资源,并以其 ETag 作为 If-Match。", "Read it first and send its ETag as If-Match."
    )


class TooManyRequests(Problem):
    """The caller's budget for this minute is used up."""

    code = "too-many-requests"
    status = 429
    title = Text("请求过于频繁", "Too many requests")
    remedy = Text("请按 Retry-After 指示的秒数后重试。", "Wait for Retry-After seconds.")


class InternalError(Problem):
    """A bug of ours; the trace id finds it in the log."""

    code = "internal-error"
    status = 500
    title = Text("服务内部错误", "Internal error")
    remedy = Text(
        "本次请求未产生任何改动。请将 trace_id 提供给管理员。",
        "Nothing was changed. Give the trace_id to your admin.",
    )


class Unavailable(Problem):
    """The database cannot be reached just now."""

    code = "unavailable"
    status = 503
    title = Text("服务暂不可用", "Unavailable for the moment")
    remedy = Text("请稍候重试。", "Try again shortly.")

    def __init__(self, detail: Text | None = None, **members: Any) -> None:
        super().__init__(detail, headers={"Retry-After": "2"}, **members)


_REFUSALS: dict[str, Callable[[], Problem]] = {}


def refuses(constraint: str, problem: Callable[[], Problem]) -> None:
    """Say which problem a violated constraint of this name is."""
    if constraint in _REFUSALS:
        raise ValueError(f"constraint {constraint!r} has a problem already")
    _REFUSALS[constraint] = problem


def refuses_missing(constraint: str, pointer: str) -> None:
    """A foreign key: the field points to something that is not there."""
    error = FieldError(pointer, "not-found", Text("不存在", "does not exist"))
    refuses(constraint, lambda: RelatedNotFound(errors=[error]))


def refuses_value(constraint: str, pointer: str, message: Text) -> None:
    """A check constraint: the value of one field is not allowed."""
    error = FieldError(pointer, "not-allowed", message)
    refuses(constraint, lambda: InvalidValue(errors=[error]))


def refusal_of(constraint: str) -> Problem | None:
    """The problem behind a constraint name, with or without the suffix of a shard."""
    make = _REFUSALS.get(constraint) or _REFUSALS.get(constraint.rstrip("0123456789").rstrip("_"))
    return make() if make else None


def known_refusals() -> frozenset[str]:
    """Every constraint name that has a problem, for the test that none is missing."""
    return frozenset(_REFUSALS)
