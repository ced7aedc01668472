"""Where a client is in the feed, and what it reached: pure, without a session.

A client is either still in its snapshot, or past it at a position; on top of that its scope may be
changing from former ones to the present one. All of it is in the token.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from service.kit.auth import Caller, FieldProfile, Grant, Permission, Reach, Role, Sight

KEPT_FOR = timedelta(days=180)
"""How long a token lives: longer than the summer holiday."""
_CLOCKS_DIFFER = timedelta(hours=1)


class Refusal(StrEnum):
    """Why a token cannot be gone on from."""

    AGED = "aged"
    RESTORED = "restored"
    TRIMMED = "trimmed"
    PROFILE = "profile"


class Step(StrEnum):
    """What a changed scope brings: first what is gained, then what is lost."""

    GAINED = "gained"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the rows of a collection, in order of ids; the next one is strictly after it."""

    collection: str
    after: UUID | None = None


@dataclass(frozen=True, slots=True)
class Former:
    """A scope the client had, of interest until the feed is read beyond a transaction."""

    mark: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where a client is."""

    epoch: str
    issued: datetime
    collections: tuple[str, ...] | None
    """What was asked for; ``None`` is everything."""
    scope: str
    xid: int
    seq: int = 0
    inner: UUID | None = None
    """Inside a spread change: the last row that was told."""
    snapshot: Place | None = None
    moving: tuple[Step, Place] | None = None
    former: tuple[Former, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether all that is left to tell is what changes from now on."""
        return self.snapshot is None and self.moving is None

    def rescoped(self, mark: str, *, until: int, first: str) -> Self:
        """The same place, on the way to another scope."""
        return replace(
            self,
            scope=mark,
            former=(*self.former, Former(self.scope, until)),
            moving=(Step.GAINED, Place(first)),
        )

    def at(self, xid: int, seq: int, inner: UUID | None = None) -> Self:
        """Further on in the feed; scopes that no later change can have been recorded in are gone.

        A scope is needed as long as changes may come that were made when it held.
        """
        kept = tuple(one for one in self.former if one.until > xid)
        return replace(self, xid=xid, seq=seq, inner=inner, former=kept)

    def dump(self) -> dict[str, Any]:
        """As a token carries it."""
        return {
            "e": self.epoch,
            "t": int(self.issued.timestamp()),
            "c": self.collections,
            "s": self.scope,
            "p": [self.xid, self.seq, _written(self.inner)],
            "n": self.snapshot and [self.snapshot.collection, _written(self.snapshot.after)],
            "m": self.moving
            and [self.moving[0], self.moving[1].collection, _written(self.moving[1].after)],
            "f": [[one.mark, one.until] for one in self.former],
        }

    @classmethod
    def load(cls, given: Mapping[str, Any]) -> Self:
        """As ``dump`` wrote it."""
        xid, seq, inner = given["p"]
        snapshot, moving = given["n"], given["m"]
        return cls(
            epoch=given["e"],
            issued=datetime.fromtimestamp(given["t"], UTC),
            collections=None if given["c"] is None else tuple(given["c"]),
            scope=given["s"],
            xid=xid,
            seq=seq,
            inner=_read(inner),
            snapshot=snapshot and Place(snapshot[0], _read(snapshot[1])),
            moving=moving and (Step(moving[0]), Place(moving[1], _read(moving[2]))),
            former=tuple(Former(*one) for one in given["f"]),
        )


def _written(id_: UUID | None) -> str | None:
    return None if id_ is None else str(id_)


