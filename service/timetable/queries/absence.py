"""Reading leaves, covers and offers; and who could stand in for a lesson."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, func, or_, text
from sqlalchemy import select as select_rows
from sqlalchemy.dialects.postgresql import TSTZRANGE
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.kit.auth import Caller, Permission
from service.kit.db import AsyncSession, Instant
from service.kit.problems import Forbidden
from service.network.access import today_in, visible_schools
from service.network.tables import Campus, District, Group, Membership
from service.staff.access import visible_teachers
from service.staff.tables import Employment, Teacher
from service.timetable.access import reaches
from service.timetable.problems.absence import (
    CoverNotFound,
    LeaveNotFound,
    OfferNotFound,
    PolicyNotFound,
)
from service.timetable.queries.lessons import lesson_classes, local_subject
from service.timetable.rules import LessonStatus
from service.timetable.rules.absence import CoverState, OfferState, Thresholds
from service.timetable.tables import Cover, CoverOffer, DutyPolicy, Leave, Lesson


async def _row(db: AsyncSession, statement: Any) -> Any:
    return (await db.exec(statement)).one_or_none()


# What schools decide


def policies(caller: Caller, *, school_id: UUID | None) -> SelectOfScalar[DutyPolicy]:
    """The policies of schools within reach."""
    seen = visible_schools(caller, Permission.TIMETABLE_READ)
    statement = select(DutyPolicy).where(col(DutyPolicy.school_id).in_(seen))
    if school_id is not None:
        statement = statement.where(col(DutyPolicy.school_id) == school_id)
    return statement


async def visible_policy(db: AsyncSession, *, caller: Caller, policy_id: UUID) -> DutyPolicy:
    """A policy of a school within reach.

    Raises
    ------
    PolicyNotFound
        It does not exist, or the caller may not see it.
    """
    statement = policies(caller, school_id=None).where(col(DutyPolicy.id) == policy_id)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise PolicyNotFound
    return found


async def policies_from(db: AsyncSession, *, school_id: UUID, day: date) -> Sequence[DutyPolicy]:
    """A school's policies that hold on a day or later, held for a change."""
    statement = (
        select(DutyPolicy)
        .where(
            col(DutyPolicy.school_id) == school_id,
            or_(
                func.upper(col(DutyPolicy.valid)).is_(None),
                func.upper(col(DutyPolicy.valid)) > day,
            ),
        )
        .order_by(col(DutyPolicy.id))
        .with_for_update()
    )
    return (await db.exec(statement)).all()


