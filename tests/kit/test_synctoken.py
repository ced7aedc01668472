"""What a write answers, so that its writer is never shown anything older."""

import pytest
from sqlalchemy import text

from service.kit import synctoken
from service.kit.problems import SyncTokenInvalid
from service.kit.synctoken import Position


def test_a_token_is_read_as_it_was_made():
    assert synctoken.read(synctoken.make(Position(2**63, 7))) == Position(2**63, 7)


def test_a_token_that_was_not_made_here_is_refused():
    token = synctoken.make(Position(1000, 1))
    forged = [
        "",
        "x",
        "Sync-Token",
        "令牌",
        token[:-1],
        token[:10],
        token + "A",
        token + "==",
        "A" * len(token),
        token[::-1],
        # The same bytes, spelled otherwise: the last letter has bits to spare.
        token[:-1] + chr(ord(token[-1]) + 1),
    ]

    for one in forged:
        with pytest.raises(SyncTokenInvalid):
            synctoken.read(one)


@pytest.mark.parametrize(
    ("xid", "seen", "unknown"),
    [
        (9, True, False),
        (10, False, False),
        (11, True, False),
        (12, False, False),
        (15, False, True),
    ],
)
def test_a_snapshot_shows_what_was_committed_before_it(xid, seen, unknown):
    snapshot = "10:15:10,12"

    assert synctoken.shows(snapshot, Position(xid, 3)) is seen
    assert synctoken.beyond(snapshot, Position(xid, 3)) is unknown


async def test_every_write_answers_a_place_at_or_after_itself(sign_in, database):
    client = sign_in()

    made = await client.post("/v1/things", json={"name": "a"})
    changed = await client.patch(
        f"/v1/things/{made.json()['id']}", json={"name": "b"}, headers={"If-Match": "*"}
    )

    first, second = (synctoken.read(one.headers["Sync-Token"]) for one in (made, changed))
    assert first < second
    async with database.read(None) as db:
        connection = await db.connection()
        snapshot = (
            await connection.execute(text("SELECT pg_current_snapshot()::text"))
        ).scalar_one()
    assert synctoken.shows(snapshot, second)


async def test_what_left_nothing_answers_no_place(sign_in):
    client = sign_in()
    made = await client.post("/v1/things", json={"name": "a"})

    read = await client.get(f"/v1/things/{made.json()['id']}")
    tried = await client.post("/v1/things?validate_only=true", json={"name": "b"})
    refused = await client.post("/v1/things", json={"name": "a"})

    assert [one.status_code for one in (read, tried, refused)] == [200, 201, 409]
    assert [one for one in (read, tried, refused) if "Sync-Token" in one.headers] == []


async def test_a_repeated_write_answers_the_place_of_the_first(sign_in):
    client = sign_in(**{"Idempotency-Key": "once"})

    first = await client.post("/v1/things", json={"name": "a"})
    again = await client.post("/v1/things", json={"name": "a"})

    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Sync-Token"] == first.headers["Sync-Token"]


async def test_a_write_that_only_keeps_its_answer_has_a_place_too(sign_in):
    client = sign_in(**{"Idempotency-Key": "looked"})

    first = await client.post("/v1/things:look")
    again = await client.post("/v1/things:look")

    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert again.headers["Sync-Token"] == first.headers["Sync-Token"]


async def test_what_is_written_beside_a_request_is_not_the_request_s(sign_in, database, district):
    await sign_in().post("/v1/things", json={"name": "a"})

    async with database.write(district.id) as db:
        await db.rollback()
