"""Passwords: argon2, in threads of their own, and the same work whether or not somebody exists."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from service.accounts.problems import TooManyLogins
from service.kit import clock
from service.kit.problems import Text, Unavailable

Result = TypeVar("Result")

hasher = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1),))


@cache
def _decoy() -> str:
    return hasher.hash("nobody's password")


def _is_right(password: str, password_hash: str | None) -> bool:
    try:
        right = hasher.verify(password, password_hash or _decoy())
    except PwdlibError:
        return False
    return right and password_hash is not None


class Workshop:
    """A few threads that hash, and a short queue before them.

    Each hash takes a core and 19 MiB for some 30 ms; on a Monday morning a longer queue would only
    let everybody wait until they give up.
    """

    def __init__(self, *, at_once: int, waiting: int) -> None:
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="argon2")
        self._room = at_once + waiting
        self._inside = 0

    async def do(self, work: Callable[..., Result], *given: str | None) -> Result:
        """Run one piece of work in a thread.

        Raises
        ------
        Unavailable
            The queue is full.
        """
        if self._inside >= self._room:
            raise Unavailable(
                Text("同时登录的人数过多,请稍候。", "Too many sign in at once; try again shortly.")
            )
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *given)
        finally:
            self._inside -= 1


_workshop = Workshop(at_once=2, waiting=100)


async def hashed(password: str) -> str:
    """The hash to store for a password."""
    return await _workshop.do(hasher.hash, password)


async def verified(password: str, password_hash: str | None) -> bool:
    """Whether it is the password hashed; without a hash the answer takes as long and is no."""
    return await _workshop.do(_is_right, password, password_hash)


@dataclass(slots=True)
class _Bucket:
    left: float
    at: datetime


@dataclass(slots=True)
class LoginBudget:
    """How often one name may be tried: a bucket per name, whether or not the name exists.

    Per name and never per address: a school is one address. A right password fills the bucket. Each
    process counts for itself; what matters is that guessing is slow, not the exact number.
    """

    size: int = 10
    seconds_per_try: int = 60
    names: int = 50_000
    buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def take(self, name: str) -> None:
        """Use one try.

        Raises
        ------
        TooManyLogins
            None is left.
        """
        now = clock.now()
        bucket = self.buckets.setdefault(name, _Bucket(self.size, now))
        self.buckets.move_to_end(name)
        while len(self.buckets) > self.names:
            self.buckets.popitem(last=False)
        refilled = max(0.0, (now - bucket.at).total_seconds()) / self.seconds_per_try
        bucket.left, bucket.at = min(self.size, bucket.left + refilled), now
        if bucket.left < 1:
            wait = (1 - bucket.left) * self.seconds_per_try
            raise TooManyLogins(retry_after=max(1, round(wait)))
        bucket.left -= 1

    def refill(self, name: str) -> None:
        """Forget the tries: somebody knew the password."""
        self.buckets.pop(name, None)
