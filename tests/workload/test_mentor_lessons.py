"""Mentoring is credited in lessons: on the phone and in the statement, apart from the money."""

from datetime import date
from decimal import Decimal

import pytest

from service.kit.db import days
from service.mentoring.rules import PairingState
from tests.workload.conftest import at
from tests.workload.steps import confirm_month, draw, read, settle, the_statement

OCTOBER = "2026-10-08T09:00"


@pytest.fixture
async def mentees(make, visits):
    """Two, because a week counts once."""
    found = [await make.teacher(school=visits.home) for _ in range(2)]
    for mentee in found:
        await make.pairing(mentor=visits.teacher, mentee=mentee)
    return found


async def test_a_mentor_is_credited_two_lessons_a_week(visits, mentees, herself, host, home, group):
    with at(OCTOBER):
        await confirm_month(host, visits.host)
        mine = await read(herself, "me/workload", month="2026-09")
        await draw(home)
        drawn = await the_statement(home)
        settled = await settle(home, group)

    assert Decimal(mine["mentor_lessons"]) == Decimal(drawn["mentor_lessons"]) == 8
    assert Decimal(settled["mentor_lessons"]) == 8


async def test_the_district_says_what_a_week_counts(visits, mentees, herself, database, district):
    async with database.write(district.id) as db:
        row = await db.merge(district)
        row.settings = {**row.settings, "mentoring": {"credited_lessons_per_week": 1.5}}
    with at(OCTOBER):
        mine = await read(herself, "me/workload", month="2026-09")

    assert Decimal(mine["mentor_lessons"]) == 6


async def test_weeks_that_are_still_to_come_are_not_credited(visits, mentees, herself):
    with at("2026-09-16T09:00"):
        mine = await read(herself, "me/workload", month="2026-09")

    assert Decimal(mine["mentor_lessons"]) == 4


async def test_what_never_became_active_or_is_over_counts_no_week(make, visits, herself):
    one, other, third = [await make.teacher(school=visits.home) for _ in range(3)]
    began = date(2026, 9, 1)
    await make.pairing(mentor=visits.teacher, mentee=one, state=PairingState.ACCEPTED)
    await make.pairing(mentor=visits.teacher, mentee=other, state=PairingState.ENDED)
    await make.pairing(
        mentor=visits.teacher,
        mentee=third,
        state=PairingState.ENDED,
        activated_on=began,
        valid=days(began, date(2026, 9, 12)),
    )
    with at(OCTOBER):
        september = await read(herself, "me/workload", month="2026-09")
        october = await read(herself, "me/workload", month="2026-10")

    assert Decimal(september["mentor_lessons"]) == 2
    assert Decimal(october["mentor_lessons"]) == 0