async def thresholds(db: AsyncSession, *, school_id: UUID, day: date) -> Thresholds:
    """What a school decides on a day; the defaults where it has not."""
    statement = select(DutyPolicy).where(
        col(DutyPolicy.school_id) == school_id, col(DutyPolicy.valid).contains(day)
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        return Thresholds()
    return Thresholds(
        swap_days=found.swap_days,
        temporary_days=found.temporary_days,
        cover_lead_minutes=found.cover_lead_minutes,
        swap_approval=found.swap_approval,
        check_in_early_minutes=found.check_in_early_minutes,
        late_after_minutes=found.late_after_minutes,
        check_in_metres=found.check_in_metres,
    )


async def writable_schools(
    db: AsyncSession, *, caller: Caller, permission: Permission, school_ids: Collection[UUID]
) -> set[UUID]:
    """Those of some schools that a permission reaches."""
    statement = visible_schools(caller, permission)
    return set(school_ids) & set((await db.exec(statement)).all())


# Leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveFilter:
    """Which leaves are asked for."""

    teacher_id: UUID | None = None
    school_id: UUID | None = None
    state: str | None = None


def leaves(caller: Caller, *, wanted: LeaveFilter) -> Select[Any]:
    """The leaves of teachers within reach, with their names and the district's clock."""
    statement: Any = (
        select_rows(Leave, col(Teacher.name), col(District.zone))
        .join(Teacher, col(Teacher.id) == col(Leave.teacher_id))
        .join(District, col(District.id) == col(Leave.district_id))
        .where(col(Leave.teacher_id).in_(visible_teachers(caller, Permission.LEAVE_READ)))
    )
    if wanted.teacher_id is not None:
        statement = statement.where(col(Leave.teacher_id) == wanted.teacher_id)
    if wanted.school_id is not None:
        statement = statement.where(col(Leave.school_id) == wanted.school_id)
    if wanted.state is not None:
        statement = statement.where(col(Leave.state) == wanted.state)
    return cast("Select[Any]", statement)


async def visible_leave(
    db: AsyncSession, *, caller: Caller, leave_id: UUID
) -> tuple[Leave, str, str]:
    """A leave of a teacher within reach, the teacher's name, and the district's time zone.

    Raises
    ------
    LeaveNotFound
        It does not exist, or the caller may not see it.
    """
    statement = leaves(caller, wanted=LeaveFilter()).where(col(Leave.id) == leave_id)
    found = await _row(db, statement)
    if found is None:
        raise LeaveNotFound
    return found[0], found[1], found[2]


async def reachable_teacher(
    db: AsyncSession, *, caller: Caller, permission: Permission, teacher_id: UUID
) -> bool:
    """Whether a permission reaches a teacher."""
    statement = visible_teachers(caller, permission).where(col(Teacher.id) == teacher_id)
    return (await db.exec(statement)).one_or_none() is not None


async def school_of(db: AsyncSession, *, teacher_id: UUID, day: date) -> UUID | None:
    """The school that employs a teacher on a day."""
    statement = select(Employment.school_id).where(
        col(Employment.teacher_id) == teacher_id, col(Employment.valid).contains(day)
    )
    return (await db.exec(statement)).one_or_none()


_VISITED = text("""SELECT DISTINCT other.resource_id
FROM occupancy mine
JOIN occupancy other ON other.source_id = mine.source_id AND other.kind = 'visit'
WHERE mine.resource_id = :teacher AND mine.kind = 'visit' AND mine.during && :during""").bindparams(
    bindparam("during", type_=TSTZRANGE)
)


async def visited_in(db: AsyncSession, *, leave: Leave) -> set[UUID]:
    """Who shares visits with a teacher in the time of a leave."""
    asked = {"teacher": leave.teacher_id, "during": leave.during}
    return set((await (await db.connection()).execute(_VISITED, asked)).scalars())


async def lessons_between(
    db: AsyncSession, *, teacher_id: UUID, from_: datetime, until: datetime
) -> Sequence[Lesson]:
    """The lessons that a teacher was to teach in a stretch of time, held for a change."""
    statement = (
        select(Lesson)
        .where(
            col(Lesson.teacher_id) == teacher_id,
            col(Lesson.status) == LessonStatus.SCHEDULED,
            col(Lesson.starts_at) < until,
            col(Lesson.ends_at) > from_,
        )
        .order_by(col(Lesson.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def group_of(db: AsyncSession, *, caller: Caller, school_id: UUID) -> UUID | None:
    """The group whose office looks after a school today: where it leads or is close, if any."""
    statement = (
        select(col(Membership.group_id))
        .join(Group, col(Group.id) == col(Membership.group_id))
        .where(
            col(Membership.school_id) == school_id,
            col(Membership.valid).contains(today_in(caller.district_id)),
            col(Group.state) == "active",
        )
        .order_by(col(Membership.tier) == "alliance", col(Membership.group_id))
        .limit(1)
    )
    return (await db.exec(statement)).first()


# Covers

_Absent = aliased(Teacher, name="absent")
_Standin = aliased(Teacher, name="standin")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverFilter:
    """Which covers are asked for."""

    campus_id: UUID | None = None
    leave_id: UUID | None = None
    state: str | None = None
    lesson_id: UUID | None = None


def _reaches_cover(caller: Caller, permission: Permission) -> Any:
    return or_(
        reaches(caller, permission, campus=col(Lesson.campus_id), teacher=col(Cover.absent_id)),
        col(Cover.substitute_id).in_(visible_teachers(caller, permission)),
    )


def covers(caller: Caller, *, wanted: CoverFilter) -> Select[Any]:
    """The lessons that need or needed cover, at one's campuses or of one's teachers."""
    statement: Any = (
        select_rows(
            Cover,
            Lesson,
            col(_Absent.name),
            col(_Standin.name),
            col(Campus.name),
            col(Campus.zone),
            lesson_classes(),
            local_subject(),
        )
        .join(Lesson, col(Lesson.id) == col(Cover.lesson_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .join(_Absent, col(_Absent.id) == col(Cover.absent_id))
        .outerjoin(_Standin, col(_Standin.id) == col(Cover.substitute_id))
        .where(_reaches_cover(caller, Permission.COVER_READ))
    )
    if wanted.campus_id is not None:
        statement = statement.where(col(Lesson.campus_id) == wanted.campus_id)
    if wanted.leave_id is not None:
        statement = statement.where(col(Cover.leave_id) == wanted.leave_id)
    if wanted.lesson_id is not None:
        statement = statement.where(col(Cover.lesson_id) == wanted.lesson_id)
    if wanted.state is not None:
        statement = statement.where(col(Cover.state) == wanted.state)
    return cast("Select[Any]", statement)


async def visible_cover(db: AsyncSession, *, caller: Caller, cover_id: UUID) -> Any:
    """A cover within reach, as a row of ``covers``.

    Raises
    ------
    CoverNotFound
        It does not exist, or the caller may not see it.
    """
    statement = covers(caller, wanted=CoverFilter()).where(col(Cover.id) == cover_id)
    found = await _row(db, statement.execution_options(populate_existing=True))
    if found is None:
        raise CoverNotFound
    return found


async def may_arrange(db: AsyncSession, *, caller: Caller, cover_id: UUID) -> bool:
    """Whether the caller arranges covers where this lesson is, or for its absent teacher."""
    statement = (
        select(Cover.id)
        .join(Lesson, col(Lesson.id) == col(Cover.lesson_id))
        .where(col(Cover.id) == cover_id, _reaches_cover(caller, Permission.COVER_WRITE))
    )
    return (await db.exec(statement)).one_or_none() is not None


async def hold_live_cover(db: AsyncSession, *, lesson_id: UUID) -> Cover | None:
    """The cover of a lesson that has not lapsed, held for a change."""
    statement = (
        select(Cover)
        .where(col(Cover.lesson_id) == lesson_id, col(Cover.state) != CoverState.LAPSED)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).one_or_none()


async def hold_live_covers(db: AsyncSession, *, lesson_ids: Collection[UUID]) -> Sequence[Cover]:
    """The covers of lessons that have not lapsed, held for a change."""
    statement = (
        select(Cover)
        .where(col(Cover.lesson_id).in_(lesson_ids), col(Cover.state) != CoverState.LAPSED)
        .order_by(col(Cover.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def hold_covers_between(
    db: AsyncSession, *, teacher_id: UUID, from_: datetime, until: datetime
) -> Sequence[Cover]:
    """The covers of what a teacher was to teach in a stretch of time, held for a change."""
    statement = (
        select(Cover)
        .join(Lesson, col(Lesson.id) == col(Cover.lesson_id))
        .where(
            col(Lesson.teacher_id) == teacher_id,
            col(Lesson.starts_at) < until,
            col(Lesson.ends_at) > from_,
            col(Cover.state) != CoverState.LAPSED,
        )
        .order_by(col(Cover.id))
        .with_for_update(of=Cover)
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def leaves_at(
    db: AsyncSession, *, times: Collection[tuple[UUID, UUID, datetime, datetime]]
) -> dict[UUID, UUID]:
    """By what asks: the approved leave that a teacher would be on; ``times`` names each teacher."""
    columns = list(zip(*times, strict=True)) or [(), (), (), ()]
    names = ("asking", "teacher", "starts_at", "ends_at")
    asked = dict(zip(names, map(list, columns), strict=True))
    found = await (await db.connection()).execute(_LEAVES_AT, asked)
    return {row.asking: row.leave_id for row in found}


_LEAVES_AT = text("""SELECT DISTINCT ON (asking) asking, l.id AS leave_id
FROM unnest(
  CAST(:asking AS uuid[]), CAST(:teacher AS uuid[]), CAST(:starts_at AS timestamptz[]),
  CAST(:ends_at AS timestamptz[])
) AS t (asking, teacher, starts_at, ends_at)
JOIN leave l ON l.teacher_id = t.teacher AND l.state = 'approved'
  AND l.during && tstzrange(t.starts_at, t.ends_at)
ORDER BY asking, lower(l.during)""")


async def hold_covers_of(db: AsyncSession, *, leave_id: UUID) -> Sequence[Cover]:
    """The covers of a leave that have not lapsed, held for a change."""
    statement = (
        select(Cover)
        .where(col(Cover.leave_id) == leave_id, col(Cover.state) != CoverState.LAPSED)
        .order_by(col(Cover.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


async def overdue(db: AsyncSession, *, cover_id: UUID, now: datetime) -> Any:
    """The lesson of an open cover whose deadline is over, with its school; or nothing."""
    statement = (
        select_rows(Lesson, col(Campus.school_id), col(Campus.name))
        .join(Cover, col(Cover.lesson_id) == col(Lesson.id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .where(
            col(Cover.id) == cover_id,
            col(Cover.state) == CoverState.OPEN,
            col(Cover.deadline_at) <= now,
        )
    )
    return await _row(db, statement)


# Offers


def offers(caller: Caller, *, cover_id: UUID | None, state: str | None) -> Select[Any]:
    """Who was asked: one's own offers, and those of the lessons one arranges."""
    statement: Any = (
        select_rows(
            CoverOffer,
            Lesson,
            col(Teacher.name),
            col(Campus.name),
            col(Campus.zone),
            lesson_classes(),
            local_subject(),
        )
        .join(Cover, col(Cover.id) == col(CoverOffer.cover_id))
        .join(Lesson, col(Lesson.id) == col(Cover.lesson_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .join(Teacher, col(Teacher.id) == col(CoverOffer.teacher_id))
        .where(
            reaches(
                caller,
                Permission.COVER_READ,
                campus=col(Lesson.campus_id),
                teacher=col(CoverOffer.teacher_id),
            )
        )
    )
    if cover_id is not None:
        statement = statement.where(col(CoverOffer.cover_id) == cover_id)
    if state is not None:
        statement = statement.where(col(CoverOffer.state) == state)
    return cast("Select[Any]", statement)


async def visible_offer(db: AsyncSession, *, caller: Caller, offer_id: UUID) -> Any:
    """An offer within reach, as a row of ``offers``.

    Raises
    ------
    OfferNotFound
        It does not exist, or the caller may not see it.
    """
    statement = offers(caller, cover_id=None, state=None).where(col(CoverOffer.id) == offer_id)
    found = await _row(db, statement.execution_options(populate_existing=True))
    if found is None:
        raise OfferNotFound
    return found


_OWN_OFFER = text(
    "SELECT cover_id, teacher_id, state FROM cover_offer WHERE id = :id AND teacher_id = :teacher"
)


async def own_offer(db: AsyncSession, *, caller: Caller, offer_id: UUID) -> Any:
    """The cover, teacher and state of an offer to the caller.

    Of fifty who were asked all answer at once: no more is read than what tells most of them that
    they came too late.

    Raises
    ------
    OfferNotFound
        It does not exist, or the caller may not see it.
    Forbidden
        Somebody else was asked.
    """
    asked = {"id": offer_id, "teacher": caller.teacher_id}
    found = (await (await db.connection()).execute(_OWN_OFFER, asked)).one_or_none()
    if found is None:
        await visible_offer(db, caller=caller, offer_id=offer_id)
        raise Forbidden
    return found


async def hold_offers(db: AsyncSession, *, cover_id: UUID) -> Sequence[CoverOffer]:
    """The offers of a cover that wait for an answer, held for a change."""
    statement = (
        select(CoverOffer)
        .where(col(CoverOffer.cover_id) == cover_id, col(CoverOffer.state) == OfferState.OFFERED)
        .order_by(col(CoverOffer.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return (await db.exec(statement)).all()


# Who could stand in

# Colleagues are the teachers of the school and of those that share a group with it that day. What
# is counted is counted only for those who are free: the rest needs no more than its reason.
_STANDINS = text("""WITH schools AS (
  SELECT CAST(:school AS uuid) AS id
  UNION SELECT b.school_id FROM membership a
  JOIN membership b ON b.group_id = a.group_id AND b.valid @> CAST(:day AS date)
  WHERE a.school_id = :school AND a.valid @> CAST(:day AS date)),
people AS (
  SELECT t.id, t.name, e.school_id, EXISTS (
    SELECT FROM qualification q
    WHERE q.teacher_id = t.id AND q.subject = :subject AND q.stage = :stage) AS qualified
  FROM schools s JOIN employment e ON e.school_id = s.id AND e.valid @> CAST(:day AS date)
  JOIN teacher t ON t.id = e.teacher_id
  WHERE t.id <> ALL (CAST(:without AS uuid[]))
    AND (t.expected_retirement_on IS NULL OR t.expected_retirement_on > :day)
    AND (CAST(:named AS uuid[]) IS NULL OR t.id = ANY (CAST(:named AS uuid[])))),
asked AS MATERIALIZED (
  SELECT p.*, (
    SELECT CASE o.kind WHEN 'leave' THEN 'leave' ELSE 'teacher-busy' END FROM occupancy o
    WHERE o.resource_id = p.id AND o.kind <> 'travel'
      AND o.during && tstzrange(:starts_at, :ends_at)
    ORDER BY o.kind = 'leave' DESC LIMIT 1) AS taken
  FROM people p WHERE p.qualified OR :anybody),
able AS (
  SELECT a.*, a.school_id = :school AS same_school,
    (SELECT count(*) FROM lesson l WHERE l.teacher_id = a.id AND l.status = 'scheduled'
      AND l.starts_at >= :monday AND l.starts_at < :monday + interval '7 days') AS in_week,
    (SELECT count(*) FROM cover c WHERE c.substitute_id = a.id AND c.state = 'covered') AS given
  FROM asked a WHERE a.taken IS NULL)
SELECT able.id, able.name, able.school_id, s.name AS school_name, able.qualified,
  able.same_school, able.in_week, able.given, NULL AS reason, 0 AS times
FROM able JOIN school s ON s.id = able.school_id
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, taken, count(*)
FROM asked WHERE taken IS NOT NULL GROUP BY taken
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'not-qualified', count(*)
FROM people WHERE NOT qualified AND NOT :anybody HAVING count(*) > 0""").bindparams(
    bindparam("starts_at", type_=Instant()),
    bindparam("ends_at", type_=Instant()),
    bindparam("monday", type_=Instant()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandinsAsked:
    """The lesson for which somebody is looked for."""

    school_id: UUID
    subject: str
    stage: str
    day: date
    monday: datetime
    starts_at: datetime
    ends_at: datetime
    without: Collection[UUID]
    anybody: bool
    """Whether those who do not teach the subject are asked too."""
    named: Collection[UUID] | None = None
    """Nobody but these."""


async def colleagues(db: AsyncSession, *, asked: StandinsAsked) -> list[Any]:
    """Who is free at that time, and for what reasons how many others are not."""
    values = {
        "school": asked.school_id,
        "subject": asked.subject,
        "stage": asked.stage,
        "day": asked.day,
        "monday": asked.monday,
        "starts_at": asked.starts_at,
        "ends_at": asked.ends_at,
        "without": sorted(asked.without),
        "anybody": asked.anybody,
        "named": None if asked.named is None else sorted(asked.named),
    }
    return list((await (await db.connection()).execute(_STANDINS, values)).all())


async def is_colleague(db: AsyncSession, *, school_id: UUID, teacher_id: UUID, day: date) -> bool:
    """Whether a teacher is employed on a day by a school or by one that shares a group with it."""
    school = select(Employment.school_id).where(
        col(Employment.teacher_id) == teacher_id,
        col(Employment.valid).contains(day),
    )
    mine, theirs = aliased(Membership), aliased(Membership)
    mates = (
        select_rows(col(theirs.school_id))
        .join(mine, col(mine.group_id) == col(theirs.group_id))
        .where(
            col(mine.school_id) == school_id,
            col(mine.valid).contains(day),
            col(theirs.valid).contains(day),
        )
    )
    employers = (await db.exec(school)).all()
    if school_id in employers:
        return True
    return bool(set(employers) & set((await (await db.connection()).execute(mates)).scalars()))
