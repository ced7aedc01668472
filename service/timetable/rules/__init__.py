"""What a timetable may be: patterns on calendars, days that can be walked, conflicts, free slots.

Pure: the dry run, the explanation of a refusal, the import and the phone judge by these functions,
and the database's constraint judges last.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from math import asin, atan2, ceil, cos, pi, radians, sin, sqrt
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from service.calendar.rules import PeriodTimes, TeachingDay
from service.kit.problems import Text
from service.network.rules import Datum

_EPOCH = date(2000, 1, 1)


class Parity(StrEnum):
    """Which teaching weeks a pattern meets."""

    EVERY = "every"
    ODD = "odd"
    EVEN = "even"


class Origin(StrEnum):
    """Who laid a weekly slot: the school's own timetable, or a programme."""

    HOME = "home"
    ITINERANT = "itinerant"


class RoomKind(StrEnum):
    """What a room is made for."""

    CLASSROOM = "classroom"
    LAB = "lab"
    COMPUTER = "computer"
    MUSIC = "music"
    ART = "art"
    SPORTS = "sports"
    HALL = "hall"
    OTHER = "other"


class ResourceKind(StrEnum):
    """Whose time is taken."""

    TEACHER = "teacher"
    CLASS = "class"
    ROOM = "room"
    FACILITY = "facility"


class TimeKind(StrEnum):
    """What takes the time."""

    LESSON = "lesson"
    TRAVEL = "travel"
    LEAVE = "leave"
    HOLD = "hold"
    VISIT = "visit"
    MEETING = "meeting"
    TRAINING = "training"


class LessonStatus(StrEnum):
    """Whether a lesson takes place."""

    SCHEDULED = "scheduled"
    CANCELLED = "cancelled"


class LessonChange(StrEnum):
    """What happened to a lesson after it was laid.

    ``ended`` and ``replaced`` come from the plan: its slot ended, or a new timetable replaced it.
    ``calendar`` comes from the days: there is no school, or the bells ring otherwise.
    ``needs-cover`` and what follows come of an absence; ``swapped`` is a move of several at once.
    """

    MOVED = "moved"
    CANCELLED = "cancelled"
    ENDED = "ended"
    REPLACED = "replaced"
    CALENDAR = "calendar"
    NEEDS_COVER = "needs-cover"
    COVERED = "covered"
    MERGED = "merged"
    SELF_STUDY = "self-study"
    SWAPPED = "swapped"


class ConflictKind(StrEnum):
    """What stands in the way; the codes of the API."""

    TEACHER_BUSY = "teacher-busy"
    CLASS_BUSY = "class-busy"
    ROOM_BUSY = "room-busy"
    TRAVEL = "travel"
    LEAVE = "leave"
    NOT_A_TEACHING_DAY = "not-a-teaching-day"
    NO_SUCH_PERIOD = "no-such-period"
    OUTSIDE_VALIDITY = "outside-validity"
    NOT_A_MEMBER = "not-a-member"
    NOT_QUALIFIED = "not-qualified"
    RETIRED = "retired"
    LEFT = "left"
    CLASS_NOT_THERE = "class-not-there"
    DAILY_MAXIMUM = "daily-maximum"
    WEEKLY_MAXIMUM = "weekly-maximum"
    MANY_TRANSFERS = "many-transfers"
    NO_LUNCH = "no-lunch"
    RESEARCH_HALF_DAY = "research-half-day"
    ALREADY_OVER = "already-over"

    @property
    def hard(self) -> bool:
        """Whether it forbids the lesson, rather than only making it unwise."""
        return self not in _SOFT


