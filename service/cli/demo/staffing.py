"""Who teaches which class at home: posts are filled, and small schools share the rest."""

from collections.abc import Iterable, Iterator

from service.cli.demo import curriculum
from service.cli.demo.blueprint import PRESCHOOL
from service.cli.demo.curriculum import CHINESE, HOMEROOM, LABOUR, POST, POST_OF_OTHERS, SCARCE
from service.cli.demo.model import Lesson, Teacher, Unit
from service.cli.demo.people import Office
from service.cli.demo.placing import Demand, Grid

_FULL = 14
"""Home lessons a week beyond which nobody takes over what is left."""
_HALF_A_POST = 5
_WITHOUT_LESSONS = 35
"""For a hundred who teach: offices, libraries, leave."""
_CAREGIVERS = 2
"""Beside the homeroom teacher of a kindergarten class."""


def staff(unit: Unit, office: Office) -> list[Demand]:
    """Employ the teachers of a unit and divide its lessons among them."""
    wanted = _wanted(unit)
    demands = list(_homerooms(unit, office, wanted))
    rest: list[tuple[str, int, int]] = []
    for subject in _subjects(wanted):
        classes = [(number, needs[subject]) for number, needs in wanted if needs.get(subject)]
        demands += _posts(unit, office, subject, classes)
        rest += [(subject, number, count) for number, count in classes]
    demands += _shared(unit, office, rest)
    _others(unit, office)
    return demands


def _wanted(unit: Unit) -> list[tuple[int, dict[str, int]]]:
    """For each class, what visiting teachers leave to be taught."""
    return [
        (
            number,
            {
                subject: count - unit.visited[number].get(subject, 0)
                for subject, count in curriculum.of(unit.stage, section.grade).items()
            },
        )
        for number, section in enumerate(unit.sections)
    ]


def _subjects(wanted: Iterable[tuple[int, dict[str, int]]]) -> list[str]:
    return list(dict.fromkeys(subject for _, needs in wanted for subject in needs))


def _homerooms(
    unit: Unit, office: Office, wanted: list[tuple[int, dict[str, int]]]
) -> Iterator[Demand]:
    subjects = HOMEROOM[unit.stage]
    if not subjects:
        return
    here = [one for one in unit.teachers if not one.away]
    for number, needs in wanted:
        teacher = here.pop() if here else _employ(unit, office, *subjects)
        for subject in subjects:
            if count := needs.pop(subject, 0):
                yield _given(teacher, number, subject, count)


def _employ(unit: Unit, office: Office, *subjects: str) -> Teacher:
    teacher = office.hire(unit.school, unit.stage, *subjects)
    unit.teachers.append(teacher)
    return teacher


def _given(teacher: Teacher, section: int, subject: str, count: int) -> Demand:
    teacher.load += count
    return Demand(section, subject, teacher, count)


def _posts(
    unit: Unit, office: Office, subject: str, classes: list[tuple[int, int]]
) -> Iterator[Demand]:
    """Fill posts of one subject while there is enough to teach; what is over stays in the list."""
    post = POST.get(subject, POST_OF_OTHERS)
    waiting = [
        one for one in unit.teachers if one.teaches[0] == (unit.stage, subject) and not one.load
    ]
    waiting += [one for one in unit.teachers if one.away and one.teaches[0][1] == subject]
    scarce = unit.school.rural and subject in SCARCE
    while classes and (
        waiting or (not scarce and sum(count for _, count in classes) >= _HALF_A_POST)
    ):
        teacher = waiting.pop(0) if waiting else _employ(unit, office, subject)
        while classes and teacher.load + classes[0][1] <= post + (_AWAY if teacher.away else 0):
            number, count = classes.pop(0)
            yield _given(teacher, number, subject, count)


_AWAY = 4
"""Lessons elsewhere count, but who travels is still wanted at home."""


def _shared(unit: Unit, office: Office, rest: list[tuple[str, int, int]]) -> Iterator[Demand]:
    """Give what makes no post to whoever has least to do, and let them learn it."""
    for subject, number, count in rest:
        able = [one for one in unit.teachers if not one.away and one.load + count <= _FULL]
        teacher = min(able, key=lambda one: one.load) if able else _employ(unit, office, subject)
        teacher.may(unit.stage, subject)
        yield _given(teacher, number, subject, count)


def _others(unit: Unit, office: Office) -> None:
    if unit.stage == PRESCHOOL:
        for _ in unit.sections:
            for _ in range(_CAREGIVERS):
                office.hire(unit.school, PRESCHOOL, *HOMEROOM[PRESCHOOL])
        return
    for _ in range(len(unit.teachers) * _WITHOUT_LESSONS // 100):
        subject = office.dice.pick([CHINESE, CHINESE, "14", "22", LABOUR])
        office.hire(unit.school, unit.stage, subject)


def fillers(unit: Unit, grid: Grid) -> Iterator[Lesson]:
    """What classes do while a visiting teacher is elsewhere in every other week."""
    for number, bit, parity in unit.fillers:
        able = [one for one in unit.teachers if not one.away]
        for teacher in sorted(able, key=lambda one: one.load):
            if grid.take(teacher, bit):
                teacher.may(unit.stage, LABOUR)
                code = unit.sections[number].code
                yield Lesson(teacher, LABOUR, (code,), *unit.place(bit), parity)
                break
