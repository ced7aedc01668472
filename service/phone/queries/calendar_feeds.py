"""Somebody's calendar feeds, and what stands in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, update
from sqlalchemy import select as select_rows
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from service.accounts.tables import Account
from service.kit import clock
from service.kit.auth import Caller
from service.kit.db import AsyncSession, lock
from service.kit.language import speak
from service.network.tables import Campus
from service.phone.problems.calendar_feeds import CalendarFeedNotFound
from service.phone.queries import schedule
from service.phone.queries.home import Home, home_of, subjects_of
from service.phone.rules.calendar_feeds import feed_days, is_told
from service.phone.schemas import MyLesson
from service.phone.tables import CalendarFeed
from service.staff.tables import Teacher
from service.timetable.queries import class_names
from service.timetable.rules import LessonStatus
from service.timetable.tables import Lesson, WeeklySlot


def own(caller: Caller) -> SelectOfScalar[CalendarFeed]:
    """The caller's calendar feeds."""
    return select(CalendarFeed).where(col(CalendarFeed.account_id) == caller.account_id)


async def own_feed(
    db: AsyncSession, *, caller: Caller, feed_id: UUID, to_change: bool = False
) -> CalendarFeed:
    """A calendar feed of the caller's own.

    Raises
    ------
    CalendarFeedNotFound
        There is none.
    """
    statement = own(caller).where(col(CalendarFeed.id) == feed_id)
    if to_change:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = (await db.exec(statement)).one_or_none()
    if found is None:
        raise CalendarFeedNotFound
    return found


async def count_of_locked(db: AsyncSession, *, caller: Caller) -> int:
    """How many feeds the caller has, while nobody else can make another for the account."""
    if caller.account_id is not None:
        await lock(db, Account, caller.account_id)
    statement = select(func.count()).where(col(CalendarFeed.account_id) == caller.account_id)
    return (await db.exec(statement)).one()


@dataclass(frozen=True, slots=True)
class Reading:
    """What somebody who knows the address gets to see."""

    feed: CalendarFeed
    home: Home
    contents: "Contents"


async def behind(db: AsyncSession, *, secret_hash: bytes) -> Reading | None:
    """The feed with a secret, and what stands in it; none for an account that is closed."""
    statement = (
        select(CalendarFeed, Account.teacher_id)
        .join(Account, col(Account.id) == col(CalendarFeed.account_id))
        .where(
            col(CalendarFeed.secret_hash) == secret_hash,
            col(Account.active),
            col(Account.teacher_id).is_not(None),
        )
    )
    found = (await db.exec(statement)).one_or_none()
    if found is None or found[1] is None:
        return None
    feed, teacher_id = found
    speak(feed.language)
    home = await home_of(db, teacher_id=teacher_id)
    return Reading(feed, home, await _contents(db, home=home))


async def note_reading(db: AsyncSession, *, feed_id: UUID) -> None:
    """Note that a calendar app read a feed."""
    statement = update(CalendarFeed).where(col(CalendarFeed.id) == feed_id)
    await db.exec(statement.values(last_read_at=clock.now()))


@dataclass(frozen=True, slots=True)
class HandedOver:
    """A lesson of mine that somebody else gives."""

    id: UUID
    version: int
    subject: str
    classes: tuple[str, ...]
    campus: str
    starts_at: datetime
    ends_at: datetime
    to: str
    reason: str | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a feed."""

    lessons: Sequence[MyLesson]
    handed_over: Sequence[HandedOver]


async def _contents(db: AsyncSession, *, home: Home) -> Contents:
    """The lessons of the days that a feed shows, those that are off not for ever."""
    first, last = feed_days(home.today)
    found = await schedule.schedule(db, home=home, from_=first, until=last)
    handed_over = await _handed_over(db, teacher_id=home.teacher.id, from_=first, until=last)
    now = clock.now()
    return Contents(
        lessons=[
            lesson
            for day in found.days
            for lesson in day.lessons
            if is_told(
                lesson.status,
                changed_at=lesson.changed.at if lesson.changed is not None else None,
                now=now,
            )
        ],
        handed_over=[
            lesson
            for lesson in handed_over
            if is_told(LessonStatus.CANCELLED, changed_at=lesson.changed_at, now=now)
        ],
    )


async def _handed_over(
    db: AsyncSession, *, teacher_id: UUID, from_: date, until: date
) -> list[HandedOver]:
    """Without them a calendar app would go on showing a lesson that a colleague gives."""
    statement = (
        select_rows(
            *(
                col(column)
                for column in (
                    Lesson.id,
                    Lesson.version,
                    Lesson.subject,
                    Lesson.starts_at,
                    Lesson.ends_at,
                    Lesson.reason,
                    Lesson.changed_at,
                    Teacher.name,
                )
            ),
            class_names().label("class_names"),
            col(Campus.name).label("campus_name"),
            col(Campus.zone),
        )
        .join(WeeklySlot, col(WeeklySlot.id) == col(Lesson.slot_id))
        .join(Teacher, col(Teacher.id) == col(Lesson.substitute_id))
        .join(Campus, col(Campus.id) == col(Lesson.campus_id))
        .where(
            col(Lesson.original_teacher_id) == teacher_id,
            col(Lesson.substitute_id).is_not(None),
            col(Lesson.status) == LessonStatus.SCHEDULED,
            col(Lesson.on_date) >= from_,
            col(Lesson.on_date) < until,
        )
        .order_by(col(Lesson.starts_at), col(Lesson.id))
    )
    rows = (await (await db.connection()).execute(statement)).all()
    subjects = await subjects_of(db, {row.subject for row in rows})
    return [
        HandedOver(
            id=row.id,
            version=row.version,
            subject=subjects[row.subject].label,
            classes=tuple(row.class_names or ()),
            campus=row.campus_name,
            starts_at=row.starts_at.astimezone(ZoneInfo(row.zone)),
            ends_at=row.ends_at.astimezone(ZoneInfo(row.zone)),
            to=row.name,
            reason=row.reason,
            changed_at=row.changed_at,
        )
        for row in rows
    ]