SAID = {
    ConflictKind.TEACHER_BUSY: Text("教师该时段已有安排", "The teacher is busy at this time"),
    ConflictKind.CLASS_BUSY: Text("班级该时段已有课", "The class is busy at this time"),
    ConflictKind.ROOM_BUSY: Text("教室该时段已被占用", "The room is taken at this time"),
    ConflictKind.TRAVEL: Text("两校区之间的路程时间不够", "There is too little time for the way"),
    ConflictKind.LEAVE: Text("教师该时段请假", "The teacher is on leave at this time"),
    ConflictKind.NOT_A_TEACHING_DAY: Text(
        "不是该校区的上课日", "It is not a teaching day at this campus"
    ),
    ConflictKind.NO_SUCH_PERIOD: Text(
        "该校区当日作息中没有这一节", "The bells of this campus have no such period that day"
    ),
    ConflictKind.OUTSIDE_VALIDITY: Text(
        "超出该课程安排的有效期", "It is outside the validity of the weekly slot"
    ),
    ConflictKind.NOT_A_MEMBER: Text(
        "学校在这些日期不是该集团成员", "The school is not a member of the group on these days"
    ),
    ConflictKind.NOT_QUALIFIED: Text(
        "教师没有该学科学段的任教资格", "The teacher may not teach this subject at this stage"
    ),
    ConflictKind.RETIRED: Text(
        "教师在这些日期已到退休日期", "The teacher has reached retirement on these days"
    ),
    ConflictKind.LEFT: Text(
        "教师在这些日期不在派出校任职", "The home school does not employ the teacher on these days"
    ),
    ConflictKind.CLASS_NOT_THERE: Text(
        "班级在这些日期不在该校区", "The class is not at this campus on these days"
    ),
    ConflictKind.DAILY_MAXIMUM: Text(
        "当日课时超过上限", "There are more lessons on this day than the maximum"
    ),
    ConflictKind.WEEKLY_MAXIMUM: Text(
        "当周课时超过上限", "There are more lessons in this week than the maximum"
    ),
    ConflictKind.MANY_TRANSFERS: Text(
        "半天内往返校区次数过多", "There are too many transfers in one half-day"
    ),
    ConflictKind.NO_LUNCH: Text("午餐休息时间不足", "There is too little time for lunch"),
    ConflictKind.RESEARCH_HALF_DAY: Text(
        "占用该学科固定的教研半天", "It is in the half-day in which teachers of the subject meet"
    ),
    ConflictKind.ALREADY_OVER: Text(
        "时间已过,发布后仍会排入;如从今后才开始,请填写起始日期",
        "It would be over already, and is laid all the same: name a later first day if it is not"
        " meant to count",
    ),
}
"""Each kind in a sentence."""

_SOFT = frozenset(
    {
        ConflictKind.DAILY_MAXIMUM,
        ConflictKind.WEEKLY_MAXIMUM,
        ConflictKind.MANY_TRANSFERS,
        ConflictKind.NO_LUNCH,
        ConflictKind.RESEARCH_HALF_DAY,
        ConflictKind.ALREADY_OVER,
    }
)

_BUSY = {
    ResourceKind.TEACHER: ConflictKind.TEACHER_BUSY,
    ResourceKind.CLASS: ConflictKind.CLASS_BUSY,
    ResourceKind.ROOM: ConflictKind.ROOM_BUSY,
    ResourceKind.FACILITY: ConflictKind.ROOM_BUSY,
}


# Patterns on the calendar


@dataclass(frozen=True, slots=True)
class Pattern:
    """A weekly period: which weekday, which period, which teaching weeks, from when until when."""

    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    valid_from: date
    valid_until: date
    """Exclusive."""

    def falls_on(self, day: TeachingDay) -> bool:
        """Whether the pattern meets a day, by the weekday and parity that the day follows."""
        return (
            day.weekday == self.weekday
            and self.valid_from <= day.on_date < self.valid_until
            and (self.parity is Parity.EVERY or day.parity.value == self.parity.value)
            and (self.weeks is None or day.week in self.weeks)
        )


class Occurrence(NamedTuple):
    """One dated time of a pattern."""

    on_date: date
    week: int
    starts_at: datetime
    ends_at: datetime


class LaidOut(NamedTuple):
    """A pattern on a calendar: the dated times, and the days on which the period has no bell."""

    occurrences: tuple[Occurrence, ...]
    silent: tuple[date, ...]


BellsOn = Callable[[date], Mapping[int, PeriodTimes]]


