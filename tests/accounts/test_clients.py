"""Partner clients: what they are told of persons, how they prove who they are, what they asked."""

import asyncio
from datetime import date
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from service.accounts.assertions import JWT_BEARER
from service.accounts.usage import write_down
from service.kit import clock
from service.kit.auth import Role
from service.kit.usage import USAGE
from tests.factories.accounts import SECRET

ANY = {"If-Match": "*"}
TOKEN = "http://huangge.test/v1/oauth/token"


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


@pytest.fixture(scope="module")
def key():
    return ECKey.generate_key("P-256", {"kid": "one"})


def public(*keys: Any) -> list[dict[str, Any]]:
    return [{**key.as_dict(private=False), "kid": key.kid} for key in keys]


async def made(office: Any, **values: Any) -> Any:
    body = {
        "client_id": "zhixue",
        "name": "智学",
        "scopes": ["people.read"],
        "organisations": [{"reach": "district"}],
        **values,
    }
    answer = await office.post("/v1/clients", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def assertion(key: Any, *, alg: str = "ES256", jti: str = "1", **claims: Any) -> str:
    now = int(clock.now().timestamp())
    said = {"iss": "zhixue", "sub": "zhixue", "aud": TOKEN, "exp": now + 60, "jti": jti, **claims}
    return jwt.encode({"alg": alg, "kid": key.kid}, said, key, algorithms=[alg])


async def signed(client: Any, token: str, **form: Any) -> Any:
    return await client.post(
        "/v1/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": JWT_BEARER,
            "client_assertion": token,
            **form,
        },
    )


async def entered(client: Any, guests: Any, *, client_id: str, secret: str) -> Any:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    answer = await client.post("/v1/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return guests(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})


# Field profiles

HONOURS = ("backbone_level", "backbone_label", "backbone_grantor", "teaching_since")
PRIVATE = ("birth_year", "expected_retirement_on")


@pytest.mark.parametrize(
    ("profile", "hidden"), [("basic", HONOURS + PRIVATE), ("professional", PRIVATE), ("full", ())]
)
async def test_a_profile_decides_what_is_told_of_persons(
    make, office, client, guests, profile, hidden
):
    teacher = await make.teacher(
        school=await make.school(),
        birth_year=1980,
        teaching_since=date(2003, 9, 1),
        backbone_level="backbone",
        backbone_grantor="district",
    )
    new = await made(office, field_profile=profile)
    partner = await entered(client, guests, client_id="zhixue", secret=new["client_secret"])

    one = (await partner.get(f"/v1/teachers/{teacher.id}")).json()
    listed = (await partner.get("/v1/teachers")).json()["items"][0]
    theirs = (await office.get(f"/v1/teachers/{teacher.id}")).json()

    assert theirs["birth_year"] == 1980
    for shown in (one, listed):
        assert shown["name"] == theirs["name"]
        told = {name for name in HONOURS + PRIVATE if shown[name] is not None}
        known = {name for name in HONOURS + PRIVATE if theirs[name] is not None}
        assert told == known - set(hidden)


async def test_the_feed_tells_no_more_and_a_wider_profile_is_told_anew(
    make, office, client, guests, settled
):
    await make.teacher(school=await make.school(), birth_year=1980)
    new = await made(office)
    assert new["field_profile"] == "basic"
    partner = await entered(client, guests, client_id="zhixue", secret=new["client_secret"])
    await settled()
    params = {"collections": "teachers"}
    first = (await partner.get("/v1/changes", params=params)).json()
    assert [item["data"]["birth_year"] for item in first["items"]] == [None]

    await office.patch(f"/v1/clients/{new['id']}", json={"field_profile": "full"}, headers=ANY)
    await settled()
    gone = await partner.get("/v1/changes", params={"since": first["next_token"]})
    anew = (await partner.get("/v1/changes", params=params)).json()

    assert (gone.status_code, gone.json()["why"]) == (410, "profile"), gone.text
    assert gone.json()["resync"].startswith("/v1/changes")
    assert [item["data"]["birth_year"] for item in anew["items"]] == [1980]


# Keys


@pytest.mark.parametrize("kind", ["EC", "RSA", "OKP"])
async def test_a_client_signs_who_it_is(office, client, kind):
    key, alg = {
        "EC": lambda: (ECKey.generate_key("P-256", {"kid": "k"}), "ES256"),
        "RSA": lambda: (RSAKey.generate_key(2048, {"kid": "k"}), "RS256"),
        "OKP": lambda: (OKPKey.generate_key("Ed25519", {"kid": "k"}), "Ed25519"),
    }[kind]()
    new = await made(office, keys=public(key))
    assert new["client_secret"] is None
    assert new["secrets_created_at"] == []

    answer = await signed(client, assertion(key, alg=alg), client_id="zhixue")

    assert answer.status_code == 200, answer.text
    assert answer.json()["scope"] == "people.read"


async def test_an_assertion_works_once_even_at_once(office, client, key):
    await made(office, keys=public(key))
    token = assertion(key)

    answers = await asyncio.gather(*(signed(client, token) for _ in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401, 401]
    assert (await signed(client, assertion(key, jti="2"))).status_code == 200


async def test_what_does_not_convince_lets_nobody_in(office, client, key):
    await made(office, keys=public(key))
    now = int(clock.now().timestamp())
    stranger = ECKey.generate_key("P-256", {"kid": "one"})
    for token in (
        assertion(stranger),
        assertion(key, iss="other"),
        assertion(key, sub="other"),
        assertion(key, aud="https://elsewhere.example/token"),
        assertion(key, exp=now - 120),
        assertion(key, exp=now + 3600),
        assertion(key, jti=""),
        assertion(key, jti="x" * 300),
        assertion(OctKey.generate_key(256, {"kid": "one"}), alg="HS256"),
        "not.a.token",
        "x",
    ):
        answer = await signed(client, token)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), token


async def test_keys_change_over_one_after_the_other(office, client, key):
    new = await made(office, keys=public(key))
    other = ECKey.generate_key("P-256", {"kid": "two"})
    path = f"/v1/clients/{new['id']}"

    both = await office.patch(path, json={"keys": public(key, other)}, headers=ANY)
    assert both.status_code == 200, both.text
    assert (await signed(client, assertion(key, jti="a"))).status_code == 200
    assert (await signed(client, assertion(other, jti="b"))).status_code == 200

    await office.patch(path, json={"keys": public(other)}, headers=ANY)
    assert (await signed(client, assertion(key, jti="c"))).status_code == 401


async def test_keys_that_prove_nothing_are_refused(office, key):
    unnamed = {name: value for name, value in public(key)[0].items() if name != "kid"}
    bad = [
        key.as_dict(private=True),
        OctKey.generate_key(256, {"kid": "o"}).as_dict(private=True),
        unnamed,
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "XX", "kid": "x"},
        public(ECKey.generate_key("secp256k1", {"kid": "s"}))[0],
    ]
    for one in bad:
        answer = await office.post(
            "/v1/clients",
            json={
                "client_id": "zhixue",
                "name": "智学",
                "scopes": [],
                "organisations": [],
                "keys": [one],
            },
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "client-key-unfit"), one
        assert answer.json()["errors"][0]["pointer"] == "/keys/0"
    twice = await office.post(
        "/v1/clients",
        json={
            "client_id": "zhixue",
            "name": "智学",
            "scopes": [],
            "organisations": [],
            "keys": public(key, key),
        },
    )
    assert [error["pointer"] for error in twice.json()["errors"]] == ["/keys/1"]


