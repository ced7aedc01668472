"""Tokens: of use to their owner for 180 days, and never a reason for a gap."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import col, select

from huangge_client import sync
from service.accounts.tables import Account
from service.feed import following, jobs, tokens
from service.feed.queries import changes as queries
from service.feed.rules.changes import State
from service.feed.tables import FeedScope, FeedState
from service.kit import clock
from service.kit.auth import Caller, Role
from service.kit.changes import Change
from service.kit.db import Database

FEED = "/v1/changes"
ANY = {"If-Match": "*"}


@pytest.fixture
def office(as_):
    return as_(Role.DISTRICT_ADMIN)


async def ask(client, since, **params):
    return await client.get("/v1/changes", params={"since": since, **params})


async def a_token(client, **params):
    answer = await client.get("/v1/changes", params={"limit": 1000, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["next_token"]


async def refused(client, since, status, code, **params):
    asked = {"since": since, **params}
    page, digest = [await client.get(path, params=asked) for path in (FEED, f"{FEED}/digest")]
    for answer in (page, digest):
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    return page.json()


async def test_what_was_not_made_here_is_no_token(town, office):
    token = await a_token(office)
    forged = ["x", "AAAA", token[:-1], token[:40], token + "A", token[::-1], "令牌", token * 2]

    for one in forged:
        await refused(office, one, 400, "sync-token-invalid")


async def test_a_token_is_of_no_use_to_anybody_else(as_, make, town, office):
    other_admin = as_(Role.DISTRICT_ADMIN)
    elsewhere = await make.district()
    stranger = as_(Role.DISTRICT_ADMIN, district=elsewhere)
    token = await a_token(office)

    for one in (other_admin, stranger):
        await refused(one, token, 400, "sync-token-invalid")


async def test_a_token_lives_for_180_days(town, office):
    token = await a_token(office)

    with clock.freeze(clock.now() + timedelta(days=179, hours=23)):
        assert (await ask(office, token)).status_code == 200
    with clock.freeze(clock.now() + timedelta(days=181)):
        gone = await refused(office, token, 410, "sync-token-expired")

    assert (gone["why"], gone["resync"]) == ("aged", "/v1/changes")


async def test_where_to_begin_anew_keeps_the_collections(town, office):
    token = await a_token(office, collections="schools,lessons")

    with clock.freeze(clock.now() + timedelta(days=181)):
        gone = (await ask(office, token)).json()

    assert gone["resync"] == "/v1/changes?collections=lessons,schools"
    assert (await office.get(gone["resync"])).status_code == 200


async def test_a_token_of_other_collections_is_refused(town, office):
    token = await a_token(office, collections="schools,lessons")

    await refused(office, token, 400, "cursor-mismatch", collections="schools")
    assert (await ask(office, token, collections="lessons, schools")).status_code == 200
    assert (await ask(office, token)).status_code == 200


async def forged_by_the_service(office, database, district_id, change):
    """The token of a place that nobody was ever at."""
    token = await a_token(office)
    async with database.read(district_id) as db:
        account_id = (await db.exec(select(Account.id))).one()
    whose = Caller(district_id=district_id, name="", account_id=account_id)
    state = State.load(change(tokens.read(token, caller=whose).dump()))
    return tokens.write(state, caller=whose)


@pytest.mark.parametrize(
    "change",
    [
        lambda given: given | {"p": [2**62, 0, None]},
        lambda given: given | {"t": given["t"] + 2 * 60 * 60},
        lambda given: given | {"e": "0" * 16},
    ],
    ids=["position", "time", "epoch"],
)
async def test_a_token_from_the_future_tells_of_a_restore(town, office, database, district, change):
    token = await forged_by_the_service(office, database, district.id, change)

    gone = await refused(office, token, 410, "sync-token-expired")

    assert gone["why"] == "restored"


async def test_a_token_from_the_future_begins_an_epoch_for_everybody(
    town, office, database, replica, differing
):
    await sync(office, replica)
    others = replica.token
    ahead = await forged_by_the_service(
        office, database, town.group.district_id, lambda given: given | {"p": [2**62, 0, None]}
    )

    assert (await ask(office, ahead)).status_code == 410

    await refused(office, others, 410, "sync-token-expired")
    assert await differing(office, replica) == []


async def test_after_a_restore_everybody_begins_anew(
    town, office, replica, database: Database, differing
):
    await sync(office, replica)
    token = replica.token
    async with database.write(town.group.district_id) as db:
        # The rows of another server's transactions came with the backup.
        await db.exec(update(FeedState).values(source="another/00000001"))
        await db.exec(update(Change).values(xid=text("CAST('4611686018427387904' AS xid8)")))

    gone = await refused(office, token, 410, "sync-token-expired")

    assert gone["why"] == "restored"
    assert await differing(office, replica) == []
    await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": "新"}, headers=ANY)
    assert await differing(office, replica) == []


async def test_what_was_trimmed_is_not_passed_over(
    town, office, replica, database: Database, differing, settled
):
    await sync(office, replica)
    await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": "甲"}, headers=ANY)
    await settled()
    later = clock.now() + timedelta(days=200)
    with clock.freeze(later):
        await jobs.trim_feed(database, town.group.district_id, {})
        async with database.read(town.group.district_id) as db:
            assert (await db.exec(select(Change.seq))).all() == []

    gone = await refused(office, replica.token, 410, "sync-token-expired")

    assert gone["why"] == "trimmed"
    assert await differing(office, replica) == []


async def test_trimming_leaves_what_a_living_token_needs(
    town, office, replica, database: Database, district, settled
):
    await sync(office, replica)
    await office.patch(f"/v1/schools/{town.home.id}", json={"short_name": "甲"}, headers=ANY)
    await settled()

    with clock.freeze(clock.now() + timedelta(days=179)):
        await jobs.trim_feed(database, district.id, {})
        page = (await ask(office, replica.token)).json()

    assert [item["collection"] for item in page["items"]] == ["schools"]


async def test_a_district_nobody_follows_has_nothing_to_trim(database: Database, district):
    await jobs.trim_feed(database, district.id, {})


async def test_trimming_is_wished_for_once_a_day(town, office, database: Database, district):
    await a_token(office)
    with clock.freeze(clock.now() + timedelta(days=2)):
        await a_token(office)
        await a_token(office)

    async with database.read(district.id) as db:
        found = await (await db.connection()).execute(
            text("SELECT count(*) FROM pgqueuer WHERE entrypoint = :name"),
            {"name": following.TRIM},
        )
        assert found.scalar_one() == 1


async def test_a_scope_that_is_kept_no_longer_begins_anew(
    as_, make, town, database: Database, district
):
    group = as_(Role.GROUP_ADMIN, group=town.group)
    token = await a_token(group)
    await make.member(group=town.group, school=await make.school())
    async with database.write(district.id) as db:
        await db.exec(delete(FeedScope).where(col(FeedScope.mark) != ""))

    await refused(group, token, 410, "sync-token-expired")


@pytest.mark.parametrize(
    ("params", "pointer"),
    [
        ({"collections": "schools,nothing"}, "query/collections"),
        ({"collections": " , "}, "query/collections"),
        ({"limit": "0"}, "query/limit"),
        ({"limit": "1001"}, "query/limit"),
        ({"until": "x"}, "query/until"),
    ],
)
async def test_a_bad_question_says_what_is_wrong(office, params, pointer):
    answer = await office.get("/v1/changes", params=params)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_a_collection_without_a_permission_is_refused_by_name(as_, town):
    partner = as_(Role.PARTNER, school=town.home)

    answer = await partner.get("/v1/changes", params={"collections": "leaves"})

    assert answer.status_code == 403
    assert answer.json()["permission"] == "leave.read"


async def test_the_servers_own_name_is_the_same_from_one_moment_to_the_next(
    database: Database, district
):
    async with database.read(district.id) as db:
        first, _ = await queries.moment(db, district_id=district.id)
        second, _ = await queries.moment(db, district_id=district.id)

    assert first.source == second.source
    assert first.settled <= first.end
