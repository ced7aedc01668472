"""Groups from draft to dissolution, and who heads them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, covers, days
from service.kit.journal import record
from service.kit.pinyin import pinyin_of
from service.kit.problems import FieldError
from service.network import queries
from service.network.access import reaches_district
from service.network.problems import (
    DistrictDecides,
    EndRefused,
    GroupNotConforming,
    GroupStateRefused,
    HeadOverlaps,
    UnknownCategory,
)
from service.network.queries import Standpoint
from service.network.rules import FAULTS, GroupState, lacking, may_end
from service.network.schemas import EndIn, GroupIn, HeadIn, member_of
from service.network.tables import Group, GroupHead, Membership

WRITE = Permission.NETWORK_GROUP_WRITE


async def create_group(db: AsyncSession, *, caller: Caller, new: GroupIn) -> Group:
    """Create a group, in draft.

    Raises
    ------
    DistrictDecides
        The caller's permission does not reach the whole district.
    UnknownCategory
        The district's list ``group_category`` does not have it.
    """
    if not reaches_district(caller, WRITE):
        raise DistrictDecides
    await _check_category(db, caller=caller, category=new.category)
    group = Group(
        district_id=caller.district_id,
        name=new.name,
        name_pinyin=pinyin_of(new.name),
        kind=new.kind,
        category=new.category,
        principal_responsibility=new.principal_responsibility,
        founded_on=new.founded_on,
    )
    db.add(group)
    await db.flush()
    await record(db, "group.created", group, by=caller, reach=[group.id])
    return group


async def _check_category(db: AsyncSession, *, caller: Caller, category: str | None) -> None:
    if category is None:
        return
    known = await queries.known_codes(db, district_id=caller.district_id, name="group_category")
    if category not in known:
        raise UnknownCategory


async def change_group(
    db: AsyncSession,
    *,
    caller: Caller,
    group_id: UUID,
    expected: Precondition,
    changes: Mapping[str, Any],
) -> Group:
    """Change what is undated about a group.

    Raises
    ------
    GroupNotFound, Forbidden
        The caller may not see it, or not change it.
    UnknownCategory
        The district's list ``group_category`` does not have it.
    GroupStateRefused
        The group is dissolved.
    """
    group = await queries.group_to_change(db, caller=caller, group_id=group_id, permission=WRITE)
    expected.check(group.version)
    at = await queries.standpoint(db, district_id=caller.district_id)
    if queries.present_state(group, day=at.today) is GroupState.DISSOLVED:
        raise GroupStateRefused
    values = dict(changes)
    if values.get("category", group.category) != group.category:
        await _check_category(db, caller=caller, category=values["category"])
    if values.get("name", group.name) != group.name:
        values["name_pinyin"] = pinyin_of(values["name"])
    before = change_fields(group, values)
    if before:
        await db.flush()
        await record(db, "group.changed", group, by=caller, reach=[group.id], before=before)
    return group


async def _group_of_district(
    db: AsyncSession, *, caller: Caller, group_id: UUID, expected: Precondition
) -> Group:
    group = await queries.group_to_change(db, caller=caller, group_id=group_id, permission=WRITE)
    if not reaches_district(caller, WRITE):
        raise DistrictDecides
    expected.check(group.version)
    return group


async def activate_group(
    db: AsyncSession, *, caller: Caller, group_id: UUID, expected: Precondition
) -> Group:
    """Let a draft become active: from here on it is a conforming group and stays one.

    Raises
    ------
    GroupNotFound, Forbidden, DistrictDecides
        The caller may not see it, or not decide this.
    GroupStateRefused
        It is no draft.
    GroupNotConforming
        It is not "1 + 1–2 + N" today.
    """
    group = await _group_of_district(db, caller=caller, group_id=group_id, expected=expected)
    if group.state != GroupState.DRAFT:
        raise GroupStateRefused
    at = await queries.standpoint(db, district_id=caller.district_id)
    timeline = [member_of(row) for row in await queries.timeline_of(db, group_id=group.id)]
    faults = lacking(timeline, on=at.today)
    if faults:
        raise GroupNotConforming(
            errors=[FieldError("", fault.value, FAULTS[fault]) for fault in faults]
        )
    founded_on = group.founded_on or at.today
    before = change_fields(group, {"state": GroupState.ACTIVE.value, "founded_on": founded_on})
    await record(db, "group.activated", group, by=caller, reach=[group.id], before=before)
    return group


async def dissolve_group(
    db: AsyncSession,
    *,
    caller: Caller,
    group_id: UUID,
    expected: Precondition,
    ending: EndIn,
) -> Group:
    """Dissolve a group from a day on, for a reason; its members and its head end there.

    Raises
    ------
    GroupNotFound, Forbidden, DistrictDecides
        The caller may not see it, or not decide this.
    GroupStateRefused
        It is dissolved already, or will be.
    EndRefused
        The day lies before something that has happened, or too far back.
    """
    on, reason = ending.on, ending.reason
    group = await _group_of_district(db, caller=caller, group_id=group_id, expected=expected)
    if group.state == GroupState.DISSOLVED:
        raise GroupStateRefused
    at = await queries.standpoint(db, district_id=caller.district_id)
    rows = await queries.timeline_of(db, group_id=group.id)
    _check_day(group, rows=rows, on=on, at=at)
    for row in rows:
        await _end_membership(db, row, on=on, by=caller, reason=reason)
    await _end_heads(db, group, on=on, by=caller, reason=reason)
    values = {"state": GroupState.DISSOLVED.value, "dissolved_on": on}
    before = change_fields(group, values)
    await db.flush()
    await record(
        db, "group.dissolved", group, by=caller, reach=[group.id], before=before, reason=reason
    )
    return group


def _check_day(group: Group, *, rows: Sequence[Membership], on: date, at: Standpoint) -> None:
    if group.state == GroupState.DRAFT:
        return
    turning = {day for row in rows for day in (row.valid.lower, row.valid.upper) if day}
    too_long_ago = on < at.today - timedelta(days=at.backdating_days)
    if too_long_ago or any(on < day <= at.today for day in turning):
        raise EndRefused


async def _end_membership(
    db: AsyncSession, row: Membership, *, on: date, by: Caller, reason: str
) -> None:
    reach = [row.group_id, row.school_id]
    if row.valid.upper is not None and row.valid.upper <= on:
        return
    row.version += 1
    if row.valid.lower is not None and row.valid.lower >= on:
        await record(db, "membership.withdrawn", row, by=by, reach=reach, reason=reason, gone=True)
        await db.delete(row)
        return
    before = {"valid": row.valid}
    row.valid = days(row.valid.lower, on)
    await record(db, "membership.ended", row, by=by, reach=reach, before=before, reason=reason)


async def _end_heads(db: AsyncSession, group: Group, *, on: date, by: Caller, reason: str) -> None:
    for row in await queries.heads_of(db, group_id=group.id):
        if row.valid.upper is not None and row.valid.upper <= on:
            continue
        await _close_head(db, row, on=on, by=by, reason=reason)


async def _close_head(
    db: AsyncSession, row: GroupHead, *, on: date, by: Caller, reason: str | None
) -> None:
    reach = [row.group_id]
    row.version += 1
    if row.valid.lower is not None and row.valid.lower >= on:
        await record(db, "group_head.withdrawn", row, by=by, reach=reach, reason=reason, gone=True)
        await db.delete(row)
        return
    before = {"valid": row.valid}
    row.valid = days(row.valid.lower, on)
    await record(db, "group_head.ended", row, by=by, reach=reach, before=before, reason=reason)


async def appoint_head(
    db: AsyncSession, *, caller: Caller, group_id: UUID, new: HeadIn
) -> GroupHead:
    """Name a head from a day on; whoever headed the group on that day ends there.

    Raises
    ------
    GroupNotFound, Forbidden
        The caller may not see the group, or not name its head.
    HeadOverlaps
        Somebody began on that day or is named for later.
    GroupStateRefused
        The group is dissolved by then.
    """
    permission = Permission.NETWORK_HEAD_WRITE
    group = await queries.group_to_change(
        db, caller=caller, group_id=group_id, permission=permission
    )
    if group.dissolved_on is not None and new.valid_from >= group.dissolved_on:
        raise GroupStateRefused
    for row in await queries.heads_of(db, group_id=group.id):
        if not covers(row.valid, new.valid_from):
            continue
        if row.valid.lower == new.valid_from:
            raise HeadOverlaps
        await _close_head(db, row, on=new.valid_from, by=caller, reason=None)
    await db.flush()
    head = GroupHead(
        district_id=caller.district_id,
        group_id=group.id,
        person_name=new.person_name,
        teacher_number=new.teacher_number,
        criteria=[criterion.value for criterion in new.criteria],
        valid=new.valid,
    )
    db.add(head)
    await db.flush()
    await record(db, "group_head.appointed", head, by=caller, reach=[group.id])
    return head


async def end_head(
    db: AsyncSession,
    *,
    caller: Caller,
    head_id: UUID,
    expected: Precondition,
    ending: EndIn,
) -> GroupHead:
    """End a term of office on a day, for a reason.

    Raises
    ------
    GroupHeadNotFound, Forbidden
        The caller may not see it, or not decide this.
    EndRefused
        It is over already, or had not begun by that day.
    """
    on, reason = ending.on, ending.reason
    head = await queries.head_to_change(db, caller=caller, head_id=head_id)
    expected.check(head.version)
    today = (await queries.standpoint(db, district_id=caller.district_id)).today
    if not may_end(since=head.valid.lower, until=head.valid.upper, on=on, today=today):
        raise EndRefused
    if head.valid.upper != on:
        await _close_head(db, head, on=on, by=caller, reason=reason)
    return head
