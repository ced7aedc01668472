"""Where campuses lie, and how long the ways between them are.

A river town, and schools up to an hour and a half away in the hills. The way up takes longer than
the way down.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import ceil, cos, hypot, pi, radians, sin
from typing import Any

from service.cli.demo.dice import Dice

_CENTRE = (106.450, 29.820)
_GROUPS_AROUND_A_TOWN = 14
_TOWNS_APART = 0.6
_KM_PER_DEGREE = 111.2
MINUTES_PER_KM = 3.2
"""As the crow flies: what an estimate takes for roads nobody has measured."""
_HILLS_FROM = 25
LONGEST_WAY = 105
"""Minutes with the buffer: a noon break is longer."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A campus on the map."""

    campus: str
    longitude: float
    latitude: float
    minutes: int
    """From the town, as it was planned."""

    @property
    def in_the_hills(self) -> bool:
        """Beyond the last bus of the town."""
        return self.minutes >= _HILLS_FROM


def spot(campus: str, *, group: int, minutes: int) -> Spot:
    """Where a campus of a group lies that is so many minutes from its town."""
    dice = Dice("spot", campus)
    town, place = divmod(group - 1, _GROUPS_AROUND_A_TOWN)
    angle = 2 * pi * place / _GROUPS_AROUND_A_TOWN + (dice.below(1000) - 500) / 2000
    km = minutes / MINUTES_PER_KM
    latitude = _CENTRE[1] + _TOWNS_APART * (town // 5) + km * sin(angle) / _KM_PER_DEGREE
    width = _KM_PER_DEGREE * cos(radians(latitude))
    longitude = _CENTRE[0] + _TOWNS_APART * (town % 5) + km * cos(angle) / width
    return Spot(campus, round(longitude, 6), round(latitude, 6), minutes)


def ways(
    spots: Sequence[Spot], *, unmeasured: frozenset[tuple[str, str]]
) -> Iterator[Mapping[str, Any]]:
    """The rows of the sheet ``travel`` between campuses of a group."""
    for here, there in permutations(spots, 2):
        if (here.campus, there.campus) not in unmeasured:
            buffer = 15 if here.in_the_hills or there.in_the_hills else 10
            minutes = min(_minutes(here, there), LONGEST_WAY - buffer)
            yield {
                "from_campus": here.campus,
                "to_campus": there.campus,
                "minutes": minutes,
                "buffer": buffer,
            }


def _minutes(here: Spot, there: Spot) -> int:
    width = _KM_PER_DEGREE * cos(radians(here.latitude))
    km = hypot(
        (here.longitude - there.longitude) * width,
        (here.latitude - there.latitude) * _KM_PER_DEGREE,
    )
    uphill = 1.08 if there.minutes > here.minutes else 0.98
    return max(5, ceil(km * MINUTES_PER_KM * uphill))
