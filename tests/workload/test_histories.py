"""Random histories of a month: whatever the offices do in whatever order, it adds up."""

from decimal import Decimal
from hashlib import blake2b

import pytest

from tests.workload.conftest import at
from tests.workload.steps import confirm_month, draw, pays, read, step

STEPS = 40
REFUSALS = {
    "attendance-settled",
    "month-frozen",
    "statement-moved",
    "statement-outdated",
    "own-request",
}


class History:
    """The offices, the lessons of September, and what must hold after every step."""

    def __init__(self, town, seed, offices):
        self.town, self.seed, self.thrown = town, seed, 0
        self.host, self.group, self.district = offices
        self.frozen = None
        self.done = 0

    async def begin(self):
        found = await read(self.host, "attendance", visiting=True, until="2026-10-01", limit=200)
        self.lessons = [one["lesson_id"] for one in found["items"]]
        await draw(self.group, teacher_id=str(self.town.teacher.id))
        (one,) = (await read(self.group, "statements", month="2026-09"))["items"]
        self.statement_id = one["id"]

    def dice(self, faces):
        """The same throws for the same seed, everywhere."""
        self.thrown += 1
        thrown = blake2b(f"{self.seed} {self.thrown}".encode(), digest_size=4)
        return int(thrown.hexdigest(), 16) % faces

    async def say(self, who, verb, **body):
        lesson_id = self.lessons[self.dice(len(self.lessons))]
        return await who.post(
            f"/v1/lessons/{lesson_id}/attendance:{verb}",
            json=body or None,
            headers={"If-Match": "*"},
        )

    async def move(self, who, verb, **body):
        return await step(who, self.statement_id, verb, **body)

    async def any_step(self):
        taught = self.dice(2) == 0
        choices = [
            (8, lambda: self.say(self.host, "confirm")),
            (3, lambda: self.say(self.host, "dispute", reason="重复")),
            (3, lambda: self.say(self.group, "resolve", taught=taught, reason="核实")),
            (4, self.draw_anew),
            (4, lambda: self.move(self.group, "submit")),
            (4, lambda: self.move(self.district, "approve")),
            (2, lambda: self.move(self.group, "approve")),
            (2, lambda: self.move(self.district, "return", reason="再核")),
            (1, lambda: self.move(self.district, "freeze")),
        ]
        bag = [one for weight, one in choices for _ in range(weight)]
        chosen = bag[self.dice(len(bag))]
        answer = await chosen()
        if answer is not None and answer.status_code != 200:
            assert answer.json()["code"] in REFUSALS, answer.text
        else:
            self.done += 1

    async def draw_anew(self):
        await draw(self.group)

    async def check(self):
        one = await read(self.group, f"statements/{self.statement_id}")
        listed = await read(
            self.host, f"schools/{self.town.host.id}/allowance-list", month="2026-09"
        )
        items: dict[str, Decimal] = {}
        for line in one["lines"]:
            items[line["lesson_id"]] = items.get(line["lesson_id"], Decimal(0)) + Decimal(
                line["amount"]
            )
        total = sum(items.values(), Decimal(0))
        assert Decimal(one["amount"]) == total == Decimal(listed["amount"])
        assert total <= 250
        if one["state"] in {"approved", "frozen"}:
            confirmed = await read(
                self.host, "attendance", state="confirmed", until="2026-10-01", limit=200
            )
            assert items.keys() == {found["lesson_id"] for found in confirmed["items"]}
            assert listed["complete"]
        if self.frozen is not None:
            assert one == self.frozen
        elif one["state"] == "frozen":
            self.frozen = one


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_month_adds_up_whatever_happens(seed, visits, host, group, district_office):
    await pays(district_office, lesson="33.33", trip="7.77", cap_month="250.00")
    history = History(visits, seed, (host, group, district_office))
    with at("2026-10-08T09:00"):
        await history.begin()
        for _ in range(STEPS):
            await history.any_step()
            await history.check()
        await confirm_month(host, visits.host)
        await history.check()

    assert history.done > STEPS / 4, "most of what was tried was refused: it proves little"
