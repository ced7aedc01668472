"""Who asks how often: a budget per person and per partner's system, never per address.

A school is one address for three hundred phones, so an address says nothing. Each budget is a
bucket that fills evenly: whoever was quiet may ask ``quota`` times at once, and in the long run
``quota`` times in each ``window``. A process counts for itself: what a budget guards is the
process, and counting together would cost every phone a question.

Callers are told what is left in the fields of the IETF draft "RateLimit header fields for HTTP".
"""

import math
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from service.kit.auth import Caller
from service.kit.problems import Text, TooManyRequests
from service.kit.settings import settings

REMEMBERED = 50_000


@dataclass(frozen=True, slots=True)
class Budget:
    """``quota`` requests in ``window`` seconds."""

    name: str
    quota: int
    window: int

    @property
    def rate(self) -> float:
        """Requests a second in the long run."""
        return self.quota / self.window


class Share(NamedTuple):
    """What a caller has left."""

    budget: Budget
    left: float

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], tuple[bytes, bytes]]:
        """The fields that say so."""
        name, quota, window = self.budget.name, self.budget.quota, self.budget.window
        full_in = math.ceil((quota - self.left) / self.budget.rate)
        return (
            (b"ratelimit-policy", b'"%s";q=%d;w=%d' % (name.encode(), quota, window)),
            (b"ratelimit", b'"%s";r=%d;t=%d' % (name.encode(), int(self.left), full_in)),
        )


class Budgets:
    """How much of their budget those who asked lately have left."""

    def __init__(self) -> None:
        chosen = settings()
        self.people = Budget("people", chosen.people_quota, chosen.people_window_seconds)
        self.clients = Budget("clients", chosen.client_quota, chosen.client_window_seconds)
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def spend(self, caller: Caller, *, now: float) -> Share:
        """Count a request at ``now``, seconds on a clock that is never put back.

        Raises
        ------
        TooManyRequests
            The budget is used up; the problem says when to come again.
        """
        budget = self.people if caller.client_id is None else self.clients
        key = (caller.district_id, caller.account_id or caller.client_id)
        left, at = self._left.pop(key, (float(budget.quota), now))
        left = min(budget.quota, left + (now - at) * budget.rate)
        spent = left - 1 if left >= 1 else left
        self._left[key] = (spent, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise _refusal(budget, left)
        return Share(budget, spent)


def _refusal(budget: Budget, left: float) -> TooManyRequests:
    wait = math.ceil((1 - left) / budget.rate)
    headers = {name.decode(): value.decode() for name, value in Share(budget, left).headers}
    refusal = TooManyRequests(
        Text(
            f"每 {budget.window} 秒最多 {budget.quota} 次请求,请在 {wait} 秒后重试。",
            f"At most {budget.quota} requests in {budget.window} seconds; "
            f"try again in {wait} seconds.",
        ),
        headers={"Retry-After": str(wait), **headers},
    )
    refusal.members["violated-policies"] = [budget.name]
    return refusal
