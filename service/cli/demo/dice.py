"""Chance that always falls the same way, on every machine and Python."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

Item = TypeVar("Item")

_64_BITS = (1 << 64) - 1


class Dice:
    """A stream of choices that only its seed decides (splitmix64)."""

    def __init__(self, *seed: object) -> None:
        text = "/".join(map(str, seed)).encode()
        self._state = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")

    def below(self, limit: int) -> int:
        """A whole number in ``[0, limit)``."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _64_BITS
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _64_BITS
        return ((mixed ^ (mixed >> 31)) * limit) >> 64

    def between(self, low: int, high: int) -> int:
        """A whole number in ``[low, high]``."""
        return low + self.below(high - low + 1)

    def pick(self, items: Sequence[Item]) -> Item:
        """One of several."""
        return items[self.below(len(items))]

    def weigh(self, *items: tuple[int, Item]) -> Item:
        """One of several, each with its weight before it."""
        falls = self.below(sum(weight for weight, _ in items))
        for weight, item in items:
            if falls < weight:
                return item
            falls -= weight
        raise ValueError("weights are positive")

    def chance(self, percent: int) -> bool:
        """True so often in a hundred times."""
        return self.below(100) < percent
