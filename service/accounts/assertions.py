"""Clients that sign who they are with a key of their own (RFC 7523), and the keys they may use.

Nothing here opens a transaction; that an assertion works once is the session's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeySet, OKPKey, RSAKey

from service.accounts.oidc import ALGORITHMS, unchecked
from service.accounts.problems import ClientKeyUnfit
from service.kit import clock
from service.kit.problems import FieldError, Text

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_LIFETIME = timedelta(minutes=10)
_LEEWAY_SECONDS = 60
_RSA_BITS = 2048
_JTI_LENGTH = 200
_CURVES = frozenset({"P-256", "P-384", "Ed25519"})
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "k"})


@dataclass(frozen=True, slots=True)
class Signed:
    """An assertion that convinces."""

    id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """What a client signed, not yet checked."""

    token: str
    client_id: str
    audiences: tuple[str, ...]

    @classmethod
    def given(cls, token: str, *, audiences: tuple[str, ...]) -> Self | None:
        """The assertion and whom it names; none where it is no assertion at all."""
        subject = unchecked(token, 1).get("sub")
        return cls(token, subject, audiences) if isinstance(subject, str) and subject else None

    def read(self, keys: Sequence[Mapping[str, Any]]) -> Signed | None:
        """What it says, where one of the client's keys signed it for us, now."""
        if not keys or unchecked(self.token, 0).get("alg") not in ALGORITHMS:
            return None
        now = int(clock.now().timestamp())
        try:
            known = KeySet.import_key_set({"keys": [dict(key) for key in keys]})
            claims = jwt.decode(self.token, known, algorithms=ALGORITHMS).claims
            jwt.JWTClaimsRegistry(
                now=now,
                leeway=_LEEWAY_SECONDS,
                iss={"essential": True, "value": self.client_id},
                sub={"essential": True, "value": self.client_id},
                aud={"essential": True, "values": list(self.audiences)},
                exp={"essential": True},
                jti={"essential": True},
            ).validate(claims)
            id_, expires = claims["jti"], int(claims["exp"])
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        if not isinstance(id_, str) or not 0 < len(id_) <= _JTI_LENGTH:
            return None
        if expires > now + _LIFETIME.total_seconds() + _LEEWAY_SECONDS:
            return None
        # Kept as long as it could be used: a little after it says so itself.
        until = datetime.fromtimestamp(expires + _LEEWAY_SECONDS + 1, UTC)
        return Signed(id_, until)


def check_keys(keys: Sequence[Mapping[str, Any]]) -> None:
    """Refuse keys that prove nothing: private ones, shared ones, short ones, unnamed ones.

    Raises
    ------
    ClientKeyUnfit
        It names each of them.
    """
    seen: set[str] = set()
    errors = []
    for number, key in enumerate(keys):
        if (message := _wrong_with(key, seen)) is not None:
            errors.append(FieldError(f"/keys/{number}", "key-unfit", message))
    if errors:
        raise ClientKeyUnfit(errors=errors)


def _wrong_with(key: Mapping[str, Any], seen: set[str]) -> Text | None:
    kid = key.get("kid")
    if _PRIVATE & key.keys():
        return Text(
            "含有私钥,请立即更换该密钥对", "holds a private part: replace that pair at once"
        )
    if not isinstance(kid, str) or not kid or kid in seen:
        return Text("缺少 kid 或 kid 重复", "needs a kid of its own")
    seen.add(kid)
    return _wrong_with_content(key)


def _wrong_with_content(key: Mapping[str, Any]) -> Text | None:
    try:
        known = JWKRegistry.import_key(dict(key))
    except (JoseError, ValueError, TypeError, KeyError):
        return Text("不是正确的 JWK", "is not a JWK")
    if isinstance(known, RSAKey):
        bits = known.raw_value.key_size
        return Text("RSA 密钥过短", "is too short an RSA key") if bits < _RSA_BITS else None
    if not isinstance(known, ECKey | OKPKey) or key.get("crv") not in _CURVES:
        return Text("不支持的密钥类型或曲线", "is of a kind or on a curve that is not supported")
    return None
