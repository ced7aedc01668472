"""Whoever wants to be told is told: signed, at least once, and of nothing that is private."""

import asyncio
import json
import os
import signal
import sys
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from service.accounts.rules import Scope
from service.feed.delivering import Courier
from service.feed.rules.webhooks import ENDPOINTS_AT_MOST
from service.kit import clock, outbound, synctoken
from service.kit.auth import Role
from service.kit.changes import note
from service.kit.ids import new_id
from service.kit.synctoken import Position
from tests.factories.accounts import access_token
from tests.receiver import (
    configured,
    hangs,
    lies,
    opened,
    says,
    talks_nonsense,
)

ANY = {"If-Match": "*"}
PATIENCE = 60


def ids(receiver: Any) -> list[str]:
    return [one.headers["webhook-id"] for one in receiver.received]


def types(receiver: Any) -> list[str]:
    return [json.loads(one.body)["type"] for one in receiver.received]


async def deliveries(client: Any, endpoint: Any, **filters: Any) -> Any:
    answer = await client.get(
        f"/v1/webhook-endpoints/{endpoint['id']}/deliveries", params={"limit": 200, **filters}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def present(client: Any, endpoint: Any) -> Any:
    return (await client.get(f"/v1/webhook-endpoints/{endpoint['id']}")).json()


async def act(client: Any, endpoint: Any, verb: str, **body: Any) -> Any:
    return await client.post(
        f"/v1/webhook-endpoints/{endpoint['id']}:{verb}", json=body or None, headers=ANY
    )


async def happens(make: Any, *events: str, **values: Any) -> None:
    for event in events:
        await make.noted(collection="schools", event=event, **values)


def passed(hours: float) -> Any:
    """The clock of the test, so much later."""
    return clock.freeze(clock.now() + timedelta(hours=hours))


# What is sent


async def test_a_receiver_verifies_what_it_is_told(make, office, receiver, told, carry):
    endpoint = await told()
    school = await make.school()
    changed = await office.patch(
        f"/v1/schools/{school.id}", json={"short_name": "江东"}, headers=ANY
    )
    await carry()

    (one,) = [it for it in receiver.received if b"school.changed" in it.body]
    content = Webhook(endpoint["secret"]).verify(one.body, one.headers)
    assert content["type"] == "school.changed"
    assert content["data"] == {
        "collection": "schools",
        "id": str(school.id),
        "version": changed.json()["version"],
        "op": "upsert",
        "spread": False,
        "link": f"/v1/schools/{school.id}",
    }
    assert set(content) == {"type", "timestamp", "data"}
    assert "江东" not in one.body.decode()
    (sent,) = await deliveries(office, endpoint)
    assert (sent["state"], sent["attempts"], sent["last_status"]) == ("delivered", 1, 204)
    assert sent["webhook_id"] == one.headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint["secret"]).verify(one.body + b" ", one.headers)


async def test_links_lead_to_where_the_service_is(make, receiver, told, carry):
    with configured(
        public_url="https://huangge.example/",
        outbound_allowed="127.0.0.1",
        outbound_authority=os.environ["HUANGGE_OUTBOUND_AUTHORITY"],
    ):
        await told()
        await happens(make, "school.changed")
        await carry()

    link = json.loads(receiver.received[0].body)["data"]["link"]
    assert link.startswith("https://huangge.example/v1/schools/")


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ([], ["school.changed", "lesson.moved", "task.opened"]),
        (["lesson.moved"], ["lesson.moved"]),
        (["school.*", "task.closed"], ["school.changed"]),
    ],
)
async def test_only_what_was_asked_for_is_told(make, receiver, told, carry, wanted, heard):
    await told(event_types=wanted)
    await happens(make, "school.changed", "lesson.moved", "task.opened", "session.started")
    await carry()

    assert sorted(types(receiver)) == sorted(heard)


async def test_what_happened_before_is_not_told(make, receiver, told, carry, settled):
    await happens(make, "school.changed")
    await settled()
    await told()
    await carry()

    assert receiver.received == []


