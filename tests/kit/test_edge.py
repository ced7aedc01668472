"""The contract every operation keeps, told on things."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from service.kit.audit import Audit
from service.kit.auth import Permission
from service.kit.changes import Change
from service.kit.db import Database
from tests.kit.conftest import SignIn, Thing


async def test_a_created_thing_comes_back_with_its_version(sign_in: SignIn) -> None:
    client = sign_in()

    created = await client.post("/v1/things", json={"name": "黄葛"})

    assert created.status_code == 201
    assert created.headers["ETag"] == '"1"'
    read = await client.get(f"/v1/things/{created.json()['id']}")
    assert read.json() == created.json()


async def test_a_name_taken_is_a_conflict_with_the_constraints_problem(sign_in: SignIn) -> None:
    client = sign_in()
    await client.post("/v1/things", json={"name": "a"})

    refused = await client.post("/v1/things", json={"name": "a"})

    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    body = refused.json()
    assert (body["code"], body["title"]) == ("thing-exists", "名称已存在")
    assert body["type"] == "http://huangge.test/problems/thing-exists"
    assert body["trace_id"] == refused.headers["X-Request-Id"]


async def test_problems_speak_the_readers_language(sign_in: SignIn) -> None:
    client = sign_in(**{"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})

    refused = await client.post("/v1/things", json={"name": "", "colour": 1})

    assert refused.headers["Content-Language"] == "en"
    assert refused.json()["errors"] == [
        {"pointer": "/name", "code": "string-too-short", "message": "needs at least 1 characters"},
        {
            "pointer": "/colour",
            "code": "extra-forbidden",
            "message": "is not known here; remove it",
        },
    ]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": "a", "seen_at": "2026-09-01T08:00:00"}, "/seen_at", "timezone-aware"),
        ({"name": "a", "rank": -1}, "/rank", "not-allowed"),
        ({"name": "a", "rank": 1.5}, "/rank", "int-from-float"),
        ({}, "/name", "missing"),
    ],
)
async def test_bad_fields_are_named(
    sign_in: SignIn, body: dict[str, Any], pointer: str, code: str
) -> None:
    refused = await sign_in().post("/v1/things", json=body)

    assert refused.status_code == 422
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        (pointer, code)
    ]


async def test_a_reversed_range_is_refused(sign_in: SignIn) -> None:
    client = sign_in()

    refused = await client.post(
        "/v1/ranges", json={"valid_from": "2026-09-01", "valid_until": "2026-09-01"}
    )
    taken = await client.post("/v1/ranges", json={"valid_from": "2026-09-01"})

    assert refused.json()["errors"][0]["code"] == "range-reversed"
    assert taken.json() == {"open": True}


async def test_an_unknown_query_parameter_is_refused(sign_in: SignIn) -> None:
    refused = await sign_in().get("/v1/things?colour=red")

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "query/colour"


async def test_what_is_not_json_is_malformed(sign_in: SignIn) -> None:
    refused = await sign_in().post(
        "/v1/things", content=b"{", headers={"Content-Type": "application/json"}
    )

    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


async def test_unknown_paths_and_methods_have_the_same_shape(sign_in: SignIn) -> None:
    client = sign_in()

    assert (await client.get("/v1/nothing")).json()["code"] == "not-found"
    assert (await client.delete("/v1/things")).json()["code"] == "method-not-allowed"


async def test_a_bug_is_a_500_without_a_word_of_the_inside(sign_in: SignIn) -> None:
    answer = await sign_in().get("/v1/broken")

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"
    assert "ZeroDivision" not in answer.text


async def test_a_body_over_the_limit_is_refused_before_it_is_read(sign_in: SignIn) -> None:
    refused = await sign_in().post("/v1/things", content=b"x" * (2 * 1024 * 1024 + 1))

    assert (refused.status_code, refused.json()["code"]) == (413, "too-large")


async def test_a_stream_without_length_is_counted(sign_in: SignIn) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    refused = await sign_in().post("/v1/things", content=endless())

    assert refused.status_code == 413


async def test_who_is_not_signed_in_learns_how(thing_app: Any, sign_in: SignIn) -> None:
    client = sign_in()
    client.headers.pop("Authorization")

    refused = await client.get("/v1/things")

    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


async def test_a_missing_permission_is_named(sign_in: SignIn) -> None:
    refused = await sign_in(Permission.STAFF_READ).post("/v1/things", json={"name": "a"})

    assert (refused.status_code, refused.json()["permission"]) == (403, "staff.write")


async def test_another_district_sees_nothing(sign_in: SignIn) -> None:
    thing = (await sign_in().post("/v1/things", json={"name": "ours"})).json()
    stranger = sign_in(district_id=uuid4())

    assert (await stranger.get(f"/v1/things/{thing['id']}")).status_code == 404
    assert (await stranger.get("/v1/things")).json()["items"] == []
    assert (await stranger.post("/v1/things", json={"name": "ours"})).status_code == 201


async def test_a_reading_operation_cannot_write(sign_in: SignIn) -> None:
    client = sign_in()

    assert (await client.get("/v1/things:write")).status_code == 500
    assert (await client.get("/v1/things")).json()["items"] == []


async def test_a_dry_run_answers_the_same_and_leaves_nothing(
    sign_in: SignIn, things: Database, district: Any
) -> None:
    client = sign_in()
    await client.post("/v1/things", json={"name": "there"})

    fine = await client.post("/v1/things?validate_only=true", json={"name": "new"})
    refused = await client.post("/v1/things?validate_only=true", json={"name": "there"})

    assert (fine.status_code, refused.status_code) == (201, 409)
    assert [item["name"] for item in (await client.get("/v1/things")).json()["items"]] == ["there"]
    async with things.read(district.id) as db:
        assert (await db.exec(select(func.count()).select_from(Change))).one() == 1


async def test_what_cannot_be_kept_is_refused(sign_in: SignIn) -> None:
    client = sign_in()

    nul = await client.post("/v1/things", json={"name": "a\x00b"})
    huge = await client.post("/v1/things", json={"name": "a", "rank": 2**40})

    assert [(answer.status_code, answer.json()["code"]) for answer in (nul, huge)] == [
        (422, "invalid-value")
    ] * 2


# Preconditions


async def test_a_change_needs_the_present_version(sign_in: SignIn) -> None:
    client = sign_in()
    path = f"/v1/things/{(await client.post('/v1/things', json={'name': 'a'})).json()['id']}"

    missing = await client.patch(path, json={"name": "b"})
    changed = await client.patch(path, json={"name": "b"}, headers={"If-Match": '"1"'})
    stale = await client.patch(path, json={"name": "c"}, headers={"If-Match": '"1"'})
    forced = await client.patch(path, json={"name": "c"}, headers={"If-Match": "*"})

    assert [answer.status_code for answer in (missing, changed, stale, forced)] == [
        428,
        200,
        412,
        200,
    ]
    assert stale.headers["ETag"] == '"2"'
    assert forced.headers["ETag"] == '"3"'


async def test_a_write_that_changes_nothing_leaves_nothing(
    sign_in: SignIn, things: Database, district: Any
) -> None:
    client = sign_in()
    path = f"/v1/things/{(await client.post('/v1/things', json={'name': 'a'})).json()['id']}"

    same = await client.patch(path, json={"name": "a"}, headers={"If-Match": '"1"'})

    assert same.headers["ETag"] == '"1"'
    async with things.read(district.id) as db:
        assert (await db.exec(select(col(Change.event)))).all() == ["thing.created"]


async def test_a_reader_with_the_present_version_gets_304(sign_in: SignIn) -> None:
    client = sign_in()
    path = f"/v1/things/{(await client.post('/v1/things', json={'name': 'a'})).json()['id']}"

    unchanged = await client.get(path, headers={"If-None-Match": '"7", W/"1"'})
    changed = await client.get(path, headers={"If-None-Match": '"7"'})

    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert changed.status_code == 200


async def test_the_journal_tells_what_was_before_but_no_secret(
    sign_in: SignIn, things: Database, district: Any
) -> None:
    client = sign_in()
    path = f"/v1/things/{(await client.post('/v1/things', json={'name': 'a'})).json()['id']}"
    await client.patch(path, json={"name": "b"}, headers={"If-Match": '"1"'})

    async with things.read(district.id) as db:
        rows = (await db.exec(select(Audit).order_by(col(Audit.at)))).all()
    assert [(row.event, row.before) for row in rows] == [
        ("thing.created", None),
        ("thing.renamed", {"name": "a"}),
    ]
    assert rows[1].after is not None
    assert rows[1].after["name"] == "b"
    assert "secret" not in rows[1].after


# Idempotency


async def test_the_same_key_has_one_effect_and_one_answer(sign_in: SignIn) -> None:
    client = sign_in()
    key = {"Idempotency-Key": "offline-1"}

    first = await client.post("/v1/things", json={"name": "a"}, headers=key)
    again = await client.post("/v1/things", json={"name": "a"}, headers=key)
    other = await client.post("/v1/things", json={"name": "b"}, headers=key)

    assert again.content == first.content
    assert again.status_code == 201
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_refused_request_leaves_its_key_free(sign_in: SignIn) -> None:
    client = sign_in()
    key = {"Idempotency-Key": "k"}
    await client.post("/v1/things", json={"name": "a"})

    refused = await client.post("/v1/things", json={"name": "a"}, headers=key)
    accepted = await client.post("/v1/things", json={"name": "b"}, headers=key)

    assert (refused.status_code, accepted.status_code) == (409, 201)


async def test_keys_belong_to_their_caller(sign_in: SignIn) -> None:
    key = {"Idempotency-Key": "k"}

    one = await sign_in().post("/v1/things", json={"name": "a"}, headers=key)
    two = await sign_in().post("/v1/things", json={"name": "b"}, headers=key)

    assert (one.status_code, two.status_code) == (201, 201)


async def test_an_empty_key_is_refused(sign_in: SignIn) -> None:
    refused = await sign_in().post(
        "/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "x" * 256}
    )

    assert refused.json()["errors"][0]["pointer"] == "header/Idempotency-Key"


async def test_many_at_once_with_one_key_have_one_effect(sign_in: SignIn) -> None:
    client = sign_in()

    answers = await asyncio.gather(
        *(
            client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k"})
            for _ in range(20)
        )
    )

    effects = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in effects}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in effects) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len((await client.get("/v1/things")).json()["items"]) == 1


# Together at once


async def test_one_of_many_wins_a_name(sign_in: SignIn) -> None:
    client = sign_in()

    answers = await asyncio.gather(
        *(client.post("/v1/things", json={"name": "a"}) for _ in range(20))
    )

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19


async def test_a_deadlock_is_run_again_and_nobody_notices(
    sign_in: SignIn, things: Database, district: Any
) -> None:
    client = sign_in()
    a, b = [
        (await client.post("/v1/things", json={"name": name})).json()["id"] for name in ("a", "b")
    ]

    answers = await asyncio.gather(
        client.post(f"/v1/things/{a}:swap/{b}"), client.post(f"/v1/things/{b}:swap/{a}")
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    async with things.read(district.id) as db:
        assert (await db.exec(select(col(Thing.rank)))).all() == [2, 2]
