"""The two tokens: an access token that any process can check, a refresh token that works once.

Access tokens are signed (RFC 9068) with a key derived from the installation's secret, so that all
its processes agree. Refresh tokens are opaque to whoever holds them: 256 random bits that belong to
the session, stored hashed, and a generation, sealed together. The seal tells an old token of ours
from a made-up one, so that nobody can end a stranger's session by guessing.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from service.accounts.rules import Scope
from service.kit import clock
from service.kit.settings import settings, signing_secret

ISSUER = "huangge"
_ALGORITHM = "HS256"
_ID = 16
_GENERATION = 4
_SECRET = 32
_SEAL = 16


def key_for(purpose: str) -> bytes:
    """A key for one purpose: what signs a cursor must not sign a token."""
    return hmac.digest(signing_secret(), f"huangge {purpose}".encode(), hashlib.sha256)


def digest(secret: str | bytes) -> bytes:
    """How a secret of 256 random bits is stored; guessing it needs no slower hash."""
    return hashlib.sha256(secret.encode() if isinstance(secret, str) else secret).digest()


@dataclass(frozen=True, slots=True)
class Access:
    """What an access token says."""

    district_id: UUID
    subject: UUID
    """The account, or the partner client."""
    session_id: UUID
    expires_at: datetime
    scopes: frozenset[Scope] | None = None
    """Only in a client's token."""


def access_lifetime() -> timedelta:
    """How long an access token works."""
    return timedelta(minutes=settings().access_token_minutes)


def write_access(
    *,
    district_id: UUID,
    subject: UUID,
    session_id: UUID,
    scopes: Collection[Scope] | None = None,
) -> str:
    """Sign an access token that works from now on."""
    issued = clock.now()
    claims: dict[str, str | int] = {
        "iss": ISSUER,
        "aud": ISSUER,
        "sub": str(subject),
        "sid": str(session_id),
        "district": str(district_id),
        "iat": int(issued.timestamp()),
        "exp": int((issued + access_lifetime()).timestamp()),
        "jti": secrets.token_urlsafe(9),
    }
    if scopes is not None:
        claims["scope"] = " ".join(sorted(scopes))
    key = OctKey.import_key(key_for("access token"))
    return jwt.encode({"alg": _ALGORITHM, "typ": "at+jwt"}, claims, key)


def read_access(token: str) -> Access | None:
    """What a token of ours says, or ``None`` where it is not ours or has expired."""
    try:
        found = jwt.decode(
            token, OctKey.import_key(key_for("access token")), algorithms=[_ALGORITHM]
        )
        claims = found.claims
        if found.header.get("typ") != "at+jwt" or claims["aud"] != ISSUER:
            return None
        access = Access(
            district_id=UUID(claims["district"]),
            subject=UUID(claims["sub"]),
            session_id=UUID(claims["sid"]),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            scopes=_scopes(claims["scope"]) if "scope" in claims else None,
        )
    except (JoseError, KeyError, ValueError, TypeError, AttributeError):
        return None
    return access if clock.now() < access.expires_at else None


def _scopes(listed: str) -> frozenset[Scope]:
    return frozenset(Scope(name) for name in listed.split())


@dataclass(frozen=True, slots=True)
class Refresh:
    """What a refresh token of ours holds."""

    district_id: UUID
    session_id: UUID
    generation: int
    secret: bytes

    @property
    def hash(self) -> bytes:
        """What the session keeps of it."""
        return digest(self.secret)

    @property
    def next(self) -> "Refresh":
        """The token that takes this one's place; the same each time it is asked for."""
        return replace(self, generation=self.generation + 1)


def first_refresh(*, district_id: UUID, session_id: UUID) -> Refresh:
    """The refresh token of a new session."""
    return Refresh(district_id, session_id, 0, secrets.token_bytes(_SECRET))


def write_refresh(refresh: Refresh) -> str:
    """The token as it travels."""
    content = (
        refresh.district_id.bytes
        + refresh.session_id.bytes
        + refresh.generation.to_bytes(_GENERATION)
        + refresh.secret
    )
    return urlsafe_b64encode(content + _seal(content)).decode()


def read_refresh(token: str) -> Refresh | None:
    """The token that travelled, or ``None`` where it is not one of ours."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii"))
    except ValueError:
        return None
    content, seal = raw[:-_SEAL], raw[-_SEAL:]
    if len(content) != 2 * _ID + _GENERATION + _SECRET:
        return None
    if not hmac.compare_digest(seal, _seal(content)):
        return None
    return Refresh(
        district_id=UUID(bytes=content[:_ID]),
        session_id=UUID(bytes=content[_ID : 2 * _ID]),
        generation=int.from_bytes(content[2 * _ID : 2 * _ID + _GENERATION]),
        secret=content[2 * _ID + _GENERATION :],
    )


def _seal(content: bytes) -> bytes:
    return hmac.digest(key_for("refresh token"), content, hashlib.sha256)[:_SEAL]
