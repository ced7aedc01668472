"""Hashing in a few threads, and budgets per name."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.accounts import passwords
from service.accounts.passwords import LoginBudget, Workshop
from service.accounts.problems import TooManyLogins
from service.kit import clock
from service.kit.problems import Unavailable

NOON = datetime(2026, 10, 9, 4, tzinfo=UTC)


async def test_a_password_is_known_by_its_hash_only():
    kept = await passwords.hashed("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert await passwords.verified("correct horse battery", kept)
    assert not await passwords.verified("wrong horse battery", kept)
    assert not await passwords.verified("nobody's password", None)
    assert not await passwords.verified("anything", "no hash at all")


async def test_a_full_workshop_says_so_at_once():
    workshop = Workshop(at_once=1, waiting=1)
    go = threading.Event()
    first = asyncio.create_task(workshop.do(go.wait))
    second = asyncio.create_task(workshop.do(go.wait))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await workshop.do(go.wait)
    go.set()
    assert all(await asyncio.gather(first, second))
    assert await workshop.do(go.wait)


def test_tries_come_back_with_time_and_never_pile_up():
    budget = LoginBudget(size=2, seconds_per_try=60)
    with clock.freeze(NOON):
        budget.take("wang")
        budget.take("wang")
        with pytest.raises(TooManyLogins) as refused:
            budget.take("wang")
        assert refused.value.headers["Retry-After"] == "60"
        budget.take("li")
    with clock.freeze(NOON + timedelta(hours=9)):
        budget.take("wang")
        budget.take("wang")
        with pytest.raises(TooManyLogins):
            budget.take("wang")


def test_a_right_password_makes_up_for_wrong_ones():
    budget = LoginBudget(size=1)
    budget.take("wang")
    budget.refill("wang")
    budget.take("wang")
    budget.refill("never seen")


def test_made_up_names_do_not_fill_the_memory():
    budget = LoginBudget(size=1, names=2)
    for name in ("a", "b", "c"):
        budget.take(name)
    assert list(budget.buckets) == ["b", "c"]
