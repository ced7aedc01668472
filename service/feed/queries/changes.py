"""Reading the feed: a few statements a page, whatever its length, all of one moment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Integer,
    Text,
    Uuid,
    any_,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    text,
    tuple_,
    union,
    union_all,
)
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import BIT
from sqlalchemy.ext.asyncio import AsyncSession as SqlAlchemySession
from sqlmodel import col, select

from service.feed.rules import changes as rules
from service.feed.rules.changes import Horizon, Place, Scope, State, Step
from service.feed.tables.changes import FeedScope
from service.kit.auth import Caller, Permission, Sight
from service.kit.changes import Change
from service.kit.db import AsyncSession
from service.kit.readers import Reader, Rows, Spelled
from service.kit.tables import Xid8
from service.network.access import visible_groups, visible_schools
from service.staff.access import visible_teachers

Readers = Mapping[str, Reader]
Item = dict[str, Any]
"""What ``ChangeOut`` holds, with its data spelled already."""

_SCANNED = 10
"""How many pages of others' changes one page looks through before it answers what it has."""

# The number of the cluster and its timeline: a restored or promoted server has others.
_MOMENT = text("""SELECT (SELECT system_identifier FROM pg_control_system())
    || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS source,
  CAST(CAST(huangge_settled_before() AS text) AS bigint) AS settled,
  CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS "end",
  kept.epoch, kept.source AS kept_source, CAST(CAST(kept.trimmed_xid AS text) AS bigint),
  kept.trimmed_seq, kept.trimmed_at
FROM (SELECT 1) AS always LEFT JOIN feed_state kept ON kept.district_id = :district""")


class Moment(NamedTuple):
    """What the server says of itself, in one snapshot."""

    source: str
    settled: int
    end: int


class Kept(NamedTuple):
    """What the feed of a district keeps of itself."""

    epoch: UUID
    source: str
    trimmed_xid: int
    trimmed_seq: int
    trimmed_at: datetime


async def moment(db: AsyncSession, *, district_id: UUID) -> tuple[Moment, Kept | None]:
    """The present moment; and the feed, once it has begun."""
    asked = {"district": district_id}
    row = (await (await db.connection()).execute(_MOMENT, asked)).one()
    return Moment(*row[:3]), None if row.epoch is None else Kept(*row[3:])


def horizon(kept: Kept, now: Moment) -> Horizon:
    """How far the feed reaches."""
    trimmed = (kept.trimmed_xid, kept.trimmed_seq)
    return Horizon(kept.epoch.hex[:16], now.settled, now.end, trimmed)


# Scopes


async def scope_of(
    db: AsyncSession, *, caller: Caller, readers: Readers, wanted: tuple[str, ...] | None
) -> Scope:
    """What the caller reaches at this moment, in the collections that were asked for."""
    served = {
        name: reader
        for name, reader in readers.items()
        if (wanted is None or name in wanted) and caller.may(reader.permission)
    }
    permissions = {reader.permission for reader in served.values()}
    bare = rules.narrowed(caller, to=permissions)
    kinds = rules.kinds(bare, permissions=permissions)
    sights: dict[Permission, Sight] = {}
    if kinds:
        found = await _reached(db, caller, [held[0] for held in kinds])
        for number, held in enumerate(kinds):
            sight = Sight(*(frozenset(found[number, kind]) for kind in range(3)))
            sights |= dict.fromkeys(held, sight)
    return Scope(replace(bare, sights=sights), tuple(sorted(served)))


async def _reached(
    db: AsyncSession, caller: Caller, permissions: Sequence[Permission]
) -> dict[tuple[int, int], list[UUID]]:
    parts = []
    for number, permission in enumerate(permissions):
        for kind, visible in enumerate((visible_schools, visible_groups, visible_teachers)):
            ids = visible(caller, permission).subquery()
            parts.append(
                select_rows(
                    literal(number, Integer()).label("number"),
                    literal(kind, Integer()).label("kind"),
                    func.array_agg(ids.c[0], type_=ARRAY(Uuid)),
                )
            )
    found = await (await db.connection()).execute(union_all(*parts))
    return {(number, kind): list(ids or ()) for number, kind, ids in found}


