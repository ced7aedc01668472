"""Shortages: filed by a school, approved by another person, closed when they are over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from service.itinerant import load, queries
from service.itinerant.matching import host_of
from service.itinerant.offers import end_offer
from service.itinerant.problems.shortage import ShortageNotFound
from service.itinerant.queries import shortage as rows
from service.itinerant.rules.shortage import (
    OfferStep,
    ShortageState,
    ShortageStep,
    Urgency,
    check_classes,
    check_half_days,
    periods_of,
    shortage_after,
)
from service.itinerant.tables import Shortage
from service.kit import clock
from service.kit.auth import Caller, Permission
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days, lock
from service.kit.journal import record
from service.kit.problems import FieldError, Forbidden, InvalidValue, RelatedNotFound, Text
from service.timetable import load as timetable
from service.timetable.rules.absence import check_other_person

_MISSING = Text("不存在或无权查看", "does not exist, or you may not see it")
_NO_SUBJECT = Text("不是已知的课程代码", "is no known subject")
_REVERSED = Text("应晚于起始日期", "must be after the first day")
_OUTSIDE_TERM = Text("应在学期之内", "must lie within the term")
_NO_GROUP = Text(
    "学校在起始日期不属于任何集团或不止一个,请填写集团",
    "the school belongs to no group on the first day, or to several: name it",
)
_WITHDRAWN = "紧缺需求已撤回"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A shortage as a school files it; what is empty follows from the rest."""

    campus_id: UUID
    group_id: UUID | None
    term_id: UUID
    subject: str
    stage: str
    class_ids: Sequence[UUID]
    lessons_per_week: int
    half_days: Sequence[str]
    urgency: Urgency
    valid_from: date | None
    valid_until: date | None
    note: str | None


async def file(db: AsyncSession, *, caller: Caller, filing: Filing) -> Shortage:
    """File a shortage of one's school.

    Raises
    ------
    RelatedNotFound
        A campus, term or subject that is not there.
    InvalidValue
        Days outside the term, a half-day the campus does not have, classes of another school.
    """
    school_id, group_id, valid = await _judged(db, caller=caller, filing=filing)
    row = Shortage(
        district_id=caller.district_id,
        school_id=school_id,
        campus_id=filing.campus_id,
        group_id=group_id,
        term_id=filing.term_id,
        subject=filing.subject,
        stage=filing.stage,
        class_ids=sorted(filing.class_ids),
        lessons_per_week=filing.lessons_per_week,
        half_days=sorted(set(filing.half_days)),
        urgency=filing.urgency.value,
        valid=days(*valid),
        note=filing.note,
        filed_by=caller.key,
        filed_by_name=caller.name,
        filed_at=clock.now(),
    )
    db.add(row)
    await db.flush()
    await record(db, "shortage.submitted", row, by=caller, reach=concerned(row))
    return row


async def _judged(
    db: AsyncSession, *, caller: Caller, filing: Filing
) -> tuple[UUID, UUID, tuple[date, date]]:
    """The school, the group and the days of a shortage that may be."""
    seen = await load.filing_ground(
        db,
        caller=caller,
        campus_id=filing.campus_id,
        term_id=filing.term_id,
        stage=filing.stage,
    )
    if seen.school_id is None or seen.term is None or filing.subject not in seen.subjects:
        there = {
            "/campus_id": (seen.school_id is not None, _MISSING),
            "/term_id": (seen.term is not None, _MISSING),
            "/subject": (filing.subject in seen.subjects, _NO_SUBJECT),
        }
        wrong = [
            FieldError(pointer, "not-found", text)
            for pointer, (found, text) in there.items()
            if not found
        ]
        raise RelatedNotFound(errors=wrong)
    await _check_reach(
        db, caller=caller, permission=Permission.SHORTAGE_WRITE, school_id=seen.school_id
    )
    valid = (filing.valid_from or seen.term[0], filing.valid_until or seen.term[1])
    _check_days(valid, term=seen.term)
    check_classes(filing.class_ids, there=seen.class_ids)
    host = await host_of(db, campus_id=filing.campus_id, from_=valid[0], until=valid[1])
    ground = await timetable.ground(db, district_id=caller.district_id)
    periods = periods_of(host, stage=filing.stage, noon=ground.habits.noon)
    check_half_days(filing.half_days, taught=set(periods.values()))
    groups = await rows.groups_of_school(db, school_id=seen.school_id, day=valid[0])
    group_id = filing.group_id or (groups[0] if len(groups) == 1 else None)
    if group_id not in groups or group_id is None:
        raise InvalidValue(errors=[FieldError("/group_id", "unfit", _NO_GROUP)])
    return seen.school_id, group_id, valid