async def test_a_late_committer_is_told_of(make, database, district, receiver, told, carry):
    await told()
    async with database.write(district.id) as late:
        await note(
            late,
            district_id=district.id,
            event="lesson.cancelled",
            collection="lessons",
            resources=[(new_id(), 1)],
        )
        await happens(make, "school.changed")
        # Both wait: the feed never passes a transaction that may still commit.
        one = Courier(database)
        await one.look()
        await one.settle()
        assert receiver.received == []
    await carry()

    assert sorted(types(receiver)) == ["lesson.cancelled", "school.changed"]


async def test_two_workers_do_not_tell_twice(make, database, receiver, told, settled):
    await told()
    await happens(make, "school.changed", count=40)
    await settled()
    pair = [Courier(database), Courier(database)]
    for _ in range(2):
        await asyncio.gather(*(one.look() for one in pair))
    await asyncio.gather(*(one.settle() for one in pair))

    assert len(ids(receiver)) == len(set(ids(receiver))) == 40


async def test_more_than_one_page_of_changes_is_told(make, courier, receiver, told, settled):
    await told(event_types=["lesson.moved"])
    await make.noted(collection="schools", event="school.changed", count=600)
    await happens(make, "lesson.moved")
    await settled()
    for _ in range(2):
        await courier.look()
    await courier.settle()

    assert types(receiver) == ["lesson.moved"]


# Receivers that fail


@pytest.mark.parametrize(
    ("behaviour", "status", "error"),
    [
        (says(500), 500, None),
        (says(404), 404, None),
        (says(301, "Location: https://10.0.0.1/"), 301, None),
        (talks_nonsense, None, "no-answer"),
    ],
)
async def test_what_is_no_receipt_is_sent_again(
    make, office, receiver, told, carry, behaviour, status, error
):
    receiver.behaves(behaviour, says(200))
    endpoint = await told()
    await happens(make, "school.changed")
    await carry()
    (waits,) = await deliveries(office, endpoint, state="pending")
    assert (waits["last_status"], waits["last_error"], waits["attempts"]) == (status, error, 1)
    assert (await present(office, endpoint))["failing_since"] is not None

    await carry()
    assert len(receiver.received) == 1, "not before its time"
    with passed(0.01):
        await carry()

    assert len(receiver.received) == 2
    assert len(set(ids(receiver))) == 1
    (sent,) = await deliveries(office, endpoint)
    assert (sent["state"], sent["attempts"], sent["next_at"]) == ("delivered", 2, None)
    assert (await present(office, endpoint))["failing_since"] is None


async def test_who_asks_to_wait_is_left_alone_so_long(make, receiver, told, carry):
    receiver.behaves(says(429, "Retry-After: 600"), says(200))
    await told()
    await happens(make, "school.changed")
    await carry()
    with passed(0.16):
        await carry()
    assert len(receiver.received) == 1

    with passed(0.21):
        await carry()
    assert len(receiver.received) == 2


@pytest.mark.parametrize("behaviour", ["floods", lies])
async def test_only_the_status_of_a_receipt_counts(make, office, receiver, told, carry, behaviour):
    receiver.behaves(receiver.floods if behaviour == "floods" else behaviour)
    endpoint = await told()
    await happens(make, "school.changed")
    await carry()

    (sent,) = await deliveries(office, endpoint)
    assert (sent["state"], sent["last_status"]) == ("delivered", 200)


async def test_one_that_hangs_delays_nobody_else(
    make, office, authority, courier, receiver, told, settled
):
    await told(name="健康的")
    async with opened(authority) as hanging:
        hanging.behaves(hangs)
        stuck = await told(name="卡住的", url=hanging.url)
        await happens(make, "school.changed", count=5)
        await settled()
        await courier.look()
        async with asyncio.timeout(PATIENCE):
            await hanging.arrived.wait()
            while len(receiver.received) < 5:
                receiver.arrived.clear()
                await receiver.arrived.wait()
        assert {one["attempts"] for one in await deliveries(office, stuck)} == {0}
        await courier.close()
        assert len(hanging.received) <= 4


async def test_one_that_hangs_is_left_after_a_while(make, office, receiver, told, carry):
    receiver.behaves(hangs)
    with configured(
        webhook_timeout_seconds="1",
        outbound_allowed="127.0.0.1",
        outbound_authority=os.environ["HUANGGE_OUTBOUND_AUTHORITY"],
    ):
        endpoint = await told()
        await happens(make, "school.changed")
        await carry()

    (waits,) = await deliveries(office, endpoint)
    assert (waits["state"], waits["last_error"]) == ("pending", "timeout")