def lay_out(
    pattern: Pattern, *, days: Iterable[TeachingDay], bells_on: BellsOn, zone: ZoneInfo
) -> LaidOut:
    """The dates on which a pattern is taught, by the calendar and bells of the host campus."""
    occurrences: list[Occurrence] = []
    silent: list[date] = []
    for day in days:
        if not pattern.falls_on(day):
            continue
        bell = bells_on(day.on_date).get(pattern.period)
        if bell is None:
            silent.append(day.on_date)
        else:
            occurrences.append(dated(day, bell=bell, zone=zone))
    return LaidOut(tuple(occurrences), tuple(silent))


def dated(day: TeachingDay, *, bell: PeriodTimes, zone: ZoneInfo) -> Occurrence:
    """A bell on a day. Wall times become instants day by day: a term may cross a clock change."""
    return Occurrence(
        day.on_date,
        day.week,
        datetime.combine(day.on_date, bell.starts, zone),
        datetime.combine(day.on_date, bell.ends, zone),
    )


@dataclass(frozen=True, slots=True)
class Host:
    """A campus as patterns meet it: its teaching days by weekday, its bells by stage, its zone."""

    zone: ZoneInfo
    days: Mapping[int, Sequence[TeachingDay]]
    bells: Mapping[str, BellsOn]

    def lay_out(self, pattern: Pattern, *, stage: str) -> LaidOut:
        """The dates of a pattern at this campus."""
        return lay_out(
            pattern,
            days=self.days.get(pattern.weekday, ()),
            bells_on=self.bells.get(stage, no_bells),
            zone=self.zone,
        )

    def day(self, on_date: date) -> TeachingDay | None:
        """The teaching day on a date, if it is one."""
        return next(
            (day for days in self.days.values() for day in days if day.on_date == on_date), None
        )

    def periods(self, *, stage: str, on_date: date) -> Mapping[int, PeriodTimes]:
        """The bells of a stage on a date."""
        return self.bells.get(stage, no_bells)(on_date)


def no_bells(_: date) -> Mapping[int, PeriodTimes]:
    """A campus that has not said when its periods begin."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotPlan:
    """A weekly slot that is to be laid: whose time it takes, where, and by which pattern."""

    slot_id: UUID
    teacher_id: UUID
    subject: str
    campus_id: UUID
    stage: str
    class_ids: tuple[UUID, ...]
    room_id: UUID | None
    pattern: Pattern
    origin: Origin
    origin_id: UUID | None

    def resources(self) -> Iterator[tuple[ResourceKind, UUID]]:
        """Everybody and everything whose time it takes."""
        yield ResourceKind.TEACHER, self.teacher_id
        for class_id in self.class_ids:
            yield ResourceKind.CLASS, class_id
        if self.room_id is not None:
            yield ResourceKind.ROOM, self.room_id

    def duties(self, occurrences: Iterable[Occurrence]) -> Iterator["Duty"]:
        """The time it takes at these occurrences."""
        for occurrence in occurrences:
            for kind, resource_id in self.resources():
                yield Duty(
                    kind,
                    resource_id,
                    occurrence.starts_at,
                    occurrence.ends_at,
                    TimeKind.LESSON,
                    self.campus_id,
                    self.slot_id,
                )


def lesson_id(slot_id: UUID, planned_on: date) -> UUID:
    """The id of a slot's lesson on a day: laying a term again meets the same lessons."""
    return UUID(bytes=slot_id.bytes[:14] + (planned_on - _EPOCH).days.to_bytes(2, "big"))


def planned_on(lesson_id: UUID) -> date:
    """The day for which a lesson was laid, which its id tells."""
    return _EPOCH + timedelta(days=int.from_bytes(lesson_id.bytes[14:], "big"))


# Ways between campuses


class Position(NamedTuple):
    """Where a campus lies, on which of the grids in use; they differ by half a kilometre."""

    longitude: float
    latitude: float
    datum: Datum


class Way(NamedTuple):
    """How long it takes from one campus to another, and how much to spare."""

    minutes: int
    buffer: int
    estimated: bool

    @property
    def needed(self) -> int:
        """Minutes between the end of one duty and the start of the next."""
        return self.minutes + self.buffer