async def change(
    db: AsyncSession,
    *,
    caller: Caller,
    shortage_id: UUID,
    changes: Mapping[str, Any],
    expected: Precondition,
) -> Shortage:
    """Give other facts while nobody has been asked; what was approved waits for approval again.

    Whoever changes it counts as having filed it, and does not approve it.

    Raises
    ------
    ShortageStateUnfit
        Teachers have been asked, or it is over.
    InvalidValue
        Days outside the term, a half-day the campus does not have, classes of another school.
    """
    row = await hold(
        db,
        caller=caller,
        shortage_id=shortage_id,
        permission=Permission.SHORTAGE_WRITE,
        expected=expected,
    )
    state = shortage_after(ShortageState(row.state), ShortageStep.CHANGE)
    present = {
        name: getattr(row, name)
        for name in ("class_ids", "lessons_per_week", "half_days", "urgency", "note")
    }
    present |= {"valid_from": row.valid.lower, "valid_until": row.valid.upper}
    same = {
        name: getattr(row, name)
        for name in ("campus_id", "group_id", "term_id", "subject", "stage")
    }
    filing = Filing(**same, **{**present, **changes})
    _, _, valid = await _judged(db, caller=caller, filing=filing)
    facts = {
        "class_ids": sorted(filing.class_ids),
        "lessons_per_week": filing.lessons_per_week,
        "half_days": sorted(set(filing.half_days)),
        "urgency": Urgency(filing.urgency).value,
        "valid": days(*valid),
        "note": filing.note,
    }
    if all(getattr(row, name) == value for name, value in facts.items()):
        return row
    said = {
        "state": state,
        "filed_by": caller.key,
        "filed_by_name": caller.name,
        "filed_at": clock.now(),
        "approved_by_name": None,
        "approved_at": None,
    }
    before = change_fields(row, {**facts, **said})
    await db.flush()
    await record(db, "shortage.changed", row, by=caller, before=before, reach=concerned(row))
    return row


def _check_days(valid: tuple[date, date], *, term: tuple[date, date]) -> None:
    wrong: list[tuple[str, Text]] = []
    if valid[1] <= valid[0]:
        wrong.append(("/valid_until", _REVERSED))
    elif valid[0] < term[0]:
        wrong.append(("/valid_from", _OUTSIDE_TERM))
    elif valid[1] > term[1]:
        wrong.append(("/valid_until", _OUTSIDE_TERM))
    if wrong:
        raise InvalidValue(errors=[FieldError(pointer, "unfit", text) for pointer, text in wrong])


async def _check_reach(
    db: AsyncSession, *, caller: Caller, permission: Permission, school_id: UUID
) -> None:
    schools = {school_id}
    reached = await queries.reached_schools(
        db, caller=caller, permission=permission, school_ids=schools
    )
    if reached != schools:
        raise Forbidden


def concerned(row: Shortage) -> set[UUID]:
    """Whom a change of a shortage concerns."""
    return {row.school_id, row.group_id}


async def hold(
    db: AsyncSession,
    *,
    caller: Caller,
    shortage_id: UUID,
    permission: Permission,
    expected: Precondition,
) -> Shortage:
    """A shortage that a permission reaches, which nobody else can change now."""
    seen = await rows.visible_shortage(db, caller=caller, shortage_id=shortage_id)
    await _check_reach(db, caller=caller, permission=permission, school_id=seen.school_id)
    row = await lock(db, Shortage, shortage_id)
    if row is None:
        raise ShortageNotFound
    expected.check(row.version)
    return row


async def approve(
    db: AsyncSession, *, caller: Caller, shortage_id: UUID, expected: Precondition
) -> Shortage:
    """Let a shortage be looked after.

    Raises
    ------
    OwnRequest
        It is one's own request.
    ShortageStateUnfit
        It has been approved, or is over.
    """
    row = await hold(
        db,
        caller=caller,
        shortage_id=shortage_id,
        permission=Permission.SHORTAGE_DECIDE,
        expected=expected,
    )
    check_other_person(row.filed_by, approver=caller.key)
    said = {"approved_by_name": caller.name, "approved_at": clock.now()}
    await _move(db, caller=caller, row=row, step=ShortageStep.APPROVE, said=said)
    return row


async def close(
    db: AsyncSession, *, caller: Caller, shortage_id: UUID, reason: str, expected: Precondition
) -> Shortage:
    """Close a shortage: it is not granted, or it is over.

    Raises
    ------
    ShortageStateUnfit
        Teachers have been asked and not answered, or it is over already.
    """
    row = await hold(
        db,
        caller=caller,
        shortage_id=shortage_id,
        permission=Permission.SHORTAGE_DECIDE,
        expected=expected,
    )
    said = {"over_reason": reason}
    await _move(db, caller=caller, row=row, step=ShortageStep.CLOSE, said=said)
    return row


async def withdraw(
    db: AsyncSession, *, caller: Caller, shortage_id: UUID, reason: str, expected: Precondition
) -> Shortage:
    """Take a shortage back; whoever was asked need not answer any more.

    Raises
    ------
    ShortageStateUnfit
        Teachers have been found, or it is over already.
    """
    asked = await rows.teachers_asked(db, shortage_id=shortage_id)
    await timetable.lock_resources(db, teachers=asked)
    row = await hold(
        db,
        caller=caller,
        shortage_id=shortage_id,
        permission=Permission.SHORTAGE_WRITE,
        expected=expected,
    )
    said = {"over_reason": reason}
    await _move(db, caller=caller, row=row, step=ShortageStep.WITHDRAW, said=said)
    for offer in await rows.hold_pending(db, shortage_id=shortage_id):
        await end_offer(db, by=caller, row=offer, step=OfferStep.WITHDRAW, reason=_WITHDRAWN)
    return row


async def _move(
    db: AsyncSession, *, caller: Caller, row: Shortage, step: ShortageStep, said: dict[str, Any]
) -> None:
    state = shortage_after(ShortageState(row.state), step)
    before = change_fields(row, {"state": state, **said})
    await db.flush()
    await record(
        db,
        f"shortage.{state}",
        row,
        by=caller,
        before=before,
        reach=concerned(row),
        reason=row.over_reason,
    )
