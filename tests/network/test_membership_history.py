"""What the database itself refuses, and that answers about a day equal a replayed model."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from service.kit.auth import Role
from service.kit.db import days
from service.network.rules import Tier
from tests.network.conftest import change, names_on

BEGIN, MIDDLE, END = date(2026, 9, 1), date(2027, 2, 22), date(2027, 9, 1)
WHOLE, FIRST, SECOND = days(BEGIN, END), days(BEGIN, MIDDLE), days(MIDDLE, END)


async def test_ranges_that_touch_do_not_overlap(make):
    group = await make.group()
    one, other = await make.school(), await make.school()

    await make.member(group=group, school=one, tier=Tier.LEAD, valid=FIRST)
    await make.member(group=group, school=other, tier=Tier.LEAD, valid=SECOND)
    await make.member(group=group, school=one, tier=Tier.CLOSE, seat=1, valid=SECOND)
    await make.member(group=group, school=other, tier=Tier.CLOSE, seat=1, valid=FIRST)


@pytest.mark.parametrize(
    ("first", "second", "same_group", "same_school", "constraint"),
    [
        ((Tier.LEAD, None), (Tier.LEAD, None), True, False, "ex_membership_lead"),
        ((Tier.CLOSE, 1), (Tier.CLOSE, 1), True, False, "ex_membership_seat"),
        ((Tier.LEAD, None), (Tier.ALLIANCE, None), True, True, "ex_membership_once"),
        ((Tier.LEAD, None), (Tier.CLOSE, 1), False, True, "ex_membership_core"),
        ((Tier.CLOSE, 2), (Tier.LEAD, None), False, True, "ex_membership_core"),
    ],
)
async def test_the_database_is_the_last_judge(
    make, first, second, same_group, same_school, constraint
):
    group, school = await make.group(), await make.school()
    await make.member(group=group, school=school, tier=first[0], seat=first[1], valid=WHOLE)
    group = group if same_group else await make.group()
    school = school if same_school else await make.school()

    with pytest.raises(IntegrityError, match=constraint):
        await make.member(group=group, school=school, tier=second[0], seat=second[1], valid=SECOND)


@pytest.mark.parametrize(
    ("tier", "seat", "constraint"),
    [
        (Tier.CLOSE, None, "ck_membership_seat"),
        (Tier.LEAD, 1, "ck_membership_seat"),
        (Tier.CLOSE, 3, "ck_membership_seat_number"),
        ("head", None, "ck_membership_tier"),
    ],
)
async def test_a_seat_belongs_to_a_close_member(make, tier, seat, constraint):
    group, school = await make.group(), await make.school()

    with pytest.raises(IntegrityError, match=constraint):
        await make.member(group=group, school=school, tier=tier, seat=seat)


async def test_alliances_may_be_several(make):
    school = await make.school()
    for _ in range(3):
        await make.member(group=await make.group(), school=school)
    await make.member(group=await make.group(), school=school, tier=Tier.LEAD)


class Model:
    """Who belongs to a group on each day: a dictionary per day that knows nothing of ranges."""

    def __init__(self, first: date, last: date) -> None:
        self.days: dict[date, dict[str, str]] = {
            first + timedelta(days=number): {} for number in range((last - first).days)
        }

    def replay(self, on: date, steps, names) -> None:
        for day, members in self.days.items():
            for one in steps if day >= on else ():
                members.pop(names[one["school_id"]], None)
                if one["action"] != "leave":
                    members[names[one["school_id"]]] = one["tier"]

    def conforms(self, day: date) -> bool:
        return {"lead", "close"} <= {*self.days[day].values()}


class Dice:
    """Throws that are the same in every run."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def number(self, sides: int) -> int:
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self._state >> 33) % sides

    def choice(self, things: Sequence[Any]) -> Any:
        return things[self.number(len(things))]

    def sample(self, things: Sequence[Any], count: int) -> list[Any]:
        left = list(things)
        return [left.pop(self.number(len(left))) for _ in range(count)]


def drawn(dice: Dice, schools) -> list[dict[str, str]]:
    steps = []
    for school in dice.sample(schools, 1 + dice.number(3)):
        action = dice.choice(["join", "join", "leave", "retier"])
        tier = {} if action == "leave" else {"tier": dice.choice(["lead", "close", "alliance"])}
        steps.append({"action": action, "school_id": str(school.id)} | tier)
    return steps


@pytest.mark.parametrize("seed", range(6))
async def test_answers_about_any_day_equal_a_replayed_model(as_, make, seed):
    dice = Dice(seed)
    client = as_(Role.DISTRICT_ADMIN)
    schools = [await make.school() for _ in range(6)]
    names = {str(school.id): school.name for school in schools}
    group = await make.group(state="draft")
    model = Model(date(2026, 11, 1), date(2027, 9, 1))
    on, active, accepted = date(2026, 11, 1), False, 0

    for _ in range(40):
        steps = drawn(dice, schools)
        answer = await client.post(
            f"/v1/groups/{group.id}/membership-changes", json=change(str(on), *steps)
        )
        assert answer.status_code in {201, 409}, answer.text
        if answer.status_code == 201:
            accepted += 1
            model.replay(on, steps, names)
            assert not active or model.conforms(on)
        if not active and on <= date(2026, 11, 10) and model.conforms(date(2026, 11, 10)):
            path = f"/v1/groups/{group.id}:activate"
            done = await client.post(path, headers={"If-Match": "*"})
            active = done.status_code == 200
        on += timedelta(days=dice.choice([0, 1, 3, 9]) if active else dice.choice([0, 0, 1]))
        on = min(on, date(2027, 8, 1))

    assert accepted > 2
    for day in dice.sample(sorted(model.days), 25):
        assert await names_on(client, group, str(day)) == model.days[day], day
