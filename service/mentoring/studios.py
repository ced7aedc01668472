"""The work of a studio: begun with its host, joined and left, planned, held, reviewed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from service.kit import clock
from service.kit.auth import Caller
from service.kit.conditional import Precondition
from service.kit.db import AsyncSession, change_fields, days
from service.kit.journal import record
from service.mentoring.problems.studio import HostUnfit, MemberUnfit, NotInvited
from service.mentoring.queries import schools_of
from service.mentoring.queries import studio as queries
from service.mentoring.queries.programme import year_of
from service.mentoring.rules.studio import (
    ActivityKind,
    ActivityState,
    Presence,
    StudioRole,
    check_activity,
    check_attendance,
    check_cancel,
    check_member,
    cycle,
)
from service.mentoring.tables import (
    Studio,
    StudioActivity,
    StudioAttendance,
    StudioMember,
    StudioOutput,
    StudioReview,
)
from service.network.queries import standpoint
from service.timetable import load as timetable
from service.timetable.gathering import Gathering, give_back, take
from service.timetable.rules import TimeKind


@dataclass(frozen=True, slots=True)
class NewStudio:
    """A studio to begin with."""

    host_id: UUID
    valid_from: date
    valid_until: date | None
    named: Mapping[str, Any]


async def _reach(db: AsyncSession, *, studio: Studio, day: date) -> set[UUID]:
    """Everybody in a studio, and their schools."""
    members = await queries.members_of_studio(db, studio_id=studio.id)
    people = {one.teacher_id for one in members}
    return people | set((await schools_of(db, teacher_ids=people, day=day)).values())


async def _tell(
    db: AsyncSession,
    event: str,
    row: Any,
    *,
    studio: Studio,
    by: Caller,
    before: dict[str, Any] | None = None,
) -> None:
    day = (await standpoint(db, district_id=by.district_id)).today
    reach = await _reach(db, studio=studio, day=day)
    await record(db, event, row, by=by, before=before, reach=reach)


async def begin_studio(db: AsyncSession, *, caller: Caller, new: NewStudio) -> Studio:
    """Begin a studio with its host, for three years unless said.

    Raises
    ------
    RelatedNotFound, Forbidden
        The host does not exist, or is not the caller's to speak for.
    """
    await queries.check_teachers(
        db, caller=caller, teachers=[("/host_id", new.host_id)], write=True
    )
    valid = days(*cycle(new.valid_from, new.valid_until))
    studio = Studio(district_id=caller.district_id, valid=valid, **new.named)
    db.add(studio)
    await db.flush()
    host = StudioMember(
        district_id=caller.district_id,
        studio_id=studio.id,
        teacher_id=new.host_id,
        role=StudioRole.HOST,
        valid=valid,
    )
    db.add(host)
    await db.flush()
    await _tell(db, "studio.created", studio, studio=studio, by=caller)
    await _tell(db, "studio-member.joined", host, studio=studio, by=caller)
    return studio


async def _held(
    db: AsyncSession, *, caller: Caller, studio_id: UUID, expected: Precondition | None = None
) -> Studio:
    await queries.check_governed(db, caller=caller, studio_id=studio_id)
    studio = await queries.held(db, studio_id=studio_id)
    if expected is not None:
        expected.check(studio.version)
    return studio


def _cycle(studio: Studio) -> tuple[date, date]:
    return studio.valid.lower or date.min, studio.valid.upper or date.max


async def change_studio(
    db: AsyncSession,
    *,
    caller: Caller,
    studio_id: UUID,
    changes: Mapping[str, str],
    expected: Precondition,
) -> Studio:
    """Change a studio's name or aims."""
    studio = await _held(db, caller=caller, studio_id=studio_id, expected=expected)
    before = change_fields(studio, changes)
    if before:
        await db.flush()
        await _tell(db, "studio.changed", studio, studio=studio, by=caller, before=before)
    return studio