async def test_a_name_that_turns_to_our_own_network_is_not_asked(
    make, office, receiver, told, carry, monkeypatch
):
    endpoint = await told()

    async def look_up(*_: Any) -> list[Any]:
        return [ip_address("10.0.0.1")]

    monkeypatch.setattr(outbound, "look_up", look_up)
    await happens(make, "school.changed")
    await carry()

    assert receiver.received == []
    (waits,) = await deliveries(office, endpoint)
    assert (waits["state"], waits["last_error"]) == ("pending", "url-not-public")


async def test_three_days_of_outage_lose_nothing(make, office, receiver, told, carry):
    """Every few hours something happens and nobody is there; then everything arrives."""
    endpoint = await told(event_types=["school.*"])
    receiver.behaves(says(503))
    started, happened = clock.now(), 0
    for hour in (0, 0.1, 1, 3, 8, 16, 24, 30, 36, 48, 60, 70, 71.9):
        with clock.freeze(started + timedelta(hours=hour)):
            await happens(make, "school.changed", count=2)
            happened += 2
            await carry()
    failed = len(receiver.received)
    assert {one["state"] for one in await deliveries(office, endpoint)} == {"pending"}
    receiver.behaves(says(200))
    with clock.freeze(started + timedelta(hours=84)):
        await carry()
        await carry()

    arrived = ids(receiver)[failed:]
    assert len(set(arrived)) == happened
    assert set(ids(receiver)) == set(arrived), "each under the id of its first try"
    assert {one["state"] for one in await deliveries(office, endpoint)} == {"delivered"}
    open_tasks = (await office.get("/v1/tasks", params={"state": "open"})).json()["items"]
    assert open_tasks == [], "the notice of the second day is settled"


async def test_who_is_back_gets_everything_at_once(make, receiver, told, carry):
    await told()
    receiver.behaves(says(500))
    await happens(make, "school.changed", count=3)
    for hours in (0, 0.2, 0.5, 2, 4):
        with passed(hours):
            await carry()
    receiver.received.clear()
    receiver.behaves(says(200))
    with passed(5.2):
        await carry()
        await carry()

    assert len(set(ids(receiver))) == 3


async def test_after_a_day_somebody_is_told_and_after_five_it_ends(
    make, office, receiver, told, carry
):
    endpoint = await told(event_types=["school.*"])
    receiver.behaves(says(500))
    tasks: Any = []
    for hours in (0, 23, 25):
        with passed(hours):
            await happens(make, "school.changed")
            await carry()
            tasks = (await office.get("/v1/tasks", params={"state": "open"})).json()["items"]
            assert bool(tasks) is (hours > 24), hours
    assert (tasks[0]["kind"], tasks[0]["subject_id"]) == ("webhook-failing", endpoint["id"])
    assert (await present(office, endpoint))["state"] == "enabled"

    with passed(121):
        await happens(make, "school.changed")
        await carry()

    now = await present(office, endpoint)
    assert (now["state"], now["disabled_because"]) == ("disabled", "failing")


async def test_what_is_tried_for_days_is_given_up_and_can_be_sent_again(
    make, office, receiver, told, carry
):
    endpoint = await told(event_types=["school.*"])
    receiver.behaves(says(500))
    await happens(make, "school.changed")
    await carry()
    started = clock.now()
    hours = 0.01
    while (await deliveries(office, endpoint))[0]["state"] == "pending":
        with clock.freeze(started + timedelta(hours=hours)):
            await carry()
        hours = hours * 1.3 + 0.01 if hours < 30 else hours + 14.5
    (given_up,) = await deliveries(office, endpoint, state="failed")
    assert given_up["attempts"] == 15
    assert hours > 72

    receiver.behaves(says(200))
    again = await office.post(
        f"/v1/webhook-deliveries/{given_up['id']}:redeliver",
        headers={"If-Match": f'"{given_up["version"]}"'},
    )
    assert again.status_code == 202, again.text
    await carry()
    assert (await deliveries(office, endpoint))[0]["state"] == "delivered"
    assert len(set(ids(receiver))) == 1


