"""Answering the feed: fix where a client is, read on from there, remember what it reached."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from service.feed import tokens
from service.feed.problems.changes import AGED, PROFILE, RESTORED, TRIMMED, SyncTokenExpired
from service.feed.queries import changes as queries
from service.feed.queries.changes import Item, Moment, Page, Readers
from service.feed.rules import changes as rules
from service.feed.rules.changes import Horizon, Place, Refusal, Scope, State
from service.feed.schemas.changes import CollectionDigestOut
from service.feed.tables.changes import FeedScope, FeedState
from service.kit import clock
from service.kit.auth import Caller
from service.kit.changes import Change
from service.kit.db import AsyncSession, Database
from service.kit.ids import new_id
from service.kit.jobs import enqueue
from service.kit.problems import (
    CursorMismatch,
    FieldError,
    Forbidden,
    Text,
    Unavailable,
    ValidationFailed,
)

TRIM = "feed.trim"
CHANGES_KEPT_FOR = rules.KEPT_FOR + timedelta(days=10)
"""Longer than the tokens, so that only their age decides."""
_TRIMMED_EVERY = timedelta(days=1)
_LOOK_EVERY_SECONDS = 0.5
_REASONS = {
    Refusal.AGED: AGED,
    Refusal.RESTORED: RESTORED,
    Refusal.TRIMMED: TRIMMED,
    Refusal.PROFILE: PROFILE,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for."""

    since: str | None
    collections: tuple[str, ...] | None
    limit: int = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, ready to be sent."""

    items: list[Item]
    next_token: str
    has_more: bool
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """The feed of the caller's district, as a process serves it."""

    database: Database
    readers: Readers
    caller: Caller

    async def page(self, asked: Asked) -> Answer:
        """The next page of a client, or the first one of a snapshot.

        Raises
        ------
        SyncTokenInvalid
            The token was made up or cut, or is another caller's.
        SyncTokenExpired
            Going on from it would leave a gap.
        CursorMismatch
            It was made for other collections.
        ValidationFailed
            A collection that there is not.
        Forbidden
            A snapshot of a collection for which the caller holds no permission.
        """
        self._check(asked)
        given = None if asked.since is None else tokens.read(asked.since, caller=self.caller)
        if given is not None and asked.collections not in {None, given.collections}:
            raise CursorMismatch
        async with self._heeding(given), self.reading() as (db, horizon):
            page = await self._begin(db, horizon, given, asked)
            await page.fill()
            known = await self._is_kept(db, page.scope, given=given)
        if not known:
            await self._remember(page.scope)
        state = replace(page.state, issued=clock.now())
        return Answer(
            page.items, tokens.write(state, caller=self.caller), page.has_more, clock.now()
        )

    async def wait(self, answer: Answer, *, seconds: float) -> bool:
        """Wait until there is something after an answer that brought nothing."""
        state = tokens.read(answer.next_token, caller=self.caller)
        served = state.collections or tuple(self.readers)
        until = asyncio.get_running_loop().time() + seconds
        while (left := until - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(min(_LOOK_EVERY_SECONDS, left))
            async with self.database.read(self.caller.district_id) as db:
                if await queries.has_news(db, state=state, collections=served):
                    return True
        return False

    async def digest(self, asked: Asked) -> tuple[list[CollectionDigestOut], datetime]:
        """What a replica at a token must come to, collection by collection.

        Raises
        ------
        SyncTokenInvalid, SyncTokenExpired, CursorMismatch, ValidationFailed
            As of a page.
        """
        self._check(asked)
        given = tokens.read(asked.since or "", caller=self.caller)
        if asked.collections not in {None, given.collections}:
            raise CursorMismatch
        async with self._heeding(given), self.reading() as (db, horizon):
            page = await self._begin(db, horizon, given, asked)
            changed = await queries.pending(db, state=page.state)
            items = []
            for name in page.scope.collections:
                count, checksum = await queries.digest(
                    db, reader=self.readers[name], scope=page.scope
                )
                behind = name in changed or not page.state.is_settled
                items.append(
                    CollectionDigestOut(
                        collection=name, count=count, checksum=checksum, pending=behind
                    )
                )
        return items, clock.now()

    def _check(self, asked: Asked) -> None:
        unknown = [name for name in asked.collections or () if name not in self.readers]
        if unknown:
            known = ", ".join(self.readers)
            message = Text(
                f"没有集合 {', '.join(unknown)};可用:{known}",
                f"there is no {', '.join(unknown)}; use {known}",
            )
            raise ValidationFailed(
                errors=[FieldError("query/collections", "unknown-collection", message)]
            )
        if asked.since is None:
            self._check_permissions(asked.collections or ())

    def _check_permissions(self, names: Iterable[str]) -> None:
        for name in names:
            permission = self.readers[name].permission
            if not self.caller.may(permission):
                raise Forbidden(
                    Text(
                        f"读取 {name} 需要权限 {permission}。",
                        f"The permission {permission} is needed to read {name}.",
                    ),
                    permission=permission.value,
                )

    async def _begin(
        self, db: AsyncSession, horizon: Horizon, given: State | None, asked: Asked
    ) -> Page:
        """Where the page begins, with the scope of this moment."""
        wanted = given.collections if given is not None else asked.collections
        scope = await queries.scope_of(db, caller=self.caller, readers=self.readers, wanted=wanted)
        state = given or self._first(horizon, scope, wanted)
        refusal = rules.refusal_of(state, horizon=horizon, now=clock.now())
        if refusal is not None:
            raise self._expired(refusal, wanted)
        if state.scope != scope.mark:
            state = state.rescoped(scope.mark, until=horizon.end, first=min(self.readers))
        marks = [one.mark for one in state.former]
        former = await queries.former_scopes(db, caller=self.caller, marks=marks) if marks else {}
        if not former.keys() >= set(marks):
            raise self._expired(Refusal.AGED, wanted)
        if any(one.caller.profile != self.caller.profile for one in former.values()):
            raise self._expired(Refusal.PROFILE, wanted)
        return Page(
            db,
            self.caller,
            self.readers,
            scope,
            list(former.values()),
            horizon,
            state,
            asked.limit,
        )

    @staticmethod
    def _first(horizon: Horizon, scope: Scope, wanted: tuple[str, ...] | None) -> State:
        """A snapshot: its watermark is fixed here, before its first row is read."""
        return State(
            epoch=horizon.epoch,
            issued=clock.now(),
            collections=wanted,
            scope=scope.mark,
            xid=horizon.settled,
            snapshot=Place(scope.collections[0]) if scope.collections else None,
        )

    @staticmethod
    def _expired(refusal: Refusal, wanted: tuple[str, ...] | None) -> SyncTokenExpired:
        narrowed = f"?collections={','.join(wanted)}" if wanted else ""
        return SyncTokenExpired(
            _REASONS[refusal], why=refusal.value, resync=f"/v1/changes{narrowed}"
        )

    # What the feed keeps

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[AsyncSession, Horizon]]:
        """One moment of the district's feed, of an epoch that is this database's own."""
        district_id = self.caller.district_id
        for is_first in (True, False):
            async with self.database.read(district_id, one_snapshot=True) as db:
                now, kept = await queries.moment(db, district_id=district_id)
                if kept is not None and kept.source == now.source:
                    stale = clock.now() - kept.trimmed_at > _TRIMMED_EVERY
                    if not (stale and is_first):
                        yield db, queries.horizon(kept, now)
                        return
            await self._look_after(now)
        raise Unavailable

    @asynccontextmanager
    async def _heeding(self, given: State | None) -> AsyncIterator[None]:
        """Begin an epoch for everybody when a token of the present one comes from its future.

        It was made here, so what happened since was undone under the same server.
        """
        try:
            yield
        except SyncTokenExpired:
            if given is not None:
                async with self.reading() as (db, horizon):
                    now, _ = await queries.moment(db, district_id=self.caller.district_id)
                if given.epoch == horizon.epoch and given.xid > horizon.end:
                    await self._look_after(now, anew=True)
            raise

    async def _look_after(self, now: Moment, *, anew: bool = False) -> None:
        """Begin an epoch where one has to, and wish for the trimming that is due."""
        district_id = self.caller.district_id
        async with self.database.write(district_id) as db:
            kept = await begin(db, district_id=district_id, now=now, anew=anew)
            if clock.now() - kept.trimmed_at > _TRIMMED_EVERY:
                await enqueue(db, TRIM, {}, district_id=district_id, once=f"{TRIM}:{district_id}")

    @staticmethod
    async def _is_kept(db: AsyncSession, scope: Scope, *, given: State | None) -> bool:
        today = clock.now().date()
        # No token leaves before its scope is kept.
        if given is not None and given.scope == scope.mark and given.issued.date() == today:
            return True
        return await queries.is_kept(db, mark=scope.mark, on=today)

    async def _remember(self, scope: Scope) -> None:
        """Keep a scope as long as tokens may carry its mark."""
        today = clock.now().date()
        district_id = self.caller.district_id
        async with self.database.write(district_id) as db:
            row = {
                "district_id": district_id,
                "mark": scope.mark,
                "content": scope.dump(),
                "used_on": today,
            }
            statement = insert(FeedScope).values(row)
            again = statement.on_conflict_do_update(
                index_elements=["district_id", "mark"], set_={"used_on": today}
            )
            await (await db.connection()).execute(again)