Ways = Mapping[tuple[UUID, UUID], Way]


@dataclass(frozen=True, slots=True)
class Estimate:
    """How a way is guessed from two positions. A district sets its own numbers."""

    detour: float = 1.6
    """Road kilometres for each kilometre of the crow; mountain roads wind."""
    kilometres_per_hour: float = 30.0
    buffer: int = 10
    unknown_minutes: int = 60
    """Where a campus has no position."""

    def way(self, here: Position | None, there: Position | None) -> Way:
        """A way nobody has measured, rounded up to five minutes."""
        if here is None or there is None:
            return Way(self.unknown_minutes, self.buffer, estimated=True)
        hours = kilometres(here, there) * self.detour / self.kilometres_per_hour
        return Way(ceil(hours * 12) * 5, self.buffer, estimated=True)


_EARTH_KM = 6371.0
_KRASOVSKY = 6378245.0
_KRASOVSKY_E2 = 0.00669342162296594323
_BD = pi * 3000.0 / 180.0


def kilometres(here: Position, there: Position) -> float:
    """The distance as the crow flies, whatever grids the positions were read from."""
    (lon1, lat1), (lon2, lat2) = _wgs84(here), _wgs84(there)
    half = sin(radians(lat2 - lat1) / 2) ** 2 + (
        cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * _EARTH_KM * asin(sqrt(half))


def _wgs84(position: Position) -> tuple[float, float]:
    lon, lat = position.longitude, position.latitude
    if position.datum is Datum.BD09:
        lon, lat = _bd09_to_gcj02(lon, lat)
    if position.datum is Datum.WGS84:
        return lon, lat
    shift_lon, shift_lat = _gcj02_shift(lon, lat)
    return lon - shift_lon, lat - shift_lat


def _bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    x, y = lon - 0.0065, lat - 0.006
    z = sqrt(x * x + y * y) - 0.00002 * sin(y * _BD)
    turn = 0.000003 * cos(x * _BD)
    angle = atan2(y, x) - turn
    return z * cos(angle), z * sin(angle)


def _gcj02_shift(lon: float, lat: float) -> tuple[float, float]:
    """How far the GCJ-02 grid moves a place; good to a few metres, roads are longer."""
    x, y = lon - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    bend = 1 - _KRASOVSKY_E2 * sin(radians(lat)) ** 2
    metres_lat = _KRASOVSKY * (1 - _KRASOVSKY_E2) / (bend * sqrt(bend)) * pi / 180
    metres_lon = _KRASOVSKY / sqrt(bend) * cos(radians(lat)) * pi / 180
    return east / metres_lon, north / metres_lat


# Duties of a day


class Duty(NamedTuple):
    """A stretch of somebody's or something's time that is taken, or is wanted."""

    resource_kind: ResourceKind
    resource_id: UUID
    starts_at: datetime
    ends_at: datetime
    kind: TimeKind
    campus_id: UUID | None
    source_id: UUID


class Leg(NamedTuple):
    """A way between two duties of one day."""

    earlier: Duty
    later: Duty
    way: Way
    free_since: datetime
    """The end of whatever comes before."""

    @property
    def available_minutes(self) -> int:
        """How long there is, up to the start of the later duty."""
        return _minutes(self.free_since, self.later.starts_at)

    @property
    def leave_by(self) -> datetime:
        """The last moment to set off."""
        return self.later.starts_at - timedelta(minutes=self.way.needed)

    @property
    def fits(self) -> bool:
        """Whether the way can be made in the time there is."""
        return self.available_minutes >= self.way.needed

    @property
    def ends(self) -> tuple[UUID | None, UUID | None]:
        """From which campus to which."""
        return self.earlier.campus_id, self.later.campus_id

    def squeezed(self) -> "Leg":
        """The way as it fits: no longer than the time there is."""
        if self.fits:
            return self
        return self._replace(way=self.way._replace(minutes=self.available_minutes, buffer=0))


def eased(legs: Iterable[Leg], *, fresh: Collection[UUID]) -> list[Leg]:
    """Ways that are judged only where one of their ends is new; the others take what there is."""
    new = frozenset(fresh)
    return [
        leg if leg.earlier.source_id in new or leg.later.source_id in new else leg.squeezed()
        for leg in legs
    ]


def legs_of(duties: Iterable[Duty], *, ways: Ways, zone: ZoneInfo) -> list[Leg]:
    """The ways one person's duties ask for, day by day.

    A duty without a campus (leave, a call) leaves the person where they are, but takes its time.
    """
    legs: list[Leg] = []
    for day in _by_day(duties, zone).values():
        place: tuple[UUID, Duty] | None = None
        busy_until = day[0].starts_at
        for duty in day:
            if duty.campus_id is not None:
                if place is not None and place[0] != duty.campus_id:
                    legs.append(Leg(place[1], duty, ways[place[0], duty.campus_id], busy_until))
                place = duty.campus_id, duty
            busy_until = max(busy_until, duty.ends_at)
    return legs


def ways_asked(duties: Iterable[Duty], *, zone: ZoneInfo) -> set[tuple[UUID, UUID]]:
    """The pairs of campuses whose ways ``legs_of`` will ask for."""
    pairs: set[tuple[UUID, UUID]] = set()
    for day in _by_day(duties, zone).values():
        places = [duty.campus_id for duty in day if duty.campus_id is not None]
        pairs.update((here, there) for here, there in pairwise(places) if here != there)
    return pairs


def _by_day(duties: Iterable[Duty], zone: ZoneInfo) -> dict[date, list[Duty]]:
    days: dict[date, list[Duty]] = defaultdict(list)
    for duty in sorted(duties, key=lambda duty: (duty.starts_at, duty.ends_at)):
        days[duty.starts_at.astimezone(zone).date()].append(duty)
    return days


def _minutes(from_: datetime, until: datetime) -> int:
    return max(0, int((until - from_).total_seconds() // 60))


# Conflicts


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing that stands in the way of a plan, or makes it unwise.

    ``wanted`` is the duty that was asked for, ``other`` what has the time already. Where the
    obstacle is a fact and not a duty, ``from_date`` and ``until`` say on which days it holds.
    """

    kind: ConflictKind
    wanted: Duty | None = None
    other: Duty | None = None
    from_date: date | None = None
    until: date | None = None
    subject_id: UUID | None = None
    """The school, class or teacher that the fact is about."""
    needed_minutes: int | None = None
    available_minutes: int | None = None
    limit: int | None = None
    count: int | None = None


def clashes(wanted: Sequence[Duty], *, standing: Sequence[Duty]) -> list[Conflict]:
    """Every overlap of wanted duties with what stands, and with each other; touching is allowed."""
    asked = set(wanted)
    found: list[Conflict] = []
    by_resource: dict[UUID, list[Duty]] = defaultdict(list)
    for duty in (*standing, *wanted):
        by_resource[duty.resource_id].append(duty)
    for duties in by_resource.values():
        found.extend(
            _clash(earlier, later, asked=asked)
            for earlier, later in _overlapping(duties)
            if earlier in asked or later in asked
        )
    return found


def _overlapping(duties: list[Duty]) -> Iterator[tuple[Duty, Duty]]:
    open_: list[Duty] = []
    for duty in sorted(duties, key=lambda duty: duty.starts_at):
        open_ = [former for former in open_ if former.ends_at > duty.starts_at]
        yield from ((former, duty) for former in open_)
        open_.append(duty)


def _clash(earlier: Duty, later: Duty, *, asked: Collection[Duty]) -> Conflict:
    wanted, other = (later, earlier) if later in asked else (earlier, later)
    kind = clash_kind(wanted.resource_kind, other.kind)
    return Conflict(kind=kind, wanted=wanted, other=other)


def clash_kind(resource: ResourceKind, standing: TimeKind) -> ConflictKind:
    """What it is called when a resource's time is taken by something that stands."""
    return ConflictKind.LEAVE if standing is TimeKind.LEAVE else _BUSY[resource]


def misfits(legs: Iterable[Leg], *, wanted: Collection[Duty]) -> list[Conflict]:
    """Ways to or from wanted duties that cannot be made in time; an overlap is a ``clash``."""
    asked = set(wanted)
    return [
        too_long(leg, asked=asked)
        for leg in legs
        if not leg.fits
        and (leg.later in asked or leg.earlier in asked)
        and leg.earlier.ends_at <= leg.later.starts_at
    ]


def too_long(leg: Leg, *, asked: Collection[Duty] = ()) -> Conflict:
    """What a way that does not fit is called."""
    backwards = leg.earlier in asked and leg.later not in asked
    return Conflict(
        kind=ConflictKind.TRAVEL,
        wanted=leg.earlier if backwards else leg.later,
        other=leg.later if backwards else leg.earlier,
        needed_minutes=leg.way.needed,
        available_minutes=leg.available_minutes,
    )


@dataclass(frozen=True, slots=True)
class Habits:
    """What makes a teacher's day bearable. A district sets its own numbers."""

    daily_lessons: int = 6
    weekly_lessons: int = 20
    transfers_per_half_day: int = 1
    noon: time = time(12, 30)
    lunch_from: time = time(11, 0)
    lunch_until: time = time(14, 30)
    lunch_minutes: int = 40


def hardships(
    duties: Iterable[Duty], *, legs: Iterable[Leg], habits: Habits, zone: ZoneInfo
) -> list[Conflict]:
    """What is possible but unwise in one teacher's days and weeks (all duties, wanted and old)."""
    days = _by_day(duties, zone)
    legs_by_day: dict[date, list[Leg]] = defaultdict(list)
    for leg in legs:
        legs_by_day[leg.later.starts_at.astimezone(zone).date()].append(leg)
    found = _too_many(
        {day: _lessons(duties) for day, duties in days.items()},
        kind=ConflictKind.DAILY_MAXIMUM,
        limit=habits.daily_lessons,
        length=1,
    )
    weeks: dict[date, int] = defaultdict(int)
    for day, duties_ in days.items():
        weeks[monday_of(day)] += _lessons(duties_)
    found += _too_many(
        weeks, kind=ConflictKind.WEEKLY_MAXIMUM, limit=habits.weekly_lessons, length=7
    )
    for day, duties_ in days.items():
        found += _hasty(day, legs_by_day[day], habits=habits, zone=zone)
        found += _hungry(day, duties_, legs_by_day[day], habits=habits, zone=zone)
    return found


def at_research(
    duties: Iterable[Duty], *, half_day: str | None, noon: time, zone: ZoneInfo
) -> list[Conflict]:
    """A teacher's lessons in the half-day (``3-pm``) in which those of the subject meet."""
    found = []
    for duty in duties:
        at = duty.starts_at.astimezone(zone)
        half = "am" if at.time() < noon else "pm"
        if duty.resource_kind is ResourceKind.TEACHER and f"{at.isoweekday()}-{half}" == half_day:
            found.append(_on(at.date(), duty, kind=ConflictKind.RESEARCH_HALF_DAY))
    return found


def over(duties: Iterable[Duty], *, now: datetime, zone: ZoneInfo) -> list[Conflict]:
    """A teacher's lessons that have begun by now."""
    return [
        _on(duty.starts_at.astimezone(zone).date(), duty, kind=ConflictKind.ALREADY_OVER)
        for duty in duties
        if duty.resource_kind is ResourceKind.TEACHER and duty.starts_at < now
    ]


def _on(day: date, duty: Duty, *, kind: ConflictKind) -> Conflict:
    return Conflict(kind=kind, wanted=duty, from_date=day, until=day + timedelta(days=1))


def _lessons(duties: Iterable[Duty]) -> int:
    return sum(duty.kind is TimeKind.LESSON for duty in duties)


def _too_many(
    counts: Mapping[date, int], *, kind: ConflictKind, limit: int, length: int
) -> list[Conflict]:
    return [
        Conflict(
            kind=kind,
            from_date=day,
            until=day + timedelta(days=length),
            limit=limit,
            count=count,
        )
        for day, count in counts.items()
        if count > limit
    ]


def _hasty(day: date, legs: Sequence[Leg], *, habits: Habits, zone: ZoneInfo) -> Iterator[Conflict]:
    mornings = [leg.later.starts_at.astimezone(zone).time() < habits.noon for leg in legs]
    for count in (mornings.count(True), mornings.count(False)):
        if count > habits.transfers_per_half_day:
            yield Conflict(
                kind=ConflictKind.MANY_TRANSFERS,
                from_date=day,
                until=day + timedelta(days=1),
                limit=habits.transfers_per_half_day,
                count=count,
            )


def _hungry(
    day: date, duties: Sequence[Duty], legs: Sequence[Leg], *, habits: Habits, zone: ZoneInfo
) -> Iterator[Conflict]:
    opens = datetime.combine(day, habits.lunch_from, zone)
    closes = datetime.combine(day, habits.lunch_until, zone)
    if duties[0].starts_at >= opens or max(duty.ends_at for duty in duties) <= closes:
        return
    taken = [(duty.starts_at, duty.ends_at) for duty in duties]
    taken += [(leg.leave_by, leg.later.starts_at) for leg in legs]
    longest, free_since = 0, opens
    for starts_at, ends_at in sorted(taken):
        longest = max(longest, _minutes(free_since, min(starts_at, closes)))
        free_since = max(free_since, ends_at)
    longest = max(longest, _minutes(free_since, closes))
    if longest < habits.lunch_minutes:
        yield Conflict(
            kind=ConflictKind.NO_LUNCH,
            from_date=day,
            until=day + timedelta(days=1),
            needed_minutes=habits.lunch_minutes,
            available_minutes=longest,
        )


def gaps(
    spans: Iterable[tuple[date | None, date | None]], *, from_: date, until: date
) -> list[tuple[date, date]]:
    """The parts of ``[from_, until)`` that no span covers; ``None`` is without end."""
    found: list[tuple[date, date]] = []
    for lower, upper in sorted(spans, key=lambda span: span[0] or date.min):
        starts = lower or date.min
        if starts > from_:
            found.append((from_, min(starts, until)))
        from_ = max(from_, upper or date.max)
        if from_ >= until:
            return [gap for gap in found if gap[0] < gap[1]]
    return [*found, (from_, until)]


# A new timetable in the place of an old one


class SlotKey(NamedTuple):
    """What makes a weekly slot the same slot: everything but the day from which it stands."""

    teacher_id: UUID
    campus_id: UUID
    subject: str
    stage: str
    weekday: int
    period: int
    parity: Parity
    weeks: tuple[int, ...] | None
    class_ids: tuple[UUID, ...]
    room_id: UUID | None
    valid_until: date


@dataclass(frozen=True, slots=True)
class WantedSlot:
    """A slot as a new timetable has it; ``row`` is its place there."""

    row: int
    key: SlotKey
    valid_from: date
    term: tuple[date, date]


@dataclass(frozen=True, slots=True)
class StandingSlot:
    """A slot as it stands."""

    slot_id: UUID
    key: SlotKey
    valid_from: date


@dataclass(frozen=True, slots=True)
class SlotChanges:
    """What is to be laid, each from which day on, and what is to end."""

    added: list[tuple[WantedSlot, date]]
    ended: list[StandingSlot]


def compare_slots(
    wanted: Sequence[WantedSlot], standing: Sequence[StandingSlot], *, change_day: date
) -> SlotChanges:
    """The smallest change that brings teachers' slots up to a new timetable.

    The timetable is the whole of every teacher it names, in the terms it names. At a campus that
    has one already, nothing before ``change_day`` is touched: what is new begins there, so a slot
    that stands from that day counts as the same as one wanted from an earlier one.
    """
    known: dict[SlotKey, list[StandingSlot]] = defaultdict(list)
    for one in standing:
        known[one.key].append(one)
    settled = {one.key.campus_id for one in standing}
    kept: set[UUID] = set()
    added: list[tuple[WantedSlot, date]] = []
    for want in wanted:
        same = next((one for one in known[want.key] if _is_same(one, want, change_day)), None)
        starts = want.valid_from
        if want.key.campus_id in settled:
            starts = max(starts, change_day)
        if same is not None:
            kept.add(same.slot_id)
        elif starts < want.key.valid_until:
            added.append((want, starts))
    terms: dict[UUID, set[tuple[date, date]]] = defaultdict(set)
    for want in wanted:
        terms[want.key.teacher_id].add(want.term)
    ended = [
        one
        for one in standing
        if one.slot_id not in kept
        and one.key.valid_until > change_day
        and any(
            one.valid_from < until and from_ < one.key.valid_until
            for from_, until in terms[one.key.teacher_id]
        )
    ]
    return SlotChanges(added, ended)


def _is_same(one: StandingSlot, want: WantedSlot, change_day: date) -> bool:
    return want.valid_from <= one.valid_from <= max(want.valid_from, change_day)


# Moving one lesson


class Wish(NamedTuple):
    """Where a lesson shall move: a day and a period, or clock times, or neither."""

    on_date: date | None = None
    period: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class Target(NamedTuple):
    """The time a wish comes to; ``period`` is empty where it keeps to no bell."""

    time: Occurrence
    period: int | None


def target_of(
    wish: Wish, *, present: Target, host: Host, stage: str, valid: tuple[date, date]
) -> Target | Conflict:
    """The time that a wish comes to at the host campus, or the fact that forbids it."""
    if wish.starts_at is not None:
        on_date = wish.starts_at.astimezone(host.zone).date()
    elif wish.on_date is not None:
        on_date = wish.on_date
    else:
        return present
    day = host.day(on_date)
    if day is None:
        return _fact(ConflictKind.NOT_A_TEACHING_DAY, on_date)
    if not valid[0] <= on_date < valid[1]:
        return _fact(ConflictKind.OUTSIDE_VALIDITY, on_date)
    if wish.starts_at is not None:
        usual = present.time.ends_at - present.time.starts_at
        ends_at = wish.ends_at or wish.starts_at + usual
        return Target(Occurrence(on_date, day.week, wish.starts_at, ends_at), None)
    bell = host.periods(stage=stage, on_date=on_date).get(wish.period or 0)
    if bell is None:
        return _fact(ConflictKind.NO_SUCH_PERIOD, on_date)
    return Target(dated(day, bell=bell, zone=host.zone), bell.number)


def _fact(kind: ConflictKind, on_date: date) -> Conflict:
    return Conflict(kind=kind, from_date=on_date, until=on_date + timedelta(days=1))


def times_of(host: Host, *, stage: str) -> Iterator[tuple[TeachingDay, Target]]:
    """Every time that the bells of a stage offer on the days of a host, in order."""
    for day in sorted(
        (day for days in host.days.values() for day in days), key=lambda day: day.on_date
    ):
        for period, bell in sorted(host.periods(stage=stage, on_date=day.on_date).items()):
            yield day, Target(dated(day, bell=bell, zone=host.zone), period)


def monday_of(day: date) -> date:
    """The Monday of the week a day lies in."""
    return day - timedelta(days=day.weekday())


# What would work


class Candidate(NamedTuple):
    """A weekly or single time that might do, with the duties it would ask for."""

    campus_id: UUID
    weekday: int
    period: int
    wanted: tuple[Duty, ...]


def free(
    candidates: Iterable[Candidate],
    *,
    standing: Sequence[Duty],
    ways_of: Callable[[UUID, UUID], Way],
    zone: ZoneInfo,
) -> Iterator[Candidate]:
    """Those candidates that clash with nothing and can be reached, in the order given."""
    for candidate in candidates:
        if not candidate.wanted or clashes(candidate.wanted, standing=standing):
            continue
        dates = {duty.starts_at.astimezone(zone).date() for duty in candidate.wanted}
        day = [
            duty
            for duty in (*standing, *candidate.wanted)
            if duty.resource_kind is ResourceKind.TEACHER
            and duty.starts_at.astimezone(zone).date() in dates
        ]
        ways = {pair: ways_of(*pair) for pair in ways_asked(day, zone=zone)}
        if all(leg.fits for leg in legs_of(day, ways=ways, zone=zone)):
            yield candidate