async def test_410_ends_it_and_enabling_goes_on_where_it_was_left(
    make, office, receiver, told, carry
):
    endpoint = await told(event_types=["school.*"])
    receiver.behaves(says(410))
    await happens(make, "school.changed")
    await carry()
    now = await present(office, endpoint)
    assert (now["state"], now["disabled_because"]) == ("disabled", "gone")
    tasks = (await office.get("/v1/tasks", params={"state": "open"})).json()["items"]
    assert [task["kind"] for task in tasks] == ["webhook-failing"]
    await happens(make, "school.designated")
    with passed(24):
        await carry()
    assert len(receiver.received) == 1

    receiver.behaves(says(200))
    assert (await act(office, endpoint, "enable")).json()["state"] == "enabled"
    await carry()

    assert sorted(types(receiver)[1:]) == ["school.changed", "school.designated"]
    assert (await office.get("/v1/tasks", params={"state": "open"})).json()["items"] == []


async def test_a_worker_that_is_killed_loses_nothing(make, office, receiver, told, carry, database):
    """Killed in the middle of an attempt; its lease runs out, and another worker takes over."""
    receiver.behaves(hangs, says(200))
    endpoint = await told()
    await happens(make, "school.changed", count=3)
    # The names of this test lead nowhere in another process: the address itself is asked there.
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _WORKER, database.url, str(receiver.port)), env=dict(os.environ)
    )
    async with asyncio.timeout(PATIENCE):
        await receiver.arrived.wait()
    os.kill(worker.pid, signal.SIGKILL)
    assert await worker.wait() == -signal.SIGKILL
    claimed = {one["id"] for one in await deliveries(office, endpoint, state="pending")}
    assert claimed, "something was under way"
    receiver.behaves(says(200))

    with passed(1):
        await carry()

    assert {one["state"] for one in await deliveries(office, endpoint)} == {"delivered"}
    assert len(set(ids(receiver))) == 3
    assert len(ids(receiver)) > 3, "the one under way was told twice, under one id"


_WORKER = """
import asyncio, sys
from ipaddress import ip_address
from service import worker
from service.kit import outbound
async def look_up(host, port):
    return [ip_address("127.0.0.1")]
outbound.look_up = look_up
asyncio.run(worker.work(sys.argv[1], stop=asyncio.Event()))
"""


# Secrets


async def test_both_secrets_sign_while_they_overlap(make, office, receiver, told, carry):
    endpoint = await told()
    rotated = await act(office, endpoint, "rotate-secret", overlap_hours=1)
    assert rotated.status_code == 200, rotated.text
    assert rotated.headers["cache-control"] == "no-store"
    newest = await act(office, endpoint, "rotate-secret", overlap_hours=2)
    await happens(make, "school.changed")
    await carry()

    (one,) = receiver.received
    assert len(one.headers["webhook-signature"].split()) == 2
    for secret in (rotated.json()["secret"], newest.json()["secret"]):
        Webhook(secret).verify(one.body, one.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint["secret"]).verify(one.body, one.headers)
    with passed(2):
        await happens(make, "school.changed")
        await carry()
    assert len(receiver.received[1].headers["webhook-signature"].split()) == 1


async def test_a_secret_that_leaked_ends_at_once(make, office, receiver, told, carry):
    endpoint = await told()
    await act(office, endpoint, "rotate-secret", overlap_hours=0)
    await happens(make, "school.changed")
    await carry()

    (one,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint["secret"]).verify(one.body, one.headers)


# Again


async def test_a_replay_sends_the_same_events_under_the_same_ids(
    make, office, receiver, told, carry
):
    endpoint = await told(event_types=["school.*"])
    before = clock.now()
    school = await make.school()
    changed = await office.patch(
        f"/v1/schools/{school.id}", json={"short_name": "江东"}, headers=ANY
    )
    await happens(make, "school.changed", count=2)
    await carry()
    first = ids(receiver)
    receiver.received.clear()

    answer = await act(office, endpoint, "replay", since=changed.headers["sync-token"])
    assert answer.status_code == 202, answer.text
    await carry()
    assert set(ids(receiver)) <= set(first)
    assert len(set(ids(receiver))) >= 2

    receiver.received.clear()
    await act(office, endpoint, "replay", from_time=before.isoformat())
    await carry()
    assert set(ids(receiver)) == set(first)
    assert {one["state"] for one in await deliveries(office, endpoint)} == {"delivered"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "validation-failed"),
        ({"since": "x", "from_time": "2026-09-01T00:00:00+08:00"}, "validation-failed"),
        ({"from_time": "2026-09-01T00:00:00"}, "validation-failed"),
        ({"since": synctoken.make(Position(2**62, 0))[:-1] + "x"}, "sync-token-invalid"),
        ({"since": "made up"}, "sync-token-invalid"),
    ],
)
async def test_a_bad_place_to_replay_from_is_said(office, told, body, code):
    endpoint = await told()

    answer = await office.post(
        f"/v1/webhook-endpoints/{endpoint['id']}:replay", json=body, headers=ANY
    )

    assert answer.json()["code"] == code, answer.text


