"""Tokens as values: what is ours is read, what is not is nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from service.accounts import tokens
from service.accounts.rules import Scope
from service.kit import clock

NOON = datetime(2026, 10, 9, 4, tzinfo=UTC)


def _access(**values: object) -> str:
    given = {"district_id": uuid4(), "subject": uuid4(), "session_id": uuid4(), **values}
    return tokens.write_access(**given)  # type: ignore[arg-type]


def test_an_access_token_says_who_and_where():
    district, subject, session = uuid4(), uuid4(), uuid4()
    found = tokens.read_access(
        _access(district_id=district, subject=subject, session_id=session, scopes=[])
    )
    assert found is not None
    assert (found.district_id, found.subject, found.session_id) == (district, subject, session)
    assert found.scopes == frozenset()


def test_a_clients_token_carries_its_scopes():
    found = tokens.read_access(_access(scopes=[Scope.PEOPLE_READ, Scope.GROUPS_READ]))
    assert found is not None
    assert found.scopes == frozenset({Scope.PEOPLE_READ, Scope.GROUPS_READ})


def test_an_access_token_lasts_fifteen_minutes():
    with clock.freeze(NOON):
        token = _access()
    with clock.freeze(NOON + timedelta(minutes=14, seconds=59)):
        assert tokens.read_access(token) is not None
    with clock.freeze(NOON + timedelta(minutes=15)):
        assert tokens.read_access(token) is None


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "é", "." * 3, "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token_is_nobody(token: str):
    assert tokens.read_access(token) is None
    assert tokens.read_refresh(token) is None


def test_a_changed_access_token_is_nobody():
    head, claims, signature = _access().split(".")
    assert tokens.read_access(f"{head}.{claims[:-2]}AA.{signature}") is None


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"aud": "huangge"},
        {"aud": "huangge", "district": "x", "sub": "x", "sid": "x", "exp": 1},
        {"aud": ["other"], "district": 5},
    ],
)
def test_a_token_that_lacks_a_claim_is_nobody(claims: dict[str, object]):
    key = OctKey.import_key(tokens.key_for("access token"))
    token = jwt.encode({"alg": "HS256", "typ": "at+jwt"}, claims, key)
    assert tokens.read_access(token) is None


def test_a_token_of_another_kind_is_nobody():
    key = OctKey.import_key(tokens.key_for("access token"))
    good = jwt.decode(_access(), key, algorithms=["HS256"]).claims
    assert tokens.read_access(jwt.encode({"alg": "HS256"}, good, key)) is None


def test_a_refresh_token_travels_and_comes_back():
    first = tokens.first_refresh(district_id=uuid4(), session_id=uuid4())
    assert tokens.read_refresh(tokens.write_refresh(first)) == first
    assert first.next == replace(first, generation=1)
    assert tokens.write_refresh(first.next) == tokens.write_refresh(first.next)
    assert first.next.hash == first.hash


def test_a_refresh_token_cannot_be_made_up():
    ours = tokens.write_refresh(tokens.first_refresh(district_id=uuid4(), session_id=uuid4()))
    for changed in (ours[:-4] + "AAAA", "AAAA" + ours[4:], ours[:-8], ours + "AAAA"):
        assert tokens.read_refresh(changed) is None