# Members


@dataclass(frozen=True, slots=True)
class Joining:
    """Who is to be a member, as what, from when."""

    teacher_id: UUID
    role: StudioRole
    valid_from: date
    valid_until: date | None


async def join(
    db: AsyncSession, *, caller: Caller, studio_id: UUID, joining: Joining
) -> StudioMember:
    """Let a teacher join a studio.

    Raises
    ------
    HostUnfit
        A host does not join; the host is changed.
    MemberUnfit
        The days are outside the cycle.
    MemberAlready
        The teacher is a member for that time.
    """
    studio = await _held(db, caller=caller, studio_id=studio_id)
    named = [("/teacher_id", joining.teacher_id)]
    await queries.check_teachers(db, caller=caller, teachers=named, write=False)
    whole = _cycle(studio)
    check_member(
        joins=joining.valid_from, leaves=joining.valid_until, cycle=whole, role=joining.role
    )
    member = StudioMember(
        district_id=caller.district_id,
        studio_id=studio_id,
        teacher_id=joining.teacher_id,
        role=joining.role,
        valid=days(joining.valid_from, joining.valid_until or whole[1]),
    )
    db.add(member)
    await db.flush()
    await _tell(db, "studio-member.joined", member, studio=studio, by=caller)
    return member


async def leave(
    db: AsyncSession,
    *,
    caller: Caller,
    studio_id: UUID,
    member_id: UUID,
    on: date,
    expected: Precondition,
) -> StudioMember:
    """Let a member leave; the time of later activities is theirs again.

    Raises
    ------
    HostUnfit
        A studio is never without a host.
    MemberUnfit
        The day is not within the membership.
    """
    await queries.check_governed(db, caller=caller, studio_id=studio_id)
    seen = await queries.member_of(db, studio_id=studio_id, member_id=member_id)
    await timetable.lock_resources(db, teachers=[seen.teacher_id])
    studio = await queries.held(db, studio_id=studio_id)
    member = await queries.member_of(db, studio_id=studio_id, member_id=member_id)
    expected.check(member.version)
    if member.role == StudioRole.HOST:
        raise HostUnfit
    lower, upper = member.valid.lower or date.min, member.valid.upper or date.max
    if not lower < on <= upper:
        raise MemberUnfit(pointer="/on")
    before = change_fields(member, {"valid": days(lower, on)})
    if before:
        await db.flush()
        await _let_off(db, studio=studio, teacher_id=member.teacher_id, on=on)
        await _tell(db, "studio-member.left", member, studio=studio, by=caller, before=before)
    return member


async def _let_off(db: AsyncSession, *, studio: Studio, teacher_id: UUID, on: date) -> None:
    """Somebody is no longer invited from a day on."""
    ground = await timetable.ground(db, district_id=studio.district_id)
    after = datetime.combine(on, time(), ground.zone)
    coming = await queries.coming_of(
        db, studio_id=studio.id, teacher_id=teacher_id, after=max(after, clock.now())
    )
    for row in await queries.invited_to(db, activity_ids=[one.id for one in coming]):
        if row.teacher_id == teacher_id:
            await db.delete(row)
    await db.flush()
    for one in coming:
        await give_back(db, gathering=_gathering(one), teachers=[teacher_id], ground=ground)


