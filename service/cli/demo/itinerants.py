"""Who teaches where besides the own school: half-days at rural members that lack a subject.

A visiting half-day is kept free of home lessons, and a noon break is longer than any way: so every
day can be walked, whatever the calendar moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service.cli.demo.anchors import BAD_DRAFT, DRAFT_TEACHER, GOOD_DRAFT, ITINERANT
from service.cli.demo.blueprint import PRIMARY
from service.cli.demo.curriculum import ART, MUSIC, SCARCE
from service.cli.demo.curriculum import of as curriculum_of
from service.cli.demo.dice import Dice
from service.cli.demo.model import WEEKDAYS, Lesson, Teacher, Unit
from service.cli.demo.people import Office
from service.cli.demo.year import WEEKS

FIRST_HALF = tuple(range(1, 9))
SECOND_HALF = tuple(range(9, WEEKS + 1))


@dataclass(frozen=True, slots=True)
class Trip:
    """A half-day at a host, in some weeks."""

    host: Unit
    weekday: int
    morning: bool
    parity: str = "every"
    weeks: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """One class (or several together) at a host, with its weekly lessons."""

    code: str
    host: Unit
    lessons: tuple[Lesson, ...]
    state: str = "published"

    @property
    def teacher(self) -> Teacher:
        """Who goes."""
        return self.lessons[0].teacher


@dataclass(slots=True)
class Exchange:
    """Plans the itinerant teaching of a group."""

    group: int
    units: Sequence[Unit]
    office: Office
    dice: Dice
    assignments: list[Assignment] = field(default_factory=list)
    _codes: int = 0

    def plan(self) -> None:
        """Send teachers wherever a rural member lacks a subject and a town school has it."""
        if self.group == 1:
            self._send_anchors()
        for (stage, subject), hosts in self._shortages().items():
            donors = [unit for unit in self.units if unit.stage == stage and _can_give(unit)]
            while hosts and donors:
                count = self.dice.between(1, 3)
                self._send(self.dice.pick(donors), subject, hosts[:count])
                del hosts[:count]

    def _shortages(self) -> dict[tuple[str, str], list[Unit]]:
        found: dict[tuple[str, str], list[Unit]] = {}
        for unit in self.units:
            if not _lacks(unit):
                continue
            for subject in SCARCE[: self.dice.between(2, 4)]:
                known = self.group == 1 and subject in {MUSIC, ART}
                if not known:
                    found.setdefault((unit.stage, subject), []).append(unit)
        return found

    def _send(self, home: Unit, subject: str, hosts: Sequence[Unit]) -> None:
        teacher = self.office.hire(home.school, home.stage, subject, age=(26, 50))
        home.teachers.append(teacher)
        days = self.dice.between(0, WEEKDAYS - 1)
        for trip in self._trips(hosts, days):
            self.visit(teacher, home, subject, trip)

    def _trips(self, hosts: Sequence[Unit], days: int) -> Iterator[Trip]:
        """Every week, every other week, or half a term each: as schools agree on it."""
        morning = self.dice.chance(60)
        if len(hosts) > 1 and self.dice.chance(50):
            halves = (
                (("odd", None), ("even", None))
                if self.dice.chance(60)
                else (("every", FIRST_HALF), ("every", SECOND_HALF))
            )
            for host, (parity, weeks) in zip(hosts, halves, strict=False):
                yield Trip(host, days + 1, morning, parity, weeks)
            hosts, days = hosts[2:], days + 2
        for host in hosts:
            yield Trip(host, days % WEEKDAYS + 1, morning)
            days += 2

    def visit(
        self, teacher: Teacher, home: Unit, subject: str, trip: Trip, *, state: str = "published"
    ) -> None:
        """Give a teacher a half-day at a host: a lesson to each class that still needs one."""
        lessons = list(self._lessons(teacher, subject, trip))
        if not lessons:
            return
        teacher.away |= home.half_day(trip.weekday, morning=trip.morning)
        shared = trip.parity != "every" or trip.weeks is not None
        teacher.load += len(lessons) // 2 if shared else len(lessons)
        for lesson in lessons:
            code = GOOD_DRAFT if state == "draft" else self._code()
            self.assignments.append(Assignment(code, trip.host, (lesson,), state))

    def _lessons(self, teacher: Teacher, subject: str, trip: Trip) -> Iterator[Lesson]:
        host = trip.host
        waiting = [
            number
            for number, section in enumerate(host.sections)
            if host.visited[number].get(subject, 0)
            < curriculum_of(host.stage, section.grade).get(subject, 0)
        ]
        waiting.sort(key=lambda number: (host.visited[number].get(subject, 0), number))
        for period in host.shape.half(morning=trip.morning):
            bit = host.bit(trip.weekday, period)
            number = next((one for one in waiting if not host.taken[one] & bit), None)
            if number is None:
                continue
            waiting.remove(number)
            host.taken[number] |= bit
            host.visited[number][subject] = host.visited[number].get(subject, 0) + 1
            if trip.parity != "every":
                other = "even" if trip.parity == "odd" else "odd"
                host.fillers.append((number, bit, other))
            yield Lesson(
                teacher,
                subject,
                (host.sections[number].code,),
                trip.weekday,
                period,
                trip.parity,
                trip.weeks,
            )

    def _code(self) -> str:
        self._codes += 1
        return f"ZJ-2026-{self.group:03}-{self._codes:03}"

    # What documentation shows

    def _send_anchors(self) -> None:
        home, rural, village = self.units[0], *(unit for unit in self.units if _lacks(unit))
        music = self.office.hire(home.school, PRIMARY, MUSIC, age=(33, 33), number=ITINERANT)
        home.teachers.append(music)
        for trip in (
            Trip(rural, 2, morning=False),
            Trip(rural, 4, morning=True, parity="odd"),
            Trip(village, 4, morning=True, parity="even"),
        ):
            self.visit(music, home, MUSIC, trip)
        art = self.office.hire(home.school, PRIMARY, ART, age=(29, 29), number=DRAFT_TEACHER)
        home.teachers.append(art)
        self._draft(art, home, Trip(rural, 3, morning=True))

    def _draft(self, teacher: Teacher, home: Unit, trip: Trip) -> None:
        """A wish that nothing stands against: its time stays free on all sides."""
        period = trip.host.shape.morning
        bit = trip.host.bit(trip.weekday, period)
        section = len(trip.host.sections) - 1
        trip.host.taken[section] |= bit
        teacher.away |= home.half_day(trip.weekday, morning=trip.morning)
        lesson = Lesson(teacher, ART, (trip.host.sections[section].code,), trip.weekday, period)
        self.assignments.append(Assignment(GOOD_DRAFT, trip.host, (lesson,), "draft"))

    def draft_a_clash(self, lessons: Sequence[Lesson]) -> None:
        """A wish that takes a teacher out of a lesson at home."""
        host = next(unit for unit in self.units if _lacks(unit))
        home = next(one for one in lessons if one.teacher.number == DRAFT_TEACHER)
        lesson = Lesson(home.teacher, ART, (host.sections[0].code,), home.weekday, home.period)
        self.assignments.append(Assignment(BAD_DRAFT, host, (lesson,), "draft"))


def _lacks(unit: Unit) -> bool:
    return unit.school.rural and unit.spot.in_the_hills and bool(unit.school.tier)


def _can_give(unit: Unit) -> bool:
    return not unit.school.rural and unit.school.tier in {"lead", "close"}
