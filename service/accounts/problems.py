"""What accounts refuse.

The token endpoint's problems carry ``error`` and ``error_description`` beside the members of every
problem, so that an OAuth 2.0 library (RFC 6749 §5.2) and a reader of ours each find their own.
"""

from typing import ClassVar

from service.kit.problems import (
    Conflict,
    FieldError,
    Forbidden,
    NotFound,
    Problem,
    Text,
    TooManyRequests,
    ValidationFailed,
    refuses,
    refuses_missing,
    refuses_value,
)


class TokenRefused(Problem):
    """No token: ``error`` is the word OAuth 2.0 has for the reason."""

    code = "invalid-request"
    status = 400
    title = Text("令牌请求不完整或不正确", "The token request is incomplete or wrong")
    remedy = Text(
        "请以 application/x-www-form-urlencoded 提交 grant_type 及其所需参数。",
        "Send grant_type and what it needs as application/x-www-form-urlencoded.",
    )
    error: ClassVar[str] = "invalid_request"

    def __init__(
        self, detail: Text | None = None, *, headers: dict[str, str] | None = None
    ) -> None:
        said = (detail or self.remedy).en
        super().__init__(
            detail,
            headers={"Cache-Control": "no-store", **(headers or {})},
            error=self.error,
            # RFC 6749 §5.2 leaves quotation marks and backslashes out of a description.
            error_description=said.replace('"', "'").replace("\\", "/"),
        )


class CredentialsWrong(TokenRefused):
    """The username, the password or the refresh token is not right; which one is not told."""

    code = "invalid-grant"
    title = Text("用户名、密码或刷新令牌不正确", "Wrong username, password or refresh token")
    remedy = Text(
        "请核对后重新登录;多区部署时用户名须写作“用户名@区划代码”。忘记密码请联系管理员重置。",
        "Check them and sign in again; where there are several districts, write name@code. "
        "An admin can reset a forgotten password.",
    )
    error = "invalid_grant"