async def change_host(
    db: AsyncSession,
    *,
    caller: Caller,
    studio_id: UUID,
    teacher_id: UUID,
    on: date,
    expected: Precondition,
) -> Studio:
    """Let somebody else host from a day on, without a day in between.

    Raises
    ------
    RelatedNotFound, Forbidden
        The successor does not exist, or is not the caller's to speak for.
    MemberUnfit
        The day is not within the present host's.
    """
    studio = await _held(db, caller=caller, studio_id=studio_id, expected=expected)
    await queries.check_teachers(
        db, caller=caller, teachers=[("/teacher_id", teacher_id)], write=True
    )
    known = await queries.members_of_studio(db, studio_id=studio_id)
    host = next(one for one in reversed(known) if one.role == StudioRole.HOST)
    if host.teacher_id == teacher_id:
        return studio
    first, last = host.valid.lower or date.min, host.valid.upper or date.max
    if not first < on < last:
        raise MemberUnfit(pointer="/on")
    for one in known:
        former = one.id == host.id or (one.teacher_id == teacher_id and _holds(one, on))
        if former and (one.valid.lower or date.min) < on:
            before = change_fields(one, {"valid": days(one.valid.lower, on)})
            await db.flush()
            await _tell(db, "studio-member.left", one, studio=studio, by=caller, before=before)
    successor = StudioMember(
        district_id=caller.district_id,
        studio_id=studio_id,
        teacher_id=teacher_id,
        role=StudioRole.HOST,
        valid=days(on, last),
    )
    db.add(successor)
    studio.version += 1
    await db.flush()
    await _tell(db, "studio-member.joined", successor, studio=studio, by=caller)
    await _tell(db, "studio.host-changed", studio, studio=studio, by=caller)
    return studio


def _holds(member: StudioMember, day: date) -> bool:
    return (member.valid.lower or date.min) <= day < (member.valid.upper or date.max)


# Activities


@dataclass(frozen=True, slots=True)
class NewActivity:
    """What a studio is to do together."""

    kind: ActivityKind
    topic: str
    campus_id: UUID
    starts_at: datetime
    ends_at: datetime
    note: str
    without: Collection[UUID]


def _gathering(activity: StudioActivity) -> Gathering:
    return Gathering(
        activity.id,
        TimeKind(activity.kind),
        activity.campus_id,
        activity.starts_at,
        activity.ends_at,
    )


async def plan(
    db: AsyncSession, *, caller: Caller, studio_id: UUID, new: NewActivity
) -> StudioActivity:
    """Plan an activity and take the time of all members of the day, ways included.

    Raises
    ------
    ActivityUnfit
        The time cannot be planned.
    ScheduleConflict
        Some of them have something else; leave them out, or choose another time.
    """
    await queries.check_governed(db, caller=caller, studio_id=studio_id)
    ground = await timetable.ground(db, district_id=caller.district_id)
    day = new.starts_at.astimezone(ground.zone).date()
    wanted = {
        one.teacher_id
        for one in await queries.members_of_studio(db, studio_id=studio_id)
        if _holds(one, day) and one.teacher_id not in new.without
    }
    await timetable.lock_resources(db, teachers=wanted)
    studio = await queries.held(db, studio_id=studio_id)
    check_activity(
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        now=clock.now(),
        on=day,
        cycle=_cycle(studio),
    )
    activity = StudioActivity(
        district_id=caller.district_id,
        studio_id=studio_id,
        kind=new.kind,
        topic=new.topic,
        campus_id=new.campus_id,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        note=new.note,
    )
    db.add(activity)
    await db.flush()
    await take(db, caller=caller, gathering=_gathering(activity), teachers=wanted, ground=ground)
    db.add_all(
        StudioAttendance(
            district_id=caller.district_id, activity_id=activity.id, teacher_id=teacher_id
        )
        for teacher_id in sorted(wanted)
    )
    await db.flush()
    await _tell(db, "studio-activity.planned", activity, studio=studio, by=caller)
    return activity


async def _activity(
    db: AsyncSession, *, caller: Caller, activity_id: UUID, expected: Precondition
) -> tuple[Studio, StudioActivity, Sequence[StudioAttendance]]:
    """An activity to change, with who is invited: their time is locked first."""
    seen = await queries.visible_activity(db, caller=caller, activity_id=activity_id)
    await queries.check_governed(db, caller=caller, studio_id=seen.studio_id)
    invited = await queries.invited_to(db, activity_ids=[activity_id])
    await timetable.lock_resources(db, teachers={one.teacher_id for one in invited})
    studio = await queries.held(db, studio_id=seen.studio_id)
    await db.refresh(seen)
    expected.check(seen.version)
    return studio, seen, await queries.invited_to(db, activity_ids=[activity_id])


