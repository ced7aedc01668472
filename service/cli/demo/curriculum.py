"""What each class is taught how often a week, and how many periods make a post."""

from collections.abc import Mapping

from service.cli.demo.blueprint import JUNIOR, PRESCHOOL, PRIMARY, SENIOR

CHINESE, MATHS, ENGLISH = "13", "14", "41"
ETHICS_PRIMARY, ETHICS, SCIENCE, PHYSICS, CHEMISTRY, BIOLOGY = "11", "12", "15", "16", "17", "18"
GEOGRAPHY, HISTORY, PE, MUSIC, ART = "20", "21", "22", "24", "25"
TECHNOLOGY, PRACTICE, IT, LABOUR = "27", "60", "61", "62"

PRESCHOOL_AREAS: Mapping[str, tuple[str, str]] = {
    "kg_health": ("幼儿健康", "Health (preschool)"),
    "kg_language": ("幼儿语言", "Language (preschool)"),
    "kg_society": ("幼儿社会", "Society (preschool)"),
    "kg_science": ("幼儿科学", "Science (preschool)"),
    "kg_art": ("幼儿艺术", "Arts (preschool)"),
}
"""The five areas of kindergartens, as codes of the district's own."""

MAJORS = frozenset({CHINESE, MATHS, ENGLISH})
SCARCE = (MUSIC, ART, PE, ENGLISH, IT)
"""What rural schools have no teachers of their own for."""

_GRADES_1_2 = {
    CHINESE: 8,
    MATHS: 4,
    ETHICS_PRIMARY: 2,
    SCIENCE: 1,
    PE: 4,
    MUSIC: 2,
    ART: 2,
    PRACTICE: 1,
    LABOUR: 1,
}
_GRADES_3_6 = {
    CHINESE: 6,
    MATHS: 5,
    ENGLISH: 3,
    ETHICS_PRIMARY: 2,
    SCIENCE: 2,
    PE: 3,
    MUSIC: 2,
    ART: 2,
    IT: 1,
    PRACTICE: 1,
    LABOUR: 1,
}
_ALL_JUNIOR = {
    CHINESE: 5,
    MATHS: 5,
    ENGLISH: 5,
    ETHICS: 2,
    HISTORY: 2,
    PE: 3,
    MUSIC: 1,
    ART: 1,
    LABOUR: 1,
}
_BY_GRADE: Mapping[int, Mapping[str, int]] = {
    1: _GRADES_1_2,
    2: _GRADES_1_2,
    3: _GRADES_3_6,
    4: _GRADES_3_6,
    5: _GRADES_3_6,
    6: _GRADES_3_6,
    7: {**_ALL_JUNIOR, GEOGRAPHY: 2, BIOLOGY: 2, IT: 1, PRACTICE: 1},
    8: {**_ALL_JUNIOR, GEOGRAPHY: 2, BIOLOGY: 2, PHYSICS: 2, IT: 1},
    9: {**_ALL_JUNIOR, CHINESE: 6, MATHS: 6, PHYSICS: 3, CHEMISTRY: 3},
}
_SENIOR = {
    CHINESE: 5,
    MATHS: 5,
    ENGLISH: 5,
    PHYSICS: 3,
    CHEMISTRY: 3,
    BIOLOGY: 3,
    ETHICS: 2,
    HISTORY: 2,
    GEOGRAPHY: 2,
    PE: 2,
    MUSIC: 1,
    ART: 1,
    TECHNOLOGY: 1,
    IT: 1,
}
_PRESCHOOL = dict.fromkeys(PRESCHOOL_AREAS, 1)

HOMEROOM: Mapping[str, tuple[str, ...]] = {
    PRESCHOOL: tuple(PRESCHOOL_AREAS),
    PRIMARY: (CHINESE, LABOUR, PRACTICE),
    JUNIOR: (),
    SENIOR: (),
}
"""What the homeroom teacher of a class teaches it."""

POST = {
    CHINESE: 10,
    MATHS: 9,
    ENGLISH: 9,
    LABOUR: 8,
    PRACTICE: 8,
    IT: 9,
}
POST_OF_OTHERS = 10
"""Periods a week that make a post."""


def of(stage: str, grade: int) -> Mapping[str, int]:
    """Periods a week by subject."""
    if stage == PRESCHOOL:
        return _PRESCHOOL
    return _SENIOR if stage == SENIOR else _BY_GRADE[grade]