async def test_the_future_is_not_replayed(office, told):
    endpoint = await told()

    answer = await act(office, endpoint, "replay", since=synctoken.make(Position(2**40, 0)))

    assert (answer.status_code, answer.json()["code"]) == (422, "replay-in-future")


async def test_a_test_event_is_sent_and_told_apart(office, receiver, told, carry):
    endpoint = await told(event_types=["lesson.moved"])

    sent = await act(office, endpoint, "test")
    assert sent.status_code == 202, sent.text
    await carry()

    assert types(receiver) == ["webhook.test"]
    read = await office.get(f"/v1/webhook-deliveries/{sent.json()['id']}")
    assert (read.json()["state"], read.json()["last_status"]) == ("delivered", 204)


async def test_nothing_is_sent_to_one_that_is_disabled(make, office, receiver, told, carry):
    endpoint = await told()
    await happens(make, "school.changed")
    await carry()
    (sent,) = await deliveries(office, endpoint)
    assert (await act(office, endpoint, "disable")).json()["disabled_because"] == "by_hand"
    await happens(make, "school.changed")
    await carry()
    assert len(receiver.received) == 1

    for answer in (
        await act(office, endpoint, "test"),
        await act(office, endpoint, "replay", from_time="2026-09-01T00:00:00+08:00"),
        await office.post(f"/v1/webhook-deliveries/{sent['id']}:redeliver", headers=ANY),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook-endpoint-disabled")
    again = await act(office, endpoint, "disable")
    assert again.headers["etag"] == '"2"', "nothing changed"


async def test_deliveries_are_kept_for_a_month(make, office, receiver, told, carry, database):
    endpoint = await told()
    await happens(make, "school.changed")
    await carry()
    with passed(24 * 31):
        one = Courier(database)
        await one.look()
        assert await deliveries(office, endpoint) == []


# Who may, and what is refused


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://198.41.0.4/hooks", "url-not-https"),
        ("https://127.0.0.1/hooks", "url-not-public"),
        ("https://169.254.169.254/latest", "url-not-public"),
        ("https://[::1]/hooks", "url-not-public"),
        ("https://2130706433/hooks", "url-not-public"),
        ("https://nobody.invalid/hooks", "url-unresolvable"),
        ("https://me:word@198.41.0.4/", "url-unfit"),
        ("hooks", "url-unfit"),
    ],
)
async def test_a_bad_address_is_refused_with_its_own_problem(office, url, code):
    answer = await office.post("/v1/webhook-endpoints", json={"name": "坏地址", "url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == "/url"


async def test_an_address_is_judged_when_it_changes_too(office, told):
    endpoint = await told()
    path = f"/v1/webhook-endpoints/{endpoint['id']}"

    bad = await office.patch(path, json={"url": "https://10.0.0.1/"}, headers=ANY)
    good = await office.patch(path, json={"event_types": ["lesson.*"]}, headers=ANY)

    assert bad.json()["code"] == "url-not-public"
    assert good.json()["event_types"] == ["lesson.*"]
    assert good.headers["etag"] == '"2"'


async def test_an_event_that_never_happens_is_refused(office, receiver):
    body = {
        "name": "x",
        "url": receiver.url,
        "event_types": ["lesson.moved", "lesson.exploded", "dragon.*"],
    }

    answer = await office.post("/v1/webhook-endpoints", json=body)

    assert answer.json()["code"] == "event-type-unknown"
    pointers = [error["pointer"] for error in answer.json()["errors"]]
    assert pointers == ["/event_types/1", "/event_types/2"]


async def test_each_mistake_is_named_once(office):
    answer = await office.post(
        "/v1/webhook-endpoints", json={"url": "https://x.example/", "colour": "red"}
    )

    assert answer.status_code == 422
    pointers = [one["pointer"] for one in answer.json()["errors"]]
    assert "/colour" in pointers
    assert len(pointers) == len(set(pointers))


async def test_at_most_so_many(make, office, receiver):
    for _ in range(ENDPOINTS_AT_MOST):
        await make.webhook_endpoint()

    answer = await office.post("/v1/webhook-endpoints", json={"name": "x", "url": receiver.url})

    assert (answer.status_code, answer.json()["code"]) == (409, "too-many-webhook-endpoints")


async def test_one_that_is_removed_is_forgotten(make, office, receiver, told, carry):
    endpoint = await told()
    await happens(make, "school.changed")
    await carry()

    gone = await office.delete(f"/v1/webhook-endpoints/{endpoint['id']}", headers=ANY)

    assert gone.status_code == 204, gone.text
    await happens(make, "school.changed")
    await carry()
    assert len(receiver.received) == 1
    again = await office.get(f"/v1/webhook-endpoints/{endpoint['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "webhook-endpoint-not-found")


@pytest.fixture
async def enter(make, guests):
    """A partner's system that signed in."""

    async def sign_in(client: Any) -> Any:
        session = await make.signed_in(partner=client)
        return guests(headers={"Authorization": f"Bearer {access_token(session)}"})

    return sign_in


async def test_a_partner_hears_of_its_school_and_of_what_it_may_read(
    make, receiver, told, carry, enter
):
    school, other = await make.school(), await make.school()
    teacher = await make.teacher(school=school)
    scopes = (Scope.WEBHOOKS_WRITE, Scope.SCHEDULE_READ, Scope.GROUPS_READ)
    partner = await enter(await make.partner(school=school, scopes=scopes))
    mine = await told(partner)
    await happens(make, "school.changed", reach=[other.id])
    await happens(make, "school.designated", reach=[school.id])
    await make.noted(collection="lessons", event="lesson.moved", reach=[teacher.id])
    await make.noted(collection="lessons", event="lesson.cancelled", reach=[])
    await make.noted(collection="terms", event="term.opened")
    await make.noted(collection="teachers", event="teacher.changed", reach=[school.id])
    await make.noted(collection="tasks", event="task.opened", reach=[school.id])
    await carry()

    assert sorted(types(receiver)) == ["lesson.moved", "school.designated", "term.opened"]
    assert len(await deliveries(partner, mine)) == 3


async def test_partners_do_not_see_each_others_endpoints(make, office, told, enter):
    one = await enter(await make.partner())
    other = await enter(await make.partner())
    mine, districts = await told(one), await told()

    listed = (await one.get("/v1/webhook-endpoints")).json()["items"]

    assert [endpoint["id"] for endpoint in listed] == [mine["id"]]
    for endpoint in (mine, districts):
        assert (await act(other, endpoint, "test")).status_code == 404
    assert len((await office.get("/v1/webhook-endpoints")).json()["items"]) == 2


async def test_a_partner_that_was_shut_out_hears_nothing(
    make, office, receiver, told, carry, enter
):
    client = await make.partner()
    await told(await enter(client))
    await office.patch(f"/v1/clients/{client.id}", json={"active": False}, headers=ANY)
    await happens(make, "school.changed")
    await carry()

    assert receiver.received == []


async def test_a_partner_without_the_scope_makes_no_endpoint(make, receiver, enter):
    partner = await enter(await make.partner(scopes=(Scope.SCHEDULE_READ,)))

    answer = await partner.post("/v1/webhook-endpoints", json={"name": "x", "url": receiver.url})

    assert answer.status_code == 403


async def test_the_event_types_have_words(office, as_):
    known = (await office.get("/v1/webhook-event-types")).json()["items"]
    english = await office.get("/v1/webhook-event-types", headers={"Accept-Language": "en"})

    moved = next(one for one in known if one["type"] == "lesson.moved")
    assert moved == {
        "type": "lesson.moved",
        "label": "课:已调整时间或地点",
        "permission": "timetable.read",
    }
    assert "Lesson moved" in english.text
    teacher = as_(Role.TEACHER)
    assert (await teacher.get("/v1/webhook-event-types")).status_code == 403
