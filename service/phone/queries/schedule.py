"""The lessons of some days, and what the days are."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from service.calendar import queries as calendar
from service.calendar.rules import FreeDay, TeachingDay
from service.kit import clock
from service.kit.db import AsyncSession
from service.kit.language import say
from service.kit.problems import Text
from service.phone.queries.home import Home, position, thing
from service.phone.queries.visits import visits
from service.phone.rules import asked_days
from service.phone.schemas import (
    DayNature,
    MyAttendance,
    MyCampus,
    MyChange,
    MyCode,
    MyDay,
    MyLesson,
    MyOriginal,
    MyScheduleOut,
    MyThing,
    MyTodayOut,
    MyTransfer,
    MyVisit,
)
from service.timetable import queries as timetable
from service.timetable.queries import ScheduledLesson
from service.timetable.rules import LessonChange, LessonStatus, Origin
from service.timetable.rules.attendance import Correction, Word
from service.timetable.schemas import subject_label
from service.timetable.schemas.attendance import word_label

_DAY = timedelta(days=1)


async def schedule(
    db: AsyncSession, *, home: Home, from_: date | None, until: date | None
) -> MyScheduleOut:
    """The lessons of some days, and what the days are at home; without any, this week's."""
    first, last = asked_days(from_, until, today=home.today)
    lessons = await timetable.schedule_of(db, teacher_id=home.teacher.id, from_=first, until=last)
    days = await _days(db, home=home, lessons=lessons, first=first, last=last)
    _with_visits(days, await visits(db, home=home, from_=first, until=last))
    return MyScheduleOut(
        as_of=clock.now(),
        from_date=first,
        until=last,
        provisional=any(day.provisional for day in days),
        days=days,
    )


async def lessons(
    db: AsyncSession, *, home: Home, ids: Collection[UUID], days: tuple[date, date]
) -> list[MyLesson]:
    """Those of some lessons within some days that are the teacher's, as a phone shows them."""
    first, last = days[0], days[1] + _DAY
    rows = await timetable.schedule_of(db, teacher_id=home.teacher.id, from_=first, until=last)
    wanted = [row for row in rows if row.id in ids]
    found = await _days(db, home=home, lessons=wanted, first=first, last=last)
    return [lesson for day in found for lesson in day.lessons]


async def today(db: AsyncSession, *, home: Home) -> tuple[MyTodayOut, set[str]]:
    """Today and tomorrow, of each lesson by the clock of its campus; and the zones that decide."""
    date_ = home.today
    nearby = await timetable.schedule_of(
        db, teacher_id=home.teacher.id, from_=date_ - _DAY, until=date_ + 3 * _DAY
    )
    # Each lesson is asked how far its day is from the day it is there, and put on ours.
    lessons = [
        (date_ + away, one)
        for one in nearby
        if (away := one.on_date - clock.today(one.zone)) in (timedelta(), _DAY)
    ]
    days = await _days(
        db,
        home=home,
        lessons=[one for _, one in lessons],
        first=date_,
        last=date_ + 2 * _DAY,
        placed={one.id: day for day, one in lessons},
    )
    near = await visits(db, home=home, from_=date_ - _DAY, until=date_ + 3 * _DAY)
    _with_visits(days, [(date_ + (day - clock.today(one.campus.zone)), one) for day, one in near])
    found = MyTodayOut(as_of=clock.now(), today=days[0], tomorrow=days[1])
    return found, {one.zone for one in nearby} | {one.campus.zone for _, one in near}


def _with_visits(days: Iterable[MyDay], found: Iterable[tuple[date, MyVisit]]) -> None:
    by_date = {day.on_date: day.visits for day in days}
    for on_date, visit in found:
        if on_date in by_date:
            by_date[on_date].append(visit)


class _Calendars:
    """What each day is at each campus."""

    def __init__(self, days: Mapping[UUID, Iterable[TeachingDay | FreeDay]]) -> None:
        self._days = {
            campus_id: {day.on_date: day for day in every} for campus_id, every in days.items()
        }

    def at(self, campus_id: UUID | None, day: date) -> TeachingDay | FreeDay | None:
        """The day at a campus."""
        return self._days.get(campus_id, {}).get(day) if campus_id is not None else None


async def _days(
    db: AsyncSession,
    *,
    home: Home,
    lessons: Sequence[ScheduledLesson],
    first: date,
    last: date,
    placed: Mapping[UUID, date] | None = None,
) -> list[MyDay]:
    at_home = {home.campus_id} if home.campus_id is not None else set[UUID]()
    campus_ids = at_home | {lesson.campus_id for lesson in lessons}
    calendars = _Calendars(
        await calendar.explained_days_of(
            db, campus_ids=sorted(campus_ids), from_=first - _DAY, until=last + _DAY
        )
    )
    by_day: dict[date, list[MyLesson]] = defaultdict(list)
    for lesson in lessons:
        by_day[placed[lesson.id] if placed else lesson.on_date].append(
            _lesson(
                lesson,
                home=home,
                day=calendars.at(lesson.campus_id, lesson.on_date),
            )
        )
    return [
        _day(day, calendars.at(home.campus_id, day), by_day[day])
        for day in (first + n * _DAY for n in range((last - first).days))
    ]


