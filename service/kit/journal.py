"""What every write leaves in its own transaction: a change row for readers, an audit row."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import audit, changes
from service.kit.audit import Told
from service.kit.auth import Caller
from service.kit.changes import Op
from service.kit.tables import Versioned


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that changed, what it was before, and whom it concerns: schools, groups, teachers."""

    row: Versioned
    reach: Iterable[UUID] = ()
    before: Mapping[str, Any] | None = None


async def record(
    db: AsyncSession,
    event: str,
    row: Versioned,
    *,
    by: Caller,
    reach: Iterable[UUID] = (),
    before: Mapping[str, Any] | None = None,
    reason: str | None = None,
    gone: bool = False,
) -> None:
    """Note that a row changed; ``event`` is ``<noun>.<past tense>``.

    ``reach`` are the schools, groups and teachers concerned. A write that changed nothing records
    nothing.
    """
    await record_each(db, event, [Entry(row, reach, before)], by=by, reason=reason, gone=gone)


async def record_each(
    db: AsyncSession,
    event: str,
    entries: Sequence[Entry],
    *,
    by: Caller,
    reason: str | None = None,
    gone: bool = False,
) -> None:
    """Note that rows of one kind changed in the same way, each with its own reach and audit row."""
    if not entries:
        return
    first = entries[0].row
    collection = first.__collection__
    await changes.note(
        db,
        district_id=first.district_id,
        event=event,
        collection=collection,
        resources=[(one.row.id, one.row.version) for one in entries],
        op=Op.DELETE if gone else Op.UPSERT,
        reach={one.row.id: set(one.reach) for one in entries},
        actor=by.key,
        reason=reason,
    )
    told = [
        Told(one.row.id, _shown(one), None if gone else audit.snapshot(one.row)) for one in entries
    ]
    await audit.note(db, by=by, event=event, collection=collection, told=told, reason=reason)


def _shown(entry: Entry) -> dict[str, Any] | None:
    hidden = entry.row.__private__
    return {key: was for key, was in (entry.before or {}).items() if key not in hidden} or None


async def record_many(
    db: AsyncSession,
    event: str,
    *,
    by: Caller,
    collection: str,
    resources: Collection[tuple[UUID, int]],
    reach: Iterable[UUID] = (),
    reason: str | None = None,
    spread: bool = False,
    gone: bool = False,
) -> None:
    """Note a set-based write: a change row per resource, one audit row for the lot.

    ``resources`` are pairs of id and new version.
    """
    await record_by_reach(
        db,
        event,
        {frozenset(reach): resources},
        by=by,
        collection=collection,
        reason=reason,
        spread=spread,
        gone=gone,
    )


async def record_by_reach(
    db: AsyncSession,
    event: str,
    groups: Mapping[frozenset[UUID], Collection[tuple[UUID, int]]],
    *,
    by: Caller,
    collection: str,
    reason: str | None = None,
    spread: bool = False,
    gone: bool = False,
) -> None:
    """Note a set-based write of rows that concern different schools, groups and teachers.

    A change row per resource, and one audit row for all that concern the same; however many groups
    there are, it takes two statements. No resource stands in two groups.
    """
    groups = {reach: resources for reach, resources in groups.items() if resources}
    if not groups:
        return
    await changes.note(
        db,
        district_id=by.district_id,
        event=event,
        collection=collection,
        resources=[one for resources in groups.values() for one in resources],
        op=Op.DELETE if gone else Op.UPSERT,
        reach={id_: reach for reach, resources in groups.items() for id_, _ in resources},
        actor=by.key,
        reason=reason,
        spread=spread,
    )
    told = [
        Told(None, None, {"count": len(resources), "first": str(min(id_ for id_, _ in resources))})
        for resources in groups.values()
    ]
    await audit.note(db, by=by, event=event, collection=collection, told=told, reason=reason)
