"""Teachers with a plausible age, title and honour; rural schools have the youngest and the oldest.

Nobody here is real: see :mod:`service.cli.demo.invention`.
"""

from dataclasses import dataclass, field
from datetime import date

from service.cli.demo import invention
from service.cli.demo.blueprint import SchoolPlan
from service.cli.demo.dice import Dice
from service.cli.demo.model import Teacher

_YEAR = 2026
_MOST_IN_A_GROUP = 9_999
_PEOPLE_OF_A_GROUP = 520
"""So far apart begin the names of two groups."""
_STAYS_UNTIL = date(2027, 8, 31)
_RESERVED = 10

_TITLES = (
    # From so many years of service on, with so many in a hundred; the first that falls is taken.
    (25, 2, "senior_full"),
    (16, 45, "senior"),
    (7, 85, "first"),
    (1, 80, "second"),
    (0, 40, "third"),
)
_HONOURS = (
    (75, ("backbone", ("school", "district", "district", "city"))),
    (15, ("subject_leader", ("district", "city"))),
    (8, ("master", ("district", "city"))),
    (2, ("special", ("province",))),
)
_RURAL_AGES = ((45, (23, 30)), (20, (31, 44)), (35, (45, 58)))
_TOWN_AGES = ((30, (24, 35)), (35, (36, 45)), (35, (46, 58)))


@dataclass(slots=True)
class Office:
    """Employs the teachers of a group, one number after the other."""

    group: int
    dice: Dice
    teachers: list[Teacher] = field(default_factory=list)
    _next: int = _RESERVED

    def hire(
        self,
        school: SchoolPlan,
        stage: str,
        *subjects: str,
        age: tuple[int, int] | None = None,
        number: str | None = None,
    ) -> Teacher:
        """Employ somebody at a school; numbers that others know are given, the rest counted."""
        if number is None:
            number = f"T{self.group:03}{self._next:04}"
            self._next += 1
        dice = self.dice
        years_old = dice.between(*(age or self._ages(school)))
        served = max(0, years_old - dice.between(22, 25))
        level, grantor = self._honour(served, rural=school.rural)
        since = date(_YEAR - served, 9, 1) if served else date(_YEAR, 8, 20)
        stayed = dice.between(0, served) if dice.chance(70) else served
        teacher = Teacher(
            number=number,
            name=invention.person(self.group * _PEOPLE_OF_A_GROUP + int(number[4:])),
            school=school,
            joined_on=date(_YEAR - stayed, 9, 1) if stayed else date(_YEAR, 8, 20),
            teaching_since=since,
            birth_year=_YEAR - years_old,
            expected_retirement_on=self._retirement(_YEAR - years_old),
            title=self._title(served),
            backbone_level=level,
            backbone_grantor=grantor,
            cadre=served > _CADRE_FROM and dice.chance(8),
            teaches=[(stage, subject) for subject in subjects],
        )
        self.teachers.append(teacher)
        return teacher

    def _ages(self, school: SchoolPlan) -> tuple[int, int]:
        return self.dice.weigh(*(_RURAL_AGES if school.rural else _TOWN_AGES))

    def _title(self, served: int) -> str:
        for years, percent, title in _TITLES:
            if served >= years and self.dice.chance(percent):
                return title
        return "none"

    def _honour(self, served: int, *, rural: bool) -> tuple[str | None, str | None]:
        if served < _HONOUR_FROM or not self.dice.chance(7 if rural else 17):
            return None, None
        level, grantors = self.dice.weigh(*_HONOURS)
        return level, self.dice.pick(grantors)

    def _retirement(self, birth_year: int) -> date:
        day = date(birth_year + self.dice.pick([55, 60, 60]), self.dice.between(1, 12), 1)
        return max(day, _STAYS_UNTIL)


_CADRE_FROM = 5
_HONOUR_FROM = 8