def _day(day: date, at_home: TeachingDay | FreeDay | None, lessons: list[MyLesson]) -> MyDay:
    nature, label, week = None, None, None
    match at_home:
        case TeachingDay():
            nature, week = DayNature.TEACH, at_home.week
            label = say(at_home.label) if at_home.label else None
        case FreeDay():
            nature, label = DayNature(at_home.why.value), at_home.reason or None
        case None:
            pass
    return MyDay(
        on_date=day,
        weekday=day.isoweekday(),
        nature=nature,
        label=label,
        week=week,
        provisional=(at_home is not None and at_home.provisional)
        or any(lesson.provisional for lesson in lessons),
        lessons=lessons,
        visits=[],
    )


def _lesson(
    row: ScheduledLesson,
    *,
    home: Home,
    day: TeachingDay | FreeDay | None,
) -> MyLesson:
    zone = ZoneInfo(row.zone)
    status = LessonStatus(row.status)
    label = day.label if isinstance(day, TeachingDay) else None
    return MyLesson(
        id=row.id,
        version=row.version,
        origin=Origin(row.origin),
        status=status,
        status_label=say(_STATUS[status]),
        subject=MyCode(
            code=row.subject,
            label=subject_label(row.subject, zh=row.subject_zh, en=row.subject_en),
        ),
        classes=[
            MyThing(id=id_, name=name)
            for id_, name in zip(row.class_ids or (), row.class_names or (), strict=True)
        ],
        teacher=home.teacher,
        campus=MyCampus(
            id=row.campus_id,
            name=row.campus_name,
            school=MyThing(id=row.school_id, name=row.school_name),
            address=row.campus_address,
            gate=row.campus_gate,
            position=position(row.longitude, row.latitude, datum=row.datum),
            zone=row.zone,
        ),
        room=thing(row.room_id, row.room_name),
        starts_at=row.starts_at.astimezone(zone),
        ends_at=row.ends_at.astimezone(zone),
        period=row.period,
        week=row.week,
        calendar_label=say(label) if label else None,
        provisional=day is not None and day.provisional,
        transfer=_transfer(row, zone),
        changed=_changed(row, zone),
        attendance=_attendance(row, zone),
    )


_STATUS = {
    LessonStatus.SCHEDULED: Text("正常", "Scheduled"),
    LessonStatus.CANCELLED: Text("已取消", "Cancelled"),
}
_CHANGES = {
    LessonChange.MOVED: Text("调课", "Moved"),
    LessonChange.CANCELLED: Text("停课", "Cancelled"),
    LessonChange.ENDED: Text("安排结束", "The assignment ended"),
    LessonChange.REPLACED: Text("课表更换", "Replaced by a new timetable"),
    LessonChange.CALENDAR: Text("校历或作息调整", "The calendar or the bells changed"),
    LessonChange.NEEDS_COVER: Text("待安排代课", "Needs cover"),
    LessonChange.COVERED: Text("代课", "Covered"),
    LessonChange.MERGED: Text("合班", "Merged with another class"),
    LessonChange.SELF_STUDY: Text("自习", "Self-study"),
    LessonChange.SWAPPED: Text("换课", "Swapped"),
}
_COVERED = Text("代课", "Covered")


def _attendance(row: ScheduledLesson, zone: ZoneInfo) -> MyAttendance | None:
    if row.word is None:
        return None
    word = Word(row.word)
    return MyAttendance(
        arrived_at=row.arrived_at.astimezone(zone) if row.arrived_at else None,
        correction=Correction(row.correction) if row.correction else None,
        state=word,
        state_label=word_label(word),
    )


def _transfer(row: ScheduledLesson, zone: ZoneInfo) -> MyTransfer | None:
    here = thing(row.from_campus_id, row.from_campus_name)
    if here is None or row.leave_by is None or row.needed_minutes is None:
        return None
    return MyTransfer(
        from_campus=here,
        leave_by=row.leave_by.astimezone(zone),
        available_minutes=row.available_minutes,
        needed_minutes=row.needed_minutes,
        estimated=row.way_estimated,
    )


def _changed(row: ScheduledLesson, zone: ZoneInfo) -> MyChange | None:
    covered = row.substitute_id is not None
    if row.change is None and not covered:
        return None
    return MyChange(
        kind=LessonChange(row.change) if row.change else None,
        label=say(_CHANGES[LessonChange(row.change)] if row.change else _COVERED),
        reason=row.reason,
        by=row.changed_by,
        at=row.changed_at.astimezone(zone) if row.changed_at else None,
        original=MyOriginal(
            teacher=(
                thing(row.original_teacher_id, row.original_teacher_name) if covered else None
            ),
            starts_at=row.original_starts_at and row.original_starts_at.astimezone(zone),
            ends_at=row.original_ends_at and row.original_ends_at.astimezone(zone),
            period=row.planned_period if row.planned_period != row.period else None,
            room=(
                thing(row.planned_room_id, row.planned_room_name)
                if row.planned_room_id != row.room_id
                else None
            ),
        ),
    )
