"""How often a code may be tried by those who have not signed in.

Counted by the means of every other budget, but per code and never per address: a school is one
address. Codes have 140 bits of chance, so guessing meets no certificate at any speed.
"""

import time
from functools import cache
from uuid import UUID

from service.kit.auth import Caller
from service.kit.limits import Budgets

_EVERYBODY = UUID(int=0)
_LONGEST = 60


@cache
def _budgets() -> Budgets:
    return Budgets()


def count(code: str) -> None:
    """Count one try of a code.

    Raises
    ------
    TooManyRequests
        It was tried too often lately.
    """
    asker = Caller(
        district_id=_EVERYBODY, name="anybody", client_id=f"certificate {code[:_LONGEST]}"
    )
    _budgets().spend(asker, now=time.monotonic())
