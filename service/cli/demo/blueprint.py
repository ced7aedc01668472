"""Which groups there are, of which schools, with which campuses and classes.

A group depends on its number and the seed alone: the groups of a small district are the first
groups of a large one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.cli.demo import invention
from service.cli.demo.dice import Dice

PRESCHOOL, PRIMARY, JUNIOR, SENIOR = "1", "2", "3", "4"
GRADES: Mapping[str, range] = {
    PRESCHOOL: range(1, 4),
    PRIMARY: range(1, 7),
    JUNIOR: range(7, 10),
    SENIOR: range(10, 13),
}

_ROUND = 14
_KINDERGARTENS = frozenset({1, 4, 7, 10, 13})
_WITHOUT_CLOSE, _WITHOUT_LEAD = 2, 4
FEWEST_GROUPS = 3
"""A conforming group, kindergartens, and one that does not conform."""


@dataclass(frozen=True, slots=True)
class CampusPlan:
    """A campus: how many classes each grade of a stage has, and how far it is from the town."""

    name: str
    classes: Mapping[str, tuple[int, ...]]
    minutes: int = 10


@dataclass(frozen=True, slots=True)
class SchoolPlan:
    """A school and its place in the group."""

    code: str
    name: str
    short_name: str
    type_code: str
    urban_rural_code: str
    tier: str
    campuses: tuple[CampusPlan, ...]
    seat: int | None = None
    weak: bool = False

    @property
    def rural(self) -> bool:
        """In a township or a village."""
        return self.urban_rural_code in {"210", "220"}


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A group and its schools, the lead first."""

    number: int
    name: str
    kind: str
    category: str
    schools: tuple[SchoolPlan, ...]
    guests: tuple[str, ...] = ()
    """Schools of other groups that are alliance members here too."""
    outsiders: tuple[SchoolPlan, ...] = field(default=())
    """Schools nearby that belong to no group."""


def count_of(scale: float) -> int:
    """How many groups a district of a scale has."""
    return max(FEWEST_GROUPS, round(_ROUND * scale))


def group(number: int) -> GroupPlan:
    """The group with a number, from 1."""
    place = (number - 1) % _ROUND
    if place in _KINDERGARTENS:
        return _kindergartens(number, leaderless=place == _WITHOUT_LEAD)
    if number == 1:
        return _anchor()
    if place == _WITHOUT_CLOSE:
        return _small(number)
    return _ordinary(number)


@dataclass(slots=True)
class _Founder:
    """Gives the schools of a group their codes and names."""

    number: int
    founded: int = 0
    _places: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})

    def school(
        self,
        kind: "_Kind",
        tier: str,
        *campuses: CampusPlan,
        seat: int | None = None,
        weak: bool = False,
    ) -> SchoolPlan:
        self.founded += 1
        place = self._place(hills=kind.urban_rural_code in {"210", "220"})
        return SchoolPlan(
            code=f"{kind.type_code[0]}150{900_000 + self.number * 100 + self.founded}",
            name=f"演示{place}{kind.word}",
            short_name=f"{place}{kind.short}",
            type_code=kind.type_code,
            urban_rural_code=kind.urban_rural_code,
            tier=tier,
            campuses=campuses,
            seat=seat,
            weak=weak,
        )

    def _place(self, *, hills: bool) -> str:
        taken = self._places[hills]
        self._places[hills] += 1
        most = _MOST_IN_THE_HILLS if hills else _MOST_BY_THE_RIVER
        return invention.place((self.number - 1) * most + taken, hills=hills)


_MOST_BY_THE_RIVER, _MOST_IN_THE_HILLS = 5, 3
"""Schools of one group."""


@dataclass(frozen=True, slots=True)
class _Kind:
    type_code: str
    word: str
    short: str
    urban_rural_code: str


def _primary(urban_rural_code: str) -> _Kind:
    return _Kind("211", "小学", "小学", urban_rural_code)


def _junior(urban_rural_code: str) -> _Kind:
    return _Kind("311", "初级中学", "初中", urban_rural_code)


def _nine_year(urban_rural_code: str) -> _Kind:
    return _Kind("312", "学校", "学校", urban_rural_code)


def _secondary(urban_rural_code: str) -> _Kind:
    return _Kind("341", "中学", "中学", urban_rural_code)


def _kindergarten(urban_rural_code: str) -> _Kind:
    return _Kind("111", "幼儿园", "幼儿园", urban_rural_code)


_TEACHING_POINT = _Kind("218", "教学点", "教学点", "220")


def _each(stage: str, count: int) -> dict[str, tuple[int, ...]]:
    return {stage: (count,) * len(GRADES[stage])}


def _anchor() -> GroupPlan:
    found = _Founder(1).school
    schools = (
        found(
            _nine_year("111"),
            "lead",
            CampusPlan("江湾校区", _each(PRIMARY, 2), 5),
            CampusPlan("滨江校区", _each(JUNIOR, 2), 12),
        ),
        found(_primary("112"), "close", CampusPlan("本部", _each(PRIMARY, 2), 15), seat=1),
        found(_junior("121"), "close", CampusPlan("本部", _each(JUNIOR, 2), 20), seat=2),
        found(_primary("210"), "alliance", CampusPlan("本部", _each(PRIMARY, 1), 45), weak=True),
        found(_TEACHING_POINT, "alliance", CampusPlan("本部", {PRIMARY: (1, 1, 1)}, 70)),
    )
    return GroupPlan(1, _named(schools[0]), "k12", "a", schools)


