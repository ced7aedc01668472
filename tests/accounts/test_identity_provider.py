"""Tokens of an external issuer, which runs on this machine's loopback for the test."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from service.accounts import oidc
from service.kit import clock
from service.kit.auth import Role
from service.kit.settings import settings

NOW = datetime(2026, 10, 9, 4, tzinfo=UTC)


class Provider:
    """A small identity provider: two documents and some keys."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.asked: list[str] = []
        self.address = ""
        self.is_away = False
        self.extra: list[dict[str, Any]] = []

    def add(self, kid: str, key: Any) -> None:
        self.keys[kid] = key

    def documents(self) -> dict[str, Any]:
        published = [
            {**key.as_dict(private=False), "kid": kid, "use": "sig"}
            for kid, key in self.keys.items()
        ]
        return {
            "/.well-known/openid-configuration": {"jwks_uri": f"{self.address}/keys"},
            "/keys": {"keys": [*self.extra, *published]},
        }

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        self.asked.append(path)
        found = None if self.is_away else self.documents().get(path)
        body = json.dumps(found).encode()
        status = b"200 OK" if found else b"503 Away"
        writer.write(
            b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
            % (status, len(body), body)
        )
        await writer.drain()
        writer.close()

    def token(self, *, kid: str = "one", alg: str = "RS256", key: Any = None, **claims: Any) -> str:
        said = {
            "iss": self.address,
            "aud": "huangge",
            "sub": "u-1",
            "exp": int((clock.now() + timedelta(minutes=5)).timestamp()),
            "preferred_username": "wang",
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": kid}, said, key or self.keys[kid], algorithms=[alg])


@pytest.fixture
async def provider(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    provider = Provider()
    server = await asyncio.start_server(provider.answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    provider.address = f"http://{host}:{port}"
    provider.add("one", RSAKey.generate_key(2048))
    monkeypatch.setenv("HUANGGE_OIDC_ISSUER", provider.address)
    monkeypatch.setenv("HUANGGE_OIDC_AUDIENCE", "huangge")
    settings.cache_clear()
    oidc.known_issuer.cache_clear()
    with clock.freeze(NOW):
        yield provider
    server.close()
    await server.wait_closed()
    monkeypatch.undo()
    settings.cache_clear()
    oidc.known_issuer.cache_clear()


@pytest.fixture
async def wang(make):
    account = await make.account(username="wang")
    await make.hat(account=account, role=Role.TEACHER)
    return account


@pytest.fixture
def enter(client):
    async def enter(token: str):
        answer = await client.get("/v1/me/sessions", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    return enter


async def test_somebody_the_provider_vouches_for_comes_in(provider, enter, wang):
    assert await enter(provider.token()) == 200
    assert await enter(provider.token()) == 200
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


async def test_the_address_of_the_keys_can_be_given(provider, enter, wang, monkeypatch):
    monkeypatch.setenv("HUANGGE_OIDC_JWKS_URL", f"{provider.address}/keys")
    settings.cache_clear()
    assert await enter(provider.token()) == 200
    assert provider.asked == ["/keys"]


@pytest.mark.parametrize(
    ("kid", "alg", "make_key"),
    [
        ("ec", "ES256", lambda: ECKey.generate_key("P-256")),
        ("ed", "Ed25519", lambda: OKPKey.generate_key("Ed25519")),
        ("pss", "PS256", lambda: RSAKey.generate_key(2048)),
    ],
)
async def test_other_public_key_signatures_are_good(provider, enter, wang, kid, alg, make_key):
    provider.add(kid, make_key())
    assert await enter(provider.token(kid=kid, alg=alg)) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another service"},
        {"aud": None},
        {"exp": int((NOW - timedelta(minutes=2)).timestamp())},
        {"exp": None},
        {"exp": "soon"},
        {"nbf": int((NOW + timedelta(minutes=2)).timestamp())},
        {"sub": None},
        {"iss": "https://elsewhere.example"},
        {"preferred_username": None},
        {"preferred_username": "nobody"},
        {"district_code": "999999"},
    ],
)
async def test_a_token_that_does_not_convince(provider, enter, wang, claims):
    assert await enter(provider.token(**claims)) == 401


async def test_a_secret_shared_with_everybody_signs_nothing(provider, enter, wang):
    token = provider.token(alg="HS256", key=OctKey.import_key(b"what everybody knows, 32 bytes.."))
    assert await enter(token) == 401
    assert provider.asked == []


async def test_a_key_that_is_not_the_providers_signs_nothing(provider, enter, wang):
    assert await enter(provider.token(key=RSAKey.generate_key(2048))) == 401


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_all_the_time(
    provider, enter, wang
):
    assert await enter(provider.token()) == 200
    provider.add("two", RSAKey.generate_key(2048))
    provider.asked.clear()
    assert await enter(provider.token(kid="two")) == 401
    assert provider.asked == []
    with clock.freeze(NOW + timedelta(seconds=31)):
        assert await enter(provider.token(kid="two")) == 200
        assert provider.asked == ["/keys"]
        for number in range(3):
            made_up = provider.token(kid=f"x{number}", key=provider.keys["two"])
            assert await enter(made_up) == 401
    assert provider.asked == ["/keys"]


async def test_known_keys_serve_on_while_the_provider_is_away(provider, enter, wang):
    assert await enter(provider.token()) == 200
    provider.is_away = True
    with clock.freeze(NOW + timedelta(minutes=20)):
        assert await enter(provider.token()) == 200
    assert provider.asked[-1] == "/keys"


async def test_a_provider_that_was_never_there_is_told_as_such(provider, enter, wang):
    provider.is_away = True
    assert await enter(provider.token()) == 503


async def test_keys_for_other_uses_are_passed_over(provider, enter, wang):
    provider.extra = [
        {"kty": "future", "kid": "f"},
        {"kty": "RSA", "use": "enc", "kid": "one", "n": "AQAB", "e": "AQAB"},
    ]
    assert await enter(provider.token()) == 200


async def test_an_account_bound_to_a_person_is_only_theirs(provider, enter, wang, make):
    bound = await make.account(username="zhang", subject="u-9")
    await make.hat(account=bound, role=Role.TEACHER)
    assert await enter(provider.token(sub="u-9", preferred_username=None)) == 200
    assert await enter(provider.token(sub="u-9", preferred_username="renamed")) == 200
    assert await enter(provider.token(sub="u-5", preferred_username="zhang")) == 401


async def test_the_district_is_the_named_one(provider, enter, wang, make, district):
    await make.at(None).district()
    assert await enter(provider.token()) == 401
    assert await enter(provider.token(district_code=district.code)) == 200


async def test_a_closed_account_stays_out(provider, enter, make):
    await make.account(username="wang", active=False)
    assert await enter(provider.token()) == 401


@pytest.mark.parametrize("token", ["a.b.c", "e30.e30.", "W10.W10.x"])
async def test_what_is_no_token_is_nobody(provider, enter, wang, token):
    assert await enter(token) == 401