async def test_two_secrets_live_beside_each_other(make, office, client, guests):
    row = await make.partner()
    rotated = await office.post(f"/v1/clients/{row.id}:rotate-secret", headers=ANY)

    for secret in (SECRET, rotated.json()["client_secret"]):
        await entered(client, guests, client_id=row.client_id, secret=secret)


# Usage


async def test_what_a_client_asked_is_counted(make, office, client, guests, database):
    USAGE.take()
    row = await make.partner(school=await make.school())
    partner = await entered(client, guests, client_id=row.client_id, secret=SECRET)
    for _ in range(3):
        await partner.get("/v1/teachers")
    await partner.get("/v1/accounts")
    await write_down(database)
    await partner.get("/v1/schools")
    await write_down(database)

    answer = await office.get(f"/v1/clients/{row.id}/usage")

    assert answer.status_code == 200, answer.text
    usage = answer.json()
    assert (usage["requests"], usage["refused"], usage["failed"]) == (5, 1, 0)
    assert [item["requests"] for item in usage["items"]] == [5]
    assert (await office.get(f"/v1/clients/{row.id}")).json()["last_used_at"] is not None
    none = await office.get(
        f"/v1/clients/{row.id}/usage", params={"from": "2020-01-01", "until": "2020-02-01"}
    )
    assert (none.json()["requests"], none.json()["items"]) == (0, [])


@pytest.mark.parametrize(
    "params",
    [
        {"from": "2026-09-02", "until": "2026-09-01"},
        {"from": "2020-01-01", "until": "2026-01-01"},
        {"until": "0001-01-01"},
    ],
)
async def test_days_that_are_none_are_refused(make, office, params):
    row = await make.partner()

    answer = await office.get(f"/v1/clients/{row.id}/usage", params=params)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