def _small(number: int) -> GroupPlan:
    """An older group that has no close member yet."""
    found = _Founder(number).school
    schools = (
        found(_primary("121"), "lead", CampusPlan("本部", _each(PRIMARY, 2), 10)),
        found(_primary("210"), "alliance", CampusPlan("本部", _each(PRIMARY, 1), 40)),
        found(_TEACHING_POINT, "alliance", CampusPlan("本部", {PRIMARY: (1, 1, 1)}, 80)),
    )
    return GroupPlan(number, _named(schools[0]), "k12", "b", schools)


def _ordinary(number: int) -> GroupPlan:
    dice = Dice("group", number)
    founder = _Founder(number)
    schools = _CORES[number * 2 // 3 % len(_CORES)](founder, dice)
    found = founder.school
    schools += [
        found(
            _nine_year("210"),
            "alliance",
            CampusPlan("本部", {**_each(PRIMARY, 1), **_each(JUNIOR, 1)}, dice.between(35, 60)),
        ),
        found(
            _primary(dice.pick(["210", "220"])),
            "alliance",
            CampusPlan("本部", _each(PRIMARY, 1), dice.between(40, 75)),
            weak=dice.chance(40),
        ),
        found(
            _TEACHING_POINT,
            "alliance",
            CampusPlan("本部", {PRIMARY: (1, 1, 1)}, dice.between(65, 85)),
        ),
    ]
    outsiders: tuple[SchoolPlan, ...] = ()
    if number % _ROUND == _WITH_OUTSIDER:
        alone = CampusPlan("本部", _each(PRIMARY, 2), 20)
        outsiders = (found(_primary("122"), "", alone),)
    return GroupPlan(
        number,
        _named(schools[0]),
        "k12",
        dice.pick("abc"),
        tuple(schools),
        guests=_guests(number),
        outsiders=outsiders,
    )


_WITH_OUTSIDER = 6


def _guests(number: int) -> tuple[str, ...]:
    """A small school of the group before, where that is an ordinary one."""
    former = number - 1
    place = (former - 1) % _ROUND
    if former == 1 or place in _KINDERGARTENS or place == _WITHOUT_CLOSE:
        return ()
    return (group(former).schools[-1].code,)


def _primary_core(founder: _Founder, dice: Dice) -> list[SchoolPlan]:
    found = founder.school
    return [
        found(
            _primary("111"),
            "lead",
            CampusPlan("本部", _each(PRIMARY, 5), 5),
            CampusPlan("东校区", _each(PRIMARY, 3), 15),
        ),
        found(_junior("111"), "close", CampusPlan("本部", _each(JUNIOR, 8), 12), seat=1),
        found(_primary("112"), "close", CampusPlan("本部", _each(PRIMARY, 5), 20), seat=2),
        found(_primary("121"), "alliance", CampusPlan("本部", _each(PRIMARY, dice.between(2, 3)))),
    ]


def _nine_year_core(founder: _Founder, dice: Dice) -> list[SchoolPlan]:
    found = founder.school
    return [
        found(
            _nine_year("111"),
            "lead",
            CampusPlan("小学部", _each(PRIMARY, 6), 6),
            CampusPlan("初中部", _each(JUNIOR, 6), 10),
        ),
        found(_primary("111"), "close", CampusPlan("本部", _each(PRIMARY, 6), 12), seat=1),
        found(_primary("121"), "alliance", CampusPlan("本部", _each(PRIMARY, dice.between(3, 4)))),
    ]


def _secondary_core(founder: _Founder, dice: Dice) -> list[SchoolPlan]:
    found = founder.school
    return [
        found(
            _secondary("111"),
            "lead",
            CampusPlan("初中部", _each(JUNIOR, 6), 8),
            CampusPlan("高中部", _each(SENIOR, 6), 14),
        ),
        found(
            _primary("111"),
            "close",
            CampusPlan("本部", _each(PRIMARY, 4), 10),
            CampusPlan("西校区", _each(PRIMARY, 2), 18),
            seat=1,
        ),
        found(_primary("112"), "close", CampusPlan("本部", _each(PRIMARY, 4), 18), seat=2),
        found(_primary("122"), "alliance", CampusPlan("本部", _each(PRIMARY, dice.between(2, 3)))),
    ]


_CORES = (_primary_core, _nine_year_core, _secondary_core)


def _kindergartens(number: int, *, leaderless: bool) -> GroupPlan:
    dice = Dice("group", number)
    found = _Founder(number).school
    lead = found(
        _kindergarten("111"),
        "" if leaderless else "lead",
        CampusPlan("本部", _each(PRESCHOOL, 3), 6),
        CampusPlan("分园", _each(PRESCHOOL, 1), 12),
    )
    members = (
        found(_kindergarten("111"), "close", CampusPlan("本部", _each(PRESCHOOL, 2), 10), seat=1),
        found(
            _kindergarten("121"),
            "close",
            CampusPlan("本部", _each(PRESCHOOL, dice.between(2, 3)), 15),
            seat=2,
        ),
        found(
            _kindergarten("210"),
            "alliance",
            CampusPlan("本部", _each(PRESCHOOL, 1), dice.between(30, 60)),
        ),
        found(
            _kindergarten("220"),
            "alliance",
            CampusPlan("本部", _each(PRESCHOOL, 1), dice.between(45, 80)),
        ),
    )
    name = f"演示{lead.short_name}联盟集团"
    if leaderless:
        return GroupPlan(number, name, "kindergarten", "c", members, outsiders=(lead,))
    return GroupPlan(number, name, "kindergarten", "c", (lead, *members))


def _named(lead: SchoolPlan) -> str:
    place = lead.name.removeprefix("演示")
    for word in ("初级中学", "小学", "中学", "学校"):
        place = place.removesuffix(word)
    return f"演示{place}教育集团"