class ClientUnknown(TokenRefused):
    """The partner client did not prove who it is."""

    code = "invalid-client"
    status = 401
    title = Text("客户端凭据不正确", "The client credentials are wrong")
    remedy = Text(
        "请核对 client_id 与 client_secret;私钥签名(JWT)请核对密钥、aud、exp、jti。",
        "Check the client_id and the client_secret; with private_key_jwt the key, aud, exp and "
        "jti.",
    )
    error = "invalid_client"

    def __init__(self, detail: Text | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Basic realm="huangge"'})


class GrantTypeUnsupported(TokenRefused):
    """The grant type is not one of ours."""

    code = "unsupported-grant-type"
    title = Text("不支持的 grant_type", "The grant type is not supported")
    remedy = Text(
        "可用:password、refresh_token、client_credentials。",
        "Use password, refresh_token or client_credentials.",
    )
    error = "unsupported_grant_type"


class ScopeInvalid(TokenRefused):
    """The client asked for a scope it does not hold."""

    code = "invalid-scope"
    title = Text("申请的 scope 未获授权", "The scope is unknown or was not granted")
    remedy = Text(
        "请去掉未授权的 scope,或联系区级管理员授权。",
        "Leave the scope out, or ask a district admin for it.",
    )
    error = "invalid_scope"


class TooManyLogins(TooManyRequests):
    """Too many tries with one name; the name need not exist."""

    code = "too-many-logins"
    title = Text("该用户名尝试登录过于频繁", "Too many tries with this username")
    remedy = Text("请稍候再试。", "Wait a little before the next try.")

    def __init__(self, *, retry_after: int = 60) -> None:
        super().__init__(
            headers={"Retry-After": str(retry_after), "Cache-Control": "no-store"},
            error="slow_down",
            error_description=self.remedy.en,
        )


class AccountNotFound(NotFound):
    """No such account within reach."""

    code = "account-not-found"
    title = Text("未找到账号", "No such account")


class GrantNotFound(NotFound):
    """No such grant within reach."""

    code = "grant-not-found"
    title = Text("未找到授权", "No such grant")


class SessionNotFound(NotFound):
    """No such session of the caller's own."""

    code = "session-not-found"
    title = Text("未找到登录会话", "No such session")


class ClientNotFound(NotFound):
    """No such partner client within reach."""

    code = "client-not-found"
    title = Text("未找到合作客户端", "No such partner client")


class ClientKeyUnfit(ValidationFailed):
    """A key that nothing may be proven with."""

    code = "client-key-unfit"
    title = Text("公钥不符合要求", "The key cannot be used")
    remedy = Text(
        "请提供 JWK 格式的公钥,含不重复的 kid;可用 RSA(2048 位以上)、EC(P-256、P-384)"
        "或 Ed25519。切勿提交私钥。",
        "Give public keys as JWK, each with a kid of its own: RSA of 2048 bits or more, EC (P-256, "
        "P-384) or Ed25519. Never send a private key.",
    )


class BeyondOwnReach(Forbidden):
    """Nobody gives, takes or resets more than they hold themselves."""

    code = "beyond-own-reach"
    title = Text("超出您自身的权限范围", "Beyond your own reach")
    remedy = Text("请联系权限范围更大的管理员办理。", "Ask an admin whose reach covers it.")


class UsernameTaken(Conflict):
    """Another account of the district has the username."""

    code = "username-taken"
    title = Text("用户名已被使用", "The username is taken")
    remedy = Text("请换一个用户名。", "Choose another username.")


class SubjectTaken(Conflict):
    """Another account is bound to the same person at the identity provider."""

    code = "subject-taken"
    title = Text("该统一身份已绑定其他账号", "The identity is bound to another account")
    remedy = Text("请先解除原账号的绑定。", "Unbind it from the other account first.")


class TeacherHasAccount(Conflict):
    """A teacher has one account."""

    code = "teacher-has-account"
    title = Text("该教师已有账号", "The teacher has an account")
    remedy = Text("请在已有账号上授权。", "Give the grant to that account.")


class ClientIdTaken(Conflict):
    """Another client of the district has the id."""

    code = "client-id-taken"
    title = Text("client_id 已被使用", "The client_id is taken")
    remedy = Text("请换一个 client_id。", "Choose another client_id.")


class GrantOverlaps(Conflict):
    """The account holds the same grant for some of the days already."""

    code = "grant-overlaps"
    title = Text("该账号在此期间已有相同授权", "The account holds this grant in that time already")
    remedy = Text(
        "请先结束已有授权,或调整日期。", "End the other grant first, or change the dates."
    )


class GrantOver(Conflict):
    """A grant that is over cannot be ended again."""

    code = "grant-over"
    title = Text("该授权已结束", "The grant is over")
    remedy = Text("已结束的授权无需再处理。", "There is nothing left to end.")


class LastDistrictAdmin(Conflict):
    """Without an open-ended district admin nobody could let anybody in again."""

    code = "last-district-admin"
    title = Text("不能移除最后一位区级管理员", "The last district admin cannot be removed")
    remedy = Text(
        "请先为另一个在用账号授予长期有效的区级管理员权限。",
        "Give another active account a district admin grant without an end first.",
    )


class ReachUnfit(ValidationFailed):
    """The role is not held that far, or the target is missing or too much."""

    code = "reach-unfit"
    title = Text("角色与授权范围不匹配", "The role does not go with this reach")
    remedy = Text(
        "请按角色选择范围;学校、集团范围须给出 target_id,其余范围不得给出。",
        "Choose a reach the role has; school and group need a target_id, the others take none.",
    )


class EndInPast(ValidationFailed):
    """What was allowed yesterday was allowed: the past of a grant is not rewritten."""

    code = "end-in-past"
    title = Text("结束日期不能早于今天", "The end cannot be before today")
    remedy = Text("请选择今天或以后的日期。", "Choose today or a later day.")

    def __init__(self) -> None:
        message = Text("不能早于今天", "cannot be before today")
        super().__init__(errors=[FieldError("query/valid_until", "in-the-past", message)])


class PasswordWrong(ValidationFailed):
    """The present password was not given correctly."""

    code = "password-wrong"
    title = Text("当前密码不正确", "The present password is wrong")
    remedy = Text("请重新输入当前密码。", "Type the present password again.")

    def __init__(self) -> None:
        message = Text("不正确", "is wrong")
        super().__init__(errors=[FieldError("/current_password", "wrong", message)])


_SAME_REACH = Text("与授权范围不一致", "does not go with the reach")
_KNOWN_WORD = Text("不是允许的取值", "is not an allowed value")

refuses("uq_account_username", UsernameTaken)
refuses("uq_account_subject", SubjectTaken)
refuses("uq_account_teacher", TeacherHasAccount)
refuses_value(
    "ck_account_username", "/username", Text("须为小写且不含 @", "is lower case without @")
)
refuses_missing("fk_account_school", "/school_id")

refuses("ex_account_grant", GrantOverlaps)
refuses_value("ck_account_grant_role", "/role", _KNOWN_WORD)
refuses_value("ck_account_grant_reach", "/reach", _KNOWN_WORD)
refuses_value("ck_account_grant_target", "/target_id", _SAME_REACH)
refuses_value("ck_account_grant_days", "/valid_until", Text("不能为空区间", "cannot be empty"))
refuses_missing("fk_account_grant_account", "/account_id")
refuses_missing("fk_account_grant_school", "/target_id")
refuses_missing("fk_account_grant_group", "/target_id")

refuses("uq_partner_client_client_id", ClientIdTaken)
refuses_missing("fk_client_secret_client", "/client_id")
refuses_value("ck_client_secret_slot", "/slot", Text("至多两个密钥", "takes two secrets at most"))
refuses_value("uq_client_secret_slot", "/slot", Text("至多两个密钥", "takes two secrets at most"))
refuses_missing("fk_client_organisation_client", "/client_id")
refuses_missing("fk_client_organisation_school", "/organisations")
refuses_missing("fk_client_organisation_group", "/organisations")
refuses_value("ck_client_organisation_reach", "/organisations", _KNOWN_WORD)
refuses_value("ck_client_organisation_target", "/organisations", _SAME_REACH)
refuses_value("uq_client_organisation", "/organisations", Text("有重复", "has a duplicate"))

refuses_value("ck_partner_client_field_profile", "/field_profile", _KNOWN_WORD)
refuses_missing("fk_client_assertion_client", "/client_id")
refuses("uq_client_assertion_jti", ClientUnknown)
refuses_missing("fk_client_usage_client", "/client_id")

refuses_missing("fk_login_session_account", "/account_id")
refuses_missing("fk_login_session_client", "/client_id")
refuses_value("ck_login_session_owner", "/account_id", _KNOWN_WORD)
refuses_value("ck_login_session_end_reason", "/end_reason", _KNOWN_WORD)