async def is_kept(db: AsyncSession, *, mark: str, on: date) -> bool:
    """Whether a scope is kept and known to be in use on a day."""
    found = select(FeedScope.mark).where(col(FeedScope.mark) == mark, col(FeedScope.used_on) == on)
    return (await db.exec(found)).first() is not None


async def former_scopes(
    db: AsyncSession, *, caller: Caller, marks: Collection[str]
) -> dict[str, Scope]:
    """Scopes by their marks, as far as they are kept."""
    statement = select(FeedScope).where(
        col(FeedScope.district_id) == caller.district_id, col(FeedScope.mark).in_(marks)
    )
    return {
        row.mark: Scope.load(row.content, of=caller) for row in (await db.exec(statement)).all()
    }


# Pages


@dataclass(slots=True)
class Page:
    """A page on its way: items, and where the client will be after them."""

    db: AsyncSession
    caller: Caller
    readers: Readers
    scope: Scope
    former: Sequence[Scope]
    horizon: Horizon
    state: State
    limit: int
    items: list[Item] = field(default_factory=list)
    has_more: bool = False
    _seen_now: dict[str, Rows] = field(default_factory=dict)

    @property
    def _room(self) -> int:
        return self.limit - len(self.items)

    async def fill(self) -> None:
        """Tell what comes next until the page is full or the feed is at its end."""
        while self.state.moving is not None and self._room:
            await self._move(*self.state.moving)
        while self.state.snapshot is not None and self._room and self.state.moving is None:
            await self._snapshot(self.state.snapshot)
        if self.state.is_settled and self._room:
            await self._delta()
        else:
            self.has_more = True

    async def _snapshot(self, place: Place) -> None:
        """The next rows of the snapshot; behind the last collection it is over."""
        if place.collection in self.scope.collections:
            rows = await self._next_rows(self.readers[place.collection], after=place.after)
            page = rows[: self._room]
            self.items += [row.upsert(place.collection, at=None) for row in page]
            if len(rows) > len(page):
                here = Place(place.collection, page[-1].id)
                self.state = replace(self.state, snapshot=here)
                return
        coming = rules.following(self.scope.collections, place.collection)
        self.state = replace(self.state, snapshot=Place(coming) if coming else None)

    async def _next_rows(self, reader: Reader, *, after: UUID | None) -> list["_Row"]:
        """The rows that come next, and at least one more where there are more."""
        seen = await self._seen_by(reader)
        # Told how many, and the same on every page, the planner keeps a plan that suits.
        wanted = literal_column(str(self.limit + 1), Integer())

        def following(rows: Any) -> Any:
            later = rows if after is None else rows.where(reader.id > after)
            return later.order_by(reader.id).limit(wanted)

        if isinstance(seen.outs, Spelled):
            return await self._spelled(seen.outs.of(following(seen.statement)))
        # Asked in one with what is shown of them, the planner may join all rows to sort them.
        found = await (await self.db.connection()).execute(following(seen.only(reader.id)))
        ids = list(found.scalars())[: self._room + 1]
        states = await self._states(reader.collection, ids)
        return [states[id_] for id_ in ids]

    # A scope that changed

    async def _move(self, step: Step, place: Place) -> None:
        """The next rows that the new scope brings or takes away."""
        ids, more = await self._differing(step, place)
        if step is Step.GAINED:
            states = await self._states(place.collection, ids)
            self.items += [
                states[id_].upsert(place.collection, at=None) for id_ in ids if id_ in states
            ]
        else:
            self.items += [
                _delete(place.collection, id_, reason="scope_lost", version=None, at=None)
                for id_ in ids
            ]
        self.state = replace(self.state, moving=self._next_move(step, place, ids if more else []))

    def _next_move(
        self, step: Step, place: Place, told: Sequence[UUID]
    ) -> tuple[Step, Place] | None:
        if told:
            return step, Place(place.collection, told[-1])
        names = sorted(self.readers)
        coming = rules.following(names, place.collection)
        if coming is not None:
            return step, Place(coming)
        return (Step.LOST, Place(names[0])) if step is Step.GAINED else None

    async def _differing(self, step: Step, place: Place) -> tuple[list[UUID], bool]:
        """Ids that one scope shows and the other does not, and whether there are more."""
        reader = self.readers.get(place.collection)
        differing = [
            one
            for one in self.former
            if reader is not None
            and not one.same_in(
                self.scope, collection=reader.collection, permission=reader.permission
            )
        ]
        if reader is None or not differing:
            return [], False
        now = await self._seen(reader, self.scope)
        before = [seen for one in differing if (seen := await self._seen(reader, one)) is not None]
        if step is Step.GAINED:
            statement = _gained(now, before, of=len(differing))
        else:
            statement = _lost(now, before)
        if statement is None:
            return [], False
        id_ = statement.selected_columns[0]
        if place.after is not None:
            statement = statement.where(id_ > place.after)
        statement = statement.order_by(id_).limit(self._room + 1)
        found = list((await (await self.db.connection()).execute(statement)).scalars())
        return found[: self._room], len(found) > self._room

    async def _seen(self, reader: Reader, scope: Scope) -> Any:
        """The ids a scope shows; nothing at all where the collection is not in it."""
        if reader.collection not in scope.collections:
            return None
        rows = await reader.rows(self.db, scope.caller)
        return rows.only(reader.id).subquery()

    # What changed

    async def _delta(self) -> None:
        """The changes after the position, each row once and as it is now."""
        for _ in range(_SCANNED):
            log, more = await self._log()
            told, cut = await self._opened(log)
            await self._tell(told)
            if cut:
                last = told[-1]
                self.state = self.state.at(last.xid, last.seq, last.id)
            elif more:
                self.state = self.state.at(log[-1].xid, log[-1].seq)
            else:
                # Nothing below can come any more, so the position need not stay at a change.
                self.state = self.state.at(max(self.horizon.settled, self.state.xid), 0)
                self.has_more = False
                return
            self.has_more = True
            if not self._room or cut:
                return

    async def _log(self) -> tuple[list[Any], bool]:
        """The next change rows, only the last one of each resource."""
        here, inner = (self.state.xid, self.state.seq), self.state.inner
        collections = {name for one in (self.scope, *self.former) for name in one.collections}
        later = Change.__table__.alias("later")  # type: ignore[attr-defined]
        settled = literal(self.horizon.settled, Xid8())
        position = tuple_(col(Change.xid), col(Change.seq))
        begin = tuple_(literal(here[0], Xid8()), literal(here[1], BigInteger()))
        superseded = exists().where(
            later.c.district_id == col(Change.district_id),
            later.c.collection == col(Change.collection),
            later.c.resource_id == col(Change.resource_id),
            later.c.spread == col(Change.spread),
            tuple_(later.c.xid, later.c.seq) > position,
            later.c.xid < settled,
        )
        statement = (
            select_rows(
                col(Change.xid),
                col(Change.seq),
                col(Change.at),
                col(Change.collection),
                col(Change.resource_id),
                col(Change.version),
                col(Change.spread),
                col(Change.reach),
            )
            .where(
                col(Change.district_id) == self.caller.district_id,
                position > begin if inner is None else position >= begin,
                col(Change.xid) < settled,
                _among(col(Change.collection), sorted(collections), Text()),
                ~superseded,
            )
            .order_by(col(Change.xid), col(Change.seq))
            .limit(self._room + 1)
        )
        found = (await (await self.db.connection()).execute(statement)).all()
        return list(found[: self._room]), len(found) > self._room

    async def _opened(self, log: Sequence[Any]) -> tuple[list["_Told"], bool]:
        """The rows that changes are about: spread ones opened; and whether that is not all."""
        spread: dict[str, list[UUID]] = {}
        for row in log:
            if row.spread:
                spread.setdefault(row.collection, []).append(row.resource_id)
        laid: dict[tuple[str, UUID], list[UUID]] = {}
        for name, resources in spread.items():
            laid |= await self._laid(self.readers[name], resources)
        told: list[_Told] = []
        for row in log:
            ids = [row.resource_id]
            if row.spread:
                ids = laid.get((row.collection, row.resource_id), [])
                inner = self.state.inner
                if inner is not None and (row.xid, row.seq) == (self.state.xid, self.state.seq):
                    ids = [id_ for id_ in ids if id_ > inner]
            told += [_Told.of(row, id_) for id_ in ids]
            if len(told) > self._room:
                return told[: self._room], True
        return told, False

    async def _laid(
        self, reader: Reader, resources: Sequence[UUID]
    ) -> dict[tuple[str, UUID], list[UUID]]:
        """The rows laid from resources, no more than the page and the next item need."""
        asked = (
            func.unnest(literal(resources, ARRAY(Uuid)))
            .table_valued(column("resource", Uuid()), with_ordinality="place")
            .render_derived()
        )
        source = reader.spread_over
        statement = (
            select_rows(source, reader.id)
            .select_from(asked)
            .join(reader.table, source == asked.c.resource)
            .order_by(asked.c.place, reader.id)
        )
        if self.state.inner is None:
            statement = statement.limit(self._room + 1)
        laid: dict[tuple[str, UUID], list[UUID]] = {}
        for resource, id_ in await (await self.db.connection()).execute(statement):
            laid.setdefault((reader.collection, resource), []).append(id_)
        return laid

    async def _tell(self, told: Sequence["_Told"]) -> None:
        last = {(one.collection, one.id): one for one in told}
        ids: dict[str, list[UUID]] = {}
        for name, id_ in last:
            ids.setdefault(name, []).append(id_)
        states = {name: await self._states(name, some) for name, some in ids.items()}
        missing = {
            name: [id_ for id_ in some if id_ not in states[name]] for name, some in ids.items()
        }
        present = {name: await self._present(name, some) for name, some in missing.items() if some}
        for (name, id_), one in sorted(last.items(), key=lambda item: item[1].place):
            if id_ in states[name]:
                self.items.append(states[name][id_].upsert(name, at=one.at))
            elif self._concerns(name, one.reach):
                there = id_ in present[name]
                self.items.append(
                    _delete(
                        name,
                        id_,
                        reason="scope_lost" if there else "gone",
                        version=None if there or one.spread else one.version,
                        at=one.at,
                    )
                )

    def _concerns(self, name: str, reach: Collection[UUID]) -> bool:
        permission = self.readers[name].permission
        return any(one.concerns(reach, permission=permission) for one in (self.scope, *self.former))

    async def _present(self, name: str, ids: Sequence[UUID]) -> set[UUID]:
        """Which rows there are, seen or not."""
        id_ = self.readers[name].id
        statement = select_rows(id_).where(_among(id_, ids, Uuid()))
        return set((await (await self.db.connection()).execute(statement)).scalars())

    # Rows

    async def _states(self, name: str, ids: Sequence[UUID]) -> dict[UUID, "_Row"]:
        """Rows as they are now, of those the caller sees."""
        if name not in self.scope.collections or not ids:
            return {}
        return {row.id: row for row in await self._rows(self.readers[name], ids)}

    async def _seen_by(self, reader: Reader) -> Rows:
        """What the caller sees of a collection, laid out once a page."""
        if reader.collection not in self._seen_now:
            rows = await reader.rows(self.db, self.scope.caller)
            self._seen_now[reader.collection] = rows
        return self._seen_now[reader.collection]

    async def _rows(self, reader: Reader, ids: Sequence[UUID]) -> list["_Row"]:
        seen = await self._seen_by(reader)
        statement = seen.statement.where(_among(reader.id, ids, Uuid()))
        if isinstance(seen.outs, Spelled):
            return await self._spelled(seen.outs.of(statement))
        single = len(statement.column_descriptions) == 1
        keyed = statement.add_columns(reader.id.label("_id"), reader.version.label("_version"))
        found = (await SqlAlchemySession.execute(self.db, keyed)).all()
        shown = await seen.outs([row[0] if single else row[:-2] for row in found])
        return [
            _Row(row[-2], row[-1], _json_of(out)) for row, out in zip(found, shown, strict=True)
        ]

    async def _spelled(self, statement: Any) -> list["_Row"]:
        found = await (await self.db.connection()).execute(statement)
        return [_Row(id_, version, orjson.Fragment(data)) for id_, version, data in found]


