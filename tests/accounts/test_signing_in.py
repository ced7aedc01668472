"""The token endpoint, told from outside."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import event
from sqlmodel import select

from service.accounts import identity, passwords, sessions, tokens
from service.accounts.problems import CredentialsWrong
from service.accounts.rules import Scope
from service.accounts.tables import Account, LoginSession, PartnerClient
from service.kit import clock
from service.kit.auth import Role, system
from service.kit.problems import Unauthorized
from tests.accounts.conftest import PASSWORD, bearer
from tests.factories.accounts import access_token

NOON = datetime(2026, 10, 9, 4, tzinfo=UTC)


@pytest.fixture
async def wang(make, password_hash):
    account = await make.account(username="wang", password_hash=password_hash)
    await make.hat(account=account, role=Role.TEACHER)
    return account


async def test_a_right_password_gives_both_tokens(sign_in, wang, client):
    answer = await sign_in("wang")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 900)
    assert "scope" not in body
    assert answer.headers["cache-control"] == "no-store"
    mine = await client.get("/v1/me/sessions", headers=bearer(answer))
    assert mine.status_code == 200
    assert [session["current"] for session in mine.json()["items"]] == [True]


@pytest.mark.parametrize("name", ["wang", "WANG", "wang@{code}", "WANG@{code}"])
async def test_a_name_may_carry_the_districts_code(sign_in, wang, district, name):
    assert (await sign_in(name.format(code=district.code))).status_code == 200


async def test_a_wrong_password_and_an_unknown_name_look_the_same(sign_in, wang):
    wrong, unknown = await sign_in("wang", "wrong"), await sign_in("nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 400
    bodies = [{**answer.json(), "trace_id": ""} for answer in (wrong, unknown)]
    assert bodies[0] == bodies[1]
    assert bodies[0]["error"] == "invalid_grant"
    assert bodies[0]["code"] == "invalid-grant"
    assert wrong.headers["content-type"].startswith("application/problem+json")
    assert wrong.headers["cache-control"] == "no-store"


async def test_a_password_nobody_could_have_costs_no_work(sign_in, wang):
    assert (await sign_in("wang", "x" * 5000)).status_code == 400


async def test_a_closed_account_and_one_without_a_password_stay_out(sign_in, make, password_hash):
    await make.account(username="gone", password_hash=password_hash, active=False)
    await make.account(username="provider-only")
    assert (await sign_in("gone")).status_code == 400
    assert (await sign_in("provider-only")).status_code == 400


async def test_with_two_districts_a_bare_name_belongs_to_none(sign_in, wang, make, district):
    other = await make.at(None).district()
    assert (await sign_in("wang")).status_code == 400
    assert (await sign_in(f"wang@{district.code}")).status_code == 200
    assert (await sign_in(f"wang@{other.code}")).status_code == 400
    assert (await sign_in("wang@999999")).status_code == 400


async def test_guessing_is_slow_for_every_name_and_a_right_password_makes_up_for_it(sign_in, wang):
    with clock.freeze(NOON):
        for name in ("wang", "nobody"):
            for _ in range(10):
                assert (await sign_in(name, "x" * 2000)).status_code == 400
            refused = await sign_in(name)
            assert refused.status_code == 429
            assert refused.headers["retry-after"] == "60"
            assert refused.json()["code"] == "too-many-logins"
    with clock.freeze(NOON + timedelta(minutes=1)):
        assert (await sign_in("wang")).status_code == 200
        assert (await sign_in("wang")).status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "invalid_request"),
        ({"grant_type": "password", "username": "wang"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
    ],
)
async def test_every_refusal_speaks_oauth(client, district, form, error):
    answer = await client.post("/v1/oauth/token", data=form)
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == error
    assert body["error_description"].isascii()
    assert body["type"].endswith("/problems/" + body["code"])


async def test_unknown_parameters_are_ignored_as_the_rfc_says(client, wang):
    form = {"grant_type": "password", "username": "wang", "password": PASSWORD, "theme": "dark"}
    assert (await client.post("/v1/oauth/token", data=form)).status_code == 200


# Refreshing


async def test_each_refresh_token_works_once(sign_in, refresh, wang, client):
    first = await sign_in("wang")
    second = await refresh(first.json()["refresh_token"])
    assert second.status_code == 200
    assert second.json()["refresh_token"] != first.json()["refresh_token"]
    third = await refresh(second.json()["refresh_token"])
    assert third.status_code == 200
    mine = await client.get("/v1/me/sessions", headers=bearer(third))
    assert len(mine.json()["items"]) == 1


async def test_a_refresh_token_that_comes_back_ends_the_session(sign_in, refresh, wang, client):
    first = await sign_in("wang")
    elsewhere = await sign_in("wang")
    second = await refresh(first.json()["refresh_token"])
    assert (await client.get("/v1/me/sessions", headers=bearer(second))).status_code == 200

    assert (await refresh(first.json()["refresh_token"])).json()["error"] == "invalid_grant"

    assert (await refresh(second.json()["refresh_token"])).status_code == 400
    assert (await client.get("/v1/me/sessions", headers=bearer(second))).status_code == 401
    assert (await client.get("/v1/me/sessions", headers=bearer(elsewhere))).status_code == 200


async def test_a_phone_that_lost_the_answer_asks_again_with_the_same_key(sign_in, refresh, wang):
    first = (await sign_in("wang")).json()["refresh_token"]
    lost = await refresh(first, retry_key="a1")
    again = await refresh(first, retry_key="a1")
    assert again.status_code == 200
    assert again.json()["refresh_token"] == lost.json()["refresh_token"]
    assert (await refresh(again.json()["refresh_token"], retry_key="a2")).status_code == 200
    assert (await refresh(first, retry_key="a1")).status_code == 400


async def test_another_key_does_not_excuse_an_old_token(sign_in, refresh, wang):
    first = (await sign_in("wang")).json()["refresh_token"]
    second = await refresh(first, retry_key="a1")
    assert (await refresh(first, retry_key="b1")).status_code == 400
    assert (await refresh(second.json()["refresh_token"])).status_code == 400


async def test_a_token_for_a_session_that_is_not_there(refresh, district):
    astray = tokens.first_refresh(district_id=district.id, session_id=uuid4())
    assert (await refresh(tokens.write_refresh(astray))).status_code == 400


async def test_a_session_nobody_used_for_a_month_is_over(sign_in, refresh, wang):
    with clock.freeze(NOON):
        token = (await sign_in("wang")).json()["refresh_token"]
    with clock.freeze(NOON + timedelta(days=29)):
        token = (await refresh(token)).json()["refresh_token"]
    with clock.freeze(NOON + timedelta(days=58)):
        assert (await refresh(token)).status_code == 200
    with clock.freeze(NOON + timedelta(days=100)):
        assert (await refresh(token)).status_code == 400


async def test_two_requests_with_one_token_do_not_both_win(sign_in, refresh, wang):
    token = (await sign_in("wang")).json()["refresh_token"]
    answers = await asyncio.gather(*(refresh(token) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]


async def test_old_sessions_are_swept_at_sign_in(sign_in, wang, database, district):
    with clock.freeze(NOON - timedelta(days=200)):
        await sign_in("wang")
    with clock.freeze(NOON):
        await sign_in("wang")
    async with database.read(district.id) as db:
        assert len((await db.exec(select(LoginSession))).all()) == 1


# Signing out


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_signing_out_ends_the_session(sign_in, refresh, wang, client, kind):
    answer = await sign_in("wang")
    token = answer.json()[kind]
    assert (await client.post("/v1/oauth/revoke", data={"token": token})).status_code == 200
    assert (await client.get("/v1/me/sessions", headers=bearer(answer))).status_code == 401
    assert (await refresh(answer.json()["refresh_token"])).status_code == 400
    assert (await client.post("/v1/oauth/revoke", data={"token": token})).status_code == 200


async def test_a_token_that_is_not_ours_is_revoked_without_a_word(client, district):
    assert (await client.post("/v1/oauth/revoke", data={"token": "abc"})).status_code == 200
    assert (await client.post("/v1/oauth/revoke", data={})).json()["error"] == "invalid_request"


async def test_another_process_notices_within_five_seconds(sign_in, wang, client, database):
    with clock.freeze(NOON):
        answer = await sign_in("wang")
        token = answer.json()["access_token"]
        await identity.authenticate(database, token)
        elsewhere = identity.Callers()
        elsewhere.known = identity.callers.known.copy()
        digest = next(iter(elsewhere.known))
        assert await elsewhere.recall(database, digest) is not None
    with clock.freeze(NOON + timedelta(seconds=1)):
        await client.post("/v1/oauth/revoke", data={"token": token})
        assert await elsewhere.recall(database, digest) is not None
    with clock.freeze(NOON + timedelta(seconds=5)):
        assert await elsewhere.recall(database, digest) is None


@pytest.fixture
def epoch_questions(database):
    """How often the database is asked whether something was taken away."""
    asked: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if "FROM access_epoch" in statement:
            asked.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield asked
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_one_of_many_asks_while_the_others_are_believed(
    sign_in, wang, client, database, epoch_questions
):
    with clock.freeze(NOON):
        answer = await sign_in("wang")
        for _ in range(2):
            mine = await client.get("/v1/me/sessions", headers=bearer(answer))
            assert mine.status_code == 200
    token = answer.json()["access_token"]
    digest, known = tokens.digest(token), identity.callers
    epoch_questions.clear()

    with clock.freeze(NOON + timedelta(seconds=2)):
        told = [identity.recognise(token) for _ in range(20)]
        assert [caller is None for caller in told] == [True, *[False] * 19]
        assert await known.recall(database, digest) is not None
        assert identity.recognise(token) is not None
    assert len(epoch_questions) == 1

    # Nobody came for a while: those who come together find it out together.
    with clock.freeze(NOON + timedelta(seconds=9)):
        assert identity.recognise(token) is None
        found = await asyncio.gather(*(known.recall(database, digest) for _ in range(20)))
        assert None not in found
    assert len(epoch_questions) == 2


async def test_what_was_found_out_before_a_revocation_does_not_count(sign_in, wang, database):
    with clock.freeze(NOON):
        token = (await sign_in("wang")).json()["access_token"]
        await identity.authenticate(database, token)
    digest, known = tokens.digest(token), identity.callers

    with clock.freeze(NOON + timedelta(seconds=9)):
        early = asyncio.create_task(known.recall(database, digest))
        await asyncio.sleep(0)
        known.doubt(wang.district_id)
        await early
        assert identity.recognise(token) is None
        assert await known.recall(database, digest) is not None
        assert identity.recognise(token) is not None


# Partners


async def test_a_partner_comes_in_by_form_or_by_basic(client, make):
    await make.partner(client_id="zhixue", secret="s3cret-s3cret", scopes=(Scope.PEOPLE_READ,))
    form = {"grant_type": "client_credentials"}
    by_form = await client.post(
        "/v1/oauth/token", data={**form, "client_id": "zhixue", "client_secret": "s3cret-s3cret"}
    )
    by_basic = await client.post("/v1/oauth/token", data=form, auth=("zhixue", "s3cret-s3cret"))
    for answer in (by_form, by_basic):
        assert answer.status_code == 200
        assert answer.json()["scope"] == "people.read"
        assert "refresh_token" not in answer.json()


async def test_a_partner_gets_no_more_than_it_asks_for_or_holds(client, make, app):
    await make.partner(client_id="zhixue", secret="s3cret-s3cret")
    auth = ("zhixue", "s3cret-s3cret")

    async def ask(scope: str):
        form = {"grant_type": "client_credentials", "scope": scope}
        return await client.post("/v1/oauth/token", data=form, auth=auth)

    narrow = await ask("people.read")
    caller = await app.state.authenticate(narrow.json()["access_token"])
    assert not caller.may("timetable.read")
    assert caller.may("staff.read")
    assert (await ask("everything")).json()["error"] == "invalid_scope"


@pytest.mark.parametrize(
    "header",
    [
        "Basic " + base64.b64encode(b"zhixue:wrong").decode(),
        "Basic " + base64.b64encode(b"nobody:s3cret-s3cret").decode(),
        "Basic !!!",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
        "Basic " + base64.b64encode(b"zhixue").decode(),
        "Bearer x",
    ],
)
async def test_a_partner_that_proves_nothing_stays_out(client, make, header):
    await make.partner(client_id="zhixue", secret="s3cret-s3cret")
    answer = await client.post(
        "/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": header},
    )
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer.headers["www-authenticate"].startswith("Basic")


async def test_a_partners_token_can_be_revoked(client, make):
    await make.partner(client_id="zhixue", secret="s3cret-s3cret")
    form = {"grant_type": "client_credentials"}
    answer = await client.post("/v1/oauth/token", data=form, auth=("zhixue", "s3cret-s3cret"))
    assert (await client.get("/v1/me/sessions", headers=bearer(answer))).status_code == 403
    await client.post("/v1/oauth/revoke", data={"token": answer.json()["access_token"]})
    assert (await client.get("/v1/me/sessions", headers=bearer(answer))).status_code == 401


async def test_a_partner_of_another_district_is_unknown_here(client, make, district):
    await make.partner(client_id="zhixue", secret="s3cret-s3cret")
    other = await make.at(None).district()
    form = {"grant_type": "client_credentials"}
    auth = (f"zhixue@{other.code}", "s3cret-s3cret")
    assert (await client.post("/v1/oauth/token", data=form, auth=auth)).status_code == 401
    auth = ("zhixue@999999", "s3cret-s3cret")
    assert (await client.post("/v1/oauth/token", data=form, auth=auth)).status_code == 401


async def test_a_password_changed_while_it_was_checked_opens_nothing(
    wang, database, district, monkeypatch
):
    async def slow(password: str, password_hash: str | None) -> bool:
        async with database.write(district.id) as db:
            (await db.get_one(Account, (wang.district_id, wang.id))).active = False
        return True

    monkeypatch.setattr(passwords, "verified", slow)
    with pytest.raises(CredentialsWrong):
        await sessions.sign_in(database, username="wang", password=PASSWORD, device="")


async def test_only_so_many_callers_are_remembered():
    memory = identity.Callers(at_most=2)
    for number in range(3):
        who = system(uuid4())
        memory.remember(bytes([number]), who, until=NOON, epoch=0)
    assert list(memory.known) == [b"\x01", b"\x02"]


async def test_a_token_outlives_neither_its_time_nor_its_clients_closing(
    make, app, database, district
):
    partner = await make.partner()
    session = await make.signed_in(partner=partner)
    token = access_token(session)
    assert (await app.state.authenticate(token)).client_id == partner.client_id
    async with database.write(district.id) as db:
        (await db.get_one(PartnerClient, (district.id, partner.id))).active = False
    identity.callers.known.clear()
    with pytest.raises(Unauthorized):
        await app.state.authenticate(token)
