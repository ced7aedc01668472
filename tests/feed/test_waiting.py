"""Waiting for a change, late committers, and how far the feed lags behind."""

import asyncio

import pytest

from huangge_client import sync
from service.kit.auth import Role, system
from service.kit.journal import record
from service.network.tables import School

ANY = {"If-Match": "*"}


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


async def write_school(db, district, name):
    row = School(district_id=district.id, name=name, type_code="211", urban_rural_code="111")
    db.add(row)
    await db.flush()
    await record(db, "school.registered", row, by=system(district.id), reach=[row.id])
    return row


async def test_whoever_waits_is_told_when_something_happens(town, office, replica, settled):
    await settled()
    await sync(office, replica)

    async def change():
        await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": "甲"}, headers=ANY)

    waiting = asyncio.create_task(
        office.get("/v1/changes", params={"since": replica.token}, headers={"Prefer": "wait=25"})
    )
    await change()
    answer = await waiting

    assert answer.headers["Preference-Applied"] == "wait=25"
    assert [item["data"]["short_name"] for item in answer.json()["items"]] == ["甲"]


async def test_whoever_waits_in_vain_gets_a_token_all_the_same(town, office, replica, settled):
    await settled()
    await sync(office, replica)

    answer = await office.get(
        "/v1/changes", params={"since": replica.token}, headers={"Prefer": "respond-async, wait=1"}
    )

    body = answer.json()
    assert (body["items"], body["has_more"]) == ([], False)
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert (await office.get("/v1/changes", params={"since": body["next_token"]})).is_success


async def test_a_late_committer_is_not_missed(town, office, replica, database, district, differing):
    await sync(office, replica)
    async with database.write(district.id) as late:
        row = await write_school(late, district, "迟到小学")
        # Somebody who began later is done sooner, and is read meanwhile.
        async with database.write(district.id) as early:
            other = await write_school(early, district, "早到小学")
        await sync(office, replica)
        assert str(row.id) not in replica.versions("schools")

    assert await differing(office, replica) == []
    assert {str(row.id), str(other.id)} <= replica.versions("schools").keys()


async def test_who_takes_everything_back_was_never_there(
    town, office, replica, database, district, differing
):
    await sync(office, replica)
    async with database.write(district.id, keep=False) as db:
        row = await write_school(db, district, "没有小学")

    assert await differing(office, replica) == []
    assert str(row.id) not in replica.versions("schools")


async def test_a_digest_waits_for_what_is_not_read_yet(town, office, replica, database, district):
    await sync(office, replica)
    async with database.write(district.id):
        pass
    await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": "乙"}, headers=ANY)

    answer = await office.get("/v1/changes/digest", params={"since": replica.token})

    pending = {item["collection"] for item in answer.json()["items"] if item["pending"]}
    assert pending == {"schools"}


async def test_a_digest_in_the_middle_of_a_snapshot_compares_nothing(town, office):
    first = (await office.get("/v1/changes", params={"limit": 1})).json()

    answer = await office.get("/v1/changes/digest", params={"since": first["next_token"]})

    assert all(item["pending"] for item in answer.json()["items"])


async def test_the_feeds_lag_is_a_number_for_operators(client, database, district):
    async with database.write(district.id) as db:
        await write_school(db, district, "写着写着")
        answer = await client.get("/metrics")

    (line,) = [
        line for line in answer.text.splitlines() if line.startswith("huangge_feed_lag_seconds ")
    ]
    assert float(line.split()[1]) > 0
