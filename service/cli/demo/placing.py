"""Puts lessons into the week so that no teacher and no class is asked for twice.

Each week is a row of bits. A lesson takes the first period that is free on both sides, on a day
that does not have the subject yet; where none is left, another lesson of the class makes room.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.cli.demo.curriculum import MAJORS
from service.cli.demo.model import WEEKDAYS, Lesson, Teacher, Unit


@dataclass(frozen=True, slots=True)
class Demand:
    """So many lessons a week of a class with a teacher."""

    section: int
    subject: str
    teacher: Teacher
    count: int


class Grid:
    """The week of one unit."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._day = (1 << unit.shape.periods) - 1
        self._free = [unit.week & ~taken for taken in unit.taken]
        self._teachers = {teacher.number: unit.week & ~teacher.away for teacher in unit.teachers}
        self._placed: list[dict[int, tuple[str, Teacher]]] = [{} for _ in unit.sections]
        self.dropped = 0

    def take(self, teacher: Teacher, bit: int) -> bool:
        """Keep a period of a teacher for something else, if it is free."""
        free = bool(self._teachers[teacher.number] & bit)
        self._teachers[teacher.number] &= ~bit
        return free

    def fill(self, demands: Sequence[Demand], *, turn: int = 0) -> None:
        """Place all lessons, those of the busiest teachers first; each turn is another week."""
        load: dict[str, int] = {}
        for demand in demands:
            load[demand.teacher.number] = load.get(demand.teacher.number, 0) + demand.count
        ordered = sorted(demands, key=lambda demand: -load[demand.teacher.number])
        for place, demand in enumerate(ordered, start=turn):
            self._spread(demand, place)

    def _spread(self, demand: Demand, turn: int) -> None:
        width = self._unit.shape.periods
        missing = demand.count
        early = demand.subject in MAJORS
        while missing:
            before = missing
            for offset in range(WEEKDAYS):
                shift = (turn + offset) % WEEKDAYS * width
                common = self._free[demand.section] & self._teachers[demand.teacher.number]
                day = (common >> shift) & self._day
                if day:
                    chosen = day & -day if early else 1 << (day.bit_length() - 1)
                    self._put(demand, chosen << shift)
                    missing -= 1
                    if not missing:
                        return
            if missing == before:
                break
        for _ in range(missing):
            if not self._make_room(demand):
                self.dropped += 1

    def _put(self, demand: Demand, bit: int) -> None:
        self._free[demand.section] &= ~bit
        self._teachers[demand.teacher.number] &= ~bit
        self._placed[demand.section][bit] = (demand.subject, demand.teacher)

    def _make_room(self, demand: Demand) -> bool:
        """Move another lesson of the class to a period that only it can use."""
        placed = self._placed[demand.section]
        mine = self._teachers[demand.teacher.number]
        for bit, (subject, other) in placed.items():
            if not mine & bit or other is demand.teacher:
                continue
            usable = self._free[demand.section] & self._teachers[other.number]
            if usable:
                to = usable & -usable
                del placed[bit]
                self._teachers[other.number] |= bit
                self._free[demand.section] |= bit
                self._put(Demand(demand.section, subject, other, 1), to)
                self._put(demand, bit)
                return True
        return False

    def lessons(self) -> Sequence[Lesson]:
        """What was placed."""
        unit = self._unit
        return [
            Lesson(teacher, subject, (unit.sections[number].code,), *unit.place(bit))
            for number, placed in enumerate(self._placed)
            for bit, (subject, teacher) in placed.items()
        ]


def furnish(unit: Unit, lessons: Iterable[Lesson], *, kinds: dict[str, str]) -> None:
    """Give lessons a special room of their kind while one is free."""
    free = {code: unit.week for code, _, kind in unit.rooms if kind in kinds.values()}
    by_kind: dict[str, list[str]] = {}
    for code, _, kind in unit.rooms:
        by_kind.setdefault(kind, []).append(code)
    for lesson in lessons:
        bit = unit.bit(lesson.weekday, lesson.period)
        for code in by_kind.get(kinds.get(lesson.subject, ""), ()):
            if free[code] & bit:
                free[code] &= ~bit
                lesson.room = code
                break
