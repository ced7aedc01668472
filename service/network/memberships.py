"""Who belongs to a group: one dated change at a time, all of it or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, days
from service.kit.journal import record
from service.kit.problems import FieldError, RelatedNotFound, Text
from service.network import queries
from service.network.access import reaches_district
from service.network.problems import (
    CoreElsewhere,
    GroupStateRefused,
    MembershipRefused,
    SchoolBeyondReach,
)
from service.network.queries import Composition
from service.network.rules import (
    Change,
    Ground,
    GroupState,
    Member,
    Plan,
    StepKind,
    field_errors,
    plan_change,
)
from service.network.schemas import member_of
from service.network.tables import Group, Membership
from service.network.turnover import Left, left_behind

CHANGE = Permission.NETWORK_MEMBERSHIP_CHANGE


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of members did."""

    ended: Sequence[Membership]
    withdrawn: Sequence[Membership]
    started: Sequence[Membership]
    composition: Composition
    """As it is on the day of the change."""
    left: Left


async def change_members(
    db: AsyncSession, *, caller: Caller, group_id: UUID, change: Change, reason: str
) -> Changed:
    """Let schools join, leave or change tier on one day, together or not at all.

    The group's row is locked, so that two changes of one group are judged one after the other.
    Two groups that want the same school are told apart by ``ex_membership_core``.

    Raises
    ------
    GroupNotFound, Forbidden
        The caller may not see the group, or not change its members.
    SchoolBeyondReach, RelatedNotFound
        A school that joins is not within the caller's reach, or does not exist.
    GroupStateRefused
        The group is dissolved.
    MembershipRefused
        The change as a whole cannot be; it says everything that stands in the way.
    CoreElsewhere
        A school leads or is close to another group at that time.
    """
    group = await queries.group_to_change(db, caller=caller, group_id=group_id, permission=CHANGE)
    await _check_reach(db, caller=caller, change=change)
    at = await queries.standpoint(db, district_id=caller.district_id)
    state = queries.present_state(group, day=at.today)
    if state is GroupState.DISSOLVED:
        raise GroupStateRefused
    rows = {member_of(row): row for row in await queries.timeline_of(db, group_id=group.id)}
    ground = Ground(state, at.today, at.backdating_days, group.dissolved_on)
    plan = plan_change([*rows], change=change, ground=ground)
    if isinstance(plan, list):
        raise MembershipRefused(errors=field_errors(plan))
    await _check_elsewhere(db, group=group, change=change, plan=plan)
    writer = _Writer(db, group, caller, reason)
    ended = [await writer.end(rows[member], change) for member in plan.ending]
    withdrawn = [await writer.withdraw(rows[member]) for member in plan.withdrawn]
    # A flush inserts before it updates; those who go have to make room first.
    await db.flush()
    started = [writer.add(member) for member in plan.starting]
    await db.flush()
    await writer.record_started(started)
    then = await queries.standpoint(db, district_id=caller.district_id, as_of=change.on)
    composition = await queries.composition(db, group=group, at=then)
    left = await left_behind(db, by=caller, group_id=group.id, on=change.on)
    return Changed(ended, withdrawn, started, composition, left)


async def _check_reach(db: AsyncSession, *, caller: Caller, change: Change) -> None:
    """Whoever joins must be within reach: a group cannot help itself to a school."""
    joining = {
        place: step.school_id
        for place, step in enumerate(change.steps)
        if step.kind is StepKind.JOIN
    }
    reached = await queries.within_reach(
        db, caller=caller, permission=CHANGE, school_ids=joining.values()
    )
    beyond = [place for place, school_id in joining.items() if school_id not in reached]
    if not beyond:
        return
    if not reaches_district(caller, CHANGE):
        raise SchoolBeyondReach(steps=beyond)
    words = Text("该学校不存在", "does not exist")
    raise RelatedNotFound(
        errors=[FieldError(f"/steps/{place}/school_id", "not-found", words) for place in beyond]
    )


async def _check_elsewhere(db: AsyncSession, *, group: Group, change: Change, plan: Plan) -> None:
    """Name the steps; ``ex_membership_core`` is the judge when two come at once."""
    held = await queries.seated_elsewhere(db, group_id=group.id, members=plan.starting)
    steps = [place for place, step in enumerate(change.steps) if step.school_id in held]
    if steps:
        raise CoreElsewhere(steps=steps)


@dataclass(frozen=True, slots=True)
class _Writer:
    db: AsyncSession
    group: Group
    caller: Caller
    reason: str

    async def end(self, row: Membership, change: Change) -> Membership:
        before = {"valid": row.valid}
        row.valid = days(row.valid.lower, change.on)
        row.version += 1
        await self._record("membership.ended", row, before=before)
        return row

    async def withdraw(self, row: Membership) -> Membership:
        row.version += 1
        await self._record("membership.withdrawn", row, gone=True)
        await self.db.delete(row)
        return row

    def add(self, member: Member) -> Membership:
        row = Membership(
            district_id=self.caller.district_id,
            group_id=self.group.id,
            school_id=member.school_id,
            tier=member.tier,
            seat=member.seat,
            valid=days(member.since, member.until),
        )
        self.db.add(row)
        return row

    async def record_started(self, rows: Sequence[Membership]) -> None:
        for row in rows:
            await self._record("membership.started", row)

    async def _record(
        self,
        event: str,
        row: Membership,
        *,
        before: dict[str, Any] | None = None,
        gone: bool = False,
    ) -> None:
        await record(
            self.db,
            event,
            row,
            by=self.caller,
            reach=[row.group_id, row.school_id],
            before=before,
            reason=self.reason,
            gone=gone,
        )
