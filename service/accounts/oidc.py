"""Tokens of an external identity provider (OpenID Connect), checked against its published keys.

Nothing here opens a transaction: fetching keys is slow and foreign.
"""

import asyncio
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import httpx
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from service.kit import clock
from service.kit.observe import log
from service.kit.problems import Text, Unavailable
from service.kit.settings import settings

ALGORITHMS = ("RS256", "PS256", "ES256", "ES384", "Ed25519")
"""Signatures with a public key only: a shared secret would let us forge what we check."""

_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})
_FRESH = timedelta(minutes=10)
_NOT_AGAIN_BEFORE = timedelta(seconds=30)
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the identity provider vouches for."""

    subject: str
    username: str | None
    district_code: str | None
    expires_at: datetime


class Issuer:
    """One identity provider and its keys, kept and renewed.

    Keys are asked for again when they have been kept for a while, or when a token names one that is
    not there (the provider has changed its keys), but never more often than every half minute:
    made-up key names must not make us a nuisance. While the provider is away, known keys serve on.
    """

    def __init__(self, *, issuer: str, audience: str, jwks_url: str | None) -> None:
        self.issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._keys: KeySet | None = None
        self._asked_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def person(self, token: str) -> Person | None:
        """Whom a token names, or ``None`` where it does not convince.

        Raises
        ------
        Unavailable
            The keys have never been there yet.
        """
        header = unchecked(token, 0)
        if header.get("alg") not in ALGORITHMS:
            return None
        keys = await self._keys_with(header.get("kid"))
        try:
            claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            self._check(claims)
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        return Person(
            subject=str(claims["sub"]),
            username=claims.get("preferred_username"),
            district_code=claims.get("district_code"),
            expires_at=datetime.fromtimestamp(claims["exp"], clock.now().tzinfo),
        )

    def _check(self, claims: dict[str, Any]) -> None:
        jwt.JWTClaimsRegistry(
            now=int(clock.now().timestamp()),
            leeway=_LEEWAY_SECONDS,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._audience},
            sub={"essential": True},
            exp={"essential": True},
        ).validate(claims)

    async def _keys_with(self, kid: str | None) -> KeySet:
        async with self._lock:
            if self._wants_keys(kid):
                self._asked_at = clock.now()
                try:
                    self._keys = KeySet.import_key_set({"keys": await self._fetch()})
                except (httpx.HTTPError, JoseError, ValueError, LookupError, TypeError) as error:
                    log().warning("identity_provider_unreachable", error=type(error).__name__)
            if self._keys is None:
                raise Unavailable(
                    Text("统一身份认证暂不可用。", "The identity provider cannot be reached.")
                )
            return self._keys

    def _wants_keys(self, kid: str | None) -> bool:
        if self._asked_at is None:
            return True
        age = clock.now() - self._asked_at
        missing = self._keys is None or (
            kid is not None and all(key.kid != kid for key in self._keys.keys)
        )
        return age >= _FRESH or (missing and age >= _NOT_AGAIN_BEFORE)

    async def _fetch(self) -> list[dict[str, Any]]:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as http:
            if self._jwks_url is None:
                known = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
                about = await http.get(known)
                about.raise_for_status()
                self._jwks_url = str(about.json()["jwks_uri"])
            answer = await http.get(self._jwks_url)
            answer.raise_for_status()
            return [
                key
                for key in answer.json()["keys"]
                if key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"
            ]


def unchecked(token: str, part: int) -> dict[str, Any]:
    """The header (0) or the claims (1) as they were sent: good for choosing a key, for no more."""
    try:
        segment = token.split(".")[part]
        found = orjson.loads(urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
    except (LookupError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=4)
def known_issuer(issuer: str, audience: str, jwks_url: str | None) -> Issuer:
    """One ``Issuer`` per provider, with the keys it has."""
    return Issuer(issuer=issuer, audience=audience, jwks_url=jwks_url)


def issuer_of(token: str) -> Issuer | None:
    """The configured identity provider, where the token claims to come from it."""
    chosen = settings()
    if chosen.oidc_issuer is None or unchecked(token, 1).get("iss") != chosen.oidc_issuer:
        return None
    return known_issuer(chosen.oidc_issuer, chosen.oidc_audience or "huangge", chosen.oidc_jwks_url)