async def cancel(
    db: AsyncSession, *, caller: Caller, activity_id: UUID, expected: Precondition
) -> StudioActivity:
    """Cancel an activity and give everybody their time back.

    Raises
    ------
    ActivityOver
        It has begun, or was cancelled.
    """
    studio, activity, invited = await _activity(
        db, caller=caller, activity_id=activity_id, expected=expected
    )
    state = ActivityState(activity.state)
    check_cancel(state, starts_at=activity.starts_at, now=clock.now())
    before = change_fields(activity, {"state": ActivityState.CANCELLED})
    await db.flush()
    ground = await timetable.ground(db, district_id=caller.district_id)
    people = {one.teacher_id for one in invited}
    await give_back(db, gathering=_gathering(activity), teachers=people, ground=ground)
    await _tell(db, "studio-activity.cancelled", activity, studio=studio, by=caller, before=before)
    return activity


async def attend(
    db: AsyncSession,
    *,
    caller: Caller,
    activity_id: UUID,
    told: Mapping[UUID, Presence],
    expected: Precondition,
) -> StudioActivity:
    """Say who came.

    Raises
    ------
    ActivityOver
        It was cancelled, or has not begun.
    NotInvited
        Somebody was not invited.
    """
    studio, activity, invited = await _activity(
        db, caller=caller, activity_id=activity_id, expected=expected
    )
    state = ActivityState(activity.state)
    check_attendance(state, starts_at=activity.starts_at, now=clock.now())
    known = {one.teacher_id: one for one in invited}
    if not told.keys() <= known.keys():
        raise NotInvited
    changed = {id_: one for id_, one in told.items() if known[id_].presence != one}
    if changed:
        before = {str(id_): known[id_].presence for id_ in changed}
        for id_, presence in changed.items():
            known[id_].presence = presence
        activity.version += 1
        await db.flush()
        await _tell(
            db, "studio-activity.attended", activity, studio=studio, by=caller, before=before
        )
    return activity


# Outputs and reviews


async def note_output(
    db: AsyncSession,
    *,
    caller: Caller,
    studio_id: UUID,
    teacher_id: UUID,
    values: Mapping[str, Any],
) -> StudioOutput:
    """Note an open lesson, a resource or a piece of research that came of the work.

    Raises
    ------
    NotInvited
        The teacher is and was no member.
    """
    studio = await _held(db, caller=caller, studio_id=studio_id)
    members = await queries.members_of_studio(db, studio_id=studio_id)
    if teacher_id not in {one.teacher_id for one in members}:
        raise NotInvited(pointer="/teacher_id")
    output = StudioOutput(
        district_id=caller.district_id, studio_id=studio_id, teacher_id=teacher_id, **values
    )
    db.add(output)
    await db.flush()
    await _tell(db, "studio-output.registered", output, studio=studio, by=caller)
    return output


async def review(
    db: AsyncSession,
    *,
    caller: Caller,
    studio_id: UUID,
    school_year_id: UUID,
    values: Mapping[str, Any],
) -> StudioReview:
    """Judge a studio's school year.

    Raises
    ------
    RelatedNotFound
        There is no such year.
    ReviewedAlready
        It was judged.
    """
    studio = await _held(db, caller=caller, studio_id=studio_id)
    await year_of(db, school_year_id=school_year_id)
    row = StudioReview(
        district_id=caller.district_id,
        studio_id=studio_id,
        school_year_id=school_year_id,
        reviewed_by_name=caller.name,
        reviewed_at=clock.now(),
        **values,
    )
    db.add(row)
    await db.flush()
    await _tell(db, "studio-review.created", row, studio=studio, by=caller)
    return row