def _among(value: Any, values: Sequence[Any], type_: Any) -> Any:
    """One parameter, however many values."""
    return value == any_(literal(list(values), ARRAY(type_)))


def _gained(now: Any, before: Sequence[Any], *, of: int) -> Any:
    """What is seen now and was not in one of the former scopes."""
    if now is None:
        return None
    statement = select_rows(now.c[0])
    if len(before) < of:
        return statement
    return statement.where(or_(*(~exists().where(one.c[0] == now.c[0]) for one in before)))


def _lost(now: Any, before: Sequence[Any]) -> Any:
    """What was seen in one of the former scopes and is not now."""
    if not before:
        return None
    every = union(*(select_rows(one.c[0].label("id")) for one in before)).subquery()
    statement = select_rows(every.c.id)
    return statement if now is None else statement.where(~exists().where(now.c[0] == every.c.id))


@dataclass(frozen=True, slots=True)
class _Row:
    id: UUID
    version: int
    data: orjson.Fragment

    def upsert(self, collection: str, *, at: datetime | None) -> Item:
        return {
            "collection": collection,
            "id": self.id,
            "op": "upsert",
            "version": self.version,
            "changed_at": at,
            "reason": None,
            "data": self.data,
        }


def _delete(
    collection: str, id_: UUID, *, reason: str, version: int | None, at: datetime | None
) -> Item:
    return {
        "collection": collection,
        "id": id_,
        "op": "delete",
        "version": version,
        "changed_at": at,
        "reason": reason,
        "data": None,
    }


