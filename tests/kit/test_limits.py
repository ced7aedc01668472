"""Budgets: a bucket per person and per partner's system, told in the fields of the IETF draft."""

from uuid import uuid4

import pytest

from service.kit.auth import Caller
from service.kit.limits import Budget, Budgets, Share
from service.kit.problems import TooManyRequests
from service.kit.settings import settings

DISTRICT = uuid4()


@pytest.fixture
def budgets(monkeypatch):
    """Three requests in six seconds for people, two in ten for clients."""
    for name, value in {
        "PEOPLE_QUOTA": "3",
        "PEOPLE_WINDOW_SECONDS": "6",
        "CLIENT_QUOTA": "2",
        "CLIENT_WINDOW_SECONDS": "10",
    }.items():
        monkeypatch.setenv(f"HUANGGE_{name}", value)
    settings.cache_clear()
    made = Budgets()
    monkeypatch.undo()
    settings.cache_clear()
    return made


def person():
    return Caller(DISTRICT, "演云溪", account_id=uuid4())


def test_a_quiet_caller_may_ask_the_whole_quota_at_once_then_evenly(budgets):
    caller = person()
    left = [int(budgets.spend(caller, now=0.0).left) for _ in range(3)]

    with pytest.raises(TooManyRequests) as refused:
        budgets.spend(caller, now=0.5)

    assert left == [2, 1, 0]
    assert refused.value.headers["Retry-After"] == "2"
    assert refused.value.headers["ratelimit"] == '"people";r=0;t=6'
    assert refused.value.headers["ratelimit-policy"] == '"people";q=3;w=6'
    assert refused.value.members["violated-policies"] == ["people"]
    # Who was refused and waits as told is served.
    assert budgets.spend(caller, now=2.0).left == pytest.approx(0)
    assert budgets.spend(caller, now=100.0).left == 2


def test_nobody_spends_what_is_anothers(budgets):
    for _ in range(3):
        budgets.spend(person(), now=0.0)
    client = Caller(DISTRICT, "合作系统", client_id="bureau")
    elsewhere = Caller(uuid4(), "合作系统", client_id="bureau")

    assert budgets.spend(client, now=0.0).budget.name == "clients"
    assert budgets.spend(client, now=0.0).left == 0
    assert budgets.spend(elsewhere, now=0.0).left == 1


def test_the_fields_are_structured():
    share = Share(Budget("clients", 200, 10), 150.5)

    assert share.headers == (
        (b"ratelimit-policy", b'"clients";q=200;w=10'),
        (b"ratelimit", b'"clients";r=150;t=3'),
    )


def test_memory_is_bounded(budgets, monkeypatch):
    monkeypatch.setattr("service.kit.limits.REMEMBERED", 2)
    first = person()
    for _ in range(3):
        budgets.spend(first, now=0.0)
    for _ in range(2):
        budgets.spend(person(), now=0.0)

    assert budgets.spend(first, now=0.0).left == 2