def _read(id_: str | None) -> UUID | None:
    return None if id_ is None else UUID(id_)


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the feed of a district reaches at this moment."""

    epoch: str
    settled: int
    """Transactions below this number have all ended."""
    end: int
    """No transaction with this number or a higher one has begun."""
    trimmed: tuple[int, int]


def refusal_of(state: State, *, horizon: Horizon, now: datetime) -> Refusal | None:
    """Why one cannot go on from here without a gap; nothing where one can."""
    if state.epoch != horizon.epoch or state.xid > horizon.end:
        return Refusal.RESTORED
    if state.issued > now + _CLOCKS_DIFFER:
        return Refusal.RESTORED
    if now - state.issued > KEPT_FOR:
        return Refusal.AGED
    return Refusal.TRIMMED if (state.xid, state.seq) < horizon.trimmed else None


# What somebody reached


@dataclass(frozen=True, slots=True)
class Scope:
    """What a caller reached at a moment, in every collection they were shown."""

    caller: Caller
    """As they were: with ``sights`` in place of what is reached now."""
    collections: tuple[str, ...]
    mark: str = field(init=False)

    def __post_init__(self) -> None:
        text = json.dumps([self.caller.key, self.dump()], sort_keys=True)
        object.__setattr__(self, "mark", hashlib.sha256(text.encode()).hexdigest()[:32])

    def dump(self) -> dict[str, Any]:
        """As it is kept."""
        sights = list(dict.fromkeys(self.caller.sights.values()))
        return {
            "collections": list(self.collections),
            "teacher": _written(self.caller.teacher_id),
            "profile": self.caller.profile,
            "grants": [
                [grant.role, sorted(grant.permissions), grant.reach, _written(grant.target_id)]
                for grant in self.caller.grants
            ],
            "sights": [
                [sorted(map(str, group)) for group in (one.schools, one.groups, one.teachers)]
                for one in sights
            ],
            "seen": {
                permission: sights.index(one)
                for permission, one in sorted(self.caller.sights.items())
            },
        }

    @classmethod
    def load(cls, given: Mapping[str, Any], *, of: Caller) -> Self:
        """As ``dump`` wrote it, of the same caller."""
        sights = [
            Sight(*(frozenset(map(UUID, ids)) for ids in groups)) for groups in given["sights"]
        ]
        was = replace(
            of,
            teacher_id=_read(given["teacher"]),
            profile=FieldProfile(given["profile"]),
            grants=tuple(
                Grant(Role(role), frozenset(map(Permission, held)), Reach(reach), _read(target))
                for role, held, reach, target in given["grants"]
            ),
            sights={Permission(one): sights[index] for one, index in given["seen"].items()},
        )
        return cls(was, tuple(given["collections"]))

    def same_in(self, other: Self, *, collection: str, permission: Permission) -> bool:
        """Whether a collection looks the same in both."""
        if (collection in self.collections) is not (collection in other.collections):
            return False
        mine, theirs = self.caller, other.caller
        return (
            mine.grants_for(permission) == theirs.grants_for(permission)
            and mine.sights.get(permission) == theirs.sights.get(permission)
            and mine.teacher_id == theirs.teacher_id
        )

    def concerns(self, reach: Collection[UUID], *, permission: Permission) -> bool:
        """Whether a change that was recorded for ``reach`` may have been of a row in this scope.

        One that names nobody may be of anybody's.
        """
        if not reach or self.caller.reaches_district(permission):
            return True
        sight = self.caller.sights.get(permission)
        return sight is not None and any(
            not ids.isdisjoint(reach) for ids in (sight.schools, sight.groups, sight.teachers)
        )


def narrowed(caller: Caller, *, to: Collection[Permission]) -> Caller:
    """The caller with nothing but some permissions, so that others change no scope."""
    grants = [replace(grant, permissions=grant.permissions & set(to)) for grant in caller.grants]
    kept = sorted((one for one in grants if one.permissions), key=_rank)
    return replace(caller, grants=tuple(kept), session_id=None)


def _rank(grant: Grant) -> tuple[str, ...]:
    return (grant.role, grant.reach, str(grant.target_id), *sorted(grant.permissions))


def kinds(caller: Caller, *, permissions: Iterable[Permission]) -> list[list[Permission]]:
    """Permissions that do not reach the whole district, those together that reach the same."""
    alike: dict[tuple[Any, ...], list[Permission]] = {}
    for permission in sorted(permissions):
        if caller.may(permission) and not caller.reaches_district(permission):
            held = caller.grants_for(permission)
            key = tuple(dict.fromkeys((grant.reach, grant.target_id) for grant in held))
            alike.setdefault(key, []).append(permission)
    return list(alike.values())


# The digest

_WORD = 2**64


def checksum(total: int) -> str:
    """How a sum of row hashes is written: 16 hexadecimal digits."""
    return f"{total % _WORD:016x}"


def following(names: Sequence[str], name: str) -> str | None:
    """The collection after one, by name, whether or not that one is still served."""
    return next((one for one in names if one > name), None)