def _json_of(shown: BaseModel) -> orjson.Fragment:
    return orjson.Fragment(shown.__pydantic_serializer__.to_json(shown))


@dataclass(frozen=True, slots=True)
class _Told:
    """A row that a change is about, and where in the feed."""

    xid: int
    seq: int
    at: datetime
    collection: str
    id: UUID
    version: int
    spread: bool
    reach: Collection[UUID]

    @classmethod
    def of(cls, row: Any, id_: UUID) -> "_Told":
        return cls(
            row.xid, row.seq, row.at, row.collection, id_, row.version, row.spread, row.reach
        )

    @property
    def place(self) -> tuple[int, int, UUID]:
        return self.xid, self.seq, self.id


# Waiting, and what a replica must come to


async def has_news(db: AsyncSession, *, state: State, collections: Iterable[str]) -> bool:
    """Whether anything that can be read by now was changed after a position."""
    statement = select_rows(
        exists().where(
            _after(state),
            col(Change.xid) < text("huangge_settled_before()"),
            _among(col(Change.collection), sorted(collections), Text()),
        )
    )
    return bool((await (await db.connection()).execute(statement)).scalar_one())


async def pending(db: AsyncSession, *, state: State) -> set[str]:
    """The collections of which anything was changed after a position, readable yet or not."""
    statement = select_rows(col(Change.collection)).where(_after(state)).distinct()
    return set((await (await db.connection()).execute(statement)).scalars())


def _after(state: State) -> Any:
    begin = tuple_(literal(state.xid, Xid8()), literal(state.seq, BigInteger()))
    position = tuple_(col(Change.xid), col(Change.seq))
    # Inside a spread change, the rest of it is still to come.
    return position > begin if state.inner is None else position >= begin


async def digest(db: AsyncSession, *, reader: Reader, scope: Scope) -> tuple[int, str]:
    """How many rows of a collection a scope shows, and their checksum."""
    rows = await reader.rows(db, scope.caller)
    seen = rows.only(reader.id.label("id"), reader.version.label("version")).subquery()
    line = func.concat(seen.c.id, ":", seen.c.version)
    hashed = func.encode(func.sha256(func.convert_to(line, "UTF8")), "hex")
    # 64 bits, read as a signed number: modulo 2^64 the sum is the same.
    word = cast(cast(literal("x", Text()).concat(func.left(hashed, 16)), BIT(64)), BigInteger)
    statement = select_rows(func.count(), func.sum(word))
    count, total = (await (await db.connection()).execute(statement)).one()
    return count, rules.checksum(int(total or 0))
