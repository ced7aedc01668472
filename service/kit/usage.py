"""Counts what partners' systems ask, in memory, until somebody writes it down."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller


class Who(NamedTuple):
    """A client in one hour: no hour belongs to two days, whatever the zone is to the hour."""

    district_id: UUID
    client_id: str
    hour: datetime


@dataclass(slots=True)
class Uses:
    """How often somebody asked, and how that ended."""

    requests: int = 0
    refused: int = 0
    failed: int = 0
    last_at: datetime | None = None


_REFUSED, _FAILED = range(400, 500), range(500, 600)


@dataclass(slots=True)
class Usage:
    """What has been counted since it was last taken."""

    counted: defaultdict[Who, Uses] = field(default_factory=lambda: defaultdict(Uses))

    def count(self, caller: Caller | None, status: int) -> None:
        """Count one answer; people are not counted."""
        if caller is None or caller.client_id is None:
            return
        now = clock.now()
        hour = now.replace(minute=0, second=0, microsecond=0)
        uses = self.counted[Who(caller.district_id, caller.client_id, hour)]
        uses.requests += 1
        uses.refused += status in _REFUSED
        uses.failed += status in _FAILED
        uses.last_at = now

    def take(self) -> Mapping[Who, Uses]:
        """What was counted; counting begins anew."""
        taken, self.counted = self.counted, defaultdict(Uses)
        return taken


USAGE = Usage()
