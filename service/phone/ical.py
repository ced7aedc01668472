"""Writes a schedule as a calendar app reads it (RFC 5545, RFC 7986). Reads nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from icalendar import Alarm, Calendar, Event, Timezone
from icalendar.enums import STATUS, TRANSP

from service.kit.problems import Text
from service.phone.queries.calendar_feeds import Contents, HandedOver
from service.phone.rules.calendar_feeds import LEAVE_REMINDER, READ_AGAIN
from service.phone.schemas import MyLesson
from service.timetable.rules import LessonChange, LessonStatus, Origin

_PRODUCT = "-//Huangge//Timetable 1//{}"
_YEAR = timedelta(days=366)

_HOME = Text("校内课", "At my school")
_ITINERANT = Text("走教", "Itinerant")
_HANDED_OVER = Text("由{}代课", "Taught by {}")
_TITLE = Text("{}的课表", "Timetable of {}")


@dataclass(frozen=True, slots=True)
class Style:
    """How a feed is written."""

    feed_id: UUID
    teacher: str
    language: str
    reminders: bool
    written_at: datetime
    """The stamp of what never changed: the same at each reading, so that a feed stays the same."""

    def say(self, text: Text) -> str:
        """A sentence in the language of the feed."""
        return text.in_(self.language)


def write(contents: Contents, *, style: Style) -> bytes:
    """The whole calendar: CRLF, folded at 75 octets between characters, zones spelled out."""
    calendar = Calendar.new(
        prodid=_PRODUCT.format(style.language.upper()),
        uid=str(style.feed_id),
        name=style.say(_TITLE).format(style.teacher),
        language="zh-CN" if style.language == "zh" else "en",
    )
    calendar.add("REFRESH-INTERVAL", READ_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", READ_AGAIN)
    for zone in _zones(contents):
        calendar.add_component(zone)
    for lesson in contents.lessons:
        calendar.add_component(_lesson(lesson, style))
    for lesson_of_others in contents.handed_over:
        calendar.add_component(_handed_over(lesson_of_others, style))
    return bytes(calendar.to_ical())


def _zones(contents: Contents) -> Iterator[Timezone]:
    """Each zone that a lesson is in, spelled out for the years there are lessons in."""
    lessons: list[MyLesson | HandedOver] = [*contents.lessons, *contents.handed_over]
    names = sorted({str(lesson.starts_at.tzinfo) for lesson in lessons})
    if not names:
        return
    first = min(lesson.starts_at for lesson in lessons).date()
    last = max(lesson.ends_at for lesson in lessons).date()
    for name in names:
        yield _zone(name, date(first.year, 1, 1), date((last + _YEAR).year, 12, 31))


@lru_cache(maxsize=64)
def _zone(name: str, first: date, last: date) -> Timezone:
    return Timezone.from_tzid(name, first_date=first, last_date=last)


def _lesson(lesson: MyLesson, style: Style) -> Event:
    off = lesson.status is LessonStatus.CANCELLED
    event = Event.new(
        uid=str(lesson.id),
        sequence=lesson.version,
        stamp=_stamp(lesson.changed.at if lesson.changed else None, style),
        start=lesson.starts_at,
        end=lesson.ends_at,
        summary=_summary(
            lesson.subject.label,
            (section.name for section in lesson.classes),
            mark=lesson.changed.label if lesson.changed else None,
        ),
        location=_location(lesson),
        description="\n".join(_details(lesson, style)),
        categories=[style.say(_ITINERANT if lesson.origin is Origin.ITINERANT else _HOME)],
        status=_status(lesson),
        transparency=TRANSP.TRANSPARENT if off else TRANSP.OPAQUE,
    )
    _place(event, lesson)
    if style.reminders and lesson.transfer is not None and not off:
        event.add_component(_reminder(lesson, style))
    return event


def _status(lesson: MyLesson) -> STATUS:
    if lesson.status is LessonStatus.CANCELLED:
        return STATUS.CANCELLED
    return STATUS.TENTATIVE if lesson.provisional else STATUS.CONFIRMED


def _stamp(changed_at: datetime | None, style: Style) -> datetime:
    return (changed_at or style.written_at).astimezone(UTC).replace(microsecond=0)


def _summary(subject: str, classes: Iterable[str], *, mark: str | None) -> str:
    what = " · ".join(filter(None, (subject, "、".join(classes))))
    return f"【{mark}】{what}" if mark else what


def _location(lesson: MyLesson) -> str:
    campus = lesson.campus
    place = " ".join(filter(None, (campus.school.name, campus.name, campus.gate)))
    room = lesson.room.name if lesson.room else ""
    return ",".join(filter(None, (place, room, campus.address)))


def _place(event: Event, lesson: MyLesson) -> None:
    position = lesson.campus.position
    # Maps of the apps expect WGS 84; another datum would show the next village.
    if position is not None and position.datum == "wgs84":
        event.add("GEO", (position.latitude, position.longitude))


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}"


def _details(lesson: MyLesson, style: Style) -> Iterator[str]:
    if lesson.period is not None:
        yield style.say(
            Text(
                f"第 {lesson.period} 节 · 第 {lesson.week} 教学周",
                f"Period {lesson.period} · week {lesson.week}",
            )
        )
    if lesson.calendar_label is not None:
        yield lesson.calendar_label
    if (way := lesson.transfer) is not None:
        yield style.say(
            Text(
                f"最晚 {_clock(way.leave_by)} 从{way.from_campus.name}出发"
                f"(路程与机动共 {way.needed_minutes} 分钟)",
                f"Leave {way.from_campus.name} by {_clock(way.leave_by)} "
                f"({way.needed_minutes} minutes with buffer)",
            )
        )
    yield from _change(lesson, style)
    if lesson.provisional:
        yield style.say(
            Text("该日放假安排尚未公布,可能变动", "The holidays are not announced yet; may change")
        )


def _change(lesson: MyLesson, style: Style) -> Iterator[str]:
    changed = lesson.changed
    if changed is None:
        return
    why = f":{changed.reason}" if changed.reason else ""
    by = f"({changed.by})" if changed.by else ""
    yield f"{changed.label}{why}{by}"
    original = changed.original
    if original.starts_at is not None and original.starts_at != lesson.starts_at:
        at = f"{original.starts_at:%m-%d %H:%M}"
        yield style.say(Text(f"原定 {at}", f"Planned for {at}"))
    if original.teacher is not None and changed.kind is not LessonChange.SWAPPED:
        name = original.teacher.name
        yield style.say(Text(f"原任课教师:{name}", f"Planned with {name}"))


def _reminder(lesson: MyLesson, style: Style) -> Alarm:
    way = lesson.transfer
    minutes = way.needed_minutes if way is not None else 0
    campus, soon = lesson.campus.name, LEAVE_REMINDER.seconds // 60
    alarm = Alarm.new(
        description=style.say(
            Text(
                f"{soon} 分钟后出发,前往{lesson.campus.school.name}{campus}",
                f"Leave for {lesson.campus.school.name} {campus} in {soon} minutes",
            )
        )
    )
    alarm.add("ACTION", "DISPLAY")
    alarm.add("TRIGGER", -(timedelta(minutes=minutes) + LEAVE_REMINDER))
    return alarm


def _handed_over(lesson: HandedOver, style: Style) -> Event:
    mark = style.say(_HANDED_OVER).format(lesson.to)
    return Event.new(
        uid=str(lesson.id),
        sequence=lesson.version,
        stamp=_stamp(lesson.changed_at, style),
        start=lesson.starts_at,
        end=lesson.ends_at,
        summary=_summary(lesson.subject, lesson.classes, mark=mark),
        location=lesson.campus,
        description=f"{mark}{':' + lesson.reason if lesson.reason else ''}",
        status=STATUS.CANCELLED,
        transparency=TRANSP.TRANSPARENT,
    )