async def begin(
    db: AsyncSession, *, district_id: UUID, now: Moment, anew: bool = False
) -> FeedState:
    """The district's feed, in a new epoch where the server is another one or ``anew`` is said.

    Numbers of transactions from another server mean nothing here: what they stand on is put at the
    present place, in the order it had.
    """
    row = {
        "district_id": district_id,
        "epoch": new_id(),
        "source": now.source,
        "began_at": clock.now(),
        "trimmed_xid": 0,
        "trimmed_seq": 0,
        "trimmed_at": clock.now(),
    }
    statement = insert(FeedState).values(row).on_conflict_do_nothing()
    await (await db.connection()).execute(statement)
    held = select(FeedState).where(col(FeedState.district_id) == district_id).with_for_update()
    kept = (await db.exec(held.execution_options(populate_existing=True))).one()
    if anew or kept.source != now.source:
        kept.epoch, kept.source, kept.began_at = new_id(), now.source, clock.now()
        beyond = update(Change).where(
            col(Change.district_id) == district_id,
            col(Change.xid) > text("pg_current_xact_id()"),
        )
        await db.exec(beyond.values(xid=text("pg_current_xact_id()")))
    return kept


async def trim(db: AsyncSession, *, district_id: UUID) -> int:
    """Remove the changes and scopes that no living token needs; how many changes there were."""
    now = clock.now()
    kept = (
        await db.exec(
            select(FeedState).where(col(FeedState.district_id) == district_id).with_for_update()
        )
    ).one_or_none()
    if kept is None:
        return 0
    old = col(Change.at) < now - CHANGES_KEPT_FOR
    # The last one that goes is remembered, so that no token from before it is gone on from.
    last = (
        select(Change.xid, Change.seq)
        .where(col(Change.district_id) == district_id, old)
        .order_by(col(Change.xid).desc(), col(Change.seq).desc())
        .limit(1)
    )
    found = (await db.exec(last)).one_or_none()
    removed = 0
    if found is not None:
        gone = delete(Change).where(col(Change.district_id) == district_id, old)
        removed = (await db.exec(gone)).rowcount
        trimmed = max((kept.trimmed_xid, kept.trimmed_seq), (int(found[0] or 0), found[1] or 0))
        kept.trimmed_xid, kept.trimmed_seq = trimmed
    kept.trimmed_at = now
    unused = delete(FeedScope).where(
        col(FeedScope.district_id) == district_id,
        col(FeedScope.used_on) < func.date(now - CHANGES_KEPT_FOR),
    )
    await db.exec(unused)
    return removed
