"""What every write leaves in its own transaction: a change row for readers, an audit row."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from service.kit import audit, changes
from service.kit.auth import Caller
from service.kit.changes import Op
from service.kit.tables import Versioned


async def record(
    db: AsyncSession,
    event: str,
    row: Versioned,
    *,
    by: Caller,
    reach: Iterable[UUID] = (),
    before: dict[str, Any] | None = None,
    reason: str | None = None,
    gone: bool = False,
) -> None:
    """Note that a row changed; ``event`` is ``<noun>.<past tense>``.

    ``reach`` are the schools, groups and teachers concerned. A write that changed nothing records
    nothing.
    """
    await changes.note(
        db,
        district_id=row.district_id,
        event=event,
        collection=row.__collection__,
        resources=[(row.id, row.version)],
        op=Op.DELETE if gone else Op.UPSERT,
        reach=set(reach),
        actor=by.key,
        reason=reason,
    )
    hidden = row.__private__
    await audit.note(
        db,
        by=by,
        event=event,
        collection=row.__collection__,
        resource_id=row.id,
        before={key: value for key, value in (before or {}).items() if key not in hidden} or None,
        after=None if gone else audit.snapshot(row),
        reason=reason,
    )


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
    if not resources:
        return
    await changes.note(
        db,
        district_id=by.district_id,
        event=event,
        collection=collection,
        resources=resources,
        op=Op.DELETE if gone else Op.UPSERT,
        reach=set(reach),
        actor=by.key,
        reason=reason,
        spread=spread,
    )
    await audit.note(
        db,
        by=by,
        event=event,
        collection=collection,
        after={"count": len(resources), "first": str(min(id_ for id_, _ in resources))},
        reason=reason,
    )
