"""How a school handles absences, swaps and check-ins: what it decides, from a day on."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.kit.problems import FieldError, Forbidden, RelatedNotFound, Text
from service.timetable.problems.absence import PolicyTaken
from service.timetable.queries import absence as queries
from service.timetable.rules.absence import Thresholds
from service.timetable.tables import DutyPolicy

_MISSING = FieldError(
    "/school_id", "not-found", Text("学校不存在或不可见", "does not exist, or you may not see it")
)


async def decide(
    db: AsyncSession, *, caller: Caller, school_id: UUID, from_: date, thresholds: Thresholds
) -> DutyPolicy:
    """Let other numbers hold from a day on; what held before ends there and stays readable.

    Raises
    ------
    PolicyTaken
        A policy begins on that day or later.
    """
    both = [
        await queries.writable_schools(
            db, caller=caller, permission=permission, school_ids=[school_id]
        )
        for permission in (Permission.TIMETABLE_READ, Permission.TIMETABLE_WRITE)
    ]
    if not both[0]:
        raise RelatedNotFound(errors=[_MISSING])
    if not both[1]:
        raise Forbidden
    for former in await queries.policies_from(db, school_id=school_id, day=from_):
        if former.valid.lower is not None and former.valid.lower >= from_:
            raise PolicyTaken
        before = change_fields(former, {"valid": days(former.valid.lower, from_)})
        await db.flush()
        await record(db, "duty-policy.ended", former, by=caller, before=before, reach=[school_id])
    row = DutyPolicy(
        district_id=caller.district_id,
        school_id=school_id,
        valid=days(from_, None),
        **asdict(thresholds),
    )
    db.add(row)
    await db.flush()
    await record(db, "duty-policy.created", row, by=caller, reach=[school_id])
    return row
