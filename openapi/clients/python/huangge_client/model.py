"""What the feed says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Change:
    """The last state of a row, or that it is to be forgotten."""

    collection: str
    id: str
    op: str
    version: int | None
    changed_at: str | None
    reason: str | None
    data: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the feed."""

    items: Sequence[Change]
    next_token: str
    has_more: bool
    as_of: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """A page as the server sends it; members that are not known here are left out."""
        known = Change.__slots__
        items = [Change(**{name: item[name] for name in known}) for item in body["items"]]
        return cls(items, body["next_token"], body["has_more"], body["as_of"])
