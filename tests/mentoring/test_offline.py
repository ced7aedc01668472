"""A phone without a network: what was done there arrives once, or one is shown why not."""

from uuid import uuid4

import pytest

from service.kit.auth import Role
from service.mentoring.rules import PairingState

pytestmark = pytest.mark.usefixtures("autumn")

OBSERVED = {
    "kind": "observation",
    "observed": "mentee",
    "on_date": "2026-10-12",
    "topic": "识谱",
    "advice": "提问后多等三秒",
}


@pytest.fixture
async def pairing(make, mentor, mentee):
    await make.school_term()
    return await make.pairing(mentor=mentor, mentee=mentee, role="cross_school")


@pytest.fixture
def the_two(as_, mentor, mentee):
    return as_(Role.TEACHER, teacher=mentor), as_(Role.TEACHER, teacher=mentee)


class Queue:
    """What a phone does without a network, sent later and perhaps more than once."""

    def __init__(self, client):
        self.client = client
        self.waiting = []

    def add(self, path, body=None, **headers):
        self.waiting.append((path, body, {"Idempotency-Key": str(uuid4()), **headers}))

    async def send(self):
        return [
            await self.client.post(path, json=body, headers=headers)
            for path, body, headers in self.waiting
        ]


async def page(client):
    return (await client.get("/v1/me/mentoring")).json()


async def test_an_entry_written_offline_arrives_once_and_is_confirmed_offline(the_two, pairing):
    mentors, mentees = [Queue(one) for one in the_two]
    mentors.add(f"/v1/pairings/{pairing.id}/log-entries", OBSERVED)
    first, again = (await mentors.send())[0], (await mentors.send())[0]

    asked = (await page(the_two[1]))["waiting"]
    (entry,) = [one for one in asked if one["waits_for"] == "confirmation"]
    path = f"/v1/log-entries/{entry['id']}:confirm"
    mentees.add(path, **{"If-Match": f'"{entry["version"]}"'})
    confirmed, repeated = (await mentees.send())[0], (await mentees.send())[0]
    mine, theirs = await page(the_two[0]), await page(the_two[1])

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]
    assert again.headers["idempotency-replayed"] == "true"
    assert (entry["label"], entry["topic"], entry["by"]) == ("听课记录待确认", "识谱", "李老师")
    assert (confirmed.status_code, repeated.status_code) == (200, 200)
    assert theirs["waiting"] == []
    told = mine["as_mentor"][0]
    assert told["last_advice"]["advice"] == "提问后多等三秒"
    counts = {one["item"]: (one["confirmed"], one["left"]) for one in told["progress"]["items"]}
    assert counts["observed_by_mentor"][0] == 1
    assert counts["observed_by_mentor"][1] < counts["observed_of_mentor"][1]


async def test_what_changed_meanwhile_is_shown_and_nothing_is_lost(the_two, pairing):
    """The mentor corrects an entry while the mentee's phone is away with a confirmation."""
    written = await the_two[0].post(f"/v1/pairings/{pairing.id}/log-entries", json=OBSERVED)
    path = f"/v1/log-entries/{written.json()['id']}"
    phone = Queue(the_two[1])
    phone.add(f"{path}:confirm", **{"If-Match": written.headers["etag"]})
    phone.add(f"/v1/pairings/{pairing.id}/log-entries", {**OBSERVED, "kind": "reflection"})
    phone.waiting[1][1].pop("observed")
    corrected = {**OBSERVED, "advice": "提问后多等五秒"}
    await the_two[0].put(path, json=corrected, headers={"If-Match": written.headers["etag"]})

    stale, kept = await phone.send()
    (entry,) = [one for one in (await page(the_two[1]))["waiting"] if one["id"] in path]
    confirmed = await the_two[1].post(
        f"{path}:confirm", headers={"If-Match": f'"{entry["version"]}"'}
    )

    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed")
    assert stale.headers["etag"] == f'"{entry["version"]}"'
    assert kept.status_code == 201, "what does not depend on it goes through"
    assert confirmed.json()["advice"] == "提问后多等五秒"
    assert (await page(the_two[0]))["as_mentor"][0]["last_advice"]["by"] == "小王"


async def test_proposals_and_agreements_wait_for_ones_own_word(make, as_, a_master, mentee):
    new = await a_master(name="张老师")
    proposed = await make.pairing(
        mentor=new, mentee=mentee, state=PairingState.PROPOSED, mentor_accepted=True
    )
    client, other = as_(Role.TEACHER, teacher=mentee), as_(Role.TEACHER, teacher=new)
    path = f"/v1/pairings/{proposed.id}"

    first = (await page(client))["waiting"]
    await client.post(f"{path}:accept", headers={"If-Match": f'"{first[0]["version"]}"'})
    second, theirs = (await page(client))["waiting"], (await page(other))["waiting"]
    await client.post(
        f"{path}:sign",
        json={"text_number": 0},
        headers={"If-Match": f'"{second[0]["version"]}"'},
    )

    assert [(one["waits_for"], one["label"]) for one in first] == [("answer", "师徒结对待答复")]
    assert [one["waits_for"] for one in (*second, *theirs)] == ["signature", "signature"]
    assert (await page(client))["waiting"] == []
